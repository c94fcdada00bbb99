use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use super::fault as f;
use super::response::printable;
use crate::api::{elsewhere, retry_after, soon};
use crate::delivery::Delivery;
use crate::domain::Exchange;
use crate::oauth::ErrorCode;
use crate::{RetryAfter, Shared, Trace};

/// Why an endpoint at which clients authenticate refuses a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenRefusal {
    /// RFC 6749 section 5.2.
    #[error("{code}: {text}")]
    Error { code: ErrorCode, text: String },
    /// C-57.
    #[error(transparent)]
    RateLimit(#[from] RetryAfter),
}

impl TokenRefusal {
    pub(super) fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self::Error { code, text: text.into() }
    }
}

impl IntoResponse for TokenRefusal {
    fn into_response(self) -> Response {
        let (code, text) = match self {
            Self::Error { code, text } => (code, text),
            Self::RateLimit(refusal) => return refusal.into_response(),
        };
        let unauthorized = code == ErrorCode::InvalidClient;
        let status = match code {
            ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
            ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = json!({"error": code.as_str(), "error_description": printable(&text)});
        let mut response = json_answer(status, &body);
        if unauthorized {
            let challenge = HeaderValue::from_static("Basic realm=\"GipoNext\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// JSON that nobody may keep (RFC 6749 section 5.1).
pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response {
    raw_answer(status, "application/json", body.to_string())
}

fn raw_answer(status: StatusCode, media_type: &'static str, body: String) -> Response {
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (status, headers, body).into_response()
}

/// Longer than any client waits.
const HANG: Duration = Duration::from_secs(120);

/// Holds an answer back until the client has gone.
pub(super) async fn hang() {
    // Nothing ever comes: only the deadline, or the client's hanging up, ends it.
    let _ = tokio::time::timeout(HANG, std::future::pending::<()>()).await;
}

/// No answer at all: the exchange is told at once, for a client that never hangs up would keep it untold.
fn held() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(Exchange::UNANSWERED).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    response.extensions_mut().insert(Delivery::Held);
    response
}

fn limited(delay: &str) -> Response {
    let body = json!({"error": "rate_limit_exceeded", "message": "too many requests of this client: wait before the next"});
    (retry_after(delay), json_answer(StatusCode::TOO_MANY_REQUESTS, &body)).into_response()
}

pub(super) fn unavailable() -> Response {
    json_answer(StatusCode::SERVICE_UNAVAILABLE, &json!({"error": "temporarily_unavailable", "error_description": "try again later"}))
}

type Answer = fn() -> Response;

/// Faults that take the place of any answer to a request whose client is authenticated. Code and refresh token stay unused.
const ANY_GRANT: [(&str, Answer); 12] = [
    (f::TOKEN_INVALID_CLIENT, || refusal(ErrorCode::InvalidClient, "client authentication failed")),
    (f::TOKEN_INVALID_GRANT, || refusal(ErrorCode::InvalidGrant, "the grant is not good")),
    (f::TOKEN_SERVER_ERROR, || refusal(ErrorCode::ServerError, "something went wrong")),
    (f::TOKEN_UNAVAILABLE, unavailable),
    (f::TOKEN_RATE_LIMITED, || limited("1")),
    (f::TOKEN_RATE_LIMITED_LONGER, || limited("3")),
    (f::TOKEN_RATE_LIMITED_DATE, || limited(&soon())),
    (f::TOKEN_HTML, || {
        raw_answer(StatusCode::OK, "text/html; charset=utf-8", "<!doctype html><title>GipoNext</title><p>Service page".to_owned())
    }),
    (f::TOKEN_BAD_JSON, || raw_answer(StatusCode::OK, "application/json", "{\"access_token\":\"cut-off-here".to_owned())),
    (f::TOKEN_EMPTY, || raw_answer(StatusCode::OK, "application/json", String::new())),
    (f::TOKEN_OBJECT, || json_answer(StatusCode::OK, &json!({}))),
    (f::TOKEN_LIST, || json_answer(StatusCode::OK, &json!([]))),
];

/// [`f::TOKEN_HUGE`]: JSON may have white space after it (RFC 8259 section 2).
const HUGE: usize = 5 * 1024 * 1024;

/// Faults of an answer that is made, and so of a grant that is used.
pub(super) fn edit_good(shared: &Shared, trace: &Trace, answer: &Value, refresh: bool) -> Response {
    if trace.fires(&shared.faults, f::TOKEN_ANSWER_LOST) || (refresh && trace.fires(&shared.faults, f::REFRESH_ANSWER_LOST)) {
        let body = json!({"error": "gateway_timeout", "error_description": "a server behind this one took too long to answer"});
        return json_answer(StatusCode::GATEWAY_TIMEOUT, &body);
    }
    if trace.fires(&shared.faults, f::TOKEN_HUGE) {
        return raw_answer(StatusCode::OK, "application/json", format!("{answer}{}", " ".repeat(HUGE)));
    }
    let mut response = json_answer(StatusCode::OK, answer);
    let spoilt = [(f::TOKEN_CUT_BODY, Delivery::CutOff), (f::TOKEN_UNFINISHED, Delivery::Unfinished), (f::TOKEN_SLOW_BODY, Delivery::Slow)];
    if let Some((_, delivery)) = spoilt.into_iter().find(|(fault, _)| trace.fires(&shared.faults, fault)) {
        response.extensions_mut().insert(delivery);
    }
    response
}

/// Faults that take the place of the answer to a refresh request only.
const REFRESH: [(&str, Answer); 2] = [
    (f::REFRESH_INVALID_GRANT, || refusal(ErrorCode::InvalidGrant, "the refresh token is not good any more")),
    (f::REFRESH_UNAVAILABLE, unavailable),
];

fn refusal(code: ErrorCode, text: &str) -> Response {
    TokenRefusal::new(code, text).into_response()
}

/// The answer of an armed fault, if one is.
pub(super) async fn faulty(shared: &Shared, trace: &Trace, refresh: bool) -> Option<Response> {
    if trace.fires(&shared.faults, f::TOKEN_HANGS) {
        return Some(held());
    }
    if trace.fires(&shared.faults, f::TOKEN_REDIRECT) {
        return Some(redirected(shared, "/connect/token"));
    }
    let own: &[(&str, Answer)] = if refresh { &REFRESH } else { &[] };
    let fault = own.iter().chain(&ANY_GRANT).find(|(fault, _)| trace.fires(&shared.faults, fault))?;
    Some(fault.1())
}

/// To another host, with the same method and body (RFC 9110 section 15.4.8).
pub(super) fn redirected(shared: &Shared, path: &str) -> Response {
    Redirect::temporary(elsewhere(&shared.issuer, path).as_str()).into_response()
}

/// RFC 7009 section 2.2.1.
pub(super) fn revocation_refused() -> Response {
    let body = json!({"error": "unsupported_token_type", "error_description": "tokens of this type are not revoked here"});
    json_answer(StatusCode::BAD_REQUEST, &body)
}

/// The answer of `POST /connect/revocation` while it is out of service (RFC 7009 section 2.2.1).
pub(super) fn revocation_unavailable() -> Response {
    (retry_after("1"), unavailable()).into_response()
}
