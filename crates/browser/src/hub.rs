//! Turns the browser's events into the state and the record of contexts and windows. Runs on the connection's reading task, in order.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::cdp::{Connection, Event};
use super::context::ON_NEW_DOCUMENT;
use super::evidence::{Request, public_text, public_url};
use super::state::{Asked, Opening, Pending, Popups, Scope, Window, WindowState};
use super::wait::calling;
use super::{detour, kept, served};
use crate::domain::{BrowserFactKind, Dialogs};

/// Which context and window an event belongs to.
#[derive(Default)]
pub(super) struct Hub {
    known: Mutex<Known>,
    dialogs: Dialogs,
}

#[derive(Default)]
struct Known {
    scopes: HashMap<String, Weak<Scope>>,
    sessions: HashMap<String, Attached>,
}

#[derive(Clone)]
struct Attached {
    scope: Weak<Scope>,
    window: Arc<Window>,
    /// A frame of the window with a process of its own: only its requests count.
    frame: bool,
}

impl Hub {
    /// One that answers dialogs in this way.
    pub(crate) fn answering(dialogs: Dialogs) -> Self {
        Self { dialogs, ..Self::default() }
    }

    pub(crate) fn know(&self, scope: &Arc<Scope>) {
        let mut known = self.known();
        known.scopes.retain(|_, scope| scope.strong_count() > 0);
        known.scopes.insert(scope.id.clone(), Arc::downgrade(scope));
    }

    /// Answers a dialog, and keeps what it said.
    fn answer(&self, connection: &Connection, scope: &Scope, window: &Window, params: &Value) {
        let kind = text(params, "/type");
        let (accept, words) = self.dialogs.answer(kind);
        let answer = json!({ "accept": accept, "promptText": words.unwrap_or_default() });
        connection.post(Some(&window.session), "Page.handleJavaScriptDialog", answer);
        let dismissed = if accept { "" } else { " (dismissed)" };
        scope.note(BrowserFactKind::Dialog, format!("{kind}: {}{dismissed}", public_text(text(params, "/message"))));
    }

    pub(crate) fn take(&self, connection: &Arc<Connection>, event: Event) {
        let Event { session, method, params } = event;
        match (method.as_str(), session) {
            ("Target.attachedToTarget", parent) => self.attached(connection, parent.as_deref(), &params),
            ("Target.detachedFromTarget", _) => self.detached(connection, text(&params, "/sessionId")),
            (method, Some(session)) => {
                let Some(Attached { scope, window, frame }) = self.known().sessions.get(&session).cloned() else { return };
                let Some(scope) = scope.upgrade() else { return };
                if method == "Fetch.requestPaused" {
                    if !served::answer(connection, &window, &params) && !detour::answer(connection, &scope, &session, &params) {
                        kept::held(connection, &scope, &session, &params);
                    }
                } else if method.starts_with("Network.") {
                    network(&scope, &window, &session, method, &params);
                } else if method == "Page.javascriptDialogOpening" {
                    self.answer(connection, &scope, &window, &params);
                } else if !frame {
                    page(connection, &scope, &window, method, &params);
                }
            }
            _ => {}
        }
    }

