use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::{ReportError, State};
use crate::domain::{Finding, Leak, Parties, Readiness, Requirement, RequirementId, ScenarioId, ScenarioSummary, Shard, Verdict, weight};
use crate::event::{Event, FORMAT, Record, RunFinished, RunStarted, ScenarioFinished, StepFinished};

/// How the selection's words say that a run is a part of one.
pub const DIVISION: &str = "shard ";

/// A run, folded from its events: all that a renderer needs. Several shards of one run fold into one.
#[derive(Debug)]
pub struct Run {
    started_at: Timestamp,
    last_at: Timestamp,
    /// One per `run-started`, in order; the first describes the run.
    shards: Vec<Part>,
    scenarios: Vec<ScenarioRun>,
    places: HashMap<ScenarioId, usize>,
}

#[derive(Debug)]
struct Part {
    started: RunStarted,
    finished: Option<RunFinished>,
}

/// A planned scenario and what became of it.
#[derive(Debug)]
pub struct ScenarioRun {
    /// The scenario as it was planned.
    pub summary: ScenarioSummary,
    /// In the order in which they started; more than one where retries were asked for or shards overlap.
    pub attempts: Vec<Attempt>,
}

/// One time that a scenario was run.
#[derive(Debug)]
pub struct Attempt {
    /// 0-based number of the shard that it ran in.
    pub shard: usize,
    /// When its first event came.
    pub started_at: Timestamp,
    /// By index into the scenario's steps.
    pub steps: BTreeMap<usize, StepFinished>,
    /// The event that ended it; `None` where the run ended before.
    pub finished: Option<Box<ScenarioFinished>>,
}

/// How many planned scenarios stand where. Serialises nothing; see `render_json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// All planned scenarios.
    pub planned: usize,
    by_state: Vec<(State, usize)>,
}

impl Counts {
    /// How many stand at `state`.
    pub fn of(&self, state: State) -> usize {
        self.by_state.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count)
    }

    /// Those that occur, in the order of [`State::ALL`].
    pub fn present(&self) -> impl Iterator<Item = (State, usize)> {
        self.by_state.iter().copied().filter(|(_, count)| *count > 0)
    }

    /// Planned scenarios with a verdict.
    pub fn judged(&self) -> usize {
        self.by_state.iter().filter(|(state, _)| state.verdict().is_some()).map(|(_, count)| count).sum()
    }
}

impl Attempt {
    fn state(&self) -> State {
        self.finished.as_ref().map_or(State::Interrupted, |finished| State::Judged(finished.verdict))
    }
}

impl ScenarioRun {
    /// The attempt that counts: the last of a shard (a retry replaces what it repeats), the worst where shards overlap.
    pub fn attempt(&self) -> Option<&Attempt> {
        let last_of_shard = |attempt: &Attempt, rest: &[Attempt]| rest.iter().all(|later| later.shard != attempt.shard);
        (0..self.attempts.len())
            .filter(|&place| last_of_shard(&self.attempts[place], &self.attempts[place + 1..]))
            .map(|place| &self.attempts[place])
            .max_by_key(|attempt| attempt.state().rank())
    }

    /// Where it stands, by the attempt that counts.
    pub fn state(&self) -> State {
        self.attempt().map_or(State::NotRun, Attempt::state)
    }

    /// Its verdict, by the attempt that counts; `None` where that one did not finish, or there was none.
    pub fn verdict(&self) -> Option<Verdict> {
        self.state().verdict()
    }

    /// Whether it has a verdict that says something of the application, or that it does not apply.
    pub fn is_decided(&self) -> bool {
        matches!(self.verdict(), Some(Verdict::Passed | Verdict::Warned | Verdict::Failed | Verdict::NotApplicable | Verdict::NotTested))
    }

    /// What it weighs in the readiness.
    pub(crate) fn weight(&self) -> Option<Verdict> {
        self.verdict().map(|verdict| weight(verdict, self.findings()))
    }

    /// The event that ended the attempt that counts.
    pub fn finished(&self) -> Option<&ScenarioFinished> {
        self.attempt().and_then(|attempt| attempt.finished.as_deref())
    }

    pub(crate) fn findings(&self) -> &[Finding] {
        self.finished().map_or(&[], |finished| &finished.findings)
    }

    /// What became of the step at this 0-based index, in the attempt that counts.
    pub fn step(&self, index: usize) -> Option<&StepFinished> {
        self.attempt().and_then(|attempt| attempt.steps.get(&index))
    }

