//! The bundled application against a strict stub of the platform: what the sound one does, and what each defect changes.

mod stub;

use std::sync::Arc;
use std::time::{Duration, Instant};

use collaudo::relying_party::{Config, Defect, Listener, RelyingParty, Window};
use reqwest::{Client, Response, redirect};
use serde_json::json;
use stub::{SECRET, Signature, Stub, TENANT};
use url::Url;

const SCOPES: [&str; 5] = ["openid", "offline_access", "giponext.patients", "giponext.agenda", "giponext.medicalreports"];

struct Stage {
    stub: Arc<Stub>,
    app: RelyingParty,
}

/// One browser: its cookies.
struct Browser {
    following: Client,
    stepping: Client,
}

impl Stage {
    async fn new(defect: Option<Defect>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let stub = Stub::start().await;
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).expect("a loopback port is free");
        let config = Config {
            issuer: stub.url(),
            api: stub.url(),
            client_id: "portale".to_owned(),
            client_secret: Some(SECRET.into()),
            scopes: SCOPES.map(str::to_owned).into(),
            tenants: vec![TENANT.to_owned()],
            base_url: listener.base_url(),
            extra_ca_pem: None,
            window: Window::Popup,
            defect,
        };
        let app = RelyingParty::start(listener, config).await.expect("the application starts");
        Self { stub, app }
    }

    fn at(&self, path: &str) -> Url {
        self.app.base_url().join(path).expect("a path is a URL's end")
    }
}

impl Browser {
    fn new() -> Self {
        let jar = Arc::new(reqwest::cookie::Jar::default());
        let client = |policy| {
            let builder = Client::builder().cookie_provider(jar.clone()).redirect(policy).timeout(Duration::from_secs(20));
            builder.build().expect("a plain client")
        };
        Self { following: client(redirect::Policy::limited(12)), stepping: client(redirect::Policy::none()) }
    }

    async fn get(&self, url: Url) -> String {
        self.following.get(url).send().await.expect("an answer").text().await.expect("a text")
    }

    async fn step(&self, url: Url) -> Response {
        self.stepping.get(url).send().await.expect("an answer")
    }

    /// From the application to the platform and to the callback's address, which is not visited.
    async fn authorize(&self, stage: &Stage) -> Url {
        let request = location(&self.step(stage.at("/login")).await);
        location(&self.step(request).await)
    }

    /// The whole login in one window: the page where it ends.
    async fn sign_in(&self, stage: &Stage) -> String {
        self.get(stage.at("/login")).await
    }

    async fn is_signed_in(&self, stage: &Stage) -> bool {
        self.get(stage.at("/")).await.contains("id=\"user\"")
    }
}

fn location(response: &Response) -> Url {
    let target = response.headers().get("location").expect("a redirect").to_str().expect("plain text");
    response.url().join(target).expect("a URL")
}

