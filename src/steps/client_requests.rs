//! What a client of our own sends that no OAuth client would let us send.

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Failure;
use super::client::OwnClient;
use crate::domain::ClientAuth;
use crate::platform::accounts::Credentials;

/// Code verifier and S256 challenge of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The state of every request that is sent without a browser.
pub const STATE: &str = "state of the platform suite & more";

/// How a client says who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identification {
    /// As it should: in the Authorization header, or in the form where the target file says so.
    Own,
    WrongSecret,
    UnknownClient,
    /// In the header and in the body.
    Twice,
    /// The secret in the URL.
    Query,
    Nobody,
}

impl OwnClient {
    /// A sound authorization request with these parameters changed, or left out by `None`.
    pub async fn ask_authorization(&mut self, method: Method, changes: &[(&str, Option<&str>)]) -> Result<(), Failure> {
        let scope = self.scopes.to_string();
        let (client_id, redirect_uri, nonce) = (self.credentials.client_id.clone(), self.redirect_uri.to_string(), self.nonce.clone());
        let sound = [
            ("response_type", "code"),
            ("client_id", &client_id),
            ("redirect_uri", &redirect_uri),
            ("scope", &scope),
            ("state", STATE),
            ("nonce", &nonce),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let changed = |name: &str| changes.iter().find(|(other, _)| *other == name);
        let extra = self.extra.clone();
        let sound = sound.into_iter().chain(extra.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let mut parameters: Vec<(&str, &str)> = sound.filter(|(name, _)| changed(name).is_none()).collect();
        parameters.extend(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
        self.send_authorization(method, &parameters).await
    }

    /// The same with a parameter that is there twice.
    pub async fn ask_authorization_with_two(&mut self, name: &str) -> Result<(), Failure> {
        let value = match name {
            "scope" => "openid",
            "response_type" => "code",
            "client_id" => &self.credentials.client_id.clone(),
            _ => "another",
        };
        let (client_id, redirect_uri) = (self.credentials.client_id.clone(), self.redirect_uri.to_string());
        let extra = self.extra.clone();
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", &client_id),
            ("redirect_uri", &redirect_uri),
            ("scope", "openid"),
            ("state", STATE),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            (name, value),
        ];
        parameters.extend(extra.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        self.send_authorization(Method::GET, &parameters).await
    }

    async fn send_authorization(&mut self, method: Method, parameters: &[(&str, &str)]) -> Result<(), Failure> {
        let mut url = url::Url::parse(&self.metadata.authorization_endpoint).map_err(Failure::unjudged)?;
        let request = if method == Method::POST {
            self.http.post(url).form(parameters)
        } else {
            url.query_pairs_mut().extend_pairs(parameters);
            self.asked_for = Some((url.clone(), parameters.contains(&("prompt", "none"))));
            self.http.request(method, url)
        };
        self.send(request).await
    }

    /// A form to an endpoint that clients authenticate at.
    pub async fn post(&mut self, url: &str, form: &[(&str, &str)], by: Identification) -> Result<(), Failure> {
        let Credentials { client_id, client_secret } = self.credentials.clone();
        let secret = client_secret.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default().to_owned();
        if secret.is_empty() && by != Identification::Own {
            return Err(Failure::not_applicable("the client of the target file is public: it has no secret"));
        }
        let mut form = form.to_vec();
        let mut request = self.http.post(url);
        match by {
            Identification::Own if secret.is_empty() => form.push(("client_id", &client_id)),
            Identification::Own if self.auth == ClientAuth::Post => {
                form.extend([("client_id", client_id.as_str()), ("client_secret", &secret)]);
            }
            Identification::Own => request = request.basic_auth(encoded(&client_id), Some(encoded(&secret))),
            Identification::WrongSecret => request = request.basic_auth(encoded(&client_id), Some("not-the-secret-of-this-client")),
            Identification::UnknownClient => request = request.basic_auth("nobody-registered-this", Some(encoded(&secret))),
            Identification::Twice => {
                form.extend([("client_id", client_id.as_str()), ("client_secret", &secret)]);
                request = request.basic_auth(encoded(&client_id), Some(encoded(&secret)));
            }
            Identification::Query => request = request.query(&[("client_id", &client_id), ("client_secret", &secret)]),
            Identification::Nobody => {}
        }
        self.send(request.form(&form)).await
    }

    /// What a request that is no form has of the client among its parameters.
    pub fn own_parameters(&self) -> Vec<(String, Value)> {
        let Credentials { client_id, client_secret } = &self.credentials;
        let in_form = client_secret.as_ref().filter(|_| self.auth == ClientAuth::Post);
        let values = in_form.map(|secret| [("client_id", client_id.as_str()), ("client_secret", secret.expose_secret())]);
        values.into_iter().flatten().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    }

    /// The same request with what it has of the client in its header.
    pub fn identified(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let secret = self.credentials.client_secret.as_ref().map(ExposeSecret::expose_secret);
        if self.auth == ClientAuth::Post { request } else { request.basic_auth(&self.credentials.client_id, secret) }
    }

    pub async fn ask_for_token(&mut self, form: &[(&str, &str)]) -> Result<(), Failure> {
        let url = self.metadata.token_endpoint.clone();
        self.post(&url, form, Identification::Own).await
    }

    /// The parameters that redeem the code that was kept, all as they have to be.
    pub fn redemption(&self) -> Result<[(&'static str, String); 4], Failure> {
        let (code, verifier) = self.code.clone().ok_or_else(|| Failure::broke("the client has no code"))?;
        Ok([
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.expose_secret().to_owned()),
            ("redirect_uri", self.redirect_uri.to_string()),
            ("code_verifier", verifier),
        ])
    }

    /// The code that was kept, presented with these parameters changed.
    pub async fn redeem_with(&mut self, changes: &[(&str, Option<&str>)], by: Identification) -> Result<(), Failure> {
        let sound = self.redemption()?;
        let changed = |name: &str| changes.iter().find(|(other, _)| *other == name);
        let kept = sound.iter().filter(|(name, _)| changed(name).is_none());
        let mut form: Vec<(&str, &str)> = kept.map(|(name, value)| (*name, value.as_str())).collect();
        form.extend(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
        let url = self.metadata.token_endpoint.clone();
        self.post(&url, &form, by).await
    }

    /// Acts as the other client from here on.
    pub fn become_the_other(&mut self) -> Result<(), Failure> {
        let other = self.other.clone();
        let other = other.ok_or_else(|| Failure::not_applicable("the target file names no [other_client]"))?;
        self.other = Some((std::mem::replace(&mut self.credentials, other.0), std::mem::replace(&mut self.auth, other.1)));
        Ok(())
    }

    pub async fn ask_userinfo(&mut self, token: Option<&SecretString>) -> Result<(), Failure> {
        let url = self.metadata.userinfo_endpoint.clone();
        let url = url.ok_or_else(|| Failure::not_applicable("the discovery document names no userinfo endpoint"))?;
        self.get(&url, token).await
    }

    /// An endpoint that is the platform's choice to have.
    pub fn announced(&self, member: &str) -> Result<String, Failure> {
        let url = self.document.get(member).and_then(Value::as_str).map(str::to_owned);
        url.ok_or_else(|| Failure::not_applicable(format!("the discovery document names no {member}")))
    }
}

/// Id and secret are form-encoded before they are joined (RFC 6749 section 2.3.1).
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
