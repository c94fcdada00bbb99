//! Sign-in through the popup, and what the browser shows of it.

use std::time::Duration;

use cucumber::{given, then, when};

use super::advice::of_a_plain_failure;
use super::attempt::Expected;
use super::people::mentions;
use super::provocation::signed_in_as;
use super::sign_in::{Consent, Outcome};
use super::world::World;
use super::{Failure, fault_phrases};
use crate::browser::pages::PlatformWindow;
use crate::checks;
use crate::platform::Times;

/// How long a person may look at the platform's page before typing: a popup that its application takes for closed is found out by then.
const A_WHILE: Duration = Duration::from_secs(1);

#[given("the relying party is registered at the platform")]
async fn registered(world: &mut World) -> Result<(), Failure> {
    world.setup()?.admit()?;
    world.raise().await?.register_application().await
}

#[given(expr = "the end-user {word} has an account at the medical centre")]
async fn has_account(world: &mut World, name: String) -> Result<(), Failure> {
    world.stage()?.person(&name).map(drop)
}

#[given(regex = r"^the platform will (.+)$")]
async fn platform_will(world: &mut World, phrase: String) -> Result<(), Failure> {
    let (fault, times) = fault_phrases::fault(&phrase).ok_or_else(|| Failure::broke(format!("no fault is called `{phrase}`")))?;
    world.provoke(fault, times).await
}

#[given(expr = "{word} has signed in through the popup and granted every scope")]
async fn has_signed_in(world: &mut World, name: String) -> Result<(), Failure> {
    world.honest_sign_in(&name).await
}

#[given(expr = "{word} has started a sign-in and given it up")]
async fn has_started(world: &mut World, name: String) -> Result<(), Failure> {
    let stage = world.stage_mut()?;
    let visitor = stage.visitor(&name).await?;
    let window = stage.open_sign_in(&visitor).await?;
    PlatformWindow(&window).wait_for_first(None, window.context().patience()).await?;
    world.memory.cookies = visitor.context.cookies().await?;
    if window.is_same(&visitor.page) { Ok(visitor.page.back().await?) } else { Ok(window.close().await?) }
}

#[given(expr = "{word} has met an error of the platform at a sign-in")]
async fn has_met_an_error(world: &mut World, name: String) -> Result<(), Failure> {
    let stage = world.stage_mut()?;
    stage.arm("error-server-error", Times::Next(1))?;
    stage.provocation.expected = Expected::Refused;
    let (person, visitor) = (stage.person(&name)?, stage.visitor(&name).await?);
    let outcome = stage.sign_in(&person, &Consent::GrantAll).await?;
    world.memory.cookies = visitor.context.cookies().await?;
    match outcome {
        Outcome::SignedIn(shown) => Err(Failure::unjudged(format!("`{shown}` is signed in although the platform answered with an error"))),
        _ => Ok(()),
    }
}

#[when(expr = "{word} signs in through the popup and grants every scope")]
async fn signs_in(world: &mut World, name: String) -> Result<(), Failure> {
    world.sign_in(&name, Consent::GrantAll).await
}

#[when(expr = "{word} takes a while to sign in through the popup and grants every scope")]
async fn signs_in_slowly(world: &mut World, name: String) -> Result<(), Failure> {
    world.sign_in_after(&name, Consent::GrantAll, Some(A_WHILE)).await
}

#[when(expr = "{word} signs in through the popup and cancels at the consent")]
async fn cancels(world: &mut World, name: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.sign_in(&name, Consent::Cancel).await?;
    world.delivered_if_the_platform_answered("access_denied")
}

#[then("the popup closes")]
async fn popup_closes(world: &mut World) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    for popup in visitor.context.pages().into_iter().filter(|page| !page.is_same(&visitor.page)) {
        if popup.wait_until_closed(popup.context().patience()).await.is_err() {
            return world.react(false, "leaves the popup open", "the popup closes", &format!("a popup stays at {}", popup.url()));
        }
    }
    world.react(true, "", "", "")
}

