use std::time::Duration;

use collaudo::domain::ClientAuthentication;
use collaudo::oauth::decode_jwt;
use collaudo::platform::accounts::{ADA, MALLORY, RegistrationType};
use collaudo::platform::{Assumptions, Settings};
use secrecy::ExposeSecret;

use super::stage::{Answer, REDIRECT_URI, Stage, VERIFIER, answer, application, code_request, parameter};

async fn code(stage: &Stage) -> String {
    parameter(&stage.login(ADA, &[]).await, "code")
}

#[tokio::test]
async fn a_code_is_good_once_and_its_replay_revokes_what_it_gave() {
    let stage = Stage::new().await;
    let code = code(&stage).await;
    let first = stage.redeem(&code).await;
    assert_eq!(stage.userinfo(first.text("access_token")).await.status, 200);
    assert_eq!(stage.redeem(&code).await.error(), (400, "invalid_grant"));
    assert_eq!(stage.userinfo(first.text("access_token")).await.error(), (401, "invalid_token"));
    assert_eq!(stage.refresh(first.text("refresh_token")).await.error(), (400, "invalid_grant"));
    let subject = stage.platform.subject_of(ADA).expect("Ada");
    assert!(stage.platform.grants_of(&subject)[0].revoked);
}

#[tokio::test]
async fn a_code_is_bound_to_client_redirect_uri_verifier_and_time() {
    let mut stage = Stage::new().await;
    let code = code(&stage).await;
    for (field, value) in [
        ("redirect_uri", "http://127.0.0.1:5000/callback"),
        ("code_verifier", "another-verifier-of-forty-three-characters-x"),
        ("code", "guess"),
    ] {
        let request = code_request(&code).map(|(name, honest)| (name, if name == field { value } else { honest }));
        assert_eq!(stage.token(&request).await.error(), (400, "invalid_grant"), "{field}");
    }
    let without = |field: &str| code_request(&code).into_iter().filter(|(name, _)| *name != field).collect::<Vec<_>>();
    for (field, error) in [("code_verifier", "invalid_grant"), ("redirect_uri", "invalid_request"), ("code", "invalid_request")] {
        assert_eq!(stage.token(&without(field)).await.error(), (400, error), "without {field}");
    }
    let own = stage.client.clone();
    stage.client = stage.platform.register_client(application(RegistrationType::Web)).expect("a good registration");
    assert_eq!(stage.redeem(&code).await.error(), (400, "invalid_grant"), "another client");
    stage.client = own;
    stage.platform.shared().clock.advance(Duration::from_secs(61));
    assert_eq!(stage.redeem(&code).await.error(), (400, "invalid_grant"), "after its minute");
    let unbound = parameter(&stage.login(ADA, &[("code_challenge", ""), ("code_challenge_method", "")]).await, "code");
    assert_eq!(stage.redeem(&unbound).await.error(), (400, "invalid_grant"), "a verifier without a challenge");
}

