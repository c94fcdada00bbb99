//! Lists of which the application shows a part at a time: read on as a person would, to the next page, to more of the same, or down.

use std::time::Duration;

use tokio::time::Instant;

use super::Failure;
use super::attempt::QUIET;
use super::sight::Sight;
use super::stage::{Stage, Visitor};
use super::world::World;
use crate::browser::{LeadsOn, Rest};
use crate::domain::Action;

/// A list that has not ended by then never will.
const MOST_PAGES: usize = 400;
/// How long a list of a page at rest is given to grow once its end is scrolled to.
const GROWS: Duration = Duration::from_secs(2);

/// The entries of a list, page after page.
#[derive(Debug, Default)]
struct Read {
    /// Of pages that others have taken the place of.
    before: Vec<String>,
    page: Vec<String>,
}

impl Read {
    fn len(&self) -> usize {
        self.before.len() + self.page.len()
    }

    /// What a click has brought: more of the same page, or another one.
    fn turn(&mut self, now: Vec<String>) {
        if !now.starts_with(&self.page) {
            self.before.append(&mut self.page);
        }
        self.page = now;
    }

    /// What scrolling has brought: a list that draws only what is in sight gives up its first entries for the next ones.
    fn scroll(&mut self, now: Vec<String>) {
        let shared = (0..=self.page.len().min(now.len())).rev().find(|shared| self.page.ends_with(&now[..*shared])).unwrap_or_default();
        if now.starts_with(&self.page) {
            self.page = now;
        } else {
            let gone = self.page.len() - shared;
            self.before.extend(self.page.drain(..gone));
            self.page = now;
        }
    }

    fn all(mut self) -> Vec<String> {
        self.before.append(&mut self.page);
        self.before
    }
}

impl Stage {
    /// What leads on in the list that the visitor's page shows.
    pub(super) async fn leads_on(&self, visitor: &Visitor, action: &Action) -> Result<Option<LeadsOn>, Failure> {
        Ok(visitor.page.leads_on(&action.shows, action.next.as_deref()).await?)
    }

    /// Every entry of the list that the visitor's page shows, up to its end. Where so many are `wanted`, also by scrolling, and no further
    /// than to one more.
    pub(super) async fn read_on(&self, visitor: &Visitor, action: &Action, wanted: Option<usize>) -> Result<Vec<String>, Failure> {
        let page = &visitor.page;
        let mut read = Read { before: Vec::new(), page: page.texts(&action.shows).await? };
        for _ in 0..MOST_PAGES {
            if wanted.is_some_and(|wanted| read.len() > wanted) {
                break;
            }
            let clicked = self.leads_on(visitor, action).await?.is_some();
            let grown = if clicked {
                page.go_on().await?;
                page.wait_for_other_entries(&action.shows, &read.page, self.setup.patience().follow_up).await?
            } else if wanted.is_some_and(|wanted| read.len() < wanted) && !read.page.is_empty() {
                page.scroll_to_last(&action.shows).await?;
                self.grows(visitor, action, &read.page).await?
            } else {
                break;
            };
            if !grown {
                break;
            }
            self.settle(visitor).await?;
            let now = page.texts(&action.shows).await?;
            if clicked { read.turn(now) } else { read.scroll(now) }
        }
        Ok(read.all())
    }

    /// Whether the list has other entries once its end was scrolled to. As long as the page waits for an answer they may come.
    async fn grows(&self, visitor: &Visitor, action: &Action, shown: &[String]) -> Result<bool, Failure> {
        let (page, until) = (&visitor.page, Instant::now() + self.setup.patience().follow_up);
        loop {
            if page.wait_for_other_entries(&action.shows, shown, GROWS).await? {
                return Ok(true);
            }
            if Instant::now() >= until || page.settled(QUIET, 2 * QUIET).await? == Rest::Settled {
                return Ok(false);
            }
        }
    }
}

impl World {
    /// How many entries of the opened list a person can reach; `wanted` are there.
    pub(super) async fn reachable_entries(&mut self, action: &Action, wanted: usize) -> Result<usize, Failure> {
        let visitor = self.actor_visitor().await?;
        let stage = self.stage()?;
        if stage.leads_on(&visitor, action).await?.is_none() {
            let patience = self.setup()?.patience().follow_up;
            if visitor.page.wait_for_count(&action.shows, wanted, patience).await? == wanted {
                return Ok(wanted);
            }
        }
        Ok(stage.read_on(&visitor, action, Some(wanted)).await?.len())
    }

