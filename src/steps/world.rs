use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::failure::Failure;
use super::memory::Memory;
use super::setup::{Sample, Setup};
use super::stage::Stage;
use crate::checks::{Discrepancy, Judgement, Refusal};
use crate::domain::{
    Attachment, Attestation, Exchange, Finding, Level, Oracle, OraclePart, RequirementId, ScenarioId, ScenarioSummary, Suite, Verdict,
    day_of, waive, weight,
};
use crate::event::ScenarioFinished;

/// Short enough to wait for, long enough to be told from the noise of a busy machine.
const DEVICE_INTERVAL_SECONDS: u64 = 2;
/// Where a scenario is about something else than the interval.
const SHORT_DEVICE_INTERVAL_SECONDS: u64 = 1;

/// How often an application is to poll in the background where that is what a scenario is about.
pub(super) const BACKGROUND_SECONDS: u64 = 1;

/// The level of every requirement.
pub type Levels = BTreeMap<RequirementId, (Level, String)>;

/// What one scenario has: its stage, and what was found on it so far.
#[derive(Default, cucumber::World)]
#[world(init = Self::default)]
pub struct World {
    setup: Option<Arc<Setup>>,
    scenario: Option<ScenarioSummary>,
    started: Option<Instant>,
    stage: Option<Stage>,
    /// Held while it runs: so many scenarios run at the same time.
    turn: Option<tokio::sync::OwnedSemaphorePermit>,
    pub(super) ledger: Ledger,
    pub(super) memory: Memory,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("scenario", &self.scenario.as_ref().map(|scenario| &scenario.id)).finish_non_exhaustive()
    }
}

#[derive(Default)]
pub(super) struct Ledger {
    pub oracle: Oracle,
    /// What was seen in place of a part of the oracle.
    pub unseen: Vec<(OraclePart, String)>,
    /// Findings that do not stop the scenario, with when they were found.
    pub warnings: Vec<(SystemTime, Finding)>,
    pub attestations: Vec<Attestation>,
    pub attachments: Vec<Attachment>,
}

/// What a scenario came to, and for each of its findings when it was found; `None` where the failed step tells.
pub struct Finished {
    pub event: ScenarioFinished,
    /// What its failed step says.
    pub message: Option<String>,
    pub found_at: Vec<Option<SystemTime>>,
}

impl World {
    /// Called before the first step.
    pub fn begin(&mut self, setup: Arc<Setup>, scenario: ScenarioSummary, turn: Option<tokio::sync::OwnedSemaphorePermit>) {
        self.turn = turn;
        self.started = Some(Instant::now());
        self.setup = Some(setup);
        self.scenario = Some(scenario);
    }

    /// A step's error as its author meant it.
    pub fn read_failure(text: &str) -> Failure {
        Failure::parse(text)
    }

    pub fn scenario(&self) -> Option<&ScenarioSummary> {
        self.scenario.as_ref()
    }

    pub(super) fn setup(&self) -> Result<Arc<Setup>, Failure> {
        self.setup.clone().ok_or_else(|| Failure::broke("the scenario began without its setup"))
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.scenario.as_ref().is_some_and(|scenario| scenario.tags.iter().any(|own| own.trim_start_matches('@') == tag))
    }

    /// Whether one of the scenario's requirements is a MUST.
    fn is_binding(&self) -> bool {
        let level =
            |id: &RequirementId| self.setup.as_ref().and_then(|setup| setup.levels.get(id)).map_or(Level::Must, |(level, _)| *level);
        self.scenario.as_ref().is_some_and(|scenario| scenario.requirements.iter().any(|id| level(id) == Level::Must))
    }

    /// Whether the scenario needs the five-part oracle.
    fn is_provoked(&self) -> bool {
        self.has_tag("negative") || self.has_tag("provoked")
    }

    pub(super) fn stage(&self) -> Result<&Stage, Failure> {
        self.stage.as_ref().ok_or_else(|| Failure::broke("no step of the scenario has raised its stage"))
    }

    pub(super) fn stage_mut(&mut self) -> Result<&mut Stage, Failure> {
        self.stage.as_mut().ok_or_else(|| Failure::broke("no step of the scenario has raised its stage"))
    }

