use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Query, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::REFRESH;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;
use url::form_urlencoded;

use super::app::App;
use super::comparison::Compared;
use super::pages;
use super::provider::LACKS_MEMBERS;
use super::session::{self, Attempt, Refusal, Session, SignedIn};
use super::sign_in::SignInError;
use super::visit::Visit;
use super::{Defect, Habit, Window, login};
use crate::oauth::ErrorCode;

/// Members of an authorization response (RFC 6749 section 4.1.2, RFC 9207, OpenID Connect Session Management).
const KNOWN: &[&str] = &["code", "state", "iss", "scope", "session_state", "error", "error_description", "error_uri"];

/// What the second load of [`Habit::LoadsTwice`] has besides the response.
const LOADED_AGAIN: &str = "again";

/// Characters of a value that a defect takes.
const LONGEST_VALUE: usize = 2000;

/// The parameters of an authorization response, in the order in which they came.
pub(super) struct AuthorizationResponse(Vec<(String, String)>);

impl AuthorizationResponse {
    pub(crate) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn repeats_a_parameter(&self) -> bool {
        self.0.iter().any(|(name, _)| self.all(name).count() > 1)
    }
}

/// Receives the authorization response.
pub(super) async fn callback(State(app): State<Arc<App>>, RawQuery(query): RawQuery, jar: CookieJar, visit: Visit) -> Response {
    let response = AuthorizationResponse::parse(query.as_deref().unwrap_or_default());
    if app.config.does(Habit::LoadsTwice) && response.get(LOADED_AGAIN).is_none() {
        let again = format!("0;url=/callback?{}&{LOADED_AGAIN}=1", query.as_deref().unwrap_or_default());
        return ([(REFRESH, again)], StatusCode::OK).into_response();
    }
    if app.config.has(Defect::FallsOverAtLongParameters) && response.0.iter().any(|(_, value)| value.len() > LONGEST_VALUE) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let (session, jar) = app.store.find_or_begin(jar, &app.config);
    let attempt = match attempt_of(&app, &session, &response) {
        Ok(attempt) => attempt,
        Err(error) => {
            tracing::warn!(%error, "nobody was signed in");
            session.data().refusal = Some(Refusal { description: description(&app, &response), uri: uri(&response), ..error.into() });
            // Whose window this is, nobody knows: the page finds out whether it can close itself.
            return (jar, Redirect::to("/callback/done")).into_response();
        }
    };
    let window = attempt.window;
    let party = app.at(attempt.at_other);
    match code_of(party, &attempt, &response).await {
        Ok(code) => match party.sign_in(&attempt, code).await {
            Ok(signed_in) => {
                let signed_in = SignedIn { at_other: attempt.at_other, ..signed_in };
                app.note_sign_in(&signed_in);
                if app.loses_the_last_sign_in() {
                    return (jar, leave(window)).into_response();
                }
                let jar = app.store.begin_signed_in(&session, signed_in, jar, &app.config);
                if app.config.has(Defect::KeepsCodeInUrl) {
                    let session = app.store.find(&jar, &app.config);
                    return (jar, pages::in_place(&app, session.as_deref(), &visit, window)).into_response();
                }
                let target = attempt.return_to.filter(|_| window == Window::Same && !app.config.has(Defect::GoesOnAfterFailure));
                if let Some(target) = target.as_ref().filter(|_| app.config.has(Defect::GoesOnByScript)) {
                    return (jar, pages::go_on_by_script(target)).into_response();
                }
                let named = response.get("next").filter(|_| app.config.has(Defect::RedirectsFromCallback)).map(str::to_owned);
                let target = named.or(target);
                (jar, target.map_or_else(|| leave(window), |target| Redirect::to(&target))).into_response()
            }
            Err(error) if fails_without_words(&app, &error) => {
                tracing::error!(%error, "nobody was signed in");
                (jar, StatusCode::INTERNAL_SERVER_ERROR).into_response()
            }
            Err(error) => match once_more(&app, &session, &attempt).await {
                Some(begun) => (jar, begun).into_response(),
                None => refuse(&app, jar, &session, Refusal { attempt: Some(attempt), ..error.into() }),
            },
        },
        Err(error) => {
            let begins_again = app.config.has(Defect::ErrorLoop) && response.get("error").is_some();
            let refused = |code: ErrorCode| error == refused_as(code.as_str());
            let downgrades = app.config.has(Defect::DowngradesPkce) && refused(ErrorCode::InvalidRequest);
            let asks_for_less = (app.config.has(Defect::AsksForMoreThanCode) && refused(ErrorCode::UnsupportedResponseType))
                || (app.config.has(Defect::AsksForEveryScope) && refused(ErrorCode::InvalidScope) && !attempt.begun_again);
            if begins_again || downgrades || asks_for_less {
                let mut again = Attempt { response_type: login::CODE, begun_again: asks_for_less, ..login::begin(&app.config, window) };
                again.verifier = again.verifier.filter(|_| !downgrades);
                if let Ok(address) = login::authorization_request(&app, &session, again).await {
                    return (jar, Redirect::to(address.as_str())).into_response();
                }
            }
            refuse(
                &app,
                jar,
                &session,
                Refusal { description: description(&app, &response), uri: uri(&response), attempt: Some(attempt), ..error.into() },
            )
        }
    }
}

