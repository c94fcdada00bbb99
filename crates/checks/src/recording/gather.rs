//! From JSON values to places and what stands at them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use url::Url;

use super::{EMPTY_LIST, LIST, NULL, NUMBER, OBJECT, Recording, TEXT, Traits, WHOLE_NUMBER};

/// Closed lists that a document publishes, by place.
pub(super) type ClosedLists = BTreeMap<String, BTreeSet<String>>;

impl Recording {
    /// A value in kind, its places under a name.
    pub fn of_value(name: &str, value: &Value) -> Self {
        let mut recording = Self::default();
        recording.gather(name, &[value], 1, &ClosedLists::new());
        recording
    }

    /// Adds what stands at a place: `values` in the entries that have it, of `entries` in all.
    pub(super) fn gather(&mut self, place: &str, values: &[&Value], entries: usize, lists: &ClosedLists) {
        let mut traits = Traits { kinds: kinds(values), seldom: values.len() < entries, ..Traits::default() };
        if let Some(known) = lists.get(place) {
            let seen = values.iter().filter_map(|value| value.as_str()).filter(|value| is_word(value));
            traits.values = known.iter().map(String::as_str).chain(seen).map(str::to_owned).collect();
        }
        self.add(place, traits);
        let elements: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
        if !elements.is_empty() {
            self.gather(&format!("{place}[]"), &elements, elements.len(), lists);
        }
        let objects: Vec<_> = values.iter().filter_map(|value| value.as_object()).collect();
        let names: BTreeSet<&String> = objects.iter().flat_map(|members| members.keys()).collect();
        for name in names {
            let having: Vec<&Value> = objects.iter().filter_map(|members| members.get(name)).collect();
            self.gather(&format!("{place}.{}", name.replace(": ", ":")), &having, objects.len(), lists);
        }
    }
}

fn kinds(values: &[&Value]) -> BTreeSet<String> {
    let mut texts = values.iter().filter_map(|value| value.as_str()).map(format_of);
    let first = texts.next().flatten();
    // A format is one only if every text has it.
    let format = first.filter(|format| texts.all(|other| other == Some(*format)));
    values.iter().map(|value| kind(value, format)).collect()
}

fn kind(value: &Value, format: Option<&str>) -> String {
    match value {
        Value::Null => NULL.to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(number) if number.is_i64() || number.is_u64() => WHOLE_NUMBER.to_owned(),
        Value::Number(_) => NUMBER.to_owned(),
        Value::String(_) => text_kind(format),
        Value::Array(entries) if entries.is_empty() => EMPTY_LIST.to_owned(),
        Value::Array(_) => LIST.to_owned(),
        Value::Object(_) => OBJECT.to_owned(),
    }
}

/// The kind of a text of some format.
pub(super) fn text_kind(format: Option<&str>) -> String {
    format.map_or_else(|| TEXT.to_owned(), |format| format!("{TEXT} ({format})"))
}

/// A word of a closed list, which is nobody's name.
pub(super) fn is_word(text: &str) -> bool {
    static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\w.:/+-]{1,80}$").expect("a regular expression"));
    WORD.is_match(text)
}

fn format_of(text: &str) -> Option<&'static str> {
    static UUID: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$").expect("a regular expression"));
    static TIME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\d{2}:\d{2}(:\d{2})?$").expect("a regular expression"));
    static MAIL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[^@\s]+@[^@\s]+$").expect("a regular expression"));
    let has_time = text.contains('T');
    if text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok() {
        Some("date")
    } else if has_time && text.parse::<jiff::Timestamp>().is_ok() {
        Some("date and time with offset")
    } else if has_time && text.parse::<jiff::civil::DateTime>().is_ok() {
        Some("date and time")
    } else if TIME.is_match(text) {
        Some("time")
    } else if UUID.is_match(text) {
        Some("UUID")
    } else if text.starts_with("http") && Url::parse(text).is_ok() {
        Some("URL")
    } else if MAIL.is_match(text) {
        Some("e-mail address")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn formats_are_told_where_every_text_has_them_and_values_never() {
        let told = Recording::of_value("v", &json!([
            {"day": "2026-02-28", "at": "2026-02-28T10:00:00Z", "local": "2026-02-28T10:00:00", "name": "Ada", "mail": "a@b.it", "url": "https://x.y/z"},
            {"day": "1990-12-10", "at": "2026-02-28T10:00:00.5+01:00", "local": "2026-02-28T10:00", "name": "2026-01-01", "mail": "", "url": "http://x"},
        ]))
        .to_string();
        for line in [
            "v: list",
            "v[].at: text (date and time with offset)",
            "v[].day: text (date)",
            "v[].local: text (date and time)",
            "v[].mail: text",
            "v[].name: text",
            "v[].url: text (URL)",
        ] {
            assert!(told.contains(&format!("{line}\n")), "{line}: {told}");
        }
        assert!(!told.contains("Ada") && !told.contains("b.it") && !told.contains("x.y"), "{told}");
    }

    #[test]
    fn a_published_list_is_kept_with_what_was_seen_beside_it() {
        let lists = ClosedLists::from([("v[].status".to_owned(), BTreeSet::from(["open".to_owned()]))]);
        let mut recording = Recording::default();
        let value = json!([{"status": "noShow", "city": "Rome"}, {"status": "Ada Ferri"}]);
        recording.gather("v", &[&value], 1, &lists);
        let told = recording.to_string();
        assert!(told.contains("v[].status: text, one of noShow | open\n") && !told.contains("Rome") && !told.contains("Ferri"), "{told}");
    }
}
