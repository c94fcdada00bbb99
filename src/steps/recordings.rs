//! The files in which a target's answers are kept in kind, a folder for each target: insta's snapshots, in the repository of whoever
//! records (`collaudo record`). What differs lies beside them, or in a report's folder, as insta's `.snap.new`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::checks::{Change, Recording};
use crate::report::write_whole;

/// How a line ends that tells of an answer which is nothing to go by.
pub const NOT_RECORDED: &str = ", and was not recorded";

const APPROVED: &str = "snap";
const PENDING: &str = "snap.new";

/// The recordings of one target, as a run uses them.
pub struct Recordings {
    /// Where the approved ones are.
    pub folder: PathBuf,
    /// Whether what is not there yet is written: only `collaudo record` does.
    pub writes: bool,
    /// On which day the run before this one, or an earlier one, saw each change first.
    pub first_seen: FirstSeen,
}

/// Days by the name of the recording and the words of the change.
pub type FirstSeen = BTreeMap<String, BTreeMap<String, Date>>;

/// A recording with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub recording: Recording,
    pub facts: Facts,
}

/// What stands in a file's head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub recorded_on: Date,
    /// How long the answer took.
    pub milliseconds: u64,
    /// Of a pending one: since when each of its changes is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub first_seen: BTreeMap<String, Date>,
}

impl Facts {
    pub fn took(&self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }
}

/// A file that is no recording.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read as a recording: {why}", path.display())]
pub struct Unreadable {
    path: PathBuf,
    why: String,
}

/// Beside the target file, `snapshots/` and the target's name in small letters.
pub fn usual_folder(target_file: &Path, name: &str) -> PathBuf {
    target_file.parent().unwrap_or(Path::new("")).join("snapshots").join(folder_name(name))
}

/// Where a run leaves what differs from the recordings in this folder, below the snapshots of its report.
pub fn left_by_a_run(snapshots: &Path, recordings: &Path) -> PathBuf {
    snapshots.join(recordings.file_name().unwrap_or_default())
}

/// A target's name as a folder is called.
fn folder_name(name: &str) -> String {
    let dashed: String = name.to_lowercase().chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
    let words: Vec<&str> = dashed.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "target".to_owned() } else { words.join("-") }
}

impl Recordings {
    pub fn approved(&self, name: &str) -> Result<Option<Kept>, Unreadable> {
        read(&path(&self.folder, name, APPROVED))
    }

    /// Whether there is an approved one of this name.
    pub fn has(&self, name: &str) -> bool {
        path(&self.folder, name, APPROVED).is_file()
    }

    /// Whether anything of the target was recorded.
    pub fn is_empty(&self) -> bool {
        names(&self.folder, APPROVED).is_empty()
    }

    /// Since when a change is known; today, if nobody has seen it before.
    pub fn since(&self, name: &str, change: &Change) -> Date {
        let known = self.first_seen.get(name).and_then(|changes| changes.get(&change.to_string()));
        known.copied().unwrap_or_else(today)
    }
}

