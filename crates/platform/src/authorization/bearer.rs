use axum::http::{HeaderMap, HeaderValue, header};

use crate::accounts::{TenantId, UserId};
use crate::domain::Credential;
use crate::oauth::{ErrorCode, ScopeSet};
use crate::{Shared, Trace};

/// What a presented access token allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessGrant {
    pub client_id: String,
    pub subject: UserId,
    pub scopes: ScopeSet,
    /// The user's tenant now; none for integrators and administrators.
    pub tenant: Option<TenantId>,
}

/// Why a request with, or without, an access token is answered with 401 (C-54, RFC 6750 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BearerRefusal {
    #[error("the request has no access token: send it as `Authorization: Bearer …`")]
    Missing,
    #[error("the access token is in the query string: send it in the Authorization header only")]
    InQuery,
    #[error("the Authorization header is not `Bearer` and one token")]
    Malformed,
    #[error("the access token is not one that this platform signed")]
    Unknown,
    #[error("the access token has expired")]
    Expired,
    #[error("the access token is revoked")]
    Revoked,
    #[error("the user of the access token is deactivated")]
    Deactivated,
}

impl BearerRefusal {
    /// `None` where the request had no token in a way that the API takes: then no code is given (RFC 6750 section 3.1).
    pub(crate) fn error(self) -> Option<ErrorCode> {
        match self {
            Self::Missing | Self::InQuery => None,
            Self::Malformed | Self::Unknown | Self::Expired | Self::Revoked | Self::Deactivated => Some(ErrorCode::InvalidToken),
        }
    }

    pub(crate) fn www_authenticate(self) -> HeaderValue {
        challenge(self.error(), &self.to_string())
    }
}

/// The value of `WWW-Authenticate` of a refused request with a bearer token (RFC 6750 section 3).
pub(crate) fn challenge(error: Option<ErrorCode>, description: &str) -> HeaderValue {
    let value = match error {
        None => "Bearer realm=\"GipoNext\"".to_owned(),
        Some(error) => {
            let description: String = description.chars().filter(|c| (' '..='~').contains(c) && !matches!(c, '"' | '\\')).collect();
            format!("Bearer realm=\"GipoNext\", error=\"{error}\", error_description=\"{description}\"")
        }
    };
    HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
}

/// Reads the request's access token: header only, signed here, not expired, not revoked, of an active user (C-35 to C-38, C-54).
///
/// Notes client, subject, scopes and the places of the credentials on the trace.
pub(crate) fn authenticate_bearer(
    shared: &Shared,
    headers: &HeaderMap,
    query: Option<&str>,
    trace: &Trace,
) -> Result<AccessGrant, BearerRefusal> {
    let answer = read(shared, headers, query, trace);
    if let Err(refusal) = &answer {
        trace.note(|facts| facts.refusal = Some(refusal.to_string()));
    }
    answer
}

fn read(shared: &Shared, headers: &HeaderMap, query: Option<&str>, trace: &Trace) -> Result<AccessGrant, BearerRefusal> {
    let in_query = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).any(|(name, _)| name == "access_token");
    let in_header = headers.contains_key(header::AUTHORIZATION);
    trace.note(|facts| {
        facts.credentials.extend(in_header.then_some(Credential::Header));
        facts.credentials.extend(in_query.then_some(Credential::Query));
    });
    if in_query {
        return Err(BearerRefusal::InQuery);
    }
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let token = match (values.next(), values.next()) {
        (None, _) => return Err(BearerRefusal::Missing),
        (Some(value), None) => value.to_str().ok().and_then(bearer_token).ok_or(BearerRefusal::Malformed)?,
        (Some(_), Some(_)) => return Err(BearerRefusal::Malformed),
    };
    let grant = shared.authorizations().access_grant(token).ok_or(BearerRefusal::Unknown)?;
    trace.note(|facts| {
        facts.client_id = Some(grant.client_id.clone());
        facts.subject = Some(grant.subject.0.clone());
        facts.scopes = Some(grant.scopes.to_vec());
    });
    let user = shared.accounts().user(&grant.subject).cloned();
    let ends = shared.settings.assumptions.deactivation_ends_access_tokens;
    let Some(user) = user.filter(|user| user.active || !ends) else {
        return Err(BearerRefusal::Deactivated);
    };
    if grant.revoked {
        return Err(BearerRefusal::Revoked);
    }
    if grant.expired || grant.expires_at <= shared.clock.now_seconds() {
        return Err(BearerRefusal::Expired);
    }
    Ok(AccessGrant { client_id: grant.client_id, subject: grant.subject, scopes: grant.scopes, tenant: user.tenant })
}

/// `Bearer` in any case and one `b64token` (RFC 6750 section 2.1, RFC 9110 section 11.1).
fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    let shaped = !token.is_empty() && token.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/=".contains(c));
    (scheme.eq_ignore_ascii_case("bearer") && shaped).then_some(token)
}
