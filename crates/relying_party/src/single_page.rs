//! The bundled application as a single page: a public client whose script, in plain modules, talks to the platform and its API. This
//! server hands out files, and what the script is told.
//!
//! A rule of it that is broken on purpose has a name in [`SINGLE_PAGE_DEFECTS`], and an `if` at its place in the script.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;
use tokio::task::JoinHandle;
use url::Url;

use super::{Listener, RelyingPartyError};

/// A deviation of the single-page application on purpose: its name, the requirements that it breaks, and what it does.
pub struct SinglePageDefect {
    /// How `--defect` names it.
    pub name: &'static str,
    /// The requirements that it breaks.
    pub requirements: &'static [&'static str],
    /// Completes the sentence "the application …".
    pub description: &'static str,
}

const fn defect(name: &'static str, requirements: &'static [&'static str], description: &'static str) -> SinglePageDefect {
    SinglePageDefect { name, requirements, description }
}

/// Every defect of the single-page application.
pub const SINGLE_PAGE_DEFECTS: &[SinglePageDefect] = &[
    defect("keeps-tokens-in-local-storage", &["SE-03"], "keeps its tokens in localStorage"),
    defect("puts-token-into-the-address", &["SE-03"], "puts the access token into the page's address"),
    defect("says-tokens-to-the-console", &["SE-03"], "writes its tokens to the browser's console"),
    defect("keeps-first-refresh-token", &["RT-02"], "goes on using the refresh token of the sign-in after a rotation"),
    defect("takes-any-message", &["PO-01"], "redeems the code of a message, whoever posts it"),
    defect("leaves-code-in-address", &["CB-15"], "leaves code and state in the address of its callback page"),
    defect("follows-any-next", &["RS-02"], "follows the `next` address of a list with its access token, wherever it leads"),
];

/// What the script is told.
#[derive(Clone, Debug)]
pub struct SinglePageConfig {
    /// The platform's issuer.
    pub issuer: Url,
    /// Where the API is.
    pub api: Url,
    /// Its client identifier; it has no secret.
    pub client_id: String,
    /// The scopes that it asks for.
    pub scopes: Vec<String>,
    /// Ids of the medical centres whose users it may serve (C-51).
    pub tenants: Vec<String>,
    /// The rule that it breaks.
    pub defect: Option<&'static str>,
}

/// It stops when it is dropped.
#[derive(Debug)]
pub struct SinglePage {
    server: JoinHandle<()>,
}

impl SinglePage {
    /// Starts it, and answers until it is dropped.
    pub async fn start(listener: Listener, config: SinglePageConfig) -> Result<Self, RelyingPartyError> {
        let address = listener.address;
        let socket = tokio::net::TcpListener::from_std(listener.socket).map_err(|source| RelyingPartyError::Listen { address, source })?;
        let router = router(&config);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(socket, router).await {
                tracing::error!(%error, "the application's server ended");
            }
        });
        Ok(Self { server })
    }
}

impl Drop for SinglePage {
    fn drop(&mut self) {
        self.server.abort();
    }
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

fn router(config: &SinglePageConfig) -> Router {
    let page = include_str!("../templates/single_page/index.html");
    let files = [
        ("/", HTML, page),
        ("/patients", HTML, page),
        ("/agenda", HTML, page),
        ("/callback", HTML, include_str!("../templates/single_page/callback.html")),
        ("/callback.js", SCRIPT, include_str!("../templates/single_page/callback.js")),
        ("/main.js", SCRIPT, include_str!("../templates/single_page/main.js")),
        ("/api.js", SCRIPT, include_str!("../templates/single_page/api.js")),
        ("/oauth.js", SCRIPT, include_str!("../templates/single_page/oauth.js")),
        ("/http.js", SCRIPT, include_str!("../templates/single_page/http.js")),
        ("/config.js", SCRIPT, include_str!("../templates/single_page/config.js")),
    ];
    let bare = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
    let told = json!({
        "issuer": bare(&config.issuer),
        "api": config.api.as_str(),
        "clientId": config.client_id,
        "scopes": config.scopes.join(" "),
        "tenants": config.tenants,
        "defect": config.defect,
    });
    let policy = policy(config);
    let mut router = Router::new();
    for (path, kind, text) in files {
        let policy = policy.clone();
        let answer = async move || served(kind, policy, text.to_owned());
        router = router.route(path, get(answer));
    }
    router.route("/config.json", get(async move || served("application/json", policy, told.to_string())))
}

/// Scripts of this host alone, and calls to the platform and its API alone: a script that got in could send nothing elsewhere.
fn policy(config: &SinglePageConfig) -> String {
    if config.defect == Some("follows-any-next") {
        return "script-src 'self'".to_owned();
    }
    let (issuer, api) = (config.issuer.origin().ascii_serialization(), config.api.origin().ascii_serialization());
    format!(
        "default-src 'none'; script-src 'self'; img-src data:; connect-src 'self' {issuer} {api}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Nothing is cached, and no address leaves the site (CB-15, LO-03).
fn served(kind: &'static str, policy: String, text: String) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, "no-store".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, text)
}
