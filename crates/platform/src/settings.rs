use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ConnectionLimits, EndpointPaths};

/// How one platform instance is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Seeds clinical data, passwords, codes and tokens. The same seed gives the same platform.
    pub seed: u64,
    /// Seeds clinical data, where that is another.
    pub records_seed: Option<u64>,
    /// The day around which sample appointments lie; without it today.
    pub sample_day: Option<jiff::civil::Date>,
    /// Address to listen on; loopback unless a person asks otherwise.
    pub address: IpAddr,
    /// Port to listen on; 0 picks a free one.
    pub port: u16,
    /// Host name in the issuer and in every URL that the platform gives out.
    pub public_host: String,
    pub paths: EndpointPaths,
    pub tls: Option<Tls>,
    pub assumptions: Assumptions,
    pub journal: Keep,
    pub limits: ConnectionLimits,
    /// File that keeps the state for the next process; made where it is not there.
    pub data: Option<std::path::PathBuf>,
    /// Whether tokens are signed with a key of this platform's own; with `data` they always are.
    pub own_key: bool,
    /// The pages for a person who develops against the platform; none under a scenario.
    pub workbench: Option<WorkbenchSettings>,
    /// Whether the metadata promise back-channel logout: where a scenario sends the tokens.
    pub announces_backchannel_logout: bool,
}

/// How much of the journal is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Every exchange: what a scenario needs.
    #[default]
    All,
    /// The last ones: what a platform that runs for weeks can afford.
    Last(usize),
    Nothing,
}

#[derive(Clone, Debug, Default)]
pub struct WorkbenchSettings {
    /// Opens the control page and its interface; without it there is neither.
    pub control_key: Option<secrecy::SecretString>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            records_seed: None,
            sample_day: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            // Another site than that of an application at 127.0.0.1: see `App::platform_host`.
            public_host: "localhost".to_owned(),
            paths: EndpointPaths::default(),
            tls: None,
            assumptions: Assumptions::default(),
            journal: Keep::All,
            limits: ConnectionLimits::default(),
            data: None,
            own_key: false,
            workbench: None,
            announces_backchannel_logout: false,
        }
    }
}

/// Certificate chain and key, both PEM.
#[derive(Clone)]
pub struct Tls {
    pub certificate_pem: String,
    /// Chains that faults show instead, for the same key, by the fault's name.
    pub faulty: Vec<(&'static str, String)>,
    pub key_pem: secrecy::SecretString,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls { .. }")
    }
}

/// What no public text of the vendor settles (rows marked A in the contract): settings of a target profile's `[assume]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assumptions {
    /// C-41: whether confidential clients must use PKCE too.
    pub pkce_required: bool,
    /// C-44: refresh tokens rotate, and replay of an old one revokes the family. Those of a public client always do (RFC 9700 section
    /// 4.14.2).
    pub refresh_rotation: bool,
    /// C-41 has no row for it: whether pages of registered single-page applications may call the platform and its API across origins.
    pub cors: bool,
    /// C-45: name of the access token's claim that holds the tenant's id.
    pub tenant_claim: String,
    /// C-45 names neither: whether `name` and `email` are in an ID token that comes with an access token. OpenID Connect Core
    /// section 5.4 leaves them to userinfo.
    pub user_claims_in_id_token: bool,
    /// C-45: what signs ID and access tokens.
    pub signing_algorithm: SigningAlgorithm,
    /// C-36.
    pub access_token_lifetime_seconds: u64,
    /// C-38: whether deactivating a user ends access tokens at once, or only refresh tokens, and access tokens as they expire.
    pub deactivation_ends_access_tokens: bool,
    /// C-13 has no field for addresses after a sign-out: whether redirect URIs serve as such.
    pub post_logout_to_redirect_uris: bool,
    /// C-43.
    pub code_lifetime_seconds: u64,
    /// C-37.
    pub refresh_token_lifetime_seconds: u64,
    /// C-56: entries a list page holds when the request names no limit.
    pub default_page_limit: usize,
    /// C-56: most entries a list page holds.
    pub max_page_limit: usize,
    /// C-59: every answer of the API shows additive changes that nobody announced, as the fault `api-additive` does.
    pub additive_changes: bool,
    /// C-46: how long a device code and its user code are good.
    pub device_code_lifetime_seconds: u64,
    /// C-46: least seconds between two polls of a device.
    pub device_poll_interval_seconds: u64,
    /// C-46: whether the device authorization response tells the interval. 5 seconds hold for a client that is not told.
    pub device_poll_interval_told: bool,
    /// C-46: wrong user codes after which a browser session may try no more.
    pub device_user_code_tries: u32,
    /// C-58: requests of one client that the window holds; 0 sets no limit.
    pub rate_limit: u32,
    /// C-58: length of the window, in seconds.
    pub rate_limit_window_seconds: u64,
    /// C-63: the oldest version that the platform speaks over TLS.
    pub tls_minimum: TlsVersion,
}

/// A version of TLS that is not deprecated (RFC 8996).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TlsVersion {
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
    #[serde(rename = "1.3")]
    V1_3,
}

/// A signature algorithm of RFC 7518 section 3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SigningAlgorithm {
    #[default]
    Rs256,
    Es256,
}

impl SigningAlgorithm {
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            pkce_required: false,
            refresh_rotation: true,
            cors: true,
            tenant_claim: "tenant_id".to_owned(),
            user_claims_in_id_token: false,
            signing_algorithm: SigningAlgorithm::default(),
            access_token_lifetime_seconds: 3600,
            deactivation_ends_access_tokens: true,
            post_logout_to_redirect_uris: false,
            code_lifetime_seconds: 60,
            refresh_token_lifetime_seconds: 30 * 24 * 3600,
            default_page_limit: 50,
            max_page_limit: 200,
            additive_changes: false,
            device_code_lifetime_seconds: 300,
            device_poll_interval_seconds: 5,
            device_poll_interval_told: true,
            device_user_code_tries: 5,
            rate_limit: 6000,
            rate_limit_window_seconds: 60,
            tls_minimum: TlsVersion::default(),
        }
    }
}

impl Assumptions {
    pub fn access_token_lifetime(&self) -> Duration {
        Duration::from_secs(self.access_token_lifetime_seconds)
    }

    pub fn code_lifetime(&self) -> Duration {
        Duration::from_secs(self.code_lifetime_seconds)
    }

    pub fn refresh_token_lifetime(&self) -> Duration {
        Duration::from_secs(self.refresh_token_lifetime_seconds)
    }
}
