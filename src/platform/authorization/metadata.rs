use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{device, keys};
use crate::oauth::giponext;
use crate::platform::Shared;

/// `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: only what is really supported
/// (OpenID Connect Discovery section 3, RFC 8414 section 2, RFC 8628 section 4, RFC 9207 section 3).
pub(super) async fn metadata(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let issuer = shared.issuer_text();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/connect/authorize"),
        "token_endpoint": format!("{issuer}/connect/token"),
        "device_authorization_endpoint": format!("{issuer}/connect/deviceauthorization"),
        "userinfo_endpoint": format!("{issuer}/connect/userinfo"),
        "revocation_endpoint": format!("{issuer}/connect/revocation"),
        "introspection_endpoint": format!("{issuer}/connect/introspect"),
        "end_session_endpoint": format!("{issuer}/connect/endsession"),
        "jwks_uri": format!("{issuer}/.well-known/openid-configuration/jwks"),
        "scopes_supported": giponext::ALL,
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nonce", "auth_time", "sid", "at_hash", "name", "email"],
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
    }))
}

/// `GET /.well-known/openid-configuration/jwks` (RFC 7517 section 5).
pub(super) async fn jwks(State(shared): State<Arc<Shared>>) -> Response {
    match keys::signing(shared.settings.assumptions.signing_algorithm).await {
        Ok(keys) => ([(header::CACHE_CONTROL, "no-cache")], Json(json!({"keys": [keys.jwk]}))).into_response(),
        Err(error) => {
            tracing::error!("{error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
