use std::fmt;

use serde::{Deserialize, Serialize};

use crate::browser::BrowserError;
use crate::domain::{Finding, Patience, Verdict};
use crate::platform::{NotSeen, PlatformError};

/// Why a step did not hold.
///
/// Its `Display` is JSON: the engine hands a step's error on as text, and the runner reads it back with [`Failure::parse`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "failure", rename_all = "kebab-case")]
pub enum Failure {
    /// A MUST did not hold; one finding for each requirement that the scenario carries.
    Found { findings: Vec<Finding> },
    /// It could not be judged: control failed, fault did not fire, application crashed or never answered.
    Unjudged { reason: String },
    /// Our side broke.
    Broke { reason: String },
    /// A person must attest it.
    NeedsReview { reason: String },
    /// The profile or the target excludes it.
    NotApplicable { reason: String },
    /// It applies, and this suite has no scenario that could judge it here.
    NotTested { reason: String },
}

impl Failure {
    pub fn unjudged(reason: impl fmt::Display) -> Self {
        Self::Unjudged { reason: reason.to_string() }
    }

    pub fn broke(reason: impl fmt::Display) -> Self {
        Self::Broke { reason: reason.to_string() }
    }

    pub fn not_applicable(reason: impl fmt::Display) -> Self {
        Self::NotApplicable { reason: reason.to_string() }
    }

    pub fn not_tested(reason: impl fmt::Display) -> Self {
        Self::NotTested { reason: reason.to_string() }
    }

    /// Whether nothing was judged because nothing was to be judged.
    pub fn is_left_out(&self) -> bool {
        matches!(self, Self::NotApplicable { .. } | Self::NotTested { .. } | Self::NeedsReview { .. })
    }

    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Found { .. } => Verdict::Failed,
            Self::Unjudged { .. } => Verdict::Inconclusive,
            Self::Broke { .. } => Verdict::Errored,
            Self::NeedsReview { .. } => Verdict::NeedsReview,
            Self::NotApplicable { .. } => Verdict::NotApplicable,
            Self::NotTested { .. } => Verdict::NotTested,
        }
    }

    /// For a person: what the step says in the report.
    pub fn message(&self) -> String {
        match self {
            Self::Found { findings } => findings.first().map_or_else(String::new, |finding| finding.summary.clone()),
            Self::Unjudged { reason }
            | Self::Broke { reason }
            | Self::NeedsReview { reason }
            | Self::NotApplicable { reason }
            | Self::NotTested { reason } => reason.clone(),
        }
    }

    /// Reads back a step's error; any other text is a panic of our own code.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::broke(format!("a step panicked: {text}")))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Failure {
    /// Why the application's own page is not there: nothing to judge, and nothing of ours that broke.
    pub(super) fn not_loaded(error: BrowserError, patience: Patience) -> Self {
        match error {
            BrowserError::Timeout { .. } => Self::unjudged(format!("{error}; {}", patience.of_a_load())),
            BrowserError::Navigation { url, why } if why.contains("ERR_TOO_MANY_REDIRECTS") => {
                Self::unjudged(format!("the application redirects in a loop: {url} leads to itself again and again"))
            }
            BrowserError::Navigation { .. } => Self::unjudged(format!("the application's page is not there: {error}")),
            other => other.into(),
        }
    }
}

impl From<BrowserError> for Failure {
    fn from(error: BrowserError) -> Self {
        match error {
            BrowserError::Timeout { .. } => Self::unjudged(error),
            other => Self::broke(other),
        }
    }
}

impl From<NotSeen> for Failure {
    fn from(error: NotSeen) -> Self {
        Self::unjudged(error)
    }
}

impl From<PlatformError> for Failure {
    fn from(error: PlatformError) -> Self {
        Self::broke(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_crosses_the_engine_as_text_and_a_panic_is_ours() {
        let failure = Failure::unjudged("the application never answered");
        assert_eq!(Failure::parse(&failure.to_string()), failure);
        assert_eq!(Failure::parse("index out of bounds").verdict(), Verdict::Errored);
    }
}
