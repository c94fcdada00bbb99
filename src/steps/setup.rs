use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use secrecy::SecretString;
use tokio::sync::Mutex;

use super::canaries::Given;
use super::container::remove_own;
use super::given_back::GivenBack;
use super::naming::Naming;
use super::presence::Presence;
use super::reach::Reach;
use super::snapshot::GoldenTexts;
use super::stage::Shared;
use super::{Failure, world::Levels};
use crate::browser::{Browser, BrowserError, Context, Options, Standing};
use crate::domain::{App, ApplicationType, ClientAuth, Learned, Login, Patience, Profile, RequirementId, TargetFile};
use crate::platform::accounts::Credentials;
use crate::platform::{Assumptions, OwnCertificate};
use crate::relying_party::Defect;

/// What every scenario of a run is given.
pub struct Setup {
    pub profile: Profile,
    /// Whether the application under test is the one that comes with collaudo.
    pub bundled: bool,
    /// The bundled application as a program of each other type.
    pub programs: Vec<App>,
    pub defect: Option<Defect>,
    /// How our own clients reach the application.
    pub reach: Reach,
    /// The running application's client secret (`[app.client]`).
    pub static_secret: Option<SecretString>,
    pub target: Target,
    pub browser: BrowserPool,
    /// Every stage's own seed is derived from it.
    pub seed: u64,
    /// Where screenshots and page sources go; their paths in events are relative to it.
    pub out: PathBuf,
    pub levels: Levels,
    pub golden: GoldenTexts,
    /// Requirements that concern the application, and that no scenario about its type judges.
    pub untested: BTreeSet<RequirementId>,
    /// Secrets of the dossier's environments that were set, by environment.
    pub dossier_secrets: BTreeMap<String, SecretString>,
    /// What its platforms handed out, to search what it leaves behind.
    pub(super) given: Given,
    /// What became of sign-ins at a target.
    pub given_back: GivenBack,
    /// Whether the application is there to be judged.
    pub(super) presence: Presence,
    /// The login with what the look before the run learned of it.
    pub(super) learned: OnceLock<Login>,
    /// How the application calls its users, where the look before the run found that it is not by name.
    pub(super) naming: OnceLock<Naming>,
    /// Whether a load of its page signs its user out, as the look before the run found.
    forgets: OnceLock<()>,
    /// Whether it asks at endpoints that no discovery document announced, as the look before the run found.
    hard_wires: OnceLock<()>,
    /// Requests that its pages always have open.
    pub(super) standing: Standing,
    /// The one stage of an application that the harness did not start.
    pub(super) shared: Mutex<Option<Arc<Shared>>>,
}

/// The platform of the run.
pub enum Target {
    Mock(Box<Mock>),
    Remote(Box<Remote>),
}

/// The embedded mock.
pub struct Mock {
    pub assumptions: Assumptions,
    /// Of a stage whose platform speaks https; one for the run, because the browser is told of it when it starts.
    pub certificate: OwnCertificate,
}

/// A platform behind a target file, its secrets resolved.
pub struct Remote {
    pub file: TargetFile,
    pub client_secret: Option<SecretString>,
    pub other_client_secret: Option<SecretString>,
    /// By user key, such as `ada`.
    pub passwords: BTreeMap<String, SecretString>,
    /// Fixed one-time codes, by user key.
    pub codes: BTreeMap<String, SecretString>,
    /// Of users that were deactivated, by user key.
    pub old_tokens: BTreeMap<String, OldTokens>,
    pub extra_ca_pem: Option<String>,
    /// Of a relay that speaks https.
    pub certificate: OwnCertificate,
}

/// What a user was given before the deactivation.
#[derive(Clone, Default)]
pub struct OldTokens {
    pub refresh: Option<SecretString>,
    pub access: Option<SecretString>,
}

impl Remote {
    /// The further registration of the target file.
    pub fn other_client(&self) -> Option<(Credentials, ClientAuth)> {
        let client = self.file.other_client.as_ref()?;
        let credentials = Credentials { client_id: client.client_id.clone(), client_secret: self.other_client_secret.clone() };
        Some((credentials, client.auth))
    }
}

