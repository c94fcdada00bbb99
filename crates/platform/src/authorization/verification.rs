use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::device::VERIFICATION_PATH;
use super::devices::{Approval, parse_user_code, shown_user_code};
use super::interaction::{self, Asked, Attempt, DeviceRequest, refuse};
use super::pages::{self, Problem};
use super::parameters::Parameters;
use super::session;
use crate::accounts::{Session, User};
use crate::frame::Frame;
use crate::oauth::ScopeSet;
use crate::{Shared, Trace};

/// Where the user types the code that the device shows (RFC 8628 section 3.3).
#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    frame: Frame,
    user_code: String,
    /// Came with the address: the user compares it with the device's (RFC 8628 section 3.3.1).
    prefilled: bool,
    refused: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "device_done.html")]
struct DeviceDonePage {
    frame: Frame,
    application: String,
    allowed: bool,
}

/// `GET /device`, with the user code already in it where the user followed `verification_uri_complete`. Whoever types codes
/// has signed in: wrong ones are counted for each user.
pub(super) async fn show(State(shared): State<Arc<Shared>>, Extension(trace): Extension<Trace>, uri: Uri, headers: HeaderMap) -> Response {
    let frame = Frame::of(&shared, &headers, &uri);
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let user_code = parse_user_code(query.get("user_code").unwrap_or_default());
    let Some((user, _)) = session::signed_in(&shared, &headers) else {
        return to_sign_in(&user_code);
    };
    trace.note(|facts| facts.subject = Some(user.id.0.clone()));
    let page = DevicePage { frame, prefilled: !user_code.is_empty(), user_code: shown_user_code(&user_code), refused: None };
    pages::interaction(&shared, &trace, StatusCode::OK, &page)
}

/// `POST /device`: from the user code on it goes as in an authorization request: consent for each scope.
pub(super) async fn submit(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let frame = Frame::of(&shared, &headers, &uri);
    let form = Parameters::parse(&body);
    let user_code = parse_user_code(form.single("user_code").unwrap_or_default());
    let Some((user, portal_session)) = session::signed_in(&shared, &headers) else {
        return to_sign_in(&user_code);
    };
    trace.note(|facts| facts.subject = Some(user.id.0.clone()));
    if form.get("csrf") != Some(frame.csrf()) {
        return refuse(frame, &trace, Problem::Csrf);
    }
    let found = match look_up(&shared, &user, &user_code) {
        Ok(found) => found,
        Err(refusal) => {
            trace.note(|facts| facts.refusal = Some(refusal.journal().to_owned()));
            let (status, text) = (refusal.status(), refusal.text(&frame));
            let page = DevicePage { frame, prefilled: false, user_code: shown_user_code(&user_code), refused: Some(text) };
            return pages::interaction(&shared, &trace, status, &page);
        }
    };
    trace.note(|facts| facts.client_id = Some(found.client_id.clone()));
    let (id, browser) = (shared.random.token(16), shared.random.token(24));
    let cookie = session::cookie(&shared, interaction::cookie_name(&id), browser.clone());
    let now = shared.clock.now_seconds();
    shared.authorizations().open_attempt(id.clone(), Attempt::new(Asked::Device(found), browser, Some(portal_session), now), now);
    let headers = [(header::SET_COOKIE, cookie.to_string()), (header::CACHE_CONTROL, "no-store".to_owned())];
    (headers, Redirect::to(&format!("/consent?request={id}"))).into_response()
}

#[derive(Clone, Copy)]
enum Wrong {
    Code,
    TooManyTries,
}

impl Wrong {
    fn status(self) -> StatusCode {
        match self {
            Self::Code => StatusCode::BAD_REQUEST,
            Self::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn journal(self) -> &'static str {
        match self {
            Self::Code => "no device waits for this user code",
            Self::TooManyTries => "the user typed too many wrong user codes",
        }
    }

    fn text(self, frame: &Frame) -> &'static str {
        let (it, en) = match self {
            Self::Code => (
                "Nessun dispositivo attende questo codice. Controlla che sia quello mostrato dal dispositivo e che non sia scaduto.",
                "No device waits for this code. Check that it is the one on your device and that it has not expired.",
            ),
            Self::TooManyTries => {
                ("Troppi codici sbagliati. Riprova fra qualche minuto.", "Too many wrong codes. Try again in some minutes.")
            }
        };
        frame.t(it, en)
    }
}

/// The limit holds before the code is looked at, so that a right guess beyond it is refused as well (RFC 8628 section 5.1).
fn look_up(shared: &Shared, user: &User, user_code: &str) -> Result<DeviceRequest, Wrong> {
    let assumed = &shared.settings.assumptions;
    let (now, window) = (shared.clock.now_seconds(), i64::try_from(assumed.device_code_lifetime_seconds).unwrap_or(i64::MAX));
    let mut authorizations = shared.authorizations();
    let devices = &mut authorizations.devices;
    if devices.exhausted(&user.id, assumed.device_user_code_tries, window, now) {
        return Err(Wrong::TooManyTries);
    }
    let Some((device_code, device)) = devices.waiting(user_code, now) else {
        devices.note_wrong(&user.id, now);
        return Err(Wrong::Code);
    };
    Ok(DeviceRequest { device_code, user_code: device.user_code, client_id: device.client_id, scopes: device.scopes })
}

fn to_sign_in(user_code: &str) -> Response {
    let back = if user_code.is_empty() {
        VERIFICATION_PATH.to_owned()
    } else {
        format!("{VERIFICATION_PATH}?user_code={}", shown_user_code(user_code))
    };
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", &back).finish();
    Redirect::to(&format!("/sign-in?{query}")).into_response()
}

/// The decision of a user who did not come to the page: a lever's. `false` where no device waits for the code.
pub(crate) fn decide(shared: &Shared, user_code: &str, user: &User, session: &Session, ticked: Option<ScopeSet>) -> bool {
    let now = shared.clock.now_seconds();
    let mut authorizations = shared.authorizations();
    let Some((device_code, device)) = authorizations.devices.waiting(&parse_user_code(user_code), now) else {
        return false;
    };
    let granted = ticked.map(|ticked| interaction::granted_scopes(&device.scopes, &ticked)).filter(|granted| !granted.is_empty());
    authorizations.devices.decide(&device_code, granted.map(|scopes| approval(user, session, scopes)), now)
}

fn approval(user: &User, session: &Session, scopes: ScopeSet) -> Approval {
    Approval { subject: user.id.clone(), scopes, sid: session.sid.clone(), auth_time: session.signed_in_at.as_second() }
}

/// Lets the device know, and tells the user to go back to it. `granted` is none where the user refused.
pub(super) fn answer_decision(
    shared: &Shared,
    trace: &Trace,
    frame: Frame,
    device: &DeviceRequest,
    (user, session): (&User, &Session),
    granted: Option<ScopeSet>,
) -> Response {
    let allowed = granted.is_some();
    let approval = granted.map(|scopes| approval(user, session, scopes));
    let decided = shared.authorizations().devices.decide(&device.device_code, approval, shared.clock.now_seconds());
    if !decided {
        return refuse(frame, trace, Problem::DeviceOver);
    }
    let application = shared.accounts().client(&device.client_id).map(|registration| registration.request.name.clone());
    let page = DeviceDonePage { frame, application: application.unwrap_or_default(), allowed };
    pages::interaction(shared, trace, StatusCode::OK, &page)
}
