//! Writes to the API that a signed-in person makes at the application, and what it makes of a refusal.

use cucumber::{then, when};

use super::world::World;
use super::{Failure, PATIENCE};
use crate::browser::{BrowserError, DEFAULT_DEADLINE, pages};
use crate::checks;
use crate::domain::{Action, Endpoint, Exchange};

#[when(expr = "{word} makes a declared change")]
async fn makes_a_change(world: &mut World, name: String) -> Result<(), Failure> {
    let action = world.writing_action("submit", |action| action.submit.clone())?;
    world.write(name, action).await
}

#[when(expr = "{word} makes a declared booking")]
async fn makes_a_booking(world: &mut World, name: String) -> Result<(), Failure> {
    let action = world.writing_action("books", |action| action.books.clone())?;
    world.write(name, action).await
}

#[then("the booking is not sent again blindly")]
async fn not_sent_again(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_written_once(&exchanges))
}

#[then("the relying party does not write again without reading again")]
async fn reads_again(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_reread_after_conflict(&exchanges))
}

#[then("the relying party shows the platform's message")]
async fn shows_the_message(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    let refused = exchanges.iter().find(|exchange| is_write(exchange) && exchange.status == 422);
    let message = refused.and_then(|exchange| exchange.response.as_ref()?["message"].as_str().map(str::to_owned));
    let message = message.ok_or_else(|| Failure::unjudged("the platform refused no write with a message"))?;
    let visitor = world.actor_visitor().await?;
    let shown = pages::wait_for_text(&visitor.page, &message, PATIENCE).await?;
    world.react(shown, "does not show what the platform says of a refused write", &format!("the message `{message}`"), "it is on no page")
}

#[then("the refused write is not repeated")]
async fn not_repeated(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_not_repeated(&exchanges, &[422]))
}

fn is_write(exchange: &Exchange) -> bool {
    exchange.endpoint == Endpoint::Api && matches!(exchange.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
}

impl World {
    /// Opens a feature as this person, clicks what writes there, and waits for the write.
    async fn write(&mut self, name: String, (feature, action, submit): (String, Action, String)) -> Result<(), Failure> {
        self.memory.actor = Some(name);
        self.open_feature_as_actor(&feature).await?;
        let visitor = self.actor_visitor().await?;
        match visitor.page.click(&submit).await {
            Ok(()) => {}
            Err(BrowserError::Timeout { .. }) => {
                let (open, says) = (action.open, self.page_says().await);
                return Err(Failure::unjudged(format!(
                    "nothing that can be clicked is at `{submit}`, which [app.actions.{feature}] names as what writes, on {open} within {} s: \
                     {says}. Name what a person clicks there, or leave the key out",
                    DEFAULT_DEADLINE.as_secs()
                )));
            }
            Err(error) => return Err(error.into()),
        }
        let journal = self.stage()?.mock()?.journal();
        let mark = self.stage()?.provocation.mark().unwrap_or_default();
        if journal.wait_for(mark, "a write at the API", PATIENCE, is_write).await.is_ok() {
            return Ok(());
        }
        let (came, says) = (self.came_instead(), self.page_says().await);
        Err(Failure::unjudged(format!(
            "a click on `{submit}` ([app.actions.{feature}]) led to no POST, PUT, PATCH or DELETE at the API within {} s: the platform saw \
             {came}, and {says}. Name what writes with one click, or leave the key out",
            PATIENCE.as_secs()
        )))
    }

    /// The first action of the profile that writes: its feature, and what a person clicks.
    fn writing_action(&self, key: &str, selector: impl Fn(&Action) -> Option<String>) -> Result<(String, Action, String), Failure> {
        let setup = self.setup()?;
        let mut actions = setup.profile.app.actions.iter();
        actions
            .find_map(|(feature, action)| Some((feature.clone(), action.clone(), selector(action)?)))
            .ok_or_else(|| Failure::not_applicable(format!("the profile names no action that writes (`{key}` in [app.actions])")))
    }
}
