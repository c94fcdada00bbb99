use super::{Run, ScenarioRun, State};
use crate::domain::{Finding, Requirement};

/// A row of the requirement matrix.
#[derive(Debug)]
pub struct RequirementRow<'run> {
    pub requirement: &'run Requirement,
    /// The worst of its scenarios; where it has none, why.
    pub state: State,
    /// The planned scenarios that carry its tag, or that found it broken.
    pub scenarios: Vec<&'run ScenarioRun>,
    pub findings: Vec<(&'run ScenarioRun, &'run Finding)>,
}

impl RequirementRow<'_> {
    /// Why no scenario covers it, as the catalogue says.
    pub fn not_tested(&self) -> Option<&str> {
        self.requirement.not_tested.as_deref()
    }
}

impl Run {
    /// Every requirement of the catalogue, in its order.
    pub fn requirement_rows(&self) -> Vec<RequirementRow<'_>> {
        self.started().requirements.iter().map(|requirement| self.row(requirement)).collect()
    }

    fn row<'run>(&'run self, requirement: &'run Requirement) -> RequirementRow<'run> {
        let id = &requirement.id;
        let findings: Vec<_> = self
            .scenarios()
            .iter()
            .flat_map(|scenario| scenario.findings().iter().map(move |finding| (scenario, finding)))
            .filter(|(_, finding)| finding.requirement == *id)
            .collect();
        let concerns = |scenario: &ScenarioRun| {
            scenario.summary.requirements.contains(id) || scenario.findings().iter().any(|finding| finding.requirement == *id)
        };
        let scenarios: Vec<_> = self.scenarios().iter().filter(|scenario| concerns(scenario)).collect();
        let left_out = if self.selection().is_empty() || requirement.not_tested.is_some() { State::NotCovered } else { State::NotSelected };
        let worst = scenarios.iter().map(|scenario| scenario.state()).max_by_key(|state| state.rank());
        RequirementRow { requirement, state: worst.unwrap_or(left_out), scenarios, findings }
    }
}
