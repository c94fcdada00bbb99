use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of client an application is, as `app.type` of a profile says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicationType {
    /// A web application whose server is the client, and keeps the secret and the tokens (RFC 6749 section 2.1).
    Web,
    /// A page whose script is the client: public, and with no server that keeps tokens.
    Spa,
    /// A program that signs its user in through the browser of the machine (RFC 8252).
    Native,
    /// A program without a browser, whose user signs in elsewhere (RFC 8628).
    Device,
}

impl ApplicationType {
    /// The word that profiles, catalogue and records have for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Spa => "spa",
            Self::Native => "native",
            Self::Device => "device",
        }
    }

    /// Whether a person uses it in a browser, rather than on a terminal.
    pub fn has_pages(self) -> bool {
        matches!(self, Self::Web | Self::Spa)
    }

    /// Whether it is a public client: it can keep no secret (RFC 6749 section 2.1).
    pub fn is_public(self) -> bool {
        matches!(self, Self::Spa | Self::Native)
    }
}

/// The relying party under test, as its profile declares it. No secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// What people call it; reports name it so.
    pub name: String,
    /// Which build of it was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whom a reader of the report asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Who ran the suite on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tester: Option<String>,
    /// What kind of client it is.
    pub r#type: ApplicationType,
    /// The page with the login button; `None` where the harness picks a free port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it does with the API, in words of its own, such as `patients`.
    pub features: Vec<String>,
    /// The scopes that it may ask for.
    pub scopes: Vec<String>,
    /// Its redirect URIs as registered; empty for the bundled one, which gets its own in each scenario.
    pub redirect_uris: Vec<String>,
    /// The medical centres that it may serve: `authorised` for the run's own, or ids.
    pub tenants: Vec<String>,
    /// The client ids that profile and target file name: those of its environments, and that of this run where it has one of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_ids: Vec<String>,
    /// Whether it is the one that comes with collaudo.
    pub bundled: bool,
    /// The defect that it was started with (bundled only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// What the look before the run learned of its pages, because the profile does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<Learned>,
}

/// CSS selectors that were learned from sign-ins: keys of `[app.login]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// Selector of what names the user who is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in: Option<String>,
    /// Selector of what a refused sign-in shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Learned {
    /// As the profile would say it, a line for each key; none where nothing was learned.
    pub fn lines(&self) -> Vec<String> {
        // A string of JSON is one of TOML too.
        let line = |key: &str, css: &Option<String>| css.as_ref().map(|css| format!("{key} = {}", serde_json::Value::from(css.as_str())));
        [line("signed_in", &self.signed_in), line("error", &self.error)].into_iter().flatten().collect()
    }
}

/// The platform of a run. No secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSummary {
    /// `mock`, or the target file's name for the platform.
    pub name: String,
    /// Whether it is the embedded mock: only there can faults be provoked.
    pub mock: bool,
    /// The issuer, as the target file writes it; the mock has another one in each scenario, and so none here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Whether the suite was told to write nothing there.
    pub read_only: bool,
}

/// What the run ran on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Operating system and processor: `linux x86_64`.
    pub os: String,
    /// Name and version of the browser: `chrome-headless-shell 156.0.8078.79`.
    pub browser: String,
    /// Name and version of its driver: `chromedriver 156.0.8078.79`.
    pub driver: String,
}

/// A fact of the dossier that a named person stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// What is attested, as a step words it: `the medical centre introduced the integrator`.
    pub fact: String,
    /// The person who stands for it; of a temporary user's deactivation, the user's e-mail address.
    pub name: String,
    /// ISO 8601 date, as written in the profile.
    pub date: String,
    /// The ticket that shows it, as written in the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}
