//! `collaudo report`: renders a finished, or an interrupted, run again; or many of them as a history.

use std::path::{Path, PathBuf};

use super::bundle::{Seal, Sealing};
use super::console::{note, say};
use super::folder::{check_for_reports, check_names, check_place, names_us};
use super::follow::{write_reports, write_whole};
use super::gate::Gate;
use super::merge::{merge, record_of};
use super::run::{Format, LangName};
use super::{CliError, End};
use crate::domain::plain;
use crate::report::{Run, read_history, read_jsonl, render_history};

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of a run, or its run.jsonl; after the word `merge` the folders of all parts of one, which --out takes together.
    #[arg(value_name = "DIR", default_value = "collaudo-report", num_args = 1..)]
    run: Vec<PathBuf>,
    /// Reports to write.
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "html,junit,json")]
    report: Vec<Format>,
    /// Language of the reports; without it the run's own.
    #[arg(long, value_name = "it|en")]
    lang: Option<LangName>,
    /// Folder to write to; without it the run's own.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The run to tell the difference to; without it the one that the run itself was told.
    #[arg(long, value_name = "DIR")]
    previous: Option<PathBuf>,
    /// Show how the runs below this folder went, one after the other, as history.html there or in --out.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["run", "report", "bundle"])]
    history: Option<PathBuf>,
    #[command(flatten)]
    gate: Gate,
    #[command(flatten)]
    sealing: Sealing,
}

pub fn run(arguments: &Arguments) -> Result<End, CliError> {
    if let Some(folder) = &arguments.history {
        return history(arguments, folder);
    }
    let (sealing, gate) = (arguments.sealing.read()?, arguments.gate.read()?);
    let (place, whole) = match &arguments.run[..] {
        [word, parts @ ..] if word.as_os_str() == "merge" => {
            let out = arguments.out.clone().ok_or_else(|| CliError::Other("name the folder of the whole run with --out".to_owned()))?;
            merge(parts, &out, &own(&sealing))?;
            (out, true)
        }
        [run] => (run.clone(), false),
        _ => return Err(CliError::Other("several folders are the parts of one run: `collaudo report merge DIR… --out DIR`".to_owned())),
    };
    let file = record_of(&place);
    let folder = file.parent().map_or_else(PathBuf::new, PathBuf::from);
    let (records, torn) = read_jsonl(&file)?;
    if let Some(torn) = torn {
        note!("warning: {}:{}: the last line was cut after {} bytes: the run ended there", file.display(), torn.line, torn.bytes);
    }
    let mut run = Run::fold(records)?;
    if let Some(known) = gate.known() {
        run.set_baseline(known);
    }
    if let Some(folder) = &arguments.previous {
        compare(&mut run, folder)?;
    }
    let lang = arguments.lang.map_or(run.started().lang, Into::into);
    let out = arguments.out.clone().unwrap_or_else(|| folder.clone());
    match &arguments.out {
        Some(out) if !whole && *out != folder => check_for_reports(out, &own(&sealing))?,
        _ => check_names(&out)?,
    }
    std::fs::create_dir_all(&out).map_err(|source| CliError::Write { path: out.clone(), source })?;
    write_reports(&run, &folder, &out, &arguments.report, lang)?;
    say!("{}: {}", run.readiness(), out.display());
    if !run.selection().is_empty() {
        say!("only a part of the suite was run: {}", plain(&run.selection().join(", ")));
    }
    if run.is_interrupted() {
        let (judged, planned) = (run.counts().judged(), run.counts().planned);
        say!("the run was interrupted: {judged} of {planned} scenarios have a verdict");
    }
    if let Some(seal) = sealing {
        seal.write(&run, &folder, &out)?;
    }
    let end = gate.end(&run)?;
    Ok(if whole { end } else { End::Done })
}

/// What is written besides reports.
fn own(sealing: &Option<Seal>) -> Vec<&Path> {
    sealing.iter().map(Seal::path).collect()
}

fn compare(run: &mut Run, folder: &Path) -> Result<(), CliError> {
    let previous = Run::fold(read_jsonl(&record_of(folder))?.0)?;
    let started = run.started();
    if !previous.is_of(&started.application, &started.target) {
        let (theirs, ours) = (&previous.started().application.name, &started.application.name);
        return Err(CliError::Other(format!(
            "{}: it is a run of {theirs} on {}, and not of {ours} on {}: two such runs have no difference to tell",
            folder.display(),
            previous.started().target.name,
            started.target.name
        )));
    }
    run.set_previous(&previous);
    Ok(())
}

fn history(arguments: &Arguments, folder: &PathBuf) -> Result<End, CliError> {
    let (runs, unread) = read_history(folder)?;
    for (path, why) in &unread {
        note!("warning: {}: left out: {}", path.display(), plain(&why.to_string()));
    }
    let last = runs.last().ok_or_else(|| CliError::Other(format!("no run is below {}", folder.display())))?;
    let lang = arguments.lang.map_or(last.lang, Into::into);
    let out = arguments.out.as_ref().unwrap_or(folder).join("history.html");
    check_place(&out, "history of runs", names_us)?;
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder).map_err(|source| CliError::Write { path: folder.to_owned(), source })?;
    }
    write_whole(&out, render_history(&runs, lang)?.as_bytes())?;
    say!("{} runs: {}", runs.len(), out.display());
    Ok(End::Done)
}
