use std::time::Duration;

/// Why the browser could not do it. All of these are failures of our side until a step says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    #[error("{what} not found: install the package `{package}` or name its path")]
    NotFound { what: String, package: &'static str },
    #[error("could not start {what}: {why}")]
    Start { what: String, why: String },
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
    pub(super) fn start(what: &str, why: impl std::fmt::Display) -> Self {
        Self::Start { what: what.to_owned(), why: why.to_string() }
    }

    pub(super) fn unexpected(method: &str, why: impl std::fmt::Display) -> Self {
        Self::Protocol { method: method.to_owned(), why: why.to_string() }
    }
}
