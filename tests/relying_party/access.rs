//! What a signed-in user sees of the API: tenant, scopes, refresh, lists, trouble.

use std::time::{Duration, Instant};

use collaudo::relying_party::Defect;

use super::{Browser, SCOPES, Stage, entries};

#[tokio::test]
async fn a_user_of_another_tenant_is_refused_before_any_resource_is_read() {
    let stage = Stage::new(None).await;
    stage.stub.knobs().tenant = "202".to_owned();
    let browser = Browser::new();
    let page = browser.sign_in(&stage).await;
    assert!(page.contains("login-error") && page.contains("centro medico"), "{page}");
    browser.get(stage.at("/patients")).await;
    assert_eq!(stage.stub.resource_calls(), 0);
    let revoked: Vec<String> = stage.stub.seen("/revoke").iter().map(|seen| seen.form["token_type_hint"].clone()).collect();
    assert_eq!(revoked, ["refresh_token", "access_token"]);

    for defect in [Defect::SkipsTenantCheck, Defect::HardWiredTenant] {
        let stage = Stage::new(Some(defect)).await;
        stage.stub.knobs().tenant = "202".to_owned();
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        browser.get(stage.at("/patients")).await;
        assert!(browser.is_signed_in(&stage).await && stage.stub.resource_calls() == 1, "{defect}");
    }
}

#[tokio::test]
async fn a_refused_scope_switches_its_feature_off_and_nothing_else() {
    let granted = "openid offline_access giponext.agenda";
    let stage = Stage::new(None).await;
    stage.stub.knobs().granted = Some(granted.to_owned());
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    let page = browser.get(stage.at("/patients")).await;
    assert!(page.contains("feature-off") && stage.stub.seen("/v2/tenants/101/patients").is_empty(), "{page}");
    assert_eq!(entries(&browser.get(stage.at("/agenda")).await), 3);

    let stage = Stage::new(Some(Defect::AllOrNothingConsent)).await;
    stage.stub.knobs().granted = Some(granted.to_owned());
    assert!(browser.sign_in(&stage).await.contains("login-error"));

    let stage = Stage::new(Some(Defect::CallsWithoutScope)).await;
    stage.stub.knobs().granted = Some(granted.to_owned());
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    browser.get(stage.at("/patients")).await;
    assert_eq!(stage.stub.seen("/v2/tenants/101/patients").len(), 1);

    // Each scope can be refused, `openid` and `offline_access` too.
    for refused in SCOPES {
        let stage = Stage::new(None).await;
        stage.stub.knobs().granted = Some(SCOPES.into_iter().filter(|scope| *scope != refused).collect::<Vec<_>>().join(" "));
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        assert!(browser.is_signed_in(&stage).await, "without {refused}");
    }
}

#[tokio::test]
async fn an_expired_token_is_refreshed_once_for_all_who_wait() {
    let stage = Stage::new(None).await;
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    for round in 1..=3 {
        stage.stub.expire_access_tokens();
        let pages = futures::future::join_all((0..6).map(|_| browser.get(stage.at("/patients")))).await;
        assert!(pages.iter().all(|page| entries(page) == 7));
        assert_eq!(stage.stub.token_requests("refresh_token").len(), round);
    }
    assert_eq!(stage.stub.seen("/authorize").len(), 1);
    stage.stub.knobs().rotates = false;
    for _ in 0..2 {
        stage.stub.expire_access_tokens();
        assert_eq!(entries(&browser.get(stage.at("/patients")).await), 7, "without a new refresh token the old one is kept");
    }

    let stage = Stage::new(Some(Defect::KeepsOldRefreshToken)).await;
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    stage.stub.expire_access_tokens();
    assert_eq!(entries(&browser.get(stage.at("/patients")).await), 7);
    stage.stub.expire_access_tokens();
    browser.get(stage.at("/patients")).await;
    assert!(!browser.is_signed_in(&stage).await);

    let stage = Stage::new(Some(Defect::RefreshesInParallel)).await;
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    stage.stub.expire_access_tokens();
    futures::future::join_all((0..6).map(|_| browser.get(stage.at("/patients")))).await;
    assert!(stage.stub.token_requests("refresh_token").len() > 1);
}

#[tokio::test]
async fn a_refused_refresh_ends_the_session_with_words_and_without_a_loop() {
    for (defect, refreshes, signed_in) in [
        (None, 1, false),
        (Some(Defect::LoopsOnInvalidGrant), 13, false),
        (Some(Defect::NoRefresh), 0, false),
        (Some(Defect::IgnoresDeactivation), 1, true),
    ] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        browser.get(stage.at("/patients")).await;
        stage.stub.expire_access_tokens();
        stage.stub.knobs().refresh_refused = true;
        let page = browser.get(stage.at("/patients")).await;
        assert_eq!(entries(&page), if signed_in { 7 } else { 0 }, "{defect:?}");
        assert_eq!(page.contains("login-error"), !signed_in, "{defect:?}");
        assert_eq!(stage.stub.token_requests("refresh_token").len(), refreshes, "{defect:?}");
        assert_eq!(stage.stub.seen("/authorize").len(), 1, "{defect:?}");
        assert_eq!(browser.is_signed_in(&stage).await, signed_in, "{defect:?}");
    }
}

