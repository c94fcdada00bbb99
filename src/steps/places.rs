//! Where something may be left in a browser, for however short a time.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::Failure;
use super::stage::Visitor;
use crate::browser::Cookie;
use crate::checks::Place;

/// Where is looked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// What the browser was sent as bodies, and what it still has.
    Everything,
    /// The same without what a script keeps in cookies and storages.
    EverythingButStorage,
    Storage,
    UrlsAndStorage,
}

/// Where the links and forms of a page lead.
fn addresses(source: &str) -> Vec<String> {
    static ADDRESSES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)\b(?:href|src|action|formaction)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#).expect("well formed")
    });
    if !source.trim_start().starts_with('<') {
        return Vec::new();
    }
    let found = ADDRESSES.captures_iter(source);
    found.filter_map(|found| found.iter().skip(1).flatten().next().map(|address| address.as_str().replace("&amp;", "&"))).collect()
}

/// A text without the ID tokens that tell the platform, at a sign-out, whose session to end: there they belong to the address.
fn without_hints(text: &str) -> String {
    static HINTS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            r#"(?i)(id_token_hint(?:=|%3d|["']\s*[:,]\s*["']|["'][^>]{0,200}?value\s*=\s*["']?))[\w.-]+"#,
            r#"(?i)(value\s*=\s*["']?)[\w.-]+(["']?[^>]{0,200}?name\s*=\s*["']?id_token_hint)"#,
        ]
        .map(|pattern| Regex::new(pattern).expect("well formed"))
    });
    HINTS.iter().fold(text.to_owned(), |text, hint| hint.replace_all(&text, "$1$2").into_owned())
}

/// Long cookies come in several, by numbers at the end of their name: they are put together again.
fn joined(cookies: &[Cookie]) -> Vec<(String, String)> {
    let mut parts: BTreeMap<&str, BTreeMap<u32, &str>> = BTreeMap::new();
    for cookie in cookies {
        let stem = cookie.name.trim_end_matches(|c: char| c.is_ascii_digit());
        if let Ok(number) = cookie.name[stem.len()..].parse() {
            parts.entry(stem).or_default().insert(number, &cookie.value);
        }
    }
    let several = parts.into_iter().filter(|(_, parts)| parts.len() > 1);
    several.map(|(stem, parts)| (format!("the cookies `{stem}…`"), parts.into_values().collect())).collect()
}

/// Headers of answers, messages of servers and what was written to a storage, whatever has become of it since.
pub(super) fn passing(visitor: &Visitor) -> Vec<Place> {
    let passed = visitor.context.passed().into_iter();
    passed.map(|passed| Place { name: passed.name, text: without_hints(&passed.text) }).collect()
}

/// What only the browser's owner and its scripts can read: an application may keep there what it needs for a moment.
const KEPT: [&str; 6] = ["cookie ", "the cookies ", "localStorage ", "sessionStorage ", "IndexedDB ", "the header `set-cookie`"];

/// What the browser was shown: pages, addresses, headers, words of the console.
pub(super) async fn shown(visitor: &Visitor, issuer: &str) -> Result<Vec<Place>, Failure> {
    let mut shown = places(visitor, issuer, Scope::Everything).await?;
    shown.extend(passing(visitor));
    shown.retain(|place| !KEPT.iter().any(|kept| place.name.starts_with(kept)));
    Ok(shown)
}

/// Where something may be left in a browser: every page's source, URL and storage; what is in the platform's own pages excepted.
pub(super) async fn places(visitor: &Visitor, issuer: &str, scope: Scope) -> Result<Vec<Place>, Failure> {
    let (sources, urls, storages) = match scope {
        Scope::Everything => (true, true, true),
        Scope::EverythingButStorage => (true, true, false),
        Scope::UrlsAndStorage => (false, true, true),
        Scope::Storage => (false, false, true),
    };
    let mut places = Vec::new();
    let mut add = |name: String, text: String| places.push(Place { name, text: without_hints(&text) });
    for body in visitor.context.bodies().await.into_iter().filter(|body| urls && !body.url.starts_with(issuer)) {
        for address in addresses(&body.text) {
            add("an address in a page".to_owned(), address);
        }
        if sources {
            let path = body.url.split(['?', '#']).next().unwrap_or_default();
            add(format!("the answer of {path}"), body.text);
        }
    }
    for words in visitor.context.console().into_iter().filter(|_| urls) {
        add("the browser's console".to_owned(), words);
    }
    for page in visitor.context.pages() {
        let url = page.url();
        if url.starts_with(issuer) {
            continue;
        }
        if sources {
            add("a page's source".to_owned(), page.source().await?);
        }
        let storage = page.storage().await?;
        let kinds = [
            ("localStorage", storage.local),
            ("sessionStorage", storage.session),
            ("IndexedDB", storage.indexed_db),
            ("cache", storage.cached),
        ];
        for (kind, entries) in kinds.into_iter().filter(|_| storages) {
            for (key, value) in entries {
                add(format!("{kind} entry `{key}`"), format!("{key} {value}"));
            }
        }
        for visited in storage.urls.into_iter().filter(|visited| urls && !visited.starts_with(issuer)) {
            add("a URL of the history".to_owned(), visited);
        }
    }
    // To where the application sends the browser at the platform belongs no secret either; what its script asks the platform for may.
    let is_of_application = |url: &str, kind: &str| !url.starts_with(issuer) || kind == "Document";
    let requests = visitor.context.requests().into_iter();
    for request in requests.filter(|request| urls && is_of_application(&request.url, &request.resource_type)) {
        add("a URL that the browser requested".to_owned(), request.url);
    }
    let mut cookies = visitor.context.cookies().await?;
    cookies.retain(|cookie| storages && !issuer.contains(cookie.domain.as_str()));
    for (name, value) in joined(&cookies) {
        add(name, value);
    }
    for cookie in cookies {
        add(format!("cookie `{}`", cookie.name), cookie.value);
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_token_is_left_out_where_it_ends_a_session() {
        for hinted in [
            "https://p.example/end?id_token_hint=e30.e30.c2ln&state=s",
            "?next=https%3A%2F%2Fp.example%2Fend%3Fid_token_hint%3De30.e30.c2ln",
            r#"<input type="hidden" name="id_token_hint" value="e30.e30.c2ln">"#,
            r#"<input value='e30.e30.c2ln' type=hidden name=id_token_hint>"#,
            r#"{"id_token_hint": "e30.e30.c2ln"}"#,
        ] {
            let left = without_hints(hinted);
            assert!(!left.contains("c2ln") && left.contains("id_token_hint"), "{left}");
        }
        for kept in [r#"{"id_token":"e30.e30.c2ln"}"#, "id_token_hint=e30.e30.c2ln;id=e30.e30.c2ln"] {
            assert!(without_hints(kept).contains("c2ln"), "{kept}");
        }
    }

    #[test]
    fn parts_of_a_cookie_are_put_together_in_their_order() {
        let cookie = |name: &str, value: &str| Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: "app.example".to_owned(),
            path: "/".to_owned(),
            expires: None,
            http_only: true,
            secure: false,
            same_site: None,
        };
        let cookies = [cookie("s.10", "c"), cookie("s.0", "a"), cookie("s.2", "b"), cookie("sid", "x"), cookie("v2", "y")];
        assert_eq!(joined(&cookies), [("the cookies `s.…`".to_owned(), "abc".to_owned())]);
    }
}
