use super::Judgement;
use super::judgement::{Clause, nothing, shown};
use super::reading::{by_arrival, parameter_of};
use crate::domain::Exchange;
use crate::oauth::ErrorCode;

/// AZ-01: no token stands in an address of the front channel: neither in a redirect of the platform nor in one of the
/// `addresses` that the browser visited (RFC 9700 section 2.1.2).
pub fn check_no_token_in_front_channel(exchanges: &[Exchange], addresses: &[String]) -> Judgement {
    let redirects: Vec<(&str, Option<u64>)> = by_arrival(exchanges)
        .into_iter()
        .filter_map(|exchange| exchange.response_header("location").map(|location| (location, Some(exchange.number))))
        .chain(addresses.iter().map(|address| (address.as_str(), None)))
        .collect();
    if redirects.is_empty() {
        return Err(nothing("no redirect and no address was seen"));
    }
    for (address, number) in redirects {
        let token = ["access_token", "id_token", "refresh_token"].into_iter().find(|name| parameter_of(address, name).is_some());
        if let Some(name) = token {
            let place = address.split(['?', '#']).next().unwrap_or_default();
            return Err(Clause("RFC 9700 section 2.1.2").refuse(
                format!("`{name}` stands in an address that the browser visits"),
                "tokens from the token endpoint only",
                format!("`{name}` at {place}"),
                number,
            ));
        }
    }
    Ok(())
}

/// What an authorization response has to hold.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedResponse<'a> {
    /// The redirect URI of the request.
    pub redirect_uri: &'a str,
    /// The state of the request; `None` where it had none.
    pub state: Option<&'a str>,
    /// The issuer, where its metadata promises the parameter `iss` (RFC 9207 section 3).
    pub issuer: Option<&'a str>,
}

/// An authorization response grants the request: it goes to the redirect URI, with a code, the request's state and the
/// promised `iss` (RFC 6749 section 4.1.2, RFC 9207 section 2). `location` is the address that the browser is sent to.
pub fn check_authorization_response(location: &str, expected: ExpectedResponse<'_>) -> Judgement {
    check_common(location, expected)?;
    match parameter_of(location, "code") {
        Some(code) if !code.is_empty() => Ok(()),
        _ => {
            let error = parameter_of(location, "error");
            let actual = format!("no code, error {}", shown(error.as_deref()));
            Err(Clause("RFC 6749 section 4.1.2").refuse("the authorization response holds no code", "a code", actual, []))
        }
    }
}

/// An authorization response refuses the request with `error`: it goes to the redirect URI, with the request's state, the
/// promised `iss` and no code (RFC 6749 section 4.1.2.1).
pub fn check_authorization_error(location: &str, error: ErrorCode, expected: ExpectedResponse<'_>) -> Judgement {
    check_common(location, expected)?;
    let clause = Clause("RFC 6749 section 4.1.2.1");
    if parameter_of(location, "code").is_some() {
        return Err(clause.refuse("an authorization response with an error holds a code", "no code", "a code", []));
    }
    let actual = parameter_of(location, "error");
    if actual.as_deref() != Some(error.as_str()) {
        let summary = "the authorization response holds another error";
        return Err(clause.refuse(summary, format!("`{error}`"), shown(actual.as_deref()), []));
    }
    Ok(())
}

fn check_common(location: &str, expected: ExpectedResponse<'_>) -> Judgement {
    let rest = location.strip_prefix(expected.redirect_uri);
    if !rest.is_some_and(|rest| rest.starts_with('?') || (rest.starts_with('&') && expected.redirect_uri.contains('?'))) {
        let place = location.split(['?', '#']).next().unwrap_or_default();
        let summary = "the authorization response goes elsewhere than to the redirect URI";
        return Err(Clause("RFC 6749 section 4.1.2").refuse(summary, expected.redirect_uri, place, []));
    }
    for (name, value, clause) in [("state", expected.state, "RFC 6749 section 4.1.2"), ("iss", expected.issuer, "RFC 9207 section 2")] {
        let actual = parameter_of(location, name);
        // An `iss` that nobody promised does no harm.
        let free = name == "iss" && value.is_none();
        if !free && actual.as_deref() != value {
            let summary = format!("the authorization response holds another `{name}`");
            return Err(Clause(clause).refuse(summary, shown(value), shown(actual.as_deref()), []));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    const EXPECTED: ExpectedResponse<'_> =
        ExpectedResponse { redirect_uri: REDIRECT_URI, state: Some("a b+c"), issuer: Some("https://account.example") };

    fn granted(location: &str) -> Judgement {
        check_authorization_response(&format!("{REDIRECT_URI}{location}"), EXPECTED)
    }

    fn denied(location: &str) -> Judgement {
        check_authorization_error(&format!("{REDIRECT_URI}{location}"), ErrorCode::AccessDenied, EXPECTED)
    }

    #[test]
    fn tokens_in_the_front_channel_are_found() {
        assert_eq!(check_no_token_in_front_channel(&sound_logins(1), &["https://app.example/?x=access_token".to_owned()]), Ok(()));
        undecided(check_no_token_in_front_channel(&[], &[]));
        for address in ["https://app.example/cb#access_token=t&state=s", "https://app.example/cb?state=s&id_token=t"] {
            let summary = found(check_no_token_in_front_channel(&[], &[address.to_owned()]));
            assert!(summary.contains("stands in an address"), "{summary}");
        }
        let mut implicit = sound_logins(1);
        set(&mut implicit[1].response_headers, "location", &format!("{REDIRECT_URI}#access_token=[access-token-1]"));
        found(check_no_token_in_front_channel(&implicit, &[]));
    }

    #[test]
    fn a_response_brings_back_the_state_and_the_issuer() {
        assert_eq!(granted("?code=c&state=a+b%2Bc&iss=https%3A%2F%2Faccount.example"), Ok(()));
        assert_eq!(denied("?error=access_denied&state=a%20b%2Bc&iss=https://account.example"), Ok(()));
        assert!(found(granted("?code=c&state=a&iss=https%3A%2F%2Faccount.example")).contains("`state`"));
        assert!(found(granted("?code=c&state=a+b%2Bc")).contains("`iss`"));
        assert!(found(granted("?state=a+b%2Bc&iss=https://account.example")).contains("no code"));
        assert!(found(granted("/other?code=c&state=a+b%2Bc&iss=https://account.example")).contains("elsewhere"));
        assert!(found(denied("?error=server_error&state=a+b%2Bc&iss=https://account.example")).contains("another error"));
        assert!(found(denied("?error=access_denied&code=c&state=a+b%2Bc&iss=https://account.example")).contains("holds a code"));
    }
}
