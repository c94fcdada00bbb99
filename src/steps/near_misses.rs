//! What becomes of values that nearly are the right ones, and of keys that come and go.

use std::time::Duration;

use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use tokio::time::Instant;

use super::misbehaviour::ways;
use super::provocation::signed_in_as;
use super::series::Provoked;
use super::sign_in::Consent;
use super::stage::Stage;
use super::world::World;
use super::{Failure, PATIENCE};
use crate::checks::{self, Discrepancy, Judgement, Refusal};
use crate::domain::{Endpoint, Exchange};

/// The longest that well-known libraries wait by default before they read the keys again.
const COOLDOWN: Duration = Duration::from_secs(31);
/// Reads of the keys that are no storm, however many keys are unknown: at most one in half a minute, and a few more.
const FEW_READS: usize = 5;
/// Reads of the keys for each sign-in with an unknown key by an application that keeps none.
const READS_EACH: usize = 2;

#[given(expr = "Mallory has an authorization code with {} and no sign-in of her own")]
async fn mallory_has_a_code(world: &mut World, state: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.mallorys_response(false).await?;
    let link = world.memory.link.clone().unwrap_or_default();
    let state = match state.as_str() {
        "a state" => return Ok(()),
        "no state" => None,
        _ => Some(""),
    };
    world.memory.link = Some(super::forged_response::with_state(&link, state)?);
    Ok(())
}

#[then("every one of these sign-ins is refused unless PKCE or a nonce vouches for it")]
async fn refused_unless_vouched(world: &mut World) -> Result<(), Failure> {
    let taken: Vec<Provoked> =
        world.memory.series.iter().filter(|provoked| provoked.delivered && provoked.taken().is_some()).cloned().collect();
    if taken.is_empty() || !taken.iter().all(|provoked| vouched(&provoked.exchanges)) {
        return world.judge_series("takes a response whose state is not the one that it sent", "nobody is signed in", Provoked::taken);
    }
    let told: Vec<&str> = taken.iter().map(|provoked| provoked.phrase.as_str()).collect();
    world.warn("CB-01", left_to_pkce(&format!("signed in when the platform was to {}", told.join("; to "))));
    world.accept_as_vouched()
}

/// Whether every authorization request has a code challenge or a nonce, which stand in for the state (RFC 9700 section 2.1).
fn vouched(exchanges: &[Exchange]) -> bool {
    let requests = checks::sign_ins(exchanges);
    !requests.is_empty()
        && requests.iter().all(|request| request.parameter("code_challenge").is_some() || request.parameter("nonce").is_some())
}

fn left_to_pkce(actual: &str) -> Discrepancy {
    Discrepancy {
        summary: "takes a response whose state is not the one that it sent, and leaves the defence to PKCE or nonce".to_owned(),
        expected: "nobody is signed in".to_owned(),
        actual: actual.to_owned(),
        clause: "RFC 9700 section 2.1",
        exchanges: Vec::new(),
    }
}

#[then("the relying party shows nobody else signed in where it asks who that is")]
async fn nobody_else_where_asked(world: &mut World) -> Result<(), Failure> {
    if !world.provoked_exchanges()?.iter().any(|exchange| checks::asks_for_the_user(exchange) && !exchange.faults.is_empty()) {
        return Err(Failure::not_applicable("the application does not ask who is signed in at an endpoint that can answer so"));
    }
    super::popup::shows_nobody_else(world).await
}

#[then("no code was redeemed that the platform did not give")]
async fn no_redemption(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_no_redemption(&exchanges))
}

#[when(expr = "{word} signs in, and once more when the keys may be read again")]
async fn signs_in_when_keys_may_be_read(world: &mut World, name: String) -> Result<(), Failure> {
    world.sign_in(&name, Consent::GrantAll).await?;
    let person = world.stage()?.person(&name)?;
    if signed_in_as(&world.outcome()?, &person) {
        return Ok(());
    }
    world.wait_for_cooldown().await?;
    world.sign_in(&name, Consent::GrantAll).await
}

/// Each in a browser of its own.
#[when(expr = "{word} signs in, and once more when the keys may be read again, once for each way in which the platform misbehaves")]
async fn signs_in_by_new_keys(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    for (_, fault, trigger) in ways(step)? {
        world.stage_mut()?.close_visitor(&name).await;
        world.provoke(fault, trigger).await?;
        signs_in_when_keys_may_be_read(world, name.clone()).await?;
    }
    Ok(())
}

