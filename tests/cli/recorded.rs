//! What a target answers is recorded, and a change is told: what breaks clients fails, what is new warns.

use std::fs;
use std::path::PathBuf;

use crate::program::{Desk, Ended, text};
use crate::sandbox::{Sandbox, holding, sandbox};

fn at(desk: &Desk, sandbox: &Sandbox, arguments: &[&str]) -> Ended {
    Ended::from(desk.command(arguments).env_remove("CI").envs(sandbox.secrets.iter().cloned()).output().expect("the program starts"))
}

fn snapshots(desk: &Desk) -> PathBuf {
    desk.path("snapshots/stand-in")
}

fn edit(desk: &Desk, name: &str, edit: impl Fn(&str) -> String) {
    let file = snapshots(desk).join(format!("{name}.snap"));
    let before = fs::read_to_string(&file).expect("it was recorded");
    let after = edit(&before);
    assert_ne!(before, after, "{name}");
    fs::write(file, after).expect("written");
}

/// Requirement and what was seen of each finding.
fn findings(desk: &Desk) -> Vec<(String, String)> {
    let finished = desk.records().into_iter().filter(|record| record["event"] == "scenario-finished");
    let findings = finished.flat_map(|record| record["findings"].as_array().cloned().unwrap_or_default());
    findings.map(|finding| (text(&finding["requirement"]), text(&finding["actual"]))).collect()
}

#[test]
fn a_change_of_a_recorded_target_is_told_until_it_is_accepted() {
    let desk = Desk::new();
    let sandbox = sandbox(&desk);
    let run = |more: &[&str]| sandbox.run(&desk, &[&["--requirement", "PL-36"], more].concat());
    let before = run(&[]);
    assert_eq!(before.code, Some(3), "nothing was judged: {before:?}");
    let verdicts = desk.verdicts();
    assert!(verdicts.iter().all(|(_, verdict, reason)| verdict == "not-applicable" && reason.contains("collaudo record")), "{verdicts:#?}");

    let in_ci = Ended::from(
        desk.command(&["record", "--target", "target.toml"])
            .envs(sandbox.secrets.iter().cloned())
            .env("CI", "true")
            .output()
            .expect("the program starts"),
    );
    assert!(in_ci.code == Some(2) && !snapshots(&desk).exists(), "{in_ci:?}");
    let recorded = at(&desk, &sandbox, &["record", "--target", "target.toml"]);
    assert_eq!(recorded.code, Some(0), "{recorded:?}");
    for name in
        ["discovery", "key-set", "api-document", "access-token", "id-token", "token-answer", "userinfo", "patients", "patients-entry"]
    {
        assert!(recorded.stdout.contains(name) && snapshots(&desk).join(format!("{name}.snap")).is_file(), "{name}: {recorded:?}");
    }
    for (variable, secret) in &sandbox.secrets {
        assert_eq!(holding(&snapshots(&desk), secret), Vec::<String>::new(), "{variable}");
    }
    assert_eq!(holding(&snapshots(&desk), "Ferri"), Vec::<String>::new(), "no person is in what was kept");
    let same = run(&[]);
    assert!(same.code == Some(0) && desk.verdicts().iter().all(|(_, verdict, _)| verdict == "passed"), "{same:?} {:#?}", findings(&desk));

    // What was recorded is changed in its place: the platform stays as it is.
    edit(&desk, "patients", |text| text.replace("body.items[].id: whole number", "body.items[].id: text\nbody.items[].nickname: text"));
    edit(&desk, "id-token", |text| text.replace("claims.sub: text\n", ""));
    let changed = run(&[]);
    assert_eq!(changed.code, Some(1), "{changed:?}");
    let found = findings(&desk);
    let told = |requirement: &str, what: &str| found.iter().any(|(id, actual)| id == requirement && actual.contains(what));
    assert!(told("PL-36", "patients, body.items[].id: whole number (first seen 20"), "{found:#?}");
    assert!(told("PL-36", "patients, body.items[].nickname: gone (first seen 20"), "{found:#?}");
    assert!(told("PL-37", "id-token, claims.sub: text (first seen 20") && !told("PL-36", "claims.sub"), "{found:#?}");
    let left = desk.out().join("snapshots/stand-in");
    assert!(left.join("patients.snap.new").is_file() && left.join("id-token.snap.new").is_file());

    // The day on which it was first seen goes from run to run.
    let pending = left.join("patients.snap.new");
    let dated = fs::read_to_string(&pending)
        .expect("left")
        .replace("\"body.items[].nickname: gone, was text\":\"20", "\"body.items[].nickname: gone, was text\":\"19");
    fs::write(&pending, dated).expect("written");
    run(&[]);
    let found = findings(&desk);
    assert!(found.iter().any(|(_, actual)| actual.contains("nickname: gone (first seen 19")), "{found:#?}");

    let review = |arguments: &[&str], ci: &str| {
        let mut command = desk.command(&[&["review", "--target", "target.toml", "--from", "out"], arguments].concat());
        Ended::from(command.env("CI", ci).output().expect("the program starts"))
    };
    let listed = review(&[], "");
    assert!(listed.code == Some(0) && listed.stdout.contains("breaks body.items[].nickname: gone, was text   first seen 19"), "{listed:?}");
    assert_eq!(review(&["--accept"], "true").code, Some(2), "in CI nothing is accepted");
    assert_eq!(run(&[]).code, Some(1), "and nothing was");
    assert_eq!(review(&["--accept", "no-such"], "").code, Some(2));
    let one = review(&["--accept", "patients"], "");
    assert!(one.code == Some(0) && one.stdout.contains("accepted: patients"), "{one:?}");
    let rejected = review(&["--reject"], "");
    assert!(rejected.stdout.contains("rejected: id-token"), "{rejected:?}");
    let after = run(&[]);
    let found = findings(&desk);
    assert!(after.code == Some(0) && found.len() == 1 && found[0].0 == "PL-37", "{after:?} {found:#?}");
}

#[test]
fn a_recording_that_cannot_be_read_is_named() {
    let desk = Desk::new();
    let sandbox = sandbox(&desk);
    desk.write("snapshots/stand-in/discovery.snap", "no recording\n");
    for arguments in [&["record", "--target", "target.toml"][..], &["review", "--target", "target.toml"]] {
        let ended = at(&desk, &sandbox, arguments);
        assert!(ended.code == Some(2) && ended.stderr.contains("discovery.snap"), "{ended:?}");
    }
    let mock = Ended::from(desk.command(&["record"]).env_remove("CI").output().expect("the program starts"));
    assert!(mock.code == Some(2) && mock.stderr.contains("--target FILE"), "{mock:?}");
}
