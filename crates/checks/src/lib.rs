//! Checks: pure functions over evidence, one per clause, replayable from a saved run.
//!
//! A check takes the exchanges that a platform's journal recorded, cookies, addresses or JSON values, and says whether one
//! requirement holds. It does no I/O and reads no clock: what it needs to know of the run is an argument. It never passes on
//! silence: evidence that does not hold what the check needs is [`Refusal::NothingToJudge`], which a step makes Inconclusive.
//!
//! Uses [`crate::domain`] and [`crate::oauth`] only. A new check goes into the file of its concept, says its clause, and comes
//! with a fixture that it accepts and one that it refuses.

#![deny(missing_docs, unreachable_pub)]

use collaudo_model::{domain, oauth};

mod access_token;
mod addresses;
mod answer;
mod api_answer;
mod api_document;
mod authorization_request;
mod authorization_response;
mod back_off;
mod backchannel_logout;
mod browser_storage;
mod callback_page;
mod chance;
mod device;
mod guess;
mod id_token;
mod interactive_sign_in;
mod judgement;
mod jwks;
mod lineage;
mod metadata;
mod native;
mod other_hosts;
mod pages;
mod platform_answer;
mod presented_token;
mod reading;
mod recording;
mod refresh;
mod registration;
mod resource_access;
mod scopes;
mod secrecy;
mod shape;
mod sign_out;
mod signed_token;
mod state;
mod token_request;
mod unpacking;
mod user_claims;

#[cfg(test)]
mod fixtures;

pub use access_token::{ExpectedAccessToken, check_access_token_claims};
pub use addresses::{check_endpoints_discovered, strayed, told_of_strayed};
pub use answer::{Answer, check_bearer_refused, check_header_authentication_refused, check_refused, check_token_answer};
pub use api_answer::{check_error_body, check_page};
pub use api_document::{BodySchema, Mismatch, check_answer_matches_document, documented_lists, documented_scope, documented_shape};
pub use authorization_request::{
    check_asked_in_a_window, check_code_challenge, check_new_values_after_error, check_no_personal_data, check_no_pkce_downgrade,
    check_no_sign_in_loop, check_nonce_sent, check_nonce_sent_with_openid, check_nonces, check_redirect_uri, check_response_type,
};
pub use authorization_response::{
    ExpectedResponse, check_authorization_error, check_authorization_response, check_no_token_in_front_channel,
};
pub use back_off::{
    MOST_ATTEMPTS, check_attempts_bounded, check_no_write_twice, check_not_repeated, check_pause_without_retry_after,
    check_reread_after_conflict, check_retry_after, check_retry_after_unavailable, check_wait_varies, check_waits_grow, check_written_once,
    is_carried_out, may_be_repeated_in, without_repeats_of_the_browser, write_may_be_repeated_in, writes,
};
pub use backchannel_logout::{
    LogoutAnswer, check_kept_from_no_cache, check_logout_obeyed, check_logout_refused, check_no_other_session_ended, check_refused_with_400,
};
pub use browser_storage::{check_cookie_must, check_cookie_should, session_cookies};
pub use callback_page::{
    Load, check_message_not_taken, check_nothing_foreign_loaded, check_posted_code_not_redeemed, check_posted_to_named_origins,
    check_response_address_left, is_sent_away,
};
pub use chance::check_code_verifiers_drawn;
pub use device::{
    check_back_off_after_timeout, check_code_and_address_shown, check_polling_ends_with_the_code, check_polling_interval,
    check_refusal_is_final, check_slow_down, shows_code, was_slowed_down,
};
pub use guess::check_made_of_no_clock;
pub use id_token::{ExpectedIdToken, check_id_token_claims};
pub use interactive_sign_in::{check_interactive_sign_in, check_offline_access, check_offline_access_kept};
pub use judgement::{Discrepancy, Judgement, Refusal};
pub use jwks::{check_keys_read, check_keys_read_sparingly, check_nothing_fetched_elsewhere};
pub use lineage::Lineage;
pub use metadata::{check_documents_agree, check_metadata, check_public_keys};
pub use native::{Port, check_loopback_literal, check_port};
pub use other_hosts::{check_grants_stay_at_the_platform, check_token_stays_at_the_platform};
pub use pages::{check_list_read_to_the_end, each_page_once};
pub use platform_answer::{
    check_access_token_hash, check_discovery, check_introspection, check_introspection_says_no_more, check_refusal_layer,
};
pub use presented_token::{check_own_token, check_tokens_as_given, check_unknown_token_type_unused};
pub use reading::{SignIn, is_authorization_request, is_refresh_token, sign_ins};
pub use recording::{Change, NotRecorded, Recording, is_slower};
pub use refresh::{
    check_bounded_after_401, check_forgets_refused_refresh_token, check_mismatched_refresh_unused, check_newest_refresh_token,
    check_no_loop_after_403, check_no_refresh_without_cause, check_one_refresh_for_one_expiry, check_one_refresh_under_concurrency,
    check_recovery_after_401, check_refresh_keeps_scope, check_revoked_at_disconnect, is_refresh, refreshed_once_for,
    refused_before_refreshed,
};
pub use registration::{RegisteredEnvironment, check_separate_applications, check_separate_secrets};
pub use resource_access::{
    asks_for_the_user, check_bearer_in_header, check_calls_stop, check_calls_within_granted_scopes, check_no_data_given,
    check_no_resource_call, check_own_tenant, check_polling_rate, check_tenant_left_alone, check_userinfo_first, without_repeats_after_401,
};
pub use scopes::{check_medical_reports_scope, check_requested_scopes_declared, check_requested_scopes_exercised};
pub use secrecy::{Place, check_absent};
pub use shape::{Addition, Member, Shape, check_shape, shape};
pub use sign_out::{check_return_is_answered, check_sign_outs_apart, check_signed_out_at_the_platform};
pub use state::{check_no_session_in_state, check_states, has_another_defence};
pub use token_request::{
    check_code_verifiers, check_code_verifiers_fresh, check_codes_redeemed_once, check_grant_types, check_no_foreign_code,
    check_no_redemption, check_revocation_form, check_token_request_form, check_token_request_matches,
};
pub use user_claims::check_id_token_names_nobody;