    /// The scenario's platform; raised at the first call.
    pub(super) async fn raise(&mut self) -> Result<&mut Stage, Failure> {
        if self.stage.is_none() {
            let setup = self.setup()?;
            let times_polls = self.scenario.iter().flat_map(|scenario| &scenario.requirements).any(|id| id.as_str().starts_with("DV-"));
            let interval = if times_polls { DEVICE_INTERVAL_SECONDS } else { SHORT_DEVICE_INTERVAL_SECONDS };
            let device_interval_seconds = self.has_tag("device").then_some(interval);
            let (seed, day) = match &self.scenario {
                // Approved texts hold sample data: they are of one seed and one day.
                Some(scenario) if scenario.suite == Suite::Platform => (1, Some(jiff::civil::date(2026, 11, 24))),
                Some(scenario) => (seed_of(setup.seed, &scenario.id), None),
                None => (setup.seed, None),
            };
            let lean = day.is_some() || self.has_tag("ID-15");
            let https = self.has_tag("https");
            let mut sample = Sample { device_interval_seconds, day, https, named_in_id_token: !lean, ..Sample::of(seed) };
            // What the platform itself promises, it is asked for itself.
            sample.direct = self.scenario.as_ref().is_some_and(|scenario| scenario.suite != Suite::RelyingParty);
            sample.moved = self.has_tag("AZ-12");
            if self.has_tag("background") {
                sample.poll_seconds = BACKGROUND_SECONDS;
            }
            self.stage = Some(Stage::raise(setup, sample).await?);
        }
        self.stage_mut()
    }

    pub(super) fn exchanges(&self) -> Result<Vec<Exchange>, Failure> {
        self.stage()?.instrument()?;
        Ok(self.stage()?.exchanges())
    }

    /// Turns a check's judgement into findings for every requirement that the scenario carries.
    pub(super) fn judge(&mut self, judgement: Judgement) -> Result<(), Failure> {
        self.judge_where(|_| true, judgement)
    }

    /// Judges a clause for one of the scenario's requirements only.
    pub(super) fn judge_for(&mut self, requirement: &str, judgement: Judgement) -> Result<(), Failure> {
        self.judge_where(|id| id.as_str() == requirement, judgement)
    }

    fn judge_where(&mut self, concerns: impl Fn(&RequirementId) -> bool, judgement: Judgement) -> Result<(), Failure> {
        match judgement {
            Ok(()) => Ok(()),
            Err(Refusal::NothingToJudge(reason)) => Err(Failure::unjudged(reason)),
            Err(Refusal::NotApplicable(reason)) => Err(Failure::not_applicable(reason)),
            Err(Refusal::Discrepancy(found)) => self.find_where(concerns, &found, true, None),
        }
    }

    /// A finding that a step saw by itself: in the browser, mostly. It rests on the requirements' own clauses.
    pub(super) fn find(&mut self, summary: &str, expected: &str, actual: &str, exchanges: &[u64]) -> Result<(), Failure> {
        self.find_with_diff(summary, expected, actual, exchanges, None)
    }

    pub(super) fn find_with_diff(
        &mut self,
        summary: &str,
        expected: &str,
        actual: &str,
        exchanges: &[u64],
        diff: Option<String>,
    ) -> Result<(), Failure> {
        let [summary, expected, actual] = [summary, expected, actual].map(str::to_owned);
        let found = self.hidden(Discrepancy { summary, expected, actual, clause: "", exchanges: exchanges.to_vec() });
        self.find_where(|_| true, &found, false, diff)
    }

    /// Findings on those of the scenario's requirements that it concerns, by the discrepancy's clause or by their own.
    fn find_where(
        &mut self,
        concerns: impl Fn(&RequirementId) -> bool,
        found: &Discrepancy,
        by_its_clause: bool,
        diff: Option<String>,
    ) -> Result<(), Failure> {
        let setup = self.setup()?;
        let requirements = self.scenario.as_ref().map(|scenario| scenario.requirements.clone()).unwrap_or_default();
        let requirements = requirements.into_iter().filter(|requirement| concerns(requirement));
        let findings = requirements.map(|requirement| {
            let (level, own_clause) = setup.levels.get(&requirement).cloned().unwrap_or((Level::Must, String::new()));
            Finding {
                level,
                summary: found.summary.clone(),
                expected: found.expected.clone(),
                actual: found.actual.clone(),
                waiver: None,
                advice: None,
                clause: if by_its_clause { found.clause.to_owned() } else { own_clause },
                exchanges: found.exchanges.clone(),
                step: None,
                diff: diff.clone(),
                requirement,
            }
        });
        let (binding, warnings): (Vec<_>, Vec<_>) = findings.partition(|finding| finding.level == Level::Must);
        for warning in warnings {
            if !self.ledger.warnings.iter().any(|(_, known)| known.requirement == warning.requirement) {
                self.ledger.warnings.push((SystemTime::now(), warning));
            }
        }
        if binding.is_empty() { Ok(()) } else { Err(Failure::Found { findings: binding }) }
    }

