use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Attempt, ReportError, Run, ScenarioRun, conclusion, words as words_of};
use crate::domain::{Finding, Readiness, ScenarioSummary, StepText, Verdict};
use crate::event::{Lang, StepStatus};

/// Version of the message protocol that is written.
const PROTOCOL: &str = "34.2.1";

/// The run as Cucumber Messages, an envelope a line, for the tools of that family such as its HTML formatter.
///
/// Verdicts that Cucumber does not know become its nearest status, with the verdict's name in the message: Inconclusive and Errored are
/// FAILED, NeedsReview is PENDING, NotApplicable and NotTested are SKIPPED, Warned is PASSED with the warning attached.
pub fn render_messages(run: &Run) -> Result<String, ReportError> {
    let mut book = Book::default();
    let started = run.started();
    book.say(json!({ "meta": {
        "protocolVersion": PROTOCOL,
        "implementation": { "name": "collaudo", "version": started.collaudo_version },
        "runtime": { "name": "collaudo", "version": started.collaudo_version },
        "os": { "name": started.environment.os },
        "cpu": { "name": std::env::consts::ARCH },
    } }));
    let mut files: BTreeMap<&str, Vec<&ScenarioRun>> = BTreeMap::new();
    for scenario in run.scenarios() {
        files.entry(file_of(&scenario.summary)).or_default().push(scenario);
    }
    let mut written = Vec::new();
    for (uri, scenarios) in &files {
        written.extend(book.document(uri, scenarios));
    }
    book.say(json!({ "testRunStarted": { "timestamp": time(run.started_at()) } }));
    for pickled in &written {
        book.test_case(pickled);
    }
    for pickled in &written {
        if let Some(attempt) = pickled.scenario.attempt() {
            book.attempt(run, pickled, attempt);
        }
    }
    // A part of the suite that held is a success of what was run, and its message says that it is a part.
    let held = matches!(run.outcome(), Readiness::Ready | Readiness::Partial);
    let told = format!("{}: {}", run.readiness(), conclusion::conclusion(run, Lang::En));
    book.say(json!({ "testRunFinished": { "timestamp": time(run.ended_at()), "success": held, "message": told } }));
    let mut text = String::new();
    for envelope in book.envelopes {
        text.push_str(&serde_json::to_string(&envelope)?);
        text.push('\n');
    }
    Ok(text)
}

/// A scenario with the ids that its messages refer to.
struct Pickled<'run> {
    scenario: &'run ScenarioRun,
    pickle: String,
    /// Of each step: the pickle's id.
    pickle_steps: Vec<String>,
    test_case: String,
    test_steps: Vec<String>,
}

#[derive(Default)]
struct Book {
    envelopes: Vec<Value>,
    ids: usize,
}

impl Book {
    fn say(&mut self, envelope: Value) {
        self.envelopes.push(envelope);
    }

    fn id(&mut self) -> String {
        self.ids += 1;
        self.ids.to_string()
    }

