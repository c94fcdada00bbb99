use cucumber::tag::Ext;
use gherkin::tagexpr::TagOperation;

use crate::domain::{RequirementId, ScenarioSummary, Suite};

/// Which scenarios are to run. What is empty selects everything; what is given must all hold.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub tags: Option<TagOperation>,
    /// Any one of them.
    pub requirements: Vec<RequirementId>,
    /// Any one of them.
    pub suites: Vec<Suite>,
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
    }

    /// The selection in words, for the report; none where everything is selected.
    pub fn words(&self) -> Vec<String> {
        let tags = self.tags.iter().map(|tags| format!("tags {}", expression(tags)));
        let requirements = self.requirements.iter().map(|id| format!("requirement {id}"));
        let suites = self.suites.iter().map(|suite| format!("suite {suite}"));
        tags.chain(requirements).chain(suites).collect()
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
