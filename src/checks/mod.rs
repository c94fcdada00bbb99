//! Checks: pure functions over evidence, one per clause, replayable from a saved run.
//!
//! A check takes the exchanges that a platform's journal recorded, cookies, addresses or JSON values, and says whether one
//! requirement holds. It does no I/O and reads no clock: what it needs to know of the run is an argument. It never passes on
//! silence: evidence that does not hold what the check needs is [`Refusal::NothingToJudge`], which a step makes Inconclusive.
//!
//! Uses [`crate::domain`] and [`crate::oauth`] only. A new check goes into the file of its concept, says its clause, and comes
//! with a fixture that it accepts and one that it refuses.

mod authorization_request;
mod judgement;
mod reading;
mod secrecy;
mod state;
mod token_request;

#[cfg(test)]
mod fixtures;

pub use authorization_request::{check_code_challenge, check_no_personal_data, check_nonces, check_redirect_uri, check_response_type};
pub use judgement::{Discrepancy, Judgement, Refusal};
pub use reading::{SignIn, is_authorization_request, sign_ins};
pub use secrecy::{Place, check_absent};
pub use state::check_states;
pub use token_request::{
    check_code_verifiers, check_code_verifiers_fresh, check_codes_redeemed_once, check_grant_types, check_no_redemption,
    check_token_request_form, check_token_request_matches,
};
