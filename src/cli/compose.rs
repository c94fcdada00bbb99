//! Puts a run together from what the command line names.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;

use super::CliError;
use super::nearest::did_you_mean;
use super::profile::{self, Application};
use crate::browser::Options;
use crate::catalogue::Catalogue;
use crate::domain::{App, Environment, Patience, Profile, Requirement, TargetFile, TargetSummary, Waiting};
use crate::platform::spki_of;
use crate::relying_party::Defect;
use crate::steps::recordings::{FirstSeen, Recordings, usual_folder};
use crate::steps::{BrowserPool, GoldenTexts, Reach, Remote, Setup, Target};

/// The application and the platform of a run, and how to look at them; the same words in `run` and `doctor`.
#[derive(clap::Args)]
pub struct Parties {
    /// The application under test; without it the one that comes with collaudo.
    #[arg(long, value_name = "FILE")]
    pub app: Option<PathBuf>,
    /// Break the bundled application on purpose (`collaudo list defects`).
    #[arg(long, value_name = "NAME", conflicts_with = "app")]
    pub defect: Option<String>,
    /// The platform: the embedded mock, or a target file.
    #[arg(long, value_name = "mock|FILE", default_value = "mock")]
    pub target: String,
    /// Seed of all random choices; the same seed repeats the run.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Show the browser's windows.
    #[arg(long)]
    pub headed: bool,
    /// Use a running WebDriver or Grid instead of a driver of our own.
    #[arg(long, value_name = "URL")]
    pub webdriver: Option<url::Url>,
    /// Where the recordings of the target are (`collaudo record`); without it `snapshots/NAME` beside the target file.
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
    #[command(flatten)]
    pub patience: PatienceOptions,
}

/// How long the application is waited for; without an option as its profile says (`[app.patience]`).
#[derive(clap::Args)]
pub struct PatienceOptions {
    /// Wait so many seconds until the started application answers.
    #[arg(long, value_name = "SECONDS", value_parser = patience)]
    patience_start: Option<Duration>,
    /// Wait so many seconds until it shows how a sign-in ended.
    #[arg(long, value_name = "SECONDS", value_parser = patience)]
    patience_sign_in: Option<Duration>,
    /// Wait so many seconds until it is done with what a person did on its pages.
    #[arg(long, value_name = "SECONDS", value_parser = patience)]
    patience_follow_up: Option<Duration>,
}

fn patience(text: &str) -> Result<Duration, String> {
    Patience::parse(text.parse().map_err(|_| format!("`{text}` is no number of seconds"))?)
}

impl PatienceOptions {
    fn override_in(&self, patience: &mut Patience) {
        let options =
            [(Waiting::Start, self.patience_start), (Waiting::SignIn, self.patience_sign_in), (Waiting::FollowUp, self.patience_follow_up)];
        for (what, seconds) in options {
            if let Some(seconds) = seconds {
                patience.set(what, seconds);
            }
        }
    }
}

/// What [`Parties`] name, read and found sound.
pub struct Read {
    pub application: Application,
    /// The bundled application as a program of each other type; none beside a profile.
    pub programs: Vec<App>,
    pub defect: Option<Defect>,
    pub target: Target,
    pub seed: u64,
    pub browser: Options,
    /// Of a target.
    pub recordings: Option<Recordings>,
}

impl Parties {
    pub fn read(&self) -> Result<Read, CliError> {
        let mut application = match &self.app {
            Some(path) => profile::read_application(path)?,
            None => profile::bundled()?,
        };
        let defect = self.defect.as_deref().map(defect).transpose()?;
        let mut programs = if application.bundled { profile::bundled_programs(self.defect.as_deref())? } else { Vec::new() };
        for app in programs.iter_mut().chain([&mut application.profile.app]) {
            self.patience.override_in(&mut app.patience);
        }
        let target = profile::read_target(&self.target)?;
        let recordings = match &target {
            Target::Mock(_) => None,
            Target::Remote(remote) => Some(Recordings {
                folder: recordings_of(&remote.file, Path::new(&self.target), self.snapshots.as_ref()),
                writes: false,
                first_seen: FirstSeen::new(),
            }),
        };
        let browser = browser_options(self, &application.profile, &target)?;
        // Half of the range: a seed that people copy by hand.
        let seed = self.seed.unwrap_or_else(|| u64::from(rand::rng().random::<u32>()));
        Ok(Read { application, programs, defect, target, seed, browser, recordings })
    }
}

