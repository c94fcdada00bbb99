//! The application's own session with the browser, and what it leaves there.

use cucumber::{given, then, when};
use secrecy::SecretString;

use super::Failure;
use super::places::{Scope, passing, places, shown};
use super::sign_in::marker;
use super::stage::{Stage, Visitor};
use super::world::World;
use crate::browser::{BrowserError, Cookie};
use crate::checks::{self, Discrepancy, Place, Refusal};
use crate::domain::{self, ApplicationType, Control, Endpoint, Exchange, SameSite};

/// Whose browser has nothing but the cookies of a look.
const COOKIES_ALONE: &str = "somebody with old cookies";
// Kinds of secrets that must stay on the server, by the start of their placeholder.
const API_TOKENS: [&str; 2] = ["[access-token-", "[refresh-token-"];
const ID_TOKEN: &str = "[id-token-";
pub(super) const VERIFIER: &str = "[verifier-";

#[then("the session cookie is protected")]
async fn cookie_protected(world: &mut World) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    let base_url = world.stage()?.base_url.clone();
    let cookies = application_cookies(&visitor, &base_url).await?;
    if cookies.is_empty() {
        return Err(Failure::not_applicable("the application has set no cookie"));
    }
    let evidence = world.cookies_to_judge(&cookies, &base_url).await?;
    world.judge_for("SE-01", checks::check_cookie_must(&[], &evidence, &base_url))?;
    world.advise("SE-01", checks::check_cookie_should(&[], &evidence, &base_url))
}

#[then("the session id from before the sign-in is worth nothing")]
async fn session_id_changed(world: &mut World) -> Result<(), Failure> {
    let (visitor, base_url) = (world.actor_visitor().await?, world.stage()?.base_url.clone());
    let before = of_host(std::mem::take(&mut world.memory.cookies), &base_url);
    let now = application_cookies(&visitor, &base_url).await?;
    if before.is_empty() && now.is_empty() {
        return Err(Failure::not_applicable("the application has set no cookie"));
    }
    if before.is_empty() || !world.opens_under_any_name(&before, &now).await? {
        return world.react(true, "", "", "");
    }
    world.judge_for("SE-02", Err(Refusal::Discrepancy(kept_session_id())))
}

fn kept_session_id() -> Discrepancy {
    Discrepancy {
        summary: "keeps the session id from before the sign-in".to_owned(),
        expected: "the old id opens no session".to_owned(),
        actual: "the old id opens the signed-in session".to_owned(),
        clause: "OWASP ASVS 4.0.3 section 3.2.1",
        exchanges: Vec::new(),
    }
}

#[given(expr = "{word}'s browser keeps everything that it is sent")]
async fn keeps_everything(world: &mut World, name: String) -> Result<(), Failure> {
    let visitor = world.stage_mut()?.visitor(&name).await?;
    visitor.context.keep_what_it_is_sent();
    Ok(visitor.page.goto(world.stage()?.base_url.as_str()).await?)
}

/// In the browsers of every sign-in that the scenario goes on to provoke, too.
#[given(expr = "{word}'s browsers keep everything that they are sent")]
async fn all_keep_everything(world: &mut World, name: String) -> Result<(), Failure> {
    world.memory.keeps_everything = true;
    keeps_everything(world, name).await
}

/// What an application keeps for a moment in a cookie is its own; what it shows is everybody's.
#[then("no token, code verifier or client secret is in what the browsers were shown")]
async fn nothing_shown(world: &mut World) -> Result<(), Failure> {
    world.require_occasions()?;
    let places = world.places_shown().await?;
    let secret = world.stage()?.client_secret();
    let tokens = world.secrets_of(&server_side(secret.is_some()))?;
    world.react(true, "", "", "")?;
    let tokens_told = world.judge_for("SE-03", checks::check_absent("RFC 9700 section 4.3.2", &tokens, &places));
    let Some(secret) = secret else { return tokens_told };
    let secret = [("the client secret".to_owned(), secret)];
    both(tokens_told, world.judge_for("AZ-02", checks::check_absent("RFC 6749 section 2.3.1", &secret, &places)))
}

