use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Scope names that the platform knows (C-32, OpenID Connect Core 5.4).
pub mod giponext {
    /// Asks for an ID token: the request is one of OpenID Connect (OpenID Connect Core section 3.1.2.1).
    pub const OPENID: &str = "openid";
    /// Asks for the end-user's name (claim `name`).
    pub const PROFILE: &str = "profile";
    /// Asks for the end-user's e-mail address (claim `email`).
    pub const EMAIL: &str = "email";
    /// Asks for a refresh token (OpenID Connect Core section 11).
    pub const OFFLINE_ACCESS: &str = "offline_access";
    /// Reads and changes the records of patients.
    pub const PATIENTS: &str = "giponext.patients";
    /// Reads agendas and free slots, and manages appointments.
    pub const AGENDA: &str = "giponext.agenda";
    /// Reads treatments and price lists.
    pub const TREATMENTS: &str = "giponext.treatments";
    /// Reads and changes episodes of care.
    pub const EPISODES: &str = "giponext.episodes";
    /// Reads and writes medical reports: clinical data.
    pub const MEDICAL_REPORTS: &str = "giponext.medicalreports";
    /// Reads and issues invoices.
    pub const INVOICES: &str = "giponext.invoices";

    /// The scopes that open a part of the API, one for each part.
    pub const RESOURCES: [&str; 6] = [PATIENTS, AGENDA, TREATMENTS, EPISODES, MEDICAL_REPORTS, INVOICES];
    /// Every scope that the platform knows, in the order in which its pages list them.
    pub const ALL: [&str; 10] = [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS, PATIENTS, AGENDA, TREATMENTS, EPISODES, MEDICAL_REPORTS, INVOICES];
}

/// One scope token.
pub type Scope = String;

/// The value of a `scope` parameter: space-delimited, order without meaning (RFC 6749 section 3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSet(BTreeSet<Scope>);

impl ScopeSet {
    /// The scopes of a text, split at ASCII whitespace; duplicates count once.
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    /// Whether it holds this scope, compared byte for byte.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether it holds no scope.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether `other` holds every scope of this one.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The scopes that both hold.
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The scopes that this one holds and `other` does not.
    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// The scopes in alphabetical order, as texts of their own.
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
