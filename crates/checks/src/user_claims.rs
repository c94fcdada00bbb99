use super::{Judgement, Refusal};
use crate::domain::{Endpoint, Exchange};

/// Claims by which an ID token would name its user (OpenID Connect Core section 5.4).
const NAMING: [&str; 6] = ["name", "given_name", "family_name", "preferred_username", "nickname", "email"];

/// ID-15: what comes before the judgement: the sign-in came with an ID token, and that named nobody.
pub fn check_id_token_names_nobody(exchanges: &[Exchange]) -> Judgement {
    let claims = exchanges.iter().filter(|exchange| exchange.endpoint == Endpoint::Token).filter_map(|exchange| {
        let claims = exchange.facts.id_token_claims.as_ref()?;
        (exchange.status == 200).then_some(claims)
    });
    let claims: Vec<&Vec<String>> = claims.collect();
    if claims.is_empty() {
        return Err(Refusal::NotApplicable("the application was given no ID token".to_owned()));
    }
    match claims.into_iter().flatten().find(|claim| NAMING.contains(&claim.as_str())) {
        None => Ok(()),
        Some(claim) => {
            Err(Refusal::NotApplicable(format!("this platform's ID tokens have `{claim}`: what happens without it is not seen")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    #[test]
    fn an_id_token_with_a_name_proves_nothing() {
        let given = |claims: &[&str]| {
            let mut answer = redemption(1, 1, "[code-1]");
            answer.facts.id_token_claims = Some(claims.iter().map(|claim| (*claim).to_owned()).collect());
            check_id_token_names_nobody(&[answer])
        };
        assert_eq!(given(&["iss", "sub", "sid"]), Ok(()));
        assert!(matches!(given(&["sub", "name"]), Err(Refusal::NotApplicable(_))));
        assert!(matches!(check_id_token_names_nobody(&[redemption(1, 1, "[code-1]")]), Err(Refusal::NotApplicable(_))));
    }
}
