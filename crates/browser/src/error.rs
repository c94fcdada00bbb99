use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

/// Why the browser could not do it. All of these are failures of our side until a step says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    #[error("{what} not found: install the package `{package}` or name its path")]
    NotFound { what: String, package: &'static str },
    #[error("could not start {what}: {why}")]
    Start { what: String, why: String },
    /// A driver drives browsers of its own version alone.
    #[error("chromedriver {driver} does not drive the browser, which is of version {browser}")]
    Versions { driver: String, browser: String },
    /// The browser, its driver or the page's process is no more; nothing that is asked of it can succeed.
    #[error("the browser is gone: {why}")]
    Gone { why: String },
    /// The window was closed while something was asked of it.
    #[error("the window is closed (last seen: `{url}`)")]
    Closed { url: String },
    /// `what` is a noun phrase that completes "no … within".
    #[error("no {what} within {} ms (last seen: {last_seen})", waited.as_millis())]
    Timeout { what: String, waited: Duration, last_seen: String },
    /// The address could not be loaded: refused connection, bad certificate, unknown host.
    #[error("could not load `{url}`: {why}")]
    Navigation { url: String, why: String },
    /// A page object's page is not what its action needs. `shown` is what a person reads there, without fields' values.
    #[error("the page does not show {wanted} (last seen: {shown})")]
    NotShown { wanted: String, shown: String },
    #[error("script failed in the page: {why}")]
    Script { why: String },
    #[error("the browser refused `{method}`: {why}")]
    Protocol { method: String, why: String },
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
