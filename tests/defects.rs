//! The kill matrix: a run against the bundled application with a defect is NOT READY, fails at the mandatory requirements that the
//! defect breaks, warns at the others, and finds nothing else. The scenarios that caught it before (`fixtures/caught.json`) are tried
//! first; where they do not show it, every scenario of the requirements that it breaks has to.
//! `ci/test` takes a fifth of the defects, the others after the next commits (`KILL_TURN`).
//! `just kill-matrix SEED JOBS` always runs all of those, with one seed and so many scenarios at once, and writes the file anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use collaudo::catalogue::Catalogue;
use collaudo::domain::{Level, Requirement, ScenarioSummary};
use collaudo::relying_party::{Defect, SINGLE_PAGE_DEFECTS, SinglePageDefect};
use serde_json::Value;

/// One share of the defects: each test stays short enough for the runner's patience.
fn check_share(share: usize, shares: usize) {
    let catalogue = Catalogue::embedded().expect("the suite is sound");
    let turn = turn();
    let mut wrong = Vec::new();
    for defect in all().skip(share).step_by(shares).skip(turn.0).step_by(turn.1) {
        let by_those_before = !every_row() && check(&defect, &catalogue, Scope::CaughtBefore).is_ok();
        if !by_those_before {
            wrong.extend(check(&defect, &catalogue, Scope::OwnRows).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Which defects' turn it is: `KILL_TURN=1/3` takes every third one from the second on; without it, all.
fn turn() -> (usize, usize) {
    let Ok(turn) = std::env::var("KILL_TURN") else { return (0, 1) };
    let numbers = turn.split_once('/').and_then(|(turn, of)| Some((turn.parse().ok()?, of.parse().ok()?)));
    numbers.filter(|(turn, of)| turn < of).unwrap_or_else(|| panic!("KILL_TURN is such as 0/3, not `{turn}`"))
}

/// What of a mandatory requirement is recommended only: these defects break that, and warn.
const RECOMMENDED: [(&str, &str); 11] = [
    ("tokens-in-log", "SE-03"),
    ("logs-failed-calls", "SE-03"),
    ("keeps-tokens-in-local-storage", "SE-03"),
    ("shares-token-at-centre", "GX-20"),
    ("takes-any-token-type-at-refresh", "TK-06"),
    ("takes-dpop-for-bearer", "TK-06"),
    ("takes-no-token-type", "TK-06"),
    ("takes-empty-refresh-token", "RT-02"),
    ("needs-known-status", "GX-11"),
    ("ends-sessions-of-either", "LO-04"),
    ("compares-refreshed-names-alone", "RT-06"),
];

/// Whether the scenarios that caught a defect before are passed over.
fn every_row() -> bool {
    std::env::var_os("KILL_SEED").is_some()
}

/// What a defect is run against.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    /// The scenarios that caught it before.
    CaughtBefore,
    /// The scenarios of the requirements that it names.
    OwnRows,
    /// Every scenario of the suite: what fails outside its row is found too.
    WholeSuite,
}

/// A deviation of one of the bundled applications.
struct Broken {
    name: &'static str,
    /// The type of the application that has it.
    of: &'static str,
    requirements: &'static [&'static str],
    description: &'static str,
}

impl From<&Defect> for Broken {
    fn from(defect: &Defect) -> Self {
        Self { name: defect.name(), of: "web", requirements: defect.requirements(), description: defect.description() }
    }
}

impl From<&SinglePageDefect> for Broken {
    fn from(defect: &SinglePageDefect) -> Self {
        Self { name: defect.name, of: "spa", requirements: defect.requirements, description: defect.description }
    }
}

impl Broken {
    /// What makes a run meet the application with this defect.
    fn arguments(&self, folder: &Path) -> Vec<String> {
        if self.of == "web" {
            return vec!["--defect".to_owned(), self.name.to_owned()];
        }
        let profile = include_str!("fixtures/single_page.toml")
            .replace("@PROGRAM@", env!("CARGO_BIN_EXE_collaudo"))
            .replace("@MORE@", &format!(", \"--defect\", {:?}", self.name));
        let path = folder.join("collaudo.toml");
        std::fs::write(&path, profile).expect("writes");
        // As of the others: what is only recommended counts.
        vec!["--strict".to_owned(), "--app".to_owned(), path.to_string_lossy().into_owned()]
    }
}

fn check(defect: &Broken, catalogue: &Catalogue, scope: Scope) -> Result<(), String> {
    let name = defect.name;
    let covered = |must: bool| -> BTreeSet<&str> {
        let broken = catalogue.requirements.iter().filter(|known| defect.requirements.contains(&known.id.as_str()));
        let is_must = |known: &Requirement| known.level_for(defect.of) == Level::Must && !RECOMMENDED.contains(&(name, known.id.as_str()));
        broken.filter(|known| is_must(known) == must && !catalogue.covering(&known.id).is_empty()).map(|known| known.id.as_str()).collect()
    };
    let (must, other) = (covered(true), covered(false));
    if must.is_empty() && other.is_empty() {
        return Err(format!("{name}: no scenario covers what it breaks"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut run = Command::new(env!("CARGO_BIN_EXE_collaudo"));
    run.arg("run")
        .args(defect.arguments(folder.path()))
        .args(["--report", "json", "--jobs"])
        .arg(std::env::var("KILL_JOBS").unwrap_or_else(|_| "4".to_owned()))
        .args(std::env::var("KILL_SEED").iter().flat_map(|seed| ["--seed", seed]))
        .arg("--out")
        .arg(&out);
    match scope {
        Scope::CaughtBefore => match before(name, catalogue) {
            places if places.is_empty() => return Err(format!("{name}: no scenario is known that caught it")),
            places => run.args(tags(&must, &other, catalogue)).args(places),
        },
        Scope::OwnRows => run.args(tags(&must, &other, catalogue)).arg("--requirement").args(must.iter().chain(&other)),
        Scope::WholeSuite => run.args(["--suite", "relying-party"]),
    };
    let run = run.output().expect("the program runs");
    let (failed, warned) = found(&out);
    let as_expected = run.status.code() == Some(1)
        && failed == must.iter().map(ToString::to_string).collect()
        && other.iter().all(|id| warned.contains(*id));
    if as_expected {
        if scope == Scope::OwnRows && every_row() {
            note(name, &must, &other, &out, catalogue, true);
            // A row may show it only after the others.
            if check(defect, catalogue, Scope::CaughtBefore).is_err() {
                note(name, &must, &other, &out, catalogue, false);
            }
        }
        return Ok(());
    }
    let said = String::from_utf8_lossy(&run.stderr);
    Err(format!("{name}: exit {:?}, failed {failed:?} for {must:?}, warned {warned:?} for {other:?}: {said}", run.status.code()))
}

fn all() -> impl Iterator<Item = Broken> {
    Defect::ALL.iter().map(Broken::from).chain(SINGLE_PAGE_DEFECTS.iter().map(Broken::from))
}

/// What programs meet at the API and with ID tokens they meet in the web application too: its scenarios are enough, and much faster.
/// `KILL_PROGRAMS` adds the others.
fn tags(must: &BTreeSet<&str>, other: &BTreeSet<&str>, catalogue: &Catalogue) -> &'static [&'static str] {
    let web = |id: &&str| id.parse().is_ok_and(|id| catalogue.covering(&id).iter().any(|scenario| is_of_web(scenario)));
    let spared = std::env::var_os("KILL_PROGRAMS").is_none() && must.iter().chain(other).all(web);
    if spared { &["--tags", "not @programs and not @native and not @device"] } else { &[] }
}

fn is_of_web(scenario: &ScenarioSummary) -> bool {
    !scenario.tags.iter().any(|tag| matches!(tag.trim_start_matches('@'), "programs" | "native" | "device"))
}

/// Requirements with a finding: those of level MUST, and the others.
fn found(out: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let text = std::fs::read_to_string(out.join("run.jsonl")).unwrap_or_default();
    // A run that was killed leaves a line half written: the caller tells how it ended.
    let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let findings: Vec<Value> = records.flat_map(|record| record["findings"].as_array().cloned().unwrap_or_default()).collect();
    let of = |must: bool| {
        let some = findings.iter().filter(|finding| (finding["level"] == "MUST") == must);
        some.filter_map(|finding| finding["requirement"].as_str().map(str::to_owned)).collect()
    };
    (of(true), of(false))
}

/// Which scenarios caught each defect, in the words that last when lines move: feature and title, and the row of what it tries.
fn caught() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/caught.json")
}

fn words(scenario: &ScenarioSummary) -> String {
    let feature = scenario.id.0.split(':').next().unwrap_or_default();
    format!("{feature}: {}", scenario.title)
}

/// The places of the scenarios that caught this defect before.
fn before(name: &str, catalogue: &Catalogue) -> Vec<String> {
    let text = std::fs::read_to_string(caught()).unwrap_or_default();
    let known: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).unwrap_or_default();
    let of_it = known.get(name).into_iter().flatten();
    of_it.flat_map(|told| catalogue.scenarios.iter().filter_map(move |scenario| place(scenario, told))).collect()
}

/// Where a scenario stands, or its row, if these are their words.
fn place(scenario: &ScenarioSummary, told: &str) -> Option<String> {
    let of_it = told.strip_prefix(&words(scenario))?;
    let Some(row) = of_it.strip_prefix(ROW) else { return of_it.is_empty().then(|| scenario.id.to_string()) };
    let path = scenario.id.0.split(':').next()?;
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()?;
    let step = scenario.steps.iter().find(|step| step.rows.iter().any(|own| own == row))?;
    let is_row =
        |line: &str| line.trim().strip_prefix('|').and_then(|cells| cells.split('|').next()).is_some_and(|cell| cell.trim() == row);
    let at = text.lines().skip(step.line).position(is_row)?;
    Some(format!("{path}:{}", step.line + at + 1))
}

/// Between a scenario's words and those of the row that caught a defect.
const ROW: &str = " | ";

/// The row of what a scenario tries that a finding tells of.
fn row<'a>(scenario: &'a ScenarioSummary, findings: &[&Value]) -> Option<&'a str> {
    let told = findings.iter().map(ToString::to_string).collect::<String>();
    let rows = scenario.steps.iter().filter(|step| !step.background).flat_map(|step| &step.rows);
    rows.filter(|row| told.contains(row.as_str())).max_by_key(|row| row.len()).map(String::as_str)
}

