use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header as http};
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, body::Bytes};
use serde_json::{Map, Value, json};

use super::bearer::{BearerRefusal, authenticate_bearer, challenge};
use super::fault::{self as f, USERINFO_OTHER_SUBJECT};
use super::id_token::header;
use super::jwt::{Draft, Signature};
use super::near_misses::{longer, other_case, shown_subject};
use super::parameters::Parameters;
use super::token_answer::json_answer;
use crate::accounts::{ADA, Accounts, MALLORY, User, UserId};
use crate::api::in_place_of_user_information;
use crate::domain::Credential;
use crate::oauth::{ErrorCode, giponext};
use crate::{Shared, Trace};

/// `GET|POST /connect/userinfo` (OpenID Connect Core section 5.3).
pub(super) async fn userinfo(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if Parameters::parse(&body).get("access_token").is_some() {
        trace.note(|facts| facts.credentials.push(Credential::Body));
    }
    let grant = match authenticate_bearer(&shared, &headers, uri.query(), &trace) {
        Ok(grant) => grant,
        Err(refusal) => return refused_for(refusal),
    };
    if let Err(refusal) = shared.limiter.admit(&grant.client_id, shared.clock.now()) {
        trace.note(|facts| facts.refusal = Some(refusal.to_string()));
        return refusal.into_response();
    }
    if !grant.scopes.contains(giponext::OPENID) {
        let text = "the access token has no scope openid";
        trace.note(|facts| facts.refusal = Some(text.to_owned()));
        let body = json!({"error": "insufficient_scope", "error_description": text});
        return refused(StatusCode::FORBIDDEN, challenge(Some(ErrorCode::InsufficientScope), text), &body);
    }
    if let Some(response) = in_place_of_user_information(&shared, &trace, uri.path()) {
        return response;
    }
    if let Some(response) = faulty(&shared, &trace, &grant.subject) {
        return response;
    }
    let Some(Shown { user, subject, other }) = shown(&shared, &trace, &grant.subject) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut claims = Map::new();
    claims.extend(subject.map(|subject| ("sub".to_owned(), subject)));
    if grant.scopes.contains(giponext::PROFILE) || other {
        claims.insert("name".to_owned(), user.name().into());
        claims.insert("given_name".to_owned(), user.given_name.clone().into());
        claims.insert("family_name".to_owned(), user.family_name.clone().into());
    }
    if grant.scopes.contains(giponext::EMAIL) {
        claims.insert("email".to_owned(), user.email.clone().into());
    }
    json_answer(StatusCode::OK, &Value::Object(claims))
}

/// Whom an answer is about.
pub(super) struct Shown {
    pub user: User,
    /// The subject that it names; none where a fault leaves it out.
    pub subject: Option<Value>,
    /// Whether a fault shows somebody else.
    pub other: bool,
}

/// The user of this subject, or whom armed faults show in that place.
pub(super) fn shown(shared: &Shared, trace: &Trace, subject: &UserId) -> Option<Shown> {
    let unnamed = trace.fires(&shared.faults, f::USERINFO_WITHOUT_SUBJECT);
    let nearly = [(f::USERINFO_LONGER_SUBJECT, longer as fn(&str) -> String), (f::USERINFO_SUBJECT_OTHER_CASE, other_case)];
    let nearly = nearly.into_iter().find(|(fault, _)| trace.fires(&shared.faults, fault)).map(|(_, change)| change(&subject.0));
    let other = unnamed || nearly.is_some() || trace.fires(&shared.faults, USERINFO_OTHER_SUBJECT);
    let accounts = shared.accounts();
    let user = if other { other_user(&accounts, subject) } else { accounts.user(subject) }?.clone();
    let subject = (!unnamed).then(|| nearly.map_or_else(|| shown_subject(shared, trace, &user.id), Value::from));
    Some(Shown { user, subject, other })
}

/// The answer that an armed fault puts in the place of a good one.
pub(super) fn faulty(shared: &Shared, trace: &Trace, subject: &UserId) -> Option<Response> {
    if trace.fires(&shared.faults, f::USERINFO_UNAUTHORIZED) {
        let body = json!({"error": "invalid_token", "error_description": BearerRefusal::Revoked.to_string()});
        return Some(refused(StatusCode::UNAUTHORIZED, BearerRefusal::Revoked.www_authenticate(), &body));
    }
    if trace.fires(&shared.faults, f::USERINFO_HTML) {
        return Some(Html("<!doctype html><title>GipoNext</title><p>Service page").into_response());
    }
    if trace.fires(&shared.faults, f::USERINFO_JWT) {
        let other = other_user(&shared.accounts(), subject)?.clone();
        let claims = Map::from_iter([("sub".to_owned(), other.id.0.clone().into()), ("name".to_owned(), other.name().into())]);
        let token = Draft { header: header("none", None), claims, signature: Signature::None }.sign().ok()?;
        return Some(([(http::CONTENT_TYPE, "application/jwt"), (http::CACHE_CONTROL, "no-store")], token).into_response());
    }
    None
}

/// The user whom [`USERINFO_OTHER_SUBJECT`] shows in the place of `subject`.
pub(crate) fn other_user<'a>(accounts: &'a Accounts, subject: &UserId) -> Option<&'a User> {
    accounts.user_by_email(MALLORY).filter(|user| user.id != *subject).or_else(|| accounts.user_by_email(ADA))
}

/// Without a token there is no error code (RFC 6750 section 3.1).
pub(super) fn refused_for(refusal: BearerRefusal) -> Response {
    let body = match refusal.error() {
        Some(error) => json!({"error": error.as_str(), "error_description": refusal.to_string()}),
        None => json!({"error_description": refusal.to_string()}),
    };
    refused(StatusCode::UNAUTHORIZED, refusal.www_authenticate(), &body)
}

fn refused(status: StatusCode, challenge: axum::http::HeaderValue, body: &Value) -> Response {
    let mut response = json_answer(status, body);
    response.headers_mut().insert(http::WWW_AUTHENTICATE, challenge);
    response
}
