//! What must not be shown to another host (RS-02).

use super::Judgement;
use super::judgement::Clause;
use super::reading::{is_refresh_token, numbers};
use crate::domain::{Credential, Endpoint, Exchange};

/// RS-02: what opens the data by itself stays at the platform: no request to another host carries an access token or the client's secret
/// (OAuth 2.1 section 7.1.3.3). A public client has no secret: its code with the code verifier, or its refresh token, is all that a token
/// request needs.
pub fn check_token_stays_at_the_platform(exchanges: &[Exchange], public: bool) -> Judgement {
    let shows = |exchange: &Exchange| {
        if public && exchange.form_value("code").is_some() {
            return true;
        }
        match exchange.facts.credentials.as_slice() {
            [] => false,
            [Credential::Body] => public || !shows_refresh_token_alone(exchange),
            _ => true,
        }
    };
    stays(exchanges, shows, "the application shows a token or its secret to another host", "no request with a token or a secret")
}

/// RS-02, as advice: a code or a refresh token of a client with a secret is worth nothing without it (RFC 6749 section 10.4), and has no
/// business elsewhere either.
pub fn check_grants_stay_at_the_platform(exchanges: &[Exchange]) -> Judgement {
    let shows = |exchange: &Exchange| exchange.form_value("code").is_some() || shows_refresh_token_alone(exchange);
    stays(
        exchanges,
        shows,
        "the application sends an authorization code or a refresh token to another host",
        "no request with a code or a refresh token",
    )
}

/// Whether its form shows a refresh token, at a refresh or where it is to be revoked, and nothing that proves the client.
fn shows_refresh_token_alone(exchange: &Exchange) -> bool {
    let shown = |name: &str| exchange.form_value(name);
    let proof = ["client_secret", "client_assertion", "access_token"].into_iter().any(|name| shown(name).is_some());
    // A request shows one of them: a revocation names its token `token`, of whatever kind.
    !proof && shown("token").or(shown("refresh_token")).is_some_and(is_refresh_token)
}

fn stays(exchanges: &[Exchange], shows: impl Fn(&Exchange) -> bool, summary: &str, expected: &str) -> Judgement {
    let leaked = numbers(exchanges.iter().filter(|exchange| exchange.endpoint == Endpoint::Other && shows(exchange)));
    if leaked.is_empty() {
        return Ok(());
    }
    let actual = format!("{} of them", leaked.len());
    Err(Clause("OAuth 2.1 section 7.1.3.3").refuse(summary, expected, actual, leaked))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    #[test]
    fn a_token_at_another_host_is_refused() {
        let mut elsewhere = exchange(3, Endpoint::Other, "GET", "/elsewhere/v2/tenants/8/patients");
        assert_eq!(check_token_stays_at_the_platform(&[elsewhere.clone()], false), Ok(()));
        elsewhere.facts.credentials = vec![Credential::Header];
        assert!(found(check_token_stays_at_the_platform(&[elsewhere], false)).contains("another host"));
    }

    #[test]
    fn a_code_at_another_host_counts_where_it_needs_no_secret() {
        let mut elsewhere = exchange(4, Endpoint::Other, "POST", "/elsewhere/connect/token");
        elsewhere.form = vec![("code".to_owned(), "[code-1]".to_owned())];
        let exchanges = [elsewhere];
        assert_eq!(check_token_stays_at_the_platform(&exchanges, false), Ok(()));
        assert!(found(check_grants_stay_at_the_platform(&exchanges)).contains("to another host"));
        assert!(found(check_token_stays_at_the_platform(&exchanges, true)).contains("another host"));
    }

    #[test]
    fn a_refresh_token_at_another_host_counts_where_it_needs_no_secret() {
        for name in ["refresh_token", "token"] {
            let mut elsewhere = exchange(4, Endpoint::Other, "POST", "/elsewhere/connect/token");
            elsewhere.form = vec![(name.to_owned(), "[refresh-token-1]".to_owned())];
            elsewhere.facts.credentials = vec![Credential::Body];
            let alone = [elsewhere.clone()];
            assert_eq!(check_token_stays_at_the_platform(&alone, false), Ok(()), "{name}");
            assert!(found(check_grants_stay_at_the_platform(&alone)).contains("to another host"), "{name}");
            assert!(found(check_token_stays_at_the_platform(&alone, true)).contains("another host"), "{name}");
            let mut with_basic = [elsewhere.clone()];
            with_basic[0].facts.credentials.push(Credential::Header);
            assert!(found(check_token_stays_at_the_platform(&with_basic, false)).contains("another host"), "{name}");
            elsewhere.form.push(("client_secret".to_owned(), "[client-secret-1]".to_owned()));
            assert!(found(check_token_stays_at_the_platform(&[elsewhere], false)).contains("another host"), "{name}");
        }
        let mut access = exchange(4, Endpoint::Other, "POST", "/elsewhere/connect/revocation");
        access.form = vec![("token".to_owned(), "[access-token-1]".to_owned())];
        access.facts.credentials = vec![Credential::Body];
        assert!(found(check_token_stays_at_the_platform(&[access], false)).contains("another host"));
    }
}
