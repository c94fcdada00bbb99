//! What a context keeps of pages that live for a moment, and pages of origins that nobody serves.

use super::{SOON, launched, opened, sign_ada_in};
use crate::site::site;

#[tokio::test]
async fn a_popup_that_closes_itself_leaves_what_it_was_sent() {
    let (browser, site) = tokio::join!(launched(), site());
    let context = browser.new_context().await.expect("a context");
    context.keep_what_it_is_sent();
    sign_ada_in(&context, &site).await.expect("the flow ends signed in");
    let bodies = context.bodies().await;
    let callback: Vec<&str> = bodies.iter().filter(|body| body.url.contains("/callback?")).map(|body| body.text.as_str()).collect();
    assert!(matches!(callback[..], [text] if text.contains("opener.postMessage")), "{callback:?}");
    browser.close().await;
}

#[tokio::test]
async fn what_is_stored_for_a_moment_and_what_a_script_sets_is_told() {
    let (browser, context, page, site) = opened("/account").await;
    context.keep_what_it_is_sent();
    context.note_property_set("canary", "the canary sings");
    page.goto(&format!("{site}/cookie")).await.expect("loads");
    let script = "sessionStorage.setItem('a', 'held'), sessionStorage.removeItem('a'), localStorage.b = 'kept', window.canary = 1, true";
    assert!(page.evaluate::<bool>(script).await.expect("it runs"));
    assert!(page.evaluate::<bool>("window.canary === 1 && sessionStorage.length === 0").await.expect("it runs"));
    let passed: Vec<(String, String)> = context.passed().into_iter().map(|passed| (passed.name, passed.text)).collect();
    for told in [
        ("the header `set-cookie` of an answer", "sid=hush; HttpOnly; Path=/; SameSite=Lax"),
        ("sessionStorage entry `a`, for a moment at least", "a held"),
        ("localStorage entry `b`, for a moment at least", "b kept"),
    ] {
        assert!(passed.iter().any(|(name, text)| (name.as_str(), text.as_str()) == told), "{told:?} in {passed:?}");
    }
    assert_eq!(context.console().iter().filter(|words| words.contains("the canary sings")).count(), 1);
    browser.close().await;
}

#[tokio::test]
async fn what_a_page_keeps_is_forgotten() {
    let (browser, context, page, site) = opened("/account").await;
    let kept = "localStorage.length + sessionStorage.length";
    let keep = "localStorage.a = 'kept', sessionStorage.b = 'kept'";
    page.evaluate::<String>(keep).await.expect("it runs");
    page.forget().await.expect("it forgets");
    page.goto(&format!("{site}/account")).await.expect("loads");
    assert_eq!(page.evaluate::<u64>(kept).await.expect("it runs"), 0);
    page.evaluate::<String>(keep).await.expect("it runs");
    page.reload().await.expect("loads");
    assert_eq!(page.evaluate::<u64>(kept).await.expect("it runs"), 2, "a load alone forgets nothing");
    context.close().await;
    browser.close().await;
}

#[tokio::test]
async fn a_page_is_shown_at_an_origin_that_nobody_serves() {
    let (browser, context, _page, site) = opened("/").await;
    for address in ["http://127.0.0.1.mallory.localhost:4010/", "https://mallory.example/", &site.replace("http:", "https:")] {
        let address = format!("{}/", address.trim_end_matches('/'));
        let page = context.open_served(&address, "<!doctype html><title>Here</title><body></body>").await.expect("a page");
        assert_eq!(page.title().await.expect("a page"), "Here");
        let origin: String = page.evaluate("location.origin").await.expect("a page");
        assert_eq!(format!("{origin}/"), address);
        page.wait_until("document.readyState === 'complete'", "page", SOON).await.expect("it is whole");
        page.close().await.expect("closes");
    }
    browser.close().await;
}
