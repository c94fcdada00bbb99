//! The resource API: `/v2/userinfo` and `/v2/tenants/{tenantId}/…` (C-50 to C-62).

use std::sync::Arc;

use axum::Router;

use super::{Fault, Shared};

pub const FAULTS: &[Fault] = &[];

/// The clinical data of every tenant.
#[derive(Debug, Default)]
pub struct Clinic {}

impl Clinic {
    pub fn seeded(_seed: u64) -> Self {
        Self {}
    }
}

pub fn router() -> Router<Arc<Shared>> {
    Router::new()
}
