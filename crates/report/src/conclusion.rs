//! The verdict of a run as sentences for a person, in both languages. They say no more than was judged.

use super::{Run, words};
use crate::domain::{Party, Readiness};
use crate::event::Lang;
use crate::verdict::Tally;

/// The verdict with what stands beside it.
pub(crate) fn conclusion(run: &Run, lang: Lang) -> String {
    let tally = run.tally();
    let first = run.first_party();
    let mut sentences = vec![match first {
        Party::Application => of_application(run, tally, lang),
        Party::Project | Party::Platform => of_other(run, first, tally, lang),
    }];
    sentences.extend(recommendations_unjudged(tally.unjudged, lang));
    if first != Party::Application {
        sentences.push(words::choose(lang, "The application was not judged.", "L'applicazione non è stata giudicata.").to_owned());
    }
    if matches!(run.readiness(), Readiness::Ready | Readiness::Partial) {
        sentences.extend(of_the_others(run, first, lang));
    }
    if run.readiness() == Readiness::Ready {
        sentences.extend(untested(run, tally.untested, lang));
    }
    sentences.join(" ")
}

/// What each party came to, those too that the run did not judge.
pub(crate) fn parties(run: &Run, lang: Lang) -> Vec<(Party, &'static str, &'static str)> {
    let judged = run.parties();
    let told = |party: Party| match judged.of(party) {
        // The run may know of more than its verdicts: it was interrupted, or holds a secret.
        Some(_) if party == run.first_party() => words::readiness(run.readiness(), lang),
        Some(readiness) => words::readiness(readiness, lang),
        None => words::choose(lang, "not judged", "non giudicato"),
    };
    Party::ALL.into_iter().map(|party| (party, words::party(party, lang), told(party))).collect()
}

/// The same on one line.
pub(crate) fn parties_on_a_line(run: &Run, lang: Lang) -> String {
    parties(run, lang).into_iter().map(|(_, name, told)| format!("{name}: {told}")).collect::<Vec<_>>().join(" · ")
}

/// One line on what was left out; `None` where the whole suite was planned.
pub(crate) fn selection(run: &Run, lang: Lang) -> Option<String> {
    let part = words::choose(lang, "Only a part of the suite was run", "È stata eseguita solo una parte della suite");
    (!run.selection().is_empty()).then(|| format!("{part}: {}", run.selection().join(", ")))
}

/// What must not be overlooked above a good verdict: another party that is not in order.
fn of_the_others(run: &Run, first: Party, lang: Lang) -> Vec<String> {
    let open = |(party, readiness): &(Party, Readiness)| *party != first && readiness.severity() > Readiness::Partial.severity();
    let told = |(party, readiness)| {
        let (party, readiness) = (words::party(party, lang), words::readiness(readiness, lang));
        format!("{} ({party}): {readiness}.", words::choose(lang, "Another verdict", "Un altro esito"))
    };
    run.parties().judged().filter(open).map(told).collect()
}

fn of_application(run: &Run, tally: Tally, lang: Lang) -> String {
    let application = &run.started().application.name;
    let held = held(tally, lang);
    match (run.readiness(), lang) {
        (Readiness::Ready, Lang::En) => format!("{application} is ready to go live{}: {held}.", with_open(tally, lang)),
        (Readiness::Ready, Lang::It) => format!("{application} è pronta per la produzione{}: {held}.", with_open(tally, lang)),
        (Readiness::Partial, Lang::En) => {
            format!("{}{}. This does not say that {application} is ready.", partial(tally, lang), with_open(tally, lang))
        }
        (Readiness::Partial, Lang::It) => {
            format!("{}{}. Questo non dice che {application} è pronta.", partial(tally, lang), with_open(tally, lang))
        }
        (Readiness::NotReady, Lang::En) => format!("{application} is not ready to go live: it breaks {}.", broken(run, lang)),
        (Readiness::NotReady, Lang::It) => format!("{application} non è pronta per la produzione: viola {}.", broken(run, lang)),
        (Readiness::Incomplete, Lang::En) => {
            format!("Nothing mandatory was seen to fail, but {application} cannot be called ready: something was not judged.")
        }
        (Readiness::Incomplete, Lang::It) => {
            format!("Nessun requisito obbligatorio risulta violato, ma {application} non può dirsi pronta: qualcosa non è stato giudicato.")
        }
    }
}

fn of_other(run: &Run, party: Party, tally: Tally, lang: Lang) -> String {
    let name = match (party, lang) {
        (Party::Platform, Lang::En) => "The platform",
        (Party::Platform, Lang::It) => "La piattaforma",
        (_, Lang::En) => "The integrator's project",
        (_, Lang::It) => "Il progetto dell'integratore",
    };
    let (held, open) = (held(tally, lang), with_open(tally, lang));
    match (run.readiness(), lang) {
        (Readiness::Ready, Lang::En) => format!("{name} is in order{open}: {held}."),
        (Readiness::Ready, Lang::It) => format!("{name} è in ordine{open}: {held}."),
        (Readiness::Partial, _) => format!("{}{open}.", partial(tally, lang)),
        (Readiness::NotReady, Lang::En) => format!("{name} breaks {}.", broken(run, lang)),
        (Readiness::NotReady, Lang::It) => format!("{name} viola {}.", broken(run, lang)),
        (Readiness::Incomplete, Lang::En) => format!("{name}: nothing mandatory was seen to fail, but something was not judged."),
        (Readiness::Incomplete, Lang::It) => {
            format!("{name}: nessun requisito obbligatorio risulta violato, ma qualcosa non è stato giudicato.")
        }
    }
}

