//! What a pipeline stands on: waivers, baselines, parts of a run.

use crate::applications::started_with;
use crate::program::{Desk, free_port};

const BREAKS_ONE_RULE: &[&str] = &["--requirement", "PO-02", "AZ-01", "--defect", "posts-to-any-origin", "--seed", "7"];

/// The bundled application's profile, started by itself, with waivers.
fn waived(desk: &Desk, until: &str) -> String {
    let profile = started_with(free_port(), &["--defect", "posts-to-any-origin"]);
    let text = format!(
        "{profile}\n[[waivers]]\nrequirement = \"PO-02\"\nowner = \"Nora Sala\"\nreason = \"mended in release 2\"\nuntil = \"{until}\"\n"
    );
    desk.write("collaudo.toml", &text);
    "collaudo.toml".to_owned()
}

#[test]
fn a_waiver_is_shown_and_counts_until_its_last_day() {
    let desk = Desk::new();
    let profile = waived(&desk, "2999-12-31");
    let run = desk.run(&["--app", &profile, "--requirement", "PO-02"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stdout.contains("== PARTIAL ==") && run.stdout.contains("PO-02 does not hold and is waived until 2999-12-31 by Nora Sala"),
        "{run:?}"
    );
    let read = |name: &str| std::fs::read_to_string(desk.out().join(name)).expect("it is there");
    assert!(read("report.html").contains("mended in release 2") && read("junit.xml").contains("waived until 2999-12-31 by Nora Sala"));
    let summary: serde_json::Value = serde_json::from_str(&read("report.json")).expect("JSON");
    assert_eq!((summary["waivers"][0]["worth"].as_str(), summary["readiness"].as_str()), (Some("in-use"), Some("PARTIAL")));

    let profile = waived(&desk, "2026-01-31");
    let run = desk.run(&["--app", &profile, "--requirement", "PO-02"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("expired on 2026-01-31 and does not count"), "{run:?}");

    let text = std::fs::read_to_string(desk.path("collaudo.toml")).expect("it is there").replace("\"PO-02\"\nowner", "\"ZZ-99\"\nowner");
    desk.write("collaudo.toml", &text);
    let run = desk.run(&["--app", &profile, "--requirement", "PO-02"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("waives ZZ-99, which is no requirement"), "{run:?}");
}

#[test]
fn a_baseline_lets_known_failures_pass_and_tells_new_and_healed_ones() {
    let desk = Desk::new();
    let run = |more: &[&str]| desk.run(&[BREAKS_ONE_RULE, more].concat());
    let first = run(&["--write-baseline", "known.json"]);
    assert_eq!(first.code, Some(1), "{first:?}");
    let known = run(&["--baseline", "known.json"]);
    assert_eq!(known.code, Some(0), "{known:?}");
    assert!(known.stdout.contains("NOT READY") && known.stdout.contains("   0 new") && !known.stdout.contains("   0 known"), "{known:?}");

    let healed = desk.run(&["--requirement", "PO-02", "AZ-01", "--baseline", "known.json"]);
    assert_eq!(healed.code, Some(0), "{healed:?}");
    assert!(healed.stdout.contains("takes the healed ones out") && !healed.stdout.contains("   0 healed"), "{healed:?}");

    let text = std::fs::read_to_string(desk.path("known.json")).expect("it is there").replace("PO-02", "AZ-01");
    desk.write("other.json", &text);
    let new = run(&["--baseline", "other.json"]);
    assert_eq!(new.code, Some(1), "{new:?}");
    assert!(!new.stdout.contains("   0 new"), "{new:?}");

    desk.write("broken.json", "{\"format\": 9, \"known\": []}");
    let broken = run(&["--baseline", "broken.json"]);
    assert_eq!(broken.code, Some(2), "{broken:?}");
    assert!(broken.stderr.contains("broken.json is no baseline: format 9 is newer"), "{broken:?}");
}

#[test]
fn the_parts_of_a_run_are_judged_as_one() {
    let desk = Desk::new();
    let part = |index: &str| {
        let out = format!("part-{}", index.replace('/', "-"));
        let ended = desk.ended(&["run", "--out", &out, "--requirement", "AZ-01", "AC-05", "AC-08", "--seed", "7", "--shard", index]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains(&format!("shard {index}")), "{ended:?}");
        out
    };
    let (first, second) = (part("1/2"), part("2/2"));
    let whole = desk.ended(&["report", "merge", &first, &second, "--out", "whole"]);
    assert_eq!(whole.code, Some(0), "{whole:?}");
    assert!(whole.stdout.starts_with("PARTIAL: whole"), "{whole:?}");
    let summary: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(desk.path("whole/report.json")).expect("it is there")).expect("JSON");
    assert_eq!(summary["selection"], serde_json::json!(["requirement AZ-01", "requirement AC-05", "requirement AC-08"]));
    assert!(summary["counts"]["planned"].as_u64() > Some(2) && !summary["command"].as_str().expect("a command").contains("--shard"));

    for (parts, why) in [(vec![&first], "the part 2/2 is missing"), (vec![&first, &first], "1/2 is there twice")] {
        let parts: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
        let refused = desk.ended(&[&["report", "merge"], &parts[..], &["--out", "half"]].concat());
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(why), "{refused:?}");
    }
    let refused = desk.ended(&["run", "--out", "out", "--seed", "7", "--shard", "3/2"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
}
