//! What is kept of each kind of answer.

use std::collections::BTreeSet;

use http::HeaderMap;
use serde_json::{Map, Value};

use super::documented::Documented;
use super::gather::is_word;
use super::{Recording, Traits};
use crate::Answer;
use crate::api_document::BODY;

/// Header and claims of a token.
type Parts<'token> = (&'token Map<String, Value>, &'token Map<String, Value>);

/// Headers that clients and their browsers go by; of others (a date, a trace) nothing is kept.
const HEADERS: [&str; 16] = [
    "cache-control",
    "content-security-policy",
    "content-type",
    "deprecation",
    "etag",
    "last-modified",
    "link",
    "location",
    "pragma",
    "referrer-policy",
    "retry-after",
    "strict-transport-security",
    "sunset",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
];
const FAMILIES: [&str; 3] = ["access-control-", "ratelimit", "x-ratelimit-"];
/// Headers whose words are of closed lists, without their arguments.
const WORDS_KEPT: [&str; 3] = ["cache-control", "content-type", "pragma"];

impl Recording {
    /// An answer: its status, the headers that clients go by, its body.
    pub fn of_answer(answer: &Answer) -> Self {
        Self::with(answer, None)
    }

    /// An answer to `GET path`, with what the platform's OpenAPI document says of it.
    pub fn of_documented(answer: &Answer, document: &Value, path: &str) -> Self {
        Self::with(answer, Documented::of(document, path, answer.status).as_ref())
    }

    /// One entry of a list, which says little by itself: what an entry may leave out is in the document, and in the list that was read before.
    pub fn of_entry(answer: &Answer, document: &Value, path: &str, list: &Self) -> Self {
        let documented = Documented::of(document, path, answer.status);
        let mut recording = Self::with(answer, documented.as_ref());
        // What some entries have and this one has not.
        for (place, known) in &list.0 {
            let here = place.strip_prefix(BODY).and_then(|rest| rest.strip_prefix(".items[]")).map(|rest| format!("{BODY}{rest}"));
            let may_lack = |here: &String| {
                known.seldom || here.contains("[]") || documented.as_ref().is_some_and(|documented| documented.optional.contains(here))
            };
            if let Some(here) = here.filter(|here| !recording.0.contains_key(here) && may_lack(here)) {
                recording.add(here, Traits { seldom: true, ..known.clone() });
            }
        }
        for (place, traits) in &mut recording.0 {
            if documented.as_ref().is_some_and(|documented| documented.optional.contains(place)) {
                traits.seldom = true;
            }
            let in_list = place.strip_prefix(BODY).and_then(|rest| list.0.get(&format!("{BODY}.items[]{rest}")));
            if let Some(known) = in_list {
                traits.kinds.extend(known.kinds.iter().cloned());
                traits.seldom |= known.seldom;
            }
        }
        recording
    }

    /// A token answer: also which type of token it gives.
    pub fn of_token_answer(answer: &Answer) -> Self {
        let mut recording = Self::of_answer(answer);
        if let Some(word) = answer.body.get("token_type").and_then(Value::as_str).filter(|word| is_word(word)) {
            recording.note(format!("token type {}", word.to_ascii_lowercase()));
        }
        recording
    }

    fn with(answer: &Answer, documented: Option<&Documented>) -> Self {
        let mut recording = Self::head(answer);
        if answer.body.is_null() {
            recording.add(BODY, Traits::of("no JSON"));
        } else {
            recording.gather(BODY, &[&answer.body], 1, documented);
        }
        recording
    }

    /// Its status, and the headers that clients go by.
    fn head(answer: &Answer) -> Self {
        let mut recording = Self::default();
        recording.note(format!("status {}", answer.status));
        recording.add_headers(&answer.headers);
        recording
    }

