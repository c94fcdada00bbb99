//! Waiting for a page: by the browser's events, or by a promise inside the page that is asked again in each new document.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::cdp::{ANSWER_DEADLINE, Answer, Refusal};
use super::evidence::public_url;
use super::launch::{gone, refused};
use super::state::WindowState;
use super::{BrowserError, Page};

const PRELUDE: &str = include_str!("scripts/prelude.js");
/// For a look at the page after a wait has failed.
const LAST_LOOK: Duration = Duration::from_millis(500);

/// What the browser says when the document went away under a script.
const LOST: [&str; 6] = [
    "Execution context was destroyed",
    "Inspected target navigated or closed",
    "Cannot find default execution context",
    "Cannot find context with specified id",
    "Promise was collected",
    "uniqueContextId not found",
];

pub(super) enum Ran {
    Value(Value),
    /// The document went away before the script was done.
    Lost,
}

/// An expression that calls `function`, a script's text, with `arguments`.
pub(super) fn calling(function: &str, arguments: &[Value]) -> String {
    let arguments: Vec<String> = arguments.iter().map(Value::to_string).collect();
    format!("(() => {{ {PRELUDE}\nreturn (\n{function}\n)({}); }})()", arguments.join(", "))
}

impl Page {
    /// Calls `function` with `arguments` in the page until it answers something truthy, in whatever document the window shows then.
    pub(super) async fn settle(&self, function: &str, arguments: &[Value], what: &str, deadline: Duration) -> Result<Value, BrowserError> {
        let until = Instant::now() + deadline;
        let arguments: Vec<String> = arguments.iter().map(Value::to_string).collect();
        let arguments = arguments.join(", ");
        loop {
            let generation = self.window.state.borrow().generation;
            let budget = u64::try_from((until - Instant::now()).as_millis()).unwrap_or(u64::MAX);
            let script =
                format!("(() => {{ {PRELUDE}\nconst test = (\n{function}\n);\nreturn settle(() => test({arguments}), {budget}); }})()");
            let another_document = self.news(|state| (state.generation != generation).then_some(()));
            let ran = tokio::select! {
                biased;
                ran = self.run_unbounded(&script) => ran?,
                outdated = another_document => { outdated?; continue }
                () = tokio::time::sleep_until(until) => Ran::Value(Value::Null),
            };
            match ran {
                Ran::Value(Value::Null) => return Err(self.timed_out(what, deadline).await),
                Ran::Value(value) => return Ok(value),
                Ran::Lost => {
                    let next = self.news(|state| (state.generation != generation).then_some(()));
                    match timeout_at(until, next).await {
                        Ok(next) => next?,
                        Err(_) => return Err(self.timed_out(what, deadline).await),
                    }
                }
            }
        }
    }

    /// Waits for an event that makes `find` answer.
    pub(super) async fn watch<T>(
        &self,
        what: &str,
        deadline: Duration,
        find: impl FnMut(&WindowState) -> Option<T>,
    ) -> Result<T, BrowserError> {
        match tokio::time::timeout(deadline, self.news(find)).await {
            Ok(found) => found,
            Err(_) => Err(self.timed_out(what, deadline).await),
        }
    }

    /// The first answer of `find`, asked now and at each change; an error once there can be no more changes.
    pub(super) async fn news<T>(&self, mut find: impl FnMut(&WindowState) -> Option<T>) -> Result<T, BrowserError> {
        let mut state = self.window.state.subscribe();
        let mut end = self.context.scope.connection.gone();
        loop {
            {
                let now = state.borrow_and_update();
                if let Some(found) = find(&now) {
                    return Ok(found);
                }
                if now.over() {
                    return Err(over(&now));
                }
            }
            tokio::select! {
                _ = state.changed() => {}
                () = has_ended(&mut end) => return Err(gone(&self.context.scope.connection)),
            }
        }
    }

