use gherkin::{Examples, Scenario};

use super::super::features::scenarios;
use super::{Problem, Written};

/// What runs nothing: scenarios without steps, outlines without rows, features and rules without scenarios.
pub(super) fn lint(written: &Written<'_>, problems: &mut Vec<Problem>) {
    let feature = &written.feature;
    if scenarios(feature).next().is_none() {
        problems.push(
            written.problem(feature.position, format!("the feature `{}` has no scenario", feature.name)).hint("add one, or drop the file"),
        );
    }
    for rule in feature.rules.iter().filter(|rule| rule.scenarios.is_empty()) {
        problems
            .push(written.problem(rule.position, format!("the rule `{}` has no scenario", rule.name)).hint("add one, or drop the rule"));
    }
    let backgrounds = feature.background.iter().chain(feature.rules.iter().filter_map(|rule| rule.background.as_ref()));
    for background in backgrounds.filter(|background| background.steps.is_empty()) {
        problems.push(written.problem(background.position, "this background has no steps").hint("add a Given, or drop it"));
    }
    for (_, scenario) in scenarios(feature) {
        if scenario.steps.is_empty() {
            let message = format!("the scenario `{}` has no steps: it would pass whatever happens", scenario.name);
            problems.push(written.problem(scenario.position, message).hint("a line under it that is meant as a step needs its keyword"));
        }
        if is_outline(scenario) && scenario.examples.is_empty() {
            let message = format!("the outline `{}` has no Examples", scenario.name);
            problems.push(written.problem(scenario.position, message).hint("add `Examples:` with a table, or write `Scenario:`"));
        }
        for examples in scenario.examples.iter().filter(|examples| rows(examples) == 0) {
            let message = format!("these Examples of `{}` have no rows: the outline would run nothing", scenario.name);
            problems.push(written.problem(examples.position, message).hint("write a header row and at least one row under it"));
        }
    }
}

fn is_outline(scenario: &Scenario) -> bool {
    matches!(scenario.keyword.as_str(), "Scenario Outline" | "Scenario Template" | "Schema dello scenario")
}

fn rows(examples: &Examples) -> usize {
    examples.table.as_ref().map_or(0, |table| table.rows.len().saturating_sub(1))
}
