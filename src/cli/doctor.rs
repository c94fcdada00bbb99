//! `collaudo doctor`.

use std::path::Path;

use super::compose::Parties;
use super::console::say;
use super::{CliError, End, profile, signals};
use crate::browser::locate;
use crate::catalogue::Catalogue;
use crate::steps::{Look, Sight, preflight};
use crate::supervision;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    parties: Parties,
}

pub async fn run(arguments: Arguments) -> Result<End, CliError> {
    let read = arguments.parties.read()?;
    tell(&Look::fine("profile", format!("`{}` is sound", read.application.profile.app.name)));
    let catalogue = Catalogue::embedded()?;
    profile::check_waivers(&read.application.profile, &catalogue.requirements)?;
    tell(&Look::fine("suite", format!("{} requirements, {} scenarios", catalogue.requirements.len(), catalogue.scenarios.len())));
    if read.browser.webdriver.is_none() {
        match locate(&read.browser) {
            Ok(located) => tell(&Look::fine("browser", format!("{} with {}", located.binary.display(), located.driver.display()))),
            Err(error) => {
                tell(&Look { what: "browser".to_owned(), sight: Sight::Hopeless, told: error.to_string(), ours: true });
                return Ok(End::Configuration);
            }
        }
    }
    let folder = supervision::folder().map_err(|source| CliError::Write { path: std::env::temp_dir(), source })?;
    let (setup, environment) = read.setup(Path::new(folder.path()), &catalogue).await?;
    tell(&Look::fine("driver", format!("starts: {}, {}", environment.browser, environment.driver)));
    let looks = tokio::select! {
        looks = preflight(&setup, true) => Some(looks),
        () = signals::stop() => None,
    };
    setup.end().await;
    let Some(looks) = looks else { return Ok(End::Incomplete) };
    looks.iter().for_each(tell);
    if let Some(learned) = setup.learned() {
        say!("\nlearned from sign-ins; written under [app.login] it is not learned anew by each run:\n{}", learned.lines().join("\n"));
    }
    let count = |wanted: &[Sight]| looks.iter().filter(|look| wanted.contains(&look.sight)).count();
    let ending = match (count(&[Sight::Hopeless]), count(&[Sight::Wrong]), count(&[Sight::Doubtful])) {
        (0, 0, 0) => "Everything that a run needs is there.",
        (0, 0, _) => "Everything that a run needs is there; look at what is in doubt.",
        (0, ..) => "A run would judge the application, and not the whole of it as it should.",
        _ => "A run would not be able to judge the application.",
    };
    say!("\n{ending}");
    Ok(if count(&[Sight::Wrong, Sight::Hopeless]) == 0 { End::Done } else { End::Configuration })
}

fn tell(look: &Look) {
    let (colour, word) = match look.sight {
        Sight::Fine => (anstyle::AnsiColor::Green, "ok  "),
        Sight::Doubtful => (anstyle::AnsiColor::Yellow, "WARN"),
        Sight::Wrong | Sight::Hopeless => (anstyle::AnsiColor::Red, "FAIL"),
    };
    let style = anstyle::Style::new().bold().fg_color(Some(colour.into()));
    say!("{style}{word}{style:#} {:<22} {}", look.what, look.told);
    let hint = match look.sight {
        Sight::Fine => return,
        Sight::Doubtful => "if it is as it should be, leave it",
        Sight::Wrong | Sight::Hopeless if look.ours => "mend this machine, the profile or the target file, then run the doctor again",
        Sight::Wrong | Sight::Hopeless => "mend the application or its profile, then run the doctor again",
    };
    say!("     hint: {hint}");
}
