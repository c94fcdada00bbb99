use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use collaudo::domain::{ClientAuthentication, Credential, Endpoint};
use collaudo::oauth::{Metadata, code_challenge_s256, decode_jwt};
use collaudo::platform::accounts::{ADA, CARLA, RegistrationType, TENANT};
use collaudo::platform::{Assumptions, Settings, SigningAlgorithm};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use super::stage::{NONCE, REDIRECT_URI, STATE, Stage, VERIFIER, answer, code_request, location, parameter, parameters, text};

/// The claims of a token, its signature checked against the platform's JWKS.
async fn signed_claims(stage: &Stage, token: &str, audience: &str) -> Value {
    let jwks = text(stage.get(stage.url("/.well-known/openid-configuration/jwks")).await).await;
    let keys: JwkSet = serde_json::from_str(&jwks).expect("a JWKS");
    let kid = jsonwebtoken::decode_header(token).expect("a header").kid.expect("a kid");
    let key = DecodingKey::from_jwk(keys.find(&kid).expect("the key of the JWKS")).expect("a good key");
    let algorithm = stage.platform.shared().settings.assumptions.signing_algorithm.name();
    let mut validation = Validation::new(algorithm.parse::<Algorithm>().expect("a known algorithm"));
    validation.set_audience(&[audience]);
    validation.set_issuer(&[stage.platform.shared().issuer_text()]);
    jsonwebtoken::decode::<Value>(token, &key, &validation).expect("a good token").claims
}

