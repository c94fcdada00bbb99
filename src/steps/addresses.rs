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

impl Stage {
    /// What a failed sign-in comes from, where it asked for an endpoint at a path of its own: words to put after a reason.
    pub(super) fn strayed(&self) -> String {
        strayed(&self.exchanges()).next().map_or_else(String::new, |exchange| format!("; {}", told_of_strayed(exchange)))
    }
}