fn defect(name: &str) -> Result<Defect, CliError> {
    name.parse().map_err(|error| CliError::Other(format!("{error}{}", did_you_mean(name, Defect::ALL.iter().map(|defect| defect.name())))))
}

/// The folder of a report in which texts are left that differ from the approved ones.
pub const SNAPSHOTS: &str = "snapshots";

/// Where the recordings of a target are.
pub fn recordings_of(file: &TargetFile, path: &Path, named: Option<&PathBuf>) -> PathBuf {
    named.cloned().unwrap_or_else(|| usual_folder(path, &file.name))
}

/// Of a name in both files the target's counts.
fn browser_options(parties: &Parties, profile: &Profile, target: &Target) -> Result<Options, CliError> {
    let (mut arguments, mut trusted_keys, mut platform_pages) = (Vec::new(), Vec::new(), None);
    let mut hosts: BTreeMap<&String, &IpAddr> = profile.hosts.iter().collect();
    if let Target::Mock(mock) = target {
        // The key of the platform itself: bad certificates, which are of that key too, are for the application to refuse.
        trusted_keys.push(spki_of(&mock.certificate.tls.certificate_pem)?);
    }
    if let Target::Remote(remote) = target {
        // The relay's own.
        trusted_keys.push(spki_of(&remote.certificate.tls.certificate_pem)?);
        if let Some(pem) = &remote.extra_ca_pem {
            trusted_keys.push(spki_of(pem)?);
        }
        hosts.extend(&remote.file.hosts);
        platform_pages = remote.file.pages();
    }
    arguments.extend(resolver_rules(&hosts));
    Ok(Options {
        headed: parties.headed,
        webdriver: parties.webdriver.clone(),
        arguments,
        trusted_keys,
        dialogs: profile.app.dialogs.clone(),
        platform_pages,
        ..Options::default()
    })
}

/// The browser's argument for where host names lead.
fn resolver_rules(hosts: &BTreeMap<&String, &IpAddr>) -> Option<String> {
    let rule = |(host, address): (&&String, &&IpAddr)| match address {
        IpAddr::V4(address) => format!("MAP {host} {address}"),
        IpAddr::V6(address) => format!("MAP {host} [{address}]"),
    };
    let rules: Vec<String> = hosts.iter().map(rule).collect();
    (!rules.is_empty()).then(|| format!("--host-resolver-rules={}", rules.join(",")))
}

impl Read {
    /// Launches the browser and puts the setup together.
    pub async fn setup(self, out: &Path, catalogue: &Catalogue) -> Result<(Arc<Setup>, Environment), CliError> {
        let browser = BrowserPool::launch(self.browser).await?;
        let (browser_version, driver) = browser.versions().await;
        let environment =
            Environment { os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH), browser: browser_version, driver };
        let application = self.application;
        let reach = Reach { ca_pem: application.ca_pem, hosts: application.profile.hosts.clone() };
        let r#type = application.profile.app.r#type.name();
        let level = |known: Requirement| (known.id, (known.level, known.clause.into_iter().next().unwrap_or_default()));
        let levels = catalogue.requirements_for(r#type).into_iter().map(level).collect();
        let untested = catalogue.untested_for(r#type);
        let setup = Setup::new(
            application.profile,
            application.bundled,
            self.defect,
            application.static_secret,
            self.target,
            browser,
            self.seed,
            out.to_owned(),
            levels,
            GoldenTexts { pending: out.join(SNAPSHOTS), recordings: self.recordings },
            application.dossier_secrets,
        )
        .with_programs(self.programs)
        .with_reach(reach)
        .with_untested(untested);
        Ok((Arc::new(setup), environment))
    }
}

/// What a report says of the platform.
pub fn target_summary(target: &Target) -> TargetSummary {
    match target {
        Target::Mock(_) => TargetSummary { name: "mock".to_owned(), mock: true, issuer: None, read_only: false },
        Target::Remote(remote) => {
            let Remote { file, .. } = remote.as_ref();
            TargetSummary { name: file.name.clone(), mock: false, issuer: Some(file.issuer.to_string()), read_only: file.read_only }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_told_where_host_names_lead() {
        let hosts: BTreeMap<String, IpAddr> =
            [("a.example", "127.0.0.1"), ("b.example", "::1")].map(|(host, to)| (host.to_owned(), to.parse().expect("an address"))).into();
        let rules = resolver_rules(&hosts.iter().collect());
        assert_eq!(rules.as_deref(), Some("--host-resolver-rules=MAP a.example 127.0.0.1,MAP b.example [::1]"));
        assert_eq!(resolver_rules(&BTreeMap::new()), None);
    }
}
