//! `--baseline` and `--write-baseline`: a run that fails for what is new only.

use std::path::{Path, PathBuf};

use super::console::say;
use super::folder::check_place;
use super::follow::write_whole;
use super::{CliError, End};
use crate::domain::{Finding, KnownFailure, Readiness, plain};
use crate::report::{Baseline, Run, ScenarioRun};

#[derive(Default, clap::Args)]
pub struct Gate {
    /// Failures that this file knows do not fail the run (exit code 0); new ones do, and healed ones are told.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the failures of this run to a file for --baseline.
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
}

/// The same, read before the run.
#[derive(Debug, Default)]
pub struct ReadGate {
    baseline: Option<(PathBuf, Baseline)>,
    write_to: Option<PathBuf>,
}

impl Gate {
    pub fn read(&self) -> Result<ReadGate, CliError> {
        let baseline = match &self.baseline {
            None => None,
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.clone(), source })?;
                let baseline =
                    Baseline::parse(&text).map_err(|error| CliError::Baseline { path: path.clone(), message: error.to_string() })?;
                Some((path.clone(), baseline))
            }
        };
        if let Some(path) = &self.write_baseline {
            check_place(path, "baseline", |text| Baseline::parse(&String::from_utf8_lossy(text)).is_ok())?;
        }
        Ok(ReadGate { baseline, write_to: self.write_baseline.clone() })
    }
}

impl ReadGate {
    /// What the run is told of it, so that its reports tell it too.
    pub fn known(&self) -> Option<Vec<KnownFailure>> {
        self.baseline.as_ref().map(|(_, baseline)| baseline.known.clone())
    }

    /// How the program ends after this run.
    pub fn end(&self, run: &Run) -> Result<End, CliError> {
        let end = match &self.baseline {
            Some((path, baseline)) => against(run, path, baseline),
            None => run.outcome().into(),
        };
        if let Some(path) = &self.write_to {
            let mut text = serde_json::to_string_pretty(&Baseline::of(run)).map_err(|error| CliError::Other(error.to_string()))?;
            text.push('\n');
            write_whole(path, text.as_bytes())?;
        }
        Ok(end)
    }
}

fn against(run: &Run, path: &Path, baseline: &Baseline) -> End {
    let comparison = run.against(&baseline.known);
    let told = |(scenario, finding): &(&ScenarioRun, &Finding)| {
        format!("{} {} ({}, {})", finding.requirement, finding.summary, scenario.summary.title, scenario.summary.id)
    };
    let known = |known: &&KnownFailure| format!("{} {} ({})", known.requirement, known.summary, known.scenario);
    say!("  Against {}", path.display());
    section("new", comparison.new.iter().map(told));
    section("known", comparison.known.iter().map(told));
    section("healed", comparison.healed.iter().map(known));
    section("not judged", comparison.unjudged.iter().map(known));
    if comparison.is_outdated() {
        say!("  `--write-baseline {}` takes the healed ones out.", path.display());
    }
    say!("");
    let settled = run.leaks().next().is_none() && !run.is_interrupted() && run.scenarios().iter().all(ScenarioRun::is_decided);
    match run.outcome() {
        Readiness::NotReady if comparison.new.is_empty() && settled => End::Done,
        Readiness::NotReady if comparison.new.is_empty() => End::Incomplete,
        readiness => readiness.into(),
    }
}

fn section(name: &str, entries: impl ExactSizeIterator<Item = String>) {
    say!("  {:>4} {name}", entries.len());
    for entry in entries {
        say!("       {}", plain(&entry));
    }
}
