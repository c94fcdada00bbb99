//! No setting of the snapshot library turns a mismatch into a pass.

use crate::program::Desk;

const REQUIREMENTS: &str = include_str!("../../features/requirements.toml");
const PLATFORM_REQUIREMENTS: &str = include_str!("../../features/platform/requirements.toml");
/// Agendas are not what was approved of patients.
const MISMATCH: &str = "@platform-suite
Feature: Resource API
  @PL-09
  Scenario: Agendas are no patients
    Given a client of our own is registered at the platform
    And Ada has signed in for the client and granted every scope
    When the client asks for the first 2 agendas
    Then the answer \"patients\" is as approved
";

#[test]
fn a_mismatch_fails_whatever_insta_is_told() {
    let desk = Desk::new();
    desk.write("features/requirements.toml", REQUIREMENTS);
    desk.write("features/platform/requirements.toml", PLATFORM_REQUIREMENTS);
    desk.write("features/platform/one.feature", MISMATCH);
    let arguments = ["run", "--out", "out", "--features", "features"];
    let command = |variable: &str, value: &str| desk.command(&arguments).env(variable, value).output().expect("the program starts");
    for (variable, value) in [("INSTA_FORCE_PASS", "1"), ("INSTA_UPDATE", "always")] {
        // Twice: a text that was accepted would be the approved one at the second time.
        for _ in 0..2 {
            let ended = command(variable, value);
            let verdicts = desk.verdicts();
            assert_eq!(ended.status.code(), Some(1), "{variable}: {verdicts:?}");
            assert_eq!(verdicts[0].1, "failed", "{variable}");
            assert!(
                std::fs::read_dir(desk.out().join("snapshots/api")).is_ok_and(|mut left| left.next().is_some()),
                "the text is left for a person to look at"
            );
        }
    }
}
