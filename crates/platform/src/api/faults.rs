//! Deviations of the resource API on purpose. Each replaces one rule of a call, or edits its answer.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::fmt::rfc2822::DateTimePrinter as HttpDate;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use url::Url;

use super::error::ApiError;
use crate::hosts::at_foreign_host;
use crate::{Aim, Fault, Shared, Trace};

pub(super) const ADDITIVE: &str = "api-additive";
pub(super) const NAMESAKES: &str = "api-namesakes";
pub(super) const UNKNOWN_STATUS: &str = "api-unknown-status";
pub(super) const UNAUTHORIZED_ONCE: &str = "api-unauthorized-once";
pub(super) const UNAUTHORIZED: &str = "api-unauthorized";
pub(super) const INSUFFICIENT_SCOPE: &str = "api-insufficient-scope";
pub(super) const INSUFFICIENT_PERMISSION: &str = "api-insufficient-permission";
pub(super) const RATE_LIMITED: &str = "api-rate-limited";
pub(super) const RATE_LIMITED_LONGER: &str = "api-rate-limited-longer";
pub(super) const RATE_LIMITED_LONGEST: &str = "api-rate-limited-longest";
pub(super) const RATE_LIMITED_DATE: &str = "api-rate-limited-date";
pub(super) const RATE_LIMITED_SILENT: &str = "api-rate-limited-silent";
pub(super) const SERVER_ERROR: &str = "api-server-error";
pub(super) const BAD_GATEWAY: &str = "api-bad-gateway";
pub(super) const UNAVAILABLE: &str = "api-unavailable";
pub(super) const CONFLICT: &str = "api-conflict";
pub(super) const UNPROCESSABLE: &str = "api-unprocessable";
pub(super) const NOT_FOUND: &str = "api-not-found";
pub(super) const REDIRECT: &str = "api-redirect";
pub(super) const REDIRECT_AS_IT_IS: &str = "api-redirect-as-it-is";
pub(super) const REDIRECT_FOR_GOOD: &str = "api-redirect-for-good";
pub(super) const FOREIGN_NEXT: &str = "api-foreign-next";
pub(super) const HTML_ERROR: &str = "api-html-error";
pub(super) const ANSWER_LOST: &str = "api-answer-lost";
pub(super) const USERINFO_OTHER_TENANT: &str = "userinfo-other-tenant";
pub(super) const USERINFO_SHORTER_TENANT: &str = "userinfo-shorter-tenant";
pub(super) const USERINFO_LONGER_TENANT: &str = "userinfo-longer-tenant";
pub(super) const USERINFO_TENANT_WITH_MORE_BEFORE: &str = "userinfo-tenant-with-more-before";
pub(super) const USERINFO_TWO_TENANTS: &str = "userinfo-two-tenants";
pub(super) const USERINFO_NO_TENANT: &str = "userinfo-no-tenant";

pub(super) const fn fault(name: &'static str, effect: &'static str, requirements: &'static [&'static str]) -> Fault {
    Fault { name, area: "API", effect, requirements, by_hand: None }
}

