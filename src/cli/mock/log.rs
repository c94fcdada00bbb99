//! The request log of `collaudo mock`.

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use jiff::Timestamp;

use crate::domain::Exchange;
use crate::platform::Platform;

/// How requests are told on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// A line a request, for a person.
    Text,
    /// An object a line, for a program: the exchange as the journal has it.
    Json,
    Off,
}

/// Tells every exchange of the platform; never resolves.
pub async fn follow(platform: &Platform, log: Log) {
    let mut mark = 0;
    loop {
        let (exchanges, next) = platform.journal().wait_for_more(mark).await;
        mark = next;
        for exchange in &exchanges {
            match log {
                Log::Text => anstream::eprintln!("{}", line(exchange)),
                Log::Json => anstream::eprintln!("{}", serde_json::to_string(exchange).unwrap_or_default()),
                Log::Off => {}
            }
        }
    }
}

/// `11:02:31Z  200  POST /connect/token            4 ms  client gipo-…  user …  refused: …  fault state-forged`
fn line(exchange: &Exchange) -> String {
    let colour = match exchange.status {
        0..=299 => AnsiColor::Green,
        300..=399 => AnsiColor::Cyan,
        400..=499 => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    let (status, dim) = (Style::new().fg_color(Some(colour.into())), Style::new().dimmed());
    let fault = Style::new().bold().fg_color(Some(AnsiColor::Magenta.into()));
    let request = format!("{} {}", exchange.method, exchange.path);
    let mut text = format!(
        "{dim}{}{dim:#}  {status}{}{status:#}  {request:<44} {:>5} ms",
        Timestamp::now().strftime("%H:%M:%SZ"),
        exchange.status,
        exchange.duration_ms
    );
    let facts = &exchange.facts;
    for (name, value) in [("client", &facts.client_id), ("user", &facts.subject), ("refused:", &facts.refusal)] {
        if let Some(value) = value {
            text.push_str(&format!("  {dim}{name}{dim:#} {value}"));
        }
    }
    for name in &exchange.faults {
        text.push_str(&format!("  {fault}fault {name}{fault:#}"));
    }
    text
}
