//! A browser in which somebody has signed in before: whatever the application still knows of them must switch off no check.

use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use url::Url;

use super::attempt::Expected;
use super::authorization::start_two;
use super::people::Person;
use super::provocation::{occasion, signed_in_as};
use super::series::{Provoked, phrases};
use super::session::application_cookies;
use super::sign_in::{Consent, Outcome, at_the_platform};
use super::stage::{Stage, Visitor};
use super::world::World;
use super::{Failure, fault_phrases};
use crate::browser::pages::{self, PlatformWindow};
use crate::checks::{self, is_authorization_request};
use crate::domain::Exchange;

#[given(expr = "{word} has used the relying party, and has left it and the platform")]
async fn has_left(world: &mut World, name: String) -> Result<(), Failure> {
    world.honest_sign_in(&name).await?;
    world.sign_out(name).await?;
    let visitor = world.actor_visitor().await?;
    world.stage()?.leave_the_platform(&visitor).await?;
    match world.stage()?.who_is_signed_in(&visitor).await? {
        Some(shown) => Err(Failure::unjudged(format!("`{shown}` is still signed in after signing out: nobody can sign in again"))),
        None => Ok(()),
    }
}

/// Left out where no address leads to the platform while somebody is signed in: the login cannot be reached then, or only by a script.
#[when(expr = "{word} signs in where {word} is signed in already once for each way in which the platform misbehaves")]
async fn signs_in_over_another(world: &mut World, name: String, other: String, step: &Step) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    if world.setup()?.forgets_at_load() {
        return world.delivered();
    }
    for phrase in phrases(step)? {
        world.provoke_over_another(&name, &other, phrase).await?;
    }
    world.delivered()
}

/// Left out where nobody can leave: the profile names no way to sign out.
#[then(expr = "nobody is signed in when {word} signs in in a browser that {word} has left")]
async fn nobody_after_another(world: &mut World, name: String, other: String) -> Result<(), Failure> {
    let stage = world.stage()?;
    let key = format!("{name} in a browser of {other}");
    let (person, first) = (Person { name: key.clone(), ..stage.person(&name)? }, Person { name: key, ..stage.person(&other)? });
    if !world.sign_in_and_out(&first).await? {
        return Ok(());
    }
    world.is_refused_after_another(&person).await?;
    let subject = world.stage()?.subject(&person.email)?;
    world.judge(checks::check_no_resource_call(&world.exchanges()?, &subject))
}

/// A browser that knows nobody does where the application names no way to sign out.
#[when(expr = "{word} starts another two in a browser that she has used and left before")]
pub(super) async fn starts_two_in_a_known_browser(world: &mut World, name: String) -> Result<(), Failure> {
    let stage = world.stage()?;
    let person = Person { name: format!("{name} once more"), ..stage.person(&name)? };
    let known = world.sign_in_and_out(&person).await;
    let stage = world.stage_mut()?;
    if !matches!(known, Ok(true)) {
        stage.close_visitor(&person.name).await;
    }
    let visitor = stage.visitor(&person.name).await?;
    stage.leave_the_platform(&visitor).await?;
    start_two(world, &visitor).await
}

impl World {
    /// One sign-in of a series, in a browser where somebody else is signed in and may stay so.
    async fn provoke_over_another(&mut self, name: &str, other: &str, phrase: &str) -> Result<(), Failure> {
        let (fault, times) = fault_phrases::fault(phrase).ok_or_else(|| Failure::broke(format!("no fault is called `{phrase}`")))?;
        if let Some((scope, _)) = occasion(fault)
            && !self.declares(scope)?
        {
            return Ok(());
        }
        let key = format!("{other}, {}", self.memory.series.len() + 1);
        let trigger = self.setup()?.profile.app.login.trigger.clone();
        let stage = self.stage_mut()?;
        let (person, first) = (stage.person(name)?, Person { name: key.clone(), ..stage.person(other)? });
        let visitor = stage.visitor(&key).await?;
        let (link, before) = (pages::address_of(&visitor.page, &trigger).await?, visitor.context.requests().len());
        let mark = stage.exchanges().len();
        stage.require_sign_in(&first).await?;
        stage.set_apart(mark);
        let link = link.or_else(|| stage.first_address_before_the_platform(&visitor, before));
        if let Some(link) = link.and_then(|link| Url::parse(&link).ok()) {
            stage.leave_the_platform(&visitor).await?;
            let mark = stage.exchanges().len();
            stage.provocation.started_sign_ins += 1;
            stage.arm(fault, times)?;
            match stage.sign_in_over(&visitor, &link, &person).await {
                // Whether somebody new is signed in can be seen all the same.
                Ok(()) | Err(Failure::Unjudged { .. }) => {}
                Err(failure) => return Err(failure),
            }
            stage.settle(&visitor).await?;
            // That the first is still signed in is nobody's harm.
            let shown = stage.who_is_signed_in(&visitor).await?.filter(|shown| person.is_named_by(shown));
            stage.settle(&visitor).await?;
            stage.instrument()?.faults().disarm(fault).map_err(Failure::broke)?;
            let exchanges = stage.provoked_from(mark);
            if exchanges.iter().any(|exchange| exchange.faults.iter().any(|fired| fired == fault)) {
                let phrase = format!("{phrase} at a sign-in of {name} while {other} is signed in");
                // Words to the end-user may stand in a window that is left by now.
                let outcome = Outcome::Refused(Some(String::new()));
                self.memory.series.push(Provoked { phrase, delivered: true, outcome, shown, exchanges, disputed: false });
            }
        }
        self.stage_mut()?.close_visitor(&key).await;
        Ok(())
    }

