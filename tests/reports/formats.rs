//! The formats for other programs.

use std::collections::BTreeSet;

use collaudo::event::Event;
use collaudo::report::{Past, render_annotations, render_har, render_history, render_json, render_markdown, render_messages};
use serde_json::Value;

use super::run::{MARKUP, beside_a_baseline, records, sound};
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
    assert!(text.contains("::notice title=collaudo::NOT READY: Portale Pazienti is not ready to go live"), "{text}");
}

#[test]
fn every_report_tells_what_the_baseline_says() {
    let run = fold(beside_a_baseline());
    let summary: Value = serde_json::from_str(&render_json(&run).expect("renders")).expect("JSON");
    let told = |kind: &str| -> Vec<(String, String)> {
        let failures = summary["baseline"][kind].as_array().expect("a list").iter();
        let text = |failure: &Value, key: &str| failure[key].as_str().expect("text").to_owned();
        failures.map(|failure| (text(failure, "requirement"), text(failure, "scenario"))).collect()
    };
    let pair = |requirement: &str, scenario: &str| (requirement.to_owned(), scenario.to_owned());
    assert_eq!(told("new"), [pair("CB-13", "Markup in an error description stays text")]);
    assert_eq!(told("known"), [pair("CB-01", "A response with another state is refused")]);
    assert_eq!(told("healed"), [pair("AC-08", "Granting consent signs the end-user in")]);
    assert_eq!(told("unjudged"), [pair("AC-08", "A scenario of an older suite")]);
    let markdown = render_markdown(&run, Lang::En);
    assert!(markdown.contains("### Against the baseline\n\n1 new, 1 known, 1 healed, 1 known and not judged\n"), "{markdown}");
    assert!(markdown.contains("**CB-13** new since the baseline") && markdown.contains("**AC-08** healed: nobody was signed in"));
    let page = super::page::page(beside_a_baseline(), Lang::En);
    let section = |from: &str, to: &str| page.split(from).nth(1).and_then(|rest| rest.split(to).next()).expect("it is there").to_owned();
    let first = section("<h2 id=\"baseline\">", "</section>");
    assert!(first.contains("1 new, 1 known, 1 healed") && first.contains("href=\"#r-CB-13\"") && first.contains("nobody was signed in"));
    let missing = section("<h2 id=\"missing\">", "</section>");
    assert!(missing.contains("new since the baseline") && missing.contains("known to the baseline"), "{missing}");
    for (id, standing) in [("CB-13", "new since the baseline"), ("CB-01", "known to the baseline")] {
        let row = section(&format!("<tr id=\"r-{id}\""), "</tr>");
        assert!(row.contains(standing), "{id}: {row}");
    }
    let without = fold(records());
    assert!(!render_markdown(&without, Lang::En).contains("baseline") && !render_json(&without).expect("renders").contains("\"baseline\""));
}

#[test]
fn every_report_names_build_contact_and_tester() {
    let run = fold(records());
    let application: Value = serde_json::from_str::<Value>(&render_json(&run).expect("renders")).expect("JSON")["application"].take();
    assert_eq!(
        ["version", "contact", "tester"].map(|key| application[key].as_str()),
        [Some("2.1.0"), Some("Nora Sala <nora@example.it>"), Some("Ivo Riva")]
    );
    assert!(
        render_markdown(&run, Lang::It).contains("versione 2.1.0 · referente Nora Sala &lt;nora@example.it&gt; · collaudata da Ivo Riva")
    );
    let page = super::page::page(records(), Lang::En);
    for (name, value) in [("Version", "2.1.0"), ("Contact", "Nora Sala"), ("Tested by", "Ivo Riva")] {
        let fact = page.split(&format!(">{name}</span>")).nth(1).and_then(|rest| rest.split("</div>").next()).expect("a fact");
        assert!(fact.contains(value), "{name}: {fact}");
    }
}

#[test]
fn the_page_tells_what_got_worse_and_better_since_the_run_before() {
    let mut records = records();
    if let Event::RunStarted(started) = &mut records[0].event {
        let mut before = fold(self::records()).told();
        let mut set = |id: &str, state: &str| before.requirements.insert(id.parse().expect("an id"), state.to_owned());
        set("CB-01", "passed");
        set("AC-08", "failed");
        set("CB-13", "failed");
        started.previous = Some(Box::new(before));
    }
    let run = fold(records.clone());
    let changes = run.difference().expect("there is one").changes;
    let told: Vec<_> = changes.iter().map(|change| (change.requirement.id.as_str(), change.is_worse())).collect();
    assert_eq!(told, [("CB-01", true), ("AC-08", false)], "what got worse comes first; what still fails is no change");
    for (lang, words) in [(Lang::En, ["worse", "better"]), (Lang::It, ["peggio", "meglio"])] {
        let page = super::page::page(records.clone(), lang);
        let section = page.split("<h2 id=\"changed\">").nth(1).and_then(|rest| rest.split("</section>").next()).expect("it is there");
        let rows: Vec<&str> = section.split("<li>").skip(1).collect();
        assert_eq!(rows.len(), 2, "{section}");
        for (row, (id, word)) in rows.iter().zip([("CB-01", words[0]), ("AC-08", words[1])]) {
            assert!(row.contains(&format!("#r-{id}")) && row.contains(word) && row.contains("→"), "{row}");
        }
        assert!(section.contains("run-7f3a91"), "which run it was: {section}");
    }
}

#[test]
fn the_history_tells_every_run_with_its_verdict_and_numbers() {
    let runs = [Past::of(&fold(sound())), Past::of(&fold(records()))];
    let page = render_history(&runs, Lang::En).expect("renders");
    let rows: Vec<&str> = page.split("<tbody").last().expect("a table").split("<tr").skip(1).collect();
    assert_eq!(rows.len(), 2, "{page}");
    let verdicts: Vec<_> = rows.iter().map(|row| (row.contains("NOT READY"), row.contains(">READY<"))).collect();
    assert_eq!(verdicts, [(true, false), (false, true)], "the latest comes first: {rows:#?}");
    for (state, count) in fold(records()).counts().present() {
        assert!(rows[0].contains(&format!("{}</span> <span class=\"t\" lang=\"en\">{count} ", state.symbol())), "{state:?}: {rows:#?}");
    }
}
