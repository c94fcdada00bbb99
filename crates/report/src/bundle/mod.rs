//! A run to hand on: its files in one archive with a signed statement of their digests, read again offline.
//!
//! The statement is an in-toto Statement with the test-result predicate, in a DSSE envelope signed with Ed25519.

mod archive;
mod container;
mod envelope;
mod key;
mod statement;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

pub use archive::{Member, STATEMENT, files, gather, is_a_bundle, read_bundle, write_bundle};
pub use envelope::Envelope;
pub use key::{PublicKey, SigningKey};
pub use statement::{Statement, Told};

use super::ReportError;

/// In bytes.
const LARGEST_STATEMENT: u64 = 16 << 20;

/// What a sound bundle says of itself.
#[derive(Debug, Serialize)]
pub struct Seen {
    /// What the signed statement says of the run.
    pub told: Told,
    /// SHA-256 of the signer's public key.
    pub key: String,
    /// How many files the bundle holds, without the statement itself.
    pub members: usize,
    /// Whether the approval's last moment has passed; never set where the run is no approval.
    pub expired: bool,
}

/// Why a bundle is not to be trusted.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file of the run could not be read or written.
    #[error("{0}")]
    Report(#[from] ReportError),
    /// The file is no archive that can be read, or none can be written there.
    #[error("cannot read `{path}`: {why}", path = path.display())]
    Archive {
        /// Path of the archive.
        path: std::path::PathBuf,
        /// The reason, in the words of the archive's reader or writer.
        why: String,
    },
    /// A key is not Ed25519 in PEM, or none could be made; holds the name of its file, for messages.
    #[error("`{0}` is no Ed25519 key in PEM: `collaudo key` makes a pair")]
    Key(String),
    /// The bundle has no statement.
    #[error("the bundle has no {STATEMENT}: it was never signed, or the statement was taken out")]
    Unsigned,
    /// The statement's file is no DSSE envelope with a test-result statement; holds the reason.
    #[error("{STATEMENT} is not what it should be: {0}")]
    Envelope(String),
    /// No trusted key signed the statement as it is.
    #[error("{STATEMENT} was changed, or signed by another key than {}: the signature does not hold", .keys.join(", "))]
    Signature {
        /// The keys that were tried, each as [`PublicKey::id`].
        keys: Vec<String>,
    },
    /// A member is not the file that the statement was made on.
    #[error("the member `{name}` was changed: its SHA-256 is {found}, the statement says {told}")]
    Changed {
        /// The member, by its path in the bundle.
        name: String,
        /// SHA-256 of what is there, in hexadecimal.
        found: String,
        /// SHA-256 that the statement gives, in hexadecimal.
        told: String,
    },
    /// A member cannot be unpacked; holds its path in the bundle.
    #[error("the member `{0}` cannot be read: it was changed or cut")]
    Broken(String),
    /// The statement names a member that is not there; holds its path in the bundle.
    #[error("the member `{0}` is missing: the statement names it")]
    Missing(String),
    /// There is a member that the statement does not name; holds its path in the bundle.
    #[error("the member `{0}` was added: the statement does not name it")]
    Added(String),
}

/// Reads a bundle against the public keys that are trusted. One of them has to have signed it, every member has to be what the statement
/// says, and nothing else may be there.
///
/// # Errors
/// At the first thing that does not hold, by the member's name.
pub fn check_bundle(path: &Path, trusted: &[PublicKey], now: Timestamp) -> Result<Seen, BundleError> {
    let mut archive = archive::open_bundle(path)?;
    let entries = archive.entries().to_vec();
    // Who signed is asked before anything else is unpacked.
    let sealed = entries.iter().find(|entry| entry.name == STATEMENT).ok_or(BundleError::Unsigned)?;
    if sealed.size > LARGEST_STATEMENT {
        return Err(BundleError::Envelope(format!("it is larger than {LARGEST_STATEMENT} bytes")));
    }
    let envelope = Envelope::parse(&archive::read_member(&mut archive, sealed)?.bytes)?;
    let (payload, key) = envelope.opened_by(trusted)?;
    let statement = Statement::parse(&payload)?;
    let told: HashMap<&str, &str> =
        statement.subject.iter().map(|subject| (subject.name.as_str(), subject.digest.sha256.as_str())).collect();
    let mut left: HashSet<&str> = told.keys().copied().chain([STATEMENT]).collect();
    // Names alone: a member too many is not even unpacked.
    for entry in &entries {
        if !left.remove(entry.name.as_str()) {
            return Err(BundleError::Added(entry.name.clone()));
        }
    }
    if let Some(missing) = statement.subject.iter().find(|subject| left.contains(subject.name.as_str())) {
        return Err(BundleError::Missing(missing.name.clone()));
    }
    let others = entries.iter().filter(|entry| entry.name != STATEMENT);
    for entry in others.clone() {
        let found = archive::digest_of(&mut archive, entry)?;
        let told = told[entry.name.as_str()];
        if found != told {
            return Err(BundleError::Changed { name: entry.name.clone(), found, told: told.to_owned() });
        }
    }
    let members = others.count();
    let told = statement.predicate.collaudo;
    let expired = told.valid_until.is_some_and(|until| until < now);
    Ok(Seen { told, key: key.id(), members, expired })
}
