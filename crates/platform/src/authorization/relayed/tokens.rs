//! The endpoints at which a client authenticates: tokens as the target gives them, ID tokens signed again.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::super::client_authentication::note_client;
use super::super::fault as f;
use super::super::id_token::{self, at_hash};
use super::super::jwt::{Draft, Signature};
use super::super::keys;
use super::super::parameters::{Parameters, is_form};
use super::super::store::{Grant, GrantId};
use super::super::token_answer::faulty;
use super::super::tokens::{IssueError, edited, in_another_form, narrowed};
use super::super::{revocation, token};
use super::{Incoming, ask, learning, passed_on, query, upstream};
use crate::accounts::UserId;
use crate::oauth::{ScopeSet, decode_jwt};
use crate::relay::{Upstream, UpstreamError, without_answer};
use crate::{Aim, Shared, Trace};

/// The token endpoint (RFC 6749 section 3.2).
pub(super) async fn token(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Parameters::parse(&body);
    token::note_verifier(&trace, &form);
    note_client(&trace, &headers, &query(&uri), &form);
    let refreshed = form.get("grant_type") == Some("refresh_token");
    if refreshed {
        trace.is_of(Aim::Refreshes);
    }
    if let Some(response) = faulty(&shared, &trace, refreshed).await {
        return response;
    }
    let body = with_real_tokens(&shared, &headers, body);
    let answer = match ask(&shared, &trace, "token_endpoint", Incoming { method: &method, uri: &uri, headers: &headers, body }).await {
        Ok(answer) => answer,
        Err(instead) => return instead,
    };
    let tokens = answer.json().filter(|members| answer.status.is_success() && members.contains_key("access_token"));
    let Some(tokens) = tokens else { return answer.into_response() };
    let seen = shared.journal.mark();
    let given = match upstream(&shared) {
        Ok(target) => give(&shared, &trace, target, &form, tokens, refreshed).await,
        Err(error) => Err(error.into()),
    };
    match given {
        Ok(response) => {
            if refreshed {
                token::hold(&shared, &trace, seen).await;
            }
            response
        }
        Err(GiveError::Target(error)) => without_answer(&trace, &error),
        Err(GiveError::Own(error)) => {
            tracing::error!("{error}");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum GiveError {
    #[error(transparent)]
    Target(#[from] UpstreamError),
    #[error(transparent)]
    Own(#[from] IssueError),
}

/// The target's tokens as the relay hands them on: known by their values, the ID token as the relay's own.
async fn give(
    shared: &Shared,
    trace: &Trace,
    target: &Upstream,
    form: &Parameters,
    mut tokens: Map<String, Value>,
    refreshed: bool,
) -> Result<Response, GiveError> {
    let text = |tokens: &Map<String, Value>, name: &str| tokens.get(name).and_then(Value::as_str).map(str::to_owned);
    let access = text(&tokens, "access_token").unwrap_or_default();
    let original = text(&tokens, "id_token");
    let claims = match &original {
        Some(token) => Some(target.verified(token).await?),
        None => None,
    };
    let presented = form.get("refresh_token");
    let known = presented.and_then(|value| shared.authorizations().live_refresh_token(value, 0));
    let grant = grant(trace, target, form, &tokens, claims.as_ref(), known.as_ref().map(|(grant, _)| grant));
    learning::meet(shared, target, &grant.subject, &access, claims.as_ref()).await;
    let mut scopes = grant.scopes.clone();
    if trace.fires(&shared.faults, f::TOKEN_NARROWER_SCOPE) {
        scopes = narrowed(&scopes);
        tokens.insert("scope".to_owned(), scopes.to_string().into());
    }
    let id = shared.authorizations().add_grant(grant.clone());
    rotate(shared, trace, target, presented, &mut tokens, refreshed);
    let given = access_token(shared, trace, target, &access).await?;
    keep(shared, id, &given, scopes.clone(), text(&tokens, "refresh_token"));
    trace.note(|facts| {
        facts.subject = Some(grant.subject.0.clone());
        facts.scopes = Some(scopes.to_vec());
    });
    if let (Some(original), Some(mut claims)) = (original, claims) {
        claims.insert("iss".to_owned(), shared.issuer_text().into());
        if given != access && claims.contains_key("at_hash") {
            claims.insert("at_hash".to_owned(), at_hash(&given).into());
        }
        let signed = id_token::sign(shared, trace, claims, refreshed).await?;
        target.passed().keep_original(signed.clone(), original);
        shared.authorizations().add_id_token(grant.subject, SecretString::from(signed.clone()));
        tokens.insert("id_token".to_owned(), signed.into());
    }
    tokens.insert("access_token".to_owned(), given.into());
    Ok(edited(shared, trace, tokens, refreshed))
}

/// What the user granted, as far as it can be read off: the ID token names the user, the answer the scopes; otherwise what was asked for,
/// or what the refresh token stood for.
fn grant(
    trace: &Trace,
    target: &Upstream,
    form: &Parameters,
    tokens: &Map<String, Value>,
    claims: Option<&Map<String, Value>>,
    known: Option<&Grant>,
) -> Grant {
    let text = |members: &Map<String, Value>, name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let of_access = || decode_jwt(&text(tokens, "access_token")?).ok().and_then(|token| text(&token.claims, "sub"));
    let subject = claims.and_then(|claims| text(claims, "sub")).or_else(|| known.map(|known| known.subject.0.clone())).or_else(of_access);
    let asked = || form.get("code").and_then(|code| target.passed().scope_of(code));
    let scopes = text(tokens, "scope").or_else(asked).map(|scope| ScopeSet::parse(&scope));
    let number = |name: &str| claims.and_then(|claims| claims.get(name)).and_then(Value::as_i64);
    Grant {
        client_id: trace.client_id().unwrap_or_default(),
        subject: UserId(subject.unwrap_or_default()),
        scopes: scopes.or_else(|| known.map(|known| known.scopes.clone())).unwrap_or_default(),
        sid: claims.and_then(|claims| text(claims, "sid")).unwrap_or_default(),
        auth_time: number("auth_time").unwrap_or_default(),
        revoked: false,
    }
}

/// A fault may keep a new refresh token back: then the application's old one goes on to stand for it.
fn rotate(shared: &Shared, trace: &Trace, target: &Upstream, presented: Option<&str>, tokens: &mut Map<String, Value>, refreshed: bool) {
    let Some(presented) = presented.filter(|_| refreshed) else { return };
    let Some(in_its_place) = token::not_rotated(shared, trace) else { return };
    let new = tokens.shift_remove("refresh_token");
    if let Some(new) = new.as_ref().and_then(Value::as_str).filter(|new| *new != presented) {
        target.passed().stand_in(presented.to_owned(), new.to_owned());
    }
    tokens.extend(in_its_place.map(|value| ("refresh_token".to_owned(), value)));
}

/// The access token as it came, or what a fault gives in its place and the relay takes for it.
async fn access_token(shared: &Shared, trace: &Trace, target: &Upstream, access: &str) -> Result<String, GiveError> {
    let keys = keys::signing(shared).await.map_err(IssueError::from)?;
    let mut claims = decode_jwt(access).map(|token| token.claims).unwrap_or_default();
    claims.entry("jti").or_insert_with(|| shared.random.token(16).into());
    let mut header = id_token::header(keys.algorithm.name(), Some(&keys.kid));
    header.insert("typ".to_owned(), "at+jwt".into());
    let mut draft = Draft { header, claims, signature: Signature::By(&keys.pair) };
    let given = in_another_form(shared, trace, &mut draft).map_err(IssueError::from)?;
    if let Some(given) = &given {
        target.passed().stand_in(given.clone(), access.to_owned());
    }
    Ok(given.unwrap_or_else(|| access.to_owned()))
}

/// Keeps both tokens by what they stand for. When they expire is the target's to say.
fn keep(shared: &Shared, id: GrantId, access: &str, scopes: ScopeSet, refresh: Option<String>) {
    let now = shared.clock.now_seconds();
    let mut authorizations = shared.authorizations();
    authorizations.add_access_token(id, access.to_owned(), scopes, now..i64::MAX);
    if let Some(refresh) = refresh.filter(|refresh| !refresh.is_empty()) {
        authorizations.add_refresh_token(id, refresh, i64::MAX);
    }
}

/// RFC 7009.
pub(super) async fn revoke(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    note_client(&trace, &headers, &query(&uri), &Parameters::parse(&body));
    if let Some(response) = revocation::faulty(&shared, &trace) {
        return response;
    }
    as_client(&shared, &trace, "revocation_endpoint", &method, &uri, &headers, body).await
}

/// RFC 7662.
pub(super) async fn introspect(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    note_client(&trace, &headers, &query(&uri), &Parameters::parse(&body));
    as_client(&shared, &trace, "introspection_endpoint", &method, &uri, &headers, body).await
}

/// RFC 8628 section 3.1.
pub(super) async fn ask_for_a_device(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    note_client(&trace, &headers, &query(&uri), &Parameters::parse(&body));
    as_client(&shared, &trace, "device_authorization_endpoint", &method, &uri, &headers, body).await
}

async fn as_client(
    shared: &Shared,
    trace: &Trace,
    endpoint: &'static str,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    let body = with_real_tokens(shared, headers, body);
    passed_on(ask(shared, trace, endpoint, Incoming { method, uri, headers, body }).await)
}

/// A form in which the target's own tokens stand, where a fault gave others in their place; any other body as it is.
fn with_real_tokens(shared: &Shared, headers: &HeaderMap, body: Bytes) -> Bytes {
    let Ok(target) = upstream(shared) else { return body };
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let real: Vec<Option<String>> = pairs.iter().map(|(_, value)| target.passed().stood_for(value)).collect();
    if !is_form(headers) || real.iter().all(Option::is_none) {
        return body;
    }
    let pairs = pairs.into_iter().zip(real).map(|((name, value), real)| (name, real.unwrap_or(value)));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into()
}

/// The headers of a call with the target's own access token, where a fault gave another one in its place.
pub(crate) fn with_real_token(target: &Upstream, headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    let presented = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
    let real = presented.and_then(|(scheme, token)| Some(format!("{scheme} {}", target.passed().stood_for(token.trim())?)));
    if let Some(real) = real.and_then(|real| HeaderValue::try_from(real).ok()) {
        headers.insert(header::AUTHORIZATION, real);
    }
    headers
}
