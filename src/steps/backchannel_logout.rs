//! Logout tokens that the platform sends behind the browsers' backs (OpenID Connect Back-Channel Logout 1.0).

use std::collections::HashMap;

use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::Failure;
use super::people::Person;
use super::provocation::{authorizations, signed_in_as};
use super::series::phrases;
use super::stage::Stage;
use super::world::World;
use crate::checks::{self, LogoutAnswer};
use crate::oauth::giponext;
use crate::platform::LoggedOut;

const NOT_DECLARED: &str = "the profile does not say that it takes part in back-channel logout (app.backchannel_logout)";
const ID_TOKEN: &str = "is the user's ID token";

/// Two browsers of one user, and one of another.
const BROWSERS: [(&str, &str); 3] = [("Ada", "Ada"), ("Ada", "Ada, in another browser"), ("Mallory", "Mallory")];

/// What a browser shows of its session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    SignedIn,
    /// By way of the platform, without a click.
    SignedInAnew,
    Nobody,
}

/// What was sent, and what came of it.
#[derive(Default)]
pub(super) struct Logouts {
    /// The platform's session behind each browser's sign-in.
    sids: HashMap<String, String>,
    answers: Vec<LogoutAnswer>,
    /// The good token that was sent last.
    sent: Option<SecretString>,
}

#[given("the relying party takes part in back-channel logout")]
async fn takes_part(world: &mut World) -> Result<(), Failure> {
    world.stage()?.mock()?;
    world.stage()?.logout_address().map(drop)
}

#[given("Ada is signed in in two browsers and Mallory in a third")]
async fn all_signed_in(world: &mut World) -> Result<(), Failure> {
    world.sign_in_where_nobody_is().await
}

#[when("the platform sends logout tokens of Ada's, one that")]
async fn sends_bad_tokens(world: &mut World, step: &Step) -> Result<(), Failure> {
    world.memory.logout.answers.clear();
    for flaw in phrases(step)? {
        world.sign_in_where_nobody_is().await?;
        let token = world.bad_logout_token(flaw).await?;
        let answer = world.send_logout_token(flaw, &token, &[]).await?;
        world.memory.logout.answers.push(answer);
    }
    Ok(())
}

#[then("each of them is refused and ends nobody's session")]
async fn all_refused(world: &mut World) -> Result<(), Failure> {
    world.judge(checks::check_logout_refused(&world.memory.logout.answers))?;
    world.advise("LO-04", checks::check_refused_with_400(&world.memory.logout.answers))
}

#[then("each of them is better answered 400, and ends nobody's session")]
async fn better_refused(world: &mut World) -> Result<(), Failure> {
    world.advise("LO-04", checks::check_logout_refused(&world.memory.logout.answers))?;
    world.advise("LO-04", checks::check_refused_with_400(&world.memory.logout.answers))
}

/// What a session is known by outlasts its tokens. Without offline access, or without a feature, there is nothing to refresh.
#[when("the tokens of all of them have been refreshed")]
async fn all_refreshed(world: &mut World) -> Result<(), Failure> {
    let Ok(Some(feature)) = world.features().map(|features| features.into_iter().next()) else { return Ok(()) };
    if !world.declares(giponext::OFFLINE_ACCESS)? {
        return Ok(());
    }
    world.stage()?.instrument()?.expire_access_tokens();
    for (_, key) in BROWSERS {
        world.memory.actor = Some(key.to_owned());
        world.look_at(&feature).await?;
    }
    Ok(())
}

#[when("the platform sends a logout token of Ada's user and session")]
async fn sends_user_and_session(world: &mut World) -> Result<(), Failure> {
    world.send_good_logout_token(true, true).await
}

#[when("the platform sends a logout token of Ada's session alone")]
async fn sends_session(world: &mut World) -> Result<(), Failure> {
    world.send_good_logout_token(false, true).await
}

#[when("the platform sends a logout token of Ada's user alone")]
async fn sends_user(world: &mut World) -> Result<(), Failure> {
    world.send_good_logout_token(true, false).await
}

#[when("the platform sends that logout token again when Ada has signed in anew")]
async fn sends_again(world: &mut World) -> Result<(), Failure> {
    let sent = world.memory.logout.sent.take().ok_or_else(|| Failure::broke("no logout token was sent"))?;
    world.sign_in_where_nobody_is().await?;
    let answer = world.send_logout_token("was sent before", &sent, &[]).await?;
    world.memory.logout.answers = vec![answer];
    Ok(())
}