impl Setup {
    #[expect(clippy::too_many_arguments, reason = "the composition root names every part once")]
    pub fn new(
        profile: Profile,
        bundled: bool,
        defect: Option<Defect>,
        static_secret: Option<SecretString>,
        target: Target,
        browser: BrowserPool,
        seed: u64,
        out: PathBuf,
        levels: Levels,
        golden: GoldenTexts,
        dossier_secrets: BTreeMap<String, SecretString>,
    ) -> Self {
        let (shared, presence, given, programs, learned, naming, untested, reach, forgets, hard_wires) = Default::default();
        let (standing, given_back) = (Standing::default(), GivenBack::default());
        Self {
            reach,
            given_back,
            presence,
            given,
            programs,
            learned,
            forgets,
            standing,
            hard_wires,
            naming,
            untested,
            profile,
            bundled,
            defect,
            static_secret,
            target,
            browser,
            seed,
            out,
            levels,
            golden,
            dossier_secrets,
            shared,
        }
    }

    /// Ends what the run as a whole has: the browser, and containers that a run which was broken off has left.
    pub async fn end(&self) {
        self.browser.close().await;
        if !self.bundled && self.profile.app.image.is_some() {
            remove_own().await;
        }
    }

    pub fn with_programs(self, programs: Vec<App>) -> Self {
        Self { programs, ..self }
    }

    pub fn with_reach(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    pub fn with_untested(self, untested: BTreeSet<RequirementId>) -> Self {
        Self { untested, ..self }
    }

    /// The application under test, if it is of this type; without a profile there is a bundled one of each.
    pub(super) fn app_of(&self, r#type: ApplicationType) -> Result<&App, Failure> {
        self.app_that(|declared| declared == r#type, r#type.name())
    }

    /// The application under test, if a person uses it in a browser.
    pub(super) fn app_with_pages(&self) -> Result<&App, Failure> {
        self.app_that(ApplicationType::has_pages, ApplicationType::Web.name())
    }

    fn app_that(&self, is_meant: impl Fn(ApplicationType) -> bool, kind: &str) -> Result<&App, Failure> {
        let apps = std::iter::once(&self.profile.app).chain(&self.programs);
        apps.into_iter().find(|app| is_meant(app.r#type)).ok_or_else(|| {
            let declared = self.profile.app.r#type.name();
            Failure::not_tested(format!("it is about {kind} applications; the profile declares a {declared} one"))
        })
    }

    /// Whether a load of its page signs its user out: it keeps its tokens in memory alone.
    pub(super) fn forgets_at_load(&self) -> bool {
        self.forgets.get().is_some()
    }

    pub(super) fn note_that_it_forgets(&self) {
        self.forgets.get_or_init(|| ());
    }

    /// Whether it has the usual paths of the endpoints written into it: only the scenarios of AZ-12 put them elsewhere then.
    pub(super) fn hard_wires(&self) -> bool {
        self.hard_wires.get().is_some()
    }

    pub(super) fn note_that_it_hard_wires(&self) {
        self.hard_wires.get_or_init(|| ());
    }

    /// How long the application is waited for.
    pub fn patience(&self) -> Patience {
        self.profile.app.patience
    }

    /// How a web application is used: as its profile says, and where it says nothing as it was learned.
    pub fn login(&self) -> &Login {
        self.learned.get().unwrap_or(&self.profile.app.login)
    }

    /// What the profile does not say and the look before the run learned.
    pub fn learned(&self) -> Option<Learned> {
        let (written, known) = (&self.profile.app.login, self.learned.get()?);
        let unless = |written: &Option<String>, known: &Option<String>| known.clone().filter(|_| written.is_none());
        let learned = Learned { signed_in: unless(&written.signed_in, &known.signed_in), error: unless(&written.error, &known.error) };
        (learned != Learned::default()).then_some(learned)
    }

    pub fn remote(&self) -> Option<&Remote> {
        match &self.target {
            Target::Mock(_) => None,
            Target::Remote(remote) => Some(remote),
        }
    }

    /// What is assumed of the platform.
    pub(super) fn assumptions(&self) -> &Assumptions {
        match &self.target {
            Target::Mock(mock) => &mock.assumptions,
            Target::Remote(remote) => &remote.file.assume,
        }
    }

    /// Whether the suite may have something written at the platform: a person who clicks what writes does so for it.
    pub(super) fn may_write(&self) -> Result<(), Failure> {
        match self.remote().is_some_and(|remote| remote.file.read_only) {
            true => {
                Err(Failure::not_applicable("the target file says read_only: the suite writes nothing there, and clicks nothing that does"))
            }
            false => Ok(()),
        }
    }

    /// Whether the application is there, and fit to be judged.
    pub(super) fn admit(&self) -> Result<(), Failure> {
        self.presence.admit()
    }

    /// Whether the application can be told of a certificate authority that it knows nothing of yet.
    pub(super) fn takes_a_certificate_authority(&self) -> bool {
        self.bundled || (!self.is_shared() && self.profile.app.env.values().any(|value| value.contains("{ca_file}")))
    }

    /// Whether the application can be told how often to poll in the background.
    pub(super) fn takes_a_polling_period(&self) -> bool {
        self.bundled || (!self.is_shared() && self.profile.app.env.values().any(|value| value.contains("{poll_seconds}")))
    }

    /// Whether the application is one shared stage: neither bundled nor started by us.
    pub fn is_shared(&self) -> bool {
        !self.bundled && !self.profile.app.is_started()
    }
}

/// What an application is told of its work in the background, unless the scenario is about that: no scenario lasts so long.
const POLL_SECONDS: u64 = 3600;

/// What a stage is made from.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub seed: u64,
    /// The day of the sample data; `None`: today.
    pub day: Option<jiff::civil::Date>,
    /// `None`: as assumed of the platform.
    pub device_interval_seconds: Option<u64>,
    /// What the application is told of its work in the background.
    pub poll_seconds: u64,
    /// Over TLS, where the application can be told of the certificate authority.
    pub https: bool,
    /// Whether the endpoints are elsewhere than usual also for an application that has those written into it.
    pub moved: bool,
    /// Whether the target is asked itself, with no relay before it.
    pub direct: bool,
    /// Whether ID tokens name their user whatever is assumed of the platform: only ID-15 is about that, and it is a recommendation.
    pub named_in_id_token: bool,
}

impl Sample {
    pub fn of(seed: u64) -> Self {
        Self {
            seed,
            day: None,
            device_interval_seconds: None,
            poll_seconds: POLL_SECONDS,
            https: false,
            moved: false,
            direct: false,
            named_in_id_token: true,
        }
    }