/// The login that the application begins by itself after a refused one, once, if that is its habit.
async fn once_more(app: &App, session: &Session, refused: &Attempt) -> Option<Redirect> {
    if !app.config.does(Habit::BeginsAgain) || refused.begun_again {
        return None;
    }
    let again = Attempt { begun_again: true, ..login::begin(&app.config, refused.window) };
    let address = login::authorization_request(app, session, again).await.ok()?;
    Some(Redirect::to(address.as_str()))
}

/// An honest ending that did not sign in: a page with words and a way to try again (CB-11, CB-12).
fn refuse(app: &App, jar: CookieJar, session: &Session, refusal: Refusal) -> Response {
    tracing::warn!(error = %refusal.error, issuer = %app.config.issuer, "nobody was signed in");
    let window = refusal.attempt.as_ref().map_or(Window::Same, |attempt| attempt.window);
    if let Some(attempt) = refusal.attempt.clone().filter(|_| app.config.has(Defect::KeepsStateAfterError)) {
        session.data().attempts.push(attempt);
    }
    let onward = refusal.attempt.as_ref().and_then(|attempt| attempt.return_to.clone());
    let mut data = session.data();
    (data.refusal, data.has_failed) = (Some(refusal), true);
    match onward.filter(|_| app.config.has(Defect::GoesOnAfterFailure)) {
        Some(onward) => (jar, Redirect::to(&onward)).into_response(),
        None => (jar, leave(window)).into_response(),
    }
}

/// Only the defects end a sign-in with an empty page.
fn fails_without_words(app: &App, error: &SignInError) -> bool {
    let lacks_members = *error == SignInError::Platform(LACKS_MEMBERS);
    app.config.has(Defect::FailsWithoutWords) || (lacks_members && app.config.has(Defect::FallsOverWithoutMembers))
}

fn description(app: &App, response: &AuthorizationResponse) -> Option<String> {
    let told = if app.config.has(Defect::RendersResponseIssuer) { "iss" } else { "error_description" };
    response.get(told).map(str::to_owned)
}

fn uri(response: &AuthorizationResponse) -> Option<String> {
    response.get("error_uri").map(str::to_owned)
}

pub(super) fn refused_as(code: &str) -> SignInError {
    SignInError::Refused(code.to_owned())
}

