//! What a platform's OpenAPI document says of the places of an answer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api_document::{BODY, operation, requires, resolve};

/// How far a schema is followed: one may refer to itself.
const DEEPEST: usize = 12;

/// The places of one answer, as its schema describes them.
#[derive(Debug, Default)]
pub(super) struct Documented {
    /// Closed lists (`enum`) of values.
    pub lists: BTreeMap<String, BTreeSet<String>>,
    /// Objects with members of known names. Any other object of the answer may have names of anybody's as its keys.
    pub objects: BTreeSet<String>,
    /// Texts of no format: what their values look like is chance.
    pub plain: BTreeSet<String>,
    /// Numbers that may have a fraction.
    pub numbers: BTreeSet<String>,
    /// Members that an entry may leave out.
    pub optional: BTreeSet<String>,
    /// Members that may be `null`.
    pub nullable: BTreeSet<String>,
}

impl Documented {
    /// Of the answer with this status to `GET path`; `None` where the document does not describe it. `path` is without its query.
    pub(super) fn of(document: &Value, path: &str, status: u16) -> Option<Self> {
        let response = operation(document, "get", path)?.get("responses")?.get(status.to_string())?;
        let schema = resolve(document, response).get("schema")?;
        let mut documented = Self::default();
        documented.add(document, schema, BODY, DEEPEST);
        Some(documented)
    }

    fn add(&mut self, document: &Value, schema: &Value, place: &str, depth: usize) {
        let schema = resolve(document, schema);
        let Some(depth) = depth.checked_sub(1) else { return };
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            self.lists.insert(place.to_owned(), values.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        if schema.get("x-nullable") == Some(&Value::Bool(true)) {
            self.nullable.insert(place.to_owned());
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") if schema.get("format").is_none() => drop(self.plain.insert(place.to_owned())),
            Some("number") => drop(self.numbers.insert(place.to_owned())),
            _ => {}
        }
        if let Some(items) = schema.get("items") {
            self.add(document, items, &format!("{place}[]"), depth);
        }
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.objects.insert(place.to_owned());
            let below = format!("{place}.{name}");
            if !requires(schema, name) {
                self.optional.insert(below.clone());
            }
            self.add(document, member, &below, depth);
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.add(document, part, place, depth);
        }
    }
}
