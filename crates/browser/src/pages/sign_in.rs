use secrecy::{ExposeSecret, SecretString};

use crate::domain::{SignInAct, SignInStep, Typed};
use crate::{BrowserError, DEFAULT_DEADLINE, Page};

const FORM: &str = "#sign-in";
const EMAIL: &str = "#email";
const PASSWORD: &str = "#password";
const SUBMIT: &str = "#sign-in-submit";
const ERROR: &str = "#sign-in .form-error";
const APPLICATION: &str = "#application";

/// The platform's sign-in page, in a window of its own or on the way to the consent page.
#[derive(Clone, Copy)]
pub struct SignInPage<'a>(pub &'a Page);

impl SignInPage<'_> {
    /// Waits until the sign-in form is visible.
    pub async fn wait_for(&self) -> Result<(), BrowserError> {
        self.0.wait_for(FORM, DEFAULT_DEADLINE).await
    }

    /// Types both and sends the form; returns as soon as the platform has answered with its next page.
    pub async fn sign_in(&self, email: &str, password: &SecretString) -> Result<(), BrowserError> {
        self.0.fill(&[(EMAIL, email), (PASSWORD, password.expose_secret())]).await?;
        self.0.submit(SUBMIT).await
    }

    /// What the page says when it refuses a sign-in.
    pub async fn refusal(&self) -> Result<Option<String>, BrowserError> {
        self.0.text(ERROR).await
    }

    /// The application that the end-user signs in for; none at the portal itself.
    pub async fn application(&self) -> Result<Option<String>, BrowserError> {
        self.0.text(APPLICATION).await
    }
}

/// The same as steps, for a platform of which the consent page alone is another.
pub(super) fn steps() -> Vec<SignInStep> {
    let acts = [(SignInAct::Fill(Typed::Email), EMAIL), (SignInAct::Fill(Typed::Password), PASSWORD), (SignInAct::Click, SUBMIT)];
    acts.into_iter().map(|(act, css)| SignInStep { act, selector: css.to_owned(), optional: false }).collect()
}
