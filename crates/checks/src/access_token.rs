use serde_json::Value;

use super::Judgement;
use super::judgement::shown;
use super::signed_token::{SKEW_SECONDS, SignedToken};
use crate::oauth::ScopeSet;

/// What an access token has to say.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedAccessToken<'a> {
    /// The issuer of the discovery document.
    pub issuer: &'a str,
    /// The API; `None` where its name is not known, then any audience will do.
    pub audience: Option<&'a str>,
    /// The client that it was issued to.
    pub client_id: &'a str,
    /// What was granted.
    pub scopes: &'a ScopeSet,
    /// Name of the tenant claim on this platform (C-45, an assumption of the target profile).
    pub tenant_claim: &'a str,
    /// The end-user's tenant; `None` for a user without tenant, whose token has no such claim.
    pub tenant: Option<&'a str>,
    /// When the token was received, in seconds since 1970.
    pub now: i64,
}

/// An access token of the platform: a JWT of the shape of RFC 9068, signed by a key of `jwks`, for this client and these
/// scopes, with the end-user's tenant (C-45). Only the platform's side is judged: an application has to treat it as opaque.
pub fn check_access_token_claims(jwt: &str, jwks: &Value, expected: &ExpectedAccessToken<'_>) -> Judgement {
    let token = SignedToken::read("access token", "RFC 9068 section 2.2", jwt, jwks)?;
    let typ = token.header.get("typ").and_then(Value::as_str);
    let is_access_token = typ.is_some_and(|typ| {
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ) == "at+jwt"
    });
    if !is_access_token {
        let clause = super::judgement::Clause("RFC 9068 section 2.1");
        return Err(clause.refuse("the access token's header does not say what it is", "typ `at+jwt`", format!("typ {}", shown(typ)), []));
    }
    token.check_text("iss", expected.issuer)?;
    let audiences = token.audiences();
    if audiences.is_empty() || expected.audience.is_some_and(|audience| !audiences.contains(&audience)) {
        return token.refuse("is not for the API", format!("audience {}", shown(expected.audience)), "aud");
    }
    token.check_subject()?;
    token.check_text("client_id", expected.client_id)?;
    let scopes = token.text("scope").map(ScopeSet::parse);
    if scopes.as_ref() != Some(expected.scopes) {
        return token.refuse("holds other scopes than were granted", format!("`{}`", expected.scopes), "scope");
    }
    check_tenant(&token, expected)?;
    token.check_times(expected.now)?;
    if token.claims.contains_key("nbf") && token.seconds("nbf").is_none_or(|from| from > expected.now + SKEW_SECONDS) {
        return token.refuse("is not valid yet", format!("`nbf` up to {}", expected.now), "nbf");
    }
    token.check_present("jti")
}

fn check_tenant(token: &SignedToken, expected: &ExpectedAccessToken<'_>) -> Judgement {
    let actual = match token.claims.get(expected.tenant_claim) {
        None => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    if actual.as_deref() == expected.tenant {
        return Ok(());
    }
    let what = format!("has a wrong or missing `{}`", expected.tenant_claim);
    token.refuse(&what, format!("tenant {}", shown(expected.tenant)), expected.tenant_claim)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::*;
    use super::super::signed_token::tests::{NOW, signer, with};
    use super::*;

    fn sound() -> Value {
        json!({
            "iss": "https://account.example", "aud": "https://api.example", "sub": "ada", "client_id": "gipo-app",
            "scope": "giponext.patients openid", "tenant_id": "7", "iat": NOW, "nbf": NOW, "exp": NOW + 3600, "jti": "j-1",
        })
    }

    fn judged_as(typ: &str, claims: &Value) -> Judgement {
        let scopes = ScopeSet::parse("openid giponext.patients");
        let expected = ExpectedAccessToken {
            issuer: "https://account.example",
            audience: Some("https://api.example"),
            client_id: "gipo-app",
            scopes: &scopes,
            tenant_claim: "tenant_id",
            tenant: Some("7"),
            now: NOW,
        };
        check_access_token_claims(&signer().sign(typ, claims), &signer().jwks, &expected)
    }

    #[test]
    fn a_sound_access_token_passes() {
        assert_eq!(judged_as("at+jwt", &sound()), Ok(()));
        assert_eq!(judged_as("application/AT+JWT", &with(&sound(), "tenant_id", json!(7))), Ok(()));
        assert_eq!(judged_as("at+jwt", &with(&sound(), "nbf", Value::Null)), Ok(()), "nbf is the platform's choice");
    }

    #[test]
    fn each_wrong_claim_is_refused() {
        assert!(found(judged_as("JWT", &sound())).contains("does not say what it is"));
        for (claim, wrong) in [
            ("iss", vec![json!("https://other.example"), Value::Null]),
            ("aud", vec![json!("gipo-app"), Value::Null]),
            ("sub", vec![Value::Null]),
            ("client_id", vec![json!("other"), Value::Null]),
            ("scope", vec![json!("openid"), json!("openid giponext.patients giponext.agenda"), json!(["openid"]), Value::Null]),
            ("tenant_id", vec![json!("8"), Value::Null]),
            ("iat", vec![json!(NOW + 600), Value::Null]),
            ("exp", vec![json!(NOW - 600), Value::Null]),
            ("nbf", vec![json!(NOW + 600)]),
            ("jti", vec![json!(""), Value::Null]),
        ] {
            for value in wrong {
                let summary = found(judged_as("at+jwt", &with(&sound(), claim, value.clone())));
                assert!(summary.starts_with("the access token "), "{claim} = {value}: {summary}");
            }
        }
    }
}
