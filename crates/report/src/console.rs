use std::collections::HashSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{ReportError, Reporter, Run, ScenarioRun, State, WorstFinding, conclusion, painting, words};
use crate::domain::{Learned, ScenarioId, Verdict, plain};
use crate::event::{Event, Lang, Record};

/// How the console looks; who composes the run decides (terminal or not, `NO_COLOR`).
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// A progress bar on stderr, cleared at the end.
    pub interactive: bool,
    /// Whether text is coloured by ANSI escape codes.
    pub colour: bool,
    /// The language of the sentences.
    pub lang: Lang,
}

/// Text columns that a paragraph may take.
const WIDTH: usize = 100;
/// Scenarios without a finding that the ending names one by one.
const NAMED: usize = 5;

/// A reporter that writes for a person to `W`; made by [`console`].
pub struct Console<W> {
    out: W,
    style: Style,
    report_path: PathBuf,
    run: Option<Run>,
    bar: Option<ProgressBar>,
    /// Feature files whose last scenario has been told.
    told: HashSet<String>,
}

/// What the look before the run learned, as the profile would say it.
fn learned(learned: &Option<Learned>, lang: Lang) -> Option<String> {
    let lines = learned.as_ref().map(Learned::lines).filter(|lines| !lines.is_empty())?;
    let word = words::choose(lang, "learned from sign-ins", "imparato dagli accessi");
    Some(format!("{word}: {}", plain(&lines.join("  "))))
}

/// What a person follows in a terminal or a CI log; `report_path` is named at the end as the place of the full report.
pub fn console<W: Write + Send>(out: W, style: Style, report_path: PathBuf) -> Console<W> {
    Console { out, style, report_path, run: None, bar: None, told: HashSet::new() }
}

impl<W: Write + Send> Reporter for Console<W> {
    fn record(&mut self, record: &Record) -> Result<(), ReportError> {
        match &mut self.run {
            None => self.run = Some(Run::start(record)?),
            Some(run) => run.apply(record)?,
        }
        match &record.event {
            Event::RunStarted(_) => self.begin(),
            Event::ScenarioStarted { scenario } => {
                self.name_in_bar(scenario);
                Ok(())
            }
            Event::ScenarioFinished(finished) => self.scenario_finished(&finished.scenario),
            Event::StepFinished(_) | Event::RunFinished(_) => Ok(()),
        }
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let text = self.run.as_ref().map(|run| Ending { run, style: self.style, report_path: &self.report_path }.text());
        self.out.write_all(text.unwrap_or_default().as_bytes())?;
        Ok(self.out.flush()?)
    }
}

impl<W: Write + Send> Console<W> {
    fn begin(&mut self) -> Result<(), ReportError> {
        let Some(run) = &self.run else { return Ok(()) };
        let (started, planned) = (run.started(), run.counts().planned);
        let Style { lang, colour, interactive } = self.style;
        let on = words::choose(lang, "on", "su");
        let title = painting::bold(&format!("collaudo {}", started.collaudo_version), colour);
        let application = plain(&started.application.name);
        let line = format!(
            "{title}  {application} {on} {}: {}, seed {}",
            plain(&started.target.name),
            words::scenarios(planned, lang),
            started.seed
        );
        if interactive && self.bar.is_none() {
            let bar = ProgressBar::with_draw_target(Some(planned as u64), ProgressDrawTarget::stderr());
            let template =
                if colour { "{bar:28.cyan/dim} {pos}/{len}  {elapsed}  {wide_msg}" } else { "{bar:28} {pos}/{len}  {elapsed}  {wide_msg}" };
            let looks = ProgressStyle::with_template(template).expect("a constant template");
            bar.set_style(looks.progress_chars("━━─"));
            bar.enable_steady_tick(Duration::from_millis(250));
            self.bar = Some(bar);
        } else if let Some(bar) = &self.bar {
            bar.set_length(planned as u64);
        }
        let learned = learned(&started.application.learned, lang);
        self.print(&line)?;
        learned.map_or(Ok(()), |learned| self.print(&painting::dim(&learned, colour)))
    }

    fn name_in_bar(&self, scenario: &ScenarioId) {
        if let (Some(bar), Some(run)) = (&self.bar, &self.run) {
            let failed = run.counts().of(State::Judged(Verdict::Failed));
            let title = run.scenario(scenario).map_or("", |scenario| &scenario.summary.title);
            let failed =
                if failed == 0 { String::new() } else { format!("{failed} {}  ", words::choose(self.style.lang, "failed", "falliti")) };
            bar.set_message(format!("{failed}{}", plain(title)));
        }
    }

