use std::time::Duration;

use collaudo::platform::accounts::{ADA, RegistrationType};
use collaudo::platform::{Assumptions, Settings};

use super::stage::{Answer, Stage, answer, application, parameter};

async fn introspect(stage: &Stage, token: &str) -> Answer {
    let answer = stage.as_client("/connect/introspect", &[("token", token)]).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer
}

/// Nothing but that the token is not active: no reason (RFC 7662 section 2.2).
fn is_dead(answer: &Answer) -> bool {
    answer.status == 200 && answer.json == serde_json::json!({"active": false})
}

#[tokio::test]
async fn a_client_learns_of_its_own_live_tokens_and_of_no_others() {
    let mut stage = Stage::new().await;
    let tokens = stage.tokens(ADA).await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let subject = stage.platform.subject_of(ADA).expect("Ada").0;
    for (token, kind) in [(access, "Bearer"), (refresh, "refresh_token")] {
        let known = introspect(&stage, token).await;
        assert_eq!((known.status.as_u16(), &known.json["active"], known.text("token_type")), (200, &true.into(), kind));
        assert_eq!((known.text("sub"), known.text("client_id")), (subject.as_str(), stage.client.client_id.as_str()));
        assert_eq!(known.text("scope"), "giponext.agenda giponext.patients offline_access openid profile");
        assert!(known.json["exp"].is_i64() && known.text("iss") == stage.platform.shared().issuer_text());
    }
    for token in ["unknown", tokens.text("id_token")] {
        assert!(is_dead(&introspect(&stage, token).await), "{token}");
    }
    let own = stage.client.clone();
    stage.client = stage.platform.register_client(application(RegistrationType::Web)).expect("a good registration");
    assert!(is_dead(&introspect(&stage, access).await) && is_dead(&introspect(&stage, refresh).await), "another client's");
    stage.client = own;

    let rotated = stage.refresh(refresh).await;
    assert!(is_dead(&introspect(&stage, refresh).await), "rotated");
    assert_eq!(introspect(&stage, access).await.json["active"], true, "asking for the old refresh token revoked the family");
    stage.platform.shared().clock.advance(Duration::from_secs(3601));
    assert!(is_dead(&introspect(&stage, access).await), "expired");
    let again = stage.refresh(rotated.text("refresh_token")).await;
    stage.platform.deactivate_user(ADA).expect("Ada");
    for member in ["access_token", "refresh_token"] {
        assert!(is_dead(&introspect(&stage, again.text(member)).await), "of a deactivated user");
    }
}

#[tokio::test]
async fn introspection_is_for_clients_that_authenticate() {
    let stage = Stage::new().await;
    let named = [("token", "x"), ("client_id", stage.client.client_id.as_str())];
    assert_eq!(answer(stage.post("/connect/introspect", &named).await).await.error(), (401, "invalid_client"));
    assert_eq!(answer(stage.post("/connect/introspect", &named[..1]).await).await.error(), (401, "invalid_client"));
    assert_eq!(stage.as_client("/connect/introspect", &[]).await.error(), (400, "invalid_request"));
    let native = Stage::with(Settings::default(), RegistrationType::Native).await;
    assert_eq!(native.as_client("/connect/introspect", &[("token", "x")]).await.error(), (401, "invalid_client"), "a public client");
}

#[tokio::test]
async fn a_user_who_removes_an_application_ends_its_tokens_and_nobody_else_s() {
    let mut stage = Stage::new().await;
    let first = stage.tokens(ADA).await;
    let code = parameter(&stage.login(ADA, &[]).await, "code");
    let own = stage.client.clone();
    stage.client = stage.platform.register_client(application(RegistrationType::Web)).expect("a good registration");
    let other = stage.tokens(ADA).await;
    stage.platform.revoke_grants(&stage.platform.subject_of(ADA).expect("Ada"), &own.client_id);
    assert_eq!(stage.userinfo(first.text("access_token")).await.error(), (401, "invalid_token"));
    assert_eq!(stage.userinfo(other.text("access_token")).await.status, 200);
    stage.client = own;
    assert_eq!(stage.refresh(first.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert_eq!(stage.redeem(&code).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn access_tokens_may_outlive_their_user_where_the_settings_say_so() {
    let assumptions = Assumptions { deactivation_ends_access_tokens: false, ..Assumptions::default() };
    let stage = Stage::with(Settings { assumptions, ..Settings::default() }, RegistrationType::Web).await;
    let tokens = stage.tokens(ADA).await;
    stage.platform.deactivate_user(ADA).expect("Ada");
    assert_eq!(stage.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert_eq!(stage.userinfo(tokens.text("access_token")).await.status, 200);
    stage.platform.shared().clock.advance(Duration::from_secs(3601));
    assert_eq!(stage.userinfo(tokens.text("access_token")).await.error(), (401, "invalid_token"));
}
