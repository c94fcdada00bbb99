//! What is kept of a platform's answers, to see later whether they have changed (C-59): a line for each place in an answer, with
//! what stands there in kind. Names and formats are kept, and values of closed lists that a document publishes; no other value.

mod changes;
mod document;
mod documented;
mod gather;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

pub use changes::{Change, is_slower};

/// One answer of a platform in kind: places such as `body.items[].birthDate`, each with its traits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording(BTreeMap<String, Traits>);

/// What stands at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Traits {
    /// Kinds of JSON values with the format of texts, such as `text (date)`; of a place that is no value, such as a header's, a word.
    kinds: BTreeSet<String>,
    /// The closed list that the value is of.
    values: BTreeSet<String>,
    /// Whoever calls has to bring it.
    required: bool,
    /// Absent from some entries.
    seldom: bool,
}

/// A line of a text that is no recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is not of the form `place: kind`")]
pub struct NotRecorded(usize);

const REQUIRED: &str = "required";
const SELDOM: &str = "not always";
const ONE_OF: &str = "one of ";
const NULL: &str = "null";
const TEXT: &str = "text";
const LIST: &str = "list";
const EMPTY_LIST: &str = "empty list";
const OBJECT: &str = "object";
const WHOLE_NUMBER: &str = "whole number";
const NUMBER: &str = "number";
/// Of a place that is there or not.
const THERE: &str = "there";

impl Recording {
    fn add(&mut self, place: impl Into<String>, traits: Traits) {
        self.0.insert(place.into(), traits);
    }

    /// A place that is there or not, such as a header.
    fn note(&mut self, place: impl Into<String>) {
        self.add(place, Traits::of(THERE));
    }

    /// How many places it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Traits {
    fn of(kind: impl Into<String>) -> Self {
        Self { kinds: BTreeSet::from([kind.into()]), ..Self::default() }
    }

    fn required_if(self, required: bool) -> Self {
        Self { required, ..self }
    }
}

impl fmt::Display for Traits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kinds.iter().map(String::as_str).collect::<Vec<_>>().join(" or "))?;
        if !self.values.is_empty() {
            let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
            write!(f, ", {ONE_OF}{}", values.join(" | "))?;
        }
        for (holds, word) in [(self.required, REQUIRED), (self.seldom, SELDOM)] {
            if holds {
                write!(f, ", {word}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(place, traits)| writeln!(f, "{place}: {traits}"))
    }
}

impl FromStr for Recording {
    type Err = NotRecorded;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines
            .map(|(number, line)| {
                let (place, traits) = line.rsplit_once(": ").ok_or(NotRecorded(number + 1))?;
                Ok((place.trim().to_owned(), read_traits(traits.trim()).ok_or(NotRecorded(number + 1))?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn read_traits(text: &str) -> Option<Traits> {
    let mut parts = text.split(", ");
    let kinds = parts.next()?.split(" or ").map(str::to_owned).collect();
    let mut traits = Traits { kinds, ..Traits::default() };
    for part in parts {
        match part {
            REQUIRED => traits.required = true,
            SELDOM => traits.seldom = true,
            other => traits.values = other.strip_prefix(ONE_OF)?.split(" | ").map(str::to_owned).collect(),
        }
    }
    Some(traits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_recording_is_read_as_it_was_written() {
        let mut recording =
            Recording::of_value("body", &json!({"items": [{"id": 1, "n": null, "day": "2026-01-02"}, {"id": 2.5}], "more": true}));
        recording.add("Patient.gender", Traits { values: ["F", "M"].map(str::to_owned).into(), ..Traits::of(TEXT).required_if(true) });
        recording.note("header cache-control no-store");
        let text = recording.to_string();
        assert!(text.contains("Patient.gender: text, one of F | M, required\n"), "{text}");
        assert!(text.contains("body.items[].day: text (date), not always\n"), "{text}");
        assert_eq!(text.parse::<Recording>(), Ok(recording));
    }

    #[test]
    fn what_is_no_recording_is_refused_with_its_line() {
        assert_eq!("a: text\nb".parse::<Recording>(), Err(NotRecorded(2)));
        assert_eq!("a: text, seldom".parse::<Recording>(), Err(NotRecorded(1)));
        assert_eq!("".parse::<Recording>(), Ok(Recording::default()));
    }
}
