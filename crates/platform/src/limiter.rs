use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

use super::Assumptions;

/// Counts the requests of each client over a sliding window (C-57). All users of a client count together, and so do the
/// API and the endpoints at which clients authenticate.
#[derive(Debug)]
pub struct Limiter {
    /// Requests that a window holds; none is refused where it is 0.
    limit: u32,
    /// Seconds.
    window: i64,
    clients: Mutex<HashMap<String, Counted>>,
}

/// A client's requests of the present window: how many in each second. A window of any limit takes no more entries than it
/// has seconds.
#[derive(Debug, Default)]
struct Counted {
    seconds: VecDeque<(i64, u32)>,
    total: u32,
}

/// The client must wait: HTTP 429 with `Retry-After` (C-57, RFC 6585 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client's requests exceed {limit} in {window} s: retry after {seconds} s")]
pub struct RetryAfter {
    /// Whole seconds until the next request is admitted.
    pub seconds: u32,
    limit: u32,
    window: i64,
}

impl Limiter {
    pub fn new(assumptions: &Assumptions) -> Self {
        let window = i64::try_from(assumptions.rate_limit_window_seconds).unwrap_or(i64::MAX).max(1);
        Self { limit: assumptions.rate_limit, window, clients: Mutex::default() }
    }

    /// As if nobody had asked for anything yet.
    pub(super) fn forget_all(&self) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Counts one request of a client at `now`, or says how long it has to wait. A refused request does not count: a client
    /// that waits as told is admitted.
    ///
    /// Only for clients that exist: what a stranger invents would fill the memory.
    pub fn admit(&self, client_id: &str, now: Timestamp) -> Result<(), RetryAfter> {
        if self.limit == 0 {
            return Ok(());
        }
        let now = now.as_second();
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if !clients.contains_key(client_id) {
            clients.insert(client_id.to_owned(), Counted::default());
        }
        let Some(counted) = clients.get_mut(client_id) else { return Ok(()) };
        counted.forget_until(now.saturating_sub(self.window));
        if counted.total >= self.limit {
            let oldest = counted.seconds.front().map_or(now, |(second, _)| *second);
            let wait = oldest.saturating_add(self.window).saturating_sub(now).max(1);
            return Err(RetryAfter { seconds: u32::try_from(wait).unwrap_or(u32::MAX), limit: self.limit, window: self.window });
        }
        counted.add(now);
        Ok(())
    }
}

impl Counted {
    fn forget_until(&mut self, last: i64) {
        while let Some((second, count)) = self.seconds.front().copied()
            && second <= last
        {
            self.seconds.pop_front();
            self.total -= count;
        }
    }

    fn add(&mut self, now: i64) {
        match self.seconds.back_mut() {
            // A clock that went back counts into the latest second: the entries stay in order.
            Some((second, count)) if *second >= now => *count += 1,
            _ => self.seconds.push_back((now, 1)),
        }
        self.total += 1;
    }
}

impl IntoResponse for RetryAfter {
    fn into_response(self) -> Response {
        let message = format!("too many requests of this client: retry after {} s", self.seconds);
        let headers = [(header::RETRY_AFTER, self.seconds.to_string()), (header::CACHE_CONTROL, "no-store".to_owned())];
        (StatusCode::TOO_MANY_REQUESTS, headers, Json(json!({"error": "rate_limit_exceeded", "message": message}))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn limiter(rate_limit: u32, rate_limit_window_seconds: u64) -> Limiter {
        Limiter::new(&Assumptions { rate_limit, rate_limit_window_seconds, ..Assumptions::default() })
    }

    fn wait(limiter: &Limiter, client: &str, second: i64) -> Option<u32> {
        limiter.admit(client, at(second)).err().map(|refused| refused.seconds)
    }

    #[test]
    fn the_window_slides_and_whoever_waits_as_told_is_admitted() {
        let limiter = limiter(3, 10);
        for second in [100, 104, 104] {
            assert_eq!(wait(&limiter, "a", second), None);
        }
        assert_eq!(wait(&limiter, "a", 105), Some(5));
        assert_eq!(wait(&limiter, "a", 109), Some(1));
        assert_eq!(wait(&limiter, "a", 110), None, "the oldest has left the window");
        assert_eq!(wait(&limiter, "a", 113), Some(1), "a fixed window would have begun anew");
        assert_eq!(wait(&limiter, "a", 114), None);
        assert_eq!(wait(&limiter, "a", 114), None);
        assert_eq!(wait(&limiter, "a", 114), Some(6));
    }

    #[test]
    fn clients_are_counted_apart_and_no_limit_refuses_nothing() {
        let limited = limiter(1, 60);
        assert_eq!((wait(&limited, "a", 0), wait(&limited, "b", 0), wait(&limited, "a", 59)), (None, None, Some(1)));
        let unlimited = limiter(0, 60);
        assert!((0..10_000).all(|_| wait(&unlimited, "a", 0).is_none()));
    }

    #[test]
    fn a_clock_that_goes_back_keeps_the_count() {
        let limiter = limiter(2, 10);
        assert_eq!((wait(&limiter, "a", 100), wait(&limiter, "a", 95), wait(&limiter, "a", 96)), (None, None, Some(14)));
    }
}
