//! `collaudo run`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::compose::{Parties, target_summary};
use super::{CliError, End, signals};
use crate::catalogue::{Selection, Sources};
use crate::domain::{Readiness, RequirementId, Suite};
use crate::event::{Event, FORMAT, Lang, Record, RunStarted};
use crate::relying_party::Defect;
use crate::report::{
    JsonLines, Reporter, Run, Style, console, render_annotations, render_har, render_html, render_json, render_junit, render_markdown,
    render_messages,
};
use crate::runner::{self, Plan};
use crate::steps::{SNAPSHOT_MODE, Setup, preflight};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    parties: Parties,
    /// Count a recommendation (SHOULD, Q) that does not hold as a failure; with --defect it always counts.
    #[arg(long)]
    strict: bool,
    /// Run this suite only; may be repeated.
    #[arg(long, value_name = "SUITE")]
    suite: Vec<SuiteName>,
    /// Run the scenarios that this tag expression selects, such as "@popup and not @negative".
    #[arg(long, value_name = "EXPR")]
    tags: Option<String>,
    /// Run the scenarios of this requirement only; may be repeated.
    #[arg(long, value_name = "ID", num_args = 1..)]
    requirement: Vec<RequirementId>,
    /// Scenarios that run at the same time; 1 for an application with an address of its own.
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,
    /// Folder of the report.
    #[arg(long, value_name = "DIR", default_value = "collaudo-report")]
    out: PathBuf,
    /// Reports to write beside run.jsonl.
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "html,junit,json")]
    report: Vec<Format>,
    /// Language of the reports.
    #[arg(long, value_name = "it|en", default_value = "en")]
    lang: LangName,
    /// Run the features of this folder instead of the built-in ones.
    #[arg(long, value_name = "DIR")]
    features: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Html,
    Junit,
    Json,
    /// The traffic as an HTTP Archive 1.2.
    Har,
    /// Cucumber Messages, for the tools of that family.
    Messages,
    /// A summary for a pull request or a job.
    Markdown,
    /// Workflow commands of GitHub Actions, to print in a job.
    Annotations,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LangName {
    It,
    En,
}

