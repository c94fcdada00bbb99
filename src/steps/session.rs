//! The application's own session with the browser, and what it leaves there.

use std::sync::LazyLock;

use cucumber::{given, then, when};
use regex::Regex;
use secrecy::SecretString;

use super::Failure;
use super::sign_in::marker;
use super::stage::Visitor;
use super::world::World;
use crate::browser::{BrowserError, Cookie};
use crate::checks::{self, Place};
use crate::domain::{self, ApplicationType, Endpoint, Exchange, SameSite};
use crate::platform::accounts::TENANT;

/// Whose browser has nothing but the cookies of a look.
const COOKIES_ALONE: &str = "somebody with old cookies";
/// Kinds of secrets that must stay on the server, by the start of their placeholder.
const SERVER_SIDE: [&str; 3] = ["[access-token-", "[refresh-token-", "[verifier-"];
/// What the script of a single-page application keeps at best in memory. A verifier has to outlast the way to the platform.
const TOKENS: [&str; 2] = ["[access-token-", "[refresh-token-"];

#[then("the session cookie is protected")]
async fn cookie_protected(world: &mut World) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    let base_url = world.stage()?.base_url.clone();
    let cookies = application_cookies(&visitor, &base_url).await?;
    if cookies.is_empty() {
        return Err(Failure::not_applicable("the application has set no cookie"));
    }
    let mut evidence: Vec<_> = cookies.iter().map(evidence).collect();
    if checks::check_cookie_must(&[], &evidence, &base_url).is_err() || checks::check_cookie_should(&[], &evidence, &base_url).is_err() {
        evidence = world.carrying_the_session(&cookies).await?.iter().map(self::evidence).collect();
    }
    world.judge(checks::check_cookie_must(&[], &evidence, &base_url))?;
    world.advise("SE-01", checks::check_cookie_should(&[], &evidence, &base_url))
}

#[then("the session id from before the sign-in is worth nothing")]
async fn session_id_changed(world: &mut World) -> Result<(), Failure> {
    let before = std::mem::take(&mut world.memory.cookies);
    let visitor = world.actor_visitor().await?;
    let base_url = world.stage()?.base_url.clone();
    let before = of_host(before, &base_url);
    let now = application_cookies(&visitor, &base_url).await?;
    if before.is_empty() && now.is_empty() {
        return Err(Failure::not_applicable("the application has set no cookie"));
    }
    if before.is_empty() {
        return world.react(true, "", "", "");
    }
    let dead = !world.opens_under_any_name(&before, &now).await?;
    world.react(
        dead,
        "keeps the session id from before the sign-in",
        "the old id opens no session",
        "the old id opens the signed-in session",
    )
}

#[given(expr = "{word}'s browser keeps everything that it is sent")]
async fn keeps_everything(world: &mut World, name: String) -> Result<(), Failure> {
    let visitor = world.stage_mut()?.visitor(&name).await?;
    visitor.context.keep_what_it_is_sent();
    Ok(visitor.page.goto(world.stage()?.base_url.as_str()).await?)
}

#[then("no token, code or verifier is in any page, URL or storage of the browser")]
async fn no_token_in_browser(world: &mut World) -> Result<(), Failure> {
    let secrets = world.secrets_of(&SERVER_SIDE)?;
    if world.stage()?.application_type() != ApplicationType::Spa {
        return world.search(secrets, "RFC 9700 section 4.3.2", Scope::Everything).await;
    }
    world.search(secrets, "RFC 9700 section 4.3.2", Scope::EverythingButStorage).await?;
    let tokens = world.secrets_of(&TOKENS)?;
    world.advise_of_storage(tokens).await
}

#[then("the client secret is in no page, URL or storage of the browser")]
async fn no_client_secret_in_browser(world: &mut World) -> Result<(), Failure> {
    let secret = world.stage()?.client_secret().ok_or_else(|| Failure::not_applicable("a public client has no secret"))?;
    world.search(vec![("the client secret".to_owned(), secret)], "RFC 6749 section 2.3.1", Scope::Everything).await
}

#[then("no patient's identity is in any URL or storage of the browser")]
async fn no_patient_in_browser(world: &mut World) -> Result<(), Failure> {
    let canaries = world.stage()?.mock()?.personal_canaries(TENANT);
    world.search(canaries, "C-05", Scope::UrlsAndStorage).await
}

