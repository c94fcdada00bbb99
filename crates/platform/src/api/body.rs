//! JSON that has one meaning only.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// # Errors
/// Where the text is no JSON, or an object names a member twice: which of the two counts depends on who reads it (RFC 8259 section 4).
pub(super) fn parse_unambiguous(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice::<Unambiguous>(text).map(|value| value.0)
}

struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Members).map(Self)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut found = Vec::new();
        while let Some(Unambiguous(item)) = items.next_element()? {
            found.push(item);
        }
        Ok(Value::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut found = Map::new();
        while let Some((name, Unambiguous(value))) = members.next_entry::<String, _>()? {
            // The message names no member: what was sent is personal.
            if found.insert(name, value).is_some() {
                return Err(A::Error::custom("an object names a member twice"));
            }
        }
        Ok(Value::Object(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_is_named_twice_has_no_meaning() {
        for text in
            ["null", "{}", r#"[1, -2, 0.5, "a\u00e8", true, {"a": {"a": null}, "b": [{"a": 1}, {"a": 2}]}]"#, "18446744073709551615"]
        {
            assert_eq!(parse_unambiguous(text.as_bytes()).expect("it has one meaning"), serde_json::from_str::<Value>(text).expect("JSON"));
        }
        for text in [r#"{"a": 1, "a": 1}"#, r#"{"a": 1, "\u0061": 2}"#, r#"[{"b": {"a": 1, "c": 2, "a": null}}]"#] {
            let why = parse_unambiguous(text.as_bytes()).expect_err("it has two meanings").to_string();
            assert!(why.starts_with("an object names a member twice at line 1"), "{why}");
        }
        assert!(parse_unambiguous(b"{} {}").is_err() && parse_unambiguous(b"").is_err());
    }
}
