//! A target is left as it was found: what the client of our own was given there is revoked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use secrecy::ExposeSecret;

use super::client::OwnClient;
use super::client_requests::Identification;

/// How long an answer to a revocation is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of the sign-ins of the client of our own at a target.
#[derive(Default)]
pub struct GivenBack {
    revoked: AtomicUsize,
    left: AtomicUsize,
}

impl GivenBack {
    /// How many were revoked, and how many could not be.
    pub fn counts(&self) -> (usize, usize) {
        (self.revoked.load(Ordering::Relaxed), self.left.load(Ordering::Relaxed))
    }
}

impl OwnClient {
    /// Revokes what it was given (RFC 7009); the last of a family ends all of it, and one that is dead already is revoked too.
    pub(super) async fn give_back(&mut self, counts: &GivenBack) {
        for token in std::mem::take(&mut self.obtained) {
            let revoked = match self.announced("revocation_endpoint") {
                Ok(url) => {
                    let form = [("token", token.expose_secret())];
                    let asked = tokio::time::timeout(PATIENCE, self.post(&url, &form, Identification::Own)).await;
                    matches!(asked, Ok(Ok(()))) && self.answer.as_ref().is_some_and(|answer| answer.status == 200)
                }
                Err(_) => false,
            };
            let count = if revoked { &counts.revoked } else { &counts.left };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}
