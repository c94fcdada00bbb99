use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::evidence::public_url;
use super::launch::{Running, field, gone, refused};
use super::page::DEFAULT_DEADLINE;
use super::state::{Popups, Scope, Windows};
use super::wait::calling;
use super::{BrowserError, Cookie, Page, Request};
use crate::domain::{BrowserFact, PlatformPages};

pub(super) const ON_NEW_DOCUMENT: &str = "Page.addScriptToEvaluateOnNewDocument";
/// How the console message of a posted message begins.
const POSTED: &str = "collaudo: a message is posted to";

/// Addresses, without their queries, at which a page always has a request open: a long poll is no answer that somebody waits for. One
/// request may be slow; the second makes an address known.
#[derive(Clone, Default)]
pub struct Standing(Arc<Mutex<BTreeMap<String, BTreeSet<Instant>>>>);

impl Standing {
    /// Takes down a request that stayed open, with the moment when it was sent.
    pub fn note(&self, address: String, sent: Instant) {
        self.known().entry(address).or_default().insert(sent);
    }

    pub(super) fn has(&self, url: &str) -> bool {
        let known = self.known();
        !known.is_empty() && known.get(&public_url(url)).is_some_and(|requests| requests.len() > 1)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, BTreeSet<Instant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One isolated part of the browser: windows, cookies, storage and cache of one scenario. Cheap to clone.
///
/// It ends with [`Context::close`], or when the last handle to it or to one of its pages is dropped.
#[derive(Clone)]
pub struct Context {
    pub(super) scope: Arc<Scope>,
    /// How long a page of it is waited for where an action names no deadline of its own.
    pub(super) patience: Duration,
    pub(super) standing: Standing,
    pub(super) platform_pages: Option<Arc<PlatformPages>>,
    /// The browser lives as long as one of its contexts.
    _running: Arc<Running>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({})", self.scope.describe())
    }
}

impl Context {
    pub(super) fn new(scope: Arc<Scope>, running: Arc<Running>) -> Self {
        let platform_pages = running.platform_pages.clone();
        Self { scope, patience: DEFAULT_DEADLINE, standing: Standing::default(), platform_pages, _running: running }
    }

