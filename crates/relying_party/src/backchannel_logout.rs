use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, decode_header};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::form_urlencoded;

use super::Defect;
use super::app::App;
use super::id_token::{Claims, LEEWAY_SECONDS, OLDEST_SECONDS, signed_with};
use super::session::SignedIn;
use crate::oauth::{LOGOUT_EVENT, decode_jwt};

/// Longer than any logout token that [`App::check_logout_token`] lets pass can be sent again.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// What the platform posts when a user's session there has ended (OpenID Connect Back-Channel Logout 1.0 section 2.5). No browser is
/// here, and no cookie: the token alone says whose sessions end (LO-04).
pub(super) async fn receive(State(app): State<Arc<App>>, body: Bytes) -> StatusCode {
    let token = form_urlencoded::parse(&body).find(|(name, _)| name == "logout_token").map(|(_, value)| value.into_owned());
    match app.check_logout_token(&token.unwrap_or_default()).await {
        Ok(claims) => {
            app.end_sessions(&claims);
            StatusCode::OK
        }
        Err(rule) => {
            tracing::warn!(rule, "a logout token was refused");
            if app.config.has(Defect::AcceptsBadLogoutTokens) { StatusCode::OK } else { StatusCode::BAD_REQUEST }
        }
    }
}

impl App {
    /// The claims of a logout token that keeps every rule of section 2.6, and was not here before.
    async fn check_logout_token(&self, token: &str) -> Result<Claims, &'static str> {
        let claims = self.signed_logout_claims(token).await?;
        let issuer = &self.metadata().await.map_err(|_| "the platform does not answer")?.issuer;
        self.check_logout_claims(&claims, issuer)?;
        let jti = claims.get("jti").and_then(Value::as_str).ok_or("it has no id")?;
        let mut obeyed = self.store.obeyed.lock().unwrap_or_else(PoisonError::into_inner);
        obeyed.retain(|_, at| at.elapsed() < REMEMBERED);
        if obeyed.insert(jti.to_owned(), Instant::now()).is_some() {
            return Err("it was here before");
        }
        Ok(claims)
    }

    async fn signed_logout_claims(&self, token: &str) -> Result<Claims, &'static str> {
        if self.config.has(Defect::IgnoresLogoutSignature) {
            return decode_jwt(token).map(|jwt| jwt.claims).map_err(|_| "it is not readable");
        }
        let header = decode_header(token).map_err(|_| "its header is not readable or its algorithm is not known")?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err("its algorithm is neither RS256 nor ES256");
        }
        let keys = self.keys(header.kid.as_deref()).await.map_err(|_| "the platform's keys cannot be read")?;
        keys.iter().find_map(|key| signed_with(token, key, header.alg)).ok_or("its signature is wrong")
    }

    fn check_logout_claims(&self, claims: &Claims, issuer: &str) -> Result<(), &'static str> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        let is_ours = |audience: &Value| audience.as_str() == Some(&self.config.client_id);
        let loose = self.config.has(Defect::ReadsLogoutTokensLoosely);
        let lax = self.config.has(Defect::TakesIdTokenForLogout);
        let now = Timestamp::now().as_second() as f64;
        let inside = |name: &str, wanted: &str| loose && claims.get(name).is_some_and(|value| value.to_string().contains(wanted));
        if text("iss") != Some(issuer) && !inside("iss", issuer) {
            return Err("its issuer is not the platform");
        }
        let for_us = match claims.get("aud") {
            Some(Value::Array(audiences)) => !audiences.is_empty() && audiences.iter().all(is_ours),
            audience => audience.is_some_and(is_ours),
        };
        if !for_us && !inside("aud", &self.config.client_id) {
            return Err("it is not for this application alone");
        }
        if !time("exp").is_some_and(|exp| exp > now - LEEWAY_SECONDS) {
            return Err("it has expired");
        }
        let needs_time = claims.contains_key("iat") || !self.config.has(Defect::NeedsNoTimeInLogoutToken);
        if needs_time && !time("iat").is_some_and(|iat| iat <= now + LEEWAY_SECONDS && iat > now - OLDEST_SECONDS) {
            return Err("it was not issued just now");
        }
        if text("sub").is_none() && text("sid").is_none() {
            return Err("it names neither user nor session");
        }
        // What tells it from an ID token.
        let is_lax = lax || inside("events", LOGOUT_EVENT);
        if !is_lax && !claims.get("events").and_then(|events| events.get(LOGOUT_EVENT)).is_some_and(Value::is_object) {
            return Err("it is about no logout");
        }
        if !lax && claims.contains_key("nonce") {
            return Err("it has a nonce");
        }
        Ok(())
    }

    /// Ends the sessions that the token names: the one of its `sid`, or without one all of its user's (section 2.7).
    fn end_sessions(&self, claims: &Claims) {
        if self.config.has(Defect::EndsNothingAtLogoutToken) {
            return;
        }
        for session in self.store.signed_in() {
            let either = self.config.has(Defect::EndsSessionsOfEither);
            let named = session.signed_in().is_some_and(|signed_in| !signed_in.at_other && is_named(&signed_in, claims, either));
            if named || self.config.has(Defect::EndsEverySession) {
                self.store.end(&session.id);
            }
        }
    }
}

fn is_named(signed_in: &SignedIn, claims: &Claims, either: bool) -> bool {
    let jwt = signed_in.id_token.as_ref().and_then(|token| decode_jwt(token.expose_secret()).ok());
    let Some(own) = jwt.map(|jwt| jwt.claims) else { return false };
    // Only the defect is content with one of the two.
    if either && claims.contains_key("sid") && claims.get("sub").is_some_and(|sub| own.get("sub") == Some(sub)) {
        return true;
    }
    ["sub", "sid"].iter().all(|name| claims.get(*name).is_none_or(|value| own.get(*name) == Some(value)))
}
