//! Checks: pure functions over evidence, one per clause, replayable from a saved run.
//!
//! A check takes the exchanges that a platform's journal recorded, cookies, addresses or JSON values, and says whether one
//! requirement holds. It does no I/O and reads no clock: what it needs to know of the run is an argument. It never passes on
//! silence: evidence that does not hold what the check needs is [`Refusal::NothingToJudge`], which a step makes Inconclusive.
//!
//! Uses [`crate::domain`] and [`crate::oauth`] only. A new check goes into the file of its concept, says its clause, and comes
//! with a fixture that it accepts and one that it refuses.

mod judgement;
mod reading;

#[cfg(test)]
mod fixtures;

pub use judgement::{Discrepancy, Judgement, Refusal};
pub use reading::{SignIn, is_authorization_request, sign_ins};
