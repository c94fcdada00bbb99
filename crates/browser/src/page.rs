use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::cdp::{ANSWER_DEADLINE, Refusal};
use super::evidence::public_url;
use super::state::Window;
use super::wait::{Ran, calling};
use super::{BrowserError, Context, Storage};

/// For actions that name no deadline of their own, where the context has no more patience.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(15);
/// After how long a window that does not close is told so again.
const CLOSE_AGAIN: Duration = Duration::from_secs(1);

/// One window of a context. Cheap to clone; stays valid, and answers [`BrowserError::Closed`], after the window has closed.
#[derive(Clone)]
pub struct Page {
    pub(super) window: Arc<Window>,
    pub(super) context: Context,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({})", public_url(&self.url()))
    }
}

impl Page {
    pub(super) fn new(window: Arc<Window>, context: Context) -> Self {
        Self { window, context }
    }

    /// Whether both are the same window.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.window, &other.window)
    }

    /// The context that the window belongs to.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Loads `url` in this window, as if typed by a person; returns when it has loaded.
    pub async fn goto(&self, url: &str) -> Result<(), BrowserError> {
        self.goto_within(url, self.context.patience).await
    }

    /// [`Page::goto`] with a deadline of the caller's.
    pub async fn goto_within(&self, url: &str, deadline: Duration) -> Result<(), BrowserError> {
        let (method, commits) = ("Page.navigate", self.commits());
        // It is answered with the head of the page, for which a slow server lets one wait.
        let answer = self.send(method, json!({ "url": url })).map_err(|refusal| self.refused(method, refusal))?;
        let answer = match tokio::time::timeout(deadline, answer).await {
            Ok(answer) => answer.unwrap_or(Err(Refusal::Gone)).map_err(|refusal| self.refused(method, refusal))?,
            Err(_) => return Err(self.timed_out(&format!("answer from `{}`", public_url(url)), deadline).await),
        };
        if let Some(why) = answer["errorText"].as_str() {
            return Err(BrowserError::Navigation { url: public_url(url), why: why.to_owned() });
        }
        // Without a loader it was a move within the document.
        if answer["loaderId"].is_null() { Ok(()) } else { self.wait_until_loaded(commits, url, deadline).await }
    }

    /// Loads the present address again, as the reload button does; returns when it has loaded.
    pub async fn reload(&self) -> Result<(), BrowserError> {
        let commits = self.commits();
        self.call("Page.reload", json!({})).await?;
        self.wait_until_loaded(commits, &self.url(), self.context.patience).await
    }

    /// What the back button does; an error when there is nothing to go back to.
    pub async fn back(&self) -> Result<(), BrowserError> {
        let method = "Page.getNavigationHistory";
        let history = self.call(method, json!({})).await?;
        let entry = history["currentIndex"].as_u64().and_then(|index| usize::try_from(index).ok()).and_then(|index| index.checked_sub(1));
        let entry = entry
            .map(|index| &history["entries"][index])
            .ok_or_else(|| BrowserError::unexpected(method, "there is no page to go back to"))?;
        let commits = self.commits();
        self.call("Page.navigateToHistoryEntry", json!({ "entryId": entry["id"] })).await?;
        self.wait_until_loaded(commits, entry["url"].as_str().unwrap_or_default(), self.context.patience).await
    }

    /// The address that the window shows, raw: it may hold a code or a state.
    pub fn url(&self) -> String {
        self.window.state.borrow().url().to_owned()
    }

    /// The document's title; empty where it has none.
    pub async fn title(&self) -> Result<String, BrowserError> {
        self.evaluate("document.title").await
    }

    /// Clicks with the mouse at the middle of the first visible `css`, as soon as it is visible, enabled and not covered.
    pub async fn click(&self, css: &str) -> Result<(), BrowserError> {
        self.click_unless(css, &[]).await.map(drop)
    }

    /// The same, unless one of `others` is visible first: then answers with its place, and clicks nothing.
    pub async fn click_unless(&self, css: &str, others: &[&str]) -> Result<Option<usize>, BrowserError> {
        let what = format!("clickable `{css}`");
        let script = format!(
            "(css, others) => {{ const other = others.findIndex(one => shown(one)); return other < 0 ? ({})(css) : {{ other }}; }}",
            include_str!("scripts/click_point.js").trim().trim_end_matches(';')
        );
        let point = match self.settle(&script, &[json!(css), json!(others)], &what, self.context.patience).await {
            Ok(point) => point,
            Err(error) => return Err(self.explain(css, error).await),
        };
        if let Some(other) = point["other"].as_u64() {
            return Ok(usize::try_from(other).ok());
        }
        let mouse = |kind: &str, buttons: u8| {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            let wish = json!({ "type": kind, "x": point["x"], "y": point["y"], "button": button, "buttons": buttons, "clickCount": 1 });
            self.send("Input.dispatchMouseEvent", wish)
        };
        let sent = [mouse("mouseMoved", 0), mouse("mousePressed", 1), mouse("mouseReleased", 0)];
        for answer in sent {
            let answer = answer.map_err(|refusal| self.refused("Input.dispatchMouseEvent", refusal))?;
            match timeout(ANSWER_DEADLINE, answer).await.unwrap_or(Ok(Err(Refusal::Silent))) {
                // A click may close its own window.
                Ok(Err(Refusal::Detached | Refusal::Silent)) if self.is_closed() => return Ok(None),
                Ok(Err(refusal)) => return Err(self.refused("Input.dispatchMouseEvent", refusal)),
                Ok(Ok(_)) | Err(_) => {}
            }
        }
        Ok(None)
    }

    /// Fills in fields at once, as soon as all are there; a checkbox or radio button takes `true` or `false`.
    pub async fn fill(&self, fields: &[(&str, &str)]) -> Result<(), BrowserError> {
        let names: Vec<String> = fields.iter().map(|(css, _)| format!("`{css}`")).collect();
        let what = format!("field to fill in for {}", names.join(", "));
        self.settle(include_str!("scripts/fill.js"), &[json!(fields)], &what, self.context.patience).await.map(drop)
    }

    /// Clicks and returns when the window shows the next page (its address has changed, it may still load) or has closed.
    pub async fn submit(&self, css: &str) -> Result<(), BrowserError> {
        let commits = self.commits();
        self.click(css).await?;
        let what = format!("next page after a click on `{css}`");
        self.watch(&what, self.context.patience, |state| (state.commits > commits || state.closed).then_some(())).await
    }

    /// Whether the document has it, visible or not.
    pub async fn exists(&self, css: &str) -> Result<bool, BrowserError> {
        self.ask("css => !!find(css)", &[json!(css)]).await
    }

    /// Whether one `css` is visible now; what a closed menu holds is not.
    pub async fn is_visible(&self, css: &str) -> Result<bool, BrowserError> {
        self.ask("css => !!shown(css)", &[json!(css)]).await
    }

    /// Whether it is visible, or in a closed menu: who is signed in may be told there.
    pub async fn tells(&self, css: &str) -> Result<bool, BrowserError> {
        self.ask("css => !!told(css)", &[json!(css)]).await
    }

    /// Waits until it tells something, or one of `others` is visible; says whether it does.
    pub async fn wait_until_it_tells(&self, css: &str, others: &[&str], deadline: Duration) -> Result<bool, BrowserError> {
        let script = "(css, others) => told(css) ? 'told' : others.some(other => shown(other)) ? 'another' : ''";
        let what = [&[css], others].concat().iter().map(|css| format!("`{css}`")).collect::<Vec<_>>().join(" or ");
        match self.settle(script, &[json!(css), json!(others)], &format!("visible {what}"), deadline).await {
            Ok(found) => Ok(found == "told"),
            Err(error) if others.is_empty() => Err(self.explain(css, error).await),
            Err(error) => Err(error),
        }
    }

    /// The words of the first `css` and what it is labelled with; `None` when there is no such element.
    pub async fn naming(&self, css: &str) -> Result<Option<String>, BrowserError> {
        self.ask("css => { const el = told(css) ?? find(css); return el ? named(el) : null; }", &[json!(css)]).await
    }

    /// The trimmed text of the first `css`; `None` when there is no such element.
    pub async fn text(&self, css: &str) -> Result<Option<String>, BrowserError> {
        self.ask("css => { const el = shown(css) ?? find(css); return el ? words(el) : null; }", &[json!(css)]).await
    }

    /// The trimmed text of every `css`, visible or not, in document order; those in open shadow roots come last.
    pub async fn texts(&self, css: &str) -> Result<Vec<String>, BrowserError> {
        self.ask("css => every(css).map(words)", &[json!(css)]).await
    }

    /// An attribute as written in the document.
    pub(crate) async fn attribute(&self, css: &str, name: &str) -> Result<Option<String>, BrowserError> {
        self.ask("(css, name) => find(css)?.getAttribute(name) ?? null", &[json!(css), json!(name)]).await
    }

    /// Waits until one `css` is visible.
    pub async fn wait_for(&self, css: &str, deadline: Duration) -> Result<(), BrowserError> {
        let found = self.settle("css => !!shown(css)", &[json!(css)], &format!("visible `{css}`"), deadline).await;
        match found {
            Ok(_) => Ok(()),
            Err(error) => Err(self.explain(css, error).await),
        }
    }

    /// Waits until one of several is visible and says which, by its index.
    pub async fn wait_for_any(&self, css: &[&str], deadline: Duration) -> Result<usize, BrowserError> {
        let what = format!("visible {}", css.iter().map(|css| format!("`{css}`")).collect::<Vec<_>>().join(" or "));
        let found = self.settle("all => all.findIndex(css => shown(css)) + 1", &[json!(css)], &what, deadline).await?;
        let index = found.as_u64().and_then(|found| usize::try_from(found).ok()).and_then(|found| found.checked_sub(1));
        index.ok_or_else(|| BrowserError::unexpected("wait", "its answer is no index"))
    }

    /// Waits until it tells nothing any more.
    pub async fn wait_until_it_is_gone(&self, css: &str, deadline: Duration) -> Result<(), BrowserError> {
        let what = format!("page without a visible `{css}`");
        self.settle("css => document.readyState !== 'loading' && !told(css)", &[json!(css)], &what, deadline).await.map(|_| ())
    }

    /// Waits until a JavaScript expression is truthy; `what` completes "no … within".
    pub async fn wait_until(&self, predicate: &str, what: &str, deadline: Duration) -> Result<(), BrowserError> {
        self.settle(&format!("() => !!(\n{predicate}\n)"), &[], what, deadline).await.map(drop)
    }

    /// Waits until the window shows, or has shown since this call, an address that `matches`; answers with it, raw.
    pub async fn wait_for_url(&self, matches: impl Fn(&str) -> bool, what: &str, deadline: Duration) -> Result<String, BrowserError> {
        let present = self.window.state.borrow().urls.len().saturating_sub(1);
        self.watch(what, deadline, |state| state.urls.iter().skip(present).rev().find(|url| matches(url)).cloned()).await
    }

    /// Waits until the window has closed, whoever closes it.
    pub async fn wait_until_closed(&self, deadline: Duration) -> Result<(), BrowserError> {
        self.watch("closed window", deadline, |state| state.closed.then_some(())).await
    }

    /// Whether the window has closed; a page whose process crashed has not.
    pub fn is_closed(&self) -> bool {
        self.window.state.borrow().closed
    }

    /// Closes the window as a person does; a window that is closed already is left alone.
    pub async fn close(&self) -> Result<(), BrowserError> {
        if self.is_closed() {
            return Ok(());
        }
        // A wish that comes while another page commits can get lost: it is said again after each of them.
        let until = tokio::time::Instant::now() + DEFAULT_DEADLINE;
        let mut news = self.window.state.subscribe();
        loop {
            let commits = news.borrow_and_update().commits;
            self.context.scope.connection.post(None, "Target.closeTarget", json!({ "targetId": self.window.target }));
            let left = until.saturating_duration_since(tokio::time::Instant::now()).min(CLOSE_AGAIN);
            let what = "closed window";
            match self.watch(what, left, |state| (state.closed || state.commits > commits).then_some(state.closed)).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(BrowserError::Timeout { .. }) if tokio::time::Instant::now() < until => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The document as it is now.
    pub async fn source(&self) -> Result<String, BrowserError> {
        self.source_without(&[]).await
    }

    /// The document as it is now, without what stands at the `hidden` selectors.
    pub async fn source_without(&self, hidden: &[&str]) -> Result<String, BrowserError> {
        self.ask(include_str!("scripts/source.js").trim(), &[json!(hidden)]).await
    }

    /// The value of a JavaScript expression, its promise awaited.
    ///
    /// # Errors
    /// [`BrowserError::Script`] when it throws, answers something else than a `T`, or when its document goes away.
    pub async fn evaluate<T: DeserializeOwned>(&self, expression: &str) -> Result<T, BrowserError> {
        match self.run(expression).await? {
            Ran::Value(value) => serde_json::from_value(value).map_err(|why| BrowserError::Script { why: why.to_string() }),
            Ran::Lost => Err(BrowserError::Script { why: "the page navigated away while it ran".to_owned() }),
        }
    }

    /// What the page's origin keeps in the browser now, and the addresses that the window has shown.
    pub async fn storage(&self) -> Result<Storage, BrowserError> {
        let kept: Storage = self.evaluate(&calling(include_str!("scripts/storage.js"), &[])).await?;
        Ok(Storage { urls: self.window.state.borrow().urls.clone(), ..kept })
    }

    /// Clears what the browser keeps for the page's origin: storage of every kind, caches, workers.
    pub async fn forget(&self) -> Result<(), BrowserError> {
        let origin: String = self.evaluate("(sessionStorage.clear(), location.origin)").await?;
        self.call("Storage.clearDataForOrigin", json!({ "origin": origin, "storageTypes": "all" })).await.map(drop)
    }

    /// Asks the page that the window shows, or the next one if it is just about to change.
    pub(super) async fn ask<T: DeserializeOwned>(&self, function: &str, arguments: &[Value]) -> Result<T, BrowserError> {
        // In an array, for the wait takes nothing falsy.
        let wrapped = format!("(...given) => [(\n{function}\n)(...given)]");
        let mut answer = self.settle(&wrapped, arguments, "document to look at", self.context.patience).await?;
        serde_json::from_value(answer[0].take()).map_err(|why| BrowserError::Script { why: why.to_string() })
    }

    pub(super) fn commits(&self) -> u64 {
        self.window.state.borrow().commits
    }

    /// Until a document after the `commits`th has loaded.
    pub(super) async fn wait_until_loaded(&self, commits: u64, url: &str, deadline: Duration) -> Result<(), BrowserError> {
        let what = format!("loaded page `{}`", public_url(url));
        let arrived = self.watch(&what, deadline, |state| {
            let failed = state.unreachable.clone();
            (state.commits > commits && (state.loaded || failed.is_some())).then_some(failed)
        });
        match arrived.await? {
            None => Ok(()),
            Some(why) => Err(BrowserError::Navigation { url: public_url(&self.url()), why }),
        }
    }
}
