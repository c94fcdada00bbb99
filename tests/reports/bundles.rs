//! A bundle says who judged what with which features until when, and notices every change.

use std::fs;
use std::path::Path;

use collaudo::domain::Readiness;
use collaudo::event::Lang;
use collaudo::report::bundle::{
    BundleError, Envelope, Member, PublicKey, STATEMENT, SigningKey, check_bundle, gather, read_bundle, write_bundle,
};
use collaudo::report::{Run, render_html, render_json};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fold;
use super::run::{records, sound};

fn folder_of(run: &Run) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writes");
    write("run.jsonl", "the record\n");
    write("report.html", &render_html(run, Lang::En, |_| None).expect("renders"));
    write("report.json", &render_json(run).expect("renders"));
    write("collaudo.toml", "[app]\n");
    write("a neighbour.txt", "not the run's");
    fs::create_dir_all(folder.path().join("evidence/one")).expect("a folder");
    write("evidence/one/ada-1.png", "a picture");
    folder
}

struct Sealed {
    folder: tempfile::TempDir,
    key: PublicKey,
    members: Vec<Member>,
}

impl Sealed {
    fn new(run: &Run) -> Self {
        let folder = folder_of(run);
        let key = SigningKey::generate().expect("randomness");
        let members = gather(folder.path()).expect("readable");
        write_bundle(&folder.path().join("bundle.zip"), run, &members, &key, Some("Irene Sala".to_owned())).expect("it is written");
        Self { folder, key: key.public(), members }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("bundle.zip")
    }

    /// The bundle again, with its members changed.
    fn with(&self, change: impl Fn(&mut Vec<Member>)) -> Result<(), BundleError> {
        use std::io::Write;
        let mut members = read_bundle(&self.path()).expect("it is sound");
        change(&mut members);
        let path = self.folder.path().join("changed.zip");
        let mut archive = zip::ZipWriter::new(fs::File::create(&path).expect("a file"));
        for member in &members {
            archive.start_file(&member.name, zip::write::SimpleFileOptions::default()).expect("a member");
            archive.write_all(&member.bytes).expect("its bytes");
        }
        archive.finish().expect("an archive");
        check_bundle(&path, std::slice::from_ref(&self.key), Timestamp::now()).map(drop)
    }
}

#[test]
fn a_sound_bundle_says_who_what_and_until_when() {
    let run = fold(sound());
    let sealed = Sealed::new(&run);
    let names: Vec<&str> = sealed.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["collaudo.toml", "evidence/one/ada-1.png", "report.html", "report.json", "run.jsonl"]);
    let seen = check_bundle(&sealed.path(), std::slice::from_ref(&sealed.key), run.started_at()).expect("nothing was changed");
    assert_eq!((seen.told.readiness, seen.told.application.as_str(), seen.members), (Readiness::Ready, "Portale Pazienti", 5));
    assert_eq!((&seen.told.suite_digest, seen.told.signer.as_deref()), (&run.started().suite_digest, Some("Irene Sala")));
    let who = [&seen.told.version, &seen.told.contact, &seen.told.tester].map(Option::as_deref);
    assert_eq!(who, [Some("2.1.0"), Some("Nora Sala <nora@example.it>"), Some("Ivo Riva")]);
    assert_eq!((seen.told.valid_until, seen.expired, seen.key), (run.valid_until(), false, sealed.key.id()));
    let later = run.valid_until().expect("it is an approval") + SignedDuration::from_secs(1);
    assert!(check_bundle(&sealed.path(), std::slice::from_ref(&sealed.key), later).expect("still sound").expired);
    let failed = Sealed::new(&fold(records()));
    let seen =
        check_bundle(&failed.path(), std::slice::from_ref(&failed.key), Timestamp::now()).expect("a failed run can be handed on too");
    assert_eq!((seen.told.readiness, seen.told.valid_until), (Readiness::NotReady, None));
}

#[test]
fn the_statement_is_in_toto_s() {
    let run = fold(records());
    let sealed = Sealed::new(&run);
    let members = read_bundle(&sealed.path()).expect("it is sound");
    let envelope = members.iter().find(|member| member.name == STATEMENT).expect("it is signed");
    let statement = Envelope::parse(&envelope.bytes)
        .and_then(|envelope| envelope.opened_by(std::slice::from_ref(&sealed.key)).map(|opened| opened.0))
        .expect("the signer's");
    let statement: Value = serde_json::from_slice(&statement).expect("JSON");
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://in-toto.io/attestation/test-result/v0.1");
    assert_eq!(statement["predicate"]["result"], "FAILED");
    assert_eq!(statement["predicate"]["configuration"][0]["digest"]["sha256"], run.started().suite_digest.as_str());
    let tests = |list: &str| statement["predicate"][list].as_array().expect("a list").len();
    assert_eq!((tests("passedTests"), tests("warnedTests"), tests("failedTests")), (2, 1, 5), "one does not apply");
    assert_eq!(statement["subject"].as_array().map(Vec::len), Some(5));
}

