use std::fmt;
use std::str::FromStr;

use cucumber::tag::Ext;
use gherkin::tagexpr::TagOperation;

use crate::domain::{RequirementId, ScenarioId, ScenarioSummary, Suite};

/// Which scenarios are to run. What is empty selects everything; what is given must all hold.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub tags: Option<TagOperation>,
    /// Any one of them.
    pub requirements: Vec<RequirementId>,
    /// Any one of them.
    pub suites: Vec<Suite>,
    /// Any one of them.
    pub places: Vec<Place>,
}

/// Where scenarios stand, as every report prints it: `features/token/id_token.feature:19`, the feature without its line, or a folder.
/// Other lines of a scenario are made its place by [`super::resolve`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(String);

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.trim_start_matches("./").trim_end_matches('/');
        if plain.is_empty() {
            return Err("a place is a feature, a feature and a line, or a folder, such as features/token/id_token.feature:19");
        }
        Ok(Self(plain.to_owned()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Place {
    pub fn of(scenario: &ScenarioId) -> Self {
        Self(scenario.0.clone())
    }

    /// The feature's path and the line, where it names one.
    pub fn line(&self) -> Option<(&str, usize)> {
        let (path, line) = self.0.rsplit_once(':')?;
        Some((path, line.parse().ok()?))
    }

    pub fn holds(&self, scenario: &ScenarioId) -> bool {
        scenario.0.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "`{expression}` is not a tag expression: {reason}; write tags with @ joined by and, or, not and parentheses, such as \"@popup and not @slow\""
)]
pub struct SelectionError {
    pub expression: String,
    pub reason: String,
}

impl Selection {
    /// Reads `--tags`.
    pub fn parse_tags(expression: &str) -> Result<TagOperation, SelectionError> {
        expression.trim().parse::<TagOperation>().map_err(|error| SelectionError {
            expression: expression.to_owned(),
            reason: format!("it breaks off at character {}", error.location.column),
        })
    }

    pub fn selects(&self, scenario: &ScenarioSummary) -> bool {
        self.tags.as_ref().is_none_or(|tags| tags.eval(scenario.tags.iter()))
            && (self.requirements.is_empty() || self.requirements.iter().any(|id| scenario.requirements.contains(id)))
            && (self.suites.is_empty() || self.suites.contains(&scenario.suite))
            && (self.places.is_empty() || self.places.iter().any(|place| place.holds(&scenario.id)))
    }

    /// The selection in words, for the report; none where everything is selected.
    pub fn words(&self) -> Vec<String> {
        let tags = self.tags.iter().map(|tags| format!("tags {}", expression(tags)));
        let requirements = self.requirements.iter().map(|id| format!("requirement {id}"));
        let suites = self.suites.iter().map(|suite| format!("suite {suite}"));
        let places = self.places.iter().map(Place::to_string);
        tags.chain(requirements).chain(suites).chain(places).collect()
    }
}

fn expression(tags: &TagOperation) -> String {
    match tags {
        TagOperation::Tag(tag) => format!("@{tag}"),
        TagOperation::Not(inner) => format!("not {}", operand(inner)),
        TagOperation::And(left, right) => format!("{} and {}", operand(left), operand(right)),
        TagOperation::Or(left, right) => format!("{} or {}", operand(left), operand(right)),
    }
}

fn operand(tags: &TagOperation) -> String {
    match tags {
        TagOperation::And(..) | TagOperation::Or(..) => format!("({})", expression(tags)),
        TagOperation::Tag(_) | TagOperation::Not(_) => expression(tags),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_scenario_a_feature_or_a_folder() {
        let at = |id: &str| ScenarioId(id.to_owned());
        let place = |text: &str| text.parse::<Place>().expect("a place");
        let scenario = at("features/token/response.feature:12");
        for holds in ["features/token/response.feature:12", "./features/token/response.feature", "features/token/", "features"] {
            assert!(place(holds).holds(&scenario), "{holds}");
        }
        for other in ["features/token/response.feature:1", "features/token/resp", "features/to", "token"] {
            assert!(!place(other).holds(&scenario), "{other}");
        }
        assert!("./".parse::<Place>().is_err());
    }
}
