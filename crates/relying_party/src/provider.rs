use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::Jwk;
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ExtraTokenFields, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use super::app::App;
use super::comparison::Compared;
use super::config::under;
use super::http::{Answer, HttpError, Repeat, without_url};
use super::session::Attempt;
use super::sign_in::SignInError;
use super::token_endpoint::TokenEndpoint;
use super::{Config, Defect};
use crate::domain::ClientAuth;
use crate::oauth::Metadata;

/// Why nobody is signed in where a token answer is JSON of another kind.
pub(super) const LACKS_MEMBERS: &str = "the token response lacks what it has to have";

/// Refetches of the keys within [`REFETCH_WINDOW`], so that odd key ids make no storm (ID-12).
const REFETCHES: usize = 3;
/// How often a defect reads them over.
const STORM: usize = 4;
const REFETCH_WINDOW: Duration = Duration::from_secs(60);

/// What the platform says about itself, read at first use and kept.
#[derive(Debug, Default)]
pub(super) struct Provider {
    metadata: Mutex<Option<Arc<Metadata>>>,
    keys: Mutex<Keys>,
}

#[derive(Debug, Default)]
struct Keys {
    set: Option<Vec<Jwk>>,
    refetched: VecDeque<Instant>,
    /// How often they were read again. Only the defect that does so once looks at it.
    read_again: usize,
}

/// The member that OpenID Connect adds to the token response.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OpenIdFields {
    pub id_token: Option<String>,
}

impl ExtraTokenFields for OpenIdFields {}

pub(super) type TokenAnswer = StandardTokenResponse<OpenIdFields, BasicTokenType>;

type OAuthClient = Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

pub(super) type TokenError = RequestTokenError<HttpError, BasicErrorResponse>;

/// Why a refresh gave no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum RefreshError {
    /// The user has to sign in again (C-37).
    #[error("the platform no longer accepts the refresh token")]
    Ended,
    /// The refresh token may still be good (RT-05).
    #[error("the refresh failed: {0}")]
    Unavailable(String),
}

impl App {
    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>, SignInError> {
        let mut kept = self.provider.metadata.lock().await;
        if let Some(metadata) = &*kept {
            return Ok(metadata.clone());
        }
        let address = under(&self.config.issuer, ".well-known/openid-configuration");
        let answer = self.read(&address, Defect::TrustsAnyCertificateAtDiscovery).await?;
        let metadata: Metadata = serde_json::from_slice(&answer.body).map_err(|error| {
            tracing::warn!(%address, %error, "the discovery document is not usable");
            SignInError::Platform("the discovery document is not usable")
        })?;
        check_metadata(&metadata, &self.config)?;
        let metadata = hard_wired(metadata, &self.config);
        Ok(kept.insert(Arc::new(metadata)).clone())
    }

    /// The platform's key with this id. An unknown id may be a new key: the keys are read once more (ID-12).
    pub(crate) async fn keys(&self, kid: Option<&str>) -> Result<Vec<Jwk>, SignInError> {
        let address = self.metadata().await?.jwks_uri.clone();
        let mut keys = self.provider.keys.lock().await;
        let set = match &keys.set {
            Some(set) => set,
            None => keys.set.insert(self.read_keys(&address).await?),
        };
        let has = |defect| self.config.has(defect);
        if has(Defect::TakesFirstKey) || (has(Defect::NeedsKeyId) && kid.is_none()) {
            return Ok(set.iter().take(usize::from(has(Defect::TakesFirstKey))).cloned().collect());
        }
        let found = matching(set, kid);
        if !found.is_empty() {
            return Ok(found);
        }
        keys.refetched.retain(|at| at.elapsed() < REFETCH_WINDOW);
        let storms = has(Defect::StormsForKeys);
        let anew = storms || has(Defect::ReadsKeysForEachUnknown);
        let enough = has(Defect::KeepsFirstKeys) || (has(Defect::ReadsKeysAgainOnce) && keys.read_again > 0);
        if (keys.refetched.len() >= REFETCHES && !anew) || enough {
            return Ok(Vec::new());
        }
        keys.refetched.push_back(Instant::now());
        keys.read_again += 1;
        for _ in 0..if storms { STORM } else { 0 } {
            self.read_keys(&address).await?;
        }
        let set = keys.set.insert(self.read_keys(&address).await?);
        let found = matching(set, kid);
        let first = set.iter().take(usize::from(found.is_empty() && has(Defect::TakesFirstKeyForUnknown))).cloned();
        Ok(found.into_iter().chain(first).collect())
    }

