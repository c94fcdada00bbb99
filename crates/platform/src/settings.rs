use super::{Assumptions, ConnectionLimits, EndpointPaths};
use std::net::{IpAddr, Ipv4Addr};

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
