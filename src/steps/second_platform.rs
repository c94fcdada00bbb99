//! A second issuer beside the first: whose code goes where (mix-up, RFC 9700 section 4.4).

use cucumber::{given, then, when};
use secrecy::ExposeSecret;
use url::Url;

use super::Failure;
use super::people::Person;
use super::setup::Setup;
use super::sign_in::{Consent, Outcome, at_the_platform, marker};
use super::stage::{Stage, Visitor};
use super::world::World;
use crate::browser::BrowserError;
use crate::checks;
use crate::domain::Exchange;
use crate::platform::accounts::{self, Credentials, RegistrationRequest};
use crate::platform::{Platform, Settings};
use crate::relying_party::OtherPlatform;

/// Makes the second platform's people, keys and secrets others than the first's.
const OTHER_SEED: u64 = 0x5ec0_4d00;

/// The second platform, and the application's registration there.
pub struct SecondPlatform {
    pub platform: Platform,
    credentials: Option<Credentials>,
}

impl SecondPlatform {
    pub fn register(&mut self, request: RegistrationRequest) -> Result<(), Failure> {
        self.credentials = Some(self.platform.register_client(request).map_err(Failure::broke)?);
        Ok(())
    }

    pub fn issuer(&self) -> String {
        self.platform.shared().issuer_text().to_owned()
    }

    pub fn api(&self) -> String {
        self.platform.api().as_str().trim_end_matches('/').to_owned()
    }

    pub fn client_id(&self) -> String {
        self.credentials.as_ref().map(|credentials| credentials.client_id.clone()).unwrap_or_default()
    }

    pub fn client_secret(&self) -> String {
        let secret = self.credentials.as_ref().and_then(|credentials| credentials.client_secret.as_ref());
        secret.map(|secret| secret.expose_secret().to_owned()).unwrap_or_default()
    }

    /// What the bundled application is told of it.
    pub fn told(&self) -> Result<OtherPlatform, Failure> {
        let credentials =
            self.credentials.as_ref().ok_or_else(|| Failure::broke("the application is not registered at the second platform"))?;
        Ok(OtherPlatform {
            issuer: Url::parse(&self.issuer()).map_err(Failure::broke)?,
            api: self.platform.api().clone(),
            client_id: credentials.client_id.clone(),
            client_secret: credentials.client_secret.clone(),
        })
    }

    fn ada(&self) -> Result<Person, Failure> {
        let accounts = self.platform.shared().accounts();
        let ada = accounts.user_by_email(accounts::ADA).ok_or_else(|| Failure::broke("Ada has no account at the second platform"))?;
        let (email, password, shown) = (ada.email.clone(), ada.password.clone(), ada.name());
        Ok(Person { name: "Ada".to_owned(), email, password, code: None, shown, others: Vec::new(), called_there: None })
    }
}

#[given("the relying party is registered at two platforms")]
async fn at_two_platforms(world: &mut World) -> Result<(), Failure> {
    let setup = world.setup()?;
    setup.app_with_pages()?;
    setup.admit()?;
    require_other_platform(&setup)?;
    let (seed, public_host) = (setup.seed ^ OTHER_SEED, setup.profile.app.platform_host().to_owned());
    let stage = world.raise().await?;
    stage.mock()?;
    let platform = Platform::start(Settings { seed, public_host, ..Settings::default() }.with_moved_endpoints(seed)).await?;
    stage.second = Some(SecondPlatform { platform, credentials: None });
    stage.register_application().await
}

/// The application can be told of another platform, and has a login for it.
fn require_other_platform(setup: &Setup) -> Result<(), Failure> {
    let told = setup.bundled || setup.profile.app.env.values().any(|value| value.contains("{other_issuer}"));
    if setup.is_shared() || !told || setup.profile.app.login.other_trigger.is_none() {
        return Err(Failure::not_applicable(
            "the profile names no second platform ({other_issuer} in [app.env], app.login.other_trigger): one issuer cannot be mixed up",
        ));
    }
    Ok(())
}

