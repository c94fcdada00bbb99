//! What a page says, and how each of its words is found again.

use std::time::Duration;

use collaudo::browser::pages::ApplicationPage;
use collaudo::browser::{BrowserError, Element};

use crate::{SOON, opened};

fn said<'a>(elements: &'a [Element], text: &str) -> &'a Element {
    elements.iter().rfind(|element| element.text == text).unwrap_or_else(|| panic!("`{text}` is not among {elements:#?}"))
}

#[tokio::test]
async fn what_is_visible_is_taken_down_with_selectors_that_find_it_alone() {
    let (browser, _context, page, _site) = opened("/account").await;
    let elements = page.elements().await.expect("a page");
    let texts: Vec<&str> = elements.iter().map(|element| element.text.as_str()).collect();
    for unseen in ["nobody reads this", "nor this", "let nothing = 0"] {
        assert!(!texts.iter().any(|text| text.contains(unseen)), "{texts:?}");
    }
    let account = said(&elements, "Guest of the house");
    let expected = [
        "#\\31 23",
        "[data-testid='account \\'1\\'']",
        ".who",
        "b.who",
        "#bar > b:nth-of-type(2)",
        "body > div:nth-of-type(1) > b:nth-of-type(2)",
    ];
    assert_eq!(account.selectors, expected);
    // What two elements share finds neither alone.
    assert_eq!(said(&elements, "one").selectors, ["#bar > b:nth-of-type(1)", "body > div:nth-of-type(1) > b:nth-of-type(1)"]);
    for element in &elements {
        for css in &element.selectors {
            let found: Vec<String> = page.texts(css).await.expect("a selector that can be read");
            let found: Vec<String> = found.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            assert_eq!(found, [element.text.as_str()], "{css}");
        }
    }
    let asked = ["#bar", "#hidden", "#never"].map(str::to_owned);
    assert_eq!(page.visible_among(&asked).await.expect("a page"), ["#bar"]);
    browser.close().await;
}

#[tokio::test]
async fn new_words_are_awaited_wherever_they_come() {
    let (browser, _context, page, site) = opened("/account").await;
    let before = page.elements().await.expect("a page");
    let name = ["ada  FERRI".to_owned()];
    let short = Duration::from_millis(200);
    // The name stands there already: only another text that has it counts.
    let none = page.wait_for_words("", &before, &name, short).await;
    assert!(matches!(none, Err(BrowserError::Timeout { .. })), "{none:?}");
    page.click("#later").await.expect("clicks");
    let after = page.wait_for_words("", &before, &name, SOON).await.expect("they come");
    assert_eq!(said(&after, "Signed in: Ada Ferri").selectors[0], "#\\31 23");
    // Words of the page that a sign-in leads away to are not the application's.
    let away = page.wait_for_words(&site, &before, &[], short).await;
    assert!(matches!(away, Err(BrowserError::Timeout { .. })), "{away:?}");
    page.goto(&format!("{site}/slow")).await.expect("loads");
    let after = page.wait_for_words("", &before, &["here".to_owned()], SOON).await.expect("the second page says it");
    assert!(said(&after, "here").selectors.contains(&"#late".to_owned()));
    browser.close().await;
}

#[tokio::test]
async fn a_page_is_read_in_its_shadow_roots_and_a_name_in_a_closed_menu() {
    let (browser, _context, page, site) = opened("/components").await;
    let words = ApplicationPage(&page);
    let lines = words.lines().await.expect("a page");
    assert_eq!(lines, ["Agenda", "Menu", "Visit at noon", "next", "words alone"]);
    assert_eq!(page.naming("#who").await.expect("a page").as_deref(), Some("Ada Ferri"));
    let link = words.link_to(&format!("{site}/account")).await.expect("a page").expect("it has the link");
    words.remember().await.expect("a page");
    assert!(!words.wait_for_change(Duration::from_millis(100)).await.expect("a page"));
    page.evaluate::<()>("document.querySelector('x-list').add()").await.expect("a page");
    assert!(words.wait_for_change(SOON).await.expect("a page"));
    page.click(&link).await.expect("clicks");
    page.wait_for("#later", SOON).await.expect("it leads on");
    browser.close().await;
}
