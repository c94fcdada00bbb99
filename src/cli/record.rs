//! `collaudo record`.

use std::collections::{BTreeMap, BTreeSet};

use super::compose::{Parties, SNAPSHOTS, recordings_of};
use super::console::{note, say};
use super::run::{self, carry_out};
use super::{CliError, End, profile, review};
use crate::domain::{RequirementId, Verdict, plain};
use crate::report::Run;
use crate::steps::recordings::{Kept, NOT_RECORDED, approved_all, left_by_a_run, pending};
use crate::supervision;

/// The requirement whose scenarios look at everything that is kept.
const RECORDED: &str = "PL-36";

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    parties: Parties,
}

pub async fn run(arguments: Arguments) -> Result<End, CliError> {
    review::refuse_in_ci("recorded")?;
    let parties = arguments.parties;
    if parties.target == "mock" {
        return Err(CliError::Other("the mock is not recorded: name a platform by --target FILE".to_owned()));
    }
    let path = parties.target.clone();
    let file = profile::parse_target(path.as_ref(), &profile::read(path.as_ref())?)?;
    let recordings = recordings_of(&file, path.as_ref(), parties.snapshots.as_ref());
    let before = approved_all(&recordings)?;
    let folder = supervision::folder().map_err(|source| CliError::Write { path: std::env::temp_dir(), source })?;
    let requirement: RequirementId = RECORDED.parse().map_err(|_| CliError::Other(format!("{RECORDED} is no requirement")))?;
    note!("signing in at {} and looking at what it answers", file.name);
    let out = folder.path().join("run");
    let arguments = run::Arguments::of(parties, requirement, out.clone());
    let Some(run) = carry_out(arguments, None, true).await? else { return Ok(End::Incomplete) };
    let after = approved_all(&recordings)?;
    let differing = pending(&recordings)?;
    let looked = pending(&left_by_a_run(&out.join(SNAPSHOTS), &recordings))?;
    tell(&before, &after, &differing, &looked);
    if after.is_empty() {
        say!("nothing was recorded");
    } else if !looked.is_empty() {
        say!("\nkept in {}: commit it, and `collaudo run --target {path}` says what has changed since", recordings.display());
    }
    if !differing.is_empty() {
        say!("{} differ from what was recorded before: `collaudo review --target {path}` shows and accepts them", differing.len());
    }
    Ok(tell_unread(&run))
}

type All = BTreeMap<String, Kept>;

fn tell(before: &All, after: &All, differing: &All, looked: &All) {
    for (name, kept) in after {
        let word = match (before.contains_key(name), differing.contains_key(name)) {
            (false, _) => "new",
            (true, true) => "differs",
            (true, false) if looked.contains_key(name) => "as it was",
            (true, false) => "not looked at",
        };
        say!("{word:<14} {name:<28} {} places", kept.recording.len());
    }
}

/// What could not be looked at, with the reason.
fn tell_unread(run: &Run) -> End {
    let mut end = End::Done;
    let mut told = BTreeSet::new();
    for scenario in run.scenarios() {
        let Some(finished) = scenario.finished() else {
            end = End::Incomplete;
            continue;
        };
        let reason = finished.reason.as_deref().unwrap_or_default();
        for line in finished.findings.iter().flat_map(|finding| finding.actual.lines()).filter(|line| line.ends_with(NOT_RECORDED)) {
            note!("not recorded: {}", plain(line));
            end = End::Incomplete;
        }
        match finished.verdict {
            Verdict::Passed | Verdict::Warned | Verdict::Failed => {}
            Verdict::NotApplicable => note!("left out: {}: {}", scenario.summary.title, plain(reason)),
            _ => {
                // A dead platform is one reason for everything.
                if told.insert(reason.to_owned()) {
                    note!("not recorded: {}: {}", scenario.summary.title, plain(reason));
                }
                end = End::Incomplete;
            }
        }
    }
    end
}
