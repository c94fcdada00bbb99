use std::net::IpAddr;
use std::sync::Arc;

use axum::Form;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::Shared;

const COOKIE: &str = "collaudo_control";

/// Proof that a request comes from whoever started the mock: the key that was printed then, as a bearer token or in the cookie that
/// the control page's form sets. A page of another origin has neither.
pub(super) struct Allowed;

impl FromRequestParts<Arc<Shared>> for Allowed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        if may_control(shared, &parts.headers) {
            // A page of another port of this machine is same-site: its forms bring the cookie along.
            if parts.method.is_safe() || bearer(&parts.headers).is_some() || is_from_own_page(shared, &parts.headers) {
                return Ok(Self);
            }
            return Err((StatusCode::FORBIDDEN, "the request comes from a page of another origin\n").into_response());
        }
        let message = "send the control key that `collaudo mock` printed: Authorization: Bearer KEY\n";
        Err((StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer realm=\"collaudo control\"")], message).into_response())
    }
}

/// Layer: pages that show passwords and secrets answer to a name of this machine, to the platform's own and to an address alone. A page
/// of the internet whose name leads here all of a sudden (DNS rebinding) has another one.
pub(super) async fn own_host(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().authority().map(Authority::as_str));
    if named.is_some_and(|named| is_own_host(named, shared.issuer.host_str().unwrap_or_default())) {
        return next.run(request).await;
    }
    (StatusCode::MISDIRECTED_REQUEST, "this page answers to the platform's own host alone\n").into_response()
}

fn is_own_host(named: &str, issuer: &str) -> bool {
    let Ok(authority) = named.parse::<Authority>() else { return false };
    let host = authority.host();
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let is_local = host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
    is_address || is_local || host.eq_ignore_ascii_case(issuer)
}

pub(super) fn may_control(shared: &Shared, headers: &HeaderMap) -> bool {
    let jar = CookieJar::from_headers(headers);
    let presented = bearer(headers).or_else(|| jar.get(COOKIE).map(|cookie| cookie.value()));
    presented.is_some_and(|presented| is_key(shared, presented))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Whether a form was sent by a page of the very host and port that it is sent to.
fn is_from_own_page(shared: &Shared, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin == format!("{}://{host}", shared.issuer.scheme()),
        _ => false,
    }
}

/// Digests are compared, so that the time taken tells nothing of the key.
fn is_key(shared: &Shared, presented: &str) -> bool {
    let digest = |text: &str| ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let key = shared.workbench.as_ref().and_then(|workbench| workbench.control_key.as_ref());
    key.is_some_and(|key| digest(key.expose_secret()).as_ref() == digest(presented).as_ref())
}

#[derive(Deserialize)]
pub(super) struct Entry {
    key: String,
}

/// The form of the control page; the key is in the body, never in an address.
pub(super) async fn enter(State(shared): State<Arc<Shared>>, Form(entry): Form<Entry>) -> Response {
    if !is_key(&shared, &entry.key) {
        return Redirect::to("/_control?refused=1").into_response();
    }
    let secure = if shared.issuer.scheme() == "https" { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={}; Path=/_control; HttpOnly; SameSite=Strict{secure}", entry.key);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/_control")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_here_all_of_a_sudden_is_none_of_ours() {
        for own in ["localhost:4010", "127.0.0.1:4010", "[::1]:4010", "192.0.2.7", "account.gipo.localhost", "mock.clinic.example:4010"] {
            assert!(is_own_host(own, "mock.clinic.example"), "{own}");
        }
        for other in ["rebinding.example:4010", "localhost.example", "127.0.0.1.example", "", "a b"] {
            assert!(!is_own_host(other, "mock.clinic.example"), "{other}");
        }
    }
}
