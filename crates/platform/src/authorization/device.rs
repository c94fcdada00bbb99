use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::client_authentication::authenticate_client;
use super::devices::{Device, Poll, shown_user_code};
use super::fault as f;
use super::parameters::Parameters;
use super::scopes::check_scopes;
use super::store::Grant;
use super::token::{self, active, bad_grant, issue_refresh_token, required};
use super::token_answer::{TokenRefusal, json_answer};
use super::tokens::{self, Issue};
use crate::accounts::GrantType;
use crate::oauth::{ErrorCode, ScopeSet, giponext};
use crate::{Shared, Trace};

/// The grant type of RFC 8628 section 3.4.
pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Path of the verification page: short, for people type it.
pub(super) const VERIFICATION_PATH: &str = "/device";
/// What holds for a client that is not told an interval (RFC 8628 section 3.2).
const UNTOLD_INTERVAL: u64 = 5;
/// What [`f::DEVICE_INTERVAL_LONGER`] adds.
const LONGER_BY: u64 = 3;
/// Lifetime that [`f::DEVICE_SHORT_LIVED`] gives, in seconds.
const SHORT_LIFETIME: u64 = 5;

/// `POST /connect/deviceauthorization` (RFC 8628 section 3.1; C-46).
pub(super) async fn authorize(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    begin(&shared, &trace, &uri, &headers, &body).unwrap_or_else(|refusal| {
        trace.note(|facts| facts.refusal = Some(refusal.to_string()));
        refusal.into_response()
    })
}

fn begin(shared: &Shared, trace: &Trace, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Response, TokenRefusal> {
    let (query, form) = (Parameters::parse(uri.query().unwrap_or_default().as_bytes()), token::form(headers, body)?);
    let client = authenticate_client(shared, trace, headers, &query, &form)?;
    if client.request.grant != GrantType::DeviceCode {
        return Err(TokenRefusal::new(ErrorCode::UnauthorizedClient, "the application is not registered for the device code grant"));
    }
    let scopes = ScopeSet::parse(form.get("scope").unwrap_or_default());
    check_scopes(&scopes, &client.request.scopes).map_err(|text| TokenRefusal::new(ErrorCode::InvalidScope, text))?;
    trace.note(|facts| facts.scopes = Some(scopes.to_vec()));
    let client_id = client.client_id.unwrap_or_default();
    Ok(answer(shared, trace, client_id, scopes))
}

/// RFC 8628 section 3.2.
fn answer(shared: &Shared, trace: &Trace, client_id: String, scopes: ScopeSet) -> Response {
    let assumed = &shared.settings.assumptions;
    let untold = !assumed.device_poll_interval_told || trace.fires(&shared.faults, f::DEVICE_INTERVAL_UNTOLD);
    let longer = if trace.fires(&shared.faults, f::DEVICE_INTERVAL_LONGER) { LONGER_BY } else { 0 };
    let interval = if untold { UNTOLD_INTERVAL } else { assumed.device_poll_interval_seconds.saturating_add(longer) };
    let short_lived = trace.fires(&shared.faults, f::DEVICE_SHORT_LIVED);
    let lifetime = if short_lived { SHORT_LIFETIME } else { assumed.device_code_lifetime_seconds };
    let (now, device_code) = (shared.clock.now_seconds(), shared.random.token(32));
    let seconds = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let expires_at = now.saturating_add(seconds(lifetime));
    let mut authorizations = shared.authorizations();
    let user_code = authorizations.devices.new_user_code(&shared.random);
    let device = Device::new(client_id, scopes, user_code.clone(), expires_at, seconds(interval).saturating_mul(1000));
    authorizations.devices.add(device_code.clone(), device, now);
    drop(authorizations);

    let page = format!("{}{VERIFICATION_PATH}", shared.issuer_text());
    let shown = shown_user_code(&user_code);
    let mut answer = Map::new();
    answer.insert("device_code".to_owned(), device_code.into());
    answer.insert("user_code".to_owned(), shown.clone().into());
    answer.insert("verification_uri".to_owned(), page.clone().into());
    answer.insert("verification_uri_complete".to_owned(), format!("{page}?user_code={shown}").into());
    answer.insert("expires_in".to_owned(), lifetime.into());
    if !untold {
        answer.insert("interval".to_owned(), interval.into());
    }
    json_answer(StatusCode::OK, &Value::Object(answer))
}

/// One poll of a device at the token endpoint (RFC 8628 sections 3.4 and 3.5).
pub(super) async fn redeem(shared: &Shared, trace: &Trace, client_id: &str, form: &Parameters) -> Result<Response, TokenRefusal> {
    let device_code = required(form, "device_code")?;
    let known = shared.authorizations().devices.is_of(device_code, client_id);
    if known {
        faulty(shared, trace, device_code).await?;
    }
    let polled = shared.authorizations().devices.poll(device_code, client_id, shared.clock.now_milliseconds());
    let refuse = |code, text: &str| Err(TokenRefusal::new(code, text));
    let approval = match polled {
        Poll::Allowed(approval) => approval,
        Poll::Pending => return refuse(ErrorCode::AuthorizationPending, "the user has not decided yet"),
        Poll::TooQuick => return refuse(ErrorCode::SlowDown, "the device polls too quickly: it waits 5 seconds more from now on"),
        Poll::Denied => return refuse(ErrorCode::AccessDenied, "the user refused the request"),
        Poll::Expired => return refuse(ErrorCode::ExpiredToken, "the device code has expired"),
        Poll::Unknown => return bad_grant("the device code is not one that this platform issued"),
        Poll::OtherClient => return bad_grant("the device code was issued to another client"),
        Poll::Used => return bad_grant("the device code was used before"),
    };
    trace.note(|facts| facts.subject = Some(approval.subject.0.clone()));
    active(shared, &approval.subject)?;
    let grant = Grant {
        client_id: client_id.to_owned(),
        subject: approval.subject,
        scopes: approval.scopes.clone(),
        sid: approval.sid,
        auth_time: approval.auth_time,
        revoked: false,
    };
    let id = shared.authorizations().add_grant(grant.clone());
    let refresh_token = approval.scopes.contains(giponext::OFFLINE_ACCESS).then(|| issue_refresh_token(shared, id).into());
    Ok(tokens::answer(shared, trace, Issue { id, grant: &grant, scopes: approval.scopes, nonce: None, refresh_token, refreshed: false })
        .await?)
}

/// Answers that armed faults put in the place of a poll's.
const FAULTS: [(&str, ErrorCode, &str); 4] = [
    (f::DEVICE_PENDING, ErrorCode::AuthorizationPending, "the user has not decided yet"),
    (f::DEVICE_SLOW_DOWN, ErrorCode::SlowDown, "slow down"),
    (f::DEVICE_EXPIRED, ErrorCode::ExpiredToken, "the device code has expired"),
    (f::DEVICE_DENIED, ErrorCode::AccessDenied, "the user refused the request"),
];

async fn faulty(shared: &Shared, trace: &Trace, device_code: &str) -> Result<(), TokenRefusal> {
    if trace.fires(&shared.faults, f::DEVICE_HANGS) {
        super::token_answer::hang().await;
    }
    for (fault, code, text) in FAULTS {
        if trace.fires(&shared.faults, fault) {
            if code == ErrorCode::SlowDown {
                shared.authorizations().devices.slow_down(device_code, shared.clock.now_milliseconds());
            }
            return Err(TokenRefusal::new(code, text));
        }
    }
    Ok(())
}