    pub(super) async fn read_keys(&self, address: &str) -> Result<Vec<Jwk>, SignInError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let answer = self.read(address, Defect::TrustsAnyCertificateForKeys).await?;
        let set: Set = serde_json::from_slice(&answer.body).map_err(|_| SignInError::Platform("the key set is not usable"))?;
        // A key of a kind that we do not know is not ours to complain about.
        let unknown = |key: &serde_json::Value| !matches!(key["kty"].as_str(), Some("RSA" | "EC"));
        if self.config.has(Defect::TripsOverUnknownKeys) && set.keys.iter().any(unknown) {
            return Err(SignInError::Platform("the key set is not usable"));
        }
        if self.config.has(Defect::DoesWithoutKeys) && set.keys.is_empty() {
            return Err(SignInError::Platform("the key set is empty"));
        }
        Ok(set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
    }

    async fn read(&self, address: &str, careless: Defect) -> Result<Answer, SignInError> {
        let request = self.http.client().get(address).build().map_err(HttpError::from)?;
        let answer = self.http.unless(careless).send(request, Repeat::Read).await?;
        if !answer.status.is_success() {
            tracing::warn!(%address, status = %answer.status, "the platform did not answer");
            return Err(SignInError::Unavailable);
        }
        Ok(answer)
    }

