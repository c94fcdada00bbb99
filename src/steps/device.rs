//! Device applications (RFC 8628): what a program shows, how it polls, and when it gives up.

use std::time::Duration;

use cucumber::{given, then, when};

use super::Failure;
use super::sign_in::{Consent, Outcome};
use super::world::World;
use crate::checks;
use crate::domain::{ApplicationType, Endpoint, Exchange};

/// A code that is good for longer is not waited for.
const LONGEST_LIFETIME: Duration = Duration::from_secs(60);
/// Beyond the end of a code's life, and beyond the polls that a program must not make: what a busy machine takes longer.
const MARGIN: Duration = Duration::from_secs(2);

#[given("the device application is registered at the platform")]
async fn registered(world: &mut World) -> Result<(), Failure> {
    world.register_program(ApplicationType::Device).await
}

#[when(expr = "{word} allows the program")]
async fn allows(world: &mut World, name: String) -> Result<(), Failure> {
    world.sign_in(&name, Consent::GrantAll).await
}

#[when(expr = "{word} refuses the program")]
async fn refuses(world: &mut World, name: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.sign_in(&name, Consent::Cancel).await?;
    world.delivered_if_a_poll_was_denied()
}

#[when(expr = "{word} allows the program after {int} polls")]
async fn allows_after(world: &mut World, name: String, polls: usize) -> Result<(), Failure> {
    world.allow_after(&name, polls).await
}

#[when(expr = "{word} starts the program and decides nothing")]
async fn decides_nothing(world: &mut World, name: String) -> Result<(), Failure> {
    world.memory.actor = Some(name);
    let stage = world.stage_mut()?;
    stage.start_program()?;
    stage.prompt().await.map(drop)
}

#[then("the program has shown the user code and the address to type it at")]
async fn has_shown(world: &mut World) -> Result<(), Failure> {
    let stage = world.stage()?;
    let (prompt, output) = (stage.prompt().await?, stage.running()?.output());
    world.judge(checks::check_code_and_address_shown(&output, &prompt.user_code, &prompt.verification_uri))
}

#[then(expr = "the program shows {word} signed in")]
async fn shows_signed_in(world: &mut World, name: String) -> Result<(), Failure> {
    let person = world.stage()?.person(&name)?;
    let outcome = world.outcome()?;
    let held = super::provocation::signed_in_as(&outcome, &person);
    let expected = format!("`{}` is shown as signed in", person.shown);
    world.react(held, &format!("does not show {name} signed in"), &expected, &outcome.describe())
}

#[then("the program says that sign-in failed")]
async fn says_failed(world: &mut World) -> Result<(), Failure> {
    let patience = world.setup()?.patience().sign_in;
    let outcome = match world.stage()?.program_says()? {
        Some(says) => says,
        None => world.stage_mut()?.program_outcome(patience).await?,
    };
    let told = matches!(outcome, Outcome::Refused(Some(_))) || (outcome == Outcome::Refused(None) && !world.has_refused_pattern()?);
    world.react(told, "does not say that the sign-in failed", "a line that matches app.console.refused", &outcome.describe())
}

#[then("nobody is signed in with the program")]
async fn nobody(world: &mut World) -> Result<(), Failure> {
    let says = world.stage()?.program_says()?;
    let held = !matches!(says, Some(Outcome::SignedIn(_)));
    let actual = says.map_or_else(|| "nothing is said".to_owned(), |says| says.describe());
    world.react(held, "has somebody signed in who must not be", "nobody is signed in", &actual)
}

#[then("nobody is signed in with the program unless PKCE or a nonce vouches for the response")]
async fn nobody_unless_vouched(world: &mut World) -> Result<(), Failure> {
    let says = world.stage()?.program_says()?;
    let signed_in = matches!(says, Some(Outcome::SignedIn(_)));
    let actual = says.map_or_else(|| "nothing is said".to_owned(), |says| says.describe());
    world.judge_vouched(signed_in, actual)
}

#[then("no poll came before the interval had passed")]
async fn interval_kept(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.program_exchanges()?;
    world.judge(checks::check_polling_interval(&exchanges))
}

#[then("no poll came when the code had expired")]
async fn ends_with_the_code(world: &mut World) -> Result<(), Failure> {
    let watched_until = world.watch_until_expiry().await?;
    let exchanges = world.program_exchanges()?;
    world.judge(checks::check_polling_ends_with_the_code(&exchanges, watched_until))
}

