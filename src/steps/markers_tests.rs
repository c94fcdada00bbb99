use super::{Sight, Unknown, refused, signed_in};
use crate::browser::Element;

fn page(elements: &[(&[&str], &str)]) -> Vec<Element> {
    let element = |(selectors, text): &(&[&str], &str)| Element {
        selectors: selectors.iter().map(|css| (*css).to_owned()).collect(),
        text: (*text).to_owned(),
    };
    elements.iter().map(element).collect()
}

/// What is seen of a person whose two pages are alike.
fn seen(name: &str, page: Vec<Element>) -> Sight {
    Sight { names: vec![name.to_owned()], pages: [page.clone(), page] }
}

/// Ada and Mallory after each other; `{}` stands for the name.
fn both(elements: &[(&[&str], &str)]) -> Vec<Sight> {
    let of = |name: &str| {
        let mut page = page(elements);
        page.iter_mut().for_each(|element| element.text = element.text.replace("{}", name));
        seen(name, page)
    };
    vec![of("Ada Ferri"), of("Mallory Neri")]
}

fn best(before: &[(&[&str], &str)], elements: &[(&[&str], &str)]) -> Result<String, Unknown> {
    signed_in(&page(before), &both(elements)).map(|found| found[0].clone())
}

#[test]
fn a_banner_that_names_nobody_is_no_marker() {
    assert_eq!(best(&[], &[(&["#banner"], "You are signed in")]), Err(Unknown::Nobody));
    // Nor does it win over what names the person, wherever that stands.
    let with_name: &[(&[&str], &str)] = &[(&["#banner"], "You are signed in"), (&["body > p:nth-of-type(2)"], "{}")];
    assert_eq!(best(&[], with_name), Ok("body > p:nth-of-type(2)".to_owned()));
}

#[test]
fn a_page_that_greets_everyone_as_ada_is_told_from_one_that_knows_them() {
    let greeting: &[(&[&str], &str)] = &[(&["#hello"], "Ciao, Ada Ferri")];
    let sights = [seen("Ada Ferri", page(greeting)), seen("Mallory Neri", page(greeting))];
    assert_eq!(signed_in(&[], &sights), Err(Unknown::OnlyOnce("Ciao, Ada Ferri".to_owned())));
    // A greeting by first name alone names nobody.
    assert_eq!(best(&[], &[(&["#hello"], "Ciao, Ada")]), Err(Unknown::Nobody));
}

#[test]
fn a_list_of_everybody_is_no_marker() {
    let list: &[(&[&str], &str)] = &[(&["#staff"], "Ada Ferri, Mallory Neri")];
    assert_eq!(best(&[], list), Err(Unknown::OnlyOnce("Ada Ferri, Mallory Neri".to_owned())));
    assert_eq!(best(&[], &[list[0], (&["body > i:nth-of-type(1)"], "{}")]), Ok("body > i:nth-of-type(1)".to_owned()));
}

#[test]
fn what_is_there_before_anybody_has_signed_in_is_no_marker() {
    let account: &[(&[&str], &str)] = &[(&["#account"], "{}")];
    assert_eq!(best(&[(&["#account"], "Guest")], account), Err(Unknown::AlwaysThere("Ada Ferri".to_owned())));
    let menu: &[(&[&str], &str)] = &[(&["#account", ".is-open"], "{}")];
    assert_eq!(best(&[(&["#account"], "Guest")], menu), Ok(".is-open".to_owned()));
}

#[test]
fn of_menu_and_greeting_the_one_that_says_least_wins() {
    let elements: &[(&[&str], &str)] =
        &[(&["#greeting"], "Welcome back to the portal of the medical centre, dear {}: 3 messages wait for you"), (&[".menu-user"], "{}")];
    assert_eq!(best(&[], elements), Ok(".menu-user".to_owned()));
    let alike: &[(&[&str], &str)] = &[(&["#greeting"], "Ciao {}"), (&["#user"], "{}")];
    assert_eq!(best(&[], alike), Ok("#user".to_owned()));
}

#[test]
fn a_big_container_does_not_win_over_what_stands_in_it() {
    let text = format!("{{}} {}", "Patients Agenda Reports ".repeat(8));
    let elements: &[(&[&str], &str)] = &[(&["#dashboard"], &text), (&["#dashboard > b:nth-of-type(1)"], "{}")];
    assert_eq!(best(&[], elements), Ok("#dashboard > b:nth-of-type(1)".to_owned()));
}

#[test]
fn a_made_up_name_is_the_last_choice() {
    for made_up in ["#\\:r1\\:", "#ember1024", ".css-1x2y3z", ".Header_user__3kd9A", "#radix-9f8e7d6c"] {
        let elements: &[(&[&str], &str)] = &[(&[made_up, "body > header:nth-of-type(1) > span:nth-of-type(130)"], "{}")];
        assert_eq!(best(&[], elements), Ok("body > header:nth-of-type(1) > span:nth-of-type(130)".to_owned()), "{made_up}");
    }
    for written in ["#user", "#user-2", "h2.name", "[data-testid='user']"] {
        assert_eq!(best(&[], &[(&["body > b:nth-of-type(1)", written], "{}")]), Ok(written.to_owned()));
    }
}

#[test]
fn a_name_must_stay_when_the_page_is_loaded_anew() {
    let (once, anew) = (page(&[(&["#toast"], "Hello Ada Ferri")]), page(&[(&["#menu"], "Menu")]));
    let ada = Sight { names: vec!["Ada Ferri".to_owned()], pages: [once, anew] };
    assert_eq!(signed_in(&[], &[ada]), Err(Unknown::OnlyOnce("Hello Ada Ferri".to_owned())));
    // One that stands elsewhere for each person, such as under an id of theirs, is found in another way.
    let of = |name: &str, own: &str| seen(name, page(&[(&[own, ".user"], name)]));
    let found = signed_in(&[], &[of("Ada Ferri", "#user-7"), of("Mallory Neri", "#user-8")]);
    assert_eq!(found, Ok(vec![".user".to_owned()]));
}

#[test]
fn a_refusal_is_told_by_what_no_other_page_has() {
    let before = page(&[(&["#login"], "Sign in"), (&["main"], "Welcome")]);
    let during = page(&[(&["#busy"], "Finish in the other window")]);
    let after = page(&[
        (&["main"], "Not signed in. Try again"),
        (&["#busy"], "Finish in the other window, please"),
        (&["#again"], "Try again"),
        (&[".notice-error"], "Not signed in."),
        (&["body > b:nth-of-type(3)"], "Sign in"),
    ]);
    assert_eq!(refused(&[&before, &during], &after), [".notice-error", "#again"]);
    assert_eq!(refused(&[&before, &during], &before), Vec::<String>::new());
}
