//! Whether the application is there to be judged. What is wrong with it is told once, and then the run does not try again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Failure;

/// So often in a row it may fail to come to run: once more is no accident.
const MOST_ABSENCES: usize = 2;
/// What follows in a reason is for the first who asks.
const LAST_WORDS: &str = "; its last words: ";

/// What is known of an application's being there.
#[derive(Default)]
pub(super) struct Presence(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Why it cannot be judged at all.
    refused: Option<Failure>,
    told: bool,
    /// How often in a row it was not there.
    absences: usize,
}

impl Presence {
    /// It cannot be judged, and no scenario is to try.
    pub fn refuse(&self, failure: Failure) {
        self.known().refused = Some(failure);
    }

    /// Whether it can be judged: the first who asks is told all that is known, others what it comes to.
    pub fn admit(&self) -> Result<(), Failure> {
        let mut known = self.known();
        let Some(failure) = known.refused.clone() else { return Ok(()) };
        let told = std::mem::replace(&mut known.told, true);
        Err(if told { in_brief(failure) } else { failure })
    }

    /// What spoke against it has been seen to.
    pub fn may_be_tried(&self) {
        self.known().refused = None;
    }

    pub fn is_there(&self) {
        self.known().absences = 0;
    }

    /// It did not come to run, or does not answer any more: the failure that says so, which becomes everybody's when that goes on.
    pub fn is_absent(&self, failure: Failure) -> Failure {
        let mut known = self.known();
        known.absences += 1;
        if known.absences > MOST_ABSENCES && known.refused.is_none() {
            let times = known.absences;
            let all = match failure.clone() {
                Failure::Unjudged { reason } => {
                    Failure::unjudged(format!("{reason}\n{times} times in a row the application was not there: the run does not try again"))
                }
                other => other,
            };
            known.refused = Some(all.clone());
            known.told = true;
            return all;
        }
        failure
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn in_brief(failure: Failure) -> Failure {
    let brief = |reason: &str| {
        let brief = reason.lines().next().unwrap_or_default().split(LAST_WORDS).next().unwrap_or_default();
        format!("not tried, as the first that could not be judged says why: {brief}")
    };
    match failure {
        Failure::Unjudged { reason } => Failure::unjudged(brief(&reason)),
        Failure::Broke { reason } => Failure::broke(brief(&reason)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn death() -> Failure {
        Failure::unjudged("the application ended by itself (exit status: 7); its last words: a trace\nof many lines")
    }

    #[test]
    fn what_was_found_before_the_run_is_told_in_full_once() {
        let presence = Presence::default();
        assert_eq!(presence.admit(), Ok(()));
        presence.refuse(death());
        assert_eq!(presence.admit(), Err(death()));
        for _ in 0..2 {
            let brief = presence.admit().expect_err("it is still not there").message();
            assert!(brief.contains("exit status: 7") && !brief.contains("trace"), "{brief}");
        }
    }

    #[test]
    fn an_application_that_never_comes_to_run_is_given_up_and_one_that_stumbles_is_not() {
        let presence = Presence::default();
        for _ in 0..3 {
            assert_eq!(presence.is_absent(death()), death());
            assert_eq!(presence.is_absent(death()), death());
            assert_eq!(presence.admit(), Ok(()), "it may come back");
            presence.is_there();
        }
        presence.is_absent(death());
        presence.is_absent(death());
        let given_up = presence.is_absent(death()).message();
        assert!(given_up.contains("a trace") && given_up.contains("3 times in a row"), "{given_up}");
        assert!(presence.admit().expect_err("given up").message().starts_with("not tried"));
    }
}
