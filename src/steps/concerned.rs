//! Whether a scenario that judged nothing left something untested, or was about something else.

use super::{Failure, World};
use crate::domain::Suite;

impl World {
    /// A scenario about another type of application leaves something untested only where one of its requirements concerns the
    /// application and no scenario of the application's own type judges it. A platform or a project is no worse for want of the mock:
    /// to them such a scenario does not apply.
    pub(super) fn settle_concern(&self, failure: Failure) -> Failure {
        let (Failure::NotTested { reason }, Ok(setup), Some(scenario)) = (&failure, self.setup(), self.scenario()) else {
            return failure;
        };
        let own_type = setup.bundled || scenario.is_about(setup.profile.app.r#type.name());
        let untested = scenario.requirements.iter().any(|id| setup.untested.contains(id));
        if scenario.suite == Suite::RelyingParty && (own_type || untested) { failure } else { Failure::not_applicable(reason) }
    }
}