/// `1 of 160 requirements was run, and it held`.
fn partial(tally: Tally, lang: Lang) -> String {
    let Tally { run, of, .. } = tally;
    let all_held = tally.open + tally.waived + tally.unjudged == 0;
    match (run, all_held, lang) {
        (1, true, Lang::En) => format!("1 of {of} requirements was run, and it held"),
        (_, true, Lang::En) => format!("{run} of {of} requirements were run, and they held"),
        (1, false, Lang::En) => format!("1 of {of} requirements was run, and nothing mandatory failed"),
        (_, false, Lang::En) => format!("{run} of {of} requirements were run, and nothing mandatory failed"),
        (1, true, Lang::It) => format!("È stato eseguito 1 requisito su {of}, ed è rispettato"),
        (_, true, Lang::It) => format!("Sono stati eseguiti {run} requisiti su {of}, e sono rispettati"),
        (1, false, Lang::It) => format!("È stato eseguito 1 requisito su {of}, e nulla di obbligatorio è violato"),
        (_, false, Lang::It) => format!("Sono stati eseguiti {run} requisiti su {of}, e nulla di obbligatorio è violato"),
    }
}

/// What held: never everything, where something is left open.
fn held(tally: Tally, lang: Lang) -> &'static str {
    if tally.open + tally.waived + tally.unjudged == 0 {
        words::choose(lang, "everything that was judged held", "tutto ciò che è stato giudicato è a posto")
    } else if tally.waived == 0 {
        words::choose(
            lang,
            "every mandatory requirement that was judged held",
            "tutti i requisiti obbligatori che sono stati giudicati sono rispettati",
        )
    } else {
        words::choose(lang, "nothing else mandatory was seen to fail", "nessun altro requisito obbligatorio risulta violato")
    }
}

/// `, with 2 recommendations open`.
fn with_open(tally: Tally, lang: Lang) -> String {
    let open = match (tally.open, lang) {
        (0, _) => None,
        (1, Lang::En) => Some("1 recommendation open".to_owned()),
        (open, Lang::En) => Some(format!("{open} recommendations open")),
        (1, Lang::It) => Some("1 raccomandazione aperta".to_owned()),
        (open, Lang::It) => Some(format!("{open} raccomandazioni aperte")),
    };
    let waived = match (tally.waived, lang) {
        (0, _) => None,
        (1, Lang::En) => Some("1 requirement waived".to_owned()),
        (waived, Lang::En) => Some(format!("{waived} requirements waived")),
        (1, Lang::It) => Some("1 requisito in deroga".to_owned()),
        (waived, Lang::It) => Some(format!("{waived} requisiti in deroga")),
    };
    let told: Vec<String> = open.into_iter().chain(waived).collect();
    if told.is_empty() {
        return String::new();
    }
    format!(", {} {}", words::choose(lang, "with", "con"), told.join(words::choose(lang, " and ", " e ")))
}

/// `Recommendations that could not be judged: 2.`
pub(crate) fn recommendations_unjudged(count: usize, lang: Lang) -> Option<String> {
    let told = words::choose(lang, "Recommendations that could not be judged", "Raccomandazioni che non è stato possibile giudicare");
    (count > 0).then(|| format!("{told}: {count}."))
}

fn untested(run: &Run, count: usize, lang: Lang) -> Option<String> {
    let kind = words::application_type(run.started().application.r#type, lang);
    match (count, lang) {
        (0, _) => None,
        (1, Lang::En) => Some(format!("1 requirement applies that this suite does not test for {kind} applications here.")),
        (_, Lang::En) => Some(format!("{count} requirements apply that this suite does not test for {kind} applications here.")),
        (1, Lang::It) => Some(format!("1 requisito si applica, ma qui questa suite non lo collauda per applicazioni di tipo {kind}.")),
        (_, Lang::It) => {
            Some(format!("{count} requisiti si applicano, ma qui questa suite non li collauda per applicazioni di tipo {kind}."))
        }
    }
}

/// The requirements that failed, in words: the mandatory ones, or in a strict run all.
fn broken(run: &Run, lang: Lang) -> String {
    match (run.broken(), run.is_strict(), lang) {
        (0, false, Lang::En) => "requirements that are mandatory".to_owned(),
        (1, false, Lang::En) => "one mandatory requirement".to_owned(),
        (broken, false, Lang::En) => format!("{broken} mandatory requirements"),
        (0, false, Lang::It) => "requisiti obbligatori".to_owned(),
        (1, false, Lang::It) => "un requisito obbligatorio".to_owned(),
        (broken, false, Lang::It) => format!("{broken} requisiti obbligatori"),
        (1, true, Lang::En) => "one requirement (recommendations count in this run)".to_owned(),
        (broken, true, Lang::En) => format!("{broken} requirements (recommendations count in this run)"),
        (1, true, Lang::It) => "un requisito (in questa esecuzione contano anche le raccomandazioni)".to_owned(),
        (broken, true, Lang::It) => format!("{broken} requisiti (in questa esecuzione contano anche le raccomandazioni)"),
    }
}
