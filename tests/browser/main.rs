//! The browser room against a small site of its own: what a scenario relies on, and what must not be left behind.

mod controls;
mod kept;
mod leftovers;
mod pictures;
mod site;
mod words;

use std::time::{Duration, Instant};

use collaudo::browser::{Browser, BrowserError, Context, Cookie, Options, Page};
use collaudo::domain::BrowserFactKind;

use leftovers::{profile, until_nothing_is_left};
use site::site;

const SOON: Duration = Duration::from_secs(10);

async fn launched() -> Browser {
    Browser::launch(&Options::default()).await.expect("chromium and chromedriver are installed")
}

async fn opened(path: &str) -> (Browser, Context, Page, String) {
    let (browser, site) = tokio::join!(launched(), site());
    let context = browser.new_context().await.expect("a context");
    let page = context.open(&format!("{site}{path}")).await.expect("the site answers");
    (browser, context, page, site)
}

async fn sign_ada_in(context: &Context, site: &str) -> Result<Page, BrowserError> {
    let app = context.open(&format!("{site}/")).await?;
    app.click("#login").await?;
    let popup = context.wait_for_popup(SOON).await?;
    popup.fill(&[("[name=email]", "ada@example.org"), ("[name=password]", "pw"), ("[name=remember]", "true")]).await?;
    popup.submit("#go").await?;
    popup.submit("#allow").await?;
    popup.wait_until_closed(SOON).await?;
    app.wait_for("#user", SOON).await?;
    Ok(app)
}

#[tokio::test]
async fn a_popup_signs_in_and_every_step_of_it_is_recorded_without_secrets() {
    let (browser, site) = tokio::join!(launched(), site());
    let context = browser.new_context().await.expect("a context");
    let app = sign_ada_in(&context, &site).await.expect("the flow ends signed in");
    assert_eq!(app.text("#user").await.expect("a page"), Some("Ada".to_owned()));
    assert_eq!((context.popups_opened(), context.pages().len()), (1, 1));

    let kinds = |kind| context.facts().iter().filter(|fact| fact.kind == kind).map(|fact| fact.text.clone()).collect::<Vec<_>>();
    assert_eq!(kinds(BrowserFactKind::WindowOpened), [format!("{site}/authorize")]);
    assert_eq!(kinds(BrowserFactKind::WindowClosed), [format!("{site}/callback")]);
    assert!(kinds(BrowserFactKind::Navigated).contains(&format!("{site}/callback")));
    assert!(!format!("{:?} {:?}", context.facts(), context.requests()).contains("secret-"));

    let requests = context.requests();
    let documents: Vec<(String, Option<u16>)> = requests
        .iter()
        .filter(|request| request.resource_type == "Document")
        .map(|request| (format!("{} {}", request.method, request.url.trim_start_matches(&site)), request.status))
        .collect();
    let expected = [
        ("GET /", 200),
        ("GET /authorize?state=secret-state-123456", 200),
        ("POST /sign-in", 200),
        ("POST /consent", 303),
        ("GET /callback?code=secret-code-123456&state=secret-state-123456", 200),
    ];
    assert_eq!(documents, expected.map(|(line, status)| (line.to_owned(), Some(status))));
    browser.close().await;
}

/// Run by hand: `cargo nextest run --run-ignored only popup_flow_time --no-capture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn popup_flow_time() {
    let (browser, site) = tokio::join!(launched(), site());
    let mut times = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        let context = browser.new_context().await.expect("a context");
        sign_ada_in(&context, &site).await.expect("the flow ends signed in");
        context.close().await;
        times.push(began.elapsed().as_millis());
    }
    times.sort_unstable();
    println!("popup flow: median {} ms of 20, from {} to {}", times[10], times[0], times[19]);
    browser.close().await;
}

