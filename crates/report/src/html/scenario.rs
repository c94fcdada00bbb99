//! One scenario with all that is known of it, for the developer who has to mend something.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::Both;
use super::timeline::{self, Timeline};
use super::traffic::{self, ExchangeView};
use super::{ClauseView, Word};
use crate::domain::{Attachment, Finding, OraclePart, Verdict};
use crate::event::{Lang, StepStatus};
use crate::{Run, ScenarioRun, State, words};

pub(super) struct ScenarioView {
    pub state: State,
    pub word: Word,
    pub anchor: String,
    pub open: bool,
    pub id: String,
    pub suite: String,
    pub feature: String,
    pub rule: Option<String>,
    pub title: String,
    pub tags: Vec<String>,
    pub requirements: Vec<String>,
    pub duration: Option<Both>,
    /// Above 1 it passed or failed only on that attempt.
    pub attempt: usize,
    pub reason: Option<String>,
    pub steps: Vec<StepView>,
    /// Findings that no step is named for.
    pub findings: Vec<FindingView>,
    pub oracle: Vec<PartView>,
    pub attestations: Vec<String>,
    pub attachments: Vec<AttachmentView>,
    pub timeline: Timeline,
    pub traffic: Vec<ExchangeView>,
    pub repeat: Option<String>,
}

pub(super) struct StepView {
    pub keyword: String,
    pub text: String,
    pub background: bool,
    pub rows: Vec<String>,
    pub key: &'static str,
    pub symbol: &'static str,
    pub name: Both,
    pub message: Option<String>,
    pub findings: Vec<FindingView>,
}

pub(super) struct FindingView {
    pub requirement: String,
    /// Whether the matrix has its row.
    pub known: bool,
    pub level: String,
    pub summary: Both,
    pub expected: String,
    pub actual: String,
    pub remedy: Option<Both>,
    pub clause: ClauseView,
    /// Number and anchor of the exchanges that show it.
    pub exchanges: Vec<(u64, String)>,
    /// Who answers for it meanwhile.
    pub waiver: Option<Both>,
    /// What the baseline says of it.
    pub standing: Option<Both>,
    pub diff: Vec<DiffLine>,
}

pub(super) struct DiffLine {
    pub kind: &'static str,
    pub text: String,
}

pub(super) struct PartView {
    pub key: &'static str,
    pub symbol: &'static str,
    pub sentence: Both,
    pub held: Both,
}

pub(super) struct AttachmentView {
    pub title: String,
    pub path: String,
    /// The picture as a `data:` URI.
    pub picture: Option<String>,
    pub text: Option<String>,
}

type Bytes<'a> = dyn Fn(&str) -> Option<Vec<u8>> + 'a;

pub(super) fn views(run: &Run, attachments: &Bytes<'_>) -> Vec<ScenarioView> {
    let number = |(place, scenario)| view(run, scenario, &format!("s{}", place + 1), attachments);
    run.scenarios().iter().enumerate().map(number).collect()
}

fn view(run: &Run, scenario: &ScenarioRun, anchor: &str, attachments: &Bytes<'_>) -> ScenarioView {
    let ScenarioRun { summary, .. } = scenario;
    let state = scenario.state();
    let finished = scenario.finished();
    let last = summary.steps.len().checked_sub(1);
    let of_step = |index: Option<usize>| -> Vec<FindingView> {
        let here = |finding: &&Finding| finding.step.filter(|step| Some(*step) <= last) == index;
        scenario.findings().iter().filter(here).map(|finding| finding_view(run, scenario, finding, anchor)).collect()
    };
    let steps = (0..summary.steps.len()).map(|index| step_view(scenario, index, of_step(Some(index)))).collect();
    let exchanges = finished.map_or(&[][..], |finished| &finished.exchanges);
    let browser = finished.map_or(&[][..], |finished| &finished.browser);
    ScenarioView {
        state,
        word: Word::new(state),
        anchor: anchor.to_owned(),
        open: state == State::Judged(Verdict::Failed),
        id: summary.id.to_string(),
        suite: summary.suite.to_string(),
        feature: summary.feature.clone(),
        rule: summary.rule.clone(),
        title: summary.title.clone(),
        tags: summary.tags.clone(),
        requirements: summary.requirements.iter().map(ToString::to_string).collect(),
        duration: finished.map(|finished| Both::of(|lang| words::duration(finished.duration_ms, lang))),
        attempt: scenario.attempt_number(),
        reason: finished.and_then(|finished| finished.reason.clone()),
        steps,
        findings: of_step(None),
        oracle: finished
            .and_then(|finished| finished.oracle)
            .map_or_else(Vec::new, |oracle| OraclePart::ALL.into_iter().map(|part| part_view(part, oracle.part(part))).collect()),
        attestations: finished.map_or(&[][..], |finished| &finished.attestations).iter().map(attestation).collect(),
        attachments: finished.map_or(&[][..], |finished| &finished.attachments).iter().map(|file| attachment(file, attachments)).collect(),
        timeline: timeline::timeline(browser, exchanges, anchor),
        traffic: exchanges.iter().map(|exchange| traffic::exchange(exchange, scenario.findings(), anchor)).collect(),
        repeat: (!matches!(state, State::Judged(Verdict::Passed | Verdict::NotApplicable))).then(|| run.repeat_command(scenario)),
    }
}

