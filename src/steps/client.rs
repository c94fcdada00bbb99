//! A client of our own, for the platform suite: code with PKCE through the browser, refresh, calls. On the `oauth2` crate.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Html;
use axum::routing::get;
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use url::Url;

use super::people::Person;
use super::sign_in::Consent;
use super::stage::Stage;
use super::target_pages::{Went, go_through, nothing_to_refuse};
use super::{Failure, PATIENCE, limits};
use crate::browser::Page;
use crate::browser::pages::{ConsentPage, PlatformWindow, Shown, SignInPage, TargetPages};
use crate::checks::Answer;
use crate::domain::ClientAuth;
use crate::oauth::{Metadata, ScopeSet, discovery_of, giponext};
use crate::platform::accounts::{Credentials, GrantType, RegistrationRequest, RegistrationType};

type Configured = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Our registered client and what it holds.
pub struct OwnClient {
    pub metadata: Metadata,
    /// The discovery document with every member.
    pub document: Value,
    pub credentials: Credentials,
    /// How it says who it is.
    pub auth: ClientAuth,
    /// A further client, where the platform has one for us.
    pub other: Option<(Credentials, ClientAuth)>,
    /// Further parameters of its authorization requests.
    pub extra: BTreeMap<String, String>,
    pub redirect_uri: Url,
    pub scopes: ScopeSet,
    pub http: reqwest::Client,
    responses: mpsc::UnboundedReceiver<String>,
    /// The last code, and the verifier and nonce that go with it.
    pub code: Option<(SecretString, String)>,
    pub nonce: String,
    pub tokens: Option<Tokens>,
    /// The last answer, of whatever endpoint.
    pub answer: Option<Answer>,
    /// The last authorization request that was sent without a browser, and whether nobody is to be asked for anything.
    pub asked_for: Option<(Url, bool)>,
    /// The authorization response that came last, and the state of its request.
    pub response: Option<(String, String)>,
    server: tokio::task::JoinHandle<()>,
}

/// What a token answer gave.
#[derive(Clone)]
pub struct Tokens {
    pub access: SecretString,
    pub refresh: Option<SecretString>,
    pub id: Option<SecretString>,
}

/// What a browser brought back to the redirect URI.
pub enum Response {
    Code,
    Error(String),
}

impl Drop for OwnClient {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl OwnClient {
    /// Frees the redirect URI's port before it returns: at a target, the next scenario needs the same one.
    pub async fn stop(mut self) {
        self.server.abort();
        // Always the abort.
        let _ = (&mut self.server).await;
    }

    /// Registers a client at the mock, or takes the target file's.
    pub async fn register(stage: &Stage) -> Result<Self, Failure> {
        let remote = stage.setup.remote();
        // Before the port is taken: without a platform there is nobody who would free it.
        let http = stage.platform_client()?;
        let discovery = discovery_of(stage.platform_issuer());
        let unreadable = |error: &dyn std::fmt::Display| Failure::unjudged(format!("{discovery} is no discovery document: {error}"));
        let document = http.get(&discovery).send().await.map_err(Failure::unjudged)?;
        let document: Value = document.json().await.map_err(|error| unreadable(&error))?;
        let metadata = Metadata::deserialize(&document).map_err(|error| unreadable(&error))?;
        let wanted = remote.map(|remote| remote.file.client.redirect_uri.clone());
        let port = wanted.as_ref().and_then(Url::port_or_known_default).unwrap_or(0);
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await;
        let listener = listener.map_err(|error| port_is_taken(port, &error))?;
        let address = listener.local_addr().map_err(Failure::broke)?;
        let redirect_uri = match wanted {
            Some(uri) => uri,
            None => Url::parse(&format!("http://{address}/callback")).map_err(Failure::broke)?,
        };
        let scopes: ScopeSet = match remote {
            Some(remote) => remote.file.client.scopes.as_ref().unwrap_or(&stage.setup.profile.app.scopes).iter().cloned().collect(),
            None => giponext::ALL.into_iter().collect(),
        };
        let credentials = match remote {
            Some(remote) => Credentials { client_id: remote.file.client.client_id.clone(), client_secret: remote.client_secret.clone() },
            None => stage.mock()?.register_client(own_registration(&redirect_uri, &scopes)).map_err(Failure::broke)?,
        };
        let other = match remote {
            Some(remote) => remote.other_client(),
            None => {
                let elsewhere = Url::parse(&format!("http://{address}/other")).map_err(Failure::broke)?;
                let other = stage.mock()?.register_client(own_registration(&elsewhere, &scopes)).map_err(Failure::broke)?;
                Some((other, ClientAuth::default()))
            }
        };
        let (sender, responses) = mpsc::unbounded_channel();
        let routes = Router::new().route(redirect_uri.path(), get(take_response)).with_state(sender);
        let server = tokio::spawn(async move {
            // Ends with the task.
            let _ = axum::serve(listener, routes).await;
        });
        let nonce = CsrfToken::new_random().into_secret();
        let (code, tokens, answer, asked_for, response) = Default::default();
        Ok(Self {
            metadata,
            document,
            credentials,
            auth: remote.map(|remote| remote.file.client.auth).unwrap_or_default(),
            extra: remote.map(|remote| remote.file.authorize.extra.clone()).unwrap_or_default(),
            other,
            redirect_uri,
            scopes,
            http,
            responses,
            code,
            nonce,
            tokens,
            answer,
            asked_for,
            response,
            server,
        })
    }

