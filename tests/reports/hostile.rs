//! A record from elsewhere: any number, time or text in it may be hostile. It is refused, or every format is rendered and obeys nothing.

use std::collections::BTreeSet;
use std::path::Path;

use collaudo::event::Lang;
use collaudo::report::{
    ReportError, Run, parse_jsonl, render_annotations, render_har, render_html, render_json, render_junit, render_markdown, render_messages,
};
use serde_json::{Value, json};

use super::run::records;

/// What a terminal, a page, a pipeline or a reader would obey or be deceived by.
const TEXT: &str = "x</script><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}EVIL\u{2066}\x1b[31m\x1b]0;t\x07\r\n::error::inj\r\n\
    ::stop-commands::x\u{0}]]>--><![CDATA[ \u{2028}|`@org/team` ![x](https://evil.example/x.png) \u{200b}";

/// The places of a record's values: object keys, and `*` for any element of a list.
fn places(value: &Value, at: &mut Vec<String>, found: &mut BTreeSet<Vec<String>>, wanted: fn(&Value) -> bool) {
    let mut below = |key: &str, value: &Value, at: &mut Vec<String>| {
        at.push(key.to_owned());
        places(value, at, found, wanted);
        at.pop();
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| below(key, value, at)),
        Value::Array(elements) => elements.iter().for_each(|value| below("*", value, at)),
        value if wanted(value) => drop(found.insert(at.clone())),
        _ => {}
    }
}

fn put(value: &mut Value, place: &[String], hostile: &Value) {
    match (place.split_first(), value) {
        (None, value) => *value = hostile.clone(),
        (Some((key, rest)), Value::Object(members)) => members.get_mut(key).into_iter().for_each(|value| put(value, rest, hostile)),
        (Some((_, rest)), Value::Array(elements)) => elements.iter_mut().for_each(|value| put(value, rest, hostile)),
        _ => {}
    }
}

fn lines() -> Vec<Value> {
    records().iter().map(|record| serde_json::to_value(record).expect("JSON")).collect()
}

fn all_places(wanted: fn(&Value) -> bool) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for line in lines() {
        // A record's kind first: the same key may mean another thing in another kind.
        let kind = line["event"].as_str().expect("a kind").to_owned();
        places(&line, &mut vec![kind], &mut found, wanted);
    }
    found.retain(|place| place[1..] != ["event".to_owned()]);
    found
}

/// Everything that is rendered of a record with this value at this place.
fn rendered(place: &[String], hostile: &Value) -> Result<Vec<(&'static str, String)>, ReportError> {
    let mut text = String::new();
    for mut line in lines() {
        if line["event"] == place[0].as_str() {
            put(&mut line, &place[1..], hostile);
        }
        text.push_str(&line.to_string());
        text.push('\n');
    }
    let run = Run::fold(parse_jsonl(Path::new("run.jsonl"), text.as_bytes())?.0)?;
    Ok(vec![
        ("report.html", render_html(&run, Lang::En, |_| None)?),
        ("junit.xml", render_junit(&run)?),
        ("report.json", render_json(&run)?),
        ("traffic.har", render_har(&run)?),
        ("messages.ndjson", render_messages(&run)?),
        ("summary.md", render_markdown(&run, Lang::En)),
        ("annotations.txt", render_annotations(&run)),
    ])
}

#[test]
fn no_number_or_time_of_a_record_is_too_much() {
    let numbers = all_places(Value::is_number);
    let times = all_places(|value| value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()));
    assert!(numbers.len() > 10 && !times.is_empty(), "{numbers:?} {times:?}");
    let (mut shown, mut refused) = (0, 0);
    let mut with = |place: &[String], hostile: &Value| match rendered(place, hostile) {
        Ok(_) => shown += 1,
        Err(_) => refused += 1,
    };
    for place in &numbers {
        for hostile in [json!(u64::MAX), json!(i64::MAX), json!(1_u64 << 44), json!(0), json!(-1), json!(1e300)] {
            with(place, &hostile);
        }
    }
    for place in &times {
        for hostile in ["9999-12-30T22:00:00Z", "-009999-01-02T01:59:59Z", "1970-01-01T00:00:00Z"] {
            with(place, &json!(hostile));
        }
    }
    assert!(shown > 20 && refused > 20, "{shown} {refused}");
}

#[test]
fn no_text_of_a_record_is_obeyed() {
    let places = all_places(Value::is_string);
    let mut wrong = Vec::new();
    let mut shown = 0;
    for place in &places {
        let told = match rendered(place, &json!(TEXT)) {
            Ok(files) => files,
            Err(_) => continue,
        };
        shown += 1;
        for (file, text) in told {
            // In a span of code Markdown has no markup.
            let text = if file == "summary.md" { text.split('`').step_by(2).collect() } else { text };
            // JSON is for programs: what of it is text they escape where they show it.
            let raw: &[&str] = match file {
                "report.json" | "traffic.har" | "messages.ndjson" => &["\x1b", "\0", "\r"],
                "annotations.txt" => &["\x1b", "\0", "\r", "\x07", "\u{202e}", "\u{2066}", "\n::error::inj", "\n::stop", "<script", "<img"],
                _ => &["\x1b", "\0", "\r", "\x07", "\u{202e}", "\u{2066}", "<script>alert(1)", "<img src=x"],
            };
            for raw in raw.iter().filter(|raw| text.contains(**raw)) {
                wrong.push(format!("{}: {raw:?} raw in {file}", place.join(".")));
            }
            if file == "summary.md" && (text.contains("![x](https") || text.contains("@org/team")) {
                wrong.push(format!("{}: a picture or a mention in {file}", place.join(".")));
            }
        }
    }
    assert!(shown > 20, "{shown} of {}", places.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), shown, wrong.join("\n"));
}