    fn add_headers(&mut self, headers: &HeaderMap) {
        let is_kept = |name: &str| HEADERS.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family));
        for (name, value) in headers.iter().filter(|(name, _)| is_kept(name.as_str())) {
            self.note(format!("header {name}"));
            let text = value.to_str().unwrap_or_default();
            let words = if WORDS_KEPT.contains(&name.as_str()) { text } else { "" };
            for word in words.split(',').filter_map(|part| part.split([';', '=']).next()).map(str::trim).filter(|word| is_word(word)) {
                self.note(format!("header {name} {}", word.to_ascii_lowercase()));
            }
        }
    }

    /// A discovery document: its lists by their values, what it says in words, addresses as such.
    pub fn of_discovery(answer: &Answer) -> Self {
        let mut recording = Self::head(answer);
        for (name, value) in answer.body.as_object().into_iter().flatten() {
            match value {
                Value::Array(values) if values.iter().all(Value::is_string) => {
                    recording.note(name);
                    let words = values.iter().filter_map(Value::as_str).filter(|word| is_word(word));
                    words.for_each(|word| recording.note(format!("{name} {word}")));
                }
                Value::Bool(holds) => recording.add(name, Traits::of(holds.to_string())),
                other => recording.gather(name, &[other], 1, None),
            }
        }
        recording
    }

    /// A key set: which kinds of keys it has, not how many, nor which.
    pub fn of_key_set(answer: &Answer) -> Self {
        let mut recording = Self::head(answer);
        let keys = answer.body.get("keys").and_then(Value::as_array);
        let kinds: BTreeSet<String> = keys.into_iter().flatten().filter_map(Value::as_object).map(kind_of_key).collect();
        kinds.into_iter().for_each(|kind| recording.note(format!("key {kind}")));
        recording
    }

    /// A token: its header and its claims, or that a client cannot read it.
    pub fn of_token(parts: Option<Parts<'_>>) -> Self {
        let mut recording = Self::default();
        let Some((header, claims)) = parts else {
            recording.note("opaque");
            return recording;
        };
        for (name, value) in header {
            match value.as_str().filter(|word| matches!(name.as_str(), "alg" | "typ") && is_word(word)) {
                Some(word) => recording.note(format!("header {name} {word}")),
                None => recording.note(format!("header {name}")),
            }
        }
        recording.gather("claims", &[&Value::Object(claims.clone())], 1, None);
        recording
    }
}

