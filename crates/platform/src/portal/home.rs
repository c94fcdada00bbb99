use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect};
use secrecy::SecretString;

use super::form::Form;
use super::page::page;
use super::visitor::{Answer, Open, Stop};
use crate::Shared;
use crate::accounts::{Accounts, RegistrationStatus, Role, TicketKind, TicketStatus, User};
use crate::authorization::at_no_endpoint;
use crate::authorization::session::signed_in;
use crate::frame::Frame;
use crate::texts::account_error;

#[derive(Template)]
#[template(path = "portal/welcome.html")]
struct Welcome {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home {
    frame: Frame,
    given_name: String,
    role: Role,
    progress: Progress,
    open_tickets: usize,
    pending_requests: usize,
}

/// How far an integrator has come in the accreditation.
#[derive(Default)]
struct Progress {
    developer: bool,
    asked_for_role: bool,
    submitted: bool,
    approved: bool,
}

impl Progress {
    fn of(accounts: &Accounts, user: &User) -> Self {
        let mut own = accounts.registrations.iter().filter(|registration| registration.owner == user.id).peekable();
        Self {
            developer: user.developer,
            asked_for_role: accounts.tickets.iter().any(|ticket| {
                matches!(&ticket.kind, TicketKind::DeveloperRole { email } if email.eq_ignore_ascii_case(&user.email))
                    && ticket.status == TicketStatus::Open
            }),
            submitted: own.peek().is_some(),
            approved: own.any(|registration| registration.status == RegistrationStatus::Approved),
        }
    }

    /// How the page shows a step: done, next, or later.
    fn class(&self, step: &str) -> &'static str {
        let (done, reachable) = match step {
            "role" => (self.developer, true),
            "application" => (self.submitted, self.developer),
            "approval" => (self.approved, self.submitted),
            _ => (false, self.approved),
        };
        match (done, reachable) {
            (true, _) => "done",
            (false, true) => "now",
            (false, false) => "later",
        }
    }
}

pub(super) async fn home(State(shared): State<Arc<Shared>>, headers: HeaderMap, uri: Uri) -> Answer {
    let frame = Frame::of(&shared, &headers, &uri);
    let Some((user, _)) = signed_in(&shared, &headers) else {
        return Ok(page(StatusCode::OK, &Welcome { frame }));
    };
    let accounts = shared.accounts();
    let everything = user.role == Role::Administrator;
    let open = |author| everything || author == &user.id;
    let home = Home {
        progress: Progress::of(&accounts, &user),
        open_tickets: accounts.tickets.iter().filter(|ticket| ticket.status == TicketStatus::Open && open(&ticket.author)).count(),
        pending_requests: accounts
            .registrations
            .iter()
            .filter(|registration| registration.status == RegistrationStatus::Pending && open(&registration.owner))
            .count(),
        given_name: user.given_name.clone(),
        role: user.role,
        frame,
    };
    Ok(page(StatusCode::OK, &home))
}

#[derive(Template)]
#[template(path = "portal/sign_up.html")]
struct SignUp {
    frame: Frame,
    form: Form,
}

#[derive(Template)]
#[template(path = "portal/signed_up.html")]
struct SignedUp {
    frame: Frame,
}

pub(super) async fn sign_up_form(State(shared): State<Arc<Shared>>, headers: HeaderMap, uri: Uri) -> Answer {
    let frame = Frame::of(&shared, &headers, &uri);
    if frame.person.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    Ok(page(StatusCode::OK, &SignUp { frame, form: Form::default() }))
}

/// Registers a demo account (C-06).
pub(super) async fn sign_up(State(shared): State<Arc<Shared>>, Open { frame, fields }: Open) -> Answer {
    let password = SecretString::from(fields.all("password").next().unwrap_or_default().to_owned());
    let registered =
        shared.accounts().sign_up(&shared.random, fields.one("email"), password, fields.one("given_name"), fields.one("family_name"));
    match registered {
        Ok(_) => Ok(Redirect::to("/sign-up/done").into_response()),
        Err(error) => {
            let errors = vec![account_error(&frame, &error)];
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &SignUp { frame, form: Form::refused(fields, errors) }))
        }
    }
}

pub(super) async fn signed_up(State(shared): State<Arc<Shared>>, headers: HeaderMap, uri: Uri) -> Answer {
    Ok(page(StatusCode::OK, &SignedUp { frame: Frame::of(&shared, &headers, &uri) }))
}

pub(super) async fn not_found(State(shared): State<Arc<Shared>>, headers: HeaderMap, uri: Uri) -> Answer {
    if let Some(page) = at_no_endpoint(Frame::of(&shared, &headers, &uri), &uri) {
        return Ok(page);
    }
    // Programs read these, not people.
    if uri.path().starts_with("/v2/") || uri.path().starts_with("/connect/") || uri.path().ends_with("/jwks") {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    Err(Stop::not_found(Frame::of(&shared, &headers, &uri)))
}