#[tokio::test]
async fn contexts_share_nothing_and_run_at_once() {
    let (browser, first, page, site) = opened("/cookie").await;
    page.evaluate::<()>("localStorage.setItem('a', '1') ?? null").await.expect("storage");
    let put = "caches.open('c').then(cache => cache.put('/kept', new Response('a body'))).then(() => true)";
    assert!(page.evaluate::<bool>(put).await.expect("a cache"));
    let second = browser.new_context().await.expect("a context");
    let other = second.open(&format!("{site}/missing")).await.expect("an answer with 404 is a page");
    assert_eq!(other.text("#m").await.expect("a page").as_deref(), Some("not here"));
    assert_eq!(first.cookies().await.expect("cookies").iter().map(|cookie| cookie.name.as_str()).collect::<Vec<_>>(), ["sid"]);
    assert!(first.cookies().await.expect("cookies")[0].http_only);
    assert_eq!(second.cookies().await.expect("cookies"), []);
    assert_eq!(page.storage().await.expect("storage").local, [("a".to_owned(), "1".to_owned())]);
    assert_eq!(page.storage().await.expect("storage").cached, [(format!("c {site}/kept"), "a body".to_owned())]);
    assert_eq!(other.storage().await.expect("storage").local, []);
    assert_eq!(other.storage().await.expect("storage").cached, []);

    let stolen = Cookie { value: "mallory".to_owned(), ..first.cookies().await.expect("cookies").remove(0) };
    second.set_cookie(&stolen).await.expect("it is a cookie");
    assert_eq!(second.cookies().await.expect("cookies")[0].value, "mallory");
    assert_eq!(first.cookies().await.expect("cookies")[0].value, "hush");

    let (left, right) = tokio::join!(sign_ada_in(&first, &site), sign_ada_in(&second, &site));
    assert!(left.is_ok() && right.is_ok(), "{:?} {:?}", left.err(), right.err());
    browser.close().await;
}

#[tokio::test]
async fn waits_survive_navigations() {
    let (browser, _context, page, site) = opened("/slow").await;
    page.wait_for("#late", SOON).await.expect("the second page shows it");
    assert_eq!(page.text("#late").await.expect("a page").as_deref(), Some("here"));
    assert_eq!(page.title().await.expect("a page"), "Slow 2");
    page.goto(&format!("{site}/slow")).await.expect("loads");
    assert_eq!(page.wait_for_any(&["#never", "#late"], SOON).await.expect("the second page shows it"), 1);
    page.goto(&format!("{site}/slow")).await.expect("loads");
    let url = page.wait_for_url(|url| url.ends_with("/slow2"), "second page", SOON).await.expect("it moves on");
    assert_eq!(url, format!("{site}/slow2"));
    page.wait_until("document.querySelector('#late')?.textContent === 'here'", "late text", SOON).await.expect("it comes");
    page.reload().await.expect("reloads");
    assert!(!page.exists("#late").await.expect("a page"));
    page.back().await.expect("goes back");
    assert_eq!(page.url(), format!("{site}/slow"));
    let urls = page.storage().await.expect("storage").urls;
    assert_eq!(urls.iter().filter(|url| url.ends_with("/slow")).count(), 4, "{urls:?}");
    browser.close().await;
}

#[tokio::test]
async fn a_popup_that_a_person_closes_is_seen_by_the_application() {
    let (browser, context, app, _site) = opened("/").await;
    app.click("#login").await.expect("clicks");
    let popup = context.wait_for_popup(SOON).await.expect("opens");
    popup.wait_for("#go", SOON).await.expect("shows the form");
    let began = Instant::now();
    let (asked, closed) = tokio::join!(popup.evaluate::<bool>("new Promise(() => {})"), popup.close());
    closed.expect("closes");
    assert!(matches!(asked, Err(BrowserError::Closed { .. })), "{asked:?}");
    assert!(began.elapsed() < SOON && popup.is_closed());
    app.wait_until("error.textContent === 'closed'", "word of the closed popup", SOON).await.expect("the application notices");
    let error = popup.click("#go").await.expect_err("it is closed");
    assert!(matches!(error, BrowserError::Closed { .. }), "{error}");
    assert!(error.to_string().ends_with("/authorize`)"), "{error}");
    browser.close().await;
}

