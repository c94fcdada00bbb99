use std::collections::{BTreeMap, BTreeSet};

use gherkin::{Feature, Scenario, Step, StepType, Table};

use super::features::{all_scenarios_mut, path_of, row_places, scenarios, summaries};
use super::{Place, Selection, Sources, scenario_id};
use crate::domain::{RequirementId, ScenarioId, ScenarioSummary};

/// A selection whose places may be any lines of scenarios, their titles, or requirements, as it selects them.
#[derive(Debug)]
pub struct Resolved {
    pub selection: Selection,
    /// The places where no scenario stands.
    pub nowhere: Vec<Place>,
}

/// Any line of a scenario is its place. The row of a table of a When, which is one thing that is tried after the other, is that row
/// alone: the others are taken out of the feature, and with them what is said of nothing else.
pub fn resolve(selection: &Selection, features: &mut [Feature], sources: &Sources) -> Resolved {
    let mut resolved = Resolved { selection: selection.clone(), nowhere: Vec::new() };
    let mut rows: BTreeMap<ScenarioId, BTreeSet<usize>> = BTreeMap::new();
    for place in &selection.places {
        let mut ids = features.iter().flat_map(|feature| scenarios(feature).map(|(_, scenario)| scenario_id(feature, scenario)));
        if ids.any(|id| place.holds(&id)) {
            continue;
        }
        let (mut found, row) = at_line(place, features, sources);
        if found.is_empty() {
            found = called(place, features);
        }
        if found.is_empty() {
            resolved.nowhere.push(place.clone());
        }
        for id in found {
            match row {
                Some(line) => drop(rows.entry(id.clone()).or_default().insert(line)),
                None => resolved.selection.places.push(Place::of(&id)),
            }
        }
    }
    // Who names a scenario, its feature or a folder means all of it.
    rows.retain(|id, _| !resolved.selection.places.iter().any(|place| place.holds(id)));
    resolved.selection.places.extend(rows.keys().map(Place::of));
    let has_one = |feature: &Feature| scenarios(feature).any(|(_, scenario)| rows.contains_key(&scenario_id(feature, scenario)));
    for feature in features.iter_mut().filter(|feature| has_one(feature)) {
        let whole = feature.clone();
        let lines: Vec<&str> = sources.text(&path_of(&whole)).lines().collect();
        for scenario in all_scenarios_mut(feature) {
            if let Some(wanted) = rows.get(&scenario_id(&whole, scenario)) {
                narrow(scenario, wanted, &lines);
            }
        }
    }
    resolved
}

/// The scenarios of a title, or of a requirement.
fn called(place: &Place, features: &[Feature]) -> Vec<ScenarioId> {
    let name = place.to_string();
    let is_called = |scenario: &ScenarioSummary| {
        let mut names = scenario.requirements.iter().map(RequirementId::as_str).chain([scenario.title.as_str()]);
        names.any(|own| own.eq_ignore_ascii_case(&name))
    };
    features.iter().flat_map(summaries).filter(is_called).map(|scenario| scenario.id).collect()
}

/// The scenarios that a line belongs to, all rows of Examples of an outline among them, and the line where it is a row of a When's table.
fn at_line(place: &Place, features: &[Feature], sources: &Sources) -> (Vec<ScenarioId>, Option<usize>) {
    let Some((path, line)) = place.line() else { return (Vec::new(), None) };
    let of_file = || features.iter().filter(|feature| path_of(feature) == path);
    let lines: Vec<&str> = sources.text(path).lines().collect();
    let has_row = |scenario: &Scenario| scenario.steps.iter().filter_map(tried).any(|table| row_lines(table, &lines).contains(&line));
    let holds = |scenario: &Scenario| {
        let is_of =
            |step: &Step| step.position.line == line || step.table.as_ref().is_some_and(|table| row_lines(table, &lines).contains(&line));
        scenario.steps.iter().any(is_of)
    };
    let of_line = of_file().flat_map(|feature| scenarios(feature).map(move |(_, scenario)| (feature, scenario)));
    let found: Vec<_> = of_line.filter(|(_, scenario)| holds(scenario)).collect();
    let is_row = found.iter().any(|(_, scenario)| has_row(scenario));
    (found.into_iter().map(|(feature, scenario)| scenario_id(feature, scenario)).collect(), is_row.then_some(line))
}

/// The table of what a step tries, one row after the other.
fn tried(step: &Step) -> Option<&Table> {
    step.table.as_ref().filter(|_| step.ty == StepType::When)
}

