//! What browser and platform saw in one scenario, on one axis of time.

use url::Url;

use super::text::Both;
use super::traffic::{anchor, seconds_of, signed};
use crate::domain::{BrowserFact, BrowserFactKind, Exchange};
use crate::words;

#[derive(Default)]
pub(super) struct Timeline {
    pub moments: Vec<Moment>,
    /// Whether the order of both lanes is known.
    pub aligned: bool,
    /// Drawn where it is known.
    pub axis: Option<Axis>,
}

/// Something in the timeline of a scenario.
pub(super) struct Moment {
    pub at: String,
    /// `browser` or `platform`.
    pub lane: &'static str,
    pub what: Both,
    pub text: String,
    pub href: Option<String>,
    pub faults: Vec<String>,
}

/// The same as a picture: positions and widths are in thousandths of the span.
pub(super) struct Axis {
    pub lanes: [Lane; 3],
    /// Times below it, evenly apart.
    pub ticks: Vec<String>,
}

pub(super) struct Lane {
    pub name: Both,
    pub key: &'static str,
    pub marks: Vec<Mark>,
}

pub(super) struct Mark {
    pub from: i64,
    pub width: i64,
    /// `refused` or `broken` for an answer that is one.
    pub class: &'static str,
    pub title: String,
}

/// Narrower marks would not be seen.
const NARROWEST: i64 = 4;
/// Intervals of the axis.
const INTERVALS: i64 = 4;

/// Browser facts and exchanges in one order, and whether that order is known.
///
/// Both count from the platform's start. In older records the browser counts from the opening of its context: there the clocks are laid
/// over each other at the first page of the platform that it showed; with no such page the browser comes first, then the platform.
pub(super) fn timeline(browser: &[BrowserFact], exchanges: &[Exchange], scenario: &str) -> Timeline {
    let on_one_clock = browser.iter().all(|fact| fact.person.is_some());
    let offset = if on_one_clock { Some(0) } else { offset(browser, exchanges) };
    let shift = offset.unwrap_or(0);
    let mut moments: Vec<(i64, Moment)> = Vec::new();
    for exchange in exchanges {
        let at = signed(exchange.at_ms) - shift;
        let what = Both::same(format!("{} {}", exchange.method, exchange.status));
        let href = Some(format!("#{}", anchor(scenario, exchange.number)));
        let (text, faults) = (exchange.path.clone(), exchange.faults.clone());
        moments.push((at, Moment { at: seconds_of(at), lane: "platform", what, text, href, faults }));
    }
    for fact in browser {
        let at = signed(fact.at_ms);
        let what = Both::of(|lang| words::browser_fact(fact.kind, lang));
        let whose = fact.person.as_ref().map(|person| format!("{person}: ")).unwrap_or_default();
        let text = format!("{whose}{}", fact.text);
        moments.push((at, Moment { at: seconds_of(at), lane: "browser", what, text, href: None, faults: Vec::new() }));
    }
    let aligned = offset.is_some() || browser.is_empty() || exchanges.is_empty();
    if aligned {
        moments.sort_by_key(|(at, _)| *at);
    } else {
        moments.sort_by_key(|(at, moment)| (moment.lane, *at));
    }
    let axis = (aligned && moments.len() > 1).then(|| axis(browser, exchanges, shift));
    Timeline { moments: moments.into_iter().map(|(_, moment)| moment).collect(), aligned, axis }
}

fn axis(browser: &[BrowserFact], exchanges: &[Exchange], shift: i64) -> Axis {
    let began = |exchange: &Exchange| signed(exchange.at_ms) - shift;
    let ended = |exchange: &Exchange| began(exchange) + signed(exchange.duration_ms);
    let times =
        || browser.iter().map(|fact| signed(fact.at_ms)).chain(exchanges.iter().flat_map(|exchange| [began(exchange), ended(exchange)]));
    let (first, last) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
    let span = (last - first).max(1);
    let mark = |from: i64, to: i64, class, title| {
        let width = ((to - from) * 1000 / span).max(NARROWEST);
        Mark { from: ((from - first) * 1000 / span).min(1000 - width), width, class, title }
    };
    let class = |exchange: &Exchange| match exchange.status {
        0..400 => "",
        400..500 => "refused",
        _ => "broken",
    };
    let request = |exchange: &Exchange| {
        let title = format!("{} s: {} {} {}", seconds_of(began(exchange)), exchange.method, exchange.path, exchange.status);
        mark(began(exchange), ended(exchange), class(exchange), title)
    };
    let fault = |exchange: &Exchange| {
        let title = format!("{} s: {}", seconds_of(began(exchange)), exchange.faults.join(", "));
        mark(began(exchange), ended(exchange), "", title)
    };
    let seen = |fact: &BrowserFact| {
        let at = signed(fact.at_ms);
        mark(at, at, "", format!("{} s: {} {}", seconds_of(at), words::browser_fact(fact.kind, crate::event::Lang::En), fact.text))
    };
    let faulty = exchanges.iter().filter(|exchange| !exchange.faults.is_empty());
    Axis {
        lanes: [
            Lane { name: Both::new("faults", "guasti"), key: "faults", marks: faulty.map(fault).collect() },
            Lane { name: Both::new("requests", "richieste"), key: "requests", marks: exchanges.iter().map(request).collect() },
            Lane { name: Both::same("browser"), key: "browser", marks: browser.iter().map(seen).collect() },
        ],
        ticks: (0..=INTERVALS).map(|place| seconds_of(first + span * place / INTERVALS)).collect(),
    }
}

