//! Markup in an authorization response: whether any of it comes to life in a page, or in a header.

use cucumber::gherkin::Step;
use cucumber::{then, when};

use super::attempt::Expected;
use super::fault_phrases::fault;
use super::people::Person;
use super::series::phrases;
use super::sign_in::Consent;
use super::stage::{Stage, Visitor};
use super::{Failure, world::World};
use crate::browser::pages::{CANARY, PlatformWindow, holds_canary};

/// A cookie that a line break in a description would set.
const COOKIE: &str = "collaudoCanary";
/// What a page says when a script of a response runs in it.
const RAN: &str = "collaudo: a script of the response runs";

#[when(expr = "{word} signs in once for each place of markup in the response")]
async fn signs_in_for_each_markup(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    for phrase in phrases(step)? {
        if let Some(place) = world.provoke_markup(&name, phrase).await? {
            world.memory.markup.push(format!("told to {phrase}: {place}"));
        }
    }
    world.delivered()
}

#[then("none of it is part of any page or header")]
async fn nothing_came_to_life(world: &mut World) -> Result<(), Failure> {
    let found = world.memory.markup.join("; ");
    world.react(found.is_empty(), "renders what a response says as markup", "it is shown as text, or not at all", &found)
}

impl World {
    /// One refused sign-in in a browser of its own; where the markup came to life.
    async fn provoke_markup(&mut self, name: &str, phrase: &str) -> Result<Option<&'static str>, Failure> {
        let (fault, times) = fault(phrase).ok_or_else(|| Failure::broke(format!("no fault is called `{phrase}`")))?;
        let key = format!("{name}, {phrase}");
        self.memory.actor = Some(key.clone());
        let stage = self.stage_mut()?;
        stage.provocation.expected = Expected::Refused;
        stage.provocation.started_sign_ins += 1;
        let person = Person { name: key.clone(), ..stage.person(name)? };
        let visitor = stage.visitor(&key).await?;
        visitor.context.keep_what_it_is_sent();
        visitor.context.note_property_set(CANARY, RAN);
        stage.arm(fault, times)?;
        stage.sign_in(&person, &Consent::GrantAll).await?;
        stage.settle(&visitor).await?;
        stage.instrument()?.faults().disarm(fault).map_err(Failure::broke)?;
        stage.came_to_life(&visitor).await
    }
}

impl Stage {
    async fn came_to_life(&self, visitor: &Visitor) -> Result<Option<&'static str>, Failure> {
        if visitor.context.cookies().await?.iter().any(|cookie| cookie.name == COOKIE) {
            return Ok(Some("a header that it holds was sent"));
        }
        if visitor.context.console().iter().any(|words| words.contains(RAN)) {
            return Ok(Some("it ran as a script of a page"));
        }
        for page in visitor.context.pages() {
            if PlatformWindow(&page).has_canary().await? {
                return Ok(Some("it became part of an open page"));
            }
        }
        // A popup that has closed leaves what it was sent, and what it loaded.
        visitor.page.goto(self.base_url.as_str()).await?;
        let loaded = visitor.context.requests().iter().any(|request| request.url.ends_with("/collaudo-canary"));
        let mut own = visitor.context.bodies().await;
        let pages = self.platform_pages();
        own.retain(|body| !body.url.starts_with(&pages) && body.text.trim_start().starts_with('<'));
        // A page of the application's may forbid its scripts to read markup (Trusted Types): a blank one does not.
        let reader = visitor.context.open("about:blank").await?;
        for body in own {
            if holds_canary(&reader, &body.text).await? {
                return Ok(Some("it is part of a page that was sent"));
            }
        }
        reader.close().await?;
        Ok((loaded || PlatformWindow(&visitor.page).has_canary().await?).then_some("it became part of a page"))
    }
}
