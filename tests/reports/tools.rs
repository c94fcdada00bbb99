//! The formats, read by the programs that others read them with, and by their published schemas.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use collaudo::report::{render_har, render_json, render_junit, render_messages};
use serde_json::Value;

use super::run::{beside_a_baseline, interrupted, records, sound, with_everything};
use super::{fold, npm};

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/tools")
}

/// Whether the programs that read the formats are there.
pub fn installed() -> bool {
    npm::installed(&folder())
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
        for (right, wrong) in [
            ("<testcase name", "<testcase title"),
            ("<testcase name", "<testcase file=\"a.feature\" name"),
            ("<testsuites ", "<testsuites skipped=\"0\" "),
            ("<system-out>", "<properties/><system-out>"),
        ] {
            let broken = junit.replacen(right, wrong, 1);
            assert!(broken != junit && read("junit", &broken, Path::new("")).is_err(), "{wrong} was read");
        }
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
    for run in [records(), interrupted(), sound(), beside_a_baseline()] {
        let mut summary: Value = serde_json::from_str(&render_json(&fold(run)).expect("renders")).expect("JSON");
        let told_of_it = told(&schema, &summary);
        assert!(told_of_it.is_empty(), "{told_of_it:?}");
        summary["scenarios"][0]["state"] = "splendid".into();
        assert_eq!(told(&schema, &summary).len(), 1);
    }
}

#[test]
fn every_line_of_the_record_is_what_its_published_schema_says_and_no_more() {
    let mut schema: Value = serde_json::from_str(include_str!("../../docs/schema/run-1.schema.json")).expect("JSON");
    closed(&mut schema);
    let mut kinds = std::collections::BTreeSet::new();
    for record in [records(), interrupted(), sound(), beside_a_baseline(), with_everything()].into_iter().flatten() {
        let mut line = serde_json::to_value(&record).expect("JSON");
        let told_of_it = told(&schema, &line);
        assert!(told_of_it.is_empty(), "{told_of_it:?}");
        kinds.insert(line["event"].as_str().expect("a kind").to_owned());
        line["splendid"] = true.into();
        assert_eq!(told(&schema, &line).len(), 1, "a member that the schema does not know: {line}");
    }
    let all = schema["oneOf"].as_array().expect("one for each event");
    let all = all.iter().filter_map(|event| event.pointer("/properties/event/const")?.as_str().map(str::to_owned));
    assert_eq!(kinds, all.collect(), "an event without its line, or without its schema");
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
