//! What a browser asks for: it is sent on to the target's own pages, and comes back from there.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use url::Url;

use super::super::authorize::{AuthorizationRequest, parameters_of};
use super::super::fault::PKCE_REFUSED;
use super::super::parameters::Parameters;
use super::super::response::{self, Outcome};
use super::{upstream, with_query};
use crate::domain::{Endpoint, Exchange};
use crate::oauth::{ErrorCode, ScopeSet};
use crate::relay::{Asked, without_answer};
use crate::{Shared, Trace};

/// The authorization endpoint: the target is asked the same (RFC 6749 section 4.1.1).
pub(super) async fn authorize(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let parameters = parameters_of(&method, &uri, &headers, &body);
    let owned = |name: &str| parameters.single(name).map(str::to_owned);
    let (client_id, redirect_uri, state) = (owned("client_id"), owned("redirect_uri"), owned("state"));
    trace.note(|facts| facts.client_id.clone_from(&client_id));
    let (target, endpoint) = match upstream(&shared).and_then(|target| Ok((target, target.endpoint("authorization_endpoint")?))) {
        Ok(known) => known,
        Err(error) => return without_answer(&trace, &error),
    };
    if let Some(redirect_uri) = redirect_uri {
        let scope = owned("scope").unwrap_or_default();
        if parameters.get("code_challenge").is_some() && trace.fires(&shared.faults, PKCE_REFUSED) {
            return pkce_refused(&shared, client_id, redirect_uri, state);
        }
        target.passed().ask(Asked { client_id, redirect_uri, state, nonce: owned("nonce"), scope });
    }
    let sent = match method {
        Method::POST => String::from_utf8_lossy(&body).into_owned(),
        _ => uri.query().unwrap_or_default().to_owned(),
    };
    to_target(&with_query(endpoint, &with_original_hint(&shared, &parameters, sent)))
}

fn pkce_refused(shared: &Shared, client_id: Option<String>, redirect_uri: String, state: Option<String>) -> Response {
    let request = AuthorizationRequest {
        client_id: client_id.unwrap_or_default(),
        redirect_uri,
        state,
        nonce: None,
        code_challenge: None,
        scopes: ScopeSet::default(),
        login_hint: None,
    };
    let description = "code_challenge is not supported".to_owned();
    response::answer(shared, &request, &Outcome::Refused { code: ErrorCode::InvalidRequest.as_str(), description })
}

/// RP-initiated logout at the target (OpenID Connect RP-Initiated Logout 1.0 section 2).
pub(super) async fn end_session(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let parameters = parameters_of(&method, &uri, &headers, &body);
    let endpoint = match upstream(&shared).and_then(|target| target.endpoint("end_session_endpoint")) {
        Ok(endpoint) => endpoint,
        Err(error) => return without_answer(&trace, &error),
    };
    let sent = match method {
        Method::POST => String::from_utf8_lossy(&body).into_owned(),
        _ => uri.query().unwrap_or_default().to_owned(),
    };
    to_target(&with_query(endpoint, &with_original_hint(&shared, &parameters, sent)))
}

/// The same query with the ID token in it that the target has signed itself: another one it does not know.
fn with_original_hint(shared: &Shared, parameters: &Parameters, sent: String) -> String {
    let hint = parameters.single("id_token_hint");
    let original = hint.and_then(|hint| upstream(shared).ok()?.passed().original(hint));
    let Some(original) = original else { return sent };
    let pairs = url::form_urlencoded::parse(sent.as_bytes()).into_owned();
    let pairs = pairs.map(|(name, value)| if name == "id_token_hint" { (name, original.clone()) } else { (name, value) });
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// 303: whatever the method was, the target is asked by a GET.
fn to_target(url: &Url) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(url.as_str())).into_response()
}

/// Where a browser goes that is on its way to the application with the target's answer: to the same place with the relay's own name, and
/// with what armed faults make of it. `None`: it is no such answer, or not the first one.
pub(crate) fn answered(shared: &Shared, address: &str) -> Option<String> {
    let address = Url::parse(address).ok()?;
    let asked = shared.upstream.as_ref()?.passed().take_answered(&address)?;
    let (at_ms, trace) = (shared.journal.elapsed_ms(), shared.journal.open());
    let onward = response::answer_of_target(shared, &trace, &asked.redirect_uri, &address)?;
    trace.note(|facts| {
        facts.client_id.clone_from(&asked.client_id);
        facts.refusal = address.query_pairs().find(|(name, _)| name == "error").map(|(_, error)| format!("the target refused it: {error}"));
    });
    let notes = trace.take();
    shared.journal.record(Exchange {
        number: trace.number(),
        at_ms,
        duration_ms: shared.journal.elapsed_ms().saturating_sub(at_ms),
        endpoint: Endpoint::Portal,
        method: "GET".to_owned(),
        path: "/answer-of-the-target".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        form: Vec::new(),
        body: None,
        status: StatusCode::SEE_OTHER.as_u16(),
        response_headers: vec![("location".to_owned(), shared.redaction.header("location", onward.as_str()))],
        response: None,
        facts: notes.facts,
        faults: notes.faults,
    });
    Some(onward.into())
}
