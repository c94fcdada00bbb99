//! The formats for other programs.

use std::collections::BTreeSet;

use collaudo::report::{render_annotations, render_har, render_markdown, render_messages};
use serde_json::Value;

use super::run::{MARKUP, records, sound};
use super::{Lang, fold};

#[test]
fn the_archive_holds_every_exchange_with_its_fault() {
    let text = render_har(&fold(records())).expect("renders");
    let archive: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(archive["log"]["version"], "1.2");
    let parsed = har::from_str(&text).expect("an archive that its own reader takes");
    let har::Spec::V1_2(log) = parsed.log else { panic!("another version") };
    let exchanges = records().into_iter().filter_map(|record| match record.event {
        collaudo::event::Event::ScenarioFinished(finished) => Some(finished.exchanges.len()),
        _ => None,
    });
    assert_eq!(log.entries.len(), exchanges.sum::<usize>());
    let token = log.entries.iter().find(|entry| entry.request.method == "POST").expect("a token request");
    assert_eq!(token.request.url, "http://127.0.0.1:4010/oauth/token");
    let form = token.request.post_data.as_ref().and_then(|data| data.params.clone()).expect("a form");
    assert!(form.iter().any(|field| field.name == "code" && field.value.as_deref() == Some("[code-1]")));
    let pages = log.pages.expect("a page for each scenario");
    assert!(log.entries.iter().all(|entry| pages.iter().any(|page| entry.pageref.as_ref() == Some(&page.id))));
    assert!(log.entries.iter().any(|entry| entry.comment.as_deref().is_some_and(|comment| comment.starts_with("faults: "))));
}

#[test]
fn messages_refer_to_what_was_told_before_and_carry_the_findings() {
    let run = fold(records());
    let text = render_messages(&run).expect("renders");
    let envelopes: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<&String> = envelopes.iter().filter_map(|envelope| envelope.as_object()?.keys().next()).collect();
    assert_eq!((kinds[0].as_str(), kinds[kinds.len() - 1].as_str()), ("meta", "testRunFinished"));
    let mut known: BTreeSet<String> = BTreeSet::new();
    for envelope in &envelopes {
        for (kind, message) in envelope.as_object().expect("an object") {
            for (key, value) in message.as_object().expect("an object") {
                if matches!(key.as_str(), "pickleId" | "testCaseId" | "testCaseStartedId" | "testStepId") {
                    assert!(known.contains(value.as_str().expect("text")), "{kind} refers to {key} {value}, which was not told");
                }
            }
            known.extend(message["id"].as_str().map(str::to_owned));
            known.extend(message["testSteps"].as_array().into_iter().flatten().filter_map(|step| step["id"].as_str().map(str::to_owned)));
        }
    }
    let statuses = |status: &str| {
        envelopes
            .iter()
            .filter(|envelope| envelope.pointer("/testStepFinished/testStepResult/status").is_some_and(|told| told == status))
            .count()
    };
    assert!(statuses("FAILED") >= 3 && statuses("PENDING") == 1 && statuses("PASSED") > 5, "{text}");
    let attached = envelopes.iter().filter_map(|envelope| envelope.pointer("/attachment/body")?.as_str());
    assert!(attached.into_iter().any(|body| body.starts_with("CB-01 (MUST): ") && body.contains("remedy: ")));
    assert_eq!(envelopes.last().expect("one")["testRunFinished"]["success"], false);
    let sound = render_messages(&fold(sound())).expect("renders");
    assert!(sound.lines().last().expect("a line").contains("\"success\":true"));
}

#[test]
fn a_summary_says_what_to_mend_and_lets_no_markup_through() {
    let run = fold(records());
    let english = render_markdown(&run, Lang::En);
    assert!(english.starts_with("## Portale Pazienti: NOT READY\n") && english.contains("**CB-01 (MUST)**"), "{english}");
    assert!(render_markdown(&run, Lang::It).starts_with("## Portale Pazienti: NON PRONTA\n"));
    assert!(!english.contains(MARKUP) && !english.contains("<script"), "{english}");
}

#[test]
fn an_annotation_is_one_line_at_the_scenario() {
    let text = render_annotations(&fold(records()));
    let mut lines = text.lines();
    assert!(
        lines.clone().all(|line| line.starts_with("::error ") || line.starts_with("::warning ") || line.starts_with("::notice ")),
        "{text}"
    );
    assert!(lines.any(|line| line.starts_with("::error file=features/session/sign_in.feature,line=24,title=CB-01::")), "{text}");
    assert!(text.ends_with("::notice title=collaudo::Portale Pazienti is NOT READY\n"), "{text}");
}
