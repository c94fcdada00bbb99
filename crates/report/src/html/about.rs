//! What was judged, where, by what, until when; and what was left out, with its reason.

use super::gaps::Link;
use super::text::Both;
use super::{Word, summary};
use crate::domain::Verdict;
use crate::event::Lang;
use crate::{Run, conclusion, words};

pub(super) struct Fact {
    pub name: Both,
    pub value: Both,
    /// Whether the value is a name for machines.
    pub code: bool,
}

/// What the target file's `read_only` covers, and what not.
const READ_ONLY: (&str, &str) = (
    ", read only: the suite itself wrote nothing there; what the application's own server writes is not refused",
    ", sola lettura: la suite non vi ha scritto nulla; ciò che scrive il server dell'applicazione non viene rifiutato",
);

/// A fact that a named person stands for.
pub(super) struct Attested {
    pub fact: String,
    pub name: String,
    pub date: String,
    pub ticket: Option<String>,
}

/// What changed since the run before.
pub(super) struct Changes {
    pub before: Both,
    pub rows: Vec<ChangeView>,
}

pub(super) struct ChangeView {
    pub link: Link,
    pub title: Both,
    pub from: Word,
    pub to: Word,
    pub worse: bool,
}

/// What one party came to.
pub(super) struct PartyView {
    pub name: Both,
    pub told: Both,
    /// `ready`, `partial`, `incomplete`, `not-ready`, `not-judged`.
    pub key: &'static str,
}

/// Scenarios that nobody judged, in one state.
pub(super) struct Excuses {
    pub title: Both,
    pub reasons: Vec<Excuse>,
}

/// Such scenarios, for one reason.
pub(super) struct Excuse {
    pub reason: String,
    pub links: Vec<Link>,
}

/// Where and when, under the verdict.
pub(super) fn byline(run: &Run) -> Both {
    Both::of(|lang| {
        let on = words::choose(lang, "on", "su");
        let scenarios = words::scenarios(run.counts().planned, lang);
        format!("{scenarios} {on} {} · {} · {}", run.started().target.name, words::date(run.started_at(), lang), run.started().run_id)
    })
}

/// Each party on a line of its own.
pub(super) fn parties(run: &Run) -> Vec<PartyView> {
    let [english, italian] = [Lang::En, Lang::It].map(|lang| conclusion::parties(run, lang));
    let judged = run.parties();
    let key = |party| match judged.of(party) {
        Some(_) if party == run.first_party() => summary::readiness_key(run.readiness()),
        Some(readiness) => summary::readiness_key(readiness),
        None => "not-judged",
    };
    let both = english.into_iter().zip(italian);
    both.map(|((party, name, told), (_, name_it, told_it))| PartyView {
        name: Both::new(name, name_it),
        told: Both::new(told, told_it),
        key: key(party),
    })
    .collect()
}

/// Until when the verdict may be shown, and of what suite it speaks.
pub(super) fn validity(run: &Run) -> Both {
    let digest: String = run.started().suite_digest.chars().take(12).collect();
    Both::of(|lang| match run.valid_until() {
        Some(until) => {
            let valid = words::choose(lang, "Valid until", "Valido fino al");
            format!("{valid} {} · suite {digest}", words::day(until, lang))
        }
        None => {
            let none = words::choose(lang, "Not valid as an approval", "Non vale come approvazione");
            format!("{none}: {} · suite {digest}", run.no_approval(lang).join("; "))
        }
    })
}

