//! Sign-in and consent pages of another platform, put before a mock: it is reached at its own name and port, and at another loopback address.
//! Browsers are led here by `[hosts]`; what is not a page for people is passed on as it comes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use regex::Regex;

/// Where browsers find it.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// The one-time code of everybody.
pub const CODE: &str = "314159";

/// Whether people are asked for their consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asks {
    /// At every sign-in.
    #[default]
    Always,
    /// Until somebody has granted it.
    Once,
    Never,
}

/// What the pages ask for beside name and password, which are on two pages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pages {
    /// "Stay signed in?", by a button that a script draws.
    pub stay: bool,
    /// New terms, with a box to tick.
    pub terms: bool,
    /// A one-time code.
    pub code: bool,
    pub consent: Asks,
}

pub struct Front {
    seen: Arc<Seen>,
    server: tokio::runtime::Runtime,
}

struct Seen {
    pages: Pages,
    mock: String,
    http: reqwest::Client,
    granted: AtomicBool,
    /// Method, address, and what said at the token endpoint who the client is.
    requests: Mutex<Vec<(String, String)>>,
}

impl Front {
    /// Before the mock at this port.
    pub fn start(port: u16, pages: Pages) -> Self {
        // Another test of this process may have done so.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let (granted, requests) = Default::default();
        let seen = Arc::new(Seen { pages, mock: format!("http://127.0.0.1:{port}"), http, granted, requests });
        let routes = Router::new()
            .route("/front/name", post(password_page))
            .route("/front/{page}", get(asks).post(takes))
            .fallback(pass_on)
            .with_state(Arc::clone(&seen));
        let listener = server.block_on(tokio::net::TcpListener::bind(SocketAddr::from((ADDRESS, port)))).expect("the port is free there");
        server.spawn(async move { axum::serve(listener, routes).await });
        Self { seen, server }
    }

    /// Requests whose path ends so, with their query or how the client said who it is.
    pub fn requests(&self, path: &str) -> Vec<String> {
        let _running = &self.server;
        let requests = self.seen.requests.lock().expect("nobody panicked");
        requests.iter().filter(|(asked, _)| asked.ends_with(path)).map(|(_, told)| told.clone()).collect()
    }
}

type Fields = std::collections::BTreeMap<String, String>;

fn page(body: &str) -> Response {
    Html(format!("<!doctype html><title>Another platform</title>{body}")).into_response()
}

fn hidden(fields: &[(String, String)]) -> String {
    fields.iter().map(|(name, value)| format!("<input type=hidden name=\"{name}\" value=\"{value}\">")).collect()
}

