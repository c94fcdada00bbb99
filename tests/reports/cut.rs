//! A record that was cut where it happened to be: readable, INCOMPLETE, never READY.

use std::path::Path;

use collaudo::domain::Readiness;
use collaudo::event::{Event, Lang, Record};
use collaudo::report::{ReportError, Run, parse_jsonl, render_html, render_json, render_junit, render_messages};

use super::run::{records, sound};

fn text_of(records: &[Record]) -> String {
    records.iter().map(|record| serde_json::to_string(record).expect("JSON") + "\n").collect()
}

#[test]
fn a_record_cut_anywhere_is_incomplete_or_worse() {
    for (records, whole) in [(sound(), Readiness::Ready), (records(), Readiness::NotReady)] {
        let text = text_of(&records);
        let first = text.find('\n').expect("a line") + 1;
        let last = text.trim_end().rfind('\n').expect("lines") + 1;
        // Without its start a file is no run; the writer gives it its name with its first line whole.
        for cut in [0, 1, first / 2, first - 2] {
            let read = parse_jsonl(Path::new("run.jsonl"), &text.as_bytes()[..cut]).expect("a torn line is no error");
            assert!(matches!(Run::fold(read.0), Err(ReportError::NoStart)), "cut at {cut}");
        }
        for cut in first - 1..text.len() - 1 {
            let (read, torn) = parse_jsonl(Path::new("run.jsonl"), &text.as_bytes()[..cut]).expect("a torn line is no error");
            assert!(torn.is_some() || text.as_bytes()[cut - 1] == b'\n' || text.as_bytes()[cut] == b'\n', "cut at {cut}");
            let run = Run::fold(read).expect("what is there folds");
            assert_ne!(run.readiness(), Readiness::Ready, "cut at {cut}");
            assert!(run.is_interrupted(), "cut at {cut}");
            if cut % 997 == 0 || cut == first || cut == last {
                let page = render_html(&run, Lang::En, |_| None).expect("the page renders");
                assert!(page.contains("was interrupted before its end") && !page.contains("class=\"top is-ready\""), "cut at {cut}");
                assert!(render_json(&run).expect("renders").contains("\"interrupted\": true"), "cut at {cut}");
                render_junit(&run).and_then(|_| render_messages(&run)).expect("every format renders");
            }
        }
        let (read, torn) = parse_jsonl(Path::new("run.jsonl"), text.as_bytes()).expect("it is whole");
        assert_eq!((torn, Run::fold(read).expect("it folds").readiness()), (None, whole));
    }
}

#[test]
fn a_leak_is_never_ready_and_every_format_names_file_and_kind() {
    let mut records = sound();
    if let Some(Event::RunFinished(finished)) = records.last_mut().map(|record| &mut record.event) {
        let leak = |file: &str, kind: &str| collaudo::domain::Leak { file: file.to_owned(), kind: kind.to_owned() };
        finished.leaks = vec![leak("evidence/page.html.txt", "access-token")];
    }
    let run = Run::fold(records).expect("it folds");
    assert_eq!(run.readiness(), Readiness::Incomplete, "a run that says READY of itself, with a leak");
    assert_eq!(run.valid_until(), None);
    let page = render_html(&run, Lang::En, |_| None).expect("renders");
    let (json, junit) = (render_json(&run).expect("renders"), render_junit(&run).expect("renders"));
    let markdown = collaudo::report::render_markdown(&run, Lang::En);
    for text in [&page, &json, &junit, &markdown] {
        assert!(text.contains("page.html.txt") && text.contains("access-token"), "{text}");
    }
    assert!(junit.contains("errors=\"1\""), "{junit}");
}
