//! The authorization server: discovery, authorization endpoint with sign-in and consent, device authorization with its
//! verification page, token, JWKS, userinfo, introspection, revocation, end of session (C-30 to C-46).
//!
//! Each endpoint is an ordered list of named rules; a fault (see `fault.rs`, the whole list) replaces one rule or edits one
//! answer. To add an endpoint: a file with its handler and a route here. To add a fault: a row in `fault.rs` and an entry in
//! the table of the file that makes the answer (`response.rs`, `token_answer.rs`, `tokens.rs`, `id_token_faults.rs`, `device.rs`).

mod authorize;
mod bearer;
mod client_authentication;
mod device;
mod devices;
mod end_session;
mod fault;
mod id_token;
mod id_token_faults;
mod interaction;
mod introspection;
mod jwt;
mod keys;
mod logout_token;
mod metadata;
mod near_misses;
mod odd_claims;
mod pages;
mod parameters;
mod relayed;
mod response;
mod revocation;
mod scopes;
pub(crate) mod session;
mod sign_in;
mod store;
#[cfg(test)]
mod store_tests;
mod sweep;
mod token;
mod token_answer;
mod tokens;
mod userinfo;
mod verification;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::accounts::UserId;
use super::{EndpointPaths, Shared};

pub(crate) use authorize::{AuthorizationRequest, at_no_endpoint};
pub(crate) use bearer::{BearerRefusal, authenticate_bearer, challenge};
pub(crate) use fault::FAULTS;
pub(crate) use fault::{USERINFO_OTHER_SUBJECT, USERINFO_UNAUTHORIZED, USERINFO_WITHOUT_SUBJECT};
pub(crate) use interaction::issue_code;
pub(crate) use keys::{KeyError, OwnKey, prepare as prepare_keys};
pub use logout_token::LoggedOut;
pub(crate) use logout_token::sign as sign_logout_token;
pub(crate) use near_misses::shown_subject;
pub(crate) use relayed::{
    answered as answered_by_target, router as relayed_router, script_router as relayed_script_router, with_real_token,
};
pub(crate) use store::Authorizations;
pub(crate) use token::access_token_of_code;
pub(crate) use userinfo::other_user;
pub(crate) use verification::decide as decide_device;

pub(crate) fn router(paths: &EndpointPaths) -> Router<Arc<Shared>> {
    Router::new()
        .route(&paths.authorization, get(authorize::authorize).post(authorize::authorize))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/consent", get(interaction::show_consent).post(interaction::decide))
        .route(&paths.device_authorization, post(device::authorize))
        .route(device::VERIFICATION_PATH, get(verification::show).post(verification::submit))
        .route(&paths.introspection, post(introspection::introspect))
        .route(&paths.end_session, get(end_session::end_session).post(end_session::end_session))
}

/// What the script of a page asks for, too.
pub(crate) fn script_router(paths: &EndpointPaths) -> Router<Arc<Shared>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(metadata::metadata))
        .route("/.well-known/oauth-authorization-server", get(metadata::metadata))
        .route(&paths.jwks, get(metadata::jwks))
        .route(&paths.token, post(token::token))
        .route(&paths.userinfo, get(userinfo::userinfo).post(userinfo::userinfo))
        .route(&paths.revocation, post(revocation::revoke))
}

/// What forged ID tokens name, at another origin.
pub(crate) fn elsewhere_router() -> Router<Arc<Shared>> {
    Router::new().route("/elsewhere/keys", get(metadata::foreign_jwks)).route("/elsewhere/certificate", get(metadata::foreign_certificate))
}

/// Ends every token and refresh token of a user at once; access tokens only where the settings say so (C-38).
pub(crate) fn revoke_all_of(shared: &Shared, user: &UserId) {
    let access_too = shared.settings.assumptions.deactivation_ends_access_tokens;
    shared.authorizations().revoke_subject(user, access_too);
}
