use std::collections::{BTreeMap, HashMap};

use super::judgement::{Clause, nothing, shown, some};
use super::reading::{AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN, described, numbers, token_requests, token_requests_with};
use super::{Judgement, SignIn, sign_ins};
use crate::domain::{ClientAuthentication, Endpoint, Exchange};

const NO_TOKEN_REQUEST: &str = "the platform saw no token request";
const NO_REDEMPTION: &str = "the platform saw no token request with an authorization code";

/// TK-01: a token request is a POST of a form, with nothing secret in the query and with exactly one client authentication
/// method, one of those that the client may use (RFC 6749 sections 2.3, 2.3.1 and 3.2).
pub fn check_token_request_form(exchanges: &[Exchange], permitted: &[ClientAuthentication]) -> Judgement {
    let requests = some(token_requests(exchanges), NO_TOKEN_REQUEST)?;
    requests.into_iter().try_for_each(|request| check_form(request, "token request", permitted))
}

/// RS-02: the same of a revocation (RFC 7009 section 2.1). Where none was made, none went wrong.
pub fn check_revocation_form(exchanges: &[Exchange], permitted: &[ClientAuthentication]) -> Judgement {
    let revocations = exchanges.iter().filter(|exchange| exchange.endpoint == Endpoint::Revocation);
    revocations.into_iter().try_for_each(|request| check_form(request, "revocation", permitted))
}

