//! Reports: fold the events of a run, render what a person or a program reads. Floor 2: uses `domain`, `oauth`, `event` only.
//!
//! [`Run`] is the one fold; console, HTML, JUnit and JSON read it and nothing else, so they cannot disagree. `run.jsonl` is the
//! record of the run: every other report can be made again from it, later and elsewhere.
//!
//! To add a format: a module with `render_NAME(&Run)`, or a [`Reporter`] where it has to follow the run while it happens.
//! To add a sentence of a report's own: `words.rs`, in Italian and English. To change the page: `templates/report/`.

mod clause;
mod console;
mod error;
mod html;
mod json;
mod jsonl;
mod junit;
mod matrix;
mod painting;
mod ranking;
mod run;
mod state;
mod words;

pub use console::{Console, Style, console};
pub use error::ReportError;
pub use html::render_html;
pub use json::{SUMMARY_FORMAT, render_json};
pub use jsonl::{JsonLines, Torn, parse_jsonl, read_jsonl};
pub use junit::render_junit;
pub use matrix::RequirementRow;
pub use ranking::WorstFinding;
pub use run::{Attempt, Counts, Run, ScenarioRun};
pub use state::State;

use crate::event::Record;

/// Follows a run while it happens.
pub trait Reporter: Send {
    fn record(&mut self, record: &Record) -> Result<(), ReportError>;
    /// Called once, after the last record, also when the run was interrupted.
    fn finish(&mut self) -> Result<(), ReportError>;
}
