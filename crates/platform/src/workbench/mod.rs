//! What the mock platform offers to a person who develops against it, beside the platform itself: a start page with addresses, sample
//! people and the environment to paste, and, where asked for, the control page by which faults are armed by hand.
//!
//! Only there when [`Settings::workbench`](super::Settings) says so: a platform under a scenario has none of it. Nothing below `/_mock`
//! and `/_control` is in the journal.

mod access;
mod control;
mod start;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use secrecy::SecretString;

use super::Shared;
use super::accounts::Credentials;

/// Paths that are the workbench's own.
pub(crate) fn is_own_path(path: &str) -> bool {
    path == "/_mock" || path == "/_control" || path.starts_with("/_control/")
}

/// What the pages tell.
#[derive(Debug, Default)]
pub struct Workbench {
    /// Opens the control page and its interface; without it there is neither.
    control_key: Option<SecretString>,
    clients: Mutex<Vec<(String, Credentials)>>,
    /// Name and address of every issuer of the process, where they have names.
    issuers: OnceLock<Vec<(String, String)>>,
}

impl Workbench {
    pub fn new(control_key: Option<SecretString>) -> Self {
        Self { control_key, ..Self::default() }
    }

    /// Shows an application's credentials on the start page.
    pub fn show(&self, name: &str, credentials: Credentials) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), credentials));
    }

    /// Shows every issuer of the process on the start page. The first call holds.
    pub fn name_issuers(&self, issuers: Vec<(String, String)>) {
        let _ = self.issuers.set(issuers);
    }

    fn issuers(&self) -> Vec<(String, String)> {
        self.issuers.get().cloned().unwrap_or_default()
    }

    fn clients(&self) -> Vec<(String, Credentials)> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The routes that the workbench adds; none without one.
pub(super) fn router(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let Some(workbench) = &shared.workbench else { return Router::new() };
    let own_host = from_fn_with_state(shared.clone(), access::own_host);
    let routes = Router::new().route("/_mock", get(start::start));
    if workbench.control_key.is_none() {
        return routes.layer(own_host);
    }
    routes
        .route("/_control", get(control::page))
        .route("/_control/enter", post(access::enter))
        .route("/_control/faults", get(control::list).delete(control::disarm_all).post(control::submitted))
        .route("/_control/faults/{name}", put(control::arm).delete(control::disarm))
        .route("/_control/journal", get(control::journal))
        .route("/_control/levers/{lever}", post(control::lever))
        .layer(own_host)
}