    pub(crate) async fn oauth_client(&self) -> Result<OAuthClient, SignInError> {
        let metadata = self.metadata().await?;
        let unusable = |_| SignInError::Platform("an endpoint in the discovery document is not a URL");
        let redirect_uri = RedirectUrl::new(self.config.redirect_uri()).map_err(unusable)?;
        // With a secret the crate authenticates by HTTP Basic with both parts form-encoded (TK-01, TK-02); without one it
        // names the client in the body.
        let mut client = Client::new(ClientId::new(self.config.client_id.clone()))
            .set_auth_uri(AuthUrl::new(metadata.authorization_endpoint.clone()).map_err(unusable)?)
            .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone()).map_err(unusable)?)
            .set_redirect_uri(redirect_uri);
        if let Some(secret) = &self.config.client_secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        }
        if self.config.client_auth == ClientAuth::Post {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        Ok(client)
    }

    /// Changes a code into tokens, with the verifier of the same attempt (TK-03).
    pub(crate) async fn redeem(&self, code: &str, attempt: &Attempt) -> Result<TokenAnswer, SignInError> {
        let client = self.oauth_client().await?;
        let forgets = self.config.has(Defect::ChangesRedirectUri);
        let another_redirect_uri = forgets.then(|| RedirectUrl::from_url(self.config.base_url.clone()));
        let request = || {
            let mut request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
            if let Some(other) = &another_redirect_uri {
                request = request.set_redirect_uri(Cow::Borrowed(other));
            }
            match &attempt.verifier {
                Some(verifier) => request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned())),
                None => request,
            }
        };
        let secret = self.config.client_secret.as_ref().filter(|_| self.config.has(Defect::SendsSecretTwice));
        let answered = match secret {
            Some(secret) => {
                let twice = request().add_extra_param("client_secret", secret.expose_secret().to_owned());
                twice.request_async(&TokenEndpoint(self, Repeat::Once)).await.ok()
            }
            None => None,
        };
        let answer = match answered {
            Some(answer) => answer,
            None => request().request_async(&TokenEndpoint(self, Repeat::Once)).await.map_err(sign_in_error)?,
        };
        // A token of a type that we do not know cannot be used (TK-06). The type's case has no meaning, and the crate knows it.
        let is_bound = matches!(answer.token_type(), BasicTokenType::Extension(name) if name.eq_ignore_ascii_case("dpop"));
        let takes = self.config.has(Defect::TakesAnyTokenType) || (is_bound && self.config.has(Defect::TakesDpopForBearer));
        if *answer.token_type() != BasicTokenType::Bearer && !takes {
            return Err(SignInError::Platform("the access token is of an unknown type"));
        }
        Ok(answer)
    }

    pub(crate) async fn refresh(&self, refresh_token: &SecretString) -> Result<TokenAnswer, RefreshError> {
        let unavailable = |error: SignInError| RefreshError::Unavailable(error.to_string());
        let client = self.oauth_client().await.map_err(unavailable)?;
        let repeat = if self.config.has(Defect::EndsSessionOnRefreshFailure) { Repeat::Once } else { Repeat::Token };
        // No scope is sent: the answer covers what was granted (RT-06).
        let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let wider = self.config.scopes.iter().filter(|_| self.config.has(Defect::AsksForEveryScopeAtRefresh)).cloned().map(Scope::new);
        let answer = client.exchange_refresh_token(&token).add_scopes(wider).request_async(&TokenEndpoint(self, repeat)).await;
        let takes_any = self.config.has(Defect::TakesAnyTokenTypeAtRefresh);
        match answer {
            Ok(answer) if *answer.token_type() == BasicTokenType::Bearer || takes_any => Ok(answer),
            Ok(_) => Err(RefreshError::Unavailable("the access token is of an unknown type".to_owned())),
            Err(RequestTokenError::ServerResponse(error)) if *error.error() == BasicErrorResponseType::InvalidGrant => {
                Err(RefreshError::Ended)
            }
            Err(error) => Err(RefreshError::Unavailable(sign_in_error(error).to_string())),
        }
    }

    /// Only the defect asks for a token that belongs to nobody (C-30).
    pub(crate) async fn try_client_credentials(&self) -> Result<(), SignInError> {
        let client = self.oauth_client().await?;
        let outcome = client.exchange_client_credentials().request_async(&TokenEndpoint(self, Repeat::Once)).await;
        outcome.map(drop).map_err(sign_in_error)
    }

    /// Tells the platform to forget a refresh token or an access token (RFC 7009). By hand, because the crate refuses a plain
    /// http endpoint, even on the loopback interface. A 503 means that the token still lives, so it is tried again (LO-02);
    /// a 200 is success even for a token that the platform does not know.
    pub(crate) async fn revoke(&self, token: &SecretString, hint: &str) {
        let Ok(metadata) = self.metadata().await else { return };
        let Some(endpoint) = &metadata.revocation_endpoint else { return };
        let mut form = vec![("token", token.expose_secret()), ("token_type_hint", hint)];
        let mut request = self.http.client().post(endpoint);
        match &self.config.client_secret {
            Some(secret) if self.config.client_auth == ClientAuth::Basic => {
                request = request.basic_auth(encode(&self.config.client_id), Some(encode(secret.expose_secret())));
            }
            Some(secret) => form.extend([("client_id", self.config.client_id.as_str()), ("client_secret", secret.expose_secret())]),
            None => form.push(("client_id", &self.config.client_id)),
        }
        let Ok(request) = request.form(&form).build() else { return };
        self.revoke_otherwise(&request).await;
        let repeat = if self.config.has(Defect::TakesRefusalAsRevoked) { Repeat::Once } else { Repeat::Token };
        match self.http.unless(Defect::TrustsAnyCertificateAtRevocation).send(request, repeat).await {
            Ok(answer) if answer.status.is_success() => {}
            Ok(answer) => tracing::warn!(%endpoint, status = %answer.status, "a token was not revoked"),
            Err(error) => tracing::warn!(%endpoint, %error, "a token was not revoked"),
        }
    }
}

