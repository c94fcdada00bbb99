//! What the standards refuse and a lenient platform would let pass: integrators learn from it.

use collaudo::domain::Endpoint;
use collaudo::oauth::{Metadata, code_challenge_s256};
use collaudo::platform::accounts::{ADA, RegistrationType};
use collaudo::platform::{EndpointPaths, Settings};
use reqwest::header::AUTHORIZATION;

use super::stage::{REDIRECT_URI, Stage, answer, location, parameter, parameters, text};

#[tokio::test]
async fn a_code_verifier_has_43_to_128_unreserved_characters() {
    let stage = Stage::new().await;
    for (verifier, good) in [
        ("v".repeat(42), false),
        ("v".repeat(43), true),
        ("v".repeat(128), true),
        ("v".repeat(129), false),
        (format!("{}+/", "v".repeat(43)), false),
    ] {
        let url = stage.login(ADA, &[("code_challenge", &code_challenge_s256(&verifier))]).await;
        let code = parameter(&url, "code");
        let form = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", REDIRECT_URI), ("code_verifier", &*verifier)];
        let redeemed = stage.as_client("/connect/token", &form).await;
        let expected = if good { (200, "") } else { (400, "invalid_grant") };
        assert_eq!(redeemed.error(), expected, "{verifier}");
    }
}

#[tokio::test]
async fn a_second_authorization_header_or_parameter_is_refused() {
    let stage = Stage::new().await;
    let request = stage.browser.post(stage.url("/connect/token")).form(&[("grant_type", "refresh_token")]);
    let twice = request.header(AUTHORIZATION, "Basic YTpi").header(AUTHORIZATION, "Basic YTpi").send().await.expect("an answer");
    assert_eq!(answer(twice).await.error(), (400, "invalid_request"));
    let form = [("grant_type", "refresh_token"), ("client_id", "x"), ("client_secret", "s"), ("client_secret", "")];
    assert_eq!(stage.token(&form).await.error(), (400, "invalid_request"));
}

#[tokio::test]
async fn a_state_of_other_than_printable_characters_is_refused_and_not_sent_back() {
    let stage = Stage::new().await;
    for state in ["a\0b", "a\r\nSet-Cookie: x=1", "caff\u{e8}"] {
        let refused = parameters(&location(&stage.get(stage.authorization_url(&[("state", state)])).await).parse().expect("a URL"));
        assert_eq!((refused["error"].as_str(), refused.get("state")), ("invalid_request", None), "{state:?}");
    }
    let kept = stage.login(ADA, &[("state", "a b&c=\"~\\")]).await;
    assert_eq!(parameter(&kept, "state"), "a b&c=\"~\\");
}

#[tokio::test]
async fn userinfo_without_a_token_gives_no_error_code() {
    let stage = Stage::new().await;
    let refused = answer(stage.get(stage.url("/connect/userinfo")).await).await;
    assert_eq!((refused.status.as_u16(), refused.json.get("error")), (401, None));
}

#[tokio::test]
async fn the_sign_in_page_is_in_the_language_that_the_client_wishes_for() {
    let stage = Stage::new().await;
    for (wish, says) in [("de en", "lang=\"en\""), ("it", "lang=\"it\"")] {
        let to = location(&stage.get(stage.authorization_url(&[("ui_locales", wish)])).await);
        assert!(text(stage.get(stage.url(&to)).await).await.contains(says), "{wish}");
    }
}

#[tokio::test]
async fn endpoints_that_moved_are_where_discovery_says_and_nowhere_else() {
    let stage = Stage::with(Settings::default().with_moved_endpoints(7), RegistrationType::Web).await;
    let text = text(stage.get(stage.url("/.well-known/openid-configuration")).await).await;
    let metadata: Metadata = serde_json::from_str(&text).expect("metadata");
    assert!(metadata.token_endpoint.ends_with(&EndpointPaths::moved(7).token) && !text.contains("/connect/"), "{text}");
    let mark = stage.platform.journal().mark();
    assert_eq!(stage.get(metadata.jwks_uri.as_str()).await.status(), 200);
    assert_eq!(stage.get(stage.url("/.well-known/openid-configuration/jwks")).await.status(), 404);
    assert_eq!(stage.post("/connect/token", &[("grant_type", "refresh_token")]).await.status(), 404);
    let page = stage.get(stage.authorization_url(&[])).await;
    assert_eq!((page.status().as_u16(), page.headers().get("location")), (404, None));
    let seen: Vec<Endpoint> = stage.platform.journal().since(mark).iter().map(|exchange| exchange.endpoint).collect();
    assert_eq!(seen, [Endpoint::Jwks, Endpoint::Portal, Endpoint::Portal, Endpoint::Portal]);
}
