//! What stands between the application and READY.

use super::Word;
use super::baseline::standings;
use super::text::Both;
use crate::domain::{Level, Verdict};
use crate::event::Lang;
use crate::{RequirementRow, Run, ScenarioRun, State, words};

/// Something that stands between the application and READY.
pub(super) struct Gap {
    pub word: Word,
    pub links: Vec<Link>,
    pub text: Both,
    /// What the baseline says of its failures.
    pub standings: Vec<Both>,
    pub why_label: Both,
    pub why: Option<Both>,
    pub remedy: Option<Both>,
}

pub(super) struct Link {
    pub href: String,
    pub symbol: &'static str,
    pub text: Both,
}

impl Link {
    /// To the scenario at this place of the run.
    pub(super) fn to_scenario(place: usize, text: Both) -> Self {
        Self { href: format!("#s{}", place + 1), symbol: "", text }
    }
}

/// Requirements that are not settled, worst first; scenarios without a known requirement follow. Recommendations come last:
/// they do not block.
pub(super) fn gaps(run: &Run) -> Vec<Gap> {
    let rows = run.requirement_rows();
    let warned = State::Judged(Verdict::Warned);
    let mut open: Vec<_> = rows.iter().filter(|row| !row.state.is_settled() || row.state == warned).collect();
    open.sort_by_key(|row| std::cmp::Reverse(row.state.rank()));
    let (not_run, open): (Vec<_>, Vec<_>) = open.into_iter().partition(|row| row.state == State::NotRun);
    let mut gaps: Vec<_> = open.into_iter().map(|row| gap(run, row)).collect();
    gaps.extend((!not_run.is_empty()).then(|| Gap {
        word: Word::new(State::NotRun),
        links: not_run.into_iter().map(requirement_link).collect(),
        text: Both::new("planned, and not judged by this run", "previsti, e non giudicati da questa esecuzione"),
        standings: Vec::new(),
        why_label: Both::default(),
        why: None,
        remedy: None,
    }));
    let known = |id| run.requirement(id).is_some();
    let stray = run.scenarios().iter().enumerate().filter(|(_, scenario)| {
        let state = scenario.state();
        !state.is_settled() && !scenario.summary.requirements.iter().any(known)
    });
    gaps.extend(stray.map(|(place, scenario)| Gap {
        word: Word::new(scenario.state()),
        links: vec![Link::to_scenario(place, Both::same("scenario"))],
        text: Both::same(scenario.summary.title.clone()),
        standings: Vec::new(),
        why_label: Both::new("Reason", "Motivo"),
        why: scenario.finished().and_then(|finished| finished.reason.clone()).map(Both::same),
        remedy: None,
    }));
    gaps
}

fn gap(run: &Run, row: &RequirementRow<'_>) -> Gap {
    let requirement = row.requirement;
    let worst = row.scenarios.iter().max_by_key(|scenario| scenario.state_of(&requirement.id).rank());
    let found = row.findings.iter().min_by_key(|(_, finding)| finding.level).map(|(_, finding)| Both::same(finding.summary.clone()));
    let reason = worst.and_then(|scenario| scenario.finished()?.reason.clone().map(Both::same).or_else(|| stopped_by(scenario)));
    let broken = matches!(row.state, State::Judged(Verdict::Failed | Verdict::Warned));
    Gap {
        word: Word::new(row.state),
        links: vec![requirement_link(row)],
        text: Both::of(|lang| {
            let required = match requirement.level {
                Level::Must => words::choose(lang, "Required", "Richiesto"),
                Level::Should | Level::Quality => words::choose(lang, "Recommended", "Raccomandato"),
            };
            format!("{required}: {} {}", words::actor(requirement.actor, lang).to_lowercase(), words::title(requirement, lang))
        })
        .prose(),
        standings: standings(run, row),
        why_label: if broken { Both::new("Found", "Trovato") } else { Both::new("Reason", "Motivo") },
        why: found.or(reason).map(Both::prose),
        remedy: broken.then(|| Both::of(|lang| remedy(row, lang)).prose()),
    }
}

/// What to do about the finding that the gap shows.
fn remedy<'run>(row: &RequirementRow<'run>, lang: Lang) -> &'run str {
    let finding = row.findings.iter().min_by_key(|(_, finding)| finding.level).map(|(_, finding)| *finding);
    let advised = finding.and_then(|finding| words::remedy_of(finding, Some(row.requirement), lang));
    advised.unwrap_or_else(|| words::remedy(row.requirement, lang))
}

/// Why a scenario says nothing of a requirement without a finding of its own.
fn stopped_by(scenario: &ScenarioRun) -> Option<Both> {
    let id = &scenario.findings().first()?.requirement;
    Some(Both::new(format!("its scenario stopped at a finding on {id}"), format!("il suo scenario si è fermato a una violazione di {id}")))
}

fn requirement_link(row: &RequirementRow<'_>) -> Link {
    let id = row.requirement.id.to_string();
    Link { href: format!("#r-{id}"), symbol: row.state.symbol(), text: Both::same(id) }
}

/// Requirements that apply and that no scenario judged: a READY run says nothing of them.
pub(super) fn untested(run: &Run) -> Vec<Link> {
    let told = |row: RequirementRow<'_>| {
        let level = row.requirement.level;
        let link = requirement_link(&row);
        if level == Level::Must { Link { text: Both::same(format!("{} ({level})", row.requirement.id)), ..link } } else { link }
    };
    run.untested().into_iter().map(told).collect()
}

/// How many they are, in words.
pub(super) fn untested_told(run: &Run) -> Both {
    Both::of(|lang| {
        let kind = words::application_type(run.started().application.r#type, lang);
        let (count, mandatory) = (run.untested().len(), run.untested().iter().filter(|row| row.requirement.level == Level::Must).count());
        match lang {
            Lang::En => format!("{count}, of which {mandatory} mandatory: no scenario judges them for {kind} applications on this target"),
            Lang::It => {
                format!(
                    "{count}, di cui {mandatory} obbligatori: nessuno scenario li giudica per applicazioni di tipo {kind} in questo ambiente"
                )
            }
        }
    })
}
