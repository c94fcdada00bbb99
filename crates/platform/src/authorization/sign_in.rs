use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;

use super::interaction::{bind_session, csrf_of, open_attempt, refuse};
use super::pages::{self, Problem, SignInPage};
use super::parameters::Parameters;
use super::session;
use crate::frame::{Frame, csrf_token};
use crate::{Shared, Trace};

/// Binds the portal's own sign-in form to its browser, where no authorization request does.
const FORM_COOKIE: &str = "gipo_sign_in";

/// What a sign-in is for: an authorization request, or a page of the portal.
enum Purpose {
    Request { id: String, csrf: String, client_id: String, login_hint: Option<String> },
    Portal { return_to: String, csrf: String, new_cookie: Option<String> },
}

/// `GET /sign-in?request=…` or `?return_to=…`.
pub(super) async fn show(State(shared): State<Arc<Shared>>, Extension(trace): Extension<Trace>, uri: Uri, headers: HeaderMap) -> Response {
    let frame = Frame::of(&shared, &headers, &uri);
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let purpose = match purpose(&shared, &headers, &query) {
        Ok(purpose) => purpose,
        Err(problem) => return refuse(frame, &trace, problem),
    };
    if let (Purpose::Portal { return_to, .. }, Some(_)) = (&purpose, &frame.person) {
        return Redirect::to(return_to).into_response();
    }
    form(&shared, &trace, frame, purpose, StatusCode::OK, None)
}

/// `POST /sign-in`.
pub(super) async fn submit(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let frame = Frame::of(&shared, &headers, &uri);
    let sent = Parameters::parse(&body);
    let purpose = match purpose(&shared, &headers, &sent) {
        Ok(purpose) => purpose,
        Err(problem) => return refuse(frame, &trace, problem),
    };
    let csrf = match &purpose {
        Purpose::Request { csrf, .. } | Purpose::Portal { csrf, .. } => csrf,
    };
    if sent.get("csrf") != Some(csrf) {
        return refuse(frame, &trace, Problem::Csrf);
    }
    let (email, password) = (sent.get("email").unwrap_or_default(), sent.get("password").unwrap_or_default());
    let authenticated = shared.accounts().authenticate(email, password).cloned();
    let user = match authenticated {
        Ok(user) => user,
        Err(refusal) => {
            trace.note(|facts| facts.refusal = Some(refusal.to_string()));
            return form(&shared, &trace, frame, purpose, StatusCode::FORBIDDEN, Some(email.to_owned()));
        }
    };
    trace.note(|facts| facts.subject = Some(user.id.0.clone()));
    let portal_session = session::start(&shared, &user);
    let cookie = session::cookie(&shared, session::COOKIE.to_owned(), portal_session.clone()).to_string();
    let location = match purpose {
        Purpose::Request { id, .. } => {
            bind_session(&shared, &id, portal_session);
            format!("/consent?request={id}")
        }
        Purpose::Portal { return_to, .. } => return_to,
    };
    ([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, "no-store".to_owned())], Redirect::to(&location)).into_response()
}

/// `POST /sign-out`: ends the portal session. Grants live on (offline access).
pub(super) async fn sign_out(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Parameters::parse(&body);
    if let Some((_, id)) = session::signed_in(&shared, &headers) {
        if form.get("csrf") != Some(csrf_token(&id).as_str()) {
            return refuse(Frame::of(&shared, &headers, &uri), &trace, Problem::Csrf);
        }
        shared.accounts().sessions.remove(&id);
    }
    let mut removal = session::cookie(&shared, session::COOKIE.to_owned(), String::new());
    removal.make_removal();
    ([(header::SET_COOKIE, removal.to_string())], Redirect::to("/")).into_response()
}

fn purpose(shared: &Shared, headers: &HeaderMap, parameters: &Parameters) -> Result<Purpose, Problem> {
    if let Some(id) = parameters.get("request") {
        let attempt = open_attempt(shared, headers, id)?;
        let (client_id, login_hint) = (attempt.asked.client_id().to_owned(), attempt.asked.login_hint().map(str::to_owned));
        return Ok(Purpose::Request { id: id.to_owned(), csrf: csrf_of(&attempt), client_id, login_hint });
    }
    let known = CookieJar::from_headers(headers).get(FORM_COOKIE).map(|cookie| cookie.value().to_owned());
    let new_cookie = known.is_none().then(|| shared.random.token(24));
    let secret = known.or_else(|| new_cookie.clone()).unwrap_or_default();
    let return_to = parameters.get("return_to").filter(|path| is_own_path(shared, path)).unwrap_or("/");
    Ok(Purpose::Portal { return_to: return_to.to_owned(), csrf: csrf_token(&secret), new_cookie })
}

/// A path of this platform and nothing else: no open redirector (RFC 9700 section 4.11.2).
fn is_own_path(shared: &Shared, path: &str) -> bool {
    let plain = path.starts_with('/') && !path.starts_with("//") && path.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    plain && shared.issuer.join(path).is_ok_and(|url| url.origin() == shared.issuer.origin())
}

fn form(shared: &Shared, trace: &Trace, frame: Frame, purpose: Purpose, status: StatusCode, refused: Option<String>) -> Response {
    let mut page = SignInPage {
        frame,
        application: None,
        request: None,
        return_to: String::new(),
        csrf: String::new(),
        failed: refused.is_some(),
        email: refused.unwrap_or_default(),
    };
    let mut cookie = None;
    match purpose {
        Purpose::Request { id, csrf, client_id, login_hint } => {
            trace.note(|facts| facts.client_id = Some(client_id.clone()));
            page.application = shared.accounts().client(&client_id).map(|registration| registration.request.name.clone());
            if !page.failed {
                page.email = login_hint.unwrap_or_default();
            }
            (page.request, page.csrf) = (Some(id), csrf);
        }
        Purpose::Portal { return_to, csrf, new_cookie } => {
            (page.return_to, page.csrf) = (return_to, csrf);
            cookie = new_cookie.map(|value| (header::SET_COOKIE, session::cookie(shared, FORM_COOKIE.to_owned(), value).to_string()));
        }
    }
    let response = pages::interaction(shared, trace, status, &page);
    (AppendHeaders(cookie), response).into_response()
}