    /// A discrepancy that warns whatever the requirement's level: its text recommends this part only.
    pub(super) fn warn(&mut self, requirement: &str, found: Discrepancy) {
        if let Ok(requirement) = requirement.parse() {
            let found = self.hidden(found);
            self.ledger.warnings.push((SystemTime::now(), found.into_finding(requirement, Level::Should, None)));
        }
    }

    /// A judgement on what the requirement's text recommends only: a discrepancy warns.
    pub(super) fn advise(&mut self, requirement: &str, judgement: Judgement) -> Result<(), Failure> {
        match judgement {
            Err(Refusal::Discrepancy(found)) => {
                self.warn(requirement, found);
                Ok(())
            }
            other => self.judge(other),
        }
    }

    /// A discrepancy without what this run keeps secret: what a page says may have patients' names in it.
    fn hidden(&self, found: Discrepancy) -> Discrepancy {
        let Some(stage) = &self.stage else { return found };
        let of_platform = self.scenario.as_ref().is_some_and(|scenario| scenario.suite == Suite::Platform);
        if of_platform {
            return found;
        }
        for text in [&found.summary, &found.expected, &found.actual] {
            stage.learn_tokens(text);
        }
        let secrets = stage.kept_secret(Suite::RelyingParty);
        let [summary, expected, actual] = [found.summary, found.expected, found.actual].map(|text| secrets.without(&text));
        Discrepancy { summary, expected, actual, ..found }
    }

    /// The browser showed the expected reaction, or it did not and that is a finding.
    pub(super) fn react(&mut self, held: bool, summary: &str, expected: &str, actual: &str) -> Result<(), Failure> {
        if self.ledger.oracle.reaction != Some(false) {
            self.ledger.oracle.set(OraclePart::Reaction, held);
        }
        if held { Ok(()) } else { self.find(summary, expected, actual, &[]) }
    }

