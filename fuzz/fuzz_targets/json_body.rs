#![no_main]
//! JSON bodies of the API, from a user who may write.

use collaudo_fuzz::with_stage;
use libfuzzer_sys::fuzz_target;

const RESOURCES: [&str; 5] = ["patients", "appointments", "episodes", "medical-reports", "invoices"];

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    with_stage(|stage| {
        let path = format!("/v2/tenants/101/{}", RESOURCES[usize::from(*first) % RESOURCES.len()]);
        let bearer = format!("Bearer {}", stage.access_token);
        let answer = stage.post(&path, &[("authorization", bearer.as_bytes())], "application/json", body.to_vec());
        if let Some(answer) = answer.filter(|answer| answer.status.is_client_error()) {
            assert!(answer.body["error"].is_string(), "status {} without its error: {}", answer.status, answer.body);
            assert_ne!(answer.status, 401, "the token has ended");
        }
    });
});
