//! Drives a run to its end and delivers what it came to: record, reports, the search for leaks, the bundle.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use super::bundle::Seal;
use super::console::note;
use super::run::Format;
use super::{CliError, signals};
use crate::domain::{Exchange, Leak, Readiness};
use crate::event::{Event, Lang, Record, RunFinished, RunStarted};
use crate::platform::READ_ONLY;
use crate::report::{
    self, JsonLines, Reporter, Run, Searched, Style, console, read_kept, render_annotations, render_har, render_html, render_json,
    render_junit, render_markdown, render_messages,
};
use crate::runner::{self, Plan};
use crate::steps::Setup;

/// What a run leaves behind, and where.
pub struct Delivery {
    pub out: PathBuf,
    pub formats: Vec<Format>,
    pub lang: Lang,
    pub sealing: Option<Seal>,
    /// Whether the console follows it and tells its end.
    pub told: bool,
    /// Profile and target file as the run was given them, by the names that they have in the folder.
    pub profiles: Vec<(&'static str, Vec<u8>)>,
}

pub async fn drive(setup: Arc<Setup>, plan: Plan, started: RunStarted, delivery: &Delivery) -> Result<Run, CliError> {
    let (sender, receiver) = unbounded_channel();
    let report_path = delivery.out.join(if delivery.formats.contains(&Format::Html) { "report.html" } else { "run.jsonl" });
    let style = Style { interactive: std::io::stderr().is_terminal(), colour: colour(), lang: delivery.lang };
    let mut reporters: Vec<Box<dyn Reporter>> = vec![Box::new(JsonLines::create(delivery.out.join("run.jsonl"))?)];
    if delivery.told {
        reporters.push(Box::new(console(Heard(Some(std::io::stdout())), style, report_path)));
    }
    let given = setup.clone();
    let (fail, failed) = oneshot::channel::<()>();
    let stop = async {
        tokio::select! {
            () = signals::stop() => {}
            // What cannot be recorded is not run to its end. A sender that is dropped without a word has nothing to say.
            Ok(()) = failed => {}
        }
    };
    let engine = async {
        let finished = runner::run(setup, plan, started, stop, sender).await;
        given.end().await;
        finished
    };
    let followed = async {
        let followed = follow(receiver, &mut reporters, delivery, &given).await;
        if followed.is_err() {
            // The run may be over already.
            let _ = fail.send(());
        }
        followed
    };
    let (_, followed) = tokio::join!(engine, followed);
    followed
}

/// What nobody reads any more is no reason to stop: the run goes on and its reports are written.
struct Heard<W>(Option<W>);

impl<W: Write> Heard<W> {
    fn told<T>(&mut self, unheard: T, tell: impl FnOnce(&mut W) -> std::io::Result<T>) -> std::io::Result<T> {
        let told = self.0.as_mut().and_then(|out| tell(out).ok());
        if told.is_none() {
            self.0 = None;
        }
        Ok(told.unwrap_or(unheard))
    }
}

impl<W: Write> Write for Heard<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.told(bytes.len(), |out| out.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.told((), W::flush)
    }
}

/// Feeds the reporters and renders the reports; the readiness is that of the fold, as every report says it.
async fn follow(
    mut events: UnboundedReceiver<Event>,
    reporters: &mut [Box<dyn Reporter>],
    delivery: &Delivery,
    setup: &Setup,
) -> Result<Run, CliError> {
    let mut run: Option<Run> = None;
    let mut end = None;
    let mut searched = Searched::default();
    let mut refused_writes = 0;
    while let Some(event) = events.recv().await {
        let event = match event {
            Event::RunFinished(finished) => {
                let finished = finished_with(finished, searched.leaks_in(&delivery.out, &setup.secrets())?);
                end = Some(finished.clone());
                Event::RunFinished(finished)
            }
            event => event,
        };
        if let Event::ScenarioFinished(finished) = &event {
            let is_refused_write = |exchange: &&Exchange| exchange.facts.refusal.as_deref() == Some(READ_ONLY);
            refused_writes += finished.exchanges.iter().filter(is_refused_write).count();
        }
        let began = run.is_none();
        tell(event, &mut run, reporters)?;
        if began {
            // The record has said whose folder it is.
            for (name, text) in &delivery.profiles {
                write_whole(&delivery.out.join(name), text)?;
            }
        }
    }
    let mut run = run.ok_or_else(|| CliError::Other("the run ended before it began".to_owned()))?;
    write_reports(&run, &delivery.out, &delivery.out, &delivery.formats, delivery.lang)?;
    // What a report alone shows is found in the report.
    let leaks = searched.leaks_in(&delivery.out, &setup.secrets())?;
    if let Some(end) = end.filter(|end| end.leaks != leaks) {
        let mut told = Some(run);
        tell(Event::RunFinished(finished_with(end, leaks)), &mut told, reporters)?;
        run = told.ok_or_else(|| CliError::Other("the run ended before it began".to_owned()))?;
        write_reports(&run, &delivery.out, &delivery.out, &delivery.formats, delivery.lang)?;
    }
    for reporter in reporters.iter_mut() {
        reporter.finish()?;
    }
    if refused_writes > 0 {
        note!("{refused_writes} writes of the application were refused by the relay and never reached the target: its file says read_only");
    }
    if let (revoked, left @ 1..) = setup.given_back.counts() {
        note!(
            "{left} of {} sign-ins of the suite's own client could not be revoked at the target: their tokens live until they expire",
            revoked + left
        );
    }
    if let Some(seal) = &delivery.sealing {
        seal.write(&run, &delivery.out, &delivery.out)?;
    }
    Ok(run)
}

fn tell(event: Event, run: &mut Option<Run>, reporters: &mut [Box<dyn Reporter>]) -> Result<(), CliError> {
    let record = Record { at: Timestamp::now(), event };
    match run {
        None => *run = Some(Run::start(&record)?),
        Some(run) => run.apply(&record)?,
    }
    for reporter in reporters.iter_mut() {
        reporter.record(&record)?;
    }
    Ok(())
}

fn finished_with(finished: RunFinished, leaks: Vec<Leak>) -> RunFinished {
    let ready = matches!(finished.readiness, Readiness::Ready | Readiness::Partial) && !leaks.is_empty();
    RunFinished { readiness: if ready { Readiness::Incomplete } else { finished.readiness }, leaks, ..finished }
}

/// Renders the formats into `out`, each complete before it takes its name.
/// `kept` is the run's own folder, where its screenshots are; `out` is where the reports go.
pub fn write_reports(run: &Run, kept: &Path, out: &Path, formats: &[Format], lang: Lang) -> Result<(), CliError> {
    for format in formats {
        let (name, text) = match format {
            Format::Html => ("report.html", render_html(run, lang, |path| read_kept(kept, path))?),
            Format::Junit => ("junit.xml", render_junit(run)?),
            Format::Json => ("report.json", render_json(run)?),
            Format::Har => ("traffic.har", render_har(run)?),
            Format::Messages => ("messages.ndjson", render_messages(run)?),
            Format::Markdown => ("summary.md", render_markdown(run, lang)),
            Format::Annotations => ("annotations.txt", render_annotations(run)),
        };
        write_whole(&out.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// Writes a file that is complete before it takes its name.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    report::write_whole(path, bytes).map_err(|source| CliError::Write { path: path.to_owned(), source })
}

pub fn colour() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}
