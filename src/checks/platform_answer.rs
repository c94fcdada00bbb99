use serde_json::Value;

use super::Judgement;
use super::judgement::{Clause, shown};

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

/// An error answer of the token endpoint: the status that goes with the code, and the code (RFC 6749 section 5.2).
pub fn check_token_error(status: u16, body: &Value, error: &str) -> Judgement {
    let named = body.get("error").and_then(Value::as_str);
    let statuses: &[u16] = if error == "invalid_client" { &[400, 401] } else { &[400] };
    if named == Some(error) && statuses.contains(&status) {
        return Ok(());
    }
    let actual = format!("status {status} with the error {}", shown(named));
    Err(Clause("RFC 6749 section 5.2").refuse(
        "the token endpoint answers otherwise",
        format!("status {} with the error `{error}`", statuses[0]),
        actual,
        [],
    ))
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
    use super::*;

    #[test]
    fn a_discovery_document_names_its_issuer_and_what_it_can() {
        let sound = json!({"issuer": "https://a", "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"]});
        assert_eq!(check_discovery(&sound, "https://a"), Ok(()));
        found(check_discovery(&sound, "https://a/"));
        found(check_discovery(&json!({"issuer": "https://a", "response_types_supported": ["code"]}), "https://a"));
    }

    #[test]
    fn a_token_error_has_its_status_and_code() {
        assert_eq!(check_token_error(400, &json!({"error": "invalid_grant"}), "invalid_grant"), Ok(()));
        assert_eq!(check_token_error(401, &json!({"error": "invalid_client"}), "invalid_client"), Ok(()));
        found(check_token_error(500, &json!({"error": "invalid_grant"}), "invalid_grant"));
        found(check_token_error(400, &json!({"error": "invalid_request"}), "invalid_grant"));
        found(check_token_error(200, &json!({"access_token": "[access-token-1]"}), "invalid_grant"));
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
