use collaudo::domain::Endpoint;
use collaudo::platform::accounts::{ADA, BRUNO, DARIO, ELIO};
use reqwest::Method;
use serde_json::json;

use super::{Caller, EVERYTHING, ada, seen};

#[tokio::test]
async fn userinfo_names_the_one_tenant_of_the_user() {
    let ada = ada().await;
    let seen = ada.get("/v2/userinfo").await;
    assert_eq!(seen.status, 200);
    let sub = seen.body["sub"].as_str().expect("a subject");
    assert_eq!(
        seen.body,
        json!({"sub": sub, "name": "Ada Ferri", "email": ADA, "tenants": [{"id": 101, "name": "Centro Medico San Luca"}]})
    );
    let bruno = ada.signed_in_as(BRUNO, "openid").await;
    assert_eq!(bruno.get("/v2/userinfo").await.body["tenants"], json!([{"id": 202, "name": "Poliambulatorio Villa Aurora"}]));
}

#[tokio::test]
async fn every_resource_is_listed_with_its_scope() {
    let ada = ada().await;
    let dario = ada.signed_in_as(DARIO, EVERYTHING).await;
    let resources = [
        ("patients", "giponext.patients"),
        ("agendas", "giponext.agenda"),
        ("appointments", "giponext.agenda"),
        ("availabilities", "giponext.agenda"),
        ("treatments", "giponext.treatments"),
        ("price-lists", "giponext.treatments"),
        ("episodes", "giponext.episodes"),
        ("medical-reports", "giponext.medicalreports"),
        ("invoices", "giponext.invoices"),
    ];
    for (path, scope) in resources {
        let page = ada.ours(path).await;
        assert_eq!(page.status, 200, "{path}");
        let id = page.body["items"][0]["id"].as_u64().expect("an entry with an id");
        let one = ada.ours(&format!("{path}/{id}")).await;
        assert_eq!(one.body, page.body["items"][0], "{path}");
        ada.ours(&format!("{path}/1")).await.refuses(404, "not_found");
        for path in [path.to_owned(), format!("{path}/{id}")] {
            let refused = dario.ours(&path).await;
            assert_eq!(refused.refuses(403, "insufficient_permission"), format!("the user lacks the permission to read {scope}"));
        }
        let others: Vec<&str> = EVERYTHING.split_ascii_whitespace().filter(|one| *one != scope).collect();
        let without = ada.signed_in_as(ADA, &others.join(" ")).await;
        let refused = without.ours(path).await;
        assert_eq!(refused.refuses(403, "insufficient_scope"), format!("missing claim {scope}"));
        assert!(refused.header("www-authenticate").contains(r#"error="insufficient_scope""#));
        let exchange = without.platform.journal().since(0).pop().expect("an exchange");
        assert_eq!((exchange.endpoint, exchange.facts.needed_scope.as_deref()), (Endpoint::Api, Some(scope)));
        assert_eq!(exchange.facts.tenant.as_deref(), Some("101"));
        assert_eq!(exchange.facts.refusal, Some(format!("missing claim {scope}")));
    }
}

#[tokio::test]
async fn a_user_without_the_permission_is_refused_in_other_words_than_a_token_without_the_scope() {
    let elio = Caller::new(ELIO, EVERYTHING).await;
    let refused = elio.ours("medical-reports").await;
    assert!(refused.refuses(403, "insufficient_permission").contains("the user lacks the permission"));
    assert_eq!(refused.header("www-authenticate"), "");
    assert_eq!(elio.ours("patients").await.status, 200);
}

#[tokio::test]
async fn another_tenant_is_as_unknown_as_one_that_does_not_exist() {
    let ada = ada().await;
    let foreign = ada.get("/v2/tenants/202/patients").await;
    let unknown = ada.get("/v2/tenants/999/patients").await;
    assert_eq!(foreign.refuses(404, "not_found"), unknown.refuses(404, "not_found"));
    ada.get("/v2/tenants/centre/patients").await.refuses(404, "not_found");
    // An entity of the other tenant under the own one.
    let bruno = ada.signed_in_as(BRUNO, EVERYTHING).await;
    let theirs = bruno.get("/v2/tenants/202/patients").await.body["items"][0]["id"].as_u64().expect("an id");
    bruno.ours("patients").await.refuses(404, "not_found");
    let ada = bruno.signed_in_as(ADA, EVERYTHING).await;
    ada.ours(&format!("patients/{theirs}")).await.refuses(404, "not_found");
}

#[tokio::test]
async fn a_number_in_a_path_has_one_spelling() {
    let ada = ada().await;
    assert_eq!(ada.get("/v2/tenants/101/patients").await.status, 200);
    for path in ["/v2/tenants/00101/patients", "/v2/tenants/+101/patients", "/v2/tenants/%2B101/patients"] {
        assert_eq!(ada.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_call_without_a_good_token_is_refused_first_of_all() {
    let ada = ada().await;
    let url = |path: &str| ada.platform.api().join(path).expect("a path");
    for path in ["/v2/userinfo", "/v2/tenants/999/patients?limit=0"] {
        let none = seen(ada.client.get(url(path)).send().await.expect("an answer")).await;
        assert_eq!(none.status, 401);
        assert!(none.body["message"].is_string() && none.header("www-authenticate").starts_with("Bearer"));
        let wrong = seen(ada.client.get(url(path)).bearer_auth("forged.token.here").send().await.expect("an answer")).await;
        wrong.refuses(401, "invalid_token");
        assert!(wrong.header("www-authenticate").contains(r#"error="invalid_token""#));
    }
    let query = format!("/v2/tenants/101/patients?access_token={}", ada.token);
    assert_eq!(ada.client.get(url(&query)).send().await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_answered_in_json() {
    let ada = ada().await;
    ada.get("/v2/nothing").await.refuses(404, "not_found");
    ada.ours("nothing/7").await.refuses(404, "not_found");
    let wrong = ada.send(Method::DELETE, "/v2/tenants/101/patients", None).await;
    wrong.refuses(405, "method_not_allowed");
    assert!(wrong.header("allow").contains("GET") && wrong.header("allow").contains("POST"), "{}", wrong.header("allow"));
    ada.send(Method::POST, "/v2/userinfo", None).await.refuses(405, "method_not_allowed");
}

#[tokio::test]
async fn an_expired_token_and_one_of_a_deactivated_user_are_refused() {
    let ada = ada().await;
    ada.platform.expire_access_tokens();
    assert!(ada.ours("patients").await.refuses(401, "invalid_token").contains("expired"));
    let ada = ada.signed_in_as(ADA, EVERYTHING).await;
    assert_eq!(ada.ours("patients").await.status, 200);
    ada.platform.deactivate_user(ADA).expect("a user");
    ada.ours("patients").await.refuses(401, "invalid_token");
    ada.get("/v2/userinfo").await.refuses(401, "invalid_token");
}
