//! Writes to the API that a signed-in person makes at the application, and what it makes of a refusal.

use std::collections::BTreeSet;

use cucumber::gherkin::Step;
use cucumber::{then, when};

use super::Failure;
use super::misbehaviour::ways;
use super::sight::Sight;
use super::world::World;
use crate::browser::{BrowserError, pages};
use crate::checks;
use crate::domain::{Action, Endpoint, Exchange};
use crate::platform::Trigger;

/// A feature, its action, and what a person clicks there to write.
pub(super) type Writing = (String, Action, String);

/// What the platform does to a write, and the requirement that the row names for it.
type Row = ((String, &'static str, Trigger), Option<String>);

fn rows(step: &Step) -> Result<Vec<Row>, Failure> {
    let named = step.table.iter().flat_map(|table| &table.rows).map(|row| row.get(1).cloned());
    Ok(ways(step)?.into_iter().zip(named).collect())
}

/// What is shown of a write that was carried out.
#[derive(Clone)]
pub(super) struct Honest {
    new_lines: BTreeSet<String>,
    before: String,
    /// Answers of the API that were read for it, between the click and the write.
    pub reads: usize,
}

impl Honest {
    /// What was said of another write, where it is what is said of this one and nothing else.
    fn words_of_success_in(&self, shown: &Shown) -> Option<String> {
        let said: Vec<&str> = shown.new_lines().into_iter().filter(|line| !self.before.contains(line)).collect();
        let only = !said.is_empty() && said.iter().all(|line| self.new_lines.contains(*line));
        only.then(|| said.join(" / "))
    }
}

/// What a person was shown of one write.
#[derive(Clone)]
pub(super) struct Shown {
    /// What the platform did to it, where the scenario has several.
    way: Option<String>,
    /// The requirement that it is judged for, where the row names one: else every one of the scenario.
    judged_for: Option<String>,
    writing: Writing,
    before: Sight,
    after: Sight,
    /// Number of the last exchange before it.
    since: u64,
}

impl Shown {
    fn new_lines(&self) -> BTreeSet<&str> {
        self.after.lines_beside(&self.before)
    }
}

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

/// The first declared write for the first way, the second for the second, and so on.
#[when(regex = r"^(\w+) makes a declared write once for each of these$")]
async fn writes_for_each(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.write_each(&name, &rows(step)?, false).await
}

#[when(regex = r"^(\w+) makes every declared write once for each of these$")]
async fn writes_every_for_each(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.write_each(&name, &rows(step)?, true).await
}

#[then("the booking is not sent again blindly")]
async fn not_sent_again(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_written_once(&exchanges))
}

#[then("each time the write is carried out once at most")]
async fn carried_out_once(world: &mut World) -> Result<(), Failure> {
    world.judge_each(checks::check_no_write_twice)
}

/// For one of the scenario's requirements only.
#[then(expr = "each time what broke a business rule was not written again, as {word} asks")]
async fn not_written_again(world: &mut World, requirement: String) -> Result<(), Failure> {
    let judged = world.memory.trials.first_refusal(|exchanges| checks::check_not_repeated(exchanges, &[422]));
    world.judge_for(&requirement, judged)
}

/// Whoever gives no word of a refused write leaves its end-user to find out: that warns.
#[then("no write is told as made that was not")]
async fn none_told_falsely(world: &mut World) -> Result<(), Failure> {
    for shown in world.memory.writes.clone() {
        world.judge_told(&shown).await?;
    }
    Ok(())
}

#[then("the relying party does not write again without reading again")]
async fn reads_again(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_reread_after_conflict(&exchanges))
}

#[then("the relying party shows the platform's message")]
async fn shows_the_message(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    let refused = exchanges.iter().find(|exchange| checks::writes(exchange) && exchange.status == 422);
    let message = refused.and_then(|exchange| exchange.response.as_ref()?["message"].as_str().map(str::to_owned));
    let message = message.ok_or_else(|| Failure::unjudged("the platform refused no write with a message"))?;
    let visitor = world.actor_visitor().await?;
    let shown = pages::wait_for_text(&visitor.page, &message, world.setup()?.patience().follow_up).await?;
    world.react(shown, "does not show what the platform says of a refused write", &format!("the message `{message}`"), "it is on no page")
}

#[then("the refused write is not repeated")]
async fn not_repeated(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_not_repeated(&exchanges, &[422]))
}

