use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use url::Url;

/// Authorization requests that are kept at once, at most: most of those that nobody answers are old.
const MOST_ASKED: usize = 1000;

/// An authorization request that went to the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub client_id: Option<String>,
    pub redirect_uri: String,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub scope: String,
}

/// What went through a relay and is needed again when something else comes.
#[derive(Default)]
pub(crate) struct Passed {
    /// Those that were not answered yet, in their order.
    asked: Vec<Asked>,
    /// The scopes that were asked for, by the code that answered.
    scopes: HashMap<String, String>,
    /// The target's ID token, by the one that the application was given.
    originals: HashMap<String, String>,
    /// The target's token, by the one that the application was given in its place.
    stand_ins: HashMap<String, String>,
    /// What would tell who a patient is, by what it is.
    patients: BTreeMap<String, String>,
    /// Whether lists are shown as if nothing were in them.
    pub lists_are_empty: bool,
}

impl std::fmt::Debug for Passed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Codes and tokens are the keys of the maps: counts only.
        f.debug_struct("Passed").field("asked", &self.asked.len()).field("originals", &self.originals.len()).finish()
    }
}

impl Passed {
    pub(crate) fn ask(&mut self, asked: Asked) {
        if self.asked.len() >= MOST_ASKED {
            self.asked.remove(0);
        }
        self.asked.push(asked);
    }

    /// The request that an address answers, if it is an answer of the target's and the first one: with its redirect URI and its state.
    pub(crate) fn take_answered(&mut self, address: &Url) -> Option<Asked> {
        let value = |name: &str| address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let code = value("code");
        if code.is_none() && value("error").is_none() {
            return None;
        }
        let state = value("state");
        let place = |url: &Url| url[..url::Position::AfterPath].to_owned();
        let is_of = |asked: &Asked| asked.state == state && Url::parse(&asked.redirect_uri).is_ok_and(|uri| place(&uri) == place(address));
        let at = self.asked.iter().position(is_of)?;
        let asked = self.asked.remove(at);
        if let Some(code) = code {
            self.scopes.insert(code, asked.scope.clone());
        }
        Some(asked)
    }

    /// The nonce of the client's latest request that nobody has answered and that has another one than `own`.
    pub(crate) fn nonce_in_progress(&self, client_id: &str, own: &str) -> Option<String> {
        let of_client = self.asked.iter().rev().filter(|asked| asked.client_id.as_deref() == Some(client_id));
        of_client.filter_map(|asked| asked.nonce.clone()).find(|nonce| nonce != own)
    }

    pub(crate) fn scope_of(&self, code: &str) -> Option<String> {
        self.scopes.get(code).cloned()
    }

    pub(crate) fn keep_original(&mut self, given: String, original: String) {
        self.originals.insert(given, original);
    }

    /// The target's ID token in the place of the relay's; others are nobody's business.
    pub(crate) fn original(&self, given: &str) -> Option<String> {
        self.originals.get(given).cloned()
    }

    /// From now on `given` is answered for by `original`.
    pub(crate) fn stand_in(&mut self, given: String, original: String) {
        self.stand_ins.insert(given, original);
    }

    /// Takes down who the patients are that an answer of the API shows.
    pub(crate) fn notice_patients(&mut self, answer: &Value) {
        match answer {
            Value::Array(items) => items.iter().for_each(|item| self.notice_patients(item)),
            Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
                let number = members.get("id").map(ToString::to_string).unwrap_or_default();
                if let (Some(given), Some(family)) = (text("firstName"), text("lastName")) {
                    self.patients.insert(format!("name of patient {number}"), format!("{given} {family}"));
                    self.patients.insert(format!("name of patient {number}, family name first"), format!("{family} {given}"));
                }
                if let Some(code) = text("fiscalCode") {
                    self.patients.insert(format!("fiscal code of patient {number}"), code.to_owned());
                }
                members.values().for_each(|member| self.notice_patients(member));
            }
            _ => {}
        }
    }

    pub(crate) fn patients(&self) -> Vec<(String, String)> {
        self.patients.clone().into_iter().collect()
    }

    pub(crate) fn stood_for(&self, given: &str) -> Option<String> {
        self.stand_ins.get(given).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_once_and_only_where_somebody_asked() {
        let asked = |state: &str| Asked {
            client_id: Some("c".to_owned()),
            redirect_uri: "http://127.0.0.1:1/callback?kept=1".to_owned(),
            state: Some(state.to_owned()),
            nonce: None,
            scope: "openid".to_owned(),
        };
        let mut passed = Passed::default();
        passed.ask(asked("s 1"));
        passed.ask(asked("s2"));
        let mut take = |query: &str| {
            let address = Url::parse(&format!("http://127.0.0.1:1/{query}")).expect("an address");
            passed.take_answered(&address).and_then(|asked| asked.state)
        };
        for other in ["callback?state=s2", "callback?code=c&state=s3", "other?code=c&state=s2", "callback?code=c"] {
            assert_eq!(take(other), None, "{other}");
        }
        assert_eq!(take("callback?kept=1&code=c&state=s2").as_deref(), Some("s2"));
        assert_eq!(take("callback?kept=1&code=c&state=s2"), None, "a replay is no answer");
        assert_eq!(take("callback?error=access_denied&state=s+1").as_deref(), Some("s 1"));
        assert_eq!(passed.scope_of("c").as_deref(), Some("openid"));
    }
}