    /// How many entries a person can reach from the page of a feature; `None` where nothing leads on from it.
    pub(super) async fn entries_read_on(&mut self, feature: &str) -> Result<Option<usize>, Failure> {
        if self.stage()?.program.is_some() {
            return Ok(None);
        }
        let (_, action) = self.declared_action(feature)?;
        let visitor = self.actor_visitor().await?;
        let stage = self.stage()?;
        if stage.leads_on(&visitor, &action).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(stage.read_on(&visitor, &action, None).await?.len()))
    }

    /// The actor's page with the list's next one, where something leads to it, or with what comes at its end.
    pub(super) async fn look_further(&mut self, feature: &str) -> Result<Option<Sight>, Failure> {
        if self.stage()?.program.is_some() {
            return Ok(None);
        }
        let (_, action) = self.declared_action(feature)?;
        let visitor = self.actor_visitor().await?;
        let stage = self.stage()?;
        if stage.leads_on(&visitor, &action).await?.is_some() {
            visitor.page.go_on().await?;
        } else {
            let shown = visitor.page.texts(&action.shows).await?;
            if shown.is_empty() {
                return Ok(None);
            }
            visitor.page.scroll_to_last(&action.shows).await?;
            stage.grows(&visitor, &action, &shown).await?;
        }
        let sight = self.look().await?;
        Ok(Some(Sight { entries: visitor.page.texts(&action.shows).await?, ..sight }))
    }

    /// What the actor has before them once they have scrolled down for the entries that the feature showed before: a list that is read on
    /// as it is scrolled shows less of itself where its pages are small.
    pub(super) async fn scrolled_on(&mut self, feature: &str, sight: Sight) -> Result<Sight, Failure> {
        let wanted = self.memory.trials.shown_before(feature);
        if self.stage()?.program.is_some() || sight.entries.len() >= wanted {
            return Ok(sight);
        }
        let (_, action) = self.declared_action(feature)?;
        let visitor = self.actor_visitor().await?;
        let mut entries = self.stage()?.read_on(&visitor, &action, Some(wanted)).await?;
        // The last page may have brought more of them than the look before waited for.
        entries.truncate(wanted);
        Ok(Sight { entries, ..self.look().await? })
    }

    /// Whether all entries are shown; what is missing tells how the list was read.
    pub(super) async fn shows_all(&mut self, feature: &str, wanted: usize) -> Result<(), Failure> {
        let (key, action) = self.action_for(feature)?;
        let shown = self.reachable_entries(&action, wanted).await?;
        let how = match &action.next {
            _ if shown >= wanted => String::new(),
            Some(css) => format!(", with every click on `{css}` (app.actions.{key}.next)"),
            None => format!(
                ", and nothing on the page that leads to more of them (where something does, name it: app.actions.{key}.next, a CSS selector)"
            ),
        };
        let actual = format!("{shown} {feature}{how}");
        self.react(shown == wanted, "does not show the whole list", &format!("{wanted} {feature}"), &actual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(names: &str) -> Vec<String> {
        names.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    fn read(first: &str) -> Read {
        Read { before: Vec::new(), page: entries(first) }
    }

    #[test]
    fn another_page_adds_its_entries_and_a_longer_one_its_new_ones() {
        let mut pages = read("a b c");
        pages.turn(entries("d e f"));
        // Two people of one name.
        pages.turn(entries("f g"));
        assert_eq!(pages.all(), entries("a b c d e f f g"));
        let mut more = read("a b c");
        more.turn(entries("a b c d e"));
        more.turn(entries("a b c d e f"));
        assert_eq!(more.len(), 6);
        assert_eq!(more.all(), entries("a b c d e f"));
    }

    #[test]
    fn a_list_that_draws_what_is_in_sight_is_read_once() {
        let mut seen = read("a b c d");
        seen.scroll(entries("c d e f"));
        seen.scroll(entries("e f g"));
        assert_eq!(seen.all(), entries("a b c d e f g"));
        let mut grown = read("a b");
        grown.scroll(entries("a b c d"));
        assert_eq!(grown.all(), entries("a b c d"));
    }
}
