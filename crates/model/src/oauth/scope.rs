use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Scope names that the platform knows (C-32, OpenID Connect Core 5.4).
pub mod giponext {
    pub const OPENID: &str = "openid";
    pub const PROFILE: &str = "profile";
    pub const EMAIL: &str = "email";
    pub const OFFLINE_ACCESS: &str = "offline_access";
    pub const PATIENTS: &str = "giponext.patients";
    pub const AGENDA: &str = "giponext.agenda";
    pub const TREATMENTS: &str = "giponext.treatments";
    pub const EPISODES: &str = "giponext.episodes";
    pub const MEDICAL_REPORTS: &str = "giponext.medicalreports";
    pub const INVOICES: &str = "giponext.invoices";

    pub const RESOURCES: [&str; 6] = [PATIENTS, AGENDA, TREATMENTS, EPISODES, MEDICAL_REPORTS, INVOICES];
    pub const ALL: [&str; 10] = [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS, PATIENTS, AGENDA, TREATMENTS, EPISODES, MEDICAL_REPORTS, INVOICES];
}

/// One scope token.
pub type Scope = String;

/// The value of a `scope` parameter: space-delimited, order without meaning (RFC 6749 section 3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSet(BTreeSet<Scope>);

impl ScopeSet {
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    pub fn to_vec(&self) -> Vec<Scope> {
        self.0.iter().cloned().collect()
    }
}

impl<S: Into<Scope>> FromIterator<S> for ScopeSet {
    fn from_iter<T: IntoIterator<Item = S>>(scopes: T) -> Self {
        Self(scopes.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}
