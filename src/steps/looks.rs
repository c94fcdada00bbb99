//! What a look before a run has seen.

use super::proof::Proof;
use crate::domain::Verdict;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub what: String,
    pub sight: Sight,
    /// What was seen; where it is wrong also what to do.
    pub told: String,
    /// Whether our side is at fault rather than the application.
    pub ours: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Fine,
    /// It may be as it should be.
    Doubtful,
    /// A run judges what it can, and tells what it breaks.
    Wrong,
    /// A run cannot judge the application.
    Hopeless,
}

impl Look {
    pub fn fine(what: &str, told: String) -> Self {
        Self { what: what.to_owned(), sight: Sight::Fine, told, ours: false }
    }
}

/// What was looked at so far.
pub(super) struct Looks(pub Vec<Look>);

impl Looks {
    pub(super) fn fine(&mut self, what: &str, told: String) {
        self.0.push(Look::fine(what, told));
    }

    pub(super) fn wrong(&mut self, what: &str, told: String) {
        self.take(what, Proof::Wrong(told));
    }

    pub(super) fn take(&mut self, what: &str, proof: Proof) {
        let (sight, told, ours) = match proof {
            Proof::Fine(told) => (Sight::Fine, told, false),
            Proof::Doubtful(told) => (Sight::Doubtful, told, false),
            Proof::Wrong(told) => (Sight::Wrong, told, false),
            Proof::Hopeless(failure) => (Sight::Hopeless, failure.message(), failure.verdict() == Verdict::Errored),
        };
        self.0.push(Look { what: what.to_owned(), sight, told, ours });
    }
}
