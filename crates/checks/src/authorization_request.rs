use std::collections::HashMap;

use secrecy::SecretString;
use url::Url;

use super::chance::bits_seen;
use super::judgement::{Clause, nothing, shown, some};
use super::secrecy::occurs_encoded;
use super::{Judgement, Refusal, SignIn, sign_ins};
use crate::domain::Exchange;
use crate::oauth::{code_challenge_s256, giponext, redirect_uri_matches};

const NONCE_CLAUSE: Clause = Clause("OpenID Connect Core section 15.5.2");
/// Fewest nonces that show by which characters they are made of how they are made, and the fewest bits that they have to show. OpenID
/// Connect names no number: a counter or a clock shows twenty.
const ENOUGH_NONCES: usize = 20;
const NONCE_BITS: f64 = 40.0;
const NO_SIGN_IN: &str = "the platform saw no authorization request";

pub(super) fn observed(exchanges: &[Exchange]) -> Result<Vec<SignIn<'_>>, Refusal> {
    some(sign_ins(exchanges), NO_SIGN_IN)
}

/// AZ-01: the response type is `code` and nothing else (RFC 9700 section 2.1.2).
pub fn check_response_type(exchanges: &[Exchange]) -> Judgement {
    for sign_in in observed(exchanges)? {
        let response_type = sign_in.parameter("response_type");
        if response_type != Some("code") {
            return Err(Clause("RFC 9700 section 2.1.2").refuse(
                "the authorization request asks for tokens in the front channel",
                "response_type `code`",
                format!("response_type {}", shown(response_type)),
                [sign_in.number()],
            ));
        }
    }
    Ok(())
}

/// AZ-03: the redirect URI is present, https or loopback, and one of the registered ones, byte by byte; a native client's
/// loopback port may vary (RFC 6749 section 3.1.2.3, RFC 9700 sections 2.1 and 2.6, C-42).
///
/// Stricter than RFC 6749, which lets a client with one registered redirect URI leave it out: OpenID Connect requires it.
pub fn check_redirect_uri(exchanges: &[Exchange], registered: &[String], native: bool) -> Judgement {
    for sign_in in observed(exchanges)? {
        let expected = format!("one of {}", registered.iter().map(|uri| format!("`{uri}`")).collect::<Vec<_>>().join(", "));
        let Some(requested) = sign_in.parameter("redirect_uri") else {
            return Err(Clause("OpenID Connect Core section 3.1.2.1").refuse(
                "the authorization request has no redirect_uri",
                expected,
                "none",
                [sign_in.number()],
            ));
        };
        if !is_protected(requested) {
            return Err(Clause("RFC 9700 section 2.6").refuse(
                format!("the authorization response would travel unprotected to `{requested}`"),
                "an https redirect URI, or http on a loopback address",
                format!("`{requested}`"),
                [sign_in.number()],
            ));
        }
        if !registered.iter().any(|uri| redirect_uri_matches(uri, requested, native)) {
            return Err(Clause("RFC 9700 section 4.1.3").refuse(
                format!("the redirect_uri `{requested}` is not registered"),
                expected,
                format!("`{requested}`"),
                [sign_in.number()],
            ));
        }
    }
    Ok(())
}

/// https, loopback, or a native application's private-use scheme (RFC 8252 section 7.1).
fn is_protected(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")),
        scheme => scheme.contains('.'),
    })
}

/// AZ-05: state and scope hold none of the given personal data or secrets, neither plainly nor in base64, JSON or a JWT
/// (OAuth 2.1 section 4.1.1). `needles` are pairs of what a value is, for the report, and the value.
pub fn check_no_personal_data(exchanges: &[Exchange], needles: &[(String, SecretString)]) -> Judgement {
    if needles.is_empty() {
        return Err(nothing("no personal data was given to search for"));
    }
    for sign_in in observed(exchanges)? {
        for parameter in ["state", "scope"] {
            let text = sign_in.parameter(parameter).unwrap_or_default();
            if let Some((label, _)) = needles.iter().find(|(_, needle)| occurs_encoded(needle, text)) {
                return Err(Clause("OAuth 2.1 section 4.1.1").refuse(
                    format!("the parameter `{parameter}` of the authorization request holds {label}"),
                    format!("a `{parameter}` without personal data or secrets"),
                    format!("{label} in `{parameter}`, {} characters", text.chars().count()),
                    [sign_in.number()],
                ));
            }
        }
    }
    Ok(())
}

