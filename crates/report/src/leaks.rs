use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::ReportError;
use super::bundle::files;
use crate::domain::{Leak, Secrets};

/// What a search of a folder found, so that the next one need not look again at what has not changed.
#[derive(Default)]
pub struct Searched {
    secrets: usize,
    files: BTreeMap<String, File>,
}

struct File {
    length: usize,
    changed: Option<SystemTime>,
    kinds: BTreeSet<String>,
}

impl Searched {
    /// Every file below `folder` that holds one of the secrets, with its kind; never the value.
    pub fn leaks_in(&mut self, folder: &Path, secrets: &Secrets) -> Result<Vec<Leak>, ReportError> {
        let mut before = std::mem::take(&mut self.files);
        if secrets.count() != std::mem::replace(&mut self.secrets, secrets.count()) {
            before.clear();
        }
        for (name, path) in files(folder)? {
            let failed = |source| ReportError::File { verb: "read", path: path.clone(), source };
            let facts = fs::metadata(&path).map_err(failed)?;
            let changed = facts.modified().ok();
            let is_as_before = |known: &File| changed.is_some() && known.changed == changed && facts.len() == known.length as u64;
            let known = match before.remove(&name) {
                Some(known) if is_as_before(&known) => {
                    self.files.insert(name, known);
                    continue;
                }
                known => known,
            };
            let bytes = fs::read(&path).map_err(failed)?;
            // Lines are added to a record, and none is changed.
            let known = known.filter(|known| name.ends_with(".jsonl") && known.length <= bytes.len());
            let (from, mut kinds) = known.map_or_else(Default::default, |known| {
                let whole_lines = bytes[..known.length].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                (whole_lines, known.kinds)
            });
            kinds.extend(secrets.labels_in(&bytes[from..]).into_iter().map(str::to_owned));
            self.files.insert(name, File { length: bytes.len(), changed, kinds });
        }
        let leaks =
            self.files.iter().flat_map(|(name, file)| file.kinds.iter().map(|kind| Leak { file: name.clone(), kind: kind.clone() }));
        Ok(leaks.collect())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    const SECRET: &str = "s3cr&t/of the\"client";

    #[test]
    fn a_leak_names_file_and_kind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("evidence")).expect("a folder");
        std::fs::write(folder.path().join("evidence/page.html.txt"), format!("<p>{SECRET}")).expect("writes");
        std::fs::write(folder.path().join("run.jsonl"), "nothing").expect("writes");
        let secrets = Secrets::new(&[("client-secret".to_owned(), SecretString::from(SECRET.to_owned()))]);
        let mut searched = Searched::default();
        let leaks = searched.leaks_in(folder.path(), &secrets).expect("readable");
        let leak = |file: &str| Leak { file: file.to_owned(), kind: "client-secret".to_owned() };
        assert_eq!(leaks, [leak("evidence/page.html.txt")]);
        // A line more, another text in an old place, and a new file.
        std::fs::write(folder.path().join("run.jsonl"), format!("nothing\n{}\n", serde_json::json!({"said": SECRET}))).expect("writes");
        std::fs::write(folder.path().join("evidence/page.html.txt"), "<p>").expect("writes");
        std::fs::write(folder.path().join("report.json"), format!("{SECRET:?}")).expect("writes");
        let leaks = searched.leaks_in(folder.path(), &secrets).expect("readable");
        assert_eq!(leaks, [leak("report.json"), leak("run.jsonl")]);
        assert_eq!(searched.leaks_in(folder.path(), &secrets).expect("readable"), leaks);
        // A secret more is looked for everywhere.
        let more = [("client-secret".to_owned(), SecretString::from(SECRET)), ("said".to_owned(), SecretString::from("nothing\n"))];
        let leaks = searched.leaks_in(folder.path(), &Secrets::new(&more)).expect("readable");
        assert_eq!(leaks.len(), 3);
    }
}
