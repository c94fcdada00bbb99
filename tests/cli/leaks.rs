//! An application that tells everything: what of it stands in what a run leaves. With the masking switched off the same search finds it, so
//! the search can find.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::program::{Desk, Ended, free_port, text};
use crate::sandbox::{FAILING_ON_A_LIST, Sandbox, sandbox};

/// Set where the tools of this test were installed for it: then they must be there.
const NEEDED: &str = "COLLAUDO_NEEDS_TESSERACT";
/// Switches the masking off; only a program that was built for tests knows it.
const UNMASKED: &str = "COLLAUDO_TEST_UNMASKED";
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const APPLICATION: &str = include_str!("../fixtures/talkative.py");

/// Whether the application can run and pictures can be read; a word of what is missing.
fn tools_are_there() -> bool {
    let runs = |program: &str| {
        let told = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        told.is_ok_and(|status| status.success())
    };
    let missing: Vec<&str> = ["python3", "tesseract"].into_iter().filter(|program| !runs(program)).collect();
    assert!(missing.is_empty() || std::env::var_os(NEEDED).is_none(), "{NEEDED} is set, and there is no {missing:?}");
    if !missing.is_empty() {
        eprintln!("SKIPPED: nothing was searched for leaks: there is no {missing:?}");
    }
    missing.is_empty()
}

/// What a run of the application left.
struct Left {
    desk: Desk,
    ended: Ended,
    /// What it has told, with its kind.
    told: Vec<(String, String)>,
}

fn run(on: impl FnOnce(&Desk) -> Option<Sandbox>, unmasked: bool) -> Left {
    let desk = Desk::new();
    let target = on(&desk);
    let port = target.as_ref().map_or_else(free_port, |target| target.port);
    desk.write("talkative.py", APPLICATION);
    desk.write("own/lists.feature", FAILING_ON_A_LIST);
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("features/requirements.toml");
    fs::copy(requirements, desk.path("own/requirements.toml")).expect("a copy");
    desk.write(
        "collaudo.toml",
        &format!(
            r##"[app]
name = "Racconta"
type = "web"
url = "http://127.0.0.1:{port}/"
command = ["python3", "talkative.py"]
features = ["patients"]
scopes = ["openid", "profile", "offline_access", "giponext.patients"]
redirect_uris = ["http://127.0.0.1:{port}/callback"]

[app.env]
ISSUER = "{{issuer}}"
API = "{{api}}"
CLIENT_ID = "{{client_id}}"
CLIENT_SECRET = "{{client_secret}}"
TENANT = "{{tenants}}"
CA_FILE = "{{ca_file}}"
PORT = "{port}"
TOLD = {told:?}

[app.patience]
start = 60
sign_in = 60
follow_up = 60

[app.login]
trigger = "#login"
window = "same"
signed_in = "#user"
error = ".login-error"
logout = "#logout"

[app.actions.patients]
open = "/patients"
shows = "#patients li"
scope = "giponext.patients"
"##,
            told = desk.path("told.jsonl")
        ),
    );
    assert_eq!(desk.ended(&["key", "own.key"]).code, Some(0));
    let mut arguments = vec!["run", "--out", "out", "--app", "collaudo.toml", "--features", "own", "--jobs", "1"];
    arguments.extend(["--report", "html,junit,json,har,messages,markdown,annotations", "--bundle", "run.zip", "--key", "own.key"]);
    if target.is_some() {
        arguments.extend(["--target", "target.toml"]);
    }
    let mut command = desk.command(&arguments);
    command.envs(target.iter().flat_map(|target| target.secrets.iter().cloned()));
    if unmasked {
        command.env(UNMASKED, "1");
    }
    let ended: Ended = command.output().expect("the program starts").into();
    let told = fs::read_to_string(desk.path("told.jsonl")).unwrap_or_default();
    let told = told.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut told: Vec<(String, String)> = told.map(|told| (text(&told["kind"]), text(&told["value"]))).collect();
    for (name, secret) in target.iter().flat_map(|target| &target.secrets) {
        told.push((name.clone(), secret.clone()));
    }
    Left { desk, ended, told }
}

/// The spellings in which the test looks for a value: a list of its own.
fn spellings(value: &str) -> Vec<String> {
    let percent = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let each = |write: &dyn Fn(char) -> String| value.chars().map(write).collect::<String>();
    // Of base64 around a value, what depends on it alone.
    let within = |before: usize| {
        let word = STANDARD.encode(format!("{}{value}", "x".repeat(before)));
        let start = (before * 8).div_ceil(6);
        word[start..(before + value.len()) * 8 / 6].to_owned()
    };
    vec![
        value.to_owned(),
        percent(value),
        value.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        percent(&percent(value)),
        url::form_urlencoded::byte_serialize(value.as_bytes()).collect(),
        value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#x27;"),
        each(&|c| format!("&#{};", u32::from(c))),
        each(&|c| format!("&#x{:x};", u32::from(c))),
        Value::from(value).to_string().trim_matches('"').to_owned(),
        each(&|c| format!("\\u{:04x}", u32::from(c))),
        each(&|c| format!("\\x{:02x}", u32::from(c))),
        within(0),
        URL_SAFE_NO_PAD.encode(value)[..value.len() * 8 / 6].to_owned(),
        within(1),
        within(2),
        value.bytes().map(|byte| format!("{byte:02x}")).collect(),
        value.bytes().map(|byte| format!("{byte:02X}")).collect(),
        value.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        STANDARD.encode(percent(value))[..percent(value).len() * 8 / 6].to_owned(),
    ]
}