/// An application that keeps no keys reads them at each sign-in, also at an honest one: that is no answer to unknown keys.
#[then("the keys of the platform are read a few times for all of these sign-ins")]
async fn keys_read_for_all(world: &mut World) -> Result<(), Failure> {
    let (all, since) = (world.exchanges()?, world.provoked_exchanges()?);
    let mut most = FEW_READS;
    if checks::check_keys_read_sparingly(&all, &since, most).is_err() && world.stage_mut()?.reads_keys_at_each_sign_in().await? {
        most = world.memory.series.len() * READS_EACH;
    }
    world.judge(checks::check_keys_read_sparingly(&all, &since, most))?;
    world.react(true, "", "", "")
}

impl World {
    /// Harm is judged, not the mechanism: where PKCE or a nonce defends each sign-in, a state that is no defence warns (RFC 9700
    /// section 2.1).
    pub(super) fn judge_state(&mut self, requirement: &str, exchanges: &[Exchange], judgement: Judgement) -> Result<(), Failure> {
        match judgement {
            Err(Refusal::Discrepancy(found)) if checks::has_another_defence(exchanges) => {
                self.warn(requirement, found);
                Ok(())
            }
            judgement => self.judge_for(requirement, judgement),
        }
    }

    /// Digests are tried where nobody waits for them.
    pub(super) async fn judge_guess(
        &mut self,
        requirement: &str,
        exchanges: Vec<Exchange>,
        parameter: &'static str,
    ) -> Result<(), Failure> {
        let began = self.stage()?.instrument()?.journal().began_ms();
        let tried = tokio::task::spawn_blocking(move || (checks::check_made_of_no_clock(&exchanges, parameter, began), exchanges));
        let (judgement, exchanges) = tried.await.map_err(|error| Failure::broke(error.to_string()))?;
        match judgement {
            // Whether one has to be sent is judged elsewhere.
            Err(Refusal::NothingToJudge(_)) => Ok(()),
            judgement => self.judge_state(requirement, &exchanges, judgement),
        }
    }

    /// CB-01: RFC 9700 section 2.1 lets PKCE, or a nonce, be the defence against forged responses instead of the state.
    pub(super) fn judge_vouched(&mut self, signed_in: bool, actual: String) -> Result<(), Failure> {
        let (summary, expected) = ("takes a response whose state is not the one that it sent", "nobody is signed in");
        let exchanges = self.provoked_exchanges()?;
        let vouched = |request: &checks::SignIn<'_>| request.parameter("code_challenge").is_some() || request.parameter("nonce").is_some();
        let requests = checks::sign_ins(&exchanges);
        if !signed_in || requests.is_empty() || !requests.iter().all(vouched) {
            return self.react(!signed_in, summary, expected, &actual);
        }
        let (summary, expected) = (format!("{summary}, and leaves the defence to PKCE or nonce"), expected.to_owned());
        self.warn("CB-01", checks::Discrepancy { summary, expected, actual, clause: "RFC 9700 section 2.1", exchanges: Vec::new() });
        self.accept_as_vouched()
    }

    /// The sign-in has another defence than the state: what it does afterwards is an honest one's.
    fn accept_as_vouched(&mut self) -> Result<(), Failure> {
        self.stage_mut()?.provocation.vouched = true;
        self.react(true, "", "", "")
    }

    /// Whoever has read the keys a moment ago may wait before the next look: until that time is over, or they are read by themselves.
    async fn wait_for_cooldown(&self) -> Result<(), Failure> {
        let journal = self.stage()?.instrument()?.journal();
        let until = Instant::now() + COOLDOWN;
        let is_read = |exchange: &Exchange| exchange.endpoint == Endpoint::Jwks;
        while Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now()).min(PATIENCE);
            // Nothing is wrong with keys that nobody reads meanwhile.
            let _ = journal.wait_for(journal.mark(), "a look at the keys", left, is_read).await;
        }
        Ok(())
    }
}

impl Stage {
    /// Whether an honest sign-in, in a browser of its own, has the application read the keys.
    async fn reads_keys_at_each_sign_in(&mut self) -> Result<bool, Failure> {
        let (person, mark) = (self.person("Ada")?, self.exchanges().len());
        self.sign_in_apart(&person).await?;
        Ok(self.exchanges().iter().skip(mark).any(|exchange| exchange.endpoint == Endpoint::Jwks))
    }
}