/// Two judgements as one: what the first found does not hide what the second found.
fn both(first: Result<(), Failure>, second: Result<(), Failure>) -> Result<(), Failure> {
    match (first, second) {
        (Err(Failure::Found { mut findings }), Err(Failure::Found { findings: others })) => {
            findings.extend(others);
            Err(Failure::Found { findings })
        }
        (Err(failure), _) | (Ok(()), Err(failure)) => Err(failure),
        (Ok(()), Ok(())) => Ok(()),
    }
}

/// What must stay on the server. A public client has nowhere else to keep ID tokens and what it needs for a moment.
fn server_side(confidential: bool) -> Vec<&'static str> {
    let mut kinds = [&API_TOKENS[..], &[VERIFIER]].concat();
    kinds.extend(confidential.then_some(ID_TOKEN));
    kinds
}

#[then("no token, code or verifier is in any page, URL or storage of the browser")]
async fn no_token_in_browser(world: &mut World) -> Result<(), Failure> {
    let confidential = world.stage()?.client_secret().is_some();
    let secrets = world.secrets_of(&server_side(confidential))?;
    if world.stage()?.application_type() == ApplicationType::Spa {
        world.search(secrets, "RFC 9700 section 4.3.2", Scope::EverythingButStorage).await?;
        return world.advise_of_storage().await;
    }
    world.search(secrets, "RFC 9700 section 4.3.2", Scope::Everything).await?;
    if confidential { world.judge_tokens_in_passing().await } else { Ok(()) }
}

/// A log is no browser: there it is recommended (RFC 6749 sections 10.3 and 10.4: confidential in storage). A code is worth nothing once it
/// is redeemed, and stands in every log of requests.
#[then("the application's own log has no token and no client secret in it")]
async fn no_token_in_log(world: &mut World) -> Result<(), Failure> {
    let Some(text) = world.stage()?.output().await else { return Ok(()) };
    let mut secrets = world.secrets_of(&API_TOKENS)?;
    secrets.extend(world.stage()?.client_secret().map(|secret| ("the client secret".to_owned(), secret)));
    let judgement = checks::check_absent("RFC 6749 section 10.3", &secrets, &[Place { name: "its own log".to_owned(), text }]);
    world.advise("SE-03", judgement)
}

#[then("the client secret is in no page, URL or storage of the browser")]
async fn no_client_secret_in_browser(world: &mut World) -> Result<(), Failure> {
    let secret = world.stage()?.client_secret().ok_or_else(|| Failure::not_applicable("a public client has no secret"))?;
    world.search(vec![("the client secret".to_owned(), secret)], "RFC 6749 section 2.3.1", Scope::Everything).await
}

#[then("no patient's identity is in any URL or storage of the browser")]
async fn no_patient_in_browser(world: &mut World) -> Result<(), Failure> {
    let canaries = world.stage()?.personal_canaries()?;
    world.search(canaries, "C-05", Scope::UrlsAndStorage).await
}

#[when(expr = "{word} signs out of the relying party")]
async fn signs_out(world: &mut World, name: String) -> Result<(), Failure> {
    world.sign_out(name).await
}

#[then("the session cookie from before opens nothing")]
async fn old_cookie_dead(world: &mut World) -> Result<(), Failure> {
    let cookies = std::mem::take(&mut world.memory.cookies);
    if cookies.is_empty() && world.stage()?.application_type() == ApplicationType::Spa {
        return Err(Failure::not_applicable("the application has set no cookie"));
    }
    let opens = world.opens_a_session(cookies).await?;
    let summary = "still accepts the session cookie from before signing out";
    world.react(!opens, summary, "the old cookie opens no session", "the old cookie opens the session")
}

#[then("the platform was asked to revoke the refresh token")]
async fn revoked(world: &mut World) -> Result<(), Failure> {
    world.judge_in_time(|world| Ok(checks::check_revoked_at_disconnect(&world.exchanges()?))).await
}

#[then("the refresh token is revoked in the end")]
async fn revoked_in_the_end(world: &mut World) -> Result<(), Failure> {
    let revoked = |exchanges: &[Exchange]| revocations(exchanges).last() == Some(&200);
    world.wait_for_exchanges(|world| Ok(revoked(&world.provoked_exchanges()?))).await?;
    let statuses = revocations(&world.provoked_exchanges()?);
    let held = statuses.last() == Some(&200);
    world.react(
        held,
        "leaves the refresh token alive after a revocation that failed",
        "the revocation repeated until it is answered 200",
        &format!("answers {statuses:?}"),
    )
}