impl Left {
    /// Name and bytes of every text: the folder, the bundle's members, the console.
    fn texts(&self) -> Vec<(String, Vec<u8>)> {
        let mut texts = Vec::new();
        for file in files(&self.desk.out()) {
            texts.push((file.display().to_string(), fs::read(&file).expect("read")));
        }
        let mut bundle = zip::ZipArchive::new(fs::File::open(self.desk.path("run.zip")).expect("a bundle")).expect("an archive");
        assert!(bundle.len() > 8, "{} members", bundle.len());
        for number in 0..bundle.len() {
            let mut member = bundle.by_index(number).expect("a member");
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).expect("it is whole");
            match texts.iter_mut().find(|(_, other)| *other == bytes) {
                // One search is enough for both.
                Some((name, _)) => *name = format!("{name}, run.zip: {}", member.name()),
                None => texts.push((format!("run.zip: {}", member.name()), bytes)),
            }
        }
        texts.push(("console".to_owned(), format!("{}{}", self.ended.stdout, self.ended.stderr).into_bytes()));
        texts
    }

    /// Where a text holds what was told, in which spelling.
    fn found_in_texts(&self) -> BTreeSet<(String, usize, String)> {
        let is_text = |(name, _): &(String, Vec<u8>)| !name.ends_with(".png");
        let texts = self.texts().into_iter().filter(is_text);
        let texts: Vec<(String, String)> = texts.map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned())).collect();
        let mut found = BTreeSet::new();
        for (kind, value) in &self.told {
            for (number, spelling) in spellings(value).iter().enumerate() {
                assert!(spelling.len() >= 8, "{kind} is too short to be looked for");
                let places = texts.iter().filter(|(_, text)| text.contains(spelling.as_str()));
                found.extend(places.map(|(name, _)| (kind.clone(), number, name.clone())));
            }
        }
        found
    }

    fn pictures(&self) -> Vec<PathBuf> {
        files(&self.desk.out()).into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "png")).collect()
    }

    /// What of the told names and secrets can be read in a picture.
    fn found_in_pictures(&self) -> BTreeSet<String> {
        let letters = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_lowercase();
        let mut found = BTreeSet::new();
        for picture in self.pictures() {
            let read = Command::new("tesseract").arg(&picture).args(["stdout", "--psm", "6"]).output().expect("tesseract starts");
            assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
            let seen = letters(&String::from_utf8_lossy(&read.stdout));
            // A reader of pictures takes one letter for another: some in a row are enough.
            let is_seen = |value: &str| letters(value).as_bytes().windows(8).any(|part| seen.contains(&*String::from_utf8_lossy(part)));
            found.extend(self.told.iter().filter(|(_, value)| is_seen(value)).map(|(kind, _)| kind.clone()));
        }
        found
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn check_both_ways(on: impl Fn(&Desk) -> Option<Sandbox>) {
    let left = run(&on, false);
    let verdicts = left.desk.verdicts();
    assert!(verdicts.iter().any(|(_, verdict, _)| verdict == "failed"), "{verdicts:#?} {:?}", left.ended);
    let kinds: BTreeSet<&str> = left.told.iter().map(|(kind, _)| kind.as_str()).collect();
    for kind in ["client-secret", "code", "code-verifier", "access-token", "refresh-token", "id-token", "patient", "fiscal-code"] {
        assert!(kinds.contains(kind), "nothing was told of the {kind}: {kinds:?}");
    }
    assert!(!left.pictures().is_empty(), "a picture was kept");
    let found = left.found_in_texts();
    let kinds: BTreeSet<(&str, usize)> = found.iter().map(|(kind, spelling, _)| (kind.as_str(), *spelling)).collect();
    assert!(found.is_empty(), "{kinds:?} {:?}", found.first());
    assert_eq!(left.found_in_pictures(), BTreeSet::new());
    let leaks = |left: &Left| left.desk.records().pop().expect("records")["leaks"].as_array().map_or(0, Vec::len);
    assert_eq!(leaks(&left), 0);

    let bare = run(&on, true);
    let found = bare.found_in_texts();
    let spellings: BTreeSet<usize> = found.iter().map(|(_, spelling, _)| *spelling).collect();
    assert_eq!(spellings, (0..19).collect(), "the search finds every spelling");
    for kind in ["client-secret", "code-verifier", "access-token", "patient", "fiscal-code"] {
        assert!(found.iter().any(|(found, ..)| found == kind), "the search finds the {kind}");
    }
    for place in ["report.html", ".html.txt", "run.zip: evidence", "run.zip: report.html"] {
        assert!(found.iter().any(|(_, _, name)| name.contains(place)), "the search finds what is in {place}");
    }
    let seen = bare.found_in_pictures();
    assert!(seen.contains("patient") && seen.contains("client-secret"), "the pictures can be read: {seen:?}");
    assert!(leaks(&bare) > 0, "the run's own search finds them too");
}

#[test]
fn what_a_talkative_application_tells_stands_nowhere_on_the_mock() {
    if tools_are_there() {
        check_both_ways(|_| None);
    }
}

#[test]
#[ignore = "half a minute: just leaks"]
fn what_a_talkative_application_tells_stands_nowhere_on_a_target() {
    if tools_are_there() {
        check_both_ways(|desk| Some(sandbox(desk)));
    }
}
