//! What happened in a run, in order. The runner emits events and knows no display; reporters fold them.
//!
//! One event is one line of `run.jsonl`. Durations are milliseconds, times are RFC 3339 in UTC.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    Application, Attachment, Attestation, BrowserFact, Environment, Exchange, Finding, KnownFailure, Leak, Oracle, Readiness, Requirement,
    RequirementId, ScenarioId, ScenarioSummary, Shard, TargetSummary, Verdict, Waiver,
};

/// An event with the time at which it happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// When it happened.
    pub at: Timestamp,
    /// What happened; in a line of `run.jsonl` its members stand beside `at`.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen in a run; the member `event` names it, such as `run-started`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A run began; the first event of each run, and of each part of a divided one.
    RunStarted(Box<RunStarted>),
    /// A scenario began; once more where it is tried again.
    ScenarioStarted {
        /// The scenario that began.
        scenario: ScenarioId,
    },
    /// A step ended.
    StepFinished(StepFinished),
    /// A scenario ended, with a verdict.
    ScenarioFinished(Box<ScenarioFinished>),
    /// A run ended; the last event of each run that was not killed.
    RunFinished(RunFinished),
}

/// What is known when a run begins: by what it judges, and whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunStarted {
    /// Version of this event format; readers refuse a newer one.
    pub format: u32,
    /// When the run began and its seed: `20261124T101503Z-7`.
    pub run_id: String,
    /// Version and commit of the program: `0.1.0 (1a2b3c4)`.
    pub collaudo_version: String,
    /// SHA-256 over the features, the requirements and the code that judges by them, in hexadecimal.
    pub suite_digest: String,
    /// What everything random on the mock is drawn from; the same seed draws the same.
    pub seed: u64,
    /// At most so many scenarios ran at once, beside those that only wait for timers.
    pub jobs: usize,
    /// The command line that repeats this run, `--seed` included; `--requirement ID` can be added to repeat one failure.
    pub command: String,
    /// The language of the run's reports.
    pub lang: Lang,
    /// The application under test.
    pub application: Application,
    /// The platform.
    pub target: TargetSummary,
    /// The machine, its browser and driver.
    pub environment: Environment,
    /// How snapshots were compared; never a mode that accepts mismatches.
    pub snapshot_mode: String,
    /// The whole requirement catalogue that the run was judged by.
    pub requirements: Vec<Requirement>,
    /// Every scenario that was planned, in the order of the features.
    pub scenarios: Vec<ScenarioSummary>,
    /// Words of the selection (`--tags`, `--requirement`, `--suite`); empty when the whole suite was planned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selection: Vec<String>,
    /// Which part of a divided run it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The profile's waivers, those that have expired too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
    /// The failures that the baseline of the run knows; absent where it was given none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Vec<KnownFailure>>,
    /// A recommendation that does not hold counts as a failure.
    #[serde(default)]
    pub strict: bool,
    /// The run before this one, on the same application and platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Box<Previous>>,
}

/// What a run came to, for the next one to tell the difference.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Previous {
    /// The earlier run's [`RunStarted::run_id`].
    pub run_id: String,
    /// When its first event came.
    pub started_at: Timestamp,
    /// Its verdict.
    pub readiness: Readiness,
    /// The version of the program that ran it.
    pub collaudo_version: String,
    /// Its [`RunStarted::suite_digest`]: another one says that other features or rules judged.
    pub suite_digest: String,
    /// How each requirement stood, as the summary for programs names it; those that it did not judge are left out.
    pub requirements: BTreeMap<RequirementId, String>,
}

/// The version of the event format that this program writes; it reads this one and the earlier ones.
pub const FORMAT: u32 = 1;

/// A language that reports and pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lang {
    /// Italian.
    It,
    /// English.
    #[default]
    En,
}

/// What became of a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepFinished {
    /// The scenario that the step is of.
    pub scenario: ScenarioId,
    /// 0-based index into the scenario's steps as written, background first.
    pub index: usize,
    /// Whether it passed.
    pub status: StepStatus,
    /// How long it took, in milliseconds.
    #[serde(deserialize_with = "crate::domain::milliseconds")]
    pub duration_ms: u64,
    /// Why it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    /// It ended, and the scenario went on.
    Passed,
    /// It ended the scenario: by a finding, or because it could not go on.
    Failed,
    /// It has no definition, and ended the scenario.
    Skipped,
}

/// What a scenario came to, with the evidence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScenarioFinished {
    /// The scenario that ended.
    pub scenario: ScenarioId,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Why it is not Passed, where no finding says so: what could not be judged, what excludes it, what broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The requirements that were found not to hold, each with what was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Present in provoked scenarios.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oracle: Option<Oracle>,
    /// The facts of the dossier that it took for attested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attestations: Vec<Attestation>,
    /// How long it took, in milliseconds.
    #[serde(deserialize_with = "crate::domain::milliseconds")]
    pub duration_ms: u64,
    /// What its platform recorded, in the order in which the answers were given; empty at a target, which records nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    /// What its browsers saw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub browser: Vec<BrowserFact>,
    /// The files that it left in the run's folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// What a run came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunFinished {
    /// The verdict of the run.
    pub readiness: Readiness,
    /// How long the run took, in milliseconds.
    #[serde(deserialize_with = "crate::domain::milliseconds")]
    pub duration_ms: u64,
    /// Processor time of the run, in milliseconds: ours, the browser's and that of the applications that we started. Where it cannot be
    /// read, or the browser runs elsewhere, it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor_ms: Option<u64>,
    /// Set when a signal ended the run before its last scenario.
    pub interrupted: bool,
    /// Secrets that were found in the run's folder: it is Errored, and not to be handed on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaks: Vec<Leak>,
}
