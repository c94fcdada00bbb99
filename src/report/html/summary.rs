//! The part that a manager reads: verdict, what is missing, the requirement matrix.

use super::scenario::ScenarioView;
use super::{ClauseView, Word};
use crate::domain::{Actor, Level, Readiness, ScenarioId, Verdict};
use crate::event::Lang;
use crate::report::{RequirementRow, Run, ScenarioRun, State, words};

pub struct Fact {
    pub name: &'static str,
    pub value: String,
    /// Whether the value is a name for machines.
    pub code: bool,
}

/// A part of the bar of counts; `from` and `width` are in thousandths of the planned scenarios.
pub struct Slice {
    pub word: Word,
    pub count: usize,
    pub from: usize,
    pub width: usize,
}

/// Something that stands between the application and READY.
pub struct Gap {
    pub word: Word,
    pub links: Vec<Link>,
    pub text: String,
    pub why_label: &'static str,
    pub why: Option<String>,
    pub remedy: Option<String>,
}

/// The requirements on one party.
pub struct Matrix<'run> {
    pub actor: &'static str,
    pub rows: Vec<RowView<'run>>,
}

pub struct RowView<'run> {
    pub id: &'run str,
    pub level: &'static str,
    pub level_name: &'static str,
    pub title: &'run str,
    pub stricter: Option<&'run str>,
    pub word: Word,
    pub why: Option<&'run str>,
    pub clauses: Vec<ClauseView>,
    pub scenarios: Vec<Link>,
}

pub struct Link {
    pub href: String,
    pub symbol: &'static str,
    pub text: String,
}

/// Scenarios in one state.
pub struct Group {
    pub word: Word,
    pub scenarios: Vec<ScenarioView>,
}

pub fn readiness_key(readiness: Readiness) -> &'static str {
    match readiness {
        Readiness::Ready => "ready",
        Readiness::NotReady => "not-ready",
        Readiness::Incomplete => "incomplete",
    }
}

/// Where and when, under the verdict.
pub fn byline(run: &Run, lang: Lang) -> String {
    let on = words::choose(lang, "on", "su");
    let scenarios = words::scenarios(run.counts().planned, lang);
    format!("{scenarios} {on} {} · {} · {}", run.started().target.name, words::date(run.started_at(), lang), run.started().run_id)
}

/// What has to be said beside the verdict, so that nobody takes it for more than it is.
pub fn cautions(run: &Run, lang: Lang) -> Vec<String> {
    let started = run.started();
    let mut cautions = Vec::new();
    if run.is_interrupted() {
        let text = words::choose(
            lang,
            "The run was interrupted before its end: what is missing was not judged.",
            "L'esecuzione è stata interrotta prima della fine: ciò che manca non è stato giudicato.",
        );
        cautions.push(text.to_owned());
    }
    if !run.selection().is_empty() {
        let part = words::choose(
            lang,
            "Only a part of the suite was planned, so this page alone is no approval. Selection:",
            "È stata prevista solo una parte della suite: questa pagina da sola non vale come approvazione. Selezione:",
        );
        cautions.push(format!("{part} {}", run.selection().join(" ")));
    }
    if let Some(defect) = &started.application.defect {
        let broken = words::choose(
            lang,
            "The application was broken on purpose, with the defect",
            "L'applicazione è stata guastata di proposito, con il difetto",
        );
        cautions.push(format!("{broken} {defect}."));
    }
    if !started.target.mock {
        let text = words::choose(
            lang,
            "The target is not the mock: faults cannot be provoked there, and their scenarios do not apply.",
            "L'ambiente non è quello simulato: lì non si possono provocare guasti, e i relativi scenari non si applicano.",
        );
        cautions.push(text.to_owned());
    }
    cautions
}

