//! The data file of a platform that outlives its process (SQLite).
//!
//! Whatever a request changes is on disk before its answer is sent: the process may be killed at any time, and nothing that was
//! acknowledged is lost. What is in progress (a sign-in, a device that waits for its user) is not kept. The file holds passwords
//! and keys of sample data in clear: it is readable by its owner only.
//!
//! State that is kept lies in `Kept` and implements [`Snapshot`]; to keep more, add it to `Shared` and to [`Store::commit`].

mod entries;
mod file;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Shared;
use super::accounts::Accounts;
use super::api::Clinic;
use super::authorization::Authorizations;
use super::kept::Kept;
use file::File;

pub use file::DataError;

/// State that goes into the data file and comes back.
pub(super) trait Snapshot: Sized {
    /// Named parts, each an object.
    fn parts(&self) -> Result<Vec<(String, Value)>, serde_json::Error>;
    /// From the parts of which it knows the names; the reason where they do not make sense.
    fn from_parts(parts: &BTreeMap<String, Value>) -> Result<Self, String>;
}

/// A state that is one part.
pub(super) fn one_part<T: serde::de::DeserializeOwned>(parts: &BTreeMap<String, Value>, name: &str) -> Result<T, String> {
    let value = parts.get(name).cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    serde_json::from_value(value).map_err(|error| format!("{name}: {error}"))
}

/// What a data file held.
#[derive(Debug)]
pub(super) struct Found {
    pub accounts: Accounts,
    pub authorizations: Authorizations,
    pub clinic: Clinic,
}

/// The open data file of one platform.
#[derive(Debug)]
pub(super) struct Store {
    file: Mutex<File>,
    /// Whether somebody is writing what others have changed.
    committing: AtomicBool,
}

impl Store {
    /// Opens the file, or makes one; with what it holds, if it holds anything.
    pub fn open(path: &Path) -> Result<(Self, Option<Found>), DataError> {
        let (file, parts) = File::open(path)?;
        let unsound = |reason: String| DataError::Unsound { path: path.to_owned(), reason };
        let found = match parts {
            None => None,
            Some(parts) => Some(Found {
                accounts: Accounts::from_parts(&parts).map_err(unsound)?,
                authorizations: Authorizations::from_parts(&parts).map_err(unsound)?,
                clinic: Clinic::from_parts(&parts).map_err(unsound)?,
            }),
        };
        Ok((Self { file: Mutex::new(file), committing: AtomicBool::new(false) }, found))
    }

    /// A value beside the state, such as a key.
    pub fn value(&self, name: &str) -> Result<Option<String>, DataError> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).value(name)
    }

    pub fn set_value(&self, name: &str, value: &str) -> Result<(), DataError> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).set_value(name, value)
    }

    /// Whether an answer must wait for a commit.
    fn has_work(&self, shared: &Shared) -> bool {
        // In this order: whoever takes the marks has said so before.
        shared.accounts.has_changed()
            || shared.authorizations.has_changed()
            || shared.clinic.has_changed()
            || self.committing.load(Ordering::SeqCst)
    }

    /// Writes whatever has changed, in one transaction. One writes at a time: the next writes for all who waited.
    pub fn commit(&self, shared: &Shared) -> Result<(), DataError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        self.committing.store(true, Ordering::SeqCst);
        let written = Self::write_changed(&mut file, shared);
        self.committing.store(false, Ordering::SeqCst);
        written
    }

    fn write_changed(file: &mut File, shared: &Shared) -> Result<(), DataError> {
        // All at once, so that the parts fit together.
        let (accounts, authorizations, clinic) =
            (shared.accounts.lock_to_read(), shared.authorizations.lock_to_read(), shared.clinic.lock_to_read());
        let mut parts = Vec::new();
        let (in_accounts, in_authorizations, in_clinic) =
            (shared.accounts.take_changed(), shared.authorizations.take_changed(), shared.clinic.take_changed());
        let taken = (|| {
            if in_accounts {
                parts.extend(accounts.parts()?);
            }
            if in_authorizations {
                parts.extend(authorizations.parts()?);
            }
            if in_clinic {
                parts.extend(clinic.parts()?);
            }
            Ok(())
        })();
        drop((accounts, authorizations, clinic));
        let written = taken.map_err(DataError::Encode).and_then(|()| file.write(parts));
        if written.is_err() {
            remark(&shared.accounts, in_accounts);
            remark(&shared.authorizations, in_authorizations);
            remark(&shared.clinic, in_clinic);
        }
        written
    }
}

fn remark<T>(kept: &Kept<T>, changed: bool) {
    if changed {
        kept.mark_changed();
    }
}

/// Layer: sends no answer before what the request changed is on disk.
pub(super) async fn commit_before_answer(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match commit(&shared).await {
        Ok(()) => response,
        Err(error) => {
            tracing::error!("{error}");
            (StatusCode::INSUFFICIENT_STORAGE, format!("{error}\n")).into_response()
        }
    }
}

/// Writes whatever has changed; nothing to do without a data file.
pub(super) async fn commit(shared: &Arc<Shared>) -> Result<(), DataError> {
    if !shared.store.as_ref().is_some_and(|store| store.has_work(shared)) {
        return Ok(());
    }
    let shared = shared.clone();
    let written = tokio::task::spawn_blocking(move || shared.store.as_ref().map_or(Ok(()), |store| store.commit(&shared)));
    written.await.unwrap_or(Err(DataError::Interrupted))
}
