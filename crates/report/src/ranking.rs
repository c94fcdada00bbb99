use std::collections::HashSet;

use super::{Run, ScenarioRun};
use crate::domain::{Finding, Level, Requirement, RequirementId};

/// A finding worth reading first.
#[derive(Debug)]
pub(crate) struct WorstFinding<'run> {
    pub scenario: &'run ScenarioRun,
    pub finding: &'run Finding,
    /// `None` where the catalogue of the run does not know it.
    pub requirement: Option<&'run Requirement>,
    /// How many more findings there are on the same requirement.
    pub more: usize,
}

impl Run {
    /// At most `n` findings: those of failed scenarios first, then by level, then in the order of the features; one for each
    /// requirement, so that one mistake seen ten times does not hide the others.
    pub(crate) fn worst_findings(&self, n: usize) -> Vec<WorstFinding<'_>> {
        let mut all: Vec<_> =
            self.scenarios().iter().flat_map(|scenario| scenario.findings().iter().map(move |finding| (scenario, finding))).collect();
        all.sort_by_key(|(scenario, finding)| {
            (finding.waiver.is_some(), std::cmp::Reverse(scenario.state().rank()), severity(finding.level))
        });
        let mut seen = HashSet::new();
        all.iter()
            .filter(|(_, finding)| seen.insert(&finding.requirement))
            .take(n)
            .map(|(scenario, finding)| WorstFinding {
                scenario,
                finding,
                requirement: self.requirement(&finding.requirement),
                more: all.iter().filter(|(_, other)| other.requirement == finding.requirement).count() - 1,
            })
            .collect()
    }

    /// Whether the selection names the requirement already, as `requirement CB-01`.
    fn selects(&self, requirement: &RequirementId) -> bool {
        self.selection().iter().flat_map(|words| words.split_whitespace()).any(|word| word == requirement.as_str())
    }

    /// The command that repeats one scenario's failure: the run's own, narrowed to the requirement.
    pub fn repeat_command(&self, scenario: &ScenarioRun) -> String {
        let found = scenario.findings().first().map(|finding| &finding.requirement);
        let command = &self.started().command;
        match found.or_else(|| scenario.summary.requirements.first()) {
            Some(requirement) if !self.selects(requirement) => {
                format!("{command} --requirement {requirement}")
            }
            _ => command.clone(),
        }
    }
}

fn severity(level: Level) -> u8 {
    match level {
        Level::Must => 0,
        Level::Should => 1,
        Level::Quality => 2,
    }
}
