use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// The longest that a profile may ask for, in seconds.
const LONGEST: u64 = 600;

/// Of a look before a run that is never waited for in vain.
const LEAST_LOOK: Duration = Duration::from_secs(120);

/// `[app.patience]`: how long an application is waited for before its silence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Patience {
    /// Until a started application answers.
    #[serde(deserialize_with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 600), extend("default" = 30))]
    pub start: Duration,
    /// Until it shows who is signed in, or that the sign-in failed, once the person is done at the platform.
    #[serde(deserialize_with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 600), extend("default" = 10))]
    pub sign_in: Duration,
    /// Until it is done with what a person did on its pages: a list that is drawn, a sign-out, a call that is repeated.
    #[serde(deserialize_with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 600), extend("default" = 10))]
    pub follow_up: Duration,
}

/// A key of `[app.patience]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// `start`: the start of the application, until it answers.
    Start,
    /// `sign_in`: the end of a sign-in, once the person is done at the platform.
    SignIn,
    /// `follow_up`: what a person did on the application's pages, until it is done.
    FollowUp,
}

impl Default for Patience {
    fn default() -> Self {
        Self { start: Duration::from_secs(30), sign_in: Duration::from_secs(10), follow_up: Duration::from_secs(10) }
    }
}

impl Patience {
    /// How long is waited for this.
    pub fn of(&self, what: Waiting) -> Duration {
        match what {
            Waiting::Start => self.start,
            Waiting::SignIn => self.sign_in,
            Waiting::FollowUp => self.follow_up,
        }
    }

    /// Waits for this as long as `patience`; [`Patience::parse`] says how long may be asked for.
    pub fn set(&mut self, what: Waiting, patience: Duration) {
        match what {
            Waiting::Start => self.start = patience,
            Waiting::SignIn => self.sign_in = patience,
            Waiting::FollowUp => self.follow_up = patience,
        }
    }

    /// What a reason says when it ran out: how long, and which key lengthens it.
    pub fn waited(&self, what: Waiting) -> String {
        format!("waited {} s: {}", self.of(what).as_secs(), what.key())
    }

    /// What is said of a page that has not loaded: which of the keys lengthens the wait for it.
    pub fn of_a_load(&self) -> String {
        let key = if self.sign_in > self.follow_up { Waiting::SignIn } else { Waiting::FollowUp }.key();
        format!("a page that takes longer to load, with all that it refers to, is waited for by a longer {key}")
    }

    /// The longest that the look before a run may take: it waits for every one of these some times, and for pages in between.
    pub fn of_a_look(&self) -> Duration {
        LEAST_LOOK + (self.start + self.sign_in + self.follow_up) * 6
    }

    /// What is said when it took longer.
    pub fn never_ended(&self) -> String {
        let seconds = self.of_a_look().as_secs();
        format!(
            "the look before the run did not end within {seconds} s: the application's pages, or windows that it opens, never come to rest"
        )
    }

    /// Whole seconds, as a profile and an option say them.
    pub fn parse(seconds: u64) -> Result<Duration, String> {
        if (1..=LONGEST).contains(&seconds) {
            Ok(Duration::from_secs(seconds))
        } else {
            Err(format!("patience is from 1 to {LONGEST} seconds, not {seconds}"))
        }
    }
}

impl Waiting {
    /// The key with its tables, as messages name it: `app.patience.start`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Start => "app.patience.start",
            Self::SignIn => "app.patience.sign_in",
            Self::FollowUp => "app.patience.follow_up",
        }
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Patience::parse(u64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_has_a_default_and_what_is_written_is_said() {
        let written: Patience = toml::from_str("sign_in = 25").expect("patience");
        assert_eq!(written, Patience { sign_in: Duration::from_secs(25), ..Patience::default() });
        assert_eq!(written.waited(Waiting::SignIn), "waited 25 s: app.patience.sign_in");
        assert_eq!(written.waited(Waiting::Start), "waited 30 s: app.patience.start");
    }

    #[test]
    fn no_patience_and_endless_patience_are_refused() {
        for text in ["start = 0", "start = 601", "start = -1", "begin = 3", "start = \"3\""] {
            assert!(toml::from_str::<Patience>(text).is_err(), "{text}");
        }
    }
}
