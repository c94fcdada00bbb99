//! When a page is done: it has loaded, waits for no answer, and its document stands still.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::evidence::public_url;
use super::state::WindowState;
use super::wait::Ran;
use super::{BrowserError, Page};

/// A page whose network is quiet and whose document goes on changing, such as a clock's, is done after so many times the quiet.
const RESTLESS: u32 = 10;

const STANDS_STILL: &str = include_str!("scripts/stands_still.js");

/// Whether a page came to rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It is done, or closed.
    Settled,
    /// It still waited for these addresses, without their queries, when the time was up.
    Busy(Vec<String>),
}

impl Page {
    /// Waits until the page has been at rest for as long as `quiet`, at most until the deadline.
    pub async fn settled(&self, quiet: Duration, deadline: Duration) -> Result<Rest, BrowserError> {
        let until = Instant::now() + deadline;
        loop {
            match tokio::time::timeout_at(until, self.at_rest(quiet)).await {
                Ok(Ok(true)) | Ok(Err(BrowserError::Closed { .. })) => return Ok(Rest::Settled),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => return Ok(Rest::Busy(self.awaited())),
            }
        }
    }

    /// Status of the answer that the present document is from.
    pub fn status(&self) -> Option<u16> {
        self.window.state.borrow().status
    }

    /// Whether the page, once it waits for nothing, stays so for as long as `quiet`.
    async fn at_rest(&self, quiet: Duration) -> Result<bool, BrowserError> {
        // A popup that was opened blank has loaded nothing yet.
        let waits = |state: &WindowState| state.pending.values().any(|pending| !self.context.standing.has(&pending.url));
        let ready = |state: &WindowState| (state.loaded || state.urls.is_empty()) && !waits(state);
        let commits = self.news(|state| ready(state).then_some(state.commits)).await?;
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let script = format!("({STANDS_STILL})({}, {})", json!(millis(quiet)), json!(millis(quiet * RESTLESS)));
        let stirs = self.news(|state| (state.commits != commits || waits(state)).then_some(()));
        tokio::select! {
            biased;
            stirs = stirs => stirs.map(|()| false),
            ran = self.run(&script) => Ok(matches!(ran?, Ran::Value(_))),
        }
    }

    /// The addresses that the page waits for, for a person.
    fn awaited(&self) -> Vec<String> {
        let awaited: BTreeSet<String> = self.awaited_for(Duration::ZERO).into_iter().map(|(address, _)| address).collect();
        awaited.into_iter().collect()
    }

    /// The requests that it has waited for so long: address and moment of each.
    pub fn awaited_for(&self, long: Duration) -> Vec<(String, Instant)> {
        let state = self.window.state.borrow();
        let pending = state.pending.values().filter(|pending| pending.since.elapsed() >= long && !self.context.standing.has(&pending.url));
        pending.map(|pending| (public_url(&pending.url), pending.since)).collect()
    }
}
