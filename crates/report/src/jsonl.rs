use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tempfile::NamedTempFile;

use super::{ReportError, Reporter, read_regular};
use crate::event::{FORMAT, Record};

/// Writes `run.jsonl`: one record on each line, on disk before the next one comes. The file takes its name with its first line, so
/// whatever ends the program leaves a run that can be read, or none.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: Begun,
}

#[derive(Debug)]
enum Begun {
    Unnamed(Option<NamedTempFile>),
    Named(File),
}

impl JsonLines {
    /// Starts the file anew.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, ReportError> {
        let path = path.into();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match NamedTempFile::new_in(folder) {
            Ok(file) => Ok(Self { path, file: Begun::Unnamed(Some(file)) }),
            Err(source) => Err(ReportError::File { verb: "create", path, source }),
        }
    }

    fn write(&mut self, line: &[u8]) -> std::io::Result<()> {
        match &mut self.file {
            Begun::Named(file) => file.write_all(line).and_then(|()| file.flush()),
            Begun::Unnamed(file) => {
                let mut file = file.take().ok_or_else(|| std::io::Error::other("its first line was not written"))?;
                file.write_all(line)?;
                file.flush()?;
                self.file = Begun::Named(file.persist(&self.path).map_err(|error| error.error)?);
                Ok(())
            }
        }
    }
}

impl Reporter for JsonLines {
    fn record(&mut self, record: &Record) -> Result<(), ReportError> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.write(&line).map_err(|source| ReportError::File { verb: "write to", path: self.path.clone(), source })
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let Begun::Named(file) = &self.file else { return Ok(()) };
        file.sync_all().map_err(|source| ReportError::File { verb: "write to", path: self.path.clone(), source })
    }
}

/// An event, in bytes: the longest of a run are a few hundred thousand.
const LONGEST: usize = 16 << 20;

/// A last line that was cut while it was written: the run ended there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Torn {
    /// 1-based.
    pub line: usize,
    /// Bytes of it that were written.
    pub bytes: usize,
}

/// # Errors
/// When the file cannot be read, was written in a newer event format, or a line other than a torn last one is not an event.
pub fn read_jsonl(path: &Path) -> Result<(Vec<Record>, Option<Torn>), ReportError> {
    // The record itself is named by whoever reads it: it may be reached through a link.
    let bytes = read_regular(&path.canonicalize().unwrap_or_else(|_| path.to_owned())).map_err(|source| ReportError::File {
        verb: "read",
        path: path.to_owned(),
        source,
    })?;
    parse_jsonl(path, &bytes)
}

/// The same for bytes that were read already; `path` is for messages.
///
/// # Errors
/// As [`read_jsonl`], but for reading.
pub fn parse_jsonl(path: &Path, bytes: &[u8]) -> Result<(Vec<Record>, Option<Torn>), ReportError> {
    let mut records = Vec::new();
    let mut torn = None;
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if line.len() > LONGEST {
            return Err(ReportError::TooLong { path: path.to_owned(), line: index + 1, most: LONGEST });
        }
        match serde_json::from_slice::<Record>(line) {
            Ok(record) => records.push(record),
            Err(_) if is_newer(line).is_some() => {
                return Err(ReportError::TooNew { found: is_newer(line).unwrap_or_default(), known: FORMAT });
            }
            Err(_) if !line.ends_with(b"\n") => torn = Some(Torn { line: index + 1, bytes: line.len() }),
            Err(source) => return Err(ReportError::Line { path: path.to_owned(), line: index + 1, source }),
        }
    }
    Ok((records, torn))
}

/// The format of a start that this version cannot read, where it is a newer one.
fn is_newer(line: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct Start {
        format: u32,
    }
    serde_json::from_slice::<Start>(line).ok().map(|start| start.format).filter(|format| *format > FORMAT)
}
