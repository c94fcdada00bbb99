#![no_main]
//! The authorization endpoint's parameters, by GET and by POST.

use collaudo_fuzz::with_stage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, parameters)) = data.split_first() else { return };
    with_stage(|stage| {
        if first % 2 == 0 {
            let query = String::from_utf8_lossy(parameters);
            stage.get(&format!("/connect/authorize?{query}"));
        } else {
            stage.post("/connect/authorize", &[], "application/x-www-form-urlencoded", parameters.to_vec());
        }
    });
});