pub(crate) const FAULTS: &[Fault] = &[
    fault(
        ADDITIVE,
        "adds unknown fields, objects and list entries to every JSON answer, uses unknown values in optional fields, and turns the order of fields round",
        &["GX-11"],
    ),
    fault(NAMESAKES, "gives the second entry of every list page the name of the first", &["GX-08"]),
    fault(UNKNOWN_STATUS, "gives the first entry of every list page that has a status one that no document names", &["GX-11"]),
    fault(
        UNAUTHORIZED_ONCE,
        "refuses one call with 401 invalid_token though its token is good, then disarms itself",
        &["RS-03", "GX-06", "RT-01"],
    ),
    fault(UNAUTHORIZED, "refuses every call with 401 invalid_token though its token is good", &["RS-03", "GX-06"]),
    fault(INSUFFICIENT_SCOPE, "refuses a call with 403 insufficient_scope though the scope is granted", &["RS-04", "GX-07"]),
    fault(INSUFFICIENT_PERMISSION, "refuses a call with 403 insufficient_permission though the user has the permission", &["GX-07"]),
    fault(RATE_LIMITED, "answers 429 rate_limit_exceeded with Retry-After: 1", &["GX-09", "RS-05"]),
    fault(RATE_LIMITED_LONGER, "answers 429 rate_limit_exceeded with Retry-After: 2", &["GX-09", "RS-05"]),
    fault(RATE_LIMITED_LONGEST, "answers 429 rate_limit_exceeded with Retry-After: 3", &["GX-09", "RS-05"]),
    fault(
        RATE_LIMITED_DATE,
        "answers 429 rate_limit_exceeded with a Retry-After that is an HTTP-date 2 to 3 seconds ahead",
        &["GX-09", "RS-05"],
    ),
    fault(RATE_LIMITED_SILENT, "answers 429 rate_limit_exceeded without Retry-After", &["RS-05"]),
    fault(SERVER_ERROR, "answers 500 with a JSON error", &["GX-15"]),
    fault(BAD_GATEWAY, "answers 502 with a JSON error", &["GX-15"]),
    fault(UNAVAILABLE, "answers 503 with a JSON error and Retry-After: 1", &["GX-15", "RS-05"]),
    fault(CONFLICT, "refuses a write with 409: somebody else changed the resource meanwhile (reads are left alone)", &["GX-12"]),
    fault(UNPROCESSABLE, "refuses a write with 422 and a business rule's message (reads are left alone)", &["GX-13"]),
    fault(NOT_FOUND, "answers 404 as if the resource were unknown", &["GX-14"]),
    fault(
        REDIRECT,
        "redirects a call (302) to /elsewhere at another origin, where the journal shows whether the token came along",
        &["RS-02"],
    ),
    fault(REDIRECT_AS_IT_IS, "redirects a call (307) to /elsewhere at another origin", &["RS-02"]),
    fault(REDIRECT_FOR_GOOD, "redirects a call (308) to /elsewhere at another origin", &["RS-02"]),
    fault(
        FOREIGN_NEXT,
        "adds to every list page a `next` member, and a header `Link` (RFC 8288), that name /elsewhere at another origin",
        &["RS-02", "GX-11"],
    ),
    fault(HTML_ERROR, "answers 500 with a page of HTML instead of JSON", &["GX-15"]),
    fault(ANSWER_LOST, "carries a write out, but answers 504 as if it had been lost (reads are left alone)", &["RS-06"]),
    fault(USERINFO_OTHER_TENANT, "names another medical centre than the user's in /v2/userinfo", &["GX-01", "GX-02"]),
    fault(
        USERINFO_SHORTER_TENANT,
        "names in /v2/userinfo a medical centre whose number is the beginning of the right one",
        &["GX-01", "GX-02"],
    ),
    fault(USERINFO_LONGER_TENANT, "names in /v2/userinfo a medical centre whose number is the right one and more", &["GX-01", "GX-02"]),
    fault(
        USERINFO_TENANT_WITH_MORE_BEFORE,
        "names in /v2/userinfo a medical centre whose number is the right one with more before it",
        &["GX-01", "GX-02"],
    ),
    fault(USERINFO_TWO_TENANTS, "names another medical centre in /v2/userinfo, and then the user's", &["GX-02"]),
    fault(USERINFO_NO_TENANT, "names no medical centre in /v2/userinfo: an empty list", &["GX-01", "GX-02"]),
];

