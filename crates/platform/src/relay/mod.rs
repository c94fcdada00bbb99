//! A platform of somebody else's, with the instruments of this one before it: journal, redaction and faults.
//!
//! To an application a relay is the platform: it names itself in the discovery document and signs ID tokens with its own key. Behind it is
//! the target: what is asked for there is asked by [`Upstream`], and what it answers stands where a rule of the mock would make its answer.
//! Faults and journal are those of the mock, for the same functions edit and record the answer.
//!
//! The handlers are in `authorization/relayed/` and `api/relayed.rs`, beside the rules that they replace.

mod answer;
mod levers;
mod passed;
mod upstream;

pub(crate) use answer::{Answer, without_answer};
pub(crate) use passed::{Asked, Passed};
pub use upstream::RelayTarget;
pub(crate) use upstream::{Upstream, UpstreamError};

/// How the reason of an exchange begins that failed because of the target, and not because of what the application asked for.
pub const TARGET_FAILED: &str = "the target platform gave no sound answer: ";

/// Faults that a relay cannot show: each changes a rule that only whoever owns the platform can change.
pub const OWNERS_FAULTS: [(&str, &str); 11] = [
    ("pkce-ignored", "whether a code verifier is looked at is decided at the target's token endpoint"),
    ("coop-same-origin", "the sign-in and consent pages are the target's own"),
    ("api-short-pages", "how many entries stand on a page is decided by the target's API"),
    ("device-interval-untold", DEVICES),
    ("device-interval-longer", DEVICES),
    ("device-short-lived", DEVICES),
    ("device-pending", DEVICES),
    ("device-slow-down", DEVICES),
    ("device-hangs", DEVICES),
    ("device-expired", DEVICES),
    ("device-denied", DEVICES),
];

const DEVICES: &str = "a device is registered at the mock alone: a target file names a web application";

/// Why a fault cannot be shown by a relay, where it cannot.
pub fn only_the_owner_can(fault: &str) -> Option<&'static str> {
    OWNERS_FAULTS.iter().find(|(known, _)| *known == fault).map(|(_, reason)| *reason)
}