    /// 1-based number of the attempt that counts, within its shard: above 1 the scenario is flaky.
    pub fn attempt_number(&self) -> usize {
        self.attempt().map_or(0, |counted| self.attempts.iter().filter(|attempt| attempt.shard == counted.shard).count())
    }

    fn current(&mut self, shard: usize, at: Timestamp) -> &mut Attempt {
        let open = self.attempts.iter().rposition(|attempt| attempt.shard == shard && attempt.finished.is_none());
        let place = open.unwrap_or_else(|| {
            self.attempts.push(Attempt { shard, started_at: at, steps: BTreeMap::new(), finished: None });
            self.attempts.len() - 1
        });
        &mut self.attempts[place]
    }
}

impl Run {
    /// # Errors
    /// When there is no `run-started` first, an event names a scenario or step that was not planned, or two starts do not
    /// belong to one run. An unfinished run is no error: it is INCOMPLETE.
    pub fn fold(records: impl IntoIterator<Item = Record>) -> Result<Self, ReportError> {
        let mut run = None;
        for record in records {
            match &mut run {
                None => run = Some(Self::start(&record)?),
                Some(run) => run.apply(&record)?,
            }
        }
        run.ok_or(ReportError::NoStart)
    }

    /// Folds a run's first record, which has to be `run-started`; [`Run::apply`] folds the others.
    pub fn start(record: &Record) -> Result<Self, ReportError> {
        let Event::RunStarted(started) = &record.event else { return Err(ReportError::NoStart) };
        let mut run = Self { started_at: record.at, last_at: record.at, shards: Vec::new(), scenarios: Vec::new(), places: HashMap::new() };
        run.open_shard(started)?;
        Ok(run)
    }

    /// Folds the next record.
    pub fn apply(&mut self, record: &Record) -> Result<(), ReportError> {
        self.last_at = self.last_at.max(record.at);
        let shard = self.shards.len() - 1;
        match &record.event {
            Event::RunStarted(started) => self.open_shard(started)?,
            Event::ScenarioStarted { scenario } => {
                let attempt = Attempt { shard, started_at: record.at, steps: BTreeMap::new(), finished: None };
                self.scenario_mut(scenario)?.attempts.push(attempt);
            }
            Event::StepFinished(step) => {
                let scenario = self.scenario_mut(&step.scenario)?;
                let steps = scenario.summary.steps.len();
                if step.index >= steps {
                    return Err(ReportError::UnknownStep { scenario: step.scenario.clone(), index: step.index, steps });
                }
                scenario.current(shard, record.at).steps.insert(step.index, step.clone());
            }
            Event::ScenarioFinished(finished) => {
                self.scenario_mut(&finished.scenario)?.current(shard, record.at).finished = Some(finished.clone());
            }
            Event::RunFinished(finished) => self.shards[shard].finished = Some(finished.clone()),
        }
        Ok(())
    }

    fn open_shard(&mut self, started: &RunStarted) -> Result<(), ReportError> {
        if started.format > FORMAT {
            return Err(ReportError::TooNew { found: started.format, known: FORMAT });
        }
        if let Some(Part { started: ours, .. }) = self.shards.first() {
            let same = |what, ours: &str, theirs: &str| {
                let other = || ReportError::OtherRun { what, ours: ours.to_owned(), theirs: theirs.to_owned() };
                if ours == theirs { Ok(()) } else { Err(other()) }
            };
            same("the suite digest", &ours.suite_digest, &started.suite_digest)?;
            same("the application", &ours.application.name, &started.application.name)?;
            let defect = |started: &RunStarted| started.application.defect.clone().unwrap_or_default();
            same("the application's defect", &defect(ours), &defect(started))?;
            same("the target", &ours.target.name, &started.target.name)?;
            same("the strictness", &ours.strict.to_string(), &started.strict.to_string())?;
            same("the seed", &ours.seed.to_string(), &started.seed.to_string())?;
        }
        for summary in &started.scenarios {
            if !self.places.contains_key(&summary.id) {
                self.places.insert(summary.id.clone(), self.scenarios.len());
                self.scenarios.push(ScenarioRun { summary: summary.clone(), attempts: Vec::new() });
            }
        }
        self.shards.push(Part { started: started.clone(), finished: None });
        self.close_division();
        Ok(())
    }

    /// Once every part of a divided run is there, it is the whole run, and its words are those of the whole.
    fn close_division(&mut self) {
        let parts: Vec<Shard> = self.shards.iter().filter_map(|part| part.started.shard).collect();
        let Some(of) = parts.first().map(|part| part.of) else { return };
        if (1..=of).all(|index| parts.contains(&Shard { index, of })) {
            let whole = &mut self.shards[0].started;
            whole.selection.retain(|word| !word.starts_with(DIVISION));
            for part in parts {
                whole.command = whole.command.replace(&format!(" --shard {part}"), "");
            }
        }
    }

