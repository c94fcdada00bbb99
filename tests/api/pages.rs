use collaudo::platform::accounts::{MALLORY, OTHER_TENANT, TENANT, TenantId};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Caller, EVERYTHING, ada};

#[tokio::test]
async fn pages_lead_to_the_end_and_show_every_patient_once() {
    let ada = ada().await;
    let mut names = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let page = ada.ours(&format!("patients?offset={}", names.len())).await.body;
        assert_eq!((page["totalCount"].as_u64(), page["limit"].as_u64()), (Some(123), Some(50)));
        assert_eq!(page["offset"], names.len());
        let items = page["items"].as_array().expect("items");
        sizes.push(items.len());
        let text = |item: &Value, name: &str| item[name].as_str().expect("text").to_owned();
        names.extend(items.iter().map(|item| format!("{} {}", text(item, "lastName"), text(item, "firstName"))));
        if page["hasMore"] == false {
            break;
        }
    }
    assert_eq!(sizes, [50, 50, 23]);
    assert_eq!(names, ada.platform.patient_names(TENANT));

    ada.platform.set_page_limit(20);
    assert_eq!(ada.ours("patients").await.body["items"].as_array().map(Vec::len), Some(20));
    let lowered = ada.ours("patients?limit=200").await.body;
    assert_eq!(
        (lowered["items"].as_array().map(Vec::len), &lowered["limit"]),
        (Some(20), &json!(20)),
        "the server gives less, and says so"
    );
    ada.platform.keep_patients(TENANT, 40);
    let last = ada.ours("patients?offset=20").await.body;
    assert_eq!((last["items"].as_array().map(Vec::len), &last["hasMore"]), (Some(20), &json!(false)), "a full last page is the last");
    ada.platform.keep_patients(TENANT, 0);
    let empty = ada.ours("patients").await.body;
    assert_eq!(empty, json!({"items": [], "totalCount": 0, "offset": 0, "limit": 20, "hasMore": false}));
    assert_eq!(ada.platform.patient_names(OTHER_TENANT).len(), 41, "the other tenant is left alone");
    let beyond = ada.ours("agendas?offset=1000").await.body;
    assert_eq!((&beyond["items"], &beyond["hasMore"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn parameters_out_of_range_are_malformed() {
    let ada = ada().await;
    for query in [
        "patients?limit=0",
        "patients?limit=201",
        "patients?limit=ten",
        "patients?offset=-1",
        "patients?offset=",
        "patients?offset=2147483648",
        "patients?limit=5&limit=6",
        "patients/first",
        "appointments?from=31-03-2026",
        "patients/0",
        "appointments?patientId=0",
    ] {
        ada.ours(query).await.refuses(400, "malformed_request");
    }
    let backwards = ada.ours("appointments?from=2026-03-31&to=2026-03-30").await;
    backwards.refuses(422, "business_rule");
    assert_eq!(backwards.body["field"], "to");
    assert_eq!(ada.ours("patients?limit=200").await.body["items"].as_array().map(Vec::len), Some(123));
}

#[tokio::test]
async fn appointments_are_filtered_by_day() {
    let ada = ada().await;
    let all = ada.ours("appointments?limit=200").await.body;
    let starts: Vec<&str> = all["items"].as_array().expect("items").iter().map(|item| item["start"].as_str().expect("text")).collect();
    assert!(starts.is_sorted() && starts.len() == 60);
    let day = &starts[30][..10];
    let on_day = ada.ours(&format!("appointments?from={day}&to={day}&limit=200")).await.body;
    let expected = starts.iter().filter(|start| start.starts_with(day)).count();
    assert!(expected > 0);
    assert_eq!(on_day["totalCount"], expected);
    assert!(
        on_day["items"].as_array().expect("items").iter().all(|item| item["start"].as_str().is_some_and(|start| start.starts_with(day)))
    );
}

#[tokio::test]
async fn levers_name_what_may_not_leak() {
    let ada = Caller::new(MALLORY, EVERYTHING).await;
    let canaries = ada.platform.personal_canaries(TENANT);
    let patient = ada.ours("patients?limit=1").await.body["items"][0].clone();
    let code = patient["fiscalCode"].as_str().expect("text");
    assert!(canaries.iter().any(|(label, value)| label.starts_with("fiscal code") && value.expose_secret() == code));
    let journal = serde_json::to_string(&ada.platform.journal().since(0)).expect("JSON");
    for (label, value) in &canaries {
        assert!(!journal.contains(value.expose_secret()), "the journal shows the {label}");
    }
    assert!(ada.platform.personal_canaries(TenantId(1)).is_empty());
}