#[given("Ada can sign in at both")]
async fn signs_in_at_both(world: &mut World) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    let outcome = world.stage_mut()?.sign_in_at_second().await?;
    if matches!(outcome, Outcome::SignedIn(_)) {
        return Ok(());
    }
    Err(Failure::unjudged(format!("the honest sign-in at the second platform did not succeed: {}", outcome.describe())))
}

#[when("a sign-in that Ada begins at the second platform is answered by the first")]
async fn mixed_up(world: &mut World) -> Result<(), Failure> {
    world.memory.actor = Some("Ada".to_owned());
    let stage = world.stage_mut()?;
    let visitor = stage.visitor("Ada").await?;
    let attempt = stage.begin_at_second(&visitor).await?.1;
    stage.answer_from_first(&visitor, &attempt).await?;
    world.delivered()
}

#[then("no code was sent to the platform that did not give it")]
async fn stays_at_its_issuer(world: &mut World) -> Result<(), Failure> {
    let second = world.stage()?.second()?;
    let mark = second.platform.journal().since(0).iter().rposition(checks::is_authorization_request).unwrap_or_default();
    let judgement = checks::check_no_foreign_code(&second.platform.journal().since(mark));
    world.judge(judgement)
}

impl Stage {
    fn second(&self) -> Result<&SecondPlatform, Failure> {
        self.second.as_ref().ok_or_else(|| Failure::broke("no step has raised the second platform"))
    }

    /// Clicks what signs in at the second platform: the window that goes there, and the authorization request.
    async fn begin_at_second(&self, visitor: &Visitor) -> Result<(crate::browser::Page, Exchange), Failure> {
        let trigger = self.setup.profile.app.login.other_trigger.clone().unwrap_or_default();
        let journal = self.second()?.platform.journal();
        let mark = journal.mark();
        self.click_through(visitor, &self.setup.login().before, &trigger).await.map_err(|failure| match failure {
            Failure::Unjudged { .. } => Failure::unjudged(format!("`{trigger}` (app.login.other_trigger) is not on {}", self.base_url)),
            other => other,
        })?;
        let (what, patience) = ("an authorization request at the second platform", visitor.context.patience());
        let request = journal.wait_for(mark, what, patience, checks::is_authorization_request).await?;
        let window = visitor.context.pages().into_iter().rfind(|page| !page.is_same(&visitor.page)).unwrap_or_else(|| visitor.page.clone());
        Ok((window, request))
    }

    /// An honest sign-in at the second platform, in a browser of its own.
    async fn sign_in_at_second(&mut self) -> Result<Outcome, Failure> {
        let key = "Ada at the second platform";
        let visitor = self.visitor(key).await?;
        let (window, _) = self.begin_at_second(&visitor).await?;
        let (ada, login) = (self.second()?.ada()?, self.setup.login().clone());
        let outcome = match at_the_platform(&window, &ada, &Consent::GrantAll, &login).await? {
            Some(turned_away) => turned_away,
            None => {
                visitor.page.wait_until_it_tells(marker(&login)?, &login.entrance(), visitor.context.patience()).await?;
                self.who_is_signed_in(&visitor).await?.map_or(Outcome::Refused(None), Outcome::SignedIn)
            }
        };
        self.forget_visitor(key);
        visitor.context.close().await;
        Ok(outcome)
    }

    /// Brings the browser back with a code of the first platform's, as an attacker's platform does who has sent it on there.
    async fn answer_from_first(&self, visitor: &Visitor, attempt: &Exchange) -> Result<(), Failure> {
        let client = self.credentials.as_ref().ok_or_else(|| Failure::broke("the application has no credentials"))?;
        let redirect_uri = attempt.query_value("redirect_uri").unwrap_or_default().to_owned();
        let code = self.mock()?.issue_code(accounts::ADA, &client.client_id, &redirect_uri, Some(attempt)).map_err(Failure::broke)?;
        let mut response = Url::parse(&redirect_uri).map_err(Failure::broke)?;
        response.query_pairs_mut().append_pair("code", code.expose_secret()).append_pair("iss", &self.issuer);
        if let Some(state) = attempt.query_value("state") {
            response.query_pairs_mut().append_pair("state", state);
        }
        match visitor.context.open(response.as_str()).await {
            Ok(_) | Err(BrowserError::Closed { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