/// Keeps which scenarios show this defect: the quickest that together have a finding for each requirement, or the rows of them alone.
fn note(name: &str, must: &BTreeSet<&str>, other: &BTreeSet<&str>, out: &Path, catalogue: &Catalogue, by_row: bool) {
    let text = std::fs::read_to_string(out.join("run.jsonl")).expect("a record");
    let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut finished: Vec<Value> = records.filter(|record| record["event"] == "scenario-finished").collect();
    finished.sort_by_key(|record| record["duration_ms"].as_u64());
    let mut left: BTreeSet<&str> = must.union(other).copied().collect();
    let mut chosen = Vec::new();
    for record in &finished {
        let findings = record["findings"].as_array().into_iter().flatten();
        let new: Vec<&Value> = findings.filter(|finding| finding["requirement"].as_str().is_some_and(|id| left.contains(id))).collect();
        if new.is_empty() {
            continue;
        }
        left.retain(|id| !new.iter().any(|finding| finding["requirement"] == *id));
        let its = catalogue.scenarios.iter().filter(|scenario| record["scenario"] == scenario.id.0);
        chosen.extend(its.map(|scenario| match row(scenario, &new).filter(|_| by_row) {
            Some(row) => format!("{}{ROW}{row}", words(scenario)),
            None => words(scenario),
        }));
    }
    // Shares are processes that run beside each other.
    let path = caught();
    let lock = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("caught.lock")).expect("a lock");
    lock.lock().expect("locks");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut known: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).unwrap_or_default();
    known.insert(name.to_owned(), chosen);
    known.retain(|known, _| all().any(|defect| defect.name == known));
    let text = serde_json::to_string_pretty(&known).expect("JSON") + "\n";
    std::fs::write(&path, text).expect("writes");
}

