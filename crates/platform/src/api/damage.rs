//! Faults that damage an answer, or keep it from arriving: what is between the API and a client does the same.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::faults::fault;
use crate::delivery::Delivery;
use crate::{Fault, Shared, Trace};

const DROP_READ: &str = "api-drop-read";
const DROP_BEFORE_WRITE: &str = "api-drop-before-write";
const DROP_AFTER_WRITE: &str = "api-drop-after-write";
const HANG: &str = "api-hang";
const SLOW_BODY: &str = "api-slow-body";
const CUT_BODY: &str = "api-cut-body";
const HTML: &str = "api-html";
const BROKEN_JSON: &str = "api-broken-json";
const EMPTY_BODY: &str = "api-empty-body";
const OTHER_OBJECT: &str = "api-other-object";
const OTHER_LIST: &str = "api-other-list";
const WRONG_CONTENT_TYPE: &str = "api-wrong-content-type";
const SHORT_PAGES: &str = "api-short-pages";

pub(crate) const DAMAGE: &[Fault] = &[
    fault(DROP_READ, "closes the connection on a read without an answer", &["GX-15"]),
    fault(DROP_BEFORE_WRITE, "closes the connection on a write without an answer, before the write is carried out", &["RS-06"]),
    fault(DROP_AFTER_WRITE, "carries a write out, then closes the connection without an answer", &["RS-06"]),
    fault(HANG, "holds the answer to a call back until the client hangs up, and carries nothing out", &["GX-15"]),
    fault(SLOW_BODY, "answers as it would, but sends the body in pieces over two seconds", &["GX-15"]),
    fault(CUT_BODY, "closes the connection when half of the body is sent", &["GX-15"]),
    fault(HTML, "answers 200 with a page of HTML instead of JSON, as a gateway's sign-in page would", &["GX-15"]),
    fault(BROKEN_JSON, "answers with JSON that breaks off in the middle", &["GX-15"]),
    fault(EMPTY_BODY, "answers with the right status and an empty body", &["GX-15"]),
    fault(OTHER_OBJECT, "answers with the right status and a JSON object without members", &["GX-15"]),
    fault(OTHER_LIST, "answers with the right status and an empty JSON list in the place of an object", &["GX-15"]),
    Fault {
        by_hand: Some("a client may refuse JSON by another name, or read it: neither is wrong"),
        ..fault(WRONG_CONTENT_TYPE, "calls the JSON of its answer text/plain", &["GX-15"])
    },
    fault(SHORT_PAGES, "puts at most 7 entries on a list page and says that there are more, whatever the limit", &["GX-08"]),
];

/// What keeps a call from being carried out.
pub(super) fn before(shared: &Shared, trace: &Trace, writes: bool) -> Option<Response> {
    let fires = |name| trace.fires(&shared.faults, name);
    let delivery = match writes {
        _ if fires(HANG) => Delivery::Held,
        true if fires(DROP_BEFORE_WRITE) => Delivery::Dropped,
        false if fires(DROP_READ) => Delivery::Dropped,
        _ => return None,
    };
    // The journal's status; no client sees it.
    let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
    response.extensions_mut().insert(delivery);
    Some(response)
}

/// Most entries of a page of this call.
pub(super) fn page_size(shared: &Shared, trace: &Trace) -> Option<usize> {
    trace.fires(&shared.faults, SHORT_PAGES).then_some(7)
}

/// What becomes of the answer of a call that was carried out.
pub(super) fn after(shared: &Shared, trace: &Trace, writes: bool, mut response: Response) -> Response {
    let fires = |name| trace.fires(&shared.faults, name);
    if writes && fires(DROP_AFTER_WRITE) {
        response.extensions_mut().insert(Delivery::Dropped);
        return response;
    }
    if response.status() == StatusCode::NO_CONTENT {
        return response;
    }
    if fires(HTML) {
        let page = "<!DOCTYPE html><html><head><title>Accesso</title></head><body><h1>Accesso alla rete</h1></body></html>";
        return Html(page).into_response();
    }
    if fires(EMPTY_BODY) {
        return (response.status(), [(header::CONTENT_TYPE, "application/json")]).into_response();
    }
    if let Some((_, body)) = [(OTHER_OBJECT, "{}"), (OTHER_LIST, "[]")].into_iter().find(|(name, _)| fires(name)) {
        return (response.status(), [(header::CONTENT_TYPE, "application/json")], body).into_response();
    }
    if fires(WRONG_CONTENT_TYPE) {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        return response;
    }
    let delivery = [(BROKEN_JSON, Delivery::Halved), (SLOW_BODY, Delivery::Slow), (CUT_BODY, Delivery::CutOff)];
    if let Some((_, delivery)) = delivery.into_iter().find(|(name, _)| fires(name)) {
        response.extensions_mut().insert(delivery);
    }
    response
}
