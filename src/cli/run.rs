//! `collaudo run`.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;

use super::bundle::{Seal, Sealing};
use super::compose::{Parties, SNAPSHOTS, target_summary};
use super::console::{note, say};
use super::follow::{Delivery, drive};
use super::gate::Gate;
use super::nearest::did_you_mean;
use super::{CliError, End, VERSION, folder, profile, signals};
use crate::catalogue::{Catalogue, Place, Selection, Sources};
use crate::domain::{Application, KnownFailure, RequirementId, Shard, Suite, Verdict, plain};
use crate::event::{FORMAT, Lang, RunStarted};
use crate::relying_party::Defect;
use crate::report::{DIVISION, PROFILE, Run, ScenarioRun, TARGET, read_jsonl};
use crate::runner::Plan;
use crate::steps::recordings::{first_seen, left_by_a_run};
use crate::steps::{SNAPSHOT_MODE, Sight, Target, preflight};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    parties: Parties,
    /// Run these scenarios only: by place, such as features/token/id_token.feature:19 (without the line the whole feature, or the features
    /// of a folder), by title, or by a requirement's id. The line of a row of what a scenario tries runs that row alone.
    #[arg(value_name = "PLACE")]
    places: Vec<Place>,
    /// Count a recommendation (SHOULD, Q) that does not hold as a failure; with --defect it always counts.
    #[arg(long)]
    strict: bool,
    /// Run the scenarios again that did not hold in the run before this one: of --previous, or of the report's folder.
    #[arg(long, conflicts_with_all = ["places", "shard"])]
    last_failed: bool,
    /// Run this suite only; may be repeated.
    #[arg(long, value_name = "SUITE")]
    suite: Vec<SuiteName>,
    /// Run the scenarios that this tag expression selects, such as "@popup and not @negative".
    #[arg(long, value_name = "EXPR")]
    tags: Option<String>,
    /// Run the scenarios of this requirement only; may be repeated.
    #[arg(long, value_name = "ID", num_args = 1..)]
    requirement: Vec<RequirementId>,
    /// Scenarios that run at the same time; 1 for an application with an address of its own (no `{port}` in its profile). Without it
    /// two for each core: most of a scenario is waiting.
    #[arg(long, value_name = "N", default_value_t = usual_jobs(), value_parser = jobs)]
    jobs: usize,
    /// Run one part of the selected scenarios, such as 1/3; `collaudo report merge` puts the parts together.
    #[arg(long, value_name = "I/N", requires = "seed")]
    shard: Option<Shard>,
    #[command(flatten)]
    gate: Gate,
    /// Folder of the report.
    #[arg(long, value_name = "DIR", default_value = "collaudo-report")]
    out: PathBuf,
    /// Reports to write beside run.jsonl.
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "html,junit,json")]
    report: Vec<Format>,
    /// Language of the reports.
    #[arg(long, value_name = "it|en", default_value = "en")]
    lang: LangName,
    /// The run to tell the difference to; without it the one that was in the report's folder.
    #[arg(long, value_name = "DIR")]
    previous: Option<PathBuf>,
    #[command(flatten)]
    sealing: Sealing,
    /// Run the features of this folder instead of the built-in ones.
    #[arg(long, value_name = "DIR")]
    features: Option<PathBuf>,
}

fn usual_jobs() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get() * 2)
}

