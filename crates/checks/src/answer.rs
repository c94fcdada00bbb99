use http::HeaderMap;
use http::header::{self, HeaderName};
use serde_json::Value;

use super::Judgement;
use super::judgement::{Clause, shown};

/// An answer of the platform as a client of our own received it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// All headers, as they came.
    pub headers: HeaderMap,
    /// `null` where the body is no JSON.
    pub body: Value,
}

impl Answer {
    /// The first header of this name, where it is text.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where it redirects to.
    pub fn location(&self) -> Option<&str> {
        self.header(header::LOCATION)
    }

    /// The challenge of its `WWW-Authenticate`.
    pub fn challenge(&self) -> Option<&str> {
        self.header(header::WWW_AUTHENTICATE)
    }

    /// The error code of RFC 6749 section 5.2 in its body.
    pub fn error(&self) -> Option<&str> {
        self.body.get("error").and_then(Value::as_str)
    }

    fn is_json(&self) -> bool {
        let essence = self.header(header::CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    }

    pub(super) fn described(&self) -> String {
        format!("status {} with the error {}", self.status, shown(self.error()))
    }
}

/// A refusal of the token endpoint, or of another one that a client authenticates at: one of `errors`, as JSON, with the status
/// that goes with it; a 401 with a challenge (RFC 6749 section 5.2, RFC 9110 section 11.6.1).
pub fn check_refused(answer: &Answer, errors: &[&str]) -> Judgement {
    let clause = Clause("RFC 6749 section 5.2");
    let wanted = errors.join("` or `");
    let Some(error) = answer.error().filter(|error| errors.contains(error)) else {
        return Err(clause.refuse("the request is answered otherwise", format!("the error `{wanted}`"), answer.described(), []));
    };
    if !answer.is_json() {
        let actual = shown(answer.header(header::CONTENT_TYPE));
        return Err(clause.refuse("an error is not announced as JSON", "the media type `application/json`", actual, []));
    }
    let fits = answer.status == 400 || (error == "invalid_client" && answer.status == 401);
    if !fits {
        let expected = if error == "invalid_client" { "status 401 or 400" } else { "status 400" };
        return Err(clause.refuse("an error has another status", expected, answer.described(), []));
    }
    if answer.status == 401 && answer.challenge().is_none() {
        return Err(Clause("RFC 9110 section 11.6.1").refuse("a 401 names no way to authenticate", "WWW-Authenticate", "none", []));
    }
    Ok(())
}

/// A client that tried the Authorization header and failed is told so by a 401 with a challenge (RFC 6749 section 5.2).
pub fn check_header_authentication_refused(answer: &Answer) -> Judgement {
    check_refused(answer, &["invalid_client"])?;
    let challenged = answer.challenge().is_some_and(|challenge| challenge.to_ascii_lowercase().starts_with("basic"));
    if answer.status == 401 && challenged {
        return Ok(());
    }
    let actual = format!("status {} with the challenge {}", answer.status, shown(answer.challenge()));
    Err(Clause("RFC 6749 section 5.2").refuse("wrong credentials in the header are answered otherwise", "401 and Basic", actual, []))
}

/// A token answer: JSON that nobody may keep, with a bearer token and its lifetime (RFC 6749 section 5.1).
pub fn check_token_answer(answer: &Answer) -> Judgement {
    let refuse = |summary: &str, expected: &str, actual: String| Err(Clause("RFC 6749 section 5.1").refuse(summary, expected, actual, []));
    if answer.status != 200 || !answer.is_json() {
        let actual = format!("{}, media type {}", answer.described(), shown(answer.header(header::CONTENT_TYPE)));
        return refuse("tokens are answered otherwise", "200 with `application/json`", actual);
    }
    let kept_by_nobody =
        answer.header(header::CACHE_CONTROL).is_some_and(|control| control.split(',').any(|word| word.trim() == "no-store"));
    if !kept_by_nobody {
        return refuse("tokens may be kept by a cache", "Cache-Control: no-store", shown(answer.header(header::CACHE_CONTROL)));
    }
    let token_type = answer.body.get("token_type").and_then(Value::as_str);
    if !token_type.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return refuse("the token type is another one", "`Bearer`", shown(token_type));
    }
    if answer.body.get("expires_in").and_then(Value::as_u64).is_none() {
        let actual = answer.body.get("expires_in").map_or_else(|| "absent".to_owned(), Value::to_string);
        return refuse("the token's lifetime is no number of seconds", "a whole number", actual);
    }
    Ok(())
}

