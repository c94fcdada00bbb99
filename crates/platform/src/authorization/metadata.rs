use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Map, Value, json};

use super::keys::KeyError;
use super::token_answer::unavailable;
use super::{device, fault as f, keys, near_misses};
use crate::oauth::giponext;
use crate::{Shared, Trace};

/// `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: only what is really supported
/// (OpenID Connect Discovery section 3, RFC 8414 section 2, RFC 8628 section 4, RFC 9207 section 3).
pub(super) async fn metadata(State(shared): State<Arc<Shared>>, Extension(trace): Extension<Trace>) -> Response {
    let text = match near_misses::other_name(&shared, &trace) {
        Some(name) => Bytes::from(document(&shared, &name).to_string()),
        None => shared.metadata.get_or_init(|| Bytes::from(document(&shared, shared.issuer_text()).to_string())).clone(),
    };
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// Names in discovery of what a relay stands before, each with its own path.
fn own_endpoints(shared: &Shared) -> [(&'static str, &str); 8] {
    let paths = &shared.settings.paths;
    [
        ("authorization_endpoint", &paths.authorization),
        ("token_endpoint", &paths.token),
        ("device_authorization_endpoint", &paths.device_authorization),
        ("userinfo_endpoint", &paths.userinfo),
        ("revocation_endpoint", &paths.revocation),
        ("introspection_endpoint", &paths.introspection),
        ("end_session_endpoint", &paths.end_session),
        ("jwks_uri", &paths.jwks),
    ]
}

/// What the target announces, at the relay's own addresses: nothing of the target's own is left for an application to go to.
fn relayed(shared: &Shared, announced: &Map<String, Value>, named: &str) -> Value {
    let mut document = announced.clone();
    let is_address = |name: &str| name.ends_with("_endpoint") || name.ends_with("_uri") || name == "mtls_endpoint_aliases";
    document.retain(|name, _| !is_address(name) && !name.starts_with("backchannel_logout") && !name.starts_with("frontchannel_logout"));
    for (name, path) in own_endpoints(shared).into_iter().filter(|(name, _)| announced.contains_key(*name)) {
        document.insert(name.to_owned(), format!("{}{path}", shared.issuer_text()).into());
    }
    document.insert("issuer".to_owned(), named.into());
    let algorithm = shared.settings.assumptions.signing_algorithm.name();
    document.insert("id_token_signing_alg_values_supported".to_owned(), json!([algorithm]));
    document.into()
}

fn document(shared: &Shared, named: &str) -> Value {
    if let Some(upstream) = &shared.upstream {
        return relayed(shared, upstream.metadata(), named);
    }
    let (issuer, paths) = (shared.issuer_text(), &shared.settings.paths);
    let mut document = json!({
        "issuer": named,
        "authorization_endpoint": format!("{issuer}{}", paths.authorization),
        "token_endpoint": format!("{issuer}{}", paths.token),
        "device_authorization_endpoint": format!("{issuer}{}", paths.device_authorization),
        "userinfo_endpoint": format!("{issuer}{}", paths.userinfo),
        "revocation_endpoint": format!("{issuer}{}", paths.revocation),
        "introspection_endpoint": format!("{issuer}{}", paths.introspection),
        "end_session_endpoint": format!("{issuer}{}", paths.end_session),
        "jwks_uri": format!("{issuer}{}", paths.jwks),
        "scopes_supported": giponext::ALL,
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nonce", "auth_time", "sid", "at_hash", "name", "given_name", "family_name", "email"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", device::GRANT_TYPE],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [shared.settings.assumptions.signing_algorithm.name()],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["it", "en"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    if shared.settings.announces_backchannel_logout {
        // OpenID Connect Back-Channel Logout 1.0 section 2.1.
        for name in ["backchannel_logout_supported", "backchannel_logout_session_supported"] {
            document[name] = true.into();
        }
    }
    document
}

/// `GET` at `jwks_uri` (RFC 7517 section 5).
pub(super) async fn jwks(State(shared): State<Arc<Shared>>, Extension(trace): Extension<Trace>) -> Response {
    if trace.fires(&shared.faults, f::JWKS_UNAVAILABLE) {
        return unavailable();
    }
    if trace.fires(&shared.faults, f::JWKS_EMPTY) {
        return jwks_of(Vec::new());
    }
    let mut unknown = if trace.fires(&shared.faults, f::JWKS_UNKNOWN_KEYS) { unknown_keys() } else { Vec::new() };
    if trace.fires(&shared.faults, f::JWKS_SEVERAL_KEYS) {
        match keys::foreign(shared.settings.assumptions.signing_algorithm).await {
            Ok(foreign) => unknown.push(foreign.jwk.clone()),
            Err(error) => return failed(&error),
        }
    }
    match known_keys(&shared).await {
        Ok(known) => jwks_of(unknown.into_iter().chain(known).collect()),
        Err(error) => failed(&error),
    }
}

async fn known_keys(shared: &Shared) -> Result<Vec<Value>, KeyError> {
    let algorithm = shared.settings.assumptions.signing_algorithm;
    let mut known = vec![keys::signing(shared).await?.jwk.clone()];
    let (changed, again) = {
        let authorizations = shared.authorizations();
        (authorizations.new_key, authorizations.newer_key)
    };
    if changed {
        known.push(keys::new(algorithm).await?.jwk.clone());
    }
    if again {
        known.push(keys::newer(algorithm).await?.jwk.clone());
    }
    Ok(known)
}

/// Keys that an application must pass over (RFC 7517 section 5).
fn unknown_keys() -> Vec<Value> {
    vec![
        json!({"kty": "GIPO", "kid": "of-a-type-to-come", "use": "sig", "gipo": "AQAB"}),
        json!({"kty": "OKP", "crv": "X25519", "kid": "for-encryption", "use": "enc", "x": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}),
    ]
}

fn jwks_of(keys: Vec<Value>) -> Response {
    ([(header::CACHE_CONTROL, "no-cache")], Json(json!({"keys": keys}))).into_response()
}

fn failed(error: &KeyError) -> Response {
    tracing::error!("{error}");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Where the `jku` of a forged ID token leads, at another origin. An application that asks here trusts whoever forged it.
pub(super) async fn foreign_jwks(State(shared): State<Arc<Shared>>) -> Response {
    match keys::foreign(shared.settings.assumptions.signing_algorithm).await {
        Ok(foreign) => jwks_of(vec![foreign.jwk.clone()]),
        Err(error) => failed(&error),
    }
}

/// Where the `x5u` of a forged ID token leads.
pub(super) async fn foreign_certificate(State(shared): State<Arc<Shared>>) -> Response {
    match keys::foreign(shared.settings.assumptions.signing_algorithm).await {
        Ok(foreign) => ([(header::CONTENT_TYPE, "application/pem-certificate-chain")], foreign.certificate_pem()).into_response(),
        Err(error) => failed(&error),
    }
}