fn step_view(scenario: &ScenarioRun, index: usize, findings: Vec<FindingView>) -> StepView {
    let written = &scenario.summary.steps[index];
    let done = scenario.step(index);
    let status = done.map(|step| step.status);
    let (key, symbol) = match status {
        Some(StepStatus::Passed) => ("passed", State::Judged(Verdict::Passed).symbol()),
        Some(StepStatus::Failed) => ("failed", State::Judged(Verdict::Failed).symbol()),
        Some(StepStatus::Skipped) => ("skipped", "–"),
        None => ("not-reached", "○"),
    };
    let said = |message: &String| findings.iter().any(|finding| finding.summary.en == *message);
    StepView {
        keyword: written.keyword.trim().to_owned(),
        text: written.text.clone(),
        background: written.background,
        rows: written.rows.clone(),
        key,
        symbol,
        name: Both::of(|lang| words::step(status, lang)),
        message: done.and_then(|step| step.message.clone()).filter(|message| !said(message)),
        findings,
    }
}

fn finding_view(run: &Run, scenario: &ScenarioRun, finding: &Finding, anchor: &str) -> FindingView {
    let kind = |line: &str| match line.as_bytes().first() {
        Some(b'+') => "added",
        Some(b'-') => "removed",
        Some(b'@') => "place",
        _ => "same",
    };
    let diff = finding.diff.as_deref().unwrap_or_default();
    let requirement = run.requirement(&finding.requirement);
    FindingView {
        known: requirement.is_some(),
        requirement: finding.requirement.to_string(),
        level: finding.level.to_string(),
        summary: Both::same(finding.summary.clone()).prose(),
        expected: finding.expected.clone(),
        actual: finding.actual.clone(),
        remedy: words::remedy_of(finding, requirement, Lang::En)
            .map(|_| Both::of(|lang| words::remedy_of(finding, requirement, lang).unwrap_or_default()).prose()),
        clause: ClauseView::new(&finding.clause),
        exchanges: finding.exchanges.iter().map(|number| (*number, traffic::anchor(anchor, *number))).collect(),
        waiver: finding.waiver.as_ref().map(|waiver| Both::of(|lang| words::beside_finding(waiver, lang))),
        standing: run.standing(scenario, finding).map(|standing| Both::of(|lang| words::standing(standing, lang))),
        diff: diff.lines().map(|line| DiffLine { kind: kind(line), text: line.to_owned() }).collect(),
    }
}

fn part_view(part: OraclePart, held: Option<bool>) -> PartView {
    let (key, symbol) = match held {
        Some(true) => ("passed", "✓"),
        Some(false) => ("failed", "✗"),
        None => ("inconclusive", "?"),
    };
    PartView { key, symbol, sentence: Both::of(|lang| words::oracle(part, lang)), held: Both::of(|lang| words::held(held, lang)) }
}

fn attestation(attested: &crate::domain::Attestation) -> String {
    let ticket = attested.ticket.as_ref().map(|ticket| format!(", {ticket}")).unwrap_or_default();
    format!("{}: {}, {}{ticket}", attested.fact, attested.name, attested.date)
}

/// Pictures go into the page, text too; of other files the page says where they are.
fn attachment(file: &Attachment, bytes: &Bytes<'_>) -> AttachmentView {
    let picture = matches!(file.media_type.as_str(), "image/png" | "image/jpeg" | "image/webp" | "image/gif");
    let text = file.media_type.starts_with("text/") || file.media_type == "application/json";
    let content = if picture || text { bytes(&file.path) } else { None };
    AttachmentView {
        title: file.title.clone(),
        path: file.path.clone(),
        picture: content.as_ref().filter(|_| picture).map(|bytes| format!("data:{};base64,{}", file.media_type, STANDARD.encode(bytes))),
        text: content.as_ref().filter(|_| text).map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
    }
}
