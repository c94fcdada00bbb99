//! `collaudo list`.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::console::product;
use super::run::SuiteName;
use super::{CliError, End};
use crate::catalogue::{Catalogue, Sources};
use crate::domain::{Actor, ApplicationType, Level, RequirementId, Suite};
use crate::relying_party::{Defect, SINGLE_PAGE_DEFECTS};
use crate::{platform, runner};

#[derive(clap::Args)]
pub struct Arguments {
    what: What,
    #[arg(long, value_name = "text|json", default_value = "text")]
    format: Format,
    /// List requirements or scenarios of this suite only; may be repeated.
    #[arg(long, value_name = "SUITE")]
    suite: Vec<SuiteName>,
    /// List the requirements on the platform too.
    #[arg(long, conflicts_with = "suite")]
    all: bool,
    /// List what the features of this folder hold instead of the built-in ones.
    #[arg(long, value_name = "DIR")]
    features: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Requirements,
    Scenarios,
    Defects,
    Faults,
    Steps,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

impl Arguments {
    fn suites(&self) -> Vec<Suite> {
        self.suite.iter().copied().map(Into::into).collect()
    }

    /// Those on the application and its project unless something else is asked for: the ones that a report is about.
    fn lists(&self, actor: Actor) -> bool {
        let suite = match actor {
            Actor::RelyingParty => Suite::RelyingParty,
            Actor::Integrator => Suite::Accreditation,
            Actor::Platform => Suite::Platform,
        };
        let asked = self.suites();
        if asked.is_empty() { self.all || actor != Actor::Platform } else { asked.contains(&suite) }
    }
}

pub fn run(arguments: &Arguments) -> Result<End, CliError> {
    let (rows, values) = match arguments.what {
        What::Requirements => requirements(&catalogue(arguments)?, &|actor| arguments.lists(actor)),
        What::Scenarios => scenarios(&catalogue(arguments)?, &arguments.suites()),
        What::Defects => defects(&catalogue(arguments)?),
        What::Faults => faults(),
        What::Steps => steps(),
    };
    match arguments.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&values).map_err(|error| CliError::Other(error.to_string()))?;
            product(&format!("{text}\n"))?;
        }
        Format::Text => product(&table(&rows))?,
    }
    Ok(End::Done)
}

fn catalogue(arguments: &Arguments) -> Result<Catalogue, CliError> {
    let sources = match &arguments.features {
        Some(folder) => Sources::from_dir(folder)?,
        None => Sources::embedded()?,
    };
    Ok(Catalogue::from_sources(&sources)?)
}

type Listing = (Vec<Vec<String>>, Value);

fn requirements(catalogue: &Catalogue, lists: &dyn Fn(Actor) -> bool) -> Listing {
    let listed = || catalogue.requirements.iter().filter(|requirement| lists(requirement.actor));
    let rows = listed().map(|requirement| {
        let scenarios = catalogue.covering(&requirement.id).len();
        let covered = match (&requirement.not_tested, scenarios) {
            (Some(_), _) => "not tested".to_owned(),
            (None, 0) => "no scenario yet".to_owned(),
            (None, 1) => "1 scenario".to_owned(),
            (None, several) => format!("{several} scenarios"),
        };
        // The last column runs free: a reason is as long as it needs to be.
        let title = match &requirement.not_tested {
            Some(reason) => format!("{}: {reason}", requirement.title),
            None => requirement.title.clone(),
        };
        vec![requirement.id.to_string(), requirement.level.to_string(), covered, title]
    });
    let values = listed().map(|requirement| {
        let scenarios: Vec<&str> = catalogue.covering(&requirement.id).into_iter().map(|scenario| scenario.id.0.as_str()).collect();
        json!({ "requirement": requirement, "scenarios": scenarios })
    });
    (rows.collect(), values.collect())
}

fn scenarios(catalogue: &Catalogue, suites: &[Suite]) -> Listing {
    let listed: Vec<_> = catalogue.scenarios.iter().filter(|scenario| suites.is_empty() || suites.contains(&scenario.suite)).collect();
    let rows = listed.iter().map(|scenario| {
        let requirements: Vec<&str> = scenario.requirements.iter().map(|id| id.as_str()).collect();
        vec![scenario.suite.to_string(), requirements.join(" "), scenario.title.clone(), scenario.id.to_string()]
    });
    (rows.collect(), json!(listed))
}

