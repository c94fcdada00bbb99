//! How the application keeps its access when the access token ends.

use std::time::Instant;

use cucumber::{given, then, when};
use url::Url;

use super::Failure;
use super::people::Person;
use super::provocation::shown_authorizations;
use super::resource_access::tolerate_nothing;
use super::sign_in::marker;
use super::stage::Visitor;
use super::traffic::told;
use super::world::World;
use crate::browser::{Page, Request};
use crate::checks;
use crate::domain::{Endpoint, Exchange, Waiting};

/// Faults that answer a refresh with an ID token that is not one for the session's user and this application.
const MISMATCHED: [&str; 4] = ["refresh-other-subject", "refresh-other-issuer", "id-token-bad-signature", "id-token-wrong-audience"];
/// How often they are, until calls of two features have met.
const ROUNDS: usize = 3;
/// Pages that are opened at the same moment.
const AT_ONCE: usize = 4;

#[given("every access token has expired")]
async fn tokens_expired(world: &mut World) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.stage()?.instrument()?.expire_access_tokens();
    world.delivered()
}

#[when(expr = "{word} opens a declared feature after each of {int} expiries")]
async fn opens_after_expiries(world: &mut World, name: String, expiries: usize) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    for _ in 0..expiries {
        world.stage()?.instrument()?.expire_access_tokens();
        world.open_a_feature(&name).await?;
    }
    world.delivered()
}

#[when(expr = "{word} opens a declared feature {int} times")]
async fn opens_again_and_again(world: &mut World, name: String, times: usize) -> Result<(), Failure> {
    for _ in 0..times {
        world.open_a_feature(&name).await?;
    }
    Ok(())
}

#[then("at most one new sign-in was asked for")]
async fn one_new_sign_in(world: &mut World) -> Result<(), Failure> {
    let judgement = match shown_authorizations(&world.provoked_exchanges()?) {
        0 => Ok(()),
        _ => checks::check_no_sign_in_loop(&world.provoked_exchanges()?, 1),
    };
    world.judge(judgement)
}

#[when(expr = "{word} opens the declared features at once")]
async fn opens_at_once(world: &mut World, name: String) -> Result<(), Failure> {
    world.memory.actor = Some(name);
    let visitor = world.actor_visitor().await?;
    let addresses = world.addresses_to_open_at_once()?;
    // What the pages call is one address too.
    visitor.context.ask_anew();
    world.open_until_calls_meet(&visitor, &addresses).await
}

/// How long after this moment each of the addresses was first asked for as a page, in milliseconds.
fn asked_after(visitor: &Visitor, addresses: &[Url], began: Instant) -> Vec<u64> {
    let requests = visitor.context.requests();
    let first = |address: &Url| {
        let asks = |request: &&Request| request.resource_type == "Document" && request.sent >= began && request.url == address.as_str();
        let request = requests.iter().find(asks)?;
        u64::try_from(request.sent.duration_since(began).as_millis()).ok()
    };
    addresses.iter().filter_map(first).collect()
}

async fn any_shows(pages: &[Page], css: &str) -> Result<bool, Failure> {
    for page in pages {
        if page.tells(css).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[then("no refresh token was presented twice")]
async fn refreshed_once_for_all(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_one_refresh_under_concurrency(&exchanges))?;
    world.judge(checks::check_one_refresh_for_one_expiry(&exchanges))
}

#[then("the relying party refreshed once and repeated the call once")]
async fn refreshed_once(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_recovery_after_401(&exchanges))
}

/// How a refresh is made cannot be judged where none is.
#[then("a refresh was asked for")]
async fn refresh_seen(world: &mut World) -> Result<(), Failure> {
    let seen = |world: &World| Ok(world.provoked_exchanges()?.iter().any(checks::is_refresh));
    world.wait_for_exchanges(seen).await?;
    if seen(world)? {
        return Ok(());
    }
    let (waited, came) = (world.setup()?.patience().waited(Waiting::FollowUp), world.came_instead());
    Err(Failure::unjudged(format!("the application asked for no refresh ({waited}): since the token ended the platform saw {came}")))
}

