//! Who exists: tenants, users, OAuth applications, support tickets, portal sessions (C-10 to C-25).
//!
//! Rules of the accreditation live here, so that portal pages, levers of a scenario and tests cannot get round them.

mod registration;
mod seed;
mod ticket;
mod user;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::store::{Snapshot, one_part};

pub use registration::{
    Credentials, DecisionError, GrantType, Registration, RegistrationError, RegistrationRequest, RegistrationStatus, RegistrationType,
};
pub use seed::{ADA, BRUNO, CARLA, DARIO, ELIO, MALLORY, OTHER_TENANT, SAMPLE_PEOPLE, TENANT};
pub use ticket::{FailedCall, NewUser, Ticket, TicketError, TicketKind, TicketStatus};
pub use user::{AccountError, Permission, Role, SignInRefusal, Tenant, TenantId, User, UserId};

/// A browser's session at account.gipo.it; its id is the cookie's value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    pub user: UserId,
    /// Goes into `auth_time`.
    pub signed_in_at: Timestamp,
    /// The `sid` claim.
    pub sid: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Accounts {
    pub tenants: Vec<Tenant>,
    pub users: Vec<User>,
    pub registrations: Vec<Registration>,
    pub tickets: Vec<Ticket>,
    pub sessions: HashMap<String, Session>,
}

impl Snapshot for Accounts {
    fn parts(&self) -> Result<Vec<(String, Value)>, serde_json::Error> {
        Ok(vec![("accounts".to_owned(), serde_json::to_value(self)?)])
    }

    fn from_parts(parts: &BTreeMap<String, Value>) -> Result<Self, String> {
        one_part(parts, "accounts")
    }
}
