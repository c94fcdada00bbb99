use std::path::Path;

use crate::Breach;
use crate::tokens::tokens;

/// Names that say nothing about what is inside.
const DRAWERS: &[&str] = &["util", "utils", "helper", "helpers", "misc", "common", "manager", "managers"];

/// Words for which the product has another one: see the table of words in the design.
const FOREIGN: &[(&str, &str)] =
    &[("sut", "relying party, or application"), ("chaos", "fault"), ("mutant", "defect"), ("mutants", "defects")];

/// A check is called `check_…`; what parses is called `parse_…`.
const FOREIGN_VERBS: &[&str] = &["validate", "verify", "ensure", "assert"];
/// Functions whose names a trait of somebody else's demands.
const DEMANDED: &[&str] = &["verify_server_cert", "verify_tls12_signature", "verify_tls13_signature"];

/// Names of files, modules, types and functions that are not the product's words.
pub fn breaches(path: &str, text: &str) -> Vec<Breach> {
    let mut found = drawer_breaches(path, text);
    for (kind, name, line) in definitions(path, text) {
        let words = words(&name);
        let first = words.first().map_or("", String::as_str);
        if kind == "fn" && words.len() > 1 && FOREIGN_VERBS.contains(&first) && !DEMANDED.contains(&name.as_str()) {
            found.push(Breach::new(path, line, format!("`{name}`: a check is named check_…, what reads is named parse_…")));
        }
        for (word, ours) in FOREIGN.iter().filter(|(word, _)| words.iter().any(|other| other == word)) {
            found.push(Breach::new(path, line, format!("`{name}` says {word}: the word is {ours}")));
        }
    }
    found
}

/// Files, modules and types that are drawers.
pub fn drawer_breaches(path: &str, text: &str) -> Vec<Breach> {
    let parts = Path::new(path).iter().map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned());
    let files = parts.filter(|part| is_drawer(part)).map(|part| (part, 0));
    let defined = definitions(path, text).into_iter().filter(|(kind, name, _)| *kind != "fn" && is_drawer(name));
    let all = files.chain(defined.map(|(_, name, line)| (name, line)));
    all.map(|(name, line)| Breach::new(path, line, format!("`{name}` is a drawer: name it after what is inside"))).collect()
}

fn is_drawer(name: &str) -> bool {
    words(name).iter().any(|word| DRAWERS.contains(&word.as_str()))
}

/// What a file defines: kind, name, line.
fn definitions(path: &str, text: &str) -> Vec<(&'static str, String, usize)> {
    let tokens = tokens(path, text);
    let kinds = ["fn", "mod", "struct", "enum", "trait", "type", "const", "static"];
    let pairs = tokens.windows(2).filter_map(|pair| {
        let kind = kinds.into_iter().find(|kind| pair[0].text == *kind)?;
        let name = &pair[1];
        name.text.starts_with(|first: char| first.is_alphabetic() || first == '_').then(|| (kind, name.text.clone(), name.line))
    });
    pairs.collect()
}

/// The words of a name in snake_case, CamelCase or SHOUTING_CASE, in lower case.
fn words(name: &str) -> Vec<String> {
    let shouting = !name.chars().any(char::is_lowercase);
    let mut words = vec![String::new()];
    for character in name.chars() {
        let boundary = !character.is_alphanumeric() || (character.is_uppercase() && !shouting);
        if boundary && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
    }
    words
}

#[test]
fn the_products_words_are_accepted() {
    let good = "fn check_state() {} fn parse() {} struct Verdict; fn verify() {} fn uncommon() {} struct Committee; mod fault {} const MOST: u8 = 1;";
    assert_eq!(breaches("src/checks/state.rs", good), []);
    assert_eq!(breaches("src/a.rs", "fn a() { insta::assert_snapshot(validate_later); }"), []);
}

#[test]
fn drawers_and_foreign_words_are_refused() {
    let bad = [
        "mod utils {}",
        "struct SessionManager;",
        "enum TestHelpers {}",
        "fn validate_state() {}",
        "fn ensure_login() {}",
        "fn assert_login() {}",
        "fn verify_token() {}",
        "struct Sut;",
        "fn start_sut() {}",
        "const CHAOS: u8 = 1;",
        "struct MutantList;",
    ];
    for snippet in bad {
        assert_eq!(breaches("src/a.rs", snippet).len(), 1, "{snippet}");
    }
    for path in ["src/checks/helpers.rs", "tests/common/mod.rs", "src/misc/a.rs"] {
        assert_eq!(drawer_breaches(path, "").len(), 1, "{path}");
    }
}
