use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A requirement's stable id, such as `CB-01`: two capital letters, a hyphen, two digits. Never renumbered, never reused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequirementId(String);

/// A text that is no requirement id; holds the text.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a requirement id: expected two capital letters, a hyphen and two digits, such as CB-01")]
pub struct RequirementIdError(String);

impl RequirementId {
    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequirementId {
    type Err = RequirementIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 5
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2] == b'-'
            && bytes[3..].iter().all(u8::is_ascii_digit);
        if shaped { Ok(Self(text.to_owned())) } else { Err(RequirementIdError(text.to_owned())) }
    }
}

impl TryFrom<String> for RequirementId {
    type Error = RequirementIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RequirementId> for String {
    fn from(id: RequirementId) -> Self {
        id.0
    }
}

impl fmt::Display for RequirementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How binding a requirement is: a MUST that does not hold fails, a SHOULD or a quality rule of ours warns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// It has to hold: what does not keep it is not ready.
    #[serde(rename = "MUST")]
    Must,
    /// A recommendation: it has to hold only in a strict run.
    #[serde(rename = "SHOULD")]
    Should,
    /// Our own quality rule, with no standard's text behind it.
    #[serde(rename = "Q")]
    Quality,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::Quality => "Q",
        })
    }
}

/// Whose duty a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The application.
    RelyingParty,
    /// The integrator, in the course of the accreditation.
    Integrator,
    /// The authorization server with its API and portal.
    Platform,
}

/// One row of the requirement catalogue (`features/requirements.toml`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// The name of its table in the catalogue.
    pub id: RequirementId,
    /// How binding it is, where `must_for` says nothing else.
    pub level: Level,
    /// Whose duty it is; those of the platform have a file of their own (`features/platform/requirements.toml`).
    pub actor: Actor,
    /// Clauses and contract rows that the requirement rests on, such as `RFC 6749 section 10.12` or `C-51`.
    pub clause: Vec<String>,
    /// Completes "the application …" (or "the integrator's project …") in the present tense.
    pub title: String,
    /// The same in Italian.
    pub title_it: String,
    /// What to do when it does not hold.
    pub remedy: String,
    /// The same in Italian.
    pub remedy_it: String,
    /// Set where the rule is stricter than the text it rests on: says how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stricter: Option<String>,
    /// Why no scenario covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_tested: Option<String>,
    /// Types of application that it concerns, by name; empty: every type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applies_to: Vec<String>,
    /// Types of application for which it is a MUST, whatever its level is for others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub must_for: Vec<String>,
}

impl Requirement {
    /// The names that `applies_to` knows.
    pub const TYPES: [&str; 4] = ["web", "spa", "native", "device"];

    /// How binding it is for applications of this type.
    pub fn level_for(&self, r#type: &str) -> Level {
        if self.must_for.iter().any(|own| own == r#type) { Level::Must } else { self.level }
    }

    /// Whether it concerns applications of this type.
    pub fn concerns(&self, r#type: &str) -> bool {
        self.applies_to.is_empty() || self.applies_to.iter().any(|own| own == r#type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_two_letters_and_two_digits() {
        assert_eq!("CB-01".parse::<RequirementId>().expect("well shaped").as_str(), "CB-01");
        for wrong in ["cb-01", "CB-1", "CB01", "CB-001", "", "C-01", "CBX01", "é-01"] {
            assert!(wrong.parse::<RequirementId>().is_err(), "{wrong} was accepted");
        }
    }
}
