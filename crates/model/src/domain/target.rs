use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

/// A target file: a platform that is not the embedded mock. Secrets and passwords are named by environment variable, never written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    pub name: String,
    pub issuer: Url,
    /// Base of the API's `/v2/…` paths. A platform without one claims the standards only: what is GipoNext's own is not applicable.
    pub api: Option<Url>,
    /// The account portal; without it the accreditation journey is not applicable.
    pub portal: Option<Url>,
    /// PEM file of a private CA that the platform's certificate is issued by, relative to the target file.
    pub extra_ca: Option<PathBuf>,
    /// Addresses to reach host names at, such as `"account.gipo.it" = "127.0.0.1"`.
    #[serde(default)]
    pub hosts: BTreeMap<String, std::net::IpAddr>,
    /// Keeps scenarios that write away from a real tenant.
    #[serde(default)]
    pub read_only: bool,
    pub client: TargetClient,
    /// A further registration, for scenarios in which one client holds what another one was given.
    pub other_client: Option<TargetClient>,
    /// Where its sign-in and consent pages differ from GipoNext's.
    pub sign_in: Option<SignInSelectors>,
    /// End-users by first name in lower case: `ada`, `bruno`.
    #[serde(default)]
    pub users: BTreeMap<String, TargetUser>,
    /// What holds there of the contract's assumptions (rows marked A): the same keys as the mock's.
    #[serde(default)]
    pub assume: Assume,
}

/// The application's registration at the target.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetClient {
    pub client_id: String,
    pub secret_env: Option<String>,
    pub redirect_uri: Url,
    /// What the platform suite asks for; by default the application's scopes.
    pub scopes: Option<Vec<String>>,
}

/// CSS selectors of a platform's sign-in page, and of the button that grants everything on its consent page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInSelectors {
    pub email: String,
    pub password: String,
    pub submit: String,
    pub allow: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetUser {
    pub email: String,
    pub password_env: String,
    /// How the platform names the user in full; by default any signed-in marker counts.
    pub name: Option<String>,
    /// The tenant's id; empty where the platform has no API.
    #[serde(default)]
    pub tenant: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Assume {
    pub refresh_rotation: bool,
    pub tenant_claim: String,
    /// Whether pages of single-page applications may call the platform and its API across origins.
    pub cors: bool,
}

impl Default for Assume {
    fn default() -> Self {
        Self { refresh_rotation: true, tenant_claim: "tenant_id".to_owned(), cors: true }
    }
}
