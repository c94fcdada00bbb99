//! A program is run once for each provocation: what it comes to, and what it writes as a sight.

use std::time::Duration;

use cucumber::then;
use regex::Regex;

use super::Failure;
use super::people::Person;
use super::program::Seen;
use super::program_sign_in::{Marks, Registered, addresses, is_device_authorization, outcome_in, outcome_of};
use super::provocation::is_resource_call;
use super::series::{DISPUTED, Provoked, told_to};
use super::sight::Sight;
use super::sign_in::{Consent, Outcome};
use super::stage::Stage;
use super::trials::Found;
use super::world::World;
use crate::checks;
use crate::domain::{Action, ApplicationType, Exchange};
use crate::oauth::giponext;
use crate::platform::Trigger;
use crate::platform::accounts::TENANT;

/// What a program reads whose profile names no action.
const BY_ITSELF: &str = "what it reads by itself";
/// A device that has been given the same useless answer so often, and goes on, has shown what it does.
const ENOUGH_POLLS: usize = 2;
/// How long a program that has said what came of a sign-in may go on before it is ended.
const LAST_WORK: Duration = Duration::from_secs(2);
/// What is told of a device that waits for a better answer.
const POLLS_ON: &str = "it polls on";

#[then("each time the patients were read to the end")]
async fn read_to_the_end(world: &mut World) -> Result<(), Failure> {
    let path = format!("/v2/tenants/{}/patients", TENANT.0);
    let check = |exchanges: &[Exchange]| checks::check_list_read_to_the_end(&checks::each_page_once(exchanges), &path);
    match check(&world.memory.trials.honest) {
        Err(checks::Refusal::NothingToJudge(_)) => return Err(Failure::not_applicable("the program reads no list of patients")),
        judged => world.judge(judged)?,
    }
    let judged = world.memory.trials.first_refusal(check);
    world.judge(judged)?;
    world.shows_every_patient()
}

#[then("it answers also when there is nothing to read")]
async fn answers_to_nothing(world: &mut World) -> Result<(), Failure> {
    world.stage()?.mock()?.keep_patients(TENANT, 0);
    for feature in world.features()? {
        let sight = world.look_at(&feature).await?;
        let wrong = sight.unanswered(&world.redact());
        world.react(wrong.is_none(), "falls over where a list is empty", "words for a person", &wrong.unwrap_or_default())?;
    }
    Ok(())
}

#[then("each time the program neither refreshes nor repeats without end")]
async fn bounded(world: &mut World) -> Result<(), Failure> {
    let after_401 = world.memory.trials.first_refusal(checks::check_bounded_after_401);
    world.judge_for("RS-03", after_401)?;
    let after_403 = world.memory.trials.first_refusal(checks::check_no_loop_after_403);
    world.judge_for("RS-04", after_403)
}

#[then(expr = "none of these sign-ins shows anybody but {word}")]
async fn nobody_else(world: &mut World, name: String) -> Result<(), Failure> {
    let person = world.stage()?.person(&name)?;
    let foreign = |provoked: &Provoked| match &provoked.outcome {
        Outcome::SignedIn(shown) if !person.is_named_by(shown) => Some((provoked.outcome.describe(), Vec::new())),
        _ => None,
    };
    world.judge_series("shows somebody else as signed in", &format!("nobody, or {}", person.called()), foreign)
}

impl Registered {
    pub fn features(&self) -> Vec<String> {
        let declared: Vec<String> = self.app.actions.keys().cloned().collect();
        if declared.is_empty() { vec![BY_ITSELF.to_owned()] } else { declared }
    }
}

impl World {
    /// The scenario's program, where its profile does not say how it shows what it has read.
    pub(super) fn shows_untold(&self) -> bool {
        self.stage().is_ok_and(|stage| stage.program.as_ref().is_some_and(|program| program.app.actions.is_empty()))
    }

    /// What a program shows cannot be judged unless its profile says which lines are entries.
    pub(super) fn require_shows(&self) -> Result<(), Failure> {
        if self.shows_untold() {
            return Err(Failure::not_tested(
                "the profile does not say how the program shows what it has read: write [app.actions.NAME] with `shows` (a regular expression that \
                 matches one line for each entry) and `scope`",
            ));
        }
        Ok(())
    }

