use std::sync::LazyLock;

use regex::Regex;

use super::Problem;
use super::lint::misspelt;

/// The most bytes by which the engine's parser reads past the line that it cannot take: its longest keyword, and blanks.
const READ_AHEAD: usize = 40;

/// What is wrong where the engine's parser gave up. It says the place only in the text of its error, and after reading ahead:
/// the line meant is the first of the last few that is neither Gherkin nor description.
pub(super) fn unparsable(path: &str, text: &str, error: &str) -> Problem {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^Error at (\d+):(\d+)").expect("the pattern is well formed"));
    if let Some((at, language)) = unknown_language(text) {
        let message = format!("the language `{language}` has no keywords of Gherkin");
        return Problem::at_offset(path, text, at, message).hint("write `# language: it` or `# language: en`");
    }
    let place = PLACE.captures(error).and_then(|captures| Some((captures[1].parse().ok()?, captures[2].parse().ok()?)));
    let (line, column): (usize, usize) = place.unwrap_or((1, 1));
    let given_up = starts(text).nth(line - 1).map_or(0, |(start, _)| start) + column;
    if error.contains("inconsistent table row sizes")
        && let Some(at) = uneven_row(text, line)
    {
        let message = "this row has another number of cells than the first row of its table".to_owned();
        return Problem::at_offset(path, text, at, message).hint("every row of a table needs the same number of cells");
    }
    let recent = given_up.saturating_sub(READ_AHEAD)..=given_up;
    let foreign = foreign_lines(text).into_iter().find(|(start, line)| recent.contains(&(start + line.len())) || recent.contains(start));
    let Some((at, line)) = foreign.map(|(start, line)| (start + indent(line), line.trim())) else {
        // Here too the column is only how far the parser has read ahead.
        let column = text.lines().nth(line - 1).map_or(0, indent) + 1;
        let problem = Problem::at(path, text, line, column, "the file cannot be read on from here".to_owned());
        return problem.hint("a keyword is out of place or missing: Feature, then Background, then Scenario or Rule, each with its steps");
    };
    let problem = Problem::at_offset(path, text, at, format!("`{line}` is not Gherkin"));
    match misspelt::hint(text, line) {
        Some(hint) => problem.hint(hint),
        None => problem.hint("a step begins with its keyword; description stands before the first step; a comment begins with #"),
    }
}

fn unknown_language(text: &str) -> Option<(usize, &str)> {
    let mut head = starts(text).take_while(|(_, line)| line.trim().is_empty() || line.trim_start().starts_with('#'));
    head.find_map(|(start, line)| Some((start + indent(line), misspelt::language_directive(line)?)))
        .filter(|(_, language)| !gherkin::is_language_supported(language))
}

/// Lines with the byte offsets at which they start.
fn starts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |start, line| {
        let here = *start;
        *start += line.len();
        Some((here, line.trim_end()))
    })
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Lines that are neither Gherkin nor description: prose after the first step of a scenario, or before any keyword.
fn foreign_lines(text: &str) -> Vec<(usize, &str)> {
    let mut description = false;
    let mut quoted = None;
    let mut foreign = Vec::new();
    for (start, line) in starts(text) {
        let trimmed = line.trim();
        let quotes = ["\"\"\"", "```"].into_iter().find(|quotes| trimmed.starts_with(quotes));
        if let Some(open) = quoted {
            if quotes == Some(open) {
                quoted = None;
            }
        } else if quotes.is_some() {
            quoted = quotes;
        } else if misspelt::begins_with_keyword(text, trimmed) {
            description = trimmed.contains(':') && !misspelt::begins_with_step(text, trimmed);
        } else if trimmed.starts_with('@') {
            description = false;
        } else if !description && !trimmed.is_empty() && !trimmed.starts_with(['#', '|']) {
            foreign.push((start, line));
        }
    }
    foreign
}

/// The first row before `line` whose table began with another number of cells.
fn uneven_row(text: &str, line: usize) -> Option<usize> {
    let cells = |row: &str| row.replace("\\|", "").matches('|').count();
    let lines: Vec<_> = starts(text).take(line).collect();
    let end = lines.iter().rposition(|(_, line)| line.trim_start().starts_with('|'))?;
    let begin = lines[..end].iter().rposition(|(_, line)| !line.trim_start().starts_with('|')).map_or(0, |index| index + 1);
    let (_, first) = lines[begin];
    lines[begin..=end].iter().find(|(_, row)| cells(row) != cells(first)).map(|(start, row)| start + indent(row))
}