/// Only the session is named by what it holds: a user without one would be all of that user's.
#[when("the platform sends a logout token of Mallory's user and Ada's session")]
async fn sends_of_two(world: &mut World) -> Result<(), Failure> {
    world.sign_in_where_nobody_is().await?;
    let (stage, mut whose) = (world.stage()?, world.logged_out(false, true)?);
    whose.sub = stage.mock()?.subject_of(&stage.person("Mallory")?.email).map(|subject| subject.0);
    let token = stage.mock()?.logout_token(&whose, None).await.map_err(Failure::broke)?;
    let answer = world.send_logout_token("names Mallory's user and Ada's session", &token, &[]).await?;
    world.memory.logout.answers = vec![answer];
    Ok(())
}

#[then("it better ends no other session than the one that it names")]
async fn ends_no_other(world: &mut World) -> Result<(), Failure> {
    let answer = world.logout_answer()?.without(BROWSERS[0].1);
    world.advise("LO-04", checks::check_no_other_session_ended(&answer))
}

#[then("Ada's session ends, and Mallory's goes on")]
async fn session_ends(world: &mut World) -> Result<(), Failure> {
    let answer = world.logout_answer()?;
    world.judge(checks::check_logout_obeyed(&answer.without(BROWSERS[1].1)))?;
    world.advise("LO-04", checks::check_kept_from_no_cache(&answer))
}

#[then("Ada's session ends, the one in her other browser and Mallory's go on")]
async fn one_session_ends(world: &mut World) -> Result<(), Failure> {
    let answer = world.logout_answer()?;
    let judgement = checks::check_logout_obeyed(&answer.without(BROWSERS[1].1));
    if answer.is_refusal() && !answer.alive.is_empty() {
        return world.advise("LO-04", judgement);
    }
    world.judge(judgement)?;
    world.advise("LO-04", checks::check_logout_obeyed(&answer))
}

#[then("Ada's session ends in both browsers, and Mallory's goes on")]
async fn both_sessions_end(world: &mut World) -> Result<(), Failure> {
    let answer = world.logout_answer()?;
    let judgement = checks::check_logout_obeyed(&answer);
    // It may have registered that it needs a session (section 2.2).
    if answer.is_refusal() && answer.ended.is_empty() { world.advise("LO-04", judgement) } else { world.judge(judgement) }
}

impl World {
    fn logout_answer(&self) -> Result<LogoutAnswer, Failure> {
        self.memory.logout.answers.last().cloned().ok_or_else(|| Failure::broke("no logout token was sent"))
    }

    /// Signs in those of the three browsers in which nobody is signed in.
    async fn sign_in_where_nobody_is(&mut self) -> Result<(), Failure> {
        for (name, key) in BROWSERS {
            let stage = self.stage_mut()?;
            let person = Person { name: key.to_owned(), ..stage.person(name)? };
            if self.memory.logout.sids.contains_key(key) && self.stage_mut()?.session_of(&person).await? != Seen::Nobody {
                continue;
            }
            let outcome = self.stage_mut()?.sign_in_honestly(&person).await?;
            if !signed_in_as(&outcome, &person) {
                return Err(Failure::unjudged(format!("{key} could not sign in: {}", outcome.describe())));
            }
            let sid = self.stage()?.latest_sid(&person)?;
            self.memory.logout.sids.insert(key.to_owned(), sid);
        }
        Ok(())
    }

    /// Whose the token is: Ada's, of her first browser.
    fn logged_out(&self, names_user: bool, names_session: bool) -> Result<LoggedOut, Failure> {
        let stage = self.stage()?;
        let sid = self.memory.logout.sids.get(BROWSERS[0].1).cloned();
        let sub = stage.mock()?.subject_of(&stage.person("Ada")?.email).map(|subject| subject.0);
        Ok(LoggedOut { client_id: stage.client_id()?, sub: sub.filter(|_| names_user), sid: sid.filter(|_| names_session) })
    }

    async fn bad_logout_token(&self, flaw: &str) -> Result<SecretString, Failure> {
        let (whose, platform) = (self.logged_out(true, true)?, self.stage()?.mock()?);
        if flaw != ID_TOKEN {
            return platform.logout_token(&whose, Some(flaw)).await.map_err(Failure::broke);
        }
        let subject = platform.subject_of(&self.stage()?.person("Ada")?.email);
        let token = subject.and_then(|subject| platform.latest_id_token(&subject));
        token.ok_or_else(|| Failure::not_applicable("the platform issues no ID token: the profile does not declare `openid`"))
    }

