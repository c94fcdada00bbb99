use std::env;
use std::path::{Path, PathBuf};

use url::Url;

use super::BrowserError;
use crate::domain::{Dialogs, PlatformPages};

/// Which browser to drive, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Show the windows; takes chromium, for the headless shell has none.
    pub headed: bool,
    /// A running driver or Grid; then no process of ours is started.
    pub webdriver: Option<Url>,
    /// Path of the browser on the driver's machine; without one it is looked for in `PATH` and in the folders of the distributions.
    pub binary: Option<PathBuf>,
    /// Path of chromedriver; without one it is looked for in the same places. Of no use with `webdriver`.
    pub driver: Option<PathBuf>,
    /// Public keys of certificates that are taken for good: base64 of the SHA-256 of each.
    pub trusted_keys: Vec<String>,
    /// Further arguments for the browser, such as `--host-resolver-rules=MAP sandbox.example 127.0.0.1`.
    pub arguments: Vec<String>,
    /// What is answered to the dialogs that pages open (`alert`, `confirm`, `prompt`, `beforeunload`).
    pub dialogs: Dialogs,
    /// How people go through the platform's pages, where these are not GipoNext's.
    pub platform_pages: Option<PlatformPages>,
}

/// The programs that [`Browser::launch`](super::Browser::launch) would start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Path of the browser.
    pub binary: PathBuf,
    /// Path of chromedriver.
    pub driver: PathBuf,
    /// The old headless mode as a program of its own: starts in a fifth of the time, and has no popup blocker.
    pub headless_shell: bool,
}

const SHELLS: [&str; 2] = ["chromium-headless-shell", "chrome-headless-shell"];
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const DRIVERS: [&str; 1] = ["chromedriver"];
/// Where distributions put them outside `PATH`.
const FOLDERS: [&str; 4] = ["/usr/bin", "/usr/local/bin", "/usr/lib/chromium", "/usr/lib/chromium-browser"];

/// Finds the browser and its driver without starting them.
///
/// # Errors
/// [`BrowserError::NotFound`] says which program is missing and which Debian package has it.
pub fn locate(options: &Options) -> Result<Located, BrowserError> {
    locate_in(options, &folders(env::var_os("PATH")))
}

fn locate_in(options: &Options, folders: &[PathBuf]) -> Result<Located, BrowserError> {
    let binary = match &options.binary {
        Some(path) => named(path, if options.headed { "chromium" } else { "chromium-headless-shell" })?,
        None if options.headed => find(&BROWSERS, folders).ok_or_else(|| missing("a browser with windows (chromium)", "chromium"))?,
        None => find(&SHELLS, folders)
            .or_else(|| find(&BROWSERS, folders))
            .ok_or_else(|| missing("a browser (chromium-headless-shell or chromium)", "chromium-headless-shell"))?,
    };
    let driver = match &options.driver {
        Some(path) => named(path, "chromium-driver")?,
        None => find(&DRIVERS, folders).ok_or_else(|| missing("the WebDriver server (chromedriver)", "chromium-driver"))?,
    };
    let headless_shell = is_headless_shell(&binary);
    if headless_shell && options.headed {
        return Err(BrowserError::start(
            &format!("`{}` with windows", binary.display()),
            "the headless shell has none; take chromium or drop --headed",
        ));
    }
    Ok(Located { binary, driver, headless_shell })
}

pub(super) fn is_headless_shell(binary: &Path) -> bool {
    binary.file_name().is_some_and(|name| name.to_string_lossy().contains("headless-shell"))
}

fn folders(path: Option<std::ffi::OsString>) -> Vec<PathBuf> {
    let from_path = path.iter().flat_map(env::split_paths).collect::<Vec<_>>();
    from_path.into_iter().chain(FOLDERS.iter().map(PathBuf::from)).collect()
}

fn find(names: &[&str], folders: &[PathBuf]) -> Option<PathBuf> {
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|path| is_program(path)))
}

fn named(path: &Path, package: &'static str) -> Result<PathBuf, BrowserError> {
    if is_program(path) { Ok(path.to_owned()) } else { Err(missing(&format!("`{}` (a program)", path.display()), package)) }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn missing(what: &str, package: &'static str) -> BrowserError {
    BrowserError::NotFound { what: what.to_owned(), package }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder_with(programs: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in programs {
            let path = folder.path().join(name);
            fs::write(&path, "").expect("writes");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("sets the mode");
        }
        folder
    }

    fn located(options: &Options, programs: &[&str]) -> Result<(String, bool), String> {
        let folder = folder_with(programs);
        let found = locate_in(options, &[folder.path().to_owned()]).map_err(|error| error.to_string())?;
        Ok((found.binary.file_name().expect("a file name").to_string_lossy().into_owned(), found.headless_shell))
    }

    #[test]
    fn the_headless_shell_comes_first() {
        let all = ["chromium", "chromium-headless-shell", "chromedriver"];
        assert_eq!(located(&Options::default(), &all), Ok(("chromium-headless-shell".to_owned(), true)));
        assert_eq!(located(&Options { headed: true, ..Options::default() }, &all), Ok(("chromium".to_owned(), false)));
        assert_eq!(located(&Options::default(), &["chromium", "chromedriver"]), Ok(("chromium".to_owned(), false)));
    }

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let no_driver = located(&Options::default(), &["chromium"]).expect_err("no driver there");
        assert_eq!(no_driver, "the WebDriver server (chromedriver) not found: install the package `chromium-driver` or name its path");
        let headed = Options { headed: true, ..Options::default() };
        let no_window = located(&headed, &["chromium-headless-shell", "chromedriver"]).expect_err("no chromium there");
        assert!(no_window.contains("`chromium`"), "{no_window}");
        let wrong = Options { binary: Some("/nowhere/chromium".into()), ..Options::default() };
        assert!(located(&wrong, &["chromedriver"]).expect_err("no such file").contains("/nowhere/chromium"));
    }
}
