use std::path::PathBuf;

use cucumber::feature::Ext;
use gherkin::{Feature, GherkinEnv, LineCol, Scenario, Step};

use super::unparsable::unparsable;
use super::{CatalogueErrors, Problem, Sources};
use crate::domain::{RequirementId, ScenarioId, ScenarioSummary, StepText, Suite};

/// Marks a feature that judges the platform.
pub const PLATFORM_SUITE_TAG: &str = "platform-suite";

const ACCREDITATION_FOLDER: &str = "features/accreditation/";

/// Parses every feature and expands its outlines as cucumber does, with one correction: an expanded scenario's position is its
/// row of Examples, also where comments, blank lines or a description stand between the rows.
pub fn parse_features(sources: &Sources) -> Result<Vec<Feature>, CatalogueErrors> {
    let mut features = Vec::new();
    let mut problems = Vec::new();
    for (path, text) in sources.features() {
        match parse(path, text).and_then(|feature| expand(feature, path, text)) {
            Ok(feature) => features.push(feature),
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() { Ok(features) } else { Err(CatalogueErrors(problems)) }
}

/// Parses one file without expanding its outlines.
pub(super) fn parse(path: &str, text: &str) -> Result<Feature, Box<Problem>> {
    match Feature::parse(text, GherkinEnv::default()) {
        Ok(mut feature) => {
            feature.path = Some(PathBuf::from(path));
            Ok(feature)
        }
        Err(error) => Err(Box::new(unparsable(path, text, &error.to_string()))),
    }
}

/// Every scenario of a feature with the rule that it stands in.
pub(super) fn scenarios(feature: &Feature) -> impl Iterator<Item = (Option<&gherkin::Rule>, &Scenario)> {
    let free = feature.scenarios.iter().map(|scenario| (None, scenario));
    free.chain(feature.rules.iter().flat_map(|rule| rule.scenarios.iter().map(move |scenario| (Some(rule), scenario))))
}

/// The same, to be changed.
pub(super) fn all_scenarios_mut(feature: &mut Feature) -> impl Iterator<Item = &mut Scenario> {
    feature.scenarios.iter_mut().chain(feature.rules.iter_mut().flat_map(|rule| &mut rule.scenarios))
}

/// The path that [`parse_features`] gave a feature.
pub(super) fn path_of(feature: &Feature) -> String {
    feature.path.as_deref().unwrap_or("features/unnamed.feature".as_ref()).to_string_lossy().into_owned()
}

/// Tags of a scenario with those that it has from its feature and rule, in this order, each once.
pub(super) fn tags<'a>(feature: &'a Feature, rule: Option<&'a gherkin::Rule>, scenario: &'a Scenario) -> Vec<&'a str> {
    let inherited = feature.tags.iter().chain(rule.into_iter().flat_map(|rule| &rule.tags));
    let mut tags: Vec<&str> = Vec::new();
    for tag in inherited.chain(&scenario.tags) {
        if !tags.contains(&tag.as_str()) {
            tags.push(tag);
        }
    }
    tags
}

/// Which suite a feature's scenarios belong to.
pub fn suite_of(feature: &Feature) -> Suite {
    if path_of(feature).starts_with(ACCREDITATION_FOLDER) {
        Suite::Accreditation
    } else if feature.tags.iter().any(|tag| tag == PLATFORM_SUITE_TAG) {
        Suite::Platform
    } else {
        Suite::RelyingParty
    }
}

/// The id of a scenario of a feature from [`parse_features`]; the same as in [`summaries`].
pub fn scenario_id(feature: &Feature, scenario: &Scenario) -> ScenarioId {
    ScenarioId(format!("{}:{}", path_of(feature), scenario.position.line))
}

/// What a feature's scenarios are about, in the order in which they are written.
pub fn summaries(feature: &Feature) -> Vec<ScenarioSummary> {
    let mut summaries: Vec<_> = scenarios(feature)
        .map(|(rule, scenario)| {
            let tags = tags(feature, rule, scenario);
            let background = feature.background.iter().chain(rule.and_then(|rule| rule.background.as_ref()));
            let background = background.flat_map(|background| &background.steps).map(|step| step_text(step, true));
            let summary = ScenarioSummary {
                id: scenario_id(feature, scenario),
                suite: suite_of(feature),
                feature: feature.name.clone(),
                rule: rule.map(|rule| rule.name.clone()),
                title: scenario.name.clone(),
                requirements: tags.iter().filter_map(|tag| tag.parse::<RequirementId>().ok()).collect(),
                tags: tags.into_iter().map(str::to_owned).collect(),
                steps: background.chain(scenario.steps.iter().map(|step| step_text(step, false))).collect(),
            };
            (scenario.position.line, summary)
        })
        .collect();
    summaries.sort_by_key(|(line, _)| *line);
    summaries.into_iter().map(|(_, summary)| summary).collect()
}

fn step_text(step: &Step, background: bool) -> StepText {
    let rows = step.table.iter().flat_map(|table| &table.rows).filter_map(|row| row.first().cloned()).collect();
    StepText { keyword: step.keyword.trim().to_owned(), text: step.value.clone(), line: step.position.line, background, rows }
}

fn expand(feature: Feature, path: &str, text: &str) -> Result<Feature, Box<Problem>> {
    let free = rows(&feature.scenarios, text);
    let ruled: Vec<_> = feature.rules.iter().map(|rule| rows(&rule.scenarios, text)).collect();
    let mut feature = feature.expand_examples().map_err(|error| {
        let message = format!("the placeholder <{}> is no column of this outline's Examples", error.name);
        let problem = Problem::at(path, text, error.pos.line, error.pos.col, message);
        Box::new(problem.hint("name the column as the placeholder, or correct the placeholder"))
    })?;
    let groups = std::iter::once((&mut feature.scenarios, free)).chain(feature.rules.iter_mut().map(|rule| &mut rule.scenarios).zip(ruled));
    for (scenarios, positions) in groups {
        for (scenario, position) in scenarios.iter_mut().zip(positions) {
            scenario.position = position;
        }
    }
    Ok(feature)
}

/// Where the rows of a table stand in the lines of its file, whatever stands between them.
pub(super) fn row_places<'a>(table: &gherkin::Table, lines: &'a [&str]) -> impl Iterator<Item = LineCol> + use<'a> {
    let written = lines.iter().enumerate().skip(table.position.line - 1).filter(|(_, line)| line.trim_start().starts_with('|'));
    let places = written.map(|(index, line)| LineCol { line: index + 1, col: line.len() - line.trim_start().len() + 1 });
    places.take(table.rows.len())
}

/// Where each scenario will stand once its outline is expanded, in the order of the expansion.
fn rows(scenarios: &[Scenario], text: &str) -> Vec<LineCol> {
    let lines: Vec<&str> = text.lines().collect();
    let of_table = |table: &gherkin::Table| row_places(table, &lines).skip(1).collect::<Vec<_>>();
    let of_scenario = |scenario: &Scenario| match scenario.examples.as_slice() {
        [] => vec![scenario.position],
        examples => examples.iter().filter_map(|examples| examples.table.as_ref()).flat_map(of_table).collect(),
    };
    scenarios.iter().flat_map(of_scenario).collect()
}