fn entries(page: &str) -> usize {
    page.matches("<li><div><span class=\"row-title\">").count()
}

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
async fn an_id_token_that_breaks_a_rule_signs_nobody_in() {
    type Change = fn(&mut serde_json::Map<String, serde_json::Value>);
    let keep: Change = |_| {};
    let changes: [(&str, Signature, Change, Option<Defect>); 20] = [
        ("another issuer", Signature::Right, |c| c["iss"] = json!("https://evil.example"), Some(Defect::SkipsIssuerCheck)),
        ("another audience", Signature::Right, |c| c["aud"] = json!("other"), Some(Defect::SkipsAudienceCheck)),
        ("a further audience", Signature::Right, |c| c["aud"] = json!(["portale", "other"]), Some(Defect::SkipsAudienceCheck)),
        ("no audience", Signature::Right, |c| c["aud"] = json!(null), Some(Defect::SkipsAudienceCheck)),
        ("another azp", Signature::Right, |c| drop(c.insert("azp".to_owned(), json!("other"))), Some(Defect::SkipsAzpCheck)),
        ("a flipped bit", Signature::Flipped, keep, Some(Defect::SkipsSignatureCheck)),
        ("alg none", Signature::None, keep, Some(Defect::AcceptsAlgNone)),
        ("a public key as secret", Signature::Hs256WithPublicKey, keep, Some(Defect::AcceptsHs256PublicKey)),
        ("a key of its own", Signature::EmbeddedKey, keep, Some(Defect::TrustsEmbeddedKey)),
        ("an expired token", Signature::Right, |c| c["exp"] = json!(c["exp"].as_i64().unwrap_or(0) - 900), Some(Defect::SkipsExpiryCheck)),
        ("no expiry", Signature::Right, |c| c["exp"] = json!(null), Some(Defect::SkipsExpiryCheck)),
        ("no iat", Signature::Right, |c| c["iat"] = json!(null), Some(Defect::SkipsExpiryCheck)),
        ("an old iat", Signature::Right, |c| c["iat"] = json!(c["iat"].as_i64().unwrap_or(0) - 604_800), Some(Defect::SkipsExpiryCheck)),
        ("a future iat", Signature::Right, |c| c["iat"] = json!(c["iat"].as_i64().unwrap_or(0) + 3600), Some(Defect::SkipsExpiryCheck)),
        ("another nonce", Signature::Right, |c| c["nonce"] = json!("other"), Some(Defect::SkipsNonceCheck)),
        ("no nonce", Signature::Right, |c| c["nonce"] = json!(null), Some(Defect::SkipsNonceCheck)),
        ("no subject", Signature::Right, |c| c["sub"] = json!(null), Some(Defect::SkipsSubjectCheck)),
        ("an empty subject", Signature::Right, |c| c["sub"] = json!(""), Some(Defect::SkipsSubjectCheck)),
        ("a list of subjects", Signature::Right, |c| c["sub"] = json!(["ada"]), Some(Defect::SkipsSubjectCheck)),
        ("a subject of 256 letters", Signature::Right, |c| c["sub"] = json!("a".repeat(256)), None),
    ];
    for (what, signature, change, defect) in changes {
        let stage = Stage::new(None).await;
        let spoil = |stage: &Stage| {
            stage.stub.knobs().signature = signature;
            stage.stub.knobs().change_claims = change;
        };
        spoil(&stage);
        let browser = Browser::new();
        let page = browser.sign_in(&stage).await;
        assert!(page.contains("login-error") && !browser.is_signed_in(&stage).await, "{what}");
        assert!(stage.stub.seen("/v2").is_empty() && stage.stub.seen("/userinfo").is_empty(), "{what}: no token is used");
        if let Some(defect) = defect {
            let stage = Stage::new(Some(defect)).await;
            spoil(&stage);
            let browser = Browser::new();
            browser.sign_in(&stage).await;
            assert!(browser.is_signed_in(&stage).await, "{what} with {defect}");
        }
    }
    let stage = Stage::new(None).await;
    stage.stub.knobs().change_claims = |c| c["aud"] = json!(["portale"]);
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    assert!(browser.is_signed_in(&stage).await, "a list of one audience is sound");
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
async fn a_user_of_another_tenant_is_refused_before_any_resource_is_read() {
    let stage = Stage::new(None).await;
    stage.stub.knobs().tenant = "202".to_owned();
    let browser = Browser::new();
    let page = browser.sign_in(&stage).await;
    assert!(page.contains("login-error") && page.contains("centro medico"), "{page}");
    browser.get(stage.at("/patients")).await;
    assert_eq!(stage.stub.resource_calls(), 0);
    let revoked: Vec<String> = stage.stub.seen("/revoke").iter().map(|seen| seen.form["token_type_hint"].clone()).collect();
    assert_eq!(revoked, ["refresh_token", "access_token"]);

    for defect in [Defect::SkipsTenantCheck, Defect::HardWiredTenant] {
        let stage = Stage::new(Some(defect)).await;
        stage.stub.knobs().tenant = "202".to_owned();
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        browser.get(stage.at("/patients")).await;
        assert!(browser.is_signed_in(&stage).await && stage.stub.resource_calls() == 1, "{defect}");
    }
}

#[tokio::test]
async fn a_refused_scope_switches_its_feature_off_and_nothing_else() {
    let granted = "openid offline_access giponext.agenda";
    let stage = Stage::new(None).await;
    stage.stub.knobs().granted = Some(granted.to_owned());
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    let page = browser.get(stage.at("/patients")).await;
    assert!(page.contains("feature-off") && stage.stub.seen("/v2/tenants/101/patients").is_empty(), "{page}");
    assert_eq!(entries(&browser.get(stage.at("/agenda")).await), 3);

    let stage = Stage::new(Some(Defect::AllOrNothingConsent)).await;
    stage.stub.knobs().granted = Some(granted.to_owned());
    assert!(browser.sign_in(&stage).await.contains("login-error"));

    let stage = Stage::new(Some(Defect::CallsWithoutScope)).await;
    stage.stub.knobs().granted = Some(granted.to_owned());
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    browser.get(stage.at("/patients")).await;
    assert_eq!(stage.stub.seen("/v2/tenants/101/patients").len(), 1);

    // Each scope can be refused, `openid` and `offline_access` too.
    for refused in SCOPES {
        let stage = Stage::new(None).await;
        stage.stub.knobs().granted = Some(SCOPES.into_iter().filter(|scope| *scope != refused).collect::<Vec<_>>().join(" "));
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        assert!(browser.is_signed_in(&stage).await, "without {refused}");
    }
}

#[tokio::test]
async fn an_expired_token_is_refreshed_once_for_all_who_wait() {
    let stage = Stage::new(None).await;
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    for round in 1..=3 {
        stage.stub.expire_access_tokens();
        let pages = futures::future::join_all((0..6).map(|_| browser.get(stage.at("/patients")))).await;
        assert!(pages.iter().all(|page| entries(page) == 7));
        assert_eq!(stage.stub.token_requests("refresh_token").len(), round);
    }
    assert_eq!(stage.stub.seen("/authorize").len(), 1);
    stage.stub.knobs().rotates = false;
    for _ in 0..2 {
        stage.stub.expire_access_tokens();
        assert_eq!(entries(&browser.get(stage.at("/patients")).await), 7, "without a new refresh token the old one is kept");
    }

    let stage = Stage::new(Some(Defect::KeepsOldRefreshToken)).await;
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    stage.stub.expire_access_tokens();
    assert_eq!(entries(&browser.get(stage.at("/patients")).await), 7);
    stage.stub.expire_access_tokens();
    browser.get(stage.at("/patients")).await;
    assert!(!browser.is_signed_in(&stage).await);

    let stage = Stage::new(Some(Defect::RefreshesInParallel)).await;
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    stage.stub.expire_access_tokens();
    futures::future::join_all((0..6).map(|_| browser.get(stage.at("/patients")))).await;
    assert!(stage.stub.token_requests("refresh_token").len() > 1);
}

#[tokio::test]
async fn a_refused_refresh_ends_the_session_with_words_and_without_a_loop() {
    for (defect, refreshes, signed_in) in [
        (None, 1, false),
        (Some(Defect::LoopsOnInvalidGrant), 13, false),
        (Some(Defect::NoRefresh), 0, false),
        (Some(Defect::IgnoresDeactivation), 1, true),
    ] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        browser.get(stage.at("/patients")).await;
        stage.stub.expire_access_tokens();
        stage.stub.knobs().refresh_refused = true;
        let page = browser.get(stage.at("/patients")).await;
        assert_eq!(entries(&page), if signed_in { 7 } else { 0 }, "{defect:?}");
        assert_eq!(page.contains("login-error"), !signed_in, "{defect:?}");
        assert_eq!(stage.stub.token_requests("refresh_token").len(), refreshes, "{defect:?}");
        assert_eq!(stage.stub.seen("/authorize").len(), 1, "{defect:?}");
        assert_eq!(browser.is_signed_in(&stage).await, signed_in, "{defect:?}");
    }
}

