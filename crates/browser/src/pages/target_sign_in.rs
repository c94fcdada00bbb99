use secrecy::{ExposeSecret, SecretString};

use crate::domain::SignInSelectors;
use crate::{BrowserError, DEFAULT_DEADLINE, Page};

/// Sign-in and consent of a platform whose pages are not GipoNext's, by the selectors of its target file.
#[derive(Clone, Copy)]
pub struct TargetSignIn<'a>(pub &'a Page, pub &'a SignInSelectors);

impl TargetSignIn<'_> {
    /// Signs in and grants everything that is asked for.
    pub async fn grant_all(&self, email: &str, password: &SecretString) -> Result<(), BrowserError> {
        let Self(page, selectors) = self;
        page.wait_for(&selectors.email, DEFAULT_DEADLINE).await?;
        self.enter(email, password).await?;
        page.wait_for(&selectors.allow, DEFAULT_DEADLINE).await?;
        page.submit(&selectors.allow).await
    }

    /// Types e-mail and password on the page that asks for them, and sends them.
    pub async fn enter(&self, email: &str, password: &SecretString) -> Result<(), BrowserError> {
        let Self(page, selectors) = self;
        page.fill(&[(&selectors.email, email), (&selectors.password, password.expose_secret())]).await?;
        page.submit(&selectors.submit).await
    }
}
