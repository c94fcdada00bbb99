//! The bundled application: a medical centre's portal on GipoNext, as an integrator would write it.
//!
//! It is three things at once: the example that integrators read, the positive control of the suite, and, with a
//! [`Defect`], the proof that each scenario can fail. It uses [`crate::oauth`] and [`crate::event::Lang`] only, and knows
//! neither the mock nor the suite: all it is told is a [`Config`].
//!
//! | file | holds |
//! | --- | --- |
//! | `config`, `app`, `routes` | what it is told; its life; its paths and headers |
//! | `program`, `device`, `native` | the application as a command-line program: without a browser (RFC 8628), or with the user's (RFC 8252) |
//! | `single_page` | the application as a single page, whose script is the client; files in `templates/single_page/` |
//! | `login`, `callback`, `sign_in`, `logout`, `platform_sign_out` | the way of a user in and out |
//! | `provider`, `token_endpoint`, `id_token` | discovery, keys, tokens; the rules for an ID token |
//! | `comparison` | how texts from outside are compared |
//! | `background` | what it reads while nobody looks |
//! | `session` | attempts and signed-in users, kept on the server |
//! | `http`, `api` | time limits, retries, refresh, pages of a list |
//! | `pages`, `words` | what a person sees; templates are in `templates/` |
//! | `defect`, `habit` | the table of defects; ways that are unusual and sound |
//!
//! A comment at each rule names the requirement that it keeps. A new defect is a row in `defect` and one
//! `config.has(Defect::…)` at the rule that it breaks.

#![deny(missing_docs, unreachable_pub)]

use collaudo_model::{domain, event, oauth};

mod answers;
mod api;
mod app;
mod backchannel_logout;
mod background;
mod callback;
mod comparison;
mod config;
mod defect;
mod device;
mod habit;
mod http;
mod id_token;
mod lists;
mod login;
mod logout;
mod loose_claims;
mod native;
mod pages;
mod platform_sign_out;
mod program;
mod provider;
mod routes;
mod session;
mod sign_in;
mod single_page;
mod token_endpoint;
mod unhurried;
mod visit;
mod words;

use std::net::SocketAddr;

pub use app::{Listener, RelyingParty};
pub use config::{Config, OtherPlatform, Window};
pub use defect::Defect;
pub use habit::Habit;
pub use program::{Program, run_program};
pub use single_page::{SINGLE_PAGE_DEFECTS, SinglePage, SinglePageConfig, SinglePageDefect};

/// Why the application cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RelyingPartyError {
    /// The address is taken, or may not be listened at.
    #[error("failed to listen on {address}: {source}; name a free port")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// Why it cannot.
        source: std::io::Error,
    },
    /// The client for the platform cannot be made.
    #[error("failed to set up the HTTP client: {0}; check the extra CA certificate")]
    HttpClient(#[from] reqwest::Error),
    /// No defect has this name.
    #[error("`{name}` is not a defect of the bundled application; `collaudo list defects` names them all")]
    UnknownDefect {
        /// What was asked for.
        name: String,
    },
}
