use crate::Breach;
use crate::tokens::{Token, closing, tokens};

/// Longest that a step's body may be, comments and all: it says what a sentence of a feature means, and others do the work.
const MOST_LINES: usize = 10;

/// Steps that are longer: file, name, and why.
const LONGER: &[(&str, &str, &str)] = &[
    ("src/steps/platform_api.rs", "reads_to_the_end", "how a target's page limit and scopes change it has to be settled first"),
    ("src/steps/platform_authorize.rs", "tells_the_client", "how a page that only the browser sees is judged has to be settled first"),
];

/// What makes a function a step.
const KINDS: [&str; 3] = ["given", "when", "then"];

/// A function that stands for a sentence of a feature.
pub struct Step {
    name: String,
    /// Of its name; 1-based.
    line: usize,
    /// Between the brackets of its body.
    lines: usize,
}

/// The steps of a file; one with several sentences is one step.
pub fn steps(path: &str, text: &str) -> Vec<Step> {
    let tokens = tokens(path, text);
    let mut found = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        match step_at(&tokens, index) {
            Some((step, end)) => {
                found.push(step);
                index = end;
            }
            None => index += 1,
        }
    }
    found
}

/// The step whose first attribute begins here, and where its body ends.
fn step_at(tokens: &[Token], index: usize) -> Option<(Step, usize)> {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
    if text(index) != "#" || text(index + 1) != "[" || !KINDS.contains(&text(index + 2)) {
        return None;
    }
    let function = (index..tokens.len()).find(|index| text(*index) == "fn")?;
    let open = (function..tokens.len()).find(|index| text(*index) == "{")?;
    let end = closing(tokens, open);
    let (name, last) = (&tokens[function + 1], tokens.get(end)?);
    let lines = (last.line - tokens[open].line).saturating_sub(1);
    Some((Step { name: name.text.clone(), line: name.line, lines }, end))
}

pub fn breaches(path: &str, text: &str) -> Vec<Breach> {
    let is_listed = |step: &Step| LONGER.iter().any(|(file, name, _)| *file == path && *name == step.name);
    let long = too_long(path, text).into_iter().filter(|step| !is_listed(step));
    let told = long.map(|Step { name, line, lines }| {
        let message = format!(
            "the step `{name}` has {lines} lines, at most {MOST_LINES}: leave in it what its sentence means, and give what is \
             provoked, read or judged to a method of World or Stage, or to a function beside it"
        );
        Breach::new(path, line, message)
    });
    told.collect()
}

/// Steps that are listed and are short enough, or gone.
pub fn stale_exceptions(files: &[(String, String)]) -> Vec<Breach> {
    let long: Vec<(&String, Step)> =
        files.iter().flat_map(|(path, text)| too_long(path, text).into_iter().map(move |step| (path, step))).collect();
    let stale = LONGER.iter().filter(|(file, name, _)| !long.iter().any(|(path, step)| *path == file && step.name == *name));
    stale.map(|(file, name, _)| Breach::new(file, 0, format!("the step `{name}` is not too long: take it out of the list"))).collect()
}

fn too_long(path: &str, text: &str) -> Vec<Step> {
    steps(path, text).into_iter().filter(|step| step.lines > MOST_LINES).collect()
}

fn sample(attributes: &str, lines: usize) -> String {
    format!(
        "{attributes}\npub(super) async fn a(world: &mut World, b: String) -> Result<(), Failure> {{\n{}}}\n",
        "    b();\n".repeat(lines)
    )
}

#[test]
fn a_short_step_and_a_long_part_of_one_are_accepted() {
    let sentences = "#[given(\"a\")]\n#[when(expr = \"{word} does {\")]";
    let good = [
        sample(sentences, MOST_LINES),
        sample("/// Its work. #[then(\"a\")]\n#[expect(dead_code, reason = \"b\")]", MOST_LINES + 1),
        "#[then(\"a\")] fn a() { b() }".to_owned(),
    ];
    for snippet in good {
        assert_eq!(breaches("src/steps/a.rs", &snippet), [], "{snippet}");
    }
    assert_eq!(steps("src/steps/a.rs", &sample(sentences, 3)).iter().map(|step| (step.line, step.lines)).collect::<Vec<_>>(), [(3, 3)]);
}

#[test]
fn a_long_step_is_refused() {
    for sentence in ["#[given(\"a\")]", "#[when(regex = r\"^a$\")]", "/// Why.\n#[then(expr = \"a\")]"] {
        let snippet = sample("", 20) + &sample(sentence, MOST_LINES + 1);
        let found = breaches("src/steps/a.rs", &snippet);
        assert_eq!(found.iter().filter(|breach| breach.message.contains("`a` has 11 lines")).count(), 1, "{snippet}");
    }
    let commented = sample("#[then(\"a\")]", MOST_LINES).replacen("    b();\n", "    // Why.\n    b();\n", 1);
    assert_eq!(breaches("src/steps/a.rs", &commented).len(), 1);
}

#[test]
fn a_listed_step_is_let_pass_as_long_as_it_is_too_long() {
    let files = |lines: usize| {
        let named = |name: &str| sample("#[then(\"a\")]", lines).replace("fn a(", &format!("fn {name}("));
        LONGER.iter().map(|(file, name, _)| ((*file).to_owned(), named(name))).collect::<Vec<_>>()
    };
    for (file, text) in files(MOST_LINES + 1) {
        assert_eq!(breaches(&file, &text), [], "{text}");
        assert_eq!(breaches("src/steps/elsewhere.rs", &text).len(), 1, "{text}");
    }
    assert_eq!(breaches(LONGER[0].0, &sample("#[then(\"a\")]", MOST_LINES + 1)).len(), 1);
    assert_eq!(stale_exceptions(&files(MOST_LINES + 1)), []);
    assert_eq!(stale_exceptions(&files(MOST_LINES)).len(), LONGER.len());
    assert_eq!(stale_exceptions(&[]).len(), LONGER.len());
}
