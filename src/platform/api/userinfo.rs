use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::error::ApiError;
use super::{admit, faults, unauthorized};
use crate::platform::accounts::{Accounts, UserId};
use crate::platform::authorization::{USERINFO_OTHER_SUBJECT, authenticate_bearer, other_user, shown_subject};
use crate::platform::{Shared, Trace};

pub const PATH: &str = "/v2/userinfo";

/// C-50: who the token's user is, and of which tenant. Needs no scope.
pub async fn userinfo(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let response = match authenticate_bearer(&shared, &headers, query.as_deref(), &trace) {
        Err(refusal) => unauthorized(refusal),
        Ok(grant) => {
            if let Err(refusal) = admit(&shared, &trace, &grant.client_id) {
                return *refusal;
            }
            let other = trace.fires(&shared.faults, USERINFO_OTHER_SUBJECT);
            let elsewhere = trace.fires(&shared.faults, faults::USERINFO_OTHER_TENANT);
            let described = describe(&shared.accounts(), &grant.subject, other, elsewhere).map(|mut described| {
                if !other {
                    described["sub"] = shown_subject(&shared, &trace, &grant.subject);
                }
                described
            });
            described.map_or_else(|| faults::refused(&trace, ApiError::InvalidToken), |value| Json(value).into_response())
        }
    };
    faults::add(&shared, &trace, response).await
}

/// The user in the API's words; where `other`, another one in the user's own tenant, so that only the subject is wrong; where
/// `elsewhere`, in another tenant, so that only that is.
fn describe(accounts: &Accounts, subject: &UserId, other: bool, elsewhere: bool) -> Option<Value> {
    let user = accounts.user(subject)?;
    let shown = if other { other_user(accounts, subject)? } else { user };
    let tenant = accounts.tenants.iter().find(|tenant| user.tenant.is_some_and(|own| (own == tenant.id) != elsewhere));
    let tenants: Vec<Value> = tenant.into_iter().map(|tenant| json!({"id": tenant.id, "name": tenant.name})).collect();
    Some(json!({"sub": shown.id, "name": shown.name(), "email": shown.email, "tenants": tenants}))
}
