//! Whether a window is back from the platform, by what it asked for: its authorization request names the address to which the answer comes.

use std::time::Duration;

use url::Url;

use super::state::{Asked, WindowState};
use super::{BrowserError, Page};

impl Page {
    /// Clicks, and returns when the window shows the next page (it may still load), has closed, or is at rest as it was.
    pub(crate) async fn press(&self, css: &str, quiet: Duration) -> Result<(), BrowserError> {
        let (commits, patience) = (self.commits(), self.context.patience);
        self.click(css).await?;
        let what = format!("next page after a click on `{css}`");
        tokio::select! {
            next = self.watch(&what, patience, |state| (state.commits > commits || state.closed).then_some(())) => next,
            rest = self.settled(quiet, patience) => rest.map(drop),
        }
    }

    /// How often the window has brought the answer to an authorization request back.
    pub(crate) fn answers(&self) -> usize {
        answers(&self.window.state.borrow().asked).len()
    }

    /// Whether the last authorization request of the window is answered.
    pub(crate) fn is_answered(&self) -> bool {
        is_answered(&self.window.state.borrow().asked)
    }

    /// Waits until the window brings one more answer back than `before`, or has closed.
    pub(crate) async fn wait_until_answered(&self, before: usize) -> Result<(), BrowserError> {
        match self.news(|state| (answers(&state.asked).len() > before).then_some(())).await {
            Err(BrowserError::Closed { .. }) => Ok(()),
            other => other,
        }
    }

    /// Waits until the window shows what the answer to its last authorization request has led to, loaded.
    pub(crate) async fn wait_until_back_with_the_answer(&self, what: &str, deadline: Duration) -> Result<(), BrowserError> {
        self.watch(what, deadline, |state| is_back(state).then_some(())).await
    }
}

fn is_back(state: &WindowState) -> bool {
    let sent = answers(&state.asked).last().map(|answer| answer.commits);
    is_answered(&state.asked) && state.loaded && sent.is_some_and(|sent| state.commits > sent)
}

/// The requests by which a window brought answers to the redirect URI that its authorization request before had named.
fn answers(asked: &[Asked]) -> Vec<&Asked> {
    let mut awaited: Option<Url> = None;
    let mut found = Vec::new();
    for request in asked {
        match redirect_uri(&request.url) {
            Some(redirect_uri) => awaited = Some(redirect_uri),
            None if awaited.as_ref().is_some_and(|awaited| is_at(&request.url, awaited)) => found.push(request),
            None => {}
        }
    }
    found
}

fn is_answered(asked: &[Asked]) -> bool {
    let last = asked.iter().rposition(|request| redirect_uri(&request.url).is_some());
    last.is_some_and(|last| !answers(&asked[last..]).is_empty())
}

/// The address that an authorization request wants its answer at.
fn redirect_uri(request: &str) -> Option<Url> {
    let url = Url::parse(request).ok()?;
    let (_, value) = url.query_pairs().find(|(name, _)| name == "redirect_uri")?;
    Url::parse(&value).ok()
}

fn is_at(request: &str, address: &Url) -> bool {
    Url::parse(request).is_ok_and(|url| (url.origin(), url.path()) == (address.origin(), address.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(urls: &[&str]) -> Vec<Asked> {
        urls.iter().zip(0..).map(|(url, commits)| Asked { url: (*url).to_owned(), commits }).collect()
    }

    const REQUEST: &str = "https://p.example/authorize?client_id=c&redirect_uri=http%3A%2F%2Fa.example%2Fcallback&state=1";
    const ANSWER: &str = "http://a.example/callback?code=1&state=1";

    #[test]
    fn an_answer_comes_to_the_redirect_uri_after_its_request() {
        let flow = asked(&["http://a.example/", REQUEST, "https://p.example/sign-in", ANSWER, "http://a.example/"]);
        assert_eq!(answers(&flow).iter().map(|answer| answer.commits).collect::<Vec<_>>(), [3]);
        assert!(is_answered(&flow) && !is_answered(&flow[..3]) && answers(&flow[..3]).is_empty());
    }

    #[test]
    fn an_earlier_answer_is_not_that_of_a_later_request() {
        let again = asked(&[REQUEST, ANSWER, REQUEST, "https://p.example/consent"]);
        assert!(!is_answered(&again) && answers(&again).len() == 1);
    }

    #[test]
    fn a_page_of_the_application_alone_is_no_answer() {
        assert!(answers(&asked(&[ANSWER, "http://a.example/callback"])).is_empty());
        assert!(answers(&asked(&[REQUEST, "http://a.example/callback/other", "http://b.example/callback"])).is_empty());
    }
}
