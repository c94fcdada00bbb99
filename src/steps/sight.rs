//! What a person has before them when they open a page of the application.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Failure;
use super::world::World;
use crate::browser::{BrowserError, pages};

/// The longest that an application may let its end-user wait for a page: one that gives up on the platform does so earlier. Four calls
/// of 10 seconds with waits of 1, 2 and 4 are in it, as GX-15 advises.
pub(super) const LONGEST_ANSWER: Duration = Duration::from_secs(60);
/// What a program that fell over leaves on a page.
const TRACES: [&str; 6] =
    ["stack trace", "Traceback (most recent call last)", "panicked at", "at java.", "Exception in thread", "node_modules/"];

/// How many characters of a page a message quotes.
const QUOTED: usize = 160;

/// A page, or what a program wrote, as it was seen once it was done.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    /// Nothing came within [`LONGEST_ANSWER`].
    pub never: bool,
    pub status: Option<u16>,
    /// The texts of the list that the profile names.
    pub entries: Vec<String>,
    pub words: String,
}

/// Takes out of a text what the run keeps secret.
pub(super) type Redact<'a> = &'a dyn Fn(&str) -> String;

impl Sight {
    /// What is wrong with it as an answer to a person, whatever it says.
    pub fn unanswered(&self, redact: Redact) -> Option<String> {
        if self.never {
            return Some(format!("no answer within {} s", LONGEST_ANSWER.as_secs()));
        }
        if let Some(status) = self.status.filter(|status| *status == 500 || (*status > 500 && self.words.trim().is_empty())) {
            return Some(format!("status {status}, and the page says `{}`", self.shortened(redact)));
        }
        let trace = TRACES.into_iter().find(|trace| self.words.contains(trace));
        if let Some(trace) = trace {
            return Some(format!("the insides of a program (`{trace}`): `{}`", self.shortened(redact)));
        }
        self.words.trim().is_empty().then(|| "an answer without a word".to_owned())
    }

    /// The lines that are not on the other page.
    pub fn lines_beside<'a>(&'a self, other: &'a Self) -> BTreeSet<&'a str> {
        &self.lines() - &other.lines()
    }

    pub fn says_more_than<'a>(&self, others: impl Iterator<Item = &'a Self>) -> bool {
        let known: BTreeSet<&str> = others.flat_map(Self::lines).collect();
        self.lines().into_iter().any(|line| !known.contains(line))
    }

    /// Whether it has lines that differ from the other's in more than their numbers: fewer entries are counted lower.
    pub fn says_more_than_numbers(&self, other: &Self) -> bool {
        let unnumbered = |line: &str| line.chars().filter(|letter| !letter.is_numeric()).collect::<String>();
        let known: BTreeSet<String> = other.lines().into_iter().map(unnumbered).collect();
        self.lines().into_iter().any(|line| !known.contains(&unnumbered(line)))
    }

    /// Its first words. Secrets are taken out before it is cut: half a secret is not recognised as one.
    pub fn shortened(&self, redact: Redact) -> String {
        redact(&self.words).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(QUOTED).collect()
    }

    fn lines(&self) -> BTreeSet<&str> {
        self.words.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
    }
}

