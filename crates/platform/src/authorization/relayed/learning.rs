//! What a relay learns of the target's users: who they are is asked once, when the first token of one passes.

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::Shared;
use crate::accounts::{Permission, Role, TenantId, User, UserId};
use crate::api::first_tenant;
use crate::oauth::giponext;
use crate::relay::Upstream;

/// Makes the user known whose access token this is.
pub(super) async fn meet(shared: &Shared, upstream: &Upstream, subject: &UserId, access_token: &str, claims: Option<&Map<String, Value>>) {
    if shared.accounts().user(subject).is_some() {
        return;
    }
    let said = upstream.user_of(access_token).await.filter(|said| said.get("sub").and_then(Value::as_str) == Some(&subject.0));
    let said = Value::Object(said.unwrap_or_default());
    let member = |name: &str| {
        let of_token = || claims.and_then(|claims| claims.get(name)).and_then(Value::as_str);
        said[name].as_str().or_else(of_token).unwrap_or_default().to_owned()
    };
    let (name, email) = (member("name"), member("email"));
    let (given_name, family_name) = name.split_once(' ').unwrap_or((&name, ""));
    let tenant = first_tenant(&said);
    let user = User {
        id: subject.clone(),
        email: email.clone(),
        // Nobody signs in at a relay.
        password: SecretString::from(shared.random.token(24)),
        given_name: given_name.to_owned(),
        family_name: family_name.to_owned(),
        role: Role::EndUser,
        tenant: tenant.as_ref().map(|tenant| tenant.id),
        permissions: giponext::RESOURCES.into_iter().map(|scope| Permission { scope, write: true }).collect(),
        developer: false,
        active: true,
        temporary: false,
    };
    let mut accounts = shared.accounts();
    if !email.is_empty() {
        accounts.users.retain(|known| !known.email.eq_ignore_ascii_case(&email));
    }
    accounts.users.push(user);
    let is_known = |id: TenantId| accounts.tenants.iter().any(|known| known.id == id);
    if let Some(tenant) = tenant.filter(|tenant| !is_known(tenant.id)) {
        accounts.tenants.push(tenant);
    }
}
