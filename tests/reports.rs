//! What the reports say of a run: the same fold, in every format.

mod npm;

#[path = "reports/bundles.rs"]
mod bundles;
#[path = "reports/cut.rs"]
mod cut;
#[path = "reports/formats.rs"]
mod formats;
#[path = "reports/hostile.rs"]
mod hostile;
#[path = "reports/page.rs"]
mod page;
#[path = "reports/plan.rs"]
mod plan;
#[path = "reports/run.rs"]
mod run;
#[path = "reports/said.rs"]
mod said;
#[path = "reports/tools.rs"]
mod tools;

use std::path::PathBuf;

use collaudo::domain::{Finding, Level, Readiness, RequirementId, Verdict};
use collaudo::event::{Event, Lang, Record};
use collaudo::report::{JsonLines, ReportError, Reporter, Run, State, Style, console, read_jsonl, render_json, render_junit};

fn fold(records: Vec<Record>) -> Run {
    Run::fold(records).expect("the fixture folds")
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/report"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn console_text(records: &[Record], style: Style) -> String {
    let mut out = Vec::new();
    let mut reporter = console(&mut out, style, PathBuf::from("collaudo-report/index.html"));
    for record in records {
        reporter.record(record).expect("the fixture is a run");
    }
    reporter.finish().expect("a vector takes every byte");
    drop(reporter);
    String::from_utf8(out).expect("the console writes UTF-8")
}

#[test]
fn the_console_says_what_failed_and_how_to_repeat_it() {
    snapshot("console@every-verdict", &console_text(&run::records(), Style::default()));
    snapshot("console@interrupted", &console_text(&run::interrupted(), Style::default()));
    snapshot("console@ready-italian", &console_text(&run::sound(), Style { lang: Lang::It, ..Style::default() }));
}

#[test]
fn the_console_has_colour_only_when_asked_and_never_the_application_s() {
    let mut records = run::records();
    for record in &mut records {
        if let Event::ScenarioFinished(finished) = &mut record.event {
            for finding in &mut finished.findings {
                finding.summary.push_str("\u{1b}[2J");
            }
        }
    }
    assert!(!console_text(&records, Style::default()).contains('\u{1b}'), "an escape sequence of the application reached the terminal");
    let coloured = console_text(&records, Style { colour: true, ..Style::default() });
    assert!(coloured.contains("\u{1b}[41m") && !coloured.contains("\u{1b}[2J"));
}

#[test]
fn junit_tells_failures_from_errors() {
    snapshot("junit@every-verdict", &render_junit(&fold(run::records())).expect("JUnit renders"));
    let text = render_junit(&fold(run::interrupted())).expect("JUnit renders");
    assert_eq!(text.matches(" type=\"not-run\"").count(), 6, "{text}");
    assert_eq!(text.matches(" type=\"interrupted\"").count(), 1, "{text}");
}

#[test]
fn the_summary_is_json() {
    snapshot("summary@every-verdict", &render_json(&fold(run::records())).expect("JSON renders"));
}

#[test]
fn a_requirement_is_as_bad_as_its_worst_scenario() {
    let run = fold(run::records());
    let rows = run.requirement_rows();
    let lines = rows.iter().map(|row| {
        let scenarios: Vec<_> = row.scenarios.iter().map(|scenario| scenario.summary.id.0.as_str()).collect();
        let why = row.not_tested().map(|why| format!(" ({why})")).unwrap_or_default();
        format!(
            "{} {} {}{why}, findings: {}, scenarios: {}",
            row.requirement.id,
            row.requirement.level,
            row.state.key(),
            row.findings.len(),
            scenarios.join(" ")
        )
    });
    snapshot("matrix@every-verdict", &lines.collect::<Vec<_>>().join("\n"));
}

fn state_of(run: &Run, id: &str) -> State {
    let id: RequirementId = id.parse().expect("an id");
    run.requirement_rows().iter().find(|row| row.requirement.id == id).map(|row| row.state).expect("the row is there")
}

