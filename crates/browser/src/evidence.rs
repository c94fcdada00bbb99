//! What the browser saw, and how it is put so that no secret stands in it.

use std::fmt;
use std::sync::LazyLock;
use std::time::Instant;

use regex::Regex;
use serde::{Deserialize, Serialize};
use url::Url;

/// A cookie of one context.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cookie {
    /// The part before the first `=` of the `Set-Cookie` header (RFC 6265 section 5.2).
    pub name: String,
    /// The raw value: a secret, which `Debug` leaves out.
    pub value: String,
    /// The host; with a leading dot where the cookie was set with `Domain`, and so goes to subdomains too.
    pub domain: String,
    /// The path that a request's path has to begin with, so that the browser sends the cookie (RFC 6265 section 5.1.4).
    pub path: String,
    /// Seconds since 1970; negative or absent for a session cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<f64>,
    /// Whether it is hidden from scripts (`HttpOnly`).
    #[serde(default)]
    pub http_only: bool,
    /// Whether it travels over TLS only (`Secure`).
    #[serde(default)]
    pub secure: bool,
    /// `Strict`, `Lax` or `None`; absent when the server named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_site: Option<String>,
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, domain, path, http_only, secure, same_site, .. } = self;
        write!(f, "Cookie({name}=[redacted]; {domain}{path}; http_only={http_only}; secure={secure}; same_site={same_site:?})")
    }
}

/// A request of a page or of one of its frames. Kept in memory only: `url` is raw.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The raw address with query and fragment.
    pub url: String,
    /// The HTTP method in capitals.
    pub method: String,
    /// In DevTools' words: `Document`, `Script`, `Fetch`, `XHR`, …
    pub resource_type: String,
    /// `None` until it is answered, and for good when it never was.
    pub status: Option<u16>,
    /// Address of the window that sent it, at that moment, raw.
    pub page: String,
    /// When it was sent.
    pub sent: Instant,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, method, resource_type, status, page, sent: _ } = self;
        write!(f, "{method} {} ({resource_type}, {status:?}, by {})", public_url(url), public_url(page))
    }
}

/// What a page keeps in the browser, and the addresses that its window has shown. Raw, in memory only.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Storage {
    /// Keys and values of `localStorage`.
    pub local: Vec<(String, String)>,
    /// Keys and values of the window's `sessionStorage`.
    pub session: Vec<(String, String)>,
    /// `database/store/key` and the value as JSON.
    pub indexed_db: Vec<(String, String)>,
    /// What scripts and service workers put into a cache (Cache API): its name and the address, and the body.
    #[serde(default)]
    pub cached: Vec<(String, String)>,
    /// Every address that the window has shown, oldest first; the present one is the last.
    #[serde(default)]
    pub urls: Vec<String>,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = |pairs: &[(String, String)]| pairs.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        f.debug_struct("Storage")
            .field("local", &keys(&self.local))
            .field("session", &keys(&self.session))
            .field("indexed_db", &keys(&self.indexed_db))
            .field("cached", &self.cached.iter().map(|(key, _)| public_url(key)).collect::<Vec<_>>())
            .field("urls", &self.urls.iter().map(|url| public_url(url)).collect::<Vec<_>>())
            .finish()
    }
}

/// The address without its user, query and fragment: codes, tokens and states travel there.
pub(super) fn public_url(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut parsed) if parsed.has_host() => {
            parsed.set_query(None);
            parsed.set_fragment(None);
            let _no_user = parsed.set_username("");
            let _no_password = parsed.set_password(None);
            parsed.into()
        }
        // `data:` and `blob:` addresses carry content.
        Ok(parsed) if parsed.scheme() != "about" => format!("{}:…", parsed.scheme()),
        _ => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
    }
}

static URLS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"\b[a-z][a-z0-9+.-]*://[^\s"'<>`]+"#).expect("a constant pattern"));
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)\b(code|state|nonce|code_verifier|client_secret|password|access_token|refresh_token|id_token|token|bearer|basic)\b(["']?\s*[=:]\s*["']?|\s+)[^\s"'&,;}]{6,}"#)
        .expect("a constant pattern")
});
/// JWTs and other long words of base64url.
static LONG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9_-]{24,}(\.[A-Za-z0-9_-]+)*").expect("a constant pattern"));

/// Free text of a page, such as a console message, without what may be a secret in it. At most 500 characters.
pub(super) fn public_text(text: &str) -> String {
    let text = URLS.replace_all(text, |found: &regex::Captures<'_>| public_url(&found[0]));
    let text = NAMED.replace_all(&text, "$1$2[redacted]");
    let text = LONG.replace_all(&text, "[redacted]");
    match text.char_indices().nth(500) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_loses_what_may_be_secret() {
        assert_eq!(public_url("http://ada:pw@127.0.0.1:4010/cb?code=x&state=y#access_token=z"), "http://127.0.0.1:4010/cb");
        assert_eq!(public_url("about:blank"), "about:blank");
        assert_eq!(public_url("data:text/html,secret"), "data:…");
        assert_eq!(public_url("/relative?code=1"), "/relative");
    }

    #[test]
    fn a_message_loses_what_may_be_secret() {
        let text = r#"got http://a.example/cb?code=abcdef {"access_token":"abcdef123"} state: s3cr3tstate eyJhbGciOiJSUzI1NiIsImtpZCI6.eyJzdWIi.c2ln"#;
        assert_eq!(public_text(text), r#"got http://a.example/cb {"access_token":"[redacted]"} state: [redacted] [redacted]"#);
        assert_eq!(public_text("sign-in failed: 3 of 5"), "sign-in failed: 3 of 5");
        assert_eq!(public_text(&"é ".repeat(600)).chars().count(), 501);
    }

    #[test]
    fn debug_shows_no_values() {
        let cookie = Cookie {
            name: "sid".into(),
            value: "hush".into(),
            domain: "localhost".into(),
            path: "/".into(),
            expires: None,
            http_only: true,
            secure: false,
            same_site: None,
        };
        let storage =
            Storage { local: vec![("token".into(), "hush".into())], urls: vec!["http://a.example/?q=hush".into()], ..Storage::default() };
        let url = "http://a.example/?code=hush".to_owned();
        let request = Request {
            url: url.clone(),
            method: "GET".into(),
            resource_type: "Document".into(),
            status: Some(200),
            page: url,
            sent: Instant::now(),
        };
        let text = format!("{cookie:?} {storage:?} {request:?}");
        assert!(!text.contains("hush"), "{text}");
        assert!(text.contains("GET http://a.example/ (Document, Some(200), by http://a.example/)"), "{text}");
    }
}
