//! What changed since the run before.

use super::{Run, State};
use crate::domain::{Application, Requirement, TargetSummary, Verdict};
use crate::event::Previous;

/// A run beside the one before it.
#[derive(Debug)]
pub struct Difference<'run> {
    /// The earlier run.
    pub previous: &'run Previous,
    /// Requirements that both judged, and not alike; what got worse comes first.
    pub changes: Vec<Change<'run>>,
    /// Whether the same features judged both.
    pub same_suite: bool,
}

/// A requirement that two runs judged differently.
#[derive(Debug)]
pub struct Change<'run> {
    /// The requirement, as the later run's catalogue has it.
    pub requirement: &'run Requirement,
    /// Where it stood after the earlier run.
    pub from: State,
    /// Where it stands after the later run.
    pub to: State,
}

impl Change<'_> {
    /// Whether it stands worse after the later run.
    pub fn is_worse(&self) -> bool {
        self.to.rank() > self.from.rank()
    }
}

impl Run {
    /// Whether it ran the same application, broken or not in the same way, on the same platform.
    pub fn is_of(&self, application: &Application, target: &TargetSummary) -> bool {
        let ours = &self.started().application;
        (&ours.name, &ours.defect, &self.started().target.name) == (&application.name, &application.defect, &target.name)
    }

    /// What the next run has to know of this one.
    pub fn told(&self) -> Previous {
        let started = self.started();
        let judged = self.requirement_rows().into_iter().filter(|row| is_judged(row.state));
        Previous {
            run_id: started.run_id.clone(),
            started_at: self.started_at(),
            readiness: self.readiness(),
            collaudo_version: started.collaudo_version.clone(),
            suite_digest: started.suite_digest.clone(),
            requirements: judged.map(|row| (row.requirement.id.clone(), row.state.key().to_owned())).collect(),
        }
    }

    /// Tells the difference to another run than the one that it was started after.
    pub fn set_previous(&mut self, previous: &Self) {
        self.started_mut().previous = Some(Box::new(previous.told()));
    }

    /// `None` where the run knows of none before it.
    pub fn difference(&self) -> Option<Difference<'_>> {
        let previous = self.started().previous.as_deref()?;
        let change = |row: super::RequirementRow<'_>| -> Option<(usize, State, State)> {
            let from = State::parse(previous.requirements.get(&row.requirement.id)?)?;
            let place = self.started().requirements.iter().position(|requirement| requirement.id == row.requirement.id)?;
            (is_judged(row.state) && from != row.state).then_some((place, from, row.state))
        };
        let found = self.requirement_rows().into_iter().filter_map(change);
        let mut changes: Vec<_> =
            found.map(|(place, from, to)| Change { requirement: &self.started().requirements[place], from, to }).collect();
        changes.sort_by_key(|change| !change.is_worse());
        Some(Difference { previous, changes, same_suite: previous.suite_digest == self.started().suite_digest })
    }
}

/// Whether the state says something of the application, and not only of the run's selection.
fn is_judged(state: State) -> bool {
    state.verdict().is_some_and(|verdict| !matches!(verdict, Verdict::NotApplicable | Verdict::NotTested))
}
