//! What a context is sent and what its pages say to the console, raw, where somebody wishes to search it. In memory only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Context;
use super::cdp::Answer;
use super::state::{Scope, Window};

/// The body of one answer.
pub struct Body {
    pub url: String,
    pub text: String,
}

/// What is kept, from the moment on in which it was asked for.
#[derive(Default)]
pub(super) struct Kept {
    /// Bodies that the browser was asked for.
    bodies: Vec<(String, Answer)>,
    console: Vec<String>,
}

impl Context {
    /// From now on the bodies of answers and the words of the console are kept.
    pub fn keep_what_it_is_sent(&self) {
        self.scope.record().kept.get_or_insert_default();
    }

    /// The bodies so far, each once. A page that went away at once may have taken its own along.
    pub async fn bodies(&self) -> Vec<Body> {
        let asked = self.scope.record().kept.as_mut().map(|kept| std::mem::take(&mut kept.bodies)).unwrap_or_default();
        let mut bodies = Vec::new();
        for (url, answer) in asked {
            let Ok(Ok(answer)) = answer.await else { continue };
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
}

/// An answer is whole: its body can be asked for until the window shows another page.
pub(super) fn answered(scope: &Scope, window: &Window, request: &str, id: &str) {
    let mut record = scope.record();
    let Some(url) = record.address(id) else { return };
    let Some(kept) = &mut record.kept else { return };
    if let Ok(answer) = scope.connection.send(Some(&window.session), "Network.getResponseBody", json!({ "requestId": request })) {
        kept.bodies.push((url, answer));
    }
}

pub(super) fn said(scope: &Scope, words: &Value) {
    if let Some(kept) = &mut scope.record().kept {
        kept.console.push(words.to_string());
    }
}