pub fn facts(run: &Run, lang: Lang) -> Vec<Fact> {
    let started = run.started();
    let application = &started.application;
    let bundled = if application.bundled { words::choose(lang, ", bundled with collaudo", ", inclusa in collaudo") } else { "" };
    let read_only = if started.target.read_only { words::choose(lang, ", read only", ", sola lettura") } else { "" };
    let text = |english, italian, value: String| Fact { name: words::choose(lang, english, italian), value, code: false };
    let code = |english, italian, value: String| Fact { name: words::choose(lang, english, italian), value, code: true };
    let mut facts = vec![text(
        "Application",
        "Applicazione",
        format!("{} ({}{bundled})", application.name, words::application_type(application.r#type, lang)),
    )];
    facts.extend(application.url.clone().map(|url| code("Address", "Indirizzo", url)));
    facts.push(text("Target", "Ambiente di prova", format!("{}{read_only}", started.target.name)));
    facts.extend(started.target.issuer.clone().map(|issuer| code("Issuer", "Issuer", issuer)));
    facts.push(text("Date", "Data", words::date(run.started_at(), lang)));
    facts.push(text("Duration", "Durata", words::duration(run.duration_ms(), lang)));
    let environment = &started.environment;
    facts.push(text("Run on", "Eseguito su", format!("{}, {}, {}", environment.os, environment.browser, environment.driver)));
    if !application.features.is_empty() {
        facts.push(text("Declared features", "Funzioni dichiarate", application.features.join(", ")));
    }
    if !application.scopes.is_empty() {
        facts.push(code("Declared scopes", "Scope dichiarati", application.scopes.join(" ")));
    }
    facts.push(code("Run", "Esecuzione", started.run_id.clone()));
    facts.push(code("Suite, SHA-256", "Suite, SHA-256", started.suite_digest.clone()));
    facts.push(code("Seed", "Seme", started.seed.to_string()));
    facts.push(text("collaudo", "collaudo", format!("{}, snapshots: {}", started.collaudo_version, started.snapshot_mode)));
    facts.push(code("Command", "Comando", started.command.clone()));
    facts
}

pub fn slices(run: &Run, lang: Lang) -> Vec<Slice> {
    let counts = run.counts();
    let planned = counts.planned.max(1);
    let mut before = 0;
    let slice = |(state, count)| {
        let from = before * 1000 / planned;
        before += count;
        Slice { word: Word::new(state, lang), count, from, width: before * 1000 / planned - from }
    };
    counts.present().map(slice).collect()
}

/// Requirements that are not settled, worst first; scenarios without a known requirement follow. Recommendations come last:
/// they do not block.
pub fn gaps(run: &Run, lang: Lang) -> Vec<Gap> {
    let rows = run.requirement_rows();
    let warned = State::Judged(Verdict::Warned);
    let mut open: Vec<_> = rows.iter().filter(|row| !row.state.is_settled() || row.state == warned).collect();
    open.sort_by_key(|row| std::cmp::Reverse(row.state.rank()));
    let (not_run, open): (Vec<_>, Vec<_>) = open.into_iter().partition(|row| row.state == State::NotRun);
    let mut gaps: Vec<_> = open.into_iter().map(|row| gap(row, lang)).collect();
    gaps.extend((!not_run.is_empty()).then(|| Gap {
        word: Word::new(State::NotRun, lang),
        links: not_run.into_iter().map(requirement_link).collect(),
        text: words::choose(lang, "planned, and not judged by this run", "previsti, e non giudicati da questa esecuzione").to_owned(),
        why_label: "",
        why: None,
        remedy: None,
    }));
    let known = |id| run.requirement(id).is_some();
    let stray = run.scenarios().iter().enumerate().filter(|(_, scenario)| {
        let state = scenario.state();
        !state.is_settled() && !scenario.summary.requirements.iter().any(known)
    });
    gaps.extend(stray.map(|(place, scenario)| Gap {
        word: Word::new(scenario.state(), lang),
        links: vec![Link { href: format!("#s{}", place + 1), symbol: "", text: "scenario".to_owned() }],
        text: scenario.summary.title.clone(),
        why_label: words::choose(lang, "Reason", "Motivo"),
        why: scenario.finished().and_then(|finished| finished.reason.clone()),
        remedy: None,
    }));
    gaps
}

fn gap(row: &RequirementRow<'_>, lang: Lang) -> Gap {
    let requirement = row.requirement;
    let worst = row.scenarios.iter().max_by_key(|scenario| scenario.state_of(&requirement.id).rank());
    let found = row.findings.iter().min_by_key(|(_, finding)| finding.level).map(|(_, finding)| finding.summary.clone());
    let reason = worst.and_then(|scenario| scenario.finished()?.reason.clone().or_else(|| stopped_by(scenario, lang)));
    let broken = matches!(row.state, State::Judged(Verdict::Failed | Verdict::Warned));
    let remedy = broken.then(|| words::remedy(requirement, lang).to_owned());
    Gap {
        word: Word::new(row.state, lang),
        links: vec![requirement_link(row)],
        text: format!(
            "{}: {} {}",
            words::choose(lang, "Required", "Richiesto"),
            words::actor(requirement.actor, lang).to_lowercase(),
            words::title(requirement, lang)
        ),
        why_label: if broken { words::choose(lang, "Found", "Trovato") } else { words::choose(lang, "Reason", "Motivo") },
        why: found.or(reason),
        remedy,
    }
}

/// Why a scenario says nothing of a requirement without a finding of its own.
fn stopped_by(scenario: &ScenarioRun, lang: Lang) -> Option<String> {
    let finding = scenario.findings().first()?;
    let stopped = words::choose(lang, "its scenario stopped at a finding on", "il suo scenario si è fermato a una violazione di");
    Some(format!("{stopped} {}", finding.requirement))
}

fn requirement_link(row: &RequirementRow<'_>) -> Link {
    Link { href: format!("#r-{}", row.requirement.id), symbol: row.state.symbol(), text: row.requirement.id.to_string() }
}

/// Mandatory requirements that no scenario covers: a READY run says nothing of them.
pub fn uncovered(run: &Run) -> Vec<Link> {
    let mandatory = |row: &&RequirementRow<'_>| row.state == State::NotCovered && row.requirement.level == Level::Must;
    run.requirement_rows().iter().filter(mandatory).map(requirement_link).collect()
}

pub fn matrices<'run>(run: &'run Run, lang: Lang) -> Vec<Matrix<'run>> {
    let rows = run.requirement_rows();
    let of = |actor: Actor| Matrix {
        actor: words::actor(actor, lang),
        rows: rows.iter().filter(|row| row.requirement.actor == actor).map(|row| row_view(run, row, lang)).collect(),
    };
    let all = [Actor::RelyingParty, Actor::Integrator, Actor::Platform].map(of);
    all.into_iter().filter(|matrix| !matrix.rows.is_empty()).collect()
}

