//! The folder of a run: made, or cleared of an earlier run's files. What is not a run's own is never touched.

use std::fs::{self, DirEntry, FileType};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::CliError;
use crate::report::{FILES, FOLDERS, read_regular};

/// The longest beginning of a record that is read to see whose it is.
const LONGEST: u64 = 16 * 1024 * 1024;
/// How much of a report is read for the same.
const BEGINNING: usize = 64 * 1024;
/// How many strange names an error tells.
const TOLD: usize = 5;

/// Makes the folder, or clears it of what an earlier run left there: reports never mix two runs. A folder that holds anything else is
/// refused before a byte of it has changed. `given` are files that the run reads, `own` those that it writes besides.
pub fn prepare(out: &Path, given: &[&Path], own: &[&Path]) -> Result<(), CliError> {
    let failed = |source| CliError::Write { path: out.to_owned(), source };
    if !is_there(out)? {
        return fs::create_dir_all(out).map_err(failed);
    }
    let mut entries: Vec<DirEntry> = fs::read_dir(out).and_then(Iterator::collect).map_err(failed)?;
    entries.retain(|entry| !own.iter().any(|own| same(&entry.path(), own)));
    if entries.is_empty() {
        return Ok(());
    }
    let inside = |path: &Path| path.canonicalize().is_ok_and(|path| out.canonicalize().is_ok_and(|out| path.starts_with(out)));
    if let Some(read) = given.iter().find(|path| inside(path)) {
        return Err(refused(out, &format!("{} lies in it, which this run reads", read.display())));
    }
    if !holds_a_record(&out.join("run.jsonl")) {
        return Err(refused(out, "it is not empty, and holds no record of a run (run.jsonl)"));
    }
    check_strangers(out, &entries)?;
    for entry in entries {
        let removed = if entry.path().is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        removed.map_err(failed)?;
    }
    Ok(())
}

/// Refuses to put reports into a folder that was named for them and holds anything else. `own` are files that are written besides.
pub fn check_for_reports(out: &Path, own: &[&Path]) -> Result<(), CliError> {
    if !is_there(out)? {
        return Ok(());
    }
    let failed = |source| CliError::Write { path: out.to_owned(), source };
    let mut entries: Vec<DirEntry> = fs::read_dir(out).and_then(Iterator::collect).map_err(failed)?;
    entries.retain(|entry| !own.iter().any(|own| same(&entry.path(), own)));
    check_strangers(out, &entries)?;
    check_names(out)
}

/// Refuses to write a file where something stands that is no earlier one of its kind.
pub fn check_place(file: &Path, kind: &str, is_one: impl FnOnce(&[u8]) -> bool) -> Result<(), CliError> {
    let taken = || CliError::Taken { path: file.to_owned(), kind: kind.to_owned() };
    match fs::symlink_metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(CliError::Write { path: file.to_owned(), source }),
        Ok(_) => read_regular(file).ok().filter(|bytes| bytes.is_empty() || is_one(bytes)).map(drop).ok_or_else(taken),
    }
}

/// Whether a folder of this name is there; a link or a file in its place is refused.
fn is_there(out: &Path) -> Result<bool, CliError> {
    match fs::symlink_metadata(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(CliError::Write { path: out.to_owned(), source }),
        Ok(facts) if facts.is_dir() => Ok(true),
        Ok(_) => Err(refused(out, "it is a link or a file: name a folder of the run's own")),
    }
}

fn check_strangers(out: &Path, entries: &[DirEntry]) -> Result<(), CliError> {
    let mut strange = Vec::new();
    for entry in entries {
        strangers(entry, &mut strange).map_err(|source| CliError::Write { path: out.to_owned(), source })?;
    }
    if strange.is_empty() {
        return Ok(());
    }
    let names: Vec<String> =
        strange.iter().take(TOLD).map(|path| format!("`{}`", path.strip_prefix(out).unwrap_or(path).display())).collect();
    let more = if strange.len() > TOLD { ", and more" } else { "" };
    Err(refused(out, &format!("it holds what no run has left there: {}{more}", names.join(", "))))
}

/// Refuses to put a report into a folder where somebody else's file has its name.
pub fn check_names(out: &Path) -> Result<(), CliError> {
    if holds_a_record(&out.join("run.jsonl")) {
        return Ok(());
    }
    let taken =
        |name: &&str| fs::symlink_metadata(out.join(name)).is_ok() && !read_regular(&out.join(name)).is_ok_and(|report| names_us(&report));
    match FILES.into_iter().chain(FOLDERS).find(taken) {
        Some(name) => Err(refused(out, &format!("its `{name}` is of no run of collaudo"))),
        None => Ok(()),
    }
}

/// Whether a report begins as ours do.
pub fn names_us(report: &[u8]) -> bool {
    report.is_empty() || String::from_utf8_lossy(&report[..report.len().min(BEGINNING)]).contains("collaudo")
}

fn same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

fn refused(out: &Path, why: &str) -> CliError {
    CliError::Folder { path: out.to_owned(), why: why.to_owned() }
}

/// Whether a file begins as the record of a run does.
fn holds_a_record(file: &Path) -> bool {
    let is_file = fs::symlink_metadata(file).is_ok_and(|facts| facts.is_file());
    let mut first = Vec::new();
    let read = is_file.then(|| fs::File::open(file)).and_then(Result::ok);
    let whole = read.is_some_and(|file| BufReader::new(file.take(LONGEST)).read_until(b'\n', &mut first).is_ok());
    // One of an earlier version is ours too.
    whole && serde_json::from_slice::<Value>(&first).is_ok_and(|record| record["event"] == "run-started" && record["run_id"].is_string())
}

