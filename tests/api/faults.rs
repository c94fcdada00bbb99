use collaudo::domain::{Credential, Endpoint};
use collaudo::platform::Times;
use collaudo::platform::accounts::TENANT;
use reqwest::Method;
use serde_json::Value;

use super::ada;

#[tokio::test]
async fn an_additive_answer_keeps_every_field_that_was_there() {
    let ada = ada().await;
    for path in ["/v2/userinfo", "/v2/tenants/101/patients?limit=3", "/v2/tenants/101/appointments?limit=3", "/v2/tenants/101/patients/1"] {
        let before = ada.get(path).await.body;
        ada.arm("api-additive", Times::Next(1));
        let after = ada.get(path).await.body;
        assert_contains(&after, &before, path);
        assert!(after["dataResidency"].is_object() && after["schemaRevision"].is_number(), "{path}: {after}");
        assert_eq!(ada.get(path).await.body, before);
    }
}

/// Every member of `before` is in `after` with the same value; only open lists of values may hold a new one.
fn assert_contains(after: &Value, before: &Value, at: &str) {
    match before {
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| !["contactPreference", "bookingChannel"].contains(&name.as_str())) {
                assert_contains(&after[name], member, &format!("{at}.{name}"));
            }
        }
        Value::Array(items) => {
            assert_eq!(after.as_array().map(Vec::len), Some(items.len()), "{at}");
            items.iter().enumerate().for_each(|(index, item)| assert_contains(&after[index], item, &format!("{at}[{index}]")));
        }
        other => assert_eq!(after, other, "{at}"),
    }
}

#[tokio::test]
async fn each_fault_answers_as_it_says_and_leaves_userinfo_alone() {
    let ada = ada().await;
    let faults = [
        ("api-unauthorized-once", 401, "invalid_token", ""),
        ("api-insufficient-scope", 403, "insufficient_scope", ""),
        ("api-insufficient-permission", 403, "insufficient_permission", ""),
        ("api-rate-limited", 429, "rate_limit_exceeded", "1"),
        ("api-rate-limited-longer", 429, "rate_limit_exceeded", "2"),
        ("api-rate-limited-silent", 429, "rate_limit_exceeded", ""),
        ("api-server-error", 500, "server_error", ""),
        ("api-bad-gateway", 502, "bad_gateway", ""),
        ("api-unavailable", 503, "temporarily_unavailable", "1"),
        ("api-not-found", 404, "not_found", ""),
    ];
    for (fault, status, error, retry_after) in faults {
        ada.arm(fault, Times::Next(1));
        assert_eq!(ada.get("/v2/userinfo").await.status, 200, "{fault}");
        let answer = ada.ours("patients").await;
        answer.refuses(status, error);
        assert_eq!(answer.header("retry-after"), retry_after, "{fault}");
        let exchange = ada.platform.journal().since(0).pop().expect("an exchange");
        assert_eq!(exchange.faults, [fault]);
        assert!(exchange.facts.subject.is_some(), "{fault}");
        assert_eq!(ada.ours("patients").await.status, 200, "{fault} fires once");
    }
}

#[tokio::test]
async fn one_refused_token_is_one_even_if_the_fault_is_armed_for_good() {
    let ada = ada().await;
    ada.arm("api-unauthorized-once", Times::Always);
    assert_eq!(ada.ours("patients").await.status, 401);
    assert_eq!(ada.ours("patients").await.status, 200);
}

#[tokio::test]
async fn a_provoked_refusal_of_a_write_waits_for_a_write() {
    let ada = ada().await;
    for (fault, status, error) in [("api-conflict", 409, "conflict"), ("api-unprocessable", 422, "business_rule")] {
        ada.arm(fault, Times::Next(1));
        let patient = ada.ours("patients?limit=1").await.body["items"][0].clone();
        let path = format!("/v2/tenants/101/patients/{}", patient["id"]);
        ada.send(Method::PUT, &path, Some(patient.clone())).await.refuses(status, error);
        if status == 409 {
            // Somebody else has changed it: what was read before is out of date.
            ada.send(Method::PUT, &path, Some(patient)).await.refuses(409, "conflict");
        }
        let read = ada.ours("patients?limit=1").await.body["items"][0].clone();
        assert_eq!(ada.send(Method::PUT, &path, Some(read)).await.status, 200, "{fault}");
    }
}

