//! What leads suites of this kind to wrong verdicts: a test for each, on an application that is sound in an unusual way or broken
//! in a way that hides.

use serde_json::Value;

use crate::applications::started_with;
use crate::program::{Desk, Ended, at, free_port, row, text};

/// Runs the scenarios of these requirements, or places, on a stranger's application with a habit or a defect.
fn judged(arguments: &[&str], places: &[&str]) -> (Desk, Ended) {
    let desk = Desk::new();
    desk.write("collaudo.toml", &started_with(free_port(), arguments));
    let ended = desk.run(&[&["--app", "collaudo.toml"], places].concat());
    (desk, ended)
}

/// Verdict and exchanges of every scenario that is about applications of this type and ended, by title.
fn scenarios(desk: &Desk) -> Vec<(String, String, Vec<Value>)> {
    let records = desk.records();
    let titles = desk.verdicts().into_iter().map(|(title, ..)| title);
    let finished = records.iter().filter(|record| record["event"] == "scenario-finished").zip(titles);
    let judged = finished.filter(|(record, _)| record["verdict"] != "not-applicable" && record["verdict"] != "not-tested");
    judged.map(|(record, title)| (title, text(&record["verdict"]), record["exchanges"].as_array().cloned().unwrap_or_default())).collect()
}

fn count(exchanges: &[Value], is: impl Fn(&Value) -> bool) -> usize {
    exchanges.iter().filter(|exchange| is(exchange)).count()
}

/// A client's own authorization request, not what follows the platform's pages.
fn asks(exchange: &Value) -> bool {
    exchange["endpoint"] == "authorization" && exchange["query"].to_string().contains("response_type")
}

/// Nothing mandatory failed in the part that was run, every scenario with this verdict, and at least `least` of them.
fn all_are(desk: &Desk, ended: &Ended, verdict: &str, least: usize) -> Vec<(String, String, Vec<Value>)> {
    let scenarios = scenarios(desk);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("== PARTIAL =="), "{ended:?}");
    assert!(scenarios.len() >= least && scenarios.iter().all(|(_, found, _)| found == verdict), "{ended:?}");
    scenarios
}

#[test]
fn an_application_that_begins_again_by_itself_after_a_refusal_is_not_guilty() {
    let refused =
        row("An ID token of another issuer is refused, also of one that looks like the right one", "issue an ID token of another issuer");
    let (desk, ended) = judged(&["--habit", "begins-again"], &[&refused]);
    for (title, _, exchanges) in all_are(&desk, &ended, "passed", 1) {
        // The honest one before, the refused one, the one that it began by itself, the honest one after.
        assert!(count(&exchanges, asks) >= 4, "{title}: {} authorization requests", count(&exchanges, asks));
    }
}