#[when(expr = "{word} signs out of the relying party")]
async fn signs_out(world: &mut World, name: String) -> Result<(), Failure> {
    let setup = world.setup()?;
    let logout = setup.profile.app.login.logout.as_ref().ok_or_else(|| Failure::not_applicable("the profile names no way to sign out"))?;
    world.memory.actor = Some(name);
    world.memory.outcome = None;
    let visitor = world.actor_visitor().await?;
    let base_url = world.stage()?.base_url.clone();
    world.memory.cookies = application_cookies(&visitor, &base_url).await?;
    world.stage()?.go_home(&visitor).await?;
    visitor.page.click(logout).await?;
    // With or without another page, with or without a button to sign in on it: it is done when nobody is shown as signed in.
    match visitor.page.wait_until_hidden(marker(setup.login())?, setup.patience().follow_up).await {
        Ok(()) | Err(BrowserError::Timeout { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    world.stage()?.settle(&visitor).await
}

#[then("the session cookie from before opens nothing")]
async fn old_cookie_dead(world: &mut World) -> Result<(), Failure> {
    let cookies = std::mem::take(&mut world.memory.cookies);
    if cookies.is_empty() && world.stage()?.application_type() == ApplicationType::Spa {
        return Err(Failure::not_applicable("the application has set no cookie"));
    }
    let opens = world.opens_a_session(cookies).await?;
    world.react(
        !opens,
        "still accepts the session cookie from before signing out",
        "the old cookie opens no session",
        "the old cookie opens the session",
    )
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
    let of_refresh_tokens = exchanges.iter().filter(|exchange| {
        exchange.endpoint == Endpoint::Revocation && exchange.form_value("token").is_some_and(|token| token.starts_with("[refresh-token-"))
    });
    of_refresh_tokens.map(|exchange| exchange.status).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Pages, URLs, cookies' names aside, every storage.
    Everything,
    /// The same without what a script keeps in cookies and storages.
    EverythingButStorage,
    Storage,
    UrlsAndStorage,
}

impl World {
    fn secrets_of(&self, kinds: &[&str]) -> Result<Vec<(String, SecretString)>, Failure> {
        let secrets = self.stage()?.mock()?.shared().redaction.secrets();
        let wanted: Vec<_> =
            secrets.into_iter().filter(|(placeholder, _)| kinds.iter().any(|kind| placeholder.starts_with(kind))).collect();
        if wanted.is_empty() { Err(Failure::unjudged("the platform issued nothing to search for")) } else { Ok(wanted) }
    }

    async fn search(&mut self, secrets: Vec<(String, SecretString)>, clause: &'static str, scope: Scope) -> Result<(), Failure> {
        let issuer = self.stage()?.issuer.clone();
        let visitor = self.actor_visitor().await?;
        let places = places(&visitor, &issuer, scope).await?;
        self.judge(checks::check_absent(clause, &secrets, &places))
    }

    /// Tokens in a cookie or a storage of the browser warn: the draft calls cookies NOT RECOMMENDED and storages easier to read than
    /// memory or a worker, and forbids none.
    async fn advise_of_storage(&mut self, tokens: Vec<(String, SecretString)>) -> Result<(), Failure> {
        let issuer = self.stage()?.issuer.clone();
        let visitor = self.actor_visitor().await?;
        let places = places(&visitor, &issuer, Scope::Storage).await?;
        if places.is_empty() {
            return Ok(());
        }
        self.advise("SE-03", checks::check_absent("OAuth 2.0 for Browser-Based Applications section 8", &tokens, &places))
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

/// Where the links and forms of a page lead.
fn addresses(source: &str) -> Vec<String> {
    static ADDRESSES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)\b(?:href|src|action|formaction)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#).expect("well formed")
    });
    if !source.trim_start().starts_with('<') {
        return Vec::new();
    }
    let found = ADDRESSES.captures_iter(source);
    found.filter_map(|found| found.iter().skip(1).flatten().next().map(|address| address.as_str().replace("&amp;", "&"))).collect()
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

/// Where something may be left in a browser: every page's source, URL and storage; the platform's own pages excepted.
async fn places(visitor: &Visitor, issuer: &str, scope: Scope) -> Result<Vec<Place>, Failure> {
    let (sources, urls, storages) = match scope {
        Scope::Everything => (true, true, true),
        Scope::EverythingButStorage => (true, true, false),
        Scope::UrlsAndStorage => (false, true, true),
        Scope::Storage => (false, false, true),
    };
    let mut places = Vec::new();
    let mut add = |name: String, text: String| places.push(Place { name, text });
    let own_bodies = visitor.context.bodies().await.into_iter().filter(|body| urls && !body.url.starts_with(issuer));
    for body in own_bodies {
        for address in addresses(&body.text) {
            add("an address in a page".to_owned(), address);
        }
        if sources {
            let path = body.url.split(['?', '#']).next().unwrap_or_default();
            add(format!("the answer of {path}"), body.text);
        }
    }
    for words in visitor.context.console().into_iter().filter(|_| urls) {
        add("the browser's console".to_owned(), words);
    }
    for page in visitor.context.pages() {
        let url = page.url();
        if url.starts_with(issuer) {
            continue;
        }
        if sources {
            add("a page's source".to_owned(), page.source().await?);
        }
        let storage = page.storage().await?;
        let kinds = [("localStorage", storage.local), ("sessionStorage", storage.session), ("IndexedDB", storage.indexed_db)];
        for (kind, entries) in kinds.into_iter().filter(|_| storages) {
            for (key, value) in entries {
                add(format!("{kind} entry `{key}`"), format!("{key} {value}"));
            }
        }
        for visited in storage.urls.into_iter().filter(|visited| urls && !visited.starts_with(issuer)) {
            add("a URL of the history".to_owned(), visited);
        }
    }
    for request in visitor.context.requests().into_iter().filter(|request| urls && !request.url.starts_with(issuer)) {
        add("a URL that the browser requested".to_owned(), request.url);
    }
    for cookie in visitor.context.cookies().await?.into_iter().filter(|cookie| storages && !issuer.contains(cookie.domain.as_str())) {
        add(format!("cookie `{}`", cookie.name), cookie.value);
    }
    Ok(places)
}
