//! What an application does while nobody uses it.

use std::time::Duration;

use cucumber::{given, then, when};

use super::Failure;
use super::world::{BACKGROUND_SECONDS, World};
use crate::checks;
use crate::domain::{Endpoint, Exchange, Waiting};

/// How long an idle application is watched.
const IDLE: Duration = Duration::from_secs(6);
/// Requests a minute that are reasonable of an application that nobody uses.
const REASONABLE_PER_MINUTE: u64 = 30;
/// How long an application is watched after an event, in its own periods.
const PERIODS: u64 = 8;
/// Calls that may be under way when a person signs out.
const UNDER_WAY: usize = 1;

#[given("the relying party polls in the background")]
async fn polls(world: &mut World) -> Result<(), Failure> {
    if !world.setup()?.takes_a_polling_period() {
        return Err(Failure::not_applicable(
            "the profile gives no way to tell the application how often to poll in the background ({poll_seconds} in [app.env])",
        ));
    }
    world.wait_for_a_poll().await
}

#[when(expr = "{word} removes the application at the platform")]
async fn removes(world: &mut World, name: String) -> Result<(), Failure> {
    world.remove_application(&name).await?;
    world.watch(Duration::from_secs(BACKGROUND_SECONDS * PERIODS)).await?;
    world.memory.actor = Some(name);
    if world.memory.idle.iter().any(|exchange| exchange.status == 401 || exchange.status == 400) { world.delivered() } else { Ok(()) }
}

#[when("nobody uses the relying party for a while")]
async fn idle(world: &mut World) -> Result<(), Failure> {
    world.watch(IDLE).await
}

#[when("nobody uses the relying party for some of its periods")]
async fn idle_for_periods(world: &mut World) -> Result<(), Failure> {
    world.watch(Duration::from_secs(BACKGROUND_SECONDS * PERIODS)).await
}

#[then(expr = "the relying party has asked for nothing of {word}'s any more")]
async fn asked_for_nothing(world: &mut World, name: String) -> Result<(), Failure> {
    let stage = world.stage()?;
    let subject = stage.subject(&stage.person(&name)?.email)?;
    let asked = calls_for(&world.memory.idle, &subject);
    if asked.len() <= UNDER_WAY {
        return world.react(true, "", "", "");
    }
    let summary = format!("goes on asking in the background for {name}, who has signed out");
    world.find(&summary, "no call on her behalf", &format!("{} calls", asked.len()), &asked)
}

/// Numbers of the calls on behalf of this user.
fn calls_for(exchanges: &[Exchange], subject: &str) -> Vec<u64> {
    let calls = exchanges.iter().filter(|exchange| matches!(exchange.endpoint, Endpoint::Api | Endpoint::Userinfo));
    calls.filter(|call| call.facts.subject.as_deref() == Some(subject)).map(|call| call.number).collect()
}

#[then("it has asked the platform at a reasonable rate")]
async fn reasonable(world: &mut World) -> Result<(), Failure> {
    let idle = std::mem::take(&mut world.memory.idle);
    if idle.iter().any(|exchange| exchange.endpoint == Endpoint::Api) {
        let window = u64::try_from(IDLE.as_millis()).unwrap_or(u64::MAX);
        return world.judge(checks::check_polling_rate(&idle, window, REASONABLE_PER_MINUTE));
    }
    // Silence is the best rate of all, of an application that is there.
    let visitor = world.actor_visitor().await?;
    let shown = world.stage()?.who_is_signed_in(&visitor).await?;
    shown.map(drop).ok_or_else(|| Failure::unjudged("the application shows nobody signed in any more"))
}

impl World {
    /// The application's first call by itself.
    async fn wait_for_a_poll(&self) -> Result<(), Failure> {
        let patience = self.setup()?.patience();
        let journal = self.stage()?.instrument()?.journal();
        let api = |exchange: &Exchange| exchange.endpoint == Endpoint::Api;
        match journal.wait_for(journal.mark(), "a call in the background", patience.follow_up, api).await {
            Ok(_) => Ok(()),
            Err(_) => {
                let waited = patience.waited(Waiting::FollowUp);
                let told = format!("told to poll every {BACKGROUND_SECONDS} s, the application asked for nothing by itself ({waited})");
                Err(Failure::unjudged(told))
            }
        }
    }

    /// Lets the application do what it does by itself, and takes down what it asked for.
    async fn watch(&mut self, time: Duration) -> Result<(), Failure> {
        let journal = self.stage()?.instrument()?.journal();
        let mark = journal.mark();
        drop(journal.wait_for(mark, "anything", time, |_| false).await);
        self.memory.idle = self.stage()?.instrument()?.journal().since(mark);
        Ok(())
    }

    /// The end-user takes the application's access back at the platform.
    pub(super) async fn remove_application(&mut self, name: &str) -> Result<(), Failure> {
        self.provoke_by_hand().await?;
        let stage = self.stage()?;
        let (platform, person) = (stage.mock()?, stage.person(name)?);
        let subject = platform.subject_of(&person.email).ok_or_else(|| Failure::broke(format!("{name} is no user")))?;
        platform.revoke_grants(&subject, &stage.client_id()?);
        Ok(())
    }
}
