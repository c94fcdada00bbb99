use std::fmt;

use crate::domain::{Finding, Level, RequirementId};

/// What a check says of the evidence: the requirement holds, or why it does not or cannot be said to.
pub type Judgement = Result<(), Refusal>;

/// Why a check does not pass. Only a discrepancy speaks against the party under test.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It contradicts the clause.
    #[error("{0}")]
    Discrepancy(Discrepancy),
    /// The evidence does not hold what the check needs: inconclusive, never passed.
    #[error("nothing to judge: {0}")]
    NothingToJudge(String),
    /// The requirement's own condition excludes this application (such as "MUST if no PKCE" where PKCE is used).
    #[error("not applicable: {0}")]
    NotApplicable(String),
}

/// How the evidence differs from what a clause asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discrepancy {
    /// One sentence: what the party under test did.
    pub summary: String,
    /// What the clause asks for.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// The clause or contract row that the check rests on.
    pub clause: &'static str,
    /// Numbers of the exchanges that show it.
    pub exchanges: Vec<u64>,
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)
    }
}

impl Discrepancy {
    /// The finding against a requirement, with its level in the catalogue and the 0-based index of the judging step.
    pub fn into_finding(self, requirement: RequirementId, level: Level, step: Option<usize>) -> Finding {
        Finding {
            requirement,
            level,
            summary: self.summary,
            expected: self.expected,
            actual: self.actual,
            clause: self.clause.to_owned(),
            exchanges: self.exchanges,
            step,
            diff: None,
            waiver: None,
            advice: None,
        }
    }
}

impl Refusal {
    /// What was found, if it was judged at all.
    pub fn discrepancy(&self) -> Option<&Discrepancy> {
        match self {
            Self::Discrepancy(discrepancy) => Some(discrepancy),
            Self::NothingToJudge(_) | Self::NotApplicable(_) => None,
        }
    }
}

/// The clause that a check rests on, to refuse by it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clause(pub &'static str);

impl Clause {
    pub(crate) fn refuse(
        self,
        summary: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
        exchanges: impl IntoIterator<Item = u64>,
    ) -> Refusal {
        Refusal::Discrepancy(Discrepancy {
            summary: summary.into(),
            expected: expected.into(),
            actual: actual.into(),
            clause: self.0,
            exchanges: exchanges.into_iter().collect(),
        })
    }
}

pub(super) fn nothing(reason: impl Into<String>) -> Refusal {
    Refusal::NothingToJudge(reason.into())
}

/// Refuses where there is no evidence of some kind; gives it back otherwise.
pub(super) fn some<T>(evidence: Vec<T>, missing: &str) -> Result<Vec<T>, Refusal> {
    if evidence.is_empty() { Err(nothing(missing)) } else { Ok(evidence) }
}

/// A missing value as a person reads it.
pub(super) fn shown(value: Option<&str>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("`{value}`"))
}
