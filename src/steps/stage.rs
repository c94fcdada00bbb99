//! Platform, application and browser contexts of one scenario.

use std::collections::HashMap;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::Mutex;
use url::Url;

use super::application::Instance;
use super::canaries::Kept;
use super::instrument::relay;
use super::loopback::client_to;
use super::own_port::OwnPort;
use super::program_sign_in::Registered;
use super::provocation::Provocation;
use super::second_platform::SecondPlatform;
use super::setup::Sample;
use super::{Failure, PATIENCE, Setup, Target};
use crate::browser::{Context, Page};
use crate::domain::{App, ApplicationType, BrowserFact, Exchange};
use crate::platform::accounts::Credentials;
use crate::platform::{Platform, Settings};

/// The parts that scenarios of a running application share; every other scenario has its own.
pub struct Shared {
    pub platform: Option<Platform>,
    pub application: Mutex<Option<Instance>>,
}

pub struct Stage {
    pub setup: Arc<Setup>,
    pub(super) shared: Arc<Shared>,
    /// Where the journal stood when the scenario began.
    mark: usize,
    pub issuer: String,
    api: Option<Url>,
    pub portal: Option<Url>,
    pub credentials: Option<Credentials>,
    pub redirect_uris: Vec<String>,
    /// The profile's web application, where this stage has it.
    pub app: App,
    /// The port that is kept free for it until it starts.
    pub(super) own_port: Option<OwnPort>,
    /// The application's page with the login button.
    pub base_url: Url,
    visitors: HashMap<String, Visitor>,
    /// What browsers saw that are closed already.
    pub(super) past_facts: Vec<BrowserFact>,
    pub provocation: Provocation,
    /// The command-line program that the scenario is about, if it is about one.
    pub program: Option<Registered>,
    /// A platform beside the first, where the application is registered too.
    pub second: Option<SecondPlatform>,
    /// What the application is told of its work in the background.
    pub poll_seconds: u64,
    pub(super) kept: Kept,
}

/// A person's browser: an isolated context, with the application's page.
#[derive(Clone)]
pub struct Visitor {
    pub context: Context,
    pub page: Page,
}

