use collaudo::oauth::ScopeSet;
use collaudo::platform::accounts::{ADA, GrantType, RegistrationType};
use collaudo::platform::{Assumptions, Settings};
use secrecy::ExposeSecret;

use super::stage::{REDIRECT_URI, STATE, Stage, application, browser, field, location, parameters, text};

#[tokio::test]
async fn an_unknown_client_or_redirect_uri_gets_a_page_and_no_redirect() {
    let stage = Stage::new().await;
    let mut doubled = stage.authorization_url(&[]);
    doubled.query_pairs_mut().append_pair("redirect_uri", "https://attacker.example/");
    let mut two_clients = stage.authorization_url(&[]);
    two_clients.query_pairs_mut().append_pair("client_id", "other");
    for (url, says) in [
        (stage.authorization_url(&[("client_id", "")]), "client_id is missing"),
        (two_clients, "client_id is missing, or there twice"),
        (stage.authorization_url(&[("client_id", "gipo-nobody")]), "gipo-nobody"),
        (stage.authorization_url(&[("redirect_uri", "")]), "redirect_uri is missing"),
        (doubled, "redirect_uri is missing, or there twice"),
        (stage.authorization_url(&[("redirect_uri", "https://attacker.example/")]), "is not registered"),
        (stage.authorization_url(&[("redirect_uri", "http://127.0.0.1:5000/callback")]), "is not registered"),
        (stage.authorization_url(&[("redirect_uri", &REDIRECT_URI.replace("5000", "5001"))]), "is not registered"),
    ] {
        let mark = stage.platform.journal().mark();
        let response = stage.get(url.clone()).await;
        assert_eq!((response.status().as_u16(), response.headers().get("location")), (400, None), "{url}");
        assert!(text(response).await.contains(says), "{url}");
        assert!(stage.platform.journal().since(mark)[0].facts.refusal.as_deref().is_some_and(|refusal| refusal.contains(says)), "{url}");
    }
}

#[tokio::test]
async fn a_pending_or_refused_application_starts_no_login() {
    let stage = Stage::new().await;
    let shared = stage.platform.shared();
    let now = shared.clock.now();
    let mut accounts = shared.accounts();
    let owner = accounts.client(&stage.client.client_id).expect("registered").owner.clone();
    let pending = accounts.submit_registration(&owner, application(RegistrationType::Web), now).expect("a good request");
    let refused = accounts.submit_registration(&owner, application(RegistrationType::Web), now).expect("a good request");
    accounts.refuse_registration(refused, "no", now).expect("pending");
    for number in [pending, refused] {
        let registration = accounts.registrations.iter().find(|registration| registration.number == number).expect("submitted");
        assert_eq!(registration.client_id, None, "a login needs a client id");
    }
}

