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
    pub at: Timestamp,
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    RunStarted(Box<RunStarted>),
    ScenarioStarted { scenario: ScenarioId },
    StepFinished(StepFinished),
    ScenarioFinished(Box<ScenarioFinished>),
    RunFinished(RunFinished),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunStarted {
    /// Version of this event format; readers refuse a newer one.
    pub format: u32,
    pub run_id: String,
    pub collaudo_version: String,
    /// SHA-256 over the features and requirements, in hexadecimal.
    pub suite_digest: String,
    pub seed: u64,
    pub jobs: usize,
    /// The command line that repeats this run, `--seed` included; `--requirement ID` can be added to repeat one failure.
    pub command: String,
    pub lang: Lang,
    pub application: Application,
    pub target: TargetSummary,
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
    pub run_id: String,
    pub started_at: Timestamp,
    pub readiness: Readiness,
    pub collaudo_version: String,
    pub suite_digest: String,
    /// How each requirement stood, as the summary for programs names it; those that it did not judge are left out.
    pub requirements: BTreeMap<RequirementId, String>,
}

pub const FORMAT: u32 = 1;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lang {
    It,
    #[default]
    En,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepFinished {
    pub scenario: ScenarioId,
    /// 0-based index into the scenario's steps as written, background first.
    pub index: usize,
    pub status: StepStatus,
    #[serde(deserialize_with = "crate::domain::milliseconds")]
    pub duration_ms: u64,
    /// Why it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    Passed,
    Failed,
    Skipped,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScenarioFinished {
    pub scenario: ScenarioId,
    pub verdict: Verdict,
    /// Why it is not Passed, where no finding says so: what could not be judged, what excludes it, what broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Present in provoked scenarios.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oracle: Option<Oracle>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attestations: Vec<Attestation>,
    #[serde(deserialize_with = "crate::domain::milliseconds")]
    pub duration_ms: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub browser: Vec<BrowserFact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunFinished {
    pub readiness: Readiness,
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
