use std::time::Duration;

use collaudo::domain::Endpoint;
use collaudo::oauth::decode_jwt;
use collaudo::platform::accounts::{ADA, GrantType, MALLORY, RegistrationRequest, RegistrationType};
use collaudo::platform::{Assumptions, Settings, Times};
use secrecy::ExposeSecret;

use super::stage::{Answer, SCOPES, Stage, answer, application, field, location, text};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn device_application(r#type: RegistrationType) -> RegistrationRequest {
    RegistrationRequest { grant: GrantType::DeviceCode, redirect_uris: Vec::new(), ..application(r#type) }
}

async fn stage_with(assumptions: Assumptions) -> Stage {
    let mut stage = Stage::with(Settings { assumptions, ..Settings::default() }, RegistrationType::Daemon).await;
    stage.client = stage.platform.register_client(device_application(RegistrationType::Daemon)).expect("a good registration");
    stage
}

async fn stage() -> Stage {
    stage_with(Assumptions { device_poll_interval_seconds: 1, ..Assumptions::default() }).await
}

async fn device(stage: &Stage, form: &[(&str, &str)]) -> Answer {
    stage.as_client("/connect/deviceauthorization", form).await
}

async fn begun(stage: &Stage) -> Answer {
    let answer = device(stage, &[("scope", SCOPES)]).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer
}

async fn poll(stage: &Stage, begun: &Answer) -> Answer {
    stage.token(&[("grant_type", GRANT), ("device_code", begun.text("device_code"))]).await
}

/// Signs in on the way to the verification page; its text.
async fn verification_page(stage: &Stage, email: &str, path: &str) -> String {
    let response = stage.get(stage.url(path)).await;
    if response.status() == 200 {
        return text(response).await;
    }
    let page = text(stage.get(stage.url(&location(&response))).await).await;
    let password = stage.platform.password_of(email).expect("a user");
    let (csrf, return_to) = (field(&page, "csrf"), field(&page, "return_to"));
    let form = [("csrf", csrf.as_str()), ("return_to", &return_to), ("email", email), ("password", password.expose_secret())];
    let back = location(&stage.post("/sign-in", &form).await);
    text(stage.get(stage.url(&back)).await).await
}

/// Types the code; the consent page's address and fields, or the page that refuses it.
async fn type_code(stage: &Stage, email: &str, code: &str) -> Result<(String, Vec<(String, String)>), (u16, String)> {
    let page = verification_page(stage, email, "/device").await;
    let csrf = field(&page, "csrf");
    let response = stage.post("/device", &[("csrf", &csrf), ("user_code", code)]).await;
    if response.status() != 303 {
        return Err((response.status().as_u16(), text(response).await));
    }
    let consent = text(stage.get(stage.url(&location(&response))).await).await;
    let fields = ["csrf", "request"].map(|name| (name.to_owned(), field(&consent, name))).to_vec();
    Ok((consent, fields))
}

async fn decide(stage: &Stage, fields: &[(String, String)], decision: &str, scopes: &[&str]) -> (u16, String) {
    let mut form: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    form.push(("decision", decision));
    form.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let response = stage.post("/consent", &form).await;
    (response.status().as_u16(), text(response).await)
}

#[tokio::test]
async fn a_device_gets_tokens_for_what_its_user_ticked() {
    let stage = stage().await;
    let begun = begun(&stage).await;
    assert_eq!((begun.json["expires_in"].as_u64(), begun.json["interval"].as_u64()), (Some(300), Some(1)));
    assert_eq!(begun.headers["cache-control"], "no-store");
    let code = begun.text("user_code");
    assert!(code.len() == 9 && code.chars().all(|c| "BCDFGHJKLMNPQRSTVWXZ-".contains(c)), "{code}");
    let page = format!("{}device", stage.platform.issuer());
    assert_eq!((begun.text("verification_uri"), begun.text("verification_uri_complete")), (&*page, &*format!("{page}?user_code={code}")));
    assert_eq!(poll(&stage, &begun).await.error(), (400, "authorization_pending"));

    let shown = verification_page(&stage, ADA, &format!("/device?user_code={code}")).await;
    assert!(shown.contains(&format!(r#"value="{code}""#)), "{shown}");
    let (consent, fields) = type_code(&stage, ADA, &code.to_lowercase().replace('-', " ")).await.expect("a waiting device");
    assert!(consent.contains("Portale &#60;Pazienti&#62;") && consent.contains(&format!(r#"<code id="user-code">{code}</code>"#)));
    let (status, done) = decide(&stage, &fields, "allow", &["offline_access", "giponext.agenda"]).await;
    assert!(status == 200 && done.contains(r#"id="device-allowed""#), "{done}");

    let tokens = poll(&stage, &begun).await;
    assert_eq!((tokens.status.as_u16(), tokens.text("scope")), (200, "giponext.agenda offline_access openid"));
    let claims = decode_jwt(tokens.text("id_token")).expect("a JWT").claims;
    assert_eq!(claims["sub"], stage.platform.subject_of(ADA).expect("Ada").0);
    assert!(claims["auth_time"].is_i64() && claims["sid"].is_string() && claims.get("nonce").is_none());
    assert_eq!(stage.userinfo(tokens.text("access_token")).await.status, 200);
    assert_eq!(stage.refresh(tokens.text("refresh_token")).await.status, 200);
    assert_eq!(poll(&stage, &begun).await.error(), (400, "invalid_grant"), "the device code was good twice");
    assert_eq!(type_code(&stage, ADA, code).await.expect_err("used").0, 400);
    assert_eq!(decide(&stage, &fields, "allow", &["profile"]).await.0, 400, "a second decision");

    let journal = stage.platform.journal().since(0);
    let asked = journal.iter().find(|exchange| exchange.endpoint == Endpoint::DeviceAuthorization).expect("recorded");
    let answered = asked.response.as_ref().expect("JSON");
    assert_eq!((&answered["user_code"], &answered["device_code"]), (&"[user-code-1]".into(), &"[device-code-1]".into()));
    assert!(!serde_json::to_string(&journal).expect("JSON").contains(code), "the user code is in the journal");
}

#[tokio::test]
async fn a_public_client_may_be_a_device_too_and_a_refusal_ends_its_polling() {
    let mut stage = stage().await;
    stage.client = stage.platform.register_client(device_application(RegistrationType::Native)).expect("a good registration");
    for (decision, scopes) in [("cancel", SCOPES), ("allow", "")] {
        let begun = device(&stage, &[("scope", "profile giponext.agenda")]).await;
        let (_, fields) = type_code(&stage, ADA, begun.text("user_code")).await.expect("a waiting device");
        let (status, done) = decide(&stage, &fields, decision, &scopes.split(' ').collect::<Vec<_>>()).await;
        assert!(status == 200 && done.contains(r#"id="device-refused""#), "{done}");
        for _ in 0..2 {
            assert_eq!(poll(&stage, &begun).await.error(), (400, "access_denied"));
        }
    }
}

#[tokio::test]
async fn polls_are_slowed_down_and_the_code_expires() {
    let stage =
        stage_with(Assumptions { device_poll_interval_seconds: 10, device_code_lifetime_seconds: 70, ..Assumptions::default() }).await;
    let begun = begun(&stage).await;
    let (_, fields) = type_code(&stage, ADA, begun.text("user_code")).await.expect("a waiting device");
    let mut answers = Vec::new();
    for wait in [0, 10, 4, 8, 21, 5] {
        stage.platform.shared().clock.advance(Duration::from_secs(wait));
        answers.push(poll(&stage, &begun).await.error().1.to_owned());
    }
    // After 10 s, then 15 s, then 20 s.
    assert_eq!(answers, ["authorization_pending", "authorization_pending", "slow_down", "slow_down", "authorization_pending", "slow_down"]);
    stage.platform.shared().clock.advance(Duration::from_secs(25));
    assert_eq!(poll(&stage, &begun).await.error(), (400, "expired_token"));
    let (status, page) = decide(&stage, &fields, "allow", &["profile"]).await;
    assert!(status == 400 && page.contains("Il dispositivo non attende più"), "{page}");
    assert_eq!(type_code(&stage, ADA, begun.text("user_code")).await.expect_err("expired").0, 400);
    assert_eq!(poll(&stage, &begun).await.error(), (400, "expired_token"));
}

#[tokio::test]
async fn each_grant_is_for_the_applications_registered_for_it() {
    let mut stage = stage().await;
    let begun = begun(&stage).await;
    assert_eq!(stage.token(&super::stage::code_request("x")).await.error(), (400, "unauthorized_client"));
    let refused = stage.get(stage.authorization_url(&[])).await;
    assert_eq!(refused.status(), 400, "a device application has no redirect URI to be told at");
    for (form, error) in [
        (vec![], "invalid_scope"),
        (vec![("scope", "giponext.everything")], "invalid_scope"),
        (vec![("scope", "giponext.invoices")], "invalid_scope"),
        (vec![("scope", "openid"), ("scope", "openid")], "invalid_request"),
    ] {
        assert_eq!(device(&stage, &form).await.error(), (400, error), "{form:?}");
    }
    assert_eq!(stage.token(&[("grant_type", GRANT)]).await.error(), (400, "invalid_request"));
    assert_eq!(stage.token(&[("grant_type", GRANT), ("device_code", "x")]).await.error(), (400, "invalid_grant"));
    let own = stage.client.clone();
    stage.client = stage.platform.register_client(device_application(RegistrationType::Daemon)).expect("a good registration");
    assert_eq!(poll(&stage, &begun).await.error(), (400, "invalid_grant"), "another client's");
    stage.client = stage.platform.register_client(application(RegistrationType::Web)).expect("a good registration");
    assert_eq!(device(&stage, &[("scope", "openid")]).await.error(), (400, "unauthorized_client"));
    assert_eq!(poll(&stage, &begun).await.error(), (400, "unauthorized_client"));
    stage.client = own;
    let form = [("scope", "openid"), ("client_id", stage.client.client_id.as_str())];
    assert_eq!(answer(stage.post("/connect/deviceauthorization", &form).await).await.error(), (401, "invalid_client"));
    assert_eq!(poll(&stage, &begun).await.error(), (400, "authorization_pending"), "another's attempts counted as polls");
}

#[tokio::test]
async fn guesses_are_limited_for_each_user_and_a_right_one_beyond_is_refused() {
    let stage = stage_with(Assumptions { device_user_code_tries: 3, ..Assumptions::default() }).await;
    let begun = begun(&stage).await;
    let mut statuses = Vec::new();
    for guess in ["BBBB-BBBB", "", "CCCC-CCCC", begun.text("user_code")] {
        statuses.push(type_code(&stage, MALLORY, guess).await.map_err(|(status, _)| status).err());
    }
    assert_eq!(statuses, [Some(400), Some(400), Some(400), Some(429)]);
    let ada = stage.another_browser();
    assert!(type_code(&ada, ADA, begun.text("user_code")).await.is_ok(), "one user's guesses lock out another");
    let page = verification_page(&ada, ADA, "/device").await;
    assert!(page.contains(r#"<form id="device""#));
    assert_eq!(ada.post("/device", &[("csrf", "forged"), ("user_code", begun.text("user_code"))]).await.status(), 403);
}

#[tokio::test]
async fn a_deactivated_user_s_approval_gives_no_token() {
    let stage = stage().await;
    let begun = begun(&stage).await;
    let (_, fields) = type_code(&stage, ADA, begun.text("user_code")).await.expect("a waiting device");
    assert_eq!(decide(&stage, &fields, "allow", &["profile"]).await.0, 200);
    stage.platform.deactivate_user(ADA).expect("Ada");
    assert_eq!(poll(&stage, &begun).await.error(), (400, "access_denied"));
}

#[tokio::test]
async fn device_faults_show_what_they_say() {
    let stage = stage().await;
    let faults = stage.platform.faults();
    for (fault, error) in [
        ("device-pending", "authorization_pending"),
        ("device-slow-down", "slow_down"),
        ("device-expired", "expired_token"),
        ("device-denied", "access_denied"),
    ] {
        let begun = begun(&stage).await;
        faults.arm(fault, Times::Next(2)).expect("a fault");
        assert_eq!(stage.token(&[("grant_type", GRANT), ("device_code", "x")]).await.error(), (400, "invalid_grant"));
        let mark = stage.platform.journal().mark();
        stage.platform.decide_device(begun.text("user_code"), ADA, Some("openid profile")).expect("a waiting device");
        for _ in 0..2 {
            assert_eq!(poll(&stage, &begun).await.error(), (400, error), "{fault}");
        }
        assert_eq!(poll(&stage, &begun).await.status, 200, "{fault} used the approval up");
        let fired: Vec<bool> = stage.platform.journal().since(mark).iter().map(|exchange| exchange.faults == [fault]).collect();
        assert_eq!(fired, [true, true, false]);
    }
    for (fault, interval) in [("device-interval-untold", None), ("device-interval-longer", Some(4))] {
        faults.arm(fault, Times::Next(1)).expect("a fault");
        let begun = begun(&stage).await;
        assert_eq!(begun.json.get("interval").and_then(serde_json::Value::as_u64), interval, "{fault}");
        assert_eq!(poll(&stage, &begun).await.error().1, "authorization_pending");
        stage.platform.shared().clock.advance(Duration::from_secs(2));
        assert_eq!(poll(&stage, &begun).await.error().1, "slow_down", "{fault}: the old interval holds");
    }
    faults.arm("device-short-lived", Times::Next(1)).expect("a fault");
    let short = self::begun(&stage).await;
    assert_eq!(short.json["expires_in"], 5);
    stage.platform.shared().clock.advance(Duration::from_secs(6));
    assert_eq!(poll(&stage, &short).await.error().1, "expired_token");
    let begun = begun(&stage).await;
    faults.arm("device-hangs", Times::Next(1)).expect("a fault");
    let hung = tokio::time::timeout(Duration::from_millis(300), poll(&stage, &begun)).await;
    assert!(hung.is_err(), "the poll was answered");
    let unanswered = |exchange: &collaudo::domain::Exchange| exchange.status == collaudo::domain::Exchange::UNANSWERED;
    let recorded = stage.platform.journal().wait_for(0, "the poll that was given up", Duration::from_secs(10), unanswered).await;
    assert_eq!(recorded.map(|exchange| exchange.faults).ok(), Some(vec!["device-hangs".to_owned()]));
    assert_eq!(faults.firings().last().map(|firing| firing.fault), Some("device-hangs"));
    stage.platform.decide_device(begun.text("user_code"), ADA, None).expect("a waiting device");
    assert_eq!(poll(&stage, &begun).await.error(), (400, "access_denied"));
}