    fn scenario_finished(&mut self, id: &ScenarioId) -> Result<(), ReportError> {
        let Some(scenario) = self.run.as_ref().and_then(|run| run.scenario(id)) else { return Ok(()) };
        let line =
            (scenario.state() != State::Judged(Verdict::Passed) || scenario.attempt_number() > 1).then(|| self.scenario_line(scenario));
        if let Some(line) = line {
            self.print(&line)?;
        }
        match &self.bar {
            Some(bar) => {
                let judged = self.run.as_ref().map_or(0, |run| run.counts().judged());
                bar.set_position(judged as u64);
                Ok(())
            }
            None => self.heartbeat(id),
        }
    }

    fn scenario_line(&self, scenario: &ScenarioRun) -> String {
        let Style { lang, colour, .. } = self.style;
        let state = scenario.state();
        let summary = &scenario.summary;
        let found = scenario.findings().first();
        let ids: Vec<_> = summary.requirements.iter().map(|id| id.as_str()).collect();
        let id = found.map_or_else(|| ids.join(" "), |finding| finding.requirement.to_string());
        let why = found.map(|finding| finding.summary.as_str()).or_else(|| scenario.finished()?.reason.as_deref());
        let verdict = painting::state(&format!("{} {:<15}", state.symbol(), words::state(state, lang)), state, colour);
        let mut line = format!("{verdict} {id:<6} {}", plain(&summary.title));
        line.push_str(&painting::dim(&format!("  {}", plain(&summary.id.0)), colour));
        if scenario.attempt_number() > 1 {
            let on_attempt = words::choose(lang, "on attempt", "al tentativo");
            line.push_str(&format!("\n{:25}{on_attempt} {}", "", scenario.attempt_number()));
        }
        if let Some(why) = why {
            line.push_str(&format!("\n{:25}{}", "", plain(why)));
        }
        line
    }

    /// One line when the last scenario of a feature is done, so that a log shows life.
    fn heartbeat(&mut self, id: &ScenarioId) -> Result<(), ReportError> {
        let Some(run) = &self.run else { return Ok(()) };
        let file = feature_file(id);
        let of_feature: Vec<_> = run.scenarios().iter().filter(|scenario| feature_file(&scenario.summary.id) == file).collect();
        if of_feature.iter().any(|scenario| scenario.verdict().is_none()) || !self.told.insert(file.to_owned()) {
            return Ok(());
        }
        let lang = self.style.lang;
        let counted = State::ALL.into_iter().filter_map(|state| {
            let count = of_feature.iter().filter(|scenario| scenario.state() == state).count();
            (count > 0).then(|| words::counted(count, state, lang))
        });
        let counted: Vec<_> = counted.collect();
        let feature = of_feature.first().map_or("", |scenario| scenario.summary.feature.as_str());
        let (judged, planned) = (run.counts().judged(), run.counts().planned);
        let line = format!("{judged:>4}/{planned}  {}: {}", plain(feature), counted.join(", "));
        self.print(&painting::dim(&line, self.style.colour))
    }

    fn print(&mut self, line: &str) -> Result<(), ReportError> {
        let out = &mut self.out;
        let mut write = || writeln!(out, "{line}").and_then(|()| out.flush());
        let written = if let Some(bar) = &self.bar { bar.suspend(&mut write) } else { write() };
        Ok(written?)
    }
}

fn feature_file(id: &ScenarioId) -> &str {
    id.0.rsplit_once(':').map_or(id.0.as_str(), |(file, _)| file)
}

/// What the console says when the run is over.
struct Ending<'run> {
    run: &'run Run,
    style: Style,
    report_path: &'run std::path::Path,
}

