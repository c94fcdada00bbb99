use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

/// Why the browser could not do it. All of these are failures of our side until a step says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// A program that is needed is not installed, or is not at the path that was named.
    #[error("{what} not found: install the package `{package}` or name its path")]
    NotFound {
        /// The program, as a noun phrase: `the WebDriver server (chromedriver)`.
        what: String,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// The driver, the browser or the DevTools connection did not come up.
    #[error("could not start {what}: {why}")]
    Start {
        /// What did not come up, as a noun phrase: `a DevTools connection`.
        what: String,
        /// The reason, in the words of the driver, the system or this crate.
        why: String,
    },
    /// A driver drives browsers of its own version alone.
    #[error("chromedriver {driver} does not drive the browser, which is of version {browser}")]
    Versions {
        /// The version of the browser that the driver drives, as the driver says it: `99`.
        driver: String,
        /// The version of the browser that is installed: `156.0.8078.108`.
        browser: String,
    },
    /// The browser, its driver or the page's process is no more; nothing that is asked of it can succeed.
    #[error("the browser is gone: {why}")]
    Gone {
        /// How it ended, as the words after "the browser is gone: ".
        why: String,
    },
    /// The window was closed while something was asked of it.
    #[error("the window is closed (last seen: `{url}`)")]
    Closed {
        /// The address that the window showed last, without query and fragment.
        url: String,
    },
    /// What was waited for did not come about before the deadline.
    #[error("no {what} within {} ms (last seen: {last_seen})", waited.as_millis())]
    Timeout {
        /// What did not come about, as a noun phrase without an article: "visible `#sign-in`".
        what: String,
        /// The deadline that ran out.
        waited: Duration,
        /// Address and title of the window, or the open windows of a context, when the deadline ran out; without queries.
        last_seen: String,
    },
    /// The address could not be loaded: refused connection, bad certificate, unknown host.
    #[error("could not load `{url}`: {why}")]
    Navigation {
        /// The address that was asked for, without query and fragment.
        url: String,
        /// The browser's own reason, such as `net::ERR_CONNECTION_REFUSED`.
        why: String,
    },
    /// A page object's page is not what its action needs. `shown` is what a person reads there, without fields' values.
    #[error("the page does not show {wanted} (last seen: {shown})")]
    NotShown {
        /// What the action needs, as a noun phrase: `the opened ticket`.
        wanted: String,
        /// Headings and error messages of the page, or what it offers instead.
        shown: String,
    },
    /// A script that this crate ran in the page threw, lost its page, or gave a value of the wrong type.
    #[error("script failed in the page: {why}")]
    Script {
        /// The first line of the exception, or what was wrong with the value.
        why: String,
    },
    /// The browser refused a command, did not answer it, or answered it with something unexpected.
    #[error("the browser refused `{method}`: {why}")]
    Protocol {
        /// The DevTools method, such as `Page.reload`; `wait` for a wait within the page.
        method: String,
        /// The browser's own words, or what is wrong with its answer.
        why: String,
    },
}

impl BrowserError {
    /// Two versions that do not go together, if that is what a driver's words say.
    pub(super) fn versions(words: &str) -> Option<Self> {
        static VERSIONS: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"only supports \w+ version ([0-9.]+)(?s:.*?)browser version is ([0-9.]+)").expect("the pattern is well formed")
        });
        let found = VERSIONS.captures(words)?;
        Some(Self::Versions { driver: found[1].to_owned(), browser: found[2].trim_end_matches('.').to_owned() })
    }

    pub(super) fn start(what: &str, why: impl std::fmt::Display) -> Self {
        Self::Start { what: what.to_owned(), why: why.to_string() }
    }

    pub(super) fn unexpected(method: &str, why: impl std::fmt::Display) -> Self {
        Self::Protocol { method: method.to_owned(), why: why.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_do_not_go_together_are_both_told() {
        let words = "session not created: This version of ChromeDriver only supports Chrome version 99\nCurrent browser version is \
                     156.0.8078.108 with binary path /usr/bin/chromium";
        let told = BrowserError::versions(words).map(|error| error.to_string());
        assert_eq!(told.as_deref(), Some("chromedriver 99 does not drive the browser, which is of version 156.0.8078.108"));
        assert!(BrowserError::versions("session not created: the browser has crashed").is_none());
    }
}