/// What has to be said beside the verdict, so that nobody takes it for more than it is.
pub(super) fn cautions(run: &Run) -> Vec<Both> {
    let started = run.started();
    let mut cautions = Vec::new();
    if run.is_interrupted() {
        cautions.push(Both::new(
            "The run was interrupted before its end: what is missing was not judged.",
            "L'esecuzione è stata interrotta prima della fine: ciò che manca non è stato giudicato.",
        ));
    }
    let leaks: Vec<String> = run.leaks().map(|leak| format!("{} ({})", leak.file, leak.kind)).collect();
    if !leaks.is_empty() {
        let leaks = leaks.join(", ");
        cautions.push(Both::new(
            format!("Errored: secrets stand in this run's folder. Do not hand it on: {leaks}"),
            format!("Errore nostro: nella cartella di questa esecuzione ci sono segreti. Non va consegnata: {leaks}"),
        ));
    }
    for (waiver, worth) in run.waivers() {
        cautions.push(Both::of(|lang| words::waiver(waiver, worth, lang)));
    }
    if !run.selection().is_empty() {
        let selection = run.selection().join(" ");
        cautions.push(Both::new(
            format!("Only a part of the suite was planned, so this page alone is no approval. Selection: {selection}"),
            format!(
                "È stata prevista solo una parte della suite: questa pagina da sola non vale come approvazione. Selezione: {selection}"
            ),
        ));
    }
    if let Some(defect) = &started.application.defect {
        cautions.push(Both::new(
            format!("The application was broken on purpose, with the defect {defect}."),
            format!("L'applicazione è stata guastata di proposito, con il difetto {defect}."),
        ));
    }
    if !started.target.mock {
        cautions.push(Both::new(
            "The target is not the mock: faults cannot be provoked there, and what only a fault can show was not judged.",
            "L'ambiente non è quello simulato: lì non si possono provocare guasti, e ciò che solo un guasto può mostrare non è stato giudicato.",
        ));
    }
    cautions
}

