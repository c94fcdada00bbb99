//! Partial consent.

use cucumber::{given, then, when};

use super::Failure;
use super::provocation::signed_in_as;
use super::resource_access::tolerate_nothing;
use super::sight::{Redact, Sight};
use super::sign_in::Consent;
use super::world::World;
use crate::checks;

/// A feature as it looked when the scope of one of them was refused.
pub(super) struct Looked {
    refused: String,
    feature: String,
    /// Whether it is the refused one, or needs the same scope.
    is_off: bool,
    sight: Sight,
}

/// Each in a browser of its own: a platform may remember what was granted before.
#[when(expr = "{word} signs in once for each declared feature, and refuses it")]
async fn refuses_each(world: &mut World, name: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    let features = world.features()?;
    for refused in &features {
        world.sign_in_without(&name, refused).await?;
        for feature in &features {
            let looked = world.look_without(refused, feature).await?;
            world.memory.trials.consents.push(looked);
        }
    }
    world.delivered()
}

#[given(expr = "{word} has signed in and refused a declared feature")]
async fn refused_one(world: &mut World, name: String) -> Result<(), Failure> {
    let features = world.features()?;
    let scopes: Vec<String> = features.iter().map(|feature| Ok(world.declared_action(feature)?.1.scope)).collect::<Result<_, Failure>>()?;
    // Whoever has but one feature, and is refused it, has nothing to call.
    let refused = features.iter().zip(&scopes).rfind(|(_, scope)| scopes.iter().any(|other| other != *scope));
    let (refused, scope) =
        refused.ok_or_else(|| Failure::not_applicable("the features of the profile need one scope: with it refused nothing is called"))?;
    world.memory.refused_scope = Some(scope.clone());
    world.sign_in_without(&name, refused).await
}

#[when(expr = "{word} opens the features that were not refused")]
async fn opens_the_others(world: &mut World, name: String) -> Result<(), Failure> {
    let refused = world.memory.refused_scope.clone().ok_or_else(|| Failure::broke("no step has refused a feature"))?;
    world.memory.actor = Some(name);
    for feature in world.features()? {
        if world.declared_action(&feature)?.1.scope != refused {
            world.open_feature_as_actor(&feature).await?;
        }
    }
    Ok(())
}

#[then("each time the other features work, and the refused one is off and says so")]
async fn off_and_says_so(world: &mut World) -> Result<(), Failure> {
    let consents = std::mem::take(&mut world.memory.trials.consents);
    let found = consents.iter().find_map(|looked| looked.wrong(&consents, &world.redact()));
    match found {
        None => world.react(true, "", "", ""),
        Some((summary, expected, actual)) => world.react(false, &summary, expected, &actual),
    }
}

impl Looked {
    /// What is wrong with it: summary, what was expected, what was seen.
    fn wrong(&self, all: &[Self], redact: Redact) -> Option<(String, &'static str, String)> {
        let Self { refused, feature, is_off, sight } = self;
        let seen = || format!("the page says `{}`", sight.shortened(redact));
        if let Some(wrong) = sight.unanswered(redact) {
            return Some((format!("falls over at {feature} when {refused} was refused"), "a page with words for a person", wrong));
        }
        if !is_off {
            let summary = format!("does not show its {feature} when {refused} was refused");
            return sight.entries.is_empty().then(|| (summary, "every granted feature at work", seen()));
        }
        let granted = || all.iter().filter(|other| other.feature == *feature && !other.is_off).map(|other| &other.sight);
        // Words about the refusal may stand where the entries would.
        let data = sight.entries.iter().filter(|entry| granted().any(|granted| granted.entries.contains(entry))).count();
        if data > 0 {
            let summary = format!("shows its {feature} although their scope was refused");
            return Some((summary, "the feature is off", format!("{data} entries")));
        }
        let says = sight.says_more_than(granted());
        (!says).then(|| (format!("does not say that {feature} is off because its scope was refused"), "words about it", seen()))
    }
}

#[then("no call went beyond the granted scopes")]
async fn within_scopes(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    // Whoever makes no call goes beyond nothing.
    world.judge_for("GX-04", checks::check_calls_within_granted_scopes(&exchanges).or_else(tolerate_nothing))
}

/// A call that meets an expired token is repeated as it was.
#[then("no call went beyond the granted scopes, but the one that brought the refresh")]
async fn within_scopes_afterwards(world: &mut World) -> Result<(), Failure> {
    let exchanges = checks::without_repeats_after_401(world.provoked_exchanges()?);
    world.judge_for("GX-04", checks::check_calls_within_granted_scopes(&exchanges).or_else(tolerate_nothing))
}

impl World {
    /// A sign-in in a new browser that grants everything but one feature's scope.
    async fn sign_in_without(&mut self, name: &str, feature: &str) -> Result<(), Failure> {
        if let Some(earlier) = self.stage_mut()?.forget_visitor(name) {
            earlier.context.close().await;
        }
        let (_, action) = self.declared_action(feature)?;
        self.sign_in(name, Consent::Refuse(vec![action.scope])).await?;
        let (person, outcome) = (self.stage()?.person(name)?, self.outcome()?);
        let held = signed_in_as(&outcome, &person);
        let summary = format!("does not sign {name} in when {feature} was refused");
        self.react(held, &summary, "partial consent is enough to sign in", &outcome.describe())
    }

    /// A feature as it looks in this browser, where the scope of one of them was refused.
    async fn look_without(&mut self, refused: &str, feature: &str) -> Result<Looked, Failure> {
        let is_off = self.declared_action(feature)?.1.scope == self.declared_action(refused)?.1.scope;
        let sight = if is_off { self.look_as_far_as_it_goes(feature).await? } else { self.look_at(feature).await? };
        Ok(Looked { refused: refused.to_owned(), feature: feature.to_owned(), is_off, sight })
    }
}
