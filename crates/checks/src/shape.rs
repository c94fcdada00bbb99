use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Refusal;
use super::judgement::Clause;

/// The shape of a JSON value: names and types, no content. What a change of the platform must keep (C-59).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Only `null` was seen: of no known type.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number without a fraction.
    Integer,
    /// Any number.
    Number,
    /// A string.
    Text,
    /// A value that is `null` at times.
    Nullable(Box<Shape>),
    /// The common shape of the entries; `None` of an empty list.
    List(Option<Box<Shape>>),
    /// An object with these members.
    Object(BTreeMap<String, Member>),
    /// Entries of one list that have no common shape.
    Mixed,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The shape of its value.
    pub shape: Shape,
    /// Absent from some entries of a list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// A member that the approved shape does not have, as a path such as `items[].email`. Allowed by C-59; worth a warning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Addition(pub String);

/// The shape of a value.
pub fn shape(value: &Value) -> Shape {
    match value {
        Value::Null => Shape::Null,
        Value::Bool(_) => Shape::Boolean,
        Value::Number(number) if number.is_i64() || number.is_u64() => Shape::Integer,
        Value::Number(_) => Shape::Number,
        Value::String(_) => Shape::Text,
        Value::Array(entries) => Shape::List(entries.iter().map(shape).reduce(common).map(Box::new)),
        Value::Object(members) => {
            Shape::Object(members.iter().map(|(name, value)| (name.clone(), Member { shape: shape(value), optional: false })).collect())
        }
    }
}

/// The narrowest shape that both values have.
fn common(one: Shape, other: Shape) -> Shape {
    match (one, other) {
        (one, other) if one == other => one,
        (Shape::Null, Shape::Nullable(inner)) | (Shape::Nullable(inner), Shape::Null) => Shape::Nullable(inner),
        (Shape::Null, inner) | (inner, Shape::Null) => Shape::Nullable(Box::new(inner)),
        (Shape::Nullable(one), Shape::Nullable(other)) => Shape::Nullable(Box::new(common(*one, *other))),
        (Shape::Nullable(inner), other) | (other, Shape::Nullable(inner)) => Shape::Nullable(Box::new(common(*inner, other))),
        (Shape::Integer | Shape::Number, Shape::Integer | Shape::Number) => Shape::Number,
        (Shape::List(one), Shape::List(other)) => Shape::List(match (one, other) {
            (Some(one), Some(other)) => Some(Box::new(common(*one, *other))),
            (one, other) => one.or(other),
        }),
        (Shape::Object(one), Shape::Object(other)) => Shape::Object(common_members(one, other)),
        _ => Shape::Mixed,
    }
}

fn common_members(one: BTreeMap<String, Member>, mut other: BTreeMap<String, Member>) -> BTreeMap<String, Member> {
    let mut members: BTreeMap<String, Member> = one
        .into_iter()
        .map(|(name, member)| {
            let member = match other.remove(&name) {
                Some(twin) => Member { shape: common(member.shape, twin.shape), optional: member.optional || twin.optional },
                None => Member { optional: true, ..member },
            };
            (name, member)
        })
        .collect();
    members.extend(other.into_iter().map(|(name, member)| (name, Member { optional: true, ..member })));
    members
}

/// Compares an answer with an approved one by shape: additions are given back, for a warning; a missing or retyped member is
/// a discrepancy (C-59). An optional or nullable member may be missing, `null` or present.
pub fn check_shape(approved: &Shape, actual: &Shape) -> Result<Vec<Addition>, Refusal> {
    let mut comparison = Comparison::default();
    comparison.compare("", approved, actual);
    if comparison.breaks.is_empty() {
        comparison.additions.sort();
        return Ok(comparison.additions);
    }
    let sides = |side: fn(&Break) -> String| comparison.breaks.iter().map(side).collect::<Vec<_>>().join("; ");
    let first = &comparison.breaks[0];
    Err(Clause("C-59").refuse(
        format!("the answer's shape has changed at {}", first.path),
        sides(|broken| format!("{}: {}", broken.path, broken.expected)),
        sides(|broken| format!("{}: {}", broken.path, broken.actual)),
        [],
    ))
}

#[derive(Default)]
struct Comparison {
    additions: Vec<Addition>,
    breaks: Vec<Break>,
}

struct Break {
    path: String,
    expected: &'static str,
    actual: &'static str,
}

