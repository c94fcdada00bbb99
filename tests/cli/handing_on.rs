//! What a run hands on: nothing secret, nothing that was changed, and no verdict that could not be written down.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::applications::{profile, started};
use crate::program::{Desk, free_port, wait_until};

#[test]
fn a_canary_left_on_purpose_is_found_and_never_shown() {
    const CANARY: &str = "canary-9f2c7be1-of-the-production-client";
    let desk = Desk::new();
    let port = free_port();
    let dossier = "\n[[dossier.environments]]\nname = \"production\"\nclient_id = \"agenda\"\nredirect_uris = [\"https://agenda.example/callback\"]\n\
                   secret_env = \"AGENDA_PRODUCTION\"\n";
    desk.write("collaudo.toml", &format!("{}{dossier}", profile(port, "#login", &started(port))));
    let run = |leave: &dyn Fn()| {
        // A record of an earlier run would be taken for this one's.
        let _ = fs::remove_dir_all(desk.out());
        let mut command = desk.command(&["run", "--out", "out", "--app", "collaudo.toml", "--requirement", "AC-08"]);
        command.env("AGENDA_PRODUCTION", CANARY).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        wait_until("the run does not begin", || match child.try_wait() {
            Ok(None) if desk.records().is_empty() => Err("no record yet".to_owned()),
            _ => Ok(()),
        });
        leave();
        let output = child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = run(&|| {});
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read_to_string(desk.out().join("collaudo.toml")).ok(), fs::read_to_string(desk.path("collaudo.toml")).ok());

    let file = desk.out().join("evidence/left/on-purpose.txt");
    let (code, said) = run(&|| {
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, STANDARD.encode(format!("agenda:{CANARY}"))).expect("writes");
    });
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("INCOMPLETE")
            && said.contains("errored: a secret stands in evidence/left/on-purpose.txt: client-secret of production"),
        "{said}"
    );
    let last = desk.records().pop().expect("records");
    assert_eq!((&last["readiness"], &last["leaks"][0]["file"]), (&"INCOMPLETE".into(), &"evidence/left/on-purpose.txt".into()));
    for name in ["run.jsonl", "report.html", "report.json", "junit.xml"] {
        let text = fs::read_to_string(desk.out().join(name)).expect("a report");
        assert!(text.contains("on-purpose.txt") && !text.contains(CANARY) && !text.contains(&STANDARD.encode(CANARY)[..20]), "{name}");
    }
}

#[test]
fn a_full_disk_is_one_clear_error() {
    let desk = Desk::new();
    let out = desk.path("full");
    fs::create_dir(&out).expect("a folder");
    let small = |size: &str, then: &str| {
        let script = format!("mount -t tmpfs -o size={size} tmpfs \"$1\" && shift && {then}");
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]).arg(&out).env("NO_COLOR", "1");
        command.arg(env!("CARGO_BIN_EXE_collaudo")).current_dir(desk.path("")).stdin(std::process::Stdio::null());
        command.output()
    };
    if !small("100k", "true").is_ok_and(|output| output.status.success()) {
        println!("skipped: no small disk can be mounted here");
        return;
    }
    let whole = desk.run(&["--requirement", "AC-08", "AC-05", "--seed", "7"]);
    assert_eq!(whole.code, Some(0), "{whole:?}");
    let record = fs::read_to_string(desk.out().join("run.jsonl")).expect("a record");
    let page = fs::metadata(desk.out().join("report.html")).expect("a page").len();
    let (first, record) = (record.lines().next().expect("a line").len() as u64, record.len() as u64);
    // The first line does not fit; a later one does not; a report does not.
    for (size, file) in [(first / 2, "run.jsonl"), (first + (record - first) / 2, "run.jsonl"), (record + page / 2, "report.html")]
        .map(|(b, file)| (b.to_string(), file))
    {
        let output = small(&size, "exec \"$@\" run --requirement AC-08 AC-05 --seed 7 --out full").expect("the program starts");
        let [said, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(output.status.code(), Some(2), "{size}: {said}{errors}");
        assert!(errors.lines().count() == 1 && errors.contains(file) && errors.contains("No space left"), "{size}: {errors}");
        assert!(!said.contains("READY"), "{size}: {said}");
    }
}