#[tokio::test]
async fn lists_are_read_to_their_end_and_no_page_twice() {
    for (total, limit, pages) in [(123, 50, 3), (123, 20, 7), (100, 50, 2), (0, 50, 1)] {
        let stage = Stage::new(None).await;
        stage.stub.knobs().patients = total;
        stage.stub.knobs().page_limit = limit;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        assert_eq!(entries(&browser.get(stage.at("/patients")).await), total);
        let mut asked: Vec<String> = stage.stub.seen("/v2/tenants").into_iter().map(|seen| seen.query).collect();
        assert_eq!(asked.len(), pages);
        asked.dedup();
        assert_eq!(asked.len(), pages);
    }
    let stage = Stage::new(Some(Defect::StopsAfterFirstPage)).await;
    stage.stub.knobs().patients = 123;
    let browser = Browser::new();
    browser.sign_in(&stage).await;
    assert_eq!(entries(&browser.get(stage.at("/patients")).await), 50);
}

#[tokio::test]
async fn trouble_of_the_api_is_waited_for_or_told() {
    // Answers come off the end of the list.
    let stories: [(&[(u16, Option<&str>)], &str, usize); 8] = [
        (&[(429, Some("1"))], "row-title", 2),
        (&[(500, None), (502, None)], "row-title", 3),
        (&[(503, None), (503, None), (503, None), (503, None)], "feature-error", 3),
        (&[(403, None)], "feature-error", 1),
        (&[(404, None)], "feature-error", 1),
        (&[(422, None)], "a business rule", 1),
        (&[(429, Some("3600"))], "feature-error", 1),
        (&[(302, None)], "feature-error", 1),
    ];
    for (answers, shown, calls) in stories {
        let stage = Stage::new(None).await;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        stage.stub.knobs().next_answers = answers.to_vec();
        let begun = Instant::now();
        let page = browser.get(stage.at("/patients")).await;
        assert!(page.contains(shown), "{answers:?}: {page}");
        assert_eq!(stage.stub.resource_calls(), calls, "{answers:?}");
        if answers[0] == (429, Some("1")) {
            assert!(begun.elapsed() >= Duration::from_secs(1));
        }
        assert!(browser.is_signed_in(&stage).await, "{answers:?}");
        assert!(stage.stub.token_requests("refresh_token").is_empty(), "{answers:?}");
    }
}

#[tokio::test]
async fn additions_of_the_api_are_passed_over() {
    for (defect, rows) in [(None, 7), (Some(Defect::RefusesUnknownFields), 0)] {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().additive = true;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        assert_eq!(entries(&browser.get(stage.at("/patients")).await), rows, "{defect:?}");
    }
}

#[tokio::test]
async fn a_write_reads_again_after_a_conflict_and_tells_a_business_rule() {
    for (defect, answers, calls, shown, confirmed) in [
        (None, vec![], "GET PUT", "row-title", true),
        (None, vec![409], "GET PUT GET PUT", "row-title", true),
        (None, vec![409, 409], "GET PUT GET PUT", "Qualcun altro", false),
        (None, vec![422], "GET PUT", "a business rule", false),
        (None, vec![500], "GET PUT", "feature-error", false),
        (Some(Defect::WritesAgainWithoutReading), vec![409], "GET PUT PUT", "Qualcun altro", false),
        (Some(Defect::RepeatsRejectedWrite), vec![422], "GET PUT PUT", "row-title", true),
    ] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        assert!(browser.get(stage.at("/agenda")).await.contains("name=\"id\" value=\"1\""));
        stage.stub.knobs().next_writes.clone_from(&answers);
        let answer = browser.following.post(stage.at("/agenda/confirm")).form(&[("id", "1")]).send().await.expect("an answer");
        let page = answer.text().await.expect("a text");
        assert!(page.contains(shown), "{defect:?} {answers:?}: {page}");
        let made: Vec<String> = stage.stub.seen("/v2/tenants/101/appointments/1").into_iter().map(|seen| seen.method).collect();
        assert_eq!(made.join(" "), calls, "{defect:?} {answers:?}");
        let appointment = stage.stub.knobs().appointment.clone();
        assert_eq!(appointment["status"] == "confirmed", confirmed, "{defect:?} {answers:?}");
        assert_eq!(appointment["later"]["kept"], true, "a member that the application does not know goes back as it came");
    }
}