#[tokio::test]
async fn lists_are_read_to_their_end_and_no_page_twice() {
    for (total, limit, pages) in [(123, 50, 3), (123, 20, 7), (100, 50, 2), (0, 50, 1)] {
        let stage = Stage::new(None).await;
        stage.stub.knobs().patients = total;
        stage.stub.knobs().page_limit = limit;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        assert_eq!(entries(&browser.get(stage.at("/patients")).await), total);
        let mut asked: Vec<String> = stage.stub.seen("/v2/tenants").into_iter().map(|seen| seen.query).collect();
        assert_eq!(asked.len(), pages);
        asked.dedup();
        assert_eq!(asked.len(), pages);
    }
    let stage = Stage::new(Some(Defect::StopsAfterFirstPage)).await;
    stage.stub.knobs().patients = 123;
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    assert_eq!(entries(&browser.get(stage.at("/patients")).await), 50);
}

#[tokio::test]
async fn trouble_of_the_api_is_waited_for_or_told() {
    // Answers come off the end of the list.
    let stories: [(&[(u16, Option<&str>)], &str, usize); 8] = [
        (&[(429, Some("1"))], "row-title", 2),
        (&[(500, None), (502, None)], "row-title", 3),
        (&[(503, None), (503, None), (503, None), (503, None)], "feature-error", 3),
        (&[(403, None)], "feature-error", 1),
        (&[(404, None)], "feature-error", 1),
        (&[(422, None)], "a business rule", 1),
        (&[(429, Some("3600"))], "feature-error", 1),
        (&[(302, None)], "feature-error", 1),
    ];
    for (answers, shown, calls) in stories {
        let stage = Stage::new(None).await;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        stage.stub.knobs().next_answers = answers.to_vec();
        let begun = Instant::now();
        let page = browser.get(stage.at("/patients")).await;
        assert!(page.contains(shown), "{answers:?}: {page}");
        assert_eq!(stage.stub.resource_calls(), calls, "{answers:?}");
        if answers[0] == (429, Some("1")) {
            assert!(begun.elapsed() >= Duration::from_secs(1));
        }
        assert!(browser.is_signed_in(&stage).await, "{answers:?}");
        assert!(stage.stub.token_requests("refresh_token").is_empty(), "{answers:?}");
    }
}

