use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{TARGET_FAILED, UpstreamError};
use crate::Trace;

/// What concerns one connection (RFC 9110 section 7.6.1), or the way in which a body travelled there.
pub(super) const OF_ONE_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::CONTENT_LENGTH,
];

/// What the target says to one origin: to a page of the relay's applications it means nothing.
const OF_ONE_ORIGIN: [HeaderName; 8] = [
    header::SET_COOKIE,
    header::STRICT_TRANSPORT_SECURITY,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// What the target answered, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// Without what belongs to the target's connection or origin; `own` turns the target's addresses into the relay's.
    pub(super) fn passed_on(status: StatusCode, headers: &HeaderMap, body: Bytes, own: impl Fn(&str) -> Option<String>) -> Self {
        let is_passed = |name: &HeaderName| !OF_ONE_CONNECTION.contains(name) && !OF_ONE_ORIGIN.contains(name);
        let told = |value: &HeaderValue| value.to_str().ok().and_then(&own).and_then(|own| HeaderValue::try_from(own).ok());
        let headers =
            headers.iter().filter(|(name, _)| is_passed(name)).map(|(name, value)| (name.clone(), told(value).unwrap_or(value.clone())));
        let body = std::str::from_utf8(&body).ok().and_then(&own).map_or(body.clone(), Bytes::from);
        Self { status, headers: headers.collect(), body }
    }

    pub(crate) fn json(&self) -> Option<Map<String, Value>> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => Some(members),
            _ => None,
        }
    }

    /// The same with nothing in it, where it is a page of a list (C-56).
    pub(crate) fn emptied(self) -> Self {
        let Some(mut page) = self.json().filter(|page| page.contains_key("items") && page.contains_key("hasMore")) else { return self };
        for (name, value) in [("items", json!([])), ("totalCount", json!(0)), ("hasMore", json!(false))] {
            page.insert(name.to_owned(), value);
        }
        Self { body: Value::Object(page).to_string().into(), ..self }
    }

    /// Notes why the target refused, in its own words.
    pub(crate) fn note_refusal(&self, trace: &Trace) {
        let refused = self.status.is_client_error() || self.status.is_server_error();
        let body = self.json().unwrap_or_default();
        let said = ["error", "error_description", "message"].map(|name| body.get(name).and_then(Value::as_str));
        let words: Vec<&str> = said.into_iter().flatten().collect();
        let words = if words.is_empty() { format!("status {}", self.status.as_u16()) } else { words.join(": ") };
        trace.note(|facts| facts.refusal = refused.then(|| format!("the target refused it: {words}")));
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// A gateway's answer where the target gave none (RFC 9110 section 15.6.3).
pub(crate) fn without_answer(trace: &Trace, error: &UpstreamError) -> Response {
    let told = format!("{TARGET_FAILED}{error}");
    trace.note(|facts| facts.refusal = Some(told.clone()));
    in_place_of_no_answer(&told)
}

fn in_place_of_no_answer(told: &str) -> Response {
    let body = json!({"error": "bad_gateway", "error_description": told, "message": told});
    (StatusCode::BAD_GATEWAY, Json(body)).into_response()
}
