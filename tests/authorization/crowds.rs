//! Many at once.

use std::sync::Arc;

use collaudo::oauth::decode_jwt;
use collaudo::platform::accounts::{ADA, BRUNO, ELIO, MALLORY};
use futures::StreamExt;
use futures::stream::iter;

use super::stage::{SCOPES, Stage, parameter};

/// Requests in the air at one time: a thousand sockets are more than some machines give one process.
const AT_ONCE: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_refreshes_with_one_token_one_succeeds_and_the_family_is_revoked() {
    let stage = Arc::new(Stage::new().await);
    let first = stage.tokens(ADA).await;
    let token: Arc<str> = first.text("refresh_token").into();
    let requests = (0..1000).map(|_| {
        let (stage, token) = (stage.clone(), token.clone());
        tokio::spawn(async move { stage.refresh(&token).await })
    });
    let answers: Vec<_> = iter(requests).buffer_unordered(AT_ONCE).map(|answer| answer.expect("no panic")).collect().await;
    let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((good.len(), refused.len()), (1, 999));
    assert!(refused.iter().all(|answer| answer.error() == (400, "invalid_grant")));
    assert_eq!(stage.refresh(good[0].text("refresh_token")).await.error(), (400, "invalid_grant"), "the family lives on");
    for tokens in [&first, good[0]] {
        assert_eq!(stage.userinfo(tokens.text("access_token")).await.error(), (401, "invalid_token"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_uses_of_one_code_one_succeeds_and_what_it_gave_is_revoked() {
    let stage = Arc::new(Stage::new().await);
    let code: Arc<str> = parameter(&stage.login(ADA, &[]).await, "code").into();
    let requests = (0..100).map(|_| {
        let (stage, code) = (stage.clone(), code.clone());
        tokio::spawn(async move { stage.redeem(&code).await })
    });
    let answers: Vec<_> = iter(requests).buffer_unordered(100).map(|answer| answer.expect("no panic")).collect().await;
    let good: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(good.len(), 1);
    assert_eq!(stage.userinfo(good[0].text("access_token")).await.error(), (401, "invalid_token"));
    assert_eq!(stage.refresh(good[0].text("refresh_token")).await.error(), (400, "invalid_grant"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_flows_at_once_on_two_platforms_do_not_mix() {
    let stages = [Arc::new(Stage::new().await), Arc::new(Stage::new().await)];
    let flows = (0..200).map(|number: usize| {
        let stage = stages[number % 2].another_browser();
        tokio::spawn(async move {
            let email = [ADA, MALLORY, ELIO, BRUNO][(number / 2) % 4];
            let (state, nonce) = (format!("state-{number}"), format!("nonce-{number}"));
            let consent = stage.consent(email, &[("state", &state), ("nonce", &nonce)]).await;
            let response = stage.decide(&consent, "allow", &SCOPES.split(' ').collect::<Vec<_>>()).await;
            let (issuer, subject) = (stage.platform.shared().issuer_text(), stage.platform.subject_of(email).expect("a user").0);
            assert_eq!((&*parameter(&response, "state"), &*parameter(&response, "iss")), (&*state, issuer));
            let tokens = stage.redeem(&parameter(&response, "code")).await;
            let claims = decode_jwt(tokens.text("id_token")).expect("a JWT").claims;
            for (name, value) in [("sub", &*subject), ("nonce", &nonce), ("iss", issuer), ("aud", &stage.client.client_id)] {
                assert_eq!(claims[name], value, "{name} of flow {number}");
            }
            assert_eq!(stage.userinfo(tokens.text("access_token")).await.text("sub"), subject);
            tokens.text("access_token").to_owned()
        })
    });
    let tokens: Vec<String> = iter(flows).buffered(AT_ONCE).map(|flow| flow.expect("a flow that does not mix")).collect().await;
    for (number, stage) in stages.iter().enumerate() {
        let journal = stage.platform.journal().since(0);
        let sign_ins = journal.iter().filter(|exchange| exchange.path == "/connect/token" && exchange.status == 200).count();
        assert_eq!(sign_ins, 100, "flows of platform {number}");
        let issuer = stage.platform.shared().issuer_text();
        let foreign = |exchange: &&collaudo::domain::Exchange| exchange.header("host").is_some_and(|host| !issuer.ends_with(host));
        assert_eq!(journal.iter().filter(foreign).count(), 0, "platform {number} recorded the other's traffic");
        let other = tokens.iter().skip(1 - number).step_by(2).next().expect("a token of the other platform");
        assert_eq!(stage.userinfo(other).await.error(), (401, "invalid_token"));
    }
}
