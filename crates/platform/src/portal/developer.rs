use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use secrecy::ExposeSecret;

use super::form::{Fields, Form};
use super::page::page;
use super::visitor::{Answer, Number, Posted, Stop, Visitor};
use crate::Shared;
use crate::accounts::{GrantType, Registration, RegistrationRequest, RegistrationStatus, RegistrationType};
use crate::frame::Frame;
use crate::oauth::giponext;
use crate::texts::{registration_error, scope_text};

/// Claims that an application may ask for (C-13).
pub(super) const CLAIMS: [&str; 2] = ["name", "email"];

/// An OAuth application as the portal shows it.
pub(super) struct Application {
    pub number: u32,
    pub name: String,
    pub description: String,
    pub r#type: &'static str,
    pub grant: &'static str,
    pub redirect_uris: Vec<String>,
    /// Scope and its name in words.
    pub scopes: Vec<(String, String)>,
    pub claims: Vec<String>,
    /// `pending`, `approved` or `refused`.
    pub status: &'static str,
    pub reason: String,
    pub submitted: String,
    pub client_id: Option<String>,
    pub has_unseen_secret: bool,
    pub public: bool,
}

impl Application {
    pub(super) fn of(frame: &Frame, registration: &Registration) -> Self {
        let request = &registration.request;
        let (status, reason) = match &registration.status {
            RegistrationStatus::Pending => ("pending", String::new()),
            RegistrationStatus::Approved => ("approved", String::new()),
            RegistrationStatus::Refused { reason } => ("refused", reason.clone()),
        };
        Self {
            number: registration.number,
            name: request.name.clone(),
            description: request.description.clone(),
            r#type: match request.r#type {
                RegistrationType::Web => "Web",
                RegistrationType::Spa => frame.t("Pagina singola (nel browser)", "Single-page (in the browser)"),
                RegistrationType::Native => frame.t("Nativa", "Native"),
                RegistrationType::Daemon => "Daemon",
            },
            grant: match request.grant {
                GrantType::AuthorizationCode => "Authorization Code",
                GrantType::DeviceCode => "Device Code",
            },
            redirect_uris: request.redirect_uris.clone(),
            scopes: request.scopes.iter().map(|scope| (scope.to_owned(), scope_text(frame, scope).0.to_owned())).collect(),
            claims: request.claims.clone(),
            status,
            reason,
            submitted: frame.time(&registration.submitted_at),
            client_id: registration.client_id.clone(),
            has_unseen_secret: registration.has_unseen_secret(),
            public: registration.is_public(),
        }
    }

    pub(super) fn status_text<'a>(&self, frame: &'a Frame) -> &'a str {
        match self.status {
            "pending" => frame.t("In attesa", "Pending"),
            "approved" => frame.t("Approvata", "Approved"),
            _ => frame.t("Rifiutata", "Refused"),
        }
    }

    pub(super) fn chip(&self) -> &'static str {
        match self.status {
            "pending" => "wait",
            "approved" => "good",
            _ => "bad",
        }
    }
}

#[derive(Template)]
#[template(path = "portal/applications.html")]
struct Applications {
    frame: Frame,
    applications: Vec<Application>,
}

pub(super) async fn list(State(shared): State<Arc<Shared>>, visitor: Visitor) -> Answer {
    let Visitor { frame, user } = visitor.developer()?;
    let applications = shared
        .accounts()
        .registrations
        .iter()
        .rev()
        .filter(|registration| registration.owner == user.id)
        .map(|registration| Application::of(&frame, registration))
        .collect();
    Ok(page(StatusCode::OK, &Applications { frame, applications }))
}

#[derive(Template)]
#[template(path = "portal/application_new.html")]
struct NewApplication {
    frame: Frame,
    form: Form,
}

impl NewApplication {
    /// Every scope with its words, and whether it opens the area of medical reports (C-14).
    fn scopes(&self) -> Vec<(&'static str, &'static str, &'static str, bool)> {
        giponext::ALL
            .into_iter()
            .map(|scope| {
                let (title, text) = scope_text(&self.frame, scope);
                (scope, title, text, scope == giponext::MEDICAL_REPORTS)
            })
            .collect()
    }
}

