use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{Aim, Keep, Switchboard};
use crate::domain::{Exchange, Facts};

/// Every exchange of one platform, in the order in which the answers were finished.
#[derive(Debug)]
pub struct Journal {
    started: Instant,
    keep: Keep,
    state: Mutex<State>,
    length: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    next_number: u64,
    /// How many were recorded and are not kept any more.
    forgotten: usize,
    exchanges: VecDeque<Exchange>,
}

impl State {
    /// Those from a mark on that are still kept.
    fn since(&self, mark: usize) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().skip(mark.saturating_sub(self.forgotten))
    }

    fn length(&self) -> usize {
        self.forgotten + self.exchanges.len()
    }
}

/// No exchange of the wanted kind came in time.
#[derive(Debug, thiserror::Error)]
#[error("no {wanted} within {} ms (last seen: {last_seen})", waited.as_millis())]
pub struct NotSeen {
    pub wanted: String,
    pub waited: Duration,
    pub last_seen: String,
}

impl Default for Journal {
    fn default() -> Self {
        Self::keeping(Keep::All)
    }
}

impl Journal {
    pub(super) fn keeping(keep: Keep) -> Self {
        Self { started: Instant::now(), keep, state: Mutex::default(), length: watch::Sender::new(0) }
    }

    /// Whether exchanges are recorded at all.
    pub(super) fn records(&self) -> bool {
        self.keep != Keep::Nothing
    }

    /// Resolves when an exchange from `mark` on is there; with the exchanges, and the next mark.
    pub async fn wait_for_more(&self, mark: usize) -> (Vec<Exchange>, usize) {
        let mut length = self.length.subscribe();
        loop {
            length.mark_unchanged();
            {
                let state = self.lock();
                if state.length() > mark {
                    return (state.since(mark).cloned().collect(), state.length());
                }
            }
            // The sender lives as long as `self`.
            let _ = length.changed().await;
        }
    }

    /// A position to read on from: see [`Journal::since`].
    pub fn mark(&self) -> usize {
        self.lock().length()
    }

    pub fn since(&self, mark: usize) -> Vec<Exchange> {
        self.lock().since(mark).cloned().collect()
    }

    /// The first exchange from `mark` on that `matches`, waiting for it at most `deadline`. `wanted` names it in the error.
    pub async fn wait_for(
        &self,
        mark: usize,
        wanted: &str,
        deadline: Duration,
        matches: impl Fn(&Exchange) -> bool,
    ) -> Result<Exchange, NotSeen> {
        let mut length = self.length.subscribe();
        let seen = async {
            loop {
                length.mark_unchanged();
                if let Some(found) = self.lock().since(mark).find(|exchange| matches(exchange)) {
                    return found.clone();
                }
                // The sender lives as long as `self`.
                let _ = length.changed().await;
            }
        };
        tokio::time::timeout(deadline, seen).await.map_err(|_| NotSeen {
            wanted: wanted.to_owned(),
            waited: deadline,
            last_seen: self
                .lock()
                .exchanges
                .back()
                .map_or_else(|| "nothing at all".to_owned(), |last| format!("{} {} answered {}", last.method, last.path, last.status)),
        })
    }

    /// Whether nothing was recorded from `mark` on, nor is for as long as `quiet`.
    pub async fn is_silent_from(&self, mark: usize, quiet: Duration) -> bool {
        tokio::time::timeout(quiet, self.wait_for_more(mark)).await.is_err()
    }

    /// Milliseconds since the platform started.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The clock's reading, in milliseconds since 1970, from which [`Exchange::at_ms`] counts.
    pub fn began_ms(&self) -> u64 {
        let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default();
        now.saturating_sub(self.elapsed_ms())
    }

    /// Opens an exchange: gives it its number.
    pub(super) fn open(&self) -> Trace {
        let mut state = self.lock();
        state.next_number += 1;
        Trace { number: state.next_number, notes: Arc::default() }
    }

    pub(super) fn record(&self, exchange: Exchange) {
        let mut state = self.lock();
        state.exchanges.push_back(exchange);
        if let Keep::Last(most) = self.keep
            && state.exchanges.len() > most
        {
            state.exchanges.pop_front();
            state.forgotten += 1;
        }
        let length = state.length();
        drop(state);
        self.length.send_replace(length);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running exchange, in the request's extensions: handlers note on it what they know, and ask it whether a fault fires.
#[derive(Clone, Debug)]
pub struct Trace {
    number: u64,
    notes: Arc<Mutex<Notes>>,
}

#[derive(Debug, Default)]
pub(super) struct Notes {
    pub facts: Facts,
    pub faults: Vec<String>,
    /// Kinds of exchange that faults are aimed at, of which this is one.
    kinds: Vec<Aim>,
}

impl Trace {
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether `fault` is armed; if so its firing is recorded in the switchboard and in this exchange.
    pub fn fires(&self, faults: &Switchboard, fault: &'static str) -> bool {
        self.fired(fault, faults.fire(fault, self.number, &self.kinds()))
    }

    /// [`Trace::fires`] for a fault that disarms itself.
    pub(super) fn fires_once(&self, faults: &Switchboard, fault: &'static str) -> bool {
        self.fired(fault, faults.fire_once(fault, self.number, &self.kinds()))
    }

    /// What the exchange is: faults that are aimed at it may fire from now on.
    pub(super) fn is_of(&self, kind: Aim) {
        self.lock().kinds.push(kind);
    }

    fn kinds(&self) -> Vec<Aim> {
        self.lock().kinds.clone()
    }

    fn fired(&self, fault: &'static str, fired: bool) -> bool {
        if fired {
            self.lock().faults.push(fault.to_owned());
        }
        fired
    }

    /// The exchange goes over a connection that a fault has spoilt: that was its firing.
    pub(super) fn spoilt_by(&self, fault: &'static str) {
        self.fired(fault, true);
    }

    /// Adds to what the journal will say of this exchange.
    pub fn note(&self, write: impl FnOnce(&mut Facts)) {
        write(&mut self.lock().facts);
    }

    /// The client that the exchange is noted to be of.
    pub(super) fn client_id(&self) -> Option<String> {
        self.lock().facts.client_id.clone()
    }

    pub(super) fn take(&self) -> Notes {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Platform, Settings};

    #[tokio::test]
    async fn a_mark_holds_when_older_exchanges_are_forgotten() {
        let platform = Platform::start(Settings { journal: Keep::Last(2), ..Settings::default() }).await.expect("a free port");
        let ask = async |path: &str| reqwest::get(platform.issuer().join(path).expect("a path")).await.expect("an answer");
        let journal = platform.journal();
        for path in ["/1", "/2", "/3"] {
            ask(path).await;
        }
        let mark = journal.mark();
        let paths = |mark| journal.since(mark).into_iter().map(|exchange| exchange.path).collect::<Vec<_>>();
        assert_eq!((mark, paths(0), paths(mark)), (3, vec!["/2".to_owned(), "/3".to_owned()], Vec::new()));
        ask("/4").await;
        let (more, next) = journal.wait_for_more(mark).await;
        assert_eq!((more[0].path.as_str(), next), ("/4", 4));
        let silent = Platform::start(Settings { journal: Keep::Nothing, ..Settings::default() }).await.expect("a free port");
        assert_eq!(reqwest::get(silent.issuer().clone()).await.expect("an answer").status(), 200);
        assert_eq!(silent.journal().mark(), 0);
    }
}