/// What of an entry, or in it, no run of ours has written.
fn strangers(entry: &DirEntry, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let (name, kind, path) = (entry.file_name(), entry.file_type()?, entry.path());
    let name = name.to_string_lossy();
    if kind.is_dir() && FOLDERS.contains(&name.as_ref()) {
        return strangers_below(&path, found);
    }
    if !(kind.is_file() && (FILES.contains(&name.as_ref()) || is_unfinished(&name))) {
        found.push(path);
    }
    Ok(())
}

/// A file that had not got its name yet when its run was killed.
fn is_unfinished(name: &str) -> bool {
    name.strip_prefix(".tmp").is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Screenshots, page sources and what an application wrote, a folder for each scenario; texts that differ from the approved ones.
fn strangers_below(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let is_own = |kind: FileType, path: &Path| {
        kind.is_file() && path.extension().is_some_and(|ending| ["png", "txt", "new"].iter().any(|own| ending.eq_ignore_ascii_case(own)))
    };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        match kind.is_dir() {
            true => strangers_below(&path, found)?,
            false if !is_own(kind, &path) => found.push(path),
            false => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const RECORD: &str = "{\"at\":\"2026-11-24T13:55:02Z\",\"event\":\"run-started\",\"format\":1,\"run_id\":\"20261124T135502Z-7\"}\n";

    fn with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        folder
    }

    fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.is_symlink() {
                found.extend(content(&path))
            } else {
                found.extend([(path.clone(), fs::read(path).expect("read"))])
            }
        }
        found
    }

    fn is_refused(folder: &Path, given: &[&Path], why: &str) {
        let before = content(folder);
        let said = prepare(folder, given, &[]).expect_err(why).to_string();
        assert!(said.contains(why), "{said}");
        assert_eq!(content(folder), before, "{why}");
    }

    #[test]
    fn what_an_earlier_run_left_goes() {
        let left = with(&[
            ("run.jsonl", RECORD),
            ("report.html", "x"),
            ("collaudo.toml", "x"),
            (".tmpAb12Cd", "x"),
            ("evidence/features-x/ada-1.png", "x"),
            ("evidence/features-x/ada-1.html.txt", "x"),
            ("snapshots/discovery.snap.new", "x"),
        ]);
        prepare(left.path(), &[], &[]).expect("it is a run's");
        assert!(content(left.path()).is_empty());
        let new = left.path().join("a/b");
        prepare(&new, &[], &[]).expect("it is made");
        prepare(&new, &[], &[]).expect("it is empty");
    }

    #[test]
    fn what_is_somebody_elses_stays_as_it_is() {
        let project = with(&[("collaudo.toml", "x"), ("report.json", "x"), ("evidence/a.png", "x"), ("snapshots/b.snap", "x")]);
        is_refused(project.path(), &[], "holds no record of a run");
        is_refused(with(&[("run.jsonl", "{\"event\":\"run-started\"}\n")]).path(), &[], "holds no record of a run");
        let own = [("run.jsonl", RECORD), ("collaudo.toml", "x")];
        let given = with(&own);
        is_refused(given.path(), &[&given.path().join("collaudo.toml")], "which this run reads");
        for (strange, told) in [
            ("notes.txt", "`notes.txt`"),
            ("evidence/features-x/notes.md", "`evidence/features-x/notes.md`"),
            ("snapshots/approved.snap", "`snapshots/approved.snap`"),
            (".git/config", "`.git`"),
            ("report.html/x", "`report.html`"),
        ] {
            is_refused(with(&[&own[..], &[(strange, "x")]].concat()).path(), &[], told);
        }
        let folder = with(&own);
        std::os::unix::fs::symlink("/dev/null", folder.path().join("report.html")).expect("a link");
        is_refused(folder.path(), &[], "report.html");
        let link = folder.path().join("snapshots");
        std::os::unix::fs::symlink(project.path(), &link).expect("a link");
        let said = prepare(&link, &[], &[]).expect_err("a link").to_string();
        assert!(said.contains("it is a link or a file"), "{said}");
    }

    #[test]
    fn a_bundle_beside_the_record_is_the_runs_own() {
        let folder = with(&[("run.jsonl", RECORD), ("bundle.zip", "x")]);
        is_refused(folder.path(), &[], "bundle.zip");
        prepare(folder.path(), &[], &[&folder.path().join("bundle.zip")]).expect("the run writes it anew");
        assert_eq!(content(folder.path()).len(), 1);
    }

    #[test]
    fn a_report_takes_nobodys_place() {
        for (files, refused) in [
            (vec![("run.jsonl", RECORD), ("report.html", "x")], None),
            (vec![("report.html", "<meta name=generator content=collaudo>")], None),
            (vec![("notes.txt", "x")], None),
            (vec![("report.html", "x")], Some("report.html")),
            (vec![("evidence/a.png", "x")], Some("evidence")),
        ] {
            let said = check_names(with(&files).path()).err().map(|error| error.to_string());
            assert_eq!(said.is_some(), refused.is_some(), "{files:?}: {said:?}");
            assert!(said.unwrap_or_default().contains(refused.unwrap_or_default()));
        }
    }
}