    /// Sends a person through sign-in and consent; keeps the code that comes back, with the verifier that goes with it.
    pub async fn authorize(&mut self, stage: &mut Stage, name: &str, refused: &[&str]) -> Result<Response, Failure> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        self.authorize_with(stage, name, refused, Some(challenge), verifier).await
    }

    /// The same, with a challenge of the caller's, or none.
    pub async fn authorize_with(
        &mut self,
        stage: &mut Stage,
        name: &str,
        refused: &[&str],
        challenge: Option<PkceCodeChallenge>,
        verifier: PkceCodeVerifier,
    ) -> Result<Response, Failure> {
        let person = stage.person(name)?;
        let oauth = self.oauth()?;
        let mut request = oauth
            .authorize_url(CsrfToken::new_random)
            .add_scopes(self.scopes.iter().map(|scope| Scope::new(scope.to_owned())))
            .add_extra_param("nonce", self.nonce.clone());
        if self.scopes.contains(giponext::OFFLINE_ACCESS) {
            // OpenID Connect Core section 11: without it a provider may leave the refresh token out.
            request = request.add_extra_param("prompt", "consent");
        }
        for (name, value) in &self.extra {
            request = request.add_extra_param(name, value);
        }
        if let Some(challenge) = challenge {
            request = request.set_pkce_challenge(challenge);
        }
        let (url, state) = request.url();
        let context = stage.setup.browser.context().await?;
        let page = context.open(url.as_str()).await?;
        let consented = AtomicBool::new(false);
        // A platform may answer before it has asked for consent: it remembers one, or tells an error.
        let response = tokio::select! {
            went = sign_in(&page, stage, &person, refused, &consented) => {
                went?;
                tokio::time::timeout(PATIENCE, self.responses.recv()).await.ok().flatten()
            }
            response = self.responses.recv() => response,
        };
        context.close().await;
        let response = response.ok_or_else(|| Failure::unjudged("no authorization response came to the redirect URI"))?;
        let (code, error) = (query_value(&response, "code"), query_value(&response, "error"));
        if !refused.is_empty() && code.is_some() && !consented.load(Ordering::Relaxed) {
            return Err(nothing_to_refuse());
        }
        self.response = Some((response, state.into_secret()));
        match (code, error) {
            (Some(code), None) => {
                self.code = Some((SecretString::from(code), verifier.into_secret()));
                Ok(Response::Code)
            }
            (_, error) => Ok(Response::Error(error.unwrap_or_else(|| "neither code nor error".to_owned()))),
        }
    }

    /// What came to the redirect URI for somebody else to look at is not the next sign-in's.
    pub(super) fn forget_responses(&mut self) {
        while self.responses.try_recv().is_ok() {}
    }

    /// Redeems the code that was kept, with its own verifier or another one.
    pub async fn redeem(&mut self, verifier: Option<&str>) -> Result<(), Failure> {
        let (code, own) = self.code.clone().ok_or_else(|| Failure::broke("the client has no code"))?;
        let verifier = PkceCodeVerifier::new(verifier.map_or(own, str::to_owned));
        let code = AuthorizationCode::new(code.expose_secret().to_owned());
        let oauth = self.oauth()?;
        let answer = std::sync::Mutex::new(None);
        let send = |request| call(&self.http, request, &answer);
        let result = oauth.exchange_code(code).set_pkce_verifier(verifier).request_async(&send).await;
        self.keep(answer, result.ok());
        Ok(())
    }

    pub async fn refresh(&mut self, token: &SecretString) -> Result<(), Failure> {
        let oauth = self.oauth()?;
        let token = RefreshToken::new(token.expose_secret().to_owned());
        let answer = std::sync::Mutex::new(None);
        let send = |request| call(&self.http, request, &answer);
        let result = oauth.exchange_refresh_token(&token).request_async(&send).await;
        self.keep(answer, result.ok());
        Ok(())
    }

    pub async fn get(&mut self, url: &str, token: Option<&SecretString>) -> Result<(), Failure> {
        let request = self.http.get(url);
        let request = match token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        self.send(request).await
    }

    pub fn answer(&self) -> Result<&Answer, Failure> {
        self.answer.as_ref().ok_or_else(|| Failure::broke("the client has asked nothing yet"))
    }

    pub fn tokens(&self) -> Result<&Tokens, Failure> {
        self.tokens.as_ref().ok_or_else(|| Failure::unjudged("the client got no tokens"))
    }