/// What to take from the platform's times to get the browser's.
fn offset(browser: &[BrowserFact], exchanges: &[Exchange]) -> Option<i64> {
    let pages = browser.iter().filter(|fact| matches!(fact.kind, BrowserFactKind::Navigated | BrowserFactKind::WindowOpened));
    pages.filter_map(|fact| Some((fact, Url::parse(&fact.text).ok()?))).find_map(|(fact, url)| {
        let answers = |exchange: &&Exchange| exchange.method == "GET" && exchange.path == url.path() && url.path() != "/";
        exchanges.iter().find(answers).map(|exchange| signed(exchange.at_ms + exchange.duration_ms) - signed(fact.at_ms))
    })
}

#[cfg(test)]
mod tests {
    use super::super::traffic::tests::seen;
    use super::*;

    fn shown(at_ms: u64, url: &str) -> BrowserFact {
        BrowserFact { at_ms, kind: BrowserFactKind::Navigated, text: url.to_owned(), person: None }
    }

    fn lanes(browser: &[BrowserFact], exchanges: &[Exchange]) -> (Vec<String>, bool) {
        let Timeline { moments, aligned, .. } = timeline(browser, exchanges, "s1");
        (moments.iter().map(|moment| format!("{} {} {}", moment.at, moment.lane, moment.text)).collect(), aligned)
    }

    #[test]
    fn clocks_meet_at_the_first_page_that_both_saw() {
        let browser = [shown(100, "http://127.0.0.1:1/"), shown(300, "http://127.0.0.1:2/oauth/authorize?state=[state-1]")];
        let exchanges = [seen(5_000, "/.well-known/jwks.json"), seen(5_150, "/oauth/authorize"), seen(5_400, "/oauth/token")];
        let expected = [
            "0.100 browser http://127.0.0.1:1/",
            "0.140 platform /.well-known/jwks.json",
            "0.290 platform /oauth/authorize",
            "0.300 browser http://127.0.0.1:2/oauth/authorize?state=[state-1]",
            "0.540 platform /oauth/token",
        ];
        assert_eq!(lanes(&browser, &exchanges), (expected.map(str::to_owned).to_vec(), true));
    }

    /// Two people, each in a browser of their own: none of them is laid on the other's sign-in.
    #[test]
    fn nobody_is_shown_before_what_led_there() {
        let of = |person: &str, at_ms, url: &str| BrowserFact { person: Some(person.to_owned()), ..shown(at_ms, url) };
        let callback = "http://127.0.0.1:1/callback";
        let authorize = "http://127.0.0.1:2/oauth/authorize";
        let browser = [of("Ada", 110, authorize), of("Ada", 260, callback), of("Bruno", 910, authorize), of("Bruno", 1_060, callback)];
        let exchanges = [seen(100, "/oauth/authorize"), seen(200, "/consent"), seen(900, "/oauth/authorize"), seen(1_000, "/consent")];
        let (moments, aligned) = lanes(&browser, &exchanges);
        assert!(aligned);
        let place = |text: &str| moments.iter().position(|moment| moment.ends_with(text)).expect("it is there");
        assert_eq!(moments[place("Bruno: http://127.0.0.1:1/callback")], "1.060 browser Bruno: http://127.0.0.1:1/callback");
        let consents: Vec<usize> = (0..moments.len()).filter(|at| moments[*at].ends_with("platform /consent")).collect();
        assert!(consents[0] < place("Ada: http://127.0.0.1:1/callback") && consents[1] < place("Bruno: http://127.0.0.1:1/callback"));
    }

    #[test]
    fn clocks_that_never_meet_are_not_mixed() {
        let (moments, aligned) = lanes(&[shown(900, "http://127.0.0.1:1/")], &[seen(5, "/oauth/token")]);
        assert_eq!(moments, ["0.900 browser http://127.0.0.1:1/", "0.005 platform /oauth/token"]);
        assert!(!aligned);
    }

    #[test]
    fn the_axis_spans_all_and_holds_each_thing_once() {
        let browser = [shown(100, "http://127.0.0.1:1/"), shown(300, "http://127.0.0.1:2/oauth/authorize")];
        let mut exchanges = [seen(5_150, "/oauth/authorize"), seen(6_140, "/oauth/token")];
        exchanges[1].faults = vec!["token.slow".to_owned()];
        let axis = timeline(&browser, &exchanges, "s1").axis.expect("the clocks meet");
        let marks = axis.lanes.each_ref().map(|lane| lane.marks.iter().map(|mark| (mark.from, mark.width)).collect::<Vec<_>>());
        assert_eq!(marks, [vec![(991, 8)], vec![(159, 8), (991, 8)], vec![(0, 4), (168, 4)]]);
        assert_eq!(axis.ticks, ["0.100", "0.397", "0.695", "0.992", "1.290"]);
        assert!(axis.lanes[0].marks[0].title.contains("token.slow"));
    }
}
