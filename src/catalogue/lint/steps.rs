use std::collections::{BTreeMap, BTreeSet};

use gherkin::{Feature, Step};

use super::super::features::{path_of, scenarios};
use super::{Problem, Sources, StepMatch};

/// Below this a step is another sentence, not the same one misspelt.
const ALIKE: f64 = 0.6;

/// Undefined and ambiguous steps: the engine skips the one and the run is green.
pub(super) fn lint(features: &[Feature], sources: &Sources, step_known: &dyn Fn(&Step) -> StepMatch, problems: &mut Vec<Problem>) {
    let mut known = BTreeSet::new();
    // An outline's step is reported once, not once a row.
    let mut wrong = BTreeMap::new();
    for feature in features {
        for step in steps(feature) {
            match step_known(step) {
                StepMatch::Known => {
                    known.insert(step.value.as_str());
                }
                other => {
                    wrong.entry((path_of(feature), step.position.line)).or_insert((step, other));
                }
            }
        }
    }
    for ((path, line), (step, found)) in wrong {
        let text = sources.text(&path);
        let problem = |message| Problem::at(&path, text, line, step.position.col, message);
        problems.push(match found {
            StepMatch::Ambiguous(patterns) => {
                let message = format!("ambiguous step `{}`: {} definitions match", step.value, patterns.len());
                problem(message)
                    .hint(format!("keep one of {}", patterns.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ")))
            }
            _ => {
                let problem = problem(format!("undefined step `{}`", step.value));
                match nearest(step, &known) {
                    Some(near) if near == step.value => problem.hint(format!("`{near}` is known, but not after this keyword")),
                    Some(near) => problem.hint(format!("the nearest known step is `{near}`")),
                    None => problem.hint("see `collaudo list steps`"),
                }
            }
        });
    }
}

fn steps(feature: &Feature) -> impl Iterator<Item = &Step> {
    let backgrounds = feature.background.iter().chain(feature.rules.iter().filter_map(|rule| rule.background.as_ref()));
    let background_steps = backgrounds.flat_map(|background| &background.steps);
    background_steps.chain(scenarios(feature).flat_map(|(_, scenario)| &scenario.steps))
}

fn nearest<'a>(step: &Step, known: &BTreeSet<&'a str>) -> Option<&'a str> {
    let alike = known.iter().map(|text| (strsim::normalized_damerau_levenshtein(text, &step.value), *text));
    alike.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, text)| text)
}
