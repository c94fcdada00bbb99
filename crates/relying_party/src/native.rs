//! Sign-in of a program through the person's own browser, which comes back to a port of this machine (RFC 8252).

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, REFERRER_POLICY};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use super::app::{App, Listener};
use super::callback::{AuthorizationResponse, attempt_of, code_of};
use super::login::{authorization_request, begin};
use super::program::Say;
use super::session::{Attempt, Data, Session, SignedIn, random};
use super::sign_in::SignInError;
use super::{Config, Defect, RelyingPartyError, Window};

/// A person who takes longer begins anew.
const PATIENCE: Duration = Duration::from_secs(600);
/// What is under way when the port closes is answered within this time.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// How long the defect goes on listening.
const LINGER: Duration = Duration::from_secs(20);

type Outcome = Result<SignedIn, SignInError>;
/// The attempt that a response answers, and its code.
type Answer = Result<(Attempt, String), SignInError>;

/// What the one page of the program needs.
struct Waiting {
    app: Arc<App>,
    session: Arc<Session>,
    answers: mpsc::Sender<Answer>,
}

/// The port is open from here until the response has come, and on the loopback interface only (NA-01).
pub(super) async fn sign_in(mut config: Config, say: Say<'_>) -> Result<(Arc<App>, Outcome), RelyingPartyError> {
    let everywhere = config.has(Defect::ListensEverywhere);
    let listener = Listener::bind(SocketAddr::from((if everywhere { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST }, 0)))?;
    let host = if config.has(Defect::RedirectsToLocalhost) { "localhost" } else { "127.0.0.1" };
    config.base_url = Url::parse(&format!("http://{host}:{}/", listener.address.port())).expect("host and port make a URL");
    let address = listener.address;
    let socket = tokio::net::TcpListener::from_std(listener.socket).map_err(|source| RelyingPartyError::Listen { address, source })?;
    let app = App::new(config)?;
    let session = Session::new(random(), Data::default());
    let request = match authorization_request(&app, &session, begin(&app.config, Window::Same)).await {
        Ok(request) => request,
        Err(error) => return Ok((app, Err(error))),
    };
    say(&format!("To sign in, open this address in your browser:\n{request}"));

    let (answers, mut answered) = mpsc::channel(1);
    let (close, closing) = oneshot::channel::<()>();
    let waiting = Arc::new(Waiting { app: app.clone(), session, answers });
    let router = Router::new().route("/callback", get(callback)).with_state(waiting);
    let mut server = tokio::spawn(async move {
        // The sender is gone when the program gives up.
        let closed = async { drop(closing.await) };
        axum::serve(socket, router).with_graceful_shutdown(closed).await
    });
    let answer = tokio::time::timeout(PATIENCE, answered.recv()).await;
    let keeps_listening = app.config.has(Defect::KeepsListening);
    if !keeps_listening {
        drop(close);
        if tokio::time::timeout(LAST_ANSWERS, &mut server).await.is_err() {
            server.abort();
        }
    } else {
        tokio::spawn(async move {
            let _open = close;
            server.await
        });
    }
    let outcome = match answer {
        Ok(Some(Ok((attempt, code)))) => app.sign_in(&attempt, &code).await,
        Ok(Some(Err(error))) => Err(error),
        Ok(None) | Err(_) => Err(SignInError::Response("none came in time")),
    };
    Ok((app, outcome))
}

/// The defect's end: the port stays open for a while.
pub(super) async fn linger(app: &App) {
    if app.config.has(Defect::KeepsListening) {
        let _ = tokio::time::timeout(LINGER, std::future::pending::<()>()).await;
    }
}

/// Receives the authorization response; the first one counts.
async fn callback(State(waiting): State<Arc<Waiting>>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let response = AuthorizationResponse::parse(query.as_deref().unwrap_or_default());
    let answer = match attempt_of(&waiting.app, &waiting.session, &response) {
        Ok(attempt) => {
            let code = code_of(&waiting.app, &attempt, &response).await.map(str::to_owned);
            code.map(|code| (attempt, code))
        }
        Err(error) => Err(error),
    };
    let text = if answer.is_ok() { "Go back to the program: it is signing you in." } else { "The sign-in failed: go back to the program." };
    // An answer is there already.
    let _ = waiting.answers.try_send(answer);
    let page = format!("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Portale Referti</title><p>{text}</p></html>");
    ([(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")], Html(page))
}
