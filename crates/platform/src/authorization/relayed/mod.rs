//! The endpoints of the authorization server where a target stands behind them: what it answers takes the place of a rule's own answer.

mod front;
mod learning;
mod tokens;
mod user;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::metadata;
use super::parameters::Parameters;
use crate::relay::{Answer, Upstream, UpstreamError, without_answer};
use crate::{EndpointPaths, Shared, Trace};

pub(crate) use front::answered;
pub(crate) use tokens::with_real_token;

pub(crate) fn router(paths: &EndpointPaths) -> Router<Arc<Shared>> {
    Router::new()
        .route(&paths.authorization, get(front::authorize).post(front::authorize))
        .route(&paths.end_session, get(front::end_session).post(front::end_session))
        .route(&paths.device_authorization, post(tokens::ask_for_a_device))
        .route(&paths.introspection, post(tokens::introspect))
}

/// What the script of a page asks for, too.
pub(crate) fn script_router(paths: &EndpointPaths) -> Router<Arc<Shared>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(metadata::metadata))
        .route("/.well-known/oauth-authorization-server", get(metadata::metadata))
        .route(&paths.jwks, get(metadata::jwks))
        .route(&paths.token, post(tokens::token))
        .route(&paths.userinfo, get(user::userinfo).post(user::userinfo))
        .route(&paths.revocation, post(tokens::revoke))
}

/// A request to an endpoint, as it came.
struct Incoming<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    body: Bytes,
}

/// Asks the target at one of its endpoints, and notes why it refuses where it does.
async fn ask(shared: &Shared, trace: &Trace, endpoint: &'static str, request: Incoming<'_>) -> Result<Answer, Response> {
    let answer = match upstream(shared) {
        Ok(upstream) => send(upstream, endpoint, request).await,
        Err(error) => Err(error),
    };
    let answer = answer.map_err(|error| without_answer(trace, &error))?;
    answer.note_refusal(trace);
    Ok(answer)
}

async fn send(upstream: &Upstream, endpoint: &'static str, request: Incoming<'_>) -> Result<Answer, UpstreamError> {
    let mut url = upstream.endpoint(endpoint)?;
    if let Some(query) = request.uri.query() {
        url = with_query(url, query);
    }
    upstream.send(request.method, url, request.headers, request.body).await
}

/// An address with a query that is encoded already behind what it has.
fn with_query(mut url: url::Url, query: &str) -> url::Url {
    let whole = url.query().map_or_else(|| query.to_owned(), |own| format!("{own}&{query}"));
    url.set_query(Some(&whole));
    url
}

fn upstream(shared: &Shared) -> Result<&Upstream, UpstreamError> {
    shared.upstream.as_ref().ok_or(UpstreamError::NotAnnounced("target"))
}

fn query(uri: &Uri) -> Parameters {
    Parameters::parse(uri.query().unwrap_or_default().as_bytes())
}

/// The target's answer as it came, or what stands in its place.
fn passed_on(answer: Result<Answer, Response>) -> Response {
    answer.map_or_else(|instead| instead, IntoResponse::into_response)
}