    /// One run of a series.
    pub(super) async fn provoke_program(&mut self, name: &str, phrase: &str, fault: &'static str, trigger: Trigger) -> Result<(), Failure> {
        self.memory.actor = Some(name.to_owned());
        let negative = self.has_tag("negative");
        let stage = self.stage_mut()?;
        stage.provocation.started_sign_ins += 1;
        let (person, mark) = (stage.person(name)?, stage.exchanges().len());
        stage.arm(fault, trigger)?;
        let outcome = stage.run_program(&person, &[], Some(fault)).await.map_err(|failure| told_to(phrase, failure))?;
        let running = stage.running()?;
        running.ends(LAST_WORK).await;
        running.end();
        let outcome = stage.with_last_words(outcome.unwrap_or(Outcome::Refused(None)))?;
        stage.instrument()?.faults().disarm(fault).map_err(Failure::broke)?;
        let exchanges = stage.provoked_from(mark);
        let delivered = exchanges.iter().any(|exchange| exchange.faults.iter().any(|fired| fired == fault));
        let disputed = DISPUTED.contains(&fault);
        if !negative || disputed {
            stage.set_apart(mark);
        }
        self.memory.series.push(Provoked { phrase: phrase.to_owned(), delivered, outcome, shown: None, exchanges, disputed });
        Ok(())
    }

    /// Runs the program as the actor, so that it reads a feature, and looks at what it writes. The runs before a provocation are the control.
    pub(super) async fn look_at_program(&mut self, feature: &str) -> Result<Sight, Failure> {
        let name = self.memory.actor.clone().ok_or_else(|| Failure::broke("no step has named who acts"))?;
        let stage = self.stage_mut()?;
        let honest = stage.provocation.mark().is_none();
        let action = stage.registered()?.app.actions.get(feature).cloned();
        let (person, mark) = (stage.person(&name)?, stage.exchanges().len());
        if !honest {
            stage.provocation.started_sign_ins += 1;
        }
        let arguments = action.as_ref().map(|action| action.arguments.clone()).unwrap_or_default();
        let outcome = stage.run_program(&person, &arguments, None).await?;
        let sight = stage.sight_of_program(action.as_ref(), outcome.is_none()).await?;
        if honest {
            let exchanges = stage.provoked_from(mark);
            stage.set_apart(mark);
            let silent = || Failure::unjudged("the program said nothing of an honest sign-in");
            self.take_control(&outcome.ok_or_else(silent)?, &person)?;
            require_reading(&exchanges, action.is_some())?;
            self.memory.trials.honest.extend(exchanges);
        }
        Ok(sight)
    }

    /// Where an action is the patients', and the profile says which lines are entries: each patient has one.
    fn shows_every_patient(&mut self) -> Result<(), Failure> {
        let stage = self.stage()?;
        let Some((name, _)) = stage.registered()?.app.action_with(giponext::PATIENTS, "patients") else {
            return self.react(true, "", "", "");
        };
        let patients = stage.mock()?.patients(TENANT).len();
        let shown = self.memory.trials.shown_before(name);
        let actual = format!("{shown} patients");
        self.react(shown == patients, "does not show the whole list", &format!("{patients} patients"), &actual)
    }
}

/// That an honest run reads data: without that nothing of it can be judged.
fn require_reading(exchanges: &[Exchange], told: bool) -> Result<(), Failure> {
    if exchanges.iter().any(|call| is_resource_call(call) && call.status == 200) {
        return Ok(());
    }
    Err(match told {
        true => Failure::unjudged("an honest run of the program, started as [app.actions] says, reads nothing at the API"),
        false => Failure::not_tested(
            "the program reads nothing at the API by itself after a sign-in, and the profile does not say how it is asked to: write \
             [app.actions.NAME] with `arguments` (what follows its command), `shows` and `scope`",
        ),
    })
}

impl Stage {
    /// One run, up to what it says of the sign-in; `None` where it says nothing as long as a program is waited for. `fault`: what the platform
    /// answers, of which a device may hope for better.
    pub(super) async fn run_program(
        &mut self,
        person: &Person,
        arguments: &[String],
        fault: Option<&str>,
    ) -> Result<Option<Outcome>, Failure> {
        self.start_program_with(arguments)?;
        if let Some(outcome) = self.ends_before_it_asks().await? {
            return Ok(Some(outcome));
        }
        if let Some(turned_away) = self.answer_program(&person.name, person, &Consent::GrantAll).await? {
            return Ok(Some(turned_away));
        }
        tokio::select! {
            biased;
            said = self.program_says_within(self.program_patience()) => said,
            true = self.polls_on(fault) => Ok(Some(Outcome::Refused(Some(POLLS_ON.to_owned())))),
        }
    }

    /// How many entries a run shows that is started for an action.
    pub(super) async fn entries_of_run(&mut self, person: &Person, action: &Action) -> Result<usize, Failure> {
        let outcome = self.run_program(person, &action.arguments, None).await?;
        Ok(self.sight_of_program(Some(action), outcome.is_none()).await?.entries.len())
    }

