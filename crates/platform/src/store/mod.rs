//! The data file of a platform that outlives its process (SQLite).
//!
//! Whatever a request changes is on disk before its answer is sent: the process may be killed at any time, and nothing that was
//! acknowledged is lost. What cannot be written, on a full disk, did not happen: the state goes back to what the file holds, and whoever
//! was answered from it meanwhile is told so. What is in progress (a sign-in, a device that waits for its user) is not kept. The file holds passwords
//! and keys of sample data in clear: it is readable by its owner only.
//!
//! State that is kept lies in `Kept` and implements [`Snapshot`]; to keep more, add it to `Shared` and to [`Store::commit`].

mod entries;
mod file;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
    /// How often the state went back to what the file holds.
    undone: AtomicU64,
}

impl Store {
    /// Opens the file, or makes one; with what it holds, if it holds anything.
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<Found>), DataError> {
        let (file, parts) = File::open(path)?;
        let unsound = |reason: String| DataError::Unsound { path: path.to_owned(), reason };
        let found = parts.as_ref().map(Found::from_parts).transpose().map_err(unsound)?;
        Ok((Self { file: Mutex::new(file), committing: AtomicBool::new(false), undone: AtomicU64::new(0) }, found))
    }

    /// A value beside the state, such as a key.
    pub(crate) fn value(&self, name: &str) -> Result<Option<String>, DataError> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).value(name)
    }

    pub(crate) fn set_value(&self, name: &str, value: &str) -> Result<(), DataError> {
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
    pub(crate) fn commit(&self, shared: &Shared) -> Result<(), DataError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        self.committing.store(true, Ordering::SeqCst);
        let written = Self::write_changed(&mut file, shared).or_else(|error| self.go_back(&file, shared).and(Err(error)));
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
        taken.map_err(DataError::Encode).and_then(|()| file.write(parts))
    }

    /// What was refused did not happen.
    fn go_back(&self, file: &File, shared: &Shared) -> Result<(), DataError> {
        // Nobody changes anything between the look at the file and the change to what it holds.
        let (mut accounts, mut authorizations, mut clinic) =
            (shared.accounts.lock_to_read(), shared.authorizations.lock_to_read(), shared.clinic.lock_to_read());
        self.undone.fetch_add(1, Ordering::SeqCst);
        let Some(parts) = file.parts()? else {
            // Nothing was ever written: all of it is still to be.
            shared.accounts.mark_changed();
            shared.authorizations.mark_changed();
            shared.clinic.mark_changed();
            return Ok(());
        };
        let found = Found::from_parts(&parts).map_err(DataError::Restore)?;
        (*accounts, *authorizations, *clinic) = (found.accounts, found.authorizations, found.clinic);
        let _ = (shared.accounts.take_changed(), shared.authorizations.take_changed(), shared.clinic.take_changed());
        Ok(())
    }
}

impl Found {
    fn from_parts(parts: &BTreeMap<String, Value>) -> Result<Self, String> {
        Ok(Self {
            accounts: Accounts::from_parts(parts)?,
            authorizations: Authorizations::from_parts(parts)?,
            clinic: Clinic::from_parts(parts)?,
        })
    }
}

/// Layer: sends no answer before what the request changed is on disk.
pub(super) async fn commit_before_answer(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let undone = || shared.store.as_ref().map(|store| store.undone.load(Ordering::SeqCst));
    let before = undone();
    let response = next.run(request).await;
    let written = commit(&shared).await.and_then(|()| if undone() == before { Ok(()) } else { Err(DataError::Undone) });
    match written {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::ADA;
    use crate::{Platform, Settings};

    #[tokio::test]
    async fn what_a_full_disk_refuses_did_not_happen() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings { data: Some(folder.path().join("data.sqlite")), ..Settings::default() };
        let platform = Platform::start(settings).await.expect("a free port");
        let shared = platform.shared().clone();
        let is_known = |shared: &Shared| shared.accounts().user_by_email(ADA).is_some();
        let rename = |shared: &Shared| {
            let mut accounts = shared.accounts();
            let ada = accounts.users.iter_mut().find(|user| user.email == ADA).expect("she has an account");
            ada.email = "a".repeat(1 << 20);
        };
        let store = shared.store.as_ref().expect("there is a data file");
        store.file.lock().expect("nobody has failed").limit_to_its_size();
        rename(&shared);
        commit(&shared).await.expect_err("the file must not grow");
        assert!(is_known(&shared) && !store.has_work(&shared), "the state is what the file holds");
        // Whoever was answered while it went back is told so.
        let health = platform.issuer().join("/sign-in").expect("a path");
        assert_ne!(reqwest::get(health).await.expect("an answer").status(), 507, "later requests are not concerned");
        let parts = store.file.lock().expect("nobody has failed").parts().expect("it can be read").expect("it was written");
        assert!(Found::from_parts(&parts).expect("it is sound").accounts.user_by_email(ADA).is_some());
    }
}
