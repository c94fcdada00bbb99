use std::sync::Arc;

use axum::Router;
use url::Url;

use super::{Journal, Settings, Shared, Switchboard, api, authorization, portal};

#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    #[error("failed to listen on {address}: {source}")]
    Listen { address: String, source: std::io::Error },
    #[error("failed to set up TLS: {0}")]
    Tls(String),
}

/// One running platform instance. It stops when it is dropped.
#[derive(Debug)]
pub struct Platform {
    shared: Arc<Shared>,
}

impl Platform {
    pub async fn start(_settings: Settings) -> Result<Self, PlatformError> {
        todo!()
    }

    pub fn issuer(&self) -> &Url {
        &self.shared.issuer
    }

    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    pub fn faults(&self) -> &Switchboard {
        &self.shared.faults
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

#[expect(dead_code, reason = "wired by start")]
fn routes(shared: Arc<Shared>) -> Router {
    Router::new().merge(authorization::router()).merge(portal::router()).merge(api::router()).with_state(shared)
}
