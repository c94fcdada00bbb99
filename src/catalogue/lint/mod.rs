//! What the engine passes over in silence, found before anything runs.
//!
//! One rule, one function; each takes what it needs and gives problems. To add a rule: a function in the file whose subject it
//! is, called from [`lint`], with a bad feature under `tests/fixtures/features/`.

pub(super) mod misspelt;
mod steps;
mod structure;
mod tags;
mod titles;

use gherkin::{Feature, Step};

use super::features::parse;
use super::{Problem, Sources};
use crate::domain::Requirement;

/// What the step definitions say to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepMatch {
    Known,
    Undefined,
    /// The patterns that match it.
    Ambiguous(Vec<String>),
}

/// A feature file as written: its outlines not expanded.
struct Written<'a> {
    path: &'a str,
    text: &'a str,
    feature: Feature,
}

impl Written<'_> {
    fn problem(&self, at: gherkin::LineCol, message: impl Into<String>) -> Problem {
        Problem::at(self.path, self.text, at.line, at.col, message.into())
    }
}

/// Every problem of the suite, in the order of files and lines. `features` are those that `parse_features` gave for `sources`.
pub fn lint(
    features: &[Feature],
    sources: &Sources,
    requirements: &[Requirement],
    step_known: &dyn Fn(&Step) -> StepMatch,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in sources.features() {
        match parse(path, text) {
            Ok(feature) => {
                let written = Written { path, text, feature };
                structure::lint(&written, &mut problems);
                misspelt::lint(&written, &mut problems);
                tags::lint(&written, requirements, &mut problems);
            }
            Err(problem) => problems.push(*problem),
        }
    }
    titles::lint(features, sources, &mut problems);
    steps::lint(features, sources, step_known, &mut problems);
    problems.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
    problems
}
