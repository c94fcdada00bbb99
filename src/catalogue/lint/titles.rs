use std::collections::HashMap;

use gherkin::{Feature, LineCol};

use super::super::features::{path_of, scenarios};
use super::{Problem, Sources};

/// Two scenarios of one feature with one title: a report cannot tell them apart.
pub(super) fn lint(features: &[Feature], sources: &Sources, problems: &mut Vec<Problem>) {
    let mut taken: HashMap<(&str, &str), (String, LineCol)> = HashMap::new();
    for feature in features {
        let path = path_of(feature);
        let mut scenarios: Vec<_> = scenarios(feature).map(|(_, scenario)| scenario).collect();
        scenarios.sort_by_key(|scenario| scenario.position.line);
        for scenario in scenarios {
            let here = scenario.position;
            let Some((other, first)) = taken.get(&(feature.name.as_str(), scenario.name.as_str())) else {
                taken.insert((&feature.name, &scenario.name), (path.clone(), here));
                continue;
            };
            let message =
                format!("the title `{}` stands twice in the feature `{}`: first at {other}:{}", scenario.name, feature.name, first.line);
            let hint = if scenario.examples.is_empty() {
                "say in one of the titles what is different"
            } else {
                "name a <placeholder> in the outline's title, so that each row has its own"
            };
            problems.push(Problem::at(&path, sources.text(&path), here.line, here.col, message).hint(hint));
        }
    }
}