#[then(expr = "the relying party shows {word} signed in")]
async fn shows_signed_in(world: &mut World, name: String) -> Result<(), Failure> {
    let person = world.stage()?.person(&name)?;
    let visitor = world.stage_mut()?.visitor(&name).await?;
    let shown = world.stage()?.wait_for_signed_in(&visitor, &person).await?;
    let actual = world.describe_outcome(shown.as_deref());
    let held = shown.is_some_and(|shown| person.is_named_by(&shown));
    let judged =
        world.react(held, &format!("does not show {name} signed in"), &format!("`{}` is shown as signed in", person.shown), &actual);
    world.advised(judged, "AC-08", &of_a_plain_failure())
}

#[then(expr = "the page that {word} began at shows her signed in without a reload")]
async fn shows_signed_in_at_once(world: &mut World, name: String) -> Result<(), Failure> {
    let person = world.stage()?.person(&name)?;
    let outcome = world.outcome()?.clone();
    let (summary, expected) =
        (format!("does not show {name} signed in where she clicked"), format!("`{}` is shown as signed in", person.shown));
    let judged = world.react(signed_in_as(&outcome, &person), &summary, &expected, &outcome.describe());
    world.advised(judged, "AC-08", &of_a_plain_failure())
}

#[then("the relying party shows that sign-in failed")]
async fn shows_failure(world: &mut World) -> Result<(), Failure> {
    let outcome = world.outcome()?;
    let held = !matches!(outcome, Outcome::SignedIn(_));
    world.react(held, "signs the end-user in although the sign-in had to be refused", "the sign-in is refused", &outcome.describe())
}

#[then(expr = "the relying party tells {word} that sign-in failed")]
async fn tells_failure(world: &mut World, _name: String) -> Result<(), Failure> {
    world.tell_of_refusal()
}

#[then(expr = "the relying party shows {word} signed in or tells her that sign-in failed")]
async fn shows_or_tells(world: &mut World, name: String) -> Result<(), Failure> {
    match world.outcome()? {
        Outcome::SignedIn(_) => shows_signed_in(world, name).await,
        _ => tells_failure(world, name).await,
    }
}

#[then("nobody is signed in at the relying party")]
async fn nobody_signed_in(world: &mut World) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    let shown = world.stage()?.who_is_signed_in(&visitor).await?;
    let actual = world.describe_outcome(shown.as_deref());
    world.react(shown.is_none(), "has somebody signed in who must not be", "nobody is signed in", &actual)
}

#[then(expr = "the relying party shows nobody else signed in")]
pub(super) async fn shows_nobody_else(world: &mut World) -> Result<(), Failure> {
    let ada = world.stage()?.person("Ada")?;
    let visitor = world.actor_visitor().await?;
    let shown = world.stage()?.who_is_signed_in(&visitor).await?;
    let actual = world.describe_outcome(shown.as_deref());
    // What names nobody at all, a subject or a polite word, is nobody else.
    let others = [ada.others.clone(), world.stage()?.names_of_mallory()?].concat();
    let held = shown.is_none_or(|shown| ada.is_named_by(&shown) || !mentions(&shown, &others));
    world.react(held, "shows somebody else as signed in", "nobody, or Ada herself, is shown", &actual)
}

#[then("the platform saw the client's credentials and Ada's own")]
async fn both_identities(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.exchanges()?;
    let stage = world.stage()?;
    let ada = stage.subject(&stage.person("Ada")?.email)?;
    let judgement = checks::check_interactive_sign_in(&exchanges, &ada, stage.has_seen_a_form_sent());
    world.judge(judgement)
}

impl World {
    /// That a sign-in failed has to be told: at the error marker, in a dialog, or in new words of the page or the popup. Silence harms
    /// nobody's data, so it warns, whatever else the scenario is about.
    fn tell_of_refusal(&mut self) -> Result<(), Failure> {
        let outcome = self.outcome()?;
        let signed_in = matches!(outcome, Outcome::SignedIn(_));
        let summary = "does not tell the end-user that the sign-in failed";
        if signed_in {
            return self.react(false, summary, "the sign-in is refused, and the end-user is told", &outcome.describe());
        }
        if outcome.is_silent() {
            self.warn_of_silence(&["this sign-in".to_owned()]);
        }
        self.react(true, "", "", "")
    }
}