/// One part of the matrix with the whole suite, `KILL_PART=I/N`: some minutes for each defect, so it is a nightly's.
#[test]
#[ignore = "some minutes for each defect: `just kill-matrix-whole`"]
fn defects_break_nothing_outside_their_rows() {
    let part = std::env::var("KILL_PART").unwrap_or_else(|_| "1/1".to_owned());
    let (which, of) = part.split_once('/').expect("KILL_PART is I/N");
    let (which, of): (usize, usize) = (which.parse().expect("a number"), of.parse().expect("a number"));
    assert!((1..=of).contains(&which), "KILL_PART is from 1/{of} to {of}/{of}");
    let catalogue = Catalogue::embedded().expect("the suite is sound");
    let chosen = all().skip(which - 1).step_by(of);
    let wrong: Vec<String> = chosen.filter_map(|defect| check(&defect, &catalogue, Scope::WholeSuite).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// docs/defects.md: what each defect breaks. The shares above prove every row.
fn table() -> String {
    let mut lines = vec![
        "# Defects of the bundled applications, and what catches them".to_owned(),
        String::new(),
        "`collaudo run --defect NAME` breaks the bundled application on purpose. The kill matrix (`tests/defects.rs`) runs each of them and".to_owned(),
        "demands exactly this row: the mandatory requirements in it fail (`tokens-in-log` breaks a recommendation of one), the others in it warn,".to_owned(),
        "and no other mandatory one fails. This page is compared with the program by the same test.".to_owned(),
        String::new(),
        "| defect | the application … | breaks |".to_owned(),
        "| --- | --- | --- |".to_owned(),
    ];
    let row = |defect: Broken| format!("| `{}` | {} | {} |", defect.name, defect.description, defect.requirements.join(", "));
    lines.extend(Defect::ALL.iter().map(|defect| row(defect.into())));
    lines.extend([
        String::new(),
        "## Of the single-page application".to_owned(),
        String::new(),
        "`collaudo app --type spa --defect NAME` breaks it, in a profile of `type = \"spa\"` ([single-page.md](single-page.md)). The same matrix".to_owned(),
        "runs these. Tokens in localStorage break a recommendation of SE-03: it warns.".to_owned(),
        String::new(),
        "| defect | the application … | breaks |".to_owned(),
        "| --- | --- | --- |".to_owned(),
    ]);
    lines.extend(SINGLE_PAGE_DEFECTS.iter().map(|defect| row(defect.into())));
    lines.join("\n") + "\n"
}

#[test]
fn the_page_of_the_defects_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/defects.md");
    let wanted = table();
    let told = std::fs::read_to_string(&path).unwrap_or_default();
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") && told != wanted {
        std::fs::write(&path, &wanted).expect("writes");
    }
    assert!(told == wanted, "docs/defects.md is not of this program: INSTA_UPDATE=always writes it anew");
}

