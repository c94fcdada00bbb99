use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

/// Numbered placeholders for secret values: the same value gets the same placeholder, so identity survives redaction.
#[derive(Debug, Default)]
pub struct Redaction(Mutex<State>);

#[derive(Default)]
struct State {
    placeholders: HashMap<String, String>,
    counts: HashMap<&'static str, usize>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("values", &self.placeholders.len()).finish()
    }
}

impl Redaction {
    /// The placeholder of a value of some kind, such as `[access-token-2]`.
    pub fn placeholder(&self, kind: &'static str, value: &str) -> String {
        let mut state = self.lock();
        if let Some(known) = state.placeholders.get(value) {
            return known.clone();
        }
        let count = state.counts.entry(kind).or_default();
        *count += 1;
        let placeholder = format!("[{kind}-{count}]");
        state.placeholders.insert(value.to_owned(), placeholder.clone());
        placeholder
    }

    /// Every secret value seen so far with its placeholder, to search places where none may be.
    pub fn secrets(&self) -> Vec<(String, SecretString)> {
        self.lock().placeholders.iter().map(|(value, placeholder)| (placeholder.clone(), SecretString::from(value.clone()))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
