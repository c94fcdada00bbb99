use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::config::{OtherPlatform, under};
use super::http::Http;
use super::provider::Provider;
use super::session::{SignedIn, Store, Tokens, User};
use super::{Config, Defect, Habit, RelyingPartyError, background, routes};

/// A bound socket, so that the redirect URI can be registered before the application starts.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: TcpListener,
    pub(super) address: SocketAddr,
}

impl Listener {
    /// Port 0 picks a free one.
    pub fn bind(address: SocketAddr) -> Result<Self, RelyingPartyError> {
        let failed = |source| RelyingPartyError::Listen { address, source };
        let socket = TcpListener::bind(address).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address })
    }

    /// Where its pages are.
    pub fn base_url(&self) -> Url {
        Url::parse(&format!("http://{}/", self.address)).expect("a socket address is a URL's authority")
    }

    /// Where the platform sends the browser back to.
    pub fn redirect_uri(&self) -> Url {
        Url::parse(&under(&self.base_url(), "callback")).expect("a path under a URL is a URL")
    }
}

/// The running application. It stops, and frees its port, when it is dropped.
#[derive(Debug)]
pub struct RelyingParty {
    base_url: Url,
    log: Log,
    stopping: CancellationToken,
    server: Option<JoinHandle<()>>,
    background: JoinHandle<()>,
}

impl RelyingParty {
    /// Starts it, and answers until it is dropped.
    pub async fn start(listener: Listener, config: Config) -> Result<Self, RelyingPartyError> {
        let address = listener.address;
        let socket = tokio::net::TcpListener::from_std(listener.socket).map_err(|source| RelyingPartyError::Listen { address, source })?;
        let base_url = config.base_url.clone();
        let app = App::new(config)?;
        let log = app.log.clone();
        let background = tokio::spawn(background::work(app.clone()));
        let router = routes::router(app);
        let stopping = CancellationToken::new();
        let stopped = stopping.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(socket, router).with_graceful_shutdown(stopped).await {
                tracing::error!(%error, "the application's server ended");
            }
        });
        Ok(Self { base_url, log, stopping, server: Some(server), background })
    }

    /// Where its pages are.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// What it wrote to its log of sign-ins.
    pub fn written(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers what is under way for at most a second, then stops.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(Duration::from_secs(1), &mut server).await.is_err()
        {
            server.abort();
        }
    }
}

impl Drop for RelyingParty {
    fn drop(&mut self) {
        self.stopping.cancel();
        self.background.abort();
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

/// Lines about sign-ins.
type Log = Arc<Mutex<String>>;

/// What all handlers share.
pub(super) struct App {
    pub config: Config,
    pub http: Http,
    pub provider: Provider,
    pub store: Store,
    log: Log,
    /// Lists read by anyone, by resource. Filled only by the defect that shows them to everyone.
    pub shared_lists: super::api::SharedLists,
    /// The same application at the second platform: metadata, keys, client and API of its own; sessions are kept here.
    pub other: Option<Arc<App>>,
    /// The token of whoever signed in first, by tenant. Filled only by the defects that call with it for others.
    pub first_tokens: Mutex<HashMap<String, SecretString>>,
    /// Users by e-mail. Filled only by the defects that know them by it.
    pub users_by_email: Mutex<HashMap<String, User>>,
}

const HAS_SIGNED_IN: &str = " has signed in";

impl App {
    /// Who signed in, for its operators. The defect writes down what they signed in with.
    pub(crate) fn note_sign_in(&self, signed_in: &SignedIn) {
        let given = if self.config.has(Defect::TokensInLog) { signed_in.tokens.written() } else { String::new() };
        self.note(&format!("{}{HAS_SIGNED_IN} {given}", signed_in.user.sub));
    }

    /// Whether the browser never hears of the last sign-in: so does that habit with the second of every three.
    pub(crate) fn loses_the_last_sign_in(&self) -> bool {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        self.config.does(Habit::LosesSignIns) && log.matches(HAS_SIGNED_IN).count() % 3 == 2
    }

    /// What the platform could not answer, for its operators. The defect writes down what was called with.
    pub(crate) fn note_failed_call(&self, address: &str, tokens: &Tokens) {
        let with = if self.config.has(Defect::LogsFailedCalls) { tokens.written() } else { String::new() };
        self.note(&format!("no answer from {address} {with}"));
    }

    fn note(&self, line: &str) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_str(line);
        log.push('\n');
    }

    /// The platform that an attempt or a session belongs to: what it was given goes there and nowhere else (CB-10).
    pub(crate) fn at(&self, other: bool) -> &Self {
        self.other.as_deref().filter(|_| other).unwrap_or(self)
    }

    pub(crate) fn new(config: Config) -> Result<Arc<Self>, RelyingPartyError> {
        let http = Http::new(&config)?;
        let other = config.other.clone().map(|other| {
            let OtherPlatform { issuer, api, client_id, client_secret } = other;
            Self::new(Config { issuer, api, client_id, client_secret, other: None, ..config.clone() })
        });
        let other = other.transpose()?;
        Ok(Arc::new(Self {
            http,
            other,
            provider: Provider::default(),
            store: Store::default(),
            log: Log::default(),
            shared_lists: Default::default(),
            first_tokens: Mutex::default(),
            users_by_email: Mutex::default(),
            config,
        }))
    }
}
