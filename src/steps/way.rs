//! What a person clicks before something is there for them: a banner, a menu, a page with several ways to sign in.

use super::Failure;
use super::stage::{Stage, Visitor};
use crate::browser::BrowserError;
use crate::domain::{Action, Control, Waiting};

impl Stage {
    /// Clicks each of `before`, in their order, that is there; `target` is what they lead to. A banner that was answered, or a menu that
    /// is open, is passed over.
    pub(super) async fn make_way(&self, visitor: &Visitor, before: &[String], target: &str) -> Result<(), Failure> {
        let (page, patience) = (&visitor.page, self.setup.patience());
        for (place, css) in before.iter().enumerate() {
            let awaited: Vec<&str> = before[place..].iter().map(String::as_str).chain([target]).collect();
            match page.wait_for_any(&awaited, patience.follow_up).await {
                Ok(_) => self.click_if_there(visitor, css, target).await?,
                Err(BrowserError::Timeout { .. }) => {
                    let waited = patience.waited(Waiting::FollowUp);
                    let reason =
                        format!("neither `{}` (before) nor `{target}` is on {} ({waited})", before[place..].join("`, `"), page.url());
                    return Err(Failure::unjudged(self.redacted(reason)));
                }
                Err(error) => return Err(self.explain(error.into()).await),
            }
        }
        Ok(())
    }

    async fn click_if_there(&self, visitor: &Visitor, css: &str, target: &str) -> Result<(), Failure> {
        let page = &visitor.page;
        // What a script puts over the page comes after the page.
        self.settle(visitor).await?;
        if !page.is_visible(css).await? {
            return Ok(());
        }
        let was_there = page.is_visible(target).await?;
        page.click(css).await?;
        self.settle(visitor).await?;
        if was_there && !page.is_visible(target).await? && page.is_visible(css).await? {
            // The menu was open, and is closed now.
            page.click(css).await?;
            self.settle(visitor).await?;
        }
        Ok(())
    }

    /// A click on a control, after those that it needs.
    pub(super) async fn use_control(&self, visitor: &Visitor, control: &Control) -> Result<(), Failure> {
        self.make_way(visitor, &control.before, &control.trigger).await?;
        Ok(visitor.page.click(&control.trigger).await?)
    }

    /// What a person clicks on an action's page before its entries are there; a page that refuses them may have nothing to click.
    pub(super) async fn uncover(&self, visitor: &Visitor, action: &Action) -> Result<(), Failure> {
        for css in &action.before {
            self.click_if_there(visitor, css, &action.shows).await?;
        }
        Ok(())
    }
}