    /// Runs an expression in the present document and awaits its promise.
    pub(super) async fn run(&self, expression: &str) -> Result<Ran, BrowserError> {
        match tokio::time::timeout(ANSWER_DEADLINE, self.run_unbounded(expression)).await {
            Ok(ran) => ran,
            Err(_) => Err(self.refused("Runtime.evaluate", Refusal::Silent)),
        }
    }

    async fn run_unbounded(&self, expression: &str) -> Result<Ran, BrowserError> {
        let method = "Runtime.evaluate";
        let wish = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = match self.send(method, wish) {
            Ok(answer) => answer.await.unwrap_or(Err(Refusal::Gone)),
            Err(refusal) => Err(refusal),
        };
        match answer {
            Ok(answer) => match answer.get("exceptionDetails") {
                Some(details) => Err(BrowserError::Script { why: exception(details) }),
                None => Ok(Ran::Value(answer["result"]["value"].clone())),
            },
            Err(Refusal::Answered(why)) if LOST.iter().any(|lost| why.contains(lost)) => Ok(Ran::Lost),
            Err(refusal) => Err(self.refused(method, refusal)),
        }
    }

    pub(super) async fn call(&self, method: &str, params: Value) -> Result<Value, BrowserError> {
        if self.window.state.borrow().over() {
            return Err(self.refused(method, Refusal::Detached));
        }
        let called = self.context.scope.connection.call(Some(&self.window.session), method, params).await;
        called.map_err(|refusal| self.refused(method, refusal))
    }

    /// Sends at once, in order; the answer is awaited by the caller, for as long as it likes.
    pub(super) fn send(&self, method: &str, params: Value) -> Result<Answer, Refusal> {
        if self.window.state.borrow().over() {
            return Err(Refusal::Detached);
        }
        self.context.scope.connection.send(Some(&self.window.session), method, params)
    }

    pub(super) fn refused(&self, method: &str, refusal: Refusal) -> BrowserError {
        match refusal {
            Refusal::Detached => over(&self.window.state.borrow()),
            other => refused(&self.context.scope.connection, method, other),
        }
    }

    pub(super) async fn timed_out(&self, what: &str, waited: Duration) -> BrowserError {
        let last_seen = match tokio::time::timeout(LAST_LOOK, self.title()).await {
            Ok(Ok(title)) if !title.is_empty() => format!("`{}`, titled {title:?}", public_url(&self.url())),
            _ if self.is_closed() => format!("`{}`, closed", public_url(&self.url())),
            _ => format!("`{}`", public_url(&self.url())),
        };
        BrowserError::Timeout { what: what.to_owned(), waited, last_seen }
    }

    /// Adds to a timeout why the element `css` was not as it was wished.
    pub(super) async fn explain(&self, css: &str, error: BrowserError) -> BrowserError {
        let BrowserError::Timeout { what, waited, last_seen } = error else { return error };
        let look = calling(include_str!("scripts/describe.js"), &[json!(css)]);
        let last_seen = match tokio::time::timeout(LAST_LOOK, self.run(&look)).await {
            Ok(Ok(Ran::Value(Value::String(why)))) => format!("{last_seen}, `{css}`: {why}"),
            _ => last_seen,
        };
        BrowserError::Timeout { what, waited, last_seen }
    }
}

async fn has_ended(end: &mut watch::Receiver<Option<String>>) {
    let _why_or_dropped = end.wait_for(Option::is_some).await;
}

fn over(state: &WindowState) -> BrowserError {
    let url = public_url(state.url());
    if state.crashed {
        BrowserError::Gone { why: format!("the process of the page `{url}` crashed") }
    } else {
        BrowserError::Closed { url }
    }
}

fn exception(details: &Value) -> String {
    let words = details.pointer("/exception/description").or_else(|| details.pointer("/exception/value")).or_else(|| details.get("text"));
    let words = words.and_then(Value::as_str).unwrap_or("no reason given");
    super::evidence::public_text(words.lines().next().unwrap_or(words))
}
