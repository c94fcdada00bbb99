//! The platform that records and misbehaves for a scenario: the mock, or a relay before the target of the run.

use secrecy::SecretString;
use url::Url;

use super::reach::resolving;
use super::setup::{Remote, Sample};
use super::stage::{Stage, questions_to};
use super::{Failure, Setup, Target};
use crate::browser::Request;
use crate::domain::Exchange;
use crate::platform::accounts::{MALLORY, OTHER_TENANT, TENANT};
use crate::platform::relay::{RelayTarget, TARGET_FAILED, only_the_owner_can};
use crate::platform::{Platform, Settings, Trigger};

const WITHOUT_INSTRUMENT: &str = "it needs what the application asks the platform for, or a fault of the platform: at a target only the relay sees and \
    does both (relay = true in the target file), and it stands only before an application that collaudo starts and tells {issuer} and {api}";
const OWNERS: &str = "only whoever owns the platform can do it: at a target collaudo changes no account, record, clock or registration";

impl Setup {
    /// Whether a relay stands between the application and the target: where the target file wants one, and the application can be told
    /// another issuer.
    pub(super) fn is_relayed(&self) -> bool {
        let app = &self.profile.app;
        let is_told = |what: &str| app.env.values().any(|value| value.contains(what));
        let of_started = || app.is_started() && app.r#type.has_pages() && is_told("{issuer}");
        self.remote()
            .filter(|remote| remote.file.relay)
            .is_some_and(|remote| self.bundled || (of_started() && (remote.file.api.is_none() || is_told("{api}"))))
    }
}

/// A relay before the target, with addresses, key and faults of its own.
pub(super) async fn relay(setup: &Setup, remote: &Remote, sample: Sample) -> Result<Platform, Failure> {
    let settings = Settings {
        seed: sample.seed,
        public_host: setup.profile.app.platform_host().to_owned(),
        tls: sample.https.then(|| remote.certificate.tls.clone()),
        assumptions: remote.file.assume.clone(),
        ..Settings::default()
    };
    let stays = setup.hard_wires() && !sample.moved;
    let settings = if stays { settings } else { settings.with_moved_endpoints(sample.seed) };
    let target = RelayTarget {
        issuer: remote.file.issuer.to_string(),
        api: remote.file.api.clone(),
        client: client_of(remote)?.build().map_err(Failure::broke)?,
        read_only: remote.file.read_only,
    };
    Platform::relay(settings, target).await.map_err(Failure::unjudged)
}

/// A client that trusts the target's authority, and finds its hosts where the target file says.
fn client_of(remote: &Remote) -> Result<reqwest::ClientBuilder, Failure> {
    let issuer = remote.file.issuer.as_str();
    let builder = resolving(questions_to(issuer)?, &Url::parse(issuer).map_err(Failure::broke)?, &remote.file.hosts);
    let Some(pem) = &remote.extra_ca_pem else { return Ok(builder) };
    Ok(builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(Failure::broke)?))
}

impl Stage {
    /// What has a journal and faults.
    pub fn instrument(&self) -> Result<&Platform, Failure> {
        self.shared.platform.as_ref().ok_or_else(|| Failure::not_tested(WITHOUT_INSTRUMENT))
    }

    /// The mock: a platform of our own, with all that is in it.
    pub fn mock(&self) -> Result<&Platform, Failure> {
        self.shared.platform.as_ref().filter(|platform| !platform.is_relay()).ok_or_else(|| Failure::not_tested(OWNERS))
    }

    /// Whether there is what shows this fault.
    pub(super) fn can_show(&self, fault: &str) -> Result<&Platform, Failure> {
        let platform = self.instrument()?;
        match only_the_owner_can(fault).filter(|_| platform.is_relay()) {
            Some(why) => Err(Failure::not_tested(format!("only whoever owns the platform can let it do this: {why}"))),
            None => Ok(platform),
        }
    }

    pub(super) fn arm(&self, fault: &str, trigger: impl Into<Trigger>) -> Result<&Platform, Failure> {
        let platform = self.can_show(fault)?;
        platform.faults().arm(fault, trigger).map_err(Failure::broke)?;
        Ok(platform)
    }

    /// The platform's own name for itself: behind a relay the target's.
    pub(super) fn platform_issuer(&self) -> &str {
        self.setup.remote().map_or(&self.issuer, |remote| remote.file.issuer.as_str())
    }

    /// How addresses of the platform's own pages begin: behind a relay those of the target, for a relay has none.
    pub(super) fn platform_pages(&self) -> String {
        let issuer = self.platform_issuer();
        Url::parse(issuer).map_or_else(|_| issuer.to_owned(), |issuer| issuer.origin().ascii_serialization())
    }

    /// Base of the platform's own API.
    pub(super) fn platform_api(&self) -> Result<&Url, Failure> {
        match self.setup.remote().and_then(|remote| remote.file.api.as_ref()) {
            Some(api) => Ok(api),
            None => self.api(),
        }
    }

    /// A client of our own for the platform, which follows no redirect.
    pub(super) fn platform_client(&self) -> Result<reqwest::Client, Failure> {
        let builder = match self.setup.remote() {
            Some(remote) => client_of(remote)?,
            None => questions_to(&self.issuer)?,
        };
        builder.build().map_err(Failure::broke)
    }

    /// The id of a person's medical centre.
    pub(super) fn tenant_of(&self, name: &str) -> Result<String, Failure> {
        let Target::Remote(remote) = &self.setup.target else {
            return Ok(if name == "Bruno" { OTHER_TENANT } else { TENANT }.0.to_string());
        };
        let user = remote.file.users.get(&name.to_lowercase()).map(|user| user.tenant.clone());
        user.ok_or_else(|| Failure::not_applicable(format!("the target file names no user `{}`", name.to_lowercase())))
    }

    /// What of patients may show nowhere outside the application: at the mock of all that there are, behind a relay of those whom its API has
    /// shown.
    pub(super) fn personal_canaries(&self) -> Result<Vec<(String, SecretString)>, Failure> {
        let platform = self.instrument()?;
        Ok(if platform.is_relay() { platform.patients_seen() } else { platform.personal_canaries(TENANT) })
    }

    /// How Mallory is called, also where the target file does not name her: a fault shows her in somebody's place.
    pub(super) fn names_of_mallory(&self) -> Result<Vec<String>, Failure> {
        match self.person("Mallory") {
            Err(_) if self.instrument().is_ok_and(Platform::is_relay) => {
                let known = self.instrument()?.shared().accounts().user_by_email(MALLORY).map(|user| user.name());
                Ok(known.into_iter().collect())
            }
            known => Ok(known?.names()),
        }
    }

    /// Whether a browser has sent a form to the target's pages, which a relay does not see.
    pub(super) fn has_seen_a_form_sent(&self) -> bool {
        let pages = self.platform_pages();
        let is_relay = self.instrument().is_ok_and(Platform::is_relay);
        let sent = |request: &Request| request.method == "POST" && request.url.starts_with(&pages);
        is_relay && self.visitors().any(|(_, visitor)| visitor.context.requests().iter().any(sent))
    }

    /// That the target itself failed in an exchange: what comes of it says nothing of the application.
    pub(super) fn target_failure(&self) -> Option<String> {
        let reason = |exchange: Exchange| exchange.facts.refusal.filter(|refusal| refusal.starts_with(TARGET_FAILED));
        self.exchanges().into_iter().find_map(reason)
    }
}