/// What the busy, broken or misled front of the API answers before it looks at a call's scope.
pub(super) fn at_the_front(shared: &Shared, trace: &Trace, path: &str) -> Option<Response> {
    if trace.fires_once(&shared.faults, UNAUTHORIZED_ONCE) || trace.fires(&shared.faults, UNAUTHORIZED) {
        return Some(refused(trace, ApiError::InvalidToken));
    }
    let fires = |name| trace.fires(&shared.faults, name);
    let busy = "too many requests of this client: wait before the next";
    let seconds = [(RATE_LIMITED, "1"), (RATE_LIMITED_LONGER, "2"), (RATE_LIMITED_LONGEST, "3")];
    let mut limited = seconds.map(|(name, seconds)| (name, seconds.to_owned())).into_iter().chain([(RATE_LIMITED_DATE, soon())]);
    if let Some((_, delay)) = limited.find(|(name, _)| fires(name)) {
        return Some((retry_after(&delay), broken(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", busy)).into_response());
    }
    if fires(RATE_LIMITED_SILENT) {
        return Some(broken(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", busy));
    }
    if fires(SERVER_ERROR) {
        let message = "something went wrong on our side: try again in some seconds";
        return Some(broken(StatusCode::INTERNAL_SERVER_ERROR, "server_error", message));
    }
    if fires(BAD_GATEWAY) {
        return Some(broken(StatusCode::BAD_GATEWAY, "bad_gateway", "a server behind this one did not answer: try again later"));
    }
    if fires(UNAVAILABLE) {
        let message = "the service is being maintained: try again later";
        return Some((retry_after("1"), broken(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", message)).into_response());
    }
    if fires(HTML_ERROR) {
        let page = "<!DOCTYPE html><html><head><title>500</title></head><body><h1>Server Error in '/' Application.</h1></body></html>";
        return Some((StatusCode::INTERNAL_SERVER_ERROR, Html(page)).into_response());
    }
    let redirects = [
        (REDIRECT, StatusCode::FOUND),
        (REDIRECT_AS_IT_IS, StatusCode::TEMPORARY_REDIRECT),
        (REDIRECT_FOR_GOOD, StatusCode::PERMANENT_REDIRECT),
    ];
    let (_, status) = redirects.into_iter().find(|(name, _)| fires(name))?;
    let location = HeaderValue::try_from(elsewhere(&shared.issuer, path).as_str()).ok()?;
    Some((status, [(header::LOCATION, location)]).into_response())
}

/// What the faults of calls that are aimed at the user information put in its place.
pub(crate) fn in_place_of_user_information(shared: &Shared, trace: &Trace, path: &str) -> Option<Response> {
    trace.is_of(Aim::Userinfo);
    if shared.faults.is_any_aimed_at(Aim::Userinfo) { at_the_front(shared, trace, path) } else { None }
}

/// An HTTP-date 2 to 3 seconds ahead, by the machine's clock and not the platform's: the application waits by it.
pub(crate) fn soon() -> String {
    http_date(Timestamp::now() + 3.seconds())
}

fn http_date(at: Timestamp) -> String {
    HttpDate::new().timestamp_to_rfc9110_string(&at).unwrap_or_default()
}

fn broken(status: StatusCode, error: &str, message: &str) -> Response {
    (status, Json(json!({"error": error, "message": message}))).into_response()
}

/// With the date that it is counted from, which the journal keeps: the server adds its own only later.
pub(crate) fn retry_after(delay: &str) -> [(header::HeaderName, String); 2] {
    [(header::RETRY_AFTER, delay.to_owned()), (header::DATE, http_date(Timestamp::now()))]
}

/// What replaces the answer of a write that was carried out.
pub(super) fn in_place_of_answer(shared: &Shared, trace: &Trace, writes: bool) -> Option<Response> {
    let lost = writes && trace.fires(&shared.faults, ANSWER_LOST);
    lost.then(|| broken(StatusCode::GATEWAY_TIMEOUT, "gateway_timeout", "a server behind this one took too long to answer"))
}

/// What replaces an operation of an authorised call.
pub(super) fn in_place_of_operation(shared: &Shared, trace: &Trace, writes: bool) -> Option<ApiError> {
    if trace.fires(&shared.faults, NOT_FOUND) {
        return Some(ApiError::NotFound("resource"));
    }
    if writes && trace.fires(&shared.faults, CONFLICT) {
        return Some(ApiError::Conflict("resource"));
    }
    (writes && trace.fires(&shared.faults, UNPROCESSABLE))
        .then(|| ApiError::business("tenantId", "the medical centre has suspended this service for today: call the reception"))
}

/// A resource's answer with what armed faults add to it.
pub(super) async fn edit(shared: &Shared, trace: &Trace, path: &str, response: Response) -> Response {
    let next = elsewhere(&shared.issuer, path);
    let mut leads_away = false;
    let mut response = rewrite(shared, response, |mut value| {
        leads_away = value.get("hasMore").is_some() && trace.fires(&shared.faults, FOREIGN_NEXT);
        if leads_away {
            value["next"] = json!(next.as_str());
        }
        rename(shared, trace, &mut value);
        if changes(shared, trace) { additive(value) } else { value }
    })
    .await;
    if let Ok(link) = HeaderValue::try_from(format!("<{next}>; rel=\"next\""))
        && leads_away
    {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// Members by which people and things are called.
const NAMES: [&str; 4] = ["firstName", "lastName", "name", "title"];

/// Entries of a list page that are called alike, or are in a state that nobody knows yet.
fn rename(shared: &Shared, trace: &Trace, page: &mut Value) {
    let Some([first, rest @ ..]) = page.get_mut("items").and_then(Value::as_array_mut).map(Vec::as_mut_slice) else { return };
    if let Some(second) = rest.first_mut()
        && trace.fires(&shared.faults, NAMESAKES)
    {
        for name in NAMES.into_iter().filter(|name| first.get(name).is_some()) {
            second[name] = first[name].clone();
        }
    }
    if first.get("status").is_some() && trace.fires(&shared.faults, UNKNOWN_STATUS) {
        first["status"] = json!("awaiting-triage");
    }
}

/// Any other answer of the API with what armed faults add to it.
pub(super) async fn add(shared: &Shared, trace: &Trace, response: Response) -> Response {
    rewrite(shared, response, |value| if changes(shared, trace) { additive(value) } else { value }).await
}

/// C-59: by the fault, or by the settings for good.
fn changes(shared: &Shared, trace: &Trace) -> bool {
    trace.fires(&shared.faults, ADDITIVE) || shared.settings.assumptions.additive_changes
}

/// Other media types than JSON are left alone, and everything where nothing is armed: reading an answer again costs more than making it.
async fn rewrite(shared: &Shared, response: Response, change: impl FnOnce(Value) -> Value) -> Response {
    if !shared.settings.assumptions.additive_changes && !shared.faults.is_any_armed() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let json = parts.headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !json {
        return Response::from_parts(parts, body);
    }
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(value) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(change(value).to_string()))
}

pub(super) fn refused(trace: &Trace, error: ApiError) -> Response {
    trace.note(|facts| facts.refusal = Some(error.to_string()));
    error.into_response()
}

/// Below it stands what nobody may follow or believe.
pub(crate) const ELSEWHERE: &str = "/elsewhere";

/// Another site that this platform's journal sees all the same.
pub(crate) fn elsewhere(issuer: &Url, path: &str) -> Url {
    let mut url = at_foreign_host(issuer);
    url.set_path(&format!("{ELSEWHERE}{path}"));
    url
}

/// Optional fields with an open list of values, and a value that no application knows yet.
const NEW_VALUES: [(&str, &str); 2] = [("contactPreference", "certified-mail"), ("bookingChannel", "voice-assistant")];

/// C-59: what an unannounced, additive change of the API looks like.
fn additive(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut changed = serde_json::Map::new();
            changed
                .insert("dataResidency".to_owned(), json!({"region": "eu-south-1", "labels": ["new", 7, null], "since": {"year": 2031}}));
            for (name, member) in members.into_iter().rev() {
                let new_value = NEW_VALUES.iter().find(|(field, _)| *field == name);
                changed.insert(name, new_value.map_or_else(|| additive(member), |(_, value)| json!(value)));
            }
            changed.insert("schemaRevision".to_owned(), json!(20_310_401));
            changed.insert("badges".to_owned(), json!([{"kind": "beta", "score": 0.5}, "plain", false]));
            Value::Object(changed)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(additive).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_additive_change_keeps_every_field_and_its_value() {
        let before = json!({"items": [{"id": 7, "bookingChannel": "desk", "prices": [1, 2]}], "hasMore": false});
        let after = additive(before.clone());
        assert_eq!(after["items"][0]["id"], 7);
        assert_eq!(after["items"][0]["prices"], before["items"][0]["prices"]);
        assert_eq!(after["hasMore"], false);
        assert_eq!(after["items"][0]["bookingChannel"], "voice-assistant");
        assert!(after["items"][0]["dataResidency"]["since"].is_object());
        let order: Vec<&str> = after.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(order, ["dataResidency", "hasMore", "items", "schemaRevision", "badges"]);
    }

    #[test]
    fn elsewhere_is_never_the_issuers_origin() {
        for issuer in ["http://localhost:4010", "http://127.0.0.1:4010", "https://account.example:4010"] {
            let issuer = Url::parse(issuer).expect("a URL");
            let foreign = elsewhere(&issuer, "/v2/tenants/101/patients");
            assert_ne!(foreign.origin(), issuer.origin());
            assert_eq!(foreign.path(), "/elsewhere/v2/tenants/101/patients");
        }
    }
}
