use std::fmt;

use serde::{Deserialize, Serialize};

use super::RequirementId;

/// Which suite a scenario belongs to: whose behaviour it judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    Accreditation,
    Platform,
    RelyingParty,
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accreditation => "accreditation",
            Self::Platform => "platform",
            Self::RelyingParty => "relying-party",
        })
    }
}

/// Where a scenario stands: `features/session/sign_in.feature:12`. Unique in a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScenarioId(pub String);

impl fmt::Display for ScenarioId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A scenario as written, background steps first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioSummary {
    pub id: ScenarioId,
    pub suite: Suite,
    pub feature: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    pub title: String,
    pub tags: Vec<String>,
    pub requirements: Vec<RequirementId>,
    pub steps: Vec<StepText>,
}

impl ScenarioSummary {
    /// Whether it judges applications of this type: a native or device program where its tags say so, or else one with pages.
    pub fn is_about(&self, r#type: &str) -> bool {
        let tagged = |name: &str| self.tags.iter().any(|tag| tag.trim_start_matches('@') == name);
        match (tagged("native"), tagged("device")) {
            (false, false) => matches!(r#type, "web" | "spa"),
            (native, device) => (native && r#type == "native") || (device && r#type == "device"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepText {
    /// `Given`, `When`, `Then`, `And`, `But`, as written.
    pub keyword: String,
    pub text: String,
    /// 1-based line in the feature file.
    pub line: usize,
    pub background: bool,
    /// The first cells of the step's table, in order: each is one of the things that the step does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<String>,
}
