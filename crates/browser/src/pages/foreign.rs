use serde_json::Value;

use crate::{BrowserError, Page};

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

/// The messages that this page and those before it in its window got, kept under this name.
pub async fn kept_messages(page: &Page, name: &str) -> Result<Vec<Value>, BrowserError> {
    page.evaluate(&format!("JSON.parse(sessionStorage.getItem({}) ?? '[]')", Value::from(name))).await
}

/// What marks the control whose link or form was changed: a selector that reads the old address finds it no more.
const MARKED: &str = "data-collaudo-control";

/// Adds parameters to what a control of the application sends: to its link, or to its form, in the address and as fields. The
/// control's selector from then on; `None` where it has neither link nor form.
pub async fn name_at_control(page: &Page, css: &str, parameters: &[(&str, &str)]) -> Result<Option<String>, BrowserError> {
    let script = include_str!("../scripts/name_at_control.js");
    let given = serde_json::json!([css, parameters, MARKED]);
    let found: bool = page.evaluate(&format!("({script})(...{given})")).await?;
    Ok(found.then(|| format!("[{MARKED}]")))
}

/// Sends the window to an address by a link, or by a form with fields.
pub async fn send_to(page: &Page, method: &str, address: &str, fields: &[(&str, &str)]) -> Result<(), BrowserError> {
    let given = serde_json::json!([method, address, fields]);
    let script = "(method, address, fields) => { const form = document.createElement('form'); \
         if (method === 'GET') { const link = document.createElement('a'); link.href = address; document.body.append(link); link.click(); return true; } \
         form.method = 'post'; form.action = address; \
         for (const [name, value] of fields) { const field = document.createElement('input'); \
         field.type = 'hidden'; field.name = name; field.value = value; form.append(field); } \
         document.body.append(form); HTMLFormElement.prototype.submit.call(form); return true; }";
    page.evaluate::<bool>(&format!("({script})(...{given})")).await.map(drop)
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
