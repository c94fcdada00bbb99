use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Caller, ada};

const EPISODES: &str = "/v2/tenants/101/episodes";
const REPORTS: &str = "/v2/tenants/101/medical-reports";

async fn with_status(ada: &Caller, path: &str, status: &str) -> Value {
    let page = ada.ours(&format!("{path}?limit=200")).await.body;
    page["items"].as_array().expect("items").iter().find(|one| one["status"] == status).expect("one of each kind").clone()
}

fn report(episode: &Value) -> Value {
    json!({"patientId": episode["patientId"], "episodeId": episode["id"], "title": "Referto di controllo", "date": episode["openedOn"],
           "doctor": "Dott. Guido Pellegrini", "text": "Nella norma."})
}

#[tokio::test]
async fn a_closed_episode_takes_no_report() {
    let ada = ada().await;
    let (open, closed) = (with_status(&ada, "episodes", "open").await, with_status(&ada, "episodes", "closed").await);
    let written = ada.send(Method::POST, REPORTS, Some(report(&open))).await;
    assert_eq!(written.status, 201);
    assert_eq!(ada.get(written.header("location")).await.body["status"], "draft");
    let refused = ada.send(Method::POST, REPORTS, Some(report(&closed))).await;
    assert!(refused.refuses(422, "business_rule").contains("closed"));
    assert_eq!(refused.body["field"], "episodeId");
    let others = ada.ours("patients?limit=200").await.body;
    let another = others["items"].as_array().expect("items").iter().find(|one| one["id"] != open["patientId"]).expect("another");
    let wrong = [
        ("patientId", another["id"].clone(), "episodeId"),
        ("date", json!("1999-12-31"), "date"),
        ("title", json!(" "), "title"),
        ("episodeId", json!(1), "episodeId"),
    ];
    for (member, value, field) in wrong {
        let mut report = report(&open);
        report[member] = value;
        let refused = ada.send(Method::POST, REPORTS, Some(report)).await;
        refused.refuses(422, "business_rule");
        assert_eq!(refused.body["field"], field);
    }
}

#[tokio::test]
async fn a_signed_report_takes_no_change() {
    let ada = ada().await;
    let open = with_status(&ada, "episodes", "open").await;
    let draft = ada.send(Method::POST, REPORTS, Some(report(&open))).await;
    let location = draft.header("location").to_owned();
    let mut signed = draft.body.clone();
    signed["status"] = json!("signed");
    let signed = ada.send(Method::PUT, &location, Some(signed)).await;
    assert_eq!((signed.status, &signed.body["version"]), (StatusCode::OK, &json!(2)));
    ada.send(Method::PUT, &location, Some(draft.body)).await.refuses(409, "conflict");
    let refused = ada.send(Method::PUT, &location, Some(signed.body)).await;
    assert!(refused.refuses(422, "business_rule").contains("signed"));
    ada.send(Method::DELETE, &location, None).await.refuses(422, "business_rule");

    let second = ada.send(Method::POST, REPORTS, Some(report(&open))).await;
    let location = second.header("location");
    assert!(ada.ours(&format!("medical-reports?episodeId={}", open["id"])).await.body["totalCount"].as_u64() >= Some(2));
    assert_eq!(ada.send(Method::DELETE, location, None).await.status, StatusCode::NO_CONTENT);
    ada.get(location).await.refuses(404, "not_found");
}

#[tokio::test]
async fn an_episode_is_opened_closed_for_good_and_kept_with_its_reports() {
    let ada = ada().await;
    let patient = ada.ours("patients?limit=1").await.body["items"][0]["id"].clone();
    let new = json!({"patientId": patient, "title": " Terapia e follow-up ", "openedOn": "2026-02-03"});
    let created = ada.send(Method::POST, EPISODES, Some(new.clone())).await;
    assert_eq!((created.status, &created.body["status"]), (StatusCode::CREATED, &json!("open")));
    assert_eq!(created.body["title"], "Terapia e follow-up");
    let location = created.header("location").to_owned();
    let wrong = [
        (json!({"closedOn": "2026-02-04"}), "closedOn"),
        (json!({"status": "closed"}), "closedOn"),
        (json!({"status": "closed", "closedOn": "2026-02-02"}), "closedOn"),
        (json!({"patientId": 1}), "patientId"),
        (json!({"title": ""}), "title"),
    ];
    for (changes, field) in wrong {
        let mut episode = created.body.clone();
        changes.as_object().expect("members").iter().for_each(|(name, value)| episode[name] = value.clone());
        let refused = ada.send(Method::PUT, &location, Some(episode)).await;
        refused.refuses(422, "business_rule");
        assert_eq!(refused.body["field"], field, "{changes}");
    }
    let written = ada.send(Method::POST, REPORTS, Some(report(&created.body))).await;
    assert!(ada.send(Method::DELETE, &location, None).await.refuses(422, "business_rule").contains("reports"));
    assert_eq!(ada.send(Method::DELETE, written.header("location"), None).await.status, 204);

    let mut closed = created.body.clone();
    (closed["status"], closed["closedOn"]) = (json!("closed"), json!("2026-02-04"));
    let closed = ada.send(Method::PUT, &location, Some(closed)).await;
    assert_eq!((closed.status, &closed.body["closedOn"]), (StatusCode::OK, &json!("2026-02-04")));
    let mut opened = closed.body.clone();
    opened["status"] = json!("open");
    assert!(ada.send(Method::PUT, &location, Some(opened)).await.refuses(422, "business_rule").contains("closed"));
    ada.send(Method::DELETE, &format!("{location}?version=1"), None).await.refuses(409, "conflict");
    assert_eq!(ada.send(Method::DELETE, &format!("{location}?version=2"), None).await.status, 204);
}
