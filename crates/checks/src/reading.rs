//! How exchanges are read: sign-ins, token requests, API calls.

use percent_encoding::percent_decode_str;

use crate::domain::{Endpoint, Exchange};
use crate::oauth::ScopeSet;

pub(super) const AUTHORIZATION_CODE: &str = "authorization_code";
pub(super) const REFRESH_TOKEN: &str = "refresh_token";
pub(super) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// One sign-in as the platform saw it begin: its authorization request, and the code that answered it.
#[derive(Clone, Debug)]
pub struct SignIn<'a> {
    /// The authorization request.
    pub request: &'a Exchange,
    /// The placeholder of the code in the authorization response.
    pub code: Option<String>,
    /// The error in the authorization response.
    pub error: Option<String>,
    /// The authorization response was sent, with a code or an error.
    pub answered: bool,
}

impl SignIn<'_> {
    /// The first parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        authorization_parameter(self.request, name)
    }

    /// The scopes that it asks for.
    pub fn scopes(&self) -> ScopeSet {
        ScopeSet::parse(self.parameter("scope").unwrap_or_default())
    }

    /// Its number in the journal.
    pub fn number(&self) -> u64 {
        self.request.number
    }
}

/// The sign-ins that the exchanges show, in order of arrival.
///
/// The platform's own pages may bring the browser back to the authorization endpoint with the same parameters: that is still
/// the same sign-in, until its authorization response has been sent. The same parameters after that are another sign-in.
pub fn sign_ins(exchanges: &[Exchange]) -> Vec<SignIn<'_>> {
    let mut found: Vec<SignIn<'_>> = Vec::new();
    for exchange in by_arrival(exchanges) {
        if is_authorization_request(exchange) && !found.iter().any(|open| !open.answered && same_request(open.request, exchange)) {
            found.push(SignIn { request: exchange, code: None, error: None, answered: false });
        }
        if let Some(answer) = authorization_answer(exchange) {
            let position = |same_state: bool| {
                found.iter().rposition(|open| {
                    !open.answered
                        && answer.uri.starts_with(open.parameter("redirect_uri").unwrap_or_default())
                        && (!same_state || answer.has_state(open.parameter("state")))
                })
            };
            // A fault may have changed the state: then the latest open sign-in is the one that is answered.
            if let Some(index) = position(true).or_else(|| position(false)) {
                found[index].answered = true;
                found[index].code = answer.code;
                found[index].error = answer.error;
            }
        }
    }
    found
}

/// Whether an exchange is an authorization request of a client (RFC 6749 section 4.1.1).
pub fn is_authorization_request(exchange: &Exchange) -> bool {
    exchange.endpoint == Endpoint::Authorization && authorization_parameter(exchange, "response_type").is_some()
}

fn same_request(one: &Exchange, other: &Exchange) -> bool {
    ["client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "response_type"]
        .into_iter()
        .all(|name| authorization_parameter(one, name) == authorization_parameter(other, name))
}

pub(super) fn authorization_parameter<'a>(exchange: &'a Exchange, name: &str) -> Option<&'a str> {
    exchange.query_value(name).or_else(|| exchange.form_value(name))
}

pub(super) struct AuthorizationAnswer {
    /// The redirect URI with its parameters, as in the `location` header.
    pub uri: String,
    pub code: Option<String>,
    pub error: Option<String>,
}

impl AuthorizationAnswer {
    /// Whether it brings back `state`. The journal records parameters decoded, a replayed address may hold them encoded.
    pub(crate) fn has_state(&self, state: Option<&str>) -> bool {
        match (raw_parameter_of(&self.uri, "state"), state) {
            (Some(raw), Some(state)) => raw == state || decoded(raw) == state,
            (raw, state) => raw == state,
        }
    }
}

