//! The page: what it holds, and how a browser shows it.

use std::time::Duration;

use collaudo::browser::{Browser, Options, Page};
use collaudo::event::{Event, Lang, Record};
use collaudo::report::{Past, render_history, render_html};

use super::tools::{folder, installed};
use super::{fold, run};

const SOON: Duration = Duration::from_secs(10);

pub fn page(records: Vec<Record>, lang: Lang) -> String {
    let attachments = |path: &str| match path {
        "attachments/s2.png" => Some(run::PNG.to_vec()),
        "attachments/s2.html" => Some(format!("<p>{}</p>", run::MARKUP).into_bytes()),
        _ => None,
    };
    render_html(&fold(records), lang, attachments).expect("the page renders")
}

#[test]
fn the_page_holds_all_and_asks_nothing_of_the_network() {
    for lang in [Lang::En, Lang::It] {
        let page = page(run::records(), lang);
        assert!(!page.contains(run::MARKUP), "markup of the application reached the page");
        assert!(page.contains("&#60;script&#62;alert"), "the finding is there as text");
        assert!(page.contains("src=\"data:image/png;base64,"));
        for attribute in ["href=\"", "src=\"", "url("] {
            for (place, _) in page.match_indices(attribute) {
                let value = page[place + attribute.len()..].split(['"', ')']).next().unwrap_or_default();
                let allowed = ["#", "data:", "https://www.rfc-editor.org/rfc/rfc", "https://openid.net/specs/"];
                assert!(allowed.iter().any(|start| value.starts_with(start)), "`{attribute}{value}`");
            }
        }
        for (place, _) in page.match_indices("href=\"#") {
            let target = page[place + 7..].split('"').next().unwrap_or_default();
            assert!(page.contains(&format!("id=\"{target}\"")), "`#{target}` leads nowhere");
        }
    }
}

#[test]
fn the_page_speaks_the_reader_s_language() {
    for (lang, tag) in [(Lang::En, "<html lang=\"en\">"), (Lang::It, "<html lang=\"it\">")] {
        let page = page(run::records(), lang);
        assert!(page.contains(tag));
        for text in ["NOT READY", "NON PRONTA", "24 November 2026, 00:00 UTC", "24 novembre 2026, 00:00 UTC"] {
            assert!(page.contains(text), "{text}");
        }
        assert!(page.contains("rifiuta una risposta il cui state è sbagliato") && page.contains("Skip to the requirements"));
    }
}

#[test]
fn the_page_says_what_the_run_is_not() {
    let mut records = run::interrupted();
    if let Event::RunStarted(started) = &mut records[0].event {
        started.selection = vec!["--tags".to_owned(), "@popup".to_owned()];
        started.application.defect = Some("state-ignored".to_owned());
        started.target.mock = false;
    }
    let page = page(records, Lang::En);
    for caution in ["interrupted before its end", "--tags @popup", "state-ignored", "faults cannot be provoked"] {
        assert!(page.contains(caution), "{caution}");
    }
}

/// The page, open in a browser of our own; `hash` are the reader's choices.
async fn opened(html: &str, hash: &str) -> (Browser, Page, tempfile::TempDir) {
    // Fails only when a provider is installed already: then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("report.html"), html).expect("writes");
    let browser = Browser::launch(&Options::default()).await.expect("chromium and chromedriver are installed");
    let context = browser.new_context().await.expect("a context");
    let page = context.open(&format!("file://{}/report.html#{hash}", folder.path().display())).await.expect("it opens");
    (browser, page, folder)
}

/// What axe says against a page: rule, and the first place.
const AXE: &str = "axe.run(document, { resultTypes: ['violations'] }).then((told) => \
    told.violations.map((rule) => `${rule.id}: ${rule.nodes.length} × ${rule.nodes[0].html.slice(0, 200)} ${rule.nodes[0].failureSummary}`))";

#[tokio::test]
async fn axe_has_nothing_to_say_against_the_page() {
    if !installed() {
        return;
    }
    let axe = std::fs::read_to_string(folder().join("node_modules/axe-core/axe.min.js")).expect("it is installed");
    let told = async |html: &str, hash: &str| -> Vec<String> {
        let (browser, page, _folder) = opened(html, hash).await;
        let open = "document.querySelectorAll('details').forEach((part) => part.open = true) === undefined";
        page.evaluate::<bool>(open).await.expect("everything opens");
        page.evaluate::<bool>(&format!("(() => {{ {axe} }})() === undefined && typeof axe === 'object'")).await.expect("axe loads");
        let told = page.evaluate(AXE).await.expect("axe runs");
        browser.close().await;
        told
    };
    let history = render_history(&[Past::of(&fold(run::records())), Past::of(&fold(run::sound()))], Lang::En).expect("renders");
    let report = page(run::records(), Lang::En);
    for (html, hash) in [(&report, "look=light"), (&report, "lang=it&look=dark"), (&history, "look=dark"), (&history, "look=light")] {
        let told = told(html, hash).await;
        assert!(told.is_empty(), "{hash}: {told:#?}");
    }
    let mute = told(&report.replacen(" alt=", " title-of=", 1), "").await;
    assert!(mute.iter().any(|rule| rule.starts_with("image-alt")), "a picture without words was passed over: {mute:?}");
}

