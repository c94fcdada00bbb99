//! What a person finds whose access has ended: no data, and a way to sign in again. Whether the application keeps an account of its own
//! for them is its affair.

use cucumber::{given, then};

use super::Failure;
use super::people::Person;
use super::provocation::signed_in_as;
use super::world::World;
use crate::checks::is_refresh;
use crate::domain::{Endpoint, Exchange};

#[then(expr = "{word} is shown no data, and asked to sign in again")]
async fn asked_again(world: &mut World, name: String) -> Result<(), Failure> {
    if world.memory.feature.is_none() {
        world.open_a_feature(&name).await?;
    }
    world.shows_no_data().await?;
    world.asks_to_sign_in_again().await?;
    world.shows_no_data_elsewhere().await
}

/// Each of them is the first page of some browser when the access has ended: what one page learns, the others know.
#[given(expr = "{word} has signed in in a browser for each declared feature, and opened all of them")]
async fn in_a_browser_for_each(world: &mut World, name: String) -> Result<(), Failure> {
    let features = world.features()?;
    for feature in &features {
        let key = format!("{name}, for {feature}");
        world.sign_in_by_browser(&name, &key).await?;
        for opened in &features {
            world.open_feature_as_actor(opened).await?;
        }
        world.memory.first_of.push((key, feature.clone()));
    }
    Ok(())
}

#[then(expr = "{word} is shown no data, whichever feature is opened first, and asked to sign in again")]
async fn asked_again_everywhere(world: &mut World, _name: String) -> Result<(), Failure> {
    for (key, feature) in world.memory.first_of.clone() {
        world.memory.actor = Some(key);
        world.open_feature_as_actor(&feature).await?;
        world.shows_no_data().await?;
        world.asks_to_sign_in_again().await?;
        world.shows_no_data_elsewhere().await?;
    }
    Ok(())
}

impl World {
    /// A sign-in in a further browser of this person's, which acts from then on.
    async fn sign_in_by_browser(&mut self, name: &str, key: &str) -> Result<(), Failure> {
        let stage = self.stage_mut()?;
        let person = Person { name: key.to_owned(), ..stage.person(name)? };
        let outcome = stage.sign_in_honestly(&person).await?;
        if !signed_in_as(&outcome, &person) {
            return Err(Failure::unjudged(format!("{name} could not sign in: {}", outcome.describe())));
        }
        self.memory.actor = Some(key.to_owned());
        Ok(())
    }

    /// The opened feature shows no entry, once it is done.
    pub(super) async fn shows_no_data(&mut self) -> Result<(), Failure> {
        let feature = self.opened_feature()?;
        let (_, action) = self.declared_action(&feature)?;
        let visitor = self.actor_visitor().await?;
        self.stage()?.settle(&visitor).await?;
        let shown = visitor.page.texts(&action.shows).await?.len();
        let actual = format!("{shown} entries of {feature}");
        self.react(shown == 0, "still shows data to a user whose access has ended", "no entry", &actual)
    }

    /// Nor do the other features, until somebody signs in again.
    async fn shows_no_data_elsewhere(&mut self) -> Result<(), Failure> {
        let opened = self.opened_feature()?;
        for feature in self.features()?.into_iter().filter(|feature| *feature != opened) {
            match self.open_feature_as_actor(&feature).await {
                // Out of reach: it shows nothing.
                Err(Failure::Unjudged { .. }) => continue,
                opened => opened?,
            }
            let redeemed = |exchange: &Exchange| exchange.endpoint == Endpoint::Token && !is_refresh(exchange) && exchange.status == 200;
            if self.provoked_exchanges()?.iter().any(redeemed) {
                return Ok(());
            }
            self.shows_no_data().await?;
        }
        Ok(())
    }

    /// On the page that the person has before them, or on the application's own.
    async fn asks_to_sign_in_again(&mut self) -> Result<(), Failure> {
        let visitor = self.actor_visitor().await?;
        let (issuer, trigger) = (self.stage()?.platform_pages(), self.setup()?.login().trigger.clone());
        let asked = visitor.context.pages().iter().any(|page| page.url().starts_with(&issuer));
        if asked || visitor.page.asks_to_sign_in(&trigger).await?.is_some() {
            return self.react(true, "", "", "");
        }
        let sight = self.look().await?;
        let said = sight.shortened(&self.redact());
        let Some(shown) = self.stage()?.who_is_signed_in(&visitor).await? else { return self.react(true, "", "", "") };
        let asks = visitor.page.asks_to_sign_in(&trigger).await?.is_some();
        let actual =
            format!("`{}` is shown as signed in, and nothing offers to sign in or to connect again; the page said `{said}`", shown.trim());
        let expected = "the login button, or a button or link that connects the account again";
        self.react(asks, "does not ask a user whose access has ended to sign in again", expected, &actual)
    }
}
