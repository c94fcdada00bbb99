//! What a user sees of the own grants, and takes back.

use collaudo::platform::accounts::{ADA, ELIO, GrantType, RegistrationRequest, RegistrationType};
use collaudo::platform::{Platform, Settings};
use reqwest::{Client, StatusCode};
use secrecy::ExposeSecret;

use super::person::Person;

#[tokio::test]
async fn a_user_sees_the_connected_applications_and_takes_the_access_back() {
    let platform = Platform::start(Settings::default()).await.expect("a free port");
    let request = RegistrationRequest {
        r#type: RegistrationType::Web,
        grant: GrantType::AuthorizationCode,
        name: "Portale Pazienti".to_owned(),
        description: "Mostra i pazienti.".to_owned(),
        redirect_uris: vec!["http://127.0.0.1:5000/callback".to_owned()],
        scopes: ["openid", "giponext.patients"].into_iter().collect(),
        claims: Vec::new(),
    };
    let client_id = platform.register_client(request).expect("approved").client_id;
    let token = platform.issue_access_token(ELIO, &client_id).await.expect("a token");
    let asks = async || {
        let answer = Client::new().get(platform.api().join("/v2/userinfo").expect("a path")).bearer_auth(token.expose_secret()).send();
        answer.await.expect("an answer").status()
    };
    assert_eq!(asks().await, StatusCode::OK);
    let (elio, other) = (Person::signed_in(&platform, ELIO), Person::signed_in(&platform, ADA));
    assert!(other.get("/connected").await.html.contains("No application is connected"), "only one's own");
    let shown = elio.get("/connected").await.html;
    assert!(shown.contains("Portale Pazienti") && !shown.contains("No application is connected"), "{shown}");
    let foreign = other.post("/support/new/other", "/connected", &[("client_id", &client_id)]).await;
    assert_eq!((foreign.status, asks().await), (StatusCode::NOT_FOUND, StatusCode::OK));

    let removed = elio.fill("/connected", &[("client_id", &client_id)]).await;
    assert_eq!((removed.status, removed.location.as_str()), (StatusCode::SEE_OTHER, "/connected"));
    assert_eq!(asks().await, StatusCode::UNAUTHORIZED);
    assert!(elio.get("/connected").await.html.contains("No application is connected"));
}
