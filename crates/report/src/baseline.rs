//! What is known to fail already, for a nightly run that has to tell what is new.

use serde::{Deserialize, Serialize};

use super::{Run, ScenarioRun};
use crate::domain::{Finding, KnownFailure, Level, Verdict};

const FORMAT: u32 = 1;

/// The failures of an earlier run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    format: u32,
    /// The failures, in the order of the features of the run that they are from.
    pub known: Vec<KnownFailure>,
}

/// A run beside its baseline.
#[derive(Debug, Default)]
pub struct Comparison<'run> {
    /// Fails, and is not known.
    pub new: Vec<(&'run ScenarioRun, &'run Finding)>,
    /// Fails, as is known.
    pub known: Vec<(&'run ScenarioRun, &'run Finding)>,
    /// Is known to fail, and held.
    pub healed: Vec<&'run KnownFailure>,
    /// Is known to fail, and was not judged: its scenario did not run, or is gone.
    pub unjudged: Vec<&'run KnownFailure>,
}

impl Comparison<'_> {
    /// Whether the baseline can be written anew without loss.
    pub fn is_outdated(&self) -> bool {
        !self.healed.is_empty()
    }
}

impl Baseline {
    /// # Errors
    /// When the text is no baseline, or one of a later format.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        use serde::de::Error;
        let baseline: Self = serde_json::from_str(text)?;
        let known = baseline.format <= FORMAT;
        if known {
            Ok(baseline)
        } else {
            Err(serde_json::Error::custom(format!("format {} is newer than this program's {FORMAT}", baseline.format)))
        }
    }

    /// The failures of a run.
    pub fn of(run: &Run) -> Self {
        let known = run.failures().map(|(scenario, finding)| KnownFailure {
            requirement: finding.requirement.clone(),
            scenario: scenario.summary.title.clone(),
            summary: finding.summary.clone(),
        });
        Self { format: FORMAT, known: known.collect() }
    }
}

/// What a baseline says of a finding that keeps the application from being ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    New,
    Known,
}

fn standing(known: &[KnownFailure], scenario: &ScenarioRun, finding: &Finding) -> Standing {
    let knows = |known: &KnownFailure| known.requirement == finding.requirement && known.scenario == scenario.summary.title;
    if known.iter().any(knows) { Standing::Known } else { Standing::New }
}

impl Run {
    /// Findings that keep the application from being ready, in the order of the features.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (&ScenarioRun, &Finding)> {
        let strict = self.is_strict();
        self.scenarios().iter().flat_map(move |scenario| {
            let counts = move |finding: &&Finding| counts(finding, strict);
            scenario.findings().iter().filter(counts).map(move |finding| (scenario, finding))
        })
    }

    /// Judges the run beside another baseline than the one it was started with.
    pub fn set_baseline(&mut self, known: Vec<KnownFailure>) {
        self.started_mut().baseline = Some(known);
    }

    /// The run beside the baseline that it was given.
    pub fn comparison(&self) -> Option<Comparison<'_>> {
        self.started().baseline.as_deref().map(|known| self.against(known))
    }

    /// `None` without a baseline, and for a finding that does not count.
    pub(crate) fn standing(&self, scenario: &ScenarioRun, finding: &Finding) -> Option<Standing> {
        let known = self.started().baseline.as_deref()?;
        counts(finding, self.is_strict()).then(|| standing(known, scenario, finding))
    }

    /// The run beside these failures, whatever baseline it was started with.
    pub fn against<'run>(&'run self, known: &'run [KnownFailure]) -> Comparison<'run> {
        let mut comparison = Comparison::default();
        for (scenario, finding) in self.failures() {
            let list = match standing(known, scenario, finding) {
                Standing::New => &mut comparison.new,
                Standing::Known => &mut comparison.known,
            };
            list.push((scenario, finding));
        }
        for known in known {
            let scenario = self.scenarios().iter().find(|scenario| scenario.summary.title == known.scenario);
            let fails = comparison
                .known
                .iter()
                .any(|(scenario, finding)| finding.requirement == known.requirement && scenario.summary.title == known.scenario);
            match scenario.and_then(ScenarioRun::verdict) {
                _ if fails => {}
                Some(Verdict::Passed | Verdict::Warned) => comparison.healed.push(known),
                _ => comparison.unjudged.push(known),
            }
        }
        comparison
    }
}

fn counts(finding: &Finding, strict: bool) -> bool {
    finding.waiver.is_none() && (strict || finding.level == Level::Must)
}