/// The authorization response that an exchange redirects the browser to, if it does (RFC 6749 section 4.1.2).
pub(super) fn authorization_answer(exchange: &Exchange) -> Option<AuthorizationAnswer> {
    if !matches!(exchange.endpoint, Endpoint::Authorization | Endpoint::Portal) {
        return None;
    }
    let location = exchange.response_header("location")?;
    let value = |name: &str| parameter_of(location, name);
    let answer = AuthorizationAnswer { uri: location.to_owned(), code: value("code"), error: value("error") };
    (answer.code.is_some() || answer.error.is_some()).then_some(answer)
}

/// A parameter in the query or fragment of an address.
pub(super) fn parameter_of(address: &str, name: &str) -> Option<String> {
    raw_parameter_of(address, name).map(decoded)
}

fn raw_parameter_of<'a>(address: &'a str, name: &str) -> Option<&'a str> {
    let parameters = &address[address.find(['?', '#'])? + 1..];
    parameters
        .split(['&', '#'])
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn decoded(value: &str) -> String {
    percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()
}

pub(super) fn by_arrival(exchanges: &[Exchange]) -> Vec<&Exchange> {
    let mut ordered: Vec<&Exchange> = exchanges.iter().collect();
    ordered.sort_by_key(|exchange| exchange.number);
    ordered
}

pub(super) fn token_requests(exchanges: &[Exchange]) -> Vec<&Exchange> {
    by_arrival(exchanges).into_iter().filter(|exchange| exchange.endpoint == Endpoint::Token).collect()
}

pub(super) fn token_requests_with<'a>(exchanges: &'a [Exchange], grant_type: &str) -> Vec<&'a Exchange> {
    token_requests(exchanges).into_iter().filter(|exchange| exchange.form_value("grant_type") == Some(grant_type)).collect()
}

/// Calls of the resource API, `/v2/userinfo` included.
pub(super) fn api_calls(exchanges: &[Exchange]) -> Vec<&Exchange> {
    by_arrival(exchanges).into_iter().filter(|exchange| exchange.endpoint == Endpoint::Api).collect()
}

/// Calls below `/v2/tenants/{tenantId}` (C-05).
pub(super) fn resource_calls(exchanges: &[Exchange]) -> Vec<&Exchange> {
    api_calls(exchanges).into_iter().filter(|call| call.facts.tenant.is_some() || call.path.starts_with("/v2/tenants/")).collect()
}

/// The presented access token's placeholder.
pub(super) fn bearer(exchange: &Exchange) -> Option<&str> {
    let in_header = exchange.header("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    in_header.or_else(|| exchange.query_value("access_token")).or_else(|| exchange.form_value("access_token"))
}

/// When the answer left, in milliseconds since the platform started.
pub(super) fn answered_at_ms(exchange: &Exchange) -> u64 {
    exchange.at_ms + exchange.duration_ms
}

/// Whether two requests ask for the same thing, whatever token they present.
pub(super) fn same_call(one: &Exchange, other: &Exchange) -> bool {
    let is_own = |(name, _): &&(String, String)| name != "access_token";
    one.endpoint == other.endpoint
        && one.method == other.method
        && one.path == other.path
        && one.query.iter().filter(is_own).eq(other.query.iter().filter(is_own))
        && one.body == other.body
        && one.form_value("grant_type") == other.form_value("grant_type")
}

pub(super) fn described(exchange: &Exchange) -> String {
    format!("{} {} (exchange {})", exchange.method, exchange.path, exchange.number)
}

pub(super) fn numbers<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>) -> Vec<u64> {
    exchanges.into_iter().map(|exchange| exchange.number).collect()
}

/// Whether a recorded token is a refresh token: what the journal writes in a token's place says of which kind that is.
pub fn is_refresh_token(recorded: &str) -> bool {
    recorded.starts_with("[refresh-token-")
}

/// A text member of the answer, such as a token's placeholder or an error code.
pub(super) fn answer_text<'a>(exchange: &'a Exchange, member: &str) -> Option<&'a str> {
    exchange.response.as_ref()?.get(member)?.as_str()
}
