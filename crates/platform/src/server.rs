use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::accounts::MALLORY;
use super::authorization::OwnKey;
use super::connections::Connections;
use super::delivery::deliver;
use super::handshakes::Handshakes;
use super::journal::Notes;
use super::listening::{listen, listen_error};
use super::redaction::Redaction;
use super::relay::{RelayTarget, Upstream};
use super::store::{self, DataError, Store};
use super::tls::{self, Certificates, Spoilt};
use super::{EndpointPaths, Journal, Settings, Shared, Switchboard, Trace, api, authorization, cors, lang, portal, workbench};
use crate::domain::{Endpoint, Exchange};

/// Largest request body that is read, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;
/// Largest answer, in bytes: more than any fault gives.
const ANSWER_LIMIT: usize = 8 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    #[error("failed to listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("failed to make or read a certificate: {0}")]
    Certificate(String),
    #[error("{0}")]
    Data(#[from] DataError),
    #[error("{0}")]
    Key(String),
    #[error("failed to stand before the target platform: {0}")]
    Target(String),
    #[error("the public host `{0}` does not make a URL")]
    PublicHost(String),
}

/// One running platform instance. It stops when it is dropped.
#[derive(Debug)]
pub struct Platform {
    shared: Arc<Shared>,
    handle: Handle<SocketAddr>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    connections: Connections,
}

impl Platform {
    pub async fn start(settings: Settings) -> Result<Self, PlatformError> {
        Self::begin(settings, None).await
    }

    /// A relay before another platform: see [`crate::relay`].
    pub async fn relay(settings: Settings, target: RelayTarget) -> Result<Self, PlatformError> {
        let relay = Self::begin(settings, Some(target)).await?;
        // The only one whom a fault may show in somebody's place; the target's own users are met as they come.
        relay.shared.accounts().users.retain(|user| user.email == MALLORY);
        Ok(relay)
    }

