use std::fmt;

use serde::{Deserialize, Serialize};

use super::RequirementId;

/// Which suite a scenario belongs to: whose behaviour it judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// The integrator's project: the way to the accreditation, and its dossier.
    Accreditation,
    /// The authorization server and its API.
    Platform,
    /// The application.
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
    /// The place of the scenario; of a row of an outline, the place of the row.
    pub id: ScenarioId,
    /// Whose behaviour it judges.
    pub suite: Suite,
    /// Title of the feature, as its file writes it.
    pub feature: String,
    /// Title of the `Rule` that it stands in, if it stands in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Title of the scenario, with the values of its row where it has one.
    pub title: String,
    /// Its tags and those of its feature and rule, without `@`, each once.
    pub tags: Vec<String>,
    /// The tags that are requirement ids.
    pub requirements: Vec<RequirementId>,
    /// Its steps with the values of its row, those of the backgrounds first.
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

/// A step as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepText {
    /// `Given`, `When`, `Then`, `And`, `But`, as written.
    pub keyword: String,
    /// The sentence after the keyword.
    pub text: String,
    /// 1-based line in the feature file.
    pub line: usize,
    /// Whether it comes from a `Background`.
    pub background: bool,
    /// The first cells of the step's table, in order: each is one of the things that the step does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<String>,
}
