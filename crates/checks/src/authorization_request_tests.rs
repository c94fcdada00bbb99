use super::super::fixtures::*;
use super::*;

fn changed(change: impl Fn(&mut Exchange)) -> Vec<Exchange> {
    let mut logins = sound_logins(2);
    logins.iter_mut().filter(|exchange| exchange.path == "/connect/authorize").for_each(change);
    logins
}

#[test]
fn a_sound_request_passes_every_check_and_silence_passes_none() {
    let (logins, registered) = (sound_logins(3), [REDIRECT_URI.to_owned()]);
    let needles = [("an email address".to_owned(), SecretString::from("ada@example.org"))];
    assert_eq!(check_response_type(&logins), Ok(()));
    assert_eq!(check_redirect_uri(&logins, &registered, false), Ok(()));
    assert_eq!(check_no_personal_data(&logins, &needles), Ok(()));
    assert_eq!(check_code_challenge(&logins), Ok(()));
    assert_eq!(check_nonces(&logins), Ok(()));
    undecided(check_response_type(&[]));
    undecided(check_redirect_uri(&[], &registered, false));
    undecided(check_no_personal_data(&[], &needles));
    undecided(check_no_personal_data(&logins, &[]));
    undecided(check_code_challenge(&[]));
    undecided(check_nonces(&[]));
    let counted = (1..=24).map(|login| {
        let mut request = authorization(login, login);
        set(&mut request.query, "nonce", &format!("nonce-of-the-portal-{login:012}"));
        request
    });
    assert!(found(check_nonces(&counted.collect::<Vec<_>>())).contains("the nonce varies by at most"));
    assert_eq!(check_nonce_sent(&logins), Ok(()));
    let silent = changed(|request| unset(&mut request.query, "nonce"));
    assert!(matches!(check_nonce_sent(&silent), Err(Refusal::NotApplicable(_))));
}

#[test]
fn a_revisit_of_the_authorization_endpoint_is_the_same_sign_in() {
    let mut logins = sound_logins(1);
    logins.insert(1, authorization(11, 1));
    for (place, exchange) in logins.iter_mut().enumerate() {
        exchange.number = place as u64 + 1;
    }
    assert_eq!(sign_ins(&logins).len(), 1);
    logins.push(authorization(20, 1));
    assert_eq!(sign_ins(&logins).len(), 2, "after the response the same parameters are another sign-in");
    assert_eq!(found(check_nonces(&logins)), "two sign-ins use the same nonce");
}

#[test]
fn a_request_from_a_frame_is_refused_unless_it_shows_nothing() {
    let from = |place: &'static str| changed(move |request| set(&mut request.headers, "sec-fetch-dest", place));
    assert_eq!(check_asked_in_a_window(&from("document")), Ok(()));
    assert!(found(check_asked_in_a_window(&from("iframe"))).contains("part of another page"));
    let mut seen = sound_logins(2);
    let mut requests = seen.iter_mut().filter(|exchange| exchange.path == "/connect/authorize");
    let (silent, shown) = (requests.next().expect("the first request"), requests.next().expect("the second request"));
    set(&mut silent.query, "prompt", "none");
    set(&mut silent.headers, "sec-fetch-dest", "iframe");
    set(&mut shown.headers, "sec-fetch-dest", "document");
    assert_eq!(check_asked_in_a_window(&seen), Ok(()));
    undecided(check_asked_in_a_window(&sound_logins(1)));
}

#[test]
fn a_response_type_with_a_token_is_refused() {
    for wrong in ["token", "code id_token", "id_token token"] {
        found(check_response_type(&changed(|request| set(&mut request.query, "response_type", wrong))));
    }
}

#[test]
fn a_redirect_uri_is_refused_when_missing_unregistered_or_unprotected() {
    let registered = [REDIRECT_URI.to_owned(), "http://app.example/callback".to_owned()];
    let with = |uri: &'static str| changed(move |request| set(&mut request.query, "redirect_uri", uri));
    found(check_redirect_uri(&changed(|request| unset(&mut request.query, "redirect_uri")), &registered, false));
    found(check_redirect_uri(&with("http://127.0.0.1:5000/callback/"), &registered, false));
    found(check_redirect_uri(&with("http://127.0.0.1:5001/callback"), &registered, false));
    assert_eq!(check_redirect_uri(&with("http://127.0.0.1:5001/callback"), &registered, true), Ok(()));
    assert!(found(check_redirect_uri(&with("http://app.example/callback"), &registered, false)).contains("unprotected"));
    let schemes = ["com.example.app:/callback".to_owned(), "app:/callback".to_owned()];
    assert_eq!(check_redirect_uri(&with("com.example.app:/callback"), &schemes, true), Ok(()));
    assert!(found(check_redirect_uri(&with("app:/callback"), &schemes, true)).contains("unprotected"));
}