#[tokio::test]
async fn a_client_authenticates_in_exactly_one_way() {
    let stage = Stage::new().await;
    let (id, secret) = (stage.client.client_id.clone(), stage.client.client_secret.clone().expect("confidential"));
    let secret = secret.expose_secret();
    let post = |path: &str| stage.browser.post(stage.url(path));
    let form = [("grant_type", "refresh_token"), ("refresh_token", "none")];
    let both = [form[0], form[1], ("client_id", &id), ("client_secret", secret)];
    let named = [form[0], form[1], ("client_id", &id)];
    let other = [form[0], form[1], ("client_id", "gipo-other")];
    let query = format!("/connect/token?client_secret={secret}");
    use ClientAuthentication as By;
    for (request, error, methods) in [
        (post("/connect/token").basic_auth(&id, Some(secret)).form(&form), (400, "invalid_grant"), vec![By::ClientSecretBasic]),
        (post("/connect/token").basic_auth(&id, Some(secret)).form(&named), (400, "invalid_grant"), vec![By::ClientSecretBasic]),
        (post("/connect/token").form(&both), (400, "invalid_grant"), vec![By::ClientSecretPost]),
        (post("/connect/token").basic_auth(&id, Some("wrong")).form(&form), (401, "invalid_client"), vec![By::ClientSecretBasic]),
        (post("/connect/token").basic_auth("gipo-nobody", Some("x")).form(&form), (401, "invalid_client"), vec![By::ClientSecretBasic]),
        (post("/connect/token").bearer_auth("x").form(&form), (401, "invalid_client"), vec![By::ClientSecretBasic]),
        (post("/connect/token").form(&named), (401, "invalid_client"), vec![By::None]),
        (post("/connect/token").form(&form), (401, "invalid_client"), vec![]),
        (
            post("/connect/token").basic_auth(&id, Some(secret)).form(&both),
            (400, "invalid_request"),
            vec![By::ClientSecretBasic, By::ClientSecretPost],
        ),
        (post("/connect/token").basic_auth(&id, Some(secret)).form(&other), (400, "invalid_request"), vec![By::ClientSecretBasic]),
        (post(&query).form(&named), (400, "invalid_request"), vec![By::Query]),
    ] {
        let mark = stage.platform.journal().mark();
        let refused = answer(request.send().await.expect("an answer")).await;
        assert_eq!(refused.error(), error, "{methods:?}: {}", refused.json);
        assert_eq!(refused.headers["cache-control"], "no-store");
        assert_eq!(refused.headers.contains_key("www-authenticate"), error.0 == 401);
        assert_eq!(stage.platform.journal().since(mark)[0].facts.client_authentication, methods);
    }
    let native = Stage::with(Settings::default(), RegistrationType::Native).await;
    let form = [form[0], form[1], ("client_id", native.client.client_id.as_str()), ("client_secret", "guess")];
    assert_eq!(answer(native.post("/connect/token", &form).await).await.error(), (401, "invalid_client"), "a secret of a public client");
}

#[tokio::test]
async fn a_token_request_is_a_form_with_a_supported_grant() {
    let stage = Stage::new().await;
    for grant in ["client_credentials", "password", "implicit", "urn:ietf:params:oauth:grant-type:token-exchange"] {
        assert_eq!(stage.token(&[("grant_type", grant)]).await.error(), (400, "unsupported_grant_type"), "{grant}");
    }
    assert_eq!(stage.token(&[]).await.error(), (400, "invalid_request"));
    assert_eq!(stage.token(&[("grant_type", "refresh_token")]).await.error(), (400, "invalid_request"));
    let doubled = [("grant_type", "refresh_token"), ("refresh_token", "a"), ("refresh_token", "b")];
    assert_eq!(stage.token(&doubled).await.error(), (400, "invalid_request"));
    let json = stage.browser.post(stage.url("/connect/token")).json(&serde_json::json!({"grant_type": "refresh_token"}));
    assert_eq!(answer(json.send().await.expect("an answer")).await.error(), (400, "invalid_request"));
    assert_eq!(stage.get(stage.url("/connect/token")).await.status(), 405);
}

#[tokio::test]
async fn refresh_tokens_rotate_and_the_replay_of_an_old_one_revokes_the_family() {
    let stage = Stage::new().await;
    let first = stage.tokens(ADA).await;
    let second = stage.refresh(first.text("refresh_token")).await;
    assert_eq!(second.status, 200, "{}", second.json);
    assert_ne!(second.text("refresh_token"), first.text("refresh_token"));
    let claims = |answer: &Answer| decode_jwt(answer.text("id_token")).expect("a JWT").claims;
    for claim in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(claims(&first)[claim], claims(&second)[claim], "{claim}");
    }
    assert_eq!(claims(&second).get("nonce"), None);
    assert_eq!(stage.refresh(first.text("refresh_token")).await.error(), (400, "invalid_grant"), "an old one was good");
    assert_eq!(stage.refresh(second.text("refresh_token")).await.error(), (400, "invalid_grant"), "the family lives on");
    assert_eq!(stage.userinfo(second.text("access_token")).await.error(), (401, "invalid_token"));

    let lasting = Settings { assumptions: Assumptions { refresh_rotation: false, ..Assumptions::default() }, ..Settings::default() };
    let stage = Stage::with(lasting, RegistrationType::Web).await;
    let first = stage.tokens(ADA).await;
    for _ in 0..2 {
        let again = stage.refresh(first.text("refresh_token")).await;
        assert_eq!((again.status.as_u16(), again.json.get("refresh_token")), (200, None));
    }
}

