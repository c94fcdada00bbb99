//! What a person types into the portal's forms, and what the portal answers.

use secrecy::SecretString;

use crate::oauth::ScopeSet;

/// Whether the portal let a person in where they went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The page, or the session, that they asked for is there.
    Reached,
    /// The portal answered with a refusal: wrong credentials, or a page that is not theirs to see.
    Refused,
}

/// What a person types to sign up for a demo account.
#[derive(Clone, Debug)]
pub struct PersonForm<'a> {
    /// The first name, as the portal's pages show it.
    pub given_name: &'a str,
    /// The surname, as the portal's pages show it.
    pub family_name: &'a str,
    /// The e-mail address, which is also the name to sign in with; no other account may have it.
    pub email: &'a str,
    /// The password that they choose.
    pub password: &'a SecretString,
}

/// What a ticket asks support for.
#[derive(Clone, Debug)]
pub enum TicketForm<'a> {
    /// A medical centre introduces its integrator (C-10).
    Introduction {
        /// E-mail address of the integrator.
        integrator_email: &'a str,
        /// What the integration is for, in free text.
        intent: &'a str,
    },
    /// An integrator asks for the developer role (C-12).
    DeveloperRole {
        /// E-mail address of the account that gets the role.
        email: &'a str,
    },
    /// A medical centre asks for a user of its own (C-20).
    CreateUser {
        /// E-mail address that the user signs in with.
        email: &'a str,
        /// The user's first name.
        given_name: &'a str,
        /// The user's surname.
        family_name: &'a str,
        /// Whether the user is for an integrator's tests, and is deactivated when the project ends.
        temporary: bool,
    },
    /// A medical centre asks that a temporary user is deactivated (C-18).
    DeactivateUser {
        /// E-mail address of the user.
        email: &'a str,
    },
}

/// Where a ticket stands, as its page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketStatus {
    /// The administrator has not answered it yet.
    Open,
    /// The administrator has answered it, or has done what it asks.
    Done,
}

/// The OAuth application request (C-13), in the portal's own values.
#[derive(Clone, Debug)]
pub struct ApplicationForm<'a> {
    /// `web`, `spa`, `native` or `daemon`.
    pub r#type: &'a str,
    /// `authorization_code` or `device_code`.
    pub grant: &'a str,
    /// The application's name, as the consent page shows it.
    pub name: &'a str,
    /// What the application does, in free text.
    pub description: &'a str,
    /// The redirect URIs to register, typed one a line.
    pub redirect_uris: &'a [&'a str],
    /// The scopes that the application may ask for at most.
    pub scopes: ScopeSet,
    /// Among `name` and `email`.
    pub claims: &'a [&'a str],
}

/// Where an OAuth application request stands, as its page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationStatus {
    /// The administrator has not decided yet.
    Pending,
    /// It is approved: its credentials can be read.
    Approved,
    /// The administrator refused it.
    Refused {
        /// The administrator's reason; empty where the page shows none.
        reason: String,
    },
}
