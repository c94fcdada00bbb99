//! An application of somebody's own: down, misconfigured, dying, sound.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::program::{Desk, Ended, command_line, descendants, free_port, kill, program, wait_until};

/// A profile of the bundled application as a stranger would write it; `how` says how it comes to run.
pub fn profile(port: u16, trigger: &str, how: &str) -> String {
    format!(
        r##"[app]
name = "Agenda di prova"
type = "web"
url = "http://127.0.0.1:{port}/"
features = ["patients"]
scopes = ["openid", "profile", "offline_access", "giponext.patients"]
redirect_uris = ["http://127.0.0.1:{port}/callback"]
{how}

[app.login]
trigger = "{trigger}"
signed_in = "#user"
error = ".login-error"
logout = "#logout"

[app.actions.patients]
open = "/patients"
shows = "#patients li"
scope = "giponext.patients"
"##
    )
}

pub fn started(port: u16) -> String {
    format!(
        r#"command = ["{program}", "app", "--listen", "127.0.0.1:{port}"]

[app.env]
OIDC_ISSUER = "{{issuer}}"
GIPO_API_BASE = "{{api}}"
CLIENT_ID = "{{client_id}}"
CLIENT_SECRET = "{{client_secret}}"
TENANTS = "{{tenants}}"
CA_FILE = "{{ca_file}}"
SCOPES = "openid profile offline_access giponext.patients""#,
        program = env!("CARGO_BIN_EXE_collaudo")
    )
}

/// The profile of a bundled application that the harness starts, with further arguments.
pub fn started_with(port: u16, arguments: &[&str]) -> String {
    let more: String = arguments.iter().map(|argument| format!(", \"{argument}\"")).collect();
    let listen = format!("\"127.0.0.1:{port}\"]");
    profile(port, "#login", &started(port).replace(&listen, &format!("\"127.0.0.1:{port}\"{more}]")))
}

/// The same with nothing said of the login but what a person clicks.
pub fn minimal(profile: &str) -> String {
    let told = |line: &&str| ["signed_in", "error", "logout"].iter().all(|key| !line.starts_with(key));
    profile.lines().filter(told).map(|line| format!("{line}\n")).collect()
}

/// The profile of one that is running already, and expects the platform at a port.
pub fn running(port: u16, platform: u16) -> String {
    let how = format!("\n[app.client]\nclient_id = \"agenda\"\nsecret_env = \"AGENDA_SECRET\"\nplatform_port = {platform}");
    profile(port, "#login", &how)
}

