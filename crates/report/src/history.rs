use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{ReportError, Run, State, read_jsonl};
use crate::domain::Readiness;
use crate::event::{Lang, Previous};

/// A run of the past, folded to what a history shows.
#[derive(Debug)]
pub struct Past {
    /// The language of the run's reports.
    pub lang: Lang,
    /// The application's name, with its defect in brackets where it was broken on purpose.
    pub application: String,
    /// `mock`, or the target file's name for the platform.
    pub target: String,
    /// When its first event came.
    pub started_at: Timestamp,
    /// From the first event to the last, in milliseconds.
    pub duration_ms: u64,
    /// Its verdict.
    pub readiness: Readiness,
    /// Whether it ended before its last scenario.
    pub interrupted: bool,
    /// How many scenarios were planned.
    pub planned: usize,
    /// Scenarios in each state that occurs.
    pub counts: Vec<(State, usize)>,
    /// What the next run is told of it: above all how each requirement stood.
    pub told: Previous,
}

impl Past {
    /// Folds a run to what a history shows of it.
    pub fn of(run: &Run) -> Self {
        let started = run.started();
        let defect = started.application.defect.as_ref().map(|defect| format!(" ({defect})")).unwrap_or_default();
        Self {
            lang: started.lang,
            application: format!("{}{defect}", started.application.name),
            target: started.target.name.clone(),
            started_at: run.started_at(),
            duration_ms: run.duration_ms(),
            readiness: run.readiness(),
            interrupted: run.is_interrupted(),
            planned: run.counts().planned,
            counts: run.counts().present().collect(),
            told: run.told(),
        }
    }

    /// Requirements that got worse, and that got better, since an earlier run; each judged by both.
    pub fn since(&self, before: &Self) -> (Vec<String>, Vec<String>) {
        let (mut worse, mut better) = (Vec::new(), Vec::new());
        for (id, key) in &self.told.requirements {
            let ranks = [before.told.requirements.get(id), Some(key)].map(|key| key.and_then(|key| State::parse(key)).map(State::rank));
            match ranks {
                [Some(from), Some(to)] if to > from => worse.push(id.to_string()),
                [Some(from), Some(to)] if to < from => better.push(id.to_string()),
                _ => {}
            }
        }
        (worse, better)
    }
}

/// Files that are no run, with the reason.
pub(crate) type Unread = Vec<(PathBuf, ReportError)>;

/// Folders below the one that was named in which runs are looked for.
const DEEPEST: usize = 3;

/// Every run below a folder, oldest first, and what could not be read with the reason.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn read_history(folder: &Path) -> Result<(Vec<Past>, Unread), ReportError> {
    let mut files = Vec::new();
    find(folder, 0, &mut files)?;
    let (mut runs, mut unread) = (Vec::new(), Vec::new());
    for file in files {
        match read_jsonl(&file).and_then(|(records, _)| Run::fold(records)) {
            Ok(run) => runs.push(Past::of(&run)),
            Err(error) => unread.push((file, error)),
        }
    }
    runs.sort_by_key(|run| run.started_at);
    Ok((runs, unread))
}

fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), ReportError> {
    let failed = |source| ReportError::File { verb: "read", path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_file() && entry.file_name() == "run.jsonl" {
            files.push(entry.path());
        } else if kind.is_dir() && depth < DEEPEST {
            find(&entry.path(), depth + 1, files)?;
        }
    }
    Ok(())
}

/// Runs of one application on one platform, together.
pub(super) fn series(runs: &[Past]) -> Vec<Vec<&Past>> {
    let mut series: BTreeMap<(&str, &str), Vec<&Past>> = BTreeMap::new();
    for run in runs {
        series.entry((&run.application, &run.target)).or_default().push(run);
    }
    series.into_values().collect()
}
