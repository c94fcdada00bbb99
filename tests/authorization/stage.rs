use std::collections::HashMap;
use std::sync::Arc;

use collaudo::oauth::{ScopeSet, code_challenge_s256};
use collaudo::platform::accounts::{Credentials, GrantType, RegistrationRequest, RegistrationType};
use collaudo::platform::relay::RelayTarget;
use collaudo::platform::{Platform, Settings};
use regex::Regex;
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Client, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

pub const REDIRECT_URI: &str = "http://127.0.0.1:5000/callback?kept=1";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const STATE: &str = "state-of-this-login";
pub const NONCE: &str = "nonce-of-this-login";
pub const SCOPES: &str = "openid profile offline_access giponext.patients giponext.agenda";

/// A platform, one registered client, and one browser without scripts.
pub struct Stage {
    pub platform: Arc<Platform>,
    pub client: Credentials,
    pub browser: Client,
    /// Who has the pages and the people, where the platform is a relay.
    pub target: Option<Arc<Platform>>,
}

/// An open consent page.
pub struct Consent {
    pub page: String,
    pub request: String,
    pub csrf: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Answer {
    pub fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), self.json["error"].as_str().unwrap_or_default())
    }

    pub fn text(&self, member: &str) -> &str {
        self.json[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.json))
    }
}

pub fn application(r#type: RegistrationType) -> RegistrationRequest {
    RegistrationRequest {
        r#type,
        grant: GrantType::AuthorizationCode,
        name: "Portale <Pazienti>".to_owned(),
        description: "Prenotazioni".to_owned(),
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        scopes: ScopeSet::parse(SCOPES),
        claims: vec!["name".to_owned()],
    }
}