impl App {
    /// Only the defects ask so before the right request.
    async fn revoke_otherwise(&self, request: &reqwest::Request) {
        let again = |address: Url| {
            let mut again = request.try_clone()?;
            *again.url_mut() = address;
            Some(again)
        };
        let otherwise = if self.config.has(Defect::SecretInRevocationQuery)
            && let Some(secret) = &self.config.client_secret
        {
            let mut address = request.url().clone();
            address.query_pairs_mut().append_pair("client_secret", secret.expose_secret());
            again(address)
        } else if self.config.has(Defect::FollowsRevocationRedirect)
            && let Some(copy) = request.try_clone()
        {
            self.http.send(copy, Repeat::Once).await.ok().and_then(|answer| again(answer.target()?))
        } else {
            None
        };
        if let Some(otherwise) = otherwise {
            let _ = self.http.send(otherwise, Repeat::Once).await;
        }
    }
}

/// AZ-12: the endpoints are those of the document; a defect puts others in their place.
fn hard_wired(metadata: Metadata, config: &Config) -> Metadata {
    let at = |path: &str| under(&config.issuer, path).to_string();
    if config.has(Defect::HardWiresRevocation) {
        return Metadata { revocation_endpoint: Some(at("connect/revocation")), ..metadata };
    }
    if !config.has(Defect::HardWiresPaths) {
        return metadata;
    }
    Metadata {
        authorization_endpoint: at("connect/authorize"),
        token_endpoint: at("connect/token"),
        jwks_uri: at(".well-known/openid-configuration/jwks"),
        userinfo_endpoint: Some(at("connect/userinfo")),
        revocation_endpoint: Some(at("connect/revocation")),
        device_authorization_endpoint: Some(at("connect/deviceauthorization")),
        ..metadata
    }
}

/// RFC 6749 section 2.3.1: the parts of HTTP Basic are form-encoded first.
fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn matching(set: &[Jwk], kid: Option<&str>) -> Vec<Jwk> {
    set.iter().filter(|key| kid.is_none() || key.common.key_id.as_deref() == kid).cloned().collect()
}

/// The document must be about the issuer that we asked (ID-14), and must not send secrets over plain http (RS-02).
fn check_metadata(metadata: &Metadata, config: &Config) -> Result<(), SignInError> {
    // A URL without a path is written with and without a slash; which one the platform chose, it says here, and from here on
    // its issuer is compared as text.
    let configured = config.issuer.as_str();
    let without_slash = if config.issuer.path() == "/" { configured.trim_end_matches('/') } else { configured };
    let same = metadata.issuer == configured || config.same(Compared::DiscoveredIssuer, without_slash, &metadata.issuer);
    if !same && !config.has(Defect::SkipsDiscoveryIssuerCheck) {
        tracing::warn!(expected = configured, found = metadata.issuer, "the discovery document is of another issuer");
        return Err(SignInError::Platform("the discovery document is of another issuer"));
    }
    let endpoints = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
    let secure = endpoints.iter().all(|endpoint| config.issuer.scheme() == "http" || endpoint.starts_with("https://"));
    if secure { Ok(()) } else { Err(SignInError::Platform("an endpoint in the discovery document is not https")) }
}

pub(super) fn sign_in_error(error: TokenError) -> SignInError {
    match error {
        RequestTokenError::ServerResponse(response) => {
            tracing::warn!(error = response.error().as_ref(), "the token request was refused");
            SignInError::Platform("the token request was refused")
        }
        RequestTokenError::Request(error) => error.into(),
        RequestTokenError::Parse(error, _) if error.inner().is_data() => SignInError::Platform(LACKS_MEMBERS),
        // The parser's own words may quote the answer, which may hold tokens.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => SignInError::Platform("the token response is not readable"),
    }
}

impl From<HttpError> for SignInError {
    fn from(error: HttpError) -> Self {
        tracing::warn!(error = %without_url(error), "the platform was not reached");
        Self::Unavailable
    }
}
