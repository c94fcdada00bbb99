//! What an attempt is worth that has ended in an error, and how the next one is made.

use cucumber::then;

use super::Failure;
use super::forged_response::open_response;
use super::stage::Visitor;
use super::world::World;
use crate::checks;

#[then("no later authorization request gives the code challenge up")]
async fn no_downgrade(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge_for("AZ-08", checks::check_no_pkce_downgrade(&exchanges))?;
    world.require_occasions()?;
    world.react(true, "", "", "")
}

/// Recommended only: nothing that the requirement names is weaker without it.
#[then("it asks for offline access as the first one did")]
async fn offline_access_kept(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_offline_access_kept(&world.provoked_exchanges()?);
    world.advise("AZ-09", judgement)
}

#[then("the second attempt shares neither state, nonce nor code challenge with the first")]
async fn new_values(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge_state("AZ-09", &exchanges, checks::check_new_values_after_error(&exchanges))
}

#[then("none of these responses signs Mallory in")]
async fn mallory_nowhere(world: &mut World) -> Result<(), Failure> {
    let mallory = world.stage()?.person("Mallory")?;
    let summary = "takes a response whose state is that of an attempt that has ended in an error";
    world.judge_series(summary, "Mallory is not signed in", |provoked| {
        let shown = provoked.shown.as_ref().filter(|shown| mallory.is_named_by(shown))?;
        Some((format!("`{shown}` is shown as signed in"), Vec::new()))
    })
}

impl World {
    /// Opens, in the browser of the sign-in that began at `mark`, a response that has its state and a code of Mallory's, good in every
    /// other respect: it works where the attempt was not forgotten.
    pub(super) async fn open_mallorys_response_for(&mut self, mark: usize, visitor: &Visitor) -> Result<(), Failure> {
        let exchanges = self.stage()?.provoked_from(mark);
        let attempt = exchanges.into_iter().find(checks::is_authorization_request);
        self.mallorys_link(Some(attempt.ok_or_else(|| Failure::unjudged("the platform saw no authorization request"))?)).await?;
        let link = self.memory.link.clone().unwrap_or_default();
        // It may answer with a sign-in of its own, as it may to every response that it refuses.
        self.stage_mut()?.provocation.started_sign_ins += 1;
        open_response(self.stage()?, visitor, &link).await?;
        self.stage()?.settle(visitor).await
    }
}
