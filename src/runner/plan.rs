use std::cell::RefCell;
use std::collections::HashMap;

use cucumber::World as _;
use cucumber::codegen::{StepConstructor, WorldInventory, inventory};
use cucumber::gherkin::{Feature, Scenario, Step, StepType};

use crate::catalogue::{Catalogue, CatalogueErrors, Place, Resolved, Selection, Sources, StepMatch, lint, resolve, scenario_id, summaries};
use crate::domain::{ScenarioSummary, Shard};
use crate::steps::{World, resolves, resolves_each, unknown_phrase};

/// The scenarios of a run, after everything that the engine would pass over was refused.
#[derive(Debug)]
pub struct Plan {
    pub catalogue: Catalogue,
    /// Only the selected scenarios, in the order of the features.
    pub features: Vec<Feature>,
    pub scenarios: Vec<ScenarioSummary>,
    /// Places of the selection where no scenario stands.
    pub nowhere: Vec<Place>,
}

impl Plan {
    pub fn make(sources: &Sources, selection: &Selection) -> Result<Self, CatalogueErrors> {
        let (catalogue, mut features) = Catalogue::with_features(sources)?;
        let problems = lint(&features, sources, &catalogue.requirements, &step_matcher());
        if !problems.is_empty() {
            return Err(CatalogueErrors(problems));
        }
        let Resolved { selection, nowhere } = resolve(selection, &mut features, sources);
        let scenarios: Vec<_> = features.iter().flat_map(summaries).filter(|scenario| selection.selects(scenario)).collect();
        let features = features.into_iter().filter_map(|feature| selected(feature, &scenarios)).collect();
        Ok(Self { catalogue, features, scenarios, nowhere })
    }

    /// One part of this plan.
    pub fn part(self, shard: Shard) -> Self {
        let Self { catalogue, features, scenarios, nowhere } = self;
        let scenarios: Vec<_> = scenarios.into_iter().enumerate().filter(|(place, _)| shard.takes(*place)).map(|(_, own)| own).collect();
        let features = features.into_iter().filter_map(|feature| selected(feature, &scenarios)).collect();
        Self { catalogue, features, scenarios, nowhere }
    }
}

/// The feature with its planned scenarios only; `None` when there is none.
fn selected(mut feature: Feature, planned: &[ScenarioSummary]) -> Option<Feature> {
    let whole = feature.clone();
    let is_planned = |scenario: &Scenario| planned.iter().any(|summary| summary.id == scenario_id(&whole, scenario));
    feature.scenarios.retain(is_planned);
    for rule in &mut feature.rules {
        rule.scenarios.retain(is_planned);
    }
    feature.rules.retain(|rule| !rule.scenarios.is_empty());
    (!feature.scenarios.is_empty() || !feature.rules.is_empty()).then_some(feature)
}

/// Tells of a step whether it has one definition, none or several; one that names an unknown fault has none.
pub fn step_matcher() -> impl Fn(&Step) -> StepMatch {
    let collection = World::collection();
    // Every pattern is tried on a step, and most sentences come more than once.
    let seen: RefCell<HashMap<(StepType, String), StepMatch>> = RefCell::default();
    let definition = move |step: &Step| {
        let of_sentence = || match collection.find(step) {
            Ok(Some(_)) => StepMatch::Known,
            Ok(None) => StepMatch::Undefined,
            Err(ambiguous) => StepMatch::Ambiguous(ambiguous.possible_matches.iter().map(|(regex, _)| regex.to_string()).collect()),
        };
        seen.borrow_mut().entry((step.ty, step.value.clone())).or_insert_with(of_sentence).clone()
    };
    move |step| match definition(step) {
        StepMatch::Known if !resolves(&step.value) || unknown_phrase(step).is_some() || !resolves_each(step) => StepMatch::Undefined,
        found => found,
    }
}

/// Every step definition: keyword and pattern, in alphabetical order.
pub fn known_steps() -> Vec<(&'static str, String)> {
    fn patterns<S: StepConstructor<World> + inventory::Collect>(keyword: &'static str) -> impl Iterator<Item = (&'static str, String)> {
        inventory::iter::<S>.into_iter().map(move |step| (keyword, step.inner().1().to_string()))
    }
    let mut steps: Vec<_> = patterns::<<World as WorldInventory>::Given>("Given")
        .chain(patterns::<<World as WorldInventory>::When>("When"))
        .chain(patterns::<<World as WorldInventory>::Then>("Then"))
        .collect();
    steps.sort();
    steps
}
