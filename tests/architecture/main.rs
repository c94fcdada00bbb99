//! The house is kept by a test: floors, sizes, names, and what no room may do. The map is `ARCHITECTURE.md`.

mod floors;
mod habits;
mod names;
mod steps;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

/// A breach: where, and what to do.
#[derive(Debug, PartialEq, Eq)]
struct Breach {
    path: String,
    /// 1-based; 0 where the whole file is meant.
    line: usize,
    message: String,
}

impl Breach {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

/// Longest that a file of code may be.
const MOST_LINES: usize = 400;

/// The package's folder: where cargo runs the tests, or else where they were built.
fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// The files of a folder whose names end so, with their paths from the root.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root.join(folder), ending, &mut found);
    found.sort();
    found
}

fn walk(root: &Path, folder: &Path, ending: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be read").path();
        let installed = path.file_name().is_some_and(|name| name == "node_modules" || name == ".venv");
        if installed {
            // Somebody else's, and not in the repository.
        } else if path.is_dir() {
            walk(root, &path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            let name = path.strip_prefix(root).expect("it is under the root").to_string_lossy().replace('\\', "/");
            // What is no text (an image, a font) has nothing to say here.
            found.extend(fs::read_to_string(&path).ok().map(|text| (name, text)));
        }
    }
}

fn kept(breaches: Vec<Breach>) {
    let lines: Vec<_> = breaches.iter().map(|breach| format!("{}:{}: {}", breach.path, breach.line, breach.message)).collect();
    assert!(breaches.is_empty(), "{} breaches\n{}", lines.len(), lines.join("\n"));
}

fn every<'a>(files: &'a [(String, String)], rule: impl Fn(&str, &str) -> Vec<Breach> + 'a) -> Vec<Breach> {
    files.iter().flat_map(|(path, text)| rule(path, text)).collect()
}

fn size(path: &str, text: &str) -> Vec<Breach> {
    let lines = text.lines().count();
    let message = format!("{lines} lines, at most {MOST_LINES}: split it by what it is about");
    if lines > MOST_LINES { vec![Breach::new(path, 0, message)] } else { Vec::new() }
}

/// The code of the package and of its crates.
fn code() -> Vec<(String, String)> {
    [files("src", ".rs"), files("crates", ".rs")].concat()
}

#[test]
fn a_room_uses_lower_floors_only() {
    kept(every(&[files("src", ".rs"), files("crates/model", ".rs")].concat(), floors::breaches));
    let manifests = files("crates", "Cargo.toml");
    assert!(manifests.len() > 5, "the crates were not found");
    kept(every(&manifests, floors::crate_breaches));
}

#[test]
fn the_maps_show_the_floors_that_are_kept() {
    for map in ["src/lib.rs", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(root().join(map)).expect("the map is there");
        kept(floors::map_breaches(map, &text));
    }
}

#[test]
fn files_are_short() {
    let code = [code(), files("tests", ".rs")].concat();
    assert!(code.len() > 20, "the code was not found");
    kept(every(&code, size));
}

#[test]
fn names_are_the_products_words() {
    kept(every(&code(), names::breaches));
    kept(every(&files("tests", ".rs"), names::drawer_breaches));
}

#[test]
fn no_code_gives_up_or_waits_blindly() {
    let code = code();
    kept(every(&code, habits::breaches));
    kept(habits::stale_sleeps(&code));
    kept(every(&files("tests", ".rs"), habits::allow_breaches));
}

#[test]
fn selectors_stand_in_page_objects_only() {
    kept(every(&[files("src/steps", ".rs"), files("src/runner", ".rs")].concat(), habits::selector_breaches));
}

#[test]
fn a_step_says_in_ten_lines_what_its_sentence_means() {
    let code = files("src/steps", ".rs");
    let found: usize = code.iter().map(|(path, text)| steps::steps(path, text).len()).sum();
    assert!(found > 300, "{found} steps: they were not found");
    kept(every(&code, steps::breaches));
    kept(steps::stale_exceptions(&code));
}

#[test]
fn no_file_names_somebodys_machine() {
    let folders = ["src", "tests", "features", "snapshots", "crates", "ci", "docs"];
    let mut all = folders.map(|folder| files(folder, "")).concat();
    let root = root();
    all.extend(
        ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "justfile", "Cargo.toml"]
            .map(|name| (name.to_owned(), fs::read_to_string(root.join(name)).expect("the file is there"))),
    );
    kept(every(&all, habits::machine_breaches));
}

#[test]
fn a_long_file_is_refused_and_a_short_one_accepted() {
    assert_eq!(size("a.rs", &"x\n".repeat(MOST_LINES)), []);
    assert_eq!(size("a.rs", &"x\n".repeat(MOST_LINES + 1)).len(), 1);
}
