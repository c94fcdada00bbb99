//! What the token endpoint, the ID token and the keys may be like.

use std::time::{Duration, Instant};

use collaudo::relying_party::Defect;
use serde_json::json;

use super::stub::Signature;
use super::{Browser, Stage, entries};

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
