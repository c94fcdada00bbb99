use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// One line of the data file: a member's element, by where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Part and member, such as `accounts.users`.
    pub kind: String,
    /// `[00000012]` in a list, `.name` in a map, empty for what is neither.
    pub key: String,
    /// JSON.
    pub value: String,
}

/// The entries of one part: an element of each of its lists and maps is an entry of its own, so that a small change is a small write.
pub(super) fn split(part: &str, value: Value) -> Vec<Entry> {
    let Value::Object(members) = value else { return Vec::new() };
    let mut entries = Vec::new();
    for (name, member) in members {
        let kind = format!("{part}.{name}");
        let mut push = |key: String, value: Value| entries.push(Entry { kind: kind.clone(), key, value: value.to_string() });
        match member {
            Value::Array(elements) => elements.into_iter().enumerate().for_each(|(index, element)| push(format!("[{index:08}]"), element)),
            Value::Object(elements) => elements.into_iter().for_each(|(name, element)| push(format!(".{name}"), element)),
            other => push(String::new(), other),
        }
    }
    entries
}

/// The parts that entries were split from. Entries of a kind must come in the order of their keys.
pub(super) fn join(entries: impl IntoIterator<Item = Entry>) -> Result<BTreeMap<String, Value>, String> {
    let mut parts: BTreeMap<String, Value> = BTreeMap::new();
    for Entry { kind, key, value } in entries {
        let (part, member) = kind.rsplit_once('.').ok_or_else(|| format!("the kind `{kind}` names no part"))?;
        let value: Value = serde_json::from_str(&value).map_err(|error| format!("{kind}{key}: {error}"))?;
        let Value::Object(members) = parts.entry(part.to_owned()).or_insert_with(|| Value::Object(Map::new())) else {
            unreachable!("every part is made as an object")
        };
        let wrong = || format!("{kind}{key} is of another shape than its neighbours");
        if let Some(name) = key.strip_prefix('.') {
            let map = members.entry(member).or_insert_with(|| Value::Object(Map::new()));
            map.as_object_mut().ok_or_else(wrong)?.insert(name.to_owned(), value);
        } else if key.starts_with('[') {
            let list = members.entry(member).or_insert_with(|| Value::Array(Vec::new())).as_array_mut().ok_or_else(wrong)?;
            if key != format!("[{:08}]", list.len()) {
                return Err(format!("an element is missing before {kind}{key}"));
            }
            list.push(value);
        } else {
            members.insert(member.to_owned(), value);
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_split_is_joined_again() {
        let value = json!({"users": [{"id": "a"}, {"id": "b"}], "sessions": {"x.y": {"user": "a"}, "": 1}, "first_id": 7});
        let entries = split("clinic/101", value.clone());
        assert_eq!(entries.len(), 5);
        assert_eq!((entries[1].kind.as_str(), entries[1].key.as_str()), ("clinic/101.users", "[00000001]"));
        assert_eq!(join(entries).expect("whole"), BTreeMap::from([("clinic/101".to_owned(), value)]));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let entry = |kind: &str, key: &str, value: &str| Entry { kind: kind.to_owned(), key: key.to_owned(), value: value.to_owned() };
        for entries in [
            vec![entry("accounts.users", "[00000001]", "1")],
            vec![entry("accounts.users", "[00000000]", "{")],
            vec![entry("accounts", "", "1")],
            vec![entry("accounts.users", "[00000000]", "1"), entry("accounts.users", ".x", "1")],
        ] {
            assert!(join(entries.clone()).is_err(), "{entries:?}");
        }
    }
}
