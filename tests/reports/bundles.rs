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
        check_bundle(&path, &self.key, Timestamp::now()).map(drop)
    }
}

#[test]
fn a_sound_bundle_says_who_what_and_until_when() {
    let run = fold(sound());
    let sealed = Sealed::new(&run);
    let names: Vec<&str> = sealed.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["collaudo.toml", "evidence/one/ada-1.png", "report.html", "report.json", "run.jsonl"]);
    let seen = check_bundle(&sealed.path(), &sealed.key, run.started_at()).expect("nothing was changed");
    assert_eq!((seen.told.readiness, seen.told.application.as_str(), seen.members), (Readiness::Ready, "Portale Pazienti", 5));
    assert_eq!((&seen.told.suite_digest, seen.told.signer.as_deref()), (&run.started().suite_digest, Some("Irene Sala")));
    let who = [&seen.told.version, &seen.told.contact, &seen.told.tester].map(Option::as_deref);
    assert_eq!(who, [Some("2.1.0"), Some("Nora Sala <nora@example.it>"), Some("Ivo Riva")]);
    assert_eq!((seen.told.valid_until, seen.expired, seen.key), (run.valid_until(), false, sealed.key.id()));
    let later = run.valid_until().expect("it is an approval") + SignedDuration::from_secs(1);
    assert!(check_bundle(&sealed.path(), &sealed.key, later).expect("still sound").expired);
    let failed = Sealed::new(&fold(records()));
    let seen = check_bundle(&failed.path(), &failed.key, Timestamp::now()).expect("a failed run can be handed on too");
    assert_eq!((seen.told.readiness, seen.told.valid_until), (Readiness::NotReady, None));
}

#[test]
fn the_statement_is_in_toto_s() {
    let run = fold(records());
    let sealed = Sealed::new(&run);
    let members = read_bundle(&sealed.path()).expect("it is sound");
    let envelope = members.iter().find(|member| member.name == STATEMENT).expect("it is signed");
    let statement = Envelope::parse(&envelope.bytes).and_then(|envelope| envelope.opened_by(&sealed.key)).expect("the signer's");
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
    for name in ["evidence/two.png", "run.jsonl/../x"] {
        assert!(matches!(sealed.with(|members| members.push(added(name))), Err(BundleError::Added(told)) if told == name));
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
        match check_bundle(&path, &sealed.key, Timestamp::now()) {
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
    assert!(matches!(check_bundle(&sealed.path(), &other, Timestamp::now()), Err(BundleError::Signature { .. })));
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
    let foreign = check_bundle(Path::new("Cargo.toml"), &sealed.key, Timestamp::now());
    assert!(matches!(foreign, Err(BundleError::Archive { .. })), "{foreign:?}");
}
