use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::stage::Stage;
use super::{Finished, OldTokens, Remote, Setup};
use crate::domain::{Secrets, Suite, tokens_in};

/// The secrets of a run, with their kinds: what it was given, and what its platforms handed out. Its folder is searched for them.
#[derive(Default)]
pub struct Given {
    all: Mutex<Secrets>,
    /// Those of the sample data, which every scenario begins with: they are spelt once.
    patients: OnceLock<Secrets>,
    /// Those of a target, as far as the application has shown them.
    learned: Mutex<BTreeSet<String>>,
    /// What a target has given to the application, as far as that has shown or written it.
    tokens: Mutex<BTreeSet<String>>,
}

impl Given {
    pub(super) fn add(&self, secrets: impl IntoIterator<Item = (String, SecretString)>) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, secret) in secrets {
            all.add(&kind, &secret);
        }
    }
}

/// Always, but for the test that shows that what is masked would be found: only a program that was built for tests knows the variable.
pub(super) fn masks() -> bool {
    !cfg!(debug_assertions) || std::env::var_os("COLLAUDO_TEST_UNMASKED").is_none()
}

/// What no record of a scenario may hold, as far as it was known when somebody asked last: without patients' data, and with them.
#[derive(Default)]
pub struct Kept([Mutex<Option<Arc<Secrets>>>; 2]);

impl Setup {
    /// Every secret of the run so far.
    pub fn secrets(&self) -> Secrets {
        self.given.add(self.own_secrets());
        self.given.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the run itself was given.
    fn own_secrets(&self) -> Vec<(String, SecretString)> {
        let mut secrets = Vec::new();
        secrets.extend(self.static_secret.clone().map(|secret| ("client-secret".to_owned(), secret)));
        secrets.extend(self.remote().map(Remote::secrets).unwrap_or_default());
        if !self.bundled {
            secrets.extend(self.dossier_secrets.iter().map(|(name, secret)| (format!("client-secret of {name}"), secret.clone())));
        }
        secrets
    }
}

impl Remote {
    /// What the target file's variables hold.
    pub(super) fn secrets(&self) -> Vec<(String, SecretString)> {
        let mut secrets: Vec<_> = self.passwords.iter().map(|(name, password)| (format!("password of {name}"), password.clone())).collect();
        secrets.extend(self.codes.iter().map(|(name, code)| (format!("one-time code of {name}"), code.clone())));
        for (name, OldTokens { refresh, access }) in &self.old_tokens {
            let old = [("refresh", refresh), ("access", access)].into_iter();
            secrets.extend(old.filter_map(|(kind, token)| Some((format!("old {kind} token of {name}"), token.clone()?))));
        }
        secrets.extend(self.client_secret.clone().map(|secret| ("client-secret".to_owned(), secret)));
        secrets.extend(self.other_client_secret.clone().map(|secret| ("client-secret of the other client".to_owned(), secret)));
        secrets
    }
}

impl Finished {
    /// The same without any secret, wherever the application or we have put one.
    pub(super) fn without(self, secrets: Option<&Secrets>) -> Self {
        let Some(secrets) = secrets else { return self };
        let event = serde_json::to_value(&self.event).map(|event| texts_without(event, secrets)).and_then(serde_json::from_value);
        Self { event: event.unwrap_or(self.event), message: self.message.map(|message| secrets.without(&message)), found_at: self.found_at }
    }
}

fn texts_without(value: Value, secrets: &Secrets) -> Value {
    match value {
        Value::String(text) => Value::from(secrets.without(&text)),
        Value::Array(items) => items.into_iter().map(|item| texts_without(item, secrets)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, texts_without(member, secrets))).collect(),
        other => other,
    }
}

/// What tells of a person in an entry of a list: its lines, names of two words and more in either order, and words with digits in them.
fn personal(entry: &str) -> Vec<String> {
    let lines = entry.lines().map(str::trim).filter(|line| line.contains(' ')).map(str::to_owned);
    let words: Vec<&str> = entry.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())).collect();
    // A codice fiscale beside a name begins with a capital too.
    let is_name = |word: &&str| word.chars().next().is_some_and(char::is_uppercase) && !word.contains(|c: char| c.is_ascii_digit());
    let names = words.split(|word| !is_name(word)).filter(|names| names.len() > 1);
    let names = names.flat_map(|names| [names.join(" "), names.iter().rev().copied().collect::<Vec<_>>().join(" ")]);
    let is_code = |word: &&&str| word.chars().filter(char::is_ascii_digit).count() > 2;
    let codes = words.iter().filter(is_code).map(|word| (*word).to_owned());
    lines.chain(names).chain(codes).collect()
}

