use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use secrecy::ExposeSecret;

use super::form::{Fields, Form};
use super::page::page;
use super::visitor::{Answer, Number, Posted, Stop, Visitor};
use crate::Shared;
use crate::accounts::{FailedCall, Role, Ticket, TicketKind, TicketStatus, User};
use crate::frame::Frame;
use crate::texts::ticket_error;

/// What a ticket form is for: its last path segment, its title and one sentence.
pub(super) struct Topic {
    pub slug: &'static str,
    pub title: &'static str,
    pub text: &'static str,
}

const DEVELOPER_ROLE: &str = "developer-role";
const QUESTION: &str = "question";
const INTRODUCTION: &str = "introduction";
const CREATE_USER: &str = "create-user";
const DEACTIVATE_USER: &str = "deactivate-user";

/// What this user may ask support for.
fn topics(frame: &Frame, user: &User) -> Vec<Topic> {
    let all: &[&'static str] = match user.role {
        Role::Manager => &[INTRODUCTION, CREATE_USER, DEACTIVATE_USER, DEVELOPER_ROLE, QUESTION],
        Role::Integrator => &[DEVELOPER_ROLE, QUESTION],
        Role::EndUser | Role::Administrator => &[QUESTION],
    };
    all.iter().map(|slug| topic(frame, slug)).collect()
}

fn topic(frame: &Frame, slug: &'static str) -> Topic {
    let italian = frame.is_italian();
    let (title, text) = match (slug, italian) {
        (DEVELOPER_ROLE, true) => ("Attivare il ruolo developer", "Serve a registrare applicazioni OAuth. Non dà accesso ai dati clinici."),
        (DEVELOPER_ROLE, false) => {
            ("Activate the developer role", "It lets an account register OAuth applications. It opens no clinical data.")
        }
        (INTRODUCTION, true) => ("Presentare un integratore", "Il centro dichiara che cosa vuole integrare e con chi."),
        (INTRODUCTION, false) => ("Introduce an integrator", "The centre states what it wants to integrate, and with whom."),
        (CREATE_USER, true) => ("Creare un utente", "Un accesso ai dati del tuo centro, anche temporaneo per le prove di un integratore."),
        (CREATE_USER, false) => ("Create a user", "Access to your centre's data, if need be temporary for an integrator's tests."),
        (DEACTIVATE_USER, true) => ("Disattivare un utente", "A fine progetto gli utenti temporanei vanno disattivati."),
        (DEACTIVATE_USER, false) => ("Deactivate a user", "Temporary users have to be deactivated when the project ends."),
        (_, true) => ("Fare una domanda", "Chiarimenti ed eccezioni. L'assistenza non sviluppa l'integrazione."),
        (_, false) => ("Ask a question", "Clarifications and exceptions. Support does not develop the integration."),
    };
    Topic { slug, title, text }
}

/// What a ticket is about, as lists and the ticket's page title it.
fn title(frame: &Frame, kind: &TicketKind) -> &'static str {
    match kind {
        TicketKind::DeveloperRole { .. } => frame.t("Ruolo developer", "Developer role"),
        TicketKind::Introduction { .. } => frame.t("Presentazione di un integratore", "Introduction of an integrator"),
        TicketKind::CreateUser { .. } => frame.t("Nuovo utente", "New user"),
        TicketKind::DeactivateUser { .. } => frame.t("Disattivazione di un utente", "Deactivation of a user"),
        TicketKind::Question { .. } => frame.t("Domanda", "Question"),
    }
}

/// One line of a list of tickets.
pub(super) struct Line {
    pub number: u32,
    pub title: &'static str,
    pub about: String,
    pub opened: String,
    pub open: bool,
}

impl Line {
    pub(super) fn of(frame: &Frame, ticket: &Ticket) -> Self {
        let about = match &ticket.kind {
            TicketKind::DeveloperRole { email } | TicketKind::CreateUser { email, .. } | TicketKind::DeactivateUser { email, .. } => {
                email.clone()
            }
            TicketKind::Introduction { integrator_email, .. } => integrator_email.clone(),
            TicketKind::Question { .. } => ticket.text.lines().next().unwrap_or_default().chars().take(80).collect(),
        };
        Self {
            number: ticket.number,
            title: title(frame, &ticket.kind),
            about,
            opened: frame.time(&ticket.opened_at),
            open: ticket.status == TicketStatus::Open,
        }
    }
}

#[derive(Template)]
#[template(path = "portal/support.html")]
struct Support {
    frame: Frame,
    tickets: Vec<Line>,
}

pub(super) async fn list(State(shared): State<Arc<Shared>>, Visitor { frame, user }: Visitor) -> Answer {
    let tickets =
        shared.accounts().tickets.iter().rev().filter(|ticket| ticket.author == user.id).map(|ticket| Line::of(&frame, ticket)).collect();
    Ok(page(StatusCode::OK, &Support { frame, tickets }))
}