#[test]
fn a_finding_speaks_of_its_own_requirement_only() {
    let mut records = run::records();
    let id = |text: &str| text.parse::<RequirementId>().expect("an id");
    let Event::RunStarted(started) = &mut records[0].event else { panic!("the fixture starts with its start") };
    let [failing, warned] = [1, 3].map(|place| started.scenarios[place].id.clone());
    started.scenarios[1].requirements.push(id("TK-04"));
    started.scenarios[3].requirements.push(id("DV-01"));
    for record in &mut records {
        let Event::ScenarioFinished(finished) = &mut record.event else { continue };
        if finished.scenario == failing {
            let unencoded = Finding { requirement: id("TK-02"), level: Level::Should, ..finished.findings[0].clone() };
            finished.findings.push(unencoded);
        }
        if finished.scenario == warned {
            assert_eq!(finished.verdict, Verdict::Warned, "the fixture warns in its fourth scenario");
        }
    }
    let run = fold(records);
    assert_eq!(state_of(&run, "CB-01"), State::Judged(Verdict::Failed), "a MUST of its own");
    assert_eq!(state_of(&run, "TK-04"), State::Judged(Verdict::Inconclusive), "stopped by the finding on CB-01");
    assert_eq!(state_of(&run, "TK-02"), State::Judged(Verdict::Warned), "a SHOULD of its own, in a scenario that failed");
    assert_eq!(state_of(&run, "DV-01"), State::Judged(Verdict::Passed), "held in a scenario that warned of TK-02");
    assert_eq!(run.broken(), fold(run::records()).broken(), "TK-04 and TK-02 are not broken");
}

#[test]
fn in_a_strict_run_a_recommendation_counts() {
    let only_warned = |strict: bool| {
        let mut records = run::records();
        for record in &mut records {
            match &mut record.event {
                Event::RunStarted(started) => started.strict = strict,
                Event::ScenarioFinished(finished) if finished.verdict != Verdict::Warned => {
                    finished.verdict = Verdict::Passed;
                    finished.findings.clear();
                }
                Event::RunFinished(finished) => finished.readiness = Readiness::Ready,
                _ => {}
            }
        }
        fold(records)
    };
    let [lenient, strict] = [only_warned(false), only_warned(true)];
    assert_eq!((lenient.readiness(), lenient.broken()), (Readiness::Ready, 0));
    assert_eq!((strict.readiness(), strict.broken()), (Readiness::NotReady, 1));
    let failures = |run: &Run| render_junit(run).expect("renders").matches("<failure").count();
    assert_eq!((failures(&lenient), failures(&strict)), (0, 1));
}

#[test]
fn a_requirement_without_its_scenario_says_why() {
    let interrupted = fold(run::interrupted());
    assert_eq!(state_of(&interrupted, "CB-13"), State::Interrupted);
    assert_eq!(state_of(&interrupted, "RS-03"), State::NotRun);
    assert_eq!(state_of(&interrupted, "TK-04"), State::NotCovered);
    assert_eq!(state_of(&fold(run::sound()), "CB-01"), State::NotCovered);

    let mut selected = run::sound();
    if let Event::RunStarted(started) = &mut selected[0].event {
        started.selection = vec!["requirement AC-08".to_owned()];
    }
    let selected = fold(selected);
    let command = selected.repeat_command(&selected.scenarios()[0]);
    assert!(!command.contains("--requirement"), "the selection names AC-08 already: {command}");
    assert_eq!(state_of(&selected, "CB-01"), State::NotSelected);
    assert_eq!(state_of(&selected, "TK-04"), State::NotCovered);
}

#[test]
fn readiness_is_never_better_than_the_verdicts() {
    assert_eq!(fold(run::sound()).readiness(), Readiness::Ready);
    assert_eq!(fold(run::records()).readiness(), Readiness::NotReady);

    let mut boasting = run::records();
    if let Some(Event::RunFinished(finished)) = boasting.last_mut().map(|record| &mut record.event) {
        finished.readiness = Readiness::Ready;
    }
    assert_eq!(fold(boasting).readiness(), Readiness::NotReady);

    let mut humble = run::sound();
    if let Some(Event::RunFinished(finished)) = humble.last_mut().map(|record| &mut record.event) {
        finished.readiness = Readiness::NotReady;
    }
    assert_eq!(fold(humble).readiness(), Readiness::NotReady, "the run knows of more than its verdicts");
}

#[test]
fn a_run_that_lost_something_is_never_ready() {
    let sound = run::sound();
    for kept in 1..sound.len() {
        let cut = fold(sound[..kept].to_vec());
        assert_eq!(cut.readiness(), Readiness::Incomplete, "with its first {kept} events");
        assert!(cut.is_interrupted());
    }

    let mut unplanned = sound.clone();
    if let Event::RunStarted(started) = &mut unplanned[0].event {
        started.scenarios = plan::started().scenarios[..2].to_vec();
    }
    assert_eq!(fold(unplanned).readiness(), Readiness::Incomplete, "a planned scenario did not run");

    let mut stopped = sound;
    if let Some(Event::RunFinished(finished)) = stopped.last_mut().map(|record| &mut record.event) {
        finished.interrupted = true;
    }
    assert_eq!(fold(stopped).readiness(), Readiness::Incomplete);
    assert_eq!(fold(run::interrupted()).readiness(), Readiness::NotReady);
}