pub(super) async fn form(visitor: Visitor) -> Answer {
    let Visitor { frame, .. } = visitor.developer()?;
    let form = Form::with(&[("type", "web"), ("grant", "authorization_code"), ("scope", giponext::OPENID)]);
    Ok(page(StatusCode::OK, &NewApplication { frame, form }))
}

pub(super) async fn submit(State(shared): State<Arc<Shared>>, Posted { visitor, fields }: Posted) -> Answer {
    let Visitor { frame, user } = visitor.developer()?;
    let errors = match request(&frame, &fields) {
        Err(errors) => errors,
        Ok(request) => match shared.accounts().submit_registration(&user.id, request, shared.clock.now()) {
            Ok(number) => return Ok(Redirect::to(&format!("/developer/applications/{number}")).into_response()),
            Err(error) => vec![registration_error(&frame, &error)],
        },
    };
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &NewApplication { frame, form: Form::refused(fields, errors) }))
}

/// The request that the form holds, or everything that is wrong with it.
fn request(frame: &Frame, fields: &Fields) -> Result<RegistrationRequest, Vec<(&'static str, String)>> {
    let mut errors = Vec::new();
    let r#type = match fields.one("type") {
        "spa" => Some(RegistrationType::Spa),
        "native" => Some(RegistrationType::Native),
        "daemon" => Some(RegistrationType::Daemon),
        "web" => Some(RegistrationType::Web),
        _ => None,
    };
    let grant = match fields.one("grant") {
        "authorization_code" => Some(GrantType::AuthorizationCode),
        "device_code" => Some(GrantType::DeviceCode),
        _ => None,
    };
    if r#type.is_none() {
        errors.push(("type", frame.t("Scegli il tipo di applicazione.", "Choose the type of application.").to_owned()));
    }
    if grant.is_none() {
        errors.push(("grant", frame.t("Scegli come si accede.", "Choose how users sign in.").to_owned()));
    }
    if let Some(claim) = fields.all("claim").find(|claim| !CLAIMS.contains(claim)) {
        let text = frame.t("Claim inesistente: scegli fra quelli elencati.", "No such claim: choose among those listed.");
        errors.push(("claim", format!("{claim}: {text}")));
    }
    let request = RegistrationRequest {
        r#type: r#type.unwrap_or(RegistrationType::Web),
        grant: grant.unwrap_or(GrantType::AuthorizationCode),
        name: fields.one("name").to_owned(),
        description: fields.one("description").to_owned(),
        redirect_uris: fields.one("redirect_uris").lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect(),
        scopes: fields.all("scope").collect(),
        claims: fields.all("claim").map(str::to_owned).collect(),
    };
    errors.extend(request.problems().iter().map(|problem| registration_error(frame, problem)));
    if errors.is_empty() { Ok(request) } else { Err(errors) }
}

#[derive(Template)]
#[template(path = "portal/application.html")]
struct ApplicationPage {
    frame: Frame,
    application: Application,
    /// Just revealed, never again.
    secret: Option<String>,
}

pub(super) async fn application(State(shared): State<Arc<Shared>>, Number(number): Number, visitor: Visitor) -> Answer {
    let Visitor { frame, user } = visitor.developer()?;
    let accounts = shared.accounts();
    let own = accounts.registrations.iter().find(|registration| registration.number == number && registration.owner == user.id);
    match own.map(|registration| Application::of(&frame, registration)) {
        Some(application) => Ok(page(StatusCode::OK, &ApplicationPage { frame, application, secret: None })),
        None => Err(Stop::not_found(frame)),
    }
}

/// Shows the client secret, once, to the application's owner (C-15).
pub(super) async fn reveal(State(shared): State<Arc<Shared>>, Number(number): Number, Posted { visitor, .. }: Posted) -> Answer {
    let Visitor { frame, user } = visitor.developer()?;
    let mut accounts = shared.accounts();
    let own = accounts.registrations.iter_mut().find(|registration| registration.number == number && registration.owner == user.id);
    let Some(registration) = own else { return Err(Stop::not_found(frame)) };
    let secret = registration.take_unseen_secret().map(|secret| secret.expose_secret().to_owned());
    if let Some(secret) = &secret {
        shared.redaction.placeholder("client-secret", secret);
    }
    let application = Application::of(&frame, registration);
    Ok(page(StatusCode::OK, &ApplicationPage { frame, application, secret }))
}