async fn blocks_what_a_person_did_not_click(browser: &Browser, site: &str) {
    let context = browser.new_context().await.expect("a context");
    let app = context.open(&format!("{site}/")).await.expect("the site answers");
    app.wait_until("!login.disabled", "button", SOON).await.expect("enabled");
    app.evaluate::<Option<()>>("void login.onclick()").await.expect("runs");
    app.wait_until("error.textContent === 'blocked'", "word of the blocked popup", Duration::from_secs(2))
        .await
        .expect("the application notices");
    let link = "void document.body.insertAdjacentHTML('beforeend', '<a id=link href=/missing target=_blank rel=noopener>more</a>')";
    app.evaluate::<Option<()>>(link).await.expect("runs");
    app.evaluate::<Option<()>>("void document.querySelector('#link').click()").await.expect("runs");
    assert!(context.wait_for_popup(Duration::from_millis(300)).await.is_err());
    assert_eq!(context.popups_opened(), 0);
    app.click("#link").await.expect("clicks");
    let more = context.wait_for_popup(SOON).await.expect("a person may");
    more.wait_for("#m", SOON).await.expect("loads");
    assert!(more.evaluate::<bool>("opener === null").await.expect("a page"));
    assert_eq!(context.popups_opened(), 1);
    context.close().await;

    let strict = browser.new_context().await.expect("a context");
    strict.block_popups();
    let app = strict.open(&format!("{site}/")).await.expect("the site answers");
    app.click("#login").await.expect("clicks");
    app.wait_until("error.textContent === 'blocked'", "word of the blocked popup", SOON).await.expect("the application notices");
    assert_eq!(strict.popups_opened(), 0);
    assert!(strict.facts().iter().any(|fact| fact.text == "warning: popup blocked by the browser"), "{:?}", strict.facts());
    strict.close().await;
}

#[tokio::test]
async fn a_popup_without_a_click_is_blocked_as_for_a_person() {
    let (browser, site) = tokio::join!(launched(), site());
    blocks_what_a_person_did_not_click(&browser, &site).await;
    browser.close().await;
}

#[tokio::test]
async fn chromium_itself_behaves_like_the_headless_shell() {
    let options = Options { binary: Some("/usr/bin/chromium".into()), ..Options::default() };
    let (browser, site) = tokio::join!(Browser::launch(&options), site());
    let browser = browser.expect("chromium is installed");
    assert!(browser.version().starts_with("chrome "), "{}", browser.version());
    let context = browser.new_context().await.expect("a context");
    sign_ada_in(&context, &site).await.expect("the flow ends signed in");
    blocks_what_a_person_did_not_click(&browser, &site).await;
    let pid = browser.driver_pid().expect("it is ours");
    let folder = profile(pid);
    browser.close().await;
    until_nothing_is_left(pid, &folder).await;
}

#[tokio::test]
async fn pages_that_ask_anew_call_one_address_at_once() {
    let (browser, site) = tokio::join!(launched(), site());
    let context = browser.new_context().await.expect("a context");
    context.ask_anew();
    let addresses = [format!("{site}/calls"), format!("{site}/calls?again=1")];
    let pages = futures::future::try_join_all(addresses.iter().map(|address| context.open(address))).await.expect("the site answers");
    for page in pages {
        page.wait_for("#answered", SOON).await.expect("neither call waits for the other one");
    }
    browser.close().await;
}

#[tokio::test]
async fn frames_of_another_site_are_seen() {
    let (browser, context, page, site) = opened("/missing").await;
    let elsewhere = site.replace("127.0.0.1", "localhost");
    let frame = "new Promise(done => { const frame = document.createElement('iframe'); frame.onload = () => done(true); frame.src =";
    let loaded = page.evaluate::<bool>(&format!("{frame} '{elsewhere}/cookie'; document.body.append(frame); }})")).await.expect("it loads");
    assert!(loaded);
    let request = context.requests().into_iter().find(|request| request.url.ends_with("/cookie")).expect("it was sent");
    assert_eq!((request.url, request.status, request.page), (format!("{elsewhere}/cookie"), Some(200), format!("{site}/missing")));
    browser.close().await;
}

