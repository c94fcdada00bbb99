//! `collaudo init`: a commented profile, or target file, to start from.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use super::app::TypeName;
use super::{CliError, End};
use crate::cli::console::say;

#[derive(clap::Args)]
pub struct Arguments {
    /// File to write; one that is there is left as it is [default: collaudo.toml, or sandbox.toml with --target].
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write a target file: a platform other than the mock.
    #[arg(long, conflicts_with = "type")]
    target: bool,
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

const TARGET: &str = include_str!("target.toml");

/// As of a web application, without what only a server can have.
fn single_page() -> String {
    let of_a_server = ["CLIENT_SECRET", "# CA_FILE", "# secret_env", "# backchannel_logout", "# client secret"];
    let lines = include_str!("web.toml").lines().filter(|line| !of_a_server.iter().any(|start| line.starts_with(start)));
    lines
        .map(|line| line.replace("= \"web\"", "= \"spa\"                               # a public client: docs/single-page.md") + "\n")
        .collect()
}

pub fn run(arguments: &Arguments) -> Result<End, CliError> {
    let (usual, option, text) = match arguments.target {
        true => ("sandbox.toml", "target", TARGET.to_owned()),
        false => ("collaudo.toml", "app", arguments.r#type.profile()),
    };
    let path = arguments.file.clone().unwrap_or_else(|| PathBuf::from(usual));
    let failed = |source| CliError::Write { path: path.clone(), source };
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let path = path.display();
    say!("{path}: fill it in, then `collaudo doctor --{option} {path}`, then `collaudo run --{option} {path}`");
    Ok(End::Done)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::ValueEnum;

    use super::*;
    use crate::cli::{parse_profile, parse_target};

    #[test]
    fn every_profile_is_sound_as_written_and_with_its_comments_taken_off() {
        for r#type in TypeName::value_variants() {
            let text = r#type.profile();
            parse_profile(Path::new("collaudo.toml"), &text).expect("sound");
            parse_profile(Path::new("collaudo.toml"), &without_comments(&text)).expect("sound without comments");
        }
    }

    /// A line of TOML behind the sign of a comment; prose has no `=` or `[` after its first word.
    fn without_comments(text: &str) -> String {
        let is_toml = |line: &str| {
            let begins = ["# [", "#   {", "# ]"].iter().any(|start| line.starts_with(start));
            begins || line.strip_prefix("# ").is_some_and(|rest| rest.split_whitespace().nth(1) == Some("="))
        };
        text.lines().map(|line| if is_toml(line) { &line[2..] } else { line }.to_owned() + "\n").collect()
    }

    #[test]
    fn the_target_file_is_sound_as_written_and_with_its_comments_taken_off() {
        let path = Path::new("sandbox.toml");
        assert!(parse_target(path, TARGET).expect("sound").pages().is_none());
        let bare = parse_target(path, &without_comments(TARGET)).expect("sound without comments");
        let pages = bare.pages().expect("pages");
        assert_eq!(pages.sign_in.map(|steps| steps.len()), Some(7));
        assert!(pages.consent.is_some_and(|consent| consent.scopes.is_some()) && bare.other_client.is_some() && bare.hosts.len() == 1);
    }
}