impl World {
    /// For what is quoted of a page.
    pub(super) fn redact(&self) -> impl Fn(&str) -> String + '_ {
        |text| self.stage().map_or_else(|_| String::new(), |stage| stage.redacted(text.to_owned()))
    }

    /// Opens a feature as the actor, and looks at it when it is done.
    pub(super) async fn look_at(&mut self, feature: &str) -> Result<Sight, Failure> {
        if self.stage()?.program.is_some() {
            return self.look_at_program(feature).await;
        }
        let (key, action) = self.declared_action(feature)?;
        let visitor = self.actor_visitor().await?;
        self.memory.feature = Some(key);
        let stage = self.stage()?;
        let patience = stage.setup.patience().follow_up;
        let url = stage.base_url.join(&action.open).map_err(Failure::broke)?;
        let longest = LONGEST_ANSWER.max(patience);
        let (mark, firings) = (stage.journal_mark(), stage.firings());
        if !stage.went_within(&visitor, &url).await? {
            match visitor.page.goto_within(url.as_str(), longest).await {
                Ok(()) => {}
                Err(BrowserError::Timeout { .. }) => return Ok(Sight { never: true, ..Sight::default() }),
                Err(error) => return Err(stage.explain(error.into()).await),
            }
        }
        // Another application's page comes when its server has asked the platform: this one asks by itself.
        if !stage.asks_by_itself() {
            stage.settle_while_it_waits(&visitor, firings, longest).await?;
        } else if !stage.settle_after_repeats(&visitor, mark, longest).await? {
            return Ok(Sight { never: true, ..Sight::default() });
        }
        self.stage()?.uncover(&visitor, &action).await?;
        let sight = self.look().await?;
        let entries = visitor.page.texts(&action.shows).await?;
        self.stage()?.learn_entries(&entries);
        Ok(Sight { entries, ..sight })
    }

    /// [`World::look_at`] for a feature that may be off: out of reach on a page that must not be loaded anew, what the page says instead
    /// is its answer.
    pub(super) async fn look_as_far_as_it_goes(&mut self, feature: &str) -> Result<Sight, Failure> {
        match self.look_at(feature).await {
            Err(Failure::Unjudged { .. }) if self.setup()?.forgets_at_load() => self.look().await,
            looked => looked,
        }
    }

    /// The actor's page as it is once it is done, without its entries.
    pub(super) async fn look(&mut self) -> Result<Sight, Failure> {
        let visitor = self.actor_visitor().await?;
        let stage = self.stage()?;
        stage.settle(&visitor).await?;
        // On a busy machine even a page at rest takes its time to say what is on it.
        let words = pages::visible_text(&visitor.page, stage.setup.patience().follow_up).await?;
        Ok(Sight { status: visitor.page.status(), words, ..Sight::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(status: u16, words: &str) -> Sight {
        Sight { status: Some(status), words: words.to_owned(), ..Sight::default() }
    }

    #[test]
    fn an_answer_is_a_page_with_words_for_a_person() {
        for good in [sight(200, "Patients\nno answer right now"), sight(404, "Nothing here"), sight(503, "Try again later")] {
            assert_eq!(good.unanswered(&str::to_owned), None, "{good:?}");
        }
        let never = Sight { never: true, ..Sight::default() };
        for bad in
            [never, sight(500, "Internal Server Error"), sight(502, ""), sight(200, " \n"), sight(200, "Traceback (most recent call last)")]
        {
            assert!(bad.unanswered(&str::to_owned).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_at_the_cut_is_taken_out_whole() {
        let secret = "a-secret-that-is-cut-in-half";
        let page = sight(500, &format!("{} {secret}", "x".repeat(QUOTED - 10)));
        let redact = |text: &str| text.replace(secret, "[secret]");
        assert!(page.shortened(&redact).ends_with(" [secret]"), "{}", page.shortened(&redact));
        assert!(!page.unanswered(&redact).expect("status 500 is no answer").contains("a-sec"));
    }

    #[test]
    fn a_lower_count_is_no_word_about_what_is_missing() {
        let whole = sight(200, "Patients (20)\nAda\nBruno");
        assert!(!sight(200, "Patients (5)\nAda").says_more_than_numbers(&whole));
        assert!(sight(200, "Patients (5)\nAda\nSome could not be read").says_more_than_numbers(&whole));
    }

    #[test]
    fn words_are_new_by_the_line() {
        let (full, failing) = (sight(200, "Patients\nAda\nBruno"), sight(200, "Patients\n The platform does not answer "));
        assert_eq!(failing.lines_beside(&full), BTreeSet::from(["The platform does not answer"]));
        assert!(failing.says_more_than([&full].into_iter()));
        assert!(!sight(200, "Patients").says_more_than([&full].into_iter()));
    }
}
