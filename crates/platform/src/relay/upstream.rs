use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, Method, header};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Map, Value};
use url::Url;

use super::Passed;
use super::answer::{Answer, OF_ONE_CONNECTION};
use crate::oauth::discovery_of;

/// The platform that a relay stands before.
#[derive(Clone, Debug)]
pub struct RelayTarget {
    /// As it is written: tokens name it so.
    pub issuer: String,
    /// Base of the API's `/v2/…` paths, where there is one.
    pub api: Option<Url>,
    /// Reaches the target; follows no redirect.
    pub client: reqwest::Client,
    /// Whether what writes to the API is refused, and never sent on.
    pub read_only: bool,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("{0}")]
    Unreachable(String),
    #[error("it announces no {0}")]
    NotAnnounced(&'static str),
    #[error("{0} is no JSON document of the kind that is needed")]
    Unreadable(String),
    #[error("its ID token is not sound: {0}")]
    IdToken(String),
}

/// What the target sends in a request for the relay's own client, and not for the target.
const FOR_THE_RELAY: [HeaderName; 5] = [header::HOST, header::ACCEPT_ENCODING, header::COOKIE, header::ORIGIN, header::REFERER];

/// The way to the target, and what went over it.
#[derive(Debug)]
pub(crate) struct Upstream {
    target: RelayTarget,
    /// The relay's own address, without a slash at its end.
    own: String,
    metadata: Map<String, Value>,
    /// The target's keys, as they were read last.
    keys: tokio::sync::Mutex<Vec<Jwk>>,
    passed: Mutex<Passed>,
}

impl Upstream {
    /// The target by its discovery document.
    pub(crate) async fn meet(target: RelayTarget, own: &Url) -> Result<Self, UpstreamError> {
        let discovery = discovery_of(&target.issuer);
        let metadata = read_object(&target.client, &discovery).await?;
        let own = own.as_str().trim_end_matches('/').to_owned();
        Ok(Self { target, own, metadata, keys: tokio::sync::Mutex::default(), passed: Mutex::default() })
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.target.read_only
    }

    pub(crate) fn passed(&self) -> MutexGuard<'_, Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The discovery document as the target has it.
    pub(crate) fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// An endpoint of the target, by its name in the discovery document.
    pub(crate) fn endpoint(&self, name: &'static str) -> Result<Url, UpstreamError> {
        let announced = self.metadata.get(name).and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
        announced.ok_or(UpstreamError::NotAnnounced(name))
    }

    /// An address of the target's API, by the relay's path and query.
    pub(crate) fn api(&self, path: &str, query: Option<&str>) -> Result<Url, UpstreamError> {
        let base = self.target.api.as_ref().ok_or(UpstreamError::NotAnnounced("API in the target file"))?;
        let mut url = base.clone();
        url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
        url.set_query(query);
        Ok(url)
    }

    /// Sends a request on, and waits for the whole answer.
    pub(crate) async fn send(&self, method: &Method, url: Url, headers: &HeaderMap, body: Bytes) -> Result<Answer, UpstreamError> {
        let is_sent = |name: &HeaderName| !OF_ONE_CONNECTION.contains(name) && !FOR_THE_RELAY.contains(name);
        let headers: HeaderMap =
            headers.iter().filter(|(name, _)| is_sent(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
        let request = self.target.client.request(method.clone(), url).headers(headers).body(body);
        let answer = request.send().await.map_err(unreachable_target)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(unreachable_target)?;
        Ok(Answer::passed_on(status, &headers, body, |text| self.with_own_addresses(text)))
    }

    /// A text in which addresses of the target's API have become the relay's, where there are any.
    fn with_own_addresses(&self, text: &str) -> Option<String> {
        let base = self.target.api.as_ref()?.as_str().trim_end_matches('/');
        let whole = format!("{base}/v2/");
        text.contains(&whole).then(|| text.replace(&whole, &format!("{}/v2/", self.own)))
    }

    /// The claims of an ID token that the target has signed for this issuer.
    pub(crate) async fn verified(&self, token: &str) -> Result<Map<String, Value>, UpstreamError> {
        let wrong = |error: jsonwebtoken::errors::Error| UpstreamError::IdToken(error.to_string());
        let header = jsonwebtoken::decode_header(token).map_err(wrong)?;
        let key = self.key(header.kid.as_deref()).await?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.target.issuer]);
        // Whether it is for this client is the application's to look at.
        validation.validate_aud = false;
        let key = DecodingKey::from_jwk(&key).map_err(wrong)?;
        jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation).map(|token| token.claims).map_err(wrong)
    }

    /// The key of this name, or the only one; asked for anew where it is not known.
    async fn key(&self, kid: Option<&str>) -> Result<Jwk, UpstreamError> {
        let named = |keys: &[Jwk]| match kid {
            Some(kid) => keys.iter().find(|key| key.common.key_id.as_deref() == Some(kid)).cloned(),
            None => keys.first().filter(|_| keys.len() == 1).cloned(),
        };
        let mut keys = self.keys.lock().await;
        if let Some(key) = named(&keys) {
            return Ok(key);
        }
        let address = self.endpoint("jwks_uri")?;
        let document = read_object(&self.target.client, address.as_str()).await?;
        // Keys of kinds that nobody knows are passed over (RFC 7517 section 5).
        let listed = document.get("keys").and_then(Value::as_array).into_iter().flatten();
        *keys = listed.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect();
        named(&keys).ok_or_else(|| UpstreamError::IdToken("no key of its JWKS has signed it".to_owned()))
    }

    /// What the target says of the user of an access token: at the API, or where there is none at the UserInfo endpoint.
    pub(crate) async fn user_of(&self, access_token: &str) -> Option<Map<String, Value>> {
        let addresses = [self.api("/v2/userinfo", None), self.endpoint("userinfo_endpoint")];
        for address in addresses.into_iter().flatten() {
            let answer = self.target.client.get(address).bearer_auth(access_token).send().await.ok()?;
            if answer.status().is_success()
                && let Ok(Value::Object(user)) = answer.json().await
            {
                return Some(user);
            }
        }
        None
    }
}

fn unreachable_target(error: reqwest::Error) -> UpstreamError {
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    UpstreamError::Unreachable(format!("{}{cause}", error.without_url()))
}

async fn read_object(client: &reqwest::Client, address: &str) -> Result<Map<String, Value>, UpstreamError> {
    let answer = client.get(address).send().await.map_err(unreachable_target)?;
    match answer.json().await {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(UpstreamError::Unreadable(address.to_owned())),
    }
}
