//! The platform misbehaves in one way after the other, while somebody opens the application's features: a table of phrases, one
//! look at the application for each of them.

use std::collections::BTreeMap;

use cucumber::gherkin::Step;
use cucumber::{then, when};

use super::program_runs::reads_less;
use super::resource_access::tolerate_nothing;
use super::sight::Sight;
use super::trials::{Found, Trial};
use super::world::World;
use super::{Failure, fault_phrases};
use crate::checks::{self, Discrepancy, Refusal};
use crate::domain::Exchange;
use crate::platform::accounts::TENANT;
use crate::platform::{Aim, Trigger};

/// Faults that not every feature's list gives an occasion: its entries have no status, or there is but one.
const BY_CHANCE: [&str; 2] = ["api-unknown-status", "api-namesakes"];

/// Which features are opened, and with what.
#[derive(Clone, Copy)]
struct Manner {
    every: bool,
    expired: bool,
}

#[when(regex = r"^(\w+) opens every declared feature once for each of these$")]
async fn opens_every(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.try_each(name, &ways(step)?, Manner { every: true, expired: false }).await
}

/// The first feature for the first way, the second for the second, and so on.
#[when(regex = r"^(\w+) opens a declared feature once for each of these$")]
async fn opens_one(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.try_each(name, &ways(step)?, Manner { every: false, expired: false }).await
}

#[when(regex = r"^(\w+) opens a declared feature with an expired token once for each of these$")]
async fn opens_with_expired(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.try_each(name, &ways(step)?, Manner { every: false, expired: true }).await
}

#[when(regex = r"^(\w+) opens every declared feature after a refresh once for each of these$")]
async fn opens_every_after_refresh(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.try_after_refresh(&name, &ways(step)?).await
}

#[then("each time the relying party answers, and tells what went wrong")]
async fn answers_and_tells(world: &mut World) -> Result<(), Failure> {
    let empty = world.empty_lists().await?;
    let found = {
        let (trials, redact) = (&world.memory.trials, &world.redact());
        trials.all.iter().find_map(|trial| trial.unanswered(redact).or_else(|| trial.untold(trials, &empty, redact)))
    };
    world.react_to(found)
}

#[then("each time the relying party answers")]
async fn answers(world: &mut World) -> Result<(), Failure> {
    let found = world.memory.trials.all.iter().find_map(|trial| trial.unanswered(&world.redact()));
    world.react_to(found)
}

#[then("each time the feature shows what it showed before")]
async fn shows_the_same(world: &mut World) -> Result<(), Failure> {
    world.require_shows()?;
    let found = {
        let (trials, redact) = (&world.memory.trials, &world.redact());
        trials.all.iter().find_map(|trial| trial.unanswered(redact).or_else(|| trial.changed(trials, redact)))
    };
    world.react_to(found)
}

/// For one of the scenario's requirements only: the others let an application leave the repetition to its user.
#[then(expr = "each time the feature shows what it showed before, as {word} asks")]
async fn shows_the_same_for(world: &mut World, requirement: String) -> Result<(), Failure> {
    let found = {
        let (trials, untold, redact) = (&world.memory.trials, world.shows_untold(), &world.redact());
        let changed =
            |trial: &Trial| if untold { reads_less(&trial.way, &trials.honest, &trial.exchanges) } else { trial.changed(trials, redact) };
        trials.all.iter().find_map(|trial| trial.unanswered(redact).or_else(|| changed(trial)))
    };
    world.react_for(&requirement, "C-57", found)
}

/// The document names every status that there is: an application may take it at its word.
#[then(expr = "each time the feature better shows what it showed before, as {word} recommends")]
async fn better_shows_the_same(world: &mut World, requirement: String) -> Result<(), Failure> {
    world.require_shows()?;
    world.react(true, "", "", "")?;
    let found = {
        let (trials, redact) = (&world.memory.trials, &world.redact());
        trials.all.iter().find_map(|trial| trial.unanswered(redact).or_else(|| trial.changed(trials, redact)))
    };
    world.advise(&requirement, judged(found, "C-59"))
}

