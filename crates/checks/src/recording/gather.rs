//! From JSON values to places and what stands at them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use url::Url;

use super::documented::Documented;
use super::{EMPTY_LIST, LIST, NULL, NUMBER, OBJECT, Recording, TEXT, Traits, WHOLE_NUMBER};

impl Recording {
    /// A value in kind, its places under a name.
    pub fn of_value(name: &str, value: &Value) -> Self {
        let mut recording = Self::default();
        recording.gather(name, &[value], 1, None);
        recording
    }

    /// Adds what stands at a place: `values` in the entries that have it, of `entries` in all.
    pub(super) fn gather(&mut self, place: &str, values: &[&Value], entries: usize, documented: Option<&Documented>) {
        let mut traits = Traits { kinds: kinds(place, values, documented), seldom: values.len() < entries, ..Traits::default() };
        if let Some(known) = documented.and_then(|documented| documented.lists.get(place)) {
            let seen = values.iter().filter_map(|value| value.as_str()).filter(|value| is_word(value));
            traits.values = known.iter().map(String::as_str).chain(seen).map(str::to_owned).collect();
        }
        self.add(place, traits);
        let elements: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
        if !elements.is_empty() {
            self.gather(&format!("{place}[]"), &elements, elements.len(), documented);
        }
        let objects: Vec<_> = values.iter().filter_map(|value| value.as_object()).collect();
        let mut members: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        let mut keyed = false;
        for (name, value) in objects.iter().copied().flatten() {
            let is_name = documented.map_or_else(|| is_member_name(name), |documented| documented.objects.contains(place));
            keyed |= !is_name;
            members.entry(if is_name { escaped(name) } else { KEY.to_owned() }).or_default().push(value);
        }
        for (name, values) in members {
            // How many keys an object has is chance.
            let entries = if keyed { values.len() } else { objects.len() };
            self.gather(&format!("{place}.{name}"), &values, entries, documented);
        }
    }
}

/// In the place of keys that are no names of members: they may be anybody's.
const KEY: &str = "{key}";

/// A name as it can stand in a place.
fn escaped(name: &str) -> String {
    name.chars().map(|letter| if letter.is_whitespace() || ".[]:,".contains(letter) { '_' } else { letter }).collect()
}

/// Whether a key looks like the name of a member, where no document says so: not like a code, a number, or somebody's name.
fn is_member_name(key: &str) -> bool {
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Za-z_$@][\w$@.:/#-]{0,79}$").expect("a regular expression"));
    let is_address = key.starts_with("http");
    NAME.is_match(key) && (is_address || key.chars().filter(char::is_ascii_digit).count() < 3)
}

fn kinds(place: &str, values: &[&Value], documented: Option<&Documented>) -> BTreeSet<String> {
    let is = |places: fn(&Documented) -> &BTreeSet<String>| documented.is_some_and(|documented| places(documented).contains(place));
    let (plain, fractions) = (is(|documented| &documented.plain), is(|documented| &documented.numbers));
    let of = |value: &&Value| match value {
        Value::String(_) if plain => TEXT.to_owned(),
        Value::Number(_) if fractions => NUMBER.to_owned(),
        other => kind(other),
    };
    let mut kinds: BTreeSet<String> = values.iter().map(of).collect();
    if is(|documented| &documented.nullable) {
        kinds.insert(NULL.to_owned());
    }
    kinds
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => NULL.to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(number) if number.is_i64() || number.is_u64() => WHOLE_NUMBER.to_owned(),
        Value::Number(_) => NUMBER.to_owned(),
        Value::String(text) => text_kind(format_of(text)),
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
    fn formats_are_told_and_values_never() {
        let told = Recording::of_value(
            "v",
            &json!([
                {"day": "2026-02-28", "at": "2026-02-28T10:00:00Z", "local": "2026-02-28T10:00:00", "name": "Ada", "mail": "a@b.it", "url": "https://x.y/z"},
                {"day": "1990-12-10", "at": "2026-02-28T10:00:00.5+01:00", "local": "2026-02-28T10:00", "name": "Eva", "mail": "", "url": "http://x"},
            ]),
        )
        .to_string();
        for line in [
            "v: list",
            "v[].at: text (date and time with offset)",
            "v[].day: text (date)",
            "v[].local: text (date and time)",
            "v[].mail: text or text (e-mail address)",
            "v[].name: text",
            "v[].url: text (URL)",
        ] {
            assert!(told.contains(&format!("{line}\n")), "{line}: {told}");
        }
        assert!(!told.contains("Ada") && !told.contains("b.it") && !told.contains("x.y"), "{told}");
    }

    #[test]
    fn keys_that_are_no_names_are_not_kept() {
        let value = json!({"relatives": {"BCDKMD80A01H501G": {"age": 7}, "RSSMRA80A01H501U": {"age": 9}}, "by_name": {"Ada Ferri": 1}, "https://x.example/role": "a"});
        let told = Recording::of_value("v", &value).to_string();
        assert!(told.contains("v.relatives.{key}.age: whole number\n") && told.contains("v.by_name.{key}: whole number\n"), "{told}");
        assert!(!told.contains("80A01") && !told.contains("Ferri") && told.contains("role: text"), "{told}");
        // Where the document knows the object, a new member is told by its name, and what is in it is not.
        let documented = Documented { objects: BTreeSet::from(["v".to_owned()]), ..Documented::default() };
        let mut recording = Recording::default();
        recording.gather("v", &[&json!({"relatives": {"ada": 1}})], 1, Some(&documented));
        assert_eq!(recording.to_string(), "v: object\nv.relatives: object\nv.relatives.{key}: whole number\n");
    }

    #[test]
    fn a_document_says_what_values_cannot() {
        let places = |name: &str| BTreeSet::from([format!("v[].{name}")]);
        let documented = Documented {
            lists: BTreeMap::from([("v[].status".to_owned(), BTreeSet::from(["open".to_owned()]))]),
            objects: BTreeSet::from(["v[]".to_owned()]),
            plain: places("note"),
            numbers: places("price"),
            nullable: places("home"),
            ..Documented::default()
        };
        let mut recording = Recording::default();
        let value = json!([{"status": "noShow", "note": "2026-01-01", "price": 2, "home": 1}, {"status": "Ada Ferri", "note": "x", "price": 3, "home": 2}]);
        recording.gather("v", &[&value], 1, Some(&documented));
        let told = recording.to_string();
        for line in ["v[].status: text, one of noShow | open", "v[].note: text", "v[].price: number", "v[].home: null or whole number"] {
            assert!(told.contains(&format!("{line}\n")), "{line}: {told}");
        }
        assert!(!told.contains("Ferri"), "{told}");
    }
}