#[tokio::test]
async fn a_refresh_may_narrow_the_scope_but_not_widen_it() {
    let mut stage = Stage::new().await;
    let consent = stage.consent(ADA, &[]).await;
    let response = stage.decide(&consent, "allow", &["offline_access", "giponext.agenda"]).await;
    let first = stage.redeem(&parameter(&response, "code")).await;
    let refresh = |token: String, scope: &'static str| {
        [("grant_type", "refresh_token".to_owned()), ("refresh_token", token), ("scope", scope.to_owned())]
    };
    let wide = refresh(first.text("refresh_token").to_owned(), "giponext.agenda giponext.patients");
    let wide: Vec<_> = wide.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(stage.token(&wide).await.error(), (400, "invalid_scope"));
    let narrow = refresh(first.text("refresh_token").to_owned(), "giponext.agenda");
    let narrow: Vec<_> = narrow.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let second = stage.token(&narrow).await;
    assert_eq!((second.text("scope"), second.json.get("id_token")), ("giponext.agenda", None));
    assert_eq!(stage.userinfo(second.text("access_token")).await.error(), (403, "insufficient_scope"));
    let third = stage.refresh(second.text("refresh_token")).await;
    assert_eq!(third.text("scope"), "giponext.agenda offline_access openid", "the grant itself was narrowed");
    let token = third.text("refresh_token").to_owned();
    let own = stage.client.clone();
    stage.client = stage.platform.register_client(application(RegistrationType::Web)).expect("a good registration");
    assert_eq!(stage.refresh(&token).await.error(), (400, "invalid_grant"), "another client's");
    stage.client = own;
    stage.platform.shared().clock.advance(Duration::from_secs(31 * 24 * 3600));
    assert_eq!(stage.refresh(&token).await.error(), (400, "invalid_grant"), "after its lifetime");
}

