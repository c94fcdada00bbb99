use std::fs;
use std::path::Path;

use rust_embed::RustEmbed;

use super::{CatalogueErrors, Problem};

/// Where the requirements on the application and its project stand in [`Sources`].
pub const REQUIREMENTS_PATH: &str = "features/requirements.toml";
/// Where the requirements on the platform stand.
pub const PLATFORM_REQUIREMENTS_PATH: &str = "features/platform/requirements.toml";

#[derive(RustEmbed)]
#[folder = "features/"]
#[prefix = "features/"]
#[include = "*.feature"]
#[include = "requirements.toml"]
#[include = "platform/requirements.toml"]
struct Embedded;

/// The files of the suite, ordered by path: `features/…`, whatever the folder was called, with `/` on every system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources(pub Vec<(String, String)>);

impl Sources {
    /// The suite that was compiled in.
    pub fn embedded() -> Result<Self, CatalogueErrors> {
        let files = Embedded::iter().filter_map(|path| Some((path.to_string(), Embedded::get(&path)?.data.into_owned())));
        Self::collect(files.map(|(path, bytes)| (path, Ok(bytes))))
    }

    /// Every `*.feature` under `dir`, and `requirements.toml` in it where there is one.
    pub fn from_dir(dir: &Path) -> Result<Self, CatalogueErrors> {
        let mut files = Vec::new();
        walk(dir, "features", &mut files).map_err(|error| {
            CatalogueErrors(vec![Problem::in_file(&dir.display().to_string(), format!("this folder could not be read: {error}"))])
        })?;
        Self::collect(files.into_iter())
    }

    /// The feature files, without the requirements.
    pub fn features(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter(|(path, _)| path.ends_with(".feature")).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text of one file; empty where there is none.
    pub fn text(&self, path: &str) -> &str {
        self.0.iter().find(|(known, _)| known == path).map_or("", |(_, text)| text)
    }

    /// SHA-256 over every path and text with their lengths, and over the code that judges by them, in hexadecimal.
    pub fn digest(&self) -> String {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        let judges = ["judges", env!("COLLAUDO_JUDGES")];
        for part in self.0.iter().flat_map(|(path, text)| [path.as_str(), text]).chain(judges) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn collect(files: impl Iterator<Item = (String, std::io::Result<Vec<u8>>)>) -> Result<Self, CatalogueErrors> {
        let mut sources = Vec::new();
        let mut problems = Vec::new();
        for (path, bytes) in files {
            match bytes.map(String::from_utf8) {
                // An editor's byte order mark is no part of the text.
                Ok(Ok(text)) => sources.push((path, text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))),
                Ok(Err(error)) => {
                    let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
                    problems.push(Problem::in_file(&path, format!("line {line} is not UTF-8: save the file as UTF-8")));
                }
                Err(error) => problems.push(Problem::in_file(&path, format!("this file could not be read: {error}"))),
            }
        }
        sources.sort();
        if problems.is_empty() { Ok(Self(sources)) } else { Err(CatalogueErrors(problems)) }
    }
}

type File = (String, std::io::Result<Vec<u8>>);

fn walk(dir: &Path, name: &str, files: &mut Vec<File>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            walk(&path, &name, files)?;
        } else if name.ends_with(".feature") || [REQUIREMENTS_PATH, PLATFORM_REQUIREMENTS_PATH].contains(&name.as_str()) {
            files.push((name, fs::read(&path)));
        }
    }
    Ok(())
}
