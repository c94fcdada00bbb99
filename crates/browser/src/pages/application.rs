use std::time::Duration;

use crate::wait::calling;
use crate::{BrowserError, DEFAULT_DEADLINE, Page};

/// What a person reads, kept in the page to compare with.
const REMEMBER: &str = "document.body && (window.collaudoRead = pageText(), true)";
/// Another page has read nothing yet, and so differs.
const CHANGED: &str = "document.body && pageText() !== window.collaudoRead";

const LINK: &str = "url => { const link = every('a[href]').find(a => a.href === url && visible(a)); \
    return link ? `a[href=\"${CSS.escape(link.getAttribute('href'))}\"]` : null; }";

/// A page of the application under test, whatever it looks like.
#[derive(Clone, Copy)]
pub struct ApplicationPage<'a>(pub &'a Page);

impl ApplicationPage<'_> {
    /// Keeps the words that the page shows now.
    pub async fn remember(&self) -> Result<(), BrowserError> {
        self.0.wait_until(REMEMBER, "page to remember", DEFAULT_DEADLINE).await
    }

    /// What a person reads, line by line; nothing on a page that is just going.
    pub async fn lines(&self) -> Result<Vec<String>, BrowserError> {
        match self.0.evaluate::<String>(&calling("pageText", &[])).await {
            Ok(text) => Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()),
            Err(BrowserError::Script { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// A selector of a visible link that leads to this address.
    pub async fn link_to(&self, url: &str) -> Result<Option<String>, BrowserError> {
        self.0.evaluate(&calling(LINK, &[url.into()])).await
    }

    /// Whether the window comes to show other words than those remembered.
    pub async fn wait_for_change(&self, deadline: Duration) -> Result<bool, BrowserError> {
        match self.0.wait_until(CHANGED, "other words on the page", deadline).await {
            Ok(()) => Ok(true),
            Err(BrowserError::Timeout { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Every address that the links and forms of a page name, as a person's browser would send it.
const ADDRESSES: &str = "() => every('[href], [action], [src], [formaction]')\
    .flatMap(el => ['href', 'action', 'src', 'formaction'].map(name => el.getAttribute(name)).filter(Boolean))\
    .flatMap(address => { try { return [address, decodeURIComponent(address.replaceAll('+', ' '))] } catch { return [address] } })";

/// The addresses that links, forms and sources of a page name, as they are written and once more decoded.
pub async fn addresses_in(page: &Page) -> Result<Vec<String>, BrowserError> {
    page.evaluate(&calling(ADDRESSES, &[])).await
}
