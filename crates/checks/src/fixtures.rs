//! Exchanges as the journal records them, for the tests of the checks.

use serde_json::{Value, json};

use super::{Judgement, Refusal};
use crate::domain::{ClientAuthentication, Credential, Endpoint, Exchange, Facts};
use crate::oauth::code_challenge_s256;

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:5000/callback";

pub(crate) fn exchange(number: u64, endpoint: Endpoint, method: &str, path: &str) -> Exchange {
    Exchange {
        number,
        at_ms: number * 100,
        duration_ms: 5,
        endpoint,
        method: method.to_owned(),
        path: path.to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        form: Vec::new(),
        body: None,
        status: 200,
        response_headers: Vec::new(),
        response: None,
        facts: Facts { client_id: Some("gipo-app".to_owned()), ..Facts::default() },
        faults: Vec::new(),
    }
}

pub(crate) fn set(pairs: &mut Vec<(String, String)>, name: &str, value: &str) {
    pairs.retain(|(key, _)| key != name);
    pairs.push((name.to_owned(), value.to_owned()));
}

pub(crate) fn unset(pairs: &mut Vec<(String, String)>, name: &str) {
    pairs.retain(|(key, _)| key != name);
}

/// A sound authorization request; `login` makes its state, nonce and verifier.
pub(crate) fn authorization(number: u64, login: u64) -> Exchange {
    let mut request = exchange(number, Endpoint::Authorization, "GET", "/connect/authorize");
    request.status = 302;
    for (name, value) in [
        ("response_type", "code".to_owned()),
        ("client_id", "gipo-app".to_owned()),
        ("redirect_uri", REDIRECT_URI.to_owned()),
        ("scope", "openid giponext.patients".to_owned()),
        ("state", random(&format!("state {login}"))),
        ("nonce", random(&format!("nonce {login}"))),
        ("code_challenge", challenge(login)),
        ("code_challenge_method", "S256".to_owned()),
    ] {
        set(&mut request.query, name, &value);
    }
    request
}

/// The authorization response: a redirect from the consent page.
pub(crate) fn response(number: u64, login: u64, code: &str) -> Exchange {
    let mut response = exchange(number, Endpoint::Portal, "POST", "/consent");
    response.status = 302;
    let state = random(&format!("state {login}"));
    set(&mut response.response_headers, "location", &format!("{REDIRECT_URI}?code={code}&state={state}"));
    response
}

/// A sound token request that redeems a code.
pub(crate) fn redemption(number: u64, login: u64, code: &str) -> Exchange {
    let mut request = token(number, "authorization_code");
    set(&mut request.form, "code", code);
    set(&mut request.form, "redirect_uri", REDIRECT_URI);
    set(&mut request.form, "code_verifier", &format!("[verifier-{login}]"));
    request.facts.verifier_challenge = Some(challenge(login));
    request.facts.verifier_length = Some(43);
    request.facts.verifier_unreserved = Some(true);
    request.facts.subject = Some("ada".to_owned());
    request.facts.scopes = Some(vec!["openid".to_owned(), "giponext.patients".to_owned()]);
    request
}

pub(crate) fn token(number: u64, grant_type: &str) -> Exchange {
    let mut request = exchange(number, Endpoint::Token, "POST", "/connect/token");
    set(&mut request.headers, "content-type", "application/x-www-form-urlencoded");
    set(&mut request.form, "grant_type", grant_type);
    request.facts.client_authentication = vec![ClientAuthentication::ClientSecretBasic];
    request
}

/// A refresh with `used`, answered with `given` (no refresh token in the answer when `None`).
pub(crate) fn refresh(number: u64, used: &str, given: Option<&str>) -> Exchange {
    let mut request = token(number, "refresh_token");
    set(&mut request.form, "refresh_token", used);
    let mut answer = json!({ "access_token": format!("[access-token-of-{number}]"), "token_type": "Bearer" });
    if let Some(given) = given {
        answer["refresh_token"] = Value::from(given);
    }
    request.response = Some(answer);
    request.facts.subject = Some("ada".to_owned());
    request
}

pub(crate) fn refused(mut exchange: Exchange, status: u16, error: &str) -> Exchange {
    exchange.status = status;
    exchange.response = Some(json!({ "error": error }));
    exchange
}

/// An API call of Ada's.
pub(crate) fn call(number: u64, path: &str, token: &str) -> Exchange {
    let mut request = exchange(number, Endpoint::Api, "GET", path);
    set(&mut request.headers, "authorization", &format!("Bearer {token}"));
    request.facts.credentials = vec![Credential::Header];
    request.facts.subject = Some("ada".to_owned());
    request.facts.tenant = path.strip_prefix("/v2/tenants/").and_then(|rest| rest.split('/').next()).map(str::to_owned);
    request
}

/// A text without pattern that depends on `of` only: 43 base64url characters.
pub(crate) fn random(of: &str) -> String {
    code_challenge_s256(of)
}

pub(crate) fn challenge(login: u64) -> String {
    code_challenge_s256(&format!("verifier {login}"))
}

/// Sign-ins that are sound in every respect: request, response, redemption.
pub(crate) fn sound_logins(count: u64) -> Vec<Exchange> {
    (1..=count)
        .flat_map(|login| {
            let (number, code) = (login * 10, format!("[code-{login}]"));
            [authorization(number, login), response(number + 1, login, &code), redemption(number + 2, login, &code)]
        })
        .collect()
}

/// The summary of the discrepancy that a check must have found.
#[track_caller]
pub(crate) fn found(judgement: Judgement) -> String {
    match judgement {
        Err(Refusal::Discrepancy(discrepancy)) => {
            assert!(!discrepancy.expected.is_empty() && !discrepancy.actual.is_empty() && !discrepancy.clause.is_empty());
            discrepancy.summary
        }
        other => panic!("a discrepancy was expected, got {other:?}"),
    }
}

#[track_caller]
pub(crate) fn undecided(judgement: Judgement) {
    assert!(matches!(judgement, Err(Refusal::NothingToJudge(_))), "nothing to judge was expected, got {judgement:?}");
}