impl Stage {
    /// A platform, and nobody at it yet. `https`: over TLS, where the application can be told of its certificate authority.
    pub async fn raise(setup: Arc<Setup>, sample: Sample) -> Result<Self, Failure> {
        if sample.https && setup.profile.app.r#type == ApplicationType::Spa {
            return Err(Failure::not_applicable(
                "the application's requests are the browser's, which looks at certificates itself: no page can do otherwise",
            ));
        }
        if sample.https && !setup.takes_a_certificate_authority() {
            return Err(Failure::not_applicable(
                "the profile gives no way to tell the application the platform's certificate authority ({ca_file} in [app.env])",
            ));
        }
        let shared = if setup.is_shared() {
            let mut kept = setup.shared.lock().await;
            if kept.is_none() {
                let port = setup.profile.app.client.as_ref().map_or(0, |client| client.platform_port);
                *kept = Some(Arc::new(Shared::start(&setup, Sample { https: sample.https, ..Sample::of(setup.seed) }, port).await?));
            }
            kept.as_ref().map(Arc::clone).ok_or_else(|| Failure::broke("the shared stage is gone"))?
        } else {
            Arc::new(Shared::start(&setup, sample, 0).await?)
        };
        let (issuer, api, portal) = match (&shared.platform, setup.remote()) {
            (Some(relay), Some(remote)) => {
                let api = remote.file.api.as_ref().map(|_| relay.api().clone());
                (relay.shared().issuer_text().to_owned(), api, remote.file.portal.clone())
            }
            (Some(platform), None) => {
                (platform.shared().issuer_text().to_owned(), Some(platform.api().clone()), Some(platform.issuer().clone()))
            }
            (None, Some(remote)) => {
                let file = &remote.file;
                (file.issuer.as_str().to_owned(), file.api.clone(), file.portal.clone())
            }
            (None, None) => return Err(Failure::broke("a run has a mock platform or a target file")),
        };
        if let (Some(platform), true) = (&shared.platform, setup.is_shared()) {
            // What the scenario before did to people, records and limits is not this one's.
            platform.restore();
        }
        let own_port = OwnPort::of(&setup)?;
        let app = own_port.as_ref().map_or_else(|| setup.profile.app.clone(), |own| setup.profile.app.at_port(own.number()));
        let stage = Self {
            mark: shared.platform.as_ref().map_or(0, |platform| platform.journal().mark()),
            base_url: app.url.as_ref().map_or_else(|| Url::parse(&issuer), |url| Ok(url.clone())).map_err(Failure::broke)?,
            provocation: Provocation::default(),
            program: None,
            second: None,
            poll_seconds: sample.poll_seconds,
            kept: Kept::default(),
            visitors: HashMap::new(),
            past_facts: Vec::new(),
            redirect_uris: Vec::new(),
            app,
            own_port,
            credentials: None,
            issuer,
            api,
            portal,
            shared,
            setup,
        };
        if stage.setup.is_shared() && stage.mock().is_ok() {
            // It runs already, and may ask at any time.
            stage.register_running()?;
        }
        Ok(stage)
    }

    /// Base of the API's paths; a target without it claims the standards only.
    pub fn api(&self) -> Result<&Url, Failure> {
        self.api.as_ref().ok_or_else(|| Failure::not_applicable("the target file names no API: the platform claims the standards only"))
    }

    /// What the platform recorded since the scenario began.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.platform.as_ref().map_or_else(Vec::new, |platform| platform.journal().since(self.mark))
    }

    /// What every browser of the scenario saw, in order, by the platform's clock where there is one.
    pub fn browser_facts(&self) -> Vec<BrowserFact> {
        let mut facts = self.past_facts.clone();
        facts.extend(self.visitors.iter().flat_map(|(name, visitor)| self.facts_of(name, visitor)));
        facts.sort_by_key(|fact| fact.at_ms);
        facts
    }

    /// What one browser saw, and whose it is.
    pub(super) fn facts_of(&self, name: &str, visitor: &Visitor) -> Vec<BrowserFact> {
        let context_ms = visitor.context.elapsed_ms();
        let platform_ms = self.shared.platform.as_ref().map_or(context_ms, |platform| platform.journal().elapsed_ms());
        let (ahead, behind) = (platform_ms.saturating_sub(context_ms), context_ms.saturating_sub(platform_ms));
        let on_one_clock =
            |fact: BrowserFact| BrowserFact { at_ms: (fact.at_ms + ahead).saturating_sub(behind), person: Some(name.to_owned()), ..fact };
        visitor.context.facts().into_iter().map(on_one_clock).collect()
    }

    /// The person's browser, on the application's page; a new one at the first call.
    pub async fn visitor(&mut self, name: &str) -> Result<Visitor, Failure> {
        if let Some(visitor) = self.visitors.get(name) {
            return Ok(visitor.clone());
        }
        let context = self.new_context().await?;
        self.visitor_in(name, context).await
    }

    /// The person's browser, with every popup blocked.
    pub async fn visitor_without_popups(&mut self, name: &str) -> Result<Visitor, Failure> {
        let context = self.new_context().await?;
        context.block_popups();
        self.visitor_in(name, context).await
    }

    /// A browser for the application's pages, as patient with them as the profile is.
    async fn new_context(&self) -> Result<Context, Failure> {
        let patience = self.setup.patience();
        let context = self.setup.browser.context().await?;
        let context = context.with_patience(patience.sign_in.max(patience.follow_up)).with_standing(self.setup.standing.clone());
        Ok(match self.instrument() {
            // The target names itself in its responses; to the application the relay is the platform.
            Ok(relay) if relay.is_relay() => context.with_detour(&self.redirect_uris, relay.responses()),
            _ => context,
        })
    }

    async fn visitor_in(&mut self, name: &str, context: Context) -> Result<Visitor, Failure> {
        let page = match context.open(self.base_url.as_str()).await {
            Ok(page) => page,
            Err(error) => return Err(self.explain(Failure::not_loaded(error, self.setup.patience())).await),
        };
        self.setup.presence.is_there();
        let visitor = Visitor { context, page };
        self.visitors.insert(name.to_owned(), visitor.clone());
        Ok(visitor)
    }

    /// A browser that is at the account portal rather than at the application.
    pub async fn portal_page(&mut self, name: &str) -> Result<(Page, Url), Failure> {
        let portal = self.portal.clone().ok_or_else(|| Failure::not_applicable("the target file names no account portal"))?;
        let key = format!("{name} at the portal");
        if let Some(visitor) = self.visitors.get(&key) {
            return Ok((visitor.page.clone(), portal));
        }
        let context = self.setup.browser.context().await?;
        let page = context.open(portal.as_str()).await?;
        self.visitors.insert(key, Visitor { context, page: page.clone() });
        Ok((page, portal))
    }

    pub fn is_at_the_portal(&self, name: &str) -> bool {
        self.visitors.contains_key(&format!("{name} at the portal"))
    }

    pub fn visitors(&self) -> impl Iterator<Item = (&String, &Visitor)> {
        self.visitors.iter()
    }

    /// Ends what the scenario had: browser contexts now, platform and application when dropped.
    pub async fn strike(&mut self) {
        for (_, visitor) in self.visitors.drain() {
            visitor.context.close().await;
        }
        if self.setup.is_shared() {
            return;
        }
        let mut application = self.shared.application.lock().await;
        match application.take() {
            // A target knows one redirect URI: the next scenario's application needs the same port.
            Some(Instance::Bundled(bundled)) if self.setup.remote().is_some() => bundled.stop().await,
            Some(Instance::Container(container)) => container.end().await,
            other => *application = other,
        }
    }

    pub(super) fn visitor_if_any(&self, name: &str) -> Option<Visitor> {
        self.visitors.get(name).cloned()
    }

    pub(super) fn keep_visitor(&mut self, name: &str, visitor: Visitor) -> Visitor {
        self.visitors.insert(name.to_owned(), visitor.clone());
        visitor
    }

    pub fn forget_visitor(&mut self, name: &str) -> Option<Visitor> {
        self.visitors.remove(name)
    }

    pub fn client_secret(&self) -> Option<SecretString> {
        self.credentials.as_ref().and_then(|credentials| credentials.client_secret.clone())
    }
}