#[test]
fn one_changed_byte_in_any_member_is_found_and_named() {
    let sealed = Sealed::new(&fold(sound()));
    assert!(sealed.with(|_| {}).is_ok(), "packed anew, nothing changed");
    for (place, member) in sealed.members.iter().enumerate() {
        let size = member.bytes.len();
        for at in [0, size / 2, size - 1] {
            let told = sealed.with(|members| members[place].bytes[at] ^= 1).expect_err("a changed byte");
            assert!(matches!(&told, BundleError::Changed { name, .. } if *name == member.name), "{told}");
        }
        let told = sealed.with(|members| drop(members.remove(place))).expect_err("a member is gone");
        assert!(matches!(&told, BundleError::Missing(name) if *name == member.name), "{told}");
    }
    let added = |name: &str| Member { name: name.to_owned(), bytes: b"new".to_vec() };
    let told = sealed.with(|members| members.push(added("evidence/two.png"))).expect_err("one more");
    assert!(matches!(&told, BundleError::Added(name) if name == "evidence/two.png"), "{told}");
    for name in ["run.jsonl/../x", "/etc/passwd", "evidence\\two.png", "evidence/", "tre\u{202e}gpj.png"] {
        let told = sealed.with(|members| members.push(added(name))).expect_err("a name that leads elsewhere");
        assert!(matches!(&told, BundleError::Archive { .. }), "{name}: {told}");
    }
    let unsigned = sealed.with(|members| members.retain(|member| member.name != STATEMENT));
    assert!(matches!(unsigned, Err(BundleError::Unsigned)));
}

#[test]
fn a_changed_byte_of_the_file_itself_is_found_wherever_it_holds_a_member() {
    let sealed = Sealed::new(&fold(sound()));
    let whole = fs::read(sealed.path()).expect("it is there");
    let before = read_bundle(&sealed.path()).expect("it is sound");
    let path = sealed.folder.path().join("flipped.zip");
    let mut found = 0;
    for at in (0..whole.len()).step_by(13) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, bytes).expect("writes");
        match check_bundle(&path, std::slice::from_ref(&sealed.key), Timestamp::now()) {
            Err(_) => found += 1,
            // A byte of the container alone, such as a date: what is inside is what was signed.
            Ok(_) => {
                let after = read_bundle(&path).expect("it is sound");
                assert!(after.iter().zip(&before).all(|(one, other)| one.name == other.name && one.bytes == other.bytes), "byte {at}");
            }
        }
    }
    assert!(found * 13 > whole.len() * 9 / 10, "{found} of {}", whole.len() / 13);
}

#[test]
fn a_statement_of_another_key_does_not_hold() {
    let sealed = Sealed::new(&fold(sound()));
    let other = SigningKey::generate().expect("randomness").public();
    assert!(matches!(check_bundle(&sealed.path(), std::slice::from_ref(&other), Timestamp::now()), Err(BundleError::Signature { .. })));
    let statement = sealed.with(|members| {
        for member in members.iter_mut().filter(|member| member.name == STATEMENT) {
            let text = String::from_utf8(std::mem::take(&mut member.bytes)).expect("text");
            // The payload's last character but two is within the text that was signed.
            let at = text.find("\"signatures\"").expect("signatures") - 40;
            let mut bytes = text.into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            member.bytes = bytes;
        }
    });
    assert!(matches!(statement, Err(BundleError::Signature { .. })), "{statement:?}");
    let foreign = check_bundle(Path::new("Cargo.toml"), std::slice::from_ref(&sealed.key), Timestamp::now());
    assert!(matches!(foreign, Err(BundleError::Archive { .. })), "{foreign:?}");
}

/// What a ZIP tool may pass over, or another one may take for a member.
#[test]
fn an_archive_with_more_than_its_members_is_refused() {
    let sealed = Sealed::new(&fold(sound()));
    let whole = fs::read(sealed.path()).expect("it is there");
    let path = sealed.folder.path().join("other.zip");
    let end = whole.len() - 22;
    let directory = whole.windows(4).position(|window| window == b"PK\x01\x02").expect("it has one");
    let hidden = whole[..directory].to_vec();
    let changed = |at: usize, to: &[u8]| {
        let mut bytes = whole.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        bytes
    };
    let mut comment = changed(end + 20, &[5, 0]);
    comment.extend(b"READY");
    let forged = [
        ("bytes before", [b"#!/bin/sh\n".as_slice(), &whole].concat()),
        ("bytes after", [whole.as_slice(), b"more"].concat()),
        ("a comment", comment),
        ("entries that the directory does not list", [hidden.as_slice(), &whole].concat()),
        // The upper half of the first entry's attributes: type and mode.
        ("a link instead of a file", changed(directory + 40, &0o120_777_u16.to_le_bytes())),
        ("set-uid", changed(directory + 40, &0o104_755_u16.to_le_bytes())),
        ("another name in the entry than in the directory", changed(30, b"C")),
        ("cut", whole[..whole.len() - 1].to_vec()),
        ("nothing", Vec::new()),
    ];
    for (what, bytes) in forged {
        fs::write(&path, bytes).expect("writes");
        let told = check_bundle(&path, std::slice::from_ref(&sealed.key), Timestamp::now()).expect_err(what);
        assert!(matches!(told, BundleError::Archive { .. }), "{what}: {told}");
    }
    assert!(check_bundle(&sealed.path(), std::slice::from_ref(&sealed.key), Timestamp::now()).is_ok());
}

#[test]
fn only_regular_files_are_packed() {
    let folder = folder_of(&fold(sound()));
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("evidence/one/host.png")).expect("a link");
    let told = gather(folder.path()).expect_err("a link leads out of the folder").to_string();
    assert!(told.contains("host.png") && told.contains("no regular file"), "{told}");
}
