#![no_main]
//! A target file.

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = collaudo::cli::parse_target(Path::new("target.toml"), text) {
        assert!(!error.to_string().is_empty());
    }
});
