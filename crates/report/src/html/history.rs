//! How runs went, one after the other: a plot and its table.

use askama::Template;

use super::text::Both;
use super::{SCRIPT, STYLE, Word, policy, summary};
use crate::domain::plain_lines;
use crate::event::Lang;
use crate::history::{Past, series};
use crate::{ReportError, State, words};

/// Height of the plot's tallest bar, in its own units.
const HEIGHT: usize = 200;
/// Room of a run on the plot; its bar leaves a gap.
const STRIDE: usize = 20;

/// The history as a page of its own, like the report's.
pub fn render_history(runs: &[Past], lang: Lang) -> Result<String, ReportError> {
    let page = Page {
        lang,
        language: words::choose(lang, "en", "it"),
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        series: series(runs).into_iter().map(|runs| view(&runs)).collect(),
        legend: State::ALL
            .into_iter()
            .filter(|state| runs.iter().any(|run| run.counts.iter().any(|(own, _)| own == state)))
            .map(Word::new)
            .collect(),
    };
    Ok(plain_lines(&page.render()?))
}

#[derive(Template)]
#[template(path = "history.html")]
struct Page {
    lang: Lang,
    language: &'static str,
    policy: String,
    style: &'static str,
    script: &'static str,
    series: Vec<Series>,
    legend: Vec<Word>,
}

impl Page {
    fn t(&self, english: &'static str, italian: &'static str) -> Both {
        Both::new(english, italian)
    }

    fn own<'text>(&self, text: &'text Both) -> &'text str {
        text.text(self.lang)
    }
}

struct Series {
    application: String,
    target: String,
    width: usize,
    /// Whether the bars end before the page does.
    few: bool,
    bars: Vec<Bar>,
    first: Both,
    last: Both,
    most: usize,
    rows: Vec<Row>,
}

/// One state of one run.
struct Bar {
    key: &'static str,
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    title: String,
}

struct Row {
    date: Both,
    readiness: &'static str,
    verdict: Both,
    interrupted: bool,
    run_id: String,
    version: String,
    suite: String,
    counts: Vec<(Word, Both)>,
    time: Both,
    worse: Vec<String>,
    better: Vec<String>,
}

/// Bars that fill the page.
const BROAD: usize = 30;

fn view(runs: &[&Past]) -> Series {
    let most = runs.iter().map(|run| run.planned).max().unwrap_or(0).max(1);
    let bars = runs.iter().enumerate().flat_map(|(place, run)| bars(place, run, most)).collect();
    let before = std::iter::once(None).chain(runs.iter().map(Some));
    let mut rows: Vec<_> = runs.iter().zip(before).map(|(run, before)| row(run, before.copied())).collect();
    rows.reverse();
    let day = |run: Option<&&Past>| run.map_or_else(Both::default, |run| Both::of(|lang| words::day(run.started_at, lang)));
    Series {
        application: runs.first().map_or_else(String::new, |run| run.application.clone()),
        target: runs.first().map_or_else(String::new, |run| run.target.clone()),
        // A few runs do not fill the page with a few broad bars.
        width: runs.len().max(BROAD) * STRIDE,
        few: runs.len() < BROAD,
        bars,
        first: day(runs.first()),
        last: day(runs.last()),
        most,
        rows,
    }
}

/// From the ground up: what passed, then what did not.
fn bars(place: usize, run: &Past, most: usize) -> Vec<Bar> {
    let mut below = 0;
    let bar = |(state, count): &(State, usize)| {
        let from = below * HEIGHT / most;
        below += count;
        let to = below * HEIGHT / most;
        let title = format!("{}: {count} {}", run.told.run_id, state.key());
        Bar { key: state.key(), x: place * STRIDE + 2, y: HEIGHT - to, width: STRIDE - 4, height: (to - from).max(1), title }
    };
    run.counts.iter().map(bar).collect()
}

fn row(run: &Past, before: Option<&Past>) -> Row {
    let (worse, better) = before.map(|before| run.since(before)).unwrap_or_default();
    Row {
        date: Both::of(|lang| words::date(run.started_at, lang)),
        readiness: summary::readiness_key(run.readiness),
        verdict: Both::of(|lang| words::readiness(run.readiness, lang)),
        interrupted: run.interrupted,
        run_id: run.told.run_id.clone(),
        version: run.told.collaudo_version.clone(),
        suite: run.told.suite_digest.chars().take(12).collect(),
        counts: run.counts.iter().map(|&(state, count)| (Word::new(state), Both::of(|lang| words::counted(count, state, lang)))).collect(),
        time: Both::of(|lang| words::duration(run.duration_ms, lang)),
        worse,
        better,
    }
}
