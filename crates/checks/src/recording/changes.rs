//! What has changed between two recordings of one answer, and which changes break a client.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{EMPTY_LIST, LIST, NULL, NUMBER, OBJECT, Recording, TEXT, Traits, WHOLE_NUMBER};

/// A place that is no longer as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it is.
    pub place: String,
    /// What was recorded there; `None` where nothing was.
    pub recorded: Option<String>,
    /// What stands there now; `None` where nothing does.
    pub actual: Option<String>,
    /// Whether a client that was written by the recording breaks on it. What is merely new has to be borne (C-59).
    pub breaking: bool,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, recorded, actual, .. } = self;
        match (recorded, actual) {
            (Some(recorded), Some(actual)) => write!(f, "{place}: {actual}, was {recorded}"),
            (Some(recorded), None) => write!(f, "{place}: gone, was {recorded}"),
            (None, Some(actual)) => write!(f, "{place}: new, {actual}"),
            (None, None) => write!(f, "{place}"),
        }
    }
}

impl Recording {
    /// Every change since this was recorded, in the order of the places.
    pub fn changes(&self, actual: &Self) -> Vec<Change> {
        let gone =
            self.0.iter().filter(|(place, _)| !actual.0.contains_key(*place)).filter_map(|(place, was)| actual.gone(place, was, self));
        let changed = self.0.iter().filter_map(|(place, was)| Some((place, was, actual.0.get(place)?))).filter_map(changed);
        let new =
            actual.0.iter().filter(|(place, _)| !self.0.contains_key(*place)).filter_map(|(place, is)| self.new_place(place, is, actual));
        let all: BTreeMap<String, Change> = gone.chain(changed).chain(new).map(|change| (change.place.clone(), change)).collect();
        all.into_values().collect()
    }

    /// Lists that had entries when they were recorded and have none now: nothing can be said of those.
    pub fn emptied(&self, actual: &Self) -> Vec<String> {
        let is_empty = |traits: Option<&Traits>| traits.is_some_and(|traits| traits.kinds.contains(EMPTY_LIST) && traits.kinds.len() == 1);
        self.0.keys().filter(|place| !is_empty(self.0.get(*place)) && is_empty(actual.0.get(*place))).cloned().collect()
    }

    /// A place that stood in `recorded` and does not here.
    fn gone(&self, place: &str, was: &Traits, recorded: &Self) -> Option<Change> {
        let change = Change { place: place.to_owned(), recorded: Some(was.to_string()), actual: None, breaking: true };
        (self.could_hold(place, recorded) && !was.seldom).then_some(change)
    }

    /// A place that stands in `actual` and did not here.
    fn new_place(&self, place: &str, is: &Traits, actual: &Self) -> Option<Change> {
        let change = Change { place: place.to_owned(), recorded: None, actual: Some(is.to_string()), breaking: is.required };
        // What is in something new is told by that.
        self.could_hold(place, actual).then_some(change)
    }

    /// Whether what holds a place of `other` is here too. Where it is not, that is told of itself.
    fn could_hold(&self, place: &str, other: &Self) -> bool {
        let Some(above) = other.holder(place) else { return true };
        let container = match &place[above.len()..] {
            entry if entry.starts_with("[]") => Some(LIST),
            member if member.starts_with('.') => Some(OBJECT),
            _ => None,
        };
        self.0.get(above).is_some_and(|traits| container.is_none_or(|container| traits.kinds.contains(container)))
    }

    /// The place that holds this one: of `a.b[]` it is `a.b`, of `header etag` nothing.
    fn holder<'place>(&self, place: &'place str) -> Option<&'place str> {
        let ends = place.rmatch_indices(['.', ' ', '[']).map(|(end, _)| &place[..end]);
        ends.into_iter().find(|above| self.0.contains_key(*above))
    }
}

