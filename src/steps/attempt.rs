//! One sign-in as a thing of its own: what was there before it, to tell its answer from what an earlier one has left, and how long
//! the answer is waited for.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::sign_in::{INDECISION, Outcome, marker};
use super::stage::{Stage, Visitor};
use super::{Failure, PATIENCE};
use crate::browser::pages::{ApplicationPage, PlatformWindow};
use crate::browser::{BrowserError, Page, Rest};
use crate::domain::{BrowserFactKind, Endpoint, Exchange, Login, Window};
use crate::platform::Platform;

/// A page at rest for so long is done with what a person did on it.
pub(super) const QUIET: Duration = Duration::from_millis(200);
/// The least that a refusal is waited for, however fast the honest sign-in was.
const LEAST_HESITATION: Duration = Duration::from_millis(1000);
/// A request may have been sent so long after a wait for rest began.
const INTO_A_WAIT: Duration = Duration::from_secs(2);
/// How many of the new words a message quotes.
const QUOTED: usize = 3;

/// What a scenario expects of a sign-in: it decides how long an answer is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Signed in: waited for as long as patience lasts.
    #[default]
    SignedIn,
    /// Refused: judged as soon as the application has had the time that an honest sign-in takes, twice, and is at rest.
    Refused,
}

/// What honest sign-ins of the scenario have shown of the application.
#[derive(Debug, Default)]
pub struct Honest(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// The longest from the person's last click at the platform to the answer.
    took: Option<Duration>,
    /// Lines that the popup shows when all is well.
    popup: BTreeSet<String>,
}

/// What was there before a sign-in.
pub(super) struct Attempt<'a> {
    stage: &'a Stage,
    login: &'a Login,
    visitor: &'a Visitor,
    honest: &'a Honest,
    expected: Expected,
    pages: String,
    /// The mock and the place in its journal where the attempt began.
    platform: Option<(&'a Platform, usize)>,
    patience: Duration,
    /// Lines of the page that are no answer: from before, and while the popup is open.
    known: Mutex<BTreeSet<String>>,
    /// Browser facts from before.
    facts: usize,
}

