use serde::{Deserialize, Serialize};

use super::{Level, Readiness, Requirement, RequirementId, ScenarioSummary, Suite, Verdict, readiness};

/// Who is under test: a verdict belongs to one of them, and what one did is never held against another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The relying party.
    Application,
    /// The integrator's project, as the accreditation judges it.
    Project,
    /// The authorization server with its API and portal.
    Platform,
}

impl Party {
    /// Every party, the application first.
    pub const ALL: [Self; 3] = [Self::Application, Self::Project, Self::Platform];

    /// The stable name for programs, as it is serialised.
    pub fn key(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Project => "project",
            Self::Platform => "platform",
        }
    }
}

impl From<Suite> for Party {
    fn from(suite: Suite) -> Self {
        match suite {
            Suite::RelyingParty => Self::Application,
            Suite::Accreditation => Self::Project,
            Suite::Platform => Self::Platform,
        }
    }
}

/// A planned scenario as the readiness weighs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// Whom the scenario judges.
    pub party: Party,
    /// `None`: it was planned and has no verdict.
    pub verdict: Option<Verdict>,
    /// Whether it judges a MUST; a recommendation that could not be judged leaves no run incomplete.
    pub mandatory: bool,
}

impl Weighed {
    /// A scenario with its verdict, by the levels that `requirements`, the run's catalogue, gives its requirements.
    pub fn new(scenario: &ScenarioSummary, verdict: Option<Verdict>, requirements: &[Requirement]) -> Self {
        let recommended =
            |id: &RequirementId| requirements.iter().any(|requirement| requirement.id == *id && requirement.level != Level::Must);
        // What the catalogue does not know is taken for binding.
        let mandatory = scenario.requirements.is_empty() || !scenario.requirements.iter().all(recommended);
        Self { party: scenario.suite.into(), verdict, mandatory }
    }

    fn applies(&self) -> bool {
        !matches!(self.verdict, Some(Verdict::NotApplicable | Verdict::NotTested))
    }
}

/// What a run says of each party.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parties([Option<Readiness>; 3]);

impl Parties {
    /// `whole`: nothing of the suite was left out. A party that no scenario applied to has no readiness.
    pub fn judge(weighed: impl IntoIterator<Item = Weighed>, strict: bool, whole: bool) -> Self {
        let weighed: Vec<Weighed> = weighed.into_iter().collect();
        Self(Party::ALL.map(|party| {
            let own = || weighed.iter().copied().filter(move |scenario| scenario.party == party);
            own().any(|scenario| scenario.applies()).then(|| readiness(own(), strict).of_selection(!whole))
        }))
    }

    /// `None` where the party was not judged.
    pub fn of(&self, party: Party) -> Option<Readiness> {
        self.0[party as usize]
    }

    /// The parties that were judged.
    pub fn judged(&self) -> impl Iterator<Item = (Party, Readiness)> + '_ {
        Party::ALL.into_iter().filter_map(|party| Some((party, self.of(party)?)))
    }

    /// The party that a run is named after: the application wherever it was judged, or else the one that stands worst.
    pub fn first(&self) -> Option<(Party, Readiness)> {
        let application = self.of(Party::Application).map(|readiness| (Party::Application, readiness));
        application.or_else(|| self.judged().max_by_key(|(_, readiness)| readiness.severity()))
    }

    /// The verdict of a run: that of its first party.
    pub fn headline(&self) -> Readiness {
        self.first().map_or(Readiness::Incomplete, |(_, readiness)| readiness)
    }

    /// The worst of the verdicts on the parties; INCOMPLETE where none was judged.
    pub fn worst(&self) -> Readiness {
        self.judged().map(|(_, readiness)| readiness).max_by_key(|readiness| readiness.severity()).unwrap_or(Readiness::Incomplete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(party: Party, verdict: Verdict) -> Weighed {
        Weighed { party, verdict: Some(verdict), mandatory: true }
    }

    #[test]
    fn what_one_party_did_is_held_against_no_other() {
        use Party::{Application, Platform, Project};
        let passed = seen(Application, Verdict::Passed);
        let parties = Parties::judge([passed, seen(Platform, Verdict::Failed), seen(Project, Verdict::NeedsReview)], false, true);
        assert_eq!(parties.headline(), Readiness::Ready);
        assert_eq!(
            Party::ALL.map(|party| parties.of(party)),
            [Some(Readiness::Ready), Some(Readiness::Incomplete), Some(Readiness::NotReady)]
        );
        assert_eq!(parties.worst(), Readiness::NotReady);
    }

    #[test]
    fn a_run_of_the_platform_alone_says_nothing_of_the_application() {
        let parties = Parties::judge([seen(Party::Platform, Verdict::Passed), seen(Party::Application, Verdict::NotTested)], false, true);
        assert_eq!((parties.of(Party::Application), parties.first()), (None, Some((Party::Platform, Readiness::Ready))));
        assert_eq!(Parties::judge([], false, true).headline(), Readiness::Incomplete);
    }

    #[test]
    fn a_selection_is_never_ready() {
        for (verdict, readiness) in
            [(Verdict::Passed, Readiness::Partial), (Verdict::Failed, Readiness::NotReady), (Verdict::Inconclusive, Readiness::Incomplete)]
        {
            assert_eq!(Parties::judge([seen(Party::Application, verdict)], false, false).headline(), readiness, "{verdict}");
        }
    }
}
