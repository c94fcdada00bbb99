use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::Keep;

/// Numbered placeholders for secret values: the same value gets the same placeholder, so identity survives redaction.
#[derive(Debug, Default)]
pub struct Redaction {
    /// Values whose identity is kept; all where there is none.
    most: Option<usize>,
    /// Whether the people in the answers are real ones.
    strict: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    placeholders: HashMap<Arc<str>, String>,
    counts: HashMap<&'static str, usize>,
    /// In the order of their first appearance.
    values: VecDeque<Arc<str>>,
}

/// Secret values of one exchange, at most, whose identity a bounded journal can show.
const VALUES_OF_AN_EXCHANGE: usize = 8;

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("values", &self.placeholders.len()).finish()
    }
}

/// Members of API answers that are about a person.
const PERSONAL: [&str; 22] = [
    "firstName",
    "lastName",
    "fiscalCode",
    "birthDate",
    "birthPlace",
    "gender",
    "phone",
    "mobile",
    "email",
    "address",
    "name",
    "given_name",
    "family_name",
    "text",
    "content",
    "notes",
    "diagnosis",
    "conclusions",
    "description",
    "title",
    "reason",
    "patientName",
];

/// Members that tell of nobody, where every other text of the API is taken for personal.
const OF_NOBODY: [&str; 9] = ["error", "error_description", "message", "field", "sub", "status", "id", "tenantId", "next"];

impl Redaction {
    /// The same for a platform that is not ours: of the texts of its API only those are shown that are known to tell of nobody.
    pub(super) fn strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// As much as a journal that keeps so much can show: what is older gets another placeholder when it comes again.
    pub(super) fn keeping(keep: Keep) -> Self {
        let most = match keep {
            Keep::All => None,
            Keep::Last(exchanges) => Some(exchanges.saturating_mul(VALUES_OF_AN_EXCHANGE)),
            Keep::Nothing => Some(0),
        };
        Self { most, ..Self::default() }
    }

    /// The placeholder of a value of some kind, such as `[access-token-2]`.
    pub fn placeholder(&self, kind: &'static str, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        let mut state = self.lock();
        if let Some(known) = state.placeholders.get(value) {
            return known.clone();
        }
        let count = state.counts.entry(kind).or_default();
        *count += 1;
        let placeholder = format!("[{kind}-{count}]");
        let value: Arc<str> = value.into();
        state.placeholders.insert(value.clone(), placeholder.clone());
        state.values.push_back(value);
        if self.most.is_some_and(|most| state.values.len() > most)
            && let Some(oldest) = state.values.pop_front()
        {
            state.placeholders.remove(&oldest);
        }
        placeholder
    }

    /// Every secret value seen so far with its placeholder, to search places where none may be.
    pub fn secrets(&self) -> Vec<(String, SecretString)> {
        self.lock().placeholders.iter().map(|(value, placeholder)| (placeholder.clone(), SecretString::from(value.to_string()))).collect()
    }

    /// The value of a query parameter, a form field or a JSON member, redacted where its name says that it is secret.
    pub(super) fn field(&self, name: &str, value: &str) -> String {
        if matches!(name, "verification_uri_complete" | "return_to") {
            return self.url(value);
        }
        match secret_kind(name) {
            Some(kind) => self.placeholder(kind, value),
            None => value.to_owned(),
        }
    }

    pub(super) fn pairs(&self, encoded: &[u8]) -> Vec<(String, String)> {
        url::form_urlencoded::parse(encoded).map(|(name, value)| (name.to_string(), self.field(&name, &value))).collect()
    }

    pub(super) fn header(&self, name: &str, value: &str) -> String {
        match name {
            "authorization" => self.authorization(value),
            "cookie" => value.split(';').map(|cookie| cookie_without_value(cookie.trim())).collect::<Vec<_>>().join("; "),
            "set-cookie" => match value.split_once(';') {
                Some((cookie, attributes)) => format!("{};{attributes}", cookie_without_value(cookie)),
                None => cookie_without_value(value),
            },
            "location" | "referer" => self.url(value),
            _ => value.to_owned(),
        }
    }

    /// A URL whose query and fragment have their secret parameters redacted; other text unchanged.
    pub(super) fn url(&self, text: &str) -> String {
        let base = Url::parse("http://relative.invalid/").ok();
        let Ok(mut url) = Url::options().base_url(base.as_ref()).parse(text) else {
            return text.to_owned();
        };
        if url.query().is_none() && url.fragment().is_none() {
            return text.to_owned();
        }
        for (start, part) in [('?', url.query().map(str::to_owned)), ('#', url.fragment().map(str::to_owned))] {
            let Some(part) = part else { continue };
            let shown = self.pairs(part.as_bytes()).iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
            if start == '?' {
                url.set_query(Some(&shown));
            } else if part.contains('=') {
                url.set_fragment(Some(&shown));
            }
        }
        url.as_str().replace("http://relative.invalid", "")
    }

