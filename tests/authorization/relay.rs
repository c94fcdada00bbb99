//! A relay before another platform: the same exchanges, the same journal, and nothing that goes past it.

use collaudo::domain::{Endpoint, Exchange};
use collaudo::oauth::decode_jwt;
use collaudo::platform::accounts::ADA;
use collaudo::platform::relay::{OWNERS_FAULTS, TARGET_FAILED};
use collaudo::platform::{Platform, READ_ONLY, Times, faults};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::observed::Login;
use super::stage::{Stage, answer, location};

/// What the journal says of an exchange, without values that differ from platform to platform.
fn told(exchange: &Exchange) -> String {
    let Exchange { endpoint, method, status, facts, response, .. } = exchange;
    let members = response.as_ref().and_then(Value::as_object).map(|members| members.keys().cloned().collect::<Vec<_>>());
    format!(
        "{endpoint:?} {method} {status} {members:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {}",
        facts.client_authentication,
        facts.credentials,
        facts.scopes,
        facts.id_token_claims,
        facts.needed_scope,
        facts.tenant,
        facts.verifier_length,
        facts.subject.is_some(),
    )
}

async fn call(stage: &Stage, method: Method, path: &str, token: &str) -> reqwest::Response {
    stage.browser.request(method, stage.url(path)).bearer_auth(token).send().await.expect("an answer")
}

/// A sign-in, calls, a refresh, a revocation: what the journal says of what the client asked for.
async fn journal_of_a_visit(stage: &Stage) -> Vec<String> {
    let tokens = stage.tokens(ADA).await;
    for path in ["/v2/userinfo", "/v2/tenants/101/patients?limit=2", "/v2/tenants/101/patients/999999", "/v2/tenants/202/patients"] {
        call(stage, Method::GET, path, tokens.text("access_token")).await;
    }
    stage.userinfo(tokens.text("access_token")).await;
    let refreshed = stage.refresh(tokens.text("refresh_token")).await;
    stage.as_client("/connect/revocation", &[("token", refreshed.text("refresh_token"))]).await;
    stage.as_client("/connect/introspect", &[("token", refreshed.text("access_token"))]).await;
    let pages = |exchange: &Exchange| !matches!(exchange.endpoint, Endpoint::Portal | Endpoint::Authorization);
    stage.platform.journal().since(0).iter().filter(|exchange| pages(exchange)).map(told).collect()
}

#[tokio::test]
async fn the_journal_of_a_relay_says_what_the_mock_s_own_says() {
    let (mock, relay) = (Stage::new().await, Stage::behind_a_relay(false).await);
    assert_eq!(journal_of_a_visit(&relay).await, journal_of_a_visit(&mock).await);
    let kept = serde_json::to_string(&relay.platform.journal().since(0)).expect("JSON");
    let secrets = relay.platform.shared().redaction.secrets();
    assert!(secrets.len() > 6, "codes and tokens passed");
    for (placeholder, secret) in secrets {
        assert!(!kept.contains(secret.expose_secret()), "{placeholder} is in the journal");
    }
}

#[tokio::test]
async fn an_id_token_is_the_relay_s_own_and_says_what_the_target_said() {
    let stage = Stage::behind_a_relay(false).await;
    let login = Login::observe(&stage).await;
    assert!(login.well_signed() && login.all("iss") == [login.issuer.as_str()] && login.discovered == login.issuer);
    let target = stage.target.as_ref().expect("a target");
    let original = target.latest_id_token(&target.subject_of(ADA).expect("Ada")).expect("it was issued");
    let (original, given) = (decode_jwt(original.expose_secret()).expect("a JWT").claims, login.id_token().claims);
    assert_eq!(given["iss"], login.issuer);
    assert_ne!(original["iss"], given["iss"]);
    // The refreshed one came last, and has no nonce.
    for (name, value) in original.iter().filter(|(name, _)| !["iss", "iat", "exp", "at_hash"].contains(&name.as_str())) {
        assert_eq!(given.get(name), Some(value), "{name}");
    }
    let metadata = answer(stage.get(stage.url("/.well-known/openid-configuration")).await).await;
    assert!(!metadata.text.contains(target.shared().issuer_text()), "an address of the target is left: {}", metadata.text);
}

