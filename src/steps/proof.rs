//! What the look before a run tries out: a client secret, an honest sign-in, every action; and what both sides say when it fails.

use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::Failure;
use super::learning::{Begun, naming_at_the_marker};
use super::people::Person;
use super::sign_in::{Consent, Outcome, at_the_platform};
use super::stage::{Stage, Visitor};
use crate::browser::pages::visible_text;
use crate::browser::{BrowserError, Element, Page};
use crate::domain::{Action, ApplicationType, BrowserFactKind, ClientAuth, Control, Endpoint, Exchange, Waiting};
use crate::oauth::{Metadata, discovery_of};

/// How many refusals of the platform, and lines of the application, a reason tells.
const REFUSALS: usize = 3;
const LINES: usize = 8;
/// The longest text that is quoted of a page or a line.
const QUOTED: usize = 200;

/// What trying something out came to.
pub(super) enum Proof {
    Fine(String),
    /// It may be as it should be: whoever knows the application decides.
    Doubtful(String),
    /// It is wrong; scenarios tell what it breaks.
    Wrong(String),
    /// It is wrong, and every scenario would only say the same.
    Hopeless(Failure),
}

/// A token request that cannot succeed: a platform that knows the client refuses the code, another one the client.
pub(super) async fn client_secret(stage: &Stage) -> Result<Proof, Failure> {
    let Some(remote) = stage.setup.remote() else { return Ok(Proof::Fine("is the mock's own".to_owned())) };
    let client = stage.platform_client()?;
    let discovery = discovery_of(stage.platform_issuer());
    let document = client.get(&discovery).send().await.map_err(Failure::broke)?;
    let metadata: Metadata = document.json().await.map_err(|error| Failure::broke(format!("{discovery}: {error}")))?;
    let registered = &remote.file.client;
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", "collaudo-doctor-asks-whether-the-client-is-known"),
        ("code_verifier", "collaudo-doctor-asks-whether-the-client-is-known"),
        ("redirect_uri", registered.redirect_uri.as_str()),
    ];
    let mut request = client.post(&metadata.token_endpoint);
    match &remote.client_secret {
        Some(secret) if registered.auth == ClientAuth::Basic => {
            request = request.basic_auth(&registered.client_id, Some(secret.expose_secret()))
        }
        secret => {
            form.push(("client_id", &registered.client_id));
            form.extend(secret.iter().map(|secret| ("client_secret", secret.expose_secret())));
        }
    }
    let answer = request.form(&form).send().await.map_err(|error| Failure::broke(error.without_url()))?;
    let status = answer.status();
    let error = answer.json::<Value>().await.ok().and_then(|body| body["error"].as_str().map(str::to_owned)).unwrap_or_default();
    let methods = &metadata.token_endpoint_auth_methods_supported;
    let announced = if methods.is_empty() { String::new() } else { format!("; the discovery document names {}", methods.join(", ")) };
    let secret = registered.secret_env.as_ref();
    let secret = secret.map_or_else(String::new, |name| format!(", at client.auth{announced}, and at the secret in {name}"));
    Ok(match error.as_str() {
        "invalid_client" => Proof::Hopeless(Failure::broke(format!(
            "the platform does not know the client (`invalid_client`): look at client.client_id of the target file{secret}"
        ))),
        "invalid_grant" => Proof::Fine("the platform knows the client".to_owned()),
        _ if status == StatusCode::UNAUTHORIZED => Proof::Hopeless(Failure::broke(format!(
            "the platform does not know the client (status 401): look at client.client_id of the target file{secret}"
        ))),
        other => Proof::Doubtful(format!("a made-up code is answered with {status} `{other}`, which says nothing of the client")),
    })
}

