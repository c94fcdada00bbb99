#![no_main]
//! The token endpoint's form, from a client that is who it says.

use collaudo_fuzz::{is_token_answer, with_stage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    with_stage(|stage| {
        // `fuzz:s3cret-of-the-fuzzed-client`
        let basic: &[u8] = b"Basic ZnV6ejpzM2NyZXQtb2YtdGhlLWZ1enplZC1jbGllbnQ=";
        let answer = stage.post("/connect/token", &[("authorization", basic)], "application/x-www-form-urlencoded", data.to_vec());
        answer.as_ref().into_iter().for_each(is_token_answer);
    });
});
