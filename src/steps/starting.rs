//! How the application of a scenario comes to run: where it is, its registration at the platform, its start.

use std::net::{Ipv4Addr, SocketAddr};

use secrecy::SecretString;
use url::Url;

use super::application::{Filling, Instance, Started};
use super::client::port_is_taken;
use super::container::Container;
use super::second_platform::SecondPlatform;
use super::stage::Stage;
use super::{Failure, Target};
use crate::domain::Window;
use crate::platform::accounts::{Credentials, RegistrationRequest, TENANT};
use crate::relying_party::{self, Config, Listener, RelyingParty};

impl Stage {
    /// Ids of the medical centres that the application may serve.
    pub fn authorised_tenants(&self) -> Vec<String> {
        let own = match &self.setup.target {
            Target::Mock(_) => TENANT.0.to_string(),
            Target::Remote(remote) => remote.file.users.get("ada").map_or_else(String::new, |user| user.tenant.clone()),
        };
        self.setup.profile.app.tenants.iter().map(|tenant| if tenant == "authorised" { own.clone() } else { tenant.clone() }).collect()
    }

    /// Registers the application under test at the platform and starts it with the credentials.
    pub async fn register_application(&mut self) -> Result<(), Failure> {
        let tenants = self.authorised_tenants();
        if self.setup.remote().is_some() {
            // A target knows one redirect URI: its port is needed again.
            self.end_application().await;
        }
        let (listener, redirect_uris) = self.application_address()?;
        let credentials = self.known_at_the_platform(&redirect_uris)?;
        self.run_application(credentials, &tenants, listener, redirect_uris).await
    }

    /// The application's credentials at the platform, where it is registered anew if that can be.
    fn known_at_the_platform(&self, redirect_uris: &[String]) -> Result<Credentials, Failure> {
        match (&self.setup.target, &self.setup.profile.app.client) {
            (Target::Remote(remote), _) => {
                let known = Credentials { client_id: remote.file.client.client_id.clone(), client_secret: remote.client_secret.clone() };
                if let Ok(relay) = self.instrument() {
                    relay.preregister_client(self.registration(redirect_uris), &known).map_err(Failure::broke)?;
                }
                Ok(known)
            }
            (Target::Mock(_), Some(_)) if self.setup.is_shared() => self.register_running(),
            (Target::Mock(_), _) => self.mock()?.register_client(self.registration(redirect_uris)).map_err(Failure::broke),
        }
    }

    /// Registers the application that runs already, with the credentials that it has.
    pub(super) fn register_running(&self) -> Result<Credentials, Failure> {
        let client = self.setup.profile.app.client.as_ref().ok_or_else(|| Failure::broke("the profile has no [app.client]"))?;
        let credentials = Credentials { client_id: client.client_id.clone(), client_secret: self.setup.static_secret.clone() };
        self.mock()?.preregister_client(self.registration(&self.app.redirect_uris), &credentials).map_err(Failure::broke)?;
        Ok(credentials)
    }

    /// Starts the application with credentials that the portal gave out for [`Stage::application_address`].
    pub async fn start_application(&mut self, credentials: Credentials, listener: Option<Listener>) -> Result<(), Failure> {
        let tenants = self.authorised_tenants();
        let redirect_uris = match &listener {
            Some(listener) => vec![listener.redirect_uri().to_string()],
            None => self.app.redirect_uris.clone(),
        };
        self.run_application(credentials, &tenants, listener, redirect_uris).await
    }

    /// Starts the application again, authorised for these medical centres.
    pub async fn restart_application(&mut self, tenants: &[String]) -> Result<(), Failure> {
        let configurable = self.setup.bundled || self.setup.profile.app.env.values().any(|value| value.contains("{tenants}"));
        if self.setup.is_shared() || !configurable {
            return Err(Failure::not_applicable(
                "the profile gives no way to tell the application which medical centres it may serve ({tenants} in [app.env])",
            ));
        }
        // Whatever runs goes on where nobody sees what it asks for.
        self.instrument()?;
        self.end_application().await;
        let (listener, redirect_uris) = self.application_address()?;
        let credentials = self.known_at_the_platform(&redirect_uris)?;
        self.run_application(credentials, tenants, listener, redirect_uris).await
    }

    /// Starts the application again with a client secret of our choice.
    pub async fn restart_with_secret(&mut self, secret: SecretString) -> Result<(), Failure> {
        self.mock()?;
        self.end_application().await;
        let (tenants, (listener, redirect_uris)) = (self.authorised_tenants(), self.application_address()?);
        let credentials = Credentials { client_id: "collaudo-reserved".to_owned(), client_secret: Some(secret) };
        self.mock()?.preregister_client(self.registration(&redirect_uris), &credentials).map_err(Failure::broke)?;
        self.run_application(credentials, &tenants, listener, redirect_uris).await
    }

    /// Where the application will be: a listener of the bundled one, and the redirect URIs to register.
    pub fn application_address(&self) -> Result<(Option<Listener>, Vec<String>), Failure> {
        self.setup.app_with_pages()?;
        if !self.setup.bundled {
            return Ok((None, self.app.redirect_uris.clone()));
        }
        let (port, redirect_uri) = match self.setup.remote() {
            Some(remote) => (remote.file.client.redirect_uri.port_or_known_default().unwrap_or(0), Some(&remote.file.client.redirect_uri)),
            None => (0, None),
        };
        let listener = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(|error| port_is_taken(port, &error))?;
        let redirect_uri = redirect_uri.map_or_else(|| listener.redirect_uri().to_string(), Url::to_string);
        Ok((Some(listener), vec![redirect_uri]))
    }

