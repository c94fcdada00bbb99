use collaudo::oauth::{ScopeSet, code_challenge_s256};
use collaudo::platform::Platform;
use collaudo::platform::accounts::{GrantType, RegistrationRequest, RegistrationType};
use regex::Regex;
use reqwest::header::LOCATION;
use reqwest::{Client, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

const REDIRECT_URI: &str = "http://127.0.0.1:5000/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// An access token with these scopes: the user signs in and grants them all to an application that is registered for them.
pub async fn token(platform: &Platform, email: &str, scopes: &str) -> String {
    let registration = RegistrationRequest {
        r#type: RegistrationType::Native,
        grant: GrantType::AuthorizationCode,
        name: "Agenda in tasca".to_owned(),
        description: "Agenda e pazienti".to_owned(),
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        scopes: ScopeSet::parse(scopes),
        claims: Vec::new(),
    };
    let client_id = platform.register_client(registration).expect("a good registration").client_id;
    let browser = Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let url = |path: &str| platform.issuer().join(path).expect("a path");
    let mut request = url("/connect/authorize");
    request
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &client_id)
        .append_pair("redirect_uri", REDIRECT_URI)
        .append_pair("scope", scopes)
        .append_pair("state", "state-of-this-login")
        .append_pair("nonce", "nonce-of-this-login")
        .append_pair("code_challenge", &code_challenge_s256(VERIFIER))
        .append_pair("code_challenge_method", "S256");
    let get = async |url: Url| browser.get(url).send().await.expect("an answer");
    let post = async |path: &str, form: &[(&str, &str)]| browser.post(url(path)).form(form).send().await.expect("an answer");

    let page = text(get(url(&location(&get(request).await))).await).await;
    let password = platform.password_of(email).expect("a user");
    let (csrf, id) = (field(&page, "csrf"), field(&page, "request"));
    let form = [("csrf", csrf.as_str()), ("request", &id), ("email", email), ("password", password.expose_secret())];
    let page = text(get(url(&location(&post("/sign-in", &form).await))).await).await;

    let (csrf, id) = (field(&page, "csrf"), field(&page, "request"));
    let mut form = vec![("csrf", csrf.as_str()), ("request", &id), ("decision", "allow")];
    form.extend(scopes.split_ascii_whitespace().map(|scope| ("scope", scope)));
    let callback = Url::parse(&location(&post("/consent", &form).await)).expect("a URL");
    let code = callback.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();

    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &client_id),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    let answer: Value = serde_json::from_str(&text(post("/connect/token", &form).await).await).expect("JSON");
    answer["access_token"].as_str().unwrap_or_else(|| panic!("no access token: {answer}")).to_owned()
}

fn location(response: &Response) -> String {
    let value = response.headers().get(LOCATION).unwrap_or_else(|| panic!("no redirect: {}", response.status()));
    value.to_str().expect("text").to_owned()
}

async fn text(response: Response) -> String {
    response.text().await.expect("text")
}

fn field(page: &str, name: &str) -> String {
    let pattern = Regex::new(&format!(r#"<form id="[^"]*"[\s\S]*?name="{name}" value="([^"]*)""#)).expect("a pattern");
    pattern.captures(page).unwrap_or_else(|| panic!("no field {name} in {page}"))[1].to_owned()
}
