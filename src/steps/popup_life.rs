//! Popups that are closed, blocked, or open side by side.

use std::time::Duration;

use cucumber::{given, then, when};

use super::Failure;
use super::people::Person;
use super::sign_in::{Consent, Outcome, at_the_platform, up_to_the_consent};
use super::stage::{Stage, Visitor};
use super::world::World;
use crate::browser::Page;
use crate::browser::pages::{ApplicationPage, PlatformWindow};
use crate::checks;
use crate::domain::Window;

/// How long an application whose popup was blocked is given to say so, or to go on without.
const HESITATION: Duration = Duration::from_secs(3);
/// Requests of a page that waits, as long as it is watched for rest: one that asks every quarter of a second stays below.
const MOST_REQUESTS: usize = 60;

#[given(expr = "{word} has closed the popup of a sign-in")]
async fn has_closed(world: &mut World, name: String) -> Result<(), Failure> {
    world.popup_only()?;
    world.provoke_by_hand().await?;
    let stage = world.stage_mut()?;
    stage.provocation.started_sign_ins += 1;
    let visitor = stage.visitor(&name).await?;
    stage.open_sign_in_page(&visitor).await?.close().await?;
    world.delivered()
}

#[given(expr = "{word} has closed the popup of another one at the consent")]
async fn has_closed_at_consent(world: &mut World, name: String) -> Result<(), Failure> {
    let stage = world.stage_mut()?;
    stage.provocation.started_sign_ins += 1;
    let (visitor, person) = (stage.visitor(&name).await?, stage.person(&name)?);
    // That it does not begin any more is judged at the next attempt.
    let Ok(popup) = stage.open_sign_in(&visitor).await else { return Ok(()) };
    up_to_the_consent(&popup, &person).await?;
    Ok(popup.close().await?)
}

#[when(expr = "{word} tries the sign-in again")]
async fn tries_again(world: &mut World, name: String) -> Result<(), Failure> {
    match world.sign_in(&name, Consent::GrantAll).await {
        // Nothing happens any more: what the page shows is judged.
        Err(Failure::Unjudged { reason }) => {
            world.memory.outcome = Some(Outcome::Refused(Some(reason)));
            Ok(())
        }
        tried => tried,
    }
}

#[given(expr = "{word}'s browser blocks every popup")]
async fn blocks_popups(world: &mut World, name: String) -> Result<(), Failure> {
    world.popup_only()?;
    world.provoke_by_hand().await?;
    world.stage_mut()?.visitor_without_popups(&name).await.map(drop)
}

#[when(expr = "{word} asks to sign in")]
async fn asks(world: &mut World, name: String) -> Result<(), Failure> {
    world.memory.actor = Some(name);
    let visitor = world.actor_visitor().await?;
    let login = world.setup()?.profile.app.login.clone();
    ApplicationPage(&visitor.page).remember().await?;
    world.stage_mut()?.provocation.started_sign_ins += 1;
    world.stage()?.click_through(&visitor, &login.before, &login.trigger).await?;
    world.delivered()
}

#[then(expr = "the relying party says so or signs {word} in without a popup")]
async fn says_so(world: &mut World, _name: String) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    let changed = ApplicationPage(&visitor.page).wait_for_change(HESITATION).await?;
    world.react(
        changed,
        "waits for a popup that the browser has blocked",
        "other words on the page, or the sign-in in this window",
        "nothing",
    )
}

#[then(expr = "the page of {word} comes to rest, and a sign-in in this window ends signed in")]
async fn comes_to_rest(world: &mut World, name: String) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    let before = visitor.context.requests().len();
    world.stage()?.settle(&visitor).await?;
    let asked = visitor.context.requests().len() - before;
    if asked > MOST_REQUESTS {
        let (summary, expected) = ("asks without a pause for a popup that was blocked", "a page at rest, or a pause between questions");
        return world.react(false, summary, expected, &format!("{asked} requests of the page while nobody did anything"));
    }
    if visitor.page.url().starts_with(&world.stage()?.platform_pages()) { world.ends_in_this_window(&visitor, &name).await } else { Ok(()) }
}

#[given(expr = "{word} has begun two sign-ins side by side")]
async fn two_sign_ins(world: &mut World, name: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.memory.actor = Some(name);
    let visitor = world.actor_visitor().await?;
    let stage = world.stage_mut()?;
    stage.provocation.started_sign_ins += 2;
    world.memory.windows = Some(stage.open_two_side_by_side(visitor).await?);
    Ok(())
}

#[when(expr = "{word} completes the later one first")]
async fn completes_both(world: &mut World, name: String) -> Result<(), Failure> {
    let (earlier, later) = world.memory.windows.clone().ok_or_else(|| Failure::broke("no step has begun two sign-ins"))?;
    let person = world.stage()?.person(&name)?;
    for window in [later, earlier] {
        world.stage()?.complete_sign_in(&window, &person).await?;
    }
    world.delivered()
}

#[then("every code is redeemed with the values of its own sign-in")]
async fn own_values(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_token_request_matches(&exchanges))
}

impl World {
    fn popup_only(&self) -> Result<(), Failure> {
        match self.setup()?.profile.app.login.window {
            Window::Popup => Ok(()),
            Window::Same => Err(Failure::not_applicable("the sign-in opens no window of its own")),
        }
    }

    /// A sign-in that the application began in its own window ends there, with the person signed in.
    async fn ends_in_this_window(&mut self, visitor: &Visitor, name: &str) -> Result<(), Failure> {
        let stage = self.stage()?;
        let person = stage.person(name)?;
        at_the_platform(&visitor.page, &person, &Consent::GrantAll, stage.setup.login()).await?;
        PlatformWindow(&visitor.page).wait_until_back(visitor.page.context().patience()).await?;
        stage.settle(visitor).await?;
        let shown = stage.wait_for_signed_in(visitor, &person).await?;
        let held = shown.as_ref().is_some_and(|shown| person.is_named_by(shown));
        let (summary, expected) =
            ("does not end a sign-in that it began without a popup", format!("`{}` is shown as signed in", person.called()));
        self.react(held, summary, &expected, &shown.unwrap_or_else(|| "nobody".to_owned()))
    }
}

impl Stage {
    /// Two sign-ins of one browser, each in a window of its own at the platform's sign-in page: the earlier and the later one.
    async fn open_two_side_by_side(&self, visitor: Visitor) -> Result<(Page, Page), Failure> {
        let earlier = self.open_sign_in(&visitor).await?;
        let page = visitor.context.open(self.base_url.as_str()).await?;
        let later = self.open_beside(&Visitor { page, context: visitor.context }).await?;
        for window in [&earlier, &later] {
            self.wait_for_sign_in_page(window).await?;
        }
        Ok((earlier, later))
    }

    /// The platform's part of a sign-in that waits in this window, and the application's after it.
    async fn complete_sign_in(&self, window: &Page, person: &Person) -> Result<(), Failure> {
        at_the_platform(window, person, &Consent::GrantAll, self.setup.login()).await?;
        let back = PlatformWindow(window).wait_until_back(window.context().patience()).await;
        // A popup closes when it is done.
        if !window.is_closed() {
            back?;
        }
        // The page beside it may redeem the code: it is not to be left before that is done.
        self.settle_all().await
    }
}
