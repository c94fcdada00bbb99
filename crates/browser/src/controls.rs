//! Controls that a person knows by their words: what leads on in a list that is longer than its page, and what signs in.

use std::time::Duration;

use serde_json::json;

use super::{BrowserError, Page};

/// The attribute that marks what is clicked next.
const MARK: &str = "data-collaudo-leads-on";
const LEADS_ON: &str = include_str!("scripts/leads_on.js");
const ASKS_TO_SIGN_IN: &str = include_str!("scripts/asks_to_sign_in.js");

/// What leads on in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadsOn {
    /// How it was known: `rel=next`, `its words`, `an arrow`, `the next number`, or the profile's selector.
    pub by: String,
    /// What a person reads on it, or its label or value where it has no text; may be empty.
    pub words: String,
}

impl Page {
    /// What a person would click to see more of the list whose entries `shows` finds: what `written` finds, or what says so by itself.
    pub async fn leads_on(&self, shows: &str, written: Option<&str>) -> Result<Option<LeadsOn>, BrowserError> {
        let found =
            self.settle(LEADS_ON, &[json!(MARK), json!(shows), json!(written)], "document to look at", self.context.patience).await?;
        let part = |place: usize| found.get(place).and_then(|part| part.as_str()).map(str::to_owned);
        Ok(part(0).map(|by| LeadsOn { by, words: part(1).unwrap_or_default() }))
    }

    /// The words of what lets a person sign in on this page: what `trigger` finds, or what says so by itself.
    pub async fn asks_to_sign_in(&self, trigger: &str) -> Result<Option<String>, BrowserError> {
        let found = self.settle(ASKS_TO_SIGN_IN, &[json!(trigger)], "document to look at", self.context.patience).await?;
        Ok(found.get(0).and_then(|words| words.as_str()).map(str::to_owned))
    }

    /// Clicks what [`Page::leads_on`] found last.
    pub async fn go_on(&self) -> Result<(), BrowserError> {
        self.click(&format!("[{MARK}]")).await
    }

    /// Scrolls to the last entry, as a person does where a list grows by that.
    pub async fn scroll_to_last(&self, css: &str) -> Result<(), BrowserError> {
        let script = "css => { const all = every(css); const last = all[all.length - 1]; \
             for (let el = last?.parentElement; el; el = el.parentElement) el.scrollTop = el.scrollHeight; \
             last?.scrollIntoView({ block: 'end' }); scrollTo(0, document.documentElement.scrollHeight); return true; }";
        self.settle(script, &[json!(css)], "document to scroll", self.context.patience).await.map(drop)
    }

    /// Whether the entries come to be others than `known` before the deadline.
    pub async fn wait_for_other_entries(&self, css: &str, known: &[String], deadline: Duration) -> Result<bool, BrowserError> {
        let script = "(css, known) => { const now = every(css).map(words); \
             return now.length > 0 && JSON.stringify(now) !== JSON.stringify(known); }";
        match self.settle(script, &[json!(css), json!(known)], "other entries", deadline).await {
            Ok(_) => Ok(true),
            Err(BrowserError::Timeout { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