    pub fn assumptions(&self, of_the_run: &Assumptions) -> Assumptions {
        let mut assumptions = of_the_run.clone();
        if let Some(seconds) = self.device_interval_seconds {
            assumptions.device_poll_interval_seconds = seconds;
        }
        assumptions.user_claims_in_id_token |= self.named_in_id_token;
        assumptions
    }
}

/// One warm browser for all scenarios; a new one when it has died.
pub struct BrowserPool {
    options: Mutex<Options>,
    browser: Mutex<Browser>,
    is_here: bool,
}

impl BrowserPool {
    pub async fn launch(options: Options) -> Result<Self, BrowserError> {
        let browser = Mutex::new(launch(&options).await?);
        Ok(Self { is_here: options.webdriver.is_none(), options: Mutex::new(options), browser })
    }

    pub async fn context(&self) -> Result<Context, Failure> {
        let mut browser = self.browser.lock().await;
        if !browser.is_alive() {
            browser.close().await;
            *browser = launch(&*self.options.lock().await).await?;
        }
        Ok(browser.new_context().await?)
    }

    /// Takes certificates with this key for good from now on. Where they are not yet, the browser is started anew: nobody may be using it.
    pub(super) async fn trust(&self, key: String) -> Result<(), Failure> {
        let mut browser = self.browser.lock().await;
        let mut options = self.options.lock().await;
        if !options.trusted_keys.contains(&key) {
            options.trusted_keys.push(key);
            browser.close().await;
            *browser = launch(&options).await?;
        }
        Ok(())
    }

    /// Whether a driver of our own started it, on this machine.
    pub fn is_here(&self) -> bool {
        self.is_here
    }

    /// Name and version of the browser, and of its driver.
    pub async fn versions(&self) -> (String, String) {
        let browser = self.browser.lock().await;
        (browser.version().to_owned(), format!("chromedriver {}", browser.driver_version()))
    }

    pub async fn close(&self) {
        self.browser.lock().await.close().await;
    }
}

/// A driver or browser that does not come up on a busy machine gets one more try; what is missing altogether does not.
async fn launch(options: &Options) -> Result<Browser, BrowserError> {
    match Browser::launch(options).await {
        Err(first @ (BrowserError::Start { .. } | BrowserError::Gone { .. })) => {
            tracing::warn!("the browser is started once more: {first}");
            Browser::launch(options).await
        }
        launched => launched,
    }
}