    pub(super) fn json(&self, value: &Value, personal: bool) -> Value {
        match value {
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| {
                        let shown = match member {
                            Value::String(_) if personal && self.tells_of_somebody(name) => Value::from("[personal]"),
                            Value::String(text) => Value::from(self.field(name, text)),
                            other => self.json(other, personal),
                        };
                        (name.clone(), shown)
                    })
                    .collect(),
            ),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.json(item, personal)).collect()),
            Value::String(_) if personal && self.strict => Value::from("[personal]"),
            other => other.clone(),
        }
    }

    fn tells_of_somebody(&self, member: &str) -> bool {
        PERSONAL.contains(&member) || (self.strict && !OF_NOBODY.contains(&member) && secret_kind(member).is_none())
    }

    fn authorization(&self, value: &str) -> String {
        let Some((scheme, credentials)) = value.split_once(' ') else {
            return "[unreadable]".to_owned();
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            return format!("{scheme} {}", self.placeholder("access-token", credentials.trim()));
        }
        let basic = STANDARD.decode(credentials.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match basic.as_deref().and_then(|text| text.split_once(':')) {
            Some((id, secret)) if scheme.eq_ignore_ascii_case("basic") => {
                // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
                let secret = url::form_urlencoded::parse(format!("s={secret}").as_bytes())
                    .next()
                    .map_or_else(String::new, |(_, value)| value.to_string());
                format!("{scheme} {id}:{}", self.placeholder("client-secret", &secret))
            }
            _ => format!("{scheme} [unreadable]"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn secret_kind(name: &str) -> Option<&'static str> {
    Some(match name {
        "code" => "code",
        "device_code" => "device-code",
        "user_code" => "user-code",
        "code_verifier" => "verifier",
        "client_secret" => "client-secret",
        "access_token" => "access-token",
        "refresh_token" => "refresh-token",
        "id_token" | "id_token_hint" => "id-token",
        "token" => "token",
        "password" | "new_password" => "password",
        "csrf" => "csrf",
        _ => return None,
    })
}

fn cookie_without_value(cookie: &str) -> String {
    let name = cookie.split('=').next().unwrap_or_default();
    format!("{name}=[cookie]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_secret_keeps_its_placeholder_wherever_it_stands() {
        let redaction = Redaction::default();
        assert_eq!(
            redaction.pairs(b"code=abc&state=xyz&code=def"),
            [
                ("code".to_owned(), "[code-1]".to_owned()),
                ("state".to_owned(), "xyz".to_owned()),
                ("code".to_owned(), "[code-2]".to_owned())
            ]
        );
        assert_eq!(
            redaction.header("location", "http://127.0.0.1:5000/cb?code=abc&state=xyz"),
            "http://127.0.0.1:5000/cb?code=[code-1]&state=xyz"
        );
        assert_eq!(redaction.header("location", "/sign-in?code=abc"), "/sign-in?code=[code-1]");
        assert_eq!(redaction.header("authorization", "Bearer tok"), "Bearer [access-token-1]");
        // `id:p%3Aw+` as RFC 6749 encodes the secret `p:w `.
        assert_eq!(redaction.header("authorization", "Basic aWQ6cCUzQXcr"), "Basic id:[client-secret-1]");
        assert_eq!(redaction.field("client_secret", "p:w "), "[client-secret-1]");
        assert_eq!(redaction.header("cookie", "a=1; b=2"), "a=[cookie]; b=[cookie]");
        assert_eq!(redaction.header("set-cookie", "a=1; HttpOnly; Path=/"), "a=[cookie]; HttpOnly; Path=/");
    }

    #[test]
    fn a_bounded_one_forgets_the_oldest_values_and_never_gives_a_placeholder_twice() {
        let redaction = Redaction::keeping(Keep::Last(1));
        let shown: Vec<String> = (0..20).map(|number| redaction.field("code", &number.to_string())).collect();
        assert_eq!(redaction.secrets().len(), VALUES_OF_AN_EXCHANGE);
        assert_eq!(redaction.field("code", "19"), shown[19]);
        assert_eq!(redaction.field("code", "0"), "[code-21]");
    }

    #[test]
    fn of_real_people_only_what_tells_of_nobody_is_shown() {
        let redaction = Redaction::default().strict(true);
        let page = serde_json::json!({"items": [{"id": "7", "patientLabel": "Ada", "tags": ["x"], "access_token": "t", "version": 2}], "status": "open"});
        let shown = serde_json::json!({
            "items": [{"id": "7", "patientLabel": "[personal]", "tags": ["[personal]"], "access_token": "[access-token-1]", "version": 2}],
            "status": "open"
        });
        assert_eq!(redaction.json(&page, true), shown);
        assert_eq!(redaction.json(&page["items"][0]["patientLabel"], false), "Ada");
    }

    #[test]
    fn personal_data_of_api_answers_is_masked_and_ids_stay() {
        let redaction = Redaction::default();
        let page = serde_json::json!({"items": [{"id": 7, "firstName": "Ada", "access_token": "t"}], "totalCount": 1});
        assert_eq!(
            redaction.json(&page, true),
            serde_json::json!({"items": [{"id": 7, "firstName": "[personal]", "access_token": "[access-token-1]"}], "totalCount": 1})
        );
    }
}
