use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::fault::COOP_SAME_ORIGIN;
use super::interaction::Asked;
use crate::accounts::{RegistrationRequest, User};
use crate::frame::Frame;
use crate::oauth::giponext;
use crate::{Shared, Trace};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage {
    pub frame: Frame,
    /// Name of the application that asks, in an authorization request.
    pub application: Option<String>,
    pub request: Option<String>,
    pub return_to: String,
    pub csrf: String,
    pub email: String,
    pub failed: bool,
}

#[derive(Template)]
#[template(path = "consent.html")]
pub(super) struct ConsentPage {
    frame: Frame,
    request: String,
    csrf: String,
    application: String,
    description: String,
    user: String,
    email: String,
    identity: bool,
    scopes: Vec<ScopeChoice>,
    /// Of the device that asks, if one does.
    user_code: Option<String>,
}

struct ScopeChoice {
    scope: String,
    title: &'static str,
    explanation: &'static str,
}

/// Asks the user whether to end the session (OpenID Connect RP-Initiated Logout 1.0 section 2).
#[derive(Template)]
#[template(path = "sign_out.html")]
pub(super) struct SignOutPage {
    pub frame: Frame,
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    text: String,
    detail: String,
}

/// Why an authorization request or one of its forms ends on a page of the platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("client_id is missing, or there twice")]
    ClientIdMissing,
    #[error("no approved application has the client_id `{0}`: a pending or refused request has none")]
    UnknownClient(String),
    #[error("redirect_uri is missing, or there twice")]
    RedirectUriMissing,
    #[error("the redirect_uri `{0}` is not registered for this application: it must match exactly")]
    RedirectUriMismatch(String),
    #[error("this sign-in is over: it was answered, or it took too long")]
    RequestOver,
    #[error("this sign-in was started in another browser")]
    OtherBrowser,
    #[error("the form did not come from a page of this platform in this browser")]
    Csrf,
    #[error("the device waits no more: its code has expired, or somebody decided already")]
    DeviceOver,
    #[error("the form says neither allow nor cancel")]
    Decision,
    #[error("there is no authorization endpoint at {0}: the discovery document says where it is")]
    NoEndpoint(String),
}

impl Problem {
    fn text(&self, frame: &Frame) -> &'static str {
        let (it, en) = match self {
            Self::ClientIdMissing | Self::UnknownClient(_) => (
                "L'applicazione che ha chiesto l'accesso non è conosciuta o non è ancora stata approvata.",
                "The application that asked for access is unknown or not yet approved.",
            ),
            Self::RedirectUriMissing | Self::RedirectUriMismatch(_) => (
                "L'indirizzo di ritorno indicato dall'applicazione non è tra quelli registrati.",
                "The return address given by the application is not one that it registered.",
            ),
            Self::NoEndpoint(_) => (
                "L'applicazione ha chiesto l'accesso a un indirizzo che non esiste.",
                "The application asked for access at an address that does not exist.",
            ),
            Self::RequestOver => (
                "Questo accesso è terminato o scaduto. Torna all'applicazione e ricomincia.",
                "This sign-in is over or has expired. Go back to the application and start again.",
            ),
            Self::DeviceOver => (
                "Il dispositivo non attende più: il codice è scaduto o già usato. Chiedi un nuovo codice al dispositivo.",
                "The device waits no more: the code has expired or was used already. Get a new code from the device.",
            ),
            Self::OtherBrowser => (
                "Questo accesso è stato iniziato in un altro browser. Torna all'applicazione e ricomincia.",
                "This sign-in was started in another browser. Go back to the application and start again.",
            ),
            Self::Csrf | Self::Decision => {
                ("Il modulo non è valido. Ricarica la pagina e riprova.", "The form is not valid. Load the page again and retry.")
            }
        };
        frame.t(it, en)
    }
}

impl ConsentPage {
    pub(super) fn new(frame: Frame, request: String, csrf: String, application: &RegistrationRequest, user: &User, asked: &Asked) -> Self {
        let scopes = asked.scopes();
        let choice = |scope: &str| {
            let (title, explanation) = describe(&frame, scope);
            ScopeChoice { scope: scope.to_owned(), title, explanation }
        };
        // In the order in which people know the scopes, not in that of the alphabet.
        let choices = giponext::ALL.iter().filter(|scope| **scope != giponext::OPENID && scopes.contains(scope));
        Self {
            scopes: choices.map(|scope| choice(scope)).collect(),
            identity: scopes.contains(giponext::OPENID),
            application: application.name.clone(),
            description: application.description.clone(),
            user: user.name(),
            email: user.email.clone(),
            user_code: asked.user_code(),
            frame,
            request,
            csrf,
        }
    }
}

fn describe(frame: &Frame, scope: &str) -> (&'static str, &'static str) {
    let (title, explanation) = match scope {
        giponext::PROFILE => (("Profilo", "Profile"), ("Il tuo nome e cognome", "Your first and last name")),
        giponext::EMAIL => (("E-mail", "E-mail"), ("Il tuo indirizzo e-mail", "Your e-mail address")),
        giponext::OFFLINE_ACCESS => (
            ("Accesso prolungato", "Longer access"),
            ("Usare gli altri permessi anche quando non sei collegato", "Use the other permissions while you are away"),
        ),
        giponext::PATIENTS => (("Pazienti", "Patients"), ("Leggere e modificare le anagrafiche", "Read and change patients' records")),
        giponext::AGENDA => (
            ("Agenda", "Agenda"),
            ("Leggere agende e disponibilità, gestire appuntamenti", "Read agendas and availability, manage appointments"),
        ),
        giponext::TREATMENTS => {
            (("Prestazioni e listini", "Treatments and price lists"), ("Leggere prestazioni e prezzi", "Read treatments and prices"))
        }
        giponext::EPISODES => (("Episodi", "Episodes"), ("Leggere e modificare gli episodi di cura", "Read and change episodes of care")),
        giponext::MEDICAL_REPORTS => {
            (("Referti", "Medical reports"), ("Leggere e scrivere i referti medici", "Read and write medical reports"))
        }
        giponext::INVOICES => (("Fatture", "Invoices"), ("Leggere e modificare le fatture", "Read and change invoices")),
        _ => (("Altro permesso", "Other permission"), ("", "")),
    };
    (frame.t(title.0, title.1), frame.t(explanation.0, explanation.1))
}

/// A sign-in or consent page with its headers.
pub(super) fn interaction(shared: &Shared, trace: &Trace, status: StatusCode, template: &impl Template) -> Response {
    let mut response = page(status, template);
    if trace.fires(&shared.faults, COOP_SAME_ORIGIN) {
        let name = HeaderName::from_static("cross-origin-opener-policy");
        response.headers_mut().insert(name, HeaderValue::from_static("same-origin"));
    }
    response
}

pub(super) fn problem(frame: Frame, status: StatusCode, problem: Problem) -> Response {
    let text = problem.text(&frame).to_owned();
    page(status, &ErrorPage { frame, text, detail: problem.to_string() })
}

/// No `form-action` in the policy: browsers apply it to the redirect after consent as well, which leads to the application.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    let mut response = match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!("failed to render a page of the authorization server: {error}");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
