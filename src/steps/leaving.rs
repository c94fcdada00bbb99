//! What is left when somebody has signed out, and what of patients stands where others may read it.

use cucumber::{given, then, when};

use super::Failure;
use super::world::World;
use crate::browser::{BrowserError, Page, pages};
use crate::checks::{self, Place};
use crate::domain::{Endpoint, Waiting};

/// The Back button, until the page of a feature is reached again.
const STEPS_BACK: usize = 4;

#[given(expr = "{word} has removed the application at the platform")]
async fn has_removed(world: &mut World, name: String) -> Result<(), Failure> {
    world.remove_application(&name).await?;
    world.delivered()
}

#[when(expr = "{word} goes back in the browser")]
async fn goes_back(world: &mut World, name: String) -> Result<(), Failure> {
    world.memory.actor = Some(name);
    Ok(())
}

#[then("no page on the way back shows data")]
async fn back_shows_nothing(world: &mut World) -> Result<(), Failure> {
    let patients = world.stage()?.personal_canaries()?;
    let visitor = world.actor_visitor().await?;
    for _ in 0..STEPS_BACK {
        let Some(place) = step_back(&visitor.page).await? else { break };
        world.judge(checks::check_absent("OWASP ASVS 4.0.3 section 3.3.1", &patients, &[place]))?;
    }
    world.react(true, "", "", "")
}

/// Goes back by one page: what that shows. None where there is no page to go back to.
async fn step_back(page: &Page) -> Result<Option<Place>, Failure> {
    match page.back().await {
        Ok(()) => {
            let text = pages::visible_text(page, super::PATIENCE / 5).await?;
            Ok(Some(Place { name: "a page on the way back".to_owned(), text }))
        }
        Err(BrowserError::Timeout { .. }) => Err(Failure::unjudged("a page on the way back does not load")),
        Err(_) => Ok(None),
    }
}

#[then("no patient's identity is in any link or form of the pages")]
async fn no_patient_in_links(world: &mut World) -> Result<(), Failure> {
    let mut places = Vec::new();
    for feature in world.features()? {
        world.look_at(&feature).await?;
        let visitor = world.actor_visitor().await?;
        let text = pages::addresses_in(&visitor.page).await?.join("\n");
        places.push(Place { name: format!("the links and forms of {feature}"), text });
    }
    let patients = world.stage()?.personal_canaries()?;
    world.judge(checks::check_absent("C-05", &patients, &places))
}

#[then("at least one revocation was asked for")]
async fn revocation_asked(world: &mut World) -> Result<(), Failure> {
    let asked = |world: &World| Ok(world.provoked_exchanges()?.iter().any(|exchange| exchange.endpoint == Endpoint::Revocation));
    world.wait_for_exchanges(asked).await?;
    if asked(world)? {
        return Ok(());
    }
    let (waited, came) = (world.setup()?.patience().waited(Waiting::FollowUp), world.came_instead());
    Err(Failure::unjudged(format!("the application asked for no revocation after the sign-out ({waited}): the platform saw {came}")))
}