    async fn begin(settings: Settings, target: Option<RelayTarget>) -> Result<Self, PlatformError> {
        // Fails only when a provider is installed already: then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (store, found) = match &settings.data {
            Some(path) => Store::open(path).map(|(store, found)| (Some(store), found))?,
            None => (None, None),
        };
        let own_key = own_key(&settings, store.as_ref()).await?;
        let listeners = listen(&settings)?;
        let port = listeners[0].local_addr().map_err(|source| listen_error(&settings, source))?.port();
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let issuer = Url::parse(&format!("{scheme}://{}:{port}", settings.public_host))
            .map_err(|_| PlatformError::PublicHost(settings.public_host.clone()))?;
        let tls = match &settings.tls {
            Some(tls) => Some(Certificates::parse(tls)?),
            None => None,
        };
        let upstream = match target {
            Some(target) => Some(Upstream::meet(target, &issuer).await.map_err(|error| PlatformError::Target(error.to_string()))?),
            None => None,
        };
        let shared = Arc::new(Shared::new(settings, issuer, own_key, store, found, upstream));
        if let Some(tls) = &tls {
            tls.belong_to(&shared);
        }
        let routes = routes(shared.clone()).into_make_service();
        let handle = Handle::new();
        let mut tasks = Vec::new();
        let limits = shared.settings.limits;
        let connections = Connections::limited_to(limits.connections);
        for listener in listeners {
            let (routes, handle) = (routes.clone(), handle.clone());
            let address = listener.local_addr().map_err(|source| listen_error(&shared.settings, source))?;
            let failed = |source| PlatformError::Listen { address, source };
            let mut server = axum_server::from_tcp(listener).map_err(failed)?.handle(handle).first_request_timeout(limits.header_time);
            server.http_builder().http1().header_read_timeout(limits.header_time);
            tasks.push(match &tls {
                Some(tls) => {
                    let config = RustlsConfig::from_config(tls.config(shared.settings.assumptions.tls_minimum));
                    let acceptor = RustlsAcceptor::new(config).acceptor(connections.clone());
                    let server = server.acceptor(Handshakes { acceptor, shared: Arc::downgrade(&shared) });
                    tokio::spawn(async move { report_end(server.serve(routes).await) })
                }
                None => {
                    let server = server.acceptor(connections.clone());
                    tokio::spawn(async move { report_end(server.serve(routes).await) })
                }
            });
        }
        let platform = Self { shared, handle, tasks, connections };
        platform.commit().await?;
        Ok(platform)
    }

    /// Closes every connection, so that each client makes a new one: what acts at the handshake meets them all.
    pub fn close_connections(&self) {
        self.connections.cut_all();
    }

    /// Writes to the data file what was changed without a request. Nothing to do where there is none.
    pub async fn commit(&self) -> Result<(), PlatformError> {
        Ok(store::commit(&self.shared).await?)
    }

    /// Its routes, for requests that need no socket.
    pub fn router(&self) -> Router {
        routes(self.shared.clone())
    }

    /// The issuer's URL; its text form as metadata carries it is [`Shared::issuer_text`].
    pub fn issuer(&self) -> &Url {
        &self.shared.issuer
    }

    /// Base of the API's `/v2/…` paths.
    pub fn api(&self) -> &Url {
        &self.shared.issuer
    }

    /// An address of Mallory's: another site than the platform's and its applications', seen by the same journal.
    pub fn elsewhere(&self, path: &str) -> Url {
        api::elsewhere(self.issuer(), path)
    }

    /// Whether it stands before another platform.
    pub fn is_relay(&self) -> bool {
        self.shared.upstream.is_some()
    }

    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    pub fn faults(&self) -> &Switchboard {
        &self.shared.faults
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.handle.shutdown();
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn report_end(end: std::io::Result<()>) {
    if let Err(error) = end {
        tracing::error!("the platform's listener ended: {error}");
    }
}

/// The key of a platform's own, where it has one: kept in the data file, or made. Other platforms of the process share one.
async fn own_key(settings: &Settings, store: Option<&Store>) -> Result<Option<OwnKey>, PlatformError> {
    let algorithm = settings.assumptions.signing_algorithm;
    let failed = |error: authorization::KeyError| PlatformError::Key(error.to_string());
    let name = format!("key {}", algorithm.name());
    if let Some(store) = store {
        if let Some(kept) = store.value(&name)? {
            return Ok(Some(OwnKey::parse(algorithm, &SecretString::from(kept)).map_err(failed)?));
        }
        let (key, kept) = OwnKey::make(algorithm).await.map_err(failed)?;
        store.set_value(&name, kept.expose_secret())?;
        return Ok(Some(key));
    }
    if settings.own_key {
        return Ok(Some(OwnKey::make(algorithm).await.map_err(failed)?.0));
    }
    authorization::prepare_keys(algorithm);
    Ok(None)
}

fn routes(shared: Arc<Shared>) -> Router {
    let (own, of_scripts) = own_routes(&shared);
    let of_scripts =
        if shared.settings.assumptions.cors { of_scripts.layer(cors::of_registered_applications(&shared)) } else { of_scripts };
    let routes = Router::new()
        .merge(own)
        .merge(of_scripts)
        .merge(api::elsewhere_router().layer(cors::of_anybody()))
        .merge(workbench::router(&shared))
        .layer(from_fn(lang::remember));
    // Inside of the journal: an exchange is recorded when its answer may be sent.
    let routes = match shared.store {
        Some(_) => routes.layer(from_fn_with_state(shared.clone(), store::commit_before_answer)),
        None => routes,
    };
    // A connection that was open before the fault was armed ends with its next answer.
    let routes = match shared.settings.tls {
        Some(_) => routes.layer(from_fn_with_state(shared.clone(), tls::end_connection)),
        None => routes,
    };
    routes.layer(from_fn_with_state(shared.clone(), record)).with_state(shared)
}

/// What answers people's browsers, and what the scripts of pages may ask as well.
fn own_routes(shared: &Arc<Shared>) -> (Router<Arc<Shared>>, Router<Arc<Shared>>) {
    let paths = &shared.settings.paths;
    match shared.upstream {
        Some(_) => (authorization::relayed_router(paths), authorization::relayed_script_router(paths).merge(api::relayed_router())),
        None => (authorization::router(paths).merge(portal::router()), authorization::script_router(paths).merge(api::router())),
    }
}

/// Records every exchange in the journal, and lends handlers the exchange's `Trace`.
async fn record(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let at_ms = shared.journal.elapsed_ms();
    let trace = shared.journal.open();
    if let Some(Spoilt(Some(fault))) = request.extensions().get() {
        trace.spoilt_by(fault);
    }
    if !shared.journal.records() || workbench::is_own_path(request.uri().path()) {
        return unrecorded(request, next, trace).await;
    }
    let (mut parts, body) = request.into_parts();
    let too_long = || unreadable(StatusCode::PAYLOAD_TOO_LARGE, "the request's body is too long, or was cut off");
    // Told beforehand: nothing of it need be read.
    if body.size_hint().lower() > BODY_LIMIT as u64 {
        return too_long();
    }
    let body = match tokio::time::timeout(shared.settings.limits.body_time, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return too_long(),
        Err(_) => return unreadable(StatusCode::REQUEST_TIMEOUT, "the request's body took too long"),
    };
    parts.extensions.insert(trace.clone());
    let (method, uri, headers) = (parts.method.to_string(), parts.uri.clone(), parts.headers.clone());
    let mut open = Open { shared, trace, at_ms, method, uri, headers, sent: body.clone(), answered: false };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let Ok(answer) = to_bytes(body, ANSWER_LIMIT).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let notes = open.trace.take();
    open.answered = true;
    open.record(notes, parts.status.as_u16(), &parts.headers, &answer);
    deliver(Response::from_parts(parts, Body::empty()), answer).await
}

/// An exchange that is being answered. Where the client hangs up on a fault, it is recorded all the same.
struct Open {
    shared: Arc<Shared>,
    trace: Trace,
    at_ms: u64,
    method: String,
    uri: Uri,
    headers: HeaderMap,
    sent: Bytes,
    answered: bool,
}

impl Open {
    fn record(&self, notes: Notes, status: u16, response_headers: &HeaderMap, answer: &Bytes) {
        let Self { shared, trace, at_ms, method, uri, headers, sent, .. } = self;
        let redaction = &shared.redaction;
        let endpoint = if cors::is_preflight(method, headers) { Endpoint::Preflight } else { endpoint(&shared.settings.paths, uri.path()) };
        let personal = matches!(endpoint, Endpoint::Api | Endpoint::Userinfo);
        let json = |headers: &HeaderMap, body: &Bytes| -> Option<Value> {
            let value = media_type(headers).contains("json").then(|| serde_json::from_slice(body).ok()).flatten()?;
            Some(redaction.json(&value, personal))
        };
        let form = media_type(headers) == "application/x-www-form-urlencoded";
        shared.journal.record(Exchange {
            number: trace.number(),
            at_ms: *at_ms,
            duration_ms: shared.journal.elapsed_ms().saturating_sub(*at_ms),
            endpoint,
            method: method.clone(),
            path: uri.path().to_owned(),
            query: redaction.pairs(uri.query().unwrap_or_default().as_bytes()),
            headers: header_pairs(redaction, headers),
            form: if form { redaction.pairs(sent) } else { Vec::new() },
            body: json(headers, sent),
            status,
            response_headers: header_pairs(redaction, response_headers),
            response: json(response_headers, answer),
            facts: notes.facts,
            faults: notes.faults,
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.answered {
            return;
        }
        let notes = self.trace.take();
        if !notes.faults.is_empty() {
            self.record(notes, Exchange::UNANSWERED, &HeaderMap::new(), &Bytes::new());
        }
    }
}

/// The shape of errors of the token endpoint and of the API in one.
fn unreadable(status: StatusCode, text: &str) -> Response {
    let body = serde_json::json!({"error": "invalid_request", "error_description": text, "message": text});
    (status, [(header::CONNECTION, "close")], axum::Json(body)).into_response()
}

/// Lends handlers a trace that nobody reads.
async fn unrecorded(mut request: Request, next: Next, trace: Trace) -> Response {
    request.extensions_mut().insert(trace);
    next.run(request).await
}

pub(super) fn endpoint(paths: &EndpointPaths, path: &str) -> Endpoint {
    if let Some(endpoint) = paths.endpoint(path) {
        return endpoint;
    }
    match path {
        "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server" => Endpoint::Discovery,
        "/favicon.ico" => Endpoint::Other,
        path if path.starts_with("/v2/") => Endpoint::Api,
        path if ["/assets/", "/elsewhere/", "/swagger/"].iter().any(|base| path.starts_with(base)) => Endpoint::Other,
        _ => Endpoint::Portal,
    }
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn header_pairs(redaction: &Redaction, headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), redaction.header(name.as_str(), &String::from_utf8_lossy(value.as_bytes()))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_exchange_is_recorded_and_a_port_in_use_is_named() {
        let platform = Platform::start(Settings::default()).await.expect("a free port");
        let mark = platform.journal().mark();
        let url = platform.issuer().join("/nowhere?code=abc&state=s").expect("a path");
        let status = reqwest::get(url).await.expect("an answer").status();
        assert_eq!(status, 404);
        let seen = platform.journal().since(mark);
        assert_eq!((seen[0].number, seen[0].status, seen[0].query_value("code")), (1, 404, Some("[code-1]")));

        let port = platform.issuer().port().expect("an explicit port");
        let error = Platform::start(Settings { port, ..Settings::default() }).await.expect_err("the port is taken");
        assert!(error.to_string().starts_with(&format!("failed to listen on 127.0.0.1:{port}: ")), "{error}");
    }
}
