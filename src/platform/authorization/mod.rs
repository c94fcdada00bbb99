//! The authorization server: discovery, authorization endpoint with sign-in and consent, token, JWKS, userinfo, revocation.

pub(in crate::platform) mod session;

use std::sync::Arc;

use axum::Router;

use super::accounts::UserId;
use super::{Fault, Shared};

pub const FAULTS: &[Fault] = &[];

/// Authorization requests in progress, codes, tokens and grants.
#[derive(Debug, Default)]
pub struct Authorizations {}

pub fn router() -> Router<Arc<Shared>> {
    Router::new()
}

/// Ends every grant and token of a user (C-38).
pub(in crate::platform) fn revoke_all_of(_shared: &Shared, _user: &UserId) {}
