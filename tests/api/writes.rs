use collaudo::platform::accounts::TENANT;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ada, seen};

#[tokio::test]
async fn a_patient_is_created_and_changed_by_version() {
    let ada = ada().await;
    let path = "/v2/tenants/101/patients";
    let new = json!({
        "firstName": "Mario", "lastName": "Rossi", "fiscalCode": "RSSMRA85T10A562S", "birthDate": "1985-12-10", "unknown": {"ignored": true}
    });
    let created = ada.send(Method::POST, path, Some(new.clone())).await;
    assert_eq!(created.status, 201);
    let location = created.header("location").to_owned();
    assert_eq!(location, format!("{path}/{}", created.body["id"]));
    let mut patient = ada.get(&location).await.body;
    assert_eq!(patient, created.body);

    assert_eq!(
        ada.send(Method::POST, path, Some(new.clone())).await.refuses(422, "business_rule"),
        "another patient has this codice fiscale"
    );
    patient["phone"] = json!("+39 02 5550123");
    let changed = ada.send(Method::PUT, &location, Some(patient.clone())).await;
    assert_eq!((changed.status, &changed.body["version"], &changed.body["phone"]), (StatusCode::OK, &json!(2), &json!("+39 02 5550123")));
    ada.send(Method::PUT, &location, Some(patient.clone())).await.refuses(409, "conflict");
    patient["version"] = json!(2);
    let url = ada.platform.api().join(&location).expect("a path");
    let put = async |tag: &str| {
        let request = ada.client.put(url.clone()).bearer_auth(&ada.token).header("if-match", tag).json(&patient);
        seen(request.send().await.expect("an answer")).await
    };
    put("\"1\"").await.refuses(409, "conflict");
    put("2").await.refuses(409, "conflict");
    let tag = ada.get(&location).await.header("etag").to_owned();
    let changed = put(&format!("\"1\", {tag}")).await;
    assert_eq!((changed.status, changed.header("etag")), (StatusCode::OK, "\"3\""));

    let wrong = [("RSSMRA85T10A562T", "check character"), ("MRTMTT25D09F205Z", "birth date"), ("ROSSI", "16 letters")];
    for (code, words) in wrong {
        let mut patient = new.clone();
        patient["fiscalCode"] = json!(code);
        let refused = ada.send(Method::POST, path, Some(patient)).await;
        assert!(refused.refuses(422, "business_rule").contains(words), "{}", refused.body);
        assert_eq!(refused.body["field"], "fiscalCode");
    }
    ada.send(Method::POST, path, Some(json!({"firstName": "Mario"}))).await.refuses(400, "malformed_request");
    ada.send(Method::PUT, &location, Some(new)).await.refuses(400, "malformed_request");
    let url = ada.platform.api().join(path).expect("a path");
    let text = ada.client.post(url).bearer_auth(&ada.token).body("{}").send().await.expect("an answer");
    seen(text).await.refuses(400, "malformed_request");
}

#[tokio::test]
async fn a_change_that_is_meant_for_somebody_else_is_refused() {
    let ada = ada().await;
    let page = ada.ours("patients").await.body;
    let (one, other) = (&page["items"][0], &page["items"][1]);
    let (id, others) = (one["id"].as_u64().expect("an id"), other["id"].as_u64().expect("an id"));
    let path = format!("/v2/tenants/101/patients/{id}");
    let with_id = |id: Value| {
        let mut patient = one.clone();
        patient["id"] = id;
        patient
    };
    for id in [json!(others), json!(others.to_string()), json!(0)] {
        let refused = ada.send(Method::PUT, &path, Some(with_id(id))).await;
        assert_eq!(refused.refuses(422, "business_rule"), "the body is of another one than the path");
        assert_eq!(refused.body["field"], "id");
    }
    assert_eq!(ada.get(&path).await.body, *one);
    assert_eq!(ada.get(&format!("/v2/tenants/101/patients/{others}")).await.body, *other);
    // The own id, in either spelling, and none.
    for (version, id) in (1_u64..).zip([json!(id), json!(id.to_string()), Value::Null]) {
        let mut patient = with_id(id);
        patient["version"] = json!(version);
        assert_eq!(ada.send(Method::PUT, &path, Some(patient)).await.status, 200);
    }
}