    /// What it said or how it ended before it has shown a person what to do.
    async fn ends_before_it_asks(&self) -> Result<Option<Outcome>, Failure> {
        let (marks, platform, registered) = (self.marks()?, self.mock()?, self.registered()?);
        let device = registered.app.r#type == ApplicationType::Device;
        let asks = |address: String| {
            let given = || platform.journal().since(registered.mark).iter().any(is_device_authorization);
            address.starts_with(&self.issuer) && if device { given() } else { address.contains("response_type=") }
        };
        let begun = |output: &str| outcome_of(&marks, output).map(Some).or_else(|| addresses(output).any(asks).then_some(None));
        Ok(match self.running()?.wait_for(self.setup.patience().start, begun).await {
            Seen::Found(outcome) => outcome,
            Seen::Ended => Some(Outcome::Refused(None)),
            // Whoever waits for the address tells what is missing.
            Seen::Silent => None,
        })
    }

    /// Resolves when a device has gone on polling although it is answered with the fault each time; any other program does not poll.
    async fn polls_on(&self, fault: Option<&str>) -> bool {
        let (Some(fault), Ok(registered), Ok(platform)) = (fault, self.registered(), self.mock()) else {
            return std::future::pending().await;
        };
        let mut latest = 0;
        for _ in 0..ENOUGH_POLLS {
            let faulty = |exchange: &Exchange| {
                exchange.number > latest
                    && exchange.form_value("device_code").is_some()
                    && exchange.faults.iter().any(|fired| fired == fault)
            };
            match platform.journal().wait_for(registered.mark, "a poll", self.program_patience(), faulty).await {
                Ok(poll) => latest = poll.number,
                Err(_) => return std::future::pending().await,
            }
        }
        true
    }

    /// Where the profile has no pattern for a refusal, the last line of a program that has ended is what it says.
    fn with_last_words(&self, outcome: Outcome) -> Result<Outcome, Failure> {
        let registered = self.registered()?;
        let told = registered.app.console.as_ref().is_some_and(|console| console.refused.is_some());
        let last = registered.running.as_ref().and_then(|running| running.last_lines(1).pop()).filter(|line| !line.contains("://"));
        Ok(match outcome {
            Outcome::Refused(None) if !told => Outcome::Refused(last.map(|line| self.redacted(line))),
            outcome => outcome,
        })
    }

    /// What the program has written once it has ended, or has been given the time for what it does after a sign-in.
    pub(super) async fn sight_of_program(&self, action: Option<&Action>, never: bool) -> Result<Sight, Failure> {
        let (marks, running) = (self.marks()?, self.running()?);
        running.ends(self.setup.patience().follow_up).await;
        running.end();
        let words = words_after(&marks, &running.output());
        let shows = action.map(|action| Regex::new(&action.shows).map_err(Failure::broke)).transpose()?;
        let entries = shows.map(|shows| words.lines().filter(|line| shows.is_match(line)).map(str::to_owned).collect()).unwrap_or_default();
        Ok(Sight { never, status: None, entries, words: self.redacted(words) })
    }
}

/// What a program writes from the line on that says what came of the sign-in; without one, all but what a person is to open.
fn words_after(marks: &Marks, output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let said = lines.iter().position(|line| outcome_in(marks, line).is_some());
    let kept = lines.iter().skip(said.unwrap_or_default()).filter(|line| said.is_some() || !line.contains("://"));
    kept.map(|line| format!("{line}\n")).collect()
}

/// A look at a program and one before it, by what was read: the profile says nothing of what is shown.
pub(super) fn reads_less(way: &str, before: &[Exchange], now: &[Exchange]) -> Option<Found> {
    let read = |exchanges: &[Exchange]| -> std::collections::BTreeSet<String> {
        let served = exchanges.iter().filter(|call| is_resource_call(call) && call.status == 200);
        served.map(|call| call.path.clone()).collect()
    };
    let missing: Vec<String> = read(before).difference(&read(now)).cloned().collect();
    (!missing.is_empty()).then(|| {
        let summary = format!("does not read what it read before, while the platform will {way}");
        (summary, "the same lists as before", format!("not read: {}", missing.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks() -> Marks {
        (Regex::new("^Signed in as").expect("a pattern"), Some(Regex::new("^Failed:").expect("a pattern")))
    }

    #[test]
    fn what_a_program_says_begins_with_what_came_of_the_sign_in() {
        let output = "Open http://localhost:1/a\nWaiting\nSigned in as Ada\n- one\n- two\n";
        assert_eq!(words_after(&marks(), output), "Signed in as Ada\n- one\n- two\n");
        assert_eq!(words_after(&marks(), "Open http://localhost:1/a\nFailed: late\n"), "Failed: late\n");
        assert_eq!(words_after(&marks(), "Open http://localhost:1/a\nkilled\n"), "killed\n");
        assert_eq!(words_after(&marks(), "Open http://localhost:1/a\n"), "");
    }

    #[test]
    fn a_program_that_reads_nothing_by_itself_is_told_which_key_is_missing() {
        let missing = require_reading(&[], false).expect_err("nothing was read");
        assert!(matches!(&missing, Failure::NotTested { reason } if reason.contains("[app.actions.NAME]")), "{missing:?}");
        assert!(matches!(require_reading(&[], true), Err(Failure::Unjudged { .. })));
    }
}
