use super::{RequirementRow, Run, Standing, State, conclusion, words};
use crate::domain::{Verdict, plain};
use crate::event::Lang;

/// Findings that the summary tells in full.
const TOLD: usize = 10;

/// The run on one page of Markdown (GitHub's and GitLab's), for a pull request or a job's summary.
pub fn render_markdown(run: &Run, lang: Lang) -> String {
    let started = run.started();
    let t = |english, italian| words::choose(lang, english, italian);
    let readiness = run.readiness();
    let mut lines = vec![
        format!("## {}: {}", escaped(&started.application.name), words::readiness(readiness, lang)),
        String::new(),
        escaped(&conclusion::conclusion(run, lang)),
        String::new(),
        escaped(&conclusion::parties_on_a_line(run, lang)),
        String::new(),
    ];
    if let Some(part) = conclusion::selection(run, lang) {
        lines.extend([format!("> {}", escaped(&part)), String::new()]);
    }
    let who = words::who(&started.application, lang);
    if !who.is_empty() {
        lines.extend([escaped(&who), String::new()]);
    }
    for leak in run.leaks() {
        let errored = t("Errored: a secret stands in", "Errore nostro: c'è un segreto in");
        lines.extend([format!("> {errored} {}: {}", escaped(&leak.file), escaped(&leak.kind)), String::new()]);
    }
    for (waiver, worth) in run.waivers() {
        lines.extend([format!("> {}", escaped(&words::waiver(waiver, worth, lang))), String::new()]);
    }
    let counts = run.counts();
    lines.push(format!("| {} | {} |", t("verdict", "esito"), t("scenarios", "scenari")));
    lines.push("| --- | ---: |".to_owned());
    lines.extend(counts.present().map(|(state, count)| format!("| {} {} | {count} |", state.symbol(), words::state(state, lang))));
    let found = run.worst_findings(TOLD);
    if !found.is_empty() {
        lines.push(String::new());
        lines.push(format!("### {}", t("Mend first", "Da correggere per primo")));
    }
    for found in &found {
        let finding = found.finding;
        lines.push(String::new());
        lines.push(format!("**{} ({})** {}", finding.requirement, finding.level, escaped(&finding.summary)));
        lines.push(String::new());
        for (name, value) in [
            (t("expected", "atteso"), finding.expected.as_str()),
            (t("actual", "osservato"), finding.actual.as_str()),
            (t("remedy", "rimedio"), words::remedy_of(finding, found.requirement, lang).unwrap_or_default()),
            (t("clause", "clausola"), finding.clause.as_str()),
        ] {
            if !value.is_empty() {
                lines.push(format!("- {name}: {}", escaped(value)));
            }
        }
        lines.push(format!("- {}: `{}`", t("repeat", "ripetere"), plain(&run.repeat_command(found.scenario)).replace('`', "'")));
    }
    baseline(run, lang, &mut lines);
    open_points(run, lang, &mut lines);
    lines.push(String::new());
    lines.push(format!(
        "<sub>collaudo {} · {} · {} {} · seed {}</sub>",
        escaped(&started.collaudo_version),
        words::date(run.started_at(), lang),
        t("suite", "suite"),
        escaped(&started.suite_digest.chars().take(12).collect::<String>()),
        started.seed
    ));
    lines.join("\n") + "\n"
}

/// What is new since the baseline, and what healed.
fn baseline(run: &Run, lang: Lang, lines: &mut Vec<String>) {
    let Some(comparison) = run.comparison() else { return };
    let title = words::choose(lang, "Against the baseline", "Rispetto alla baseline");
    lines.extend([String::new(), format!("### {title}"), String::new(), words::comparison(&comparison, lang), String::new()]);
    for (scenario, finding) in &comparison.new {
        let new = words::standing(Standing::New, lang);
        let told = [&finding.summary, &scenario.summary.title].map(|text| escaped(text));
        lines.push(format!("- **{}** {new}: {} ({})", finding.requirement, told[0], told[1]));
    }
    for known in &comparison.healed {
        let healed = words::choose(lang, "healed", "guarito");
        lines.push(format!("- **{}** {healed}: {} ({})", known.requirement, escaped(&known.summary), escaped(&known.scenario)));
    }
}

/// Requirements that nobody could judge: they keep a run from READY.
fn open_points(run: &Run, lang: Lang, lines: &mut Vec<String>) {
    let open = |row: &&RequirementRow<'_>| !row.state.is_settled() && row.state != State::Judged(Verdict::Failed);
    let rows = run.requirement_rows();
    let mut rows = rows.iter().filter(open).peekable();
    if rows.peek().is_none() {
        return;
    }
    lines.push(String::new());
    lines.push(format!("### {}", words::choose(lang, "Not judged", "Non giudicati")));
    lines.push(String::new());
    lines.extend(rows.map(|row| {
        let requirement = row.requirement;
        format!("- **{}** {} ({})", requirement.id, escaped(words::title(requirement, lang)), words::state(row.state, lang))
    }));
}

/// Text as text: what Markdown or HTML would take for markup is escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in plain(text).chars() {
        match character {
            // A mention would call somebody; in an address of mail it is none.
            '@' if !out.ends_with(char::is_alphanumeric) => out.push_str("@<!-- -->"),
            '`' | '\\' | '*' | '_' | '[' | ']' | '#' | '|' | '~' => out.extend(['\\', character]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            _ => out.push(character),
        }
    }
    out
}
