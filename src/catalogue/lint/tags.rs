use std::sync::LazyLock;

use gherkin::{LineCol, Scenario};
use regex::Regex;

use super::super::features::{PLATFORM_SUITE_TAG, scenarios, suite_of, tags};
use super::{Problem, Written};
use crate::domain::{Requirement, RequirementId, Suite};

/// Tags that name no requirement, no suite, or nothing where a requirement is needed.
pub(super) fn lint(written: &Written<'_>, requirements: &[Requirement], problems: &mut Vec<Problem>) {
    let feature = &written.feature;
    for tag in &feature.tags {
        problems.extend(requirement_problem(written, tag, feature.position, requirements));
        problems.extend(suite_problem(written, tag, feature.position, true));
    }
    let below = feature.rules.iter().map(|rule| (&rule.tags, rule.position)).chain(scenarios(feature).flat_map(|(_, scenario)| {
        let examples = scenario.examples.iter().map(|examples| (&examples.tags, examples.position));
        std::iter::once((&scenario.tags, scenario.position)).chain(examples)
    }));
    for (tag, position) in below.flat_map(|(tags, position)| tags.iter().map(move |tag| (tag, position))) {
        problems.extend(requirement_problem(written, tag, position, requirements));
        problems.extend(suite_problem(written, tag, position, false));
    }
    let platform = suite_of(feature) == Suite::Platform;
    for (rule, scenario) in scenarios(feature) {
        if !tags(feature, rule, scenario).into_iter().any(|tag| is_about(tag, platform)) && !examples_are_about(scenario, platform) {
            let message = format!("the scenario `{}` names no requirement", scenario.name);
            let hint = "tag it with the id of the requirement that it judges, such as @CB-01: see `collaudo list requirements`";
            problems.push(written.problem(scenario.position, message).hint(hint));
        }
    }
}

/// The platform's own duties are rows of the contract (`@C-43`) as well as requirements.
fn is_about(tag: &str, platform: bool) -> bool {
    static CONTRACT_ROW: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^C-\d\d$").expect("the pattern is well formed"));
    tag.parse::<RequirementId>().is_ok() || (platform && CONTRACT_ROW.is_match(tag))
}

fn examples_are_about(scenario: &Scenario, platform: bool) -> bool {
    !scenario.examples.is_empty() && scenario.examples.iter().all(|examples| examples.tags.iter().any(|tag| is_about(tag, platform)))
}

fn requirement_problem(written: &Written<'_>, tag: &str, at: LineCol, requirements: &[Requirement]) -> Option<Problem> {
    static SHAPE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Za-z]{2}[-_]?\d{1,3}$").expect("the pattern is well formed"));
    if !SHAPE.is_match(tag) || requirements.iter().any(|requirement| requirement.id.as_str() == tag) {
        return None;
    }
    let problem = written.problem(place_of(written.text, tag, at), format!("the tag @{tag} names no requirement"));
    let family = tag[..2].to_ascii_uppercase();
    let mut known = requirements.iter().map(|requirement| requirement.id.as_str()).filter(|id| id.starts_with(&family));
    let hint = match (known.next(), known.next_back()) {
        (Some(first), Some(last)) => format!("{family} goes from {first} to {last}"),
        (Some(only), None) => format!("did you mean @{only}?"),
        (None, _) => "see `collaudo list requirements`".to_owned(),
    };
    Some(problem.hint(hint))
}

fn suite_problem(written: &Written<'_>, tag: &str, at: LineCol, on_feature: bool) -> Option<Problem> {
    if !tag.to_ascii_lowercase().contains("suite") {
        return None;
    }
    let (message, hint) = if tag != PLATFORM_SUITE_TAG {
        let hint = "only @platform-suite is one: the folder accreditation/ is the accreditation suite, all else the relying party's";
        (format!("the tag @{tag} names no suite"), hint)
    } else if !on_feature {
        (format!("the tag @{tag} has no effect here"), "put it on the feature: a suite is a matter of whole files")
    } else if suite_of(&written.feature) == Suite::Accreditation {
        (format!("the tag @{tag} contradicts the folder accreditation/"), "move the file, or drop the tag")
    } else {
        return None;
    };
    Some(written.problem(place_of(written.text, tag, at), message).hint(hint))
}

/// The parser keeps no places of tags: a tag stands above what it tags, at most blank lines, comments and other tags between.
fn place_of(text: &str, tag: &str, below: LineCol) -> LineCol {
    let lines: Vec<&str> = text.lines().take(below.line - 1).collect();
    let above = lines.iter().enumerate().rev().take_while(|(_, line)| {
        let line = line.trim_start();
        line.is_empty() || line.starts_with(['@', '#'])
    });
    let written = above.filter(|(_, line)| line.trim_start().starts_with('@')).find_map(|(index, line)| {
        let found = line.match_indices('@').find(|(at, _)| line[at + 1..].split(['@', ' ', '\t']).next() == Some(tag));
        found.map(|(at, _)| LineCol { line: index + 1, col: at + 1 })
    });
    written.unwrap_or(below)
}
