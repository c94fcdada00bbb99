//! What is known of a context and of its windows, kept up by the events of the browser (`hub.rs`).

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::cdp::Connection;
use super::detour::Detour;
use super::evidence::{Request, public_url};
use super::kept::Kept;
use crate::domain::{BrowserFact, BrowserFactKind};

/// One window.
pub(super) struct Window {
    /// DevTools' id of the target; also the id of its main frame.
    pub target: String,
    pub session: String,
    pub state: watch::Sender<WindowState>,
}

#[derive(Default)]
pub(super) struct WindowState {
    /// Every address that the window has shown, raw, the present one last.
    pub urls: Vec<String>,
    /// Every request of the window itself for a document; one that was redirected on is among them.
    pub asked: Vec<Asked>,
    /// Documents that the window has shown, and moves within one (`pushState`, fragments).
    pub commits: u64,
    /// Counts the worlds that a script can run in: a new one means that scripts of the old document were lost.
    pub generation: u64,
    /// The present document's `load` event has fired.
    pub loaded: bool,
    /// Why the present document is the browser's own error page.
    pub unreachable: Option<String>,
    /// The last failure of a document request, in the browser's words (`net::ERR_CONNECTION_REFUSED`).
    pub failure: Option<String>,
    /// What `window.open` was last told by a script of this window.
    pub opening: Option<Opening>,
    /// Status of the present document's answer; `None` where it came from nowhere, or from the cache of earlier pages.
    pub status: Option<u16>,
    /// When the answer came that the next document is made of.
    pub answered_ms: Option<u64>,
    /// Requests that wait for their answers, by DevTools' id.
    pub pending: HashMap<String, Pending>,
    /// The page that is shown at every address that is asked for, in place of what is there.
    pub served: Option<String>,
    pub closed: bool,
    pub crashed: bool,
}

/// A request that waits for its answer.
pub(super) struct Pending {
    pub url: String,
    pub since: tokio::time::Instant,
}

/// A request for a document.
pub(super) struct Asked {
    /// Raw.
    pub url: String,
    /// The window's count of commits when it was sent.
    pub commits: u64,
}

pub(super) struct Opening {
    pub url: String,
    pub user_gesture: bool,
}

impl WindowState {
    pub(crate) fn url(&self) -> &str {
        self.urls.last().map_or("about:blank", String::as_str)
    }

    pub(crate) fn over(&self) -> bool {
        self.closed || self.crashed
    }
}

/// One isolated context: its windows and what they did.
pub(super) struct Scope {
    pub id: String,
    pub began: Instant,
    pub connection: Arc<Connection>,
    pub windows: watch::Sender<Windows>,
    /// For windows that are still to be opened.
    popups: Mutex<Popups>,
    /// Whether windows that are still to be opened ask for everything anew.
    pub uncached: AtomicBool,
    /// Scripts that run before a page's own in windows that are still to be opened.
    preludes: Mutex<Vec<String>>,
    /// What is asked before documents at some addresses are loaded.
    pub detour: OnceLock<Detour>,
    record: Mutex<Record>,
}

/// What becomes of a window that a page opens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Popups {
    /// The browser's own blocker decides.
    Native,
    /// The browser has no blocker: ours decides by the same rule.
    AfterClick,
    /// The person blocks them all.
    Blocked,
}

#[derive(Default)]
pub(super) struct Windows {
    pub all: Vec<Arc<Window>>,
    /// Opened by a page and not taken yet, oldest first.
    pub popups: VecDeque<Arc<Window>>,
    pub popups_opened: usize,
}

#[derive(Default)]
pub(super) struct Record {
    pub facts: Vec<BrowserFact>,
    pub requests: Vec<Request>,
    /// How many requests there were by each answer that redirected to a script, where the browser refuses to go.
    pub to_scripts: Vec<usize>,
    /// The last request of each DevTools request id, which a redirect keeps.
    latest: HashMap<String, usize>,
    /// Requests that were answered on their way: their servers never saw them.
    detoured: HashSet<String>,
    /// Raw, where it was asked for.
    pub kept: Option<Kept>,
    pub closed: bool,
}

impl Record {
    pub(crate) fn sent(&mut self, id: &str, request: Request) {
        if self.detoured.remove(id)
            && let Some(unseen) = self.latest.get(id).and_then(|&index| self.requests.get_mut(index))
        {
            *unseen = request;
            return;
        }
        self.latest.insert(id.to_owned(), self.requests.len());
        self.requests.push(request);
    }

    /// The request with this id goes elsewhere: what comes next under it takes its place.
    pub(crate) fn detoured(&mut self, id: String) {
        self.detoured.insert(id);
    }

    pub(crate) fn answered(&mut self, id: &str, status: u16) {
        if let Some(request) = self.latest.get(id).and_then(|&index| self.requests.get_mut(index)) {
            request.status = Some(status);
        }
    }
}

impl Record {
    /// Takes an answer's `Location` down where it names a script.
    pub(crate) fn redirected(&mut self, headers: &Value) {
        let location = headers.as_object().into_iter().flatten().find(|(name, _)| name.eq_ignore_ascii_case("location"));
        let location = location.and_then(|(_, location)| location.as_str()).map(str::trim);
        let is_script = |location: &&str| location.get(..11).is_some_and(|scheme| scheme.eq_ignore_ascii_case("javascript:"));
        if location.is_some_and(|location| is_script(&location)) {
            self.to_scripts.push(self.requests.len());
        }
    }

    /// Address of the last request with this id.
    pub(crate) fn address(&self, id: &str) -> Option<String> {
        self.latest.get(id).and_then(|&index| self.requests.get(index)).map(|request| request.url.clone())
    }
}

impl Scope {
    pub(crate) fn new(id: String, connection: Arc<Connection>, popups: Popups) -> Self {
        let popups = Mutex::new(popups);
        let (uncached, preludes, detour, record) = Default::default();
        Self {
            id,
            began: Instant::now(),
            connection,
            windows: watch::Sender::new(Windows::default()),
            popups,
            uncached,
            preludes,
            detour,
            record,
        }
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn preludes(&self) -> MutexGuard<'_, Vec<String>> {
        self.preludes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn popups(&self) -> MutexGuard<'_, Popups> {
        self.popups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `text` must be public already.
    pub(crate) fn note(&self, kind: BrowserFactKind, text: String) {
        self.note_at(self.elapsed_ms(), kind, text);
    }

    pub(crate) fn note_at(&self, at_ms: u64, kind: BrowserFactKind, text: String) {
        self.record().facts.push(BrowserFact { at_ms, kind, text, person: None });
    }

    pub(crate) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The open windows, for a person: ``1 window, `http://127.0.0.1:4010/` ``.
    pub(crate) fn describe(&self) -> String {
        let windows = self.windows.borrow();
        let open: Vec<String> = windows
            .all
            .iter()
            .filter(|window| !window.state.borrow().over())
            .map(|window| format!("`{}`", public_url(window.state.borrow().url())))
            .collect();
        match open.len() {
            0 => "no window".to_owned(),
            1 => format!("1 window, {}", open[0]),
            n => format!("{n} windows, {}", open.join(", ")),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if !self.record().closed {
            self.connection.post(None, "Target.disposeBrowserContext", json!({ "browserContextId": self.id }));
        }
    }
}
