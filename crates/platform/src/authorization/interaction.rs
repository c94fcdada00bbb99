use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;

use super::authorize::AuthorizationRequest;
use super::devices::shown_user_code;
use super::pages::{self, ConsentPage, Problem};
use super::parameters::Parameters;
use super::response::{self, Outcome};
use super::session;
use super::store::Code;
use super::verification;
use crate::accounts::{Session, User};
use crate::frame::{Frame, csrf_token};
use crate::oauth::{ErrorCode, ScopeSet, giponext};
use crate::{Shared, Trace};

/// How long a person may take for sign-in and consent, in seconds.
const ATTEMPT_LIFETIME: i64 = 15 * 60;

/// What a user is asked for.
#[derive(Clone)]
pub(super) enum Asked {
    /// By an application in the browser: the answer goes to its redirect URI.
    Redirect(AuthorizationRequest),
    /// By a device, whose user code the user typed (RFC 8628 section 3.3).
    Device(DeviceRequest),
}

#[derive(Clone)]
pub(super) struct DeviceRequest {
    pub device_code: String,
    pub user_code: String,
    pub client_id: String,
    pub scopes: ScopeSet,
}

impl Asked {
    pub(super) fn client_id(&self) -> &str {
        match self {
            Self::Redirect(request) => &request.client_id,
            Self::Device(device) => &device.client_id,
        }
    }

    pub(super) fn scopes(&self) -> &ScopeSet {
        match self {
            Self::Redirect(request) => &request.scopes,
            Self::Device(device) => &device.scopes,
        }
    }

    pub(super) fn nonce(&self) -> Option<&str> {
        match self {
            Self::Redirect(request) => request.nonce.as_deref(),
            Self::Device(_) => None,
        }
    }

    pub(super) fn login_hint(&self) -> Option<&str> {
        match self {
            Self::Redirect(request) => request.login_hint.as_deref(),
            Self::Device(_) => None,
        }
    }

    /// As the device shows it.
    pub(super) fn user_code(&self) -> Option<String> {
        match self {
            Self::Redirect(_) => None,
            Self::Device(device) => Some(shown_user_code(&device.user_code)),
        }
    }
}

/// A request that waits for its user.
#[derive(Clone)]
pub(super) struct Attempt {
    pub asked: Asked,
    /// Value of the cookie that binds it to the browser that started it.
    browser: String,
    /// The portal session whose user answers it. None: sign-in comes first. Kept here and not read from the session
    /// cookie, so that another user's sign-in in a second window does not answer for the first.
    session: Option<String>,
    pub expires_at: i64,
}

impl Attempt {
    pub(super) fn new(asked: Asked, browser: String, session: Option<String>, now: i64) -> Self {
        Self { asked, browser, session, expires_at: now + ATTEMPT_LIFETIME }
    }
}

/// Name of the cookie that binds an authorization request to its browser. One for each: parallel windows do not disturb
/// one another.
pub(super) fn cookie_name(attempt: &str) -> String {
    format!("gipo_request_{attempt}")
}

/// The attempt with this id, where this browser started it and it is still open. The bindings are compared before anything
/// is shown of it.
pub(super) fn open_attempt(shared: &Shared, headers: &HeaderMap, id: &str) -> Result<Attempt, Problem> {
    let attempt = shared.authorizations().attempts.get(id).cloned().ok_or(Problem::RequestOver)?;
    if attempt.expires_at <= shared.clock.now_seconds() {
        shared.authorizations().attempts.remove(id);
        return Err(Problem::RequestOver);
    }
    let bound = CookieJar::from_headers(headers).get(&cookie_name(id)).is_some_and(|cookie| cookie.value() == attempt.browser);
    if bound { Ok(attempt) } else { Err(Problem::OtherBrowser) }
}

/// The value that protects an attempt's forms against foreign posts.
pub(super) fn csrf_of(attempt: &Attempt) -> String {
    csrf_token(&attempt.browser)
}

/// Lets the user who has just signed in answer the attempt.
pub(super) fn bind_session(shared: &Shared, id: &str, session: String) {
    if let Some(attempt) = shared.authorizations().attempts.get_mut(id) {
        attempt.session = Some(session);
    }
}

