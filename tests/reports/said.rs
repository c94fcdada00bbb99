//! A verdict says no more than was judged: of a part, of a party, of recommendations, of what no scenario tests.

use collaudo::domain::{Advice, Level, Party, Readiness, Suite, Verdict};
use collaudo::event::{Event, Lang, Record, ScenarioFinished};
use collaudo::report::{
    Run, State, render_annotations, render_har, render_html, render_json, render_junit, render_markdown, render_messages,
};

use super::run::{records, sound};
use super::{console_text, fold, state_of};

fn selected() -> Vec<Record> {
    let mut records = sound();
    let Event::RunStarted(started) = &mut records[0].event else { panic!("the fixture starts with its start") };
    started.selection = vec!["requirement AC-08".to_owned()];
    records
}

fn finished(records: &mut [Record]) -> impl Iterator<Item = &mut ScenarioFinished> {
    records.iter_mut().filter_map(|record| match &mut record.event {
        Event::ScenarioFinished(finished) => Some(&mut **finished),
        _ => None,
    })
}

/// The run in every format that tells a verdict, with the format's name.
fn everywhere(run: &Run, records: &[Record]) -> Vec<(&'static str, String)> {
    vec![
        ("console", console_text(records, super::Style::default())),
        ("page", render_html(run, Lang::En, |_| None).expect("renders")),
        ("JSON", render_json(run).expect("renders")),
        ("JUnit", render_junit(run).expect("renders")),
        ("Markdown", render_markdown(run, Lang::En)),
        ("annotations", render_annotations(run)),
        ("HAR", render_har(run).expect("renders")),
        ("messages", render_messages(run).expect("renders")),
    ]
}

#[test]
fn a_selection_that_held_is_partial_in_every_format() {
    let records = selected();
    let run = fold(records.clone());
    assert_eq!((run.readiness(), run.valid_until()), (Readiness::Partial, None));
    for (format, text) in everywhere(&run, &records) {
        assert!(text.contains("PARTIAL"), "{format}: {text}");
        assert!(text.contains("1 of 9 requirements was run, and it held"), "{format}: {text}");
        assert!(!text.contains("is ready to go live"), "{format}: {text}");
    }
    for (format, text) in everywhere(&run, &records).into_iter().filter(|(format, _)| !["HAR", "messages"].contains(format)) {
        assert!(text.contains("requirement AC-08"), "{format} does not tell the selection: {text}");
    }
}

#[test]
fn a_selection_can_say_not_ready() {
    let mut records = records();
    if let Event::RunStarted(started) = &mut records[0].event {
        started.selection = vec!["tags @negative".to_owned()];
    }
    assert_eq!(fold(records).readiness(), Readiness::NotReady);
}

/// A sound application, with one scenario of another suite.
fn beside(suite: Suite, verdict: Verdict) -> Run {
    let mut records = sound();
    let Event::RunStarted(started) = &mut records[0].event else { panic!("the fixture starts with its start") };
    let mut other = super::plan::started().scenarios[1].clone();
    other.suite = suite;
    started.scenarios.push(other.clone());
    let mut end = records.iter().find_map(|record| match &record.event {
        Event::ScenarioFinished(_) => Some(record.clone()),
        _ => None,
    });
    if let Some(Event::ScenarioFinished(finished)) = end.as_mut().map(|record| &mut record.event) {
        (finished.scenario, finished.verdict) = (other.id, verdict);
    }
    let place = records.len() - 1;
    records.insert(place, end.expect("a scenario finished"));
    fold(records)
}

#[test]
fn the_platform_s_failure_never_makes_an_application_not_ready() {
    let run = beside(Suite::Platform, Verdict::Failed);
    assert_eq!((run.readiness(), run.outcome()), (Readiness::Ready, Readiness::NotReady));
    assert!(run.valid_until().is_some(), "what the platform did takes no approval from the application");
    let text = render_markdown(&run, Lang::En);
    assert!(text.contains("is ready to go live") && text.contains("platform: NOT READY"), "{text}");
    assert!(!text.contains("everything that was judged held.\n"), "{text}");
}

#[test]
fn a_project_that_is_not_attested_takes_the_approval() {
    let run = beside(Suite::Accreditation, Verdict::NeedsReview);
    assert_eq!((run.readiness(), run.outcome(), run.valid_until()), (Readiness::Ready, Readiness::Incomplete, None));
    assert!(run.no_approval(Lang::En)[0].contains("INCOMPLETE"), "{:?}", run.no_approval(Lang::En));
}

#[test]
fn a_run_of_the_platform_alone_declares_no_application_ready() {
    let mut records = sound();
    if let Event::RunStarted(started) = &mut records[0].event {
        started.scenarios[0].suite = Suite::Platform;
    }
    let run = fold(records);
    assert_eq!((run.first_party(), run.parties().of(Party::Application), run.valid_until()), (Party::Platform, None, None));
    for lang in [Lang::En, Lang::It] {
        let text = render_markdown(&run, lang);
        assert!(!text.contains("ready to go live") && !text.contains("pronta per la produzione"), "{text}");
    }
    assert!(render_markdown(&run, Lang::En).contains("The application was not judged."));
}

