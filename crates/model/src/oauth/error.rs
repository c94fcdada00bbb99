use std::fmt;

/// Error codes of the authorization and token endpoints (RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1,
/// OpenID Connect Core section 3.1.2.6, RFC 8628 section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request lacks a parameter, repeats one or has a wrong value (RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1).
    InvalidRequest,
    /// The client did not authenticate as it has to (RFC 6749 section 5.2).
    InvalidClient,
    /// The code or refresh token is not good, or is not this client's (RFC 6749 section 5.2).
    InvalidGrant,
    /// The client may not use this grant type or response type (RFC 6749 sections 4.1.2.1 and 5.2).
    UnauthorizedClient,
    /// The token endpoint does not know the grant type (RFC 6749 section 5.2).
    UnsupportedGrantType,
    /// The authorization endpoint does not know the response type (RFC 6749 section 4.1.2.1).
    UnsupportedResponseType,
    /// A scope is unknown, malformed or more than may be asked for (RFC 6749 sections 4.1.2.1 and 5.2).
    InvalidScope,
    /// The end-user or the platform refused (RFC 6749 section 4.1.2.1, RFC 8628 section 3.5).
    AccessDenied,
    /// The authorization server failed; stands for the status 500, which a redirect cannot have (RFC 6749 section 4.1.2.1).
    ServerError,
    /// The authorization server is overloaded; stands for the status 503 (RFC 6749 section 4.1.2.1).
    TemporarilyUnavailable,
    /// `prompt=none`, and the end-user would have to sign in (OpenID Connect Core section 3.1.2.6).
    LoginRequired,
    /// `prompt=none`, and the end-user would have to consent (OpenID Connect Core section 3.1.2.6).
    ConsentRequired,
    /// The parameter `request` is not supported (OpenID Connect Core section 3.1.2.6).
    RequestNotSupported,
    /// The parameter `request_uri` is not supported (OpenID Connect Core section 3.1.2.6).
    RequestUriNotSupported,
    /// The parameter `registration` is not supported (OpenID Connect Core section 3.1.2.6).
    RegistrationNotSupported,
    /// The access token is expired, revoked or malformed (RFC 6750 section 3.1).
    InvalidToken,
    /// The access token lacks a scope that the call needs (RFC 6750 section 3.1).
    InsufficientScope,
    /// RFC 8628 section 3.5, as the two that follow.
    AuthorizationPending,
    /// The device polls too often: it has to wait five seconds more from now on.
    SlowDown,
    /// The device code has expired.
    ExpiredToken,
}

impl ErrorCode {
    /// The value of the parameter `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