impl From<LangName> for Lang {
    fn from(name: LangName) -> Self {
        match name {
            LangName::It => Self::It,
            LangName::En => Self::En,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SuiteName {
    Accreditation,
    Platform,
    RelyingParty,
}

impl From<SuiteName> for Suite {
    fn from(name: SuiteName) -> Self {
        match name {
            SuiteName::Accreditation => Self::Accreditation,
            SuiteName::Platform => Self::Platform,
            SuiteName::RelyingParty => Self::RelyingParty,
        }
    }
}

pub async fn run(arguments: Arguments) -> Result<End, CliError> {
    let plan = plan(&arguments)?;
    let read = arguments.parties.read()?;
    check_catchable(read.defect, &plan)?;
    prepare_out(&arguments.out)?;
    let seed = read.seed;
    let target = target_summary(&read.target);
    let defect = read.defect.map(|defect| defect.name());
    let application = read.application.profile.application(read.application.bundled, defect);
    let own_address = !read.application.bundled || !target.mock;
    let jobs = if own_address { 1 } else { arguments.jobs.max(1) };
    let (setup, environment) = read.setup(&arguments.out, &plan.catalogue).await?;
    if !setup.bundled {
        preflight(&setup).await;
    }
    let started = RunStarted {
        format: FORMAT,
        run_id: format!("{}-{seed}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ")),
        collaudo_version: env!("CARGO_PKG_VERSION").to_owned(),
        suite_digest: plan.catalogue.digest.clone(),
        seed,
        jobs,
        command: repeat_command(&arguments, seed),
        lang: arguments.lang.into(),
        application,
        target,
        environment,
        snapshot_mode: SNAPSHOT_MODE.to_owned(),
        requirements: plan.catalogue.requirements.clone(),
        scenarios: plan.scenarios.clone(),
        selection: selection(&arguments)?.words(),
        // A defect is there to be caught, whatever the level of the rule that it breaks.
        strict: arguments.strict || defect.is_some(),
    };
    let readiness = drive(setup, plan, started, &arguments).await?;
    Ok(match readiness {
        Readiness::Ready => End::Done,
        Readiness::NotReady => End::NotReady,
        Readiness::Incomplete => End::Incomplete,
    })
}

fn plan(arguments: &Arguments) -> Result<Plan, CliError> {
    let sources = match &arguments.features {
        Some(folder) => Sources::from_dir(folder)?,
        None => Sources::embedded()?,
    };
    let selection = selection(arguments)?;
    let plan = Plan::make(&sources, &selection)?;
    if plan.scenarios.is_empty() {
        return Err(CliError::NothingSelected(selection.words().join(", ")));
    }
    Ok(plan)
}

/// A broken application that no planned scenario can catch would be called ready: that run is refused.
fn check_catchable(defect: Option<Defect>, plan: &Plan) -> Result<(), CliError> {
    let Some(defect) = defect else { return Ok(()) };
    let covered = |id: &RequirementId| defect.requirements().contains(&id.as_str());
    if plan.scenarios.iter().any(|scenario| scenario.requirements.iter().any(covered)) {
        return Ok(());
    }
    Err(CliError::Uncaught { defect: defect.name(), requirements: defect.requirements().join(", ") })
}

fn selection(arguments: &Arguments) -> Result<Selection, CliError> {
    Ok(Selection {
        tags: arguments.tags.as_deref().map(Selection::parse_tags).transpose()?,
        requirements: arguments.requirement.clone(),
        suites: arguments.suite.iter().copied().map(Into::into).collect(),
    })
}

/// Clears what an earlier run left in the folder: reports never mix two runs.
fn prepare_out(out: &Path) -> Result<(), CliError> {
    let failed = |source| CliError::Write { path: out.to_owned(), source };
    std::fs::create_dir_all(out).map_err(failed)?;
    for file in ["run.jsonl", "report.html", "junit.xml", "report.json", "traffic.har", "messages.ndjson", "summary.md", "annotations.txt"]
    {
        match std::fs::remove_file(out.join(file)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    for folder in ["evidence", "snapshots"] {
        match std::fs::remove_dir_all(out.join(folder)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    Ok(())
}

async fn drive(setup: Arc<Setup>, plan: Plan, started: RunStarted, arguments: &Arguments) -> Result<Readiness, CliError> {
    let (sender, receiver) = unbounded_channel();
    let lang = arguments.lang.into();
    let report_path = arguments.out.join(if arguments.report.contains(&Format::Html) { "report.html" } else { "run.jsonl" });
    let style = Style { interactive: std::io::stderr().is_terminal(), colour: colour(), lang };
    let mut reporters: Vec<Box<dyn Reporter>> =
        vec![Box::new(JsonLines::create(arguments.out.join("run.jsonl"))?), Box::new(console(std::io::stdout(), style, report_path))];
    let browser = setup.clone();
    let engine = async {
        let finished = runner::run(setup, plan, started, signals::stop(), sender).await;
        browser.browser.close().await;
        finished
    };
    let (_, reported) = tokio::join!(engine, follow(receiver, &mut reporters, arguments));
    reported
}

/// Feeds the reporters and renders the reports; the readiness is that of the fold, as every report says it.
async fn follow(
    mut events: UnboundedReceiver<Event>,
    reporters: &mut [Box<dyn Reporter>],
    arguments: &Arguments,
) -> Result<Readiness, CliError> {
    let mut run: Option<Run> = None;
    while let Some(event) = events.recv().await {
        let record = Record { at: Timestamp::now(), event };
        match &mut run {
            None => run = Some(Run::start(&record)?),
            Some(run) => run.apply(&record)?,
        }
        for reporter in reporters.iter_mut() {
            reporter.record(&record)?;
        }
    }
    let run = run.ok_or_else(|| CliError::Other("the run ended before it began".to_owned()))?;
    write_reports(&run, &arguments.out, &arguments.out, &arguments.report, arguments.lang.into())?;
    for reporter in reporters.iter_mut() {
        reporter.finish()?;
    }
    Ok(run.readiness())
}

/// Renders the formats into `out`, each complete before it takes its name.
/// `kept` is the run's own folder, where its screenshots are; `out` is where the reports go.
pub fn write_reports(run: &Run, kept: &Path, out: &Path, formats: &[Format], lang: Lang) -> Result<(), CliError> {
    for format in formats {
        let (name, text) = match format {
            Format::Html => ("report.html", render_html(run, lang, |path| std::fs::read(kept.join(path)).ok())?),
            Format::Junit => ("junit.xml", render_junit(run)?),
            Format::Json => ("report.json", render_json(run)?),
            Format::Har => ("traffic.har", render_har(run)?),
            Format::Messages => ("messages.ndjson", render_messages(run)?),
            Format::Markdown => ("summary.md", render_markdown(run, lang)),
            Format::Annotations => ("annotations.txt", render_annotations(run)),
        };
        let path = out.join(name);
        let written = tempfile::NamedTempFile::new_in(out).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.persist(&path).map_err(|error| error.error)
        });
        written.map_err(|source| CliError::Write { path, source })?;
    }
    Ok(())
}

pub fn colour() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// The command line as given, with the seed: what repeats this run.
fn repeat_command(arguments: &Arguments, seed: u64) -> String {
    let mut words: Vec<String> = std::env::args().skip(1).map(|word| quoted(&word)).collect();
    if arguments.parties.seed.is_none() {
        words.extend(["--seed".to_owned(), seed.to_string()]);
    }
    format!("collaudo {}", words.join(" "))
}

fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
