use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::container::{Container, Entry};
use super::{BundleError, Envelope, SigningKey, Statement};
use crate::{FILES, FOLDERS, ReportError, Run, read_regular, write_whole};

/// The signed statement's place in a bundle.
pub const STATEMENT: &str = "attestation.dsse.json";

/// A file of a bundle.
#[derive(Debug)]
pub struct Member {
    /// Relative, with `/`.
    pub name: String,
    /// The whole content, not packed.
    pub bytes: Vec<u8>,
}

impl Member {
    /// SHA-256 in hexadecimal.
    pub fn digest(&self) -> String {
        sha256(&self.bytes)
    }
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every file that a run left in its folder, by name.
pub fn gather(folder: &Path) -> Result<Vec<Member>, ReportError> {
    let read = |(name, path): (String, PathBuf)| match read_regular(&path) {
        Ok(bytes) => Ok(Member { bytes, name }),
        Err(source) => Err(ReportError::File { verb: "read", path, source }),
    };
    files(folder)?.into_iter().map(read).collect()
}

/// Their names and paths, sorted by name.
pub fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, ReportError> {
    let mut found = Vec::new();
    for name in FILES.iter().chain(&FOLDERS) {
        take(folder.join(name), (*name).to_owned(), &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn take(path: PathBuf, name: String, found: &mut Vec<(String, PathBuf)>) -> Result<(), ReportError> {
    let failed = |source| ReportError::File { verb: "read", path: path.clone(), source };
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
        Ok(facts) if facts.is_dir() => {
            for entry in fs::read_dir(&path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                take(entry.path(), format!("{name}/{}", entry.file_name().to_string_lossy()), found)?;
            }
        }
        Ok(_) => found.push((name, path)),
    }
    Ok(())
}

/// Writes `members` and the signed statement on them; the archive is complete before it takes its name.
pub fn write_bundle(path: &Path, run: &Run, members: &[Member], key: &SigningKey, signer: Option<String>) -> Result<(), BundleError> {
    let statement = serde_json::to_vec(&Statement::on(run, members, signer)).map_err(ReportError::from)?;
    let sealed = serde_json::to_vec_pretty(&Envelope::seal(&statement, key)).map_err(ReportError::from)?;
    let unfit = |why: String| BundleError::Archive { path: path.to_owned(), why };
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let all = members.iter().map(|member| (member.name.as_str(), member.bytes.as_slice())).chain([(STATEMENT, sealed.as_slice())]);
    for (name, bytes) in all {
        archive.start_file(name, options).map_err(|error| unfit(error.to_string()))?;
        archive.write_all(bytes).map_err(|error| unfit(error.to_string()))?;
    }
    let bytes = archive.finish().map_err(|error| unfit(error.to_string()))?.into_inner();
    write_whole(path, &bytes).map_err(|source| ReportError::File { verb: "write", path: path.to_owned(), source }.into())
}

/// Whether a file looks like an earlier bundle, sound or not: an archive whose directory, at its end, names the statement.
pub fn is_a_bundle(bytes: &[u8]) -> bool {
    const DIRECTORY: usize = 64 << 10;
    let end = &bytes[bytes.len().saturating_sub(DIRECTORY)..];
    bytes.starts_with(b"PK\x03\x04") && end.windows(STATEMENT.len()).any(|part| part == STATEMENT.as_bytes())
}

/// The archive, whose form is sound; what it holds has not been read yet.
pub(super) fn open_bundle(path: &Path) -> Result<Container, BundleError> {
    let unfit = |why: String| BundleError::Archive { path: path.to_owned(), why };
    let file = File::open(path).map_err(|error| unfit(error.to_string()))?;
    if !file.metadata().is_ok_and(|facts| facts.is_file()) {
        return Err(unfit("it is no file".to_owned()));
    }
    Container::open(file).map_err(|why| unfit(format!("it {why}")))
}

/// # Errors
/// When the file is no archive, or a member cannot be unpacked.
pub fn read_bundle(path: &Path) -> Result<Vec<Member>, BundleError> {
    let mut archive = open_bundle(path)?;
    let entries = archive.entries().to_vec();
    entries.iter().map(|entry| read_member(&mut archive, entry)).collect()
}

pub(super) fn read_member(archive: &mut Container, entry: &Entry) -> Result<Member, BundleError> {
    let mut bytes = Vec::new();
    archive.unpack(entry, |piece| bytes.extend_from_slice(piece)).map_err(|_| BundleError::Broken(entry.name.clone()))?;
    Ok(Member { name: entry.name.clone(), bytes })
}

/// SHA-256 in hexadecimal, of a member that is never whole in memory.
pub(super) fn digest_of(archive: &mut Container, entry: &Entry) -> Result<String, BundleError> {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    archive.unpack(entry, |piece| digest.update(piece)).map_err(|_| BundleError::Broken(entry.name.clone()))?;
    Ok(hexadecimal(digest.finish().as_ref()))
}
