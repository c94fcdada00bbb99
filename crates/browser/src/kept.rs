//! What a context is sent, keeps for however short a time, and says to the console, raw, where somebody wishes to search it. In memory
//! only.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use super::cdp::{Answer, Connection};
use super::state::{Scope, Window};
use super::{Context, detour};

/// For bodies that were asked for when they were there: the browser has them, or lost them with their page.
const BODIES_DEADLINE: Duration = Duration::from_secs(5);

/// The body of one answer.
pub struct Body {
    /// The raw address of its request.
    pub url: String,
    /// The body as text; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// A text that was in the browser for a moment at least.
#[derive(Clone)]
pub struct Passed {
    /// What it was, for a person, without its text.
    pub name: String,
    /// What passed, raw: the value of a header, a whole message, or the key and value of a storage's entry.
    pub text: String,
}

/// What is kept, from the moment on in which it was asked for.
#[derive(Default)]
pub(super) struct Kept {
    /// Bodies that the browser was asked for.
    bodies: Vec<(String, Answer)>,
    /// Requests whose bodies were read before their pages had them, by DevTools' id.
    read_before: HashSet<String>,
    console: Vec<String>,
    passed: Vec<Passed>,
}

impl Context {
    /// From now on the bodies and headers of answers, what is written to a storage and the words of the console are kept.
    pub fn keep_what_it_is_sent(&self) {
        self.scope.record().kept.get_or_insert_default();
        for page in self.pages() {
            watch(&self.scope.connection, &self.scope, &page.window.session);
        }
    }

    /// The bodies so far, each once. Those of documents are whole; a page that went away at once may have taken others along, and of
    /// some of these the browser never says that they are gone.
    pub async fn bodies(&self) -> Vec<Body> {
        let deadline = Instant::now() + BODIES_DEADLINE;
        let asked = self.scope.record().kept.as_mut().map(|kept| std::mem::take(&mut kept.bodies)).unwrap_or_default();
        let mut bodies = Vec::new();
        for (url, answer) in asked {
            let Ok(Ok(Ok(answer))) = timeout_at(deadline, answer).await else { continue };
            let sent = answer["body"].as_str().unwrap_or_default();
            let text = match answer["base64Encoded"].as_bool() {
                Some(true) => STANDARD.decode(sent).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default(),
                _ => sent.to_owned(),
            };
            bodies.push(Body { url, text });
        }
        bodies
    }

    /// What the pages said to the console so far: texts, and objects as far as the browser shows them.
    pub fn console(&self) -> Vec<String> {
        self.scope.record().kept.as_ref().map(|kept| kept.console.clone()).unwrap_or_default()
    }

    /// Headers of answers, messages of servers and what was written to a storage, also where it was removed at once.
    pub fn passed(&self) -> Vec<Passed> {
        self.scope.record().kept.as_ref().map(|kept| kept.passed.clone()).unwrap_or_default()
    }
}

/// Lets a window tell what is kept, also of pages that close themselves at once: a document's body is read before its page has it.
pub(super) fn watch(connection: &Connection, scope: &Scope, session: &str) {
    connection.post(Some(session), "DOMStorage.enable", json!({}));
    detour::hold_back(connection, scope, session);
}

/// A document's answer is held back until its body has been read.
pub(super) fn held(connection: &Arc<Connection>, scope: &Scope, session: &str, params: &Value) {
    let go_on = json!({ "requestId": params["requestId"] });
    // A redirect and a failure have no body.
    let whole = params["responseStatusCode"].as_u64().is_some_and(|status| !(300..400).contains(&status));
    let read = whole.then(|| connection.send(Some(session), "Fetch.getResponseBody", go_on.clone()).ok()).flatten();
    let (Some(read), Some(kept)) = (read, &mut scope.record().kept) else {
        return connection.post(Some(session), "Fetch.continueRequest", go_on);
    };
    let (sender, answer) = oneshot::channel();
    kept.bodies.push((params["request"]["url"].as_str().unwrap_or_default().to_owned(), answer));
    kept.read_before.insert(params["networkId"].as_str().unwrap_or_default().to_owned());
    let (connection, session) = (Arc::clone(connection), session.to_owned());
    tokio::spawn(async move {
        if let Ok(Ok(body)) = timeout(BODIES_DEADLINE, read).await {
            let _nobody_waits = sender.send(body);
        }
        connection.post(Some(&session), "Fetch.continueRequest", go_on);
    });
}

/// An answer is whole: its body can be asked for until the window shows another page.
pub(super) fn answered(scope: &Scope, window: &Window, request: &str, id: &str) {
    let mut record = scope.record();
    let Some(url) = record.address(id) else { return };
    let Some(kept) = &mut record.kept else { return };
    if kept.read_before.contains(request) {
        return;
    }
    if let Ok(answer) = scope.connection.send(Some(&window.session), "Network.getResponseBody", json!({ "requestId": request })) {
        kept.bodies.push((url, answer));
    }
}

pub(super) fn said(scope: &Scope, words: &Value) {
    if let Some(kept) = &mut scope.record().kept {
        kept.console.push(words.to_string());
    }
}

/// What an event of DevTools tells of a text that passes.
pub(super) fn passed(scope: &Scope, method: &str, params: &Value) {
    let text = |at: &str| params.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut record = scope.record();
    let Some(kept) = &mut record.kept else { return };
    let mut keep = |name: String, text: String| kept.passed.push(Passed { name, text });
    match method {
        "Network.responseReceivedExtraInfo" => {
            for (name, value) in params["headers"].as_object().into_iter().flatten() {
                keep(format!("the header `{}` of an answer", name.to_lowercase()), value.as_str().unwrap_or_default().to_owned());
            }
        }
        "Network.webSocketFrameReceived" => keep("a message of a socket".to_owned(), text("/response/payloadData")),
        "Network.eventSourceMessageReceived" => keep("a message of an event stream".to_owned(), text("/data")),
        "DOMStorage.domStorageItemAdded" | "DOMStorage.domStorageItemUpdated" => {
            let kind = if params["storageId"]["isLocalStorage"] == true { "localStorage" } else { "sessionStorage" };
            let key = text("/key");
            keep(format!("{kind} entry `{key}`, for a moment at least"), format!("{key} {}", text("/newValue")));
        }
        _ => {}
    }
}
