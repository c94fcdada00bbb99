use std::time::Duration;

use secrecy::SecretString;

use super::SignInPage;
use crate::{BrowserError, Page};

const FORM: &str = "#device";
const SIGN_IN: &str = "#sign-in";
const CODE: &str = "#user-code";
const SUBMIT: &str = "#device-submit";
const REFUSED: &str = "#user-code-error";
const CONSENT: &str = "#consent";
const DECIDED: [&str; 3] = ["#device-allowed", "#device-refused", "#error"];

/// The page where a person types the code that a device shows (RFC 8628 section 3.3).
#[derive(Clone, Copy)]
pub struct DevicePage<'a>(pub &'a Page);

impl DevicePage<'_> {
    /// Signs in on the way to the page, unless the person has done so before.
    pub async fn sign_in_if_asked(&self, email: &str, password: &SecretString, deadline: Duration) -> Result<(), BrowserError> {
        if self.0.wait_for_any(&[SIGN_IN, FORM], deadline).await? == 0 {
            SignInPage(self.0).sign_in(email, password).await?;
            self.0.wait_for(FORM, deadline).await?;
        }
        Ok(())
    }

    /// Types the code and sends it; the text of the refusal where the platform does not know it.
    pub async fn enter(&self, code: &str, deadline: Duration) -> Result<Option<String>, BrowserError> {
        self.0.fill(&[(CODE, code)]).await?;
        self.0.submit(SUBMIT).await?;
        match self.0.wait_for_any(&[CONSENT, REFUSED], deadline).await? {
            0 => Ok(None),
            _ => Ok(Some(self.0.text(REFUSED).await?.unwrap_or_default())),
        }
    }

    /// Waits for the page that sends the person back to the device.
    pub async fn wait_for_decision(&self, deadline: Duration) -> Result<(), BrowserError> {
        self.0.wait_for_any(&DECIDED, deadline).await.map(drop)
    }
}