#[then("every slow_down made the program wait 5 seconds longer")]
async fn slowed_down(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.program_exchanges()?;
    let judgement = checks::check_slow_down(&exchanges);
    if matches!(judgement, Err(checks::Refusal::NothingToJudge(_))) && checks::was_slowed_down(&exchanges) {
        // It was told to wait longer, and gave up: that is what is to be told.
        let actual = world.outcome()?.describe();
        return world.react(false, "takes slow_down for the end of the sign-in", "further polls, 5 s later each time", &actual);
    }
    world.judge(judgement)
}

#[then("the program waited longer after the poll that was not answered")]
async fn backed_off(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.program_exchanges()?;
    world.judge(checks::check_back_off_after_timeout(&exchanges))
}

#[then("the program neither polls on nor asks for another code")]
async fn gives_up(world: &mut World) -> Result<(), Failure> {
    let interval = world.device_number("interval").await?;
    world.stage()?.running()?.ends(interval * 2 + MARGIN).await;
    let exchanges = world.program_exchanges()?;
    world.judge(checks::check_refusal_is_final(&exchanges, 1))
}

impl World {
    /// The application of this type, which is not applicable where the profile declares another.
    pub(super) async fn register_program(&mut self, r#type: ApplicationType) -> Result<(), Failure> {
        let setup = self.setup()?;
        setup.app_of(r#type)?;
        setup.admit()?;
        self.raise().await?.register_program(r#type).await
    }

    /// What the platform saw since the program was started last.
    pub(super) fn program_exchanges(&self) -> Result<Vec<Exchange>, Failure> {
        let stage = self.stage()?;
        Ok(stage.instrument()?.journal().since(stage.registered()?.mark))
    }

    fn has_refused_pattern(&self) -> Result<bool, Failure> {
        Ok(self.stage()?.registered()?.app.console.as_ref().is_some_and(|console| console.refused.is_some()))
    }

    async fn allow_after(&mut self, name: &str, polls: usize) -> Result<(), Failure> {
        self.memory.actor = Some(name.to_owned());
        let stage = self.stage_mut()?;
        stage.start_program()?;
        let longest = Duration::from_secs(10) * u32::try_from(polls).unwrap_or(u32::MAX);
        let mut mark = stage.registered()?.mark;
        for _ in 0..polls {
            let journal = stage.instrument()?.journal();
            let poll = journal.wait_for(mark, "a poll", longest, is_poll).await?;
            mark += journal.since(mark).iter().position(|exchange| exchange.number == poll.number).map_or(1, |position| position + 1);
        }
        let person = stage.person(name)?;
        let outcome = match stage.answer_program(name, &person, &Consent::GrantAll).await? {
            Some(turned_away) => turned_away,
            None => stage.program_outcome(stage.program_patience()).await?,
        };
        self.memory.outcome = Some(outcome);
        Ok(())
    }

    fn delivered_if_a_poll_was_denied(&mut self) -> Result<(), Failure> {
        let denied =
            |exchange: &Exchange| is_poll(exchange) && exchange.response.as_ref().is_some_and(|answer| answer["error"] == "access_denied");
        if self.program_exchanges()?.iter().any(denied) { self.delivered() } else { Ok(()) }
    }

    /// Looks on until the program has ended, or its code has expired long enough; the journal's time until which nothing more can come.
    async fn watch_until_expiry(&mut self) -> Result<u64, Failure> {
        let (lifetime, interval) = (self.device_number("expires_in").await?, self.device_number("interval").await?);
        if lifetime > LONGEST_LIFETIME {
            return Err(Failure::unjudged(format!("a code that is good for {} s is not waited for", lifetime.as_secs())));
        }
        let stage = self.stage()?;
        if stage.running()?.ends(lifetime + interval + MARGIN).await {
            return Ok(u64::MAX);
        }
        Ok(stage.instrument()?.journal().elapsed_ms())
    }

    /// A time that the device authorization response tells; 5 seconds where it does not.
    async fn device_number(&self, member: &str) -> Result<Duration, Failure> {
        let answer = self.stage()?.prompt().await?.answer.response;
        Ok(Duration::from_secs(answer.and_then(|answer| answer[member].as_u64()).unwrap_or(5)))
    }
}

fn is_poll(exchange: &Exchange) -> bool {
    exchange.endpoint == Endpoint::Token && exchange.form_value("device_code").is_some()
}
