use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde_json::Value;

use super::judgement::{Clause, shown};
use super::{Answer, Judgement, Refusal};
use crate::oauth::decode_jwt;

/// PL-01: the discovery document names its own issuer, the code response type and S256 (C-40, OpenID Connect Discovery 4.3).
pub fn check_discovery(document: &Value, issuer: &str) -> Judgement {
    let named = document.get("issuer").and_then(Value::as_str);
    if named != Some(issuer) {
        let clause = Clause("OpenID Connect Discovery 1.0 section 4.3");
        return Err(clause.refuse("the discovery document names another issuer", format!("`{issuer}`"), shown(named), []));
    }
    for (member, value, clause) in [
        ("response_types_supported", "code", "OpenID Connect Discovery 1.0 section 3"),
        ("code_challenge_methods_supported", "S256", "RFC 8414 section 2"),
    ] {
        let listed = document.get(member).and_then(Value::as_array).is_some_and(|values| values.iter().any(|listed| listed == value));
        if !listed {
            let actual = document.get(member).map_or_else(|| "absent".to_owned(), Value::to_string);
            return Err(Clause(clause).refuse(
                format!("the discovery document does not announce {value}"),
                format!("`{value}` in {member}"),
                actual,
                [],
            ));
        }
    }
    Ok(())
}

/// PL-28: an ID token that binds itself to an access token by `at_hash` binds itself to the one that came with it (OpenID Connect
/// Core section 3.1.3.6); with a code the claim may be left out.
pub fn check_access_token_hash(id_token: &str, access_token: &str) -> Judgement {
    let clause = Clause("OpenID Connect Core section 3.1.3.6");
    let token = decode_jwt(id_token).map_err(|error| clause.refuse("the ID token is no JWT", "a JWT", error.to_string(), []))?;
    let Some(named) = token.claims.get("at_hash") else {
        return Err(Refusal::NotApplicable("the ID token has no `at_hash`, which the code flow leaves open".to_owned()));
    };
    let alg = token.header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let algorithm = match alg.get(2..) {
        Some("384") => &digest::SHA384,
        Some("512") => &digest::SHA512,
        _ => &digest::SHA256,
    };
    let hash = digest::digest(algorithm, access_token.as_bytes());
    let left_half = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2]);
    if named.as_str() == Some(&left_half) {
        return Ok(());
    }
    Err(clause.refuse("the ID token is bound to another access token", format!("at_hash `{left_half}`"), named.to_string(), []))
}

/// PL-31: what introspection says of a token: active, for this client; of any other one that it is not active, and nothing else
/// (RFC 7662 section 2.2).
pub fn check_introspection(answer: &Answer, client_id: Option<&str>) -> Judgement {
    let clause = Clause("RFC 7662 section 2.2");
    let active = answer.body.get("active").and_then(Value::as_bool);
    let named = answer.body.get("client_id").and_then(Value::as_str);
    let held = match client_id {
        Some(client_id) => active == Some(true) && named.is_none_or(|named| named == client_id),
        None => active == Some(false),
    };
    if answer.status == 200 && held {
        return Ok(());
    }
    let expected = client_id.map_or_else(|| "200 with `active` false".to_owned(), |id| format!("200, `active` true, client `{id}`"));
    let actual = format!("status {}, active {active:?}, client {}", answer.status, shown(named));
    Err(clause.refuse("the introspection answers otherwise", expected, actual, []))
}

/// PL-31: an introspection should say nothing of a token that is not active but that (RFC 7662 section 2.2 recommends it).
pub fn check_introspection_says_no_more(answer: &Answer) -> Judgement {
    let members = answer.body.as_object().map_or(0, serde_json::Map::len);
    if members <= 1 {
        return Ok(());
    }
    let summary = "the introspection tells more of a token that is not active";
    Err(Clause("RFC 7662 section 2.2").refuse(summary, "`active` alone", format!("{members} members"), []))
}

/// PL-10: a 403 names the layer that refuses: the token's scope, or the user's permission (C-53).
pub fn check_refusal_layer(status: u16, body: &Value, scope: bool) -> Judgement {
    let named = body.get("error").and_then(Value::as_str);
    let is_scope = named == Some("insufficient_scope");
    if status == 403 && named.is_some() && is_scope == scope {
        return Ok(());
    }
    let expected = if scope { "403 with the error `insufficient_scope`" } else { "403 with an error other than `insufficient_scope`" };
    Err(Clause("C-53").refuse(
        "the refusal does not name its layer",
        expected,
        format!("status {status} with the error {}", shown(named)),
        [],
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::found;
    use super::super::signed_token::tests::signer;
    use super::*;

    #[test]
    fn a_discovery_document_names_its_issuer_and_what_it_can() {
        let sound = json!({"issuer": "https://a", "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"]});
        assert_eq!(check_discovery(&sound, "https://a"), Ok(()));
        found(check_discovery(&sound, "https://a/"));
        found(check_discovery(&json!({"issuer": "https://a", "response_types_supported": ["code"]}), "https://a"));
    }

    #[test]
    fn an_id_token_is_bound_to_its_own_access_token() {
        // The access token and its hash of OpenID Connect Core appendix A.3.
        let access = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        let bound = |hash: Value| check_access_token_hash(&signer().sign("JWT", &json!({ "at_hash": hash })), access);
        assert_eq!(bound(json!("77QmUPtjPfzWtF2AnpK9RQ")), Ok(()));
        found(bound(json!("77QmUPtjPfzWtF2AnpK9RR")));
        found(bound(json!(7)));
        let without = check_access_token_hash(&signer().sign("JWT", &json!({})), access);
        assert!(matches!(without, Err(Refusal::NotApplicable(_))));
    }

    #[test]
    fn introspection_says_no_more_than_it_may() {
        let answer = |body: Value| Answer { status: 200, headers: http::HeaderMap::new(), body };
        assert_eq!(check_introspection(&answer(json!({"active": true, "client_id": "a"})), Some("a")), Ok(()));
        assert_eq!(check_introspection(&answer(json!({"active": false})), None), Ok(()));
        found(check_introspection(&answer(json!({"active": true, "client_id": "b"})), Some("a")));
        found(check_introspection(&answer(json!({"active": false})), Some("a")));
        let talkative = answer(json!({"active": false, "sub": "ada"}));
        assert_eq!(check_introspection(&talkative, None), Ok(()));
        found(check_introspection_says_no_more(&talkative));
        assert_eq!(check_introspection_says_no_more(&answer(json!({"active": false}))), Ok(()));
        found(check_introspection(&answer(json!({})), None));
    }

    #[test]
    fn the_two_kinds_of_403_are_told_apart() {
        assert_eq!(check_refusal_layer(403, &json!({"error": "insufficient_scope"}), true), Ok(()));
        assert_eq!(check_refusal_layer(403, &json!({"error": "insufficient_permission"}), false), Ok(()));
        found(check_refusal_layer(403, &json!({"error": "insufficient_scope"}), false));
        found(check_refusal_layer(403, &json!({}), false));
        found(check_refusal_layer(401, &json!({"error": "insufficient_scope"}), true));
    }
}
