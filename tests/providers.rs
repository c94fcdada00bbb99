//! The platform suite on a certified provider that nobody here wrote: what both claim holds on both.

mod npm;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use collaudo::platform::own_certificate;
use secrecy::ExposeSecret;
use serde_json::Value;

/// Only letters and digits: the same in every encoding.
const SECRET: &str = "s3cret0fTheProvidersClientThatIsLongEnough";
const OTHER_SECRET: &str = "s3cret0fTheOtherClientThatIsLongEnoughToo";

/// Why a scenario may be left out there.
const REASONS: [&str; 8] = [
    "the target file names no",
    "the target file does not say how to refuse one scope",
    "nothing of the platform was recorded",
    "the discovery document",
    "the platform publishes no such document",
    "it needs what the application asks the platform for",
    "only whoever owns the platform can do it",
    "the ID token has no `at_hash`",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/providers/oidc-provider")
}

/// A port that the system has just had free.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port is free").port()
}

/// The provider's process, ended when dropped.
struct Provider(Child);

impl Provider {
    /// Over TLS, by a certificate of its own below `here`.
    fn start(port: u16, redirect_uri: &str, here: &Path) -> Self {
        let own = own_certificate(&["127.0.0.1"]).expect("a certificate");
        let file = |name: &str, text: &str| {
            let path = here.join(name);
            std::fs::write(&path, text).expect("writes");
            path
        };
        file("ca.pem", &own.ca_pem);
        let certificate = file("certificate.pem", &own.tls.certificate_pem);
        let key = file("key.pem", own.tls.key_pem.expose_secret());
        let mut command = Command::new("node");
        command.arg("server.js").current_dir(folder()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.env("PORT", port.to_string()).env("REDIRECT_URI", redirect_uri);
        command.env("TLS_CERTIFICATE", certificate).env("TLS_KEY", key);
        let mut child = command.env("CLIENT_SECRET", SECRET).env("OTHER_SECRET", OTHER_SECRET).spawn().expect("node starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let ready = lines.any(|line| line.is_ok_and(|line| line.starts_with("ready")));
        // Whatever else it says has to go somewhere, or it stops.
        std::thread::spawn(move || lines.for_each(drop));
        let provider = Self(child);
        assert!(ready, "the provider did not start");
        provider
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_oidc_provider_claims_holds_there_as_on_the_mock() {
    if !npm::installed(&folder()) {
        return;
    }
    let (port, callback_port) = (free_port(), free_port());
    let out = tempfile::tempdir().expect("a temporary folder");
    let _provider = Provider::start(port, &format!("http://127.0.0.1:{callback_port}/callback"), out.path());
    let target = std::fs::read_to_string(folder().join("target.toml")).expect("a target file");
    let target = target.replace("{port}", &port.to_string()).replace("{callback_port}", &callback_port.to_string());
    let target_file = out.path().join("target.toml");
    std::fs::write(&target_file, target).expect("writes");
    let mut run = Command::new(env!("CARGO_BIN_EXE_collaudo"));
    run.args(["run", "--suite", "platform", "--target"]).arg(&target_file).arg("--out").arg(out.path().join("out"));
    run.env("OIDC_PROVIDER_SECRET", SECRET).env("OIDC_PROVIDER_OTHER_SECRET", OTHER_SECRET).env("OIDC_PROVIDER_PASSWORD", "any");
    let output = run.env("NO_COLOR", "1").stdin(Stdio::null()).output().expect("the program starts");
    let said = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}");
    let records = std::fs::read_to_string(out.path().join("out/run.jsonl")).expect("a record of the run");
    let records: Vec<Value> = records.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let finished = records.iter().filter(|record| record["event"] == "scenario-finished");
    let (passed, others): (Vec<_>, Vec<_>) = finished.partition(|record| record["verdict"] == "passed");
    for other in &others {
        let reason = other["reason"].as_str().unwrap_or_default();
        assert!(other["verdict"] == "not-applicable" && REASONS.iter().any(|known| reason.starts_with(known)), "{other}");
    }
    assert!(passed.len() >= 70, "{} passed, {} others\n{said}", passed.len(), others.len());
}