fn check_form(request: &Exchange, what: &str, permitted: &[ClientAuthentication]) -> Judgement {
    let refuse = |clause: &'static str, summary: String, expected: &str, actual: String| {
        Err(Clause(clause).refuse(summary, expected, actual, [request.number]))
    };
    if request.method != "POST" {
        return refuse("RFC 6749 section 3.2", format!("the {what} is a {}", request.method), "POST", request.method.clone());
    }
    let secret = request.query.iter().find(|(name, value)| SECRET_PARAMETERS.contains(&name.as_str()) || value.starts_with('['));
    if let Some((name, _)) = secret {
        let summary = format!("the {what} has `{name}` in its query");
        return refuse("RFC 6749 section 2.3.1", summary, "every parameter in the form body", format!("`{name}` in the query"));
    }
    let media_type = request.header("content-type").and_then(|value| value.split(';').next()).map(str::trim);
    if !media_type.is_some_and(|value| value.eq_ignore_ascii_case(FORM)) {
        let summary = format!("the body of the {what} is not a form");
        return refuse("RFC 6749 section 4.1.3", summary, FORM, format!("content-type {}", shown(media_type)));
    }
    let headers = request.headers.iter().filter(|(name, _)| name == "authorization").count();
    if headers > 1 {
        let summary = format!("the {what} has more than one Authorization header");
        return refuse("RFC 6749 section 2.3", summary, "one method, once", format!("{headers} Authorization headers"));
    }
    let used = &request.facts.client_authentication;
    let names = || used.iter().map(|method| name_of(*method)).collect::<Vec<_>>().join(" and ");
    match used[..] {
        [] => refuse("RFC 6749 section 3.2.1", format!("the {what} names no client"), "one method", "none".to_owned()),
        [method] if permitted.contains(&method) => Ok(()),
        [method] => {
            let summary = format!("the client authenticates by {}, for which it is not registered", name_of(method));
            let expected = permitted.iter().map(|method| name_of(*method)).collect::<Vec<_>>().join(" or ");
            refuse("RFC 6749 section 2.3", summary, &expected, names())
        }
        _ => {
            let summary = format!("the {what} uses more than one client authentication method");
            refuse("RFC 6749 section 2.3", summary, "exactly one method", names())
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const SECRET_PARAMETERS: [&str; 9] =
    ["client_secret", "token", "code", "code_verifier", "refresh_token", "access_token", "password", "client_assertion", "device_code"];

fn name_of(method: ClientAuthentication) -> &'static str {
    match method {
        ClientAuthentication::ClientSecretBasic => "client_secret_basic",
        ClientAuthentication::ClientSecretPost => "client_secret_post",
        ClientAuthentication::None => "client_id alone",
        ClientAuthentication::Query => "a secret in the query",
    }
}

/// CB-05: no authorization code is redeemed twice (RFC 6749 section 4.1.2). What a limit turned away, to come back
/// later (C-57), does not count.
pub fn check_codes_redeemed_once(exchanges: &[Exchange]) -> Judgement {
    let mut requests: BTreeMap<&str, Vec<&Exchange>> = BTreeMap::new();
    let requested = some(token_requests_with(exchanges, AUTHORIZATION_CODE), NO_REDEMPTION)?;
    for request in requested.into_iter().filter(|request| request.status != 429) {
        requests.entry(request.form_value("code").unwrap_or_default()).or_default().push(request);
    }
    match requests.into_iter().find(|(_, requests)| requests.len() > 1) {
        None => Ok(()),
        Some((code, requests)) => Err(Clause("RFC 6749 section 4.1.2").refuse(
            "an authorization code was redeemed more than once",
            "one token request per code",
            format!("{} token requests with {code}", requests.len()),
            numbers(requests),
        )),
    }
}

/// No token request was made: after a refused consent or another error answer (CB-11), or with a response that must be rejected.
/// Only proves something where an authorization request was made.
pub fn check_no_redemption(exchanges: &[Exchange]) -> Judgement {
    some(sign_ins(exchanges), "the platform saw no authorization request")?;
    match token_requests_with(exchanges, AUTHORIZATION_CODE)[..] {
        [] => Ok(()),
        [first, ..] => Err(Clause("RFC 6749 section 4.1.2.1").refuse(
            "the application sent a token request although it was given no code",
            "no token request",
            format!("a token request with code {}", shown(first.form_value("code"))),
            [first.number],
        )),
    }
}

/// AZ-07: the code verifier has 43 to 128 unreserved characters and is that of the sign-in's challenge (RFC 7636 section 4.1).
/// Sign-ins without a challenge have no verifier: they are for AZ-06.
pub fn check_code_verifiers(exchanges: &[Exchange]) -> Judgement {
    let asked = sign_ins(exchanges);
    if !asked.is_empty() && asked.iter().all(|sign_in| sign_in.parameter("code_challenge").is_none()) {
        return Err(super::Refusal::NotApplicable("the application uses no PKCE".to_owned()));
    }
    for (sign_in, request) in some(with_challenge(exchanges), "no code of a sign-in with PKCE was redeemed")? {
        let refuse = |summary: &str, expected: String, actual: String| {
            Err(Clause("RFC 7636 section 4.1").refuse(summary, expected, actual, [sign_in.number(), request.number]))
        };
        let Some(length) = request.facts.verifier_length else {
            let expected = "the code_verifier of the challenge".to_owned();
            return refuse("a token request has no code verifier although a challenge was sent", expected, "none".to_owned());
        };
        if !(43..=128).contains(&length) || request.facts.verifier_unreserved != Some(true) {
            let actual = match request.facts.verifier_unreserved {
                Some(true) => format!("{length} characters"),
                _ => format!("{length} characters, some of them reserved"),
            };
            return refuse("a code verifier is not well formed", "43 to 128 unreserved characters".to_owned(), actual);
        }
        check_verifier_matches(&sign_in, request)?;
    }
    Ok(())
}

/// AZ-07: each sign-in has a code verifier of its own (RFC 9700 section 2.1.1).
pub fn check_code_verifiers_fresh(exchanges: &[Exchange]) -> Judgement {
    let sign_ins = sign_ins(exchanges);
    let with: Vec<&SignIn<'_>> = sign_ins.iter().filter(|sign_in| sign_in.parameter("code_challenge").is_some()).collect();
    if with.len() < 2 {
        return Err(nothing("fewer than two sign-ins with PKCE do not show whether the verifier is new in each"));
    }
    super::authorization_request::check_unique("code_challenge", Clause("RFC 9700 section 2.1.1"), &with)
}

/// TK-03: the token request repeats the redirect URI of its authorization request and presents the right code verifier
/// (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
pub fn check_token_request_matches(exchanges: &[Exchange]) -> Judgement {
    for (sign_in, request) in some(presented(exchanges), NO_REDEMPTION)? {
        let (asked, repeated) = (sign_in.parameter("redirect_uri"), request.form_value("redirect_uri"));
        if asked != repeated {
            return Err(Clause("RFC 6749 section 4.1.3").refuse(
                "the token request does not repeat the redirect_uri of the authorization request",
                shown(asked),
                shown(repeated),
                [sign_in.number(), request.number],
            ));
        }
        if sign_in.parameter("code_challenge").is_some() {
            check_verifier_matches(&sign_in, request)?;
        }
    }
    Ok(())
}

fn check_verifier_matches(sign_in: &SignIn<'_>, request: &Exchange) -> Judgement {
    let challenge = sign_in.parameter("code_challenge");
    let plain = sign_in.parameter("code_challenge_method") != Some("S256");
    if plain || request.facts.verifier_challenge.as_deref() == challenge {
        return Ok(());
    }
    Err(Clause("RFC 7636 section 4.5").refuse(
        "the code verifier is not that of the sign-in's challenge",
        format!("a verifier whose S256 is {}", shown(challenge)),
        format!("S256 {}", shown(request.facts.verifier_challenge.as_deref())),
        [sign_in.number(), request.number],
    ))
}

/// GX-05: only the grants that the platform has: authorization code, refresh token, device code (C-30). No client credentials,
/// password or implicit grant is ever tried.
pub fn check_grant_types(exchanges: &[Exchange]) -> Judgement {
    let (requests, sign_ins) = (token_requests(exchanges), sign_ins(exchanges));
    if requests.is_empty() && sign_ins.is_empty() {
        return Err(nothing("the platform saw neither an authorization request nor a token request"));
    }
    let expected = "authorization_code, refresh_token or device_code";
    for request in requests {
        let grant_type = request.form_value("grant_type");
        if !matches!(grant_type, Some(AUTHORIZATION_CODE | REFRESH_TOKEN | DEVICE_CODE)) {
            let summary = format!("the application tries the grant {}", shown(grant_type));
            return Err(Clause("C-30").refuse(summary, expected, shown(grant_type), [request.number]));
        }
    }
    for sign_in in sign_ins {
        let response_type = sign_in.parameter("response_type").unwrap_or_default();
        if response_type.split(' ').any(|part| part == "token") {
            let actual = format!("response_type `{response_type}`");
            return Err(Clause("C-30").refuse("the application tries the implicit grant", expected, actual, [sign_in.number()]));
        }
    }
    Ok(())
}

fn with_challenge(exchanges: &[Exchange]) -> Vec<(SignIn<'_>, &Exchange)> {
    redeemed(exchanges).into_iter().filter(|(sign_in, _)| sign_in.parameter("code_challenge").is_some()).collect()
}

/// The token requests with a code, each with its sign-in: those that a limit turned away too, and what was sent in their place.
fn presented(exchanges: &[Exchange]) -> Vec<(SignIn<'_>, &Exchange)> {
    let requests = token_requests_with(exchanges, AUTHORIZATION_CODE);
    let asked = sign_ins(exchanges).into_iter().filter(|sign_in| sign_in.code.is_some());
    let of = |sign_in: &SignIn<'_>| {
        let code = sign_in.code.clone();
        requests.iter().copied().filter(move |request| request.form_value("code") == code.as_deref()).collect::<Vec<_>>()
    };
    asked.flat_map(|sign_in| of(&sign_in).into_iter().map(move |request| (sign_in.clone(), request))).collect()
}

