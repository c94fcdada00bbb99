//! What the platform and the browser saw in one scenario.

use std::fmt::Write as _;

use serde_json::Value;
use url::Url;

use crate::domain::{BrowserFact, BrowserFactKind, Exchange, Facts, Finding};
use crate::event::Lang;
use crate::report::words;

pub struct ExchangeView {
    pub anchor: String,
    pub number: u64,
    pub at: String,
    pub method: String,
    pub path: String,
    pub status: u16,
    pub class: &'static str,
    pub faults: Vec<String>,
    /// Requirements whose findings point here.
    pub cited: Vec<String>,
    pub refusal: Option<String>,
    pub request: String,
    pub response: String,
    pub facts: String,
}

/// Something in the timeline of a scenario.
pub struct Moment {
    pub at: String,
    /// `browser` or `platform`.
    pub lane: &'static str,
    pub what: String,
    pub text: String,
    pub href: Option<String>,
}

pub fn anchor(scenario: &str, number: u64) -> String {
    format!("{scenario}-x{number}")
}

pub fn exchange(exchange: &Exchange, findings: &[Finding], scenario: &str) -> ExchangeView {
    let cites = |finding: &&Finding| finding.exchanges.contains(&exchange.number);
    let mut cited: Vec<_> = findings.iter().filter(cites).map(|finding| finding.requirement.to_string()).collect();
    cited.dedup();
    ExchangeView {
        anchor: anchor(scenario, exchange.number),
        number: exchange.number,
        at: seconds(exchange.at_ms),
        method: exchange.method.clone(),
        path: exchange.path.clone(),
        status: exchange.status,
        class: match exchange.status {
            0..400 => "fine",
            400..500 => "refused",
            _ => "broken",
        },
        faults: exchange.faults.clone(),
        cited,
        refusal: exchange.facts.refusal.clone(),
        request: request(exchange),
        response: response(exchange),
        facts: facts(&exchange.facts),
    }
}

fn request(exchange: &Exchange) -> String {
    let mut text = format!("{} {}", exchange.method, exchange.path);
    pairs(&mut text, "  ? ", " = ", &exchange.query);
    pairs(&mut text, "", ": ", &exchange.headers);
    if !exchange.form.is_empty() {
        text.push('\n');
        pairs(&mut text, "", " = ", &exchange.form);
    }
    json(&mut text, exchange.body.as_ref());
    text
}

fn response(exchange: &Exchange) -> String {
    let mut text = exchange.status.to_string();
    pairs(&mut text, "", ": ", &exchange.response_headers);
    json(&mut text, exchange.response.as_ref());
    text
}

fn pairs(text: &mut String, before: &str, between: &str, pairs: &[(String, String)]) {
    for (name, value) in pairs {
        let _ = write!(text, "\n{before}{name}{between}{value}");
    }
}

fn json(text: &mut String, body: Option<&Value>) {
    if let Some(body) = body {
        let _ = write!(text, "\n\n{body:#}");
    }
}

/// What the platform knew beyond the text, one fact on each line; the refusal is shown apart.
fn facts(facts: &Facts) -> String {
    let Ok(Value::Object(known)) = serde_json::to_value(facts) else { return String::new() };
    let line = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}: {value}", name.replace('_', " "))
    };
    known.iter().filter(|(name, _)| *name != "refusal").map(line).collect::<Vec<_>>().join("\n")
}

