//! Applications that are not even wrong: whatever they do, no run on them ends READY, and each is told in words for a person.

use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::any;

use crate::applications::{minimal, running};
use crate::program::{Desk, Ended, free_port};

/// Says that Ada is signed in, whoever asks.
const STATIC: &str = r##"<!doctype html><title>Agenda</title><button id="login">Accedi</button><p id="user">Ada Ferri</p>
<a id="logout" href="#">Esci</a><ul id="patients"><li>Rossi</li></ul>"##;

/// Serves an application, runs some scenarios on it, and says how that ended.
fn judged(application: Router) -> Ended {
    judged_by(application, str::to_owned)
}

/// The same with what becomes of the profile.
fn judged_by(application: Router, profile: impl Fn(&str) -> String) -> Ended {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    runtime.spawn(async move { axum::serve(listener, application).await });
    let desk = Desk::new();
    desk.write("collaudo.toml", &profile(&running(port, free_port())));
    let clock = Instant::now();
    let arguments =
        ["run", "--out", "out", "--app", "collaudo.toml", "--suite", "relying-party", "--requirement", "CB-01", "GX-08", "LO-03"];
    let ended: Ended = desk.command(&arguments).env("AGENDA_SECRET", "secret-of-the-agenda").output().expect("the program starts").into();
    // No scenario waits in vain after the first look has shown what is wrong.
    assert!(clock.elapsed() < Duration::from_secs(90), "{:?}", clock.elapsed());
    assert!(!ended.stdout.contains("== READY ==") && ended.code != Some(0), "{ended:?}");
    ended
}

/// Says in words what is wrong with the application.
fn tells(ended: &Ended, words: &str) {
    let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(words), "{said}");
}

#[test]
fn one_that_answers_500_to_everything() {
    let ended = judged(Router::new().fallback(any(async || (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))));
    assert_eq!(ended.code, Some(3), "{ended:?}");
    tells(&ended, "with status 500: its own log should say why");
}

#[test]
fn one_that_hangs() {
    let ended = judged(Router::new().fallback(any(async || std::future::pending::<StatusCode>().await)));
    assert_eq!(ended.code, Some(3), "{ended:?}");
    tells(&ended, "the application does not answer at http://127.0.0.1:");
}

#[test]
fn one_that_shows_a_static_signed_in_text() {
    let ended = judged(Router::new().fallback(any(async || Html(STATIC))));
    assert_eq!(ended.code, Some(3), "{ended:?}");
    tells(&ended, "is on the page before anybody has signed in, and says `Ada Ferri`");
}

#[test]
fn one_that_shows_it_to_a_profile_that_names_no_marker() {
    let ended = judged_by(Router::new().fallback(any(async || Html(STATIC))), minimal);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    tells(&ended, "no popup window within");
}

#[test]
fn one_that_redirects_in_a_loop() {
    let ended = judged(Router::new().route("/", any(async || Redirect::to("/again"))).fallback(any(async || Redirect::to("/"))));
    assert_eq!(ended.code, Some(3), "{ended:?}");
    tells(&ended, "the application redirects in a loop");
}