    /// The registration that the application's profile asks for.
    pub fn registration(&self, redirect_uris: &[String]) -> RegistrationRequest {
        let app = &self.app;
        RegistrationRequest::of(app, redirect_uris, &format!("{} (collaudo)", app.name))
    }

    /// At the mock, the client may ask for more than the profile declares.
    pub(super) fn allow_every_scope(&self) -> Result<(), Failure> {
        match (self.mock(), &self.credentials) {
            (Ok(platform), Some(client)) => platform.allow_every_scope(&client.client_id).map_err(Failure::broke),
            _ => Ok(()),
        }
    }

    /// Ends the application that runs, if we started one.
    pub(super) async fn end_application(&self) {
        match self.shared.application.lock().await.take() {
            Some(Instance::Container(container)) => container.end().await,
            // A target knows one redirect URI: its port is needed again.
            Some(Instance::Bundled(bundled)) if self.setup.remote().is_some() => bundled.stop().await,
            // Dropped, and ended by that.
            Some(Instance::Bundled(_) | Instance::Started(_) | Instance::Running) | None => {}
        }
    }

    async fn run_application(
        &mut self,
        credentials: Credentials,
        tenants: &[String],
        listener: Option<Listener>,
        redirect_uris: Vec<String>,
    ) -> Result<(), Failure> {
        let ca_pem = match &self.setup.target {
            Target::Mock(mock) => self.issuer.starts_with("https:").then(|| mock.certificate.ca_pem.clone()),
            Target::Remote(remote) if self.instrument().is_ok() => {
                self.issuer.starts_with("https:").then(|| remote.certificate.ca_pem.clone())
            }
            Target::Remote(remote) => remote.extra_ca_pem.clone(),
        };
        let registration = self.registration(&redirect_uris);
        if let Some(second) = &mut self.second {
            second.register(registration)?;
        }
        // The one that runs must free its port first.
        self.end_application().await;
        if let Some(port) = self.own_port.take() {
            port.free();
        }
        // From now on they may stand in what the application says, also where it dies of it.
        self.credentials = Some(credentials.clone());
        let (app, hosts) = (&self.app, self.setup.remote().map(|remote| &remote.file.hosts));
        let api = if app.is_started() { self.api()?.as_str().trim_end_matches('/') } else { "" };
        let mut application = self.shared.application.lock().await;
        let filling = Filling {
            issuer: &self.issuer,
            api,
            client_id: &credentials.client_id,
            client_secret: credentials.client_secret.as_ref(),
            tenants,
            poll_seconds: self.poll_seconds,
            other: self.second.as_ref(),
            ca_pem: ca_pem.as_deref(),
            reach: &self.setup.reach,
        };
        *application = Some(match (listener, &app.command, &app.image) {
            (Some(listener), ..) => {
                self.base_url = listener.base_url();
                Instance::Bundled(
                    RelyingParty::start(listener, self.bundled_config(&credentials, tenants, ca_pem)?).await.map_err(Failure::broke)?,
                )
            }
            (None, Some(command), _) => Instance::Started(self.present(Started::start(app, command, &filling).await)?),
            (None, None, Some(image)) => {
                Instance::Container(Box::new(self.present(Container::start(app, image, &filling, hosts.into_iter().flatten()).await)?))
            }
            (None, None, None) => Instance::Running,
        });
        drop(application);
        self.allow_post_logout(&credentials.client_id)?;
        self.redirect_uris = redirect_uris;
        Ok(())
    }

    /// Takes down whether the application came to run. One that a fault of the platform keeps from it is none that never does.
    fn present<T>(&self, started: Result<T, Failure>) -> Result<T, Failure> {
        let presence = &self.setup.presence;
        let misled = self.instrument().is_ok_and(|platform| !platform.faults().armed().is_empty());
        match started.map_err(|failure| self.hide(failure)) {
            Ok(started) => {
                presence.is_there();
                Ok(started)
            }
            Err(failure @ Failure::Unjudged { .. }) if !misled => Err(presence.is_absent(failure)),
            Err(failure) => Err(failure),
        }
    }

    fn bundled_config(&self, credentials: &Credentials, tenants: &[String], extra_ca_pem: Option<String>) -> Result<Config, Failure> {
        let target = self.setup.remote().map(|remote| &remote.file);
        Ok(Config {
            issuer: Url::parse(&self.issuer).map_err(Failure::broke)?,
            api: self.api()?.clone(),
            client_id: credentials.client_id.clone(),
            client_secret: credentials.client_secret.clone(),
            client_auth: target.map(|target| target.client.auth).unwrap_or_default(),
            extra: target.map(|target| target.authorize.extra.clone()).unwrap_or_default(),
            scopes: self.setup.profile.app.scopes.clone(),
            tenants: tenants.to_vec(),
            base_url: self.base_url.clone(),
            extra_ca_pem,
            other: self.second.as_ref().map(SecondPlatform::told).transpose()?,
            background: Some(std::time::Duration::from_secs(self.poll_seconds)),
            window: match self.setup.profile.app.login.window {
                Window::Popup => relying_party::Window::Popup,
                Window::Same => relying_party::Window::Same,
            },
            // A target knows no address for the way back.
            ends_platform_session: self.setup.remote().is_none() && self.setup.profile.app.login.ends_platform_session,
            defect: self.setup.defect,
            habit: None,
        })
    }
}
