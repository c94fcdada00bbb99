use std::time::{Duration, Instant};

use collaudo::domain::Credential;
use collaudo::platform::Times;
use collaudo::platform::accounts::TENANT;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Caller, ada};

const PATIENTS: &str = "/v2/tenants/101/patients?limit=3";
const APPOINTMENTS: &str = "/v2/tenants/101/appointments";

/// What a client sees whose patience is limited.
async fn call(ada: &Caller, method: Method, path: &str, body: Option<&Value>) -> reqwest::Result<Response> {
    let url = ada.platform.api().join(path).expect("a path");
    // A connection of its own: one that a server closed while it lay idle would be tried again.
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(Duration::from_secs(5)).build().expect("a client");
    let request = client.request(method, url).bearer_auth(&ada.token);
    body.into_iter().fold(request, |request, body| request.json(body)).send().await
}

fn fired(ada: &Caller) -> Vec<String> {
    ada.platform.journal().since(0).pop().expect("an exchange").faults
}

async fn booking(ada: &Caller) -> Value {
    let free = ada.ours("availabilities?limit=1").await.body["items"][0].clone();
    let patient = ada.ours("patients?limit=1").await.body["items"][0]["id"].clone();
    json!({"agendaId": free["agendaId"], "patientId": patient, "start": free["start"], "end": free["end"]})
}

#[tokio::test]
async fn a_dropped_call_has_no_answer_and_a_write_is_carried_out_or_not_as_the_fault_says() {
    let ada = ada().await;
    ada.arm("api-drop-read", Times::Next(1));
    let error = call(&ada, Method::GET, PATIENTS, None).await.expect_err("no answer");
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert_eq!(fired(&ada), ["api-drop-read"]);
    assert_eq!(call(&ada, Method::GET, PATIENTS, None).await.expect("an answer").status(), 200);

    let (booking, before) = (booking(&ada).await, ada.platform.appointments_count(TENANT));
    for (fault, booked) in [("api-drop-before-write", 0), ("api-drop-after-write", 1)] {
        ada.arm(fault, Times::Next(1));
        assert_eq!(call(&ada, Method::GET, PATIENTS, None).await.expect("reads are left alone").status(), 200);
        call(&ada, Method::POST, APPOINTMENTS, Some(&booking)).await.expect_err("no answer");
        assert_eq!(fired(&ada), [fault]);
        assert_eq!(ada.platform.appointments_count(TENANT), before + booked, "{fault}");
    }
    let again = call(&ada, Method::POST, APPOINTMENTS, Some(&booking)).await.expect("an answer");
    assert_eq!(again.status(), 422, "the write whose answer was lost took the time");
}

#[tokio::test]
async fn a_held_call_is_in_the_journal_before_the_client_gives_up_and_holds_up_nobody_else() {
    let ada = ada().await;
    let (booking, before) = (booking(&ada).await, ada.platform.appointments_count(TENANT));
    ada.arm("api-hang", Times::Next(1));
    let url = ada.platform.api().join(APPOINTMENTS).expect("a path");
    let held = ada.client.post(url).bearer_auth(&ada.token).json(&booking).timeout(Duration::from_millis(700)).send();
    let error = held.await.expect_err("no answer");
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(fired(&ada), ["api-hang"]);
    assert_eq!(ada.platform.appointments_count(TENANT), before);
    assert_eq!(ada.ours("patients?limit=1").await.status, 200);
}

#[tokio::test]
async fn a_damaged_body_is_damaged_as_the_fault_says() {
    let ada = ada().await;
    let honest = call(&ada, Method::GET, PATIENTS, None).await.expect("an answer").text().await.expect("a body");
    let answer = async |fault: &str| {
        ada.arm(fault, Times::Next(1));
        let answer = call(&ada, Method::GET, PATIENTS, None).await.expect("a head");
        assert_eq!((answer.status().as_u16(), fired(&ada)), (200, vec![fault.to_owned()]));
        let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
        (kind, answer.text().await)
    };
    let json = "application/json".to_owned();

    let (kind, body) = answer("api-broken-json").await;
    let body = body.expect("a whole body");
    assert!(kind == json && honest.starts_with(&body) && body.len() == honest.len() / 2, "{kind}: {body}");

    let (kind, body) = answer("api-cut-body").await;
    assert!(kind == json && body.is_err_and(|error| error.is_body() || error.is_decode()));

    let (kind, body) = answer("api-empty-body").await;
    assert_eq!((kind, body.expect("a body").as_str()), (json.clone(), ""));

    for (fault, other) in [("api-other-object", "{}"), ("api-other-list", "[]")] {
        let (kind, body) = answer(fault).await;
        assert_eq!((kind, body.expect("a body").as_str()), (json.clone(), other));
    }

    let (kind, body) = answer("api-wrong-content-type").await;
    assert_eq!((kind.as_str(), body.expect("a body")), ("text/plain; charset=utf-8", honest.clone()));

    let (kind, body) = answer("api-html").await;
    assert!(kind.starts_with("text/html") && body.expect("a body").starts_with("<!DOCTYPE html>"));

    let started = Instant::now();
    let (kind, body) = answer("api-slow-body").await;
    assert_eq!((kind, body.expect("a body")), (json, honest.clone()));
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());

    assert_eq!(call(&ada, Method::GET, PATIENTS, None).await.expect("an answer").text().await.expect("a body"), honest);
}

