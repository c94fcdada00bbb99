//! `collaudo review`.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use super::compose::{SNAPSHOTS, recordings_of};
use super::console::{note, say};
use super::{CliError, End, profile};
use crate::checks::Change;
use crate::steps::recordings::{Kept, approve, approved_all, forget, left_by_a_run, pending};

#[derive(clap::Args)]
pub struct Arguments {
    /// The target file of the platform.
    #[arg(long, value_name = "FILE")]
    target: PathBuf,
    /// Where the recordings of the target are; without it `snapshots/NAME` beside the target file.
    #[arg(long, value_name = "DIR")]
    snapshots: Option<PathBuf>,
    /// The folder of a report whose run has left what differs, such as one that CI has kept; without it `collaudo-report`.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Accept what differs without asking.
    #[arg(long, conflicts_with = "reject")]
    accept: bool,
    /// Reject what differs without asking: the recordings stay as they are.
    #[arg(long)]
    reject: bool,
    /// Look at these only, such as `patients`.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// What a person decides about one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Accept,
    Reject,
    Leave,
    /// And leave all that follow.
    Quit,
}

pub fn run(arguments: &Arguments) -> Result<End, CliError> {
    let file = profile::parse_target(&arguments.target, &profile::read(&arguments.target)?)?;
    let recordings = recordings_of(&file, &arguments.target, arguments.snapshots.as_ref());
    if arguments.accept {
        refuse_in_ci("accepted")?;
    }
    if let Some(from) = arguments.from.as_ref().filter(|from| !from.join("run.jsonl").is_file()) {
        return Err(CliError::Other(format!("{} is no report's folder: it holds no record of a run (run.jsonl)", from.display())));
    }
    let report = arguments.from.as_deref().unwrap_or(Path::new("collaudo-report"));
    let reported = left_by_a_run(&report.join(SNAPSHOTS), &recordings);
    let approved = approved_all(&recordings)?;
    // What lies beside the recordings was recorded on purpose: it counts.
    let mut waiting = pending(&reported)?;
    waiting.extend(pending(&recordings)?);
    if let Some(unknown) = arguments.names.iter().find(|name| !waiting.contains_key(*name)) {
        let known: Vec<&str> = waiting.keys().map(String::as_str).collect();
        let others = if known.is_empty() { "and nothing else does".to_owned() } else { format!("but {} do", known.join(", ")) };
        return Err(CliError::Other(format!("nothing of the name `{unknown}` waits to be looked at, {others}")));
    }
    let chosen = waiting.iter().filter(|(name, _)| arguments.names.is_empty() || arguments.names.contains(name));
    let asks = !arguments.accept && !arguments.reject && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let (mut left, mut quit) = (0, false);
    for (name, kept) in chosen {
        show(name, approved.get(name), kept);
        let decision = match (arguments.accept, arguments.reject, asks && !quit) {
            (true, ..) => Decision::Accept,
            (_, true, _) => Decision::Reject,
            (_, _, true) => ask()?,
            _ => Decision::Leave,
        };
        quit |= decision == Decision::Quit;
        match decision {
            Decision::Accept => {
                refuse_in_ci("accepted")?;
                approve(&recordings, name, kept).map_err(|source| CliError::Write { path: recordings.clone(), source })?;
                clear(name, [&reported, &recordings]);
                say!("accepted: {name}");
            }
            Decision::Reject => {
                clear(name, [&reported, &recordings]);
                say!("rejected: {name} stays as it was recorded");
            }
            Decision::Leave | Decision::Quit => left += 1,
        }
    }
    match (waiting.is_empty(), left) {
        (true, _) if approved.is_empty() => {
            say!("nothing of {} was recorded in {}: `collaudo record` does it", file.name, recordings.display());
        }
        (true, _) => say!("nothing of {} differs from what was recorded in {}", file.name, recordings.display()),
        (false, 0) => {}
        (false, _) if asks => say!("\n{left} left as they are"),
        (false, _) => say!("\n{left} wait for a decision: --accept, --reject, or this command in a terminal"),
    }
    Ok(End::Done)
}

/// In CI nobody looks: there nothing becomes the truth.
pub fn refuse_in_ci(what: &str) -> Result<(), CliError> {
    let is_ci = std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    if is_ci {
        return Err(CliError::Other(format!(
            "in CI (the environment variable CI is set) nothing is {what}: do it on your own machine, look at it, and commit it"
        )));
    }
    Ok(())
}

/// A decision counts, whether or not what was decided on can be removed.
fn clear(name: &str, folders: [&Path; 2]) {
    for folder in folders {
        if let Err(error) = forget(folder, name) {
            note!("warning: {name} stays in {}: {error}", folder.display());
        }
    }
}

fn show(name: &str, approved: Option<&Kept>, kept: &Kept) {
    let bold = anstyle::Style::new().bold();
    let Some(approved) = approved else {
        say!("\n{bold}{name}{bold:#}: not recorded yet; {} places, looked at on {}", kept.recording.len(), kept.facts.recorded_on);
        return;
    };
    say!("\n{bold}{name}{bold:#}: recorded on {}, looked at on {}", approved.facts.recorded_on, kept.facts.recorded_on);
    for change in approved.recording.changes(&kept.recording) {
        let since = kept.facts.first_seen.get(&change.to_string()).map(|day| format!("   first seen {day}")).unwrap_or_default();
        say!("{}{since}", painted(&change));
    }
}

fn painted(change: &Change) -> String {
    let colour = if change.breaking { anstyle::AnsiColor::Red } else { anstyle::AnsiColor::Yellow };
    let (style, word) = (anstyle::Style::new().fg_color(Some(colour.into())), if change.breaking { "breaks" } else { "adds  " });
    format!("  {style}{word}{style:#} {change}")
}

fn ask() -> Result<Decision, CliError> {
    loop {
        say!("accept it (a), reject it (r), leave it (l), leave all (q)?");
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer).map_err(|source| CliError::Read { path: "/dev/stdin".into(), source })?;
        match answer.trim() {
            _ if read == 0 => return Ok(Decision::Quit),
            "a" | "accept" => return Ok(Decision::Accept),
            "r" | "reject" => return Ok(Decision::Reject),
            "l" | "leave" => return Ok(Decision::Leave),
            "q" | "quit" => return Ok(Decision::Quit),
            _ => {}
        }
    }
}