/// AZ-06: a PKCE challenge is sent, by the method S256 (RFC 9700 section 2.1.1, RFC 7636 section 4.3).
pub fn check_code_challenge(exchanges: &[Exchange]) -> Judgement {
    for sign_in in observed(exchanges)? {
        let (challenge, method) = (sign_in.parameter("code_challenge"), sign_in.parameter("code_challenge_method"));
        let refuse = |summary: &str, actual: String| {
            let expected = "code_challenge of 43 base64url characters, code_challenge_method `S256`";
            Clause("RFC 9700 section 2.1.1").refuse(summary, expected, actual, [sign_in.number()])
        };
        let Some(challenge) = challenge else {
            return Err(refuse("the authorization request has no PKCE code challenge", "no code_challenge".to_owned()));
        };
        if method != Some("S256") {
            let actual = format!("code_challenge_method {}", shown(method));
            return Err(refuse("the PKCE code challenge is not made by S256", actual));
        }
        // The digest of a value is as good as the value.
        let shows = |value: &str| code_challenge_s256(value) == challenge || code_challenge_s256(&code_challenge_s256(value)) == challenge;
        let in_the_clear = |(name, value): &&(String, String)| name != "code_challenge" && shows(value);
        if let Some((name, _)) = sign_in.request.query.iter().find(in_the_clear) {
            let actual = format!("`{name}`, or its digest, is the code verifier");
            return Err(Clause("RFC 7636 section 4.1").refuse(
                "the authorization request shows the code verifier",
                "a code verifier that nothing else is made of",
                actual,
                [sign_in.number()],
            ));
        }
        if challenge.len() != 43 || !challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            let actual = format!("a challenge of {} characters: `{challenge}`", challenge.len());
            return Err(refuse("the PKCE code challenge is not a SHA-256 hash in base64url", actual));
        }
    }
    Ok(())
}

/// AZ-08: once a request carried an S256 code challenge, none goes without (RFC 7636 section 7.2).
pub fn check_no_pkce_downgrade(exchanges: &[Exchange]) -> Judgement {
    let sign_ins = observed(exchanges)?;
    let challenged = |sign_in: &SignIn<'_>| sign_in.parameter("code_challenge_method") == Some("S256");
    let Some(first) = sign_ins.iter().position(challenged) else {
        return Err(Refusal::NotApplicable("the application uses no S256 code challenge that it could give up".to_owned()));
    };
    match sign_ins[first..].iter().find(|sign_in| !challenged(sign_in)) {
        None => Ok(()),
        Some(downgraded) => Err(Clause("RFC 7636 section 7.2").refuse(
            "the application gives the S256 code challenge up when the platform refuses a request",
            "code_challenge_method `S256` in every further request",
            format!("code_challenge_method {}", shown(downgraded.parameter("code_challenge_method"))),
            [sign_ins[first].number(), downgraded.number()],
        )),
    }
}

/// AZ-11: with the scope `openid`, a nonce is sent (OpenID Connect Core section 15.5.2, RFC 9700 section 4.5.3.2). Where PKCE protects the
/// code, the nonce may be left out: not applicable.
pub fn check_nonce_sent_with_openid(exchanges: &[Exchange]) -> Judgement {
    with_nonce(&observed(exchanges)?).map(drop)
}

/// AZ-11: a nonce is sent and is new in each sign-in.
pub fn check_nonces(exchanges: &[Exchange]) -> Judgement {
    let sign_ins = observed(exchanges)?;
    let asked = with_nonce(&sign_ins)?;
    if asked.len() < 2 {
        return Err(nothing("one sign-in does not show whether the nonce is new in each"));
    }
    check_unique("nonce", NONCE_CLAUSE, &asked)?;
    let nonces: Vec<&str> = asked.iter().filter_map(|sign_in| sign_in.parameter("nonce")).collect();
    let seen = bits_seen(&nonces);
    if nonces.len() < ENOUGH_NONCES || seen >= NONCE_BITS {
        return Ok(());
    }
    Err(NONCE_CLAUSE.refuse(
        format!("the nonce varies by at most {seen:.0} bits"),
        "a nonce that nobody can guess",
        format!("{seen:.0} bits by the characters that stood at each place, over {} sign-ins", nonces.len()),
        asked.iter().take(3).map(|sign_in| sign_in.number()),
    ))
}

/// The sign-ins that ask for an ID token, when each of them has a nonce.
fn with_nonce<'a>(sign_ins: &'a [SignIn<'a>]) -> Result<Vec<&'a SignIn<'a>>, Refusal> {
    let asked: Vec<&SignIn<'_>> = sign_ins.iter().filter(|sign_in| sign_in.scopes().contains(giponext::OPENID)).collect();
    if asked.is_empty() {
        return Err(Refusal::NotApplicable("the application asks for no ID token (the scope `openid`)".to_owned()));
    }
    if let Some(without) = asked.iter().find(|sign_in| sign_in.parameter("nonce").is_none_or(str::is_empty)) {
        if asked.iter().all(|sign_in| sign_in.parameter("nonce").is_none()) && asked.iter().all(|sign_in| uses_pkce(sign_in)) {
            return Err(Refusal::NotApplicable("no nonce is sent, and PKCE protects the authorization code".to_owned()));
        }
        return Err(Clause("OpenID Connect Core section 3.1.2.1").refuse(
            "an authorization request with the scope `openid` has no nonce",
            "a nonce that is new in each sign-in",
            "none",
            [without.number()],
        ));
    }
    Ok(asked)
}