/// An honest sign-in, judged by the markers that the profile has.
pub(super) async fn honest_sign_in(stage: &mut Stage, begun: &Begun) -> Result<Proof, Failure> {
    let (login, ada) = (stage.setup.login().clone(), stage.person("Ada")?);
    let Begun { visitor, window, before } = begun;
    let ended = match at_the_platform(window, &ada, &Consent::GrantAll, &login).await? {
        Some(turned_away) => turned_away,
        None => stage.begin_attempt(&login, visitor).await?.outcome(window).await?,
    };
    let marker = login.signed_in.as_deref().unwrap_or_default();
    Ok(match ended {
        Outcome::SignedIn(shown) if ada.is_named_by(&shown) => {
            Proof::Fine(format!("an honest one ends signed in, shown as `{}`", quoted(&shown)))
        }
        Outcome::SignedIn(shown) => match naming_at_the_marker(stage, &ada, &shown).await? {
            Ok(naming) => {
                stage.setup.naming.get_or_init(|| naming);
                Proof::Fine(format!("an honest one ends signed in, shown as `{}`, and somebody else's is told from it", quoted(&shown)))
            }
            Err(of_another) => Proof::Hopeless(Failure::unjudged(format!(
                "after an honest sign-in of {} `{marker}` (app.login.signed_in) says `{}`, and after somebody else's `{}`: it does not \
                 tell who is signed in; name what does",
                ada.called(),
                shown.trim(),
                of_another.trim()
            ))),
        },
        Outcome::TurnedAway(said) => turned_away(stage, &ada, &said),
        Outcome::Refused(said) => {
            let patience = stage.setup.patience().waited(Waiting::SignIn);
            let said = said.map_or_else(String::new, |said| format!("; it says `{}`", quoted(&said)));
            let told = format!(
                "an honest sign-in of {} does not end signed in: `{marker}` (app.login.signed_in) does not appear ({patience}){said}; {}",
                ada.called(),
                news(&visitor.page, before).await?
            );
            // Whoever was given tokens, and had nothing against it, has signed the person in, and shows it by something else.
            if was_given_tokens(stage) && own_errors(stage).is_empty() && said.is_empty() {
                Proof::Hopeless(Failure::unjudged(told))
            } else {
                Proof::Wrong(told)
            }
        }
    })
}

fn turned_away(stage: &Stage, ada: &Person, said: &str) -> Proof {
    match stage.setup.remote().and_then(|remote| remote.file.users.get("ada")) {
        Some(user) => Proof::Hopeless(Failure::broke(format!(
            "the platform turns {} away: `{}`; look at users.ada.email of the target file, and at {}",
            ada.email,
            quoted(said),
            user.secrets_to_look_at()
        ))),
        None => Proof::Wrong(format!("the platform turns an honest sign-in away: `{}`", quoted(said))),
    }
}

fn was_given_tokens(stage: &Stage) -> bool {
    let exchanges = stage.exchanges();
    let given =
        |exchange: &Exchange| exchange.status == 200 && exchange.response.as_ref().is_some_and(|answer| answer["access_token"].is_string());
    stage.instrument().is_err() || (exchanges.iter().any(given) && refusals(&exchanges).is_empty())
}

/// What the page says that it did not say before.
async fn news(page: &Page, before: &[Element]) -> Result<String, Failure> {
    Ok(super::learning::news(before, &page.elements().await?))
}

/// Opens an action once, as whoever is signed in.
pub(super) async fn action(stage: &Stage, visitor: &Visitor, action: &Action) -> Result<Proof, Failure> {
    let url = stage.base_url.join(&action.open).map_err(Failure::broke)?;
    let sent = visitor.context.requests().len();
    if !stage.went_within(visitor, &url).await?
        && let Err(error) = visitor.page.goto(url.as_str()).await
    {
        return Ok(Proof::Wrong(stage.explain(Failure::not_loaded(error, stage.setup.patience())).await.message()));
    }
    let requests = visitor.context.requests();
    let documents = requests.iter().skip(sent).filter(|request| request.resource_type == "Document");
    // Within a page nothing answers.
    let status = documents.filter_map(|request| request.status).next_back();
    let answers = status.map_or_else(String::new, |status| format!("answers with status {status} and "));
    if status.is_some_and(|status| status == 404 || status >= 500) {
        return Ok(Proof::Wrong(format!("{} answers with status {}", action.open, status.unwrap_or_default())));
    }
    if let Err(failure) = stage.uncover(visitor, action).await {
        return Ok(Proof::Wrong(failure.message()));
    }
    let patience = stage.setup.patience();
    match visitor.page.wait_for(&action.shows, patience.follow_up).await {
        Ok(()) => {
            let on = stage.leads_on(visitor, action).await?;
            let on = on.map_or_else(String::new, |on| format!("; more of it is at `{}`, known by {}", quoted(&on.words), on.by));
            Ok(Proof::Fine(format!("{} {answers}shows `{}`{on}", action.open, action.shows)))
        }
        Err(BrowserError::Timeout { .. }) => {
            // A real platform's data are nobody's to quote.
            let seen = match stage.mock() {
                Ok(_) => stage.redacted(visible_text(&visitor.page, patience.follow_up).await?),
                Err(_) => visitor.page.title().await?,
            };
            Ok(Proof::Doubtful(format!(
                "{} {answers}shows no `{}` ({}); the page says `{}`",
                action.open,
                action.shows,
                patience.waited(Waiting::FollowUp),
                quoted(&seen)
            )))
        }
        Err(error) => Err(error.into()),
    }
}

