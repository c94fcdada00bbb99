//! The API where a target stands behind it: the faults of its rules and of its answers, with the target's answer between them.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_http::set_header::SetResponseHeaderLayer;

use super::call::shows_token;
use super::error::ApiError;
use super::{damage, document, faults, unauthorized, userinfo};
use crate::accounts::UserId;
use crate::authorization::{BearerRefusal, USERINFO_UNAUTHORIZED, authenticate_bearer, with_real_token};
use crate::checks;
use crate::domain::Credential;
use crate::relay::{Answer, Upstream, without_answer};
use crate::{Aim, Shared, Trace};

/// Why a write is refused that the target file forbids.
pub const READ_ONLY: &str = "the target file says read_only: this write was not sent on to the platform";

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route(userinfo::PATH, any(user))
        .route(document::PATH, any(call))
        .route("/v2/{*path}", any(call))
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// Whether a call changes nothing (RFC 9110 section 9.2.1).
fn only_reads(method: &Method) -> bool {
    method.is_safe()
}

async fn call(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let response = match serve(&shared, &trace, &method, &uri, &headers, body).await {
        Ok(answer) if answer.status.is_success() => {
            let writes = !only_reads(&method);
            let response = faults::in_place_of_answer(&shared, &trace, writes);
            response.unwrap_or_else(|| damage::after(&shared, &trace, writes, answer.into_response()))
        }
        Ok(answer) => answer.into_response(),
        Err(instead) => *instead,
    };
    faults::edit(&shared, &trace, uri.path(), response).await
}

/// The faults of every call, in the order of the rules that they replace; then the target is asked.
async fn serve(
    shared: &Shared,
    trace: &Trace,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Answer, Box<Response>> {
    let writes = !only_reads(method);
    let documented = checks::documented_scope(document(), method.as_str(), uri.path());
    // The names of scopes are those of the contract.
    let scope = documented.as_deref().and_then(|scope| crate::oauth::giponext::RESOURCES.into_iter().find(|known| *known == scope));
    note(trace, uri, scope, writes, &body);
    let known = authenticate_bearer(shared, headers, uri.query(), trace);
    if known == Err(BearerRefusal::Expired) {
        // Only a lever makes a token expire here.
        return Err(Box::new(unauthorized(BearerRefusal::Expired)));
    }
    let refuse = |error: ApiError| Err(Box::new(faults::refused(trace, error)));
    faults::at_the_front(shared, trace, uri.path()).map_or(Ok(()), |response| Err(Box::new(response)))?;
    if let Some(scope) = scope {
        if trace.fires(&shared.faults, faults::INSUFFICIENT_SCOPE) {
            return refuse(ApiError::InsufficientScope(scope));
        }
        if trace.fires(&shared.faults, faults::INSUFFICIENT_PERMISSION) {
            return refuse(ApiError::InsufficientPermission { scope, write: writes });
        }
    }
    damage::before(shared, trace, writes).map_or(Ok(()), |response| Err(Box::new(response)))?;
    if let Some(error) = faults::in_place_of_operation(shared, trace, writes) {
        return refuse(error);
    }
    pass(shared, trace, method, uri, headers, body).await
}

/// What the journal says of a call beside its text.
fn note(trace: &Trace, uri: &Uri, scope: Option<&str>, writes: bool, body: &[u8]) {
    let tenant = uri.path().strip_prefix("/v2/tenants/").and_then(|rest| rest.split('/').next()).map(str::to_owned);
    trace.note(|facts| {
        facts.needed_scope = scope.map(str::to_owned);
        facts.tenant = tenant;
        facts.credentials.extend(shows_token(body).then_some(Credential::Body));
    });
    if writes {
        trace.is_of(Aim::Writes);
    }
    let mut query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    if query.any(|(name, value)| name == "offset" && value != "0") {
        trace.is_of(Aim::FurtherPages);
    }
}

/// Asks the target, unless that would write where nothing may be written.
async fn pass(
    shared: &Shared,
    trace: &Trace,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Answer, Box<Response>> {
    let Some(target) = &shared.upstream else { return Err(Box::new(StatusCode::NOT_FOUND.into_response())) };
    if target.is_read_only() && !only_reads(method) {
        return Err(Box::new(refused_write(trace)));
    }
    let answer = send(target, method, uri, headers, body).await.map_err(|error| Box::new(without_answer(trace, &error)))?;
    answer.note_refusal(trace);
    if let Ok(shown) = serde_json::from_slice(&answer.body) {
        target.passed().notice_patients(&shown);
    }
    Ok(if target.passed().lists_are_empty { answer.emptied() } else { answer })
}

async fn send(
    target: &Upstream,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Answer, crate::relay::UpstreamError> {
    target.send(method, target.api(uri.path(), uri.query())?, &with_real_token(target, headers), body).await
}

fn refused_write(trace: &Trace) -> Response {
    trace.note(|facts| facts.refusal = Some(READ_ONLY.to_owned()));
    (StatusCode::FORBIDDEN, Json(json!({"error": "read_only", "message": READ_ONLY}))).into_response()
}

/// C-50: who the token's user is.
async fn user(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let subject = match authenticate_bearer(&shared, &headers, uri.query(), &trace) {
        Err(BearerRefusal::Expired) => return unauthorized(BearerRefusal::Expired),
        known => known.ok().map(|grant| grant.subject),
    };
    if let Some(response) = faults::in_place_of_user_information(&shared, &trace, uri.path()) {
        return response;
    }
    if trace.fires(&shared.faults, USERINFO_UNAUTHORIZED) {
        return faults::refused(&trace, ApiError::InvalidToken);
    }
    let response = match pass(&shared, &trace, &method, &uri, &headers, body).await {
        Ok(answer) => described(&shared, &trace, subject.as_ref(), answer),
        Err(instead) => *instead,
    };
    faults::add(&shared, &trace, response).await
}

fn described(shared: &Shared, trace: &Trace, subject: Option<&UserId>, answer: Answer) -> Response {
    match (subject, answer.json().filter(|_| answer.status.is_success())) {
        (Some(subject), Some(members)) => Json(userinfo::edited(shared, trace, subject, Value::Object(members))).into_response(),
        _ => answer.into_response(),
    }
}
