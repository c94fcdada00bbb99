//! Every assumption that the mock takes is a line of the target file: with both changed alike, the platform is judged as before.

use crate::program::Desk;
use crate::sandbox::sandbox_with;

/// A key with the value that it is given, what goes with it on the mock, and the requirements that it could upset.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const OF_TOKENS: &[Row] = &[
    ("pkce_required", "true", &[], &["PL-14", "PL-19", "PL-26"]),
    ("refresh_rotation", "false", &[], &["PL-04", "PL-27", "PL-30"]),
    ("tenant_claim", "gipo_tenant", &[], &["PL-03", "PL-13"]),
    ("user_claims_in_id_token", "true", &[], &["PL-02"]),
    ("signing_algorithm", "ES256", &[], &["PL-02", "PL-03", "PL-15", "PL-17", "PL-28"]),
    ("access_token_lifetime_seconds", "30", &[], &["PL-03", "PL-23"]),
    ("refresh_token_lifetime_seconds", "60", &[], &["PL-04"]),
    ("code_lifetime_seconds", "20", &[], &["PL-14"]),
];

const OF_CALLS: &[Row] = &[
    ("default_page_limit", "3", &[], &["PL-09", "PL-32"]),
    ("max_page_limit", "20", &["default_page_limit=10"], &["PL-09", "PL-32"]),
    ("rate_limit", "5", &["rate_limit_window_seconds=2"], &["PL-32"]),
    ("tls_minimum", "1.3", &[], &["PL-01", "PL-08"]),
    ("additive_changes", "true", &[], &["PL-08", "PL-09"]),
    ("cors", "false", &[], &["PL-15"]),
    ("deactivation_ends_access_tokens", "false", &["post_logout_to_redirect_uris=true"], &["PL-30"]),
    ("device_poll_interval_seconds", "1", &["device_code_lifetime_seconds=60", "device_user_code_tries=2"], &["PL-15"]),
    ("device_poll_interval_told", "false", &[], &["PL-15"]),
];

fn holds_with_each(rows: &[Row]) {
    for (key, value, beside, requirements) in rows {
        let desk = Desk::new();
        let changes: Vec<String> =
            std::iter::once(format!("{key}={value}")).chain(beside.iter().map(|change| (*change).to_owned())).collect();
        let arguments: Vec<&str> = changes.iter().flat_map(|change| ["--assume", change.as_str()]).chain(["--log", "off"]).collect();
        let sandbox =
            sandbox_with(&desk, &arguments, "", &format!("[assume]\n{}", changes.iter().map(|change| line(change)).collect::<String>()));
        let ended = sandbox.run(&desk, &[&["--suite", "platform", "--requirement"], *requirements].concat());
        let verdicts = desk.verdicts();
        assert_eq!(ended.code, Some(0), "{key}: {verdicts:#?}");
        assert!(verdicts.iter().any(|(_, verdict, _)| verdict == "passed"), "{key}: {verdicts:#?}");
    }
}

/// A change of the command line as a line of the target file.
fn line(change: &str) -> String {
    let (key, value) = change.split_once('=').expect("a key and a value");
    let is_bare = value.parse::<f64>().is_ok() || value.parse::<bool>().is_ok();
    if is_bare { format!("{key} = {value}\n") } else { format!("{key} = \"{value}\"\n") }
}

#[test]
fn a_sound_platform_holds_with_each_assumption_about_tokens() {
    holds_with_each(OF_TOKENS);
}

#[test]
fn a_sound_platform_holds_with_each_assumption_about_calls_and_the_rest() {
    holds_with_each(OF_CALLS);
}

#[test]
fn every_assumption_is_among_them() {
    let known = toml::Value::try_from(collaudo::domain::Assumptions::default()).expect("a table");
    let tried = |key: &String| {
        let mut rows = OF_TOKENS.iter().chain(OF_CALLS);
        rows.any(|(name, _, beside, _)| name == key || beside.iter().any(|change| change.starts_with(&format!("{key}="))))
    };
    let missing: Vec<&String> = known.as_table().expect("a table").keys().filter(|key| !tried(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
