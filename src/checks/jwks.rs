use super::judgement::Clause;
use super::reading::numbers;
use super::{Judgement, Refusal};
use crate::domain::{Endpoint, Exchange};

/// ID-12: an unknown key id leads to at most `most` reads of the JWKS (OpenID Connect Core section 10.1.1). `earlier`: whether the
/// application has ever read it; one that never does checks no signature, and the rule is not for it.
pub fn check_keys_read_sparingly(earlier: &[Exchange], since: &[Exchange], most: usize) -> Judgement {
    let reads = |exchanges: &'_ [Exchange]| exchanges.iter().filter(|exchange| exchange.endpoint == Endpoint::Jwks).count();
    if reads(earlier) + reads(since) == 0 {
        return Err(Refusal::NotApplicable("the application reads no JWKS".to_owned()));
    }
    if reads(since) <= most {
        return Ok(());
    }
    Err(Clause("OpenID Connect Core section 10.1.1").refuse(
        "the application reads the JWKS again and again for one key id",
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
    fn few_reads_pass_and_a_storm_is_refused() {
        let read = |number: u64| exchange(number, Endpoint::Jwks, "GET", "/.well-known/openid-configuration/jwks");
        assert_eq!(check_keys_read_sparingly(&[read(1)], &[read(2), read(3)], 2), Ok(()));
        assert_eq!(check_keys_read_sparingly(&[read(1)], &[], 2), Ok(()));
        assert!(found(check_keys_read_sparingly(&[], &[read(1), read(2), read(3)], 2)).contains("again and again"));
        assert!(matches!(check_keys_read_sparingly(&[], &[], 2), Err(Refusal::NotApplicable(_))));
    }
}
