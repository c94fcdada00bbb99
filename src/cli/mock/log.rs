//! The request log of `collaudo mock`.

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use jiff::Timestamp;

use crate::cli::console::note;
use crate::domain::{Exchange, Facts};
use crate::platform::Platform;
use crate::platform::accounts::UserId;

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
pub async fn follow(platform: &Platform, issuer: Option<&str>, log: Log) {
    let mut mark = 0;
    loop {
        let (exchanges, next) = platform.journal().wait_for_more(mark).await;
        mark = next;
        for exchange in &exchanges {
            match log {
                Log::Text => note!("{}", line(platform, issuer, exchange)),
                Log::Json => note!("{}", serde_json::to_string(exchange).unwrap_or_default()),
                Log::Off => {}
            }
        }
    }
}

/// `11:02:31Z  200  POST /connect/token            4 ms  client Agenda  user ada…  refused: …  fault state-forged`
fn line(platform: &Platform, issuer: Option<&str>, exchange: &Exchange) -> String {
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
    if let Some(issuer) = issuer {
        text.push_str(&format!("  {dim}{issuer}{dim:#}"));
    }
    let (client, user) = names(platform, &exchange.facts);
    for (name, value) in [("client", client), ("user", user), ("refused:", exchange.facts.refusal.clone())] {
        if let Some(value) = value {
            text.push_str(&format!("  {dim}{name}{dim:#} {value}"));
        }
    }
    for name in &exchange.faults {
        text.push_str(&format!("  {fault}fault {name}{fault:#}"));
    }
    text
}

/// The application's name and the user's e-mail: what people know them by. An id that nobody has stays an id.
fn names(platform: &Platform, facts: &Facts) -> (Option<String>, Option<String>) {
    let accounts = platform.shared().accounts();
    let client = |id: &String| accounts.client(id).map_or_else(|| id.clone(), |client| client.request.name.clone());
    let user = |id: &String| accounts.user(&UserId(id.clone())).map_or_else(|| id.clone(), |user| user.email.clone());
    (facts.client_id.as_ref().map(client), facts.subject.as_ref().map(user))
}
