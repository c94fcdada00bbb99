//! Each defect is known by its name, keeps the honest login working (but for the one that ends it), and shows.

use collaudo::relying_party::Defect;
use reqwest::Response;

use super::{Browser, Stage, entries, location};

#[tokio::test]
async fn an_honest_login_works_with_every_defect() {
    for defect in Defect::ALL {
        let stage = Stage::new(Some(*defect)).await;
        let browser = Browser::new();
        let page = browser.sign_in(&stage).await;
        // The stub's secret has reserved characters, its access tokens are no JWTs, it compares redirect URIs, it has paths of its own,
        // its first key is not the one that signs, and one of its keys has a type that nobody knows: these stumble at once.
        let stumbles = [
            Defect::PlainBasicCredentials,
            Defect::InspectsAccessToken,
            Defect::ChangesRedirectUri,
            Defect::HardWiresPaths,
            Defect::TakesFirstKey,
            Defect::TripsOverUnknownKeys,
        ];
        if stumbles.contains(defect) {
            assert!(!browser.is_signed_in(&stage).await, "{defect}: {page}");
            continue;
        }
        assert!(!page.contains("login-error") && browser.is_signed_in(&stage).await, "{defect}: {page}");
        assert_eq!(entries(&browser.get(stage.at("/patients")).await), 7, "{defect}");
        assert_eq!(entries(&browser.get(stage.at("/agenda")).await), 3, "{defect}");
    }
}

#[tokio::test]
async fn each_small_defect_shows_where_the_sound_application_does_not() {
    let query = |stage: &Stage, index: usize| stage.stub.seen("/authorize")[index].query.clone();
    for defect in [None, Some(Defect::NoPkce), Some(Defect::NoNonce), Some(Defect::SendsSecretTwice), Some(Defect::TriesClientCredentials)]
    {
        let stage = Stage::new(defect).await;
        Browser::new().sign_in(&stage).await;
        assert_eq!(!query(&stage, 0).contains("code_challenge"), matches!(defect, Some(Defect::NoPkce | Defect::NoNonce)));
        assert_eq!(!query(&stage, 0).contains("nonce"), defect == Some(Defect::NoNonce));
        let redeemed = &stage.stub.token_requests("authorization_code")[0];
        assert_eq!(redeemed.form.contains_key("client_secret"), defect == Some(Defect::SendsSecretTwice));
        assert_eq!(stage.stub.token_requests("client_credentials").len(), usize::from(defect == Some(Defect::TriesClientCredentials)));
    }
    for defect in [None, Some(Defect::DowngradesPkce), Some(Defect::ReusesFailedAttempt)] {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().error = Some("invalid_request".to_owned());
        let browser = Browser::new();
        browser.step(browser.authorize(&stage).await).await;
        let response = browser.step(browser.authorize(&stage).await).await;
        let again = location(&response);
        assert_eq!(again.path() == "/authorize" && !again.as_str().contains("code_challenge"), defect == Some(Defect::DowngradesPkce));
        assert_eq!(query(&stage, 0) == query(&stage, 1), defect == Some(Defect::ReusesFailedAttempt));
    }
    for defect in [None, Some(Defect::RejectsUnknownParameters), Some(Defect::KeepsCodeInUrl), Some(Defect::OpenRedirector)] {
        let stage = Stage::new(defect).await;
        stage.stub.knobs().change_response = |response| response.push(("hint".to_owned(), "new".to_owned()));
        let browser = Browser::new();
        let request = location(&browser.step(stage.at("/login?return_to=https://evil.example/")).await);
        let callback = location(&browser.step(request).await);
        let answer = browser.step(callback).await;
        assert_eq!(answer.status() == 200, defect == Some(Defect::KeepsCodeInUrl));
        let target = answer.headers().get("location").and_then(|target| target.to_str().ok()).unwrap_or_default();
        assert_eq!(target.contains("evil"), defect == Some(Defect::OpenRedirector));
        assert_eq!(browser.is_signed_in(&stage).await, defect != Some(Defect::RejectsUnknownParameters));
    }
    for (defect, answers, calls) in [
        (None, vec![(302, None)], 1),
        (Some(Defect::FollowsRedirectWithToken), vec![(302, None)], 2),
        (Some(Defect::GivesUpOnServerError), vec![(500, None)], 1),
        (Some(Defect::IgnoresRetryAfter), vec![(429, Some("3600"))], 2),
        (Some(Defect::SignsInAgainOnForbidden), vec![(403, None)], 1),
    ] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        browser.sign_in(&stage).await;
        stage.stub.knobs().next_answers = answers;
        let again = browser.step(stage.at("/patients")).await.status() == 303;
        assert_eq!(stage.stub.resource_calls(), calls, "{defect:?}");
        assert_eq!(again, defect == Some(Defect::SignsInAgainOnForbidden), "{defect:?}");
    }
    for defect in [None, Some(Defect::SharesDataBetweenUsers)] {
        let stage = Stage::new(defect).await;
        let (ada, bruno) = (Browser::new(), Browser::new());
        ada.sign_in(&stage).await;
        assert_eq!(entries(&ada.get(stage.at("/patients")).await), 7);
        stage.stub.knobs().patients = 2;
        bruno.sign_in(&stage).await;
        assert_eq!(entries(&bruno.get(stage.at("/patients")).await), if defect.is_some() { 7 } else { 2 });
    }
    for defect in [
        None,
        Some(Defect::ScriptReadableCookie),
        Some(Defect::KeepsSessionId),
        Some(Defect::PostsToAnyOrigin),
        Some(Defect::AcceptsMessageOfAnyOrigin),
    ] {
        let stage = Stage::new(defect).await;
        let browser = Browser::new();
        let login = browser.step(stage.at("/login")).await;
        let cookie = |response: &Response| response.headers()["set-cookie"].to_str().expect("plain text").to_owned();
        let done = browser.step(location(&browser.step(location(&login)).await)).await;
        assert_eq!(!cookie(&login).contains("HttpOnly"), defect == Some(Defect::ScriptReadableCookie));
        assert_eq!(cookie(&login) == cookie(&done), defect == Some(Defect::KeepsSessionId));
        let page = browser.get(stage.at("/callback/done")).await;
        assert_eq!(page.contains("data-posts-to-anyone"), defect == Some(Defect::PostsToAnyOrigin));
        assert_eq!(page.contains("data-takes-any-message"), defect == Some(Defect::AcceptsMessageOfAnyOrigin));
    }
}

#[test]
fn every_defect_has_a_name_of_its_own_that_finds_it() {
    let mut names: Vec<&str> = Defect::ALL.iter().map(|defect| defect.name()).collect();
    for defect in Defect::ALL {
        assert_eq!(defect.name().parse::<Defect>().ok(), Some(*defect));
        assert!(!defect.requirements().is_empty() && !defect.description().ends_with('.'));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Defect::ALL.len());
    let error = "no-such".parse::<Defect>().expect_err("there is none").to_string();
    assert!(error.contains("no-such"));
}
