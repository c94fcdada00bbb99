//! The resource API: `/v2/userinfo` and `/v2/tenants/{tenantId}/…` (C-50 to C-62), and the sample data behind it.
//!
//! A resource path is a table of [`call::Operation`]s: method, scope, and what it does. `call.rs` applies the rules that
//! hold for all of them, in order: token, rate limit, scope, permission, tenant; then the operation reads its parameters.
//! To add a resource: its type in `records.rs`, its samples in `seed.rs` or `care.rs`, its operations in a file of their own,
//! its path below. To add a fault: a row in `faults.rs`, or in `damage.rs` where it spoils an
//! answer on its way.

mod answer;
mod appointments;
mod body;
mod call;
mod care;
mod clinic;
mod codice_fiscale;
mod damage;
mod document;
mod episodes;
mod error;
mod faults;
mod invoices;
mod lists;
mod medical_reports;
mod patients;
mod people;
mod practice;
mod records;
mod relayed;
mod rome;
mod seed;
mod userinfo;

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Json, Router};
use serde_json::json;
use tower_http::set_header::SetResponseHeaderLayer;

use super::authorization::{self, BearerRefusal};
use super::{Shared, Trace};
use crate::domain::Credential;
use crate::oauth::ErrorCode;
use error::ApiError;

pub(crate) use clinic::Clinic;
pub use clinic::PatientName;
pub(crate) use damage::DAMAGE;
pub(crate) use faults::FAULTS;
pub(crate) use faults::{ELSEWHERE, elsewhere, in_place_of_user_information, retry_after, soon};
pub use relayed::READ_ONLY;
pub(crate) use relayed::router as relayed_router;
pub(crate) use userinfo::first_tenant;

/// The OpenAPI 2.0 document that the mock answers by, without the addresses of one platform (C-04).
pub fn document() -> &'static serde_json::Value {
    &document::DOCUMENT
}

pub(crate) fn router() -> Router<Arc<Shared>> {
    let paths = [
        ("patients", patients::ALL, patients::ONE),
        ("agendas", lists::AGENDAS, lists::ONE_AGENDA),
        ("appointments", appointments::ALL, appointments::ONE),
        ("availabilities", appointments::AVAILABILITIES, appointments::ONE_AVAILABILITY),
        ("treatments", lists::ALL_TREATMENTS, lists::ONE_TREATMENT),
        ("price-lists", lists::PRICE_LISTS, lists::ONE_PRICE_LIST),
        ("episodes", episodes::ALL, episodes::ONE),
        ("medical-reports", medical_reports::ALL, medical_reports::ONE),
        ("invoices", invoices::ALL, invoices::ONE),
    ];
    let mut router = Router::new().route(userinfo::PATH, get(userinfo::userinfo)).route(document::PATH, get(document::document));
    for (name, all, one) in paths {
        let path = format!("/v2/tenants/{{tenantId}}/{name}");
        router = router.route(&path, call::resource(all));
        router = router.route(&format!("{path}/{{id}}"), call::resource(one));
    }
    router
        .method_not_allowed_fallback(async |Extension(trace): Extension<Trace>, method: Method| {
            faults::refused(&trace, ApiError::MethodNotAllowed(method.to_string()))
        })
        .route("/v2", any(unknown))
        .route("/v2/{*path}", any(unknown))
        // Clinical data: no cache on the way may keep it.
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// Mallory's host.
pub(crate) fn elsewhere_router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/elsewhere/{*path}", any(elsewhere_found))
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .merge(authorization::elsewhere_router())
}

/// C-54: no token, or none that holds.
fn unauthorized(refusal: BearerRefusal) -> Response {
    let error = refusal.error().unwrap_or(ErrorCode::InvalidToken);
    let body = json!({"error": error.as_str(), "message": refusal.to_string()});
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, refusal.www_authenticate())], Json(body)).into_response()
}

/// C-57: the rate limit of the token's client.
fn admit(shared: &Shared, trace: &Trace, client_id: &str) -> Result<(), Box<Response>> {
    shared.limiter.admit(client_id, shared.clock.now()).map_err(|refusal| {
        trace.note(|facts| facts.refusal = Some(refusal.to_string()));
        Box::new(refusal.into_response())
    })
}

async fn unknown(Extension(trace): Extension<Trace>) -> Response {
    faults::refused(&trace, ApiError::NotFound("resource"))
}

/// Where the faults that lead a client to another origin end: the journal notes whether it brought its token.
async fn elsewhere_found(Extension(trace): Extension<Trace>, headers: HeaderMap, body: Bytes) -> Response {
    let secret = |name: &str| matches!(name, "client_secret" | "client_assertion" | "refresh_token" | "access_token" | "token");
    if url::form_urlencoded::parse(&body).any(|(name, _)| secret(&name)) {
        trace.note(|facts| facts.credentials.push(Credential::Body));
    }
    if headers.contains_key(header::AUTHORIZATION) {
        trace.note(|facts| facts.credentials.push(Credential::Header));
    }
    faults::refused(&trace, ApiError::NotFound("resource"))
}