#[tokio::test]
async fn a_wait_that_fails_says_what_was_seen_last() {
    let (browser, context, page, site) = opened("/?code=secret").await;
    let short = Duration::from_millis(200);
    let text = |error: BrowserError| error.to_string();
    let no_popup = context.wait_for_popup(short).await.err().map(text);
    assert_eq!(no_popup, Some(format!("no popup window within 200 ms (last seen: 1 window, `{site}/`)")));
    let hidden = page.wait_for("#user", short).await.err().map(text);
    assert_eq!(hidden, Some(format!("no visible `#user` within 200 ms (last seen: `{site}/`, titled \"App\", `#user`: it is hidden)")));
    let absent = page.wait_for_any(&["#a", "#b"], short).await.err().map(text);
    assert_eq!(absent, Some(format!("no visible `#a` or `#b` within 200 ms (last seen: `{site}/`, titled \"App\")")));
    let open = page.wait_until_closed(short).await.err().map(text);
    assert_eq!(open, Some(format!("no closed window within 200 ms (last seen: `{site}/`, titled \"App\")")));
    let wrong = page.wait_for("#[", short).await.err().map(text);
    assert!(wrong.as_deref().is_some_and(|text| text.contains("not a valid selector")), "{wrong:?}");
    let refused = context.open("http://127.0.0.1:9/").await.err().map(text);
    assert!(refused.as_deref().is_some_and(|text| text.starts_with("could not load `http://127.0.0.1:9/`: net::ERR_")), "{refused:?}");
    browser.close().await;
}

#[tokio::test]
async fn dialogs_are_confirmed_and_recorded() {
    let (browser, context, page, _site) = opened("/").await;
    assert!(page.evaluate::<bool>("confirm('Delete code=abcdefgh?')").await.expect("it is confirmed"), "a person means what they click on");
    assert!(page.evaluate::<bool>("prompt('Your name?') === null").await.expect("it is dismissed"), "nobody has words for a prompt");
    page.evaluate::<Option<()>>("void console.warn('careful', {a: 1}, 7)").await.expect("runs");
    page.evaluate::<Option<()>>("void setTimeout(() => { window.thrown = true; throw new Error('boom') })").await.expect("runs");
    page.wait_until("window.thrown", "exception", SOON).await.expect("it is thrown");
    let facts = context.facts();
    let has = |kind, text: &str| facts.iter().any(|fact| fact.kind == kind && fact.text == text);
    assert!(has(BrowserFactKind::Dialog, "confirm: Delete code=[redacted]"), "{facts:?}");
    assert!(has(BrowserFactKind::Console, "warning: careful Object 7"), "{facts:?}");
    assert!(has(BrowserFactKind::Console, "exception: Error: boom"), "{facts:?}");
    browser.close().await;
}

#[tokio::test]
async fn a_picture_and_the_source_of_a_page_can_be_taken() {
    let (browser, context, page, _site) = opened("/missing").await;
    page.evaluate::<Option<()>>("void (document.body.style.height = '2500px')").await.expect("runs");
    let picture = page.picture_without(&[], |_| false).await.expect("a picture");
    assert_eq!(&picture[..8], b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().expect("four bytes"));
    assert!(side(16) >= 1000 && side(20) >= 2500, "{} x {}", side(16), side(20));
    assert!(page.source().await.expect("a source").contains("<p id=\"m\">not here</p>"));
    context.close().await;
    assert!(page.is_closed());
    browser.close().await;
}

#[tokio::test]
async fn a_page_that_crashes_is_gone_at_once() {
    let (browser, context, page, site) = opened("/").await;
    let began = Instant::now();
    let (error, _) = tokio::join!(page.wait_for("#never", SOON), page.goto("chrome://crash"));
    assert!(matches!(error, Err(BrowserError::Gone { .. })), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(context.facts().iter().any(|fact| fact.kind == BrowserFactKind::Crashed));
    let next = browser.new_context().await.expect("the browser lives");
    next.open(&site).await.expect("the site answers");
    browser.close().await;
}