impl Stage {
    /// Patients' data that no file may hold. Those of the platform suite stand in its approved texts.
    pub(super) fn patients(&self, suite: Suite) -> Vec<(String, SecretString)> {
        if suite == Suite::Platform {
            return Vec::new();
        }
        let Ok(platform) = self.instrument() else {
            let learned = self.setup.given.learned.lock().unwrap_or_else(PoisonError::into_inner);
            return learned.iter().map(|value| ("personal data of a patient".to_owned(), SecretString::from(value.clone()))).collect();
        };
        let label = |(_, value)| ("personal data of a patient".to_owned(), value);
        if platform.is_relay() {
            return platform.patients_seen().into_iter().map(label).collect();
        }
        let tenants: Vec<_> = platform.shared().accounts().tenants.iter().map(|tenant| tenant.id).collect();
        let told = tenants.into_iter().flat_map(|tenant| platform.personal_canaries(tenant));
        told.map(label).collect()
    }

    /// Where the application shows patients' data: the entries of its lists.
    pub(super) fn entries_of_patients(&self) -> Vec<String> {
        // What a program writes is no page.
        if self.program.is_some() || !self.app.r#type.has_pages() {
            return Vec::new();
        }
        self.app.actions.values().map(|action| action.shows.clone()).collect()
    }

    /// What the pages that are open show of a target's patients is known from then on: names, codes, numbers and whole entries.
    pub(super) async fn learn_patients(&self) {
        if self.instrument().is_ok() {
            return;
        }
        for page in self.visitors().flat_map(|(_, visitor)| visitor.context.pages()) {
            self.learn_tokens(&page.source_without(&[]).await.unwrap_or_default());
            for css in self.entries_of_patients() {
                self.learn_entries(&page.texts(&css).await.unwrap_or_default());
            }
        }
    }

    /// What a target hands out to the application passes nobody of ours: what looks like it, in what the application shows and writes, is taken
    /// for it.
    pub(super) fn learn_tokens(&self, text: &str) {
        if self.mock().is_err() {
            self.setup.given.tokens.lock().unwrap_or_else(PoisonError::into_inner).extend(tokens_in(text));
        }
    }

    pub(super) fn learn_entries(&self, entries: &[String]) {
        if self.instrument().is_ok() {
            return;
        }
        let mut learned = self.setup.given.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.extend(entries.iter().flat_map(|entry| personal(entry)));
    }

    /// Remembers what this stage's platform handed out, before it ends.
    pub(super) fn remember_secrets(&self, suite: Suite) {
        self.setup.given.add(self.handed_out());
        self.setup.given.add(self.patients(suite));
    }

    fn handed_out(&self) -> Vec<(String, SecretString)> {
        let mut secrets = self.instrument().map(|platform| platform.shared().secrets()).unwrap_or_default();
        let other = self.second.as_ref().map(|second| SecretString::from(second.client_secret()));
        let of_clients = self.client_secret().into_iter().chain(other).filter(|secret| !secret.expose_secret().is_empty());
        secrets.extend(of_clients.map(|secret| ("client-secret".to_owned(), secret)));
        let tokens = self.setup.given.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.extend(tokens.iter().map(|token| ("token".to_owned(), SecretString::from(token.clone()))));
        secrets
    }

    /// All that no record of this scenario may hold, each with what stands for it there.
    pub(super) fn kept_secret(&self, suite: Suite) -> Arc<Secrets> {
        if !masks() {
            return Arc::default();
        }
        let label = |(kind, secret): (String, SecretString)| (format!("[{kind}]"), secret);
        let patients: Vec<_> = self.patients(suite).into_iter().map(label).collect();
        let mut secrets = self.instrument().map(|platform| platform.shared().redaction.secrets()).unwrap_or_default();
        secrets.extend([self.handed_out(), self.setup.own_secrets()].into_iter().flatten().map(label));
        let kept = &self.kept.0[usize::from(suite != Suite::Platform)];
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get_or_insert_with(|| match suite {
            Suite::Platform => Arc::default(),
            _ => Arc::new(self.setup.given.patients.get_or_init(|| Secrets::new(&patients)).clone()),
        });
        let all = Arc::make_mut(kept);
        for (label, secret) in secrets.iter().chain(&patients) {
            all.add(label, secret);
        }
        kept.clone()
    }

    /// Text without what this run keeps secret.
    pub(super) fn redacted(&self, text: String) -> String {
        self.learn_tokens(&text);
        self.kept_secret(Suite::RelyingParty).without(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_of_a_person_by_names_codes_and_whole() {
        let learned = personal("Maria Rossi\nborn 12/03/1980, RSSMRA80C52F205X");
        for told in ["Maria Rossi", "Rossi Maria", "12/03/1980", "RSSMRA80C52F205X", "born 12/03/1980, RSSMRA80C52F205X"] {
            assert!(learned.iter().any(|value| value == told), "{told} of {learned:?}");
        }
        assert!(!learned.iter().any(|value| value == "born"), "{learned:?}");
        let beside = personal("Maria Rossi RSSMRA80C52F205X");
        assert!(
            ["Maria Rossi", "Rossi Maria", "RSSMRA80C52F205X"].iter().all(|told| beside.iter().any(|value| value == told)),
            "{beside:?}"
        );
        assert_eq!(personal("nobody"), Vec::<String>::new());
    }
}
