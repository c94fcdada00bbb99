//! A code of Mallory's own sign-in, as an attacker has it in hand to put before somebody else's browser.

use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use super::client_sign_in::sign_in_known;
use super::stage::Stage;
use super::{Failure, PATIENCE};
use crate::domain::Exchange;
use crate::oauth::{Metadata, discovery_of};
use crate::platform::accounts::MALLORY;

impl Stage {
    /// Answers `attempt`, or a request that no application made. The mock just gives it; at a target Mallory signs in, and does not go where
    /// she is sent.
    pub(super) async fn code_of_mallory(&self, redirect_uri: &str, attempt: Option<&Exchange>) -> Result<SecretString, Failure> {
        if let Ok(mock) = self.mock() {
            return mock.issue_code(MALLORY, &self.client_id()?, redirect_uri, attempt).map_err(Failure::broke);
        }
        let mallory = self.person("Mallory")?;
        let request = self.request_of_mallory(redirect_uri, attempt).await?;
        let nowhere = self.instrument()?.elsewhere("/mallory").to_string();
        let (sender, mut responses) = mpsc::unbounded_channel();
        let context = self.setup.browser.context().await?;
        let context = context.with_detour(&[redirect_uri.to_owned()], move |address| {
            // The receiver may be gone: then nobody waits for it.
            let _ = sender.send(address.to_owned());
            Some(nowhere.clone())
        });
        let page = context.open(request.as_str()).await?;
        sign_in_known(&page, self, &mallory).await?;
        let response = timeout(PATIENCE, responses.recv()).await;
        context.close().await;
        let response = response.ok().flatten().and_then(|address| Url::parse(&address).ok());
        let code = response.and_then(|url| url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned()));
        code.map(SecretString::from).ok_or_else(|| Failure::unjudged("the target gave Mallory no code for a sign-in of her own"))
    }

    /// An authorization request for the target itself.
    async fn request_of_mallory(&self, redirect_uri: &str, attempt: Option<&Exchange>) -> Result<Url, Failure> {
        let discovery = discovery_of(self.platform_issuer());
        let document = self.platform_client()?.get(&discovery).send().await.map_err(Failure::unjudged)?;
        let metadata: Metadata = document.json().await.map_err(Failure::unjudged)?;
        let mut request = Url::parse(&metadata.authorization_endpoint).map_err(Failure::unjudged)?;
        let of_attempt = |name: &'static str| attempt.and_then(|attempt| Some((name, attempt.query_value(name)?.to_owned())));
        let kept = ["nonce", "code_challenge", "code_challenge_method", "state"].into_iter().filter_map(of_attempt);
        let scope = of_attempt("scope").map_or_else(|| self.app.scopes.join(" "), |(_, scope)| scope);
        request
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id()?)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &scope)
            .extend_pairs(kept)
            .extend_pairs(self.setup.remote().into_iter().flat_map(|remote| &remote.file.authorize.extra));
        Ok(request)
    }
}
