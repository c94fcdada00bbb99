use std::sync::{Mutex, MutexGuard, PoisonError};

use url::Url;

use super::accounts::Accounts;
use super::api::Clinic;
use super::authorization::Authorizations;
use super::limiter::Limiter;
use super::redaction::Redaction;
use super::workbench::Workbench;
use super::{Clock, Journal, Random, Settings, Switchboard};

/// What every handler of one platform instance shares (`State<Arc<Shared>>`).
///
/// Lock order where two are needed: accounts, then authorizations, then clinic. No lock is held over an `await`.
#[derive(Debug)]
pub struct Shared {
    pub settings: Settings,
    /// Without a trailing slash in its text form: `http://localhost:4010`.
    pub issuer: Url,
    pub clock: Clock,
    pub random: Random,
    pub journal: Journal,
    pub faults: Switchboard,
    pub redaction: Redaction,
    /// Only on a platform that a person started.
    pub workbench: Option<Workbench>,
    /// C-57: `limiter.admit(client_id, clock.now())` wherever a client is known.
    pub limiter: Limiter,
    pub(super) accounts: Mutex<Accounts>,
    pub(super) authorizations: Mutex<Authorizations>,
    pub(super) clinic: Mutex<Clinic>,
}

impl Shared {
    pub fn new(settings: Settings, issuer: Url) -> Self {
        let random = Random::seeded(settings.seed);
        let accounts = Accounts::seeded(&random);
        Self {
            clinic: Mutex::new(match settings.sample_day {
                Some(day) => Clinic::seeded_on(settings.seed, day),
                None => Clinic::seeded(settings.seed),
            }),
            authorizations: Mutex::default(),
            accounts: Mutex::new(accounts),
            journal: Journal::keeping(settings.journal),
            workbench: settings.workbench.clone().map(|settings| Workbench::new(settings.control_key)),
            limiter: Limiter::new(&settings.assumptions),
            settings,
            issuer,
            clock: Clock::default(),
            random,
            faults: Switchboard::default(),
            redaction: Redaction::default(),
        }
    }

    /// The issuer identifier as metadata and tokens carry it: no trailing slash.
    pub fn issuer_text(&self) -> &str {
        self.issuer.as_str().trim_end_matches('/')
    }

    pub fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn authorizations(&self) -> MutexGuard<'_, Authorizations> {
        self.authorizations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn clinic(&self) -> MutexGuard<'_, Clinic> {
        self.clinic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
