use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect};

use super::actions;
use super::developer::Application;
use super::form::Form;
use super::page::page;
use super::support::Line;
use super::visitor::{Answer, Number, Posted, Stop, Visitor};
use crate::Shared;
use crate::accounts::{Accounts, DecisionError, Permission, Ticket, TicketError, TicketKind, User, UserId};
use crate::frame::{Frame, role_text};
use crate::oauth::giponext;
use crate::texts::{account_error, scope_text, ticket_error};

/// A user as the administrator's list shows it.
struct UserLine {
    name: String,
    email: String,
    role: &'static str,
    tenant: Option<String>,
    developer: bool,
    temporary: bool,
    active: bool,
    /// The administrator's own account: it is not deactivated from here.
    own: bool,
}

impl UserLine {
    fn of(frame: &Frame, accounts: &Accounts, user: &User, reader: &UserId) -> Self {
        Self {
            name: user.name(),
            email: user.email.clone(),
            role: role_text(frame, user.role),
            tenant: user.tenant.and_then(|id| accounts.tenant(id).map(|tenant| tenant.name.clone())),
            developer: user.developer,
            temporary: user.temporary,
            active: user.active,
            own: user.id == *reader,
        }
    }
}

#[derive(Template)]
#[template(path = "portal/admin.html")]
struct Admin {
    frame: Frame,
    tickets: Vec<Line>,
    applications: Vec<(Application, String)>,
    users: Vec<UserLine>,
    /// What the last form did, from the page's query.
    done: Option<&'static str>,
}

pub(super) async fn overview(State(shared): State<Arc<Shared>>, uri: Uri, visitor: Visitor) -> Answer {
    let Visitor { frame, user } = visitor.administrator()?;
    let accounts = shared.accounts();
    let mut tickets: Vec<Line> = accounts.tickets.iter().map(|ticket| Line::of(&frame, ticket)).collect();
    tickets.sort_by_key(|line| !line.open);
    let mut applications: Vec<(Application, String)> = accounts
        .registrations
        .iter()
        .map(|registration| (Application::of(&frame, registration), author(&accounts, &registration.owner)))
        .collect();
    applications.sort_by_key(|(application, _)| application.status != "pending");
    let done = match uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("done=")) {
        Some("ticket") => Some(frame.t("Richiesta evasa.", "Ticket done.")),
        Some("approved") => Some(frame.t(
            "Applicazione approvata: le credenziali sono del richiedente.",
            "Application approved: its credentials are with the applicant.",
        )),
        Some("refused") => {
            Some(frame.t("Applicazione rifiutata: il richiedente legge il motivo.", "Application refused: the applicant reads the reason."))
        }
        Some("deactivated") => {
            Some(frame.t("Utente disattivato: sessioni e token non valgono più.", "User deactivated: sessions and tokens are void."))
        }
        _ => None,
    };
    let users = accounts.users.iter().map(|listed| UserLine::of(&frame, &accounts, listed, &user.id)).collect();
    Ok(page(StatusCode::OK, &Admin { tickets, applications, users, done, frame }))
}

#[derive(Template)]
#[template(path = "portal/admin_ticket.html")]
struct AdminTicket {
    frame: Frame,
    line: Line,
    ticket: Ticket,
    author: String,
    form: Form,
}

impl AdminTicket {
    /// Resource areas that a created user may be permitted (C-53).
    fn areas(&self) -> Vec<(&'static str, &'static str)> {
        giponext::RESOURCES.into_iter().map(|scope| (scope, scope_text(&self.frame, scope).0)).collect()
    }
}

fn show_ticket(shared: &Shared, frame: Frame, number: u32, form: Form) -> Answer {
    let accounts = shared.accounts();
    let Some(ticket) = accounts.ticket(number).cloned() else { return Err(Stop::not_found(frame)) };
    let status = if form.is_refused() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let author = author(&accounts, &ticket.author);
    Ok(page(status, &AdminTicket { line: Line::of(&frame, &ticket), ticket, author, form, frame }))
}

pub(super) async fn ticket(State(shared): State<Arc<Shared>>, Number(number): Number, visitor: Visitor) -> Answer {
    let Visitor { frame, .. } = visitor.administrator()?;
    show_ticket(&shared, frame, number, Form::default())
}

