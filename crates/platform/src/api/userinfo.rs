use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::error::ApiError;
use super::{admit, faults, unauthorized};
use crate::accounts::{Accounts, Tenant, TenantId, UserId};
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
            let described = describe(&shared.accounts(), &grant.subject);
            let described = described.map(|described| edited(&shared, &trace, &grant.subject, described));
            described.map_or_else(|| faults::refused(&trace, ApiError::InvalidToken), |value| Json(value).into_response())
        }
    };
    faults::add(&shared, &trace, response).await
}

/// The user information of a subject as armed faults leave it.
pub(super) fn edited(shared: &Shared, trace: &Trace, subject: &UserId, mut described: Value) -> Value {
    let fires = |fault| trace.fires(&shared.faults, fault);
    let unnamed = fires(USERINFO_WITHOUT_SUBJECT);
    let other = unnamed || fires(USERINFO_OTHER_SUBJECT);
    let named = NAMED.into_iter().find_map(|(fault, named)| fires(fault).then_some(named));
    let accounts = shared.accounts();
    if let Some(shown) = other_user(&accounts, subject).filter(|_| other) {
        (described["sub"], described["name"], described["email"]) = (json!(shown.id), shown.name().into(), shown.email.clone().into());
    } else {
        described["sub"] = shown_subject(shared, trace, subject);
    }
    if let (Some(named), Some(own)) = (named, first_tenant(&described)) {
        described["tenants"] = named(&accounts.tenants, &own).into();
    }
    if let Some(members) = described.as_object_mut().filter(|_| unnamed) {
        members.shift_remove("sub");
    }
    described
}

/// The medical centre that an answer names for its user.
pub(crate) fn first_tenant(described: &Value) -> Option<Tenant> {
    let first = described.pointer("/tenants/0")?;
    let id = first["id"].as_u64().or_else(|| first["id"].as_str()?.parse().ok())?;
    Some(Tenant { id: TenantId(id.try_into().ok()?), name: first["name"].as_str()?.to_owned(), city: String::new() })
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

fn another(all: &[Tenant], own: &Tenant) -> Option<Value> {
    all.iter().find(|tenant| tenant.id != own.id).map(|tenant| numbered(tenant, tenant.id.0))
}

fn numbered(tenant: &Tenant, id: u32) -> Value {
    json!({"id": id, "name": tenant.name})
}

/// The user in the API's words.
fn describe(accounts: &Accounts, subject: &UserId) -> Option<Value> {
    let user = accounts.user(subject)?;
    let own = accounts.tenants.iter().find(|tenant| user.tenant.is_some_and(|own| own == tenant.id));
    let tenants: Vec<Value> = own.map(|own| numbered(own, own.id.0)).into_iter().collect();
    Some(json!({"sub": user.id, "name": user.name(), "email": user.email, "tenants": tenants}))
}