/// A list that lost its end on the way is shown with a word about it, or with a way to read on.
#[then(expr = "no list is shown in part as if it were whole, as {word} asks")]
async fn none_cut_short(world: &mut World, requirement: String) -> Result<(), Failure> {
    world.require_shows()?;
    let found = {
        let (trials, redact) = (&world.memory.trials, &world.redact());
        trials.all.iter().find_map(|trial| trial.cut_short(trials, redact))
    };
    world.react_for(&requirement, "C-56", found)
}

#[then("each time it was asked for once")]
async fn asked_once(world: &mut World) -> Result<(), Failure> {
    world.judge_each(|exchanges| checks::check_not_repeated(exchanges, &[404]))
}

#[then("each time the relying party did not insist")]
async fn did_not_insist(world: &mut World) -> Result<(), Failure> {
    world.judge_each(checks::check_no_loop_after_403)
}

#[then("the relying party says something else each time")]
async fn says_something_else(world: &mut World) -> Result<(), Failure> {
    let found = world.memory.trials.same_words(&world.redact());
    world.react_to(found)
}

#[then("each time nothing was repeated before its time")]
async fn kept_the_time(world: &mut World) -> Result<(), Failure> {
    world.judge_each(checks::check_retry_after)?;
    // A 503, and what nothing was said of, are of RS-05 alone.
    let trials = &world.memory.trials;
    let judged = trials.first_refusal(checks::check_retry_after_unavailable);
    let judged = judged.and_then(|()| trials.first_refusal(checks::check_pause_without_retry_after));
    world.judge_for("RS-05", judged)
}

#[then("each time the relying party gave up after a few attempts")]
async fn gave_up(world: &mut World) -> Result<(), Failure> {
    world.judge_each(|exchanges| checks::check_attempts_bounded(exchanges, checks::MOST_ATTEMPTS))
}

/// For one of the scenario's requirements only.
#[then(expr = "each time the relying party gave up after a few attempts, as {word} asks")]
async fn gave_up_for(world: &mut World, requirement: String) -> Result<(), Failure> {
    let judged = world.memory.trials.first_refusal(|exchanges| checks::check_attempts_bounded(exchanges, checks::MOST_ATTEMPTS));
    world.judge_for(&requirement, judged)
}

#[then("each time the relying party waited longer before the next attempt")]
async fn waited_longer(world: &mut World) -> Result<(), Failure> {
    for (way, feature) in world.memory.trials.refused_by(checks::check_waits_grow) {
        // A fixed pace shows again; what a busy machine delayed does not.
        let again = world.try_once_more(&way, &feature).await?;
        if let Err(refusal @ checks::Refusal::Discrepancy(_)) = checks::check_waits_grow(&again) {
            return world.judge(Err(refusal));
        }
    }
    Ok(())
}

#[then("each time at most one refresh and one repetition followed")]
async fn refreshed_once(world: &mut World) -> Result<(), Failure> {
    world.judge_each(checks::check_bounded_after_401)
}

/// C-57 recommends it: a client whose waits are all alike is told so.
#[then(expr = "the waits vary, as {word} recommends")]
async fn waits_vary(world: &mut World, requirement: String) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.advise(&requirement, checks::check_wait_varies(&exchanges).or_else(tolerate_nothing))
}

/// What a look came to, by a clause: nothing found is nothing wrong.
pub(super) fn judged(found: Option<Found>, clause: &'static str) -> checks::Judgement {
    let Some((summary, expected, actual)) = found else { return Ok(()) };
    Err(Refusal::Discrepancy(Discrepancy { summary, expected: expected.to_owned(), actual, clause, exchanges: Vec::new() }))
}

/// Whether not every application, or not every list, gives the fault an occasion.
fn is_met_by_chance(fault: &str, trigger: Trigger) -> bool {
    trigger.is_met_by_chance() || fault.starts_with("userinfo-") || BY_CHANCE.contains(&fault)
}

