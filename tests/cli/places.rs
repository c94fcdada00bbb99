//! Where nothing of collaudo's is, nothing is changed: every command that writes, at the places where people keep their own.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::program::{Desk, Ended};

/// Every file below a folder with what it holds, links and folders with what they are.
fn digest(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let facts = fs::symlink_metadata(&path).expect("facts");
        let told = if facts.is_symlink() {
            format!("link to {:?}", fs::read_link(&path).expect("a link"))
        } else if facts.is_dir() {
            found.extend(digest(&path));
            "folder".to_owned()
        } else {
            let bytes = fs::read(&path).expect("read");
            format!("{:?} {:?}", facts.modified().expect("a time"), ring::digest::digest(&ring::digest::SHA256, &bytes))
        };
        found.insert(path, told);
    }
    found
}

/// A home, a project, a folder with one file of somebody else's, and a link to each: what no command may change.
struct Places {
    desk: Desk,
}

impl Places {
    fn new() -> Self {
        let desk = Desk::new();
        for (name, text) in [
            ("theirs/home/.bashrc", "alias ll=ls"),
            ("theirs/home/Documents/report.html", "<p>mine"),
            ("theirs/home/evidence/photo.png", "mine"),
            ("theirs/project/collaudo.toml", "[app]"),
            ("theirs/project/report.json", "{}"),
            ("theirs/project/snapshots/a.snap", "mine"),
            ("theirs/project/.git/HEAD", "ref: refs/heads/main"),
            ("theirs/one/notes.txt", "mine"),
            ("theirs/named/run.jsonl", "{\"event\":\"mine\"}\n"),
            ("theirs/named/history.html", "<p>mine"),
            ("theirs/named/bundle.zip", "PK\u{3}\u{4} mine"),
            ("theirs/named/known.json", "[1, 2]"),
            ("theirs/named/ca.pem", "mine"),
            ("theirs/named/mine.key", "mine"),
            ("theirs/named/half.key.pub", "mine"),
        ] {
            desk.write(name, text);
        }
        for name in ["home", "project", "one"] {
            symlink(desk.path(&format!("theirs/{name}")), desk.path(&format!("theirs/link-to-{name}"))).expect("a link");
        }
        symlink("/nowhere", desk.path("theirs/broken-link")).expect("a link");
        symlink(desk.path("theirs/one/notes.txt"), desk.path("theirs/named/link")).expect("a link");
        fs::create_dir(desk.path("theirs/locked")).expect("a folder");
        fs::set_permissions(desk.path("theirs/locked"), fs::Permissions::from_mode(0o555)).expect("rights");
        Self { desk }
    }

    /// Exit code 2, one line of why, and nothing changed.
    fn is_refused(&self, arguments: &[&str], at_home: bool) {
        let before = digest(&self.desk.path("theirs"));
        let mut command = self.desk.command(arguments);
        if at_home {
            command.current_dir(self.desk.path("theirs/home"));
        }
        let ended: Ended = command.output().expect("the program starts").into();
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.lines().any(|line| line.starts_with("error: ")), "{arguments:?}: {ended:?}");
        assert_eq!(digest(&self.desk.path("theirs")), before, "{arguments:?}");
    }
}

/// Folders of others. What nobody may write to is refused to the superuser too.
const FOLDERS: [&str; 9] = [
    "theirs/home",
    "theirs/project",
    "theirs/one",
    "theirs/named",
    "theirs/link-to-home",
    "theirs/link-to-one",
    "theirs/broken-link",
    "/proc/collaudo-report",
    "/sys/kernel",
];

