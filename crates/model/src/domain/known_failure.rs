use serde::{Deserialize, Serialize};

use super::RequirementId;

/// A failure that a baseline knows. Its scenario is known by its title: its line moves when its feature grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFailure {
    /// The requirement that did not hold.
    pub requirement: RequirementId,
    /// Title of the scenario that found it.
    pub scenario: String,
    /// What it did then; for people, and not compared.
    pub summary: String,
}
