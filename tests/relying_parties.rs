//! Applications on libraries that nobody here wrote sign in through the popup and read patients: openid-client and Authlib,
//! unmodified and pinned. The profile of the second says only what a person clicks.

mod npm;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The honest sign-in, the request that goes with it, the patients in pages, a refresh.
const TAGS: &str = "(@AC-08 or @AZ-06 or @TK-01 or @GX-08 or @GX-06) and not (@native or @device)";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/relying_parties").join(name)
}

fn command(program: &str, arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = command(program, arguments, Path::new("/"));
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn said(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// An installation step that has to succeed.
fn install(program: &str, arguments: &[&str], folder: &Path) {
    let output = command(program, arguments, folder).output().expect("it runs");
    assert!(output.status.success(), "{program} {arguments:?}: {}", said(&output));
}

/// Whether `made` is there and no older than what it was made from.
fn is_fresh(made: &Path, from: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|facts| facts.modified()).ok();
    changed(made).is_some_and(|made| changed(from).is_some_and(|from| made >= from))
}

fn is_accepted(name: &str, learned: &serde_json::Value) {
    let out = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["run", "--app", "collaudo.toml", "--tags", TAGS, "--seed", "1", "--out"];
    let mut run = command(env!("CARGO_BIN_EXE_collaudo"), &arguments, &folder(name));
    let output = run.arg(out.path()).env("NO_COLOR", "1").output().expect("the program starts");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("== PARTIAL =="), "{said}");
    let records = std::fs::read_to_string(out.path().join("run.jsonl")).expect("a record of the run");
    let records: Vec<serde_json::Value> = records.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let finished: Vec<_> = records.iter().filter(|record| record["event"] == "scenario-finished").collect();
    assert!(finished.len() >= 9 && finished.iter().all(|record| record["verdict"] == "passed"), "{said}");
    assert_eq!(&records[0]["application"]["learned"], learned);
    let planned = records[0]["scenarios"].as_array().expect("a plan");
    for title in ["Granting every scope signs the end-user in", "A list of 123 patients in pages of 50 is shown whole"] {
        assert!(planned.iter().any(|scenario| scenario["title"] == title), "{title} was not planned");
    }
}

#[test]
fn one_on_openid_client_signs_in_and_reads_patients() {
    if !npm::installed(&folder("openid-client")) {
        return;
    }
    is_accepted("openid-client", &serde_json::Value::Null);
}

#[test]
fn one_on_authlib_signs_in_and_reads_patients() {
    if !runs("python3", &["-c", "import venv, ensurepip"]) {
        println!("skipped: python3 or its venv is missing");
        return;
    }
    let folder = folder("authlib");
    let installed = folder.join(".venv/installed");
    if !is_fresh(&installed, &folder.join("requirements.txt")) {
        install("python3", &["-m", "venv", ".venv"], &folder);
        let arguments = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", "requirements.txt"];
        install(".venv/bin/pip", &arguments, &folder);
        std::fs::write(&installed, "").expect("a mark");
    }
    is_accepted("authlib", &serde_json::json!({"signed_in": "#user", "error": ".login-error"}));
}