impl Stage {
    /// Takes down what there is before the login trigger is clicked.
    pub(super) async fn begin_attempt<'a>(&'a self, login: &'a Login, visitor: &'a Visitor) -> Result<Attempt<'a>, Failure> {
        let attempt = Attempt {
            stage: self,
            login,
            visitor,
            honest: &self.provocation.honest,
            expected: self.provocation.expected,
            pages: self.platform_pages(),
            platform: self.instrument().ok().map(|platform| (platform, platform.journal().mark())),
            patience: self.setup.patience().sign_in,
            known: Mutex::default(),
            facts: visitor.context.facts().len(),
        };
        attempt.note().await?;
        Ok(attempt)
    }

    /// Waits until everything that a person sees, and the platform, has been at rest; at most as long as patience lasts.
    pub async fn settle(&self, visitor: &Visitor) -> Result<(), Failure> {
        self.settle_within(visitor, self.setup.patience().follow_up).await.map(drop)
    }

    /// [`Stage::settle`] with a limit of the caller's. `false` where it was not at rest by then.
    pub(super) async fn settle_within(&self, visitor: &Visitor, limit: Duration) -> Result<bool, Failure> {
        self.settle_pages(visitor.context.pages(), limit).await
    }

    /// [`Stage::settle`] for a page whose script has asked its server: as long as that is not answered, at most until the limit, for it may
    /// try again what the platform did to it. Where no fault has fired beyond the first `firings`, a request that is open stays open.
    pub(super) async fn settle_while_it_waits(&self, visitor: &Visitor, firings: usize, limit: Duration) -> Result<(), Failure> {
        let follow_up = self.setup.patience().follow_up;
        match visitor.page.settled(QUIET, follow_up).await? {
            Rest::Busy(awaited) if !awaited.is_empty() && self.firings() > firings => {
                self.settle_within(visitor, limit.saturating_sub(follow_up)).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// How often a fault has fired.
    pub(super) fn firings(&self) -> usize {
        self.instrument().map_or(0, |platform| platform.faults().firings().len())
    }

    /// [`Stage::settle`] for everybody's browsers.
    pub async fn settle_all(&self) -> Result<(), Failure> {
        let pages = self.visitors().flat_map(|(_, visitor)| visitor.context.pages()).collect();
        self.settle_pages(pages, self.setup.patience().follow_up).await.map(drop)
    }

    async fn settle_pages(&self, pages: Vec<Page>, limit: Duration) -> Result<bool, Failure> {
        let (until, shown_by_platform) = (Instant::now() + limit, self.platform_pages());
        loop {
            let mark = self.journal_mark();
            let left = until.saturating_duration_since(Instant::now());
            let of_application = pages.iter().filter(|page| !page.url().starts_with(&shown_by_platform));
            let at_rest = futures::future::try_join_all(of_application.map(|page| page.settled(QUIET, left)));
            let silent = async {
                match self.instrument() {
                    Ok(platform) => platform.journal().is_silent_from(mark, QUIET).await,
                    Err(_) => true,
                }
            };
            let (at_rest, silent) = tokio::join!(at_rest, silent);
            let at_rest = at_rest?.iter().all(|rest| *rest == Rest::Settled);
            // What a page did last may have reached the platform since.
            let silent = silent && self.journal_mark() == mark;
            if silent || Instant::now() >= until {
                if !at_rest && limit >= self.setup.patience().follow_up {
                    self.note_standing_requests(&pages);
                }
                return Ok(at_rest);
            }
        }
    }

    /// What a page has open for as long as patience lasts, although the platform has done nothing to anybody, is a long poll: to wait for
    /// it twice is enough. What the platform itself has not answered is none.
    fn note_standing_requests(&self, pages: &[Page]) {
        let almost = self.setup.patience().follow_up.saturating_sub(INTO_A_WAIT);
        let shown_by_platform = self.platform_pages();
        let of_platform = |url: &String| url.starts_with(&shown_by_platform) || self.api().is_ok_and(|api| url.starts_with(api.as_str()));
        if self.firings() == 0 {
            let awaited = pages.iter().flat_map(|page| page.awaited_for(almost));
            awaited.filter(|(url, _)| !of_platform(url)).for_each(|(url, sent)| self.setup.standing.note(url, sent));
        }
    }

    pub(super) fn journal_mark(&self) -> usize {
        self.instrument().map_or(0, |platform| platform.journal().mark())
    }
}

impl Attempt<'_> {
    /// What the page says now is no answer to the attempt.
    async fn note(&self) -> Result<(), Failure> {
        if let Some(error) = &self.login.error {
            self.visitor.page.remember_words_of(error).await?;
        }
        if self.expected == Expected::Refused {
            let lines = ApplicationPage(&self.visitor.page).lines().await?;
            lock(&self.known).extend(lines);
        }
        Ok(())
    }

    /// Called when the popup shows the platform: the page beside it may say that it waits.
    pub async fn at_the_platform(&self, window: &Page) -> Result<(), Failure> {
        if self.expected == Expected::Refused && self.is_popup() && PlatformWindow(window).wait_for_first(None, PATIENCE).await.is_ok() {
            let lines = ApplicationPage(&self.visitor.page).lines().await?;
            lock(&self.known).extend(lines);
        }
        Ok(())
    }

    /// Waits until the application shows that somebody is signed in, or that the sign-in failed, whichever comes first.
    pub async fn outcome(&self, window: &Page) -> Result<Outcome, Failure> {
        let (began, popup_lines) = (Instant::now(), Mutex::default());
        let outcome = self.decide(window, &popup_lines).await?;
        let lines = popup_lines.into_inner().unwrap_or_default();
        match &outcome {
            Outcome::SignedIn(_) => self.honest.took(began.elapsed(), lines),
            Outcome::Refused(None) => return Ok(Outcome::Refused(self.told(lines).await?)),
            Outcome::Refused(Some(_)) | Outcome::TurnedAway(_) => {}
        }
        Ok(outcome)
    }

    async fn decide(&self, window: &Page, popup_lines: &Mutex<BTreeSet<String>>) -> Result<Outcome, Failure> {
        let (page, popup, error) = (&self.visitor.page, self.is_popup(), self.login.error.as_deref());
        let signed_in = marker(self.login)?;
        let refusal = self.expected == Expected::Refused;
        let began = Instant::now();
        let decided = tokio::select! {
            found = page.wait_for_answer(signed_in, error, self.patience) => Decided::Page(found),
            message = self.error_in(window), if popup => Decided::Window(message),
            _ = window.wait_until_closed(self.patience), if popup => Decided::Elsewhere,
            () = self.undecided(window), if popup || refusal => Decided::Elsewhere,
            () = self.begun_again(window), if refusal => Decided::Elsewhere,
            () = read_along(window, popup_lines), if popup => Decided::Elsewhere,
        };
        let found = match decided {
            Decided::Window(message) => {
                window.close().await?;
                return Ok(Outcome::Refused(Some(message)));
            }
            Decided::Page(found) => found,
            Decided::Elsewhere => {
                let left = self.patience.saturating_sub(began.elapsed());
                let wait = if refusal { self.hesitation().min(left) } else { left };
                match page.wait_for_answer(signed_in, error, wait).await {
                    // A page that redeems the code itself has decided nothing while it waits for the platform.
                    Err(BrowserError::Timeout { .. }) if refusal => {
                        self.come_to_rest(left.saturating_sub(wait)).await?;
                        page.wait_for_answer(signed_in, error, QUIET).await
                    }
                    found => found,
                }
            }
        };
        match found {
            Ok(true) => Ok(Outcome::SignedIn(page.naming(signed_in).await?.unwrap_or_default())),
            Ok(false) => Ok(Outcome::Refused(page.text(error.unwrap_or_default()).await?)),
            Err(BrowserError::Timeout { .. }) => Ok(Outcome::Refused(self.standing_message().await?)),
            Err(error) => Err(error.into()),
        }
    }

    async fn come_to_rest(&self, limit: Duration) -> Result<(), Failure> {
        match self.platform {
            Some((_, mark)) if self.stage.asks_by_itself() => {
                self.stage.settle_after_repeats(self.visitor, mark, limit).await?;
            }
            _ => drop(self.visitor.page.settled(QUIET, limit).await?),
        }
        Ok(())
    }

    /// The message that stands at the error marker though nothing about it has changed: a person reads it all the same.
    async fn standing_message(&self) -> Result<Option<String>, Failure> {
        match &self.login.error {
            Some(error) if self.visitor.page.is_visible(error).await? => Ok(self.visitor.page.text(error).await?),
            _ => Ok(None),
        }
    }

    /// What a refusal was told with elsewhere than at the error marker: in a dialog, or in new words of the page or of the popup.
    async fn told(&self, popup_lines: BTreeSet<String>) -> Result<Option<String>, Failure> {
        if self.expected == Expected::SignedIn {
            return Ok(None);
        }
        let facts = self.visitor.context.facts();
        let mut dialogs = facts.iter().skip(self.facts).filter(|fact| fact.kind == BrowserFactKind::Dialog);
        if let Some(dialog) = dialogs.next() {
            return Ok(Some(dialog.text.clone()));
        }
        let mut lines = ApplicationPage(&self.visitor.page).lines().await?;
        let known = lock(&self.known).clone();
        lines.retain(|line| !known.contains(line));
        lines.extend(popup_lines.into_iter().filter(|line| !self.honest.popup_shows(line)));
        let quoted: Vec<String> = lines.into_iter().take(QUOTED).collect();
        Ok((!quoted.is_empty()).then(|| quoted.join(" / ")))
    }

    /// The text of the error marker in the popup; never resolves without one.
    async fn error_in(&self, window: &Page) -> String {
        if let Some(error) = &self.login.error
            && window.wait_for(error, self.patience).await.is_ok()
            && let Ok(Some(text)) = window.text(error).await
        {
            return text;
        }
        std::future::pending().await
    }

    /// Resolves when a window that is back from the platform shows no marker for as long as an application may be undecided.
    async fn undecided(&self, window: &Page) {
        undecided(window, self.hesitation()).await;
    }

    /// Resolves when an application that was refused has sent its end-user to the platform once more: that is its answer.
    async fn begun_again(&self, window: &Page) {
        let again = async {
            let (platform, mark) = self.platform?;
            let request = |exchange: &Exchange| exchange.endpoint == Endpoint::Authorization;
            let first = platform.journal().wait_for(mark, "authorization request", self.patience, request).await.ok()?;
            let another = |exchange: &Exchange| request(exchange) && exchange.number > first.number;
            platform.journal().wait_for(mark, "another authorization request", self.patience, another).await.ok()?;
            window.wait_for_url(|url| url.starts_with(&self.pages), "page of the platform", self.patience).await.ok()
        };
        if again.await.is_none() {
            std::future::pending().await
        }
    }

    /// How long an application that was refused is given to make up its mind.
    fn hesitation(&self) -> Duration {
        match self.expected {
            Expected::SignedIn => INDECISION,
            Expected::Refused => self.honest.hesitation().min(self.patience),
        }
    }

    fn is_popup(&self) -> bool {
        self.login.window == Window::Popup
    }
}

impl Honest {
    fn took(&self, took: Duration, lines: BTreeSet<String>) {
        let mut seen = lock(&self.0);
        seen.took = seen.took.max(Some(took));
        seen.popup.extend(lines);
    }

    fn hesitation(&self) -> Duration {
        lock(&self.0).took.map_or(INDECISION, |took| (took * 2).max(LEAST_HESITATION))
    }

    fn popup_shows(&self, line: &str) -> bool {
        lock(&self.0).popup.contains(line)
    }
}

enum Decided {
    /// `true`: signed in.
    Page(Result<bool, BrowserError>),
    /// The error marker in the popup.
    Window(String),
    /// The popup closed, or stays at the application without any marker: the page has the last word.
    Elsewhere,
}

/// Takes down what a popup that is back from the platform says, as long as it is open; resolves never.
async fn read_along(window: &Page, lines: &Mutex<BTreeSet<String>>) {
    if PlatformWindow(window).wait_until_back(PATIENCE).await.is_ok() {
        let page = ApplicationPage(window);
        while let Ok(said) = page.lines().await {
            lock(lines).extend(said);
            if page.remember().await.is_err() || !page.wait_for_change(PATIENCE).await.unwrap_or(false) {
                break;
            }
        }
    }
    std::future::pending().await
}

/// Resolves when a popup that is back from the platform shows no marker for so long.
pub(super) async fn undecided(window: &Page, hesitation: Duration) {
    if PlatformWindow(window).wait_until_back(PATIENCE).await.is_err() {
        return std::future::pending().await;
    }
    // No event ends indecision: the popup staying open for this long does.
    if window.wait_until_closed(hesitation).await.is_ok() {
        std::future::pending().await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
