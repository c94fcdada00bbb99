//! Who answers for what does not hold, and until when.

use serde::Serialize;

use super::Run;
use crate::domain::{Waiver, day_of};

/// What a waiver of the profile was worth in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Worth {
    /// Findings of its requirement do not count.
    InUse,
    /// Its requirement was judged, or not, without a finding: it can go.
    Unused,
    /// It counts no more.
    Expired,
}

impl Run {
    /// Every waiver of the profile, with what it was worth.
    pub(crate) fn waivers(&self) -> impl Iterator<Item = (&Waiver, Worth)> {
        let day = day_of(self.started_at());
        self.started().waivers.iter().map(move |waiver| {
            let mut findings = self.scenarios().iter().flat_map(|scenario| scenario.findings());
            let worth = match (waiver.is_good_on(day), findings.any(|finding| finding.waiver.as_ref() == Some(waiver))) {
                (false, _) => Worth::Expired,
                (true, true) => Worth::InUse,
                (true, false) => Worth::Unused,
            };
            (waiver, worth)
        })
    }
}