/// Does what the ticket asks (`action=fulfil`), or closes it with an answer (`action=close`).
pub(super) async fn settle(State(shared): State<Arc<Shared>>, Number(number): Number, Posted { visitor, fields }: Posted) -> Answer {
    let Visitor { frame, .. } = visitor.administrator()?;
    let Some(kind) = shared.accounts().ticket(number).map(|ticket| ticket.kind.clone()) else { return Err(Stop::not_found(frame)) };
    let settled = match (fields.one("action"), kind) {
        ("fulfil", TicketKind::DeveloperRole { .. }) => shared.accounts().fulfil_developer_role(number),
        ("fulfil", TicketKind::CreateUser { .. }) => {
            let permissions = giponext::RESOURCES
                .into_iter()
                .filter(|scope| fields.all("permission").any(|chosen| chosen == *scope))
                .map(|scope| Permission { scope, write: true })
                .collect();
            shared.accounts().fulfil_user_creation(&shared.random, number, permissions).map(drop)
        }
        ("fulfil", TicketKind::DeactivateUser { .. }) => deactivate_as_asked(&shared, number),
        ("close", _) => shared.accounts().answer_ticket(number, fields.one("answer")),
        _ => Err(TicketError::OtherKind),
    };
    match settled {
        Ok(()) => Ok(Redirect::to("/admin?done=ticket").into_response()),
        Err(error) => {
            let (_, text) = ticket_error(&frame, &error);
            show_ticket(&shared, frame, number, Form::refused(fields, vec![("form", text)]))
        }
    }
}

fn deactivate_as_asked(shared: &Shared, number: u32) -> Result<(), TicketError> {
    let email = shared.accounts().deactivation_asked(number)?;
    actions::deactivate(shared, &email)?;
    shared.accounts().close_ticket(number);
    Ok(())
}

#[derive(Template)]
#[template(path = "portal/admin_application.html")]
struct AdminApplication {
    frame: Frame,
    application: Application,
    author: String,
    form: Form,
}

fn show_application(shared: &Shared, frame: Frame, number: u32, form: Form) -> Answer {
    let accounts = shared.accounts();
    let Some(registration) = accounts.registrations.iter().find(|registration| registration.number == number) else {
        return Err(Stop::not_found(frame));
    };
    let status = if form.is_refused() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let author = author(&accounts, &registration.owner);
    Ok(page(status, &AdminApplication { application: Application::of(&frame, registration), author, form, frame }))
}

pub(super) async fn application(State(shared): State<Arc<Shared>>, Number(number): Number, visitor: Visitor) -> Answer {
    let Visitor { frame, .. } = visitor.administrator()?;
    show_application(&shared, frame, number, Form::default())
}

/// Approves or refuses an OAuth application request (C-15).
pub(super) async fn decide(State(shared): State<Arc<Shared>>, Number(number): Number, Posted { visitor, fields }: Posted) -> Answer {
    let Visitor { frame, .. } = visitor.administrator()?;
    let approve = fields.one("decision") == "approve";
    let decided = if approve {
        shared.accounts().approve_registration(&shared.random, number, shared.clock.now()).map(drop)
    } else {
        shared.accounts().refuse_registration(number, fields.one("reason"), shared.clock.now())
    };
    let error = match decided {
        Ok(()) => return Ok(Redirect::to(if approve { "/admin?done=approved" } else { "/admin?done=refused" }).into_response()),
        Err(DecisionError::Unknown(_)) => return Err(Stop::not_found(frame)),
        Err(DecisionError::NoReason) => {
            ("reason", frame.t("Scrivi il motivo: il richiedente lo legge.", "Write the reason: the applicant reads it."))
        }
        Err(DecisionError::Decided) => ("form", frame.t("La richiesta è già stata decisa.", "The request is already decided.")),
    };
    let errors = vec![(error.0, error.1.to_owned())];
    show_application(&shared, frame, number, Form::refused(fields, errors))
}

pub(super) async fn deactivate(State(shared): State<Arc<Shared>>, Posted { visitor, fields }: Posted) -> Answer {
    let Visitor { frame, user } = visitor.administrator()?;
    let email = fields.one("email");
    if user.email.eq_ignore_ascii_case(email) {
        return Err(Stop::forbidden(frame, "Nessuno disattiva il proprio account.", "Nobody deactivates their own account."));
    }
    match actions::deactivate(&shared, email) {
        Ok(()) => Ok(Redirect::to("/admin?done=deactivated").into_response()),
        Err(error) => {
            let (_, text) = account_error(&frame, &error);
            Err(Stop::unprocessable(frame, text))
        }
    }
}

fn author(accounts: &Accounts, id: &UserId) -> String {
    accounts.user(id).map_or_else(String::new, |user| format!("{} · {}", user.name(), user.email))
}
