use secrecy::SecretString;

use super::Platform;
use super::accounts::UserId;
use super::authorization::{LoggedOut, sign_logout_token};
use super::levers::LeverError;

/// What a scenario has the platform say of sessions that ended (OpenID Connect Back-Channel Logout 1.0).
impl Platform {
    /// The `sid` of a user's latest sign-in to a client, as its ID token has it.
    pub fn latest_sid(&self, subject: &UserId, client_id: &str) -> Option<String> {
        self.shared().authorizations().latest_sid(subject, client_id)
    }

    /// A logout token signed with the platform's key; `flaw` completes "a logout token that …".
    pub async fn logout_token(&self, whose: &LoggedOut, flaw: Option<&str>) -> Result<SecretString, LeverError> {
        sign_logout_token(self.shared(), whose, flaw).await.map(SecretString::from).map_err(LeverError::Token)
    }
}
