//! `collaudo report`: renders a finished, or an interrupted, run again.

use std::path::PathBuf;

use super::run::{Format, LangName, write_reports};
use super::{CliError, End};
use crate::report::{Run, read_jsonl};

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of a run, or its run.jsonl.
    #[arg(value_name = "DIR", default_value = "collaudo-report")]
    run: PathBuf,
    /// Reports to write.
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "html,junit,json")]
    report: Vec<Format>,
    /// Language of the reports; without it the run's own.
    #[arg(long, value_name = "it|en")]
    lang: Option<LangName>,
    /// Folder to write to; without it the run's own.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result<End, CliError> {
    let file = if arguments.run.is_dir() { arguments.run.join("run.jsonl") } else { arguments.run.clone() };
    let folder = file.parent().map_or_else(PathBuf::new, PathBuf::from);
    let (records, torn) = read_jsonl(&file)?;
    if let Some(torn) = torn {
        anstream::eprintln!(
            "warning: {}:{}: the last line was cut after {} bytes: the run ended there",
            file.display(),
            torn.line,
            torn.bytes
        );
    }
    let run = Run::fold(records)?;
    let lang = arguments.lang.map_or(run.started().lang, Into::into);
    let out = arguments.out.clone().unwrap_or_else(|| folder.clone());
    std::fs::create_dir_all(&out).map_err(|source| CliError::Write { path: out.clone(), source })?;
    write_reports(&run, &folder, &out, &arguments.report, lang)?;
    anstream::println!("{}: {}", run.readiness(), out.display());
    Ok(End::Done)
}
