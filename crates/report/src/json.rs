use std::collections::BTreeMap;

use serde::Serialize;

use super::{Comparison, ReportError, RequirementRow, Run, ScenarioRun, State, Tally, Worth, conclusion, words};
use crate::domain::{
    Actor, Application, Attachment, Attestation, Environment, Finding, KnownFailure, Leak, Level, Oracle, Readiness, RequirementId,
    ScenarioId, Suite, TargetSummary, Waiver,
};
use crate::event::Lang;

/// Version of the summary's format. Fields may be added within a version; a change of meaning is a new one.
const SUMMARY_FORMAT: u32 = 1;

/// The summary for programs. Traffic and browser facts stay in `run.jsonl`.
pub fn render_json(run: &Run) -> Result<String, ReportError> {
    let started = run.started();
    let summary = Summary {
        format: SUMMARY_FORMAT,
        readiness: run.readiness(),
        conclusion: conclusion::conclusion(run, Lang::En),
        parties: run.parties().judged().map(|(party, readiness)| (party.key(), readiness)).collect(),
        no_approval: run.no_approval(Lang::En),
        tally: run.tally(),
        untested: run.untested().iter().map(|row| &row.requirement.id).collect(),
        interrupted: run.is_interrupted(),
        leaks: run.leaks().collect(),
        run_id: &started.run_id,
        started_at: run.started_at().to_string(),
        duration_ms: run.duration_ms(),
        processor_ms: run.processor_ms(),
        collaudo_version: &started.collaudo_version,
        suite_digest: &started.suite_digest,
        seed: started.seed,
        command: &started.command,
        selection: run.selection(),
        strict: run.is_strict(),
        waivers: run.waivers().map(|(waiver, worth)| WaiverSummary { waiver, worth }).collect(),
        baseline: run.comparison().map(BaselineSummary::new),
        application: &started.application,
        target: &started.target,
        environment: &started.environment,
        counts: Counts {
            planned: run.counts().planned,
            by_state: run.scenarios().iter().fold(BTreeMap::new(), |mut counts, scenario| {
                *counts.entry(scenario.state().key()).or_default() += 1;
                counts
            }),
        },
        requirements: run.requirement_rows().iter().map(RequirementSummary::new).collect(),
        scenarios: run.scenarios().iter().map(|scenario| ScenarioVerdict::new(run, scenario)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&summary)?;
    text.push('\n');
    Ok(text)
}

#[derive(Serialize)]
struct Summary<'run> {
    format: u32,
    readiness: Readiness,
    /// The verdict in words.
    conclusion: String,
    /// The verdict on each party that was judged: `application`, `project`, `platform`.
    parties: BTreeMap<&'static str, Readiness>,
    /// Why it is no approval of the application; empty where it is one.
    no_approval: Vec<String>,
    tally: Tally,
    /// Requirements that apply, and that no scenario judged.
    untested: Vec<&'run RequirementId>,
    interrupted: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    leaks: Vec<&'run Leak>,
    run_id: &'run str,
    started_at: String,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    processor_ms: Option<u64>,
    collaudo_version: &'run str,
    suite_digest: &'run str,
    seed: u64,
    command: &'run str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    selection: &'run [String],
    strict: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waivers: Vec<WaiverSummary<'run>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<BaselineSummary<'run>>,
    application: &'run Application,
    target: &'run TargetSummary,
    environment: &'run Environment,
    counts: Counts,
    requirements: Vec<RequirementSummary<'run>>,
    scenarios: Vec<ScenarioVerdict<'run>>,
}

#[derive(Serialize)]
struct WaiverSummary<'run> {
    #[serde(flatten)]
    waiver: &'run Waiver,
    worth: Worth,
}

#[derive(Serialize)]
struct BaselineSummary<'run> {
    new: Vec<FailureSummary<'run>>,
    known: Vec<FailureSummary<'run>>,
    healed: Vec<&'run KnownFailure>,
    unjudged: Vec<&'run KnownFailure>,
}

