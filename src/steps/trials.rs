//! What the application made of one misbehaviour of the platform after the other: looks, and what is wrong with them.

use std::collections::BTreeMap;

use super::sight::{Redact, Sight};
use crate::checks;
use crate::domain::Exchange;

/// What a look found: summary, what was expected, what was seen.
pub(super) type Found = (String, &'static str, String);

/// One way in which the platform misbehaved while a feature was opened, and what came of it.
pub(super) struct Trial {
    /// What the platform did, as the feature file says it.
    pub way: String,
    pub feature: String,
    pub sight: Sight,
    /// How many entries its further pages led to, where it showed others than before and had further pages.
    pub whole: Option<usize>,
    pub exchanges: Vec<Exchange>,
}

/// Every look of a scenario.
#[derive(Default)]
pub(super) struct Trials {
    /// Features before anything was provoked.
    pub before: BTreeMap<String, Sight>,
    /// How many entries the pages of a feature had, where they were all read.
    pub whole: BTreeMap<String, usize>,
    pub all: Vec<Trial>,
    /// What the platform saw of a program before anything was provoked.
    pub honest: Vec<Exchange>,
    /// Features when the scope of one of them was refused.
    pub consents: Vec<super::consent::Looked>,
}

impl Trial {
    fn during(&self) -> String {
        format!("{}, while the platform will {}", self.feature, self.way)
    }

    /// The application left its end-user without a page, or with a page of its server's.
    pub fn unanswered(&self, redact: Redact) -> Option<Found> {
        let wrong = self.sight.unanswered(redact)?;
        Some((format!("does not answer its end-user: {}", self.during()), "a page with words for a person", wrong))
    }

    /// Nothing that a feature in order, or one with nothing in it, does not say.
    pub fn untold(&self, trials: &Trials, empty: &BTreeMap<String, Sight>, redact: Redact) -> Option<Found> {
        let known = [trials.before.get(&self.feature), empty.get(&self.feature)];
        let told = !self.sight.entries.is_empty() || self.sight.says_more_than(known.into_iter().flatten());
        (!told).then(|| {
            let seen = format!("the page says `{}`", self.sight.shortened(redact));
            (format!("does not tell the end-user what went wrong: {}", self.during()), "words about it", seen)
        })
    }

    /// Fewer entries than there are, nothing that leads to the others, and no other words than the numbers of them.
    pub fn cut_short(&self, trials: &Trials, redact: Redact) -> Option<Found> {
        let before = trials.before.get(&self.feature)?;
        let shown = self.sight.entries.len();
        let partly = (1..before.entries.len()).contains(&shown) && self.whole.is_none();
        (partly && !self.sight.says_more_than_numbers(before)).then(|| {
            let summary = format!("shows a part of a list as if it were whole: {}", self.during());
            let seen = format!("{shown} of {} entries; the page says `{}`", before.entries.len(), self.sight.shortened(redact));
            (summary, "all entries, or words about those that are missing", seen)
        })
    }

    pub fn changed(&self, trials: &Trials, redact: Redact) -> Option<Found> {
        let shown = (trials.before.get(&self.feature)?.entries.len(), self.sight.entries.len());
        let (before, now) = self.whole.and_then(|now| Some((*trials.whole.get(&self.feature)?, now))).unwrap_or(shown);
        (before != now).then(|| {
            let summary = format!("does not show what it showed before: {}", self.during());
            (
                summary,
                "as many entries as before",
                format!("{now} entries instead of {before}; the page says `{}`", self.sight.shortened(redact)),
            )
        })
    }
}

impl Trials {
    pub fn add(&mut self, way: &str, feature: &str, sight: Sight, exchanges: Vec<Exchange>) {
        self.all.push(Trial { way: way.to_owned(), feature: feature.to_owned(), sight, whole: None, exchanges });
    }

    /// How many entries a feature showed before anything was provoked.
    pub fn shown_before(&self, feature: &str) -> usize {
        self.before.get(feature).map_or(0, |sight| sight.entries.len())
    }

    pub fn first_refusal(&self, check: impl Fn(&[Exchange]) -> checks::Judgement) -> checks::Judgement {
        let judged = self.all.iter().map(|trial| check(&trial.exchanges));
        judged.filter_map(Result::err).find(|refusal| refusal.discrepancy().is_some()).map_or(Ok(()), Err)
    }

    /// The ways and features of which a check refuses the traffic.
    pub fn refused_by(&self, check: impl Fn(&[Exchange]) -> checks::Judgement) -> Vec<(String, String)> {
        let is_refused = |trial: &&Trial| check(&trial.exchanges).is_err_and(|refusal| refusal.discrepancy().is_some());
        self.all.iter().filter(is_refused).map(|trial| (trial.way.clone(), trial.feature.clone())).collect()
    }

    /// Two ways of which the application says the same on the same feature.
    pub fn same_words(&self, redact: Redact) -> Option<Found> {
        self.all.iter().enumerate().find_map(|(place, one)| {
            let before = self.before.get(&one.feature)?;
            let twin = self.all[place + 1..].iter().find(|other| other.feature == one.feature && other.way != one.way)?;
            (one.sight.lines_beside(before) == twin.sight.lines_beside(before)).then(|| {
                let seen = format!("`{}`, both times", one.sight.shortened(redact));
                (format!("says the same whether the platform will {} or {}", one.way, twin.way), "words about each", seen)
            })
        })
    }
}