#[tokio::test]
async fn every_rule_of_the_authorization_endpoint_refuses_at_the_redirect_uri() {
    let stage = Stage::new().await;
    let long = "x".repeat(43);
    for (changes, error) in [
        (&[("nonce", "a"), ("nonce", "b")][..], "invalid_request"),
        (&[("request", "e30.e30.")], "request_not_supported"),
        (&[("request_uri", "https://a.example/")], "request_uri_not_supported"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code id_token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "S512")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge", &long.replacen('x', "+", 1))], "invalid_request"),
        (&[("scope", "")], "invalid_scope"),
        (&[("scope", "openid giponext.everything")], "invalid_scope"),
        (&[("scope", "openid giponext.invoices")], "invalid_scope"),
        (&[("prompt", "none")], "login_required"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("prompt", "create")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
    ] {
        let mark = stage.platform.journal().mark();
        let response = stage.get(stage.authorization_url(changes)).await;
        let sent = parameters(&location(&response).parse().expect("a URL"));
        assert_eq!((response.status().as_u16(), sent["error"].as_str()), (303, error), "{changes:?}");
        assert_eq!((sent["state"].as_str(), sent["kept"].as_str()), (STATE, "1"), "{changes:?}");
        assert_eq!((&*sent["iss"], sent.get("code")), (stage.platform.shared().issuer_text(), None), "{changes:?}");
        assert!(stage.platform.journal().since(mark)[0].facts.refusal.is_some(), "{changes:?}");
    }
}

#[tokio::test]
async fn pkce_is_required_of_public_clients_and_of_others_by_a_setting() {
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let strict = Settings { assumptions: Assumptions { pkce_required: true, ..Assumptions::default() }, ..Settings::default() };
    for (stage, refused) in [
        (Stage::with(Settings::default(), RegistrationType::Native).await, true),
        (Stage::with(Settings::default(), RegistrationType::Spa).await, true),
        (Stage::with(strict, RegistrationType::Web).await, true),
        (Stage::new().await, false),
    ] {
        let location = location(&stage.get(stage.authorization_url(&without)).await);
        assert_eq!(location.contains("error=invalid_request"), refused, "{location}");
    }
}

#[tokio::test]
async fn an_application_for_another_grant_or_with_fewer_scopes_is_held_to_its_registration() {
    let mut stage = Stage::new().await;
    let mut device = application(RegistrationType::Web);
    device.grant = GrantType::DeviceCode;
    stage.client = stage.platform.register_client(device).expect("a good registration");
    let refusal = location(&stage.get(stage.authorization_url(&[])).await);
    assert!(refusal.contains("error=unauthorized_client"), "{refusal}");
    assert_eq!(stage.redeem("anything").await.error(), (400, "unauthorized_client"));
    let mut narrow = application(RegistrationType::Web);
    narrow.scopes = ScopeSet::parse("openid");
    stage.client = stage.platform.register_client(narrow).expect("a good registration");
    let refusal = location(&stage.get(stage.authorization_url(&[])).await);
    assert!(refusal.contains("error=invalid_scope"), "{refusal}");
}

#[tokio::test]
async fn a_session_is_asked_again_where_the_request_says_so() {
    let stage = Stage::new().await;
    stage.login(ADA, &[]).await;
    for (changes, page) in [
        (&[][..], "/consent"),
        (&[("prompt", "consent")], "/consent"),
        (&[("max_age", "600")], "/consent"),
        (&[("login_hint", ADA)], "/consent"),
        (&[("prompt", "login")], "/sign-in"),
        (&[("prompt", "select_account")], "/sign-in"),
        (&[("max_age", "0")], "/sign-in"),
        (&[("login_hint", "bruno.conti@aurora.example")], "/sign-in"),
    ] {
        let location = location(&stage.get(stage.authorization_url(changes)).await);
        assert!(location.starts_with(page), "{changes:?}: {location}");
    }
    let silent = location(&stage.get(stage.authorization_url(&[("prompt", "none")])).await);
    assert!(silent.contains("error=consent_required"), "{silent}");
}

#[tokio::test]
async fn a_wrong_password_or_a_deactivated_user_stays_at_the_sign_in() {
    let stage = Stage::new().await;
    let page = text(stage.get(stage.url(&location(&stage.get(stage.authorization_url(&[])).await))).await).await;
    let (csrf, request) = (field(&page, "csrf"), field(&page, "request"));
    let password = stage.platform.password_of(ADA).expect("Ada");
    let mark = stage.platform.journal().mark();
    for password in ["wrong", password.expose_secret()] {
        if password != "wrong" {
            stage.platform.deactivate_user(ADA).expect("Ada");
        }
        let form = [("csrf", csrf.as_str()), ("request", &request), ("email", ADA), ("password", password)];
        let response = stage.post("/sign-in", &form).await;
        assert_eq!((response.status().as_u16(), response.headers().get("set-cookie")), (403, None));
        assert!(text(response).await.contains("form-error"));
    }
    let refusals: Vec<_> = stage.platform.journal().since(mark).into_iter().filter_map(|exchange| exchange.facts.refusal).collect();
    assert_eq!(refusals, ["no user has this e-mail and password", "the user is deactivated"]);
    let consent = location(&stage.get(stage.url(&format!("/consent?request={request}"))).await);
    assert!(consent.starts_with("/sign-in"), "consent without a sign-in");
}

#[tokio::test]
async fn forms_of_other_browsers_and_foreign_pages_are_refused_and_a_decision_counts_once() {
    let stage = Stage::new().await;
    let consent = stage.consent(ADA, &[]).await;
    let form = [("csrf", consent.csrf.as_str()), ("request", &consent.request), ("decision", "allow"), ("scope", "offline_access")];
    let stranger = browser();
    let stolen = stranger.post(stage.url("/consent")).form(&form).send().await.expect("an answer");
    assert_eq!(stolen.status(), 403, "another browser decided");
    let seen = stranger.get(stage.url(&format!("/sign-in?request={}", consent.request))).send().await.expect("an answer");
    assert_eq!(seen.status(), 403, "another browser took the request over");
    for csrf in ["", "forged"] {
        let forged = [("csrf", csrf), form[1], form[2], form[3]];
        assert_eq!(stage.post("/consent", &forged).await.status(), 403, "csrf `{csrf}`");
        assert_eq!(stage.post("/sign-in", &[("csrf", csrf), form[1], ("email", ADA), ("password", "x")]).await.status(), 403);
    }
    assert_eq!(stage.post("/consent", &form).await.status(), 303);
    assert_eq!(stage.post("/consent", &form).await.status(), 400, "a decision counted twice");
    let late = stage.consent(ADA, &[]).await;
    stage.platform.shared().clock.advance(std::time::Duration::from_secs(16 * 60));
    let response = stage.post("/consent", &[("csrf", late.csrf.as_str()), ("request", &late.request), ("decision", "allow")]).await;
    assert_eq!(response.status(), 400, "a decision after the deadline");
}

#[tokio::test]
async fn the_portal_s_sign_in_leads_to_its_own_pages_only_and_sign_out_ends_it() {
    for (return_to, leads_to) in [
        ("/support?a=1", "/support?a=1"),
        ("//attacker.example/", "/"),
        ("https://attacker.example/", "/"),
        ("/\\attacker.example", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
    ] {
        let stage = Stage::new().await;
        let mut url = stage.url("/sign-in");
        url.query_pairs_mut().append_pair("return_to", return_to);
        let page = text(stage.get(url).await).await;
        let (csrf, back) = (field(&page, "csrf"), field(&page, "return_to").replace("&#38;", "&"));
        let password = stage.platform.password_of(ADA).expect("Ada");
        let form = [("csrf", csrf.as_str()), ("return_to", &back), ("email", ADA), ("password", password.expose_secret())];
        let response = stage.post("/sign-in", &form).await;
        assert_eq!((response.status().as_u16(), location(&response).as_str()), (303, leads_to), "{return_to:?}");
        let cookie = response.headers()["set-cookie"].to_str().expect("text").to_owned();
        for attribute in ["gipo_session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{attribute} is not in {cookie}");
        }
        let consent = stage.consent(ADA, &[]).await;
        let sign_out = consent.page.split("action=\"/sign-out\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1));
        let csrf = sign_out.and_then(|rest| rest.split('"').next()).expect("a sign-out form");
        assert_eq!(stage.post("/sign-out", &[("csrf", "forged")]).await.status(), 403);
        assert_eq!(stage.post("/sign-out", &[("csrf", csrf)]).await.status(), 303);
        let next = location(&stage.get(stage.authorization_url(&[])).await);
        assert!(next.starts_with("/sign-in"), "still signed in");
    }
}