fn row_view<'run>(run: &Run, row: &RequirementRow<'run>, lang: Lang) -> RowView<'run> {
    let requirement = row.requirement;
    let link = |id: &ScenarioId| run.scenarios().iter().position(|scenario| scenario.summary.id == *id).map_or(0, |place| place + 1);
    RowView {
        id: requirement.id.as_str(),
        level: match requirement.level {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
            Level::Quality => "Q",
        },
        level_name: words::level(requirement.level, lang),
        title: words::title(requirement, lang),
        stricter: requirement.stricter.as_deref(),
        word: Word::new(row.state, lang),
        why: requirement.not_tested.as_deref().filter(|_| row.scenarios.is_empty()),
        clauses: requirement.clause.iter().map(|clause| ClauseView::new(clause)).collect(),
        scenarios: row
            .scenarios
            .iter()
            .map(|scenario| Link {
                href: format!("#s{}", link(&scenario.summary.id)),
                symbol: scenario.state().symbol(),
                text: scenario.summary.title.clone(),
            })
            .collect(),
    }
}

/// Worst first; within a state, in the order of the features.
pub fn groups(scenarios: Vec<ScenarioView>, lang: Lang) -> Vec<Group> {
    let mut states = State::ALL;
    states.sort_by_key(|state| std::cmp::Reverse(state.rank()));
    let mut rest = scenarios;
    let mut groups = Vec::new();
    for state in states {
        let (here, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|scenario| scenario.state == state);
        rest = others;
        if !here.is_empty() {
            groups.push(Group { word: Word::new(state, lang), scenarios: here });
        }
    }
    groups
}
