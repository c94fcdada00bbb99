use std::fmt;

use serde::{Deserialize, Serialize};

/// The verdict on one scenario, or on one requirement (the worst of its scenarios). Ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The declared profile or target excludes it.
    NotApplicable,
    /// All requirements held and the oracle was complete.
    Passed,
    /// A SHOULD did not hold.
    Warned,
    /// A person must attest it.
    NeedsReview,
    /// It could not be judged: control failed, fault did not fire, application crashed or never answered.
    Inconclusive,
    /// Our side broke: browser, driver, port, configuration.
    Errored,
    /// A MUST did not hold.
    Failed,
}

impl Verdict {
    pub const ALL: [Self; 7] =
        [Self::Passed, Self::Warned, Self::Failed, Self::Inconclusive, Self::NeedsReview, Self::NotApplicable, Self::Errored];

    pub fn name(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::NeedsReview => "needs review",
            Self::Inconclusive => "inconclusive",
            Self::Errored => "errored",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a whole run says about the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Readiness {
    #[serde(rename = "READY")]
    Ready,
    #[serde(rename = "NOT READY")]
    NotReady,
    #[serde(rename = "INCOMPLETE")]
    Incomplete,
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ready => "READY",
            Self::NotReady => "NOT READY",
            Self::Incomplete => "INCOMPLETE",
        })
    }
}

/// Folds the verdicts of the planned scenarios into the readiness; `None` is a planned scenario that did not run.
///
/// Not run is never ready, and a run that judged nothing (no scenario, or none applicable) proves nothing: INCOMPLETE.
/// In a `strict` run a recommendation that did not hold weighs as much as a mandatory requirement.
pub fn readiness(verdicts: impl IntoIterator<Item = Option<Verdict>>, strict: bool) -> Readiness {
    let mut judged = false;
    let mut complete = true;
    let mut failed = false;
    for verdict in verdicts {
        match verdict {
            Some(Verdict::Failed) => failed = true,
            Some(Verdict::Warned) if strict => failed = true,
            Some(Verdict::Passed | Verdict::Warned) => judged = true,
            Some(Verdict::NotApplicable) => {}
            Some(Verdict::NeedsReview | Verdict::Inconclusive | Verdict::Errored) | None => complete = false,
        }
    }
    match (failed, complete && judged) {
        (true, _) => Readiness::NotReady,
        (false, true) => Readiness::Ready,
        (false, false) => Readiness::Incomplete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_never_ready_on_silence() {
        use Verdict::*;
        assert_eq!(readiness([Some(Passed), Some(Warned), Some(NotApplicable)], false), Readiness::Ready);
        assert_eq!(readiness([], false), Readiness::Incomplete);
        assert_eq!(readiness([Some(NotApplicable)], false), Readiness::Incomplete);
        assert_eq!(readiness([Some(Passed), None], false), Readiness::Incomplete);
        for open in [NeedsReview, Inconclusive, Errored] {
            assert_eq!(readiness([Some(Passed), Some(open)], false), Readiness::Incomplete, "{open}");
            assert_eq!(readiness([Some(Failed), Some(open)], false), Readiness::NotReady, "{open}");
        }
        assert_eq!(readiness([Some(Passed), Some(Failed), None], false), Readiness::NotReady);
        assert_eq!(readiness([Some(Passed), Some(Warned)], true), Readiness::NotReady);
        assert_eq!(readiness([Some(Passed), Some(NotApplicable)], true), Readiness::Ready);
    }
}
