//! What lets a page of another origin call the platform and read its answers (CORS: Fetch standard, section 3.3). Whether
//! account.gipo.it and api.giponext.it do is written nowhere: the assumption `cors`.
//!
//! Discovery, keys, token, revocation, userinfo and the API have it. The authorization endpoint must not (RFC 9700 section 2.6): a
//! browser goes there, no script asks.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use super::Shared;

/// How long a browser may remember that a call is allowed.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The exact origins at which a registered single-page application gets its responses, and no cookies: its calls carry a token.
pub(super) fn of_registered_applications(shared: &Arc<Shared>) -> CorsLayer {
    let shared = Arc::downgrade(shared);
    let is_known = move |origin: &HeaderValue, _: &_| {
        let known = |text: &str| shared.upgrade().is_some_and(|shared| shared.accounts().has_browser_client_at(text));
        origin.to_str().is_ok_and(known)
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_known))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        // Without it a page cannot see how long it has to wait (C-57).
        .expose_headers([header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::LOCATION])
        .max_age(REMEMBERED)
}

/// As Mallory would: her host lets every page send her everything.
pub(super) fn of_anybody() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
}

/// What a browser asks before a call of a page to another origin (Fetch standard section 4.8).
pub(super) fn is_preflight(method: &str, headers: &HeaderMap) -> bool {
    method == "OPTIONS" && headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}