/// The attempt that this response answers, which must have begun in this very browser.
pub(super) fn attempt_of(app: &App, session: &Session, response: &AuthorizationResponse) -> Result<Attempt, SignInError> {
    let has = |defect| app.config.has(defect);
    // CB-02: two values are one too many, and which one is right nobody can say (RFC 6749 section 3.1).
    if response.repeats_a_parameter() && !has(Defect::AcceptsDuplicateParameters) {
        return Err(SignInError::Response("a parameter is repeated"));
    }
    // CB-14: a parameter that we do not know is not ours; only the defect minds.
    if has(Defect::RejectsUnknownParameters) && response.0.iter().any(|(name, _)| !KNOWN.contains(&name.as_str())) {
        return Err(SignInError::Response("a parameter is unknown"));
    }
    // CB-01, CB-03, CB-04, CB-07: the state is of an attempt of this session, and counts once.
    let known = response.all("state").find_map(|state| session.take_attempt(|sent| app.config.same(Compared::State, sent, state)));
    let elsewhere = |state: &str| app.store.attempts_of_all.lock().ok()?.remove(state);
    if let Some(mut attempt) = known {
        if has(Defect::MixesAttempts)
            && let Some(other) = session.data().attempts.last()
        {
            attempt.verifier.clone_from(&other.verifier);
        }
        if has(Defect::TakesNonceOfAnotherAttempt) {
            attempt.other_nonces = session.data().attempts.iter().filter_map(|other| other.nonce.clone()).collect();
        }
        // Those that mix browsers up still count a response once.
        elsewhere(&attempt.state);
        if has(Defect::RedeemsCodeTwice) {
            session.data().attempts.push(attempt.clone());
        }
        return Ok(attempt);
    }
    let state = response.get("state").unwrap_or_default();
    let any_was_begun = has(Defect::TakesResponsesWhereAnyWasBegun) && !session.data().attempts.is_empty();
    if (has(Defect::AcceptsCallbackOfAnotherBrowser) || any_was_begun)
        && let Some(attempt) = elsewhere(state)
    {
        return Ok(attempt);
    }
    if (has(Defect::AcceptsAnyState) || app.config.does(Habit::ReliesOnPkce))
        && let Some(attempt) = session.data().attempts.pop()
    {
        return Ok(attempt);
    }
    if has(Defect::EquatesNoState) && state.is_empty() && session.data().attempts.is_empty() {
        return Ok(unsolicited(state));
    }
    if has(Defect::AcceptsUnsolicitedCallback) && session.data().attempts.is_empty() && session.signed_in().is_none() {
        return Ok(elsewhere(state).unwrap_or_else(|| unsolicited(state)));
    }
    Err(SignInError::Response("its state belongs to no login of this browser"))
}

fn unsolicited(state: &str) -> Attempt {
    Attempt {
        state: state.to_owned(),
        nonce: None,
        verifier: None,
        response_type: login::CODE,
        after: None,
        at_other: false,
        begun_again: false,
        other_nonces: Vec::new(),
        is_trusted: false,
        is_known: false,
        window: Window::Same,
        return_to: None,
        begun: Instant::now(),
    }
}

pub(super) async fn code_of<'a>(app: &App, attempt: &Attempt, response: &'a AuthorizationResponse) -> Result<&'a str, SignInError> {
    let metadata = app.metadata().await?;
    // CB-08, CB-09: the answer of the issuer that was asked, compared as text; absent only if it never promised to be there.
    let right = match response.get("iss") {
        Some(iss) if !iss.is_empty() => app.config.same(Compared::ResponseIssuer, &metadata.issuer, iss),
        absent => {
            absent.is_none() && !metadata.authorization_response_iss_parameter_supported || app.config.has(Defect::TakesNoResponseIssuer)
        }
    };
    if !right && !attempt.is_trusted && !app.config.has(Defect::IgnoresResponseIssuer) {
        return Err(SignInError::Response("its issuer is not the platform"));
    }
    if let Some(error) = response.get("error") {
        return Err(refused_as(error));
    }
    response.get("code").filter(|code| !code.is_empty()).ok_or(SignInError::Response("it has no code"))
}

/// Away from the callback's address, so that the code stays in no address bar, history or Referer (CB-15).
pub(super) fn leave(window: Window) -> Redirect {
    match window {
        Window::Popup => Redirect::to("/callback/done?window=popup"),
        Window::Same => Redirect::to("/"),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct DoneParameters {
    window: Option<String>,
}

/// The end of a login in a popup: tells the page that opened it, and closes.
pub(super) async fn done(
    State(app): State<Arc<App>>,
    Query(parameters): Query<DoneParameters>,
    jar: CookieJar,
    visit: Visit,
) -> impl IntoResponse {
    let shown = app.store.find(&jar, &app.config);
    let window = if parameters.window.as_deref() == Some("popup") { Window::Popup } else { Window::Same };
    let jar = if app.config.has(Defect::TokensInPackedCookie) { jar.add(session::packed_removal(&app.config)) } else { jar };
    (jar, pages::done(&app, shown.as_deref(), &visit, window))
}