#[test]
fn one_that_is_down() {
    let desk = Desk::new();
    let (port, platform) = (free_port(), free_port());
    desk.write("collaudo.toml", &running(port, platform));
    let ended = |arguments: &[&str]| {
        let output = desk.command(arguments).env("AGENDA_SECRET", "secret-of-the-agenda").output().expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("FAIL application") && said.contains(&format!("does not answer at http://127.0.0.1:{port}/")), "{said}");
    let (code, said) = ended(&["run", "--out", "out", "--app", "collaudo.toml", "--requirement", "AC-08", "CB-01"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("INCOMPLETE") && said.contains("does not answer at"), "{said}");
}

/// What one scenario may leave to the next: a deactivated person, a revoked grant, other records.
const LEAKING: [&str; 3] = ["GX-19", "RT-03", "GX-11"];

#[test]
fn one_that_runs_already_is_judged_as_one_that_is_started() {
    let desk = Desk::new();
    let (port, platform, secret) = (free_port(), free_port(), "secret-of-the-agenda");
    desk.write("started.toml", &profile(port, "#login", &started(port)));
    desk.write("running.toml", &running(port, platform));
    let judged = |profile: &str| {
        let arguments = ["run", "--out", "out", "--seed", "3", "--app", profile, "--tags", "not (@native or @device)", "--requirement"];
        let mut run = desk.command(&[&arguments[..], &LEAKING].concat());
        let ended: Ended = run.env("AGENDA_SECRET", secret).output().expect("the program starts").into();
        (ended.code, desk.verdicts().into_iter().map(|(title, verdict, _)| (title, verdict)).collect::<BTreeSet<_>>())
    };
    let (listen, issuer) = (format!("127.0.0.1:{port}"), format!("http://localhost:{platform}"));
    let mut application = program();
    application.args(["app", "--listen", &listen, "--issuer", &issuer, "--scopes", "openid profile offline_access giponext.patients"]);
    application.env("CLIENT_ID", "agenda").env("CLIENT_SECRET", secret).stdout(Stdio::null()).stderr(Stdio::null());
    let mut application = application.spawn().expect("the program starts");
    wait_until("the application does not listen", || std::net::TcpStream::connect(&listen).map_err(|error| error.to_string()));
    let running = judged("running.toml");
    let alive = application.try_wait().expect("it is ours").is_none();
    application.kill().and_then(|()| application.wait()).expect("it is ours");
    assert!(alive, "the application was ended by somebody");
    assert_eq!(running, judged("started.toml"));
    assert!(running.0 == Some(0) && running.1.iter().filter(|(_, verdict)| verdict == "passed").count() >= 4, "{running:#?}");
}

#[test]
fn one_with_a_wrong_trigger() {
    let desk = Desk::new();
    let port = free_port();
    desk.write("collaudo.toml", &profile(port, "#sign-in-here", &started(port)));
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(doctor.code, Some(2), "{doctor:?}");
    assert!(
        doctor.stdout.contains("FAIL login trigger") && doctor.stdout.contains("`#sign-in-here` (app.login.trigger)"),
        "{}",
        doctor.stdout
    );
    let clock = Instant::now();
    let run = desk.run(&["--app", "collaudo.toml", "--requirement", "CB-01", "GX-08"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stdout.contains("`#sign-in-here`"), "{}", run.stdout);
    // Every scenario waits in vain otherwise.
    assert!(clock.elapsed() < Duration::from_secs(30), "{:?}", clock.elapsed());
}

#[test]
fn one_that_dies_in_mid_run() {
    let desk = Desk::new();
    let port = free_port();
    desk.write("collaudo.toml", &profile(port, "#login", &started(port)));
    let mut run = desk.start_run(&["--app", "collaudo.toml", "--requirement", "GX-08"]);
    wait_until("no scenario ends", || {
        let judged = |record: &&serde_json::Value| record["event"] == "scenario-finished" && record["verdict"] != "not-applicable";
        let ended = desk.records().iter().filter(judged).count();
        if ended > 0 { Ok(()) } else { Err(ended.to_string()) }
    });
    wait_until("the run does not end", || match run.0.try_wait() {
        Ok(Some(_)) => Ok(()),
        _ => {
            descendants(run.pid(), "collaudo").into_iter().for_each(|application| kill(application, Signal::KILL));
            Err("it goes on".to_owned())
        }
    });
    let ended = run.ended();
    let verdicts = desk.verdicts();
    assert_eq!(ended.code, Some(3), "{verdicts:#?}\n{}", ended.stdout);
    let unjudged: Vec<_> = verdicts.iter().filter(|(_, verdict, _)| !["passed", "not-applicable"].contains(&verdict.as_str())).collect();
    assert!(!unjudged.is_empty());
    for (_, verdict, reason) in unjudged {
        assert!(["inconclusive", "errored"].contains(&verdict.as_str()), "{verdicts:#?}");
        assert!(reason.contains("the application ended by itself (signal: 9 (SIGKILL))"), "{verdicts:#?}");
    }
    desk.until_nothing_is_left();
}

/// What it was told may stand in its last words, whole and where they are cut: neither console nor folder has it.
#[test]
fn one_that_dies_with_its_secret_on_its_lips() {
    let desk = Desk::new();
    let script = "printf %s $CLIENT_SECRET >> secrets; echo >> secrets; seq 2000; for i in $(seq 200); do echo no=$CLIENT_SECRET; done; env >&2; exit 3";
    let started =
        started(free_port()).replace(&format!("\"{}\", \"app\"", env!("CARGO_BIN_EXE_collaudo")), &format!("\"sh\", \"-c\", {script:?}"));
    desk.write("collaudo.toml", &profile(free_port(), "#login", &started));
    let ended = desk.run(&["--app", "collaudo.toml", "--requirement", "AZ-01", "CB-05"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stdout.contains("its last words: "), "{}", ended.stdout);
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    let mut said = [ended.stdout, ended.stderr, doctor.stdout, doctor.stderr].concat();
    for entry in std::fs::read_dir(desk.out()).expect("a folder").flatten().filter(|entry| entry.path().is_file()) {
        said.push_str(&String::from_utf8_lossy(&std::fs::read(entry.path()).expect("a file")));
    }
    let secrets = std::fs::read_to_string(desk.path("secrets")).expect("it was started");
    assert!(secrets.lines().count() >= 2, "{secrets}");
    for secret in secrets.lines() {
        assert!(secret.len() > 20 && !said.contains(secret), "{secret} is told");
        assert!(!said.contains(&secret[secret.len() - 12..]), "the end of {secret} is told");
    }
}

#[test]
fn one_that_is_sound() {
    let desk = Desk::new();
    let port = free_port();
    desk.write("collaudo.toml", &profile(port, "#login", &started(port)));
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    let run = desk.run(&["--app", "collaudo.toml", "--requirement", "AC-08", "CB-15", "NA-01"]);
    let verdicts = desk.verdicts();
    assert_eq!(run.code, Some(0), "{verdicts:#?}");
    assert!(run.stdout.contains("== PARTIAL =="), "{}", run.stdout);
    let (passed, others): (Vec<_>, Vec<_>) = verdicts.iter().partition(|(_, verdict, _)| verdict == "passed");
    assert!(passed.len() >= 4, "{verdicts:#?}");
    let about_others = |reason: &str| reason == "it is about native applications; the profile declares a web one";
    assert!(others.iter().all(|(_, verdict, reason)| verdict == "not-applicable" && about_others(reason)), "{verdicts:#?}");
    desk.until_nothing_is_left();
}

#[test]
fn one_that_takes_any_port() {
    let desk = Desk::new();
    let port = free_port();
    desk.write("collaudo.toml", &profile(port, "#login", &started(port).replace(&format!("127.0.0.1:{port}"), "127.0.0.1:{port}")));
    let run = desk.start_run(&["--app", "collaudo.toml", "--jobs", "2", "--requirement", "CB-07"]);
    let living = wait_until("no two live at the same time", || {
        let lines = descendants(run.pid(), "collaudo").into_iter().map(command_line);
        let ports: BTreeSet<u16> = lines.filter_map(|line| port_in(&line)).collect();
        if ports.len() > 1 { Ok(ports) } else { Err(format!("{ports:?}")) }
    });
    let ended = run.ended();
    let (verdicts, records) = (desk.verdicts(), desk.records());
    assert_eq!(ended.code, Some(0), "{verdicts:#?}");
    assert_eq!(records[0]["jobs"], 2);
    assert_eq!(records[0]["application"]["url"], format!("http://127.0.0.1:{port}/"));
    let used = |record: &Value| port_in(&record["exchanges"].to_string());
    let used: Vec<u16> = records.iter().filter_map(used).collect();
    assert!(used.len() >= 2 && !used.contains(&port), "{used:?}");
    assert!(living.iter().any(|port| used.contains(port)), "{living:?} {used:?}");
    desk.until_nothing_is_left();
}

/// The port of the first loopback address in a text.
fn port_in(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("127.0.0.1:").or_else(|| text.split_once("127.0.0.1%3A"))?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A device application; `command` is what a stranger's program would be.
fn device(command: &str) -> String {
    let web = profile(1, "#login", &format!("command = {command}\n\n{}", started(1).split_once("\n\n").expect("two parts").1));
    let app = web.split("[app.login]").next().expect("the first part");
    let kept = app.lines().filter(|line| !line.starts_with("url") && !line.starts_with("redirect_uris"));
    let app: String = kept.map(|line| format!("{line}\n")).collect();
    app.replace("\"web\"", "\"device\"").replace(", \"offline_access\"", "").replace(" offline_access", "")
        + "\n[app.console]\nsigned_in = \"Signed in as\"\nrefused = \"Sign-in failed:\"\n"
}

#[test]
fn one_without_a_page() {
    let desk = Desk::new();
    desk.write("collaudo.toml", &device(&format!(r#"["{}", "app", "--type", "device"]"#, env!("CARGO_BIN_EXE_collaudo"))));
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    assert!(doctor.stdout.contains("program                starts, and shows http://localhost:"), "{}", doctor.stdout);
    let run = desk.run(&["--app", "collaudo.toml", "--requirement", "DV-04", "NA-01", "CB-01"]);
    let verdicts = desk.verdicts();
    assert_eq!(run.code, Some(0), "{verdicts:#?}");
    let count = |wanted: &str| verdicts.iter().filter(|(_, verdict, _)| verdict == wanted).count();
    assert_eq!((count("passed"), count("passed") + count("not-applicable")), (4, verdicts.len()), "{verdicts:#?}");
    assert!(verdicts.iter().any(|(.., reason)| reason == "it is about web applications; the profile declares a device one"));
    desk.until_nothing_is_left();
}

#[test]
fn one_that_says_that_somebody_is_signed_in_and_asks_nobody() {
    let desk = Desk::new();
    desk.write("collaudo.toml", &device(r#"["sh", "-c", "echo Signed in as Ada Ferri; exec sleep 60"]"#));
    let run = desk.run(&["--app", "collaudo.toml", "--requirement", "DV-04"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stdout.contains("the program asked the platform for no device code"), "{}", run.stdout);
    desk.until_nothing_is_left();
}
