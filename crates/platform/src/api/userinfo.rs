use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::error::ApiError;
use super::{admit, faults, unauthorized};
use crate::accounts::{Accounts, Tenant, UserId};
use crate::authorization::{
    USERINFO_OTHER_SUBJECT, USERINFO_UNAUTHORIZED, USERINFO_WITHOUT_SUBJECT, authenticate_bearer, other_user, shown_subject,
};
use crate::{Shared, Trace};

pub(super) const PATH: &str = "/v2/userinfo";

/// C-50: who the token's user is, and of which tenant. Needs no scope.
pub(super) async fn userinfo(
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
            if let Some(response) = faults::in_place_of_user_information(&shared, &trace, PATH) {
                return response;
            }
            let fires = |fault| trace.fires(&shared.faults, fault);
            if fires(USERINFO_UNAUTHORIZED) {
                return faults::refused(&trace, ApiError::InvalidToken);
            }
            let unnamed = fires(USERINFO_WITHOUT_SUBJECT);
            let other = unnamed || fires(USERINFO_OTHER_SUBJECT);
            let named = NAMED.into_iter().find_map(|(fault, named)| fires(fault).then_some(named));
            let described = describe(&shared.accounts(), &grant.subject, other, named.unwrap_or(own)).map(|mut described| {
                if !other {
                    described["sub"] = shown_subject(&shared, &trace, &grant.subject);
                }
                if unnamed && let Some(members) = described.as_object_mut() {
                    members.shift_remove("sub");
                }
                described
            });
            described.map_or_else(|| faults::refused(&trace, ApiError::InvalidToken), |value| Json(value).into_response())
        }
    };
    faults::add(&shared, &trace, response).await
}

/// The tenants that are named for a user: of all that there are, and the user's own.
type Named = fn(&[Tenant], &Tenant) -> Vec<Value>;

const NAMED: [(&str, Named); 6] = [
    (faults::USERINFO_OTHER_TENANT, |all, own| another(all, own).into_iter().collect()),
    (faults::USERINFO_SHORTER_TENANT, |_, own| vec![numbered(own, own.id.0 / 10)]),
    (faults::USERINFO_LONGER_TENANT, |_, own| vec![numbered(own, own.id.0 * 10 + 1)]),
    (faults::USERINFO_TENANT_WITH_MORE_BEFORE, |_, own| vec![numbered(own, own.id.0 + 9000)]),
    (faults::USERINFO_NO_TENANT, |_, _| Vec::new()),
    (faults::USERINFO_TWO_TENANTS, |all, own| another(all, own).into_iter().chain([numbered(own, own.id.0)]).collect()),
];

fn own(_: &[Tenant], own: &Tenant) -> Vec<Value> {
    vec![numbered(own, own.id.0)]
}

fn another(all: &[Tenant], own: &Tenant) -> Option<Value> {
    all.iter().find(|tenant| tenant.id != own.id).map(|tenant| numbered(tenant, tenant.id.0))
}

fn numbered(tenant: &Tenant, id: u32) -> Value {
    json!({"id": id, "name": tenant.name})
}

/// The user in the API's words; where `other`, another one in the user's own tenant, so that only the subject is wrong; in the tenants
/// that are `named`.
fn describe(accounts: &Accounts, subject: &UserId, other: bool, named: Named) -> Option<Value> {
    let user = accounts.user(subject)?;
    let shown = if other { other_user(accounts, subject)? } else { user };
    let own = accounts.tenants.iter().find(|tenant| user.tenant.is_some_and(|own| own == tenant.id));
    let tenants = own.map_or_else(Vec::new, |own| named(&accounts.tenants, own));
    Some(json!({"sub": shown.id, "name": shown.name(), "email": shown.email, "tenants": tenants}))
}
