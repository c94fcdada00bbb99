//! What a person clicks before something is there for them: a banner, a menu, a page with several ways to sign in.

use super::Failure;
use super::stage::{Stage, Visitor};
use crate::browser::BrowserError;
use crate::domain::{Action, Control, Waiting};

/// How often one of the things before is clicked: a menu may close when the banner over it is answered.
const TIMES: u8 = 2;

impl Stage {
    /// Clicks `target`, and before it each of `before`, in their order, that is there. A banner that was answered, or a menu that is open,
    /// is passed over; a banner that comes late is answered when it comes.
    pub(super) async fn click_through(&self, visitor: &Visitor, before: &[String], target: &str) -> Result<(), Failure> {
        let mut clicked = vec![0_u8; before.len()];
        // Each of them may come late once; what comes and goes is not waited for for ever.
        for _ in 0..=before.len() {
            self.clear_the_way(visitor, before, target, &mut clicked).await?;
            let waiting: Vec<&str> = before.iter().zip(&clicked).filter(|(_, times)| **times == 0).map(|(css, _)| css.as_str()).collect();
            if visitor.page.click_unless(target, &waiting).await?.is_none() {
                return Ok(());
            }
        }
        Ok(visitor.page.click(target).await?)
    }

    /// The clicks of [`Stage::click_through`] without the last one: the target is there then.
    pub(super) async fn make_way(&self, visitor: &Visitor, before: &[String], target: &str) -> Result<(), Failure> {
        self.clear_the_way(visitor, before, target, &mut vec![0; before.len()]).await
    }

    async fn clear_the_way(&self, visitor: &Visitor, before: &[String], target: &str, clicked: &mut [u8]) -> Result<(), Failure> {
        if before.is_empty() {
            return Ok(());
        }
        let (page, patience) = (&visitor.page, self.setup.patience());
        let awaited: Vec<&str> = before.iter().map(String::as_str).chain([target]).collect();
        match page.wait_for_any(&awaited, patience.follow_up).await {
            Ok(_) => {}
            Err(BrowserError::Timeout { .. }) => {
                let waited = patience.waited(Waiting::FollowUp);
                let reason = format!("neither `{}` (before) nor `{target}` is on {} ({waited})", before.join("`, `"), page.url());
                return Err(Failure::unjudged(self.redacted(reason)));
            }
            Err(error) => return Err(self.explain(error.into()).await),
        }
        loop {
            // What a script puts over the page comes after the page.
            self.settle(visitor).await?;
            let there = page.visible_among(before).await?;
            let is_there = page.is_visible(target).await?;
            // In their order; once more only what was clicked, where nothing else leads on: a second click may close a menu.
            let present = || before.iter().enumerate().filter(|(_, css)| there.contains(css));
            let again = || present().find(|(place, _)| !is_there && clicked[*place] < TIMES);
            let Some((place, css)) = present().find(|(place, _)| clicked[*place] == 0).or_else(again) else { return Ok(()) };
            // A banner that comes over it just now is answered first.
            let late = before.iter().zip(&*clicked).filter(|(other, times)| **times == 0 && !there.contains(other));
            let late: Vec<&str> = late.map(|(css, _)| css.as_str()).collect();
            if self.click_once(visitor, css, &late, target).await? {
                clicked[place] += 1;
            }
        }
    }

    /// A click on what leads to the target, taken back where it hid the target: the menu was open. None, and `false`, where one of the
    /// `others` comes first.
    async fn click_once(&self, visitor: &Visitor, css: &str, others: &[&str], target: &str) -> Result<bool, Failure> {
        let page = &visitor.page;
        let was_there = page.is_visible(target).await?;
        if page.click_unless(css, others).await?.is_some() {
            return Ok(false);
        }
        self.settle(visitor).await?;
        if was_there && !page.is_visible(target).await? && page.is_visible(css).await? {
            page.click(css).await?;
            self.settle(visitor).await?;
        }
        Ok(true)
    }

    /// A click on a control, after those that it needs.
    pub(super) async fn use_control(&self, visitor: &Visitor, control: &Control) -> Result<(), Failure> {
        self.click_through(visitor, &control.before, &control.trigger).await
    }

    /// What a person clicks on an action's page before its entries are there; a page that refuses them may have nothing to click.
    pub(super) async fn uncover(&self, visitor: &Visitor, action: &Action) -> Result<(), Failure> {
        for css in &action.before {
            self.settle(visitor).await?;
            if visitor.page.is_visible(css).await? {
                self.click_once(visitor, css, &[], &action.shows).await?;
            }
        }
        Ok(())
    }
}
