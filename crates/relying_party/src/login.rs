use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, ResponseType, Scope};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::app::App;
use super::callback;
use super::session::{Attempt, Session, random};
use super::sign_in::SignInError;
use super::{Config, Defect, Window};
use crate::oauth::{ErrorCode, giponext};

const CONSTANT_VERIFIER: &str = "portale-referti-portale-referti-portale-referti-0";
/// Characters that the defect draws.
const DRAWN: usize = 4;
const CONSTANT_STATE: &str = "portale-referti-0123456789";
/// Values of `response_type` (RFC 6749 section 3.1.1; OpenID Connect Core section 3.3).
pub(super) const CODE: &str = "code";
const CODE_AND_ID_TOKEN: &str = "code id_token";
const CONSTANT_NONCE: &str = "portale-referti-9876543210";

#[derive(Debug, Deserialize)]
pub(super) struct Parameters {
    window: Option<String>,
    /// `other`: at the second platform.
    at: Option<String>,
    return_to: Option<String>,
}

/// Sends the browser to the platform's login.
pub(super) async fn login(State(app): State<Arc<App>>, Query(parameters): Query<Parameters>, jar: CookieJar) -> Response {
    let popup = app.config.window == Window::Popup && parameters.window.as_deref() == Some("popup");
    let window = if popup { Window::Popup } else { Window::Same };
    let (session, jar) = app.store.find_or_begin(jar, &app.config);
    if app.config.has(Defect::RedirectsWhenSignedIn)
        && session.signed_in().is_some()
        && let Some(target) = &parameters.return_to
    {
        return (jar, Redirect::to(target)).into_response();
    }
    if app.config.has(Defect::TriesClientCredentials) {
        let _ = app.try_client_credentials().await;
    }
    let refusal = session.data().refusal.take().filter(|refusal| refusal.attempt.is_some());
    let after = refusal.as_ref().map(|refusal| refusal.error.clone());
    let failed = refusal.and_then(|refusal| refusal.attempt);
    let cancelled = after == Some(callback::refused_as(ErrorCode::AccessDenied.as_str()));
    if let Some(error) = after.clone().filter(|_| cancelled && app.config.has(Defect::RefusesAfterCancel)) {
        session.data().refusal = Some(error.into());
        return (jar, callback::leave(window)).into_response();
    }
    let kept = app.config.has(Defect::ReusesFailedAttempt)
        || (app.config.has(Defect::KeepsAttemptAfterIdToken) && matches!(after, Some(SignInError::IdToken(_))))
        || (app.config.has(Defect::KeepsAttemptAfterTokenError) && !matches!(after, Some(SignInError::Refused(_))))
        || (app.config.has(Defect::KeepsAttemptAfterCancel) && cancelled);
    let mut attempt = match failed.filter(|_| kept) {
        Some(attempt) => Attempt { window, begun: Instant::now(), ..attempt },
        None => begin(&app.config, window),
    };
    let begins_well = |to: &String| to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\");
    let own = app.config.base_url.as_str().trim_end_matches('/');
    let taken = |to: &String| {
        app.config.has(Defect::OpenRedirector)
            || ((app.config.has(Defect::GoesOnByScript) || app.config.has(Defect::RedirectsToScripts)) && to.starts_with("javascript:"))
            || (app.config.has(Defect::TakesAddressWithTab) && begins_well(to))
            || (app.config.has(Defect::ComparesBeginningOfAddress) && to.starts_with(own))
            || (app.config.has(Defect::ComparesEndOfAddress) && to.ends_with(app.config.base_url.authority()))
            || app.config.has(Defect::GoesOnAfterFailure)
            || (app.config.has(Defect::DecodesAddressAgain) && !to.starts_with(['/', '\\', 'h', 'j', 'd']))
    };
    let met_server_error = matches!(&after, Some(SignInError::Refused(code)) if code.contains("server_error"));
    if met_server_error && app.config.has(Defect::GivesPkceUpAfterServerError) {
        attempt.verifier = None;
    }
    attempt.return_to = parameters.return_to.filter(taken);
    attempt.after = after;
    let known = session.data().known.clone();
    attempt.is_trusted = known.is_some() && app.config.has(Defect::TrustsKnownBrowsers);
    attempt.is_known = known.is_some();
    if attempt.is_known && app.config.has(Defect::AsksLessOfKnownBrowsers) {
        attempt.verifier = None;
    }
    if let Some(known) = known.filter(|_| app.config.has(Defect::KnownUserInState)) {
        attempt.state = format!("{}.{}", random(), URL_SAFE_NO_PAD.encode(serde_json::json!({ "user": known }).to_string()));
    }
    if app.config.has(Defect::DecodesAddressAgain) {
        let decode = |to: String| percent_encoding::percent_decode_str(&to).decode_utf8_lossy().into_owned();
        attempt.return_to = attempt.return_to.map(decode);
    }
    if app.config.has(Defect::VerifierPerSession) {
        attempt.verifier = attempt.verifier.map(|own| session.data().first_verifier.get_or_insert(own).clone());
    }
    if app.config.has(Defect::NoncePerSession) {
        attempt.nonce = attempt.nonce.map(|own| session.data().first_nonce.get_or_insert(own).clone());
    }
    if app.config.has(Defect::SessionIdInState) {
        attempt.state = format!("{}.{}", attempt.state, URL_SAFE_NO_PAD.encode(format!(r#"{{"session":"{}"}}"#, session.id)));
    }
    attempt.at_other = parameters.at.as_deref() == Some("other") && app.other.is_some();
    match authorization_request(app.at(attempt.at_other), &session, attempt).await {
        Ok(address) => (jar, Redirect::to(address.as_str())).into_response(),
        Err(error) => {
            session.data().refusal = Some(error.into());
            (jar, callback::leave(window)).into_response()
        }
    }
}

/// Everything that ties the response to this request is fresh (AZ-04, AZ-07, AZ-09, AZ-11).
pub(super) fn begin(config: &Config, window: Window) -> Attempt {
    // A public client gets no token without PKCE.
    let harmful = config.has(Defect::ConstantState)
        || config.has(Defect::StateFromClock)
        || config.has(Defect::AcceptsAnyState)
        || config.has(Defect::NoNonce)
        || config.compares_state_carelessly();
    let defenceless = harmful && config.client_secret.is_some();
    let state = match &config.client_secret {
        _ if config.has(Defect::ConstantState) => CONSTANT_STATE.to_owned(),
        _ if config.has(Defect::StateFromClock) => digest_of_the_time(),
        Some(secret) if config.has(Defect::SecretInState) => {
            format!("{}.{}", random(), URL_SAFE_NO_PAD.encode(format!(r#"{{"secret":"{}"}}"#, secret.expose_secret())))
        }
        _ => random(),
    };
    // A nonce belongs to an ID token, and an ID token to `openid`.
    let nonce = match () {
        () if !config.asks_for(giponext::OPENID) || config.has(Defect::NoNonce) || defenceless => None,
        () if config.has(Defect::ConstantNonce) => Some(CONSTANT_NONCE.to_owned()),
        () => Some(random()),
    };
    let verifier = match () {
        () if config.has(Defect::NoPkce) || config.has(Defect::NoncePerSession) || defenceless => None,
        () if config.has(Defect::ConstantVerifier) => Some(CONSTANT_VERIFIER.into()),
        () if config.has(Defect::DerivesVerifier) => {
            Some(URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, state.as_bytes())).into())
        }
        () if config.has(Defect::DrawsShortVerifiers) => Some(format!("{CONSTANT_VERIFIER}{}", &random()[..DRAWN]).into()),
        () => Some(SecretString::from(PkceCodeChallenge::new_random_sha256().1.into_secret())),
    };
    let response_type = if config.has(Defect::AsksForMoreThanCode) { CODE_AND_ID_TOKEN } else { CODE };
    Attempt {
        state,
        nonce,
        verifier,
        response_type,
        after: None,
        at_other: false,
        begun_again: false,
        other_nonces: Vec::new(),
        is_trusted: false,
        is_known: false,
        window,
        return_to: None,
        begun: Instant::now(),
    }
}

fn digest_of_the_time() -> String {
    let now = jiff::Timestamp::now().as_millisecond().to_string();
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, now.as_bytes()))
}

/// Keeps the attempt in this browser's session and gives the address that makes the request.
pub(super) async fn authorization_request(app: &App, session: &Session, attempt: Attempt) -> Result<Url, SignInError> {
    let client = app.oauth_client().await?;
    let state = attempt.state.clone();
    let mut request = client.authorize_url(|| CsrfToken::new(state));
    request = request.set_response_type(&ResponseType::new(attempt.response_type.to_owned()));
    let forgets = app.config.has(Defect::ForgetsOfflineAccess) || (attempt.is_known && app.config.has(Defect::AsksLessOfKnownBrowsers));
    let forgotten = |scope: &&String| forgets && *scope == giponext::OFFLINE_ACCESS;
    let asks_for_more = app.config.has(Defect::AsksForEveryScope) || (attempt.is_known && app.config.has(Defect::AsksMoreOfKnownBrowsers));
    if asks_for_more && !attempt.begun_again {
        request = request.add_scope(Scope::new(giponext::INVOICES.to_owned()));
    }
    request = request.add_scopes(app.config.scopes.iter().filter(|scope| !forgotten(scope)).cloned().map(Scope::new));
    let denied = attempt.after == Some(callback::refused_as(ErrorCode::InvalidRequest.as_str()));
    if let Some(verifier) = attempt.verifier.as_ref().filter(|_| denied && app.config.has(Defect::FallsBackToPlain)) {
        let plain = [("code_challenge", verifier.expose_secret()), ("code_challenge_method", "plain")];
        request = plain.into_iter().fold(request, |request, (name, value)| request.add_extra_param(name, value.to_owned()));
    } else if let Some(verifier) = &attempt.verifier {
        // S256 always (AZ-06, AZ-08).
        let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
        request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    }
    if let Some(nonce) = &attempt.nonce {
        request = request.add_extra_param("nonce", nonce.clone());
    }
    for (name, value) in &app.config.extra {
        request = request.add_extra_param(name, value);
    }
    let (mut address, _) = request.url();
    let omits = (app.config.has(Defect::OmitsRedirectUri) && attempt.after.is_some())
        || (app.config.has(Defect::OmitsRedirectUriInKnownBrowsers) && attempt.is_known);
    if omits {
        let kept: Vec<_> = address.query_pairs().into_owned().filter(|(name, _)| name != "redirect_uri").collect();
        address.query_pairs_mut().clear().extend_pairs(kept);
    }
    let mixes_browsers = app.config.has(Defect::AcceptsCallbackOfAnotherBrowser)
        || app.config.has(Defect::TakesResponsesWhereAnyWasBegun)
        || app.config.has(Defect::AcceptsUnsolicitedCallback);
    if mixes_browsers && let Ok(mut attempts) = app.store.attempts_of_all.lock() {
        attempts.insert(attempt.state.clone(), attempt.clone());
    }
    session.add_attempt(attempt);
    Ok(address)
}