#[derive(Template)]
#[template(path = "portal/topics.html")]
struct Topics {
    frame: Frame,
    topics: Vec<Topic>,
}

pub(super) async fn choose(Visitor { frame, user }: Visitor) -> Answer {
    let topics = topics(&frame, &user);
    Ok(page(StatusCode::OK, &Topics { frame, topics }))
}

#[derive(Template)]
#[template(path = "portal/ticket_new.html")]
struct NewTicket {
    frame: Frame,
    topic: Topic,
    form: Form,
}

pub(super) async fn form(Path(slug): Path<String>, Visitor { frame, user }: Visitor) -> Answer {
    let (frame, topic) = allowed(frame, &user, &slug)?;
    let form = match (topic.slug, user.role) {
        (DEVELOPER_ROLE, Role::Integrator) => Form::with(&[("email", &user.email)]),
        _ => Form::default(),
    };
    Ok(page(StatusCode::OK, &NewTicket { frame, topic, form }))
}

pub(super) async fn open(State(shared): State<Arc<Shared>>, Path(slug): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let (frame, topic) = allowed(visitor.frame, &visitor.user, &slug)?;
    let Some(kind) = kind(&topic, &visitor.user, &fields) else { return Err(Stop::not_found(frame)) };
    let opened = shared.accounts().submit_ticket(&visitor.user.id, kind, fields.one("text"), shared.clock.now());
    match opened {
        Ok(number) => Ok(Redirect::to(&format!("/support/{number}")).into_response()),
        Err(error) => {
            let errors = vec![ticket_error(&frame, &error)];
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &NewTicket { frame, topic, form: Form::refused(fields, errors) }))
        }
    }
}

fn allowed(frame: Frame, user: &User, slug: &str) -> Result<(Frame, Topic), Stop> {
    if let Some(topic) = topics(&frame, user).into_iter().find(|topic| topic.slug == slug) {
        return Ok((frame, topic));
    }
    match [INTRODUCTION, CREATE_USER, DEACTIVATE_USER, DEVELOPER_ROLE].contains(&slug) {
        true => Err(Stop::forbidden(
            frame,
            "Questa richiesta spetta a un altro ruolo: per gli utenti di un centro medico, al suo responsabile.",
            "This ticket is another role's to open: for users of a medical centre, its manager's.",
        )),
        false => Err(Stop::not_found(frame)),
    }
}

/// The ticket that the form asks for; none when the user manages no medical centre and the topic needs one.
fn kind(topic: &Topic, user: &User, fields: &Fields) -> Option<TicketKind> {
    let email = fields.one("email").to_owned();
    Some(match topic.slug {
        DEVELOPER_ROLE => TicketKind::DeveloperRole { email },
        INTRODUCTION => TicketKind::Introduction { tenant: user.tenant?, integrator_email: email },
        DEACTIVATE_USER => TicketKind::DeactivateUser { tenant: user.tenant?, email },
        CREATE_USER => TicketKind::CreateUser {
            tenant: user.tenant?,
            email,
            given_name: fields.one("given_name").to_owned(),
            family_name: fields.one("family_name").to_owned(),
            temporary: fields.one("temporary") == "yes",
        },
        _ => {
            let field = |name| fields.one(name).to_owned();
            let call = FailedCall { endpoint: field("endpoint"), status: field("status"), body: field("body"), time: field("time") };
            TicketKind::Question { call: Some(call).filter(|call| *call != FailedCall::default()) }
        }
    })
}

#[derive(Template)]
#[template(path = "portal/ticket.html")]
struct TicketPage {
    frame: Frame,
    line: Line,
    ticket: Ticket,
    /// Just revealed, never again.
    password: Option<String>,
}

pub(super) async fn ticket(State(shared): State<Arc<Shared>>, Number(number): Number, Visitor { frame, user }: Visitor) -> Answer {
    match shared.accounts().ticket(number).filter(|ticket| ticket.author == user.id).cloned() {
        Some(ticket) => Ok(page(StatusCode::OK, &TicketPage { line: Line::of(&frame, &ticket), ticket, password: None, frame })),
        None => Err(Stop::not_found(frame)),
    }
}

/// Shows the created user's initial password, once, to the ticket's author.
pub(super) async fn reveal(State(shared): State<Arc<Shared>>, Number(number): Number, Posted { visitor, .. }: Posted) -> Answer {
    let Visitor { frame, user } = visitor;
    let mut accounts = shared.accounts();
    let Some(ticket) = accounts.tickets.iter_mut().find(|ticket| ticket.number == number && ticket.author == user.id) else {
        return Err(Stop::not_found(frame));
    };
    let password = ticket.take_unseen_password().map(|password| password.expose_secret().to_owned());
    if let Some(password) = &password {
        shared.redaction.placeholder("password", password);
    }
    let ticket = ticket.clone();
    Ok(page(StatusCode::OK, &TicketPage { line: Line::of(&frame, &ticket), ticket, password, frame }))
}