/// The hidden fields of one of the mock's forms.
fn hidden_fields(html: &str) -> Vec<(String, String)> {
    static FIELD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"<input type="hidden" name="([a-z_]+)" value="([^"]*)">"#).expect("well formed"));
    // The page has a form of its own at its top.
    let html = html.find("<form id=").map_or(html, |form| &html[form..]);
    FIELD.captures_iter(html).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

fn name_page(html: &str) -> Response {
    let fields = hidden(&hidden_fields(html));
    page(&format!("<form method=post action=/front/name>{fields}<input id=username name=email><button id=next>Next</button></form>"))
}

async fn password_page(Form(fields): Form<Fields>) -> Response {
    let fields: Vec<_> = fields.into_iter().collect();
    page(&format!(
        "<form method=post action=/sign-in>{}<input id=pass type=password name=password><button id=enter>Enter</button></form>",
        hidden(&fields)
    ))
}

/// Where a sign-in goes on to after this page: the next one that there is.
fn after(pages: Pages, done: Option<&str>, to: &str) -> String {
    let all = [("stay", pages.stay), ("terms", pages.terms), ("code", pages.code)];
    let mut asked =
        all.into_iter().filter(|(_, is_asked)| *is_asked).map(|(name, _)| name).skip_while(|name| done.is_some_and(|done| done != *name));
    match asked.nth(usize::from(done.is_some())) {
        Some(next) => format!("/front/{next}?to={}", url::form_urlencoded::byte_serialize(to.as_bytes()).collect::<String>()),
        None => to.to_owned(),
    }
}

async fn asks(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    let body = match name.as_str() {
        // It is there only after its script has asked for something.
        "stay" => {
            "<form method=post></form><script>fetch('/front/words').then(answer => answer.text()).then(text => { \
             document.forms[0].innerHTML = '<button id=yes>' + text + '</button>'; })</script>"
        }
        "words" => return "Stay signed in".into_response(),
        "terms" => "<form method=post><input type=checkbox id=agree required><button id=agree-go>Go on</button></form>",
        _ => "<form method=post><input id=otp name=code><button id=otp-go>Go on</button></form>",
    };
    page(body)
}

async fn takes(
    State(seen): State<Arc<Seen>>,
    axum::extract::Path(name): axum::extract::Path<String>,
    Query(query): Query<Fields>,
    Form(fields): Form<Fields>,
) -> Response {
    if name == "code" && fields.get("code").map(String::as_str) != Some(CODE) {
        return asks(axum::extract::Path(name)).await;
    }
    Redirect::to(&after(seen.pages, Some(&name), &query["to"])).into_response()
}

async fn pass_on(State(seen): State<Arc<Seen>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a small body");
    let path = parts.uri.path().to_owned();
    let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form = String::from_utf8_lossy(&body);
    let told = match parts.method.as_str() {
        "GET" => parts.uri.query().unwrap_or_default().to_owned(),
        _ if authorization.starts_with("Basic ") => "basic".to_owned(),
        _ if form.contains("client_secret=") => "post".to_owned(),
        _ => "nobody".to_owned(),
    };
    seen.requests.lock().expect("nobody panicked").push((path.clone(), told));
    let decided = path == "/consent" && form.contains("decision=allow");
    let (status, headers, text) = seen.ask(parts.method, &parts.uri.to_string(), parts.headers.clone(), body).await;
    if decided {
        seen.granted.store(true, Ordering::Relaxed);
    }
    let html = String::from_utf8_lossy(&text);
    if html.contains("<form id=\"sign-in\"") {
        return name_page(&html);
    }
    if html.contains("<form id=\"consent\"") {
        let silent = seen.pages.consent == Asks::Never || (seen.pages.consent == Asks::Once && seen.granted.load(Ordering::Relaxed));
        return if silent { seen.consent(parts.headers, &html).await } else { renamed(headers, &html) };
    }
    let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut response = (status, headers, text).into_response();
    if path == "/sign-in" && location.starts_with("/consent") {
        let to = after(seen.pages, None, &location);
        response.headers_mut().insert(header::LOCATION, to.parse().expect("an address"));
    }
    response
}

/// The consent page under other names.
fn renamed(headers: HeaderMap, html: &str) -> Response {
    let html =
        html.replace("id=\"consent\"", "id=\"grants\"").replace("id=\"allow\"", "id=\"agree-all\"").replace("id=\"cancel\"", "id=\"no\"");
    (headers, html).into_response()
}

impl Seen {
    async fn ask(&self, method: http::Method, uri: &str, mut headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap, Bytes) {
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::ACCEPT_ENCODING);
        let request = self.http.request(method, format!("{}{uri}", self.mock)).headers(headers).body(body);
        let answer = request.send().await.expect("the mock answers");
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::TRANSFER_ENCODING);
        (status, headers, answer.bytes().await.expect("a body"))
    }

    /// Grants everything without a page.
    async fn consent(&self, mut headers: HeaderMap, html: &str) -> Response {
        static SCOPE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"name="scope" value="([^"]+)""#).expect("well formed"));
        let mut form = hidden_fields(html);
        form.extend(SCOPE.captures_iter(html).map(|found| ("scope".to_owned(), found[1].to_owned())));
        form.push(("decision".to_owned(), "allow".to_owned()));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().expect("a type"));
        let (status, headers, text) = self.ask(http::Method::POST, "/consent", headers, body.into()).await;
        (status, headers, text).into_response()
    }
}
