use std::cmp::Reverse;
use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Once, PoisonError};
use std::time::Instant;

use cucumber::event::ScenarioFinished as Ended;
use cucumber::gherkin::Feature;
use cucumber::{World as _, cli, parser, runner};
use futures::{FutureExt, stream};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::events::{Outcomes, Translator, failure_of};
use super::{Plan, cost};
use crate::catalogue::scenario_id;
use crate::domain::{Parties, ScenarioId, ScenarioSummary, Verdict, Weighed, weight};
use crate::event::{Event, RunFinished, RunStarted, ScenarioFinished};
use crate::steps::{Failure, Finished, Setup, World};

/// Hands the engine features that were read and chosen already.
struct Chosen(Vec<Feature>);

impl parser::Parser<PathBuf> for Chosen {
    type Cli = cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<parser::Result<Feature>>>;

    fn parse(self, _: PathBuf, _: Self::Cli) -> Self::Output {
        stream::iter(self.0.into_iter().map(Ok).collect::<Vec<_>>())
    }
}

/// Runs the plan and emits its events, the first and the last included. `stop` ends the run early.
pub async fn run(
    setup: Arc<Setup>,
    plan: Plan,
    started: RunStarted,
    stop: impl Future<Output = ()>,
    events: UnboundedSender<Event>,
) -> RunFinished {
    let (clock, spent_before) = (Instant::now(), cost::processor_ms());
    // What is spent elsewhere cannot be read here.
    let spent_here = setup.browser.is_here();
    let (jobs, strict, whole) = (started.jobs, started.strict, started.selection.is_empty());
    let requirements = started.requirements.clone();
    let outcomes = Outcomes::default();
    let planned: HashMap<_, _> = plan.scenarios.iter().map(|scenario| (scenario.id.clone(), scenario.clone())).collect();
    // Nobody listens any more when the receiver is gone; the run itself is still judged.
    let _ = events.send(Event::RunStarted(Box::new(started)));
    let (inner, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let translator = Translator { scenarios: planned.clone(), outcomes: outcomes.clone(), events: inner, running: HashMap::new() };
    let mut verdicts: HashMap<_, Option<Verdict>> = planned.keys().map(|id| (id.clone(), None)).collect();
    let forward = async {
        while let Some(event) = seen.recv().await {
            if let Event::ScenarioFinished(finished) = &event {
                verdicts.insert(finished.scenario.clone(), Some(weight(finished.verdict, &finished.findings)));
            }
            let _ = events.send(event);
        }
    };
    let engine = async {
        let interrupted = tokio::select! {
            () = drive(setup, plan.features, planned, jobs, outcomes, translator) => false,
            () = stop => true,
        };
        interrupted
    };
    let (interrupted, ()) = tokio::join!(engine, forward);
    let weighed = plan.scenarios.iter().map(|own| Weighed::new(own, verdicts.get(&own.id).copied().flatten(), &requirements));
    let finished = RunFinished {
        readiness: Parties::judge(weighed, strict, whole).headline(),
        duration_ms: u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX),
        processor_ms: spent_before.filter(|_| spent_here).and_then(|before| cost::processor_ms()?.checked_sub(before)),
        interrupted,
        leaks: Vec::new(),
    };
    let _ = events.send(Event::RunFinished(finished.clone()));
    finished
}

async fn drive(
    setup: Arc<Setup>,
    features: Vec<Feature>,
    planned: HashMap<ScenarioId, ScenarioSummary>,
    jobs: usize,
    outcomes: Outcomes,
    translator: Translator,
) {
    let turns = Turns::new(&planned, jobs);
    let features = if jobs > 1 { longest_first(features, &planned) } else { features };
    let options = cli::Opts::<_, _, _, cli::Empty> {
        re_filter: None,
        tags_filter: None,
        parser: cli::Empty,
        runner: runner::basic::Cli {
            concurrency: Some(turns.at_once),
            fail_fast: false,
            retry: None,
            retry_after: None,
            retry_tag_filter: None,
        },
        writer: cli::Empty,
        custom: cli::Empty,
    };
    World::cucumber::<PathBuf>()
        .with_parser::<_, PathBuf>(Chosen(features))
        .before(move |feature, _, scenario, world| {
            log_panics();
            let summary = planned.get(&scenario_id(feature, scenario)).cloned();
            let (setup, turns) = (setup.clone(), turns.clone());
            async move {
                if let Some(summary) = summary {
                    let turn = turns.take(&summary).await;
                    world.begin(setup, summary, turn);
                }
            }
            .boxed_local()
        })
        .after(move |feature, _, scenario, ended, world| {
            let id = scenario_id(feature, scenario);
            let failure = failure(ended);
            let outcomes = outcomes.clone();
            async move {
                let finished = match world {
                    Some(world) => world.finish(failure).await,
                    None => None,
                };
                let finished = finished.unwrap_or_else(|| not_begun(&id));
                outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(id, finished);
            }
            .boxed_local()
        })
        .with_writer(translator)
        .with_cli(options)
        .run(PathBuf::new())
        .await;
}