/// A whole run in which only recommendations are open.
fn only(verdicts: &[Verdict]) -> Run {
    let mut records = records();
    for finished in finished(&mut records).filter(|finished| !verdicts.contains(&finished.verdict)) {
        finished.verdict = Verdict::Passed;
        finished.findings.clear();
    }
    if let Event::RunStarted(started) = &mut records[0].event {
        for requirement in started.requirements.iter_mut().filter(|own| own.id.as_str() == "RS-03") {
            requirement.level = Level::Should;
        }
    }
    if let Some(Event::RunFinished(finished)) = records.last_mut().map(|record| &mut record.event) {
        finished.readiness = Readiness::Ready;
    }
    fold(records)
}

#[test]
fn open_recommendations_stand_in_the_verdict() {
    let run = only(&[Verdict::Warned]);
    assert_eq!((run.readiness(), run.tally().open), (Readiness::Ready, 1));
    let text = render_markdown(&run, Lang::En);
    assert!(text.contains("with 1 recommendation open") && !text.contains("everything that was judged held"), "{text}");
    assert!(render_markdown(&run, Lang::It).contains("con 1 raccomandazione aperta"));
}

#[test]
fn a_recommendation_that_could_not_be_judged_is_told_and_leaves_the_run_ready() {
    let run = only(&[Verdict::Inconclusive, Verdict::Errored]);
    assert_eq!(run.readiness(), Readiness::Ready);
    let text = render_markdown(&run, Lang::En);
    assert!(text.contains("Recommendations that could not be judged: 2."), "{text}");
    assert!(!text.contains("everything that was judged held"), "{text}");
}

#[test]
fn what_applies_and_was_not_tested_is_told_on_page_one() {
    let mut records = records();
    let finding_free = |finished: &mut ScenarioFinished| finished.findings.clear();
    for finished in finished(&mut records) {
        finished.verdict = if finished.verdict == Verdict::Failed { Verdict::NotTested } else { Verdict::Passed };
        finding_free(finished);
    }
    if let Some(Event::RunFinished(finished)) = records.last_mut().map(|record| &mut record.event) {
        finished.readiness = Readiness::Ready;
    }
    if let Event::RunStarted(started) = &mut records[0].event {
        let markup = started.requirements.iter_mut().find(|own| own.id.as_str() == "CB-13").expect("it is there");
        markup.applies_to = vec!["native".to_owned()];
    }
    let run = fold(records);
    assert_eq!(run.readiness(), Readiness::Ready);
    assert_eq!(state_of(&run, "CB-01"), State::Judged(Verdict::NotTested));
    assert_eq!(state_of(&run, "CB-13"), State::Judged(Verdict::NotApplicable), "it does not concern a web application");
    let page = render_html(&run, Lang::En, |_| None).expect("renders");
    assert!(page.contains("Apply, and were not tested") && page.contains("CB-01 (MUST)"), "the page does not name them");
    assert!(page.contains("requirements apply that this suite does not test for web applications"), "the verdict does not count them");
    let junit = render_junit(&run).expect("renders");
    assert_eq!(junit.matches("type=\"not-tested\"").count(), 2, "{junit}");
}

#[test]
fn the_remedy_is_the_finding_s_own_where_it_has_one() {
    let mut records = records();
    for finding in finished(&mut records).flat_map(|finished| &mut finished.findings) {
        finding.advice = Some(Advice { en: "read your log".to_owned(), it: "leggere il log".to_owned() });
    }
    let run = fold(records.clone());
    for (format, text) in everywhere(&run, &records).into_iter().filter(|(format, _)| *format != "HAR") {
        assert!(text.contains("read your log"), "{format} keeps the requirement's remedy: {text}");
        assert!(!text.contains("before it reaches a page") || format == "page", "{format}: {text}");
    }
    assert!(render_markdown(&run, Lang::It).contains("leggere il log"));
}

#[test]
fn no_word_of_an_application_breaks_junit() {
    let mut records = records();
    for finding in finished(&mut records).flat_map(|finished| &mut finished.findings) {
        finding.actual.push_str("a\u{fffe}b\u{ffff}c\u{1}d\u{8}e\u{1b}f");
    }
    let text = render_junit(&fold(records)).expect("renders");
    let stray = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}') || (c < ' ' && !matches!(c, '\t' | '\n' | '\r'));
    assert!(!text.contains(stray) && !text.contains("&#x1;") && !text.contains("&#1;"), "{text}");
    assert!(text.contains('b') && text.contains('\u{fffd}'), "what was there is marked: {text}");
}
