use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{ReportError, Run, ScenarioRun, State, conclusion, words};
use crate::domain::{Finding, Verdict, plain_lines};
use crate::event::Lang;

/// One test suite for each feature file, one test case for each planned scenario: `<failure>` is theirs, `<error>` is ours or
/// could not be judged, `<skipped>` needs a person, does not apply or was not tested, and a warning passes with words on it, or fails a strict run.
///
/// Nothing stands in it that the schema of Jenkins' xUnit plugin (junit-10) does not name: see docs/decisions/0006.
pub fn render_junit(run: &Run) -> Result<String, ReportError> {
    let started = run.started();
    let mut report = Report::new(format!("collaudo: {}", started.application.name));
    report.set_time(Duration::from_millis(run.duration_ms()));
    for (name, scenarios) in by_feature(run) {
        let mut suite = TestSuite::new(name);
        suite.extra.insert("file".into(), file_of(scenarios[0]).into());
        suite.extra.insert("timestamp".into(), run.started_at().to_string().into());
        for (party, _, told) in conclusion::parties(run, Lang::En) {
            suite.add_property((format!("{}-readiness", party.key()).as_str(), told));
        }
        for (name, value) in [
            ("readiness", run.readiness().to_string()),
            ("conclusion", conclusion::conclusion(run, Lang::En)),
            ("selection", run.selection().join(", ")),
            ("application", started.application.name.clone()),
            ("target", started.target.name.clone()),
            ("run-id", started.run_id.clone()),
            ("suite-digest", started.suite_digest.clone()),
            ("seed", started.seed.to_string()),
            ("collaudo-version", started.collaudo_version.clone()),
        ] {
            suite.add_property((name, value.as_str()));
        }
        let spent: u64 = scenarios.iter().filter_map(|scenario| scenario.finished()).map(|finished| finished.duration_ms).sum();
        suite.set_time(Duration::from_millis(spent));
        suite.add_test_cases(scenarios.into_iter().map(|scenario| test_case(run, scenario)));
        report.add_test_suite(suite);
    }
    let leaks: Vec<_> = run.leaks().collect();
    if !leaks.is_empty() {
        let mut suite = TestSuite::new("collaudo/redaction");
        suite.add_test_cases(leaks.into_iter().map(|leak| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("errored");
            status.set_message(format!("a secret stands in {}: {}", leak.file, leak.kind));
            let mut case = TestCase::new(format!("No secret stands in {}", leak.file), status);
            case.set_classname("collaudo.redaction");
            case
        }));
        report.add_test_suite(suite);
    }
    // The schema knows the number of skipped cases on a suite only.
    let text = plain_lines(&without_noncharacters(report.to_string()?));
    let (head, rest) = text.split_once("<testsuite ").unwrap_or((&text, ""));
    if rest.is_empty() {
        return Ok(text);
    }
    Ok(format!("{}<testsuite {rest}", without_skipped(head)))
}

/// XML 1.0 section 2.2 allows neither in a document, not even as a reference; an application's words may hold them.
fn without_noncharacters(text: String) -> String {
    let stray = |character: char| match character {
        '\t' | '\n' | '\r' => false,
        '\u{fffe}' | '\u{ffff}' => true,
        character => character < ' ',
    };
    if text.contains(stray) { text.replace(stray, "\u{fffd}") } else { text }
}

fn without_skipped(head: &str) -> String {
    let Some((before, from)) = head.split_once(" skipped=\"") else { return head.to_owned() };
    from.split_once('"').map_or_else(|| head.to_owned(), |(_, after)| format!("{before}{after}"))
}

/// Suites in the order of the features: `relying-party/session/sign_in`.
fn by_feature(run: &Run) -> Vec<(String, Vec<&ScenarioRun>)> {
    let mut places = BTreeMap::new();
    let mut suites: Vec<(String, Vec<&ScenarioRun>)> = Vec::new();
    for scenario in run.scenarios() {
        let name = suite_name(scenario);
        let place = *places.entry(name.clone()).or_insert_with(|| {
            suites.push((name, Vec::new()));
            suites.len() - 1
        });
        suites[place].1.push(scenario);
    }
    suites
}

fn file_of(scenario: &ScenarioRun) -> &str {
    scenario.summary.id.0.rsplit_once(':').map_or(scenario.summary.id.0.as_str(), |(file, _)| file)
}