#[test]
fn personal_data_in_state_is_found_in_base64_json() {
    use base64::Engine;
    let needles = [("an email address".to_owned(), SecretString::from("ada@example.org"))];
    let json = r#"{"nonce":"x","user":"ada@example.org"}"#;
    for engine in [base64::engine::general_purpose::URL_SAFE_NO_PAD, base64::engine::general_purpose::STANDARD_NO_PAD] {
        let state = format!("abc.{}.def", engine.encode(json));
        let summary = found(check_no_personal_data(&changed(|request| set(&mut request.query, "state", &state)), &needles));
        assert_eq!(summary, "the parameter `state` of the authorization request holds an email address");
    }
    found(check_no_personal_data(&changed(|request| set(&mut request.query, "state", "x-ADA@example.org")), &needles));
    found(check_no_personal_data(&changed(|request| set(&mut request.query, "scope", "openid user:ada%40example.org")), &needles));
}

#[test]
fn a_challenge_is_refused_when_missing_plain_or_no_hash() {
    found(check_code_challenge(&changed(|request| unset(&mut request.query, "code_challenge"))));
    found(check_code_challenge(&changed(|request| unset(&mut request.query, "code_challenge_method"))));
    found(check_code_challenge(&changed(|request| set(&mut request.query, "code_challenge_method", "plain"))));
    found(check_code_challenge(&changed(|request| set(&mut request.query, "code_challenge", "short"))));
}

#[test]
fn a_code_verifier_in_the_request_is_refused() {
    let state = "a-state-that-is-the-code-verifier-of-43-signs";
    let both = changed(|request| {
        set(&mut request.query, "state", state);
        set(&mut request.query, "code_challenge", &code_challenge_s256(state));
    });
    assert!(found(check_code_challenge(&both)).contains("shows the code verifier"));
}

#[test]
fn an_attempt_after_an_error_has_new_values_and_ends() {
    let denied = |login: u64| {
        let mut response = response(11, login, "x");
        let state = random(&format!("state {login}"));
        set(&mut response.response_headers, "location", &format!("{REDIRECT_URI}?error=access_denied&state={state}"));
        [authorization(10, login), response]
    };
    let retry = |login: u64| [denied(1).to_vec(), vec![authorization(12, login)]].concat();
    assert_eq!(check_new_values_after_error(&retry(2)), Ok(()));
    assert_eq!(found(check_new_values_after_error(&retry(1))), "two sign-ins use the same state");
    undecided(check_new_values_after_error(&denied(1)));
    undecided(check_new_values_after_error(&sound_logins(2)));
    assert_eq!(check_no_sign_in_loop(&retry(2), 2), Ok(()));
    assert!(found(check_no_sign_in_loop(&retry(2), 1)).contains("one sign-in after another"));
    undecided(check_no_sign_in_loop(&[], 1));
    let mut silent = sound_logins(2);
    for request in silent.iter_mut().filter(|exchange| exchange.path == "/connect/authorize") {
        set(&mut request.query, "prompt", "none");
    }
    assert_eq!(check_no_sign_in_loop(&silent, 0), Ok(()), "a silent look asks nobody");
}

#[test]
fn a_nonce_is_refused_when_reused_and_may_be_missing_only_with_pkce() {
    found(check_nonces(&changed(|request| set(&mut request.query, "nonce", "always"))));
    let without = changed(|request| unset(&mut request.query, "nonce"));
    assert!(matches!(check_nonces(&without), Err(Refusal::NotApplicable(_))));
    found(check_nonces(&changed(|request| {
        unset(&mut request.query, "nonce");
        unset(&mut request.query, "code_challenge");
    })));
    let without = check_nonces(&changed(|request| set(&mut request.query, "scope", "giponext.patients")));
    assert!(matches!(without, Err(Refusal::NotApplicable(_))));
    undecided(check_nonces(&sound_logins(1)));
}

#[test]
fn giving_the_code_challenge_up_is_refused() {
    let (first, mut second) = (authorization(1, 1), authorization(2, 2));
    assert_eq!(check_no_pkce_downgrade(&[first.clone(), second.clone()]), Ok(()));
    set(&mut second.query, "code_challenge_method", "plain");
    assert!(found(check_no_pkce_downgrade(&[first.clone(), second.clone()])).contains("gives the S256 code challenge up"));
    unset(&mut second.query, "code_challenge_method");
    assert!(found(check_no_pkce_downgrade(&[first, second.clone()])).contains("gives the S256 code challenge up"));
    assert!(matches!(check_no_pkce_downgrade(&[second]), Err(Refusal::NotApplicable(_))));
    undecided(check_no_pkce_downgrade(&[]));
}