/// The sign-ins whose code was redeemed, each with its first token request.
fn redeemed(exchanges: &[Exchange]) -> Vec<(SignIn<'_>, &Exchange)> {
    let mut requests: HashMap<&str, &Exchange> = HashMap::new();
    for request in token_requests_with(exchanges, AUTHORIZATION_CODE) {
        requests.entry(request.form_value("code").unwrap_or_default()).or_insert(request);
    }
    let request_of = |sign_in: &SignIn<'_>| requests.get(sign_in.code.as_deref()?).copied();
    sign_ins(exchanges).into_iter().filter_map(|sign_in| request_of(&sign_in).map(|request| (sign_in, request))).collect()
}

/// CB-10: an issuer whose sign-in was answered with another's code is sent no code (RFC 9700 section 4.4). `exchanges` are those at the
/// issuer that gave none.
pub fn check_no_foreign_code(exchanges: &[Exchange]) -> Judgement {
    if !exchanges.iter().any(super::is_authorization_request) {
        return Err(nothing("the second platform saw no authorization request"));
    }
    match token_requests_with(exchanges, AUTHORIZATION_CODE).first() {
        None => Ok(()),
        Some(request) => Err(Clause("RFC 9700 section 4.4").refuse(
            "the application sends a code to an issuer that did not give it",
            "no token request: the response is another issuer's",
            described(request),
            [request.number],
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    const BASIC: [ClientAuthentication; 1] = [ClientAuthentication::ClientSecretBasic];

    fn changed(change: impl Fn(&mut Exchange)) -> Vec<Exchange> {
        let mut logins = sound_logins(2);
        logins.iter_mut().filter(|exchange| exchange.path == "/connect/token").for_each(change);
        logins
    }

    #[test]
    fn sound_token_requests_pass_every_check_and_silence_passes_none() {
        let logins = sound_logins(3);
        assert_eq!(check_token_request_form(&logins, &BASIC), Ok(()));
        assert_eq!(check_codes_redeemed_once(&logins), Ok(()));
        assert_eq!(check_code_verifiers(&logins), Ok(()));
        assert_eq!(check_code_verifiers_fresh(&logins), Ok(()));
        assert_eq!(check_token_request_matches(&logins), Ok(()));
        assert_eq!(check_grant_types(&logins), Ok(()));
        assert_eq!(check_no_redemption(&logins[..2]), Ok(()));
        undecided(check_token_request_form(&[], &BASIC));
        undecided(check_codes_redeemed_once(&[]));
        undecided(check_code_verifiers(&[]));
        undecided(check_code_verifiers_fresh(&sound_logins(1)));
        undecided(check_token_request_matches(&logins[..2]));
        undecided(check_grant_types(&[]));
        undecided(check_no_redemption(&[]));
    }

    #[test]
    fn a_revocation_is_refused_for_its_form() {
        let mut logins = sound_logins(1);
        let mut revocation = logins.iter().find(|exchange| exchange.path == "/connect/token").expect("a token request").clone();
        revocation.endpoint = Endpoint::Revocation;
        logins.push(revocation.clone());
        assert_eq!(check_revocation_form(&logins, &BASIC), Ok(()));
        set(&mut revocation.query, "token", "[refresh-token-1]");
        assert!(found(check_revocation_form(&[revocation], &BASIC)).starts_with("the revocation has `token` in its query"));
    }

    #[test]
    fn a_token_request_is_refused_for_its_form() {
        let judged = |change: fn(&mut Exchange)| found(check_token_request_form(&changed(change), &BASIC));
        assert_eq!(judged(|request| request.method = "GET".to_owned()), "the token request is a GET");
        assert!(judged(|request| set(&mut request.query, "client_secret", "[client-secret-1]")).contains("`client_secret` in its query"));
        assert!(judged(|request| set(&mut request.headers, "content-type", "application/json")).contains("not a form"));
        assert!(judged(|request| request.facts.client_authentication.clear()).contains("names no client"));
        let both = judged(|request| request.facts.client_authentication.push(ClientAuthentication::ClientSecretPost));
        assert!(both.contains("more than one"), "{both}");
        assert!(judged(|request| request.facts.client_authentication = vec![ClientAuthentication::None]).contains("not registered"));
        let two = |request: &mut Exchange| {
            request.headers.extend(["Basic one", "Basic two"].map(|value| ("authorization".to_owned(), value.to_owned())));
        };
        assert!(judged(two).contains("more than one Authorization header"));
    }

    #[test]
    fn a_second_redemption_is_refused_even_after_an_error() {
        let mut logins = sound_logins(1);
        logins.push(redemption(50, 1, "[code-1]"));
        logins[2] = refused(logins[2].clone(), 503, "temporarily_unavailable");
        let judgement = check_codes_redeemed_once(&logins);
        assert_eq!(
            judgement.as_ref().err().and_then(|refusal| refusal.discrepancy()).map(|found| found.exchanges.clone()),
            Some(vec![12, 50])
        );
        assert_eq!(found(check_no_redemption(&logins)), "the application sent a token request although it was given no code");
    }

    #[test]
    fn a_verifier_is_refused_when_missing_malformed_foreign_or_reused() {
        let judged = |change: fn(&mut Exchange)| found(check_code_verifiers(&changed(change)));
        assert!(judged(|request| request.facts.verifier_length = None).contains("no code verifier"));
        assert!(judged(|request| request.facts.verifier_length = Some(42)).contains("not well formed"));
        assert!(judged(|request| request.facts.verifier_unreserved = Some(false)).contains("not well formed"));
        assert!(judged(|request| request.facts.verifier_challenge = Some(challenge(99))).contains("not that of"));
        let foreign = changed(|request| request.facts.verifier_challenge = Some(challenge(99)));
        assert!(found(check_token_request_matches(&foreign)).contains("not that of"));
        let mut reused = sound_logins(2);
        set(&mut reused[3].query, "code_challenge", &challenge(1));
        assert_eq!(found(check_code_verifiers_fresh(&reused)), "two sign-ins use the same code_challenge");
    }

    #[test]
    fn a_verifier_belongs_to_its_own_sign_in() {
        let mut crossed = sound_logins(2);
        for (place, of) in [(2, 2), (5, 1)] {
            crossed[place].facts.verifier_challenge = Some(challenge(of));
        }
        assert!(found(check_token_request_matches(&crossed)).contains("not that of"));
    }

    #[test]
    fn sign_ins_at_the_same_time_are_told_apart_by_their_state() {
        let parallel = [
            authorization(1, 1),
            authorization(2, 2),
            response(3, 1, "[code-1]"),
            response(4, 2, "[code-2]"),
            redemption(5, 1, "[code-1]"),
            redemption(6, 2, "[code-2]"),
        ];
        assert_eq!(check_token_request_matches(&parallel), Ok(()));
    }

    #[test]
    fn another_redirect_uri_is_refused() {
        let other = changed(|request| set(&mut request.form, "redirect_uri", "http://127.0.0.1:5000/other"));
        assert!(found(check_token_request_matches(&other)).contains("does not repeat"));
        found(check_token_request_matches(&changed(|request| unset(&mut request.form, "redirect_uri"))));
    }

    #[test]
    fn a_request_that_is_sent_again_without_its_verifier_is_refused() {
        let mut logins = sound_logins(1);
        logins[2] = refused(logins[2].clone(), 429, "rate_limit_exceeded");
        let again = Exchange { number: 13, status: 200, ..redemption(13, 1, "[code-1]") };
        logins.push(again.clone());
        assert_eq!(check_token_request_matches(&logins), Ok(()));
        logins[3].facts.verifier_challenge = None;
        assert!(found(check_token_request_matches(&logins)).contains("not that of"));
    }

    #[test]
    fn a_grant_that_the_platform_has_not_is_refused() {
        for grant_type in ["client_credentials", "password"] {
            assert_eq!(found(check_grant_types(&[token(1, grant_type)])), format!("the application tries the grant `{grant_type}`"));
        }
        let mut implicit = sound_logins(1);
        set(&mut implicit[0].query, "response_type", "id_token token");
        assert_eq!(found(check_grant_types(&implicit)), "the application tries the implicit grant");
        assert_eq!(check_grant_types(&[token(1, DEVICE_CODE), token(2, REFRESH_TOKEN)]), Ok(()));
    }

    #[test]
    fn a_code_of_another_issuer_is_not_sent() {
        assert_eq!(check_no_foreign_code(&[authorization(1, 1)]), Ok(()));
        let sent = check_no_foreign_code(&[authorization(1, 1), redemption(2, 1, "[code-1]")]);
        assert_eq!(found(sent), "the application sends a code to an issuer that did not give it");
        undecided(check_no_foreign_code(&[redemption(2, 1, "[code-1]")]));
    }
}