fn suite_name(scenario: &ScenarioRun) -> String {
    let file = file_of(scenario);
    let stem = file.strip_prefix("features/").unwrap_or(file);
    format!("{}/{}", scenario.summary.suite, stem.strip_suffix(".feature").unwrap_or(stem))
}

fn test_case(run: &Run, scenario: &ScenarioRun) -> TestCase {
    let mut case = TestCase::new(&scenario.summary.title, status(run, scenario));
    case.set_classname(suite_name(scenario).replace('/', "."));
    if let Some(finished) = scenario.finished() {
        case.set_time(Duration::from_millis(finished.duration_ms));
    }
    case.set_system_out(words_on(run, scenario));
    case
}

/// What a test case has no attribute for, one on each line.
fn words_on(run: &Run, scenario: &ScenarioRun) -> String {
    let mut text = format!("verdict: {}\nscenario: {}", scenario.state().key(), scenario.summary.id);
    for requirement in &scenario.summary.requirements {
        let _ = write!(text, "\nrequirement: {requirement}");
    }
    if scenario.attempt_number() > 1 {
        let _ = write!(text, "\nattempt: {}", scenario.attempt_number());
    }
    if scenario.verdict() == Some(Verdict::Warned) && !fails(run, scenario) {
        for finding in scenario.findings() {
            if let Some(waiver) = &finding.waiver {
                let _ = write!(text, "\nwaiver: {} {}", finding.requirement, words::beside_finding(waiver, Lang::En));
            }
            let _ = write!(text, "\nwarning: {} {}", finding.requirement, finding.summary);
        }
    }
    text
}

/// Whether a warning counts as a failure: in a strict run, unless somebody answers for it.
fn fails(run: &Run, scenario: &ScenarioRun) -> bool {
    run.is_strict() && scenario.weight() == Some(Verdict::Warned)
}

fn status(run: &Run, scenario: &ScenarioRun) -> TestCaseStatus {
    let state = scenario.state();
    let mut status = match state {
        State::Judged(Verdict::Failed) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        State::Judged(Verdict::Warned) if fails(run, scenario) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        State::Judged(Verdict::Passed | Verdict::Warned) => return TestCaseStatus::success(),
        State::Judged(Verdict::NeedsReview | Verdict::NotApplicable | Verdict::NotTested) => TestCaseStatus::skipped(),
        State::Judged(Verdict::Inconclusive | Verdict::Errored)
        | State::Interrupted
        | State::NotRun
        | State::NotSelected
        | State::NotCovered => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let failed = matches!(state, State::Judged(Verdict::Failed | Verdict::Warned));
    let kind = scenario.findings().first().filter(|_| failed).map(|finding| finding.requirement.to_string());
    status.set_type(kind.unwrap_or_else(|| state.key().to_owned()));
    status.set_message(message(scenario));
    status.set_description(description(run, scenario));
    status
}

fn message(scenario: &ScenarioRun) -> String {
    let finding = scenario.findings().first().map(|finding| finding.summary.clone());
    let reason = scenario.finished().and_then(|finished| finished.reason.clone());
    finding.or(reason).unwrap_or_else(|| match scenario.state() {
        State::NotRun => "planned but not run".to_owned(),
        State::Interrupted => "interrupted before its verdict".to_owned(),
        state => state.key().replace('-', " "),
    })
}

fn description(run: &Run, scenario: &ScenarioRun) -> String {
    let mut text = String::new();
    for finding in scenario.findings() {
        text.push_str(&describe(run, finding));
    }
    if let Some(reason) = scenario.finished().and_then(|finished| finished.reason.as_ref()) {
        let _ = writeln!(text, "reason: {reason}");
    }
    let _ = writeln!(text, "scenario: {}", scenario.summary.id);
    let _ = write!(text, "repeat: {}", run.repeat_command(scenario));
    text
}

fn describe(run: &Run, finding: &Finding) -> String {
    let Finding { requirement, level, summary, expected, actual, clause, .. } = finding;
    let mut text = format!("{requirement} ({level}): {summary}\nexpected: {expected}\nactual: {actual}\nclause: {clause}\n");
    if let Some(remedy) = words::remedy_of(finding, run.requirement(requirement), Lang::En) {
        let _ = writeln!(text, "remedy: {remedy}");
    }
    if let Some(diff) = &finding.diff {
        let _ = writeln!(text, "{diff}");
    }
    text
}
