use std::collections::BTreeSet;
use std::path::Path;

use gherkin::Feature;

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
        Self::with_features(sources).map(|(catalogue, _)| catalogue)
    }

    /// The catalogue, and the features that it was made of.
    pub fn with_features(sources: &Sources) -> Result<(Self, Vec<Feature>), CatalogueErrors> {
        match (parse_requirements(sources), parse_features(sources)) {
            (Ok(requirements), Ok(features)) => {
                let scenarios = features.iter().flat_map(summaries).collect();
                Ok((Self { requirements, scenarios, digest: sources.digest() }, features))
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

    /// The requirements with the levels that they have for applications of this type.
    pub fn requirements_for(&self, r#type: &str) -> Vec<Requirement> {
        let own = |requirement: &Requirement| Requirement { level: requirement.level_for(r#type), ..requirement.clone() };
        self.requirements.iter().map(own).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_a_program_and_only_pages_are_judged_for_is_untested() {
        let catalogue = Catalogue::embedded().expect("the suite is sound");
        let untested = |r#type: &str| catalogue.untested_for(r#type).iter().map(ToString::to_string).collect::<Vec<_>>();
        let holds = |list: &[String], id: &str| list.iter().any(|own| own == id);
        let (device, native) = (untested("device"), untested("native"));
        for id in ["GX-03", "GX-06", "GX-12", "RS-06"] {
            assert!(holds(&device, id), "{id} is not told for a device: {device:?}");
        }
        assert!(holds(&native, "CB-02") && holds(&native, "GX-06"), "{native:?}");
        // What is about pages, or has a scenario of its own there.
        let judged = ["GX-02", "GX-08", "GX-09", "GX-10", "GX-11", "GX-22", "RS-01", "RS-02", "RS-03", "RS-04", "RS-05", "TK-04", "TK-05"];
        for id in ["PO-01", "CB-15", "SE-01", "ID-01", "DV-01", "TK-01", "NA-01"].into_iter().chain(judged) {
            assert!(!holds(&device, id), "{id}: {device:?}");
        }
        for id in (1..=17).map(|number| format!("ID-{number:02}")).chain(judged.map(str::to_owned)) {
            assert!(!holds(&native, &id), "{id}: {native:?}");
        }
        assert_eq!(untested("web"), Vec::<String>::new());
    }

    #[test]
    fn the_byte_order_mark_of_an_editor_is_no_part_of_a_feature() {
        let folder = tempfile::tempdir().expect("a folder");
        let feature = "\u{feff}Feature: One\n  @CB-01\n  Scenario: Two\n    When Ada signs in\n";
        std::fs::write(folder.path().join("one.feature"), feature).expect("writes");
        let sources = Sources::from_dir(folder.path()).expect("reads");
        assert!(parse_features(&sources).is_ok_and(|features| features.len() == 1));
    }
}