/// A deviation of one of the bundled applications.
struct Broken {
    name: &'static str,
    /// The type of the application that has it.
    of: ApplicationType,
    requirements: &'static [&'static str],
    description: &'static str,
}

fn defects(catalogue: &Catalogue) -> Listing {
    let of_web = Defect::ALL.iter().map(|defect| Broken {
        name: defect.name(),
        of: ApplicationType::Web,
        requirements: defect.requirements(),
        description: defect.description(),
    });
    let of_page = SINGLE_PAGE_DEFECTS.iter().map(|defect| Broken {
        name: defect.name,
        of: ApplicationType::Spa,
        requirements: defect.requirements,
        description: defect.description,
    });
    let all = of_web.chain(of_page).map(|defect| {
        let (of, caught) = (defect.of.name(), caught(&defect, catalogue));
        let row = [defect.name, of, caught, &defect.requirements.join(" "), defect.description].map(str::to_owned).to_vec();
        let value = json!({
            "name": defect.name, "application": of, "caught": caught,
            "requirements": defect.requirements, "description": defect.description,
        });
        (row, value)
    });
    let (rows, values): (Vec<_>, Vec<_>) = all.unzip();
    (rows, json!(values))
}

/// What a run makes of a defect: it fails where a MUST is broken and has a scenario, warns at the others, or cannot see it yet.
fn caught(defect: &Broken, catalogue: &Catalogue) -> &'static str {
    let broken = |id: &RequirementId| defect.requirements.contains(&id.as_str()) && !catalogue.covering(id).is_empty();
    let known = catalogue.requirements.iter().filter(|requirement| broken(&requirement.id));
    match known.map(|requirement| requirement.level_for(defect.of.name())).min() {
        Some(Level::Must) => "fails",
        Some(_) => "warns",
        None => "no scenario yet",
    }
}

fn faults() -> Listing {
    let rows = platform::faults()
        .map(|fault| vec![fault.name.to_owned(), fault.area.to_owned(), fault.requirements.join(" "), fault.effect.to_owned()]);
    (rows.collect(), json!(platform::faults().collect::<Vec<_>>()))
}

fn steps() -> Listing {
    let steps = runner::known_steps();
    let values = steps.iter().map(|(keyword, pattern)| json!({ "keyword": keyword, "pattern": pattern })).collect();
    (steps.into_iter().map(|(keyword, pattern)| vec![keyword.to_owned(), readable(&pattern)]).collect(), values)
}

/// A step's pattern as its sentence: `([^\s]+)` is a word, `(.+)` the rest of the line, `(?: …)?` stands in parentheses.
fn readable(pattern: &str) -> String {
    let mut sentence = pattern.trim_start_matches('^').trim_end_matches('$').to_owned();
    while let Some(start) = sentence.find(r#"(?:"(?P<"#)
        && let Some(length) = sentence[start..].find("*)')")
    {
        sentence.replace_range(start..start + length + "*)')".len(), r#""{text}""#);
    }
    [
        (r"([^\s]+)", "{word}"),
        (r"(\w+)", "{word}"),
        (r"((?:-?\d+)|(?:\d+))", "{number}"),
        ("(.+)", "{text}"),
        ("(?:", "("),
        (")?", ")"),
        (r"\", ""),
    ]
    .into_iter()
    .fold(sentence, |text, (group, name)| text.replace(group, name))
}

/// Columns aligned; the last one runs free.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut table = String::new();
    for row in rows {
        let line: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| if column + 1 == row.len() { cell.clone() } else { format!("{cell:<width$}", width = widths[column]) })
            .collect();
        table.push_str(&line.join("  "));
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_step_is_listed_as_a_regular_expression() {
        assert_eq!(readable(r"^([^\s]+) signs\-in ((?:-?\d+)|(?:\d+)) times and (.+)$"), "{word} signs-in {number} times and {text}");
        for (_, pattern) in runner::known_steps() {
            let sentence = readable(&pattern);
            assert!(!sentence.contains(['\\', '^', '$', '[', '?', '+']), "{sentence}");
        }
    }
}