    async fn send_good_logout_token(&mut self, names_user: bool, names_session: bool) -> Result<(), Failure> {
        self.sign_in_where_nobody_is().await?;
        let whose = self.logged_out(names_user, names_session)?;
        let token = self.stage()?.mock()?.logout_token(&whose, None).await.map_err(Failure::broke)?;
        let (words, named) = match (names_user, names_session) {
            (true, false) => ("names the user alone", vec![BROWSERS[0].1, BROWSERS[1].1]),
            (false, _) => ("names the session alone", vec![BROWSERS[0].1]),
            (true, true) => ("names user and session", vec![BROWSERS[0].1]),
        };
        let answer = self.send_logout_token(words, &token, &named).await?;
        self.memory.logout.answers = vec![answer];
        self.memory.logout.sent = Some(token);
        Ok(())
    }

    /// Sends it, and looks at all browsers. The sessions `named` by it have time to end for as long as patience lasts.
    async fn send_logout_token(&mut self, words: &str, token: &SecretString, named: &[&str]) -> Result<LogoutAnswer, Failure> {
        let (status, cache_control) = self.stage()?.post_logout_token(token).await?;
        let until = Instant::now() + self.setup()?.patience().follow_up;
        let (mut alive, mut ended) = (Vec::new(), Vec::new());
        for (name, key) in BROWSERS {
            let person = Person { name: key.to_owned(), ..self.stage()?.person(name)? };
            let is_named = named.contains(&key);
            let mut seen = self.stage_mut()?.session_of(&person).await?;
            while seen == Seen::SignedIn && is_named && (200..300).contains(&status) && Instant::now() < until {
                seen = self.stage_mut()?.session_of(&person).await?;
            }
            match (seen, is_named) {
                (Seen::SignedInAnew, true) => {
                    return Err(Failure::unjudged("the application signs its user in by itself: what became of the session is not seen"));
                }
                (Seen::SignedIn, true) => alive.push(key.to_owned()),
                (Seen::Nobody, false) => ended.push(key.to_owned()),
                (Seen::SignedIn | Seen::SignedInAnew, false) | (Seen::Nobody, true) => {}
            }
        }
        Ok(LogoutAnswer { token: words.to_owned(), status, cache_control, alive, ended })
    }
}

impl Stage {
    /// Where the application takes logout tokens.
    fn logout_address(&self) -> Result<Url, Failure> {
        let address = self.app.backchannel_logout.as_ref().ok_or_else(|| Failure::not_applicable(NOT_DECLARED))?;
        self.base_url.join(address).map_err(Failure::broke)
    }

    async fn post_logout_token(&self, token: &SecretString) -> Result<(u16, Option<String>), Failure> {
        let address = self.logout_address()?;
        let since = self.instrument()?.journal().elapsed_ms();
        let request = self.setup.reach.questions(&address)?.post(address.clone()).form(&[("logout_token", token.expose_secret())]);
        let answer = request.send().await.map_err(|error| {
            Failure::unjudged(format!("the application did not answer at app.backchannel_logout: {}", error.without_url()))
        })?;
        let cache_control = answer.headers().get("cache-control").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let status = answer.status().as_u16();
        self.mock()?.record_logout_post(&address, token, since, status, cache_control.as_deref());
        Ok((status, cache_control))
    }

    /// What is left of the person's session in the browser of this name. An application may go to the platform by itself.
    async fn session_of(&mut self, person: &Person) -> Result<Seen, Failure> {
        let visitor = self.visitor(&person.name).await?;
        let mark = self.exchanges().len();
        let looked = self.who_is_signed_in(&visitor).await;
        let went = authorizations(&self.exchanges()[mark..]) > 0;
        match looked {
            Ok(Some(shown)) if person.is_named_by(&shown) => Ok(if went { Seen::SignedInAnew } else { Seen::SignedIn }),
            Ok(_) => Ok(Seen::Nobody),
            Err(Failure::Unjudged { .. }) if went => Ok(Seen::Nobody),
            Err(failure) => Err(failure),
        }
    }

    pub(super) fn client_id(&self) -> Result<String, Failure> {
        let credentials = self.credentials.as_ref().ok_or_else(|| Failure::broke("the application is not registered"))?;
        Ok(credentials.client_id.clone())
    }

    fn latest_sid(&self, person: &Person) -> Result<String, Failure> {
        let platform = self.mock()?;
        let subject = platform.subject_of(&person.email).ok_or_else(|| Failure::broke("nobody has this e-mail"))?;
        platform.latest_sid(&subject, &self.client_id()?).ok_or_else(|| Failure::unjudged("the application redeemed no code"))
    }
}
