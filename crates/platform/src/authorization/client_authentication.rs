use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::parameters::Parameters;
use super::token_answer::TokenRefusal;
use crate::accounts::Registration;
use crate::domain::ClientAuthentication;
use crate::oauth::ErrorCode;
use crate::{Shared, Trace};

/// The authenticated client of a request to an endpoint for clients, as long as its rate limit lets it in (C-57).
pub(super) fn authenticate_client(
    shared: &Shared,
    trace: &Trace,
    headers: &HeaderMap,
    query: &Parameters,
    form: &Parameters,
) -> Result<Registration, TokenRefusal> {
    let client = authenticated(shared, trace, headers, query, form)?;
    shared.limiter.admit(client.client_id.as_deref().unwrap_or_default(), shared.clock.now())?;
    Ok(client)
}

/// How a client says who it is.
struct Presented {
    /// `Some(None)`: the header is not readable.
    basic: Option<Option<(String, String)>>,
    posted: Option<String>,
    methods: Vec<ClientAuthentication>,
}

/// Notes who asks, and how that is shown, without a look at whether it is true.
pub(super) fn note_client(trace: &Trace, headers: &HeaderMap, query: &Parameters, form: &Parameters) {
    note(trace, headers, query, form);
}

fn note(trace: &Trace, headers: &HeaderMap, query: &Parameters, form: &Parameters) -> Presented {
    let basic = headers.get(header::AUTHORIZATION).map(|value| value.to_str().ok().and_then(basic_credentials));
    let posted = form.get("client_secret").map(str::to_owned);
    let methods = methods(basic.is_some(), posted.is_some(), query, form);
    let named =
        basic.as_ref().and_then(|basic| basic.as_ref().map(|(id, _)| id.clone())).or_else(|| form.get("client_id").map(str::to_owned));
    trace.note(|facts| {
        facts.client_authentication.clone_from(&methods);
        facts.client_id = named;
    });
    Presented { basic, posted, methods }
}

/// Exactly one method (RFC 6749 section 2.3).
fn authenticated(
    shared: &Shared,
    trace: &Trace,
    headers: &HeaderMap,
    query: &Parameters,
    form: &Parameters,
) -> Result<Registration, TokenRefusal> {
    if headers.get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(TokenRefusal::new(ErrorCode::InvalidRequest, "the Authorization header is there twice"));
    }
    let Presented { basic, posted, methods } = note(trace, headers, query, form);
    if methods.contains(&ClientAuthentication::Query) {
        return Err(TokenRefusal::new(ErrorCode::InvalidRequest, "the client secret is in the query string, where it must never be"));
    }
    if methods.len() > 1 {
        return Err(TokenRefusal::new(ErrorCode::InvalidRequest, "the client authenticates in two ways at once: use one"));
    }
    let (client_id, secret) = match basic {
        Some(None) => return invalid("the Authorization header is not Basic with a form-encoded client id and secret"),
        Some(Some((id, secret))) => (id, Some(secret)),
        None => match form.get("client_id") {
            Some(id) => (id.to_owned(), posted),
            None => return invalid("the client does not say who it is"),
        },
    };
    if form.get("client_id").is_some_and(|id| id != client_id) {
        return Err(TokenRefusal::new(ErrorCode::InvalidRequest, "client_id differs from the client that authenticates"));
    }
    let Some(registration) = shared.accounts().client(&client_id).cloned() else {
        return invalid("no approved application has this client_id");
    };
    match (registration.is_public(), secret) {
        (true, None) => Ok(registration),
        (true, Some(_)) => invalid("the client is public: it has no secret"),
        (false, None) => invalid("the client secret is missing"),
        (false, Some(secret)) if registration.secret_matches(&secret) => Ok(registration),
        (false, Some(_)) => invalid("the client secret is wrong"),
    }
}

fn invalid(text: &str) -> Result<Registration, TokenRefusal> {
    Err(TokenRefusal::new(ErrorCode::InvalidClient, text))
}

fn methods(basic: bool, posted: bool, query: &Parameters, form: &Parameters) -> Vec<ClientAuthentication> {
    let mut methods = Vec::new();
    methods.extend(basic.then_some(ClientAuthentication::ClientSecretBasic));
    methods.extend(posted.then_some(ClientAuthentication::ClientSecretPost));
    methods.extend(query.get("client_secret").map(|_| ClientAuthentication::Query));
    if methods.is_empty() && form.get("client_id").is_some() {
        methods.push(ClientAuthentication::None);
    }
    methods
}

/// Id and secret, both form-encoded before they were joined (RFC 6749 section 2.3.1).
fn basic_credentials(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    // Only `=` and `&` mean something to the form parser; a value that holds them unencoded is taken as it is.
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(format!("v={escaped}").as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_decoded() {
        let header = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let read = |text: &str| basic_credentials(&header(text)).expect("readable");
        assert_eq!(read("id:p%3Aw+%C3%A9"), ("id".to_owned(), "p:w é".to_owned()));
        assert_eq!(read("i%26d:a%2Bb=c&d"), ("i&d".to_owned(), "a+b=c&d".to_owned()));
        assert_eq!(basic_credentials("Bearer abc"), None);
        assert_eq!(basic_credentials(&header("no colon")), None);
    }
}