/// The day that it is, in UTC.
pub fn today() -> Date {
    jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// Writes an approved recording.
///
/// # Errors
/// When the file cannot be written.
pub fn approve(folder: &Path, name: &str, kept: &Kept) -> io::Result<()> {
    let facts = Facts { first_seen: BTreeMap::new(), ..kept.facts.clone() };
    write(&path(folder, name, APPROVED), &Kept { facts, recording: kept.recording.clone() })
}

/// Leaves a recording for a person to look at.
///
/// # Errors
/// When the file cannot be written.
pub fn leave(folder: &Path, name: &str, kept: &Kept) -> io::Result<()> {
    write(&path(folder, name, PENDING), kept)
}

/// Removes what was left for a person to look at.
///
/// # Errors
/// When the file is there and cannot be removed.
pub fn forget(folder: &Path, name: &str) -> io::Result<()> {
    match std::fs::remove_file(path(folder, name, PENDING)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What waits in a folder for a person to look at, by name.
///
/// # Errors
/// When a file of such a name is none.
pub fn pending(folder: &Path) -> Result<BTreeMap<String, Kept>, Unreadable> {
    all(folder, PENDING)
}

/// Since when the changes are known that wait in a folder. What cannot be read tells nothing.
pub fn first_seen(folder: &Path) -> FirstSeen {
    let all = names(folder, PENDING).into_iter();
    all.filter_map(|name| Some((read(&path(folder, &name, PENDING)).ok()??.facts.first_seen, name)))
        .map(|(days, name)| (name, days))
        .collect()
}

/// Every approved recording of a folder, by name.
///
/// # Errors
/// When a file of such a name is none.
pub fn approved_all(folder: &Path) -> Result<BTreeMap<String, Kept>, Unreadable> {
    all(folder, APPROVED)
}

fn all(folder: &Path, ending: &str) -> Result<BTreeMap<String, Kept>, Unreadable> {
    let names = names(folder, ending).into_iter();
    names.filter_map(|name| read(&path(folder, &name, ending)).map(|kept| Some((name, kept?))).transpose()).collect()
}

fn path(folder: &Path, name: &str, ending: &str) -> PathBuf {
    folder.join(format!("{name}.{ending}"))
}

fn names(folder: &Path, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(&format!(".{ending}"))?.to_owned())).collect();
    names.sort();
    names
}

/// Read by insta itself, so that its own tools may have written the file.
fn read(path: &Path) -> Result<Option<Kept>, Unreadable> {
    let unreadable = |why: &dyn std::fmt::Display| Unreadable { path: path.to_owned(), why: why.to_string() };
    if !path.is_file() {
        return Ok(None);
    }
    let head = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    if !head.starts_with("---") {
        return Err(unreadable(&"it has no head, as a snapshot of insta's has"));
    }
    let snapshot = insta::Snapshot::from_file(path).map_err(|error| unreadable(&error))?;
    let info = snapshot.metadata().private_info().ok_or_else(|| unreadable(&"it has no `info` in its head"))?;
    let facts = serde_json::to_value(info).and_then(serde_json::from_value).map_err(|error| unreadable(&error))?;
    let text = snapshot.as_text().ok_or_else(|| unreadable(&"it is no text"))?.to_string();
    Ok(Some(Kept { recording: text.parse().map_err(|error| unreadable(&error))?, facts }))
}

fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // A map of JSON is one of YAML too.
    let facts = serde_json::to_string(&kept.facts)?;
    write_whole(path, format!("---\nsource: collaudo record\ninfo: {facts}\n---\n{}", kept.recording).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Kept {
        let facts = Facts { recorded_on: jiff::civil::date(2026, 11, 20), milliseconds: 12, first_seen: BTreeMap::new() };
        Kept { recording: text.parse().expect("a recording"), facts }
    }

    #[test]
    fn a_recording_survives_its_file_and_a_pending_one_keeps_its_days() {
        let folder = tempfile::tempdir().expect("a folder");
        let approved_one = kept("body: object\nbody.id: whole number\nheader cache-control no-store: there\n");
        approve(folder.path(), "patients", &approved_one).expect("written");
        assert_eq!(approved_all(folder.path()).expect("read"), BTreeMap::from([("patients".to_owned(), approved_one.clone())]));
        let mut later = kept("body: object\nbody.id: text\n");
        let change = &approved_one.recording.changes(&later.recording)[0];
        later.facts.first_seen.insert(change.to_string(), jiff::civil::date(2026, 11, 27));
        leave(folder.path(), "patients", &later).expect("left");
        assert_eq!(pending(folder.path()).expect("read"), BTreeMap::from([("patients".to_owned(), later)]));
        let recordings = Recordings { folder: folder.path().to_owned(), writes: false, first_seen: first_seen(folder.path()) };
        assert_eq!(recordings.since("patients", change), jiff::civil::date(2026, 11, 27));
        assert_eq!(recordings.since("agendas", change), today());
        forget(folder.path(), "patients").expect("removed");
        assert!(pending(folder.path()).expect("read").is_empty() && !recordings.is_empty());
    }

    #[test]
    fn a_file_that_is_no_recording_is_told_with_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        for text in [
            "",
            "no head",
            "---\nsource: x\n---\na: text\n",
            "---\ninfo: {\"recorded_on\":\"2026-11-20\",\"milliseconds\":1}\n---\nnothing\n",
        ] {
            std::fs::write(folder.path().join("x.snap"), text).expect("written");
            let told = approved_all(folder.path()).expect_err(text).to_string();
            assert!(told.contains("x.snap"), "{told}");
        }
    }

    #[test]
    fn a_folder_is_called_after_its_target() {
        assert_eq!(usual_folder(Path::new("ci/sandbox.toml"), "GipoNext Sandbox (2)"), Path::new("ci/snapshots/giponext-sandbox-2"));
        assert_eq!(usual_folder(Path::new("sandbox.toml"), "../.."), Path::new("snapshots/target"));
        assert_eq!(left_by_a_run(Path::new("out/snapshots"), Path::new("ci/snapshots/target")), Path::new("out/snapshots/target"));
    }
}