impl World {
    /// Opens a feature as this person, clicks what writes there, and waits for the write.
    async fn write(&mut self, name: String, writing: Writing) -> Result<(), Failure> {
        self.memory.actor = Some(name);
        let shown = self.write_and_look(writing).await?;
        self.memory.writes.push(shown);
        Ok(())
    }

    async fn write_and_look(&mut self, writing: Writing) -> Result<Shown, Failure> {
        let before = self.open_to_write(&writing).await?;
        let journal = self.stage()?.instrument()?.journal();
        let since = self.exchanges()?.last().map_or(0, |exchange| exchange.number);
        let mark = journal.mark();
        self.click_to_write(&writing).await?;
        let (feature, _, submit) = &writing;
        let patience = self.setup()?.patience().follow_up;
        if self.stage()?.instrument()?.journal().wait_for(mark, "a write at the API", patience, checks::writes).await.is_err() {
            let (came, says) = (self.came_instead(), self.page_says().await);
            return Err(Failure::unjudged(format!(
                "a click on `{submit}` ([app.actions.{feature}]) led to no POST, PUT, PATCH or DELETE at the API within {} s: the platform \
                 saw {came}, and {says}. Name what writes with one click, or leave the key out",
                patience.as_secs()
            )));
        }
        // A page that waits to write again would meet what is provoked next.
        let visitor = self.actor_visitor().await?;
        self.stage()?.settle_after_repeats(&visitor, mark, patience).await?;
        let after = self.look().await?;
        Ok(Shown { way: None, judged_for: None, writing, before, after, since })
    }

    /// The page on which the actor writes.
    pub(super) async fn open_to_write(&mut self, (feature, ..): &Writing) -> Result<Sight, Failure> {
        self.open_feature_as_actor(feature).await?;
        self.look().await
    }

