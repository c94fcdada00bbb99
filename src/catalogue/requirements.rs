use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{CatalogueErrors, PLATFORM_REQUIREMENTS_PATH, Problem, REQUIREMENTS_PATH, Sources};
use crate::domain::{Actor, Level, Requirement, RequirementId};

/// One table of `requirements.toml`; its id is the table's key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    level: Level,
    actor: Actor,
    clause: Vec<String>,
    title: String,
    title_it: String,
    remedy: String,
    remedy_it: String,
    stricter: Option<String>,
    not_tested: Option<String>,
    applies_to: Option<Vec<String>>,
    must_for: Option<Vec<String>>,
}

/// The requirements in the order in which they are written, those on the platform last, or every problem of the files.
pub fn parse_requirements(sources: &Sources) -> Result<Vec<Requirement>, CatalogueErrors> {
    let mut requirements = Vec::new();
    for path in [REQUIREMENTS_PATH, PLATFORM_REQUIREMENTS_PATH] {
        requirements.extend(parse_file(path, sources.text(path))?);
    }
    Ok(requirements)
}

fn parse_file(path: &str, text: &str) -> Result<Vec<Requirement>, CatalogueErrors> {
    let problem = |offset: usize, message: String| Problem::at_offset(path, text, offset, message);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What is read past a syntax error would be blamed for things that it does not say.
        let place = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        return Err(CatalogueErrors(errors.iter().map(|error| problem(place(error), error.message().trim().to_owned())).collect()));
    }
    let mut problems = Vec::new();
    let mut rows: Vec<(Spanned<_>, Spanned<DeValue<'_>>)> = document.into_inner().into_iter().collect();
    rows.sort_by_key(|(key, _)| key.span().start);

    let mut requirements = Vec::new();
    for (key, value) in rows {
        let at = key.span().start;
        let id = key.get_ref().parse::<RequirementId>().map_err(|error| problem(at, error.to_string()));
        let row = Row::deserialize(ValueDeserializer::from(value)).map_err(|error| {
            // An error about the whole row, such as a missing field, has no place of its own.
            problem(error.span().map_or(at, |span| span.start.max(at)), format!("{}: {}", key.get_ref(), error.message().trim()))
        });
        match (id, row) {
            (Ok(id), Ok(row)) => {
                problems.extend(row.empty_fields().map(|field| {
                    let message = format!("{id} has an empty `{field}`");
                    problem(at, message).hint(format!("write `{field}`: the report shows it"))
                }));
                problems.extend(row.wrong_types().map(|wrong| {
                    let known = Requirement::TYPES.join(", ");
                    problem(at, format!("{id}: `applies_to` {wrong}"))
                        .hint(format!("write some of {known}, or leave it out for all of them"))
                }));
                requirements.push(row.into_requirement(id));
            }
            (id, row) => problems.extend([id.err(), row.err()].into_iter().flatten()),
        }
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    if problems.is_empty() { Ok(requirements) } else { Err(CatalogueErrors(problems)) }
}

impl Row {
    fn empty_fields(&self) -> impl Iterator<Item = &'static str> {
        let texts = [
            ("title", Some(&self.title)),
            ("title_it", Some(&self.title_it)),
            ("remedy", Some(&self.remedy)),
            ("remedy_it", Some(&self.remedy_it)),
            ("stricter", self.stricter.as_ref()),
            ("not_tested", self.not_tested.as_ref()),
        ];
        let empty = texts.into_iter().filter(|(_, text)| text.is_some_and(|text| text.trim().is_empty())).map(|(field, _)| field);
        let clause = self.clause.is_empty() || self.clause.iter().any(|clause| clause.trim().is_empty());
        clause.then_some("clause").into_iter().chain(empty).collect::<Vec<_>>().into_iter()
    }

    fn wrong_types(&self) -> impl Iterator<Item = String> {
        let types = [self.applies_to.as_deref(), self.must_for.as_deref()].into_iter().flatten().flatten();
        let unknown = types.filter(|own| !Requirement::TYPES.contains(&own.as_str()));
        let empty = self.applies_to.as_ref().is_some_and(Vec::is_empty).then(|| "names no type of application".to_owned());
        empty.into_iter().chain(unknown.map(|own| format!("names `{own}`, which is no type of application")))
    }

    fn into_requirement(self, id: RequirementId) -> Requirement {
        let Self { level, actor, clause, title, title_it, remedy, remedy_it, stricter, not_tested, applies_to, must_for } = self;
        let (applies_to, must_for) = (applies_to.unwrap_or_default(), must_for.unwrap_or_default());
        Requirement { id, level, actor, clause, title, title_it, remedy, remedy_it, stricter, not_tested, applies_to, must_for }
    }
}
