use std::path::PathBuf;

use crate::domain::ScenarioId;

/// Why a run could not be read, folded or rendered.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file or folder could not be read or written.
    #[error("cannot {verb} `{}`: {source}", path.display())]
    File {
        /// What was tried, to complete "cannot …": `read`, `write`, `create`, `write to`.
        verb: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The console's output could not be written.
    #[error("cannot write the report to its output: {0}")]
    Write(#[from] std::io::Error),
    /// There are no events, or the first one is not `run-started`.
    #[error("no run in these events: the first one has to be `run-started`")]
    NoStart,
    /// A line of `run.jsonl` is no event.
    #[error("`{}:{line}` is not an event: {source}; restore the file or run again", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The 1-based number of the line.
        line: usize,
        /// Why it cannot be parsed.
        source: serde_json::Error,
    },
    /// A line of `run.jsonl` is longer than any event.
    #[error("`{}:{line}` is longer than {most} bytes: no event is", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The 1-based number of the line.
        line: usize,
        /// The greatest length that is read, in bytes.
        most: usize,
    },
    /// The events are in a format that only a later version of collaudo reads.
    #[error("event format {found} is newer than {known}, the newest that this collaudo reads; use the version that wrote it")]
    TooNew {
        /// The format of the events.
        found: u32,
        /// The newest format that is read here.
        known: u32,
    },
    /// An event is about a scenario that `run-started` does not list; holds its id.
    #[error("scenario `{0}` is in the events but was not planned: `run-started` has to list it")]
    Unplanned(ScenarioId),
    /// An event is about a step that its scenario does not have.
    #[error("step {index} of scenario `{scenario}` is in the events but it has {steps} steps")]
    UnknownStep {
        /// The scenario that the event names.
        scenario: ScenarioId,
        /// The 0-based index of the step that the event names.
        index: usize,
        /// How many steps the scenario has.
        steps: usize,
    },
    /// Parts that are to be merged differ in something that is the same in all parts of one run.
    #[error("these are not shards of one run: {what} is `{theirs}` in one and `{ours}` in another; merge shards of one run only")]
    OtherRun {
        /// What differs, such as `the seed`.
        what: &'static str,
        /// Its value in the first part.
        ours: String,
        /// Its value in the part that does not fit.
        theirs: String,
    },
    /// A template of a page could not be filled in.
    #[error("cannot render the report's page: {0}")]
    Page(#[from] askama::Error),
    /// The JUnit report could not be serialised.
    #[error("cannot render JUnit: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// A JSON report could not be serialised.
    #[error("cannot render JSON: {0}")]
    Json(#[from] serde_json::Error),
}
