//! An application of somebody's own in a container. Where no engine answers, all but the first of these are passed over, and say so.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::applications::{profile, started};
use crate::program::{Desk, free_port, kill, wait_until};

/// Set where an engine was started for these tests: then it must answer.
const NEEDED: &str = "COLLAUDO_NEEDS_ENGINE";

/// Where a system keeps the certificate authorities that a program trusts: as in any image, they are there.
const AUTHORITIES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// An image of the bundled application, removed when dropped.
struct Image(String);

impl Image {
    /// `None` where there is no engine. Built of this program and the libraries that it is linked to.
    fn build(name: &str, arguments: &[&str]) -> Option<Self> {
        if !answers() {
            return None;
        }
        let root = tempfile::tempdir().expect("a temporary folder");
        let program = env!("CARGO_BIN_EXE_collaudo");
        let inside = root.path().join("collaudo");
        let stripped = Command::new("strip").args(["-o", inside.to_str().expect("text"), program]).status();
        if !stripped.is_ok_and(|status| status.success()) {
            fs::copy(program, &inside).expect("copies");
        }
        let linked = Command::new("ldd").arg(program).output().expect("ldd").stdout;
        let linked = String::from_utf8_lossy(&linked);
        let libraries = linked.split_whitespace().filter(|word| word.starts_with('/'));
        for file in libraries.chain(AUTHORITIES.into_iter().filter(|file| Path::new(file).exists())) {
            let copy = root.path().join(file.trim_start_matches('/'));
            fs::create_dir_all(copy.parent().expect("it lies in a folder")).expect("a folder");
            fs::copy(file, copy).expect("copies");
        }
        let image = format!("collaudo-test-{name}:{}", std::process::id());
        let words: Vec<String> = [&["/collaudo", "app"], arguments].concat().iter().map(|word| format!("\"{word}\"")).collect();
        let mut tar = Command::new("tar").arg("-C").arg(root.path()).args(["-c", "."]).stdout(Stdio::piped()).spawn().expect("tar");
        let import = Command::new("docker")
            .args(["import", "--change", &format!("ENTRYPOINT [{}]", words.join(", ")), "-", &image])
            .stdin(tar.stdout.take().expect("it is piped"))
            .output()
            .expect("docker");
        assert!(tar.wait().expect("it is ours").success() && import.status.success(), "{import:?}");
        Some(Self(image))
    }

    /// The containers made of it, those that have ended too.
    fn containers(&self) -> Vec<String> {
        let listed = docker(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &format!("ancestor={}", self.0)]).expect("it answers");
        listed.split_whitespace().map(str::to_owned).collect()
    }

    fn until_no_container_is_left(&self) {
        wait_until("a container is left", || {
            let left = self.containers();
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        });
    }

    fn wait_for_a_container(&self) -> String {
        wait_until("no container starts", || self.containers().pop().ok_or_else(|| "none".to_owned()))
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        for container in self.containers() {
            // It may go by itself.
            let _ = docker(&["rm", "--force", &container]);
        }
        // Nothing of it is left that could be used again.
        let _ = docker(&["rmi", "--force", &self.0]);
    }
}

/// Whether an engine is there; a word of why not, where it may be missing.
fn answers() -> bool {
    let Err(why) = docker(&["version", "--format", "{{.Server.Version}}"]) else { return true };
    assert!(std::env::var_os(NEEDED).is_none(), "{NEEDED} is set, and no container engine answers: {why}");
    eprintln!("SKIPPED: no container engine answers: {why}");
    false
}

