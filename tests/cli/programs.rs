//! A program of somebody's own: what is judged of one that reads by itself, and of one whose profile says how.

use crate::program::Desk;

/// A profile of the bundled native program as a stranger would write it: `more` follows its command, `actions` its tables.
fn profile(more: &str, actions: &str) -> String {
    format!(
        r#"[app]
name = "Agenda sul computer"
type = "native"
command = ["{program}", "app", "--type", "native"{more}]
features = ["patients"]
scopes = ["openid", "profile", "giponext.patients"]
redirect_uris = ["http://127.0.0.1/callback"]

[app.env]
OIDC_ISSUER = "{{issuer}}"
GIPO_API_BASE = "{{api}}"
CLIENT_ID = "{{client_id}}"
TENANTS = "{{tenants}}"
CA_FILE = "{{ca_file}}"
SCOPES = "openid profile giponext.patients"

[app.console]
signed_in = "Signed in as"
{actions}"#,
        program = env!("CARGO_BIN_EXE_collaudo")
    )
}

const ACTION: &str = "[app.actions.patients]\nshows = '^  \\S'\nscope = \"giponext.patients\"\n";

/// Verdict and reason of the scenarios about native programs, without those of other types.
fn judged(profile: &str, requirements: &[&str]) -> Vec<(String, String)> {
    let desk = Desk::new();
    desk.write("collaudo.toml", profile);
    desk.run(&[&["--app", "collaudo.toml", "--requirement"], requirements].concat());
    let verdicts = desk.verdicts().into_iter().filter(|(title, ..)| title.contains("native program"));
    verdicts.map(|(_, verdict, reason)| (verdict, reason)).collect()
}

#[test]
fn one_whose_profile_says_what_it_shows_is_judged_by_that() {
    let requirements = ["GX-08", "GX-11"];
    for (verdict, reason) in judged(&profile("", ACTION), &requirements) {
        assert_eq!(verdict, "passed", "{reason}");
    }
    let broken = judged(&profile(", \"--defect\", \"refuses-unknown-fields\"", ACTION), &["GX-11"]);
    assert_eq!(broken, [("failed".to_owned(), String::new())]);
}

#[test]
fn one_whose_profile_says_nothing_is_judged_by_its_requests_and_told_which_key_is_missing() {
    for (verdict, reason) in judged(&profile("", ""), &["RS-01", "GX-08", "GX-02"]) {
        assert_eq!(verdict, "passed", "{reason}");
    }
    let untold = judged(&profile("", ""), &["GX-11"]);
    let [(verdict, reason)] = untold.as_slice() else { panic!("one scenario: {untold:?}") };
    assert_eq!(verdict, "not-tested");
    assert!(reason.contains("[app.actions.NAME]") && reason.contains("`shows`"), "{reason}");
}