    /// The document of a feature file as its scenarios tell it, and a pickle for each of them.
    fn document<'run>(&mut self, uri: &str, scenarios: &[&'run ScenarioRun]) -> Vec<Pickled<'run>> {
        let mut children: Vec<Value> = Vec::new();
        let mut rules: Vec<(String, Vec<Value>)> = Vec::new();
        let (mut pickles, mut written) = (Vec::new(), Vec::new());
        for scenario in scenarios {
            let summary = &scenario.summary;
            let ast = self.id();
            let steps: Vec<String> = summary.steps.iter().map(|_| self.id()).collect();
            let tags: Vec<(String, &String)> = summary.tags.iter().map(|tag| (self.id(), tag)).collect();
            let child = json!({ "scenario": {
                "id": ast, "location": location(line_of(summary)), "keyword": "Scenario", "name": summary.title, "description": "",
                "tags": tags.iter().map(|(id, tag)| json!({ "id": id, "name": at(tag), "location": location(line_of(summary)) })).collect::<Vec<_>>(),
                "steps": summary.steps.iter().zip(&steps).map(|(step, id)| json!({
                    "id": id, "location": location(step.line), "keyword": format!("{} ", step.keyword), "keywordType": kind(step), "text": step.text,
                })).collect::<Vec<_>>(),
                "examples": [],
            } });
            match &summary.rule {
                None => children.push(child),
                Some(rule) => match rules.iter_mut().find(|(name, _)| name == rule) {
                    Some((_, of_rule)) => of_rule.push(child),
                    None => rules.push((rule.clone(), vec![child])),
                },
            }
            let (pickle, test_case) = (self.id(), self.id());
            let pickle_steps: Vec<String> = summary.steps.iter().map(|_| self.id()).collect();
            let test_steps = summary.steps.iter().map(|_| self.id()).collect();
            let pickled_steps = summary.steps.iter().zip(&steps).zip(&pickle_steps);
            pickles.push(json!({ "pickle": {
                "id": pickle, "uri": uri, "name": summary.title, "language": "en", "astNodeIds": [ast],
                "location": location(line_of(summary)),
                "tags": tags.iter().map(|(id, tag)| json!({ "name": at(tag), "astNodeId": id })).collect::<Vec<_>>(),
                "steps": pickled_steps.map(|((step, ast), id)| json!({
                    "id": id, "text": step.text, "type": kind(step), "astNodeIds": [ast],
                })).collect::<Vec<_>>(),
            } }));
            written.push(Pickled { scenario, pickle, pickle_steps, test_case, test_steps });
        }
        for (name, of_rule) in rules {
            let id = self.id();
            children.push(json!({ "rule": {
                "id": id, "location": location(1), "keyword": "Rule", "name": name, "description": "", "tags": [], "children": of_rule,
            } }));
        }
        let feature = scenarios.first().map_or("", |scenario| scenario.summary.feature.as_str());
        self.say(json!({ "gherkinDocument": { "uri": uri, "comments": [], "feature": {
            "location": location(1), "tags": [], "language": "en", "keyword": "Feature", "name": feature, "description": "",
            "children": children,
        } } }));
        self.envelopes.extend(pickles);
        written
    }

    fn test_case(&mut self, pickled: &Pickled<'_>) {
        let steps = pickled.test_steps.iter().zip(&pickled.pickle_steps);
        let steps: Vec<Value> = steps
            .map(|(id, step)| json!({ "id": id, "pickleStepId": step, "stepDefinitionIds": [], "stepMatchArgumentsLists": [] }))
            .collect();
        self.say(json!({ "testCase": { "id": pickled.test_case, "pickleId": pickled.pickle, "testSteps": steps } }));
    }

    fn attempt(&mut self, run: &Run, pickled: &Pickled<'_>, attempt: &Attempt) {
        let started = self.id();
        let mut now = attempt.started_at;
        self.say(json!({ "testCaseStarted": { "id": started, "attempt": 0, "testCaseId": pickled.test_case, "timestamp": time(now) } }));
        let verdict = pickled.scenario.verdict();
        let findings = pickled.scenario.findings();
        let last = last_told(pickled.scenario, attempt);
        for (index, test_step) in pickled.test_steps.iter().enumerate() {
            self.say(json!({ "testStepStarted": { "testCaseStartedId": started, "testStepId": test_step, "timestamp": time(now) } }));
            for finding in findings.iter().filter(|finding| finding.step.unwrap_or(last) == index) {
                self.say(json!({ "attachment": {
                    "testCaseStartedId": started, "testStepId": test_step, "contentEncoding": "IDENTITY",
                    "mediaType": "text/x.cucumber.log+plain", "body": words(run, finding), "timestamp": time(now),
                } }));
            }
            let step = attempt.steps.get(&index);
            let spent = SignedDuration::from_millis(step.map_or(0, |step| i64::try_from(step.duration_ms).unwrap_or(0)));
            now = now.checked_add(spent).unwrap_or(now);
            let (status, message) = result(pickled.scenario, verdict, step.map(|step| step.status), index == last);
            let message = message.or_else(|| step.and_then(|step| step.message.clone()));
            let spent = json!({ "seconds": spent.as_secs(), "nanos": spent.subsec_nanos() });
            let mut result = json!({ "duration": spent, "status": status });
            if let Some(message) = message {
                result["message"] = message.into();
            }
            self.say(json!({ "testStepFinished": {
                "testCaseStartedId": started, "testStepId": test_step, "timestamp": time(now), "testStepResult": result,
            } }));
        }
        self.say(json!({ "testCaseFinished": { "testCaseStartedId": started, "timestamp": time(now), "willBeRetried": false } }));
    }
}

/// The step that carries what a scenario came to: the one that did not pass, or else the last.
fn last_told(scenario: &ScenarioRun, attempt: &Attempt) -> usize {
    let stopped = attempt.steps.iter().find(|(_, step)| step.status == StepStatus::Failed).map(|(index, _)| *index);
    stopped.unwrap_or(scenario.summary.steps.len().saturating_sub(1))
}

fn result(scenario: &ScenarioRun, verdict: Option<Verdict>, status: Option<StepStatus>, tells: bool) -> (&'static str, Option<String>) {
    let reason = || {
        let reason = scenario.finished().and_then(|finished| finished.reason.clone()).unwrap_or_default();
        verdict.map(|verdict| format!("{verdict}: {reason}"))
    };
    match (status, verdict, tells) {
        (_, Some(Verdict::Failed), true) => ("FAILED", None),
        (_, Some(Verdict::Inconclusive | Verdict::Errored), true) => ("FAILED", reason()),
        (_, Some(Verdict::NeedsReview), true) => ("PENDING", reason()),
        (_, Some(Verdict::NotApplicable | Verdict::NotTested), true) => ("SKIPPED", reason()),
        (Some(StepStatus::Passed), ..) => ("PASSED", None),
        (Some(StepStatus::Failed), ..) => ("FAILED", None),
        (Some(StepStatus::Skipped) | None, ..) => ("SKIPPED", None),
    }
}

fn words(run: &Run, finding: &Finding) -> String {
    let remedy = words_of::remedy_of(finding, run.requirement(&finding.requirement), Lang::En).unwrap_or_default();
    let Finding { requirement, level, summary, expected, actual, clause, .. } = finding;
    format!("{requirement} ({level}): {summary}\nexpected: {expected}\nactual: {actual}\nremedy: {remedy}\nclause: {clause}")
}

fn file_of(summary: &ScenarioSummary) -> &str {
    summary.id.0.rsplit_once(':').map_or(summary.id.0.as_str(), |(file, _)| file)
}

fn line_of(summary: &ScenarioSummary) -> usize {
    summary.id.0.rsplit_once(':').and_then(|(_, line)| line.parse().ok()).unwrap_or(1)
}

fn at(tag: &str) -> String {
    format!("@{}", tag.trim_start_matches('@'))
}

fn location(line: usize) -> Value {
    json!({ "line": line.max(1) })
}

/// What a keyword stands for; `And` and `But` go on with what stood before.
fn kind(step: &StepText) -> &'static str {
    match step.keyword.as_str() {
        "Given" => "Context",
        "When" => "Action",
        "Then" => "Outcome",
        _ => "Unknown",
    }
}

fn time(at: Timestamp) -> Value {
    json!({ "seconds": at.as_second(), "nanos": at.subsec_nanosecond() })
}
