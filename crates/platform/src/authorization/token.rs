use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::client_authentication::authenticate_client;
use super::device;
use super::fault as f;
use super::parameters::{Parameters, is_form};
use super::store::{Code, Grant, GrantId, Presented, Refresh};
use super::token_answer::{TokenRefusal, faulty};
use super::tokens::{self, Issue, IssueError};
use crate::accounts::{GrantType, Registration, UserId};
use crate::domain::{Endpoint, Exchange};
use crate::oauth::{ErrorCode, ScopeSet, code_challenge_s256, giponext, is_code_verifier, is_unreserved};
use crate::{Aim, Shared, Trace};

/// `POST /connect/token`, its rules in the order of RFC 6749 section 3.2.
pub(super) async fn token(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match redeem(&shared, &trace, &uri, &headers, &body).await {
        Ok(response) => response,
        Err(refusal) => {
            trace.note(|facts| facts.refusal = Some(refusal.to_string()));
            refusal.into_response()
        }
    }
}

impl From<IssueError> for TokenRefusal {
    fn from(error: IssueError) -> Self {
        tracing::error!("{error}");
        Self::new(ErrorCode::ServerError, "the platform failed to make the token")
    }
}

async fn redeem(shared: &Shared, trace: &Trace, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Response, TokenRefusal> {
    note_verifier(trace, &Parameters::parse(body));
    let (query, form) = (Parameters::parse(uri.query().unwrap_or_default().as_bytes()), form(headers, body)?);
    let client = authenticate_client(shared, trace, headers, &query, &form)?;
    let grant_type = grant_type(&client, &form)?;
    if grant_type == Grants::RefreshToken {
        trace.is_of(Aim::Refreshes);
    }
    if let Some(response) = faulty(shared, trace, grant_type == Grants::RefreshToken).await {
        return Ok(response);
    }
    let client_id = client.client_id.as_deref().unwrap_or_default();
    match grant_type {
        Grants::AuthorizationCode => authorization_code(shared, trace, client_id, &form).await,
        Grants::DeviceCode => device::redeem(shared, trace, client_id, &form).await,
        Grants::RefreshToken => refresh_token(shared, trace, &client, &form).await,
    }
}

/// How long a fault keeps the answer to a refresh back.
const LONGEST_HELD: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grants {
    AuthorizationCode,
    DeviceCode,
    RefreshToken,
}

/// RFC 6749 section 3.2: parameters in a form body, each once.
pub(super) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, TokenRefusal> {
    let form = Parameters::parse(body);
    let sound =
        if is_form(headers) { form.check_form() } else { Err("the request's body is not application/x-www-form-urlencoded".to_owned()) };
    sound.map(|()| form).map_err(|text| TokenRefusal::new(ErrorCode::InvalidRequest, text))
}

/// C-30: a token belongs to a person who signed in; no client credentials, no passwords.
fn grant_type(client: &Registration, form: &Parameters) -> Result<Grants, TokenRefusal> {
    let grant = match form.get("grant_type") {
        Some("authorization_code") => Grants::AuthorizationCode,
        Some(device::GRANT_TYPE) => Grants::DeviceCode,
        Some("refresh_token") => Grants::RefreshToken,
        Some(other) => {
            let text = format!("the grant type {other} is not supported: every token belongs to a person who signed in");
            return Err(TokenRefusal::new(ErrorCode::UnsupportedGrantType, text));
        }
        None => return Err(TokenRefusal::new(ErrorCode::InvalidRequest, "grant_type is missing")),
    };
    match (client.request.grant, grant) {
        (GrantType::AuthorizationCode, Grants::DeviceCode) | (GrantType::DeviceCode, Grants::AuthorizationCode) => {
            Err(TokenRefusal::new(ErrorCode::UnauthorizedClient, "the application is registered for another grant"))
        }
        _ => Ok(grant),
    }
}

async fn authorization_code(shared: &Shared, trace: &Trace, client_id: &str, form: &Parameters) -> Result<Response, TokenRefusal> {
    let value = required(form, "code")?;
    let redirect_uri = required(form, "redirect_uri")?;
    let presented = shared.authorizations().present_code(value, client_id, shared.clock.now_seconds());
    let code = match presented {
        Presented::Fresh(code) => code,
        Presented::Unknown => return bad_grant("the code is not one that this platform issued"),
        Presented::OtherClient => return bad_grant("the code was issued to another client"),
        Presented::Expired => return bad_grant("the code has expired"),
        Presented::Replayed => return bad_grant("the code was used before: what it gave is revoked"),
    };
    trace.note(|facts| facts.subject = Some(code.subject.0.clone()));
    if code.redirect_uri != redirect_uri {
        return bad_grant("redirect_uri differs from the one of the authorization request");
    }
    if let Err(refusal) = code_verifier(&code, form)
        && !trace.fires(&shared.faults, f::PKCE_IGNORED)
    {
        return Err(refusal);
    }
    active(shared, &code.subject)?;
    let redeemed = shared.authorizations().redeem_code(value);
    let Some(id) = redeemed else {
        return bad_grant("the code was used before");
    };
    let (scopes, nonce, grant) = (code.scopes.clone(), code.nonce.clone(), Grant::of(code));
    let refresh_token = scopes.contains(giponext::OFFLINE_ACCESS).then(|| issue_refresh_token(shared, id).into());
    let issue = Issue { id, grant: &grant, scopes, nonce: nonce.as_deref(), refresh_token, refreshed: false };
    Ok(tokens::answer(shared, trace, issue).await?)
}

/// The access token that a fresh code is good for, without the token request.
pub(crate) async fn access_token_of_code(shared: &Shared, client_id: &str, code: &str) -> Result<String, IssueError> {
    let presented = shared.authorizations().present_code(code, client_id, shared.clock.now_seconds());
    let id = shared.authorizations().redeem_code(code);
    let (Presented::Fresh(code), Some(id)) = (presented, id) else { return Err(IssueError::NotFresh) };
    let (scopes, grant) = (code.scopes.clone(), Grant::of(code));
    let issue = Issue { id, grant: &grant, scopes, nonce: None, refresh_token: None, refreshed: false };
    tokens::access_token(shared, &shared.journal.open(), &issue).await
}

type InItsPlace = fn() -> Option<Value>;

/// Faults that leave the presented refresh token good, and what the answer has in the place of a new one.
const NOT_ROTATED: [(&str, InItsPlace); 3] =
    [(f::REFRESH_NOT_ROTATED, || None), (f::REFRESH_TOKEN_EMPTY, || Some(Value::from(""))), (f::REFRESH_TOKEN_NULL, || Some(Value::Null))];

/// RFC 6749 section 6; C-44.
async fn refresh_token(shared: &Shared, trace: &Trace, client: &Registration, form: &Parameters) -> Result<Response, TokenRefusal> {
    let client_id = client.client_id.as_deref().unwrap_or_default();
    let value = required(form, "refresh_token")?;
    let presented = shared.authorizations().present_refresh_token(value, client_id, shared.clock.now_seconds());
    let (id, grant) = match presented {
        Refresh::Good(id, grant) => (id, grant),
        Refresh::Unknown => return bad_grant("the refresh token is not one that this platform issued, or it was revoked"),
        Refresh::OtherClient => return bad_grant("the refresh token was issued to another client"),
        Refresh::Expired => return bad_grant("the refresh token has expired"),
        Refresh::Revoked => return bad_grant("the refresh token is revoked"),
        Refresh::Replayed => return bad_grant("the refresh token was used before: its whole family is revoked"),
    };
    trace.note(|facts| facts.subject = Some(grant.subject.0.clone()));
    active(shared, &grant.subject)?;
    let scopes = form.get("scope").map_or_else(|| grant.scopes.clone(), ScopeSet::parse);
    let beyond = scopes.difference(&grant.scopes);
    if !beyond.is_empty() {
        return Err(TokenRefusal::new(ErrorCode::InvalidScope, format!("the user did not grant {beyond}")));
    }
    let must_rotate = shared.settings.assumptions.refresh_rotation || client.is_public();
    let refresh_token = match not_rotated(shared, trace) {
        Some(in_its_place) => in_its_place,
        None if must_rotate => {
            if !shared.authorizations().rotate_refresh_token(value) {
                return bad_grant("the refresh token was used before");
            }
            Some(issue_refresh_token(shared, id).into())
        }
        None => None,
    };
    let seen = shared.journal.mark();
    let issue = Issue { id, grant: &grant, scopes, nonce: None, refresh_token, refreshed: true };
    let answer = tokens::answer(shared, trace, issue).await?;
    hold(shared, trace, seen).await;
    Ok(answer)
}

/// What stands in the place of a new refresh token, where a fault keeps that back.
pub(super) fn not_rotated(shared: &Shared, trace: &Trace) -> Option<Option<Value>> {
    NOT_ROTATED.into_iter().find(|(fault, _)| trace.fires(&shared.faults, fault)).map(|(_, in_its_place)| in_its_place())
}

/// Keeps the answer to a refresh back, where a fault says so; `seen`: where the journal stood when it was made.
pub(super) async fn hold(shared: &Shared, trace: &Trace, seen: usize) {
    if trace.fires(&shared.faults, f::REFRESH_HELD) {
        let token_request = |exchange: &Exchange| exchange.endpoint == Endpoint::Token;
        // Whoever waits in vain is answered all the same.
        let _ = shared.journal.wait_for(seen, "another token request", LONGEST_HELD, token_request).await;
    }
}

pub(super) fn issue_refresh_token(shared: &Shared, id: GrantId) -> String {
    let value = shared.random.token(32);
    let lifetime = i64::try_from(shared.settings.assumptions.refresh_token_lifetime_seconds).unwrap_or(i64::MAX);
    shared.authorizations().add_refresh_token(id, value.clone(), shared.clock.now_seconds().saturating_add(lifetime));
    value
}

/// RFC 7636 section 4.6; a verifier without a challenge is a downgrade (RFC 9700 section 2.1.1).
fn code_verifier(code: &Code, form: &Parameters) -> Result<(), TokenRefusal> {
    match (&code.code_challenge, form.get("code_verifier")) {
        (None, None) => Ok(()),
        (None, Some(_)) => bad_grant("code_verifier is there, but the authorization request had no code_challenge"),
        (Some(_), None) => bad_grant("code_verifier is missing"),
        (Some(_), Some(verifier)) if !is_code_verifier(verifier) => {
            bad_grant("code_verifier is not 43 to 128 unreserved characters (RFC 7636 section 4.1)")
        }
        (Some(challenge), Some(verifier)) if *challenge == code_challenge_s256(verifier) => Ok(()),
        (Some(_), Some(_)) => bad_grant("code_verifier does not match the code_challenge"),
    }
}

/// C-38.
pub(super) fn active(shared: &Shared, subject: &UserId) -> Result<(), TokenRefusal> {
    let active = shared.accounts().user(subject).is_some_and(|user| user.active);
    if active { Ok(()) } else { bad_grant("the user is deactivated") }
}

pub(super) fn note_verifier(trace: &Trace, form: &Parameters) {
    if let Some(verifier) = form.get("code_verifier") {
        trace.note(|facts| {
            facts.verifier_challenge = Some(code_challenge_s256(verifier));
            facts.verifier_length = Some(verifier.chars().count());
            facts.verifier_unreserved = Some(verifier.chars().all(is_unreserved));
        });
    }
}

pub(super) fn required<'a>(form: &'a Parameters, name: &str) -> Result<&'a str, TokenRefusal> {
    form.get(name).ok_or_else(|| TokenRefusal::new(ErrorCode::InvalidRequest, format!("{name} is missing")))
}

pub(super) fn bad_grant<T>(text: &str) -> Result<T, TokenRefusal> {
    Err(TokenRefusal::new(ErrorCode::InvalidGrant, text))
}