pub fn browser() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(Settings::default(), RegistrationType::Web).await
    }

    pub async fn with(settings: Settings, r#type: RegistrationType) -> Self {
        let platform = Arc::new(Platform::start(settings).await.expect("a free port"));
        let client = platform.register_client(application(r#type)).expect("a good registration");
        Self { platform, client, browser: browser(), target: None }
    }

    /// A relay before a platform, at which the client is registered.
    pub async fn behind_a_relay(read_only: bool) -> Self {
        let Self { platform: target, client, browser, .. } = Self::new().await;
        let issuer = target.shared().issuer_text().to_owned();
        let to_target = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let target_file = RelayTarget { issuer, api: Some(target.api().clone()), client: to_target, read_only };
        let relay = Platform::relay(Settings::default(), target_file).await.expect("a relay");
        relay.preregister_client(application(RegistrationType::Web), &client).expect("a good registration");
        Self { platform: Arc::new(relay), client, browser, target: Some(target) }
    }

    /// The platform that has the pages and the people.
    pub fn pages(&self) -> &Platform {
        self.target.as_ref().unwrap_or(&self.platform)
    }

    /// Another person's browser.
    pub fn another_browser(&self) -> Self {
        Self { platform: self.platform.clone(), client: self.client.clone(), browser: browser(), target: self.target.clone() }
    }

    pub fn url(&self, path: &str) -> Url {
        let is_page = ["/sign-in", "/consent"].iter().any(|page| path.starts_with(page));
        let platform = if is_page { self.pages() } else { &self.platform };
        platform.issuer().join(path).expect("a path")
    }

    /// The honest authorization request; a change with an empty value leaves the parameter out.
    pub fn authorization_url(&self, changes: &[(&str, &str)]) -> Url {
        let challenge = code_challenge_s256(VERIFIER);
        let honest = [
            ("response_type", "code"),
            ("client_id", &self.client.client_id),
            ("redirect_uri", REDIRECT_URI),
            ("scope", SCOPES),
            ("state", STATE),
            ("nonce", NONCE),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let mut url = self.url("/connect/authorize");
        let changed = |name: &str| changes.iter().any(|(key, _)| *key == name);
        url.query_pairs_mut()
            .extend_pairs(honest.iter().filter(|(name, _)| !changed(name)))
            .extend_pairs(changes.iter().filter(|(_, value)| !value.is_empty()));
        url
    }

    pub async fn get(&self, url: impl reqwest::IntoUrl) -> Response {
        self.browser.get(url).send().await.expect("an answer")
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.browser.post(self.url(path)).form(form).send().await.expect("an answer")
    }

    /// Follows the authorization request to the consent page, signing in where asked.
    pub async fn consent(&self, email: &str, changes: &[(&str, &str)]) -> Consent {
        let mut location = location(&self.get(self.authorization_url(changes)).await);
        if self.target.is_some() {
            location = self::location(&self.get(location).await);
        }
        if location.starts_with("/sign-in") {
            let page = text(self.get(self.url(&location)).await).await;
            let password = self.pages().password_of(email).expect("a user");
            let (csrf, request) = (field(&page, "csrf"), field(&page, "request"));
            let form = [("csrf", csrf.as_str()), ("request", &request), ("email", email), ("password", password.expose_secret())];
            let response = self.post("/sign-in", &form).await;
            assert_eq!(response.status(), 303, "the sign-in is refused");
            location = self::location(&response);
        }
        let page = text(self.get(self.url(&location)).await).await;
        Consent { request: field(&page, "request"), csrf: field(&page, "csrf"), page }
    }

    pub async fn decide(&self, consent: &Consent, decision: &str, scopes: &[&str]) -> Url {
        let mut form = vec![("csrf", consent.csrf.as_str()), ("request", &consent.request), ("decision", decision)];
        form.extend(scopes.iter().map(|scope| ("scope", *scope)));
        let response = self.post("/consent", &form).await;
        assert_eq!(response.status(), 303, "the decision is not answered with a redirect");
        let location = location(&response);
        let answered = self.target.as_ref().map(|_| self.platform.responses()(&location).expect("the target's answer"));
        answered.unwrap_or(location).parse().expect("a URL")
    }

    /// A whole login with every scope granted: the redirect URI with the response.
    pub async fn login(&self, email: &str, changes: &[(&str, &str)]) -> Url {
        let consent = self.consent(email, changes).await;
        let scopes: Vec<&str> = SCOPES.split(' ').collect();
        self.decide(&consent, "allow", &scopes).await
    }

    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.as_client("/connect/token", form).await
    }

    /// A token request, its answer not read yet.
    pub async fn send_token_request(&self, form: &[(&str, &str)]) -> reqwest::Response {
        self.send_as_client("/connect/token", form).await
    }

    /// A form posted with the client's credentials in it.
    pub async fn as_client(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        answer(self.send_as_client(path, form).await).await
    }

    async fn send_as_client(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
        let secret = self.client.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        let mut form = form.to_vec();
        form.push(("client_id", &self.client.client_id));
        form.extend(secret.as_deref().map(|secret| ("client_secret", secret)));
        self.post(path, &form).await
    }

    pub async fn redeem(&self, code: &str) -> Answer {
        self.token(&code_request(code)).await
    }

    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    pub async fn tokens(&self, email: &str) -> Answer {
        let answer = self.redeem(&parameter(&self.login(email, &[]).await, "code")).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        answer
    }

    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let request = self.browser.get(self.url("/connect/userinfo")).bearer_auth(access_token);
        answer(request.send().await.expect("an answer")).await
    }
}

pub fn code_request(code: &str) -> [(&'static str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT_URI), ("code_verifier", VERIFIER)]
}

pub fn location(response: &Response) -> String {
    let value = response.headers().get(LOCATION).unwrap_or_else(|| panic!("no redirect: {}", response.status()));
    value.to_str().expect("text").to_owned()
}

pub async fn text(response: Response) -> String {
    response.text().await.expect("text")
}

pub async fn answer(response: Response) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let text = text(response).await;
    Answer { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
}

pub fn field(page: &str, name: &str) -> String {
    let pattern = Regex::new(&format!(r#"<form id="[^"]*"[\s\S]*?name="{name}" value="([^"]*)""#)).expect("a pattern");
    pattern.captures(page).unwrap_or_else(|| panic!("no field {name} in {page}"))[1].to_owned()
}

pub fn parameters(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

pub fn parameter(url: &Url, name: &str) -> String {
    parameters(url).remove(name).unwrap_or_else(|| panic!("no {name} in {url}"))
}
