use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The member of `events` that makes a token a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4).
pub const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The readable parts of a signed JWT. Nothing is verified: for evidence and snapshots only.
#[derive(Clone, Debug, PartialEq)]
pub struct Jwt {
    /// The JOSE header (RFC 7519 section 5).
    pub header: Map<String, Value>,
    /// The claims set (RFC 7519 section 4).
    pub claims: Map<String, Value>,
}

/// Why a text is not a signed JWT in the compact form (RFC 7515 section 7.1).
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It does not have three parts; holds how many it has.
    #[error("a JWT has three parts separated by dots, this text has {0}")]
    Parts(usize),
    /// A part is not base64url without padding.
    #[error("the JWT's {part} is not base64url: {source}")]
    Base64 {
        /// `header` or `payload`.
        part: &'static str,
        /// What the decoder says.
        source: base64::DecodeError,
    },
    /// A part is not a JSON object.
    #[error("the JWT's {part} is not a JSON object: {source}")]
    Json {
        /// `header` or `payload`.
        part: &'static str,
        /// What the parser says.
        source: serde_json::Error,
    },
}

/// Reads a JWT's header and claims without verifying its signature.
pub fn decode_jwt(token: &str) -> Result<Jwt, DecodeError> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, _] = parts[..] else {
        return Err(DecodeError::Parts(parts.len()));
    };
    Ok(Jwt { header: object("header", header)?, claims: object("payload", claims)? })
}

fn object(part: &'static str, text: &str) -> Result<Map<String, Value>, DecodeError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|source| DecodeError::Base64 { part, source })?;
    serde_json::from_slice(&bytes).map_err(|source| DecodeError::Json { part, source })
}
