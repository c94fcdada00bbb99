//! Counts, the requirement matrix, and the order in which scenarios stand.

use super::baseline::standings;
use super::gaps::Link;
use super::scenario::ScenarioView;
use super::text::Both;
use super::{ClauseView, Word};
use crate::domain::{Actor, Level, Readiness};
use crate::{RequirementRow, Run, ScenarioRun, State, words};

/// A part of the bar of counts; `from` and `width` are in thousandths of the planned scenarios.
pub(super) struct Slice {
    pub word: Word,
    pub count: usize,
    pub from: usize,
    pub width: usize,
}

/// The requirements on one party.
pub(super) struct Matrix<'run> {
    pub actor: Both,
    pub rows: Vec<RowView<'run>>,
}

pub(super) struct RowView<'run> {
    pub id: &'run str,
    pub level: &'static str,
    pub level_name: Both,
    pub title: Both,
    pub stricter: Option<&'run str>,
    pub word: Word,
    pub why: Option<&'run str>,
    /// What the baseline says of its failures.
    pub standings: Vec<Both>,
    pub clauses: Vec<ClauseView>,
    pub scenarios: Vec<Link>,
}

/// A scenario that took long; `width` is in thousandths of the slowest.
pub(super) struct Slow {
    pub link: Link,
    pub time: Both,
    pub width: u64,
}

/// Scenarios in one state.
pub(super) struct Group {
    pub word: Word,
    pub scenarios: Vec<ScenarioView>,
}

/// How many of the slowest scenarios the page names.
const SLOWEST: usize = 10;

pub(super) fn readiness_key(readiness: Readiness) -> &'static str {
    match readiness {
        Readiness::Ready => "ready",
        Readiness::NotReady => "not-ready",
        Readiness::Partial => "partial",
        Readiness::Incomplete => "incomplete",
    }
}

pub(super) fn slices(run: &Run) -> Vec<Slice> {
    let counts = run.counts();
    let planned = counts.planned.max(1);
    let mut before = 0;
    let slice = |(state, count)| {
        let from = before * 1000 / planned;
        before += count;
        Slice { word: Word::new(state), count, from, width: before * 1000 / planned - from }
    };
    counts.present().map(slice).collect()
}

pub(super) fn matrices(run: &Run) -> Vec<Matrix<'_>> {
    let rows = run.requirement_rows();
    let of = |actor: Actor| Matrix {
        actor: Both::of(|lang| words::actor(actor, lang)),
        rows: rows.iter().filter(|row| row.requirement.actor == actor).map(|row| row_view(run, row)).collect(),
    };
    let all = [Actor::RelyingParty, Actor::Integrator, Actor::Platform].map(of);
    all.into_iter().filter(|matrix| !matrix.rows.is_empty()).collect()
}

fn row_view<'run>(run: &Run, row: &RequirementRow<'run>) -> RowView<'run> {
    let requirement = row.requirement;
    let link = |scenario: &ScenarioRun| {
        let title = Both::same(scenario.summary.title.clone());
        Link { symbol: scenario.state().symbol(), ..Link::to_scenario(run.place(&scenario.summary.id), title) }
    };
    RowView {
        id: requirement.id.as_str(),
        level: match requirement.level {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
            Level::Quality => "Q",
        },
        level_name: Both::of(|lang| words::level(requirement.level, lang)),
        title: Both::of(|lang| words::title(requirement, lang)).prose(),
        stricter: requirement.stricter.as_deref(),
        word: Word::new(row.state),
        why: requirement.not_tested.as_deref().filter(|_| row.scenarios.is_empty()),
        standings: standings(run, row),
        clauses: requirement.clause.iter().map(|clause| ClauseView::new(clause)).collect(),
        scenarios: row.scenarios.iter().map(|scenario| link(scenario)).collect(),
    }
}

pub(super) fn slowest(run: &Run) -> Vec<Slow> {
    let spent = |scenario: &ScenarioRun| scenario.finished().map_or(0, |finished| finished.duration_ms);
    let mut slowest: Vec<_> = run.scenarios().iter().enumerate().filter(|(_, scenario)| spent(scenario) > 0).collect();
    slowest.sort_by_key(|(_, scenario)| std::cmp::Reverse(spent(scenario)));
    slowest.truncate(SLOWEST);
    let longest = slowest.first().map_or(1, |(_, scenario)| spent(scenario));
    let view = |(place, scenario): (usize, &ScenarioRun)| Slow {
        link: Link { symbol: scenario.state().symbol(), ..Link::to_scenario(place, Both::same(scenario.summary.title.clone())) },
        time: Both::of(|lang| words::duration(spent(scenario), lang)),
        width: spent(scenario) * 1000 / longest,
    };
    slowest.into_iter().map(view).collect()
}

/// Worst first; within a state, in the order of the features.
pub(super) fn groups(scenarios: Vec<ScenarioView>) -> Vec<Group> {
    let mut states = State::ALL;
    states.sort_by_key(|state| std::cmp::Reverse(state.rank()));
    let mut rest = scenarios;
    let mut groups = Vec::new();
    for state in states {
        let (here, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|scenario| scenario.state == state);
        rest = others;
        if !here.is_empty() {
            groups.push(Group { word: Word::new(state), scenarios: here });
        }
    }
    groups
}
