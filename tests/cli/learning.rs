//! A profile that says of the login only what a person clicks: the rest is learned from honest sign-ins, or the run says what to write.

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::get;

use crate::applications::{minimal, running, started_with};
use crate::program::{Desk, Ended, at, forged_state, free_port};

#[test]
fn a_sound_application_is_ready() {
    let desk = Desk::new();
    desk.write("collaudo.toml", &minimal(&started_with(free_port(), &[])));
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    let learned = "signed_in = \"#user\"\nerror = \".login-error\"\n";
    assert!(doctor.stdout.contains(learned), "{}", doctor.stdout);
    let run = desk.run(&["--app", "collaudo.toml", "--requirement", "AC-08", "CB-15", "CB-11", "--tags", "not @native"]);
    let verdicts = desk.verdicts();
    assert_eq!(run.code, Some(0), "{verdicts:#?}");
    assert!(verdicts.len() >= 5 && verdicts.iter().all(|(_, verdict, _)| verdict == "passed"), "{verdicts:#?}");
    assert!(run.stdout.contains("learned from sign-ins: signed_in = \"#user\"  error = \".login-error\""), "{}", run.stdout);
    let application = &desk.records()[0]["application"];
    assert_eq!(application["learned"], serde_json::json!({"signed_in": "#user", "error": ".login-error"}));
    let page = std::fs::read_to_string(desk.out().join("report.html")).expect("a report");
    assert!(page.contains("signed_in = &#34;#user&#34;") || page.contains("signed_in = &quot;#user&quot;"), "the report tells it");
    desk.until_nothing_is_left();
}

#[test]
fn what_is_written_is_not_learned() {
    let desk = Desk::new();
    let written = minimal(&started_with(free_port(), &["--same-window"]))
        .replace("trigger = \"#login\"", "trigger = \"#login\"\nwindow = \"same\"\nsigned_in = \".person\"");
    desk.write("collaudo.toml", &written);
    let run = desk.run(&["--app", "collaudo.toml", &forged_state()]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(desk.records()[0]["application"]["learned"], serde_json::json!({"error": ".login-error"}));
    assert!(desk.verdicts().iter().all(|(_, verdict, _)| verdict == "passed"), "{:#?}", desk.verdicts());
}

#[test]
fn a_defect_is_found_all_the_same() {
    let desk = Desk::new();
    desk.write("collaudo.toml", &minimal(&started_with(free_port(), &["--defect", "accepts-any-state"])));
    let run = desk.run(&["--app", "collaudo.toml", &at("Granting every scope signs the end-user in"), &forged_state()]);
    let verdicts = desk.verdicts();
    assert_eq!(run.code, Some(1), "{verdicts:#?}");
    assert!(run.stdout.contains("== NOT READY ==") && run.stdout.contains("1. CB-01 (MUST) "), "{}", run.stdout);
    let of = |wanted: &str| verdicts.iter().filter(|(_, verdict, _)| verdict == wanted).count();
    assert!(of("passed") >= 1 && of("failed") >= 1 && of("passed") + of("failed") == verdicts.len(), "{verdicts:#?}");
}

/// An application that sends people to the platform, redeems nothing, and shows `after` to whoever came back.
fn looks_so(before: &'static str, after: &'static str) -> Ended {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let (port, platform) = (listener.local_addr().expect("bound").port(), free_port());
    let request = format!(
        "response_type=code&client_id=agenda&redirect_uri=http%3A%2F%2F127.0.0.1%3A{port}%2Fcallback\
         &scope=openid%20profile&state=a-state-of-the-agenda&nonce=a-nonce-of-the-agenda&code_challenge_method=S256\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    let start = async move |headers: HeaderMap| {
        let back = headers.get(COOKIE).is_some_and(|cookie| cookie.to_str().is_ok_and(|cookie| cookie.contains("back")));
        // Built by a script, as many are: the page that has loaded is empty at first.
        let body = format!("<button id=\\\"login\\\">Accedi</button>{}", if back { after } else { before }.replace('"', "\\\""));
        let click = "document.querySelector('#login').onclick = () => open('/login', 'login', 'popup')";
        let script = format!("setTimeout(() => {{ document.body.innerHTML = \"{body}\"; {click}; }}, 150)");
        Html(format!("<!doctype html><title>Agenda</title><body><script>{script}</script></body>"))
    };
    let callback = async || ([(SET_COOKIE, "back=1; Path=/")], Html("<script>opener.location.reload(); close()</script>")).into_response();
    let application = Router::new()
        .route("/", get(start))
        .route("/login", get(async move || Redirect::to(&format!("{}?{request}", authorization_endpoint(platform).await))))
        .route("/callback", get(callback));
    runtime.spawn(async move { axum::serve(listener, application).await });
    let desk = Desk::new();
    desk.write("collaudo.toml", &minimal(&running(port, platform)));
    let run = ["run", "--out", "out", "--app", "collaudo.toml", "--requirement", "CB-01", "--tags", "not @native"];
    let ended: Ended = desk.command(&run).env("AGENDA_SECRET", "secret-of-the-agenda").output().expect("the program starts").into();
    assert!(!ended.stdout.contains("== READY ==") && ended.code == Some(3), "{ended:?}");
    let verdicts = desk.verdicts();
    assert!(!verdicts.is_empty() && verdicts.iter().all(|(_, verdict, _)| verdict == "inconclusive"), "{verdicts:#?}");
    assert_eq!(desk.records()[0]["application"].get("learned"), None);
    ended
}

/// Where the platform has it announced.
async fn authorization_endpoint(platform: u16) -> String {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let announced =
        reqwest::get(format!("http://localhost:{platform}/.well-known/openid-configuration")).await.expect("the platform answers");
    let announced: serde_json::Value = announced.json().await.expect("JSON");
    announced["authorization_endpoint"].as_str().expect("an address").to_owned()
}

/// Says so in words, and which key to write.
fn tells(ended: &Ended, words: &str) {
    let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(words) && said.contains("write app.login.signed_in in the profile"), "{said}");
}

#[test]
fn one_that_says_signed_in_and_names_nobody() {
    let ended = looks_so("", "<p id=\"user\">Accesso eseguito</p>");
    tells(&ended, "after an honest sign-in of Ada Ferri nothing on the page names the person; new on it is `Accesso eseguito`");
}

#[test]
fn one_that_takes_everybody_for_ada() {
    let ended = looks_so("", "<p id=\"user\">Ciao, Ada Ferri</p>");
    tells(&ended, "after an honest sign-in of Mallory Neri nothing on the page names the person; new on it is `Ciao, Ada Ferri`");
}

#[test]
fn one_that_shows_the_name_without_any_sign_in() {
    let always = "<p id=\"user\">Ada Ferri</p>";
    tells(&looks_so(always, always), "`Ada Ferri` is on the page before anybody has signed in");
}

#[test]
fn one_that_lists_everybody() {
    let ended = looks_so("", "<p id=\"staff\">In servizio: Ada Ferri, Mallory Neri</p>");
    tells(
        &ended,
        "`In servizio: Ada Ferri, Mallory Neri` names Ada Ferri after an honest sign-in, and nothing in its place names Mallory Neri",
    );
}

#[test]
fn one_that_shows_a_guest_where_it_shows_the_user() {
    // What it says of the guest would pass for somebody signed in.
    let ended = looks_so("<p id=\"user\">Ospite</p>", "<p id=\"user\">Ada Ferri o Mallory Neri</p>");
    tells(&ended, "`Ada Ferri o Mallory Neri` names Ada Ferri after an honest sign-in, and what stands there is shown before");
}
