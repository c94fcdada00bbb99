use serde_json::Value;

use crate::browser::{BrowserError, Page};

/// A page of Mallory's, at an origin that is not the application's.
#[derive(Clone, Copy)]
pub struct ForeignPage<'a>(pub &'a Page);

impl ForeignPage<'_> {
    /// Opens an address in a window that this page can post messages to; by a click, as a person is tricked into.
    pub async fn open_window(&self, url: &str) -> Result<(), BrowserError> {
        let url = Value::from(url);
        let script = format!(
            "document.body.innerHTML = '<button id=\"open\">Win a prize</button>', \
             document.querySelector('#open').onclick = () => {{ window.victim = window.open({url}); }}, true"
        );
        self.0.evaluate::<bool>(&script).await?;
        self.0.click("#open").await
    }

    /// Posts each message to the window that it opened.
    pub async fn post(&self, messages: &[Value]) -> Result<(), BrowserError> {
        let messages = Value::from(messages.to_vec());
        let script = format!("{messages}.forEach(message => window.victim.postMessage(message, '*')), true");
        self.0.evaluate::<bool>(&script).await.map(drop)
    }
}

/// Adds parameters to the address that an element of the application leads to: a link's, or its form's.
pub async fn add_to_address(page: &Page, css: &str, parameters: &[(&str, &str)]) -> Result<bool, BrowserError> {
    let (css, parameters) = (Value::from(css), serde_json::json!(parameters));
    let script = format!(
        "(() => {{ const el = document.querySelector({css}); const to = el?.form ?? el?.closest('a'); if (!to) return false; \
         const key = to.tagName === 'FORM' ? 'action' : 'href'; const url = new URL(to.getAttribute(key) || location.href, location.href); \
         for (const [name, value] of {parameters}) url.searchParams.set(name, value); to.setAttribute(key, url); return true; }})()"
    );
    page.evaluate(&script).await
}

/// The address that an element of the application leads to by itself, without its script; none where it has no such address.
pub async fn address_of(page: &Page, css: &str) -> Result<Option<String>, BrowserError> {
    let css = Value::from(css);
    let script = format!(
        "(() => {{ const to = document.querySelector({css})?.closest('a[href]'); \
         return to && to.protocol.startsWith('http') && to.origin === location.origin && to.pathname !== location.pathname ? to.href : null; }})()"
    );
    page.evaluate(&script).await
}
