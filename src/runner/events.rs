use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use cucumber::event::{self, RetryableScenario};
use cucumber::gherkin::{self, Feature};
use cucumber::{Event as Stamped, Writer, cli, parser, writer};
use tokio::sync::mpsc::UnboundedSender;

use crate::catalogue::scenario_id;
use crate::domain::{ScenarioId, ScenarioSummary};
use crate::event::{Event, StepFinished, StepStatus};
use crate::steps::{Failure, Finished, World};

/// What the after hook leaves for the writer: the engine tells a failed step only after the hook has run.
pub type Outcomes = Arc<Mutex<HashMap<ScenarioId, Finished>>>;

/// Translates the engine's events into ours.
pub struct Translator {
    pub scenarios: HashMap<ScenarioId, ScenarioSummary>,
    pub outcomes: Outcomes,
    pub events: UnboundedSender<Event>,
    pub running: HashMap<ScenarioId, Running>,
}

/// When the steps of a running scenario began and ended.
#[derive(Default)]
pub struct Running {
    started: Option<SystemTime>,
    steps: Vec<(usize, SystemTime, SystemTime)>,
    failed: Option<usize>,
}

impl Writer<World> for Translator {
    type Cli = cli::Empty;

    async fn handle_event(&mut self, event: parser::Result<Stamped<event::Cucumber<World>>>, _: &Self::Cli) {
        let Ok(event) = event else { return };
        let at = event.at;
        match event.value {
            event::Cucumber::Feature(feature, event::Feature::Scenario(scenario, inner))
            | event::Cucumber::Feature(feature, event::Feature::Rule(_, event::Rule::Scenario(scenario, inner))) => {
                self.scenario(&feature, &scenario, inner, at);
            }
            _ => {}
        }
    }
}

impl writer::Normalized for Translator {}

impl Translator {
    fn scenario(&mut self, feature: &Feature, scenario: &gherkin::Scenario, event: RetryableScenario<World>, at: SystemTime) {
        let id = scenario_id(feature, scenario);
        match event.event {
            event::Scenario::Started => {
                self.running.insert(id.clone(), Running::default());
                self.emit(Event::ScenarioStarted { scenario: id });
            }
            event::Scenario::Background(step, event) => self.step(&id, &step, event, true, at),
            event::Scenario::Step(step, event) => self.step(&id, &step, event, false, at),
            event::Scenario::Finished => self.finished(&id),
            event::Scenario::Hook(..) | event::Scenario::Log(_) => {}
        }
    }

    fn step(&mut self, id: &ScenarioId, step: &gherkin::Step, event: event::Step<World>, background: bool, at: SystemTime) {
        let Some(index) = self.index(id, step, background) else { return };
        let running = self.running.entry(id.clone()).or_default();
        let (status, message) = match event {
            event::Step::Started => {
                running.started = Some(at);
                return;
            }
            event::Step::Passed(..) => (StepStatus::Passed, None),
            event::Step::Skipped => (StepStatus::Skipped, None),
            event::Step::Failed(_, _, _, error) => {
                running.failed = Some(index);
                // The hook that ran before has taken the secrets out of it.
                let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                let told = outcomes.get(id).and_then(|finished| finished.message.clone());
                (StepStatus::Failed, Some(told.unwrap_or_else(|| failure_of(&error).message())))
            }
        };
        let started = running.started.take().unwrap_or(at);
        running.steps.push((index, started, at));
        let duration_ms = milliseconds(at.duration_since(started).unwrap_or_default());
        self.emit(Event::StepFinished(StepFinished { scenario: id.clone(), index, status, duration_ms, message }));
    }

    fn finished(&mut self, id: &ScenarioId) {
        let outcome = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        let running = self.running.remove(id).unwrap_or_default();
        let Some(mut finished) = outcome else { return };
        for (finding, found_at) in finished.event.findings.iter_mut().zip(finished.found_at) {
            finding.step = running.step_of(found_at);
        }
        self.emit(Event::ScenarioFinished(Box::new(finished.event)));
    }

    fn index(&self, id: &ScenarioId, step: &gherkin::Step, background: bool) -> Option<usize> {
        let steps = &self.scenarios.get(id)?.steps;
        steps.iter().position(|own| own.line == step.position.line && own.background == background)
    }

    fn emit(&self, event: Event) {
        // Nobody listens any more when the run is being ended.
        let _ = self.events.send(event);
    }
}

impl Running {
    /// A finding that stopped the scenario is its failed step's; a warning is of the step that ran when it was found.
    fn step_of(&self, found_at: Option<SystemTime>) -> Option<usize> {
        let last = self.steps.last().map(|(index, ..)| *index);
        match found_at {
            Some(found) => self.steps.iter().find(|(_, from, to)| *from <= found && found <= *to).map(|(index, ..)| *index).or(last),
            None => self.failed.or(last),
        }
    }
}

/// What a failed step says, as its author meant it.
pub fn failure_of(error: &event::StepError) -> Failure {
    match error {
        event::StepError::Panic(info) => {
            let text = info.downcast_ref::<String>().map(String::as_str).or_else(|| info.downcast_ref::<&str>().copied());
            World::read_failure(text.unwrap_or("without a message"))
        }
        other => Failure::broke(other),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
