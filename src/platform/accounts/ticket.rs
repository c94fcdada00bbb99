use jiff::Timestamp;
use secrecy::SecretString;

use super::{AccountError, Accounts, Permission, Role, TenantId, User, UserId};
use crate::platform::Random;

/// What a ticket asks support for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketKind {
    /// The medical centre introduces the integrator and states its intent (C-10).
    Introduction { tenant: TenantId, integrator_email: String },
    /// Activate the developer role on an account (C-12).
    DeveloperRole { email: String },
    /// The medical centre asks for a user and names the e-mail to associate (C-20).
    CreateUser { tenant: TenantId, email: String, given_name: String, family_name: String, temporary: bool },
    /// Deactivate a temporary user at the project's end (C-18).
    DeactivateUser { tenant: TenantId, email: String },
    /// A question (C-25, C-64).
    Question,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketStatus {
    Open,
    Done,
}

#[derive(Clone, Debug)]
pub struct Ticket {
    /// Number that people quote, from 1.
    pub number: u32,
    pub author: UserId,
    pub kind: TicketKind,
    pub text: String,
    pub status: TicketStatus,
    pub opened_at: Timestamp,
}

impl Accounts {
    pub fn open_ticket(&mut self, author: &UserId, kind: TicketKind, text: &str, now: Timestamp) -> u32 {
        let number = u32::try_from(self.tickets.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.tickets.push(Ticket {
            number,
            author: author.clone(),
            kind,
            text: text.trim().to_owned(),
            status: TicketStatus::Open,
            opened_at: now,
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
    pub fn create_user(
        &mut self,
        random: &Random,
        tenant: TenantId,
        email: &str,
        given_name: &str,
        family_name: &str,
        temporary: bool,
        permissions: Vec<Permission>,
    ) -> Result<(UserId, SecretString), AccountError> {
        let email = self.free_email(email)?;
        let id = UserId(random.token(12));
        let password = SecretString::from(random.token(12));
        self.users.push(User {
            id: id.clone(),
            email,
            password: password.clone(),
            given_name: given_name.to_owned(),
            family_name: family_name.to_owned(),
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
