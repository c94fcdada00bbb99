use std::collections::{HashMap, VecDeque};

use crate::Random;
use crate::accounts::UserId;
use crate::oauth::ScopeSet;

/// Letters of a user code: no vowels, so that no words arise, and none that looks like another (RFC 8628 section 6.1).
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const USER_CODE_LENGTH: usize = 8;
/// What `slow_down` adds to the interval for this and all later polls (RFC 8628 section 3.5).
const SLOW_DOWN_MS: i64 = 5000;
/// The timers of honest devices are not exact.
const GRACE_MS: i64 = 100;

/// Device authorizations of one platform (RFC 8628), by device code.
#[derive(Default)]
pub(super) struct Devices {
    known: HashMap<String, Device>,
    /// Times of wrong user codes, in seconds, by who typed them.
    wrong: HashMap<UserId, VecDeque<i64>>,
}

impl std::fmt::Debug for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The keys are device codes: a count only.
        f.debug_struct("Devices").field("known", &self.known.len()).finish()
    }
}

/// What a device asked for, and what became of it.
#[derive(Clone)]
pub(super) struct Device {
    pub client_id: String,
    pub scopes: ScopeSet,
    /// Without its hyphen.
    pub user_code: String,
    /// Seconds since the epoch.
    pub expires_at: i64,
    pub interval_ms: i64,
    polled_at_ms: Option<i64>,
    state: State,
}

#[derive(Clone)]
enum State {
    Pending,
    Allowed(Approval),
    Denied,
    Used,
}

/// What the user decided at the verification page.
#[derive(Clone)]
pub(super) struct Approval {
    pub subject: UserId,
    pub scopes: ScopeSet,
    pub sid: String,
    pub auth_time: i64,
}

/// What a poll comes to (RFC 8628 section 3.5).
pub(super) enum Poll {
    Allowed(Approval),
    Pending,
    TooQuick,
    Denied,
    Expired,
    Unknown,
    OtherClient,
    Used,
}

impl Device {
    pub(super) fn new(client_id: String, scopes: ScopeSet, user_code: String, expires_at: i64, interval_ms: i64) -> Self {
        Self { client_id, scopes, user_code, expires_at, interval_ms, polled_at_ms: None, state: State::Pending }
    }

    fn waits(&self, now: i64) -> bool {
        matches!(self.state, State::Pending) && self.expires_at > now
    }
}

impl Devices {
    /// Keeps a device authorization. What expired longer ago than it was good for is forgotten: until then a poll is told.
    pub(super) fn add(&mut self, device_code: String, device: Device, now: i64) {
        let lifetime = device.expires_at.saturating_sub(now);
        self.known.retain(|_, old| old.expires_at.saturating_add(lifetime) > now);
        self.known.insert(device_code, device);
    }

    /// A user code that no waiting device has.
    pub(super) fn new_user_code(&self, random: &Random) -> String {
        loop {
            let code: String = (0..USER_CODE_LENGTH).map(|_| char::from(ALPHABET[random.below(ALPHABET.len())])).collect();
            if self.known.values().all(|device| device.user_code != code) {
                return code;
            }
        }
    }

    /// The device that waits for this user code.
    pub(super) fn waiting(&self, user_code: &str, now: i64) -> Option<(String, Device)> {
        let (device_code, device) = self.known.iter().find(|(_, device)| device.user_code == user_code && device.waits(now))?;
        Some((device_code.clone(), device.clone()))
    }

    /// Records the user's decision. `false` where the device waits no more.
    pub(super) fn decide(&mut self, device_code: &str, decision: Option<Approval>, now: i64) -> bool {
        let Some(device) = self.known.get_mut(device_code).filter(|device| device.waits(now)) else {
            return false;
        };
        device.state = decision.map_or(State::Denied, State::Allowed);
        true
    }

    pub(super) fn is_of(&self, device_code: &str, client_id: &str) -> bool {
        self.known.get(device_code).is_some_and(|device| device.client_id == client_id)
    }

    /// Raises the interval as `slow_down` says.
    pub(super) fn slow_down(&mut self, device_code: &str, now_ms: i64) {
        if let Some(device) = self.known.get_mut(device_code) {
            device.interval_ms = device.interval_ms.saturating_add(SLOW_DOWN_MS);
            device.polled_at_ms = Some(now_ms);
        }
    }

    /// One poll of a client. An approval is given out once.
    pub(super) fn poll(&mut self, device_code: &str, client_id: &str, now_ms: i64) -> Poll {
        let Some(device) = self.known.get_mut(device_code) else {
            return Poll::Unknown;
        };
        if device.client_id != client_id {
            return Poll::OtherClient;
        }
        let expired = device.expires_at.saturating_mul(1000) <= now_ms;
        match std::mem::replace(&mut device.state, State::Used) {
            State::Used => return Poll::Used,
            _ if expired => {
                device.state = State::Pending;
                return Poll::Expired;
            }
            State::Allowed(approval) => return Poll::Allowed(approval),
            State::Denied => {
                device.state = State::Denied;
                return Poll::Denied;
            }
            State::Pending => device.state = State::Pending,
        }
        let next = device.polled_at_ms.map(|at| at.saturating_add(device.interval_ms - GRACE_MS));
        if next.is_some_and(|next| now_ms < next) {
            self.slow_down(device_code, now_ms);
            return Poll::TooQuick;
        }
        device.polled_at_ms = Some(now_ms);
        Poll::Pending
    }

