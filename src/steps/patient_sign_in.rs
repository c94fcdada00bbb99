//! A sign-in whose end-user waits as long as an application may let anybody wait.

use cucumber::when;

use super::Failure;
use super::attempt::Expected;
use super::people::Person;
use super::sight::LONGEST_ANSWER;
use super::sign_in::{Consent, Outcome, at_the_platform};
use super::stage::Stage;
use super::world::World;
use crate::browser::pages::PlatformWindow;

/// A platform that holds its answer back is given up by the application, not by its end-user.
#[when(expr = "{word} signs in through the popup and waits as long as it takes")]
async fn signs_in_patiently(world: &mut World, name: String) -> Result<(), Failure> {
    world.memory.actor = Some(name.clone());
    let outcome = world.wait_for_outcome(&name).await?;
    world.memory.outcome = Some(outcome);
    Ok(())
}

impl World {
    async fn wait_for_outcome(&mut self, name: &str) -> Result<Outcome, Failure> {
        let stage = self.stage_mut()?;
        stage.provocation.expected = Expected::Refused;
        stage.provocation.started_sign_ins += 1;
        let person = stage.person(name)?;
        stage.sign_in_patiently(&person).await
    }
}

impl Stage {
    /// A sign-in that the platform holds up: the application may wait for it as long as it may let its end-user wait.
    pub(super) async fn sign_in_patiently(&mut self, person: &Person) -> Result<Outcome, Failure> {
        let visitor = self.visitor(&person.name).await?;
        let login = self.setup.login().clone();
        let attempt = self.begin_attempt(&login, &visitor).await?;
        let window = self.open_sign_in(&visitor).await?;
        attempt.at_the_platform(&window).await?;
        match at_the_platform(&window, person, &Consent::GrantAll, &login).await {
            Ok(Some(turned_away)) => return Ok(turned_away),
            // The page after the consent is the application's, and is what is waited for.
            Ok(None) | Err(Failure::Unjudged { .. }) => {}
            Err(failure) => return Err(failure),
        }
        let platform = PlatformWindow(&window);
        let came = tokio::select! {
            back = platform.wait_until_back(LONGEST_ANSWER) => back.is_ok() || window.is_closed(),
            closed = window.wait_until_closed(LONGEST_ANSWER) => closed.is_ok(),
        };
        if came { attempt.outcome(&window).await } else { Ok(Outcome::Refused(None)) }
    }
}