/// A call whose token is not good: 401, a Bearer challenge with `invalid_token` (RFC 6750 section 3.1); where there was no token,
/// the challenge names no error (section 3).
pub fn check_bearer_refused(answer: &Answer, with_token: bool) -> Judgement {
    let clause = Clause("RFC 6750 section 3");
    let challenge = answer.challenge().unwrap_or_default();
    if answer.status != 401 || !challenge.to_ascii_lowercase().starts_with("bearer") {
        let actual = format!("status {} with the challenge {}", answer.status, shown(answer.challenge()));
        return Err(clause.refuse("a call without a good token is answered otherwise", "401 with a Bearer challenge", actual, []));
    }
    if with_token && !challenge.contains("invalid_token") {
        let expected = "error=\"invalid_token\" in the challenge";
        return Err(Clause("RFC 6750 section 3.1").refuse("a bad token is not named as the reason", expected, challenge, []));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::super::fixtures::found;
    use super::*;

    fn answer(status: u16, headers: &[(HeaderName, &'static str)], body: Value) -> Answer {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        Answer { status, headers, body }
    }

    const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json; charset=utf-8");

    #[test]
    fn a_refusal_has_its_error_media_type_status_and_challenge() {
        let refused = |status, headers: &[_], error| check_refused(&answer(status, headers, json!({"error": error})), &["invalid_grant"]);
        assert_eq!(refused(400, &[JSON], "invalid_grant"), Ok(()));
        found(refused(400, &[JSON], "invalid_request"));
        found(refused(400, &[], "invalid_grant"));
        found(refused(401, &[JSON], "invalid_grant"));
        found(refused(200, &[JSON], "invalid_grant"));
        found(check_refused(&answer(401, &[JSON], json!({"error": "invalid_client"})), &["invalid_client"]));
        found(check_refused(&answer(400, &[JSON], Value::Null), &["invalid_grant", "invalid_request"]));
    }

    #[test]
    fn wrong_credentials_in_the_header_get_401_and_basic() {
        let basic = (header::WWW_AUTHENTICATE, "Basic realm=\"x\"");
        let judged =
            |status, headers: &[_]| check_header_authentication_refused(&answer(status, headers, json!({"error": "invalid_client"})));
        assert_eq!(judged(401, &[JSON, basic.clone()]), Ok(()));
        found(judged(400, &[JSON, basic]));
        found(judged(401, &[JSON, (header::WWW_AUTHENTICATE, "Bearer")]));
    }

    #[test]
    fn a_token_answer_is_json_that_nobody_keeps() {
        let kept = (header::CACHE_CONTROL, "no-cache, no-store");
        let body = json!({"access_token": "[access-token-1]", "token_type": "bearer", "expires_in": 300});
        assert_eq!(check_token_answer(&answer(200, &[JSON, kept.clone()], body.clone())), Ok(()));
        found(check_token_answer(&answer(200, &[JSON], body.clone())));
        found(check_token_answer(&answer(200, std::slice::from_ref(&kept), body)));
        found(check_token_answer(&answer(200, &[JSON, kept.clone()], json!({"token_type": "mac", "expires_in": 300}))));
        found(check_token_answer(&answer(200, &[JSON, kept], json!({"token_type": "Bearer", "expires_in": "300"}))));
    }

    #[test]
    fn a_call_without_a_good_token_gets_a_bearer_challenge() {
        let challenged = |status, text| answer(status, &[(header::WWW_AUTHENTICATE, text)], Value::Null);
        assert_eq!(check_bearer_refused(&challenged(401, "Bearer error=\"invalid_token\""), true), Ok(()));
        assert_eq!(check_bearer_refused(&challenged(401, "Bearer"), false), Ok(()));
        found(check_bearer_refused(&challenged(401, "Bearer"), true));
        found(check_bearer_refused(&challenged(403, "Bearer error=\"invalid_token\""), true));
        found(check_bearer_refused(&answer(401, &[], Value::Null), false));
    }
}
