//! How the application keeps its access when the access token ends.

use cucumber::{given, then, when};

use super::Failure;
use super::provocation::authorizations;
use super::world::World;
use crate::checks;
use crate::domain::Exchange;

#[given("every access token has expired")]
async fn tokens_expired(world: &mut World) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.stage()?.mock()?.expire_access_tokens();
    world.delivered()
}

#[when(expr = "{word} opens a declared feature after each of {int} expiries")]
async fn opens_after_expiries(world: &mut World, name: String, expiries: usize) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    for _ in 0..expiries {
        world.stage()?.mock()?.expire_access_tokens();
        world.open_a_feature(&name).await?;
    }
    world.delivered()
}

#[then("the relying party refreshed once and repeated the call once")]
async fn refreshed_once(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_recovery_after_401(&exchanges))
}

#[then("every refresh proves the client and keeps to the granted scopes")]
async fn refresh_keeps(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.exchanges()?;
    world.judge(checks::check_refresh_keeps_scope(&exchanges))?;
    world.judge(checks::check_token_request_form(&exchanges, super::token::permitted(world.setup()?.profile.app.r#type)))
}

#[then("only the newest refresh token was ever sent")]
async fn newest_refresh_token(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_newest_refresh_token(&world.exchanges()?);
    world.judge(judgement)
}

#[then("no new sign-in was asked for")]
async fn no_new_sign_in(world: &mut World) -> Result<(), Failure> {
    let asked = authorizations(&world.provoked_exchanges()?);
    let visitor = world.actor_visitor().await?;
    let shown = world.stage()?.who_is_signed_in(&visitor).await?;
    let actual =
        format!("{asked} authorization requests, and {}", shown.as_deref().map_or("nobody is signed in any more", |_| "the session lives"));
    world.react(asked == 0 && shown.is_some(), "asks for a new sign-in", "no authorization request, and the session lives", &actual)
}

#[then("the refused refresh token is not sent again")]
async fn forgets_refused(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_forgets_refused_refresh_token(&exchanges))
}

impl World {
    /// What the platform recorded since the scenario's provocation began.
    pub(super) fn provoked_exchanges(&self) -> Result<Vec<Exchange>, Failure> {
        let stage = self.stage()?;
        let mark = stage.provocation.mark().ok_or_else(|| Failure::broke("no step has provoked anything"))?;
        Ok(stage.mock()?.journal().since(mark))
    }
}