    fn scenario_mut(&mut self, id: &ScenarioId) -> Result<&mut ScenarioRun, ReportError> {
        match self.places.get(id) {
            Some(&place) => Ok(&mut self.scenarios[place]),
            None => Err(ReportError::Unplanned(id.clone())),
        }
    }

    /// The first `run-started`; once every part of a divided run is there, with the selection and the command of the whole run.
    pub fn started(&self) -> &RunStarted {
        &self.shards[0].started
    }

    pub(super) fn started_mut(&mut self) -> &mut RunStarted {
        &mut self.shards[0].started
    }

    /// When its first event came.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// When its last event came.
    pub(crate) fn ended_at(&self) -> Timestamp {
        self.last_at
    }

    /// From the first record to the last, in milliseconds.
    pub(crate) fn duration_ms(&self) -> u64 {
        let told = self.shards.iter().filter_map(|shard| shard.finished.as_ref()).map(|finished| finished.duration_ms).max();
        let seen = self.last_at.duration_since(self.started_at).as_millis();
        told.unwrap_or_else(|| u64::try_from(seen).unwrap_or(0))
    }

    /// Processor time of all parts of the run, in milliseconds; only where each of them tells it.
    pub fn processor_ms(&self) -> Option<u64> {
        self.shards.iter().map(|shard| shard.finished.as_ref()?.processor_ms).sum()
    }

    /// Scenarios that a browser or a program was at work for.
    pub fn judged(&self) -> usize {
        self.scenarios.iter().filter(|scenario| scenario.state().is_judged()).count()
    }

    /// Planned scenarios in the order of the features.
    pub fn scenarios(&self) -> &[ScenarioRun] {
        &self.scenarios
    }

    /// A planned scenario by its id.
    pub fn scenario(&self, id: &ScenarioId) -> Option<&ScenarioRun> {
        self.places.get(id).map(|&place| &self.scenarios[place])
    }

    /// 0-based place of a scenario among [`Run::scenarios`]; 0 for one that was not planned.
    pub(crate) fn place(&self, id: &ScenarioId) -> usize {
        self.places.get(id).copied().unwrap_or(0)
    }

    /// A requirement of the run's catalogue by its id.
    pub fn requirement(&self, id: &RequirementId) -> Option<&Requirement> {
        self.started().requirements.iter().find(|requirement| requirement.id == *id)
    }

    /// Words of the selection; empty when the whole suite was planned.
    pub fn selection(&self) -> &[String] {
        &self.started().selection
    }

    /// Whether a recommendation that does not hold counts as a failure.
    pub(crate) fn is_strict(&self) -> bool {
        self.shards.iter().any(|shard| shard.started.strict)
    }

    /// Whether the run ended before its last scenario: a signal, a crash, a torn or cut file.
    pub fn is_interrupted(&self) -> bool {
        self.shards.iter().any(|shard| shard.finished.as_ref().is_none_or(|finished| finished.interrupted))
    }

    /// Secrets that were found in the run's folder, by file and kind.
    pub fn leaks(&self) -> impl Iterator<Item = &Leak> {
        self.shards.iter().filter_map(|shard| shard.finished.as_ref()).flat_map(|finished| &finished.leaks)
    }

    /// What each shard said of itself, where that is more than its verdicts give: a run that never finished, was interrupted or holds a
    /// secret. Part by part nothing is READY, so that a part says nothing by being one.
    pub(super) fn said(&self) -> impl Iterator<Item = Readiness> + '_ {
        self.shards.iter().map(|shard| match &shard.finished {
            Some(finished) if !finished.interrupted && finished.leaks.is_empty() => {
                let scenarios = shard.started.scenarios.iter().filter_map(|summary| self.scenario(&summary.id));
                let given = Parties::judge(scenarios.map(|scenario| self.weighed(scenario)), self.is_strict(), true).headline();
                let told = if finished.readiness == Readiness::Partial { Readiness::Ready } else { finished.readiness };
                if told == given { Readiness::Ready } else { told }
            }
            _ => Readiness::Incomplete,
        })
    }

    /// How many planned scenarios stand where.
    pub fn counts(&self) -> Counts {
        let count = |state: State| self.scenarios.iter().filter(|scenario| scenario.state() == state).count();
        Counts { planned: self.scenarios.len(), by_state: State::ALL.into_iter().map(|state| (state, count(state))).collect() }
    }
}
