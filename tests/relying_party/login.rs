//! The way in and out: authorization request, response, session, logout.

use collaudo::relying_party::{Defect, Listener};
use reqwest::Client;

use super::{Browser, Stage, entries, location};

#[tokio::test]
async fn an_honest_login_shows_the_user_and_every_list() {
    let stage = Stage::new(None).await;
    let browser = Browser::new();
    assert!(browser.get(stage.at("/")).await.contains("id=\"login\""));
    let page = browser.sign_in(&stage).await;
    assert!(page.contains("id=\"user\"") && page.contains("Ada Rossi") && page.contains("Poliambulatorio San Luca"), "{page}");
    assert!(!page.contains("login-error"));
    assert_eq!(entries(&browser.get(stage.at("/patients")).await), 7);
    assert_eq!(entries(&browser.get(stage.at("/agenda")).await), 3);
    assert_eq!(entries(&browser.get(stage.at("/medical-reports")).await), 3);
    assert_eq!(browser.step(stage.at("/health")).await.status(), 200);

    let request = &stage.stub.seen("/authorize")[0].query;
    for part in ["response_type=code", "code_challenge_method=S256", "code_challenge=", "nonce=", "state="] {
        assert!(request.contains(part), "{part} in {request}");
    }
    let redeemed = &stage.stub.token_requests("authorization_code")[0];
    assert!(!redeemed.form.contains_key("client_secret") && !redeemed.form.contains_key("client_id"));
    let order: Vec<String> = stage.stub.seen("/").into_iter().map(|seen| seen.path).collect();
    let at = |path: &str| order.iter().position(|seen| seen.starts_with(path)).expect("it was called");
    assert!(at("/v2/userinfo") < at("/v2/tenants"), "{order:?}");
}

#[tokio::test]
async fn the_cookie_is_hidden_from_scripts_and_changes_at_login() {
    let stage = Stage::new(None).await;
    let browser = Browser::new();
    let login = browser.step(stage.at("/login")).await;
    let before = login.headers()["set-cookie"].to_str().expect("plain text").to_owned();
    assert!(before.contains("HttpOnly") && before.contains("SameSite=Lax") && before.contains("Path=/"), "{before}");
    let callback = location(&browser.step(location(&login)).await);
    let answer = browser.step(callback).await;
    assert_eq!(answer.headers()["location"], "/", "the code leaves the address bar");
    let after = answer.headers()["set-cookie"].to_str().expect("plain text").to_owned();
    assert_ne!(before, after);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
}

#[tokio::test]
async fn a_popup_ends_on_a_page_that_closes_it() {
    let stage = Stage::new(None).await;
    let browser = Browser::new();
    let page = browser.get(stage.at("/login?window=popup")).await;
    assert!(page.contains("data-done data-popup") && page.contains("id=\"user\""), "{page}");
}

#[tokio::test]
async fn a_response_that_is_not_ours_signs_nobody_in() {
    type Change = fn(&mut Vec<(String, String)>);
    fn set(response: &mut [(String, String)], name: &str, value: &str) {
        response.iter_mut().filter(|(other, _)| other == name).for_each(|(_, old)| *old = value.to_owned());
    }
    let changes: [(&str, Change, &[Defect]); 9] = [
        ("another state", |r| set(r, "state", "forged"), &[Defect::AcceptsAnyState]),
        ("an empty state", |r| set(r, "state", ""), &[Defect::AcceptsAnyState]),
        ("no state", |r| r.retain(|(name, _)| name != "state"), &[Defect::AcceptsAnyState]),
        ("a second code", |r| r.push(("code".to_owned(), "other".to_owned())), &[Defect::AcceptsDuplicateParameters]),
        ("a second state first", |r| r.insert(0, ("state".to_owned(), "x".to_owned())), &[Defect::AcceptsDuplicateParameters]),
        ("another issuer", |r| set(r, "iss", "https://evil.example"), &[Defect::IgnoresResponseIssuer]),
        (
            "an issuer with a slash",
            |r| r.iter_mut().filter(|(n, _)| n == "iss").for_each(|(_, v)| v.push('/')),
            &[Defect::IgnoresResponseIssuer],
        ),
        ("no issuer", |r| r.retain(|(name, _)| name != "iss"), &[Defect::IgnoresResponseIssuer]),
        ("no code", |r| r.retain(|(name, _)| name != "code"), &[]),
    ];
    for (what, change, defects) in changes {
        let stage = Stage::new(None).await;
        let browser = Browser::new();
        stage.stub.knobs().change_response = change;
        let page = browser.sign_in(&stage).await;
        assert!(!browser.is_signed_in(&stage).await, "{what}");
        assert!(browser.get(stage.at("/")).await.contains("login-error"), "{what}: {page}");
        assert!(stage.stub.seen("/token").is_empty(), "{what}");
        stage.stub.knobs().change_response = |_| {};
        browser.sign_in(&stage).await;
        assert!(browser.is_signed_in(&stage).await, "the next honest login after {what}");
        for defect in defects {
            let stage = Stage::new(Some(*defect)).await;
            stage.stub.knobs().change_response = change;
            let browser = Browser::new();
            browser.sign_in(&stage).await;
            assert!(browser.is_signed_in(&stage).await, "{what} with {defect}");
        }
    }
}

