use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use serde_json::Value;

use super::entries::{Entry, join, split};

/// The digest of what was last written, by kind and key.
type Seen = HashMap<(String, String), u64>;

/// SQLite's `application_id` of our files: `coll`.
const APPLICATION: i32 = 0x636f_6c6c;
/// Of the tables and of what is in them; another one is not read.
const FORMAT: i32 = 1;
/// How long to wait for another process that has the file open.
const PATIENCE: Duration = Duration::from_millis(500);

/// Why a data file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("failed to open the data file {}: {reason}", path.display())]
    Open { path: PathBuf, reason: String },
    #[error("{} is not a data file of collaudo", path.display())]
    Foreign { path: PathBuf },
    #[error("the data file {} is of format {found}, and this program reads format {FORMAT}", path.display())]
    Format { path: PathBuf, found: i32 },
    #[error("the data file {} is in use by another process", path.display())]
    InUse { path: PathBuf },
    #[error("the data file {} is damaged: {reason}", path.display())]
    Unsound { path: PathBuf, reason: String },
    #[error("failed to write to the data file: {0}")]
    Write(#[from] rusqlite::Error),
    #[error("failed to encode what changed: {0}")]
    Encode(serde_json::Error),
    #[error("writing to the data file was interrupted")]
    Interrupted,
    #[error("the data file could not be written meanwhile: what this request changed is undone")]
    Undone,
    #[error("failed to go back to what the data file holds: {0}")]
    Restore(String),
}

/// An SQLite file with what was last written to it.
#[derive(Debug)]
pub(super) struct File {
    connection: Connection,
    /// Digest of each entry's value, by part, kind and key.
    written: HashMap<String, Seen>,
}

impl File {
    /// Opens or makes the file; with its parts unless it is new.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<BTreeMap<String, Value>>), DataError> {
        let failed = |error: rusqlite::Error| told(path, &error);
        make_private(path).map_err(|error| DataError::Open { path: path.to_owned(), reason: error.to_string() })?;
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        // Nobody else writes to it meanwhile, and no shared memory file is needed beside it.
        connection.pragma_update(None, "locking_mode", "exclusive").map_err(failed)?;
        let is_new = connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get::<_, bool>(0)).map_err(failed)?;
        let (application, format) =
            (pragma(&connection, "application_id").map_err(failed)?, pragma(&connection, "user_version").map_err(failed)?);
        if !is_new && application != APPLICATION {
            return Err(DataError::Foreign { path: path.to_owned() });
        }
        if !is_new && format != FORMAT {
            return Err(DataError::Format { path: path.to_owned(), found: format });
        }
        connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
        // An answer is given only when the disk has what it acknowledges.
        connection.pragma_update(None, "synchronous", "full").map_err(failed)?;
        if is_new {
            let schema = format!(
                "BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT};
                 CREATE TABLE entries (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
                 CREATE TABLE single (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID; COMMIT;"
            );
            connection.execute_batch(&schema).map_err(failed)?;
            return Ok((Self { connection, written: HashMap::new() }, None));
        }
        let damaged = |reason: String| DataError::Unsound { path: path.to_owned(), reason };
        let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
        if sound != "ok" {
            return Err(damaged(sound));
        }
        let entries = entries(&connection).map_err(failed)?;
        if entries.is_empty() {
            return Ok((Self { connection, written: HashMap::new() }, None));
        }
        let mut written: HashMap<String, Seen> = HashMap::new();
        for entry in &entries {
            written.entry(part_of(&entry.kind)).or_default().insert((entry.kind.clone(), entry.key.clone()), digest(&entry.value));
        }
        let parts = join(entries).map_err(damaged)?;
        Ok((Self { connection, written }, Some(parts)))
    }

    /// Writes what differs from what was written last, in one transaction.
    pub(super) fn write(&mut self, parts: Vec<(String, Value)>) -> Result<(), DataError> {
        let mut changed: Vec<(String, Seen)> = Vec::new();
        let transaction = self.connection.transaction()?;
        {
            let mut upsert = transaction.prepare_cached(
                "INSERT INTO entries (kind, key, value) VALUES (?1, ?2, ?3) ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            )?;
            let mut delete = transaction.prepare_cached("DELETE FROM entries WHERE kind = ?1 AND key = ?2")?;
            for (part, value) in parts {
                let before = self.written.get(&part);
                let mut now = HashMap::new();
                for Entry { kind, key, value } in split(&part, value) {
                    let digest = digest(&value);
                    let place = (kind, key);
                    if before.and_then(|before| before.get(&place)) != Some(&digest) {
                        upsert.execute(params![place.0, place.1, value])?;
                    }
                    now.insert(place, digest);
                }
                for (kind, key) in before.into_iter().flat_map(HashMap::keys).filter(|place| !now.contains_key(*place)) {
                    delete.execute(params![kind, key])?;
                }
                changed.push((part, now));
            }
        }
        transaction.commit()?;
        self.written.extend(changed);
        Ok(())
    }

    /// What was written last; `None` where nothing was.
    pub(super) fn parts(&self) -> Result<Option<BTreeMap<String, Value>>, DataError> {
        let entries = entries(&self.connection)?;
        if entries.is_empty() { Ok(None) } else { join(entries).map(Some).map_err(DataError::Restore) }
    }

    /// As a full disk would.
    #[cfg(test)]
    pub(super) fn limit_to_its_size(&self) {
        let pages = pragma(&self.connection, "page_count").expect("it has pages");
        let limit = |row: &rusqlite::Row| row.get::<_, i64>(0);
        self.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], limit).expect("a limit");
    }

    pub(super) fn value(&self, name: &str) -> Result<Option<String>, DataError> {
        Ok(self.connection.query_row("SELECT value FROM single WHERE name = ?1", [name], |row| row.get(0)).optional()?)
    }

    pub(super) fn set_value(&self, name: &str, value: &str) -> Result<(), DataError> {
        self.connection.execute("INSERT OR REPLACE INTO single (name, value) VALUES (?1, ?2)", [name, value])?;
        Ok(())
    }
}

fn pragma(connection: &Connection, name: &str) -> Result<i32, rusqlite::Error> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

fn entries(connection: &Connection) -> Result<Vec<Entry>, rusqlite::Error> {
    let mut statement = connection.prepare("SELECT kind, key, value FROM entries ORDER BY kind, key")?;
    let rows = statement.query_map([], |row| Ok(Entry { kind: row.get(0)?, key: row.get(1)?, value: row.get(2)? }))?;
    rows.collect()
}

fn part_of(kind: &str) -> String {
    kind.rsplit_once('.').map_or(kind, |(part, _)| part).to_owned()
}

fn digest(value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A new file is readable by its owner only; what exists keeps its permissions.
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map(drop)
}

/// The library's errors at opening, in words of what to do.
fn told(path: &Path, error: &rusqlite::Error) -> DataError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => DataError::Foreign { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DataError::InUse { path },
        Some(ErrorCode::DatabaseCorrupt) => DataError::Unsound { path, reason: error.to_string() },
        _ => DataError::Open { path, reason: error.to_string() },
    }
}