#[test]
fn a_bundle_is_read_elsewhere_and_a_changed_one_refused() {
    let desk = Desk::new();
    let made = desk.ended(&["key", "ours.key"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(desk.ended(&["key", "ours.key"]).code, Some(2), "a key is never written over");
    let ended = desk.run(&["--requirement", "PO-02", "--bundle", "run.zip", "--key", "ours.key", "--signer", "Irene Sala"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let verify = |bundle: &str, key: &str| desk.ended(&["verify", bundle, "--public-key", key]);
    let seen = verify("run.zip", "ours.key.pub");
    assert_eq!(seen.code, Some(3), "a part is no approval: {seen:?}");
    let part = "no approval: only a part of the suite was run (requirement PO-02)";
    for told in ["verdict      PARTIAL", "application  Portale Referti", "signed by    Irene Sala", "not valid as an approval", part] {
        assert!(seen.stdout.contains(told), "{told}: {}", seen.stdout);
    }
    // Whose key it is stands in a file of those that are trusted; what is expected and differs is no approval.
    desk.write("keys.toml", "[[key]]\nname = \"Studio Sala\"\nfile = \"ours.key.pub\"\n");
    let expected = ["--keys", "keys.toml", "--expect-version", "2.1.0", "--expect-client", "gipo-1", "--max-age", "0"];
    let seen = desk.ended(&[&["verify", "run.zip"], &expected[..]].concat());
    assert_eq!(seen.code, Some(3), "{seen:?}");
    let version = "no approval: it is of an unnamed version of the application, and not of 2.1.0";
    for told in
        [" of Studio Sala", version, "no approval: it names portale-medico, portale-medico-test, and not gipo-1", "more than 0 days ago"]
    {
        assert!(seen.stdout.contains(told), "{told}: {}", seen.stdout);
    }
    desk.write("keys.toml", "[[key]]\nname = \"Studio Sala\"\n");
    let unfit = desk.ended(&["verify", "run.zip", "--keys", "keys.toml"]);
    assert!(unfit.code == Some(2) && unfit.stderr.contains("the key of Studio Sala needs either `pem` or `file`"), "{unfit:?}");
    assert_eq!(desk.ended(&["verify", "run.zip"]).code, Some(2), "a signature needs a key");
    let mut bytes = fs::read(desk.path("run.zip")).expect("the bundle");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(desk.path("changed.zip"), bytes).expect("writes");
    let changed = verify("changed.zip", "ours.key.pub");
    assert_eq!(changed.code, Some(2), "{changed:?}");
    assert!(changed.stderr.starts_with("error: the member `"), "{}", changed.stderr);
    assert_eq!(verify("run.zip", "ours.key").code, Some(2), "a private key is no public one");
    assert_eq!(desk.run(&["--bundle", "run.zip"]).code, Some(2), "a bundle needs a key");

    // The next run tells what changed; a history tells both.
    fs::create_dir(desk.path("nights")).expect("a folder");
    let copy = |name: &str| {
        let night = desk.path("nights").join(name);
        fs::create_dir(&night).expect("a folder");
        fs::copy(desk.out().join("run.jsonl"), night.join("run.jsonl")).expect("copies");
    };
    copy("one");
    let broken = desk.run(&["--requirement", "PO-02", "--defect", "posts-to-any-origin", "--previous", "nights/one"]);
    assert_eq!(broken.code, Some(1), "{broken:?}");
    copy("two");
    let history = desk.ended(&["report", "--history", "nights"]);
    assert_eq!((history.code, history.stdout.as_str()), (Some(0), "2 runs: nights/history.html\n"), "{history:?}");
}

#[test]
fn keys_of_openssl_are_keys() {
    let desk = Desk::new();
    let openssl = |arguments: &[&str]| Command::new("openssl").args(arguments).current_dir(desk.path("")).output();
    if !openssl(&["genpkey", "-algorithm", "ed25519", "-out", "theirs.pem"]).is_ok_and(|output| output.status.success()) {
        println!("skipped: openssl is missing");
        return;
    }
    openssl(&["pkey", "-in", "theirs.pem", "-pubout", "-out", "theirs.pub"]).expect("it ran before");
    fs::create_dir(desk.out()).expect("a folder");
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/stopped.jsonl");
    fs::copy(fixture, desk.out().join("run.jsonl")).expect("copies");
    let sealed = desk.ended(&["report", "out", "--bundle", "run.zip", "--key", "theirs.pem"]);
    assert_eq!(sealed.code, Some(0), "{sealed:?}");
    assert!(sealed.stdout.starts_with("INCOMPLETE: out\nthe run was interrupted: 1 of 2 scenarios have a verdict\n"), "{}", sealed.stdout);
    let seen = desk.ended(&["verify", "run.zip", "--public-key", "theirs.pub", "--json"]);
    assert_eq!(seen.code, Some(3), "the run was interrupted: {seen:?}");
    let told: serde_json::Value = serde_json::from_str(&seen.stdout).expect("JSON");
    assert_eq!(told["told"]["readiness"], "INCOMPLETE");

    // The record of one folder and the reports that were rendered into another are one bundle.
    fs::create_dir(desk.out().join("evidence")).expect("a folder");
    desk.write("out/evidence/page.txt", "a page");
    desk.write("out/report.json", "{}");
    let both = desk.ended(&["report", "out", "--out", "anew", "--report", "json", "--bundle", "both.zip", "--key", "theirs.pem"]);
    assert_eq!(both.code, Some(0), "{both:?}");
    assert!(both.stdout.contains("both.zip: 5 files"), "record, evidence, page, JUnit and the newer summary: {both:?}");
    assert_eq!(desk.ended(&["verify", "both.zip", "--public-key", "theirs.pub"]).code, Some(3), "{both:?}");
    let sealed = Command::new("unzip").args(["-p", "both.zip", "report.json"]).current_dir(desk.path("")).output();
    if let Ok(sealed) = sealed.as_ref().map(|output| &output.stdout) {
        assert_eq!(sealed, &fs::read(desk.path("anew/report.json")).expect("it is there"), "the older summary was sealed");
    }
    desk.ended(&["key", "ours"]);
    let read = openssl(&["pkey", "-in", "ours", "-pubout"]).expect("it ran before");
    assert_eq!(read.stdout, fs::read(desk.path("ours.pub")).expect("the public key"), "openssl reads ours");
}
