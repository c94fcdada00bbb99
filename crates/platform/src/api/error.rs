use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::authorization::challenge;
use crate::oauth::ErrorCode;

/// Why a call of the resource API is refused (C-53 to C-55). Every one is answered as JSON `{error, message}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ApiError {
    #[error("{0}")]
    Malformed(String),
    #[error("the access token is not accepted")]
    InvalidToken,
    #[error("missing claim {0}")]
    InsufficientScope(&'static str),
    #[error("the user lacks the permission to {} {scope}", if *.write { "write" } else { "read" })]
    InsufficientPermission { scope: &'static str, write: bool },
    #[error("there is no {0} here")]
    NotFound(&'static str),
    #[error("{0} is not allowed here")]
    MethodNotAllowed(String),
    #[error("the {0} was changed meanwhile: read it again and repeat the change on its present version")]
    Conflict(&'static str),
    #[error("{message}")]
    BusinessRule { field: &'static str, message: String },
}

impl ApiError {
    pub(super) fn business(field: &'static str, message: impl Into<String>) -> Self {
        Self::BusinessRule { field, message: message.into() }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope(_) | Self::InsufficientPermission { .. } => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::BusinessRule { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed_request",
            Self::InvalidToken => ErrorCode::InvalidToken.as_str(),
            Self::InsufficientScope(_) => ErrorCode::InsufficientScope.as_str(),
            Self::InsufficientPermission { .. } => "insufficient_permission",
            Self::NotFound(_) => "not_found",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::Conflict(_) => "conflict",
            Self::BusinessRule { .. } => "business_rule",
        }
    }

    /// Of the refusals that another token would mend.
    fn challenge(&self) -> Option<HeaderValue> {
        let error = match self {
            Self::InvalidToken => ErrorCode::InvalidToken,
            Self::InsufficientScope(_) => ErrorCode::InsufficientScope,
            _ => return None,
        };
        Some(challenge(Some(error), &self.to_string()))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({"error": self.code(), "message": self.to_string()});
        if let Self::BusinessRule { field, .. } = &self {
            body["field"] = json!(field);
        }
        let challenge = self.challenge();
        let mut response = (self.status(), Json(body)).into_response();
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
