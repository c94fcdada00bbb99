//! Applications of the kinds that integrators write, on libraries that nobody here wrote, unmodified and pinned: they sign in and read
//! what they are for. What a profile leaves out is learned.

mod npm;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The honest sign-in, the request that goes with it, the patients in pages, a refresh.
const TAGS: &str = "(@AC-08 or @AZ-06 or @TK-01 or @GX-08 or @GX-06) and not (@native or @device)";

/// The same of a program: its calls, and a list in pages.
const PROGRAM_TAGS: &str = "@native and (@RS-01 or @GX-08)";

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

/// The Python of a folder's own, with what its requirements name; false, and said, where there is no Python.
fn python_installed(folder: &Path) -> bool {
    if !runs("python3", &["-c", "import venv, ensurepip"]) {
        println!("skipped: python3 or its venv is missing");
        return false;
    }
    let installed = folder.join(".venv/installed");
    if !is_fresh(&installed, &folder.join("requirements.txt")) {
        install("python3", &["-m", "venv", ".venv"], folder);
        let arguments = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", "requirements.txt"];
        install(".venv/bin/pip", &arguments, folder);
        std::fs::write(&installed, "").expect("a mark");
    }
    true
}

/// The records of a run in which everything that was tried passed, and what it said.
fn passed(name: &str, tags: &str) -> (Vec<Value>, String) {
    let out = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["run", "--app", "collaudo.toml", "--tags", tags, "--seed", "1", "--out"];
    let mut run = command(env!("CARGO_BIN_EXE_collaudo"), &arguments, &folder(name));
    let output = run.arg(out.path()).env("NO_COLOR", "1").output().expect("the program starts");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("== PARTIAL =="), "{said}");
    let records = std::fs::read_to_string(out.path().join("run.jsonl")).expect("a record of the run");
    let records: Vec<Value> = records.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let finished: Vec<_> = records.iter().filter(|record| record["event"] == "scenario-finished").collect();
    // Some of them write nothing.
    let needs_a_write = |reason: &str| reason.starts_with("the profile names no action that writes");
    let (left_out, judged): (Vec<&Value>, Vec<&Value>) =
        finished.into_iter().partition(|record| record["reason"].as_str().is_some_and(needs_a_write));
    assert!(left_out.len() <= 1 && !judged.is_empty() && judged.iter().all(|record| record["verdict"] == "passed"), "{said}");
    (records, said)
}

fn is_planned(records: &[Value], title: &str) -> bool {
    records[0]["scenarios"].as_array().expect("a plan").iter().any(|scenario| scenario["title"] == title)
}

fn is_accepted(name: &str, learned: &Value) {
    let (records, said) = passed(name, TAGS);
    assert!(records.iter().filter(|record| record["event"] == "scenario-finished").count() >= 9, "{said}");
    assert_eq!(&records[0]["application"]["learned"], learned);
    for title in ["Granting every scope signs the end-user in", "A list of 123 patients in pages of 50 is shown whole"] {
        assert!(is_planned(&records, title), "{title} was not planned");
    }
}

#[test]
fn one_on_openid_client_signs_in_and_reads_patients() {
    if npm::installed(&folder("openid-client")) {
        is_accepted("openid-client", &Value::Null);
    }
}

#[test]
fn one_on_passport_signs_in_and_reads_patients() {
    if npm::installed(&folder("passport")) {
        is_accepted("passport", &serde_json::json!({"signed_in": "#user", "error": ".problem"}));
    }
}

#[test]
fn a_backend_for_a_frontend_signs_in_and_reads_patients() {
    if npm::installed(&folder("bff")) {
        is_accepted("bff", &serde_json::json!({"signed_in": "#user", "error": "#toast"}));
    }
}

#[test]
fn one_on_authlib_signs_in_and_reads_patients() {
    if python_installed(&folder("authlib")) {
        is_accepted("authlib", &serde_json::json!({"signed_in": "#user", "error": ".login-error"}));
    }
}

#[test]
fn one_on_requests_oauthlib_signs_in_and_reads_patients() {
    if python_installed(&folder("requests-oauthlib")) {
        is_accepted("requests-oauthlib", &serde_json::json!({"signed_in": "#user", "error": ".problem"}));
    }
}

#[test]
fn one_on_django_signs_in_and_reads_patients() {
    if python_installed(&folder("mozilla-django-oidc")) {
        is_accepted("mozilla-django-oidc", &serde_json::json!({"signed_in": "#user", "error": ".problem"}));
    }
}

#[test]
fn one_in_plain_php_signs_in_and_reads_patients() {
    if !runs("php", &["-r", "exit(function_exists('curl_init') && function_exists('openssl_verify') ? 0 : 1);"]) {
        println!("skipped: php or its curl extension is missing");
        return;
    }
    is_accepted("php", &serde_json::json!({"signed_in": "#user", "error": ".problem"}));
}

#[test]
fn a_program_on_the_jdk_signs_in_and_reads_patients() {
    let folder = folder("java");
    if !runs("javac", &["-version"]) || !runs("java", &["-version"]) {
        println!("skipped: java or javac is missing");
        return;
    }
    if !is_fresh(&folder.join(".classes/Agenda.class"), &folder.join("Agenda.java")) {
        install("javac", &["-d", ".classes", "Agenda.java"], &folder);
    }
    let (records, said) = passed("java", PROGRAM_TAGS);
    let title = "A native program reads a list to its end, however many entries a page has";
    assert!(is_planned(&records, title), "{title} was not planned: {said}");
}