impl Shared {
    async fn start(setup: &Setup, sample: Sample, port: u16) -> Result<Self, Failure> {
        // Whoever runs already may have read the discovery document in an earlier run.
        let moved = if setup.is_shared() { u64::from(port) } else { sample.seed };
        let platform = match &setup.target {
            Target::Mock(mock) => {
                let settings = Settings {
                    seed: sample.seed,
                    // The same in every scenario: what may stand in no file is spelt once a run.
                    records_seed: sample.day.is_none().then_some(setup.seed),
                    sample_day: sample.day,
                    port,
                    public_host: setup.profile.app.platform_host().to_owned(),
                    tls: sample.https.then(|| mock.certificate.tls.clone()),
                    assumptions: sample.assumptions(&mock.assumptions),
                    // The approved texts of a day of their own are of a platform without it.
                    announces_backchannel_logout: sample.day.is_none() && setup.profile.app.backchannel_logout.is_some(),
                    ..Settings::default()
                };
                let stays = setup.hard_wires() && !sample.moved;
                Some(Platform::start(if stays { settings } else { settings.with_moved_endpoints(moved) }).await?)
            }
            Target::Remote(remote) if setup.is_relayed() && !sample.direct => Some(relay(setup, remote, sample).await?),
            Target::Remote(_) => None,
        };
        Ok(Self { platform, application: Mutex::default() })
    }
}

/// For our own questions to this address: no redirect is followed, every answer is awaited at most [`PATIENCE`].
pub fn questions_to(to: &str) -> Result<reqwest::ClientBuilder, Failure> {
    Ok(questions_of(client_to(to)?))
}

/// No redirect is followed, every answer is awaited at most [`PATIENCE`].
pub fn questions_of(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE)
}
