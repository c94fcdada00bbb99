use har::v1_2::{
    Cache, Content, Creator, Entries, Headers, Log, PageTimings, Pages, Params, PostData, QueryString, Request, Response, Timings,
};
use har::{Har, Spec};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{ReportError, Run, ScenarioRun, conclusion};
use crate::domain::{Endpoint, Exchange};
use crate::event::Lang;

/// Of a request or answer whose bytes were not kept (HAR 1.2: `-1` where a size is not known).
const UNKNOWN: i64 = -1;

/// The traffic of the run with the platform as an HTTP Archive 1.2: a page for each scenario, redacted as it was recorded.
///
/// Times are those of the platform's clock, counted from the scenario's start; the time to raise its platform is missing in them.
pub fn render_har(run: &Run) -> Result<String, ReportError> {
    let creator = Creator { name: "collaudo".to_owned(), version: run.started().collaudo_version.clone(), comment: None };
    let (mut pages, mut entries) = (Vec::new(), Vec::new());
    for scenario in run.scenarios() {
        let Some(attempt) = scenario.attempt() else { continue };
        let exchanges = scenario.finished().map_or(&[][..], |finished| &finished.exchanges);
        if exchanges.is_empty() {
            continue;
        }
        pages.push(page(scenario, attempt.started_at));
        entries.extend(exchanges.iter().map(|exchange| entry(run, scenario, attempt.started_at, exchange)));
    }
    let comment = Some(format!("{}: {}", run.readiness(), conclusion::conclusion(run, Lang::En)));
    let log = Log { creator, browser: None, pages: Some(pages), entries, comment };
    let mut text = serde_json::to_string_pretty(&Har { log: Spec::V1_2(log) })?;
    text.push('\n');
    Ok(text)
}

fn page(scenario: &ScenarioRun, started_at: Timestamp) -> Pages {
    Pages {
        started_date_time: started_at.to_string(),
        id: scenario.summary.id.to_string(),
        title: scenario.summary.title.clone(),
        page_timings: PageTimings { on_content_load: None, on_load: None, comment: None },
        comment: None,
    }
}

fn entry(run: &Run, scenario: &ScenarioRun, started_at: Timestamp, exchange: &Exchange) -> Entries {
    let after = SignedDuration::from_millis(i64::try_from(exchange.at_ms).unwrap_or(i64::MAX));
    let spent = exchange.duration_ms as f64;
    let faults = (!exchange.faults.is_empty()).then(|| format!("faults: {}", exchange.faults.join(", ")));
    Entries {
        pageref: Some(scenario.summary.id.to_string()),
        started_date_time: started_at.checked_add(after).unwrap_or(started_at).to_string(),
        time: spent,
        request: request(run, exchange),
        response: response(exchange),
        cache: Cache { before_request: None, after_request: None },
        timings: Timings { blocked: None, dns: None, connect: None, send: 0.0, wait: spent, receive: 0.0, ssl: None, comment: None },
        server_ip_address: None,
        connection: None,
        comment: faults,
    }
}

fn request(run: &Run, exchange: &Exchange) -> Request {
    Request {
        method: exchange.method.clone(),
        url: address(run, exchange),
        http_version: "HTTP/1.1".to_owned(),
        cookies: Vec::new(),
        headers: headers(&exchange.headers),
        query_string: exchange
            .query
            .iter()
            .map(|(name, value)| QueryString { name: name.clone(), value: value.clone(), comment: None })
            .collect(),
        post_data: post_data(exchange),
        headers_size: UNKNOWN,
        body_size: UNKNOWN,
        comment: None,
    }
}

/// The address as the client wrote it: the host that it named, or else the issuer's.
fn address(run: &Run, exchange: &Exchange) -> String {
    if exchange.endpoint == Endpoint::Application {
        return exchange.path.clone();
    }
    let issuer = run.started().target.issuer.clone().unwrap_or_default();
    let scheme = if issuer.starts_with("https") { "https" } else { "http" };
    let origin = match exchange.header("host") {
        Some(host) => format!("{scheme}://{host}"),
        None if issuer.is_empty() => "http://localhost".to_owned(),
        None => issuer.trim_end_matches('/').to_owned(),
    };
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&exchange.query).finish();
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{origin}{}{separator}{query}", exchange.path)
}

fn post_data(exchange: &Exchange) -> Option<PostData> {
    let mime_type = exchange.header("content-type").unwrap_or_default().to_owned();
    let params = exchange.form.iter().map(|(name, value)| Params {
        name: name.clone(),
        value: Some(value.clone()),
        file_name: None,
        content_type: None,
        comment: None,
    });
    match &exchange.body {
        Some(body) => Some(PostData { mime_type, text: Some(body.to_string()), params: None, comment: None }),
        None if exchange.form.is_empty() => None,
        None => Some(PostData { mime_type, text: None, params: Some(params.collect()), comment: None }),
    }
}

fn response(exchange: &Exchange) -> Response {
    let text = exchange.response.as_ref().map(Value::to_string);
    let status_text = http::StatusCode::from_u16(exchange.status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    Response {
        status: i64::from(exchange.status),
        status_text: status_text.to_owned(),
        http_version: "HTTP/1.1".to_owned(),
        cookies: Vec::new(),
        headers: headers(&exchange.response_headers),
        content: Content {
            size: text.as_ref().map_or(0, |text| i64::try_from(text.len()).unwrap_or(i64::MAX)),
            compression: None,
            mime_type: Some(exchange.response_header("content-type").unwrap_or("application/octet-stream").to_owned()),
            text,
            encoding: None,
            comment: None,
        },
        redirect_url: Some(exchange.response_header("location").unwrap_or_default().to_owned()),
        headers_size: UNKNOWN,
        body_size: UNKNOWN,
        comment: None,
    }
}

fn headers(pairs: &[(String, String)]) -> Vec<Headers> {
    pairs.iter().map(|(name, value)| Headers { name: name.clone(), value: value.clone(), comment: None }).collect()
}