    /// The same with more patience; there is no less than [`DEFAULT_DEADLINE`].
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience: patience.max(DEFAULT_DEADLINE), ..self }
    }

    /// The same, whose pages wait for none of these requests when they come to rest.
    #[must_use]
    pub fn with_standing(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// How long its pages are waited for where an action names no deadline; never less than [`DEFAULT_DEADLINE`].
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// A new window with `url`, loaded.
    ///
    /// # Errors
    /// [`BrowserError::Navigation`] when `url` cannot be reached; an answer with an error status is a page like any other.
    pub async fn open(&self, url: &str) -> Result<Page, BrowserError> {
        let wish = json!({ "url": url, "browserContextId": self.scope.id, "newWindow": true, "width": 1280, "height": 900 });
        let method = "Target.createTarget";
        let answer = self.call(method, wish).await?;
        let target = field(&answer, "targetId", method)?.to_owned();
        let find = |windows: &mut Windows| windows.all.iter().find(|window| window.target == target).cloned();
        let window = self.wait_for_window("new window", self.patience, find).await?;
        let page = Page::new(window, self.clone());
        if url != "about:blank" {
            page.wait_until_loaded(0, url, self.patience).await?;
        }
        Ok(page)
    }

    /// The next window that a page of this context opened and that nobody took yet; it may still be loading, or be closed already.
    pub async fn wait_for_popup(&self, deadline: Duration) -> Result<Page, BrowserError> {
        let window = self.wait_for_window("popup window", deadline, |windows| windows.popups.pop_front()).await?;
        Ok(Page::new(window, self.clone()))
    }

    /// From now on no window can be opened by a page, not even after a click, as for a person whose browser blocks every popup.
    /// Holds for windows of this context that are opened later: call it before [`Context::open`].
    pub fn block_popups(&self) {
        *self.scope.popups() = Popups::Blocked;
    }

    /// From now on windows of this context that are opened later ask the server for everything: a browser's cache lets one request for
    /// an address through at a time, and so one of several pages that call the same.
    pub fn ask_anew(&self) {
        self.scope.uncached.store(true, Ordering::Relaxed);
    }

    /// Notes in [`Context::facts`], as a console message, to which origin every message goes that a page of this context posts to
    /// its opener or parent: in the open windows from their next document on, in later windows from their first.
    pub fn note_posted_messages(&self) {
        self.run_in_every_document(calling(include_str!("scripts/posted_messages.js"), &[json!(POSTED)]));
    }

    /// Keeps the messages that pages get from other windows, under a name in each page's `sessionStorage`; from the next documents on.
    pub fn note_received_messages(&self, name: &str) {
        self.run_in_every_document(calling(include_str!("scripts/received_messages.js"), &[json!(name)]));
    }

    /// Says these words to the console when a page sets a property of this name at its window; from the next documents on.
    pub fn note_property_set(&self, name: &str, words: &str) {
        self.run_in_every_document(calling(include_str!("scripts/property_set.js"), &[json!(name), json!(words)]));
    }

    fn run_in_every_document(&self, source: String) {
        for page in self.pages() {
            self.scope.connection.post(Some(&page.window.session), ON_NEW_DOCUMENT, json!({ "source": source }));
        }
        self.scope.preludes().push(source);
    }

    /// The origins that messages were posted to, since [`Context::note_posted_messages`]: `*` is any, `/` the page's own.
    pub fn posted_to(&self) -> Vec<String> {
        let facts = self.facts();
        let noted = facts.iter().filter_map(|fact| fact.text.split_once(POSTED));
        noted.map(|(_, origin)| origin.trim().to_owned()).collect()
    }

    /// Every address that each window of this context has shown, closed ones included; raw: they may hold codes and states.
    pub fn addresses(&self) -> Vec<Vec<String>> {
        self.scope.windows.borrow().all.iter().map(|window| window.state.borrow().urls.clone()).collect()
    }

    /// How many windows the pages of this context have opened so far, closed ones included.
    pub fn popups_opened(&self) -> usize {
        self.scope.windows.borrow().popups_opened
    }

    /// The open windows, oldest first.
    pub fn pages(&self) -> Vec<Page> {
        let windows = self.scope.windows.borrow();
        let open = windows.all.iter().filter(|window| !window.state.borrow().over());
        open.map(|window| Page::new(Arc::clone(window), self.clone())).collect()
    }

    /// Every cookie of the context, of any site, `HttpOnly` ones too; values are raw.
    pub async fn cookies(&self) -> Result<Vec<Cookie>, BrowserError> {
        let method = "Storage.getCookies";
        let mut answer = self.call(method, json!({ "browserContextId": self.scope.id })).await?;
        serde_json::from_value(answer["cookies"].take()).map_err(|why| BrowserError::unexpected(method, why))
    }

    /// Sets or overwrites a cookie, also one that a script could not see.
    pub async fn set_cookie(&self, cookie: &Cookie) -> Result<(), BrowserError> {
        let wish = json!({ "cookies": [cookie], "browserContextId": self.scope.id });
        self.call("Storage.setCookies", wish).await.map(drop)
    }

    /// Deletes every cookie of the context, of any site; what pages keep in their storages stays.
    pub async fn clear_cookies(&self) -> Result<(), BrowserError> {
        self.call("Storage.clearCookies", json!({ "browserContextId": self.scope.id })).await.map(drop)
    }

    /// What the browser saw so far, in order, without secrets.
    pub fn facts(&self) -> Vec<BrowserFact> {
        self.scope.record().facts.clone()
    }

    /// Milliseconds since the context was made: its facts count from there.
    pub fn elapsed_ms(&self) -> u64 {
        self.scope.elapsed_ms()
    }

    /// Every request that the windows of this context sent, in order; a redirect is a request of its own.
    pub fn requests(&self) -> Vec<Request> {
        self.scope.record().requests.clone()
    }

    /// Whether an answer since the `seen`th request redirected to an address that is a script: no browser follows one.
    pub fn was_redirected_to_a_script(&self, seen: usize) -> bool {
        self.scope.record().to_scripts.iter().any(|&requests| requests > seen)
    }

    /// Closes every window and forgets all that the context kept.
    pub async fn close(&self) {
        let closed = std::mem::replace(&mut self.scope.record().closed, true);
        if !closed {
            let _already_gone = self.call("Target.disposeBrowserContext", json!({ "browserContextId": self.scope.id })).await;
        }
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value, BrowserError> {
        let connection = &self.scope.connection;
        connection.call(None, method, params).await.map_err(|refusal| refused(connection, method, refusal))
    }

    async fn wait_for_window<T>(
        &self,
        what: &str,
        deadline: Duration,
        mut find: impl FnMut(&mut Windows) -> Option<T>,
    ) -> Result<T, BrowserError> {
        let connection = &self.scope.connection;
        let mut news = self.scope.windows.subscribe();
        let mut end = connection.gone();
        let until = Instant::now() + deadline;
        loop {
            news.mark_unchanged();
            let mut found = None;
            self.scope.windows.send_if_modified(|windows| {
                found = find(windows);
                false
            });
            if let Some(found) = found {
                return Ok(found);
            }
            tokio::select! {
                _ = news.changed() => {}
                _ = end.wait_for(Option::is_some) => return Err(gone(connection)),
                () = tokio::time::sleep_until(until) => {
                    return Err(BrowserError::Timeout { what: what.to_owned(), waited: deadline, last_seen: self.scope.describe() });
                }
            }
        }
    }
}