#[tokio::test]
async fn a_deactivated_user_has_no_session_no_code_and_no_token() {
    let stage = Stage::new().await;
    let tokens = stage.tokens(ADA).await;
    let code = code(&stage).await;
    let consent = stage.consent(ADA, &[]).await;
    stage.platform.deactivate_user(ADA).expect("Ada");
    assert_eq!(stage.userinfo(tokens.text("access_token")).await.error(), (401, "invalid_token"));
    assert_eq!(stage.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert_eq!(stage.redeem(&code).await.error(), (400, "invalid_grant"));
    let form = [("csrf", consent.csrf.as_str()), ("request", &consent.request), ("decision", "allow")];
    let response = stage.post("/consent", &form).await;
    assert!(super::stage::location(&response).starts_with("/sign-in"), "a deactivated user decided");
}

#[tokio::test]
async fn a_user_who_is_not_active_gets_no_token_even_where_nothing_was_revoked() {
    let stage = Stage::new().await;
    let tokens = stage.tokens(ADA).await;
    let code = code(&stage).await;
    stage.platform.shared().accounts().deactivate(ADA).expect("Ada");
    assert_eq!(stage.redeem(&code).await.error(), (400, "invalid_grant"));
    assert_eq!(stage.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert_eq!(stage.userinfo(tokens.text("access_token")).await.error(), (401, "invalid_token"));
}

#[tokio::test]
async fn tokens_of_another_platform_with_the_same_key_and_seed_open_nothing() {
    let (here, there) = (Stage::new().await, Stage::new().await);
    let (own, foreign) = (here.tokens(ADA).await, there.tokens(ADA).await);
    let claim = |answer: &Answer, name: &str| decode_jwt(answer.text("access_token")).expect("a JWT").claims[name].clone();
    assert_eq!((claim(&own, "sub"), claim(&own, "jti")), (claim(&foreign, "sub"), claim(&foreign, "jti")), "the test needs twins");
    assert_eq!(here.userinfo(foreign.text("access_token")).await.error(), (401, "invalid_token"));
    let end = here.url(&format!("/connect/endsession?id_token_hint={}", foreign.text("id_token")));
    assert_eq!(here.get(end).await.status(), 200, "another platform's ID token ended the session");
}

#[tokio::test]
async fn levers_end_tokens_and_hand_out_an_attacker_s_code() {
    let stage = Stage::new().await;
    let tokens = stage.tokens(ADA).await;
    let subject = stage.platform.subject_of(ADA).expect("Ada");
    let latest = stage.platform.latest_access_token(&subject).expect("issued");
    assert_eq!(latest.expose_secret(), tokens.text("access_token"));
    assert_eq!(stage.platform.latest_id_token(&subject).expect("issued").expose_secret(), tokens.text("id_token"));
    stage.platform.expire_access_tokens();
    assert_eq!(stage.userinfo(tokens.text("access_token")).await.error(), (401, "invalid_token"));
    let fresh = stage.refresh(tokens.text("refresh_token")).await;
    assert_eq!(stage.userinfo(fresh.text("access_token")).await.status, 200);
    stage.platform.revoke_refresh_tokens(&subject);
    assert_eq!(stage.refresh(fresh.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert_eq!(stage.userinfo(fresh.text("access_token")).await.status, 200, "the access token went too");

    let attempt = stage.platform.journal().since(0).into_iter().find(|exchange| exchange.query_value("code_challenge").is_some());
    let mut attempt = attempt.expect("an authorization request");
    for (name, value) in &mut attempt.query {
        if name == "code_challenge" {
            *value = collaudo::oauth::code_challenge_s256("mallory's own verifier, which no application knows at all");
        }
    }
    let code = stage.platform.issue_code(MALLORY, &stage.client.client_id, REDIRECT_URI, Some(&attempt)).expect("a code");
    assert_eq!(stage.redeem(code.expose_secret()).await.error(), (400, "invalid_grant"), "PKCE did not stop the injected code");
    stage.platform.faults().arm("pkce-ignored", collaudo::platform::Times::Always).expect("a fault");
    let injected = stage.redeem(code.expose_secret()).await;
    let mallory = stage.platform.subject_of(MALLORY).expect("Mallory").0;
    assert_eq!(decode_jwt(injected.text("id_token")).expect("a JWT").claims["sub"], mallory, "{VERIFIER}");
}

#[tokio::test]
async fn revocation_ends_a_family_or_one_access_token_and_takes_unknown_tokens_for_done() {
    let mut stage = Stage::new().await;
    let first = stage.tokens(ADA).await;
    let revoke = async |stage: &Stage, token: &str| {
        let secret = stage.client.client_secret.clone().expect("confidential");
        let form = [("token", token), ("client_id", &stage.client.client_id), ("client_secret", secret.expose_secret())];
        answer(stage.post("/connect/revocation", &form).await).await
    };
    assert_eq!(revoke(&stage, "unknown").await.status, 200);
    assert_eq!(revoke(&stage, first.text("access_token")).await.status, 200);
    assert_eq!(stage.userinfo(first.text("access_token")).await.error(), (401, "invalid_token"));
    let second = stage.refresh(first.text("refresh_token")).await;
    assert_eq!(second.status, 200, "the refresh token went with one access token");
    let own = stage.client.clone();
    stage.client = stage.platform.register_client(application(RegistrationType::Web)).expect("a good registration");
    assert_eq!(revoke(&stage, second.text("refresh_token")).await.error(), (400, "invalid_request"), "another client's");
    stage.client = own;
    assert_eq!(revoke(&stage, second.text("refresh_token")).await.status, 200);
    assert_eq!(stage.userinfo(second.text("access_token")).await.error(), (401, "invalid_token"));
    assert_eq!(stage.refresh(second.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert_eq!(answer(stage.post("/connect/revocation", &[("token", "x")]).await).await.error(), (401, "invalid_client"));
}

#[tokio::test]
async fn an_id_token_ends_the_platform_s_session_and_anything_else_asks_first() {
    let stage = Stage::new().await;
    stage.login(ADA, &[]).await;
    let end =
        |hint: &str| stage.url(&format!("/connect/endsession?id_token_hint={hint}&post_logout_redirect_uri=https://attacker.example/"));
    let page = super::stage::text(stage.get(end("forged")).await).await;
    assert!(page.contains(r#"<form id="confirm-sign-out""#), "{page}");
    assert!(super::stage::location(&stage.get(stage.authorization_url(&[])).await).starts_with("/consent"), "signed out without a hint");
    assert_eq!(stage.post("/sign-out", &[("csrf", &super::stage::field(&page, "csrf"))]).await.status(), 303);
    let again = super::stage::location(&stage.get(stage.authorization_url(&[])).await);
    assert!(again.starts_with("/sign-in"), "the confirmed sign-out ended nothing");
    let tokens = stage.tokens(ADA).await;
    let ended = stage.get(end(tokens.text("id_token"))).await;
    assert_eq!(super::stage::location(&ended), "/");
    assert!(super::stage::location(&stage.get(stage.authorization_url(&[])).await).starts_with("/sign-in"));
}