/// ID-09: whoever sends no nonce misses none; whether one is needed is AZ-11's.
pub fn check_nonce_sent(exchanges: &[Exchange]) -> Judgement {
    match observed(exchanges)?.iter().any(|sign_in| sign_in.parameter("nonce").is_some()) {
        true => Ok(()),
        false => Err(Refusal::NotApplicable("the application sends no nonce, which AZ-11 tells".to_owned())),
    }
}

/// AZ-09: an attempt after an error response has a new state, nonce and code challenge (OAuth 2.1 section 7.5.1).
pub fn check_new_values_after_error(exchanges: &[Exchange]) -> Judgement {
    let sign_ins = observed(exchanges)?;
    let Some(refused) = sign_ins.iter().position(|sign_in| sign_in.error.is_some()) else {
        return Err(nothing("no authorization request was answered with an error"));
    };
    let tried: Vec<&SignIn<'_>> = sign_ins[refused..].iter().collect();
    if tried.len() < 2 {
        return Err(nothing("no authorization request followed the error"));
    }
    ["state", "nonce", "code_challenge"]
        .into_iter()
        .try_for_each(|parameter| check_unique(parameter, Clause("OAuth 2.1 section 7.5.1"), &tried))
}

/// CB-11, CB-12: one person's sign-in leads to at most `most` authorization requests: no loop after an error. The exchanges must
/// hold the sign-in itself. A silent look asks nobody for anything, and counts as none.
pub fn check_no_sign_in_loop(exchanges: &[Exchange], most: usize) -> Judgement {
    let sign_ins: Vec<SignIn<'_>> = observed(exchanges)?.into_iter().filter(asks_somebody).collect();
    if sign_ins.len() <= most {
        return Ok(());
    }
    Err(Clause("RFC 6749 section 4.1.2.1").refuse(
        "the application starts one sign-in after another by itself",
        format!("at most {most} authorization requests"),
        format!("{} authorization requests", sign_ins.len()),
        sign_ins.iter().map(SignIn::number),
    ))
}

/// Whether a person may be asked for something: with `prompt=none` the platform only says whether somebody is signed in there.
fn asks_somebody(sign_in: &SignIn<'_>) -> bool {
    sign_in.parameter("prompt") != Some("none")
}

/// PO-06: no authorization request of a person's sign-in comes from a frame (RFC 8252 section 8.12). With `prompt=none` nothing
/// is shown to anybody: such a request may.
pub fn check_asked_in_a_window(exchanges: &[Exchange]) -> Judgement {
    let sign_ins = observed(exchanges)?;
    let shown = sign_ins.iter().filter(|sign_in| asks_somebody(sign_in));
    let told: Vec<_> = shown.filter_map(|sign_in| Some((sign_in.number(), sign_in.request.header("sec-fetch-dest")?))).collect();
    match some(told, "no browser told from where it made its authorization request")?.into_iter().find(|(_, from)| *from != "document") {
        None => Ok(()),
        Some((number, from)) => Err(Clause("RFC 8252 section 8.12").refuse(
            "the sign-in page is asked for by a part of another page",
            "a window of its own (Sec-Fetch-Dest `document`)",
            format!("Sec-Fetch-Dest `{from}`"),
            [number],
        )),
    }
}

pub(super) fn uses_pkce(sign_in: &SignIn<'_>) -> bool {
    sign_in.parameter("code_challenge").is_some() && sign_in.parameter("code_challenge_method") == Some("S256")
}

/// Refuses where two sign-ins have the same value of a parameter.
pub(super) fn check_unique(parameter: &str, clause: Clause, sign_ins: &[&SignIn<'_>]) -> Judgement {
    let mut seen: HashMap<&str, u64> = HashMap::new();
    for sign_in in sign_ins {
        let Some(value) = sign_in.parameter(parameter) else { continue };
        if let Some(earlier) = seen.insert(value, sign_in.number()) {
            return Err(clause.refuse(
                format!("two sign-ins use the same {parameter}"),
                format!("a new {parameter} in each sign-in"),
                format!("`{value}` twice in {} sign-ins", sign_ins.len()),
                [earlier, sign_in.number()],
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "authorization_request_tests.rs"]
mod tests;
