//! From page to page of the application: by a load, as a typed address does it, or within the page where a load signs its user out.
//!
//! A single-page application that keeps its tokens in memory forgets them with the document (OAuth 2.0 for Browser-Based Applications,
//! section 8.4), and is sound. It is told from one that lost its user before the run, after an honest sign-in.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::Failure;
use super::sign_in::marker;
use super::stage::{Stage, Visitor};
use crate::browser::pages::ApplicationPage;
use crate::checks;
use crate::domain::{ApplicationType, Exchange};

fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}

impl Stage {
    /// Brings somebody to the page with the login button.
    pub(super) async fn go_home(&self, visitor: &Visitor) -> Result<(), Failure> {
        if self.would_forget(visitor).await? {
            return Ok(());
        }
        Ok(visitor.page.goto(self.base_url.as_str()).await?)
    }

    /// Whether a load would sign out whoever the page shows as signed in.
    pub(super) async fn would_forget(&self, visitor: &Visitor) -> Result<bool, Failure> {
        if !self.setup.forgets_at_load() {
            return Ok(false);
        }
        self.settle(visitor).await?;
        Ok(visitor.page.tells(marker(self.setup.login())?).await?)
    }

    /// Goes to an address by a link of the page, where a load would sign the user out; `false` where a load does no harm.
    pub(super) async fn went_within(&self, visitor: &Visitor, url: &Url) -> Result<bool, Failure> {
        if !self.would_forget(visitor).await? {
            return Ok(false);
        }
        let page = &visitor.page;
        let here = Url::parse(&page.url()).ok();
        let is_here = here.as_ref() == Some(url);
        if let Some(link) = ApplicationPage(page).link_to(url.as_str()).await? {
            let asked = visitor.context.requests().len();
            page.click(&link).await?;
            if is_here {
                self.settle(visitor).await?;
                if visitor.context.requests().len() == asked {
                    self.come_anew(visitor, url, &link).await?;
                }
            }
        } else if url.fragment().is_some() && here.is_some_and(|here| without_fragment(&here) == without_fragment(url)) {
            // Another fragment is no load.
            page.goto(url.as_str()).await?;
        } else if !is_here {
            return Err(Failure::unjudged(format!(
                "the application keeps nothing over a load, and its page has no link to {}: what leads there within the page is not known",
                url.path()
            )));
        }
        Ok(true)
    }

    /// A link to where a person is already may do nothing: they go elsewhere within the page, and come back.
    async fn come_anew(&self, visitor: &Visitor, url: &Url, link: &str) -> Result<(), Failure> {
        if url.fragment().is_some() {
            let mut away = url.clone();
            away.set_fragment(Some(""));
            visitor.page.goto(away.as_str()).await?;
            self.settle(visitor).await?;
            return Ok(visitor.page.goto(url.as_str()).await?);
        }
        let page = ApplicationPage(&visitor.page);
        let others = std::iter::once("").chain(self.app.actions.values().map(|action| action.open.as_str()));
        for other in others {
            let other = self.base_url.join(other).map_err(Failure::broke)?;
            if other == *url {
                continue;
            }
            let Some(away) = page.link_to(other.as_str()).await? else { continue };
            visitor.page.click(&away).await?;
            self.settle(visitor).await?;
            if visitor.page.is_visible(link).await? {
                visitor.page.click(link).await?;
            }
            return Ok(());
        }
        Ok(())
    }

    /// [`Stage::settle_within`] for an application that may repeat what was refused: while its page, or behind it its server with a write,
    /// waits to do so it looks like one at rest. `mark`: where the journal stood when the person acted.
    pub(super) async fn settle_after_repeats(&self, visitor: &Visitor, mark: usize, limit: Duration) -> Result<bool, Failure> {
        let until = Instant::now() + limit;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if !self.settle_within(visitor, left).await? {
                return Ok(false);
            }
            let Some(journal) = self.instrument().ok().map(|platform| platform.journal()) else {
                return Ok(true);
            };
            let seen = journal.mark();
            let repeats = if self.asks_by_itself() { checks::may_be_repeated_in } else { checks::write_may_be_repeated_in };
            let wait = repeats(&journal.since(mark), journal.elapsed_ms());
            let Some(wait) = wait.map(|wait| wait.min(until.saturating_duration_since(Instant::now()))).filter(|wait| !wait.is_zero())
            else {
                return Ok(true);
            };
            if tokio::time::timeout(wait, journal.wait_for_more(seen)).await.is_err() {
                return Ok(true);
            }
        }
    }

    /// What the application has asked, without what its user's browser repeats by itself.
    pub(super) fn of_the_application(&self, exchanges: Vec<Exchange>) -> Vec<Exchange> {
        if self.asks_by_itself() { checks::without_repeats_of_the_browser(exchanges) } else { exchanges }
    }

    /// Whether the requests that the platform sees are the page's own.
    pub(super) fn asks_by_itself(&self) -> bool {
        self.application_type() == ApplicationType::Spa
    }

    /// Loads the page of a single-page application anew after an honest sign-in, and takes note if that signs the user out.
    /// `true` where it does.
    pub(super) async fn notice_loads(&self, visitor: &Visitor, signed_in: &str) -> Result<bool, Failure> {
        if self.app.r#type != ApplicationType::Spa {
            return Ok(false);
        }
        visitor.page.goto(self.base_url.as_str()).await?;
        let patience = self.setup.patience().sign_in;
        let told = visitor.page.wait_until_it_tells(signed_in, &self.setup.login().entrance(), patience).await?;
        self.settle(visitor).await?;
        let forgets = !told && !visitor.page.tells(signed_in).await?;
        if forgets {
            self.setup.note_that_it_forgets();
        }
        Ok(forgets)
    }
}
