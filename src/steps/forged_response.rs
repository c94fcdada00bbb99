//! What the application makes of an authorization response that answers no attempt of this browser, or that it has had before.

use cucumber::{given, then, when};

use super::Failure;
use super::stage::{Stage, Visitor};
use super::world::World;
use crate::browser::BrowserError;
use crate::checks;
use crate::domain::{Exchange, Window};

#[given("Mallory has an unused authorization response of a sign-in of her own")]
async fn mallory_has_a_response(world: &mut World) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.mallorys_response(true).await
}

#[given("Mallory has a fresh code for the state of Ada's sign-in")]
async fn fresh_code(world: &mut World) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    let attempt = world.latest_attempt()?;
    world.mallorys_link(Some(attempt)).await
}

#[when("Ada's own sign-in is answered with Mallory's code")]
async fn answered_with_another_code(world: &mut World) -> Result<(), Failure> {
    let link = world.link()?;
    let visitor = world.begin_sign_in("Ada").await?;
    let own = world.latest_attempt()?;
    if world.has_fault("pkce-ignored") && own.query_value("nonce").is_none() {
        return Err(Failure::not_applicable("no nonce is sent: it is the platform's part then to look at the code verifier"));
    }
    let response = with_state(&link, own.query_value("state"))?;
    answer_attempt(world.stage()?, &visitor, &response).await?;
    world.delivered()
}

#[when(expr = "{word} opens the link to Mallory's authorization response")]
async fn opens_the_link(world: &mut World, name: String) -> Result<(), Failure> {
    let link = world.link()?;
    let visitor = world.stage_mut()?.visitor(&name).await?;
    world.memory.actor = Some(name);
    open_response(world.stage()?, &visitor, &link).await?;
    world.delivered()
}

#[when(expr = "{word} begins a sign-in, gives it up and opens the link to Mallory's authorization response")]
async fn gives_up_and_opens(world: &mut World, name: String) -> Result<(), Failure> {
    let stage = world.stage_mut()?;
    let person = stage.person(&name)?;
    world.give_a_sign_in_up(&person).await?;
    opens_the_link(world, name).await
}

#[when(expr = "{word} opens the same authorization response again")]
async fn opens_again(world: &mut World, name: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    let visitor = world.stage_mut()?.visitor(&name).await?;
    let redirect_uris = world.stage()?.redirect_uris.clone();
    let mut responses = visitor.context.requests().into_iter().map(|request| request.url);
    let response = responses.find(|url| redirect_uris.iter().any(|uri| url.starts_with(uri.as_str())) && url.contains("code="));
    let response = response.ok_or_else(|| Failure::unjudged("the browser saw no authorization response"))?;
    open_response(world.stage()?, &visitor, &response).await?;
    world.memory.actor = Some(name);
    world.delivered()
}

#[then("no authorization code was sent to the platform twice")]
async fn codes_once(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_codes_redeemed_once(&world.exchanges()?);
    world.judge(judgement)
}

/// Brings a response to the attempt that waits in this browser. What it is known by may live in its tab alone.
async fn answer_attempt(stage: &Stage, visitor: &Visitor, response: &str) -> Result<(), Failure> {
    match stage.setup.login().window {
        Window::Same => Ok(visitor.page.goto(response).await?),
        Window::Popup => open_response(stage, visitor, response).await,
    }
}

/// Opens an authorization response by its address; the application's page may close the window at once. Where a login takes place in
/// the application's own tab, what is kept of it may be kept there: that tab opens it, unless its session would be gone by that.
pub(super) async fn open_response(stage: &Stage, visitor: &Visitor, response: &str) -> Result<(), Failure> {
    let in_its_tab = stage.setup.login().window == Window::Same && !stage.setup.forgets_at_load() && visitor.page.url() != "about:blank";
    let opened = if in_its_tab { visitor.page.goto(response).await } else { visitor.context.open(response).await.map(drop) };
    match opened {
        Ok(()) | Err(BrowserError::Closed { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The link with another state in place of its own.
pub(super) fn with_state(link: &str, state: Option<&str>) -> Result<String, Failure> {
    let mut url = url::Url::parse(link).map_err(Failure::broke)?;
    let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(name, _)| name != "state").collect();
    url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(state.map(|state| ("state", state)));
    Ok(url.into())
}

impl World {
    /// The link that an earlier step has made.
    fn link(&self) -> Result<String, Failure> {
        self.memory.link.clone().ok_or_else(|| Failure::broke("no step has made the link"))
    }

    /// The browser of this person, who acts from then on, at the platform's sign-in page.
    async fn begin_sign_in(&mut self, name: &str) -> Result<Visitor, Failure> {
        let stage = self.stage_mut()?;
        stage.provocation.started_sign_ins += 1;
        let visitor = stage.visitor(name).await?;
        stage.open_sign_in_page(&visitor).await?;
        self.memory.actor = Some(name.to_owned());
        Ok(visitor)
    }

    /// A link with a code of Mallory's; with `own_attempt`, answering a sign-in that she started in her own browser.
    pub(super) async fn mallorys_response(&mut self, own_attempt: bool) -> Result<(), Failure> {
        if !own_attempt {
            return self.mallorys_link(None).await;
        }
        let stage = self.stage_mut()?;
        let visitor = stage.visitor("Mallory").await?;
        stage.open_sign_in_page(&visitor).await?;
        let attempt = self.latest_attempt()?;
        self.mallorys_link(Some(attempt)).await
    }

    /// The authorization request that the platform saw last.
    fn latest_attempt(&self) -> Result<Exchange, Failure> {
        let mut exchanges = self.exchanges()?;
        exchanges.retain(checks::is_authorization_request);
        exchanges.pop().ok_or_else(|| Failure::unjudged("the platform saw no authorization request"))
    }

    /// Keeps a link to the redirect URI with a fresh code of Mallory's that answers `attempt`, whoever made it.
    pub(super) async fn mallorys_link(&mut self, attempt: Option<Exchange>) -> Result<(), Failure> {
        let stage = self.stage()?;
        let redirect_uri = stage.redirect_uris.first().cloned().ok_or_else(|| Failure::unjudged("the application has no redirect URI"))?;
        let mut link = url::Url::parse(&redirect_uri).map_err(Failure::broke)?;
        let code = stage.code_of_mallory(&redirect_uri, attempt.as_ref()).await?;
        link.query_pairs_mut().append_pair("code", secrecy::ExposeSecret::expose_secret(&code)).append_pair("iss", &stage.issuer);
        let state = attempt.as_ref().and_then(|attempt| attempt.query_value("state")).unwrap_or("a-state-that-nobody-sent");
        link.query_pairs_mut().append_pair("state", state);
        self.memory.link = Some(link.into());
        Ok(())
    }
}