    pub async fn send(&mut self, request: reqwest::RequestBuilder) -> Result<(), Failure> {
        let request = request.build().map_err(|error| Failure::broke(error.without_url()))?;
        let response = limits::send(&self.http, request).await.map_err(|error| Failure::unjudged(error.without_url()))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(Failure::unjudged)?;
        self.answer = Some(Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) });
        Ok(())
    }

    fn keep(&mut self, answer: std::sync::Mutex<Option<Answer>>, tokens: Option<BasicTokenResponse>) {
        use oauth2::TokenResponse;
        self.answer = answer.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(tokens) = tokens {
            let id = self.answer.as_ref().and_then(|answer| answer.body.get("id_token")).and_then(Value::as_str);
            self.tokens = Some(Tokens {
                access: SecretString::from(tokens.access_token().secret().clone()),
                refresh: tokens.refresh_token().map(|token| SecretString::from(token.secret().clone())),
                id: id.map(|id| SecretString::from(id.to_owned())),
            });
        }
    }

    fn oauth(&self) -> Result<Configured, Failure> {
        let mut client = BasicClient::new(ClientId::new(self.credentials.client_id.clone()));
        if let Some(secret) = &self.credentials.client_secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        }
        let auth = match self.auth {
            ClientAuth::Basic => AuthType::BasicAuth,
            ClientAuth::Post => AuthType::RequestBody,
        };
        Ok(client
            .set_auth_type(auth)
            .set_auth_uri(AuthUrl::new(self.metadata.authorization_endpoint.clone()).map_err(Failure::unjudged)?)
            .set_token_uri(TokenUrl::new(self.metadata.token_endpoint.clone()).map_err(Failure::unjudged)?)
            .set_redirect_uri(RedirectUrl::new(self.redirect_uri.to_string()).map_err(Failure::broke)?))
    }
}

/// A parameter of a query.
pub(super) fn query_value(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Types both, grants everything but the `refused` scopes. `consented`: from when on the platform has been asked to answer.
pub(super) async fn sign_in(page: &Page, stage: &Stage, person: &Person, refused: &[&str], consented: &AtomicBool) -> Result<(), Failure> {
    if let Some(pages) = TargetPages::of(page) {
        let consent =
            if refused.is_empty() { Consent::GrantAll } else { Consent::Refuse(refused.iter().map(ToString::to_string).collect()) };
        return match go_through(pages, person, &consent, None, || consented.store(true, Ordering::Relaxed)).await? {
            Went::Consented | Went::Unasked => Ok(()),
            Went::TurnedAway(said) => Err(turned_away(stage, person, &format!(": {said}"))),
        };
    }
    SignInPage(page).wait_for().await?;
    SignInPage(page).sign_in(&person.email, &person.password).await?;
    if PlatformWindow(page).wait_for_next(None, PATIENCE).await? != Shown::Consent {
        return Err(turned_away(stage, person, ""));
    }
    consented.store(true, Ordering::Relaxed);
    Ok(ConsentPage(page).grant(refused).await?)
}

/// A person whom the platform does not know by this password, with the keys of the target file to look at.
fn turned_away(stage: &Stage, person: &Person, said: &str) -> Failure {
    let key = person.name.to_lowercase();
    match stage.setup.remote().and_then(|remote| remote.file.users.get(&key)) {
        Some(user) => Failure::broke(format!(
            "the platform refuses the sign-in of {}{said}; look at users.{key}.email of the target file, and at {}",
            person.email,
            user.secrets_to_look_at()
        )),
        None => Failure::unjudged(format!("the platform refused {}'s sign-in", person.name)),
    }
}

/// Nobody else may have the port of the redirect URI: at a target it is one, and is listened at.
pub(super) fn port_is_taken(port: u16, error: &dyn std::fmt::Display) -> Failure {
    Failure::broke(match port {
        0 => format!("no port is free on this machine: {error}"),
        _ => format!(
            "port {port}, at which the redirect URI of the target file (client.redirect_uri) is listened for, cannot be had: {error}; end what \
             listens there, or register and name a redirect URI with another port"
        ),
    })
}

async fn take_response(State(sender): State<mpsc::UnboundedSender<String>>, RawQuery(query): RawQuery) -> Html<&'static str> {
    // The receiver may be gone: then nobody waits for it.
    let _ = sender.send(query.unwrap_or_default());
    Html("<!doctype html><title>collaudo</title><p>Back at collaudo.")
}

#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    Message(#[from] http::Error),
}

/// One request of the OAuth crate over our HTTP client; keeps the answer for the checks.
async fn call(
    http: &reqwest::Client,
    request: oauth2::HttpRequest,
    kept: &std::sync::Mutex<Option<Answer>>,
) -> Result<oauth2::HttpResponse, CallError> {
    let response = limits::send(http, request.try_into()?).await?;
    let mut builder = http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        builder = builder.header(name, value);
    }
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await?.to_vec();
    *kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
        Some(Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) });
    Ok(builder.body(body)?)
}

fn own_registration(redirect_uri: &Url, scopes: &ScopeSet) -> RegistrationRequest {
    RegistrationRequest {
        r#type: RegistrationType::Web,
        grant: GrantType::AuthorizationCode,
        name: "collaudo".to_owned(),
        description: "The acceptance test's own client".to_owned(),
        redirect_uris: vec![redirect_uri.to_string()],
        scopes: scopes.clone(),
        claims: vec!["name".to_owned(), "email".to_owned()],
    }
}
