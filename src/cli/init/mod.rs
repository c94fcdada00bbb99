//! `collaudo init`: a commented profile to start from.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use super::app::TypeName;
use super::{CliError, End};
use crate::cli::console::say;

#[derive(clap::Args)]
pub struct Arguments {
    /// File to write; one that is there is left as it is.
    #[arg(value_name = "FILE", default_value = "collaudo.toml")]
    file: PathBuf,
    /// What kind of application it is: with pages and a server, a page whose script is the client (spa), on the user's
    /// machine (RFC 8252), or without a browser (RFC 8628).
    #[arg(long, value_name = "TYPE", default_value = "web")]
    r#type: TypeName,
}

impl TypeName {
    fn profile(self) -> String {
        let program = |name: &str| {
            let text = include_str!("program.toml").replace("@type@", name);
            if name == "native" {
                text.replace("# redirect_uris", "redirect_uris")
            } else {
                text.replace("# CLIENT_SECRET", "CLIENT_SECRET")
            }
        };
        match self {
            Self::Web => include_str!("web.toml").to_owned(),
            Self::Spa => single_page(),
            Self::Native => program("native"),
            Self::Device => program("device"),
        }
    }
}

/// As of a web application, without what only a server can have.
fn single_page() -> String {
    let of_a_server = ["CLIENT_SECRET", "# CA_FILE", "# secret_env", "# backchannel_logout", "# client secret"];
    let lines = include_str!("web.toml").lines().filter(|line| !of_a_server.iter().any(|start| line.starts_with(start)));
    lines
        .map(|line| line.replace("= \"web\"", "= \"spa\"                               # a public client: docs/single-page.md") + "\n")
        .collect()
}

pub fn run(arguments: &Arguments) -> Result<End, CliError> {
    let failed = |source| CliError::Write { path: arguments.file.clone(), source };
    let mut file = OpenOptions::new().write(true).create_new(true).open(&arguments.file).map_err(failed)?;
    file.write_all(arguments.r#type.profile().as_bytes()).map_err(failed)?;
    let path = arguments.file.display();
    say!("{path}: fill it in, then `collaudo doctor --app {path}`, then `collaudo run --app {path}`");
    Ok(End::Done)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::ValueEnum;

    use super::*;
    use crate::cli::parse_profile;

    #[test]
    fn every_profile_is_sound_as_written_and_with_its_comments_taken_off() {
        for r#type in TypeName::value_variants() {
            let text = r#type.profile();
            parse_profile(Path::new("collaudo.toml"), &text).expect("sound");
            // A line of TOML behind the sign of a comment; prose has no `=` or `[` after its first word.
            let is_toml = |line: &str| {
                line.starts_with("# [") || line.strip_prefix("# ").is_some_and(|rest| rest.split_whitespace().nth(1) == Some("="))
            };
            let bare: String = text.lines().map(|line| if is_toml(line) { &line[2..] } else { line }.to_owned() + "\n").collect();
            parse_profile(Path::new("collaudo.toml"), &bare).expect("sound without comments");
        }
    }
}
