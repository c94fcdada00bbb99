//! Reports: fold the events of a run, render what a person or a program reads. Floor 2: uses `domain`, `oauth`, `event` only.
//!
//! [`Run`] is the one fold; console, HTML, JUnit, JSON, HAR, Markdown, Cucumber Messages and annotations read it and nothing else, so they cannot disagree. `run.jsonl` is the
//! record of the run: every other report can be made again from it, later and elsewhere.
//!
//! To add a format: a module with `render_NAME(&Run)`, or a [`Reporter`] where it has to follow the run while it happens.
//! To add a sentence of a report's own: `words.rs`, in Italian and English. To change the page: `templates/`.

#![deny(missing_docs, unreachable_pub)]

use collaudo_model::{domain, event};

mod annotations;
mod baseline;
pub mod bundle;
mod clause;
mod conclusion;
mod console;
mod difference;
mod error;
mod har;
mod history;
mod html;
mod json;
mod jsonl;
mod junit;
mod leaks;
mod markdown;
mod matrix;
mod messages;
mod painting;
mod ranking;
mod regular;
mod run;
mod state;
mod verdict;
mod waivers;
mod words;

pub use annotations::render_annotations;
pub use baseline::{Baseline, Comparison};
pub use console::{Console, Style, console};
pub use difference::{Change, Difference};
pub use error::ReportError;
pub use har::render_har;
pub use history::{Past, read_history};
pub use html::{render_history, render_html};
pub use json::render_json;
pub use jsonl::{JsonLines, Torn, parse_jsonl, read_jsonl};
pub use junit::render_junit;
pub use leaks::Searched;
pub use markdown::render_markdown;
pub use matrix::RequirementRow;
pub use messages::render_messages;
pub use regular::{read_kept, read_regular, write_whole};
pub use run::{Attempt, Counts, DIVISION, Run, ScenarioRun};
pub use state::State;
pub use verdict::Tally;

pub(crate) use baseline::Standing;
pub(crate) use ranking::WorstFinding;
pub(crate) use waivers::Worth;

use crate::event::Record;

/// What a run leaves in its folder: nothing else there is its own.
pub const FILES: [&str; 10] = [
    "run.jsonl",
    "report.html",
    "report.json",
    "junit.xml",
    "traffic.har",
    "messages.ndjson",
    "summary.md",
    "annotations.txt",
    PROFILE,
    TARGET,
];
/// Folders of the same: screenshots and page sources, texts that differ from the approved ones.
pub const FOLDERS: [&str; 2] = ["evidence", "snapshots"];
/// The application's profile as the run was given it.
pub const PROFILE: &str = "collaudo.toml";
/// The target file as the run was given it.
pub const TARGET: &str = "target.toml";

/// Follows a run while it happens.
pub trait Reporter: Send {
    /// Takes the next event of the run; events come in the order in which they happened.
    fn record(&mut self, record: &Record) -> Result<(), ReportError>;
    /// Called once, after the last record, also when the run was interrupted.
    fn finish(&mut self) -> Result<(), ReportError>;
}
