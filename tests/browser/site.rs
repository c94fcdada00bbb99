//! A small application and its provider, on a loopback port.

use axum::Router;
use axum::extract::{Query, RawForm};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::{get, post};
use tokio::sync::Barrier;

const APP: &str = r##"<!doctype html><title>App</title><button id="login" disabled>Sign in</button><p id="user" hidden></p><p id="error"></p>
<script>
  const login = document.querySelector("#login"), user = document.querySelector("#user"), error = document.querySelector("#error");
  setTimeout(() => login.disabled = false, 20);
  login.onclick = () => {
    const popup = open("/authorize?state=secret-state-123456", "login", "popup,width=480,height=600");
    if (!popup) { error.textContent = "blocked"; return; }
    const timer = setInterval(() => { if (popup.closed) { clearInterval(timer); if (user.hidden) error.textContent = "closed"; } }, 20);
  };
  onmessage = event => { if (event.origin === location.origin) { user.textContent = event.data; user.hidden = false; } };
</script>"##;

const SIGN_IN: &str = r##"<!doctype html><title>Sign in</title><form method="post" action="/sign-in">
<input name="email"><input name="password" type="password"><label><input type="checkbox" name="remember" value="yes">Remember</label>
<button id="go">Go</button></form>"##;

const CONSENT: &str =
    r##"<!doctype html><title>Consent</title><form method="post" action="/consent"><button id="allow">Allow</button></form>"##;

const CALLBACK: &str = r##"<!doctype html><title>Done</title><script>opener.postMessage("Ada", location.origin); close();</script>"##;

const SLOW: &str = r##"<!doctype html><title>Slow</title><p id="first">1</p><script>setTimeout(() => location = "/slow2", 100)</script>"##;
const SLOW2: &str = r##"<!doctype html><title>Slow 2</title><div id="box"></div>
<script>setTimeout(() => document.querySelector("#box").innerHTML = "<b id=late>here</b>", 100)</script>"##;

const ACCOUNT: &str = r##"<!doctype html><title>Account</title><p>Our doctors: Ada Ferri</p><p id="hidden" hidden>nobody reads this</p>
<div id="bar"><b class="twice">one</b> <b id="123" class="who" data-testid="account '1'">Guest of  the
house</b> <b class="twice" style="visibility:hidden">nor this</b></div><button id="later">Later</button>
<script>let nothing = 0;
later.onclick = () => setTimeout(() => document.querySelector(".who").textContent = "Signed in: Ada Ferri", 300);</script>"##;

/// What a page builds in a shadow root, and what it keeps in a closed menu.
const COMPONENTS: &str = r##"<!doctype html><title>Components</title><h1>Agenda</h1>
<details><summary>Menu</summary><b id="who">Ada Ferri</b></details><x-list style="display: contents"></x-list><x-list hidden></x-list>
<script>customElements.define("x-list", class extends HTMLElement { connectedCallback() {
  const root = this.attachShadow({ mode: "open" });
  root.innerHTML = "<style>p { color: navy }</style><p>Visit at noon</p><p hidden>unseen</p><a href=/account>next</a>";
  root.append("words alone");
  this.add = () => root.append(Object.assign(document.createElement("p"), { textContent: "Visit at one" }));
} });</script>"##;

const CALLS: &str = r##"<!doctype html><title>Calls</title><p></p>
<script>fetch("/together").then(() => { document.querySelector("p").outerHTML = "<p id=answered>both"; });</script>"##;

#[derive(serde::Deserialize)]
struct Callback {
    code: String,
}

/// Serves on a loopback port until the test's runtime ends.
pub async fn site() -> String {
    let page = |text: &'static str| get(move || async move { Html(text) });
    let both: &Barrier = Box::leak(Box::new(Barrier::new(2)));
    let app = Router::new()
        .route("/", page(APP))
        .route("/authorize", page(SIGN_IN))
        .route("/sign-in", post(sign_in))
        .route("/consent", post(|| async { Redirect::to("/callback?code=secret-code-123456&state=secret-state-123456") }))
        .route(
            "/callback",
            get(|Query(callback): Query<Callback>| async move {
                assert!(!callback.code.is_empty());
                Html(CALLBACK)
            }),
        )
        .route("/account", page(ACCOUNT))
        .route("/components", page(COMPONENTS))
        .route("/calls", page(CALLS))
        // Answers when two have asked.
        .route("/together", get(move || async move { both.wait().await.is_leader().to_string() }))
        .route("/slow", page(SLOW))
        .route("/slow2", page(SLOW2))
        .route("/cookie", get(|| async { ([(header::SET_COOKIE, "sid=hush; HttpOnly; Path=/; SameSite=Lax")], Html("<p>ok</p>")) }))
        .route("/missing", get(|| async { (StatusCode::NOT_FOUND, Html("<p id=m>not here</p>")) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

async fn sign_in(RawForm(form): RawForm) -> impl IntoResponse {
    if form.as_ref() == b"email=ada%40example.org&password=pw&remember=yes" {
        Html(CONSENT).into_response()
    } else {
        StatusCode::BAD_REQUEST.into_response()
    }
}
