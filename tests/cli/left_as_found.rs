//! A target is left as it was found: sign-ins of the suite's own client are revoked, and of its temporary users nothing is good any more.

use std::fs;

use serde_json::Value;

use crate::program::Desk;
use crate::sandbox::{Sandbox, sandbox_with};

/// What a program asks the control interface of the second mock.
async fn control(desk: &Desk, sandbox: &Sandbox, method: reqwest::Method, path: &str) -> Value {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let ca = reqwest::Certificate::from_pem(&fs::read(desk.path("ca.pem")).expect("its authority")).expect("a certificate");
    let client = reqwest::Client::builder().no_proxy().tls_certs_merge([ca]).build().expect("a client");
    let request = client.request(method, format!("{}/_control/{path}", sandbox.issuer)).bearer_auth(&sandbox.control_key);
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap_or_default()
}

fn edit_target(desk: &Desk, from: &str, to: &str) {
    let file = desk.path("target.toml");
    let text = fs::read_to_string(&file).expect("a target file");
    assert!(text.contains(from), "{from}: {text}");
    fs::write(file, text.replace(from, to)).expect("written");
}

#[tokio::test]
async fn a_temporary_user_who_can_still_sign_in_is_told_and_one_who_was_deactivated_is_not() {
    let desk = Desk::new();
    let mut sandbox = sandbox_with(&desk, &["--control", "--log", "off"], "", "");
    let of = |desk: &Desk| {
        let title = "A deactivated user can no longer sign in, refresh or call";
        desk.verdicts().into_iter().find(|(own, ..)| own == title).expect("it was planned")
    };
    sandbox.run(&desk, &["--requirement", "AC-10"]);
    let (_, verdict, reason) = of(&desk);
    assert!(verdict == "not-applicable" && reason.contains("users.NAME.deactivated"), "{verdict} {reason}");

    edit_target(
        &desk,
        "[users.elio]\n",
        "[users.elio]\ndeactivated = true\nrefresh_token_env = \"OLD_REFRESH\"\naccess_token_env = \"OLD_ACCESS\"\n",
    );
    sandbox.secrets.extend(["OLD_REFRESH", "OLD_ACCESS"].map(|name| (name.to_owned(), format!("{name}-that-nobody-issued"))));
    let active = sandbox.run(&desk, &["--requirement", "AC-10"]);
    assert_eq!((active.code, of(&desk).1.as_str()), (Some(1), "failed"), "{active:?}");
    assert!(active.stdout.contains("elio.galli@sanluca.example can sign in") && !active.stdout.contains("can refresh"), "{active:?}");

    control(&desk, &sandbox, reqwest::Method::POST, "levers/deactivate-user?email=elio.galli@sanluca.example").await;
    let deactivated = sandbox.run(&desk, &["--requirement", "AC-10"]);
    assert_eq!(of(&desk).1, "passed", "{deactivated:?}");
    for (variable, secret) in &sandbox.secrets {
        assert_eq!(crate::sandbox::holding(&desk.out(), secret), Vec::<String>::new(), "{variable}");
    }
}

#[tokio::test]
async fn what_the_suite_was_given_is_revoked_and_what_cannot_be_is_told() {
    let desk = Desk::new();
    let sandbox = sandbox_with(&desk, &["--control", "--log", "off"], "", "");
    let ended = sandbox.run(&desk, &["--requirement", "PL-02"]);
    assert!(ended.code == Some(0) && !ended.stderr.contains("could not be revoked"), "{ended:?}");
    let journal = control(&desk, &sandbox, reqwest::Method::GET, "journal").await;
    let exchanges = journal.as_array().or_else(|| journal["exchanges"].as_array()).expect("exchanges").clone();
    let count = |endpoint: &str| exchanges.iter().filter(|exchange| exchange["endpoint"] == endpoint && exchange["status"] == 200).count();
    assert!(count("token") > 0 && count("token") == count("revocation"), "{} {}", count("token"), count("revocation"));

    // The second mock answers revocations by an error from here on.
    control(&desk, &sandbox, reqwest::Method::PUT, "faults/revocation-refused").await;
    let ended = sandbox.run(&desk, &["--requirement", "PL-02"]);
    assert!(ended.stderr.contains("could not be revoked at the target"), "{ended:?}");
}