/// `GET /consent?request=…` (C-34).
pub(super) async fn show_consent(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let frame = Frame::of(&shared, &headers, &uri);
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let id = query.get("request").unwrap_or_default();
    let attempt = match open_attempt(&shared, &headers, id) {
        Ok(attempt) => attempt,
        Err(problem) => return refuse(frame, &trace, problem),
    };
    let Some((user, _)) = user_of(&shared, &attempt) else {
        return Redirect::to(&format!("/sign-in?request={id}")).into_response();
    };
    note(&trace, &attempt, &user);
    let application = match shared.accounts().client(attempt.asked.client_id()) {
        Some(registration) => registration.request.clone(),
        None => return refuse(frame, &trace, Problem::UnknownClient(attempt.asked.client_id().to_owned())),
    };
    let page = ConsentPage::new(frame, id.to_owned(), csrf_of(&attempt), &application, &user, &attempt.asked);
    pages::interaction(&shared, &trace, StatusCode::OK, &page)
}

/// `POST /consent`: Allow or Cancel.
pub(super) async fn decide(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let frame = Frame::of(&shared, &headers, &uri);
    let form = Parameters::parse(&body);
    let id = form.get("request").unwrap_or_default();
    let attempt = match open_attempt(&shared, &headers, id) {
        Ok(attempt) if form.get("csrf") == Some(csrf_of(&attempt).as_str()) => attempt,
        Ok(_) => return refuse(frame, &trace, Problem::Csrf),
        Err(problem) => return refuse(frame, &trace, problem),
    };
    let Some((user, portal_session)) = user_of(&shared, &attempt) else {
        return Redirect::to(&format!("/sign-in?request={id}")).into_response();
    };
    note(&trace, &attempt, &user);
    let allowed = match form.get("decision") {
        Some("allow") => true,
        Some("cancel") => false,
        _ => return refuse(frame, &trace, Problem::Decision),
    };
    // One decision for each request: a second click finds it gone.
    if shared.authorizations().attempts.remove(id).is_none() {
        return refuse(frame, &trace, Problem::RequestOver);
    }
    let ticked: ScopeSet = form.all("scope").collect();
    let granted = Some(granted_scopes(attempt.asked.scopes(), &ticked)).filter(|granted| allowed && !granted.is_empty());
    let refusal = if allowed { "the user granted nothing" } else { "the user refused the request" };
    trace.note(|facts| match &granted {
        Some(granted) => facts.scopes = Some(granted.to_vec()),
        None => facts.refusal = Some(refusal.to_owned()),
    });
    let mut response = match &attempt.asked {
        Asked::Redirect(request) => {
            let outcome = match granted {
                Some(granted) => Outcome::Granted { code: issue_code(&shared, request, &user, &portal_session, granted) },
                None => Outcome::Refused { code: ErrorCode::AccessDenied.as_str(), description: refusal.to_owned() },
            };
            response::answer_decision(&shared, &trace, request, &outcome)
        }
        Asked::Device(device) => verification::answer_decision(&shared, &trace, frame, device, (&user, &portal_session), granted),
    };
    let mut spent = session::cookie(&shared, cookie_name(id), String::new());
    spent.make_removal();
    if let Ok(value) = spent.to_string().parse() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// What was asked for and ticked. `openid` has no checkbox: it only says who the user is, and without it the sign-in would
/// be none.
pub(super) fn granted_scopes(requested: &ScopeSet, ticked: &ScopeSet) -> ScopeSet {
    requested.iter().filter(|scope| *scope == giponext::OPENID || ticked.contains(scope)).collect()
}

/// Issues a code (C-43).
pub(crate) fn issue_code(shared: &Shared, request: &AuthorizationRequest, user: &User, session: &Session, scopes: ScopeSet) -> String {
    let value = shared.random.token(32);
    let lifetime = i64::try_from(shared.settings.assumptions.code_lifetime_seconds).unwrap_or(i64::MAX);
    let code = Code {
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        scopes,
        subject: user.id.clone(),
        sid: session.sid.clone(),
        auth_time: session.signed_in_at.as_second(),
        expires_at: shared.clock.now_seconds().saturating_add(lifetime),
        grant: None,
    };
    shared.authorizations().add_code(value.clone(), code);
    value
}

/// The active user of the attempt's session, and that session.
fn user_of(shared: &Shared, attempt: &Attempt) -> Option<(User, Session)> {
    let accounts = shared.accounts();
    let session = accounts.sessions.get(attempt.session.as_ref()?)?.clone();
    let user = accounts.user(&session.user).filter(|user| user.active)?.clone();
    Some((user, session))
}

fn note(trace: &Trace, attempt: &Attempt, user: &User) {
    trace.note(|facts| {
        facts.client_id = Some(attempt.asked.client_id().to_owned());
        facts.subject = Some(user.id.0.clone());
    });
}

pub(super) fn refuse(frame: Frame, trace: &Trace, problem: Problem) -> Response {
    trace.note(|facts| facts.refusal = Some(problem.to_string()));
    let status = match problem {
        Problem::Csrf | Problem::OtherBrowser => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    };
    pages::problem(frame, status, problem)
}
