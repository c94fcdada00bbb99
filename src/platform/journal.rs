use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Switchboard;
use crate::domain::{Exchange, Facts};

/// Every exchange of one platform, in the order in which the answers were finished.
#[derive(Debug)]
pub struct Journal {
    started: Instant,
    state: Mutex<State>,
    length: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    next_number: u64,
    exchanges: Vec<Exchange>,
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
        Self { started: Instant::now(), state: Mutex::default(), length: watch::Sender::new(0) }
    }
}

impl Journal {
    /// A position to read on from: see [`Journal::since`].
    pub fn mark(&self) -> usize {
        self.lock().exchanges.len()
    }

    pub fn since(&self, mark: usize) -> Vec<Exchange> {
        self.lock().exchanges[mark..].to_vec()
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
                if let Some(found) = self.lock().exchanges[mark..].iter().find(|exchange| matches(exchange)) {
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
                .last()
                .map_or_else(|| "nothing at all".to_owned(), |last| format!("{} {} answered {}", last.method, last.path, last.status)),
        })
    }

    /// Milliseconds since the platform started.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Opens an exchange: gives it its number.
    pub(super) fn open(&self) -> Trace {
        let mut state = self.lock();
        state.next_number += 1;
        Trace { number: state.next_number, notes: Arc::default() }
    }

    pub(super) fn record(&self, exchange: Exchange) {
        let mut state = self.lock();
        state.exchanges.push(exchange);
        let length = state.exchanges.len();
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
}

impl Trace {
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether `fault` is armed; if so its firing is recorded in the switchboard and in this exchange.
    pub fn fires(&self, faults: &Switchboard, fault: &'static str) -> bool {
        self.fired(fault, faults.fire(fault, self.number))
    }

    /// [`Trace::fires`] for a fault that disarms itself.
    pub(super) fn fires_once(&self, faults: &Switchboard, fault: &'static str) -> bool {
        self.fired(fault, faults.fire_once(fault, self.number))
    }

    fn fired(&self, fault: &'static str, fired: bool) -> bool {
        if fired {
            self.lock().faults.push(fault.to_owned());
        }
        fired
    }

    /// Adds to what the journal will say of this exchange.
    pub fn note(&self, write: impl FnOnce(&mut Facts)) {
        write(&mut self.lock().facts);
    }

    pub(super) fn take(&self) -> Notes {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
