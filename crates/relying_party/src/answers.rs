//! What the answers of the API mean to this application.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::api::Call;
use super::http::{Answer, HttpError, without_url};
use super::{Config, Defect};
use crate::oauth::ErrorCode;

impl Call {
    pub(crate) fn writes(&self) -> bool {
        self.method != Method::GET
    }

    /// Whether it asks for a list's second page, or a later one.
    pub(crate) fn is_further_page(&self) -> bool {
        self.address.contains("?offset=") && !self.address.contains("?offset=0&")
    }

    /// The defect that looks at no certificate where this is sent.
    pub(crate) fn careless_by(&self) -> Option<Defect> {
        if self.writes() {
            return Some(Defect::TrustsAnyCertificateForWrites);
        }
        self.is_further_page().then_some(Defect::TrustsAnyCertificateForFurtherPages)
    }

    /// Whether a defect takes its token wherever it is redirected to.
    pub(crate) fn goes_astray(&self, config: &Config) -> bool {
        config.has(Defect::FollowsRedirectWithToken)
            || (config.has(Defect::FollowsRedirectOfFurtherPages) && self.is_further_page())
            || (config.has(Defect::FollowsRedirectOfWrites) && self.writes())
            || (config.has(Defect::FollowsRedirectOfUserInformation) && self.address.ends_with("/userinfo"))
    }
}

/// Why a feature has nothing to show. What a person reads about it is in `words`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ApiError {
    #[error("the session has ended at the platform")]
    SessionEnded,
    #[error("the token lacks the scope")]
    MissingScope,
    #[error("the user lacks the permission")]
    MissingPermission,
    #[error("there is no such resource")]
    NotFound,
    #[error("the resource was changed meanwhile")]
    Conflict,
    #[error("a business rule was broken: {0}")]
    Rejected(String),
    #[error("the platform asks for patience")]
    Busy,
    #[error("the platform does not answer")]
    Unavailable,
    #[error("the connection broke off before an answer came")]
    Dropped,
    #[error("the answer is not readable: {0}")]
    Unreadable(&'static str),
}

/// JSON of another kind than was asked for.
pub(super) const LACKS_MEMBERS: &str = "the body is not a page of a list";

impl From<HttpError> for ApiError {
    fn from(error: HttpError) -> Self {
        let dropped = matches!(error, HttpError::Request(_));
        tracing::warn!(error = %without_url(error), "the API was not reached");
        if dropped { Self::Dropped } else { Self::Unavailable }
    }
}

/// What each status means to this application (C-55). The log has what a support question needs, and no patient (GX-23).
pub(super) fn successful(answer: Answer, call: &Call) -> Result<Answer, ApiError> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let body = answer.json().unwrap_or_default();
    let error = body["error"].as_str().unwrap_or_default();
    tracing::warn!(method = %call.method, address = call.address, status = %answer.status, error, "the API refused a request");
    Err(match answer.status {
        StatusCode::FORBIDDEN if error == ErrorCode::InsufficientScope.as_str() || challenge_names_scope(&answer.headers) => {
            ApiError::MissingScope
        }
        StatusCode::FORBIDDEN => ApiError::MissingPermission,
        StatusCode::NOT_FOUND => ApiError::NotFound,
        StatusCode::CONFLICT => ApiError::Conflict,
        StatusCode::UNPROCESSABLE_ENTITY => ApiError::Rejected(body["message"].as_str().unwrap_or_default().to_owned()),
        StatusCode::TOO_MANY_REQUESTS => ApiError::Busy,
        status if status.is_server_error() => ApiError::Unavailable,
        _ => ApiError::Unreadable("the status is unexpected"),
    })
}

fn challenge_names_scope(headers: &HeaderMap) -> bool {
    let challenge = headers.get(WWW_AUTHENTICATE).and_then(|challenge| challenge.to_str().ok());
    challenge.is_some_and(|challenge| challenge.contains(ErrorCode::InsufficientScope.as_str()))
}

const PAGE_MEMBERS: &[&str] = &["items", "totalCount", "offset", "limit", "hasMore"];

/// Whether a member stands before another one.
pub(super) fn comes_first(page: &Value, one: &str, other: &str) -> bool {
    let place = |name: &str| page.as_object()?.keys().position(|key| key == name);
    place(one) < place(other)
}

pub(super) fn has_unknown_member(page: &Value, members: &[&str]) -> bool {
    let foreign =
        |value: &Value, known: &[&str]| value.as_object().is_some_and(|object| object.keys().any(|key| !known.contains(&key.as_str())));
    foreign(page, PAGE_MEMBERS) || page["items"].as_array().into_iter().flatten().any(|item| foreign(item, members))
}

/// The body of a write. Only the defect puts the access token into it.
pub(super) fn written(config: &Config, body: &Value, access: &SecretString) -> Value {
    let mut written = body.clone();
    if config.has(Defect::TokenInBodyOfWrites) {
        written["access_token"] = access.expose_secret().into();
    }
    written
}