#[tokio::test]
async fn additions_of_the_api_are_passed_over() {
    for (defect, rows) in [(None, 7), (Some(Defect::RefusesUnknownFields), 0)] {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().additive = true;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        assert_eq!(entries(&browser.get(stage.at("/patients")).await), rows, "{defect:?}");
    }
}

#[tokio::test]
async fn the_token_type_has_no_case_but_must_be_known() {
    for (defect, token_type, signed_in) in
        [(None, "bEaReR", true), (None, "mac", false), (Some(Defect::RefusesTokenTypeCase), "bEaReR", false)]
    {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().token_type = token_type.to_owned();
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        assert_eq!(browser.is_signed_in(&stage).await, signed_in, "{token_type} {defect:?}");
    }
}

#[tokio::test]
async fn user_information_and_metadata_must_be_about_the_right_party() {
    for (defect, signed_in) in [(None, false), (Some(Defect::UsesUserinfoOfAnotherSubject), true)] {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().userinfo_sub = "mallory".to_owned();
        stage.stub.knobs().name = "Mallory".to_owned();
        let browser = Browser::new();
        assert_eq!(browser.sign_in(&stage).await.contains("Mallory"), signed_in, "{defect:?}");
    }
    for (defect, began) in [(None, 0), (Some(Defect::SkipsDiscoveryIssuerCheck), 1)] {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().metadata_issuer = Some("https://evil.example".to_owned());
        let page = Browser::new().sign_in(&stage).await;
        assert!(page.contains("login-error"));
        assert_eq!(stage.stub.seen("/authorize").len(), began, "{defect:?}");
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
async fn an_honest_login_works_with_every_defect() {
    for defect in Defect::ALL {
        let stage = Stage::new(Some(*defect)).await;
        let browser = Browser::new();
        let page = browser.sign_in(&stage).await;
        assert!(!page.contains("login-error") && browser.is_signed_in(&stage).await, "{defect}: {page}");
        assert_eq!(entries(&browser.get(stage.at("/patients")).await), 7, "{defect}");
        assert_eq!(entries(&browser.get(stage.at("/agenda")).await), 3, "{defect}");
    }
}

/// Every access token that the stub ever gave is `access-N`, every refresh token `refresh-N`.
fn holds_token(text: &str) -> bool {
    text.contains("access-") || text.contains("refresh-")
}

#[tokio::test]
async fn tokens_and_secrets_go_where_they_belong() {
    for (defect, in_page, secret_in_page, in_query) in [
        (None, false, false, false),
        (Some(Defect::TokensInLocalStorage), true, false, false),
        (Some(Defect::SecretInPage), false, true, false),
        (Some(Defect::TokenInQuery), false, false, true),
    ] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        let pages = browser.get(stage.at("/")).await + &browser.get(stage.at("/patients")).await;
        assert_eq!(holds_token(&pages), in_page, "{defect:?}");
        assert_eq!(pages.contains("s3cr3t"), secret_in_page, "{defect:?}");
        let calls = stage.stub.seen("/v2");
        assert!(calls.iter().all(|call| call.authorization.as_deref().is_some_and(|value| value.starts_with("Bearer access-"))));
        assert_eq!(calls.iter().any(|call| holds_token(&call.query)), in_query, "{defect:?}");
    }
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
            assert_eq!(values.len(), if constant == Some(name) { 1 } else { 5 }, "{name} {defect:?}");
            assert!(values.iter().all(|value| constant == Some(name) || value.len() >= 43), "256 bits of {name}");
        }
    }
}

