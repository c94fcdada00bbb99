//! What a page says to a person, element by element, and how to find each of them again.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{BrowserError, Page};

const SCRIPT: &str = include_str!("scripts/words.js");

/// A visible element that has words.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Element {
    /// CSS selectors that find this element alone in its document, from the most telling to the most fragile.
    pub selectors: Vec<String>,
    /// What a person reads in it, in one line.
    pub text: String,
}

impl Page {
    /// Why the browser does not read this as a CSS selector; `None` where it does.
    pub async fn why_not_read(&self, css: &str) -> Result<Option<String>, BrowserError> {
        let script = include_str!("scripts/why_not_read.js").trim();
        let answer = self.settle(script, &[json!(css)], "loaded page to read", self.context.patience).await?;
        Ok(answer["why"].as_str().map(str::to_owned))
    }

    /// The elements of the page that the window shows, once it has loaded.
    pub async fn elements(&self) -> Result<Vec<Element>, BrowserError> {
        self.taken_down("", &Value::Null, &[], "loaded page to read", self.context.patience).await
    }

    /// Waits until an element says something that none of the `known` ones says, and that has one of the `names` in it if there are
    /// any; answers with all elements. A page whose address begins with `away` is waited out.
    pub async fn wait_for_words(
        &self,
        away: &str,
        known: &[Element],
        names: &[String],
        deadline: Duration,
    ) -> Result<Vec<Element>, BrowserError> {
        let known: Vec<&str> = known.iter().map(|element| element.text.as_str()).collect();
        let what = match names.first() {
            Some(name) => format!("new words that name `{name}`"),
            None => "new words".to_owned(),
        };
        self.taken_down(away, &json!(known), names, &what, deadline).await
    }

    /// Marks what stands at `css` now: it is no answer to what a person does next.
    pub async fn remember_words_of(&self, css: &str) -> Result<(), BrowserError> {
        let script = "css => { for (const el of every(css)) el.collaudoOld = words(el); return true; }";
        // A page that is just going has a next one.
        self.settle(script, &[json!(css)], "document to look at", self.context.patience).await.map(drop)
    }

    /// Waits until `signed_in` is visible, or in a closed menu (`true`), or `error` says something that it did not say at
    /// [`Page::remember_words_of`] (`false`).
    pub async fn wait_for_answer(&self, signed_in: &str, error: Option<&str>, deadline: Duration) -> Result<bool, BrowserError> {
        let script = "(signedIn, error) => told(signedIn) ? 'signed in' \
             : error && every(error).some(el => visible(el) && el.collaudoOld !== words(el)) ? 'refused' : ''";
        let what = format!("visible `{signed_in}`{}", error.map(|error| format!(" or `{error}`")).unwrap_or_default());
        let answer = self.settle(script, &[json!(signed_in), json!(error)], &what, deadline).await?;
        Ok(answer == "signed in")
    }

    /// Waits until so many elements are there; answers with how many there are in the end.
    pub async fn wait_for_count(&self, css: &str, count: usize, deadline: Duration) -> Result<usize, BrowserError> {
        let script = "(css, count) => document.readyState === 'complete' && every(css).length === count";
        match self.settle(script, &[json!(css), json!(count)], "whole list", deadline).await {
            Ok(_) => Ok(count),
            Err(BrowserError::Timeout { .. }) => Ok(self.texts(css).await?.len()),
            Err(error) => Err(error),
        }
    }

    /// Waits until what stands at `css` has one of the `names` in it; that it never does is for the caller to see.
    pub async fn wait_for_text_at(&self, css: &str, names: &[String], deadline: Duration) -> Result<(), BrowserError> {
        let script = "(css, names) => { const el = told(css); const text = el ? named(el).replace(/\\s+/g, ' ').toLowerCase() : ''; \
             return names.some(name => text.includes(name.toLowerCase())); }";
        match self.settle(script, &[json!(css), json!(names)], "name of the person", deadline).await {
            Ok(_) | Err(BrowserError::Timeout { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Those of the selectors that find something visible now.
    pub async fn visible_among(&self, css: &[String]) -> Result<Vec<String>, BrowserError> {
        self.among("shown", css).await
    }

    /// Those of the selectors that find something visible now, or in a closed menu.
    pub async fn telling_among(&self, css: &[String]) -> Result<Vec<String>, BrowserError> {
        self.among("told", css).await
    }

    async fn among(&self, look: &str, css: &[String]) -> Result<Vec<String>, BrowserError> {
        // In an array, for the wait takes nothing falsy.
        let script = &format!("all => document.readyState === 'complete' && [all.filter(css => {look}(css))]");
        let mut found = self.settle(script, &[json!(css)], "loaded page to look at", self.context.patience).await?;
        serde_json::from_value(found[0].take()).map_err(|why| BrowserError::Script { why: why.to_string() })
    }

    async fn taken_down(
        &self,
        away: &str,
        known: &Value,
        names: &[String],
        what: &str,
        deadline: Duration,
    ) -> Result<Vec<Element>, BrowserError> {
        let elements = self.settle(SCRIPT, &[json!(away), known.clone(), json!(names)], what, deadline).await?;
        serde_json::from_value(elements).map_err(|why| BrowserError::Script { why: why.to_string() })
    }
}
