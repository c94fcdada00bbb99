//! The formats, read by the programs that others read them with, and by their published schemas.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use collaudo::report::{render_har, render_json, render_junit, render_messages};
use serde_json::Value;

use super::fold;
use super::run::{interrupted, records, sound};

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/tools")
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// `npm ci`, where the packages are older than their lock or missing; false where there is no npm.
pub fn installed() -> bool {
    if !runs("node") || !runs("npm") {
        println!("skipped: node or npm is missing");
        return false;
    }
    // Tests are threads or processes, as their runner likes; npm stands no second one beside it.
    let lock = std::fs::File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-tools.lock")).expect("writes");
    lock.lock().expect("locks");
    let folder = folder();
    let changed = |name: &str| folder.join(name).metadata().and_then(|facts| facts.modified()).ok();
    let fresh =
        changed("node_modules/.package-lock.json").is_some_and(|made| changed("package-lock.json").is_some_and(|lock| made >= lock));
    if !fresh {
        let output = Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder).output();
        let output = output.expect("npm runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    true
}

/// What the format's own program says against a text.
pub fn read(kind: &str, text: &str, out: &Path) -> Result<(), String> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), text).expect("writes");
    let mut command = Command::new("node");
    command.arg("read.mjs").arg(kind).arg(file.path()).arg(out).current_dir(folder()).stdin(Stdio::null());
    let output = command.output().expect("node runs");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The first things that a schema says against a document.
fn told(schema: &Value, document: &Value) -> Vec<String> {
    let reader = jsonschema::validator_for(schema).expect("a schema");
    reader.iter_errors(document).take(5).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_archive_is_one_to_har_validator() {
    if !installed() {
        return;
    }
    let archive = render_har(&fold(records())).expect("renders");
    assert_eq!(read("har", &archive, Path::new("")), Ok(()));
    let broken = archive.replacen("\"startedDateTime\": \"2026", "\"startedDateTime\": \"on 2026", 1);
    assert!(read("har", &broken, Path::new("")).is_err(), "a broken archive was read");
}

#[test]
fn junit_is_what_its_schema_says() {
    if !installed() {
        return;
    }
    for run in [records(), interrupted(), sound()] {
        let junit = render_junit(&fold(run)).expect("renders");
        assert_eq!(read("junit", &junit, Path::new("")), Ok(()));
        assert!(read("junit", &junit.replacen("<testcase name", "<testcase title", 1), Path::new("")).is_err(), "a broken report was read");
    }
}

#[test]
fn messages_are_what_their_schema_says() {
    if !installed() {
        return;
    }
    let text = std::fs::read_to_string(folder().join("node_modules/@cucumber/messages/messages.schema.json")).expect("it is installed");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    for run in [records(), interrupted(), sound()] {
        for line in render_messages(&fold(run)).expect("renders").lines() {
            let message: Value = serde_json::from_str(line).expect("JSON");
            let told_of_it = told(&schema, &message);
            assert!(told_of_it.is_empty(), "{told_of_it:?}: {line}");
            let odd = serde_json::json!({ "testRunStarted": message });
            assert!(!told(&schema, &odd).is_empty(), "a broken message was accepted");
        }
    }
}

/// Closes every object of the schema: the published one lets members be added.
fn closed(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        if object.get("properties").is_some_and(Value::is_object) && object.get("type").is_some_and(|kind| kind == "object") {
            object.entry("additionalProperties").or_insert(Value::Bool(false));
        }
        object.values_mut().for_each(closed);
    } else if let Some(list) = schema.as_array_mut() {
        list.iter_mut().for_each(closed);
    }
}

#[test]
fn the_summary_is_what_its_published_schema_says_and_no_more() {
    let mut schema: Value = serde_json::from_str(include_str!("../../docs/schema/report-1.schema.json")).expect("JSON");
    closed(&mut schema);
    for run in [records(), interrupted(), sound()] {
        let mut summary: Value = serde_json::from_str(&render_json(&fold(run)).expect("renders")).expect("JSON");
        let told_of_it = told(&schema, &summary);
        assert!(told_of_it.is_empty(), "{told_of_it:?}");
        summary["scenarios"][0]["state"] = "splendid".into();
        assert_eq!(told(&schema, &summary).len(), 1);
    }
}

#[tokio::test]
async fn the_official_page_shows_the_messages() {
    if !installed() {
        return;
    }
    let out = tempfile::tempdir().expect("a temporary folder");
    let page = out.path().join("messages.html");
    assert_eq!(read("messages", &render_messages(&fold(records())).expect("renders"), &page), Ok(()));
    let browser = collaudo::browser::Browser::launch(&collaudo::browser::Options::default()).await.expect("a browser");
    let context = browser.new_context().await.expect("a context");
    let shown = context.open(&format!("file://{}", page.display())).await.expect("it opens");
    let told = "document.body.innerText.includes('Popup sign-in') && document.body.innerText.includes('CB-01')";
    shown.wait_until(told, "the features", std::time::Duration::from_secs(20)).await.expect("the formatter shows the run");
    browser.close().await;
}
