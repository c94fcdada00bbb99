//! The templates for pipelines, read by the linters of their formats.

mod npm;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn place(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn ended(program: &Path, arguments: &[&str], folder: &Path) -> Output {
    Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output().expect("it runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_pipelines_are_what_their_schemas_say() {
    if !runs("python3", &["-c", "import venv, ensurepip"]) {
        println!("skipped: python3 or its venv is missing");
        return;
    }
    // Its version is in the folder's name: a newer one is installed beside it.
    let requirements = std::fs::read_to_string(place("tests/templates/requirements.txt")).expect("it is there");
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(requirements.trim().replace("==", "-"));
    let reader = home.join("bin/check-jsonschema");
    if !reader.exists() {
        let made = ended(Path::new("python3"), &["-m", "venv", &home.to_string_lossy()], Path::new("/"));
        assert!(made.status.success(), "{}", said(&made));
        let installed = ended(&home.join("bin/pip"), &["install", "--quiet", "-r", "tests/templates/requirements.txt"], &place(""));
        assert!(installed.status.success(), "{}", said(&installed));
    }
    let read = |schema: &str, file: &Path| ended(&reader, &["--builtin-schema", schema, &file.to_string_lossy()], Path::new("/"));
    for (schema, file) in [
        ("vendor.github-workflows", "github-pull-request.yml"),
        ("vendor.github-workflows", "github-nightly.yml"),
        ("vendor.gitlab-ci", "gitlab.yml"),
    ] {
        let path = place("ci/templates").join(file);
        let answer = read(schema, &path);
        assert!(answer.status.success(), "{file}: {}", said(&answer));
        // The linter can say no.
        let broken = tempfile::Builder::new().suffix(".yml").tempfile().expect("a file");
        let text = std::fs::read_to_string(&path)
            .expect("it is there")
            .replace("runs-on:", "runs-at:")
            .replace("script:", "scripts: [1]\n  skript:");
        std::fs::write(broken.path(), text).expect("writes");
        assert!(!read(schema, broken.path()).status.success(), "{file}: the linter accepts anything");
    }
}

#[test]
fn the_container_file_is_one() {
    let folder = place("tests/templates");
    if !npm::installed(&folder) {
        return;
    }
    let lint = |file: &Path| {
        ended(Path::new("node"), &["node_modules/dockerfilelint/bin/dockerfilelint", "-o", "json", &file.to_string_lossy()], &folder)
    };
    let problems = |output: &Output| -> u64 {
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {}", said(output)));
        told["totalIssues"].as_u64().expect("a number")
    };
    let answer = lint(&place("ci/templates/Containerfile"));
    assert_eq!(problems(&answer), 0, "{}", said(&answer));
    let broken = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(broken.path(), "FORM debian\nRUN apt-get install curl\n").expect("writes");
    assert!(problems(&lint(broken.path())) > 0, "the linter accepts anything");
}

#[test]
fn every_command_of_the_templates_is_one_of_the_program() {
    let templates = ["github-pull-request.yml", "github-nightly.yml", "gitlab.yml"];
    let texts = templates.map(|file| std::fs::read_to_string(place("ci/templates").join(file)).expect("it is there"));
    let help = |command: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_collaudo")).args([command, "--help"]).output().expect("it starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let (run, report) = (help("run"), help("report"));
    let mut seen = 0;
    for line in texts.iter().flat_map(|text| text.lines()).filter(|line| line.contains("collaudo ") && line.contains(" --")) {
        let known = if line.contains("collaudo report") { &report } else { &run };
        for option in line.split_whitespace().filter(|word| word.starts_with("--")) {
            let option = option.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            assert!(known.contains(option), "{option} in: {line}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

/// What is not named by its digest, or its commit: other words may stand behind the same tag tomorrow.
fn unpinned(text: &str) -> Vec<String> {
    let is_hexadecimal = |digest: &str, length: usize| digest.len() == length && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_pinned = |word: &str| match word.split_once('@') {
        Some((_, digest)) => digest.strip_prefix("sha256:").map_or_else(|| is_hexadecimal(digest, 40), |digest| is_hexadecimal(digest, 64)),
        None => false,
    };
    let named = text.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("- ");
        let words = ["uses:", "image:", "container:", "FROM "].iter().find_map(|key| line.strip_prefix(key))?;
        words.split_whitespace().next().map(str::to_owned)
    });
    named.filter(|word| !is_pinned(word)).collect()
}

#[test]
fn everything_of_others_is_named_by_its_digest() {
    let folder = place("ci/templates");
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("the templates") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("it is text");
        // The image of this program is the integrator's own, by a variable that may hold a digest: docs/pipelines.md.
        let unpinned = unpinned(&text);
        assert!(unpinned.iter().all(|word| word.starts_with('$')), "{}: {unpinned:?}", path.display());
        // The tag stands beside the commit: nobody can read a digest.
        for line in text.lines().filter(|line| line.contains("uses:")) {
            assert!(line.split_once(" # v").is_some_and(|(_, tag)| tag.split('.').count() == 3), "{line}");
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen}");
}

#[test]
fn what_is_named_by_its_tag_is_noticed() {
    let digest = "0".repeat(64);
    let text = format!(
        "- uses: a/b@v4\n  uses: a/b@{commit} # v4.3.1\nFROM docker.io/library/debian:12@sha256:{digest}\nFROM debian:12\nimage: x@sha256:12\n\
         container: ${{{{ vars.X }}}}\n",
        commit = "a".repeat(40)
    );
    assert_eq!(unpinned(&text), ["a/b@v4", "debian:12", "x@sha256:12", "${{"]);
}