#[tokio::test]
async fn a_hint_reaches_the_target_as_the_target_signed_it() {
    let stage = Stage::behind_a_relay(false).await;
    let tokens = stage.tokens(ADA).await;
    let target = stage.target.as_ref().expect("a target");
    let mut leave = stage.url("/connect/endsession");
    leave.query_pairs_mut().append_pair("id_token_hint", tokens.text("id_token")).append_pair("state", "kept");
    let onward = location(&stage.get(leave).await);
    let original = target.latest_id_token(&target.subject_of(ADA).expect("Ada")).expect("it was issued");
    assert!(onward.starts_with(target.shared().issuer_text()) && onward.contains("state=kept"), "{onward}");
    assert!(onward.contains(original.expose_secret()) && !onward.contains(tokens.text("id_token")));
}

#[tokio::test]
async fn an_id_token_that_the_target_has_not_signed_is_handed_to_nobody() {
    let stage = Stage::behind_a_relay(false).await;
    let target = stage.target.as_ref().expect("a target");
    for fault in ["id-token-bad-signature", "id-token-wrong-issuer", "id-token-alg-none", "id-token-expired-though-new"] {
        target.faults().arm(fault, Times::Next(1)).expect("a fault");
        let code = super::stage::parameter(&stage.login(ADA, &[]).await, "code");
        let refused = stage.redeem(&code).await;
        assert_eq!(refused.error(), (502, "bad_gateway"), "{fault}: {}", refused.text);
        let last = stage.platform.journal().since(0).pop().expect("an exchange");
        assert!(last.facts.refusal.is_some_and(|told| told.starts_with(TARGET_FAILED)), "{fault}");
    }
}

#[tokio::test]
async fn the_nonce_of_a_sign_in_that_waits_is_known_to_a_relay_too() {
    let stage = Stage::behind_a_relay(false).await;
    stage.platform.faults().arm("id-token-nonce-of-another", Times::Always).expect("a fault");
    stage.get(stage.authorization_url(&[("nonce", "nonce-of-one-that-waits"), ("state", "another-state")])).await;
    let other = Login::observe(&stage).await;
    assert!(other.claim("nonce").is_some_and(|nonce| nonce == "nonce-of-one-that-waits") && other.well_signed());
}

fn writes(platform: &Platform) -> usize {
    platform.journal().since(0).iter().filter(|exchange| exchange.endpoint == Endpoint::Api && exchange.method != "GET").count()
}

#[tokio::test]
async fn where_nothing_may_be_written_a_write_ends_at_the_relay() {
    for read_only in [true, false] {
        let stage = Stage::behind_a_relay(read_only).await;
        let target = stage.target.as_ref().expect("a target");
        let tokens = stage.tokens(ADA).await;
        let access = tokens.text("access_token");
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let refused = answer(call(&stage, method.clone(), "/v2/tenants/101/patients/1", access).await).await;
            let last = stage.platform.journal().since(0).pop().expect("an exchange");
            assert_eq!((last.method.as_str(), last.status), (method.as_str(), refused.status.as_u16()));
            let is_refused = refused.error() == (403, "read_only") && last.facts.refusal.as_deref() == Some(READ_ONLY);
            assert_eq!(is_refused, read_only, "{method}: {}", refused.text);
        }
        assert_eq!(call(&stage, Method::GET, "/v2/tenants/101/patients?limit=1", access).await.status(), 200);
        assert_eq!(writes(target), if read_only { 0 } else { 4 });
    }
}

#[tokio::test]
async fn a_token_that_a_lever_ends_is_refused_at_the_relay_and_a_refresh_helps() {
    let stage = Stage::behind_a_relay(false).await;
    let tokens = stage.tokens(ADA).await;
    stage.platform.expire_access_tokens();
    for path in ["/v2/userinfo", "/v2/tenants/101/patients", "/connect/userinfo"] {
        assert_eq!(call(&stage, Method::GET, path, tokens.text("access_token")).await.status(), 401, "{path}");
    }
    let refreshed = stage.refresh(tokens.text("refresh_token")).await;
    assert_eq!(call(&stage, Method::GET, "/v2/tenants/101/patients", refreshed.text("access_token")).await.status(), 200);
}

#[test]
fn what_only_an_owner_can_do_is_a_fault_that_there_is() {
    for (fault, reason) in OWNERS_FAULTS {
        assert!(faults().any(|known| known.name == fault) && !reason.is_empty(), "{fault}");
    }
}