#[tokio::test]
async fn entries_can_be_called_alike_and_be_in_a_state_that_nobody_knows() {
    let ada = ada().await;
    let honest = ada.ours("patients?limit=3").await.body["items"].clone();
    ada.arm("api-namesakes", Times::Next(1));
    let alike = ada.ours("patients?limit=3").await.body["items"].clone();
    assert_eq!((&alike[0], &alike[2]), (&honest[0], &honest[2]));
    assert_eq!((&alike[1]["lastName"], &alike[1]["firstName"]), (&honest[0]["lastName"], &honest[0]["firstName"]));
    assert_eq!(alike[1]["fiscalCode"], honest[1]["fiscalCode"]);
    ada.arm("api-unknown-status", Times::Next(1));
    ada.ours("patients?limit=3").await;
    assert_eq!(fired(&ada), Vec::<String>::new(), "patients are in no state");
    let states = ada.ours("appointments?limit=2").await.body["items"].clone();
    assert_eq!(states[0]["status"], "awaiting-triage");
    assert_ne!(states[1]["status"], "awaiting-triage");
}

#[tokio::test]
async fn a_token_in_a_body_is_seen() {
    let ada = ada().await;
    let mut booking = booking(&ada).await;
    booking["access_token"] = ada.token.clone().into();
    call(&ada, Method::POST, APPOINTMENTS, Some(&booking)).await.expect("an answer");
    let exchange = ada.platform.journal().since(0).pop().expect("an exchange");
    assert_eq!(exchange.facts.credentials, [Credential::Body, Credential::Header]);
}

#[tokio::test]
async fn short_pages_lead_to_the_end_all_the_same() {
    let ada = ada().await;
    ada.arm("api-short-pages", Times::Always);
    let first = ada.ours("patients?limit=50").await.body;
    assert_eq!((first["items"].as_array().map(Vec::len), &first["limit"], &first["hasMore"]), (Some(7), &json!(50), &json!(true)));
    let last = ada.ours("patients?offset=119").await.body;
    assert_eq!((last["items"].as_array().map(Vec::len), &last["hasMore"]), (Some(4), &json!(false)));
    let id = &first["items"][0]["id"];
    ada.ours(&format!("patients/{id}")).await;
    assert_eq!(fired(&ada), Vec::<String>::new(), "one entity is no page");
}

#[tokio::test]
async fn userinfo_can_name_another_medical_centre() {
    let ada = ada().await;
    let honest = ada.get("/v2/userinfo").await.body;
    ada.arm("userinfo-other-tenant", Times::Next(1));
    let other = ada.get("/v2/userinfo").await.body;
    assert_eq!((&other["sub"], &other["tenants"][0]["id"]), (&honest["sub"], &json!(202)));
    assert_eq!(ada.get("/v2/userinfo").await.body, honest);
    let ids =
        |body: &Value| body["tenants"].as_array().map(|tenants| tenants.iter().map(|tenant| tenant["id"].clone()).collect::<Vec<_>>());
    for (fault, named) in [
        ("userinfo-shorter-tenant", json!([10])),
        ("userinfo-longer-tenant", json!([1011])),
        ("userinfo-tenant-with-more-before", json!([9101])),
        ("userinfo-two-tenants", json!([202, 101])),
        ("userinfo-no-tenant", json!([])),
    ] {
        ada.arm(fault, Times::Next(1));
        let told = ada.get("/v2/userinfo").await.body;
        assert_eq!((ids(&told).map(Value::from), &told["sub"]), (Some(named), &honest["sub"]), "{fault}");
    }
}

#[tokio::test]
async fn userinfo_can_refuse_the_token_and_leave_out_the_subject_here_too() {
    let ada = ada().await;
    ada.arm("userinfo-without-subject", Times::Next(1));
    let unnamed = ada.get("/v2/userinfo").await.body;
    assert_eq!((unnamed.get("sub"), &unnamed["name"], &unnamed["tenants"][0]["id"]), (None, &json!("Mallory Neri"), &json!(101)));
    ada.arm("userinfo-unauthorized", Times::Next(1));
    let refused = ada.get("/v2/userinfo").await;
    assert_eq!((refused.status.as_u16(), &refused.body["error"]), (401, &json!("invalid_token")));
}
