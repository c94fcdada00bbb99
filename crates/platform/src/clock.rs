use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// The platform's wall clock: the machine's, moved by an offset that tests may advance.
#[derive(Debug, Default)]
pub struct Clock {
    offset_seconds: AtomicI64,
}

impl Clock {
    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now_seconds()).unwrap_or(Timestamp::MAX)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn now_seconds(&self) -> i64 {
        Timestamp::now().as_second() + self.offset_seconds.load(Ordering::Relaxed)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn now_milliseconds(&self) -> i64 {
        Timestamp::now().as_millisecond() + self.offset_seconds.load(Ordering::Relaxed).saturating_mul(1000)
    }

    /// Back to the machine's time.
    pub(super) fn set_right(&self) {
        self.offset_seconds.store(0, Ordering::Relaxed);
    }

    pub fn advance(&self, by: Duration) {
        self.offset_seconds.fetch_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

/// The platform's seeded randomness.
#[derive(Debug)]
pub struct Random(Mutex<ChaCha20Rng>);

impl Random {
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
    }

    /// For what nobody may foresee: a key that opens something.
    pub fn of_the_system() -> Self {
        Self(Mutex::new(ChaCha20Rng::from_os_rng()))
    }

    /// `bytes` random bytes as base64url without padding.
    pub fn token(&self, bytes: usize) -> String {
        let mut buffer = vec![0; bytes];
        self.lock().fill_bytes(&mut buffer);
        URL_SAFE_NO_PAD.encode(buffer)
    }

    /// A number in `0..below`.
    pub fn below(&self, below: usize) -> usize {
        self.lock().random_range(0..below)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ChaCha20Rng> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
