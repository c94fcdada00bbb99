//! What the platform and the browser saw in one scenario.

use std::fmt::Write as _;

use serde_json::Value;

use crate::domain::{Exchange, Facts, Finding};

pub(super) struct ExchangeView {
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
    /// How many headers of the request are left out: those that every browser sends by itself.
    pub usual: usize,
    pub response: String,
    pub facts: String,
}

pub(super) fn anchor(scenario: &str, number: u64) -> String {
    format!("{scenario}-x{number}")
}

pub(super) fn exchange(exchange: &Exchange, findings: &[Finding], scenario: &str) -> ExchangeView {
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
        usual: exchange.headers.iter().filter(|(name, _)| is_usual(exchange, name)).count(),
        response: response(exchange),
        facts: facts(&exchange.facts),
    }
}

fn request(exchange: &Exchange) -> String {
    let mut text = format!("{} {}", exchange.method, exchange.path);
    pairs(&mut text, "  ? ", " = ", &exchange.query);
    let told: Vec<_> = exchange.headers.iter().filter(|(name, _)| !is_usual(exchange, name)).cloned().collect();
    pairs(&mut text, "", ": ", &told);
    if !exchange.form.is_empty() {
        text.push('\n');
        pairs(&mut text, "", " = ", &exchange.form);
    }
    json(&mut text, exchange.body.as_ref());
    text
}

/// Whether a browser sent the header of its own accord: half of a page of many scenarios would be these. An application's are its own.
fn is_usual(exchange: &Exchange, name: &str) -> bool {
    let by_browser = exchange.headers.iter().any(|(name, _)| name == "sec-fetch-mode");
    let of_navigation = ["accept", "accept-encoding", "accept-language", "connection", "priority", "upgrade-insecure-requests"];
    by_browser && (name.starts_with("sec-ch-") || name.starts_with("sec-fetch-") || of_navigation.contains(&name))
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

pub(super) fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

fn seconds(ms: u64) -> String {
    seconds_of(signed(ms))
}

pub(super) fn seconds_of(ms: i64) -> String {
    let sign = if ms < 0 { "−" } else { "" };
    format!("{sign}{}.{:03}", ms.unsigned_abs() / 1000, ms.unsigned_abs() % 1000)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::Endpoint;

    pub(crate) fn seen(at_ms: u64, path: &str) -> Exchange {
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
        assert_eq!(view.usual, 0, "an application's header is its own");
        sent.headers
            .extend([("sec-fetch-mode", "cors"), ("origin", "http://app.test")].map(|(name, value)| (name.to_owned(), value.to_owned())));
        let by_browser = exchange(&sent, &[], "s1");
        assert_eq!((by_browser.request.lines().nth(2), by_browser.usual), (Some("origin: http://app.test"), 2));
        assert_eq!(view.response, "200\n\n{\n  \"error\": \"invalid_grant\"\n}");
        assert_eq!((view.facts.as_str(), view.refusal.as_deref()), ("client id: portale", Some("the code was redeemed before")));
    }
}