pub(super) fn facts(run: &Run) -> Vec<Fact> {
    let started = run.started();
    let application = &started.application;
    let text = |english: &str, italian: &str, value: Both| Fact { name: Both::new(english, italian), value, code: false };
    let code = |english: &str, italian: &str, value: &str| Fact { name: Both::new(english, italian), value: Both::same(value), code: true };
    let kind = |lang| {
        let bundled = if application.bundled { words::choose(lang, ", bundled with collaudo", ", inclusa in collaudo") } else { "" };
        format!("{} ({}{bundled})", application.name, words::application_type(application.r#type, lang))
    };
    let target = |lang: Lang| {
        let read_only = if started.target.read_only { words::choose(lang, READ_ONLY.0, READ_ONLY.1) } else { "" };
        format!("{}{read_only}", started.target.name)
    };
    let mut facts = vec![text("Application", "Applicazione", Both::of(kind))];
    let named = [
        ("Version", "Versione", &application.version),
        ("Contact", "Referente", &application.contact),
        ("Tested by", "Collaudata da", &application.tester),
    ];
    facts.extend(named.into_iter().filter_map(|(english, italian, value)| Some(text(english, italian, Both::same(value.clone()?)))));
    facts.extend(application.url.as_deref().map(|url| code("Address", "Indirizzo", url)));
    if let Some(learned) = &application.learned {
        facts.push(code("Learned from sign-ins", "Imparato dagli accessi", &learned.lines().join(", ")));
    }
    facts.push(text("Target", "Ambiente di prova", Both::of(target)));
    facts.extend(started.target.issuer.as_deref().map(|issuer| code("Issuer", "Issuer", issuer)));
    facts.push(text("Date", "Data", Both::of(|lang| words::date(run.started_at(), lang))));
    facts.push(text("Duration", "Durata", Both::of(|lang| words::duration(run.duration_ms(), lang))));
    let environment = &started.environment;
    let on = format!("{}, {}, {}", environment.os, environment.browser, environment.driver);
    facts.push(text("Run on", "Eseguito su", Both::same(on)));
    if !application.features.is_empty() {
        facts.push(text("Declared features", "Funzioni dichiarate", Both::same(application.features.join(", "))));
    }
    if !application.scopes.is_empty() {
        facts.push(code("Declared scopes", "Scope dichiarati", &application.scopes.join(" ")));
    }
    if !application.redirect_uris.is_empty() {
        facts.push(code("Redirect URIs", "Redirect URI", &application.redirect_uris.join(" ")));
    }
    facts.push(code("Run", "Esecuzione", &started.run_id));
    facts.push(code("Suite, SHA-256", "Suite, SHA-256", &started.suite_digest));
    facts.push(code("Seed", "Seme", &started.seed.to_string()));
    facts.push(text("collaudo", "collaudo", Both::same(format!("{}, snapshots: {}", started.collaudo_version, started.snapshot_mode))));
    facts.push(code("Command", "Comando", &started.command));
    facts
}

pub(super) fn changes(run: &Run) -> Option<Changes> {
    let difference = run.difference()?;
    let previous = difference.previous;
    let before = Both::of(|lang| {
        let (date, readiness) = (words::date(previous.started_at, lang), words::readiness(previous.readiness, lang));
        let other = words::choose(lang, "another suite", "un'altra suite");
        let suite = if difference.same_suite { String::new() } else { format!(", {other}") };
        format!("{date}: {readiness} ({}, collaudo {}{suite})", previous.run_id, previous.collaudo_version)
    });
    let view = |change: &crate::Change<'_>| ChangeView {
        link: Link { href: format!("#r-{}", change.requirement.id), symbol: "", text: Both::same(change.requirement.id.to_string()) },
        title: Both::of(|lang| words::title(change.requirement, lang)).prose(),
        from: Word::new(change.from),
        to: Word::new(change.to),
        worse: change.is_worse(),
    };
    Some(Changes { before, rows: difference.changes.iter().map(view).collect() })
}

/// Every attestation once, in the order in which scenarios took them.
pub(super) fn attested(run: &Run) -> Vec<Attested> {
    let mut seen = Vec::new();
    for attestation in run.scenarios().iter().filter_map(|scenario| scenario.finished()).flat_map(|finished| &finished.attestations) {
        if !seen.contains(&attestation) {
            seen.push(attestation);
        }
    }
    let view = |attestation: &crate::domain::Attestation| Attested {
        fact: attestation.fact.clone(),
        name: attestation.name.clone(),
        date: attestation.date.clone(),
        ticket: attestation.ticket.clone(),
    };
    seen.into_iter().map(view).collect()
}

/// Why scenarios were not judged although they were planned: each reason once.
pub(super) fn excuses(run: &Run) -> Vec<Excuses> {
    let titled = [
        (Verdict::NotTested, Both::new("Not tested, and why", "Non collaudato, e perché")),
        (Verdict::NotApplicable, Both::new("Not applicable, and why", "Non applicabile, e perché")),
    ];
    let excuses = titled.map(|(verdict, title)| Excuses { title, reasons: reasons(run, verdict) });
    excuses.into_iter().filter(|excuses| !excuses.reasons.is_empty()).collect()
}

fn reasons(run: &Run, verdict: Verdict) -> Vec<Excuse> {
    let mut excuses: Vec<Excuse> = Vec::new();
    for (place, scenario) in run.scenarios().iter().enumerate() {
        if scenario.verdict() != Some(verdict) {
            continue;
        }
        let reason = scenario.finished().and_then(|finished| finished.reason.clone()).unwrap_or_default();
        let link = Link::to_scenario(place, Both::same(scenario.summary.title.clone()));
        match excuses.iter_mut().find(|excuse| excuse.reason == reason) {
            Some(excuse) => excuse.links.push(link),
            None => excuses.push(Excuse { reason, links: vec![link] }),
        }
    }
    excuses
}

/// What a judged scenario costs: of a run whose parts all tell their processor time.
pub(super) fn cost(run: &Run) -> Option<Both> {
    let (spent, judged) = (run.processor_ms()?, u64::try_from(run.judged()).ok().filter(|judged| *judged > 0)?);
    let each = |ms: u64, lang| words::duration(ms / judged, lang);
    Some(Both::of(|lang| {
        let (wall, processor) = (each(run.duration_ms(), lang), each(spent, lang));
        match lang {
            Lang::It => format!("Ogni scenario giudicato è costato {wall} di tempo e {processor} di processore, browser compreso."),
            Lang::En => format!("Each judged scenario cost {wall} of time and {processor} of processor, the browser included."),
        }
    }))
}
