//! Whether the application has its addresses from the discovery document (AZ-12).

use cucumber::then;

use super::Failure;
use super::stage::Stage;
use super::world::World;
use crate::checks::{self, strayed, told_of_strayed};

#[then("every endpoint that was asked is one of the discovery document")]
async fn endpoints_discovered(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_endpoints_discovered(&world.exchanges()?);
    world.judge(judgement)
}

impl World {
    /// A sign-in that went astray on its way to an endpoint tells of that, whatever came of it (AZ-12).
    pub(super) fn told_by_strayed(&mut self, failure: Option<Failure>) -> Option<Failure> {
        let Some(Failure::Unjudged { .. }) = &failure else { return failure };
        let exchanges = self.exchanges().unwrap_or_default();
        if !self.has_tag("AZ-12") || strayed(&exchanges).next().is_none() {
            return failure;
        }
        self.judge_for("AZ-12", checks::check_endpoints_discovered(&exchanges)).err().or(failure)
    }
}

impl Stage {
    /// What a failed sign-in comes from, where it asked for an endpoint at a path of its own: words to put after a reason.
    pub(super) fn strayed(&self) -> String {
        strayed(&self.exchanges()).next().map_or_else(String::new, |exchange| format!("; {}", told_of_strayed(exchange)))
    }
}
