#![no_main]
//! `collaudo.toml`.

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = collaudo::cli::parse_profile(Path::new("collaudo.toml"), text) {
        assert!(!error.to_string().is_empty());
    }
});
