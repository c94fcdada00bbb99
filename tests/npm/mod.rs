//! Packages of npm, for tests that ask a program of theirs.

use std::path::Path;
use std::process::{Command, Stdio};

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// `npm ci` in a folder, where the packages are older than their lock or missing; false, and said, where there is no npm.
pub fn installed(folder: &Path) -> bool {
    if !runs("node") || !runs("npm") {
        println!("skipped: node or npm is missing");
        return false;
    }
    // Tests are threads or processes, as their runner likes; npm stands no second one beside it.
    let lock = std::fs::File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("npm.lock")).expect("writes");
    lock.lock().expect("locks");
    let changed = |name: &str| folder.join(name).metadata().and_then(|facts| facts.modified()).ok();
    let fresh =
        changed("node_modules/.package-lock.json").is_some_and(|made| changed("package-lock.json").is_some_and(|lock| made >= lock));
    if !fresh {
        let output = Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder).output();
        let output = output.expect("npm runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    true
}