    /// Signs the person in honestly and out again, in their own browser. `false` where the profile names no way to sign out, or where
    /// somebody is signed in all the same afterwards.
    pub(super) async fn sign_in_and_out(&mut self, person: &Person) -> Result<bool, Failure> {
        if self.setup()?.profile.app.login.logout.is_none() {
            return Ok(false);
        }
        let stage = self.stage_mut()?;
        let mark = stage.exchanges().len();
        stage.require_sign_in(person).await?;
        let visitor = stage.visitor(&person.name).await?;
        self.sign_out(person.name.clone()).await?;
        let nobody = self.stage()?.who_is_signed_in(&visitor).await?.is_none();
        self.stage_mut()?.set_apart(mark);
        Ok(nobody)
    }

    /// Nobody is signed in when this person signs in in a browser that somebody else has left.
    async fn is_refused_after_another(&mut self, person: &Person) -> Result<(), Failure> {
        let (outcome, shown) = self.sign_in_after_another(person).await?;
        let held = shown.is_none() && !matches!(outcome, Outcome::SignedIn(_));
        let summary = "signs a user in who has to be refused, in a browser where another user was signed in before";
        self.react(held, summary, "nobody is signed in", &outcome.describe())
    }

    /// A sign-in that is to be refused, in a browser that somebody else has left; and who is shown as signed in after it.
    async fn sign_in_after_another(&mut self, person: &Person) -> Result<(Outcome, Option<String>), Failure> {
        let stage = self.stage_mut()?;
        let visitor = stage.visitor(&person.name).await?;
        stage.leave_the_platform(&visitor).await?;
        stage.provocation.expected = Expected::Refused;
        stage.provocation.started_sign_ins += 1;
        let outcome = stage.sign_in(person, &Consent::GrantAll).await?;
        let shown = stage.who_is_signed_in(&visitor).await?;
        Ok((outcome, shown))
    }

    /// Begins a sign-in in the person's browser, which is then back at the page with the login button.
    pub(super) async fn give_a_sign_in_up(&mut self, person: &Person) -> Result<(), Failure> {
        let stage = self.stage_mut()?;
        stage.provocation.started_sign_ins += 1;
        let visitor = stage.visitor(&person.name).await?;
        // Who is known there is asked nothing, and signed in at once.
        stage.leave_the_platform(&visitor).await?;
        let window = stage.open_sign_in(&visitor).await?;
        PlatformWindow(&window).wait_for_first(None, window.context().patience()).await?;
        if !window.is_same(&visitor.page) {
            window.close().await?;
        }
        stage.go_home(&visitor).await
    }
}

impl Stage {
    /// A sign-in from an address that starts the login, up to the application's answer: a page of its own, or a further sign-in that it
    /// begins by itself.
    async fn sign_in_over(&self, visitor: &Visitor, link: &Url, person: &Person) -> Result<(), Failure> {
        let (journal, mark) = (self.instrument()?.journal(), self.journal_mark());
        let patience = visitor.context.patience();
        visitor.page.goto(link.as_str()).await?;
        if !visitor.page.url().starts_with(&self.platform_pages()) {
            return Ok(());
        }
        at_the_platform(&visitor.page, person, &Consent::GrantAll, self.setup.login()).await?;
        let again = async {
            let first = journal.wait_for(mark, "an authorization request", patience, is_authorization_request).await?;
            let another = |exchange: &Exchange| is_authorization_request(exchange) && exchange.number > first.number;
            journal.wait_for(mark, "another authorization request", patience, another).await
        };
        let window = PlatformWindow(&visitor.page);
        tokio::select! {
            back = window.wait_until_back(patience) => Ok(back?),
            Ok(_) = again => Ok(()),
        }
    }

    /// A sign-in in the person's own browser, without which nothing can be seen there.
    async fn require_sign_in(&mut self, person: &Person) -> Result<(), Failure> {
        self.provocation.expected = Expected::SignedIn;
        self.provocation.started_sign_ins += 1;
        let outcome = self.sign_in_honestly(person).await?;
        if !signed_in_as(&outcome, person) {
            let told = outcome.describe();
            return Err(Failure::unjudged(format!(
                "the honest sign-in of {} did not succeed in a browser of its own: {told}",
                person.name
            )));
        }
        let visitor = self.visitor(&person.name).await?;
        self.settle(&visitor).await
    }

    /// The browser has none but the application's cookies.
    pub(super) async fn leave_the_platform(&self, visitor: &Visitor) -> Result<(), Failure> {
        let kept = application_cookies(visitor, &self.base_url).await?;
        visitor.context.clear_cookies().await?;
        for cookie in &kept {
            visitor.context.set_cookie(cookie).await?;
        }
        Ok(())
    }
}