/// Type, use, algorithm and curve of a key, and whether it has a name.
fn kind_of_key(key: &Map<String, Value>) -> String {
    let word = |name: &str| key.get(name).and_then(Value::as_str).filter(|word| is_word(word));
    let mut words: Vec<&str> = ["kty", "use", "alg", "crv"].into_iter().filter_map(word).collect();
    words.push(if word("kid").is_some() { "with kid" } else { "without kid" });
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::*;

    fn answer(headers: &[(&'static str, &'static str)], body: Value) -> Answer {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect();
        Answer { status: 200, headers, body }
    }

    fn changes(one: &Recording, other: &Recording) -> (usize, usize) {
        let changes = one.changes(other);
        let breaking = changes.iter().filter(|change| change.breaking).count();
        (breaking, changes.len() - breaking)
    }

    #[test]
    fn a_header_that_goes_breaks_and_one_of_the_day_is_nothing() {
        let usual = [
            ("content-type", "application/json; charset=utf-8"),
            ("cache-control", "no-store, max-age=0"),
            ("date", "today"),
            ("x-trace", "7"),
        ];
        let recorded = Recording::of_answer(&answer(&usual, json!({})));
        assert!(!recorded.to_string().contains("today") && !recorded.to_string().contains("trace"), "{recorded}");
        assert_eq!(changes(&recorded, &Recording::of_answer(&answer(&usual[..2], json!({})))), (0, 0));
        assert_eq!(changes(&recorded, &Recording::of_answer(&answer(&usual[..1], json!({})))), (1, 0), "the header, not each of its words");
        let weaker = [usual[0], ("cache-control", "max-age=0")];
        assert_eq!(changes(&recorded, &Recording::of_answer(&answer(&weaker, json!({})))), (1, 0));
        let html = [("content-type", "text/html"), usual[1]];
        assert_eq!(changes(&recorded, &Recording::of_answer(&answer(&html, json!({})))), (1, 1));
    }

    #[test]
    fn one_entry_is_judged_by_its_list() {
        let list = Recording::of_answer(&answer(
            &[],
            json!({"items": [{"id": 1, "note": "x", "tags": [], "name": "a"}, {"id": 2, "tags": ["a"], "note": null, "tel": "1", "name": "b"}]}),
        ));
        let entry = |body: Value| Recording::of_entry(&answer(&[], body), &json!({}), "/v2/x/1", &list);
        let recorded = entry(json!({"id": 1, "note": "x", "tags": [], "name": "a"}));
        assert_eq!(
            changes(&recorded, &entry(json!({"id": 2, "tags": ["a"], "note": null, "tel": "1", "name": "b"}))),
            (0, 0),
            "the order of a list is nothing"
        );
        assert_eq!(changes(&recorded, &entry(json!({"id": "2", "note": "x", "tags": [], "name": "b"}))), (1, 0));
        assert_eq!(changes(&recorded, &entry(json!({"id": 2, "note": "x", "tags": []}))), (1, 0));
    }

    #[test]
    fn another_status_breaks() {
        let recorded = Recording::of_answer(&answer(&[], json!({"items": []})));
        let refused = Recording::of_answer(&Answer { status: 500, ..answer(&[], json!({"items": []})) });
        assert_eq!(changes(&recorded, &refused), (1, 1));
    }

    #[test]
    fn a_discovery_document_is_kept_by_what_it_supports() {
        let of = |body: Value| Recording::of_discovery(&answer(&[], body));
        let recorded = of(json!({"issuer": "https://a.b", "scopes_supported": ["openid", "email"], "request_parameter_supported": false}));
        assert!(!recorded.to_string().contains("a.b"), "{recorded}");
        let moved = of(json!({"issuer": "https://c.d", "scopes_supported": ["email", "openid"], "request_parameter_supported": false}));
        assert_eq!(changes(&recorded, &moved), (0, 0));
        let less = of(json!({"issuer": "https://a.b", "scopes_supported": ["openid"], "request_parameter_supported": true}));
        assert_eq!(changes(&recorded, &less), (2, 0));
        let more = of(
            json!({"issuer": "https://a.b", "scopes_supported": ["openid", "email", "phone"], "request_parameter_supported": false, "par": "https://a.b/par"}),
        );
        assert_eq!(changes(&recorded, &more), (0, 2));
    }

    #[test]
    fn new_keys_of_a_known_kind_are_no_change() {
        let of = |keys: Value| Recording::of_key_set(&answer(&[], json!({"keys": keys})));
        let recorded = of(json!([{"kty": "RSA", "alg": "RS256", "kid": "1", "n": "x"}]));
        assert_eq!(
            changes(&recorded, &of(json!([{"kty": "RSA", "alg": "RS256", "kid": "2"}, {"kty": "RSA", "alg": "RS256", "kid": "3"}]))),
            (0, 0)
        );
        assert_eq!(changes(&recorded, &of(json!([{"kty": "EC", "alg": "ES256", "kid": "1"}]))), (1, 1));
    }

    #[test]
    fn claims_that_go_come_or_change_their_type_are_told() {
        let of = |claims: Value| {
            Recording::of_token(Some((
                json!({"alg": "RS256", "kid": "k"}).as_object().expect("an object"),
                claims.as_object().expect("an object"),
            )))
        };
        let recorded = of(json!({"sub": "u", "tenant_id": "101", "exp": 1}));
        assert_eq!(changes(&recorded, &of(json!({"sub": "v", "tenant_id": "7", "exp": 9}))), (0, 0));
        assert_eq!(changes(&recorded, &of(json!({"sub": "u", "tenantId": "101", "exp": 1}))), (1, 1));
        assert_eq!(changes(&recorded, &of(json!({"sub": "u", "tenant_id": 101, "exp": 1, "amr": ["pwd"]}))), (1, 1));
        assert_eq!(changes(&recorded, &Recording::of_token(None)).0, 3, "an opaque token has neither header nor claims");
    }
}
