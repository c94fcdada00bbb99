use schemars::JsonSchema;
use serde::Deserialize;

use super::Attestation;

/// `[dossier]`: attested facts of the accreditation, for what cannot be seen from outside.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dossier {
    /// Who runs the suite, as reports and bundles name them.
    pub tester: Option<String>,
    /// AC-01: who at the medical centre introduced the integrator.
    pub introduced_by: Option<Attested>,
    /// AC-02, AC-03, AC-04: the developer account, its role and the OAuth application request.
    pub developer_account: Option<Attested>,
    /// AC-07: the ticket, or the existing credentials, that gave access to the data.
    pub data_access: Option<Attested>,
    /// AC-09: the sandbox tenant, or the agreed temporary user, that it was tested with.
    pub tested_on: Option<Attested>,
    /// AC-13, GX-23: who answers for how support is used.
    pub support: Option<Attested>,
    /// AC-11, AC-12: where the application runs, and with which registrations.
    pub environments: Vec<DossierEnvironment>,
    /// AC-10: the users that were made for tests; an empty list says that there were none.
    pub temporary_users: Option<Vec<TemporaryUser>>,
}

/// A fact with the person who stands for it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attested {
    /// The person's name; it must not be empty.
    pub name: String,
    /// Since when, or on which day: an ISO 8601 date, such as `2026-11-24`.
    pub date: String,
    /// The ticket at support that shows it, if there is one.
    pub ticket: Option<String>,
}

impl Attested {
    /// The same for a report; `fact` says what is attested.
    pub fn attestation(&self, fact: &str) -> Attestation {
        Attestation { fact: fact.to_owned(), name: self.name.clone(), date: self.date.clone(), ticket: self.ticket.clone() }
    }
}

/// `[[dossier.environments]]`: where the application runs, and its registration there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DossierEnvironment {
    /// What people call it, such as `production`.
    pub name: String,
    /// The client id of its registration.
    pub client_id: String,
    /// The redirect URIs of its registration.
    pub redirect_uris: Vec<String>,
    /// Environment variable that holds this environment's secret; only a salted digest of it is kept.
    pub secret_env: Option<String>,
}

/// `[[dossier.temporary_users]]`: a user that the medical centre had made for tests.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemporaryUser {
    /// The address that the user signed in with.
    pub email: String,
    /// The day of the deactivation, such as `2026-11-24`; missing while the user is active.
    pub deactivated_on: Option<String>,
}
