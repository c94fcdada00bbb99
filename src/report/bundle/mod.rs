//! A run to hand on: its files in one archive with a signed statement of their digests, read again offline.
//!
//! The statement is an in-toto Statement with the test-result predicate, in a DSSE envelope signed with Ed25519.

mod archive;
mod envelope;
mod key;
mod statement;

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

pub use archive::{Member, STATEMENT, files, gather, read_bundle, write_bundle};
pub use envelope::Envelope;
pub use key::{PublicKey, SigningKey};
pub use statement::{Statement, Told};

use super::ReportError;

/// What a sound bundle says of itself.
#[derive(Debug, Serialize)]
pub struct Seen {
    pub told: Told,
    /// SHA-256 of the signer's public key.
    pub key: String,
    pub members: usize,
    pub expired: bool,
}

/// Why a bundle is not to be trusted.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("{0}")]
    Report(#[from] ReportError),
    #[error("cannot read `{path}`: {why}", path = path.display())]
    Archive { path: std::path::PathBuf, why: String },
    #[error("`{0}` is no Ed25519 key in PEM: `collaudo key` makes a pair")]
    Key(String),
    #[error("the bundle has no {STATEMENT}: it was never signed, or the statement was taken out")]
    Unsigned,
    #[error("{STATEMENT} is not what it should be: {0}")]
    Envelope(String),
    #[error("{STATEMENT} was changed, or signed by another key than {key}: the signature does not hold")]
    Signature { key: String },
    #[error("the member `{name}` was changed: its SHA-256 is {found}, the statement says {told}")]
    Changed { name: String, found: String, told: String },
    #[error("the member `{0}` cannot be read: it was changed or cut")]
    Broken(String),
    #[error("the member `{0}` is missing: the statement names it")]
    Missing(String),
    #[error("the member `{0}` was added: the statement does not name it")]
    Added(String),
}

/// Reads a bundle against the signer's public key: every member has to be what the statement says, and nothing else may be there.
///
/// # Errors
/// At the first thing that does not hold, by the member's name.
pub fn check_bundle(path: &Path, key: &PublicKey, now: Timestamp) -> Result<Seen, BundleError> {
    let members = read_bundle(path)?;
    let sealed = members.iter().find(|member| member.name == STATEMENT).ok_or(BundleError::Unsigned)?;
    let payload = Envelope::parse(&sealed.bytes)?.opened_by(key)?;
    let statement = Statement::parse(&payload)?;
    let others: Vec<&Member> = members.iter().filter(|member| member.name != STATEMENT).collect();
    if let Some(twice) = others.iter().enumerate().find(|(place, one)| others[..*place].iter().any(|other| other.name == one.name)) {
        return Err(BundleError::Added(twice.1.name.clone()));
    }
    for subject in &statement.subject {
        let member = others.iter().find(|member| member.name == subject.name).ok_or_else(|| BundleError::Missing(subject.name.clone()))?;
        let found = member.digest();
        if found != subject.digest.sha256 {
            return Err(BundleError::Changed { name: subject.name.clone(), found, told: subject.digest.sha256.clone() });
        }
    }
    if let Some(added) = others.iter().find(|member| statement.subject.iter().all(|subject| subject.name != member.name)) {
        return Err(BundleError::Added(added.name.clone()));
    }
    let told = statement.predicate.collaudo;
    let expired = told.valid_until.is_some_and(|until| until < now);
    Ok(Seen { told, key: key.id(), members: others.len(), expired })
}