#[then("every refresh proves the client and keeps to the granted scopes")]
async fn refresh_keeps(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.exchanges()?;
    world.judge(checks::check_refresh_keeps_scope(&exchanges))?;
    world.judge(checks::check_token_request_form(&exchanges, super::token::permitted(world.stage()?.application_type())))
}

#[then("only the newest refresh token was ever sent")]
async fn newest_refresh_token(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_newest_refresh_token(&world.exchanges()?);
    world.judge(judgement)
}

#[then("no new sign-in was asked for")]
async fn no_new_sign_in(world: &mut World) -> Result<(), Failure> {
    let asked = shown_authorizations(&world.provoked_exchanges()?);
    let visitor = world.actor_visitor().await?;
    let person = world.actor_person()?;
    let shown = world.stage()?.wait_for_signed_in(&visitor, &person).await?;
    let actual =
        format!("{asked} authorization requests, and {}", shown.as_deref().map_or("nobody is signed in any more", |_| "the session lives"));
    world.react(asked == 0 && shown.is_some(), "asks for a new sign-in", "no authorization request, and the session lives", &actual)
}

/// For one of the scenario's requirements only.
#[then(expr = "no new sign-in was asked for, as {word} asks")]
async fn no_new_sign_in_for(world: &mut World, requirement: String) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge_for(&requirement, checks::check_no_sign_in_loop(&exchanges, 0).or_else(tolerate_nothing))
}

/// Whose session it is stays as it was. That tokens are used which came with somebody else's ID token is told as a recommendation: they
/// are the same user's, as far as anybody can see.
#[then(expr = "the session stays {word}'s, and nothing that came with the ID token is used")]
async fn session_stays(world: &mut World, name: String) -> Result<(), Failure> {
    let person = world.stage()?.person(&name)?;
    let visitor = world.actor_visitor().await?;
    let shown = world.stage()?.who_is_signed_in(&visitor).await?;
    let held = shown.as_deref().is_none_or(|shown| person.is_named_by(shown));
    let actual = world.describe_outcome(shown.as_deref());
    world.react(held, "takes the user of a new ID token for the session's", "nobody, or the same user, is signed in", &actual)?;
    let exchanges = world.provoked_exchanges()?;
    world.advise("RT-06", checks::check_mismatched_refresh_unused(&exchanges, &MISMATCHED).or_else(tolerate_nothing))
}

#[then("no call was answered by a refresh without cause")]
async fn no_storm(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_no_refresh_without_cause(&exchanges))
}

#[then("the refused refresh token is not sent again")]
async fn forgets_refused(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_forgets_refused_refresh_token(&exchanges))
}

impl World {
    /// As many addresses as are opened at once: the features in turn, each time by another address.
    fn addresses_to_open_at_once(&self) -> Result<Vec<Url>, Failure> {
        let features = self.features()?;
        let mut addresses = Vec::new();
        for (place, feature) in features.iter().cycle().take(AT_ONCE).enumerate() {
            let (_, action) = self.declared_action(feature)?;
            let mut address = self.stage()?.base_url.join(&action.open).map_err(Failure::broke)?;
            if place >= features.len() {
                // A browser asks for one address once at a time, and waits with the others.
                address.query_pairs_mut().append_pair("again", &place.to_string());
            }
            addresses.push(address);
        }
        Ok(addresses)
    }

