use std::time::Duration;

use collaudo::platform::accounts::{ADA, RegistrationType};
use collaudo::platform::{Assumptions, Settings};
use secrecy::ExposeSecret;

use super::stage::{Answer, Stage, answer, application};

async fn stage(rate_limit: u32) -> Stage {
    let assumptions = Assumptions { rate_limit, rate_limit_window_seconds: 30, ..Assumptions::default() };
    Stage::with(Settings { assumptions, ..Settings::default() }, RegistrationType::Web).await
}

fn limited(answer: &Answer) -> Option<u64> {
    let told = answer.headers.get("retry-after").map(|value| value.to_str().expect("text").parse().expect("whole seconds"));
    assert_eq!(answer.status == 429, told.is_some(), "{answer:?}");
    if answer.status == 429 {
        assert_eq!(answer.error(), (429, "rate_limit_exceeded"));
        assert!(answer.text("message").contains("retry after"), "{}", answer.json);
    }
    told
}

#[tokio::test]
async fn one_client_is_counted_over_its_users_endpoints_and_api_together() {
    let mut stage = stage(6).await;
    let tokens = stage.tokens(ADA).await;
    assert_eq!(limited(&stage.refresh(tokens.text("refresh_token")).await), None);
    let call = async |stage: &Stage, path: &str| {
        answer(stage.browser.get(stage.url(path)).bearer_auth(tokens.text("access_token")).send().await.expect("an answer")).await
    };
    assert_eq!(limited(&call(&stage, "/v2/userinfo").await), None);
    assert_eq!(limited(&call(&stage, "/v2/tenants/101/patients").await), None);
    assert_eq!(limited(&stage.userinfo(tokens.text("access_token")).await), None);
    let secret = stage.client.client_secret.clone().expect("confidential");
    let form = [("token", "x"), ("client_id", stage.client.client_id.as_str()), ("client_secret", secret.expose_secret())];
    assert_eq!(limited(&answer(stage.post("/connect/revocation", &form).await).await), None);
    for path in ["/v2/userinfo", "/v2/tenants/101/patients"] {
        assert!(limited(&call(&stage, path).await).is_some_and(|seconds| (1..=30).contains(&seconds)), "{path}");
    }
    assert!(limited(&answer(stage.post("/connect/revocation", &form).await).await).is_some());
    let wait = limited(&stage.refresh(tokens.text("refresh_token")).await).expect("the seventh request of the window");

    let own = stage.client.clone();
    stage.client = stage.platform.register_client(application(RegistrationType::Web)).expect("a good registration");
    assert_eq!(stage.refresh("unknown").await.error(), (400, "invalid_grant"), "another client is limited too");
    stage.client = own;
    stage.platform.shared().clock.advance(Duration::from_secs(wait));
    assert_ne!(stage.refresh("unknown").await.status, 429, "who waited as told is refused again");
    let seen = stage.platform.journal().since(0);
    let refused: Vec<_> = seen.iter().filter(|exchange| exchange.status == 429).collect();
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|exchange| exchange.facts.refusal.as_ref().is_some_and(|text| text.contains("exceed 6 in 30 s"))));
}

#[tokio::test]
async fn strangers_use_up_nobody_s_limit() {
    let stage = stage(3).await;
    for _ in 0..5 {
        let form =
            [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", &stage.client.client_id), ("client_secret", "x")];
        assert_eq!(answer(stage.post("/connect/token", &form).await).await.error(), (401, "invalid_client"));
    }
    assert_eq!(stage.refresh("unknown").await.error(), (400, "invalid_grant"));
}
