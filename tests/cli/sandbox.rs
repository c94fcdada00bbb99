//! A second process over TLS with a CA of its own stands in for the sandbox: reached through a target file, without instruments.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::applications::{minimal, started_with};
use crate::program::{Desk, Ended, Running, free_port, text};

/// Why something is not judged there, where it has nothing to do with what the platform claims.
const NEEDS_THE_MOCK: [&str; 3] = [
    "it needs what the application asks the platform for, or a fault of the platform",
    "only whoever owns the platform can do it",
    "the target file names one registered application, a web application",
];

/// Why a scenario of the platform suite does not apply there.
const NOT_CLAIMED: [&str; 4] = [
    "the discovery document names no",
    "the target file names no [other_client]",
    "the client does not ask for the scope",
    "nothing of the platform was recorded",
];

pub struct Sandbox {
    _mock: Running,
    /// Environment variables of the target file, with their values.
    pub secrets: Vec<(String, String)>,
    /// Where its client's redirect URI is.
    pub port: u16,
    pub issuer: String,
    /// Of its control interface, where it was started with one.
    pub control_key: String,
}

pub fn sandbox(desk: &Desk) -> Sandbox {
    sandbox_with(desk, &[], "", "")
}

/// A mock that is started with these arguments; `top` and `last` are lines at either end of its target file.
pub fn sandbox_with(desk: &Desk, more: &[&str], top: &str, last: &str) -> Sandbox {
    let port = free_port();
    let redirect_uri = format!("http://127.0.0.1:{port}/callback");
    let arguments = ["mock", "--tls", "ca.pem", "--port", "0", "--redirect-uri", &redirect_uri, "--format", "json"];
    let mut child = desk.command(&[&arguments, more].concat()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("text");
    let facts: Value = serde_json::from_str(&line).expect("one JSON object");
    let client = &facts["client"];
    let mut target = format!(
        "name = \"stand-in\"\nissuer = {}\napi = {}\nportal = {}\nextra_ca = \"ca.pem\"\n{top}\n\
         [client]\nclient_id = {}\nsecret_env = \"SANDBOX_SECRET\"\nredirect_uri = \"{redirect_uri}\"\n",
        facts["issuer"], facts["api"], facts["portal"], client["client_id"]
    );
    let mut secrets = vec![("SANDBOX_SECRET".to_owned(), text(&client["client_secret"]))];
    for name in ["ada", "bruno", "elio"] {
        let user = &facts["users"][name];
        let variable = format!("SANDBOX_PASSWORD_OF_{}", name.to_uppercase());
        target += &format!("\n[users.{name}]\nemail = {}\npassword_env = \"{variable}\"\ntenant = \"{}\"\n", user["email"], user["tenant"]);
        secrets.push((variable, text(&user["password"])));
    }
    desk.write("target.toml", &format!("{target}\n{last}\n"));
    Sandbox { _mock: Running(child), secrets, port, issuer: text(&facts["issuer"]), control_key: text(&facts["control_key"]) }
}

impl Sandbox {
    /// `collaudo run --target target.toml` with these arguments.
    pub fn run(&self, desk: &Desk, arguments: &[&str]) -> Ended {
        let mut command = desk.command(&[&["run", "--out", "out", "--target", "target.toml"], arguments].concat());
        Ended::from(command.envs(self.secrets.iter().cloned()).output().expect("the program starts"))
    }
}

#[test]
fn what_needs_no_instrument_is_judged_on_a_target() {
    let desk = Desk::new();
    let sandbox = sandbox(&desk);
    assert!(sandbox.secrets.iter().all(|(_, secret)| secret.len() >= 12), "every secret is one");
    let arguments = ["run", "--out", "out", "--target", "target.toml", "--tags", "@platform-suite or @AC-08 or @CB-01 or @PO-03 or @GX-20"];
    let ended = desk.command(&arguments).envs(sandbox.secrets.iter().cloned()).output().expect("the program starts");
    let verdicts = desk.verdicts();
    assert_eq!(ended.status.code(), Some(0), "{verdicts:#?}");
    let records = desk.records();
    let suite = |title: &str| {
        let planned = records[0]["scenarios"].as_array().expect("a plan");
        text(&planned.iter().find(|scenario| scenario["title"] == title).expect("it was planned")["suite"])
    };
    let (passed, others): (Vec<_>, Vec<_>) = verdicts.iter().partition(|(_, verdict, _)| verdict == "passed");
    let left_out = |title: &str, reason: &str| {
        let unclaimed = NOT_CLAIMED.iter().any(|known| reason.starts_with(known));
        NEEDS_THE_MOCK.iter().any(|known| reason.starts_with(known)) || (suite(title) == "platform" && unclaimed)
    };
    // What the application is not shown without the mock is not tested; to the platform such a scenario does not apply.
    let fitting = |title: &str, verdict: &str| verdict == if suite(title) == "relying-party" { "not-tested" } else { "not-applicable" };
    assert!(others.iter().all(|(title, verdict, reason)| fitting(title, verdict) && left_out(title, reason)), "{others:#?}");
    assert!(others.len() >= 4 && passed.len() >= 80, "{} {}", others.len(), passed.len());
    assert!(passed.iter().any(|(title, ..)| title == "Granting every scope signs the end-user in"), "{passed:#?}");
    // A person's own doings need no fault: what a browser shows of them is judged.
    for title in ["A sign-in whose popup was closed can be begun again", "A popup that the browser blocks is not waited for"] {
        assert!(passed.iter().any(|(passed, ..)| passed == title), "{title}: {others:#?}");
    }
    assert_eq!(records[0]["target"]["name"], "stand-in");
    for (variable, secret) in &sandbox.secrets {
        assert_eq!(holding(&desk.out(), secret), Vec::<String>::new(), "{variable}");
    }
    let report = fs::read_to_string(desk.out().join("report.html")).expect("a report");
    assert!(report.contains("stand-in"));
    // The search itself finds what is there.
    assert!(!holding(&desk.out(), "stand-in").is_empty());
}

/// Ends on the page of a list, with something to find fault with.
pub const FAILING_ON_A_LIST: &str = "@session
Feature: Lists
  Ends where patients are shown.

  Rule: One

    @SE-01
    Scenario: The session cookie is out of the scripts' reach
      Given the relying party is registered at the platform
      And the end-user Ada has an account at the medical centre
      When Ada signs in through the popup and grants every scope
      And Ada opens every declared feature
      Then the session cookie is protected
";

#[test]
fn what_is_kept_of_a_page_there_shows_no_patient() {
    let desk = Desk::new();
    let sandbox = sandbox(&desk);
    fs::create_dir(desk.path("own")).expect("a folder");
    desk.write("own/lists.feature", FAILING_ON_A_LIST);
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("features/requirements.toml");
    fs::copy(requirements, desk.path("own/requirements.toml")).expect("a copy");
    let arguments = ["run", "--out", "out", "--target", "target.toml", "--features", "own", "--defect", "script-readable-cookie"];
    let ended = desk.command(&arguments).envs(sandbox.secrets.iter().cloned()).output().expect("the program starts");
    assert_eq!(ended.status.code(), Some(1), "{:?}", desk.verdicts());
    let folder = desk.out().join("evidence/features-lists-feature-8");
    let source = fs::read_to_string(folder.join("ada-1.html.txt")).expect("the source of the page");
    let (_, list) = source.split_once("<ul id=\"patients\"").expect("the list of patients");
    let (list, _) = list.split_once("</ul>").expect("the list's end");
    let entries: Vec<&str> = list.split("<li").skip(1).collect();
    assert!(entries.len() > 100 && entries.iter().all(|entry| entry.contains(">[hidden]</li>")), "{list}");
    // What is covered on it `browser::pictures` sees.
    assert!(fs::read(folder.join("ada-1.png")).expect("a picture").starts_with(b"\x89PNG"));
}

#[test]
fn a_minimal_profile_is_learned_there_where_the_target_file_says_how_people_are_called() {
    let desk = Desk::new();
    let sandbox = sandbox(&desk);
    desk.write("collaudo.toml", &minimal(&started_with(sandbox.port, &[])));
    let doctor = || {
        let mut command = desk.command(&["doctor", "--app", "collaudo.toml", "--target", "target.toml"]);
        Ended::from(command.envs(sandbox.secrets.iter().cloned()).output().expect("the program starts"))
    };
    let nameless = doctor();
    assert_eq!(nameless.code, Some(2), "{nameless:?}");
    let told = "after an honest sign-in of ada.ferri@sanluca.example nothing on the page names the person; new on it is `";
    assert!(nameless.stdout.contains(told) && nameless.stdout.contains("or give users.ada.name in the target file"), "{nameless:?}");
    let mut target = fs::read_to_string(desk.path("target.toml")).expect("the target file");
    for (key, name) in [("ada", "Ada Ferri"), ("elio", "Elio Galli")] {
        target = target.replace(&format!("[users.{key}]\n"), &format!("[users.{key}]\nname = \"{name}\"\n"));
    }
    desk.write("target.toml", &target);
    let named = doctor();
    assert_eq!(named.code, Some(0), "{named:?}");
    assert!(named.stdout.contains("signed_in = \"#user\"\nerror = \".login-error\"\n"), "{}", named.stdout);
}

#[test]
fn a_client_secret_and_a_password_that_are_wrong_are_told() {
    let desk = Desk::new();
    let sandbox = sandbox(&desk);
    desk.write("collaudo.toml", &started_with(sandbox.port, &[]));
    for (variable, look, told) in [
        ("SANDBOX_SECRET", "FAIL client ", "`invalid_client`"),
        ("SANDBOX_PASSWORD_OF_ADA", "FAIL target ", "the password in SANDBOX_PASSWORD_OF_ADA"),
    ] {
        let mut command = desk.command(&["doctor", "--app", "collaudo.toml", "--target", "target.toml"]);
        command.envs(sandbox.secrets.iter().cloned()).env(variable, "a-secret-of-somebody-else");
        let ended = Ended::from(command.output().expect("the program starts"));
        assert_eq!(ended.code, Some(2), "{ended:?}");
        let line = ended.stdout.lines().find(|line| line.starts_with(look)).unwrap_or_default();
        assert!(line.contains(told) && line.contains(variable), "{ended:?}");
        assert!(!ended.stdout.contains("a-secret-of-somebody-else"), "{ended:?}");
    }
}

#[test]
fn a_secret_that_is_not_set_is_named() {
    let desk = Desk::new();
    desk.write(
        "target.toml",
        "name = \"x\"\nissuer = \"https://sandbox.example\"\napi = \"https://sandbox.example\"\n\n\
         [client]\nclient_id = \"c\"\nsecret_env = \"SECRET_THAT_NOBODY_SET\"\nredirect_uri = \"http://127.0.0.1:1/callback\"\n",
    );
    let ended = desk.run(&["--target", "target.toml", "--requirement", "PL-01"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("SECRET_THAT_NOBODY_SET") && ended.stderr.contains("hint: export it"), "{}", ended.stderr);
    assert!(!desk.out().exists());
}

/// The files below `folder` that hold `needle`.
pub fn holding(folder: &Path, needle: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            found.extend(holding(&entry.path(), needle));
        } else if fs::read(entry.path()).expect("a file").windows(needle.len()).any(|window| window == needle.as_bytes()) {
            found.push(entry.path().display().to_string());
        }
    }
    found
}
