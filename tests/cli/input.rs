//! What a user gets wrong is told in one clear error with exit code 2, before a browser starts or a report is begun.

use std::net::TcpListener;

use crate::program::{Desk, Ended};

const REQUIREMENTS: &str = include_str!("../../features/requirements.toml");
const GOOD: &str = "@CB-01\n  Scenario: One that is sound\n    When Ada signs in through the popup and grants every scope\n";

/// A run of these features: its error, after a look that nothing was begun.
fn refused(feature: &str) -> String {
    let desk = Desk::new();
    desk.write("features/requirements.toml", REQUIREMENTS);
    desk.write("features/session/one.feature", feature);
    let Ended { code, stdout, stderr } = desk.run(&["--features", "features"]);
    assert_eq!(code, Some(2), "{stdout}{stderr}");
    assert_eq!(stdout, "");
    assert!(!desk.out().exists(), "nothing was begun");
    desk.until_nothing_is_left();
    stderr
}

fn told(feature: &str, position: &str, words: &[&str]) {
    let error = refused(feature);
    assert!(error.contains(&format!("session/one.feature:{position}")), "{error}");
    for word in words {
        assert!(error.contains(word), "`{word}` is missing: {error}");
    }
}

#[test]
fn a_feature_that_does_not_parse() {
    told("Feature: One\n  Scenario: Table\n    Given a table\n      | a | b |\n      | 1 |\n", "5:", &[]);
}

#[test]
fn a_step_that_nobody_defined() {
    told(&format!("Feature: One\n  {GOOD}    Then the moon is blue\n"), "5:5", &["the moon is blue"]);
}

#[test]
fn a_misspelt_keyword() {
    told(&format!("Feature: One\n  {GOOD}\n  @CB-01\n  Scenario: Two\n    Whem Ada signs in\n"), "8:5", &["Whem"]);
}

#[test]
fn a_scenario_without_steps() {
    told(&format!("Feature: One\n  {GOOD}\n  @CB-01\n  Scenario: Nothing\n"), "7:3", &["step"]);
}

#[test]
fn a_title_that_is_there_twice() {
    told(&format!("Feature: One\n  {GOOD}\n  {GOOD}"), "7:3", &["One that is sound"]);
}

#[test]
fn a_profile_with_a_wrong_key() {
    let desk = Desk::new();
    desk.write("collaudo.toml", "[app]\nname = \"x\"\ntipe = \"web\"\n");
    for command in ["run", "doctor"] {
        let ended = desk.ended(&[command, "--app", "collaudo.toml"]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.starts_with("error: collaudo.toml:3:1: unknown field `tipe`"), "{}", ended.stderr);
    }
    assert!(!desk.path("collaudo-report").exists());
}

#[test]
fn names_that_nobody_knows() {
    let desk = Desk::new();
    let defect = desk.run(&["--defect", "accepts-any-stat"]);
    assert_eq!(defect.code, Some(2), "{defect:?}");
    assert!(defect.stderr.contains("`accepts-any-stat`") && defect.stderr.contains("collaudo list defects"), "{}", defect.stderr);
    let requirement = desk.run(&["--requirement", "CB-99"]);
    assert_eq!(requirement.code, Some(2), "{requirement:?}");
    assert!(requirement.stderr.contains("CB-99") && requirement.stderr.contains("hint: "), "{}", requirement.stderr);
    let file = desk.run(&["--app", "nowhere.toml"]);
    assert_eq!(file.code, Some(2), "{file:?}");
    assert!(file.stderr.contains("nowhere.toml"), "{}", file.stderr);
    assert!(!desk.out().exists());
}

#[test]
fn a_port_that_is_taken() {
    let desk = Desk::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let mock = desk.ended(&["mock", "--port", &port]);
    assert_eq!(mock.code, Some(2), "{mock:?}");
    assert!(mock.stderr.contains(&port) && mock.stderr.contains("hint: stop what listens there"), "{}", mock.stderr);
    let app = desk.ended(&["app", "--client-id", "x", "--listen", &format!("127.0.0.1:{port}")]);
    assert_eq!(app.code, Some(2), "{app:?}");
    assert!(app.stderr.contains(&port), "{}", app.stderr);
}

#[test]
fn a_driver_that_does_not_answer() {
    let desk = Desk::new();
    let port = crate::program::free_port();
    let ended = desk.run(&["--requirement", "CB-01", "--webdriver", &format!("http://127.0.0.1:{port}/")]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.starts_with("error: ") && ended.stderr.trim().lines().count() <= 2, "{}", ended.stderr);
    assert!(ended.stderr.contains(&port.to_string()), "{}", ended.stderr);
}

#[test]
fn a_run_of_no_jobs() {
    let desk = Desk::new();
    let ended = desk.run(&["--jobs", "0", "--requirement", "AZ-02"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("at least one scenario has to run at a time"), "{}", ended.stderr);
    assert!(!desk.out().exists(), "nothing was begun");
}

#[test]
fn a_shell_is_given_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = Desk::new().ended(&["completions", shell]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("collaudo") && ended.stdout.contains("verify"), "{shell}: {}", ended.stdout);
    }
}
