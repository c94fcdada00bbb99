use secrecy::{ExposeSecret, SecretString};
use url::{Position, Url};

use super::Platform;
use super::accounts::UserId;
use super::authorization::{LoggedOut, sign_logout_token};
use super::levers::LeverError;
use crate::domain::{Endpoint, Exchange, Facts};

/// What a scenario has the platform say of sessions that ended (OpenID Connect Back-Channel Logout 1.0).
impl Platform {
    /// The `sid` of a user's latest sign-in to a client, as its ID token has it.
    pub fn latest_sid(&self, subject: &UserId, client_id: &str) -> Option<String> {
        self.shared().authorizations().latest_sid(subject, client_id)
    }

    /// Puts in the journal that a logout token was sent to an application, and what it answered.
    pub fn record_logout_post(&self, address: &Url, token: &SecretString, since_ms: u64, status: u16, cache_control: Option<&str>) {
        let shared = self.shared();
        shared.journal.record(Exchange {
            number: shared.journal.open().number(),
            at_ms: since_ms,
            duration_ms: shared.journal.elapsed_ms().saturating_sub(since_ms),
            endpoint: Endpoint::Application,
            method: "POST".to_owned(),
            path: address[..Position::AfterPath].to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            form: vec![("logout_token".to_owned(), shared.redaction.placeholder("logout-token", token.expose_secret()))],
            body: None,
            status,
            response_headers: cache_control.map(|value| ("cache-control".to_owned(), value.to_owned())).into_iter().collect(),
            response: None,
            facts: Facts::default(),
            faults: Vec::new(),
        });
    }

    /// A logout token signed with the platform's key; `flaw` completes "a logout token that …".
    pub async fn logout_token(&self, whose: &LoggedOut, flaw: Option<&str>) -> Result<SecretString, LeverError> {
        sign_logout_token(self.shared(), whose, flaw).await.map(SecretString::from).map_err(LeverError::Token)
    }
}
