//! The authorization server: discovery, authorization endpoint with sign-in and consent, token, JWKS, userinfo, revocation.

use std::sync::Arc;

use axum::Router;

use super::{Fault, Shared};

pub const FAULTS: &[Fault] = &[];

/// Authorization requests in progress, codes, tokens and grants.
#[derive(Debug, Default)]
pub struct Authorizations {}

pub fn router() -> Router<Arc<Shared>> {
    Router::new()
}