#[test]
fn an_earlier_session_hides_no_refusal_and_the_report_says_who_is_signed_in() {
    let desk = Desk::new();
    let ended = desk.run(&["--defect", "accepts-callback-of-another-browser", "--requirement", "CB-03"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let records = desk.records();
    let finished = records.iter().filter(|record| record["event"] == "scenario-finished");
    let told: Vec<String> = finished
        .flat_map(|record| record["findings"].as_array().cloned().unwrap_or_default())
        .map(|finding| text(&finding["actual"]))
        .collect();
    assert!(!told.is_empty() && told.iter().all(|actual| actual.contains("Mallory")), "{told:?}");
    // Ada's own browser, where she has been signed in all the while, is no proof against the sound application.
    let ended = desk.run(&["--requirement", "CB-03"]);
    all_are(&desk, &ended, "passed", 1);
}

#[test]
fn a_fault_that_never_fired_proves_nothing() {
    let (desk, ended) = judged(&["--defect", "forgets-offline-access"], &["RT-05"]);
    let scenarios = scenarios(&desk);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(!scenarios.is_empty() && scenarios.iter().all(|(_, verdict, _)| verdict == "inconclusive"), "{ended:?}");
}

#[test]
fn a_callback_that_is_loaded_twice_redeems_its_code_once() {
    let (desk, ended) = judged(&["--habit", "loads-twice"], &["CB-04", "CB-05", "AC-08"]);
    all_are(&desk, &ended, "passed", 4);
}

#[test]
fn keys_that_are_kept_in_memory_are_not_the_keys_of_for_ever() {
    let desk = Desk::new();
    let ended = desk.run(&["--requirement", "AZ-07", "ID-12"]);
    let scenarios = all_are(&desk, &ended, "passed", 2);
    let jwks = |exchange: &Value| exchange["endpoint"] == "jwks";
    let two_sign_ins = scenarios.iter().find(|(title, ..)| title == "Each sign-in proves its own code challenge").expect("it is planned");
    assert_eq!(count(&two_sign_ins.2, jwks), 1, "the bundled application keeps the keys");
    let new_key = scenarios.iter().find(|(title, ..)| title.contains("new key")).expect("it is planned");
    assert!(count(&new_key.2, jwks) >= 2, "the new key was not looked for");
}

#[test]
fn a_clock_that_is_allowed_to_differ_is_not_guilty() {
    let (desk, ended) = judged(&["--habit", "lenient-clock"], &["ID-08"]);
    all_are(&desk, &ended, "passed", 1);
}

#[test]
fn a_list_that_is_shown_a_page_at_a_time_is_read_to_its_end() {
    let long = at("A list of 123 patients in pages of 30 is shown whole");
    let (desk, ended) = judged(&["--habit", "pages-its-lists"], &[&long, &at("Two entries of one name are both shown")]);
    all_are(&desk, &ended, "passed", 2);
    let (_, ended) = judged(&["--habit", "pages-its-lists", "--defect", "stops-after-first-page"], &[&long]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("does not show the whole list"), "{ended:?}");
}

#[test]
fn who_keeps_the_account_and_offers_to_connect_it_again_is_not_guilty() {
    let (desk, ended) = judged(&["--habit", "offers-reconnection"], &["RT-03", "LO-05"]);
    all_are(&desk, &ended, "passed", 2);
}

#[test]
fn a_secret_that_the_application_shows_encoded_stands_in_no_report() {
    let desk = Desk::new();
    for (defect, requirement) in [("secret-as-basic", "AZ-02"), ("secret-in-state", "AZ-05")] {
        let ended = desk.run(&["--defect", defect, "--requirement", requirement]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(!ended.stdout.contains("a secret stands in"), "{ended:?}");
    }
}

#[test]
fn randomness_is_judged_by_thirty_sign_ins() {
    let desk = Desk::new();
    let ended = desk.run(&["--requirement", "AZ-04", "AZ-11"]);
    for (title, _, exchanges) in all_are(&desk, &ended, "passed", 2) {
        assert!(count(&exchanges, asks) >= 30, "{title}: {} authorization requests", count(&exchanges, asks));
    }
}

#[test]
fn pkce_may_stand_in_for_state() {
    let (desk, ended) = judged(&["--habit", "relies-on-pkce"], &["CB-01"]);
    all_are(&desk, &ended, "warned", 1);
    // What the defence is for is kept: no response of another browser, and no code of another sign-in.
    let (desk, ended) = judged(&["--habit", "relies-on-pkce"], &["CB-03", "CB-06", "CB-07"]);
    all_are(&desk, &ended, "passed", 3);
}

#[test]
fn an_application_that_asks_for_less_is_not_asked_for_more() {
    for (left_out, about_it) in [("openid", ["ID-01", "ID-09", "ID-13", "AZ-11"]), ("offline_access", ["GX-06", "RT-02", "LO-01", "GX-17"])]
    {
        let desk = Desk::new();
        let profile = started_with(free_port(), &[]).replace(&format!("\"{left_out}\", "), "");
        let profile = profile.replace("openid profile offline_access", &"openid profile offline_access".replace(left_out, ""));
        desk.write("collaudo.toml", &profile);
        let ended = desk.run(&[&["--app", "collaudo.toml", "--requirement", "AC-08", "GX-03"], about_it.as_slice()].concat());
        assert!(!profile.contains(left_out) && ended.stdout.contains("== PARTIAL =="), "{left_out}: {ended:?}");
        let judged = scenarios(&desk);
        assert!(judged.len() >= 3 && judged.iter().all(|(_, verdict, _)| verdict == "passed"), "{left_out}: {judged:?}");
    }
}

#[test]
fn a_page_that_always_has_a_request_open_or_asks_all_the_time_comes_to_rest() {
    for habit in ["long-polls", "polls-each-second"] {
        let (desk, ended) = judged(&["--habit", habit], &["AC-08", "LO-03"]);
        all_are(&desk, &ended, "passed", 2);
    }
}

#[test]
fn a_sign_in_that_is_lost_without_a_word_is_tried_once_more() {
    let (desk, ended) = judged(&["--habit", "loses-sign-ins"], &["GX-03", "GX-20", &at("An ID token that names no issuer is refused")]);
    let sound = ["passed", "not-applicable"];
    let others: Vec<_> = desk.verdicts().into_iter().filter(|(_, verdict, _)| !sound.contains(&verdict.as_str())).collect();
    assert!(others.is_empty() && ended.code == Some(0), "{others:#?} {ended:?}");
    assert!(scenarios(&desk).len() >= 3, "{ended:?}");
}

#[test]
fn a_list_that_scrolls_on_slowly_is_read_to_its_end() {
    let lists = [at("A list of 123 patients in pages of 30 is shown whole"), at("A list of 0 patients in pages of 50 is shown whole")];
    let (desk, ended) = judged(&["--habit", "scrolls-slowly"], &lists.each_ref().map(String::as_str));
    all_are(&desk, &ended, "passed", 2);
}

#[test]
fn a_page_that_waits_for_its_server_is_looked_at_when_it_is_done() {
    let waited_for =
        ["An answer that comes in pieces is read to its end", "A platform that never answers is not waited for without end"].map(at);
    let (desk, ended) = judged(&["--habit", "waits-for-its-server"], &waited_for.each_ref().map(String::as_str));
    all_are(&desk, &ended, "passed", 2);
}
