//! What the reports say of their own, in Italian and English. Titles and remedies come from the catalogue; findings and steps
//! are as written.

use jiff::{Timestamp, tz::TimeZone};

use super::{Comparison, Standing, State, Worth};
use crate::domain::{
    Actor, Application, ApplicationType, BrowserFactKind, Finding, Level, OraclePart, Party, Readiness, Requirement, Verdict, Waiver,
};
use crate::event::{Lang, StepStatus};

pub(crate) fn state(state: State, lang: Lang) -> &'static str {
    match (state, lang) {
        (State::Judged(verdict), Lang::En) => verdict.name(),
        (State::Judged(Verdict::Passed), Lang::It) => "superato",
        (State::Judged(Verdict::Warned), Lang::It) => "avviso",
        (State::Judged(Verdict::Failed), Lang::It) => "fallito",
        (State::Judged(Verdict::Inconclusive), Lang::It) => "non giudicabile",
        (State::Judged(Verdict::NeedsReview), Lang::It) => "da attestare",
        (State::Judged(Verdict::NotApplicable), Lang::It) => "non applicabile",
        (State::Judged(Verdict::NotTested), Lang::It) => "non collaudato",
        (State::Judged(Verdict::Errored), Lang::It) => "errore nostro",
        (State::Interrupted, Lang::En) => "interrupted",
        (State::Interrupted, Lang::It) => "interrotto",
        (State::NotRun, Lang::En) => "not run",
        (State::NotRun, Lang::It) => "non eseguito",
        (State::NotSelected, Lang::En) => "not selected",
        (State::NotSelected, Lang::It) => "non selezionato",
        (State::NotCovered, Lang::En) => "not covered",
        (State::NotCovered, Lang::It) => "non coperto",
    }
}

/// A state as so many scenarios share it: `8 passed`, `8 superati`.
pub(crate) fn counted(count: usize, of: State, lang: Lang) -> String {
    let name = match of {
        _ if count == 1 || lang == Lang::En => state(of, lang),
        State::Judged(Verdict::Passed) => "superati",
        State::Judged(Verdict::Warned) => "avvisi",
        State::Judged(Verdict::Failed) => "falliti",
        State::Judged(Verdict::Inconclusive) => "non giudicabili",
        State::Judged(Verdict::NeedsReview) => "da attestare",
        State::Judged(Verdict::NotApplicable) => "non applicabili",
        State::Judged(Verdict::NotTested) => "non collaudati",
        State::Judged(Verdict::Errored) => "errori nostri",
        State::Interrupted => "interrotti",
        State::NotRun => "non eseguiti",
        State::NotSelected => "non selezionati",
        State::NotCovered => "non coperti",
    };
    format!("{count} {name}")
}

/// What a state means, for a person who has not read the manual.
pub(crate) fn meaning(state: State, lang: Lang) -> &'static str {
    match (state, lang) {
        (State::Judged(Verdict::Passed), Lang::En) => "every requirement held",
        (State::Judged(Verdict::Passed), Lang::It) => "tutti i requisiti sono rispettati",
        (State::Judged(Verdict::Warned), Lang::En) => "a recommendation did not hold",
        (State::Judged(Verdict::Warned), Lang::It) => "una raccomandazione non è rispettata",
        (State::Judged(Verdict::Failed), Lang::En) => "a mandatory requirement did not hold",
        (State::Judged(Verdict::Failed), Lang::It) => "un requisito obbligatorio non è rispettato",
        (State::Judged(Verdict::Inconclusive), Lang::En) => "it could not be judged",
        (State::Judged(Verdict::Inconclusive), Lang::It) => "non è stato possibile giudicare",
        (State::Judged(Verdict::NeedsReview), Lang::En) => "a person must attest it",
        (State::Judged(Verdict::NeedsReview), Lang::It) => "deve attestarlo una persona",
        (State::Judged(Verdict::NotApplicable), Lang::En) => "the declared profile or target excludes it",
        (State::Judged(Verdict::NotApplicable), Lang::It) => "escluso dal profilo o dall'ambiente dichiarato",
        (State::Judged(Verdict::NotTested), Lang::En) => "it applies, and no scenario of this suite could judge it here",
        (State::Judged(Verdict::NotTested), Lang::It) => "si applica, ma qui nessuno scenario di questa suite può giudicarlo",
        (State::Judged(Verdict::Errored), Lang::En) => "the test equipment broke, not the application",
        (State::Judged(Verdict::Errored), Lang::It) => "si è rotto lo strumento di prova, non l'applicazione",
        (State::Interrupted, Lang::En) => "it started and never finished",
        (State::Interrupted, Lang::It) => "iniziato e mai concluso",
        (State::NotRun, Lang::En) => "it was planned and never started",
        (State::NotRun, Lang::It) => "previsto e mai iniziato",
        (State::NotSelected, Lang::En) => "this run's selection left it out",
        (State::NotSelected, Lang::It) => "lasciato fuori dalla selezione di questa esecuzione",
        (State::NotCovered, Lang::En) => "no scenario covers it",
        (State::NotCovered, Lang::It) => "nessuno scenario lo copre",
    }
}