    /// Opens the addresses at once, again after each expiry, until calls of theirs meet the expired token before it is refreshed.
    async fn open_until_calls_meet(&mut self, visitor: &Visitor, addresses: &[Url]) -> Result<(), Failure> {
        let mut exchanges = Vec::new();
        for round in 1..=ROUNDS {
            let (mark, began, began_ms) =
                (self.stage()?.exchanges().len(), Instant::now(), self.stage()?.instrument()?.journal().elapsed_ms());
            let opened = futures::future::try_join_all(addresses.iter().map(|address| visitor.context.open(address.as_str()))).await?;
            self.stage()?.settle(visitor).await?;
            exchanges = self.stage()?.provoked_from(mark);
            if self.each_tab_signs_in(visitor, &opened, &exchanges).await? {
                return Err(Failure::not_applicable(
                    "each tab of the application signs its user in by itself: no two of them share a token",
                ));
            }
            let asked: Vec<u64> = asked_after(visitor, addresses, began).into_iter().map(|after| began_ms + after).collect();
            let together = self.have_met(&exchanges, &asked, round == ROUNDS)?;
            if together || checks::check_one_refresh_under_concurrency(&exchanges).is_err() {
                return Ok(());
            }
            for page in opened {
                page.close().await?;
            }
            self.stage()?.instrument()?.expire_access_tokens();
        }
        let came = told(&exchanges);
        Err(Failure::unjudged(format!(
            "no two calls met the expired token before it was refreshed, although {AT_ONCE} pages were opened at once, {ROUNDS} times: the \
             platform saw {came}"
        )))
    }

    /// Whether calls of pages that were asked for at these times, by the platform's clock, have met the expired token.
    fn have_met(&self, exchanges: &[Exchange], asked: &[u64], is_last_round: bool) -> Result<bool, Failure> {
        let in_turn = asked.len() == AT_ONCE && checks::refreshed_once_for(exchanges, asked);
        // Two calls of one feature may wait for each other where those of two do not.
        let (calls, resources) = checks::refused_before_refreshed(exchanges);
        Ok(in_turn || resources >= self.features()?.len().min(2) || (is_last_round && calls > 1))
    }

    /// Whether nobody is signed in in any of the tabs that were opened beside the one that shows the user, and none of them has asked
    /// the platform for anything: what signs the user in stays in the tab.
    async fn each_tab_signs_in(&self, visitor: &Visitor, opened: &[Page], exchanges: &[Exchange]) -> Result<bool, Failure> {
        let setup = self.setup()?;
        let signed_in = marker(setup.login())?;
        if any_shows(opened, signed_in).await? {
            return Ok(false);
        }
        let asked = exchanges.iter().any(|exchange| matches!(exchange.endpoint, Endpoint::Api | Endpoint::Userinfo | Endpoint::Token));
        let shown = visitor.page.tells(signed_in).await?;
        Ok(self.stage()?.asks_by_itself() || (shown && !asked))
    }

    /// Whoever acted last.
    fn actor_person(&self) -> Result<Person, Failure> {
        let name = self.memory.actor.clone().ok_or_else(|| Failure::broke("nobody has acted yet"))?;
        self.stage()?.person(&name)
    }

    /// Waits until the platform's record shows something, at most as long as patience lasts; that it never does is for the caller
    /// to judge.
    pub(super) async fn wait_for_exchanges(&self, seen: impl Fn(&Self) -> Result<bool, Failure>) -> Result<(), Failure> {
        let until = tokio::time::Instant::now() + self.setup()?.patience().follow_up;
        loop {
            let journal = self.stage()?.instrument()?.journal();
            let mark = journal.mark();
            if seen(self)? || tokio::time::timeout_at(until, journal.wait_for_more(mark)).await.is_err() {
                return Ok(());
            }
        }
    }

    /// Judges what has to come about: again with every further exchange, until it holds or patience ends.
    pub(super) async fn judge_in_time(&mut self, check: impl Fn(&Self) -> Result<checks::Judgement, Failure>) -> Result<(), Failure> {
        self.wait_for_exchanges(|world| Ok(check(world)?.is_ok())).await?;
        let judgement = check(self)?;
        self.judge(judgement)
    }

    /// What the platform recorded since the scenario's provocation began.
    pub(super) fn provoked_exchanges(&self) -> Result<Vec<Exchange>, Failure> {
        let stage = self.stage()?;
        stage.instrument()?;
        stage.provocation.mark().ok_or_else(|| Failure::broke("no step has provoked anything"))?;
        Ok(stage.provoked_exchanges())
    }
}
