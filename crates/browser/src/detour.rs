//! Addresses that somebody else answers first: the browser is sent on to another one, or lets the request go as it is.

use serde_json::{Value, json};

use super::Context;
use super::cdp::Connection;
use super::state::Scope;

/// Where a request for an address goes instead; `None` leaves it alone.
type Onward = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

pub(super) struct Detour {
    patterns: Vec<String>,
    onward: Onward,
}

impl Context {
    /// The same, whose windows ask before they load a document at one of these addresses, whatever its query is. Call it before the first
    /// window is opened.
    #[must_use]
    pub fn with_detour(self, addresses: &[String], onward: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let patterns = addresses.iter().map(|address| format!("{}*", address.split(['?', '#']).next().unwrap_or_default())).collect();
        // A second one changes nothing: the first windows would not know of it.
        let _first_counts = self.scope.detour.set(Detour { patterns, onward: Box::new(onward) });
        self
    }
}

/// Tells a window which requests and answers it has to hold back.
pub(super) fn hold_back(connection: &Connection, scope: &Scope, session: &str) {
    let addresses = scope.detour.get().into_iter().flat_map(|detour| &detour.patterns);
    let mut patterns: Vec<Value> =
        addresses.map(|pattern| json!({ "urlPattern": pattern, "resourceType": "Document", "requestStage": "Request" })).collect();
    if scope.record().kept.is_some() {
        patterns.push(json!({ "urlPattern": "http*", "resourceType": "Document", "requestStage": "Response" }));
    }
    if !patterns.is_empty() {
        connection.post(Some(session), "Fetch.enable", json!({ "patterns": patterns }));
    }
}

/// Answers a request that is held back on its way; `false` where an answer is.
pub(super) fn answer(connection: &Connection, scope: &Scope, session: &str, params: &Value) -> bool {
    let Some(detour) = scope.detour.get() else { return false };
    if params.get("responseStatusCode").is_some() || params.get("responseErrorReason").is_some() {
        return false;
    }
    let request = &params["requestId"];
    match (detour.onward)(params["request"]["url"].as_str().unwrap_or_default()) {
        None => connection.post(Some(session), "Fetch.continueRequest", json!({ "requestId": request })),
        Some(location) => {
            let id = format!("{session}/{}", params["networkId"].as_str().unwrap_or_default());
            scope.record().detoured(id);
            let headers = json!([{ "name": "location", "value": location }, { "name": "cache-control", "value": "no-store" }]);
            let wish = json!({ "requestId": request, "responseCode": 303, "responseHeaders": headers });
            connection.post(Some(session), "Fetch.fulfillRequest", wish);
        }
    }
    true
}
