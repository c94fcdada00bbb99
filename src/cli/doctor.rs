//! `collaudo doctor`.

use std::path::Path;

use super::compose::Parties;
use super::{CliError, End};
use crate::browser::locate;
use crate::catalogue::Catalogue;
use crate::steps::{Look, preflight};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    parties: Parties,
}

pub async fn run(arguments: Arguments) -> Result<End, CliError> {
    let read = arguments.parties.read()?;
    tell(&ok("profile", format!("`{}` is sound", read.application.profile.app.name)));
    let catalogue = Catalogue::embedded()?;
    tell(&ok("suite", format!("{} requirements, {} scenarios", catalogue.requirements.len(), catalogue.scenarios.len())));
    if read.browser.webdriver.is_none() {
        match locate(&read.browser) {
            Ok(located) => tell(&ok("browser", format!("{} with {}", located.binary.display(), located.driver.display()))),
            Err(error) => {
                tell(&Look { what: "browser".to_owned(), found: Err(error.to_string()), ours: true });
                return Ok(End::Configuration);
            }
        }
    }
    let folder = tempfile::tempdir().map_err(|source| CliError::Write { path: std::env::temp_dir(), source })?;
    let (setup, environment) = read.setup(Path::new(folder.path()), &catalogue).await?;
    tell(&ok("driver", format!("starts: {}, {}", environment.browser, environment.driver)));
    let looks = preflight(&setup).await;
    setup.end().await;
    looks.iter().for_each(tell);
    if let Some(learned) = setup.learned() {
        anstream::println!(
            "\nlearned from sign-ins; written under [app.login] it is not learned anew by each run:\n{}",
            learned.lines().join("\n")
        );
    }
    let sound = looks.iter().all(|look| look.found.is_ok());
    anstream::println!(
        "\n{}",
        if sound { "Everything that a run needs is there." } else { "A run would not be able to judge the application." }
    );
    Ok(if sound { End::Done } else { End::Configuration })
}

fn ok(what: &str, found: String) -> Look {
    Look { what: what.to_owned(), found: Ok(found), ours: false }
}

fn tell(look: &Look) {
    let (colour, word, text) = match &look.found {
        Ok(text) => (anstyle::AnsiColor::Green, "ok  ", text),
        Err(text) => (anstyle::AnsiColor::Red, "FAIL", text),
    };
    let style = anstyle::Style::new().bold().fg_color(Some(colour.into()));
    anstream::println!("{style}{word}{style:#} {:<22} {text}", look.what);
    if look.found.is_err() {
        anstream::println!(
            "     hint: {}",
            if look.ours {
                "mend this machine or the target file, then run the doctor again"
            } else {
                "mend the application or its profile, then run the doctor again"
            }
        );
    }
}
