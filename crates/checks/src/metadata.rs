use serde_json::Value;
use url::{Host, Url};

use super::judgement::Clause;
use super::{Judgement, Refusal};

const DISCOVERY: Clause = Clause("OpenID Connect Discovery 1.0 section 3");

/// Lists that a provider has to publish, with the value that has to be in them, if there is one.
const LISTS: [(&str, Option<&str>); 2] = [("response_types_supported", Some("code")), ("subject_types_supported", None)];
const ALGORITHMS: &str = "id_token_signing_alg_values_supported";

/// PL-15: the members that every client may count on, and endpoints that nobody in between can read (OpenID Connect Discovery
/// section 3, RFC 8414 section 2). On the loopback interface plain HTTP is as good.
/// `algorithm` signs ID tokens there: RS256, unless another one is assumed of the platform.
pub fn check_metadata(document: &Value, algorithm: &str) -> Judgement {
    for (member, value) in LISTS.into_iter().chain([(ALGORITHMS, Some(algorithm))]) {
        let listed = document.get(member).and_then(Value::as_array).filter(|values| !values.is_empty());
        let held = listed.is_some_and(|values| value.is_none_or(|value| values.iter().any(|listed| listed == value)));
        if !held {
            let expected = value.map_or_else(|| "a list".to_owned(), |value| format!("a list with `{value}`"));
            let actual = document.get(member).map_or_else(|| "absent".to_owned(), Value::to_string);
            return Err(DISCOVERY.refuse(format!("the discovery document is wrong in `{member}`"), expected, actual, []));
        }
    }
    for required in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        if document.get(required).is_none() {
            return Err(DISCOVERY.refuse(format!("the discovery document has no `{required}`"), "a URL", "absent", []));
        }
    }
    let members = document.as_object().into_iter().flatten();
    for (name, value) in members.filter(|(name, _)| *name == "jwks_uri" || name.ends_with("_endpoint")) {
        let url = value.as_str().and_then(|text| Url::parse(text).ok());
        if !url.as_ref().is_some_and(|url| is_safe(url) && url.fragment().is_none()) {
            let expected = "an https URL without a fragment";
            return Err(DISCOVERY.refuse(format!("the discovery document is wrong in `{name}`"), expected, value.to_string(), []));
        }
    }
    Ok(())
}

fn is_safe(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

/// PL-16: what both metadata documents say, they say alike (RFC 8414 section 5).
pub fn check_documents_agree(openid: &Value, oauth: &Value) -> Judgement {
    let (Some(openid), Some(oauth)) = (openid.as_object(), oauth.as_object()) else {
        return Err(Refusal::NothingToJudge("one of the documents is no JSON object".to_owned()));
    };
    match oauth.iter().find(|(name, value)| openid.get(*name).is_some_and(|other| other != *value)) {
        None => Ok(()),
        Some((name, value)) => {
            let expected = openid.get(name).map_or_else(String::new, Value::to_string);
            Err(Clause("RFC 8414 section 5").refuse(format!("the two documents differ in `{name}`"), expected, value.to_string(), []))
        }
    }
}

/// Members of a key that nobody but its owner may know (RFC 7518 section 6).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

/// PL-17: the key set holds public keys alone, each with a name of its own (OpenID Connect Core section 10.1, RFC 7517 section 4.5).
pub fn check_public_keys(jwks: &Value) -> Judgement {
    let keys: Vec<&Value> = jwks.get("keys").and_then(Value::as_array).into_iter().flatten().collect();
    if keys.is_empty() {
        return Err(Clause("RFC 7517 section 5").refuse("the key set holds no key", "at least one key", "none", []));
    }
    for key in &keys {
        if let Some(member) = PRIVATE.iter().find(|member| key.get(**member).is_some()) {
            let clause = Clause("RFC 7518 section 6");
            return Err(clause.refuse("the key set gives a secret away", "public keys alone", format!("a key with `{member}`"), []));
        }
    }
    let mut names: Vec<Option<&str>> = keys.iter().map(|key| key.get("kid").and_then(Value::as_str)).collect();
    names.sort_unstable();
    let told_apart = names.windows(2).all(|pair| pair[0] != pair[1]);
    if keys.len() > 1 && (!told_apart || names.contains(&None)) {
        let clause = Clause("OpenID Connect Core section 10.1");
        return Err(clause.refuse("the keys cannot be told apart", "a `kid` of its own for each key", format!("{names:?}"), []));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::found;
    use super::super::signed_token::tests::with;
    use super::*;

    fn sound() -> Value {
        json!({
            "issuer": "https://a", "authorization_endpoint": "https://a/authorize", "token_endpoint": "http://localhost:1/token",
            "jwks_uri": "http://127.0.0.1:1/keys", "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        })
    }

    #[test]
    fn metadata_have_what_every_client_counts_on() {
        for algorithm in ["RS256", "ES256"] {
            assert_eq!(check_metadata(&sound(), algorithm), Ok(()));
        }
        for (member, wrong) in [
            ("response_types_supported", json!(["token"])),
            ("subject_types_supported", json!([])),
            ("id_token_signing_alg_values_supported", json!(["ES256"])),
            ("token_endpoint", Value::Null),
            ("token_endpoint", json!("http://a/token")),
            ("authorization_endpoint", json!("https://a/authorize#x")),
            ("revocation_endpoint", json!("/revoke")),
            ("jwks_uri", json!(7)),
        ] {
            found(check_metadata(&with(&sound(), member, wrong), "RS256"));
        }
    }

    #[test]
    fn the_documents_agree_in_what_both_say() {
        assert_eq!(check_documents_agree(&sound(), &json!({"issuer": "https://a", "service_documentation": "https://a/docs"})), Ok(()));
        found(check_documents_agree(&sound(), &json!({"issuer": "https://b"})));
        assert!(check_documents_agree(&sound(), &Value::Null).is_err());
    }

    #[test]
    fn the_key_set_is_public() {
        assert_eq!(check_public_keys(&json!({"keys": [{"kty": "RSA", "n": "x", "e": "AQAB"}]})), Ok(()));
        assert_eq!(check_public_keys(&json!({"keys": [{"kty": "RSA", "kid": "1"}, {"kty": "EC", "kid": "2"}]})), Ok(()));
        found(check_public_keys(&json!({"keys": []})));
        found(check_public_keys(&json!({"keys": [{"kty": "RSA", "d": "x"}]})));
        found(check_public_keys(&json!({"keys": [{"kty": "RSA", "kid": "1"}, {"kty": "RSA", "kid": "1"}]})));
        found(check_public_keys(&json!({"keys": [{"kty": "RSA", "kid": "1"}, {"kty": "RSA"}]})));
    }
}
