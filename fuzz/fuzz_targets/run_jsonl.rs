#![no_main]
//! `run.jsonl`, and what is rendered from it.

use std::path::Path;

use collaudo::event::Lang;
use collaudo::report::{Run, parse_jsonl, render_html, render_json, render_junit};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok((records, _)) = parse_jsonl(Path::new("run.jsonl"), data) else { return };
    let Some((start, rest)) = records.split_first() else { return };
    let Ok(mut run) = Run::start(start) else { return };
    for record in rest {
        if run.apply(record).is_err() {
            return;
        }
    }
    let _ = run.readiness();
    render_json(&run).expect("JSON of what was read");
    render_junit(&run).expect("JUnit of what was read");
    render_html(&run, Lang::It, |_| None).expect("a page of what was read");
});
