//! A page at an address where nobody serves one: the browser is given it before it asks the network.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::cdp::Connection;
use super::state::Window;
use super::{BrowserError, Context, Page, detour};

impl Context {
    /// A new window with a page of any origin, by its address, which need not exist; `source` is its text.
    pub async fn open_served(&self, address: &str, source: &str) -> Result<Page, BrowserError> {
        let page = self.open("about:blank").await?;
        // A page that comes before the window is ready is not told of.
        page.evaluate::<bool>("true").await?;
        page.window.state.send_modify(|state| state.served = Some(source.to_owned()));
        page.call("Fetch.enable", json!({ "patterns": [{ "urlPattern": format!("{address}*"), "requestStage": "Request" }] })).await?;
        page.goto(address).await?;
        page.window.state.send_modify(|state| state.served = None);
        page.call("Fetch.disable", json!({})).await?;
        detour::hold_back(&self.scope.connection, &self.scope, &page.window.session);
        Ok(page)
    }
}

/// Answers a request that is held back, where the window has been given a page.
pub(super) fn answer(connection: &Connection, window: &Window, params: &Value) -> bool {
    let Some(source) = window.state.borrow().served.clone() else { return false };
    let headers = json!([{ "name": "content-type", "value": "text/html; charset=utf-8" }]);
    let wish = json!({
        "requestId": params["requestId"], "responseCode": 200, "responseHeaders": headers, "body": STANDARD.encode(source),
    });
    connection.post(Some(&window.session), "Fetch.fulfillRequest", wish);
    true
}
