//! Who answers for what does not hold, and until when.

use serde::Serialize;

use super::{Run, words};
use crate::domain::{Waiver, day_of};
use crate::event::Lang;

/// What a waiver of the profile was worth in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worth {
    /// Findings of its requirement do not count.
    InUse,
    /// Its requirement was judged, or not, without a finding: it can go.
    Unused,
    /// It counts no more.
    Expired,
}

impl Run {
    /// Every waiver of the profile, with what it was worth.
    pub fn waivers(&self) -> impl Iterator<Item = (&Waiver, Worth)> {
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

/// One sentence about a waiver: it is never silent.
pub fn sentence(waiver: &Waiver, worth: Worth, lang: Lang) -> String {
    let Waiver { requirement, owner, reason, until } = waiver;
    match (worth, lang) {
        (Worth::InUse, Lang::En) => format!("{requirement} does not hold and is waived until {until} by {owner}: {reason}"),
        (Worth::InUse, Lang::It) => format!("{requirement} non è rispettato; ne risponde {owner} fino al {until}: {reason}"),
        (Worth::Unused, Lang::En) => {
            format!("The waiver of {requirement} by {owner} (until {until}) was not needed: take it out of the profile.")
        }
        (Worth::Unused, Lang::It) => format!("La deroga a {requirement} di {owner} (fino al {until}) non è servita: va tolta dal profilo."),
        (Worth::Expired, Lang::En) => format!("The waiver of {requirement} by {owner} expired on {until} and does not count: {reason}"),
        (Worth::Expired, Lang::It) => format!("La deroga a {requirement} di {owner} è scaduta il {until} e non vale: {reason}"),
    }
}

/// The same beside a finding.
pub fn beside_finding(waiver: &Waiver, lang: Lang) -> String {
    let waived = words::choose(lang, "waived until", "in deroga fino al");
    let by = words::choose(lang, "by", "da");
    format!("{waived} {} {by} {}: {}", waiver.until, waiver.owner, waiver.reason)
}