    /// Called after the last step that ran: settles the oracle, keeps evidence, ends the stage, gives the verdict.
    pub async fn finish(&mut self, mut failure: Option<Failure>) -> Option<Finished> {
        let scenario = self.scenario.clone()?;
        failure = failure.map(|failure| self.settle_concern(failure));
        failure = self.told_by_strayed(failure);
        let provoked = self.is_provoked();
        if let (true, None, Some(stage)) = (provoked, &failure, &self.stage) {
            let instrumented = stage.instrument().is_ok();
            failure = if instrumented { self.settle_oracle().await.err() } else { self.settle_oracle_by_browsers().await.err() };
        }
        if let (Some(Failure::Found { .. } | Failure::Unjudged { .. }), Some(stage)) = (&failure, &self.stage)
            && let Some(death) = stage.death().await
        {
            // Whatever a dead application did not show is no finding.
            failure = Some(Failure::unjudged(death));
        }
        if failure.as_ref().is_some_and(|failure| !failure.is_left_out())
            && let Some(told) = self.stage.as_ref().and_then(Stage::target_failure)
        {
            failure = Some(Failure::unjudged(told));
        }
        if provoked && self.stage.as_ref().is_some_and(Stage::has_provoked) {
            self.ledger.oracle.set(OraclePart::Delivered, true);
        }
        let found = matches!(failure, Some(Failure::Found { .. })) || !self.ledger.warnings.is_empty();
        // A row of a table that was met has shown what it has shown, whatever became of the others.
        let unmet = |stage: &Stage| if stage.has_met_any() { Vec::new() } else { stage.undelivered() };
        if let Some(undelivered) = self.stage.as_ref().map(unmet).filter(|faults| found && !faults.is_empty()) {
            // What was seen has another cause, and another scenario to tell it.
            self.ledger.warnings.clear();
            let (faults, came) = (undelivered.join(", "), self.came_instead());
            failure = Some(Failure::unjudged(format!("the platform had no occasion for the fault {faults}: it saw {came}")));
        }
        if failure.as_ref().is_some_and(|failure| !failure.is_left_out()) {
            self.keep_evidence(&scenario.id).await;
        }
        let (verdict, reason) = self.verdict(provoked, failure.as_ref());
        let message = failure.as_ref().map(Failure::message);
        let binding = match failure {
            Some(Failure::Found { findings }) => findings,
            _ => Vec::new(),
        };
        let mut warnings = std::mem::take(&mut self.ledger.warnings);
        warnings.retain(|(_, warning)| !binding.iter().any(|finding| finding.requirement == warning.requirement));
        let binding = binding.into_iter().map(|finding| (None, finding));
        let (found_at, mut findings): (_, Vec<Finding>) =
            binding.chain(warnings.into_iter().map(|(at, warning)| (Some(at), warning))).unzip();
        let verdict = self.waive(verdict, &mut findings);
        let (exchanges, browser) = match &mut self.stage {
            Some(stage) => (stage.exchanges(), stage.browser_facts()),
            None => Default::default(),
        };
        let secrets = self.stage.as_ref().map(|stage| {
            stage.remember_secrets(scenario.suite);
            stage.kept_secret(scenario.suite)
        });
        if let Some(mut client) = std::mem::take(&mut self.memory).client {
            if let Some(setup) = self.setup.as_ref().filter(|setup| setup.remote().is_some()) {
                client.give_back(&setup.given_back).await;
            }
            client.stop().await;
        }
        if let Some(mut stage) = self.stage.take() {
            stage.strike().await;
        }
        self.turn = None;
        let event = ScenarioFinished {
            scenario: scenario.id,
            verdict,
            reason,
            findings,
            oracle: (provoked && !matches!(verdict, Verdict::NotApplicable | Verdict::NotTested)).then_some(self.ledger.oracle),
            attestations: std::mem::take(&mut self.ledger.attestations),
            duration_ms: self.started.map_or(0, |started| u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)),
            exchanges,
            browser,
            attachments: std::mem::take(&mut self.ledger.attachments),
        };
        Some(Finished { event, message, found_at }.without(secrets.as_deref()))
    }

    /// A scenario whose every finding is waived warns.
    fn waive(&self, verdict: Verdict, findings: &mut [Finding]) -> Verdict {
        let waivers = self.setup.as_ref().map_or(&[][..], |setup| &setup.profile.waivers);
        waive(findings, waivers, day_of(jiff::Timestamp::now()));
        if verdict == Verdict::Failed && weight(verdict, findings) != verdict { Verdict::Warned } else { verdict }
    }

    fn verdict(&self, provoked: bool, failure: Option<&Failure>) -> (Verdict, Option<String>) {
        // A recommendation that did not hold says nothing of the mandatory part, which needs its oracle.
        let open = provoked && self.is_binding() && !self.ledger.oracle.missing().is_empty();
        match failure {
            Some(failure @ Failure::Found { .. }) => (failure.verdict(), None),
            // A recommendation that was seen not to hold is told, whatever could not be looked at after it.
            Some(Failure::Unjudged { .. }) if !self.ledger.warnings.is_empty() && !self.is_binding() => (Verdict::Warned, None),
            Some(failure) => (failure.verdict(), Some(failure.message())),
            None if !self.ledger.warnings.is_empty() && !open => (Verdict::Warned, None),
            None if provoked => {
                let missing = self.ledger.oracle.missing();
                let seen = |part: &OraclePart| self.ledger.unseen.iter().find(|(unseen, _)| unseen == part).map(|(_, seen)| seen);
                let part = |part: &OraclePart| match seen(part) {
                    Some(seen) => format!("{} ({seen})", part.sentence()),
                    None => part.sentence().to_owned(),
                };
                let parts: Vec<String> = missing.iter().map(part).collect();
                if missing.is_empty() {
                    (Verdict::Passed, None)
                } else {
                    (Verdict::Inconclusive, Some(format!("the oracle is incomplete; not seen: {}", parts.join("; "))))
                }
            }
            None => (Verdict::Passed, None),
        }
    }

    async fn keep_evidence(&mut self, scenario: &ScenarioId) {
        let (Some(stage), Ok(setup), Some(of)) = (&self.stage, self.setup(), &self.scenario) else { return };
        self.ledger.attachments.extend(stage.keep_evidence(&setup.out, scenario, of.suite).await);
    }
}

/// The scenario's own seed: the same for the same run seed, whatever runs beside it.
fn seed_of(run: u64, scenario: &ScenarioId) -> u64 {
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("{run} {scenario}").as_bytes());
    digest.as_ref().iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}