#[tokio::test]
async fn the_reader_chooses_language_and_look_and_finds_a_requirement() {
    let (browser, page, _folder) = opened(&page(run::records(), Lang::En), "r-CB-01").await;
    let text = "document.body.innerText";
    let seen = |what: &str| format!("{text}.includes('{what}')");
    let holds = async |predicate: &str| page.evaluate::<bool>(predicate).await.expect("a predicate");
    assert!(holds(&seen("NOT READY")).await && !holds(&seen("NON PRONTA")).await);
    page.click("[data-language=it]").await.expect("clicks");
    assert!(holds(&seen("NON PRONTA")).await && !holds(&seen("NOT READY")).await);
    assert!(holds("document.title.startsWith('NON PRONTA')").await && holds("location.hash === '#r-CB-01&lang=it'").await);
    page.click("[data-look]").await.expect("clicks");
    assert!(holds("location.hash === '#r-CB-01&lang=it&look=dark'").await);
    page.reload().await.expect("reloads");
    assert!(holds(&seen("NON PRONTA")).await && holds("document.documentElement.dataset.theme === 'dark'").await, "the address keeps it");
    page.fill(&[("[data-filter=state]", "failed"), ("[data-filter=text]", "state")]).await.expect("fills");
    page.evaluate::<bool>("document.querySelector('[data-filter=text]').dispatchEvent(new Event('input'))").await.expect("tells");
    let shown = "[...document.querySelectorAll('tr[data-state]')].filter((row) => !row.hidden).map((row) => row.id).join()";
    assert_eq!(page.evaluate::<String>(shown).await.expect("rows"), "r-CB-01");
    page.evaluate::<bool>("(location.hash = 's1-x3') === 's1-x3'").await.expect("goes");
    page.wait_until("document.getElementById('s1-x3')?.open === true", "the exchange", SOON).await.expect("it is laid out and open");
    browser.close().await;
}

/// Scenarios whose traffic is laid out; of the fixture two have any.
const LAID_OUT: &str = "[...document.querySelectorAll('details.scenario')].filter((part) => part.querySelector('.traffic')).length";

#[tokio::test]
async fn details_are_laid_out_when_opened_and_all_findings_are_on_paper() {
    let (browser, page, _folder) = opened(&page(run::records(), Lang::En), "").await;
    let holds = async |predicate: &str| page.evaluate::<bool>(predicate).await.expect("a predicate");
    assert!(holds("document.querySelector('#s1 .traffic') === null && document.querySelector('#s1-x3') === null").await, "s1 is closed");
    page.evaluate::<bool>("document.querySelector('#s1').open = true").await.expect("opens");
    page.wait_until("document.querySelector('#s1 .traffic #s1-x3') !== null", "the traffic of s1", SOON).await.expect("it is laid out");
    page.evaluate::<bool>("(document.querySelector('#s1').open = false) === false").await.expect("closes");

    let warned = "document.querySelector('#s4')";
    assert!(holds(&format!("{warned}.querySelector('.finding') !== null && !{warned}.open")).await, "a warning is closed at first");
    assert!(holds("dispatchEvent(new Event('beforeprint'))").await);
    let closed = "[...document.querySelectorAll('.finding')].filter((finding) => !finding.closest('details.scenario').open).length === 0";
    assert!(holds(closed).await, "a finding is not on paper");
    assert!(holds("document.querySelector('#s2 .traffic') !== null && document.querySelectorAll('#s2 noscript').length === 0").await);
    assert_eq!(page.evaluate::<usize>(LAID_OUT).await.expect("a number"), 2);
    assert!(holds(&format!("dispatchEvent(new Event('afterprint')) && !{warned}.open && document.querySelector('#s2').open")).await);
    browser.close().await;
}

#[tokio::test]
async fn a_phone_need_not_scroll_sideways() {
    let (browser, page, _folder) = opened("<!doctype html><title>a phone</title>", "").await;
    let html = serde_json::to_string(&super::page::page(run::records(), Lang::It)).expect("JSON");
    let phone = "Object.assign(document.createElement('iframe'), { width: 390, height: 844, srcdoc })";
    page.evaluate::<bool>(&format!("(() => {{ const srcdoc = {html}; document.body.append({phone}); return true }})()"))
        .await
        .expect("opens");
    let inside = "document.querySelector('iframe').contentDocument";
    page.wait_until(&format!("{inside}?.readyState === 'complete' && {inside}.querySelector('footer') !== null"), "the page", SOON)
        .await
        .expect("it loads");
    page.evaluate::<bool>(&format!("{inside}.querySelectorAll('details').forEach((part) => part.open = true) === undefined"))
        .await
        .expect("opens");
    let wide = format!("[{inside}.documentElement.clientWidth, {inside}.documentElement.scrollWidth]");
    let [width, needed] = page.evaluate::<[u32; 2]>(&wide).await.expect("widths");
    assert!((300..=390).contains(&width) && needed <= width, "{needed} pixels on {width}");
    browser.close().await;
}