fn changed((place, was, is): (&String, &Traits, &Traits)) -> Option<Change> {
    let only_null = is.kinds.iter().all(|kind| kind == NULL) && !was.kinds.contains(NULL);
    let others: Vec<&String> = is.kinds.iter().filter(|kind| *kind != NULL && !allows(was, kind)).collect();
    // A text of no format beside such as have theirs still.
    let mixed = others.iter().all(|kind| *kind == TEXT) && is.kinds.iter().any(|kind| was.kinds.contains(kind) && kind.starts_with(TEXT));
    let breaking = only_null || !(others.is_empty() || mixed) || (is.required && !was.required);
    let told = breaking
        || !others.is_empty()
        || is.required != was.required
        || is.kinds.contains(NULL) && !was.kinds.contains(NULL)
        || is.seldom && !was.seldom
        || is.values.difference(&was.values).next().is_some();
    told.then(|| Change { place: place.clone(), recorded: Some(was.to_string()), actual: Some(is.to_string()), breaking })
}

/// Whether a client that was written for what was recorded can read a value of this kind.
fn allows(was: &Traits, kind: &str) -> bool {
    let nothing_known = was.kinds.iter().all(|known| known == NULL);
    let wider = |known: &String| {
        known == kind
            || known == NUMBER && kind == WHOLE_NUMBER
            || known == TEXT && kind.starts_with(TEXT)
            || [known.as_str(), kind].iter().all(|kind| [LIST, EMPTY_LIST].contains(kind))
    };
    nothing_known || was.kinds.iter().any(wider)
}

/// How many times the recorded time an answer may take.
const TIMES: u32 = 3;
/// What no network owes anybody.
const UNNOTICED: Duration = Duration::from_millis(300);

