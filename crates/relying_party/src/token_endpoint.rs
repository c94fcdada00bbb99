//! The `oauth2` crate's way to the token endpoint.

use std::pin::Pin;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::Defect;
use super::app::App;
use super::http::{HttpError, Repeat};

impl App {
    /// What the defect sends: RFC 6749 section 2.3.1 asks for both parts form-encoded first.
    fn plain_credentials(&self, repeat: Repeat) -> Option<HeaderValue> {
        let at_refresh = self.config.has(Defect::PlainBasicCredentialsAtRefresh) && repeat == Repeat::Token;
        let secret = self.config.client_secret.as_ref().filter(|_| self.config.has(Defect::PlainBasicCredentials) || at_refresh)?;
        let joined = STANDARD.encode(format!("{}:{}", self.config.client_id, secret.expose_secret()));
        HeaderValue::try_from(format!("Basic {joined}")).ok()
    }
}

/// This application's HTTP client, with its time limits and retries.
pub(super) struct TokenEndpoint<'a>(pub &'a App, pub Repeat);

impl<'c> AsyncHttpClient<'c> for TokenEndpoint<'_> {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut request = request;
            if let Some(plain) = self.0.plain_credentials(self.1) {
                request.headers_mut().insert(AUTHORIZATION, plain);
            }
            let http = match self.1 {
                Repeat::Token => self.0.http.unless(Defect::TrustsAnyCertificateAtRefresh),
                Repeat::Read | Repeat::Once | Repeat::Hurried => &self.0.http,
            };
            let mut response = http.call(request, self.1).await?;
            if self.0.config.has(Defect::TakesNoTokenType) {
                response = typed(response);
            }
            if self.0.config.has(Defect::RefusesTokenTypeCase) && response.status().is_success() {
                let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap_or_default();
                if answer["token_type"] != "Bearer" {
                    return Err(HttpError::Unavailable { status: response.status() });
                }
            }
            Ok(response)
        })
    }
}

/// What the defect makes of an answer that tells no token type: one that says `Bearer`.
fn typed(response: HttpResponse) -> HttpResponse {
    response.map(|body| match serde_json::from_slice::<Value>(&body) {
        Ok(mut answer) if answer["access_token"].is_string() && answer["token_type"].is_null() => {
            answer["token_type"] = "Bearer".into();
            answer.to_string().into_bytes()
        }
        _ => body,
    })
}