fn row_lines(table: &Table, lines: &[&str]) -> Vec<usize> {
    row_places(table, lines).map(|place| place.line).collect()
}

/// Leaves the wanted rows, and the steps that still have something to do or to say.
fn narrow(scenario: &mut Scenario, wanted: &BTreeSet<usize>, lines: &[&str]) {
    for table in scenario.steps.iter_mut().filter(|step| step.ty == StepType::When).filter_map(|step| step.table.as_mut()) {
        let mut places = row_lines(table, lines).into_iter();
        table.rows.retain(|_| places.next().is_some_and(|line| wanted.contains(&line)));
    }
    let is_done = |step: &&Step| step.ty == StepType::When && step.table.as_ref().is_none_or(|table| !table.rows.is_empty());
    // What is done, and then what is said of it.
    let acts = scenario.steps.chunk_by(|one, next| one.ty != StepType::Then || next.ty == StepType::Then);
    let kept = acts.flat_map(|act| {
        let says = act.iter().any(|step| is_done(&step)) || !act.iter().any(|step| step.ty == StepType::When);
        act.iter().filter(move |step| is_done(step) || step.ty == StepType::Given || (says && step.ty == StepType::Then))
    });
    scenario.steps = kept.cloned().collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::parse_features;

    const FEATURE: &str = "\
Feature: One
  Background:
    Given a platform
  Scenario: Two
    When the platform does once for each
      | this |
      # Said of the next.
      | that |
    And the platform does again once for each
      | this |
    Then all of it is refused
    When somebody else does once for each
      | other |
    Then that is refused too
    When the end comes
    Then it was good
  Scenario Outline: Three <n>
    When <n> comes
    Examples:
      | n |
      | 1 |
      | 2 |
";

    /// What is left of the scenarios at these places: steps and rows.
    fn left(places: &[&str]) -> (Vec<String>, Vec<Place>) {
        let sources = Sources(vec![("features/one.feature".to_owned(), FEATURE.to_owned())]);
        let mut features = parse_features(&sources).expect("parses");
        let selection = Selection { places: places.iter().map(|place| place.parse().expect("a place")).collect(), ..Selection::default() };
        let resolved = resolve(&selection, &mut features, &sources);
        let summaries = features.iter().flat_map(crate::catalogue::summaries).filter(|summary| resolved.selection.selects(summary));
        let steps = summaries.flat_map(|summary| summary.steps).filter(|step| !step.background);
        (steps.map(|step| format!("{} {}", step.text, step.rows.join("/")).trim().to_owned()).collect(), resolved.nowhere)
    }

    #[test]
    fn a_row_is_run_alone_with_what_is_said_of_it() {
        let end = ["the end comes", "it was good"];
        let of = |steps: &[&str]| steps.iter().chain(&end).map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(left(&["features/one.feature:8"]).0, of(&["the platform does once for each that", "all of it is refused"]));
        assert_eq!(left(&["features/one.feature:10"]).0, of(&["the platform does again once for each this", "all of it is refused"]));
        assert_eq!(left(&["features/one.feature:13"]).0, of(&["somebody else does once for each other", "that is refused too"]));
        let two = left(&["features/one.feature:6", "features/one.feature:13"]).0;
        let rows = [
            "the platform does once for each this",
            "all of it is refused",
            "somebody else does once for each other",
            "that is refused too",
        ];
        assert_eq!(two, of(&rows));
    }

    #[test]
    fn any_other_line_is_the_whole_scenario() {
        let whole = left(&["features/one.feature:4"]).0;
        assert_eq!(whole.len(), 7);
        assert_eq!(whole[0], "the platform does once for each this/that");
        for places in [&["features/one.feature:9"][..], &["features/one.feature:8", "features/one.feature:16"]] {
            assert_eq!(left(places).0, whole, "{places:?}");
        }
        assert_eq!(left(&["features/one.feature:18"]).0, ["1 comes", "2 comes"]);
        assert_eq!(left(&["features/one.feature:22"]).0, ["2 comes"]);
        assert!(left(&["features", "features/one.feature:8"]).0.len() > 7, "who names the folder means all of it");
    }

    #[test]
    fn where_nothing_stands_is_told() {
        for place in ["features/one.feature:7", "features/one.feature:99", "features/two.feature:8", "features/one.feature:x"] {
            assert_eq!(left(&[place]), (Vec::new(), vec![place.parse().expect("a place")]), "{place}");
        }
    }
}