fn jobs(text: &str) -> Result<usize, String> {
    let at_least_one = || "at least one scenario has to run at a time: write a number from 1 on".to_owned();
    text.parse().ok().filter(|jobs| *jobs > 0).ok_or_else(at_least_one)
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

impl Arguments {
    /// The folder of the run before this one.
    fn before(&self) -> &Path {
        self.previous.as_deref().unwrap_or(&self.out)
    }

    /// A run of one requirement's scenarios that is reported by nothing but its record.
    pub fn of(parties: Parties, requirement: RequirementId, out: PathBuf) -> Self {
        Self {
            parties,
            requirement: vec![requirement],
            out,
            places: Vec::new(),
            last_failed: false,
            strict: false,
            suite: Vec::new(),
            tags: None,
            jobs: 1,
            shard: None,
            gate: Gate::default(),
            report: Vec::new(),
            lang: LangName::En,
            previous: None,
            sealing: Sealing::default(),
            features: None,
        }
    }
}

pub async fn run(mut arguments: Arguments) -> Result<End, CliError> {
    let gate = arguments.gate.read()?;
    if arguments.last_failed {
        // Read before the folder is cleared for this run.
        arguments.places = last_failed(&arguments)?;
        if arguments.places.is_empty() {
            say!("nothing failed in the run of {}", arguments.before().display());
            return Ok(End::Done);
        }
    }
    match carry_out(arguments, gate.known(), false).await? {
        Some(run) => gate.end(&run),
        None => Ok(End::Incomplete),
    }
}

/// Runs what the arguments select; `records` is for a run that keeps what a target answers, and tells nothing. `None` where it was
/// stopped before its first scenario.
pub async fn carry_out(arguments: Arguments, baseline: Option<Vec<KnownFailure>>, records: bool) -> Result<Option<Run>, CliError> {
    let plan = plan(&arguments)?;
    let mut read = arguments.parties.read()?;
    if let Some(recordings) = &mut read.recordings {
        recordings.writes = records;
        recordings.first_seen = first_seen(&left_by_a_run(&arguments.before().join(SNAPSHOTS), &recordings.folder));
    }
    check_catchable(read.defect, &plan)?;
    let sealing = arguments.sealing.read()?;
    let previous = previous(&arguments)?;
    profile::check_waivers(&read.application.profile, &plan.catalogue.requirements)?;
    let profiles = profiles(&arguments)?;
    let read_by_it: Vec<&Path> = given(&arguments).into_iter().flatten().collect();
    folder::prepare(&arguments.out, &read_by_it, &sealing.iter().map(Seal::path).collect::<Vec<_>>())?;
    let seed = read.seed;
    let target = target_summary(&read.target);
    let defect = read.defect.map(|defect| defect.name());
    let mut application = read.application.profile.application(read.application.bundled, defect);
    if let Target::Remote(remote) = &read.target {
        application.client_ids.push(remote.file.client.client_id.clone());
    }
    let app = &read.application.profile.app;
    // A program is started anew for each sign-in and has no address that two scenarios could quarrel over.
    let fixed_address = app.r#type.has_pages() && !read.application.bundled && !app.takes_a_port();
    let own_address = fixed_address || !target.mock;
    let jobs = if own_address { 1 } else { arguments.jobs };
    let (setup, environment) = read.setup(&arguments.out, &plan.catalogue).await?;
    if !setup.bundled {
        let looks = tokio::select! {
            looks = preflight(&setup, false) => Some(looks),
            () = signals::stop() => None,
        };
        let Some(looks) = looks else {
            setup.end().await;
            note!("stopped before the first scenario");
            return Ok(None);
        };
        // What makes the run hopeless is the reason of its scenarios.
        for look in looks.iter().filter(|look| matches!(look.sight, Sight::Wrong | Sight::Doubtful)) {
            note!("warning: {}: {}", look.what, plain(&look.told));
        }
    }
    let application = Application { learned: setup.learned(), ..application };
    let started = RunStarted {
        format: FORMAT,
        run_id: format!("{}-{seed}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ")),
        collaudo_version: VERSION.to_owned(),
        suite_digest: plan.catalogue.digest.clone(),
        seed,
        jobs,
        command: repeat_command(&arguments, seed),
        lang: arguments.lang.into(),
        environment,
        snapshot_mode: SNAPSHOT_MODE.to_owned(),
        requirements: plan.catalogue.requirements_for(application.r#type.name()),
        scenarios: plan.scenarios.clone(),
        selection: words(&arguments)?,
        shard: arguments.shard,
        previous: previous.filter(|previous| previous.is_of(&application, &target)).map(|previous| Box::new(previous.told())),
        application,
        target,
        waivers: setup.profile.waivers.clone(),
        baseline,
        // A defect is there to be caught, whatever the level of the rule that it breaks.
        strict: arguments.strict || defect.is_some(),
    };
    let (lang, formats, told) = (arguments.lang.into(), arguments.report, !records);
    let delivery = Delivery { out: arguments.out, formats, lang, sealing, told, profiles };
    drive(setup, plan, started, &delivery).await.map(Some)
}

/// The run before this one; one that cannot be read is passed over, unless it was named.
fn previous(arguments: &Arguments) -> Result<Option<Run>, CliError> {
    let fold = |folder: &Path| -> Result<Run, CliError> { Ok(Run::fold(read_jsonl(&folder.join("run.jsonl"))?.0)?) };
    match &arguments.previous {
        Some(folder) => fold(folder).map(Some),
        None => Ok(fold(&arguments.out).ok()),
    }
}

fn plan(arguments: &Arguments) -> Result<Plan, CliError> {
    let sources = match &arguments.features {
        Some(folder) => Sources::from_dir(folder)?,
        None => Sources::embedded()?,
    };
    let selection = selection(arguments)?;
    let mut plan = Plan::make(&sources, &selection)?;
    if let Some(place) = plan.nowhere.first() {
        return Err(CliError::Nowhere(place.clone(), places_like(place, &plan.catalogue)));
    }
    if let Some(shard) = arguments.shard {
        plan = plan.part(shard);
    }
    if plan.scenarios.is_empty() {
        return Err(CliError::NothingSelected(words(arguments)?.join(", "), meant_instead(arguments, &plan.catalogue)));
    }
    Ok(plan)
}

/// What somebody who typed a place most likely meant.
fn places_like(place: &Place, catalogue: &Catalogue) -> String {
    let typed = place.to_string();
    // Of a line that is none the feature counts.
    let typed = place.line().map_or(typed.as_str(), |(path, _)| path);
    let scenarios = catalogue.scenarios.iter();
    let files = scenarios.clone().filter_map(|scenario| scenario.id.0.rsplit_once(':')).map(|(path, _)| path);
    let names = scenarios.flat_map(|scenario| scenario.requirements.iter().map(RequirementId::as_str).chain([scenario.title.as_str()]));
    let known: Vec<&str> = files.chain(names).collect();
    if known.contains(&typed) { String::new() } else { did_you_mean(typed, known) }
}

/// Names of the selection that are none, with what was most likely meant.
fn meant_instead(arguments: &Arguments, catalogue: &Catalogue) -> String {
    let ids: Vec<&str> = catalogue.requirements.iter().map(|requirement| requirement.id.as_str()).collect();
    let tags: Vec<String> = catalogue.scenarios.iter().flat_map(|scenario| &scenario.tags).map(|tag| format!("@{tag}")).collect();
    let typed_tags = arguments.tags.iter().flat_map(|expression| expression.split(|c: char| c.is_whitespace() || "()".contains(c)));
    let ids_meant =
        arguments.requirement.iter().map(RequirementId::as_str).filter(|id| !ids.contains(id)).map(|id| did_you_mean(id, ids.clone()));
    let unknown = typed_tags.filter(|tag| tag.starts_with('@') && !tags.iter().any(|known| known == tag));
    let tags_meant = unknown.map(|tag| did_you_mean(tag, tags.iter().map(String::as_str)));
    ids_meant.chain(tags_meant).collect()
}

/// The scenarios of the run before this one that did not hold, or were not judged.
fn last_failed(arguments: &Arguments) -> Result<Vec<Place>, CliError> {
    let run = Run::fold(read_jsonl(&arguments.before().join("run.jsonl"))?.0)?;
    let fell = |scenario: &&ScenarioRun| {
        scenario.finished().is_none_or(|finished| matches!(finished.verdict, Verdict::Failed | Verdict::Inconclusive | Verdict::Errored))
    };
    Ok(run.scenarios().iter().filter(fell).map(|scenario| Place::of(&scenario.summary.id)).collect())
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

/// The selection in words, and the part of it. Features of somebody else's are not the suite, whole as they may be.
fn words(arguments: &Arguments) -> Result<Vec<String>, CliError> {
    let mut words = selection(arguments)?.words();
    words.extend(arguments.features.as_ref().map(|folder| format!("features of {}", folder.display())));
    words.extend(arguments.shard.map(|shard| format!("{DIVISION}{shard}")));
    Ok(words)
}

fn selection(arguments: &Arguments) -> Result<Selection, CliError> {
    Ok(Selection {
        tags: arguments.tags.as_deref().map(Selection::parse_tags).transpose()?,
        requirements: arguments.requirement.clone(),
        suites: arguments.suite.iter().copied().map(Into::into).collect(),
        places: arguments.places.clone(),
    })
}

/// What the run was told, beside what it found; secrets are in no profile.
fn profiles(arguments: &Arguments) -> Result<Vec<(&'static str, Vec<u8>)>, CliError> {
    let read = |(path, kept): (&Path, &'static str)| match std::fs::read(path) {
        Ok(text) => Ok((kept, text)),
        Err(source) => Err(CliError::Read { path: path.to_owned(), source }),
    };
    given(arguments).into_iter().zip([PROFILE, TARGET]).filter_map(|(path, kept)| Some((path?, kept))).map(read).collect()
}

/// Profile and target file, where they are named.
fn given(arguments: &Arguments) -> [Option<&Path>; 2] {
    [arguments.parties.app.as_deref(), (arguments.parties.target != "mock").then(|| Path::new(&arguments.parties.target))]
}

/// The command line as given, with the seed: what repeats this run. What failed last is another thing each time, and is named.
fn repeat_command(arguments: &Arguments, seed: u64) -> String {
    let given = std::env::args().skip(1).flat_map(|word| match word.as_str() {
        "--last-failed" => arguments.places.iter().map(Place::to_string).collect(),
        _ => vec![word],
    });
    let mut words: Vec<String> = given.map(|word| quoted(&word)).collect();
    if arguments.parties.seed.is_none() {
        words.extend(["--seed".to_owned(), seed.to_string()]);
    }
    format!("collaudo {}", words.join(" "))
}

fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