/// Browser facts and exchanges in one order, and whether that order is known.
///
/// The browser counts from the opening of its context, the platform from its own start. Their clocks are laid over each other
/// at the first page of the platform that the browser showed; with no such page the browser comes first, then the platform.
pub fn timeline(browser: &[BrowserFact], exchanges: &[Exchange], scenario: &str, lang: Lang) -> (Vec<Moment>, bool) {
    let offset = offset(browser, exchanges);
    let shift = offset.unwrap_or(0);
    let mut moments: Vec<(i64, Moment)> = Vec::new();
    for exchange in exchanges {
        let faults = exchange.faults.iter().map(|fault| format!(" ⚑ {fault}")).collect::<String>();
        let at = signed(exchange.at_ms) - shift;
        moments.push((
            at,
            Moment {
                at: seconds_of(at),
                lane: "platform",
                what: format!("{} {}", exchange.method, exchange.status),
                text: format!("{}{faults}", exchange.path),
                href: Some(format!("#{}", anchor(scenario, exchange.number))),
            },
        ));
    }
    for fact in browser {
        let at = signed(fact.at_ms);
        let what = words::browser_fact(fact.kind, lang).to_owned();
        moments.push((at, Moment { at: seconds_of(at), lane: "browser", what, text: fact.text.clone(), href: None }));
    }
    let aligned = offset.is_some() || browser.is_empty() || exchanges.is_empty();
    if aligned {
        moments.sort_by_key(|(at, _)| *at);
    } else {
        moments.sort_by_key(|(at, moment)| (moment.lane, *at));
    }
    (moments.into_iter().map(|(_, moment)| moment).collect(), aligned)
}

/// What to take from the platform's times to get the browser's.
fn offset(browser: &[BrowserFact], exchanges: &[Exchange]) -> Option<i64> {
    let pages = browser.iter().filter(|fact| matches!(fact.kind, BrowserFactKind::Navigated | BrowserFactKind::WindowOpened));
    pages.filter_map(|fact| Some((fact, Url::parse(&fact.text).ok()?))).find_map(|(fact, url)| {
        let answers = |exchange: &&Exchange| exchange.method == "GET" && exchange.path == url.path() && url.path() != "/";
        exchanges.iter().find(answers).map(|exchange| signed(exchange.at_ms + exchange.duration_ms) - signed(fact.at_ms))
    })
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

fn seconds(ms: u64) -> String {
    seconds_of(signed(ms))
}

fn seconds_of(ms: i64) -> String {
    let sign = if ms < 0 { "−" } else { "" };
    format!("{sign}{}.{:03}", ms.unsigned_abs() / 1000, ms.unsigned_abs() % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Endpoint;

    fn seen(at_ms: u64, path: &str) -> Exchange {
        Exchange {
            number: at_ms,
            at_ms,
            duration_ms: 10,
            endpoint: Endpoint::Authorization,
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            form: Vec::new(),
            body: None,
            status: 200,
            response_headers: Vec::new(),
            response: None,
            facts: Facts::default(),
            faults: Vec::new(),
        }
    }

    fn shown(at_ms: u64, url: &str) -> BrowserFact {
        BrowserFact { at_ms, kind: BrowserFactKind::Navigated, text: url.to_owned() }
    }

    fn lanes(browser: &[BrowserFact], exchanges: &[Exchange]) -> (Vec<String>, bool) {
        let (moments, aligned) = timeline(browser, exchanges, "s1", Lang::En);
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

    #[test]
    fn clocks_that_never_meet_are_not_mixed() {
        let (moments, aligned) = lanes(&[shown(900, "http://127.0.0.1:1/")], &[seen(5, "/oauth/token")]);
        assert_eq!(moments, ["0.900 browser http://127.0.0.1:1/", "0.005 platform /oauth/token"]);
        assert!(!aligned);
    }

    #[test]
    fn an_exchange_is_written_as_it_was_sent() {
        let mut sent = seen(7, "/oauth/token");
        sent.method = "POST".to_owned();
        sent.query = vec![("debug".to_owned(), "1".to_owned())];
        sent.headers = vec![("accept".to_owned(), "*/*".to_owned())];
        sent.form = vec![("code".to_owned(), "[code-1]".to_owned())];
        sent.response = Some(serde_json::json!({"error": "invalid_grant"}));
        sent.facts.client_id = Some("portale".to_owned());
        sent.facts.refusal = Some("the code was redeemed before".to_owned());
        let view = exchange(&sent, &[], "s1");
        assert_eq!(view.request, "POST /oauth/token\n  ? debug = 1\naccept: */*\n\ncode = [code-1]");
        assert_eq!(view.response, "200\n\n{\n  \"error\": \"invalid_grant\"\n}");
        assert_eq!((view.facts.as_str(), view.refusal.as_deref()), ("client id: portale", Some("the code was redeemed before")));
    }
}