    fn attached(&self, connection: &Arc<Connection>, parent: Option<&str>, params: &Value) {
        let session = text(params, "/sessionId");
        let of_frame = parent.and_then(|parent| self.known().sessions.get(parent).cloned());
        if let Some(attached) = of_frame {
            let scope = attached.scope.upgrade();
            self.known().sessions.insert(session.to_owned(), Attached { frame: true, ..attached });
            connection.post(Some(session), "Network.enable", json!({}));
            if let Some(scope) = scope.filter(|scope| scope.detour.get().is_some()) {
                detour::hold_back(connection, &scope, session);
            }
            attach_frames(connection, session);
            connection.post(Some(session), "Runtime.runIfWaitingForDebugger", json!({}));
            return;
        }
        let scope = self.known().scopes.get(text(params, "/targetInfo/browserContextId")).and_then(Weak::upgrade);
        let (Some(scope), "page") = (scope, text(params, "/targetInfo/type")) else {
            // The driver's own window.
            connection.post(Some(session), "Runtime.runIfWaitingForDebugger", json!({}));
            connection.post(None, "Target.detachFromTarget", json!({ "sessionId": session }));
            return;
        };
        let opener = params.pointer("/targetInfo/openerId").and_then(Value::as_str);
        let opening = opener.and_then(|opener| take_opening(&scope, opener));
        let popups = *scope.popups();
        if popups != Popups::Native && opening.as_ref().is_some_and(|opening| !opening.user_gesture) {
            // A link or a form that a script sent to a new window; `window.open` never comes so far.
            scope.note(BrowserFactKind::Console, "warning: popup blocked by the browser".to_owned());
            connection.post(None, "Target.closeTarget", json!({ "targetId": text(params, "/targetInfo/targetId") }));
            return;
        }
        let window = Arc::new(Window {
            target: text(params, "/targetInfo/targetId").to_owned(),
            session: session.to_owned(),
            state: watch::Sender::new(WindowState::default()),
        });
        let attached = Attached { scope: Arc::downgrade(&scope), window: Arc::clone(&window), frame: false };
        self.known().sessions.insert(session.to_owned(), attached);
        for domain in ["Page.enable", "Runtime.enable", "Network.enable", "Log.enable", "Inspector.enable"] {
            connection.post(Some(session), domain, json!({}));
        }
        if scope.uncached.load(Ordering::Relaxed) {
            connection.post(Some(session), "Network.setCacheDisabled", json!({ "cacheDisabled": true }));
        }
        attach_frames(connection, session);
        if popups != Popups::Native {
            let source = calling(include_str!("scripts/popup_blocker.js"), &[json!(popups == Popups::Blocked)]);
            connection.post(Some(session), ON_NEW_DOCUMENT, json!({ "source": source, "runImmediately": true }));
        }
        for source in scope.preludes().iter() {
            connection.post(Some(session), ON_NEW_DOCUMENT, json!({ "source": source, "runImmediately": true }));
        }
        if scope.record().kept.is_some() {
            kept::watch(connection, &scope, session);
        } else {
            detour::hold_back(connection, &scope, session);
        }
        connection.post(Some(session), "Runtime.runIfWaitingForDebugger", json!({}));
        if opener.is_some() {
            let url = opening.map_or_else(|| text(params, "/targetInfo/url").to_owned(), |opening| opening.url);
            scope.note(BrowserFactKind::WindowOpened, public_url(&url));
        }
        scope.windows.send_modify(|windows| {
            windows.all.push(Arc::clone(&window));
            if opener.is_some() {
                windows.popups_opened += 1;
                windows.popups.push_back(window);
            }
        });
    }

