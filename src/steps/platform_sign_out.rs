//! A sign-out that ends the session at the platform too (OpenID Connect RP-Initiated Logout 1.0).

use cucumber::{given, then, when};

use super::Failure;
use super::stage::Stage;
use super::world::World;
use crate::checks;
use crate::domain::Endpoint;

#[given("the relying party signs its users out at the platform too")]
async fn signs_out_at_the_platform(world: &mut World) -> Result<(), Failure> {
    world.stage()?.mock()?;
    if world.setup()?.profile.app.login.ends_platform_session {
        return Ok(());
    }
    Err(Failure::not_applicable(
        "the profile does not say that a sign-out ends the platform's session too (app.login.ends_platform_session)",
    ))
}

#[when(expr = "{word} signs out of the relying party and of the platform")]
async fn signs_out(world: &mut World, name: String) -> Result<(), Failure> {
    let setup = world.setup()?;
    let logout = setup.profile.app.login.logout.clone().ok_or_else(|| Failure::not_applicable("the profile names no way to sign out"))?;
    world.memory.actor = Some(name);
    let visitor = world.actor_visitor().await?;
    world.stage()?.go_home(&visitor).await?;
    let before = world.sign_outs_at_the_platform()?;
    world.stage()?.use_control(&visitor, &logout).await?;
    world.wait_for_exchanges(|world| Ok(world.sign_outs_at_the_platform()? > before)).await?;
    world.stage()?.settle(&visitor).await
}

#[then(expr = "the platform was asked to end {word}'s session")]
async fn asked_to_end(world: &mut World, name: String) -> Result<(), Failure> {
    let stage = world.stage()?;
    let (registered, email) = (stage.post_logout_redirect_uris()?, stage.person(&name)?.email);
    let subject = stage.mock()?.subject_of(&email).ok_or_else(|| Failure::broke(format!("{name} is no user")))?;
    world.judge_for("LO-06", checks::check_signed_out_at_the_platform(&world.exchanges()?, &subject.0, &registered))
}

#[then(expr = "no two sign-outs share a state, as {word} asks")]
async fn states_of_their_own(world: &mut World, requirement: String) -> Result<(), Failure> {
    world.judge_for(&requirement, checks::check_sign_outs_apart(&world.exchanges()?))
}

#[when(expr = "{word} comes back from a sign-out with no state")]
async fn comes_back_with_no_state(world: &mut World, name: String) -> Result<(), Failure> {
    world.come_back_from_a_sign_out(name, None).await
}

#[when(expr = "{word} comes back from a sign-out with a state of Mallory's")]
async fn comes_back_with_a_foreign_state(world: &mut World, name: String) -> Result<(), Failure> {
    // An address, for an application that takes its state for one.
    let foreign = world.stage()?.instrument()?.elsewhere("/mallory").to_string();
    world.come_back_from_a_sign_out(name, Some(foreign)).await
}

#[then("the relying party answers the return with a page of its own")]
async fn answers_with_its_own_page(world: &mut World) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    let requests = visitor.context.requests();
    let seen = requests.iter().skip(world.memory.seen).filter(|request| request.resource_type == "Document");
    let statuses: Vec<(String, Option<u16>)> = seen.map(|request| (request.url.clone(), request.status)).collect();
    world.judge(checks::check_return_is_answered(&statuses, &world.stage()?.base_url))
}

impl World {
    fn sign_outs_at_the_platform(&self) -> Result<usize, Failure> {
        Ok(self.exchanges()?.iter().filter(|exchange| exchange.endpoint == Endpoint::EndSession).count())
    }

    /// Opens the address after a sign-out, as the platform or anybody's link does.
    async fn come_back_from_a_sign_out(&mut self, name: String, state: Option<String>) -> Result<(), Failure> {
        let registered = self.stage()?.post_logout_redirect_uris()?;
        let address = registered.first().ok_or_else(|| Failure::not_applicable("the profile names no app.post_logout_redirect_uris"))?;
        let mut address = url::Url::parse(address).map_err(Failure::unjudged)?;
        if let Some(state) = state {
            address.query_pairs_mut().append_pair("state", &state);
        }
        self.memory.actor = Some(name);
        let visitor = self.actor_visitor().await?;
        self.memory.seen = visitor.context.requests().len();
        visitor.page.goto(address.as_str()).await?;
        self.stage()?.settle(&visitor).await
    }
}

impl Stage {
    /// Where a sign-out at the platform may send the browser on to.
    fn post_logout_redirect_uris(&self) -> Result<Vec<String>, Failure> {
        if self.setup.bundled {
            return Ok(vec![self.base_url.join("signed-out").map_err(Failure::broke)?.into()]);
        }
        Ok(self.app.post_logout_redirect_uris.clone())
    }

    pub(super) fn allow_post_logout(&self, client_id: &str) -> Result<(), Failure> {
        let Ok(platform) = self.mock() else { return Ok(()) };
        self.post_logout_redirect_uris()?.iter().try_for_each(|uri| platform.allow_post_logout(client_id, uri).map_err(Failure::broke))
    }
}
