//! The mock as a library, for a program that is no part of this workspace.

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A nightly's: it builds the mock with all that it needs once more.
#[test]
#[ignore = "builds 240 crates: `just outside`"]
fn a_program_outside_starts_the_mock_in_ten_lines() {
    let fixture = Path::new(ROOT).join("tests/fixtures/outside");
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = std::fs::read_to_string(fixture.join("manifest.toml")).expect("it is there").replace("@ROOT@", ROOT);
    std::fs::write(folder.path().join("Cargo.toml"), manifest).expect("it is written");
    std::fs::copy(fixture.join("main.rs"), folder.path().join("main.rs")).expect("it is copied");
    std::fs::copy(Path::new(ROOT).join("Cargo.lock"), folder.path().join("Cargo.lock")).expect("it is copied");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet"]).current_dir(folder.path()).env("CARGO_TARGET_DIR", Path::new(ROOT).join("target/outside"));
    let ended = cargo.output().expect("cargo starts");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let words: Vec<&str> = said.split_whitespace().collect();
    assert!(
        matches!(words[..], [issuer, api, client] if issuer.starts_with("http://localhost:") && api.starts_with(issuer) && !client.is_empty()),
        "{said}"
    );
    let lines = std::fs::read_to_string(fixture.join("main.rs")).expect("it is there");
    let code = lines.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("//")).count();
    assert!(code <= 10, "{code} lines");
}
