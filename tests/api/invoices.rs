use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::ada;

const INVOICES: &str = "/v2/tenants/101/invoices";

#[tokio::test]
async fn an_invoice_has_the_total_of_its_lines_and_the_next_number() {
    let ada = ada().await;
    let seeded = ada.ours("invoices?limit=200").await.body;
    for invoice in seeded["items"].as_array().expect("items") {
        let of = |line: &Value| line["quantity"].as_u64().zip(line["unitAmountCents"].as_u64()).map(|(count, each)| count * each);
        let total: Option<u64> = invoice["lines"].as_array().expect("lines").iter().map(of).sum();
        assert_eq!(total, invoice["amountCents"].as_u64());
    }
    let patient = ada.ours("patients?limit=1").await.body["items"][0]["id"].clone();
    let treatment = ada.ours("treatments?limit=1").await.body["items"][0].clone();
    let new = json!({"patientId": patient, "date": "2031-05-06", "amountCents": 18_500, "lines": [
        {"treatmentId": treatment["id"], "description": treatment["description"], "quantity": 1, "unitAmountCents": 13_000},
        {"description": "Seduta di fisioterapia", "quantity": 1, "unitAmountCents": 5_500},
    ]});
    let first = ada.send(Method::POST, INVOICES, Some(new.clone())).await;
    assert_eq!((first.status, &first.body["number"], &first.body["status"]), (StatusCode::CREATED, &json!("2031/0001"), &json!("due")));
    assert_eq!(ada.send(Method::POST, INVOICES, Some(new.clone())).await.body["number"], "2031/0002");

    let wrong = [
        ("amountCents", json!(18_499), "amountCents"),
        ("patientId", json!(1), "patientId"),
        ("lines", json!([{"description": " ", "quantity": 1, "unitAmountCents": 18_500}]), "lines"),
        ("lines", json!([{"treatmentId": 1, "description": "Visita", "quantity": 1, "unitAmountCents": 18_500}]), "lines"),
    ];
    for (member, value, field) in wrong {
        let mut invoice = new.clone();
        invoice[member] = value;
        let refused = ada.send(Method::POST, INVOICES, Some(invoice)).await;
        refused.refuses(422, "business_rule");
        assert_eq!(refused.body["field"], field);
    }
    for (member, value) in [("lines", json!([])), ("date", json!("06/05/2031")), ("amountCents", json!(-1)), ("status", json!("lost"))] {
        let mut invoice = new.clone();
        invoice[member] = value;
        let refused = ada.send(Method::POST, INVOICES, Some(invoice)).await;
        assert!(refused.refuses(400, "malformed_request").contains(&format!("/{member}")), "{}", refused.body);
    }

    let location = first.header("location").to_owned();
    let mut other_year = first.body.clone();
    other_year["date"] = json!("2032-01-01");
    assert_eq!(ada.send(Method::PUT, &location, Some(other_year)).await.body["field"], "date");
    let mut paid = first.body.clone();
    paid["status"] = json!("paid");
    let paid = ada.send(Method::PUT, &location, Some(paid)).await;
    assert_eq!((paid.status, &paid.body["number"]), (StatusCode::OK, &first.body["number"]));
    ada.send(Method::PUT, &location, Some(first.body)).await.refuses(409, "conflict");
    assert!(ada.send(Method::PUT, &location, Some(paid.body)).await.refuses(422, "business_rule").contains("paid"));
    ada.send(Method::DELETE, &location, None).await.refuses(405, "method_not_allowed");
}