macro_rules! shares {
    ($($name:ident: $share:literal),+ of $shares:literal) => {
        $(#[test]
        fn $name() {
            check_share($share, $shares);
        })+
    };
}

shares!(
    defects_are_caught_by_their_requirements_1: 0, defects_are_caught_by_their_requirements_2: 1,
    defects_are_caught_by_their_requirements_3: 2, defects_are_caught_by_their_requirements_4: 3,
    defects_are_caught_by_their_requirements_5: 4, defects_are_caught_by_their_requirements_6: 5,
    defects_are_caught_by_their_requirements_7: 6, defects_are_caught_by_their_requirements_8: 7,
    defects_are_caught_by_their_requirements_9: 8, defects_are_caught_by_their_requirements_10: 9,
    defects_are_caught_by_their_requirements_11: 10, defects_are_caught_by_their_requirements_12: 11,
    defects_are_caught_by_their_requirements_13: 12, defects_are_caught_by_their_requirements_14: 13,
    defects_are_caught_by_their_requirements_15: 14, defects_are_caught_by_their_requirements_16: 15,
    defects_are_caught_by_their_requirements_17: 16, defects_are_caught_by_their_requirements_18: 17,
    defects_are_caught_by_their_requirements_19: 18, defects_are_caught_by_their_requirements_20: 19,
    defects_are_caught_by_their_requirements_21: 20, defects_are_caught_by_their_requirements_22: 21,
    defects_are_caught_by_their_requirements_23: 22, defects_are_caught_by_their_requirements_24: 23 of 24
);
