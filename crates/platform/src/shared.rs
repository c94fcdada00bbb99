use std::sync::{Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use url::Url;

use super::accounts::Accounts;
use super::api::Clinic;
use super::authorization::{Authorizations, OwnKey};
use super::kept::{Guard, Kept};
use super::limiter::Limiter;
use super::redaction::Redaction;
use super::relay::Upstream;
use super::store::{Found, Store};
use super::workbench::Workbench;
use super::{Clock, Journal, Random, Settings, Switchboard};
use crate::domain::Endpoint;

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
    /// The discovery document as it is sent: nothing in it changes.
    pub(super) metadata: OnceLock<Bytes>,
    /// Whoever answers behind a relay.
    pub(super) upstream: Option<Upstream>,
    /// Signs the tokens, where the platform has a key of its own.
    pub(super) own_key: Option<OwnKey>,
    /// Where the state outlives the process.
    pub(super) store: Option<Store>,
    /// What authorization responses name besides, for a lever.
    pub(super) named_besides: Mutex<Vec<(String, String)>>,
    /// The answer after which a bad certificate is shown, for a lever.
    pub(super) spared_until: Mutex<Option<(Endpoint, u16, usize)>>,
    pub(super) accounts: Kept<Accounts>,
    pub(super) authorizations: Kept<Authorizations>,
    pub(super) clinic: Kept<Clinic>,
}

impl Shared {
    /// State as it was found in a data file, or as the settings make it.
    pub(super) fn new(
        settings: Settings,
        issuer: Url,
        own_key: Option<OwnKey>,
        store: Option<Store>,
        found: Option<Found>,
        upstream: Option<Upstream>,
    ) -> Self {
        // What was issued by an earlier process must not come again.
        let random = if found.is_some() { Random::of_the_system() } else { Random::seeded(settings.seed) };
        let Found { accounts, authorizations, clinic } = found.unwrap_or_else(|| seeded(&settings, &random));
        let (journal, relayed) = (settings.journal, upstream.is_some());
        Self {
            clinic: Kept::new(clinic),
            authorizations: Kept::new(authorizations),
            accounts: Kept::new(accounts),
            own_key,
            store,
            upstream,
            metadata: OnceLock::new(),
            named_besides: Mutex::default(),
            spared_until: Mutex::default(),
            journal: Journal::keeping(journal),
            workbench: settings.workbench.clone().map(|settings| Workbench::new(settings.control_key)),
            limiter: Limiter::new(&settings.assumptions),
            settings,
            issuer,
            clock: Clock::default(),
            random,
            faults: Switchboard::default(),
            redaction: Redaction::keeping(journal).strict(relayed),
        }
    }

    /// People, records, grants, limits and faults as at the start; keys, journal and what was given out as a secret stay.
    pub(super) fn restore(&self) {
        let Found { accounts, authorizations, clinic } = seeded(&self.settings, &Random::seeded(self.settings.seed));
        self.faults.disarm_all();
        self.limiter.forget_all();
        self.clock.set_right();
        self.named_besides.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.spared_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.accounts.lock() = accounts;
        *self.authorizations.lock() = authorizations;
        *self.clinic.lock() = clinic;
    }

    /// The records of every medical centre as at the start.
    pub(super) fn restore_records(&self) {
        *self.clinic.lock() = seeded_records(&self.settings);
    }

    /// The issuer identifier as metadata and tokens carry it: no trailing slash.
    pub fn issuer_text(&self) -> &str {
        self.issuer.as_str().trim_end_matches('/')
    }

    /// What authorization responses name besides what they have to.
    pub(super) fn named_besides(&self) -> Vec<(String, String)> {
        self.named_besides.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn accounts(&self) -> Guard<'_, Accounts> {
        self.accounts.lock()
    }

    pub(super) fn authorizations(&self) -> Guard<'_, Authorizations> {
        self.authorizations.lock()
    }

    /// For calls that change nothing.
    pub(super) fn clinic_to_read(&self) -> Guard<'_, Clinic> {
        self.clinic.lock_to_read()
    }

    pub(super) fn clinic(&self) -> Guard<'_, Clinic> {
        self.clinic.lock()
    }
}

/// The state that settings make, by a source of randomness that nobody has drawn from.
fn seeded(settings: &Settings, random: &Random) -> Found {
    Found { accounts: Accounts::seeded(random), authorizations: Authorizations::default(), clinic: seeded_records(settings) }
}

fn seeded_records(settings: &Settings) -> Clinic {
    let seed = settings.records_seed.unwrap_or(settings.seed);
    match settings.sample_day {
        Some(day) => Clinic::seeded_on(seed, day),
        None => Clinic::seeded(seed),
    }
}