#[test]
fn events_that_are_no_run_are_refused() {
    assert!(matches!(Run::fold([]), Err(ReportError::NoStart)));
    assert!(matches!(Run::fold(run::records().into_iter().skip(1)), Err(ReportError::NoStart)));

    let mut records = run::records();
    if let Event::RunStarted(started) = &mut records[0].event {
        started.scenarios.remove(1);
    }
    assert!(matches!(Run::fold(records), Err(ReportError::Unplanned(id)) if id.0 == "features/session/sign_in.feature:24"));

    let mut newer = run::records();
    if let Event::RunStarted(started) = &mut newer[0].event {
        started.format += 1;
    }
    assert!(matches!(Run::fold(newer), Err(ReportError::TooNew { found: 2, known: 1 })));
}

#[test]
fn shards_of_one_run_fold_into_one() {
    let shard = |keep: std::ops::Range<usize>| {
        let planned: Vec<_> = plan::started().scenarios[keep].to_vec();
        let mine = |record: &Record| {
            let of = match &record.event {
                Event::ScenarioStarted { scenario } => scenario,
                Event::StepFinished(step) => &step.scenario,
                Event::ScenarioFinished(finished) => &finished.scenario,
                Event::RunStarted(_) | Event::RunFinished(_) => return true,
            };
            planned.iter().any(|summary| summary.id == *of)
        };
        let mut records: Vec<_> = run::records().into_iter().filter(mine).collect();
        if let Event::RunStarted(started) = &mut records[0].event {
            started.scenarios = planned.clone();
        }
        records
    };
    let merged = fold(shard(0..4).into_iter().chain(shard(4..9)).collect());
    assert_eq!(merged.counts(), fold(run::records()).counts());
    assert!(!merged.is_interrupted());

    let mut cut = shard(0..4);
    cut.pop();
    assert!(fold(cut.into_iter().chain(shard(4..9)).collect()).is_interrupted(), "a shard without its end");

    let again = shard(1..2).into_iter().map(|mut record| {
        if let Event::ScenarioFinished(finished) = &mut record.event {
            finished.verdict = Verdict::Passed;
        }
        record
    });
    let again = again.collect::<Vec<_>>();
    let rerun = fold(run::records().into_iter().chain(again).collect());
    assert_eq!(rerun.counts(), fold(run::records()).counts(), "another run's pass does not hide a failure");

    let mut other = shard(4..9);
    if let Event::RunStarted(started) = &mut other[0].event {
        started.seed = 7;
    }
    assert!(matches!(Run::fold(shard(0..4).into_iter().chain(other)), Err(ReportError::OtherRun { what: "the seed", .. })));
}

#[test]
fn a_retry_replaces_what_it_repeats_and_is_told() {
    let run = fold(run::records());
    let retried = run.scenarios().last().expect("nine scenarios");
    assert_eq!((retried.verdict(), retried.attempt_number()), (Some(Verdict::Passed), 2));
    assert!(page::page(run::records(), Lang::En).contains("on attempt"));
}

#[test]
fn a_run_is_written_and_read_line_by_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("run.jsonl");
    let records = run::records();
    let mut lines = JsonLines::create(&path).expect("the file is made");
    for (written, record) in records.iter().enumerate() {
        lines.record(record).expect("the line is written");
        assert_eq!(std::fs::read_to_string(&path).expect("the file is there").lines().count(), written + 1);
    }
    lines.finish().expect("the file is whole");
    let (read, torn) = read_jsonl(&path).expect("the file is read");
    assert_eq!(torn, None);
    assert_eq!(render_json(&fold(read)).expect("JSON"), render_json(&fold(records)).expect("JSON"));
}

#[test]
fn a_torn_last_line_is_told_and_a_torn_middle_line_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("run.jsonl");
    let text: String = run::sound().iter().map(|record| serde_json::to_string(record).expect("JSON") + "\n").collect();

    std::fs::write(&path, &text[..text.len() - 20]).expect("written");
    let (records, torn) = read_jsonl(&path).expect("a torn end is no error");
    assert_eq!(torn.map(|torn| torn.line), Some(run::sound().len()));
    assert_eq!(fold(records).readiness(), Readiness::Incomplete);

    std::fs::write(&path, text.replacen("\"event\":\"step-finished\"", "\"event\":\"step-fin", 1)).expect("written");
    let error = read_jsonl(&path).expect_err("a torn middle line").to_string();
    assert!(error.contains("run.jsonl:3`"), "{error}");

    std::fs::write(&path, text.replacen("\"format\":1", "\"format\":9,\"surprise\":true", 1).replacen("\"seed\":42", "\"seed\":\"x\"", 1))
        .expect("written");
    assert!(matches!(read_jsonl(&path), Err(ReportError::TooNew { found: 9, known: 1 })));
}
