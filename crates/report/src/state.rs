use crate::domain::Verdict;

/// Where a scenario or a requirement stands at the end of a run: a verdict, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It has this verdict; a requirement has the worst of its scenarios.
    Judged(Verdict),
    /// It started and never finished.
    Interrupted,
    /// It was planned and never started.
    NotRun,
    /// The run's selection (`--tags`, `--requirement`, `--suite`) left it out.
    NotSelected,
    /// No scenario covers it.
    NotCovered,
}

impl State {
    /// Every state once: verdicts first, then the reasons why there is none.
    pub const ALL: [Self; 12] = [
        Self::Judged(Verdict::Passed),
        Self::Judged(Verdict::Warned),
        Self::Judged(Verdict::Failed),
        Self::Judged(Verdict::Inconclusive),
        Self::Judged(Verdict::NeedsReview),
        Self::Judged(Verdict::NotApplicable),
        Self::Judged(Verdict::NotTested),
        Self::Judged(Verdict::Errored),
        Self::Interrupted,
        Self::NotRun,
        Self::NotSelected,
        Self::NotCovered,
    ];

    /// The verdict, if it has one.
    pub fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Judged(verdict) => Some(verdict),
            _ => None,
        }
    }

    /// Whether somebody had to look: what does not apply costs nothing.
    pub(crate) fn is_judged(self) -> bool {
        self.verdict().is_some_and(|verdict| !matches!(verdict, Verdict::NotApplicable | Verdict::NotTested))
    }

    /// The stable name for programs, in kebab case as in `run.jsonl`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Judged(Verdict::Passed) => "passed",
            Self::Judged(Verdict::Warned) => "warned",
            Self::Judged(Verdict::Failed) => "failed",
            Self::Judged(Verdict::Inconclusive) => "inconclusive",
            Self::Judged(Verdict::NeedsReview) => "needs-review",
            Self::Judged(Verdict::NotApplicable) => "not-applicable",
            Self::Judged(Verdict::NotTested) => "not-tested",
            Self::Judged(Verdict::Errored) => "errored",
            Self::Interrupted => "interrupted",
            Self::NotRun => "not-run",
            Self::NotSelected => "not-selected",
            Self::NotCovered => "not-covered",
        }
    }

    /// The state of a [`State::key`].
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Tells the states apart without colour.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Judged(Verdict::Passed) => "✓",
            Self::Judged(Verdict::Warned) => "!",
            Self::Judged(Verdict::Failed) => "✗",
            Self::Judged(Verdict::Inconclusive) => "?",
            Self::Judged(Verdict::NeedsReview) => "◇",
            Self::Judged(Verdict::NotApplicable) => "–",
            Self::Judged(Verdict::NotTested) => "□",
            Self::Judged(Verdict::Errored) => "■",
            Self::Interrupted => "◐",
            Self::NotRun => "○",
            Self::NotSelected => "·",
            Self::NotCovered => "∅",
        }
    }

    /// From best to worst: a requirement is as bad as its worst scenario, and what did not run is never green.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::NotCovered => 0,
            Self::NotSelected => 1,
            Self::Judged(Verdict::NotApplicable) => 2,
            // Where another scenario judged the requirement, that one speaks for it.
            Self::Judged(Verdict::NotTested) => 3,
            Self::Judged(Verdict::Passed) => 4,
            Self::Judged(Verdict::Warned) => 5,
            Self::Judged(Verdict::NeedsReview) => 6,
            Self::NotRun => 7,
            Self::Interrupted => 8,
            Self::Judged(Verdict::Inconclusive) => 9,
            Self::Judged(Verdict::Errored) => 10,
            Self::Judged(Verdict::Failed) => 11,
        }
    }

    /// Whether nothing is left to do about it.
    pub(crate) fn is_settled(self) -> bool {
        let verdict = matches!(self.verdict(), Some(Verdict::Passed | Verdict::Warned | Verdict::NotApplicable | Verdict::NotTested));
        verdict || matches!(self, Self::NotSelected | Self::NotCovered)
    }
}
