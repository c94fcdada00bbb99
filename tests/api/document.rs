use std::collections::BTreeSet;

use collaudo::platform::accounts::ADA;
use collaudo::platform::{Assumptions, Settings};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Caller, EVERYTHING, ada};

#[tokio::test]
async fn the_document_names_this_platform_and_its_limits() {
    let assumptions = Assumptions { default_page_limit: 20, max_page_limit: 40, ..Assumptions::default() };
    let ada = Caller::at(Settings { assumptions, ..Settings::default() }, ADA, EVERYTHING).await;
    let (document, issuer) = (&ada.document, ada.platform.issuer());
    assert_eq!((&document["swagger"], &document["basePath"], &document["schemes"]), (&json!("2.0"), &json!("/"), &json!(["http"])));
    assert_eq!(document["host"], format!("localhost:{}", issuer.port().expect("a port")));
    let oauth = &document["securityDefinitions"]["giponext"];
    assert_eq!((&oauth["type"], &oauth["flow"]), (&json!("oauth2"), &json!("accessCode")));
    assert_eq!(oauth["tokenUrl"], issuer.join("/connect/token").expect("a path").as_str());
    let limit = &document["parameters"]["limit"];
    assert_eq!((&limit["default"], &limit["maximum"]), (&json!(20), &json!(40)));
    assert_eq!(ada.ours("patients").await.body["limit"], 20);
    ada.ours("patients?limit=41").await.refuses(400, "malformed_request");
}

#[tokio::test]
async fn the_document_names_every_operation_and_no_other() {
    let ada = ada().await;
    let paths = ada.document["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 1 + 2 * 9);
    for (path, item) in paths {
        let path = path.replace("{tenantId}", "101").replace("{id}", "1");
        let named: BTreeSet<&str> =
            ["get", "put", "post", "delete", "patch"].into_iter().filter(|method| item.get(*method).is_some()).collect();
        let mut served = BTreeSet::new();
        for method in ["get", "put", "post", "delete", "patch"] {
            let name = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            if ada.send(name, &path, None).await.status != StatusCode::METHOD_NOT_ALLOWED {
                served.insert(method);
            }
        }
        assert_eq!(named, served, "{path}");
    }
}

#[tokio::test]
async fn every_operation_asks_for_the_scope_that_the_document_names() {
    let ada = ada().await;
    let nothing = ada.signed_in_as(ADA, "openid").await;
    for (path, item) in ada.document["paths"].as_object().expect("paths") {
        let operations = item.as_object().expect("operations").iter().filter(|(name, _)| *name != "parameters");
        for (method, operation) in operations.filter(|_| path.contains("tenants")) {
            let scope = operation["security"][0]["giponext"][0].as_str().expect("a scope");
            let url = path.replace("{tenantId}", "101").replace("{id}", "1");
            let name = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let refused = nothing.send(name, &url, Some(json!({}))).await;
            assert_eq!(refused.refuses(403, "insufficient_scope"), format!("missing claim {scope}"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_platform_may_show_additive_changes_for_good() {
    let assumptions = Assumptions { additive_changes: true, ..Assumptions::default() };
    let ada = Caller::at(Settings { assumptions, ..Settings::default() }, ADA, EVERYTHING).await;
    for path in ["/v2/userinfo", "/v2/tenants/101/patients?limit=2", "/v2/tenants/101/invoices?limit=2"] {
        let answer: Value = ada.get(path).await.body;
        assert!(answer["dataResidency"].is_object(), "{path}: {answer}");
    }
}