/// Scenarios with this tag spend their time waiting for a program's timers.
const WAITS: &str = "waits";

/// Who may run: so many scenarios as jobs, and beside them some that wait in real time and need no processor for it.
#[derive(Clone)]
struct Turns {
    jobs: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Scenarios that the engine may have begun, those that wait for their turn included.
    at_once: usize,
}

impl Turns {
    /// With one job nothing runs beside it: the application may have an address of its own.
    fn new(planned: &HashMap<ScenarioId, ScenarioSummary>, jobs: usize) -> Self {
        let waiting = if jobs > 1 { planned.values().filter(|scenario| waits(scenario)).count() } else { 0 };
        Self { jobs: Arc::new(Semaphore::new(jobs)), waiting: Arc::new(Semaphore::new(2 * jobs)), at_once: jobs + waiting }
    }

    async fn take(&self, scenario: &ScenarioSummary) -> Option<OwnedSemaphorePermit> {
        let turns = if waits(scenario) { &self.waiting } else { &self.jobs };
        turns.clone().acquire_owned().await.ok()
    }
}

/// What waits begins first, then what has the longest table: at the end of a run a long scenario would be alone.
fn longest_first(mut features: Vec<Feature>, planned: &HashMap<ScenarioId, ScenarioSummary>) -> Vec<Feature> {
    let file_waits = |feature: &Feature| {
        let path = feature.path.as_deref().unwrap_or("".as_ref()).to_string_lossy().into_owned();
        planned.values().any(|scenario| waits(scenario) && scenario.id.0.starts_with(&path))
    };
    features.sort_by_cached_key(|feature| (!file_waits(feature), Reverse(longest_table(feature))));
    features
}

fn longest_table(feature: &Feature) -> usize {
    let scenarios = feature.scenarios.iter().chain(feature.rules.iter().flat_map(|rule| &rule.scenarios));
    let tables = scenarios.flat_map(|scenario| &scenario.steps).filter_map(|step| step.table.as_ref());
    tables.map(|table| table.rows.len()).max().unwrap_or(0)
}

fn waits(scenario: &ScenarioSummary) -> bool {
    scenario.tags.iter().any(|tag| tag == WAITS)
}

fn failure(ended: &Ended) -> Option<Failure> {
    match ended {
        Ended::StepPassed => None,
        Ended::StepSkipped => Some(Failure::broke("a step has no definition")),
        Ended::StepFailed(_, _, error) => Some(failure_of(error)),
        Ended::BeforeHookFailed(_) => Some(Failure::broke("the scenario's beginning panicked")),
    }
}

fn not_begun(scenario: &ScenarioId) -> Finished {
    let event = ScenarioFinished {
        scenario: scenario.clone(),
        verdict: Verdict::Errored,
        reason: Some("the scenario did not begin".to_owned()),
        findings: Vec::new(),
        oracle: None,
        attestations: Vec::new(),
        duration_ms: 0,
        exchanges: Vec::new(),
        browser: Vec::new(),
        attachments: Vec::new(),
    };
    Finished { event, message: None, found_at: Vec::new() }
}

/// The engine silences panics while it runs; those that are not a step's failure are bugs of ours and go to the log.
fn log_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let text =
                panic.payload().downcast_ref::<String>().map(String::as_str).or_else(|| panic.payload().downcast_ref::<&str>().copied());
            if !text.is_some_and(|text| text.starts_with("{\"failure\"")) {
                tracing::error!(
                    "panic at {}: {}",
                    panic.location().map_or_else(String::new, ToString::to_string),
                    text.unwrap_or("without a message")
                );
            }
        }));
    });
}