    fn detached(&self, connection: &Arc<Connection>, session: &str) {
        let attached = self.known().sessions.remove(session);
        if let Some(Attached { scope, window, frame: false }) = attached {
            if let Some(scope) = scope.upgrade() {
                scope.note(BrowserFactKind::WindowClosed, public_url(window.state.borrow().url()));
                window.state.send_modify(|state| state.closed = true);
                scope.windows.send_modify(|_| {});
            }
            window.state.send_modify(|state| state.closed = true);
        }
        connection.detach(session);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frames of another site have a process, and so a session, of their own.
fn attach_frames(connection: &Connection, session: &str) {
    let filter = json!([{ "type": "iframe", "exclude": false }]);
    let wish = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": filter });
    connection.post(Some(session), "Target.setAutoAttach", wish);
}

/// What the opener wished of the window: it stands there before the window itself has an address.
fn take_opening(scope: &Scope, opener: &str) -> Option<Opening> {
    let opener = scope.windows.borrow().all.iter().find(|window| window.target == opener).cloned()?;
    let mut opening = None;
    opener.state.send_if_modified(|state| {
        opening = state.opening.take();
        false
    });
    opening
}

fn page(connection: &Connection, scope: &Scope, window: &Window, method: &str, params: &Value) {
    match method {
        "Page.frameNavigated" if params.pointer("/frame/parentId").is_none() => navigated(scope, window, params),
        "Page.navigatedWithinDocument" if text(params, "/frameId") == window.target => {
            let url = text(params, "/url");
            scope.note(BrowserFactKind::Navigated, public_url(url));
            window.state.send_modify(|state| {
                state.urls.push(url.to_owned());
                state.commits += 1;
            });
        }
        "Page.loadEventFired" => window.state.send_modify(|state| state.loaded = true),
        "Page.windowOpen" => window.state.send_modify(|state| {
            let user_gesture = params["userGesture"].as_bool().unwrap_or(false);
            state.opening = Some(Opening { url: text(params, "/url").to_owned(), user_gesture });
        }),
        "Runtime.executionContextCreated" => {
            let data = &params["context"]["auxData"];
            if data["isDefault"].as_bool() == Some(true) && text(data, "/frameId") == window.target {
                window.state.send_modify(|state| state.generation += 1);
            }
        }
        "Runtime.consoleAPICalled" => {
            kept::said(scope, &params["args"]);
            let words: Vec<String> = params["args"].as_array().into_iter().flatten().map(console_word).collect();
            scope.note(BrowserFactKind::Console, public_text(&format!("{}: {}", text(params, "/type"), words.join(" "))));
        }
        "Runtime.exceptionThrown" => {
            let details = &params["exceptionDetails"];
            let words = match text(details, "/exception/description") {
                "" => text(details, "/text"),
                words => words.lines().next().unwrap_or(words),
            };
            scope.note(BrowserFactKind::Console, public_text(&format!("exception: {words}")));
        }
        "Log.entryAdded" => {
            let words = format!("{}: {} {}", text(params, "/entry/level"), text(params, "/entry/text"), text(params, "/entry/url"));
            scope.note(BrowserFactKind::Console, public_text(words.trim_end()));
        }
        "DOMStorage.domStorageItemAdded" | "DOMStorage.domStorageItemUpdated" => kept::passed(scope, method, params),
        "Inspector.targetCrashed" => {
            scope.note(BrowserFactKind::Crashed, public_url(window.state.borrow().url()));
            window.state.send_modify(|state| state.crashed = true);
            connection.detach(&window.session);
        }
        _ => {}
    }
}

fn navigated(scope: &Scope, window: &Window, params: &Value) {
    let frame = &params["frame"];
    let shown = format!("{}{}", text(frame, "/url"), text(frame, "/urlFragment"));
    let unreachable = frame["unreachableUrl"].as_str();
    let url = unreachable.unwrap_or(&shown).to_owned();
    // A browser under load takes its time from the answer to the page: on the axis a page lies where its answer came, between what the
    // platform did before and after it.
    let answered_ms = window.state.borrow().answered_ms;
    scope.note_at(answered_ms.unwrap_or_else(|| scope.elapsed_ms()), BrowserFactKind::Navigated, public_url(&url));
    // A page that comes back from the back/forward cache does not load again.
    let restored = text(params, "/type") == "BackForwardCacheRestore";
    window.state.send_modify(|state| {
        state.unreachable = unreachable.map(|_| state.failure.take().unwrap_or_else(|| "not reachable".to_owned()));
        state.urls.push(url);
        state.commits += 1;
        state.answered_ms = None;
        state.loaded = restored;
        // What the earlier document waited for is nobody's any more.
        state.pending.clear();
        if restored {
            state.generation += 1;
        }
    });
}

fn network(scope: &Scope, window: &Window, session: &str, method: &str, params: &Value) {
    let id = format!("{session}/{}", text(params, "/requestId"));
    let status = |at: &str| params.pointer(at).and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    match method {
        "Network.requestWillBeSent" => {
            let mut record = scope.record();
            if let Some(status) = status("/redirectResponse/status") {
                record.answered(&id, status);
            }
            let request = Request {
                url: format!("{}{}", text(params, "/request/url"), text(params, "/request/urlFragment")),
                method: text(params, "/request/method").to_owned(),
                resource_type: text(params, "/type").to_owned(),
                status: None,
                page: window.state.borrow().url().to_owned(),
                sent: std::time::Instant::now(),
            };
            let pending = Pending { url: request.url.clone(), since: tokio::time::Instant::now() };
            record.sent(&id, request);
            drop(record);
            if text(params, "/type") == "Document" && text(params, "/frameId") == window.target {
                let url = pending.url.clone();
                window.state.send_modify(|state| state.asked.push(Asked { url, commits: state.commits }));
            }
            // An answer of these is never whole, or nobody waits for it.
            if !matches!(text(params, "/type"), "EventSource" | "WebSocket" | "Ping" | "Prefetch" | "Preflight") {
                window.state.send_modify(|state| {
                    state.pending.insert(id.clone(), pending);
                });
            }
        }
        "Network.responseReceived" => {
            if let Some(status) = status("/response/status") {
                scope.record().answered(&id, status);
                // A script that reads no further than a refusal leaves its body unread, and the browser says no more of it.
                if status >= 400 && text(params, "/type") == "Fetch" {
                    window.state.send_modify(|state| drop(state.pending.remove(&id)));
                }
                if text(params, "/type") == "Document" && text(params, "/frameId") == window.target {
                    window.state.send_modify(|state| {
                        state.status = Some(status);
                        state.answered_ms = Some(scope.elapsed_ms());
                    });
                }
            }
        }
        "Network.loadingFinished" => {
            kept::answered(scope, window, text(params, "/requestId"), &id);
            window.state.send_modify(|state| drop(state.pending.remove(&id)));
        }
        "Network.responseReceivedExtraInfo" | "Network.webSocketFrameReceived" | "Network.eventSourceMessageReceived" => {
            if method == "Network.responseReceivedExtraInfo" {
                scope.record().redirected(&params["headers"]);
            }
            kept::passed(scope, method, params);
        }
        "Network.loadingFailed" => {
            let why = (text(params, "/type") == "Document").then(|| text(params, "/errorText").to_owned());
            window.state.send_modify(|state| {
                state.pending.remove(&id);
                state.failure = why.or(state.failure.take());
            });
        }
        _ => {}
    }
}

fn console_word(argument: &Value) -> String {
    match &argument["value"] {
        Value::String(words) => words.clone(),
        Value::Null => text(argument, "/description").to_owned(),
        other => other.to_string(),
    }
}

fn text<'a>(value: &'a Value, at: &str) -> &'a str {
    value.pointer(at).and_then(Value::as_str).unwrap_or_default()
}
