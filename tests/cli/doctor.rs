//! The look before a run: it proves what it says, and tells both sides of what is wrong.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::applications::{running, started_with};
use crate::program::{Desk, Ended, at, forged_state, free_port};

fn doctor(desk: &Desk, profile: &str, more: &[&str]) -> Ended {
    desk.write("collaudo.toml", profile);
    desk.ended(&[&["doctor", "--app", "collaudo.toml"], more].concat())
}

/// The line of a look.
fn look<'a>(ended: &'a Ended, what: &str) -> &'a str {
    let line = ended.stdout.lines().find(|line| line.get(5..).is_some_and(|rest| rest.starts_with(what)));
    line.unwrap_or_else(|| panic!("no look at {what}: {ended:?}"))
}

#[test]
fn a_written_marker_that_never_appears() {
    let desk = Desk::new();
    let port = free_port();
    let wrong = started_with(port, &[]).replace("signed_in = \"#user\"", "signed_in = \"#nobody\"");
    let ended = doctor(&desk, &wrong, &["--patience-sign-in", "2"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let told = look(&ended, "sign-in ");
    assert!(told.starts_with("FAIL") && told.contains("`#nobody` (app.login.signed_in) does not appear"), "{told}");
    assert!(told.contains("waited 2 s: app.patience.sign_in") && told.contains("new on it is ") && told.contains("`Ada Ferri`"), "{told}");
    let run = desk.run(&["--app", "collaudo.toml", "--patience-sign-in", "2", "--requirement", "CB-01", "--tags", "not @native"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    // One sign-in says it for all of them.
    let verdicts = desk.verdicts();
    assert!(verdicts.iter().all(|(_, verdict, reason)| verdict == "inconclusive" && reason.contains("`#nobody`")), "{verdicts:#?}");
}

#[test]
fn an_action_that_is_not_there_is_told_and_refuses_no_run() {
    let desk = Desk::new();
    let ended = doctor(&desk, &started_with(free_port(), &[]).replace("\"/patients\"", "\"/nowhere\""), &[]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(["sign-in ", "sign-out"].iter().all(|what| look(&ended, what).starts_with("ok")), "{ended:?}");
    let told = look(&ended, "action patients");
    assert!(told.starts_with("FAIL") && told.contains("/nowhere answers with status 404"), "{told}");
    let run = desk.run(&["--app", "collaudo.toml", &forged_state()]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stderr.contains("warning: action patients: /nowhere answers with status 404"), "{}", run.stderr);
}

/// A click on what is no sign-out leaves the session as it was.
#[test]
fn what_does_not_sign_out_is_told() {
    let desk = Desk::new();
    let ended = doctor(&desk, &started_with(free_port(), &[]).replace("\"#logout\"", "\"#user\""), &["--patience-follow-up", "1"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let told = look(&ended, "sign-out");
    assert!(told.starts_with("FAIL") && told.contains("a click on `#user` (app.login.logout)"), "{told}");
}

#[test]
fn what_the_page_shows_instead_is_in_doubt() {
    let desk = Desk::new();
    let ended = doctor(&desk, &started_with(free_port(), &[]).replace("\"#patients li\"", "\"#rows td\""), &["--patience-follow-up", "1"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = look(&ended, "action patients");
    assert!(
        told.starts_with("WARN") && told.contains("shows no `#rows td` (waited 1 s: app.patience.follow_up); the page says `"),
        "{told}"
    );
}

#[test]
fn what_a_profile_says_in_vain() {
    let desk = Desk::new();
    let sound = started_with(free_port(), &[]);
    let misspelt = doctor(&desk, &sound.replace("\"{api}\"", "\"{aip}\""), &[]);
    assert_eq!(misspelt.code, Some(2), "{misspelt:?}");
    assert!(misspelt.stderr.contains("app.env.GIPO_API_BASE has {aip}") && misspelt.stderr.contains("did you mean {api}?"), "{misspelt:?}");
    let waiver = "\n[[waivers]]\nrequirement = \"CB-99\"\nowner = \"x\"\nreason = \"y\"\nuntil = \"2099-01-01\"\n";
    let waived = doctor(&desk, &(sound.clone() + waiver), &[]);
    assert_eq!(waived.code, Some(2), "{waived:?}");
    assert!(waived.stderr.contains("the profile waives CB-99, which is no requirement"), "{waived:?}");
    let unsaid = doctor(&desk, &sound.replace("[\"patients\"]", "[\"patients\", \"referti\"]"), &[]);
    assert_eq!(unsaid.code, Some(2), "{unsaid:?}");
    let told = look(&unsaid, "features");
    assert!(told.starts_with("FAIL") && told.contains("`referti`") && told.contains("write [app.actions.referti]"), "{told}");
}

#[test]
fn what_the_platform_refused_is_told() {
    let desk = Desk::new();
    let narrow = started_with(free_port(), &[]).replace(
        "scopes = [\"openid\", \"profile\", \"offline_access\", \"giponext.patients\"]",
        "scopes = [\"openid\", \"profile\", \"giponext.patients\"]",
    );
    let ended = doctor(&desk, &narrow, &[]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stdout.contains("; the platform refused GET /") && ended.stdout.contains(" (invalid_scope: "), "{}", ended.stdout);
    // Asking for more than is declared breaks a rule of its own: that is judged.
    let run = desk.run(&["--app", "collaudo.toml", "--requirement", "AC-08", "--tags", "not @native", "--patience-sign-in", "2"]);
    assert_ne!(run.code, Some(2), "{run:?}");
    let reasons = desk.verdicts();
    assert!(reasons.iter().all(|(.., reason)| !reason.contains("does not lead to")), "{reasons:#?}");
}

#[test]
fn names_of_features_are_free() {
    let desk = Desk::new();
    let reports = "\n[app.actions.referti]\nopen = \"/medical-reports\"\nshows = \"#reports li\"\nscope = \"giponext.medicalreports\"\n";
    let italian = started_with(free_port(), &[])
        .replace("[\"patients\"]", "[\"anagrafica\", \"referti\"]")
        .replace("[app.actions.patients]", "[app.actions.anagrafica]")
        .replace("\"giponext.patients\"]\n", "\"giponext.patients\", \"giponext.medicalreports\"]\n")
        .replace("giponext.patients\"\n\n[app.login]", "giponext.patients giponext.medicalreports\"\n\n[app.login]");
    desk.write("collaudo.toml", &(italian + reports));
    let list = at("A list of 40 patients in pages of 20 is shown whole");
    let run = desk.run(&["--app", "collaudo.toml", "AC-05", &list, "--tags", "not @native and not @programs"]);
    let verdicts = desk.verdicts();
    assert_eq!(run.code, Some(0), "{verdicts:#?}\n{run:?}");
    assert!(verdicts.len() >= 2 && verdicts.iter().all(|(_, verdict, _)| verdict == "passed"), "{verdicts:#?}");
}

#[test]
fn a_proxy_of_the_surroundings_knows_nobody_here() {
    let desk = Desk::new();
    desk.write("collaudo.toml", &started_with(free_port(), &[]));
    let mut command = desk.command(&["run", "--out", "out", "--app", "collaudo.toml", &forged_state()]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let run = Ended::from(command.output().expect("the program starts"));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(desk.verdicts().iter().all(|(_, verdict, _)| verdict == "passed"), "{:#?}", desk.verdicts());
}

#[test]
fn the_applications_words_are_evidence() {
    let desk = Desk::new();
    let port = free_port();
    let program = env!("CARGO_BIN_EXE_collaudo");
    let shell = format!(
        "command = [\"sh\", \"-c\", \"printf 'The secret is %s. ' $CLIENT_SECRET; test -t 1 && echo 'it is a terminal'; printf 'no end'; exec \
         {program} app --listen 127.0.0.1:{port} --defect accepts-any-state 2>&1\"]"
    );
    let bare = started_with(port, &[]);
    let command = bare.lines().find(|line| line.starts_with("command")).expect("a command");
    desk.write("collaudo.toml", &bare.replace(command, &shell));
    let run = desk.run(&["--app", "collaudo.toml", &forged_state()]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let records = desk.records();
    let attachments = records.iter().filter_map(|record| record["attachments"].as_array()).flatten();
    let words = attachments.filter(|one| one["title"] == "what the application wrote").collect::<Vec<_>>();
    assert!(!words.is_empty(), "{records:#?}");
    for one in words {
        let text = std::fs::read_to_string(desk.out().join(one["path"].as_str().expect("a path"))).expect("a file");
        assert!(text.contains(" s  The secret is [") && text.contains("]. it is a terminal\n"), "{text}");
        assert!(text.contains("no end"), "{text}");
    }
    assert!(!run.stdout.contains("leak"), "{}", run.stdout);
}

#[test]
fn a_selector_that_is_none_is_told_with_its_key() {
    let desk = Desk::new();
    let ended =
        doctor(&desk, &started_with(free_port(), &[]).replace("\"#patients li\"", "\"#patients li[\""), &["--patience-follow-up", "1"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let told = look(&ended, "selector");
    assert!(told.starts_with("FAIL") && told.contains("`#patients li[` (app.actions.patients.shows) is no CSS selector: "), "{told}");
}

#[test]
fn a_redirect_uri_where_nobody_listens_is_told() {
    let desk = Desk::new();
    let (port, deaf) = (free_port(), free_port());
    let profile = started_with(port, &[]).replace(&format!("{port}/callback"), &format!("{deaf}/callback"));
    let ended = doctor(&desk, &profile, &[]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let told = look(&ended, "redirect URI");
    assert!(told.contains(&format!("nothing listens at port {deaf} of ")) && told.contains("app.redirect_uris"), "{told}");
}

/// A page that has not loaded as long as something that it refers to does not come.
#[test]
fn a_page_that_never_loads_names_the_key_of_its_patience() {
    let (desk, listener) = (Desk::new(), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut asked = [0; 6];
                let is_page = stream.read_exact(&mut asked).is_ok() && asked.starts_with(b"GET / ");
                let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 31\r\n\r\n<p>Agenda</p><img src=\"/never\">";
                let _ = if is_page { stream.write_all(page.as_bytes()) } else { Ok(()) };
                // Held open until the browser goes.
                stream.read_to_end(&mut Vec::new())
            });
        }
    });
    desk.write("collaudo.toml", &running(port, free_port()));
    let mut command = desk.command(&["doctor", "--app", "collaudo.toml", "--patience-follow-up", "1", "--patience-sign-in", "2"]);
    let ended = Ended::from(command.env("AGENDA_SECRET", "secret-of-the-agenda").output().expect("the program starts"));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let told = look(&ended, "application");
    assert!(told.contains("no loaded page `") && told.contains("is waited for by a longer app.patience.sign_in"), "{told}");
}
