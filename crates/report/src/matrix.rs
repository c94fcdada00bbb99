use super::{Run, ScenarioRun, State};
use crate::domain::{Actor, Finding, Level, Requirement, RequirementId, Verdict};

/// A row of the requirement matrix.
#[derive(Debug)]
pub struct RequirementRow<'run> {
    /// The requirement, as the run's catalogue has it.
    pub requirement: &'run Requirement,
    /// The worst of what its scenarios say of it; where it has none, why.
    pub state: State,
    /// The planned scenarios that carry its tag, or that found it broken.
    pub scenarios: Vec<&'run ScenarioRun>,
    /// Every finding on it, with the scenario that found it, in the order of the features.
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
        let concerned = self.concerns(requirement);
        let left_out = match (self.selection().is_empty() || requirement.not_tested.is_some(), concerned) {
            (true, false) => State::Judged(Verdict::NotApplicable),
            (true, true) => State::NotCovered,
            (false, _) => State::NotSelected,
        };
        let state_of = |scenario: &&ScenarioRun| match scenario.state_of(id) {
            State::Judged(Verdict::NotTested) if !concerned => State::Judged(Verdict::NotApplicable),
            state => state,
        };
        let worst = scenarios.iter().map(state_of).max_by_key(|state| state.rank());
        RequirementRow { requirement, state: worst.unwrap_or(left_out), scenarios, findings }
    }

    /// Whether it concerns applications of the type that is under test; the bundled one is of every type.
    fn concerns(&self, requirement: &Requirement) -> bool {
        let application = &self.started().application;
        application.bundled || requirement.actor != Actor::RelyingParty || requirement.concerns(application.r#type.name())
    }
}

impl ScenarioRun {
    /// What this scenario says of one of its requirements. Its own findings speak by their level; a finding on another requirement
    /// never does: where that one stopped the scenario, this one was not judged to its end.
    pub(crate) fn state_of(&self, id: &RequirementId) -> State {
        let found = self.findings().iter().filter(|finding| finding.requirement == *id).map(|finding| match finding.level {
            Level::Must if finding.waiver.is_none() => State::Judged(Verdict::Failed),
            Level::Must | Level::Should | Level::Quality => State::Judged(Verdict::Warned),
        });
        let found = found.max_by_key(|state| state.rank());
        match (self.state(), found) {
            (State::Judged(Verdict::Failed | Verdict::Warned), Some(found)) => found,
            (State::Judged(Verdict::Failed), None) if !self.findings().is_empty() => State::Judged(Verdict::Inconclusive),
            (State::Judged(Verdict::Warned), None) if !self.findings().is_empty() => State::Judged(Verdict::Passed),
            (state, Some(found)) if found.rank() > state.rank() => found,
            (state, _) => state,
        }
    }
}
