use collaudo::platform::accounts::{ADA, MALLORY, RegistrationType};
use collaudo::platform::{Assumptions, Settings};
use url::Url;

use super::stage::{REDIRECT_URI, Stage, application, location, text};

const DONE: &str = "https://app.example/signed-out?from=gipo";

fn end(stage: &Stage, parameters: &[(&str, &str)]) -> Url {
    let mut url = stage.url("/connect/endsession");
    url.query_pairs_mut().extend_pairs(parameters);
    url
}

async fn signed_in(stage: &Stage) -> bool {
    location(&stage.get(stage.authorization_url(&[])).await).starts_with("/consent")
}

#[tokio::test]
async fn the_browser_goes_on_to_a_registered_address_only() {
    let mut stage = Stage::new().await;
    stage.platform.allow_post_logout(&stage.client.client_id, DONE).expect("a client");
    for (uri, onward) in [
        (DONE, "https://app.example/signed-out?from=gipo&state=s+%26+t"),
        ("https://app.example/signed-out", "/"),
        ("https://app.example/signed-out?from=gipo&more=1", "/"),
        ("https://attacker.example/", "/"),
        (REDIRECT_URI, "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let tokens = stage.tokens(ADA).await;
        let asked = [("id_token_hint", tokens.text("id_token")), ("post_logout_redirect_uri", uri), ("state", "s & t")];
        assert_eq!(location(&stage.get(end(&stage, &asked)).await), onward, "{uri}");
        assert!(!signed_in(&stage).await, "{uri}: the session lives on");
        assert_eq!(location(&stage.get(end(&stage, &asked)).await), onward, "{uri}: nobody was signed in any more");
    }
    let tokens = stage.tokens(ADA).await;
    let hint = tokens.text("id_token");
    let form = [("id_token_hint", hint), ("post_logout_redirect_uri", DONE), ("client_id", &stage.client.client_id)];
    assert_eq!(location(&stage.post("/connect/endsession", &form).await), DONE, "the endpoint takes POST as well");

    let tokens = stage.tokens(ADA).await;
    let hint = tokens.text("id_token").to_owned();
    stage.client = stage.platform.register_client(application(RegistrationType::Web)).expect("a good registration");
    stage.platform.allow_post_logout(&stage.client.client_id, "https://other.example/").expect("a client");
    let foreign = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://other.example/")];
    let with_id = [foreign[0], foreign[1], ("client_id", &stage.client.client_id)];
    let page = text(stage.get(end(&stage, &with_id)).await).await;
    assert!(page.contains(r#"<form id="confirm-sign-out""#), "an ID token of one client signed out for another");
    assert_eq!(location(&stage.get(end(&stage, &foreign)).await), "/", "an address of another client");
}

#[tokio::test]
async fn without_an_id_token_of_the_signed_in_user_the_user_is_asked_and_stays() {
    let stage = Stage::new().await;
    stage.platform.allow_post_logout(&stage.client.client_id, DONE).expect("a client");
    let of_mallory = stage.tokens(MALLORY).await;
    let stage = stage.another_browser();
    let of_ada = stage.tokens(ADA).await;
    let doubled = [("id_token_hint", of_ada.text("id_token")), ("id_token_hint", of_ada.text("id_token"))];
    for hint in [&[][..], &[("id_token_hint", "x")], &[("id_token_hint", of_mallory.text("id_token"))], &doubled] {
        let asked: Vec<_> = [("post_logout_redirect_uri", DONE), ("client_id", stage.client.client_id.as_str())]
            .into_iter()
            .chain(hint.iter().copied())
            .collect();
        let page = text(stage.get(end(&stage, &asked)).await).await;
        assert!(page.contains(r#"<form id="confirm-sign-out""#), "{page}");
        assert!(signed_in(&stage).await);
    }
}

#[tokio::test]
async fn redirect_uris_serve_after_a_sign_out_where_the_settings_say_so() {
    let assumptions = Assumptions { post_logout_to_redirect_uris: true, ..Assumptions::default() };
    let stage = Stage::with(Settings { assumptions, ..Settings::default() }, RegistrationType::Web).await;
    let tokens = stage.tokens(ADA).await;
    let asked = [("id_token_hint", tokens.text("id_token")), ("post_logout_redirect_uri", REDIRECT_URI)];
    assert_eq!(location(&stage.get(end(&stage, &asked)).await), REDIRECT_URI);
}
