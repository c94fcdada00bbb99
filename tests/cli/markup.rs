//! Markup as other applications have it: what signs in and out behind a banner, in a menu, after a question; who is signed in as
//! initials, as a label, in a shadow root, late. Nothing is written of the login but what a person clicks.

use crate::applications::{minimal, started_with};
use crate::program::{Desk, at, free_port};

/// A run of some requirements on the bundled application with this markup, judged whole.
fn is_judged(markup: &str, written: impl Fn(String) -> String) {
    let titles = [
        "Granting every scope signs the end-user in",
        "The old session is dead after signing out",
        "A code of another sign-in is refused with the state of an own one",
    ];
    are_judged(markup, &titles.map(at), written);
}

fn are_judged(markup: &str, places: &[String], written: impl Fn(String) -> String) {
    let desk = Desk::new();
    let logout = "logout = \"#logout\"\n";
    let plain = minimal(&started_with(free_port(), &["--habit", markup])).replace("trigger = ", &format!("{logout}trigger = "));
    desk.write("collaudo.toml", &written(plain));
    let places = places.iter().map(String::as_str);
    let ended = desk.run(&places.chain(["--app", "collaudo.toml"]).collect::<Vec<_>>());
    assert_eq!(ended.code, Some(0), "{markup}: {ended:?}");
    let verdicts: Vec<String> = desk.verdicts().into_iter().map(|(_, verdict, ..)| verdict).collect();
    let judged = verdicts.iter().filter(|verdict| *verdict == "passed").count();
    assert!(judged >= 3 && verdicts.iter().all(|verdict| ["passed", "not-applicable"].contains(&verdict.as_str())), "{markup}: {ended:?}");
}

#[test]
fn a_banner_and_menus() {
    is_judged("covered", |profile| {
        let out = "logout = { trigger = \"#logout\", before = [\"#accept-cookies\", \"#menu-logout\", \"#leave\"] }";
        let before = "before = [\"#accept-cookies\", \"#menu-login\"]\ntrigger = ";
        let profile = profile.replace("logout = \"#logout\"", out).replace("trigger = \"#login\"", &format!("{before}\"#login\""));
        profile.replace("open = \"/patients\"", "open = \"/patients\"\nbefore = [\"#accept-cookies\"]")
    });
}

#[test]
fn initials() {
    is_judged("initials", |profile| profile);
}

#[test]
fn initials_at_a_written_marker() {
    is_judged("initials", |profile| profile.replace("trigger = \"#login\"", "trigger = \"#login\"\nsigned_in = \"#user\""));
}

#[test]
fn title_and_surname() {
    is_judged("title-and-surname", |profile| profile);
}

#[test]
fn a_label() {
    is_judged("labelled", |profile| profile);
}

#[test]
fn a_shadow_root() {
    is_judged("shadow-root", |profile| profile);
}

#[test]
fn a_toast() {
    is_judged("toast", |profile| profile);
}

/// What tells of a refusal is learnt although something else is said first: these need it.
#[test]
fn a_word_that_passes() {
    let names = ["another issuer", "by another path of its host", "by a name that begins like its own"];
    are_judged("one-moment", &names.map(|name| at(&format!("A platform that calls itself {name} signs nobody in"))), |profile| profile);
}

#[test]
fn a_page_that_is_drawn_late() {
    is_judged("late", |profile| profile);
}

#[test]
fn a_popup_that_is_blank_at_first() {
    is_judged("blank-popup", |profile| profile);
}

#[test]
fn a_question_before_signing_out() {
    is_judged("asks-once-more", |profile| profile);
}

#[test]
fn a_word_to_type_before_signing_out() {
    is_judged("asks-for-a-word", |profile| format!("{profile}\n[app.dialogs]\nprompt = \"ESCI\"\n"));
}

#[test]
fn a_login_in_two_steps() {
    is_judged("two-steps", |profile| profile.replace("[app.login]", "[app.login]\nbefore = [\"#choose-way\"]"));
}

#[test]
fn a_name_in_a_closed_menu() {
    is_judged("behind-a-menu", |profile| profile);
}
