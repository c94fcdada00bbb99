//! The authorization server: discovery, authorization endpoint with sign-in and consent, token, JWKS, userinfo, revocation.

mod bearer;
mod interaction;
mod keys;
pub(in crate::platform) mod session;
mod store;

use std::sync::Arc;

use axum::Router;

use super::accounts::UserId;
use super::{Fault, Shared};

pub(in crate::platform) use bearer::{AccessGrant, BearerRefusal, authenticate_bearer, challenge};
pub use store::Authorizations;

pub const FAULTS: &[Fault] = &[];

pub fn router() -> Router<Arc<Shared>> {
    Router::new()
}

/// Ends every token and refresh token of a user at once (C-38).
pub(in crate::platform) fn revoke_all_of(shared: &Shared, user: &UserId) {
    shared.authorizations().revoke_subject(user);
}
