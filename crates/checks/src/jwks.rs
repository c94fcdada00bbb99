use super::judgement::Clause;
use super::reading::numbers;
use super::{Judgement, Refusal};
use crate::domain::{Endpoint, Exchange};

/// ID-07: whoever never reads the JWKS checks no signature, and relies on TLS to the token endpoint instead (OpenID Connect Core
/// section 3.1.3.7, item 6; ID-04 tells of it): whose key a token is signed with is nothing to it.
pub fn check_keys_read(exchanges: &[Exchange]) -> Judgement {
    match reads(exchanges) {
        0 => Err(Refusal::NotApplicable("the application reads no JWKS: it checks no signature, which ID-04 tells".to_owned())),
        _ => Ok(()),
    }
}

/// ID-07: nothing is fetched from an address in a token's header (RFC 8725 section 3.10). The platform's own addresses of that
/// kind are under `/elsewhere/`, at another origin.
pub fn check_nothing_fetched_elsewhere(exchanges: &[Exchange]) -> Judgement {
    let fetched = exchanges.iter().find(|exchange| exchange.endpoint == Endpoint::Other && exchange.path.starts_with("/elsewhere/"));
    match fetched {
        None => Ok(()),
        Some(exchange) => Err(Clause("RFC 8725 section 3.10").refuse(
            "the application fetches what the header of an ID token names",
            "no request to an address of the token's choice",
            format!("{} {}", exchange.method, exchange.path),
            [exchange.number],
        )),
    }
}

fn reads(exchanges: &[Exchange]) -> usize {
    exchanges.iter().filter(|exchange| exchange.endpoint == Endpoint::Jwks).count()
}

/// ID-12: unknown key ids lead to at most `most` reads of the JWKS (OpenID Connect Core section 10.1.1). `earlier`: whether the
/// application has ever read it; one that never does checks no signature, and the rule is not for it.
pub fn check_keys_read_sparingly(earlier: &[Exchange], since: &[Exchange], most: usize) -> Judgement {
    check_keys_read(earlier).or_else(|_| check_keys_read(since))?;
    if reads(since) <= most {
        return Ok(());
    }
    Err(Clause("OpenID Connect Core section 10.1.1").refuse(
        "the application reads the JWKS again and again for key ids that it does not know",
        format!("at most {most} reads"),
        format!("{} reads", reads(since)),
        numbers(since.iter().filter(|exchange| exchange.endpoint == Endpoint::Jwks)),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    #[test]
    fn only_what_is_fetched_elsewhere_is_refused() {
        let own = exchange(1, Endpoint::Jwks, "GET", "/.well-known/openid-configuration/jwks");
        assert_eq!(check_nothing_fetched_elsewhere(std::slice::from_ref(&own)), Ok(()));
        let lured = exchange(2, Endpoint::Other, "GET", "/elsewhere/keys");
        assert!(found(check_nothing_fetched_elsewhere(&[own.clone(), lured])).contains("fetches"));
        assert_eq!(check_keys_read(&[own]), Ok(()));
        assert!(matches!(check_keys_read(&[]), Err(Refusal::NotApplicable(_))));
    }

    #[test]
    fn few_reads_pass_and_a_storm_is_refused() {
        let read = |number: u64| exchange(number, Endpoint::Jwks, "GET", "/.well-known/openid-configuration/jwks");
        assert_eq!(check_keys_read_sparingly(&[read(1)], &[read(2), read(3)], 2), Ok(()));
        assert_eq!(check_keys_read_sparingly(&[read(1)], &[], 2), Ok(()));
        assert!(found(check_keys_read_sparingly(&[], &[read(1), read(2), read(3)], 2)).contains("again and again"));
        assert!(matches!(check_keys_read_sparingly(&[], &[], 2), Err(Refusal::NotApplicable(_))));
    }
}