#[tokio::test]
async fn a_misled_client_is_seen_at_the_other_origin() {
    let ada = ada().await;
    ada.arm("api-redirect", Times::Next(1));
    let redirect = ada.ours("patients").await;
    assert_eq!(redirect.status, 302);
    let elsewhere = url::Url::parse(redirect.header("location")).expect("a URL");
    assert_ne!(elsewhere.origin(), ada.platform.issuer().origin());
    let mark = ada.platform.journal().mark();
    let bearer = ada.client.get(elsewhere.clone()).bearer_auth(&ada.token).send().await.expect("an answer");
    assert_eq!(bearer.status(), 404);
    let exchange = ada.platform.journal().since(mark).pop().expect("an exchange");
    assert_eq!((exchange.path.as_str(), exchange.endpoint), (elsewhere.path(), Endpoint::Other));
    assert_eq!(exchange.facts.credentials, [Credential::Header]);

    for (fault, status) in [("api-redirect-as-it-is", 307), ("api-redirect-for-good", 308)] {
        ada.arm(fault, Times::Next(1));
        assert_eq!(ada.ours("patients").await.status, status);
    }

    ada.arm("api-foreign-next", Times::Next(1));
    let page = ada.ours("patients").await.body;
    let next = url::Url::parse(page["next"].as_str().expect("a URL")).expect("a URL");
    assert_ne!(next.origin(), ada.platform.issuer().origin());
    assert_eq!(page["totalCount"], 123);

    ada.arm("api-html-error", Times::Next(1));
    let html = ada.ours("patients").await;
    assert_eq!((html.status.as_u16(), html.header("content-type")), (500, "text/html; charset=utf-8"));
}

#[tokio::test]
async fn userinfo_can_name_another_subject_in_the_right_tenant() {
    let ada = ada().await;
    let honest = ada.get("/v2/userinfo").await;
    assert_eq!(honest.header("cache-control"), "no-store");
    let honest = honest.body;
    ada.arm("userinfo-other-subject", Times::Next(1));
    let other = ada.get("/v2/userinfo").await.body;
    assert_ne!(other["sub"], honest["sub"]);
    assert_ne!(other["name"], honest["name"]);
    assert_eq!(other["tenants"], honest["tenants"]);
}

#[tokio::test]
async fn the_wait_after_too_many_requests_can_be_a_date() {
    let ada = ada().await;
    ada.arm("api-rate-limited-date", Times::Next(1));
    let answer = ada.ours("patients").await;
    answer.refuses(429, "rate_limit_exceeded");
    let until = answer.header("retry-after");
    assert!(until.ends_with(" GMT"), "{until}");
    let until = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(until).expect("an HTTP-date");
    let ahead = until.as_second() - ada.platform.shared().clock.now_seconds();
    assert!((0..=3).contains(&ahead), "{ahead} s");
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_carried_out_all_the_same() {
    let ada = ada().await;
    ada.arm("api-answer-lost", Times::Next(1));
    let before = ada.platform.appointments_count(TENANT);
    let appointment = ada.ours("appointments?limit=1").await.body["items"][0]["id"].clone();
    let path = format!("/v2/tenants/101/appointments/{appointment}");
    ada.send(Method::DELETE, &path, None).await.refuses(504, "gateway_timeout");
    assert_eq!(ada.platform.appointments_count(TENANT), before - 1);
}

#[tokio::test]
async fn a_rate_limit_tells_how_long_in_seconds_or_by_a_date_or_not_at_all() {
    let ada = ada().await;
    for (fault, seconds) in [("api-rate-limited", "1"), ("api-rate-limited-longer", "2"), ("api-rate-limited-longest", "3")] {
        ada.arm(fault, Times::Next(1));
        let limited = ada.ours("patients").await;
        assert_eq!((limited.status.as_u16(), limited.header("retry-after")), (429, seconds), "{fault}");
    }
    let mark = ada.platform.journal().mark();
    ada.arm("api-rate-limited-date", Times::Next(1));
    let dated = ada.ours("patients").await;
    assert!(dated.header("retry-after").ends_with("GMT"));
    let seen = ada.platform.journal().since(mark).pop().expect("an exchange");
    assert!(seen.response_header("date").is_some(), "the journal knows what the date is counted from");
    ada.arm("api-unauthorized", Times::Always);
    assert_eq!(ada.ours("patients").await.status, 401);
    assert_eq!(ada.ours("patients").await.status, 401);
}
