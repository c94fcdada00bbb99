#![doc = include_str!("../README.md")]
//!
//! # Its insides
//!
//! The mock platform: account portal, authorization server, API, faults, journal.
//!
//! One [`Platform`] is one isolated instance on loopback with its own accounts, clinical data, clock, randomness, faults and
//! journal. It is strict unless a named setting or an armed fault says otherwise. Everything it does is traceable to a row
//! `C-nn` of the platform contract or to a clause of a standard, named where it is done.
//!
//! To add an endpoint: a handler in `authorization/`, `portal/` or `api/`, its route in that folder's `router()`.
//! To add a fault: a row in that folder's `FAULTS`, and `trace.fires(&shared.faults, NAME)` where it replaces a rule.

#![deny(unreachable_pub)]

use collaudo_checks as checks;
use collaudo_model::{domain, event, oauth};

pub mod accounts;
mod api;
mod authorization;
mod canaries;
mod certificate;
mod clock;
mod connections;
mod cors;
mod delivery;
mod faults;
mod frame;
mod handshakes;
mod hosts;
mod journal;
mod kept;
mod kept_secret;
mod lang;
mod levers;
mod levers_api;
mod levers_logout;
mod limiter;
mod listening;
mod paths;
mod portal;
mod redaction;
pub mod relay;
mod server;
mod settings;
mod shared;
mod store;
mod texts;
mod tls;
mod workbench;

pub use accounts::RegistrationRequest;
pub use api::{PatientName, READ_ONLY, document as api_document};
pub use authorization::LoggedOut;
pub use certificate::{OwnCertificate, is_own_authority, own_certificate, spki_of, spki_of_der};
pub use clock::{Clock, Random};
pub use connections::ConnectionLimits;
pub use domain::{Assumptions, Endpoint, Exchange, SigningAlgorithm, TlsVersion};
pub use faults::{Aim, Fault, Firing, Switchboard, Times, Trigger, UnknownFault};
pub use hosts::LOOPBACK_HOSTS;
pub use journal::{Journal, NotSeen, Trace};
pub use kept::Guard;
pub use levers::{GrantSummary, LeverError};
pub use limiter::{Limiter, RetryAfter};
pub use paths::EndpointPaths;
pub use server::{Platform, PlatformError};
pub use settings::{Keep, Settings, Tls, WorkbenchSettings};
pub use shared::Shared;
pub use store::DataError;
pub use workbench::Workbench;

/// Every fault that the platform can be told to show, in the order of the protocol.
pub fn faults() -> impl Iterator<Item = &'static Fault> {
    tls::FAULTS.iter().chain(authorization::FAULTS).chain(api::FAULTS).chain(api::DAMAGE)
}
