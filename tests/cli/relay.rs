//! Between a sandbox and an application that collaudo starts stands a relay: what they say to each other is judged, and spoilt, as at the mock.

use serde_json::Value;

use crate::program::{Desk, text};
use crate::sandbox::{Sandbox, sandbox_with};

/// Requirements on what is observed, and on what is edited in the browser and in an ID token; each with a defect.
const CAUGHT: [(&str, &str); 3] = [("AZ-04", "constant-state"), ("CB-08", "ignores-response-issuer"), ("ID-05", "accepts-alg-none")];

fn quiet(desk: &Desk) -> Sandbox {
    sandbox_with(desk, &["--log", "off"], "relay = true", "")
}

/// Of a web application: a target file names no other.
const OF_PAGES: [&str; 4] = ["--suite", "relying-party", "--tags", "not @native and not @device and not @programs"];

#[test]
fn what_an_application_and_a_sandbox_say_to_each_other_is_judged() {
    let desk = Desk::new();
    let sandbox = quiet(&desk);
    let requirements: Vec<&str> = CAUGHT.iter().map(|(requirement, _)| *requirement).chain(["AC-08", "RT-01"]).collect();
    let ended = sandbox.run(&desk, &[&["--requirement"], &requirements[..], &OF_PAGES].concat());
    let verdicts = desk.verdicts();
    assert_eq!(ended.code, Some(0), "{verdicts:#?}");
    let (passed, others): (Vec<_>, Vec<_>) = verdicts.iter().partition(|(_, verdict, _)| verdict == "passed");
    let owners =
        |reason: &str| reason.starts_with("only whoever owns the platform can") || reason.starts_with("nothing that the application does");
    assert!(passed.len() >= 5, "{verdicts:#?}");
    assert!(others.iter().all(|(_, verdict, reason)| verdict == "warned" || owners(reason)), "{others:#?}");
    let records = desk.records();
    let exchanges = records.iter().filter_map(|record| record["exchanges"].as_array()).flatten();
    let seen: Vec<String> = exchanges.map(|exchange| format!("{} {}", text(&exchange["endpoint"]), exchange["status"])).collect();
    for told in ["token 200", "api 200", "discovery 200", "jwks 200", "authorization 303", "api 401"] {
        assert!(seen.iter().any(|exchange| exchange == told), "{told}");
    }
}

#[test]
fn defects_are_caught_at_a_sandbox() {
    let desk = Desk::new();
    let sandbox = quiet(&desk);
    for (requirement, defect) in CAUGHT {
        let ended = sandbox.run(&desk, &[&["--requirement", requirement, "--defect", defect], &OF_PAGES[..]].concat());
        assert_eq!(ended.code, Some(1), "{defect}: {:#?}", desk.verdicts());
        let found = |record: &Value| record["findings"].as_array().is_some_and(|found| !found.is_empty());
        assert!(desk.records().iter().any(found), "{defect}");
    }
}