/// A whole run and the parts of one, by which the commands are tried.
#[test]
fn nothing_goes_where_others_are() {
    let places = Places::new();
    let run = ["--requirement", "AZ-01", "--seed", "7"];
    let ended = places.desk.ended(&[&["run", "--out", "whole"], &run[..]].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for index in ["1/2", "2/2"] {
        let ended = places.desk.ended(&[
            "run",
            "--out",
            &format!("part-{}", &index[..1]),
            "--requirement",
            "AZ-01",
            "CB-14",
            "--seed",
            "7",
            "--shard",
            index,
        ]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    for folder in FOLDERS {
        places.is_refused(&[&["run", "--out", folder], &run[..]].concat(), false);
        places.is_refused(&["report", "whole", "--out", folder], false);
        places.is_refused(&["report", "merge", "part-1", "part-2", "--out", folder], false);
    }
    for words in [&["run", "--requirement", "AZ-01"][..], &["report", "../../whole"], &["report", "merge", "../../part-1", "../../part-2"]]
    {
        places.is_refused(&[words, &["--out", "."]].concat(), true);
        places.is_refused(&[words, &["--out", "../home"]].concat(), true);
    }
    // A folder of rights that even its owner does not have; the superuser has them all.
    if fs::write(places.desk.path("theirs/locked/x"), "x").is_err() {
        places.is_refused(&[&["run", "--out", "theirs/locked/out"], &run[..]].concat(), false);
        places.is_refused(&["report", "whole", "--out", "theirs/locked/out"], false);
        places.is_refused(&["init", "theirs/locked/collaudo.toml"], false);
        places.is_refused(&["key", "theirs/locked/own.key"], false);
    }
    // Where nobody is, and where an earlier run was, they go.
    for words in [&["run", "--requirement", "AZ-01"][..], &["report", "whole"], &["report", "merge", "part-1", "part-2"]] {
        let ended = places.desk.ended(&[words, &["--out", "anew"]].concat());
        assert_eq!(ended.code, Some(0), "{words:?}: {ended:?}");
    }
    no_file_of_anybody_is_replaced(&places);
    a_merge_takes_nothing_from_outside_its_parts(&places);
}

fn no_file_of_anybody_is_replaced(places: &Places) {
    assert_eq!(places.desk.ended(&["key", "own.key"]).code, Some(0));
    let taken = [
        "theirs/one/notes.txt",
        "theirs/named/bundle.zip",
        "theirs/named/known.json",
        "theirs/named/ca.pem",
        "theirs/named/link",
        "theirs/broken-link",
    ];
    for file in taken {
        places.is_refused(&["run", "--out", "new", "--requirement", "AZ-01", "--bundle", file, "--key", "own.key"], false);
        places.is_refused(&["run", "--out", "new", "--requirement", "AZ-01", "--write-baseline", file], false);
        places.is_refused(&["report", "whole", "--bundle", file, "--key", "own.key"], false);
        places.is_refused(&["report", "whole", "--write-baseline", file], false);
        places.is_refused(&["mock", "--port", "0", "--tls", file], false);
        places.is_refused(&["init", file], false);
        places.is_refused(&["key", file], false);
    }
    assert!(!places.desk.path("new").exists(), "it was refused before the run");
    places.is_refused(&["key", "theirs/named/half.key"], false);
    places.is_refused(&["report", "--history", ".", "--out", "theirs/named"], false);
    places.is_refused(&["init", "/proc/collaudo.toml"], false);
    places.is_refused(&["key", "/proc/collaudo.key"], false);
    // What an earlier command has written is written anew.
    for _ in 0..2 {
        let ended = places.desk.ended(&["report", "whole", "--bundle", "run.zip", "--key", "own.key", "--write-baseline", "known.json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let ended = places.desk.ended(&["report", "--history", "."]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}

/// A link in a part leads to what is not of the part.
fn a_merge_takes_nothing_from_outside_its_parts(places: &Places) {
    fs::create_dir_all(places.desk.path("part-1/evidence/one")).expect("a folder");
    symlink(places.desk.path("theirs/one/notes.txt"), places.desk.path("part-1/evidence/one/ada-1.html.txt")).expect("a link");
    symlink(places.desk.path("theirs/home"), places.desk.path("part-1/evidence/home")).expect("a link");
    let ended = places.desk.ended(&["report", "merge", "part-1", "part-2", "--out", "merged"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let merged = digest(&places.desk.path("merged"));
    assert!(merged.keys().all(|path| !path.ends_with("ada-1.html.txt") && !path.ends_with("home")), "{merged:?}");
}