#[derive(Serialize)]
struct FailureSummary<'run> {
    requirement: &'run RequirementId,
    scenario: &'run str,
    summary: &'run str,
    id: &'run ScenarioId,
}

impl<'run> BaselineSummary<'run> {
    fn new(comparison: Comparison<'run>) -> Self {
        let failure = |(scenario, finding): (&'run ScenarioRun, &'run Finding)| FailureSummary {
            requirement: &finding.requirement,
            scenario: &scenario.summary.title,
            summary: &finding.summary,
            id: &scenario.summary.id,
        };
        let Comparison { new, known, healed, unjudged } = comparison;
        Self { new: new.into_iter().map(failure).collect(), known: known.into_iter().map(failure).collect(), healed, unjudged }
    }
}

#[derive(Serialize)]
struct Counts {
    planned: usize,
    by_state: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct RequirementSummary<'run> {
    id: &'run RequirementId,
    level: Level,
    actor: Actor,
    title: &'run str,
    clause: &'run [String],
    /// A verdict, or `interrupted`, `not-run`, `not-selected`, `not-covered`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_tested: Option<&'run str>,
    scenarios: Vec<&'run ScenarioId>,
    findings: usize,
}

impl<'run> RequirementSummary<'run> {
    fn new(row: &RequirementRow<'run>) -> Self {
        Self {
            id: &row.requirement.id,
            level: row.requirement.level,
            actor: row.requirement.actor,
            title: &row.requirement.title,
            clause: &row.requirement.clause,
            state: row.state.key(),
            not_tested: row.requirement.not_tested.as_deref(),
            scenarios: row.scenarios.iter().map(|scenario| &scenario.summary.id).collect(),
            findings: row.findings.len(),
        }
    }
}

#[derive(Serialize)]
struct ScenarioVerdict<'run> {
    id: &'run ScenarioId,
    suite: Suite,
    feature: &'run str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'run str>,
    title: &'run str,
    requirements: &'run [RequirementId],
    /// A verdict, or `interrupted`, `not-run`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'run str>,
    #[serde(skip_serializing_if = "is_first")]
    attempt: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    findings: Vec<FindingWithRemedy<'run>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oracle: Option<&'run Oracle>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attestations: &'run [Attestation],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attachments: &'run [Attachment],
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat: Option<String>,
}

#[derive(Serialize)]
struct FindingWithRemedy<'run> {
    #[serde(flatten)]
    finding: &'run Finding,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'run str>,
}

impl<'run> ScenarioVerdict<'run> {
    fn new(run: &'run Run, scenario: &'run ScenarioRun) -> Self {
        let ScenarioRun { summary, .. } = scenario;
        let finished = scenario.finished();
        let remedy = |finding: &'run Finding| words::remedy_of(finding, run.requirement(&finding.requirement), Lang::En);
        Self {
            id: &summary.id,
            suite: summary.suite,
            feature: &summary.feature,
            rule: summary.rule.as_deref(),
            title: &summary.title,
            requirements: &summary.requirements,
            state: scenario.state().key(),
            reason: finished.and_then(|finished| finished.reason.as_deref()),
            attempt: scenario.attempt_number(),
            duration_ms: finished.map(|finished| finished.duration_ms),
            findings: scenario.findings().iter().map(|finding| FindingWithRemedy { finding, remedy: remedy(finding) }).collect(),
            oracle: finished.and_then(|finished| finished.oracle.as_ref()),
            attestations: finished.map_or(&[], |finished| &finished.attestations),
            attachments: finished.map_or(&[], |finished| &finished.attachments),
            repeat: (!repeats_nothing(scenario.state())).then(|| run.repeat_command(scenario)),
        }
    }
}

fn repeats_nothing(state: State) -> bool {
    state.is_settled() && state != State::Judged(crate::domain::Verdict::Warned)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if takes a reference")]
fn is_first(attempt: &usize) -> bool {
    *attempt <= 1
}
