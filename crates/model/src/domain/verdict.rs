use std::fmt;

use serde::{Deserialize, Serialize};

use super::Weighed;

/// The verdict on one scenario, or on one requirement (the worst of its scenarios). Ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The declared profile or target excludes it.
    NotApplicable,
    /// It applies, and no scenario judged it: none is about this type of application, or none can run on this target.
    NotTested,
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
    /// The words for people, in English.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::NotTested => "not tested",
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

/// What a run says of a party under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Readiness {
    /// The whole suite was run, and everything that has to hold held.
    #[serde(rename = "READY")]
    Ready,
    /// Only a part of the suite was run, and it held: no word on the rest.
    #[serde(rename = "PARTIAL")]
    Partial,
    /// Nothing failed, and something that has to hold was not judged, or nothing was judged at all.
    #[serde(rename = "INCOMPLETE")]
    Incomplete,
    /// Something that has to hold did not.
    #[serde(rename = "NOT READY")]
    NotReady,
}

impl Readiness {
    /// From best to worst.
    pub fn severity(self) -> u8 {
        match self {
            Self::Ready => 0,
            Self::Partial => 1,
            Self::Incomplete => 2,
            Self::NotReady => 3,
        }
    }

    /// A selection that held is a part of a run, and never READY.
    pub(crate) fn of_selection(self, selected: bool) -> Self {
        if selected && self == Self::Ready { Self::Partial } else { self }
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ready => "READY",
            Self::Partial => "PARTIAL",
            Self::Incomplete => "INCOMPLETE",
            Self::NotReady => "NOT READY",
        })
    }
}

/// Folds planned scenarios of one party into its readiness.
///
/// Not run is never ready, and a run that judged nothing (no scenario, or none applicable) proves nothing: INCOMPLETE. A recommendation
/// that could not be judged leaves nothing incomplete. In a `strict` run recommendations weigh as much as mandatory requirements.
pub fn readiness(scenarios: impl IntoIterator<Item = Weighed>, strict: bool) -> Readiness {
    let mut judged = false;
    let mut complete = true;
    let mut failed = false;
    for Weighed { verdict, mandatory, .. } in scenarios {
        match verdict {
            Some(Verdict::Failed) => failed = true,
            Some(Verdict::Warned) if strict => failed = true,
            Some(Verdict::Passed | Verdict::Warned) => judged = true,
            Some(Verdict::NotApplicable | Verdict::NotTested) => {}
            Some(Verdict::Inconclusive | Verdict::Errored) if !mandatory && !strict => {}
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
    use super::super::Party;
    use super::*;

    fn readiness(verdicts: impl IntoIterator<Item = Option<Verdict>>, strict: bool) -> Readiness {
        let weighed = |verdict| Weighed { party: Party::Application, verdict, mandatory: true };
        super::readiness(verdicts.into_iter().map(weighed), strict)
    }

    #[test]
    fn readiness_is_never_ready_on_silence() {
        use Verdict::*;
        assert_eq!(readiness([Some(Passed), Some(Warned), Some(NotApplicable), Some(NotTested)], false), Readiness::Ready);
        assert_eq!(readiness([], false), Readiness::Incomplete);
        assert_eq!(readiness([Some(NotApplicable)], false), Readiness::Incomplete);
        assert_eq!(readiness([Some(NotTested)], false), Readiness::Incomplete);
        assert_eq!(readiness([Some(Passed), None], false), Readiness::Incomplete);
        for open in [NeedsReview, Inconclusive, Errored] {
            assert_eq!(readiness([Some(Passed), Some(open)], false), Readiness::Incomplete, "{open}");
            assert_eq!(readiness([Some(Failed), Some(open)], false), Readiness::NotReady, "{open}");
        }
        assert_eq!(readiness([Some(Passed), Some(Failed), None], false), Readiness::NotReady);
        assert_eq!(readiness([Some(Passed), Some(Warned)], true), Readiness::NotReady);
        assert_eq!(readiness([Some(Passed), Some(NotApplicable)], true), Readiness::Ready);
    }

    #[test]
    fn a_recommendation_that_could_not_be_judged_leaves_no_run_incomplete() {
        let weighed = |verdict, mandatory| Weighed { party: Party::Application, verdict: Some(verdict), mandatory };
        let passed = weighed(Verdict::Passed, true);
        for open in [Verdict::Inconclusive, Verdict::Errored] {
            assert_eq!(super::readiness([passed, weighed(open, false)], false), Readiness::Ready, "{open}");
            assert_eq!(super::readiness([passed, weighed(open, true)], false), Readiness::Incomplete, "{open}");
            assert_eq!(super::readiness([passed, weighed(open, false)], true), Readiness::Incomplete, "{open}, strict");
            assert_eq!(super::readiness([weighed(open, false)], false), Readiness::Incomplete, "{open} alone judges nothing");
        }
    }
}