impl Comparison {
    fn compare(&mut self, path: &str, approved: &Shape, actual: &Shape) {
        match (approved, actual) {
            // Of a value that was never seen nothing can be said; the same of an empty list's entries.
            (Shape::Null | Shape::Mixed, _) | (Shape::Number, Shape::Integer) | (Shape::Nullable(_), Shape::Null) => {}
            (Shape::Nullable(approved), Shape::Nullable(actual)) => self.compare(path, approved, actual),
            (Shape::Nullable(approved), actual) => self.compare(path, approved, actual),
            (Shape::List(Some(approved)), Shape::List(Some(actual))) => self.compare(&format!("{path}[]"), approved, actual),
            (Shape::List(_), Shape::List(_)) => {}
            (Shape::Object(approved), Shape::Object(actual)) => self.compare_members(path, approved, actual),
            (approved, actual) if approved == actual => {}
            (approved, actual) => self.add_break(path, approved.kind(), actual.kind()),
        }
    }

    fn compare_members(&mut self, path: &str, approved: &BTreeMap<String, Member>, actual: &BTreeMap<String, Member>) {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (name, member) in approved {
            match actual.get(name) {
                Some(found) if found.optional && !member.optional => {
                    self.add_break(&below(name), member.shape.kind(), "missing from some entries");
                }
                Some(found) => self.compare(&below(name), &member.shape, &found.shape),
                None if member.optional => {}
                None => self.add_break(&below(name), member.shape.kind(), "missing"),
            }
        }
        self.additions.extend(actual.keys().filter(|name| !approved.contains_key(*name)).map(|name| Addition(below(name))));
    }

    fn add_break(&mut self, path: &str, expected: &'static str, actual: &'static str) {
        let path = if path.is_empty() { "the top" } else { path };
        self.breaks.push(Break { path: path.to_owned(), expected, actual });
    }
}

impl Shape {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Nullable(_) => "null at times",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
            Self::Mixed => "entries of several shapes",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compared(approved: &Value, actual: &Value) -> Result<Vec<String>, String> {
        match check_shape(&shape(approved), &shape(actual)) {
            Ok(additions) => Ok(additions.into_iter().map(|Addition(path)| path).collect()),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    #[test]
    fn other_content_and_order_have_the_same_shape() {
        let approved = json!({ "items": [{ "id": 1, "firstName": "Ada", "price": 1.5 }], "hasMore": false });
        let actual =
            json!({ "hasMore": true, "items": [{ "price": 2, "firstName": "Bea", "id": 7 }, { "id": 8, "firstName": "C", "price": 3.5 }] });
        assert_eq!(compared(&approved, &actual), Ok(vec![]));
        assert_eq!(compared(&approved, &json!({ "items": [], "hasMore": false })), Ok(vec![]), "an empty list has no entry to compare");
    }

    #[test]
    fn an_added_member_is_named_and_allowed() {
        let actual = json!({ "items": [{ "id": 1, "email": "x" }, { "id": 2 }], "next": null });
        assert_eq!(compared(&json!({ "items": [{ "id": 1 }] }), &actual), Ok(vec!["items[].email".to_owned(), "next".to_owned()]));
    }

    #[test]
    fn a_missing_or_retyped_member_is_a_discrepancy() {
        let approved = json!({ "items": [{ "id": 1, "price": 2 }] });
        for (actual, at) in [
            (json!({ "items": [{ "id": "1", "price": 2 }] }), "items[].id"),
            (json!({ "items": [{ "price": 2 }] }), "items[].id"),
            (json!({ "items": [{ "id": 1, "price": 2 }, { "price": 2 }] }), "items[].id"),
            (json!({ "items": [{ "id": 1, "price": 2.5 }] }), "items[].price"),
            (json!({ "items": [{ "id": 1, "price": null }] }), "items[].price"),
            (json!({ "items": {} }), "items"),
            (json!({}), "items"),
            (json!([]), "the top"),
        ] {
            assert_eq!(compared(&approved, &actual), Err(format!("the answer's shape has changed at {at}")), "{actual}");
        }
    }

    #[test]
    fn optional_and_nullable_members_are_learnt_from_a_list() {
        let approved = json!([{ "id": 1, "phone": null }, { "id": 2, "phone": "x", "email": "y" }]);
        assert_eq!(compared(&approved, &json!([{ "id": 3, "phone": "z" }])), Ok(vec![]));
        assert_eq!(compared(&approved, &json!([{ "id": 3, "phone": null, "email": "z" }])), Ok(vec![]));
        assert!(compared(&approved, &json!([{ "id": 3, "phone": 4 }])).is_err());
        assert!(compared(&approved, &json!([{ "id": 3, "phone": "x", "email": 4 }])).is_err());
    }

    #[test]
    fn a_shape_survives_being_saved() {
        let known = shape(&json!({ "items": [{ "a": null }, { "a": 1.5, "b": [true] }], "n": 1, "t": "x" }));
        let saved = serde_json::to_string(&known).expect("a shape is JSON");
        assert_eq!(serde_json::from_str::<Shape>(&saved).expect("what was saved"), known);
    }
}