    /// Whether a user has typed too many wrong codes within `window` seconds (RFC 8628 section 5.1).
    pub(super) fn exhausted(&mut self, user: &UserId, tries: u32, window: i64, now: i64) -> bool {
        let Some(wrong) = self.wrong.get_mut(user) else { return false };
        wrong.retain(|at| at.saturating_add(window) > now);
        u32::try_from(wrong.len()).unwrap_or(u32::MAX) >= tries
    }

    pub(super) fn note_wrong(&mut self, user: &UserId, now: i64) {
        self.wrong.entry(user.clone()).or_default().push_back(now);
    }

    /// What a user allowed and no device has fetched yet is refused (C-38).
    pub(super) fn revoke_subject(&mut self, subject: &UserId) {
        for device in self.known.values_mut() {
            if matches!(&device.state, State::Allowed(approval) if approval.subject == *subject) {
                device.state = State::Denied;
            }
        }
    }
}

/// A typed user code as it is kept: case and punctuation do not matter (RFC 8628 section 6.1).
pub(super) fn parse_user_code(typed: &str) -> String {
    typed.chars().map(|c| c.to_ascii_uppercase()).filter(|c| c.is_ascii() && ALPHABET.contains(&(*c as u8))).collect()
}

/// A user code as people read it: `WDJB-MJHT`.
pub(super) fn shown_user_code(code: &str) -> String {
    match code.split_at_checked(USER_CODE_LENGTH / 2) {
        Some((first, second)) if !second.is_empty() => format!("{first}-{second}"),
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1000;

    fn devices() -> Devices {
        let mut devices = Devices::default();
        devices.add("d".to_owned(), Device::new("c".to_owned(), ScopeSet::parse("openid"), "WDJBMJHT".to_owned(), NOW + 60, 2000), NOW);
        devices
    }

    fn poll(devices: &mut Devices, at_ms: i64) -> &'static str {
        match devices.poll("d", "c", NOW * 1000 + at_ms) {
            Poll::Allowed(_) => "allowed",
            Poll::Pending => "pending",
            Poll::TooQuick => "slow_down",
            Poll::Denied => "denied",
            Poll::Expired => "expired",
            Poll::Unknown | Poll::OtherClient => "unknown",
            Poll::Used => "used",
        }
    }

    #[test]
    fn each_slow_down_adds_five_seconds_for_all_later_polls() {
        let mut devices = devices();
        let polls: Vec<&str> = [0, 2000, 3000, 9000, 21_000, 33_000].map(|at| poll(&mut devices, at)).to_vec();
        // 7 s after the first slow_down, 12 s after the second.
        assert_eq!(polls, ["pending", "pending", "slow_down", "slow_down", "pending", "pending"]);
        assert_eq!(poll(&mut devices, 60_000), "expired");
        assert_eq!(poll(&mut devices, 60_001), "expired");
    }

    #[test]
    fn an_approval_is_given_out_once_and_never_after_its_time() {
        let approval = || Approval { subject: UserId("u".to_owned()), scopes: ScopeSet::default(), sid: String::new(), auth_time: 0 };
        let mut first = devices();
        assert!(first.decide("d", Some(approval()), NOW) && !first.decide("d", None, NOW));
        assert_eq!([poll(&mut first, 0), poll(&mut first, 0)], ["allowed", "used"]);
        let mut late = devices();
        assert!(late.decide("d", Some(approval()), NOW));
        assert_eq!(poll(&mut late, 60_000), "expired");
        let mut cut = devices();
        assert!(cut.decide("d", Some(approval()), NOW));
        cut.revoke_subject(&UserId("u".to_owned()));
        assert_eq!(poll(&mut cut, 0), "denied");
        assert!(!devices().decide("d", None, NOW + 60), "decided after its time");
    }

    #[test]
    fn a_user_code_is_read_as_people_type_it() {
        for typed in ["WDJB-MJHT", "wdjbmjht", " wdjb mjht", "w.d.j.b_m/j/h/t é"] {
            assert_eq!(parse_user_code(typed), "WDJBMJHT", "{typed}");
        }
        assert_eq!((shown_user_code("WDJBMJHT"), shown_user_code("WD"), shown_user_code("")), ("WDJB-MJHT".into(), "WD".into(), "".into()));
        let random = Random::seeded(1);
        let code = Devices::default().new_user_code(&random);
        assert_eq!((parse_user_code(&code), code.len()), (code.clone(), 8));
    }

    #[test]
    fn wrong_codes_are_forgotten_after_the_window() {
        let (mut devices, user) = (devices(), UserId("u".to_owned()));
        for _ in 0..3 {
            assert!(!devices.exhausted(&user, 3, 60, NOW));
            devices.note_wrong(&user, NOW);
        }
        assert!(devices.exhausted(&user, 3, 60, NOW + 59));
        assert!(!devices.exhausted(&user, 3, 60, NOW + 60));
    }
}