pub(crate) fn readiness(readiness: Readiness, lang: Lang) -> &'static str {
    match (readiness, lang) {
        (Readiness::Ready, Lang::En) => "READY",
        (Readiness::Partial, Lang::En) => "PARTIAL",
        (Readiness::Partial, Lang::It) => "PARZIALE",
        (Readiness::NotReady, Lang::En) => "NOT READY",
        (Readiness::Incomplete, Lang::En) => "INCOMPLETE",
        (Readiness::Ready, Lang::It) => "PRONTA",
        (Readiness::NotReady, Lang::It) => "NON PRONTA",
        (Readiness::Incomplete, Lang::It) => "INCOMPLETO",
    }
}

pub(crate) fn party(party: Party, lang: Lang) -> &'static str {
    match (party, lang) {
        (Party::Application, Lang::En) => "application",
        (Party::Project, Lang::En) => "integrator's project",
        (Party::Platform, Lang::En) => "platform",
        (Party::Application, Lang::It) => "applicazione",
        (Party::Project, Lang::It) => "progetto dell'integratore",
        (Party::Platform, Lang::It) => "piattaforma",
    }
}

pub(crate) fn level(level: Level, lang: Lang) -> &'static str {
    match (level, lang) {
        (Level::Must, Lang::En) => "mandatory (MUST)",
        (Level::Should, Lang::En) => "recommended (SHOULD)",
        (Level::Quality, Lang::En) => "quality rule (Q)",
        (Level::Must, Lang::It) => "obbligatorio (MUST)",
        (Level::Should, Lang::It) => "raccomandato (SHOULD)",
        (Level::Quality, Lang::It) => "regola di qualità (Q)",
    }
}

/// Whom a requirement's title completes.
pub(crate) fn actor(actor: Actor, lang: Lang) -> &'static str {
    match (actor, lang) {
        (Actor::RelyingParty, Lang::En) => "The application",
        (Actor::Integrator, Lang::En) => "The integrator's project",
        (Actor::Platform, Lang::En) => "The platform",
        (Actor::RelyingParty, Lang::It) => "L'applicazione",
        (Actor::Integrator, Lang::It) => "Il progetto dell'integratore",
        (Actor::Platform, Lang::It) => "La piattaforma",
    }
}

pub(crate) fn title(requirement: &Requirement, lang: Lang) -> &str {
    either(&requirement.title, &requirement.title_it, lang)
}

/// What to do about a finding: its own advice, or else the remedy of its requirement.
pub(crate) fn remedy_of<'run>(finding: &'run Finding, requirement: Option<&'run Requirement>, lang: Lang) -> Option<&'run str> {
    let advice = finding.advice.as_ref().map(|advice| either(&advice.en, &advice.it, lang));
    advice.or_else(|| requirement.map(|requirement| remedy(requirement, lang)))
}

pub(crate) fn remedy(requirement: &Requirement, lang: Lang) -> &str {
    either(&requirement.remedy, &requirement.remedy_it, lang)
}

fn either<'a>(english: &'a str, italian: &'a str, lang: Lang) -> &'a str {
    if lang == Lang::It && !italian.is_empty() { italian } else { english }
}

pub(crate) fn oracle(part: OraclePart, lang: Lang) -> &'static str {
    match (part, lang) {
        (part, Lang::En) => part.sentence(),
        (OraclePart::Control, Lang::It) => "un accesso onesto appena prima è riuscito",
        (OraclePart::Delivered, Lang::It) => "la piattaforma ha consegnato il guasto",
        (OraclePart::NoFollowUp, Lang::It) => "la piattaforma non ha visto seguiti vietati",
        (OraclePart::Reaction, Lang::It) => "il browser ha mostrato la reazione attesa",
        (OraclePart::Recovery, Lang::It) => "l'accesso onesto successivo è riuscito",
    }
}

/// Whether a part of the oracle held: seen to hold, seen not to hold, not observed.
pub(crate) fn held(held: Option<bool>, lang: Lang) -> &'static str {
    match (held, lang) {
        (Some(true), Lang::En) => "held",
        (Some(false), Lang::En) => "did not hold",
        (None, Lang::En) => "not observed",
        (Some(true), Lang::It) => "sì",
        (Some(false), Lang::It) => "no",
        (None, Lang::It) => "non osservato",
    }
}

pub(crate) fn step(status: Option<StepStatus>, lang: Lang) -> &'static str {
    match (status, lang) {
        (Some(StepStatus::Passed), Lang::En) => "passed",
        (Some(StepStatus::Failed), Lang::En) => "failed",
        (Some(StepStatus::Skipped), Lang::En) => "skipped",
        (None, Lang::En) => "not reached",
        (Some(StepStatus::Passed), Lang::It) => "superato",
        (Some(StepStatus::Failed), Lang::It) => "fallito",
        (Some(StepStatus::Skipped), Lang::It) => "saltato",
        (None, Lang::It) => "non raggiunto",
    }
}

