use serde::{Deserialize, Serialize};

use super::{Level, RequirementId, Waiver};

/// What a check gives when a requirement does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The requirement that does not hold.
    pub requirement: RequirementId,
    /// The catalogue's level at the time of the run; decides between Failed and Warned.
    pub level: Level,
    /// One sentence: what the party under test did.
    pub summary: String,
    /// What the clause asks for, in English, for a person.
    pub expected: String,
    /// What was seen in its place, in English, for a person; no secret.
    pub actual: String,
    /// The clause that the check rests on.
    pub clause: String,
    /// Numbers of the exchanges that show it (see `Exchange::number`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<u64>,
    /// 0-based index of the step that judged it, in the scenario's steps as written, background first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// A unified diff, where a snapshot was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// Who answers for it meanwhile: it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waiver>,
    /// What to do about it, where the requirement's own remedy does not fit what was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Advice>,
}

/// A remedy of a finding's own, in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// In English, in whole sentences.
    pub en: String,
    /// The same in Italian.
    pub it: String,
}