fn docker(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("docker").args(arguments).output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// The profile of an application in a container, which is told its port.
fn contained(image: &str) -> String {
    let port = free_port();
    let environment = started(port).split_once("\n\n").expect("two parts").1.to_owned();
    profile(port, "#login", &format!("image = \"{image}\"\n\n{environment}\nLISTEN = \"127.0.0.1:{{port}}\""))
}

#[test]
fn without_an_engine() {
    let desk = Desk::new();
    desk.write("collaudo.toml", &contained("my-application:1.0"));
    let said = |arguments: &[&str]| {
        let socket = format!("unix://{}", desk.path("no.sock").display());
        let output = desk.command(arguments).env("DOCKER_HOST", socket).output().expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, text) = said(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("FAIL application") && text.contains("start Docker, or set DOCKER_HOST"), "{text}");
    // A requirement of the platform beside it, which holds: that alone makes no application ready.
    let (code, text) = said(&["run", "--out", "out", "--app", "collaudo.toml", "--requirement", "CB-01", "PL-01"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("INCOMPLETE"), "{text}");
    let verdicts = desk.verdicts();
    let (judged, open): (Vec<_>, Vec<_>) = verdicts.iter().partition(|(_, verdict, _)| verdict == "passed");
    assert!(!judged.is_empty() && !open.is_empty(), "{verdicts:#?}");
    let told = |verdict: &str, reason: &str| verdict == "errored" && reason.contains("no container engine answers");
    assert!(open.iter().all(|(_, verdict, reason)| told(verdict, reason) || verdict == "not-applicable"), "{verdicts:#?}");
    desk.until_nothing_is_left();
}

#[test]
fn one_that_is_sound_and_one_that_is_not() {
    let Some(image) = Image::build("sound", &[]) else { return };
    let desk = Desk::new();
    desk.write("collaudo.toml", &contained(&image.0));
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    let run = desk.run(&["--app", "collaudo.toml", "--jobs", "2", "--requirement", "CB-01", "TK-04"]);
    let verdicts = desk.verdicts();
    assert_eq!(run.code, Some(0), "{verdicts:#?}");
    assert!(verdicts.iter().filter(|(_, verdict, _)| verdict == "passed").count() >= 4, "{verdicts:#?}");
    image.until_no_container_is_left();
    desk.until_nothing_is_left();

    let broken = Image::build("broken", &["--defect", "accepts-any-state"]).expect("the engine has just answered");
    desk.write("collaudo.toml", &contained(&broken.0));
    let run = desk.run(&["--app", "collaudo.toml", "--jobs", "2", "--requirement", "CB-01"]);
    assert_eq!(run.code, Some(1), "{:#?}", desk.verdicts());
    broken.until_no_container_is_left();
}

#[test]
fn one_that_ends_before_its_time() {
    let Some(image) = Image::build("ended", &[]) else { return };
    let desk = Desk::new();
    desk.write("collaudo.toml", &contained(&image.0));
    let begun = || desk.start_run(&["--app", "collaudo.toml", "--requirement", "GX-08", "CB-01"]);
    let in_a_scenario = || {
        wait_until("no scenario starts", || {
            let records = desk.records();
            if records.iter().any(|record| record["event"] == "scenario-started") { Ok(()) } else { Err(format!("{records:?}")) }
        });
        image.wait_for_a_container();
    };

    // By a signal that the program can answer: in the look before the run, and in the run.
    for wait in [&(|| drop(image.wait_for_a_container())) as &dyn Fn(), &in_a_scenario] {
        let run = begun();
        wait();
        run.signal(Signal::TERM);
        let ended = run.ended();
        assert_eq!(ended.code, Some(3), "{ended:?}");
        image.until_no_container_is_left();
    }

    // By one that it cannot: the container is left, and the next run removes it.
    let mut run = begun();
    let left = image.wait_for_a_container();
    kill(run.pid(), Signal::KILL);
    run.0.wait().expect("it is ours");
    assert!(image.containers().contains(&left), "it was to be left");
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    image.until_no_container_is_left();

    // By itself.
    desk.write("collaudo.toml", &contained(&image.0).replace("{issuer}", "no URL"));
    let run = desk.run(&["--app", "collaudo.toml", "--requirement", "CB-01"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stdout.contains("the application ended by itself (exit code 2); its last words: error:"), "{}", run.stdout);
    image.until_no_container_is_left();
}

#[test]
fn one_whose_image_is_not_there() {
    if !answers() {
        return;
    }
    let desk = Desk::new();
    desk.write("collaudo.toml", &contained("collaudo-test-absent:1"));
    let run = desk.run(&["--app", "collaudo.toml", "--requirement", "CB-01"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stdout.contains("the application's image `collaudo-test-absent:1` did not start"), "{}", run.stdout);
    let verdicts = desk.verdicts();
    assert!(verdicts.iter().any(|(_, verdict, _)| verdict == "inconclusive"), "{verdicts:#?}");
}
