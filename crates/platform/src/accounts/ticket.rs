use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{AccountError, Accounts, Permission, Role, TenantId, User, UserId};
use crate::{Random, kept_secret};

/// What a ticket asks support for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketKind {
    /// The medical centre introduces the integrator and states its intent (C-10).
    Introduction { tenant: TenantId, integrator_email: String },
    /// Activate the developer role on an account (C-12).
    DeveloperRole { email: String },
    /// The medical centre asks for a user and names the e-mail to associate (C-20).
    CreateUser { tenant: TenantId, email: String, given_name: String, family_name: String, temporary: bool },
    /// Deactivate a temporary user at the project's end (C-18).
    DeactivateUser { tenant: TenantId, email: String },
    /// A question (C-25); about a call that failed, it names the call (C-64).
    Question { call: Option<FailedCall> },
}

/// What support needs to find a call again (C-64).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCall {
    pub endpoint: String,
    pub status: String,
    pub body: String,
    /// When it was sent, as the author writes it.
    pub time: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketStatus {
    Open,
    Done,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ticket {
    /// Number that people quote, from 1.
    pub number: u32,
    pub author: UserId,
    pub kind: TicketKind,
    pub text: String,
    pub status: TicketStatus,
    pub opened_at: Timestamp,
    /// What support wrote when it closed the ticket.
    pub answer: Option<String>,
    /// The created user's password until the author has seen it.
    #[serde(with = "kept_secret::option")]
    unseen_password: Option<SecretString>,
}

impl Ticket {
    /// The created user's initial password, the first time it is asked for.
    pub fn take_unseen_password(&mut self) -> Option<SecretString> {
        self.unseen_password.take()
    }

    pub fn has_unseen_password(&self) -> bool {
        self.unseen_password.is_some()
    }
}

/// A user to create at a medical centre.
#[derive(Debug)]
pub struct NewUser<'a> {
    pub tenant: TenantId,
    pub email: &'a str,
    pub given_name: &'a str,
    pub family_name: &'a str,
    pub temporary: bool,
    pub permissions: Vec<Permission>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("only the manager of the medical centre may ask for this")]
    NotTheManager,
    #[error("no user of the medical centre has the e-mail `{0}`")]
    NotOfTheCentre(String),
    #[error("there is no ticket number {0}")]
    Unknown(u32),
    #[error("the ticket is already closed")]
    Closed,
    #[error("the ticket asks for something else")]
    OtherKind,
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl Accounts {
    /// Opens a ticket if its author may ask for it and it says what support needs.
    pub fn submit_ticket(&mut self, author: &UserId, kind: TicketKind, text: &str, now: Timestamp) -> Result<u32, TicketError> {
        self.check_ticket(author, &kind, text)?;
        Ok(self.open_ticket(author, kind, text, now))
    }

    fn check_ticket(&self, author: &UserId, kind: &TicketKind, text: &str) -> Result<(), TicketError> {
        let manages = |tenant: TenantId| self.user(author).is_some_and(|user| user.role == Role::Manager && user.tenant == Some(tenant));
        match kind {
            TicketKind::Introduction { tenant, .. } | TicketKind::CreateUser { tenant, .. } | TicketKind::DeactivateUser { tenant, .. }
                if !manages(*tenant) =>
            {
                return Err(TicketError::NotTheManager);
            }
            TicketKind::DeveloperRole { email } => check_email(email)?,
            TicketKind::Introduction { integrator_email, .. } => check_email(integrator_email)?,
            TicketKind::CreateUser { email, given_name, family_name, .. } => {
                check_email(email)?;
                for (value, name) in [(given_name, "the first name"), (family_name, "the last name")] {
                    if value.trim().is_empty() {
                        return Err(TicketError::Missing(name));
                    }
                }
            }
            TicketKind::DeactivateUser { tenant, email } => {
                check_email(email)?;
                if !self.user_by_email(email).is_some_and(|user| user.tenant == Some(*tenant) && user.role == Role::EndUser) {
                    return Err(TicketError::NotOfTheCentre(email.trim().to_owned()));
                }
            }
            TicketKind::Question { call: Some(call) } => {
                for (value, name) in [(&call.endpoint, "the endpoint"), (&call.status, "the status"), (&call.time, "the time")] {
                    if value.trim().is_empty() {
                        return Err(TicketError::Missing(name));
                    }
                }
            }
            TicketKind::Question { call: None } => {}
        }
        let needs_text = matches!(kind, TicketKind::Introduction { .. } | TicketKind::Question { .. });
        if needs_text && text.trim().is_empty() { Err(TicketError::Missing("the text")) } else { Ok(()) }
    }

    /// Activates the developer role that an open ticket asks for, and closes it (C-12).
    pub fn fulfil_developer_role(&mut self, number: u32) -> Result<(), TicketError> {
        let TicketKind::DeveloperRole { email } = self.open_kind(number)? else { return Err(TicketError::OtherKind) };
        self.activate_developer(&email)?;
        self.close_ticket(number);
        Ok(())
    }

    /// Creates the user that an open ticket of its medical centre asks for, and closes it (C-20). The ticket's author gets the password.
    pub fn fulfil_user_creation(&mut self, random: &Random, number: u32, permissions: Vec<Permission>) -> Result<UserId, TicketError> {
        let TicketKind::CreateUser { tenant, email, given_name, family_name, temporary } = self.open_kind(number)? else {
            return Err(TicketError::OtherKind);
        };
        let new = NewUser { tenant, email: &email, given_name: &given_name, family_name: &family_name, temporary, permissions };
        let (id, password) = self.create_user(random, new)?;
        if let Some(ticket) = self.tickets.iter_mut().find(|ticket| ticket.number == number) {
            ticket.unseen_password = Some(password);
        }
        self.close_ticket(number);
        Ok(id)
    }

    /// The e-mail of the user that an open ticket asks to deactivate (C-18).
    pub fn deactivation_asked(&self, number: u32) -> Result<String, TicketError> {
        match self.open_kind(number)? {
            TicketKind::DeactivateUser { email, .. } => Ok(email),
            _ => Err(TicketError::OtherKind),
        }
    }

    /// Closes an open ticket with support's words.
    pub fn answer_ticket(&mut self, number: u32, answer: &str) -> Result<(), TicketError> {
        self.open_kind(number)?;
        if let Some(ticket) = self.tickets.iter_mut().find(|ticket| ticket.number == number) {
            ticket.answer = Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty());
        }
        self.close_ticket(number);
        Ok(())
    }

    fn open_kind(&self, number: u32) -> Result<TicketKind, TicketError> {
        let ticket = self.ticket(number).ok_or(TicketError::Unknown(number))?;
        if ticket.status == TicketStatus::Open { Ok(ticket.kind.clone()) } else { Err(TicketError::Closed) }
    }

    pub fn open_ticket(&mut self, author: &UserId, kind: TicketKind, text: &str, now: Timestamp) -> u32 {
        let number = u32::try_from(self.tickets.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.tickets.push(Ticket {
            number,
            author: author.clone(),
            kind,
            text: text.trim().to_owned(),
            status: TicketStatus::Open,
            opened_at: now,
            answer: None,
            unseen_password: None,
        });
        number
    }

    pub fn ticket(&self, number: u32) -> Option<&Ticket> {
        self.tickets.iter().find(|ticket| ticket.number == number)
    }

    pub fn close_ticket(&mut self, number: u32) {
        if let Some(ticket) = self.tickets.iter_mut().find(|ticket| ticket.number == number) {
            ticket.status = TicketStatus::Done;
        }
    }

    /// Creates a user of a medical centre. Only ever in answer to the centre's ticket (C-20).
    pub fn create_user(&mut self, random: &Random, new: NewUser<'_>) -> Result<(UserId, SecretString), AccountError> {
        let NewUser { tenant, email, given_name, family_name, temporary, permissions } = new;
        let email = self.free_email(email)?;
        let id = UserId(random.token(12));
        let password = SecretString::from(random.token(12));
        self.users.push(User {
            id: id.clone(),
            email,
            password: password.clone(),
            given_name: given_name.trim().to_owned(),
            family_name: family_name.trim().to_owned(),
            role: Role::EndUser,
            tenant: Some(tenant),
            permissions,
            developer: false,
            active: true,
            temporary,
        });
        Ok((id, password))
    }
}

fn check_email(email: &str) -> Result<(), AccountError> {
    if super::user::is_email(email.trim()) { Ok(()) } else { Err(AccountError::Email(email.trim().to_owned())) }
}
