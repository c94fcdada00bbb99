use std::path::PathBuf;

use crate::domain::ScenarioId;

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("cannot {verb} `{}`: {source}", path.display())]
    File { verb: &'static str, path: PathBuf, source: std::io::Error },
    #[error("cannot write the report to its output: {0}")]
    Write(#[from] std::io::Error),
    #[error("no run in these events: the first one has to be `run-started`")]
    NoStart,
    #[error("`{}:{line}` is not an event: {source}; restore the file or run again", path.display())]
    Line { path: PathBuf, line: usize, source: serde_json::Error },
    #[error("`{}:{line}` is longer than {most} bytes: no event is", path.display())]
    TooLong { path: PathBuf, line: usize, most: usize },
    #[error("event format {found} is newer than {known}, the newest that this collaudo reads; use the version that wrote it")]
    TooNew { found: u32, known: u32 },
    #[error("scenario `{0}` is in the events but was not planned: `run-started` has to list it")]
    Unplanned(ScenarioId),
    #[error("step {index} of scenario `{scenario}` is in the events but it has {steps} steps")]
    UnknownStep { scenario: ScenarioId, index: usize, steps: usize },
    #[error("these are not shards of one run: {what} is `{theirs}` in one and `{ours}` in another; merge shards of one run only")]
    OtherRun { what: &'static str, ours: String, theirs: String },
    #[error("cannot render the report's page: {0}")]
    Page(#[from] askama::Error),
    #[error("cannot render JUnit: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    #[error("cannot render JSON: {0}")]
    Json(#[from] serde_json::Error),
}
