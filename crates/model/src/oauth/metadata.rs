use serde::{Deserialize, Serialize};

/// The discovery document (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2): the members that collaudo reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The issuer identifier; clients compare it byte for byte.
    pub issuer: String,
    /// Address of the authorization endpoint (RFC 6749 section 3.1).
    pub authorization_endpoint: String,
    /// Address of the token endpoint (RFC 6749 section 3.2).
    pub token_endpoint: String,
    /// Address of the keys that tokens are signed with (RFC 7517 section 5).
    pub jwks_uri: String,
    /// Address of the userinfo endpoint (OpenID Connect Core section 5.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<String>,
    /// Address of the revocation endpoint (RFC 7009 section 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Address of the logout endpoint (OpenID Connect RP-Initiated Logout 1.0 section 2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_session_endpoint: Option<String>,
    /// RFC 8628 section 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<String>,
    /// Address of the introspection endpoint (RFC 7662 section 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// Scopes that a client may ask for, `openid` among them.
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    /// Values of `response_type`, such as `code`.
    #[serde(default)]
    pub response_types_supported: Vec<String>,
    /// Values of `grant_type` at the token endpoint, such as `authorization_code`.
    #[serde(default)]
    pub grant_types_supported: Vec<String>,
    /// PKCE methods, such as `S256` (RFC 8414 section 2).
    #[serde(default)]
    pub code_challenge_methods_supported: Vec<String>,
    /// Ways to authenticate at the token endpoint, such as `client_secret_basic`.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// What ID tokens are signed with: values of `alg`, such as `RS256`.
    #[serde(default)]
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// RFC 9207 section 3.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// Where the discovery document of an issuer is: below it, whether it ends in a slash or not (OpenID Connect Discovery section 4).
pub fn discovery_of(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}