impl Ending<'_> {
    fn text(&self) -> String {
        let Style { lang, colour, .. } = self.style;
        let run = self.run;
        let readiness = run.readiness();
        let mut lines = vec![String::new()];
        lines.push(format!("  {}", painting::readiness(words::readiness(readiness, lang), readiness, colour)));
        lines.push(String::new());
        let conclusion = plain(&conclusion::conclusion(run, lang));
        lines.extend(painting::wrapped(&conclusion, WIDTH).into_iter().map(|line| format!("  {line}")));
        if run.is_interrupted() {
            lines.push(format!(
                "  {}",
                words::choose(lang, "The run was interrupted before its end.", "L'esecuzione è stata interrotta prima della fine.")
            ));
        }
        for leak in run.leaks() {
            let errored = words::choose(lang, "errored: a secret stands in", "errore nostro: c'è un segreto in");
            lines.push(format!("  {errored} {}: {}", plain(&leak.file), plain(&leak.kind)));
        }
        for (waiver, worth) in run.waivers() {
            let told = plain(&words::waiver(waiver, worth, lang));
            lines.extend(painting::wrapped(&told, WIDTH).into_iter().map(|line| format!("  {line}")));
        }
        lines.extend(conclusion::selection(run, lang).map(|part| format!("  {}", plain(&part))));
        let parties = conclusion::parties(run, lang);
        lines.extend(parties.into_iter().map(|(_, name, told)| format!("  {name:<26} {told}")));
        lines.push(self.counts());
        let worst = run.worst_findings(3);
        if !worst.is_empty() {
            lines.push(String::new());
            lines.push(format!("  {}", painting::bold(words::choose(lang, "Mend first", "Da correggere per primo"), colour)));
        }
        for (place, found) in worst.iter().enumerate() {
            self.finding(place + 1, found, &mut lines);
        }
        self.open_points(&mut lines);
        lines.push(String::new());
        lines.push(self.labelled(2, "report", "rapporto", &plain(&self.report_path.display().to_string())));
        let repeated =
            worst.first().map(|found| found.scenario).or_else(|| run.scenarios().iter().find(|scenario| !scenario.state().is_settled()));
        if let Some(scenario) = repeated {
            lines.push(self.labelled(2, "repeat", "ripetere", &plain(&run.repeat_command(scenario))));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    fn counts(&self) -> String {
        let Style { lang, colour, .. } = self.style;
        let counts = self.run.counts();
        let parts: Vec<_> =
            counts.present().map(|(state, count)| painting::state(&words::counted(count, state, lang), state, colour)).collect();
        let spent = words::duration(self.run.duration_ms(), lang);
        format!("  {} in {spent}: {}", words::scenarios(counts.planned, lang), parts.join(", "))
    }

    fn finding(&self, place: usize, found: &WorstFinding<'_>, lines: &mut Vec<String>) {
        let Style { lang, colour, .. } = self.style;
        let finding = found.finding;
        let head = format!("{place}. {} ({})", finding.requirement, finding.level);
        lines.push(format!("  {} {}", painting::state(&head, found.scenario.state(), colour), plain(&finding.summary)));
        let remedy = words::remedy_of(finding, found.requirement, lang);
        for (english, italian, value) in [
            ("expected", "atteso", Some(finding.expected.as_str())),
            ("actual", "trovato", Some(finding.actual.as_str())),
            ("remedy", "rimedio", remedy),
            ("clause", "clausola", Some(finding.clause.as_str())),
        ] {
            if let Some(value) = value {
                lines.push(self.labelled(5, english, italian, &plain(value)));
            }
        }
        if found.more > 0 {
            let more =
                words::choose(lang, "more on the same requirement: see the report", "altri sullo stesso requisito: vedi il rapporto");
            lines.push(format!("     {}", painting::dim(&format!("+ {} {more}", found.more), colour)));
        }
    }

    /// Scenarios that keep the run from being READY though nothing was found.
    fn open_points(&self, lines: &mut Vec<String>) {
        let Style { lang, colour, .. } = self.style;
        let open: Vec<_> =
            self.run.scenarios().iter().filter(|scenario| !scenario.state().is_settled() && scenario.findings().is_empty()).collect();
        if open.is_empty() {
            return;
        }
        lines.push(String::new());
        lines.push(format!("  {}", painting::bold(words::choose(lang, "Still open", "Ancora aperto"), colour)));
        let mut said = None;
        for scenario in open.iter().take(NAMED) {
            let state = scenario.state();
            let reason = scenario.finished().and_then(|finished| finished.reason.as_deref()).unwrap_or(words::meaning(state, lang));
            let head = painting::state(&format!("{} {}", state.symbol(), words::state(state, lang)), state, colour);
            lines.push(format!("  {head}: {}", plain(&scenario.summary.title)));
            // One cause often stops many: it is told once.
            if said.replace(reason) != Some(reason) {
                lines.extend(painting::wrapped(&plain(reason), WIDTH - 5).into_iter().map(|line| format!("     {line}")));
            }
        }
        if open.len() > NAMED {
            lines.push(format!("     + {} {}", open.len() - NAMED, words::choose(lang, "more: see the report", "altri: vedi il rapporto")));
        }
    }

    fn labelled(&self, indent: usize, english: &'static str, italian: &'static str, value: &str) -> String {
        let label = words::choose(self.style.lang, english, italian);
        let lines = painting::wrapped(value, WIDTH - indent - 10);
        let label = painting::dim(&format!("{label:<9}"), self.style.colour);
        format!(
            "{:indent$}{label} {}",
            "",
            lines.join(&format!(
                "
{:width$}",
                "",
                width = indent + 10
            ))
        )
    }
}
