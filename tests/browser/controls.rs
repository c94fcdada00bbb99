//! Controls that a person knows by their words, in the markup of many hands.

use std::time::Duration;

use collaudo::browser::Page;

use crate::{SOON, opened};

/// The page with this body in place of its own.
async fn show(page: &Page, body: &str) {
    let script = format!("(document.body.innerHTML = {}, true)", serde_json::Value::from(body));
    assert!(page.evaluate::<bool>(&script).await.expect("a page"));
}

#[tokio::test]
async fn what_leads_on_in_a_list_is_known_by_what_it_says() {
    let (browser, _context, page, _site) = opened("/account").await;
    let lists = [
        ("<a rel='nofollow next' href='?p=2'>2</a>", Some("rel=next")),
        ("<a href='?p=0'>« Prev</a> <a href='?p=2'>Next page »</a>", Some("its words")),
        ("<button>Load more</button>", Some("its words")),
        ("<button>Carica altri pazienti…</button>", Some("its words")),
        ("<button aria-label='Go to next page'><svg width=9 height=9></svg></button>", Some("its words")),
        ("<input type=button value='Mostra altri 20'>", Some("its words")),
        ("<a href='?p=2'>Avanti →</a>", Some("its words")),
        ("<a href='?p=1'>‹</a> <a href='?p=2'>›</a>", Some("an arrow")),
        ("<nav><a aria-current=page href='?p=9'>9</a> <a href='?p=10'>10</a> <a href='?p=11'>11</a></nav>", Some("the next number")),
        ("<button disabled>Next</button>", None),
        ("<a aria-disabled=true href='#'>Next</a><span class='page disabled'><a href='#'>Next</a></span>", None),
        ("<button style='display: none'>Load more</button><button>Next appointment</button><a href='/'>More about us</a>", None),
        ("<nav><a aria-current=page href='?p=3'>3</a></nav>", None),
    ];
    for (controls, by) in lists {
        // What stands in an entry is about that entry.
        show(&page, &format!("<ul id=list><li>Ada <a href='/1'>›</a> <a href='/2'>Next</a></li></ul>{controls}")).await;
        let found = page.leads_on("#list li", None).await.expect("a page");
        assert_eq!(found.map(|found| found.by).as_deref(), by, "{controls}");
    }
    show(&page, "<ul id=list><li>Ada</li></ul><button id=more>Weiter</button><a rel=next href='/elsewhere'>Next</a>").await;
    let named = page.leads_on("#list li", Some("#more")).await.expect("a page").expect("the profile names it");
    assert_eq!((named.by.as_str(), named.words.as_str()), ("#more", "Weiter"));
    assert_eq!(page.leads_on("#list li", Some("#gone")).await.expect("a page"), None);
    browser.close().await;
}

#[tokio::test]
async fn a_list_goes_on_by_a_click() {
    let (browser, _context, page, _site) = opened("/account").await;
    show(&page, "<ul id=list><li>Ada</li></ul><button onclick=\"list.innerHTML += '<li>Bruno</li>'; this.remove()\">Load more</button>")
        .await;
    let known = ["Ada".to_owned()];
    assert!(!page.wait_for_other_entries("#list li", &known, Duration::from_millis(200)).await.expect("a page"));
    assert!(page.leads_on("#list li", None).await.expect("a page").is_some());
    page.go_on().await.expect("clicks");
    assert!(page.wait_for_other_entries("#list li", &known, SOON).await.expect("a page"));
    assert_eq!(page.texts("#list li").await.expect("a page"), ["Ada", "Bruno"]);
    assert_eq!(page.leads_on("#list li", None).await.expect("a page"), None);
    browser.close().await;
}

#[tokio::test]
async fn what_lets_a_person_sign_in_again_is_known_by_what_it_says() {
    let (browser, _context, page, _site) = opened("/account").await;
    let pages = [
        ("<a id=login href='/login'>GipoNext</a>", Some("GipoNext")),
        ("<a id=reconnect href='/login'>Connect again</a>", Some("Connect again")),
        ("<button>Collega di nuovo</button>", Some("Collega di nuovo")),
        ("<p>Ada Ferri</p><button>Riconnetti GipoNext</button>", Some("Riconnetti GipoNext")),
        ("<a href='/x'>Sign in again</a>", Some("Sign in again")),
        ("<button aria-label='Accedi'>→</button>", Some("Accedi")),
        ("<a href='/out'>Sign out</a> <button>Esci</button> <button>Disconnect</button> <button>Scollega</button>", None),
        ("<p>Please sign in again.</p>", None),
        ("<a href='/login' style='visibility: hidden'>Sign in</a>", None),
    ];
    for (body, said) in pages {
        show(&page, body).await;
        assert_eq!(page.asks_to_sign_in("#login").await.expect("a page").as_deref(), said, "{body}");
    }
    browser.close().await;
}
