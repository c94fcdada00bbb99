use gherkin::LineCol;

use super::{Problem, Written};

/// The keywords of a language of Gherkin. Features in other languages run, but their spelling is not looked at.
struct Language {
    /// Begin a step.
    steps: &'static [&'static str],
    /// Stand before a colon.
    blocks: &'static [&'static str],
}

const ENGLISH: Language = Language {
    steps: &["Given", "When", "Then", "And", "But"],
    blocks: &["Feature", "Background", "Rule", "Scenario", "Scenario Outline", "Scenario Template", "Example", "Examples"],
};

const ITALIAN: Language = Language {
    steps: &["Dato", "Data", "Dati", "Date", "Quando", "Allora", "E", "Ma"],
    blocks: &["Funzionalità", "Contesto", "Regola", "Scenario", "Schema dello scenario", "Esempio", "Esempi"],
};

/// Words that prose begins with and that are near a keyword by accident.
const PROSE: &[&str] = &[
    "The", "They", "Them", "There", "These", "Their", "This", "That", "Than", "Thin", "Thing", "Ten", "Taken", "Token", "Tokens", "When's",
    "What", "Where", "Who", "Whom", "Why", "We", "Were", "Went", "Open", "Even", "Seen", "Seven", "Here", "Her", "He", "She", "Hence",
    "Give", "Gives", "Green", "Driven", "Given's", "An", "Any", "Add", "End", "Ad", "Put", "Buy", "Cut", "Bit", "Role", "Roles", "Alla",
    "Allo", "Ogni", "Ora", "Dal", "Dai", "Da", "Dopo", "Tanto", "Quanto", "Quanti", "Quindi", "Quanta", "Altra", "Altro",
];

/// Lines that were meant as steps or blocks and are only description: the engine runs without them.
pub(super) fn lint(written: &Written<'_>, problems: &mut Vec<Problem>) {
    let feature = &written.feature;
    let mut look = |description: &Option<String>, position: LineCol, expects_steps: bool| {
        for (place, line) in places(written.text, description, position) {
            let capital = line.starts_with(char::is_uppercase);
            let hint = if expects_steps || capital { hint(written.text, line) } else { None };
            problems
                .extend(hint.map(|hint| written.problem(place, format!("`{line}` is only description here: it runs nothing")).hint(hint)));
        }
    };
    look(&feature.description, feature.position, false);
    for background in feature.background.iter().chain(feature.rules.iter().filter_map(|rule| rule.background.as_ref())) {
        look(&background.description, background.position, true);
    }
    for rule in &feature.rules {
        look(&rule.description, rule.position, false);
    }
    for (_, scenario) in super::super::features::scenarios(feature) {
        look(&scenario.description, scenario.position, true);
        for examples in &scenario.examples {
            look(&examples.description, examples.position, true);
        }
    }
}

/// How to write a line of `text` that begins with a keyword, or nearly; `None` for prose.
pub(in super::super) fn hint(text: &str, line: &str) -> Option<String> {
    let language = language_of(text)?;
    let line = line.trim();
    let word = line.split_whitespace().next()?.trim_end_matches(':');
    let titled = line.split_once(':').and_then(|(head, _)| language.blocks.iter().find(|block| near(head.trim(), block)));
    let untitled = || language.blocks.iter().find(|block| **block == word && !matches!(word, "Example" | "Feature"));
    if let Some(block) = titled.or_else(untitled) {
        let as_written = line.strip_prefix(block).is_some_and(|rest| rest.starts_with(':'));
        return Some(if as_written {
            format!("`{block}:` does not stand here: Feature, then Background, then Scenario or Rule, each with its steps")
        } else {
            format!("did you mean `{block}:`?")
        });
    }
    if let Some(step) = language.steps.iter().find(|step| near(word, step)) {
        return Some(if word == *step {
            format!("a step stands in a scenario or a background, after their description; as prose, do not begin the line with `{step}`")
        } else {
            format!("did you mean `{step}`?")
        });
    }
    let (other, code) = if language.steps.contains(&"Given") { (&ITALIAN, "it") } else { (&ENGLISH, "en") };
    let foreign = other.steps.contains(&word) && word.len() > 3 && !matches!(word, "Data" | "Date");
    foreign.then(|| format!("`{word}` is a keyword after `# language: {code}` in the first line only"))
}

/// Whether a line of `text` begins with a keyword, exactly.
pub(in super::super) fn begins_with_keyword(text: &str, line: &str) -> bool {
    let blocks = language_of(text).map_or(&[][..], |language| language.blocks);
    begins_with_step(text, line) || blocks.iter().any(|block| line.strip_prefix(block).is_some_and(|rest| rest.starts_with(':')))
}

/// Whether a line of `text` is a step.
pub(in super::super) fn begins_with_step(text: &str, line: &str) -> bool {
    let steps = language_of(text).map_or(&[][..], |language| language.steps);
    line.starts_with("* ") || steps.iter().any(|step| line.strip_prefix(step).is_some_and(|rest| rest.starts_with(' ')))
}

fn near(word: &str, keyword: &str) -> bool {
    let most = match keyword.chars().count() {
        0..=2 => 0,
        3 => 1,
        _ => 2,
    };
    if PROSE.contains(&word) {
        return false;
    }
    word == keyword || word.to_lowercase() == keyword.to_lowercase() || strsim::osa_distance(word, keyword) <= most
}

fn language_of(text: &str) -> Option<&'static Language> {
    let directive = text.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with('#')).find_map(language_directive);
    match directive {
        None | Some("en") => Some(&ENGLISH),
        Some("it") => Some(&ITALIAN),
        Some(_) => None,
    }
}

/// The language that a line `# language: it` names.
pub(in super::super) fn language_directive(line: &str) -> Option<&str> {
    line.trim().strip_prefix('#')?.trim_start().strip_prefix("language")?.trim_start().strip_prefix(':').map(str::trim)
}

/// Where each line of a description stands: the parser keeps the words only.
fn places<'a>(text: &'a str, description: &'a Option<String>, position: LineCol) -> Vec<(LineCol, &'a str)> {
    let mut lines = text.lines().enumerate().skip(position.line);
    let described = description.iter().flat_map(|description| description.lines()).map(str::trim).filter(|line| !line.is_empty());
    described
        .filter_map(|wanted| {
            let (index, line) = lines.find(|(_, line)| line.trim() == wanted)?;
            Some((LineCol { line: index + 1, col: line.len() - line.trim_start().len() + 1 }, wanted))
        })
        .collect()
}
