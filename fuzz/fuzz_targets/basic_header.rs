#![no_main]
//! The Authorization header of the token endpoint.

use collaudo_fuzz::{is_token_answer, with_stage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    with_stage(|stage| {
        let form = b"grant_type=refresh_token&refresh_token=nobody-issued-this".to_vec();
        let answer = stage.post("/connect/token", &[("authorization", data)], "application/x-www-form-urlencoded", form);
        if let Some(answer) = answer {
            is_token_answer(&answer);
            assert!(answer.status.is_client_error(), "a token for nobody's refresh token");
        }
    });
});