#[tokio::test]
async fn a_login_with_code_and_pkce_gives_tokens_that_say_who_and_what() {
    let stage = Stage::new().await;
    let consent = stage.consent(ADA, &[]).await;
    assert!(consent.page.contains(r#"<span id="application">Portale &#60;Pazienti&#62;</span>"#), "{}", consent.page);
    for scope in ["profile", "offline_access", "giponext.patients", "giponext.agenda"] {
        assert!(consent.page.contains(&format!(r#"name="scope" value="{scope}" checked"#)), "{scope} cannot be unticked");
    }
    assert!(!consent.page.contains(r#"value="giponext.invoices""#));
    let response = stage.decide(&consent, "allow", &["profile", "offline_access", "giponext.patients", "giponext.agenda"]).await;
    assert!(response.as_str().starts_with(REDIRECT_URI), "{response}");
    let sent = parameters(&response);
    assert_eq!((sent["state"].as_str(), sent["iss"].as_str()), (STATE, stage.platform.shared().issuer_text()));

    let mark = stage.platform.journal().mark();
    let tokens = stage.redeem(&sent["code"]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    assert_eq!((tokens.headers["cache-control"].as_bytes(), tokens.text("token_type")), (b"no-store".as_slice(), "Bearer"));
    assert_eq!(tokens.json["expires_in"], 3600);
    assert_eq!(tokens.text("scope"), "giponext.agenda giponext.patients offline_access openid profile");

    let subject = stage.platform.subject_of(ADA).expect("Ada").0;
    let id_token = signed_claims(&stage, tokens.text("id_token"), &stage.client.client_id).await;
    assert_eq!((id_token["sub"].as_str(), id_token["nonce"].as_str(), id_token.get("name")), (Some(&*subject), Some(NONCE), None));
    assert!(
        id_token["auth_time"].is_i64() && id_token["sid"].is_string() && id_token["at_hash"].is_string() && id_token.get("email").is_none()
    );
    let digest = ring::digest::digest(&ring::digest::SHA256, tokens.text("access_token").as_bytes());
    assert_eq!(id_token["at_hash"], URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]));
    let access = signed_claims(&stage, tokens.text("access_token"), &format!("{}/v2", stage.platform.shared().issuer_text())).await;
    assert_eq!((access["tenant_id"].as_u64(), access["client_id"].as_str()), (Some(TENANT.0.into()), Some(&*stage.client.client_id)));
    assert_eq!(decode_jwt(tokens.text("access_token")).expect("a JWT").header["typ"], "at+jwt");

    let seen = &stage.platform.journal().since(mark)[0];
    let facts = &seen.facts;
    assert_eq!((facts.client_id.as_deref(), facts.subject.as_deref()), (Some(&*stage.client.client_id), Some(&*subject)));
    assert_eq!(facts.client_authentication, [ClientAuthentication::ClientSecretPost]);
    assert_eq!(facts.verifier_challenge, Some(code_challenge_s256(VERIFIER)));
    assert_eq!((facts.verifier_length, facts.verifier_unreserved, facts.scopes.as_ref().map(Vec::len)), (Some(43), Some(true), Some(5)));
    assert_eq!(seen.response.as_ref().expect("JSON")["access_token"], "[access-token-1]");
}

#[tokio::test]
async fn tokens_are_signed_by_the_algorithm_of_the_settings() {
    let assumptions = Assumptions { signing_algorithm: SigningAlgorithm::Es256, ..Assumptions::default() };
    let stage = Stage::with(Settings { assumptions, ..Settings::default() }, RegistrationType::Web).await;
    let metadata = answer(stage.get(stage.url("/.well-known/openid-configuration")).await).await.json;
    assert_eq!(metadata["id_token_signing_alg_values_supported"], serde_json::json!(["ES256"]));
    let tokens = stage.tokens(ADA).await;
    let claims = signed_claims(&stage, tokens.text("id_token"), &stage.client.client_id).await;
    assert_eq!(claims["nonce"], NONCE);
    // The platform takes what it signed.
    assert_eq!(stage.userinfo(tokens.text("access_token")).await.status, 200);
}

#[tokio::test]
async fn the_metadata_announce_what_there_is_and_nothing_else() {
    let stage = Stage::new().await;
    let document = answer(stage.get(stage.url("/.well-known/openid-configuration")).await).await.json;
    assert_eq!(document, answer(stage.get(stage.url("/.well-known/oauth-authorization-server")).await).await.json);
    let metadata: Metadata = serde_json::from_value(document).expect("metadata");
    assert_eq!(metadata.issuer, stage.platform.shared().issuer_text());
    assert!(metadata.authorization_response_iss_parameter_supported);
    assert_eq!(
        (metadata.response_types_supported, metadata.code_challenge_methods_supported),
        (vec!["code".to_owned()], vec!["S256".to_owned()])
    );
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    assert_eq!(metadata.grant_types_supported, ["authorization_code", "refresh_token", device]);
    assert_eq!(metadata.token_endpoint_auth_methods_supported, ["client_secret_basic", "client_secret_post", "none"]);
}

#[tokio::test]
async fn what_the_user_unticks_is_not_granted() {
    let stage = Stage::new().await;
    let consent = stage.consent(ADA, &[]).await;
    let code = parameter(&stage.decide(&consent, "allow", &["giponext.agenda", "giponext.invoices"]).await, "code");
    let tokens = stage.redeem(&code).await;
    assert_eq!(tokens.text("scope"), "giponext.agenda openid");
    assert!(tokens.json.get("refresh_token").is_none() && decode_jwt(tokens.text("id_token")).expect("a JWT").claims.get("name").is_none());

    let consent = stage.consent(ADA, &[("scope", "giponext.patients")]).await;
    let response = stage.decide(&consent, "allow", &[]).await;
    assert_eq!(parameter(&response, "error"), "access_denied");
    let consent = stage.consent(ADA, &[]).await;
    let response = parameters(&stage.decide(&consent, "cancel", &["giponext.agenda"]).await);
    assert_eq!((response["error"].as_str(), response["state"].as_str(), response.get("code")), ("access_denied", STATE, None));
    assert_eq!(response["iss"], stage.platform.shared().issuer_text());
}

#[tokio::test]
async fn an_id_token_names_the_user_where_it_is_assumed_to() {
    let assumptions = Assumptions { user_claims_in_id_token: true, ..Assumptions::default() };
    let stage = Stage::with(Settings { assumptions, ..Settings::default() }, RegistrationType::Web).await;
    let tokens = stage.tokens(ADA).await;
    let claims = decode_jwt(tokens.text("id_token")).expect("a JWT").claims;
    assert_eq!((claims["name"].as_str(), claims.get("email")), (Some("Ada Ferri"), None), "the scope email was not asked for");
}

#[tokio::test]
async fn an_access_token_is_taken_in_the_header_only() {
    let stage = Stage::new().await;
    let tokens = stage.tokens(ADA).await;
    let token = tokens.text("access_token");
    let userinfo = stage.userinfo(token).await;
    assert_eq!((userinfo.status.as_u16(), userinfo.text("name")), (200, "Ada Ferri"));

    let mark = stage.platform.journal().mark();
    let both = stage.browser.get(stage.url("/connect/userinfo?access_token=x")).bearer_auth(token).send().await.expect("an answer");
    assert_eq!(both.status(), 401, "a token in two places");
    let mark = mark + 1;
    let in_query = answer(stage.get(stage.url(&format!("/connect/userinfo?access_token={token}"))).await).await;
    assert_eq!((in_query.status.as_u16(), in_query.headers["www-authenticate"].as_bytes()), (401, b"Bearer realm=\"GipoNext\"".as_slice()));
    let seen =
        stage.platform.journal().wait_for(mark, "userinfo call", std::time::Duration::from_secs(5), |e| e.endpoint == Endpoint::Userinfo);
    assert_eq!(seen.await.expect("recorded").facts.credentials, [Credential::Query]);
    assert_eq!(stage.userinfo(&format!("{token}x")).await.error(), (401, "invalid_token"));
    let id_token = tokens.text("id_token");
    assert_eq!(stage.userinfo(id_token).await.error(), (401, "invalid_token"), "an ID token opened the API");

    stage.platform.shared().clock.advance(std::time::Duration::from_secs(3601));
    let expired = stage.userinfo(token).await;
    assert_eq!(expired.error(), (401, "invalid_token"));
    assert!(expired.headers["www-authenticate"].to_str().expect("text").contains(r#"error="invalid_token""#));
}

#[tokio::test]
async fn a_public_client_signs_in_with_pkce_and_no_secret_on_any_loopback_port() {
    let settings =
        Settings { assumptions: Assumptions { tenant_claim: "tid".to_owned(), ..Assumptions::default() }, ..Settings::default() };
    let stage = Stage::with(settings, RegistrationType::Native).await;
    assert!(stage.client.client_secret.is_none());
    let redirect_uri = "http://127.0.0.1:61234/callback?kept=1";
    let response = stage.login(ADA, &[("redirect_uri", redirect_uri)]).await;
    let code = parameter(&response, "code");
    let mut request = code_request(&code);
    assert_eq!(stage.token(&request).await.error(), (400, "invalid_grant"), "another port at the token endpoint");
    request[2].1 = redirect_uri;
    let tokens = stage.token(&request).await;
    assert_eq!(decode_jwt(tokens.text("access_token")).expect("a JWT").claims["tid"], TENANT.0);
    // GipoNext's administrator belongs to no tenant.
    let other = Stage::new().await;
    assert!(decode_jwt(other.tokens(CARLA).await.text("access_token")).expect("a JWT").claims.get("tenant_id").is_none());
}

#[tokio::test]
async fn two_windows_keep_their_own_users() {
    let stage = Stage::new().await;
    let first = stage.consent(ADA, &[("state", "first")]).await;
    let second = stage.consent(collaudo::platform::accounts::BRUNO, &[("state", "second"), ("prompt", "login")]).await;
    for (consent, state, email) in [(second, "second", collaudo::platform::accounts::BRUNO), (first, "first", ADA)] {
        let response = stage.decide(&consent, "allow", &["offline_access"]).await;
        assert_eq!(parameter(&response, "state"), state);
        let tokens = stage.redeem(&parameter(&response, "code")).await;
        let subject = stage.platform.subject_of(email).expect("a user").0;
        assert_eq!(decode_jwt(tokens.text("id_token")).expect("a JWT").claims["sub"], subject);
    }
}

#[tokio::test]
async fn pages_are_in_the_reader_s_language() {
    let stage = Stage::new().await;
    let page = stage.url(&location(&stage.get(stage.authorization_url(&[])).await));
    assert!(text(stage.get(page.clone()).await).await.contains("per continuare su"));
    let english = stage.browser.get(page).header("accept-language", "en").send().await.expect("an answer");
    assert!(text(english).await.contains("to continue to"));
}