/// What both sides have to say of a failure: the platform's last refusals, the application's own errors, and its last words.
pub(super) async fn both_sides(stage: &Stage) -> String {
    let mut told = Vec::new();
    let refused = refusals(&stage.exchanges());
    if !refused.is_empty() {
        told.push(format!("the platform refused {}", refused.join(", then ")));
    }
    let failed = own_errors(stage);
    if !failed.is_empty() {
        told.push(format!("the application answered {}", failed.join(", ")));
    }
    if let Some(told_by_the_browser) = refused_across_origins(stage) {
        told.push(told_by_the_browser);
    }
    let lines = stage.last_lines(LINES).await;
    if !lines.is_empty() {
        told.push(format!("the application's last words: {}", lines.iter().map(|line| quoted(line)).collect::<Vec<_>>().join(" / ")));
    }
    stage.redacted(told.join("; "))
}

/// A click on what the profile names ends the session, as far as the page shows it.
pub(super) async fn sign_out(stage: &Stage, visitor: &Visitor, logout: &Control) -> Result<Proof, Failure> {
    let trigger = &logout.trigger;
    if stage.sign_out_by(visitor, logout).await? {
        return Ok(Proof::Fine(format!("after a click on `{trigger}` nobody is shown as signed in")));
    }
    let marker = stage.setup.login().signed_in.clone().unwrap_or_default();
    Ok(Proof::Wrong(format!(
        "after a click on `{trigger}` (app.login.logout) `{marker}` still shows somebody as signed in ({}): name what signs out, and in \
         `before` what a person clicks first",
        stage.setup.patience().waited(Waiting::FollowUp)
    )))
}

/// What the console of a browser says of calls across origins (CORS).
fn refused_across_origins(stage: &Stage) -> Option<String> {
    let facts = stage.browser_facts();
    let told = facts.iter().filter(|fact| fact.kind == BrowserFactKind::Console).find_map(|fact| blocked(&fact.text))?;
    let app = &stage.app;
    let what_to_do = match (app.r#type, stage.instrument().is_ok()) {
        (ApplicationType::Spa, true) => {
            format!("the platform lets in the origins of app.redirect_uris alone ({})", app.redirect_uris.join(", "))
        }
        (ApplicationType::Spa, false) => "this platform would have to let that origin in".to_owned(),
        (_, _) => "the platform lets in single-page applications that are registered as such: write app.type = \"spa\", or let the \
                   application's server ask"
            .to_owned(),
    };
    Some(format!("the browser kept {} from calling {} (CORS): {what_to_do}", told.0, told.1))
}

/// Origin and address of a call that the browser did not allow, by its words.
fn blocked(said: &str) -> Option<(String, String)> {
    let (before, _) = said.split_once(" has been blocked by CORS policy")?;
    let (request, origin) = before.split_once(" from origin ")?;
    let address = request.rsplit_once(" at ").map_or(request, |(_, address)| address);
    let bare = |text: &str| text.trim_matches('\'').split('\'').next().unwrap_or_default().to_owned();
    Some((bare(origin), bare(address)))
}

fn own_errors(stage: &Stage) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for request in stage.visitors().flat_map(|(_, visitor)| visitor.context.requests()) {
        let own = url::Url::parse(&request.url).ok().filter(|url| url.origin() == stage.base_url.origin());
        let (Some(url), Some(status)) = (own, request.status) else { continue };
        // A picture that nobody made is no error.
        if status >= 400 && url.path() != "/favicon.ico" {
            found.push(format!("{} {} with status {status}", request.method, url.path()));
        }
    }
    found.dedup();
    found.split_off(found.len().saturating_sub(REFUSALS))
}