#[tokio::test]
async fn a_response_counts_in_the_browser_that_asked_and_once() {
    for (defect, elsewhere) in
        [(None, false), (Some(Defect::AcceptsCallbackOfAnotherBrowser), true), (Some(Defect::AcceptsUnsolicitedCallback), true)]
    {
        let stage = Stage::new(defect).await;
        let (ada, mallory) = (Browser::new(), Browser::new());
        let callback = mallory.authorize(&stage).await;
        let page = ada.get(callback.clone()).await;
        assert_eq!(ada.is_signed_in(&stage).await, elsewhere, "{defect:?}");
        assert_eq!(page.contains("login-error"), !elsewhere, "{defect:?}");
    }
    for (defect, redeemed) in [(None, 1), (Some(Defect::RedeemsCodeTwice), 2)] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        let callback = browser.authorize(&stage).await;
        browser.get(callback.clone()).await;
        browser.get(callback).await;
        assert!(browser.is_signed_in(&stage).await, "a second visit to the callback ends no session");
        assert_eq!(stage.stub.token_requests("authorization_code").len(), redeemed, "{defect:?}");
    }
}

#[tokio::test]
async fn parallel_logins_do_not_disturb_each_other() {
    let stage = Stage::new(None).await;
    let browser = Browser::new();
    let (first, second) = (browser.authorize(&stage).await, browser.authorize(&stage).await);
    for callback in [second, first] {
        assert!(!browser.get(callback).await.contains("login-error"));
        assert!(browser.is_signed_in(&stage).await);
    }
}

#[tokio::test]
async fn an_error_response_ends_on_a_page_with_words() {
    for (defect, raw, authorizations) in [(None, false, 1), (Some(Defect::RendersErrorDescription), true, 1)] {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().error = Some("access_denied".to_owned());
        let browser = Browser::new();
        let page = browser.sign_in(&stage).await;
        assert!(page.contains("login-error"), "{page}");
        assert_eq!(page.contains("<b id=canary>"), raw);
        assert_eq!(stage.stub.seen("/authorize").len(), authorizations);
        assert!(stage.stub.seen("/token").is_empty());
    }
    let stage = Stage::new(Some(Defect::ErrorLoop)).await;
    stage.stub.knobs().error = Some("access_denied".to_owned());
    let browser = Browser::new();
    let request = location(&browser.step(stage.at("/login")).await);
    let callback = location(&browser.step(request).await);
    let again = location(&browser.step(callback).await);
    assert_eq!(again.path(), "/authorize");
}

#[tokio::test]
async fn what_ties_a_response_to_its_request_is_fresh_each_time() {
    for (defect, constant) in [
        (None, None),
        (Some(Defect::ConstantState), Some("state")),
        (Some(Defect::ConstantNonce), Some("nonce")),
        (Some(Defect::ConstantVerifier), Some("code_challenge")),
    ] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        for _ in 0..5 {
            browser.authorize(&stage).await;
        }
        for name in ["state", "nonce", "code_challenge"] {
            let requests = stage.stub.seen("/authorize");
            let values: std::collections::HashSet<String> = requests
                .iter()
                .filter_map(|seen| url::form_urlencoded::parse(seen.query.as_bytes()).find(|(other, _)| other == name))
                .map(|(_, value)| value.into_owned())
                .collect();
            // A constant state does harm only where nothing else is new: that defect sends neither nonce nor challenge.
            let absent = defect == Some(Defect::ConstantState) && name != "state";
            let different = if constant == Some(name) { 1 } else { 5 };
            assert_eq!(values.len(), if absent { 0 } else { different }, "{name} {defect:?}");
            assert!(values.iter().all(|value| constant == Some(name) || value.len() >= 43), "256 bits of {name}");
        }
    }
}

#[tokio::test]
async fn logout_revokes_and_leaves_nothing_behind() {
    for (defect, revocations, replay) in [
        (None, 3, false),
        (Some(Defect::TakesRefusalAsRevoked), 2, false),
        (Some(Defect::ForgetsToRevoke), 0, false),
        (Some(Defect::LogoutKeepsSession), 3, true),
    ] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        let callback = browser.authorize(&stage).await;
        let answer = browser.step(callback).await;
        let cookie = answer.headers()["set-cookie"].to_str().expect("plain text").split(';').next().expect("a pair").to_owned();
        stage.stub.knobs().revocation_answers = vec![503];
        browser.following.post(stage.at("/logout")).send().await.expect("an answer");
        assert_eq!(stage.stub.seen("/revoke").len(), revocations, "{defect:?}");
        assert!(!browser.is_signed_in(&stage).await);
        let page = Client::new().get(stage.at("/")).header("cookie", cookie).send().await.expect("an answer").text().await.expect("a text");
        assert_eq!(page.contains("id=\"user\""), replay, "{defect:?}");
    }
}

#[tokio::test]
async fn a_stopped_application_frees_its_port() {
    let stage = Stage::new(None).await;
    let address = stage.app.base_url().socket_addrs(|| None).expect("it has an address")[0];
    Browser::new().get(stage.at("/")).await;
    stage.app.stop().await;
    Listener::bind(address).expect("the port is free again");
}
