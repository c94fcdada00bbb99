//! The JSON Schemas of both files, held against the documentation's examples; and the target file that `init` writes.

use std::path::Path;

use serde_json::{Value, json};

use crate::program::Desk;

/// The blocks of TOML of a page of the documentation.
fn examples(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("a page");
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines().map(str::trim_start) {
        match (&mut block, line) {
            (None, "```toml") => block = Some(String::new()),
            (Some(_), "```") => blocks.extend(block.take()),
            (Some(block), line) => *block += &format!("{line}\n"),
            _ => {}
        }
    }
    blocks
}

fn read(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    serde_json::to_value(table).expect("JSON can say it")
}

/// The first file with the keys of the second.
fn merged(file: Value, more: &Value) -> Value {
    match (file, more) {
        (Value::Object(mut members), Value::Object(more)) => {
            for (name, value) in more {
                let known = members.remove(name).unwrap_or(Value::Null);
                members.insert(name.clone(), merged(known, value));
            }
            Value::Object(members)
        }
        (_, more) => more.clone(),
    }
}

struct Schema(Value);

impl Schema {
    fn of(desk: &Desk, file: &str) -> Self {
        let ended = desk.ended(&["schema", file]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        Self(serde_json::from_str(&ended.stdout).expect("JSON"))
    }

    fn errors(&self, file: &Value) -> Vec<String> {
        let validator = jsonschema::validator_for(&self.0).expect("a schema");
        validator.iter_errors(file).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }
}

#[test]
fn every_example_of_a_target_file_is_valid_and_a_misspelt_key_is_not() {
    let desk = Desk::new();
    let schema = Schema::of(&desk, "target");
    let blocks = examples("docs/targets.md");
    let file = read(&blocks[0]);
    assert!(blocks.len() > 1, "the steps of a sign-in");
    for block in &blocks {
        assert_eq!(schema.errors(&merged(file.clone(), &read(block))), Vec::<String>::new(), "{block}");
    }
    for more in [
        json!({ "isuer": "https://x.example" }),
        json!({ "client": { "secret": "x" } }),
        json!({ "client": { "auth": "jwt" } }),
        json!({ "users": { "ada": { "pasword_env": "X" } } }),
        json!({ "sign_in": [{ "clik": "#go" }] }),
        json!({ "consent": { "alow": "#go" } }),
        json!({ "authorize": { "extras": {} } }),
        json!({ "assume": { "tls_minimum": "1.1" } }),
        json!({ "assume": { "page_limit_max": 1 } }),
    ] {
        assert!(!schema.errors(&merged(file.clone(), &more)).is_empty(), "{more}");
    }
    assert!(schema.0.pointer("/properties/issuer/description").is_some_and(|words| words.as_str().is_some_and(|words| !words.is_empty())));
}

#[test]
fn every_example_of_a_profile_is_valid_and_a_misspelt_key_is_not() {
    let desk = Desk::new();
    let schema = Schema::of(&desk, "app");
    assert_eq!(desk.ended(&["init"]).code, Some(0));
    let file = read(&std::fs::read_to_string(desk.path("collaudo.toml")).expect("the profile"));
    for block in examples("docs/applications.md") {
        // Some show keys of [app] alone.
        let block = if block.starts_with('[') { block } else { format!("[app]\n{block}") };
        assert_eq!(schema.errors(&merged(file.clone(), &read(&block))), Vec::<String>::new(), "{block}");
    }
    for more in [
        json!({ "app": { "tipe": "web" } }),
        json!({ "app": { "type": "webb" } }),
        json!({ "app": { "login": { "logout": { "triger": "#x" } } } }),
        json!({ "app": { "patience": { "start": 601 } } }),
        json!({ "dossier": { "testers": "x" } }),
    ] {
        assert!(!schema.errors(&merged(file.clone(), &more)).is_empty(), "{more}");
    }
}

#[test]
fn a_target_file_to_start_from_is_one() {
    let desk = Desk::new();
    let ended = desk.ended(&["init", "--target"]);
    assert!(ended.code == Some(0) && ended.stdout.contains("`collaudo doctor --target sandbox.toml`"), "{ended:?}");
    let file = read(&std::fs::read_to_string(desk.path("sandbox.toml")).expect("the target file"));
    assert_eq!(Schema::of(&desk, "target").errors(&file), Vec::<String>::new());
    // It is read: what is missing is the first secret.
    let doctor = desk.ended(&["doctor", "--target", "sandbox.toml"]);
    assert!(doctor.code == Some(2) && doctor.stderr.contains("SANDBOX_SECRET, which sandbox.toml names, is not set"), "{doctor:?}");
    assert_eq!(desk.ended(&["init", "--target"]).code, Some(2), "one that is there is left as it is");
}
