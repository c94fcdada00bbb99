//! Which scenarios a run is of: by title, by requirement, by what failed before; and what is said of a name that is none.

use crate::program::Desk;

#[test]
fn what_failed_is_run_again_alone_until_nothing_fails() {
    let desk = Desk::new();
    let broken = ["--defect", "posts-to-any-origin"];
    let first = desk.run(&[&broken[..], &["po-02", "The access token tells what was granted"]].concat());
    let verdicts = desk.verdicts();
    let failed: Vec<_> = verdicts.iter().filter(|(_, verdict, _)| verdict == "failed").map(|(title, ..)| title.clone()).collect();
    assert_eq!(first.code, Some(1), "{first:?}");
    assert!(!failed.is_empty() && verdicts.iter().any(|(title, ..)| title == "The access token tells what was granted"), "{verdicts:#?}");

    let again = desk.run(&[&broken[..], &["--last-failed"]].concat());
    let titles: Vec<_> = desk.verdicts().into_iter().map(|(title, ..)| title).collect();
    assert_eq!((again.code, titles), (Some(1), failed));
    let command = desk.records()[0]["command"].to_string();
    assert!(command.contains("features/popup/") && !command.contains("last-failed"), "it says what was run: {command}");
    assert_eq!(desk.run(&["--last-failed"]).code, Some(0), "the sound application");
    let record = std::fs::read(desk.out().join("run.jsonl")).expect("a record");
    let nothing = desk.run(&["--last-failed"]);
    assert!(nothing.code == Some(0) && nothing.stdout.contains("nothing failed in the run of out"), "{nothing:?}");
    assert_eq!(std::fs::read(desk.out().join("run.jsonl")).expect("a record"), record, "it stays");
    let elsewhere = desk.run(&["--last-failed", "--previous", "nowhere"]);
    assert!(elsewhere.code == Some(2) && elsewhere.stderr.contains("nowhere"), "{elsewhere:?}");
}

#[test]
fn a_name_that_is_none_is_answered_with_the_nearest() {
    let desk = Desk::new();
    for (arguments, meant) in [
        (&["--defect", "accepts-alg-non"][..], "`accepts-alg-none`"),
        (&["--requirement", "AZ-40"], "`AZ-04`"),
        (&["--tags", "@popupp and not @negative"], "`@popup`"),
        (&["features/token/id_tokn.feature"], "`features/token/id_token.feature`"),
        (&["features/token/id_tokn.feature:12"], "`features/token/id_token.feature`"),
        (&["The access token tells what was grantd"], "`The access token tells what was granted`"),
    ] {
        let ended = desk.run(arguments);
        assert!(ended.code == Some(2) && ended.stderr.contains(&format!("did you mean {meant}?")), "{arguments:?}: {ended:?}");
    }
    let strange = desk.run(&["--requirement", "QQ-77"]);
    assert!(strange.code == Some(2) && !strange.stderr.contains("did you mean"), "{strange:?}");
}
