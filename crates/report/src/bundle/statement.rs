use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BundleError, Member};
use crate::domain::{Party, Readiness, Verdict};
use crate::event::Lang;
use crate::{Run, ScenarioRun, conclusion};

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// An in-toto Statement on the members of a bundle, with the test-result predicate.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    /// The members of the bundle with their digests.
    pub subject: Vec<Resource>,
    predicate_type: String,
    /// What the run came to.
    pub predicate: Predicate,
}

/// A file, or another thing with a digest (ResourceDescriptor of in-toto).
#[derive(Debug, Serialize, Deserialize)]
pub struct Resource {
    /// The path of a member in the bundle; `features` for the suite.
    pub name: String,
    /// The digest of its content; of `features`, the suite digest.
    pub digest: Digest,
}

/// Digests by the names of their algorithms (DigestSet of in-toto).
#[derive(Debug, Serialize, Deserialize)]
pub struct Digest {
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// The test-result predicate, version 0.1.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// `PASSED`, `WARNED` or `FAILED`.
    result: String,
    configuration: Vec<Resource>,
    passed_tests: Vec<String>,
    warned_tests: Vec<String>,
    failed_tests: Vec<String>,
    /// What the predicate has no field for; its parsers pass over it.
    pub collaudo: Told,
}

/// Who, with what version, judged by which features, until when.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// The verdict of the run.
    pub readiness: Readiness,
    /// The verdict in words.
    #[serde(default)]
    pub conclusion: String,
    /// The verdict on each party that was judged.
    #[serde(default)]
    pub parties: BTreeMap<Party, Readiness>,
    /// Words of the selection; empty where the whole suite was run.
    #[serde(default)]
    pub selection: Vec<String>,
    /// Why the run is no approval; empty where it is one.
    #[serde(default)]
    pub no_approval: Vec<String>,
    /// The application's name, from its profile.
    pub application: String,
    /// Which build of the application; from the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Who answers for the application; from the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Who ran the suite; from the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tester: Option<String>,
    /// The client ids that profile and target file name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_ids: Vec<String>,
    /// `mock`, or the target file's name for the platform.
    pub target: String,
    /// When the run began and its seed: `20261124T101503Z-7`.
    pub run_id: String,
    /// The version of collaudo that judged.
    pub collaudo_version: String,
    /// SHA-256 over the features, the requirements and the judging code.
    pub suite_digest: String,
    /// When the last event of the run came.
    pub judged_at: Timestamp,
    /// None where the run is no approval.
    #[serde(default)]
    pub valid_until: Option<Timestamp>,
    /// The name that whoever signed gave.
    #[serde(default)]
    pub signer: Option<String>,
}

impl Statement {
    /// The statement on a run and the files that it left; `signer` is the name to give for whoever signs.
    pub fn on(run: &Run, members: &[Member], signer: Option<String>) -> Self {
        let started = run.started();
        let resource = |member: &Member| Resource { name: member.name.clone(), digest: Digest { sha256: member.digest() } };
        let tests = |of: &dyn Fn(&ScenarioRun) -> bool| -> Vec<String> {
            run.scenarios().iter().filter(|scenario| of(scenario)).map(|scenario| scenario.summary.id.to_string()).collect()
        };
        let is = |scenario: &ScenarioRun, verdict| scenario.verdict() == Some(verdict);
        let warned = tests(&|scenario| is(scenario, Verdict::Warned));
        let result = match run.outcome() {
            Readiness::Ready if warned.is_empty() => "PASSED",
            Readiness::Ready => "WARNED",
            // A part of a run is no approval: who reads this field alone must not take it for one.
            Readiness::NotReady | Readiness::Incomplete | Readiness::Partial => "FAILED",
        };
        let features = Resource { name: "features".to_owned(), digest: Digest { sha256: started.suite_digest.clone() } };
        let profiles = members.iter().filter(|member| member.name.ends_with(".toml")).map(resource);
        Self {
            kind: STATEMENT_TYPE.to_owned(),
            subject: members.iter().map(resource).collect(),
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate: Predicate {
                result: result.to_owned(),
                configuration: std::iter::once(features).chain(profiles).collect(),
                passed_tests: tests(&|scenario| is(scenario, Verdict::Passed)),
                warned_tests: warned,
                // What nobody judged is no pass; what does not apply is in no list.
                failed_tests: tests(&|scenario| {
                    !matches!(scenario.verdict(), Some(Verdict::Passed | Verdict::Warned | Verdict::NotApplicable | Verdict::NotTested))
                }),
                collaudo: Told {
                    readiness: run.readiness(),
                    conclusion: conclusion::conclusion(run, Lang::En),
                    parties: run.parties().judged().collect(),
                    selection: run.selection().to_vec(),
                    no_approval: run.no_approval(Lang::En),
                    application: started.application.name.clone(),
                    version: started.application.version.clone(),
                    contact: started.application.contact.clone(),
                    tester: started.application.tester.clone(),
                    client_ids: started.application.client_ids.clone(),
                    target: started.target.name.clone(),
                    run_id: started.run_id.clone(),
                    collaudo_version: started.collaudo_version.clone(),
                    suite_digest: started.suite_digest.clone(),
                    judged_at: run.ended_at(),
                    valid_until: run.valid_until(),
                    signer,
                },
            },
        }
    }

    /// # Errors
    /// When it is no such statement.
    pub fn parse(text: &[u8]) -> Result<Self, BundleError> {
        let statement: Self = serde_json::from_slice(text).map_err(|error| BundleError::Envelope(error.to_string()))?;
        for (found, expected) in [(&statement.kind, STATEMENT_TYPE), (&statement.predicate_type, PREDICATE_TYPE)] {
            if found != expected {
                return Err(BundleError::Envelope(format!("it is `{found}`, not `{expected}`")));
            }
        }
        Ok(statement)
    }
}