/// The phrases of a step's table.
pub(super) fn ways(step: &Step) -> Result<Vec<(String, &'static str, Trigger)>, Failure> {
    let rows = step.table.as_ref().map(|table| &table.rows[..]).unwrap_or_default();
    let known = |row: &Vec<String>| {
        let phrase = row.first().cloned().unwrap_or_default();
        let (fault, trigger) = fault_phrases::fault(&phrase).ok_or_else(|| Failure::broke(format!("no fault is called `{phrase}`")))?;
        Ok((phrase, fault, trigger))
    };
    rows.iter().map(known).collect()
}

impl World {
    async fn try_each(&mut self, name: String, ways: &[(String, &'static str, Trigger)], manner: Manner) -> Result<(), Failure> {
        self.memory.actor = Some(name.clone());
        let features = self.features()?;
        self.look_before(&features).await?;
        for (turn, (way, fault, trigger)) in ways.iter().enumerate() {
            let opened = if manner.every { &features[..] } else { std::slice::from_ref(&features[turn % features.len()]) };
            for feature in opened {
                self.provoke(fault, *trigger).await?;
                let platform = self.stage()?.instrument()?;
                if manner.expired {
                    platform.expire_access_tokens();
                }
                let mark = self.stage()?.exchanges().len();
                let mut sight = self.look_at(feature).await?;
                if trigger.aim == Aim::FurtherPages && !self.stage()?.fired_since(mark, fault) {
                    sight = self.look_further(feature).await?.unwrap_or(sight);
                }
                let differs = !sight.entries.is_empty() && sight.entries.len() != self.memory.trials.shown_before(feature);
                let whole = if differs { self.entries_read_on(feature).await? } else { None };
                if differs && whole.is_none() {
                    sight = self.scrolled_on(feature, sight).await?;
                }
                let stage = self.stage()?;
                stage.instrument()?.faults().disarm(fault).map_err(Failure::broke)?;
                let exchanges = stage.provoked_from(mark);
                let never = sight.never;
                if !stage.fired_since(mark, fault) {
                    if is_met_by_chance(fault, *trigger) {
                        // Nothing came of it: not every application goes there.
                        self.stage_mut()?.provocation.withdraw(fault);
                        continue;
                    }
                    // Whatever is seen has another cause; that it was not met is told at the end.
                    self.come_back(&name).await?;
                    continue;
                }
                self.memory.trials.all.push(Trial { way: way.clone(), feature: feature.clone(), sight, whole, exchanges });
                if whole.is_some() {
                    self.read_whole(feature).await?;
                }
                if never {
                    // That is a finding; whether the others would be waited for as long adds nothing to it.
                    return Ok(());
                }
                self.come_back(&name).await?;
            }
        }
        match ways.first() {
            Some((way, ..)) if self.memory.trials.all.is_empty() && self.stage()?.undelivered().is_empty() => {
                Err(Failure::not_applicable(format!("nothing that the application does gives the platform an occasion to {way}")))
            }
            _ => Ok(()),
        }
    }

    /// The same misbehaviour at the same feature once more: what the platform saw of it.
    async fn try_once_more(&mut self, way: &str, feature: &str) -> Result<Vec<Exchange>, Failure> {
        let (fault, trigger) = fault_phrases::fault(way).ok_or_else(|| Failure::broke(format!("no fault is called `{way}`")))?;
        let name = self.memory.actor.clone().unwrap_or_default();
        self.provoke(fault, trigger).await?;
        let mark = self.stage()?.exchanges().len();
        self.look_at(feature).await?;
        let stage = self.stage()?;
        stage.instrument()?.faults().disarm(fault).map_err(Failure::broke)?;
        let exchanges = stage.provoked_from(mark);
        self.come_back(&name).await?;
        Ok(exchanges)
    }

    /// All pages of a feature, when nothing is provoked.
    async fn read_whole(&mut self, feature: &str) -> Result<(), Failure> {
        if !self.memory.trials.whole.contains_key(feature) {
            let shown = self.look_at(feature).await?.entries.len();
            let whole = self.entries_read_on(feature).await?.unwrap_or(shown);
            self.memory.trials.whole.insert(feature.to_owned(), whole);
        }
        Ok(())
    }

    /// One refresh for each way, and every feature after it: what was kept of the answer shows at the pages that follow.
    async fn try_after_refresh(&mut self, name: &str, ways: &[(String, &'static str, Trigger)]) -> Result<(), Failure> {
        self.memory.actor = Some(name.to_owned());
        let features = self.features()?;
        self.look_before(&features).await?;
        for (way, fault, trigger) in ways {
            self.provoke(fault, *trigger).await?;
            self.stage()?.instrument()?.expire_access_tokens();
            let mark = self.stage()?.exchanges().len();
            self.look_at(&features[0]).await?;
            let fired = self.stage()?.fired_since(mark, fault);
            self.stage()?.instrument()?.faults().disarm(fault).map_err(Failure::broke)?;
            for feature in features.iter().filter(|_| fired) {
                let mark = self.stage()?.exchanges().len();
                let sight = self.look_at(feature).await?;
                let exchanges = self.stage()?.provoked_from(mark);
                self.memory.trials.add(way, feature, sight, exchanges);
            }
            self.come_back(name).await?;
        }
        Ok(())
    }

    /// Every feature as it is when nothing is provoked.
    async fn look_before(&mut self, features: &[String]) -> Result<(), Failure> {
        for feature in features {
            if !self.memory.trials.before.contains_key(feature) {
                let sight = self.look_at(feature).await?;
                if sight.entries.is_empty() && !self.shows_untold() {
                    let seen = sight.shortened(&self.redact());
                    return Err(Failure::unjudged(format!("without any provocation the feature {feature} shows nothing: `{seen}`")));
                }
                self.memory.trials.before.insert(feature.clone(), sight);
            }
        }
        Ok(())
    }

    /// Signs in again who was signed out by what went wrong: the next look is at another thing.
    pub(super) async fn come_back(&mut self, name: &str) -> Result<(), Failure> {
        if self.stage()?.program.is_some() {
            // Each run is a sign-in of its own.
            return Ok(());
        }
        let visitor = self.actor_visitor().await?;
        if self.memory.trials.all.last().is_some_and(|trial| !trial.sight.entries.is_empty()) {
            return Ok(());
        }
        if self.stage()?.who_is_signed_in(&visitor).await?.is_none() {
            self.honest_sign_in(name).await?;
        }
        // What the page of the sign-in still asks for must not meet what is provoked next.
        self.stage()?.settle(&visitor).await
    }

    /// What each feature says when there is nothing in it; only those whose lists were read.
    async fn empty_lists(&mut self) -> Result<BTreeMap<String, Sight>, Failure> {
        self.stage()?.instrument()?.empty_lists(TENANT);
        let mut empty = BTreeMap::new();
        let features: Vec<String> = self.memory.trials.before.keys().cloned().collect();
        for feature in features {
            let mark = self.stage()?.instrument()?.journal().mark();
            let sight = self.look_at(&feature).await?;
            let exchanges = self.stage()?.instrument()?.journal().since(mark);
            if exchanges.iter().any(|call| super::provocation::is_resource_call(call) && call.status == 200) {
                empty.insert(feature, sight);
            }
        }
        Ok(empty)
    }

    fn react_to(&mut self, found: Option<Found>) -> Result<(), Failure> {
        match found {
            None => self.react(true, "", "", ""),
            Some((summary, expected, actual)) => self.react(false, &summary, expected, &actual),
        }
    }

    /// [`World::react_to`] for one of the scenario's requirements only.
    pub(super) fn react_for(&mut self, requirement: &str, clause: &'static str, found: Option<Found>) -> Result<(), Failure> {
        self.react(true, "", "", "")?;
        if found.is_none() {
            return Ok(());
        }
        self.judge_for(requirement, judged(found, clause))
    }

    /// A check on each look's own traffic. Where nothing was done, nothing was done too soon or too often.
    pub(super) fn judge_each(&mut self, check: impl Fn(&[Exchange]) -> checks::Judgement) -> Result<(), Failure> {
        let judged = self.memory.trials.first_refusal(check);
        self.judge(judged)
    }
}