pub(crate) fn browser_fact(kind: BrowserFactKind, lang: Lang) -> &'static str {
    match (kind, lang) {
        (BrowserFactKind::WindowOpened, Lang::En) => "window opened",
        (BrowserFactKind::WindowClosed, Lang::En) => "window closed",
        (BrowserFactKind::Navigated, Lang::En) => "page shown",
        (BrowserFactKind::Console, Lang::En) => "console message",
        (BrowserFactKind::Dialog, Lang::En) => "dialog shown",
        (BrowserFactKind::Crashed, Lang::En) => "page crashed",
        (BrowserFactKind::WindowOpened, Lang::It) => "finestra aperta",
        (BrowserFactKind::WindowClosed, Lang::It) => "finestra chiusa",
        (BrowserFactKind::Navigated, Lang::It) => "pagina mostrata",
        (BrowserFactKind::Console, Lang::It) => "messaggio di console",
        (BrowserFactKind::Dialog, Lang::It) => "finestra di dialogo",
        (BrowserFactKind::Crashed, Lang::It) => "pagina caduta",
    }
}

pub(crate) fn application_type(kind: ApplicationType, lang: Lang) -> &'static str {
    match (kind, lang) {
        (ApplicationType::Web, _) => "web",
        (ApplicationType::Spa, Lang::En) => "single-page",
        (ApplicationType::Spa, Lang::It) => "a pagina singola",
        (ApplicationType::Native, Lang::En) => "native",
        (ApplicationType::Native, Lang::It) => "nativa",
        (ApplicationType::Device, Lang::En) => "device",
        (ApplicationType::Device, Lang::It) => "dispositivo",
    }
}

/// A date and time in UTC, to the minute.
pub(crate) fn date(at: Timestamp, lang: Lang) -> String {
    let time = TimeZone::UTC.to_datetime(at);
    format!("{}, {:02}:{:02} UTC", day(at, lang), time.hour(), time.minute())
}

/// A date in UTC.
pub(crate) fn day(at: Timestamp, lang: Lang) -> String {
    const EN: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    const IT: [&str; 12] =
        ["gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"];
    let at = TimeZone::UTC.to_datetime(at);
    let months = if lang == Lang::It { IT } else { EN };
    let month = months[usize::from(at.month().unsigned_abs()) - 1];
    format!("{} {month} {}", at.day(), at.year())
}

/// `340 ms`, `12.4 s`, `3 min 05 s`; a decimal comma in Italian.
pub(crate) fn duration(ms: u64, lang: Lang) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => {
            let separator = if lang == Lang::It { ',' } else { '.' };
            format!("{}{separator}{} s", ms / 1_000, ms % 1_000 / 100)
        }
        _ => format!("{} min {:02} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// `9 scenarios`, `1 scenario`.
pub(crate) fn scenarios(count: usize, lang: Lang) -> String {
    match (count, lang) {
        (1, _) => "1 scenario".to_owned(),
        (_, Lang::En) => format!("{count} scenarios"),
        (_, Lang::It) => format!("{count} scenari"),
    }
}

/// One of two texts, where a text is needed in one place only.
pub(crate) fn choose(lang: Lang, english: &'static str, italian: &'static str) -> &'static str {
    if lang == Lang::It { italian } else { english }
}

/// One sentence about a waiver: it is never silent.
pub(crate) fn waiver(waiver: &Waiver, worth: Worth, lang: Lang) -> String {
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
pub(crate) fn beside_finding(waiver: &Waiver, lang: Lang) -> String {
    let waived = choose(lang, "waived until", "in deroga fino al");
    let by = choose(lang, "by", "da");
    format!("{waived} {} {by} {}: {}", waiver.until, waiver.owner, waiver.reason)
}

/// A run beside its baseline, in numbers.
pub(crate) fn comparison(comparison: &Comparison<'_>, lang: Lang) -> String {
    let [new, known] = [&comparison.new, &comparison.known].map(Vec::len);
    let [healed, unjudged] = [&comparison.healed, &comparison.unjudged].map(Vec::len);
    match lang {
        Lang::En => format!("{new} new, {known} known, {healed} healed, {unjudged} known and not judged"),
        Lang::It => format!("nuove {new}, note {known}, guarite {healed}, note e non giudicate {unjudged}"),
    }
}

/// What the baseline says of a failure.
pub(crate) fn standing(standing: Standing, lang: Lang) -> &'static str {
    match standing {
        Standing::New => choose(lang, "new since the baseline", "nuovo rispetto alla baseline"),
        Standing::Known => choose(lang, "known to the baseline", "noto alla baseline"),
    }
}

/// Which build was judged, who answers for it and who ran the suite; empty where the profile says nothing of it.
pub(crate) fn who(application: &Application, lang: Lang) -> String {
    let Application { version, contact, tester, .. } = application;
    let told = [
        (choose(lang, "version", "versione"), version),
        (choose(lang, "contact", "referente"), contact),
        (choose(lang, "tested by", "collaudata da"), tester),
    ];
    let told = told.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)));
    told.collect::<Vec<_>>().join(" · ")
}
