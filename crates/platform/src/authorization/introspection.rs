use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::client_authentication::authenticate_client;
use super::parameters::Parameters;
use super::token::{self, required};
use super::token_answer::{TokenRefusal, json_answer};
use crate::accounts::UserId;
use crate::oauth::{ErrorCode, decode_jwt};
use crate::{Shared, Trace};

/// Claims of an access token that its introspection repeats (RFC 7662 section 2.2).
const REPEATED: [&str; 9] = ["iss", "aud", "sub", "client_id", "scope", "iat", "nbf", "exp", "jti"];

/// `POST /connect/introspect` (RFC 7662): for clients that authenticate, of their own tokens. Of any other token a client
/// learns that it is not active, and nothing else.
pub(super) async fn introspect(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&shared, &trace, &uri, &headers, &body).unwrap_or_else(|refusal| {
        trace.note(|facts| facts.refusal = Some(refusal.to_string()));
        refusal.into_response()
    })
}

fn answer(shared: &Shared, trace: &Trace, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Response, TokenRefusal> {
    let (query, form) = (Parameters::parse(uri.query().unwrap_or_default().as_bytes()), token::form(headers, body)?);
    let client = authenticate_client(shared, trace, headers, &query, &form)?;
    if client.is_public() {
        // Whoever knows a public client's id could scan for tokens (RFC 7662 section 2.1).
        return Err(TokenRefusal::new(ErrorCode::InvalidClient, "introspection needs a client secret, and the client is public"));
    }
    let token = required(&form, "token")?;
    let client_id = client.client_id.unwrap_or_default();
    let known = access_token(shared, token, &client_id).or_else(|| refresh_token(shared, token, &client_id));
    Ok(json_answer(StatusCode::OK, &known.map_or_else(|| json!({"active": false}), Value::Object)))
}

fn access_token(shared: &Shared, token: &str, client_id: &str) -> Option<Map<String, Value>> {
    let known = shared.authorizations().access_grant(token)?;
    let alive = !known.revoked && !known.expired && known.expires_at > shared.clock.now_seconds();
    if !alive || known.client_id != client_id || !is_active(shared, &known.subject) {
        return None;
    }
    let claims = decode_jwt(token).ok()?.claims;
    let mut answer = active("Bearer");
    answer.extend(REPEATED.iter().filter_map(|name| Some(((*name).to_owned(), claims.get(*name)?.clone()))));
    Some(answer)
}

fn refresh_token(shared: &Shared, token: &str, client_id: &str) -> Option<Map<String, Value>> {
    let (grant, expires_at) = shared.authorizations().live_refresh_token(token, shared.clock.now_seconds())?;
    if grant.client_id != client_id || !is_active(shared, &grant.subject) {
        return None;
    }
    let mut answer = active("refresh_token");
    let mut member = |name: &str, value: Value| answer.insert(name.to_owned(), value);
    member("iss", shared.issuer_text().into());
    member("sub", grant.subject.0.into());
    member("client_id", grant.client_id.into());
    member("scope", grant.scopes.to_string().into());
    member("exp", expires_at.into());
    Some(answer)
}

fn active(token_type: &str) -> Map<String, Value> {
    Map::from_iter([("active".to_owned(), true.into()), ("token_type".to_owned(), token_type.into())])
}

fn is_active(shared: &Shared, subject: &UserId) -> bool {
    shared.accounts().user(subject).is_some_and(|user| user.active)
}