/// The platform's last refusals, for a person. What the end-user refused is none.
fn refusals(exchanges: &[Exchange]) -> Vec<String> {
    let mut found: Vec<String> = exchanges.iter().filter_map(refusal).collect();
    found.dedup();
    found.split_off(found.len().saturating_sub(REFUSALS))
}

fn refusal(exchange: &Exchange) -> Option<String> {
    let answer = |name: &str| exchange.response.as_ref().and_then(|answer| answer[name].as_str()).map(str::to_owned);
    let location = exchange.response_header("location").and_then(|location| url::Url::parse(location).ok());
    let redirected = |name: &str| location.as_ref()?.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let error = redirected("error").or_else(|| answer("error").filter(|_| exchange.status >= 400));
    // A device asks again and again until the person has answered; a page may ask without one whether somebody is signed in.
    if matches!(
        error.as_deref(),
        Some("access_denied" | "authorization_pending" | "slow_down" | "login_required" | "consent_required" | "interaction_required")
    ) {
        return None;
    }
    if error.is_none() && (exchange.status < 400 || exchange.path == "/favicon.ico") {
        return None;
    }
    let why = exchange.facts.refusal.clone().or_else(|| answer("error_description")).or_else(|| redirected("error_description"));
    let words: Vec<String> =
        [Some(format!("status {}", exchange.status)).filter(|_| error.is_none()), error, why].into_iter().flatten().collect();
    Some(format!("{} {} ({})", exchange.method, exchange.path, words.join(": ")))
}

/// A text in one line, shortened.
fn quoted(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() > QUOTED { words.chars().take(QUOTED).chain(['…']).collect() } else { words }
}

/// An authorization request that the platform answers at once with an error, and not at the wish of its user.
pub(super) fn is_sent_back(exchange: &Exchange) -> bool {
    let error = |location: &str| location.contains("error=") && !location.contains("error=access_denied");
    exchange.endpoint == Endpoint::Authorization && exchange.response_header("location").is_some_and(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Facts;

    fn exchange(path: &str, status: u16, location: &str, response: Option<Value>) -> Exchange {
        Exchange {
            number: 1,
            at_ms: 0,
            duration_ms: 0,
            endpoint: Endpoint::Other,
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            form: Vec::new(),
            body: None,
            status,
            response_headers: vec![("location".to_owned(), location.to_owned())],
            response,
            facts: Facts::default(),
            faults: Vec::new(),
        }
    }

    #[test]
    fn what_the_platform_refused_is_told_and_what_the_person_refused_is_not() {
        let back = |error: &str| format!("http://127.0.0.1:5000/callback?error={error}&error_description=not%20so&state=x");
        let mut private =
            exchange("/connect/token", 400, "", Some(serde_json::json!({"error": "invalid_grant", "error_description": "no"})));
        private.facts.refusal = Some("the code was used before".to_owned());
        let exchanges = [
            exchange("/connect/authorize", 302, &back("invalid_scope"), None),
            exchange("/connect/authorize", 302, &back("access_denied"), None),
            exchange("/favicon.ico", 404, "", None),
            exchange("/connect/authorize", 302, "http://127.0.0.1:5000/callback?code=[code-1]", None),
            private,
            exchange("/v2/userinfo", 503, "", None),
        ];
        assert_eq!(
            refusals(&exchanges),
            [
                "GET /connect/authorize (invalid_scope: not so)",
                "GET /connect/token (invalid_grant: the code was used before)",
                "GET /v2/userinfo (status 503)"
            ]
        );
    }

    #[test]
    fn a_call_that_the_browser_blocked_is_told_with_both_origins() {
        let said = "error: Access to fetch at 'http://localhost:4010/connect/token' from origin 'http://127.0.0.1:5000' has been blocked by \
                    CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.";
        assert_eq!(blocked(said), Some(("http://127.0.0.1:5000".to_owned(), "http://localhost:4010/connect/token".to_owned())));
        assert_eq!(blocked("error: Failed to load resource: net::ERR_FAILED"), None);
    }

    #[test]
    fn what_is_quoted_is_one_short_line() {
        assert_eq!(quoted(" a\n  b\t"), "a b");
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), QUOTED + 1);
    }
}
