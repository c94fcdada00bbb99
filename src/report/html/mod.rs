//! The page: views that hold what the template shows, already in words. The template only places it.

mod scenario;
mod summary;
mod traffic;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::summary::{Fact, Gap, Group, Link, Matrix, Slice};
use super::{ReportError, Run, State, clause, words};
use crate::event::Lang;

const STYLE: &str = include_str!("../../../templates/report/report.css");
const SCRIPT: &str = include_str!("../../../templates/report/report.js");

/// The page that a person signs off: one file with its style, script and screenshots inside, that asks nothing of the network.
///
/// `attachments` gives the bytes of an [`Attachment`](crate::domain::Attachment) by its path; `None` where the file is gone.
pub fn render_html(run: &Run, lang: Lang, attachments: impl Fn(&str) -> Option<Vec<u8>>) -> Result<String, ReportError> {
    let scenarios = scenario::views(run, lang, &attachments);
    let page = Page {
        run,
        lang,
        language: words::choose(lang, "en", "it"),
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        readiness: summary::readiness_key(run.readiness()),
        verdict: words::readiness(run.readiness(), lang),
        conclusion: words::conclusion(run.readiness(), &run.started().application.name, run.broken(), run.is_strict(), lang),
        byline: summary::byline(run, lang),
        cautions: summary::cautions(run, lang),
        facts: summary::facts(run, lang),
        slices: summary::slices(run, lang),
        gaps: summary::gaps(run, lang),
        uncovered: summary::uncovered(run),
        matrices: summary::matrices(run, lang),
        groups: summary::groups(scenarios, lang),
        legend: State::ALL.into_iter().map(|state| Word::new(state, lang)).collect(),
    };
    Ok(page.render()?)
}

#[derive(Template)]
#[template(path = "report/report.html")]
struct Page<'run> {
    run: &'run Run,
    lang: Lang,
    language: &'static str,
    policy: String,
    style: &'static str,
    script: &'static str,
    readiness: &'static str,
    verdict: &'static str,
    conclusion: String,
    byline: String,
    cautions: Vec<String>,
    facts: Vec<Fact>,
    slices: Vec<Slice>,
    gaps: Vec<Gap>,
    uncovered: Vec<Link>,
    matrices: Vec<Matrix<'run>>,
    groups: Vec<Group>,
    legend: Vec<Word>,
}

impl Page<'_> {
    /// A sentence of the catalogue or of a check, with its names for machines.
    fn prose<'text>(&self, text: &'text str) -> Vec<Piece<'text>> {
        let paired = text.matches('`').count().is_multiple_of(2);
        let pieces: Vec<_> = if paired { text.split('`').collect() } else { vec![text] };
        pieces
            .into_iter()
            .enumerate()
            .map(|(place, text)| Piece { text, code: place % 2 == 1 })
            .filter(|piece| !piece.text.is_empty())
            .collect()
    }

    /// A text of the template, in the page's language.
    fn t(&self, english: &'static str, italian: &'static str) -> &'static str {
        words::choose(self.lang, english, italian)
    }
}

/// A piece of a sentence; `code` where it stood between backticks.
struct Piece<'text> {
    text: &'text str,
    code: bool,
}

/// A state as the page shows it: text and symbol, so that colour is never needed.
struct Word {
    key: &'static str,
    symbol: &'static str,
    name: &'static str,
    meaning: &'static str,
}

impl Word {
    fn new(state: State, lang: Lang) -> Self {
        Self { key: state.key(), symbol: state.symbol(), name: words::state(state, lang), meaning: words::meaning(state, lang) }
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
