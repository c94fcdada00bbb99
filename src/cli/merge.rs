//! `collaudo report merge`: the parts of one run, judged as a whole.

use std::path::{Path, PathBuf};

use super::CliError;
use super::folder::prepare;
use crate::domain::Shard;
use crate::event::{Event, Record};
use crate::report::{FOLDERS, JsonLines, Reporter, read_jsonl, read_regular};

/// The record that a folder of a run, or the file itself, stands for.
pub fn record_of(place: &Path) -> PathBuf {
    if place.is_dir() { place.join("run.jsonl") } else { place.to_owned() }
}

/// Puts the parts' records and evidence into one folder. Every part has to be there.
/// `own` are files that are written into the folder besides.
pub fn merge(parts: &[PathBuf], out: &Path, own: &[&Path]) -> Result<(), CliError> {
    let mut read = Vec::new();
    for part in parts {
        let file = record_of(part);
        let (records, _) = read_jsonl(&file)?;
        read.push((file, records));
    }
    check_complete(&read)?;
    let given: Vec<&Path> = read.iter().map(|(file, _)| file.as_path()).collect();
    prepare(out, &given, own)?;
    for (file, _) in &read {
        for folder in FOLDERS {
            copy(&file.with_file_name(folder), &out.join(folder))?;
        }
    }
    let mut lines = JsonLines::create(out.join("run.jsonl"))?;
    for record in read.iter().flat_map(|(_, records)| records) {
        lines.record(record)?;
    }
    Ok(lines.finish()?)
}

fn check_complete(read: &[(PathBuf, Vec<Record>)]) -> Result<(), CliError> {
    let other = |message: String| Err(CliError::Other(message));
    let mut found: Vec<Shard> = Vec::new();
    for (file, records) in read {
        match records.first().map(|record| &record.event) {
            Some(Event::RunStarted(started)) => match started.shard {
                Some(shard) if found.contains(&shard) => return other(format!("{}: the part {shard} is there twice", file.display())),
                Some(shard) => found.push(shard),
                None => return other(format!("{} is a whole run, and no part of one (`collaudo run --shard I/N`)", file.display())),
            },
            _ => return other(format!("{} does not start with the beginning of a run", file.display())),
        }
    }
    let Some(first) = found.first() else { return other("name the folders of the parts to merge".to_owned()) };
    if let Some(odd) = found.iter().find(|shard| shard.of != first.of) {
        return other(format!("the parts {first} and {odd} are of different divisions"));
    }
    let missing: Vec<String> = (1..=first.of)
        .map(|index| Shard { index, of: first.of })
        .filter(|shard| !found.contains(shard))
        .map(|shard| shard.to_string())
        .collect();
    if missing.is_empty() { Ok(()) } else { other(format!("the run is not whole: the part {} is missing", missing.join(", "))) }
}

/// Folders and regular files of a part. What a link leads to is not of the part.
fn copy(from: &Path, to: &Path) -> Result<(), CliError> {
    if !std::fs::symlink_metadata(from).is_ok_and(|facts| facts.is_dir()) {
        return Ok(());
    }
    let unread = |source| CliError::Read { path: from.to_owned(), source };
    std::fs::create_dir_all(to).map_err(|source| CliError::Write { path: to.to_owned(), source })?;
    for entry in std::fs::read_dir(from).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type().map_err(unread)?;
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            let bytes = read_regular(&entry.path()).map_err(|source| CliError::Read { path: entry.path(), source })?;
            std::fs::write(&target, bytes).map_err(|source| CliError::Write { path: target, source })?;
        }
    }
    Ok(())
}
