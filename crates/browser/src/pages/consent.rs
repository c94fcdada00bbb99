use crate::oauth::ScopeSet;
use crate::{BrowserError, DEFAULT_DEADLINE, Page};

const FORM: &str = "#consent";
const ALLOW: &str = "#allow";
const CANCEL: &str = "#cancel";
const APPLICATION: &str = "#application";

/// The consent page: one checkbox for each requested scope (C-34).
#[derive(Clone, Copy)]
pub struct ConsentPage<'a>(pub &'a Page);

impl ConsentPage<'_> {
    /// Waits until the button that refuses the request is visible.
    pub async fn wait_for(&self) -> Result<(), BrowserError> {
        self.0.wait_for(CANCEL, DEFAULT_DEADLINE).await
    }

    /// The application that asks, by its name.
    pub async fn application(&self) -> Result<Option<String>, BrowserError> {
        self.wait_for().await?;
        self.0.text(APPLICATION).await
    }

    /// The scopes that the end-user may accept or refuse one by one.
    pub async fn requested_scopes(&self) -> Result<ScopeSet, BrowserError> {
        self.wait_for().await?;
        let scopes: Vec<String> =
            self.0.evaluate(&format!("Array.from(document.querySelectorAll('{FORM} input[name=scope]'), input => input.value)")).await?;
        Ok(scopes.into_iter().collect())
    }

    /// Allows everything except the `refused` scopes; returns when the answer is on its way or the window has closed.
    pub async fn grant(&self, refused: &[&str]) -> Result<(), BrowserError> {
        if !refused.is_empty() {
            let requested = self.requested_scopes().await?;
            if let Some(scope) = refused.iter().find(|scope| !requested.contains(scope)) {
                let shown = requested.to_vec().join(" ");
                return Err(BrowserError::NotShown { wanted: format!("the scope `{scope}` to refuse"), shown });
            }
            let checkboxes: Vec<String> = refused.iter().map(|scope| format!("{FORM} input[name=scope][value=\"{scope}\"]")).collect();
            self.0.fill(&checkboxes.iter().map(|css| (css.as_str(), "false")).collect::<Vec<_>>()).await?;
        }
        self.0.submit(ALLOW).await
    }

    /// Refuses the whole request.
    pub async fn cancel(&self) -> Result<(), BrowserError> {
        self.0.submit(CANCEL).await
    }
}