/// The answers to revocations of refresh tokens.
fn revocations(exchanges: &[Exchange]) -> Vec<u16> {
    let of_refresh_tokens = exchanges
        .iter()
        .filter(|exchange| exchange.endpoint == Endpoint::Revocation && exchange.form_value("token").is_some_and(checks::is_refresh_token));
    of_refresh_tokens.map(|exchange| exchange.status).collect()
}

impl Stage {
    /// Signs out as the profile says. Whether nobody is shown as signed in then: with or without another page, with or without a button to
    /// sign in on it.
    pub(super) async fn sign_out_by(&self, visitor: &Visitor, logout: &Control) -> Result<bool, Failure> {
        self.go_home(visitor).await?;
        self.use_control(visitor, logout).await?;
        let gone = visitor.page.wait_until_it_is_gone(marker(self.setup.login())?, self.setup.patience().follow_up).await;
        let is_gone = match gone {
            Ok(()) => true,
            Err(BrowserError::Timeout { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        self.settle(visitor).await?;
        Ok(is_gone)
    }
}

#[when(expr = "{word} signs in, and out where the profile says how")]
async fn signs_in_and_out(world: &mut World, name: String) -> Result<(), Failure> {
    world.honest_sign_in(&name).await?;
    match world.sign_out(name).await {
        Err(Failure::NotApplicable { .. }) => Ok(()),
        signed_out => signed_out,
    }
}

impl World {
    pub(super) async fn sign_out(&mut self, name: String) -> Result<(), Failure> {
        let setup = self.setup()?;
        let logout = setup.profile.app.login.logout.as_ref();
        let logout = logout.ok_or_else(|| Failure::not_applicable("the profile names no way to sign out"))?;
        self.memory.actor = Some(name);
        self.memory.outcome = None;
        let visitor = self.actor_visitor().await?;
        let base_url = self.stage()?.base_url.clone();
        self.memory.cookies = application_cookies(&visitor, &base_url).await?;
        self.stage()?.sign_out_by(&visitor, logout).await.map(drop)
    }

    pub(super) fn secrets_of(&self, kinds: &[&str]) -> Result<Vec<(String, SecretString)>, Failure> {
        let secrets = self.stage()?.instrument()?.shared().redaction.secrets();
        let wanted: Vec<_> =
            secrets.into_iter().filter(|(placeholder, _)| kinds.iter().any(|kind| placeholder.starts_with(kind))).collect();
        if wanted.is_empty() { Err(Failure::unjudged("the platform issued nothing to search for")) } else { Ok(wanted) }
    }

    async fn search(&mut self, secrets: Vec<(String, SecretString)>, clause: &'static str, scope: Scope) -> Result<(), Failure> {
        let issuer = self.stage()?.platform_pages();
        let visitor = self.actor_visitor().await?;
        // A popup that is about to close is not to take the look along.
        self.stage()?.settle(&visitor).await?;
        let places = places(&visitor, &issuer, scope).await?;
        self.judge(checks::check_absent(clause, &secrets, &places))
    }

    /// Tokens in a cookie or a storage of the browser warn: the draft calls cookies NOT RECOMMENDED and storages easier to read than
    /// memory or a worker, and forbids none.
    async fn advise_of_storage(&mut self) -> Result<(), Failure> {
        // A verifier has to outlast the way to the platform.
        let tokens = self.secrets_of(&API_TOKENS)?;
        let issuer = self.stage()?.platform_pages();
        let visitor = self.actor_visitor().await?;
        let mut places = places(&visitor, &issuer, Scope::Storage).await?;
        places.extend(passing(&visitor).into_iter().filter(|place| place.name.contains("Storage entry")));
        if places.is_empty() {
            return Ok(());
        }
        self.advise("SE-03", checks::check_absent("OAuth 2.0 for Browser-Based Applications section 8", &tokens, &places))
    }

    /// No token passes through the browser on its way to the server. A verifier may wait in a cookie until its sign-in is over.
    async fn judge_tokens_in_passing(&mut self) -> Result<(), Failure> {
        let tokens = self.secrets_of(&[&API_TOKENS[..], &[ID_TOKEN]].concat())?;
        let passing = passing(&self.actor_visitor().await?);
        self.judge(checks::check_absent("RFC 9700 section 4.3.2", &tokens, &passing))
    }

    /// What the browsers of the scenario were shown, the actor's among them.
    async fn places_shown(&mut self) -> Result<Vec<Place>, Failure> {
        let (visitor, issuer) = (self.actor_visitor().await?, self.stage()?.platform_pages());
        let mut places = std::mem::take(&mut self.memory.shown);
        places.extend(shown(&visitor, &issuer).await?);
        Ok(places)
    }

    /// Whether an old value opens a signed-in session, under its own name or under any that there is now.
    async fn opens_under_any_name(&mut self, before: &[Cookie], now: &[Cookie]) -> Result<bool, Failure> {
        for old in before {
            let known = before.iter().chain(now);
            let replayed = known.map(|cookie| Cookie { value: old.value.clone(), ..cookie.clone() }).collect();
            if self.opens_a_session(replayed).await? {
                return Ok(true);
            }
        }
        self.opens_a_session(before.to_vec()).await
    }

    /// Cookies as the checks read them: all of them where they are in order, or else those that carry the session.
    async fn cookies_to_judge(&mut self, cookies: &[Cookie], base_url: &url::Url) -> Result<Vec<domain::Cookie>, Failure> {
        let all: Vec<_> = cookies.iter().map(evidence).collect();
        let in_order = checks::check_cookie_must(&[], &all, base_url).is_ok() && checks::check_cookie_should(&[], &all, base_url).is_ok();
        Ok(if in_order { all } else { self.carrying_the_session(cookies).await?.iter().map(evidence).collect() })
    }

    /// Those cookies without which nobody is signed in; all of them where each can be spared.
    async fn carrying_the_session(&mut self, cookies: &[Cookie]) -> Result<Vec<Cookie>, Failure> {
        let mut carrying = Vec::new();
        for (place, cookie) in cookies.iter().enumerate() {
            let others = [&cookies[..place], &cookies[place + 1..]].concat();
            if !self.opens_a_session(others).await? {
                carrying.push(cookie.clone());
            }
        }
        Ok(if carrying.is_empty() { cookies.to_vec() } else { carrying })
    }

    /// Whether these cookies, in a new browser, open a signed-in session.
    async fn opens_a_session(&mut self, cookies: Vec<Cookie>) -> Result<bool, Failure> {
        let stage = self.stage_mut()?;
        // Not the browser of the last look: it has that one's cookies.
        stage.close_visitor(COOKIES_ALONE).await;
        let visitor = stage.visitor(COOKIES_ALONE).await?;
        for cookie in &cookies {
            visitor.context.set_cookie(cookie).await?;
        }
        Ok(stage.who_is_signed_in(&visitor).await?.is_some())
    }
}

/// Cookies of the application's host.
pub(super) async fn application_cookies(visitor: &Visitor, base_url: &url::Url) -> Result<Vec<Cookie>, Failure> {
    Ok(of_host(visitor.context.cookies().await?, base_url))
}

fn of_host(cookies: Vec<Cookie>, base_url: &url::Url) -> Vec<Cookie> {
    cookies.into_iter().filter(|cookie| Some(cookie.domain.trim_start_matches('.')) == base_url.host_str()).collect()
}

/// A browser's cookie as the checks read it.
fn evidence(cookie: &Cookie) -> domain::Cookie {
    domain::Cookie {
        name: cookie.name.clone(),
        value: SecretString::from(cookie.value.clone()),
        domain: cookie.domain.clone(),
        path: cookie.path.clone(),
        http_only: cookie.http_only,
        secure: cookie.secure,
        same_site: match cookie.same_site.as_deref() {
            Some("Strict") => Some(SameSite::Strict),
            Some("Lax") => Some(SameSite::Lax),
            Some("None") => Some(SameSite::None),
            _ => None,
        },
    }
}
