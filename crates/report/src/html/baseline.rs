//! The run beside its baseline, on page one.

use super::gaps::Link;
use super::text::Both;
use crate::domain::KnownFailure;
use crate::{RequirementRow, Run, Standing, words};

pub(super) struct Against {
    pub told: Both,
    pub groups: Vec<Failures>,
}

pub(super) struct Failures {
    pub name: Both,
    pub rows: Vec<FailureView>,
}

pub(super) struct FailureView {
    pub requirement: String,
    /// Whether the matrix has its row.
    pub known: bool,
    pub summary: String,
    pub scenario: Link,
}

pub(super) fn against(run: &Run) -> Option<Against> {
    let comparison = run.comparison()?;
    let told = Both::of(|lang| words::comparison(&comparison, lang));
    let title = |title: &str| {
        let place = run.scenarios().iter().position(|scenario| scenario.summary.title == title);
        let text = Both::same(title.to_owned());
        place.map_or_else(|| Link { href: String::new(), symbol: "", text: text.clone() }, |place| Link::to_scenario(place, text.clone()))
    };
    let old = |failure: &&KnownFailure| FailureView {
        known: run.requirement(&failure.requirement).is_some(),
        requirement: failure.requirement.to_string(),
        summary: failure.summary.clone(),
        scenario: title(&failure.scenario),
    };
    let new = comparison.new.iter().map(|(scenario, finding)| FailureView {
        known: run.requirement(&finding.requirement).is_some(),
        requirement: finding.requirement.to_string(),
        summary: finding.summary.clone(),
        scenario: Link::to_scenario(run.place(&scenario.summary.id), Both::same(scenario.summary.title.clone())),
    });
    let groups = [
        Failures { name: Both::new("New", "Nuove"), rows: new.collect() },
        Failures { name: Both::new("Healed", "Guarite"), rows: comparison.healed.iter().map(old).collect() },
        Failures { name: Both::new("Known, and not judged", "Note, e non giudicate"), rows: comparison.unjudged.iter().map(old).collect() },
    ];
    Some(Against { told, groups: groups.into_iter().filter(|group| !group.rows.is_empty()).collect() })
}

/// What the baseline says of the row's failures, each once.
pub(super) fn standings(run: &Run, row: &RequirementRow<'_>) -> Vec<Both> {
    let of = row.findings.iter().filter_map(|(scenario, finding)| run.standing(scenario, finding));
    let found: Vec<_> = of.collect();
    let kinds = [Standing::New, Standing::Known].into_iter().filter(|kind| found.contains(kind));
    kinds.map(|kind| Both::of(|lang| words::standing(kind, lang))).collect()
}
