//! Partial consent.

use cucumber::{then, when};

use super::Failure;
use super::resource_access::tolerate_nothing;
use super::sign_in::Consent;
use super::world::World;
use crate::checks;

#[when(regex = r"^(\w+) signs in through the popup and refuses (patients|agenda|medical reports)$")]
async fn refuses(world: &mut World, name: String, feature: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    let (key, action) = world.declared_action(&feature)?;
    world.memory.refused = vec![key];
    world.sign_in(&name, Consent::Refuse(vec![action.scope])).await?;
    world.delivered()
}

#[then("every other declared feature shows its data")]
async fn other_features(world: &mut World) -> Result<(), Failure> {
    let refused = world.memory.refused.clone();
    for feature in world.features()?.into_iter().filter(|feature| !refused.contains(feature)) {
        world.open_feature_as_actor(&feature).await?;
        world.shows_data(&feature).await?;
    }
    // The refused one must answer too: switched off, not broken.
    for feature in refused {
        world.open_feature_as_actor(&feature).await?;
        let visitor = world.actor_visitor().await?;
        world.has_answered(&visitor)?;
        world.still_answers().await?;
    }
    Ok(())
}

#[then("no call went beyond the granted scopes")]
async fn within_scopes(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    // Whoever makes no call goes beyond nothing.
    world.judge_for("GX-04", checks::check_calls_within_granted_scopes(&exchanges).or_else(tolerate_nothing))
}