#[tokio::test]
async fn a_limited_or_broken_token_endpoint_is_handled_with_care() {
    // A limited code is sent again after the wait, a code that may be spent is not.
    for (defect, answer, requests, signed_in) in [
        (None, (429, Some("1")), 2, true),
        (None, (503, None), 1, false),
        (None, (307, None), 1, false),
        (Some(Defect::RedeemsCodeTwice), (503, None), 2, true),
    ] {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().next_token_answers = vec![answer];
        let browser = Browser::new();
        let begun = Instant::now();
        browser.sign_in(&stage).await;
        assert_eq!(browser.is_signed_in(&stage).await, signed_in, "{answer:?} {defect:?}");
        assert_eq!(stage.stub.token_requests("authorization_code").len(), requests, "{answer:?} {defect:?}");
        assert!(answer.0 != 429 || begun.elapsed() >= Duration::from_secs(1));
    }
    let stage = Stage::new(None).await;
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    stage.stub.expire_access_tokens();
    stage.stub.knobs().next_token_answers = vec![(503, None); 4];
    assert!(browser.get(stage.at("/patients")).await.contains("feature-error"));
    stage.stub.knobs().next_token_answers.clear();
    assert_eq!(entries(&browser.get(stage.at("/patients")).await), 7, "a 503 signs nobody out");
}

#[tokio::test]
async fn a_new_key_is_found_and_odd_ones_make_no_storm() {
    let stage = Stage::new(None).await;
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    stage.stub.knobs().published_kid = "k2".to_owned();
    stage.stub.knobs().signing_kid = "k2".to_owned();
    assert!(!browser.sign_in(&stage).await.contains("login-error"));
    assert_eq!(stage.stub.seen("/jwks").len(), 2);
    for odd in 0..20 {
        stage.stub.knobs().signing_kid = format!("odd-{odd}");
        assert!(browser.sign_in(&stage).await.contains("login-error"));
    }
    assert!(stage.stub.seen("/jwks").len() <= 4);
}

