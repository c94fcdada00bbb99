use std::sync::LazyLock;

use regex::Regex;

use super::{Run, State, conclusion, words};
use crate::domain::{Finding, ScenarioId, Verdict, plain_lines};
use crate::event::Lang;

/// Findings, and scenarios that could not be judged, as workflow commands of GitHub Actions: printed in a job they become annotations
/// at the scenario's line. One a line; what GitHub's parser would take for syntax is escaped.
pub fn render_annotations(run: &Run) -> String {
    let mut lines = Vec::new();
    for scenario in run.scenarios() {
        let id = &scenario.summary.id;
        for finding in scenario.findings() {
            let binding = scenario.verdict() == Some(Verdict::Failed) && finding.level == crate::domain::Level::Must || run.is_strict();
            let error = binding && finding.waiver.is_none();
            let kind = if error { "error" } else { "warning" };
            lines.push(command(kind, id, finding.requirement.as_str(), &message(run, finding)));
        }
        let state = scenario.state();
        if !state.is_settled() && state != State::Judged(Verdict::Failed) {
            let reason = scenario.finished().and_then(|finished| finished.reason.clone());
            let reason = reason.unwrap_or_else(|| state.key().replace('-', " "));
            lines.push(command("warning", id, state.key(), &format!("{}: {reason}", scenario.summary.title)));
        }
    }
    let (parties, told) = (conclusion::parties_on_a_line(run, Lang::En), conclusion::conclusion(run, Lang::En));
    let part = conclusion::selection(run, Lang::En).map(|part| format!(" {part}.")).unwrap_or_default();
    lines.push(format!("::notice title=collaudo::{}", text(&format!("{}: {told}{part} {parties}", run.readiness()))));
    lines.join("\n") + "\n"
}

fn message(run: &Run, finding: &Finding) -> String {
    let remedy = words::remedy_of(finding, run.requirement(&finding.requirement), Lang::En).unwrap_or_default();
    format!("{}. Expected {}; actual {}. {remedy} ({})", finding.summary, finding.expected, finding.actual, finding.clause)
}

fn command(kind: &str, id: &ScenarioId, title: &str, message: &str) -> String {
    let (file, line) = id.0.rsplit_once(':').unwrap_or((&id.0, "1"));
    format!("::{kind} file={},line={},title={}::{}", property(file), property(line), property(title), text(message))
}

fn text(value: &str) -> String {
    // A viewer that takes the line for HTML finds no tag in it.
    static TAG: LazyLock<Regex> = LazyLock::new(|| Regex::new("<([A-Za-z/!?])").expect("the pattern is well formed"));
    TAG.replace_all(&plain_lines(value), "\u{2039}$1").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(value: &str) -> String {
    text(value).replace(':', "%3A").replace(',', "%2C")
}