/// Whether an answer takes markedly longer than it did: three times as long, and long enough for somebody to notice.
pub fn is_slower(recorded: Duration, now: Duration) -> bool {
    now > recorded * TIMES && now > recorded + UNNOTICED
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(recorded: &Value, actual: &Value) -> (Vec<String>, Vec<String>) {
        let changes = Recording::of_value("v", recorded).changes(&Recording::of_value("v", actual));
        let of = |breaking: bool| changes.iter().filter(|change| change.breaking == breaking).map(ToString::to_string).collect();
        (of(true), of(false))
    }

    fn breaking(recorded: &Value, actual: &Value) -> Vec<String> {
        told(recorded, actual).0
    }

    #[test]
    fn other_values_and_fewer_or_more_entries_are_no_change() {
        let recorded = json!({"items": [{"id": 1, "born": "1990-01-01", "price": 1.5, "note": null}, {"id": 2, "born": "1991-01-01", "price": 2.5}], "next": null});
        let actual = json!({"items": [{"price": 3, "born": "2000-12-31", "id": 9, "note": "x"}], "next": "y"});
        assert_eq!(told(&recorded, &actual), (vec![], vec![]));
    }

    #[test]
    fn every_break_is_told_once_at_its_top() {
        let recorded = json!({"items": [{"id": 1, "born": "1990-01-01", "name": "A", "home": {"city": "R", "zip": "1"}, "tags": ["a"]}]});
        for (actual, place) in [
            (
                json!({"items": [{"id": "1", "born": "1990-01-01", "name": "A", "home": {"city": "R", "zip": "1"}, "tags": ["a"]}]}),
                "v.items[].id",
            ),
            (
                json!({"items": [{"id": 1, "born": "01/01/1990", "name": "A", "home": {"city": "R", "zip": "1"}, "tags": ["a"]}]}),
                "v.items[].born",
            ),
            (
                json!({"items": [{"id": 1, "born": "1990-01-01", "name": null, "home": {"city": "R", "zip": "1"}, "tags": ["a"]}]}),
                "v.items[].name",
            ),
            (json!({"items": [{"id": 1, "born": "1990-01-01", "name": "A", "tags": ["a"]}]}), "v.items[].home"),
            (json!({"items": [{"id": 1, "born": "1990-01-01", "name": "A", "home": {"city": "R"}, "tags": ["a"]}]}), "v.items[].home.zip"),
            (json!({"items": [{"id": 1, "born": "1990-01-01", "name": "A", "home": null, "tags": ["a"]}]}), "v.items[].home"),
            (
                json!({"items": [{"id": 1, "born": "1990-01-01", "name": "A", "home": {"city": "R", "zip": "1"}, "tags": [1]}]}),
                "v.items[].tags[]",
            ),
            (json!({"items": {}}), "v.items"),
            (json!([]), "v"),
        ] {
            let told = breaking(&recorded, &actual);
            assert!(told.len() == 1 && told[0].starts_with(&format!("{place}: ")), "{actual}: {told:?}");
        }
    }

    #[test]
    fn several_breaks_are_all_told() {
        let told = breaking(&json!({"tenant_id": "101", "sub": "x"}), &json!({"tenantId": "101", "sub": 7}));
        assert_eq!(told, ["v.sub: whole number, was text", "v.tenant_id: gone, was text"]);
    }

    #[test]
    fn what_is_new_or_missing_here_and_there_is_told_and_breaks_nothing() {
        let recorded = json!({"items": [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}]});
        let actual = json!({"items": [{"id": 1, "name": null, "lang": "it"}, {"id": 2, "name": "B", "home": {"city": "R"}}]});
        let (breaks, more) = told(&recorded, &actual);
        assert_eq!(breaks, [""; 0]);
        assert_eq!(
            more,
            ["v.items[].home: new, object, not always", "v.items[].lang: new, text, not always", "v.items[].name: null or text, was text"]
        );
        let (breaks, more) = told(&recorded, &json!({"items": [{"id": 1}, {"id": 2, "name": "B"}]}));
        assert_eq!((breaks.len(), more), (0, vec!["v.items[].name: text, not always, was text".to_owned()]));
    }

    #[test]
    fn one_text_without_its_format_breaks_nothing_and_none_with_it_does() {
        let recorded = json!([{"photo": "https://a/1"}, {"photo": "https://a/2"}]);
        let (breaks, more) = told(&recorded, &json!([{"photo": "https://a/1"}, {"photo": ""}]));
        assert_eq!((breaks.len(), more.len()), (0, 1));
        assert_eq!(breaking(&recorded, &json!([{"photo": "a"}, {"photo": "b"}])).len(), 1);
        assert_eq!(told(&json!([{"photo": "https://a/1"}, {"photo": ""}]), &json!([{"photo": "b"}])), (vec![], vec![]));
    }

    #[test]
    fn of_an_empty_list_nothing_can_be_said_and_that_is_told() {
        let (full, empty) = (json!({"items": [{"id": 1}]}), json!({"items": []}));
        assert_eq!(told(&full, &empty), (vec![], vec![]));
        assert_eq!(told(&empty, &full), (vec![], vec![]));
        let emptied = |one: &Value, other: &Value| Recording::of_value("v", one).emptied(&Recording::of_value("v", other));
        assert_eq!(emptied(&full, &empty), ["v.items"]);
        assert_eq!(emptied(&empty, &full), [""; 0]);
    }

    #[test]
    fn what_a_caller_has_to_bring_breaks_however_it_comes() {
        let lines = |text: &str| text.parse::<Recording>().expect("a recording");
        let breaks = |was: &str, is: &str| lines(was).changes(&lines(is)).iter().filter(|change| change.breaking).count();
        assert_eq!(breaks("Draft.a: text", "Draft.a: text\nDraft.b: text, required"), 1);
        assert_eq!(breaks("Draft.a: text", "Draft.a: text\nDraft.b: text"), 0);
        assert_eq!(breaks("Draft.a: text", "Draft.a: text, required"), 1);
        assert_eq!(breaks("GET /a: operation", "GET /b: operation"), 1);
        // Something new may ask for what it likes, and to ask for less hurts nobody.
        assert_eq!(breaks("GET /a: operation", "GET /a: operation\nGET /b: operation\nGET /b query x: text, required"), 0);
        assert_eq!(breaks("Draft: object", "Draft: object\nDraft.home: object\nDraft.home.city: text, required"), 0);
        assert_eq!(breaks("Draft.a: text, required", "Draft.a: text"), 0);
    }

    #[test]
    fn three_times_as_long_is_slower_where_somebody_would_notice() {
        let slower = |recorded, now| is_slower(Duration::from_millis(recorded), Duration::from_millis(now));
        assert!(slower(20, 3_020) && slower(200, 601) && !slower(200, 600) && !slower(20, 310) && !slower(2_000, 5_000));
    }
}
