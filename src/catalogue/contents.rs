use std::collections::BTreeSet;
use std::path::Path;

use super::{CatalogueErrors, Sources, parse_features, parse_requirements, summaries};
use crate::domain::{Requirement, RequirementId, ScenarioSummary, Suite};

/// What the suite demands and how it finds out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// In the order of `requirements.toml`.
    pub requirements: Vec<Requirement>,
    /// In the order of the files' paths, then of the lines; outlines expanded.
    pub scenarios: Vec<ScenarioSummary>,
    /// See [`Sources::digest`].
    pub digest: String,
}

/// Which requirements are covered: all three lists together are all requirements, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// At least one scenario is about it.
    pub covered: Vec<RequirementId>,
    /// No scenario, and the catalogue says why.
    pub not_tested: Vec<(RequirementId, String)>,
    /// No scenario and no reason.
    pub neither: Vec<RequirementId>,
    /// Among the covered ones: those that still carry a reason for not being tested.
    pub outdated_reasons: Vec<RequirementId>,
}

impl Catalogue {
    /// The suite that was compiled in.
    pub fn embedded() -> Result<Self, CatalogueErrors> {
        Self::from_sources(&Sources::embedded()?)
    }

    /// The suite in a folder that is laid out as `features/` is.
    pub fn from_dir(dir: &Path) -> Result<Self, CatalogueErrors> {
        Self::from_sources(&Sources::from_dir(dir)?)
    }

    pub fn from_sources(sources: &Sources) -> Result<Self, CatalogueErrors> {
        match (parse_requirements(sources), parse_features(sources)) {
            (Ok(requirements), Ok(features)) => {
                let scenarios = features.iter().flat_map(summaries).collect();
                Ok(Self { requirements, scenarios, digest: sources.digest() })
            }
            (requirements, features) => {
                let problems = [requirements.err(), features.err()].into_iter().flatten().flat_map(|errors| errors.0).collect();
                Err(CatalogueErrors(problems))
            }
        }
    }

    pub fn requirement(&self, id: &RequirementId) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| requirement.id == *id)
    }

    /// The scenarios about one requirement.
    pub fn covering(&self, id: &RequirementId) -> Vec<&ScenarioSummary> {
        self.scenarios.iter().filter(|scenario| scenario.requirements.contains(id)).collect()
    }

    /// Requirements that concern applications of this type, and that only scenarios about other types judge.
    pub fn untested_for(&self, r#type: &str) -> BTreeSet<RequirementId> {
        let untested = |requirement: &&Requirement| {
            let scenarios = self.covering(&requirement.id);
            let own = |scenario: &&ScenarioSummary| scenario.suite != Suite::RelyingParty || scenario.is_about(r#type);
            requirement.concerns(r#type) && !scenarios.is_empty() && !scenarios.iter().any(own)
        };
        self.requirements.iter().filter(untested).map(|requirement| requirement.id.clone()).collect()
    }

    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::default();
        for requirement in &self.requirements {
            let id = requirement.id.clone();
            match (self.covering(&id).is_empty(), &requirement.not_tested) {
                (true, Some(reason)) => coverage.not_tested.push((id, reason.clone())),
                (true, None) => coverage.neither.push(id),
                (false, reason) => {
                    coverage.outdated_reasons.extend(reason.is_some().then(|| id.clone()));
                    coverage.covered.push(id);
                }
            }
        }
        coverage
    }
}