    pub(super) async fn click_to_write(&mut self, (feature, action, submit): &Writing) -> Result<(), Failure> {
        self.setup()?.may_write()?;
        let visitor = self.actor_visitor().await?;
        match visitor.page.click(submit).await {
            Ok(()) => Ok(()),
            Err(BrowserError::Timeout { .. }) => {
                let says = self.page_says().await;
                Err(Failure::unjudged(format!(
                    "nothing that can be clicked is at `{submit}`, which [app.actions.{feature}] names as what writes, on {} within {} s: \
                     {says}. Name what a person clicks there, or leave the key out",
                    action.open,
                    visitor.context.patience().as_secs()
                )))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One write for each way, or every one, each on the records as they were at the start.
    async fn write_each(&mut self, name: &str, ways: &[Row], every: bool) -> Result<(), Failure> {
        let writings = self.writings()?;
        let chosen = |turn| if every { &writings[..] } else { std::slice::from_ref(&writings[turn % writings.len()]) };
        self.memory.actor = Some(name.to_owned());
        for writing in writings.iter().take(if every { writings.len() } else { ways.len() }) {
            let honest = self.write_honestly(writing.clone()).await?;
            self.memory.honest_writes.insert(writing.2.clone(), honest);
        }
        let turns = ways.iter().enumerate().flat_map(|(turn, way)| chosen(turn).iter().map(move |writing| (way, writing)));
        for (((way, fault, trigger), judged_for), writing) in turns {
            self.memory.actor = Some(name.to_owned());
            self.provoke(fault, *trigger).await?;
            self.stage()?.mock()?.restore_records();
            let mark = self.stage()?.exchanges().len();
            let shown = self.write_and_look(writing.clone()).await?;
            let stage = self.stage()?;
            stage.instrument()?.faults().disarm(fault).map_err(Failure::broke)?;
            let exchanges = stage.provoked_from(mark);
            self.memory.trials.add(way, &shown.writing.0, shown.after.clone(), exchanges);
            self.memory.writes.push(Shown { way: Some(way.clone()), judged_for: judged_for.clone(), ..shown });
            self.come_back(name).await?;
        }
        Ok(())
    }

    /// What was shown of a write that was not carried out is compared with what is shown of one that was: whoever says the same, and
    /// nothing else, tells its end-user what is not true.
    async fn judge_told(&mut self, shown: &Shown) -> Result<(), Failure> {
        if self.is_made_since(shown.since)? {
            return Ok(());
        }
        let (feature, _, _) = &shown.writing;
        let during = shown.way.as_ref().map_or_else(|| feature.clone(), |way| format!("{feature}, while the platform will {way}"));
        if shown.new_lines().is_empty() {
            if shown.way.is_some() && shown.after.entries.is_empty() {
                self.warn_of_lost_write(&during, shown.judged_for.as_deref());
            }
            return Ok(());
        }
        let words_of_success = |honest: Option<Honest>| honest.and_then(|honest| honest.words_of_success_in(shown));
        let known = self.memory.honest_writes.get(&shown.writing.2).cloned();
        if known.clone().is_some_and(|honest| words_of_success(honest).is_none()) {
            return Ok(());
        }
        // It may be made later, by whoever said that it will be. What is written honestly below is another one.
        self.wait_for_exchanges(|world| world.is_made_since(shown.since)).await?;
        if self.is_made_since(shown.since)? {
            return Ok(());
        }
        let honest = match known {
            Some(known) => known,
            None => self.write_honestly(shown.writing.clone()).await?,
        };
        let Some(false_words) = words_of_success(honest) else { return Ok(()) };
        let actual = format!("`{}`, as after a write that was carried out", self.redact()(&false_words));
        let summary = format!("tells its end-user that a write was made which the platform refused: {during}");
        let expected = "what became of the write, or the record as it is";
        match &shown.judged_for {
            None => self.react(false, &summary, expected, &actual),
            Some(requirement) => self.react_for(requirement, "C-55", Some((summary, expected, actual))),
        }
    }

    /// Whether a write was carried out after this exchange, and before the next one that was shown.
    fn is_made_since(&self, since: u64) -> Result<bool, Failure> {
        let until = self.memory.writes.iter().map(|shown| shown.since).filter(|next| *next > since).min().unwrap_or(u64::MAX);
        let of_it = |exchange: &Exchange| {
            (since + 1..=until).contains(&exchange.number) && checks::writes(exchange) && checks::is_carried_out(exchange)
        };
        Ok(self.provoked_exchanges()?.iter().any(of_it))
    }

    /// What is shown of a write that the platform carries out; `None` where it carried out none.
    pub(super) async fn write_honestly(&mut self, writing: Writing) -> Result<Option<Honest>, Failure> {
        let stage = self.stage()?;
        stage.instrument()?.faults().disarm_all();
        stage.mock()?.restore_records();
        let shown = self.write_and_look(writing).await?;
        let exchanges = self.exchanges()?;
        let calls = || exchanges.iter().filter(|exchange| exchange.number > shown.since && exchange.endpoint == Endpoint::Api);
        let made = calls().any(|exchange| checks::writes(exchange) && exchange.status < 300);
        let reads = calls().take_while(|exchange| !checks::writes(exchange)).filter(|exchange| exchange.status == 200).count();
        let new_lines = shown.new_lines().into_iter().map(str::to_owned).collect();
        Ok(made.then_some(Honest { new_lines, before: shown.before.words, reads }))
    }

    fn warn_of_lost_write(&mut self, during: &str, judged_for: Option<&str>) {
        let all = || self.scenario().map(|scenario| scenario.requirements.iter().map(ToString::to_string).collect()).unwrap_or_default();
        let ids: Vec<String> = judged_for.map_or_else(all, |id| vec![id.to_owned()]);
        for id in ids {
            let found = checks::Discrepancy {
                summary: format!("does not tell the end-user that a write was refused: {during}"),
                expected: "words about it".to_owned(),
                actual: "no new words".to_owned(),
                clause: "C-55",
                exchanges: Vec::new(),
            };
            self.warn(&id, found);
        }
    }

    /// The first action of the profile that writes: its feature, and what a person clicks.
    fn writing_action(&self, key: &str, selector: impl Fn(&Action) -> Option<String>) -> Result<Writing, Failure> {
        let setup = self.setup()?;
        let mut actions = setup.profile.app.actions.iter();
        let writing = actions
            .find_map(|(feature, action)| Some((feature.clone(), action.clone(), selector(action)?)))
            .ok_or_else(|| Failure::not_applicable(format!("the profile names no action that writes (`{key}` in [app.actions])")))?;
        setup.may_write().map(|()| writing)
    }

    /// Everything of the profile that writes.
    pub(super) fn writings(&self) -> Result<Vec<Writing>, Failure> {
        let setup = self.setup()?;
        let actions = setup.profile.app.actions.iter();
        let written = actions.flat_map(|(feature, action)| {
            let selectors = [action.submit.clone(), action.books.clone()].into_iter().flatten();
            selectors.map(|selector| (feature.clone(), action.clone(), selector)).collect::<Vec<_>>()
        });
        let written: Vec<Writing> = written.collect();
        if written.is_empty() {
            return Err(Failure::not_applicable("the profile names no action that writes (`submit` or `books` in [app.actions])"));
        }
        setup.may_write().map(|()| written)
    }
}
