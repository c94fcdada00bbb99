use serde_json::Value;

use super::Judgement;
use super::signed_token::{SKEW_SECONDS, SignedToken};

/// What an ID token has to say.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedIdToken<'a> {
    /// The issuer of the discovery document.
    pub issuer: &'a str,
    /// The client that it was issued to.
    pub client_id: &'a str,
    /// The nonce of the authorization request; `None` where it had none.
    pub nonce: Option<&'a str>,
    /// Whether `auth_time` and `sid` are promised as well (C-45).
    pub contract: bool,
    /// When the token was received, in seconds since 1970.
    pub now: i64,
}

/// An ID token of the platform: signed by a key of `jwks`, for this client, current, with the request's nonce, and, where the
/// contract is claimed, `auth_time` and `sid` (C-45, OpenID Connect Core sections 2 and 3.1.3.7).
pub fn check_id_token_claims(jwt: &str, jwks: &Value, expected: &ExpectedIdToken<'_>) -> Judgement {
    let token = SignedToken::read("ID token", "OpenID Connect Core section 2", jwt, jwks)?;
    token.check_text("iss", expected.issuer)?;
    let audiences = token.audiences();
    if !audiences.contains(&expected.client_id) {
        return token.refuse("is not for this client", format!("`{}` among the audiences", expected.client_id), "aud");
    }
    if (audiences.len() > 1 || token.claims.contains_key("azp")) && token.text("azp") != Some(expected.client_id) {
        return token.refuse("was given to another party", format!("azp `{}`", expected.client_id), "azp");
    }
    token.check_subject()?;
    token.check_times(expected.now)?;
    if token.text("nonce") != expected.nonce {
        let nonce = super::judgement::shown(expected.nonce);
        return token.refuse("does not hold the request's nonce", format!("nonce {nonce}"), "nonce");
    }
    if !expected.contract {
        return Ok(());
    }
    if token.seconds("auth_time").is_none_or(|time| time > expected.now + SKEW_SECONDS) {
        return token.refuse("has a wrong or missing `auth_time`", format!("a time up to {}", expected.now), "auth_time");
    }
    token.check_present("sid")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::*;
    use super::super::signed_token::tests::{NOW, signer, with};
    use super::*;

    const EXPECTED: ExpectedIdToken<'_> =
        ExpectedIdToken { issuer: "https://account.example", client_id: "gipo-app", nonce: Some("n-1"), contract: true, now: NOW };

    fn sound() -> Value {
        json!({
            "iss": "https://account.example", "sub": "ada", "aud": "gipo-app", "exp": NOW + 300, "iat": NOW, "nonce": "n-1",
            "auth_time": NOW - 5, "sid": "s-1",
        })
    }

    fn judged(claims: &Value) -> Judgement {
        check_id_token_claims(&signer().sign("JWT", claims), &signer().jwks, &EXPECTED)
    }

    #[test]
    fn a_sound_id_token_passes() {
        assert_eq!(judged(&sound()), Ok(()));
        assert_eq!(judged(&with(&sound(), "aud", json!(["gipo-app"]))), Ok(()));
        let several = with(&with(&sound(), "aud", json!(["gipo-app", "other"])), "azp", json!("gipo-app"));
        assert_eq!(judged(&several), Ok(()));
        let without = with(&sound(), "nonce", Value::Null);
        let expected = ExpectedIdToken { nonce: None, ..EXPECTED };
        assert_eq!(check_id_token_claims(&signer().sign("JWT", &without), &signer().jwks, &expected), Ok(()));
    }

    #[test]
    fn each_wrong_claim_is_refused() {
        for (claim, wrong) in [
            ("iss", vec![json!("https://account.example/"), Value::Null]),
            ("aud", vec![json!("other"), json!(["gipo-app", "other"]), json!([]), Value::Null]),
            ("azp", vec![json!("other")]),
            ("sub", vec![json!(""), json!(["ada"]), json!("x".repeat(256)), Value::Null]),
            ("exp", vec![json!(NOW - 600), json!("later"), Value::Null]),
            ("iat", vec![json!(NOW + 600), Value::Null]),
            ("nonce", vec![json!("n-2"), Value::Null]),
            ("auth_time", vec![json!(NOW + 600), Value::Null]),
            ("sid", vec![json!(""), Value::Null]),
        ] {
            for value in wrong {
                let summary = found(judged(&with(&sound(), claim, value.clone())));
                assert!(summary.starts_with("the ID token "), "{claim} = {value}: {summary}");
            }
        }
    }
}
