//! The page: views that hold what the template shows, already in words, in both languages. The template only places them.

mod about;
mod baseline;
mod gaps;
mod history;
mod scenario;
mod summary;
mod text;
mod timeline;
mod traffic;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::about::{Attested, Changes, Excuses, Fact, PartyView};
use self::baseline::Against;
use self::gaps::{Gap, Link};
pub use self::history::render_history;
use self::summary::{Group, Matrix, Slice, Slow};
use self::text::Both;
use super::{ReportError, Run, State, clause, conclusion, words};
use crate::domain::plain_lines;
use crate::event::Lang;

const STYLE: &str = concat!(include_str!("../../templates/report.css"), include_str!("../../templates/paper.css"));
const SCRIPT: &str = include_str!("../../templates/report.js");

/// The page that a person signs off: one file with its style, script and screenshots inside, that asks nothing of the network. It
/// holds both languages and opens in `lang`.
///
/// `attachments` gives the bytes of an [`Attachment`](crate::domain::Attachment) by its path; `None` where the file is gone.
pub fn render_html(run: &Run, lang: Lang, attachments: impl Fn(&str) -> Option<Vec<u8>>) -> Result<String, ReportError> {
    let scenarios = scenario::views(run, &attachments);
    let page = Page {
        run,
        lang,
        language: words::choose(lang, "en", "it"),
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        readiness: summary::readiness_key(run.readiness()),
        verdict: Both::of(|lang| words::readiness(run.readiness(), lang)),
        conclusion: Both::of(|lang| conclusion::conclusion(run, lang)),
        parties: about::parties(run),
        byline: about::byline(run),
        validity: about::validity(run),
        cautions: about::cautions(run),
        facts: about::facts(run),
        against: baseline::against(run),
        changes: about::changes(run),
        attested: about::attested(run),
        excuses: about::excuses(run),
        slices: summary::slices(run),
        gaps: gaps::gaps(run),
        untested: gaps::untested(run),
        untested_told: gaps::untested_told(run),
        matrices: summary::matrices(run),
        slowest: summary::slowest(run),
        groups: summary::groups(scenarios),
        legend: State::ALL.into_iter().map(Word::new).collect(),
        cost: about::cost(run),
    };
    Ok(plain_lines(&page.render()?))
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'run> {
    run: &'run Run,
    lang: Lang,
    language: &'static str,
    policy: String,
    style: &'static str,
    script: &'static str,
    readiness: &'static str,
    verdict: Both,
    conclusion: Both,
    parties: Vec<PartyView>,
    byline: Both,
    validity: Both,
    cautions: Vec<Both>,
    facts: Vec<Fact>,
    against: Option<Against>,
    changes: Option<Changes>,
    attested: Vec<Attested>,
    excuses: Vec<Excuses>,
    slices: Vec<Slice>,
    gaps: Vec<Gap>,
    untested: Vec<Link>,
    untested_told: Both,
    matrices: Vec<Matrix<'run>>,
    slowest: Vec<Slow>,
    groups: Vec<Group>,
    legend: Vec<Word>,
    cost: Option<Both>,
}

impl Page<'_> {
    /// A text of the template.
    fn t(&self, english: &'static str, italian: &'static str) -> Both {
        Both::new(english, italian)
    }

    /// A text that an attribute or an option holds: the script changes it with the page's language.
    fn own<'text>(&self, text: &'text Both) -> &'text str {
        text.text(self.lang)
    }
}

/// A state as the page shows it: text and symbol, so that colour is never needed.
struct Word {
    key: &'static str,
    symbol: &'static str,
    name: Both,
    meaning: Both,
}

impl Word {
    fn new(state: State) -> Self {
        Self {
            key: state.key(),
            symbol: state.symbol(),
            name: Both::of(|lang| words::state(state, lang)),
            meaning: Both::of(|lang| words::meaning(state, lang)),
        }
    }
}

/// A clause and where its text stands.
struct ClauseView {
    text: String,
    address: Option<String>,
}

impl ClauseView {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), address: clause::address(text) }
    }
}

/// Only this page's own style and script run, and nothing is fetched, whatever slipped into its text.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()));
    format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}