#[tokio::test]
async fn each_small_defect_shows_where_the_sound_application_does_not() {
    let query = |stage: &Stage, index: usize| stage.stub.seen("/authorize")[index].query.clone();
    for defect in [None, Some(Defect::NoPkce), Some(Defect::NoNonce), Some(Defect::SendsSecretTwice), Some(Defect::TriesClientCredentials)]
    {
        let stage = Stage::new(defect).await;
        Browser::new().sign_in(&stage).await;
        assert_eq!(!query(&stage, 0).contains("code_challenge"), defect == Some(Defect::NoPkce));
        assert_eq!(!query(&stage, 0).contains("nonce"), defect == Some(Defect::NoNonce));
        let redeemed = &stage.stub.token_requests("authorization_code")[0];
        assert_eq!(redeemed.form.contains_key("client_secret"), defect == Some(Defect::SendsSecretTwice));
        assert_eq!(stage.stub.token_requests("client_credentials").len(), usize::from(defect == Some(Defect::TriesClientCredentials)));
    }
    for defect in [None, Some(Defect::DowngradesPkce), Some(Defect::ReusesFailedAttempt)] {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().error = Some("invalid_request".to_owned());
        let browser = Browser::new();
        browser.step(browser.authorize(&stage).await).await;
        let response = browser.step(browser.authorize(&stage).await).await;
        let again = location(&response);
        assert_eq!(again.path() == "/authorize" && !again.as_str().contains("code_challenge"), defect == Some(Defect::DowngradesPkce));
        assert_eq!(query(&stage, 0) == query(&stage, 1), defect == Some(Defect::ReusesFailedAttempt));
    }
    for defect in [None, Some(Defect::RejectsUnknownParameters), Some(Defect::KeepsCodeInUrl), Some(Defect::OpenRedirector)] {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().change_response = |response| response.push(("hint".to_owned(), "new".to_owned()));
        let browser = Browser::new();
        let request = location(&browser.step(stage.at("/login?return_to=https://evil.example/")).await);
        let callback = location(&browser.step(request).await);
        let answer = browser.step(callback).await;
        assert_eq!(answer.status() == 200, defect == Some(Defect::KeepsCodeInUrl));
        let target = answer.headers().get("location").and_then(|target| target.to_str().ok()).unwrap_or_default();
        assert_eq!(target.contains("evil"), defect == Some(Defect::OpenRedirector));
        assert_eq!(browser.is_signed_in(&stage).await, defect != Some(Defect::RejectsUnknownParameters));
    }
    for (defect, answers, calls) in [
        (None, vec![(302, None)], 1),
        (Some(Defect::FollowsRedirectWithToken), vec![(302, None)], 2),
        (Some(Defect::GivesUpOnServerError), vec![(500, None)], 1),
        (Some(Defect::IgnoresRetryAfter), vec![(429, Some("3600"))], 2),
        (Some(Defect::SignsInAgainOnForbidden), vec![(403, None)], 1),
    ] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        stage.stub.knobs().next_answers = answers;
        let again = browser.step(stage.at("/patients")).await.status() == 303;
        assert_eq!(stage.stub.resource_calls(), calls, "{defect:?}");
        assert_eq!(again, defect == Some(Defect::SignsInAgainOnForbidden), "{defect:?}");
    }
    for defect in [None, Some(Defect::SharesDataBetweenUsers)] {
        let stage = Stage::new(defect).await;
        let (ada, bruno) = (Browser::new(), Browser::new());
        ada.sign_in(&stage).await;
        assert_eq!(entries(&ada.get(stage.at("/patients")).await), 7);
        stage.stub.knobs().patients = 2;
        bruno.sign_in(&stage).await;
        assert_eq!(entries(&bruno.get(stage.at("/patients")).await), if defect.is_some() { 7 } else { 2 });
    }
    for defect in [
        None,
        Some(Defect::ScriptReadableCookie),
        Some(Defect::KeepsSessionId),
        Some(Defect::PostsToAnyOrigin),
        Some(Defect::AcceptsMessageOfAnyOrigin),
    ] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        let login = browser.step(stage.at("/login")).await;
        let cookie = |response: &Response| response.headers()["set-cookie"].to_str().expect("plain text").to_owned();
        let done = browser.step(location(&browser.step(location(&login)).await)).await;
        assert_eq!(!cookie(&login).contains("HttpOnly"), defect == Some(Defect::ScriptReadableCookie));
        assert_eq!(cookie(&login) == cookie(&done), defect == Some(Defect::KeepsSessionId));
        let page = browser.get(stage.at("/callback/done")).await;
        assert_eq!(page.contains("data-posts-to-anyone"), defect == Some(Defect::PostsToAnyOrigin));
        assert_eq!(page.contains("data-takes-any-message"), defect == Some(Defect::AcceptsMessageOfAnyOrigin));
    }
}

#[test]
fn every_defect_has_a_name_of_its_own_that_finds_it() {
    let mut names: Vec<&str> = Defect::ALL.iter().map(|defect| defect.name()).collect();
    for defect in Defect::ALL {
        assert_eq!(defect.name().parse::<Defect>().ok(), Some(*defect));
        assert!(!defect.requirements().is_empty() && !defect.description().ends_with('.'));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Defect::ALL.len());
    let error = "no-such".parse::<Defect>().expect_err("there is none").to_string();
    assert!(error.contains("no-such"));
}

#[tokio::test]
async fn a_stopped_application_frees_its_port() {
    let stage = Stage::new(None).await;
    let address = stage.app.base_url().socket_addrs(|| None).expect("it has an address")[0];
    Browser::new().get(stage.at("/")).await;
    stage.app.stop().await;
    Listener::bind(address).expect("the port is free again");
}
