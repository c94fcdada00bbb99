//! What a run says, what is rendered again from its file, and the lists.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Desk, forged_state};

#[test]
fn a_defect_is_found_and_the_report_is_rendered_again() {
    let desk = Desk::new();
    let ended = desk.run(&["--defect", "accepts-any-state", &forged_state()]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("NOT READY"), "{}", ended.stdout);
    let verdicts = desk.verdicts();
    assert!(verdicts.iter().any(|(_, verdict, _)| verdict == "failed"), "{verdicts:?}");
    let read = |name: &str| fs::read_to_string(desk.out().join(name)).expect("a report");
    let names = ["report.json", "junit.xml", "report.html"];
    let first: Vec<String> = names.iter().map(|name| read(name)).collect();
    for name in names {
        fs::remove_file(desk.out().join(name)).expect("it is there");
    }
    let again = desk.ended(&["report", "out"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.stdout.starts_with("NOT READY"), "{}", again.stdout);
    let second: Vec<String> = names.iter().map(|name| read(name)).collect();
    for ((name, first), second) in names.iter().zip(first).zip(second) {
        assert!(first == second, "{name} differs");
    }
}

#[test]
fn every_list_is_json_for_a_program() {
    let desk = Desk::new();
    for (what, key, at_least) in [
        ("requirements", "requirement", 50),
        ("scenarios", "title", 50),
        ("defects", "application", 12),
        ("faults", "name", 12),
        ("steps", "pattern", 50),
    ] {
        let ended = desk.ended(&["list", what, "--format", "json"]);
        assert_eq!(ended.code, Some(0), "{what}: {ended:?}");
        let list: Vec<Value> = serde_json::from_str(&ended.stdout).expect("a JSON list");
        assert!(list.len() >= at_least, "{what}: {}", list.len());
        assert!(list.iter().all(|entry| !entry[key].is_null()), "{what}");
        let of_page = list.iter().filter(|entry| entry["application"] == "spa").count();
        assert_eq!(of_page > 5, what == "defects", "those of the single-page application are listed too");
        let lines = desk.ended(&["list", what]).stdout.lines().count();
        assert_eq!(lines, list.len(), "{what}: one line for each");
    }
}

#[test]
fn a_reader_that_goes_away_leaves_the_report() {
    let desk = Desk::new();
    let mut run = desk.command(&["run", "--out", "out", "--requirement", "CB-15"]).stdout(Stdio::piped()).spawn().expect("it starts");
    drop(run.stdout.take());
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
    for name in ["run.jsonl", "report.html", "report.json", "junit.xml"] {
        assert!(desk.out().join(name).exists(), "{name} is missing");
    }
}
