use std::path::PathBuf;

use super::console::note;
use crate::browser::BrowserError;
use crate::catalogue::{CatalogueErrors, Place, SelectionError};
use crate::domain::uncommanding;
use crate::platform::{DataError, PlatformError};
use crate::relying_party::RelyingPartyError;
use crate::report::ReportError;
use crate::report::bundle::BundleError;
use crate::steps::recordings::Unreadable;

/// Why a command could not do its work; each ends with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("failed to read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("failed to write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{} cannot be the folder of a run: {why}", path.display())]
    Folder { path: PathBuf, why: String },
    #[error("{} is there already, and is no {kind}", path.display())]
    Taken { path: PathBuf, kind: String },
    #[error("{}:{line}:{column}: {message}", path.display())]
    Toml { path: PathBuf, line: usize, column: usize, message: String },
    #[error("{}: {message}", path.display())]
    Profile { path: PathBuf, message: String, hint: &'static str },
    #[error("{} is no baseline: {message}", path.display())]
    Baseline { path: PathBuf, message: String },
    #[error("the environment variable {name}, which {path} names, is not set", path = path.display())]
    Environment { name: String, path: PathBuf },
    #[error("{0}")]
    Suite(#[from] CatalogueErrors),
    #[error("{0}")]
    Selection(#[from] SelectionError),
    #[error("nothing is selected: no scenario of the suite matches {0}{1}")]
    NothingSelected(String, String),
    #[error("no scenario stands at `{0}`{1}")]
    Nowhere(Place, String),
    #[error("{0}")]
    Browser(#[from] BrowserError),
    #[error("{0}")]
    Platform(#[from] PlatformError),
    #[error("{0}")]
    RelyingParty(#[from] RelyingPartyError),
    #[error("{0}")]
    Report(#[from] ReportError),
    #[error("{0}")]
    Bundle(#[from] BundleError),
    #[error("the defect `{defect}` breaks {requirements}, which no selected scenario covers: the run could not catch it")]
    Uncaught { defect: &'static str, requirements: String },
    #[error("--assume {change}: {why}")]
    Assumption { change: String, why: String },
    #[error("{0}")]
    Recording(#[from] Unreadable),
    #[error("{0}")]
    Other(String),
}

impl CliError {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Profile { hint, .. } => Some(hint),
            Self::Folder { .. } => Some("name a new folder by --out, or move away what is yours; nothing was changed"),
            Self::Taken { .. } => Some("name another file, or move away what is yours; nothing was changed"),
            Self::Baseline { .. } => Some("`collaudo run --write-baseline FILE` writes one"),
            Self::Environment { .. } => Some("export it before the run; secrets are never written into files"),
            Self::Recording(_) => Some("bring the file back from your repository, or remove it and record anew"),
            Self::Uncaught { .. } => Some("`collaudo list defects` shows which defects a run catches"),
            Self::Assumption { .. } => Some("the keys are those of a target file's [assume]; see docs/mock.md"),
            Self::NothingSelected(..) | Self::Nowhere(..) => {
                Some("`collaudo list scenarios` shows every scenario with its requirements and its place")
            }
            Self::Browser(BrowserError::NotFound { .. }) => Some("`collaudo doctor` shows what else is missing"),
            Self::Browser(BrowserError::Versions { .. }) => Some(
                "install the chromedriver of the browser's own version (the packages `chromium` and `chromium-driver` go together), and put it \
                 first in PATH",
            ),
            Self::Platform(PlatformError::Data(DataError::Foreign { .. } | DataError::Format { .. } | DataError::Unsound { .. })) => {
                Some("name another file, or remove this one to start afresh")
            }
            Self::Platform(PlatformError::Data(DataError::InUse { .. })) => Some("stop the other `collaudo mock`, or name another file"),
            Self::Platform(PlatformError::Listen { .. }) | Self::RelyingParty(RelyingPartyError::Listen { .. }) => {
                Some("stop what listens there, or name another port")
            }
            _ => None,
        }
    }

    /// One clear error: what, where, what to do.
    pub fn tell(&self) {
        let bold = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
        note!("{bold}error{bold:#}: {}", uncommanding(&self.to_string()));
        if let Some(hint) = self.hint() {
            note!("hint: {hint}");
        }
    }
}
