use std::path::Path;

use super::ReportError;
use super::bundle::gather;
use crate::domain::{Leak, Secrets};

/// Every file below `folder` that holds one of the secrets, with its kind; never the value.
pub fn leaks_in(folder: &Path, secrets: &Secrets) -> Result<Vec<Leak>, ReportError> {
    let leaks = gather(folder)?.into_iter().flat_map(|member| {
        let kinds: Vec<String> = secrets.labels_in(&member.bytes).into_iter().map(str::to_owned).collect();
        kinds.into_iter().map(move |kind| Leak { file: member.name.clone(), kind })
    });
    Ok(leaks.collect())
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
        let leaks = leaks_in(folder.path(), &secrets).expect("readable");
        assert_eq!(leaks, [Leak { file: "evidence/page.html.txt".to_owned(), kind: "client-secret".to_owned() }]);
    }
}
