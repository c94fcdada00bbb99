//! What the program says of itself: the commit that it was built from, and a digest of the code that judges.
//!
//! Files that are compiled in are named too: one that is added or removed must rebuild the program, not only one that is changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// What decides a verdict beside features and requirements: how they are provoked, what is made of the answer, and the approved texts.
const JUDGES: [&str; 8] = [
    "crates/browser/src",
    "crates/checks/src",
    "crates/model/src",
    "crates/platform/src",
    "src/catalogue",
    "src/steps",
    "snapshots/api",
    "snapshots/claims",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A folder that is named but absent would rebuild the program every time.
    for folder in ["features", "snapshots", "src", "crates"].into_iter().filter(|folder| Path::new(folder).exists()) {
        println!("cargo::rerun-if-changed={folder}");
    }
    println!("cargo::rustc-env=COLLAUDO_COMMIT={}", commit().unwrap_or_else(|| "unknown".to_owned()));
    println!("cargo::rustc-env=COLLAUDO_JUDGES={}", judges());
}

/// The commit of this package's own checkout, marked where files differ from it; `None` outside one.
fn commit() -> Option<String> {
    let root = fs::canonicalize(std::env::var_os("CARGO_MANIFEST_DIR")?).ok()?;
    // A package that lies in somebody else's repository is not of that commit.
    if fs::canonicalize(git(&["rev-parse", "--show-toplevel"])?).ok()? != root {
        return None;
    }
    // A commit moves the branch that HEAD names, or HEAD itself; branches may be packed into one file.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for place in ["HEAD", "logs/HEAD", "packed-refs"].into_iter().map(str::to_owned).chain(branch) {
        if let Some(file) = git(&["rev-parse", "--git-path", &place]).map(PathBuf::from).filter(|file| file.exists()) {
            println!("cargo::rerun-if-changed={}", file.display());
        }
    }
    git(&["describe", "--always", "--dirty", "--abbrev=7", "--exclude=*"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// SHA-256 over every source of the judging rooms, by path, with lengths.
fn judges() -> String {
    let mut files = Vec::new();
    for room in JUDGES {
        collect(Path::new(room), &mut files);
    }
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        let name = file.to_string_lossy().replace('\\', "/");
        let text = fs::read(&file).unwrap_or_default();
        for part in [name.as_bytes(), &text] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