#[tokio::test]
async fn a_body_that_names_a_member_twice_is_refused() {
    let ada = ada().await;
    let before = ada.ours("patients").await.body;
    let url = ada.platform.api().join("/v2/tenants/101/patients").expect("a path");
    let body = r#"{"firstName": "Mario", "lastName": "Rossi", "fiscalCode": "RSSMRA85T10A562S", "lastName": "Bianchi"}"#;
    let request = ada.client.post(url).bearer_auth(&ada.token).header("content-type", "application/json").body(body);
    let refused = seen(request.send().await.expect("an answer")).await;
    assert!(refused.refuses(400, "malformed_request").contains("an object names a member twice"), "{}", refused.body);
    assert_eq!(ada.ours("patients").await.body, before);
}

#[tokio::test]
async fn appointments_are_booked_moved_and_removed_without_overlap() {
    let ada = ada().await;
    let path = "/v2/tenants/101/appointments";
    let before = ada.platform.appointments_count(TENANT);
    let free = ada.ours("availabilities?limit=1").await.body["items"][0].clone();
    let patient = ada.ours("patients?limit=1").await.body["items"][0]["id"].clone();
    let booking = json!({"agendaId": free["agendaId"], "patientId": patient, "start": free["start"], "end": free["end"]});
    let booked = ada.send(Method::POST, path, Some(booking.clone())).await;
    assert_eq!((booked.status, &booked.body["start"], &booked.body["status"]), (StatusCode::CREATED, &free["start"], &json!("booked")));
    assert_eq!(ada.platform.appointments_count(TENANT), before + 1);
    assert_ne!(ada.ours("availabilities?limit=1").await.body["items"][0]["id"], free["id"], "a booked slot is no availability");

    let twice = ada.send(Method::POST, path, Some(booking.clone())).await;
    assert!(twice.refuses(422, "business_rule").contains("another appointment"));
    let mut backwards = booking.clone();
    backwards["end"] = booking["start"].clone();
    assert_eq!(ada.send(Method::POST, path, Some(backwards)).await.body["field"], "end");
    let closed = |end: &str, start: &str| json!({"agendaId": free["agendaId"], "patientId": patient, "start": start, "end": end});
    let at_night = ada.send(Method::POST, path, Some(closed("2026-03-31T03:30:00+02:00", "2026-03-31T03:00:00+02:00"))).await;
    assert!(at_night.refuses(422, "business_rule").contains("not open"));
    let beyond = ada.send(Method::POST, path, Some(closed("9999-12-31T23:59:59-12:00", "9999-12-31T23:00:00-12:00"))).await;
    beyond.refuses(422, "business_rule");
    let mut elsewhere = booking.clone();
    elsewhere["treatmentId"] = ada.ours("treatments?offset=11&limit=1").await.body["items"][0]["id"].clone();
    assert_eq!(ada.send(Method::POST, path, Some(elsewhere)).await.body["field"], "treatmentId");
    let mut nobody = booking.clone();
    nobody["patientId"] = json!(1);
    assert_eq!(ada.send(Method::POST, path, Some(nobody)).await.body["field"], "patientId");
    assert_eq!(ada.platform.appointments_count(TENANT), before + 1);

    let one = booked.header("location").to_owned();
    let mut moved = booked.body.clone();
    moved["status"] = json!("confirmed");
    let moved = ada.send(Method::PUT, &one, Some(moved)).await;
    assert_eq!((moved.status, &moved.body["version"]), (StatusCode::OK, &json!(2)), "an appointment does not overlap itself");
    ada.send(Method::PUT, &one, Some(booked.body)).await.refuses(409, "conflict");
    ada.send(Method::DELETE, &format!("{one}?version=1"), None).await.refuses(409, "conflict");
    let removed = ada.send(Method::DELETE, &format!("{one}?version=2"), None).await;
    assert_eq!((removed.status, removed.body), (StatusCode::NO_CONTENT, Value::Null));
    ada.send(Method::DELETE, &one, None).await.refuses(404, "not_found");
}
