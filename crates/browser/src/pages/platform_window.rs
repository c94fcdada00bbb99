use std::time::Duration;

use super::TargetPages;
use crate::wait::calling;
use crate::{BrowserError, Page};

/// What the window of an authorization request shows first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The platform's sign-in page; after a sign-in, the same page with its refusal.
    SignIn,
    /// The platform's consent page.
    Consent,
    /// The platform's own error page: a wrong client or redirect URI.
    Error,
    /// The application, at the marker that the caller named.
    Application,
}

const ERROR: &str = "#error";
const ERROR_DETAIL: &str = "#error-detail";
/// Matches nothing.
const NEVER: &str = "collaudo-never";
/// What the scripts of a fault set at the window of a page that takes them.
pub const CANARY: &str = "collaudoCanary";
/// In whatever way the markup of a fault comes to life.
const MARKUP: &str = "[data-collaudo-canary], [src$=collaudo-canary]";
/// Back from the platform, and all there.
const SETTLED: &str =
    "!document.querySelector('#sign-in, #consent') && document.readyState === 'complete' && location.protocol.startsWith('http')";

/// The window of an authorization request, whoever's page it shows at the moment.
#[derive(Clone, Copy)]
pub struct PlatformWindow<'a>(pub &'a Page);

impl PlatformWindow<'_> {
    /// Waits for the first page that is known; `application` is the application's own marker, if it has one.
    pub async fn wait_for_first(&self, application: Option<&str>, deadline: Duration) -> Result<Shown, BrowserError> {
        if let Some(pages) = TargetPages::of(self.0) {
            return pages.wait_for_first(application, deadline).await;
        }
        let first = self.0.wait_for_any(&["#sign-in", "#consent", ERROR, application.unwrap_or(NEVER)], deadline).await?;
        Ok([Shown::SignIn, Shown::Consent, Shown::Error, Shown::Application][first])
    }

    /// Waits for the page after a sign-in: consent, a refusal on the sign-in page, or the application.
    pub async fn wait_for_next(&self, application: Option<&str>, deadline: Duration) -> Result<Shown, BrowserError> {
        let next = self.0.wait_for_any(&["#consent", "#sign-in .form-error", ERROR, application.unwrap_or(NEVER)], deadline).await?;
        Ok([Shown::Consent, Shown::SignIn, Shown::Error, Shown::Application][next])
    }

    /// The explanation on the platform's error page; empty where the window shows none.
    pub async fn error(&self) -> Result<String, BrowserError> {
        Ok(self.0.text(ERROR_DETAIL).await?.unwrap_or_default())
    }

    /// Waits until the window is back at a page of the application's.
    pub async fn wait_until_back(&self, deadline: Duration) -> Result<(), BrowserError> {
        let what = "page of the application in the window";
        match TargetPages::of(self.0) {
            Some(_) => self.0.wait_until_back_with_the_answer(what, deadline).await,
            None => self.0.wait_until(SETTLED, what, deadline).await,
        }
    }

    /// Whether markup or a script that the platform put into its response is part of the page.
    pub async fn has_canary(&self) -> Result<bool, BrowserError> {
        let ran = self.0.evaluate(&format!("window.{CANARY} === 1")).await?;
        Ok(ran || comes_to_life(self.0, None).await?)
    }
}

/// Whether a page of this source would have it; `page` only reads it.
pub async fn holds_canary(page: &Page, source: &str) -> Result<bool, BrowserError> {
    comes_to_life(page, Some(source)).await
}

async fn comes_to_life(page: &Page, source: Option<&str>) -> Result<bool, BrowserError> {
    let given = serde_json::json!([source, MARKUP, CANARY]);
    page.evaluate(&format!("({})(...{given})", include_str!("../scripts/comes_to_life.js"))).await
}

/// What a person reads on a page, once it has loaded and has words; nothing where it has none within the deadline.
pub async fn visible_text(page: &Page, deadline: Duration) -> Result<String, BrowserError> {
    match page.wait_until("document.readyState === 'complete' && pageText().trim()", "words on the page", deadline).await {
        Ok(()) => page.evaluate(&calling("pageText", &[])).await,
        Err(BrowserError::Timeout { .. }) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Whether a person reads a text on a page, now or within the deadline.
pub async fn wait_for_text(page: &Page, text: &str, deadline: Duration) -> Result<bool, BrowserError> {
    let predicate = format!("pageText().includes({})", serde_json::Value::from(text));
    match page.wait_until(&predicate, "text on the page", deadline).await {
        Ok(()) => Ok(true),
        Err(BrowserError::Timeout { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
