use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::client_authentication::authenticate_client;
use super::fault::{REVOCATION_REDIRECT, REVOCATION_REFUSED, REVOCATION_UNAVAILABLE};
use super::parameters::Parameters;
use super::token;
use super::token_answer::{TokenRefusal, redirected, revocation_refused, revocation_unavailable};
use crate::oauth::ErrorCode;
use crate::{Shared, Trace};

/// `POST /connect/revocation` (RFC 7009 section 2): a refresh token takes its family along, an access token goes alone, an
/// unknown token is a success.
pub(super) async fn revoke(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match revoke_token(&shared, &trace, &uri, &headers, &body) {
        Ok(response) => response,
        Err(refusal) => {
            trace.note(|facts| facts.refusal = Some(refusal.to_string()));
            refusal.into_response()
        }
    }
}

fn revoke_token(shared: &Shared, trace: &Trace, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Response, TokenRefusal> {
    let (query, form) = (Parameters::parse(uri.query().unwrap_or_default().as_bytes()), token::form(headers, body)?);
    let client = authenticate_client(shared, trace, headers, &query, &form)?;
    let token = form.get("token").ok_or_else(|| TokenRefusal::new(ErrorCode::InvalidRequest, "token is missing"))?;
    if let Some(response) = faulty(shared, trace) {
        return Ok(response);
    }
    let client_id = client.client_id.as_deref().unwrap_or_default();
    let revoked = shared.authorizations().revoke_token(token, client_id);
    if revoked.is_err() {
        return Err(TokenRefusal::new(ErrorCode::InvalidRequest, "the token was issued to another client"));
    }
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response())
}

/// The answer of an armed fault, if one is.
pub(super) fn faulty(shared: &Shared, trace: &Trace) -> Option<Response> {
    if trace.fires(&shared.faults, REVOCATION_REDIRECT) {
        return Some(redirected(shared, "/connect/revocation"));
    }
    if trace.fires(&shared.faults, REVOCATION_REFUSED) {
        return Some(revocation_refused());
    }
    trace.fires(&shared.faults, REVOCATION_UNAVAILABLE).then(revocation_unavailable)
}
