//! A sandbox that is not in order: what it answers is never taken for what it has to answer.

use std::fs;

use crate::program::{Desk, free_port};
use crate::sandbox::{Sandbox, sandbox_with};

/// Lists whose scope the application does not have.
const NOT_ASKED_FOR: [&str; 4] = ["treatments", "price-lists", "episodes", "invoices"];

/// Arms a fault for good.
async fn arm(desk: &Desk, sandbox: &Sandbox, fault: &str) {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let ca = reqwest::Certificate::from_pem(&fs::read(desk.path("ca.pem")).expect("its authority")).expect("a certificate");
    let client = reqwest::Client::builder().no_proxy().tls_certs_merge([ca]).build().expect("a client");
    let faults = format!("{}/_control/faults", sandbox.issuer);
    client.delete(&faults).bearer_auth(&sandbox.control_key).send().await.expect("an answer");
    let armed = client.put(format!("{faults}/{fault}")).bearer_auth(&sandbox.control_key).send().await.expect("an answer");
    assert!(armed.status().is_success(), "{fault}: {}", armed.status());
}

#[tokio::test]
async fn lists_that_are_answered_by_an_error_are_not_as_documented() {
    let desk = Desk::new();
    let sandbox = sandbox_with(&desk, &["--control", "--log", "off"], "", "");
    for (fault, seen) in [("api-server-error", "status 500"), ("api-insufficient-scope", "status 403 with the error `insufficient_scope`")]
    {
        arm(&desk, &sandbox, fault).await;
        let ended = sandbox.run(&desk, &["--requirement", "PL-35"]);
        assert_eq!(ended.code, Some(1), "{fault}: {ended:?}");
        for (title, verdict, reason) in desk.verdicts().into_iter().filter(|(title, ..)| title.starts_with("A page of ")) {
            let is_asked_for = !NOT_ASKED_FOR.iter().any(|list| title.contains(list));
            let fitting = if is_asked_for { "failed" } else { "not-applicable" };
            assert_eq!(verdict, fitting, "{fault}: {title}");
            assert!(is_asked_for || reason.starts_with("the client does not ask for the scope `giponext."), "{title}: {reason}");
        }
        let record = fs::read_to_string(desk.out().join("run.jsonl")).expect("a record");
        assert!(record.contains(seen), "{fault}");
    }
}

#[test]
fn a_port_that_somebody_has_is_told_with_its_key() {
    let desk = Desk::new();
    let sandbox = sandbox_with(&desk, &["--log", "off"], "", "");
    let _taken = std::net::TcpListener::bind(("127.0.0.1", sandbox.port)).expect("it is free");
    let ended = sandbox.run(&desk, &["--requirement", "PL-01"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let (_, verdict, reason) = desk.verdicts().remove(0);
    assert!(
        verdict == "errored" && reason.contains(&format!("port {}", sandbox.port)) && reason.contains("client.redirect_uri"),
        "{reason}"
    );
}

/// Only the target file says where the name leads.
#[test]
fn a_host_name_of_the_target_file_leads_the_suite_s_own_client() {
    let desk = Desk::new();
    let host = "account.sandbox.invalid";
    let named = sandbox_with(&desk, &["--log", "off", "--public-host", host], "", &format!("[hosts]\n\"{host}\" = \"127.0.0.1\""));
    let ended = named.run(&desk, &["--requirement", "PL-01", "PL-02", "--tags", "@platform-suite"]);
    assert_eq!(ended.code, Some(0), "{ended:?} {:?}", desk.verdicts());
    assert!(named.issuer.contains(host) && desk.verdicts().iter().all(|(_, verdict, _)| verdict == "passed"), "{:?}", desk.verdicts());
}

#[test]
fn where_nothing_may_be_written_nothing_that_writes_is_tried() {
    let desk = Desk::new();
    let title = "A write that fails is not told as made";
    // A relay sees the write; what was written nobody but the platform's owner takes back.
    let of_the_owner = ["it needs what the application asks the platform for", "only whoever owns the platform can do it"];
    for (line, told) in [("read_only = true", &["the target file says read_only"][..]), ("", &of_the_owner)] {
        let sandbox = sandbox_with(&desk, &["--log", "off"], line, "");
        sandbox.run(&desk, &["--requirement", "GX-12", "--tags", "@resource-access"]);
        let verdicts = desk.verdicts();
        let (_, _, reason) = verdicts.iter().find(|(found, ..)| found == title).expect("it was planned");
        assert!(told.iter().any(|told| reason.starts_with(told)), "{line}: {reason}");
    }
}

#[test]
fn the_doctor_reads_a_page_there_and_tells_the_key_of_what_keeps_it_from_it() {
    let desk = Desk::new();
    let sandbox = sandbox_with(&desk, &["--log", "off"], "", "");
    let doctor = |target: &str| {
        let mut command = desk.command(&["doctor", "--target", target]);
        let output = command.envs(sandbox.secrets.iter().cloned()).output().expect("the program starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let line = |told: &str| told.lines().find(|line| line.get(5..).is_some_and(|rest| rest.starts_with("target "))).map(str::to_owned);
    let sound = line(&doctor("target.toml")).expect("it looks");
    assert!(sound.starts_with("ok") && sound.contains("reads a page of /v2/tenants/101/patients"), "{sound}");
    let target = fs::read_to_string(desk.path("target.toml")).expect("the target file");
    desk.write("wrong.toml", &target.replace("tenant = \"101\"", "tenant = \"102\""));
    let wrong = line(&doctor("wrong.toml")).expect("it looks");
    assert!(wrong.starts_with("FAIL") && wrong.contains("status 404") && wrong.contains("users.ada.tenant"), "{wrong}");
    desk.write("nowhere.toml", &target.replace(&format!(":{}/callback", sandbox.port), &format!(":{}/callback", free_port())));
    let refused = line(&doctor("nowhere.toml")).expect("it looks");
    assert!(refused.starts_with("FAIL") && refused.contains("client.redirect_uri"), "{refused}");
}
