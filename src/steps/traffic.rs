//! What the platform saw, in few words: a reason why something could not be judged tells what came in its place.

use super::Failure;
use super::world::World;
use crate::domain::Exchange;

/// How many exchanges a reason tells, the last ones.
const TOLD: usize = 4;

/// Completes "the platform saw …".
pub(super) fn told(exchanges: &[Exchange]) -> String {
    if exchanges.is_empty() {
        return "nothing at all".to_owned();
    }
    let last = &exchanges[exchanges.len().saturating_sub(TOLD)..];
    let last: Vec<String> = last.iter().map(one).collect();
    let before = exchanges.len() - last.len();
    let and = if before == 0 { String::new() } else { format!(" after {before} others") };
    format!("{}{and}", last.join(", "))
}

fn one(exchange: &Exchange) -> String {
    let faults = if exchange.faults.is_empty() { String::new() } else { format!(", by {}", exchange.faults.join(" and ")) };
    match (exchange.is_handshake(), exchange.status) {
        (true, _) => {
            format!("a TLS handshake{}{faults}", exchange.facts.refusal.as_deref().map(|why| format!(" ({why})")).unwrap_or_default())
        }
        (false, Exchange::UNANSWERED) => format!("{} {} (not answered{faults})", exchange.method, exchange.path),
        (false, status) => format!("{} {} ({status}{faults})", exchange.method, exchange.path),
    }
}

impl World {
    /// What came since the provocation began.
    pub(super) fn came_instead(&self) -> String {
        self.stage().map_or_else(|_| "nothing at all".to_owned(), |stage| told(&stage.provoked_exchanges()))
    }

    /// What the actor's page says now, where it can be read.
    pub(super) async fn page_says(&mut self) -> String {
        match self.look().await {
            Ok(sight) => format!("the page says `{}`", sight.shortened(&self.redact())),
            Err(Failure::Unjudged { .. } | Failure::Broke { .. }) => "the page cannot be read".to_owned(),
            Err(_) => "there is no page".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Endpoint, Facts};

    fn exchange(number: u64, method: &str, path: &str, status: u16) -> Exchange {
        let (query, headers, form, response_headers, faults) = Default::default();
        let facts = Facts::default();
        let (method, path) = (method.to_owned(), path.to_owned());
        let (at_ms, duration_ms, endpoint, body, response) = (0, 0, Endpoint::Api, None, None);
        Exchange {
            number,
            at_ms,
            duration_ms,
            endpoint,
            method,
            path,
            query,
            headers,
            form,
            body,
            status,
            response_headers,
            response,
            facts,
            faults,
        }
    }

    #[test]
    fn the_last_exchanges_are_told_with_what_became_of_them() {
        assert_eq!(told(&[]), "nothing at all");
        let mut dropped = exchange(1, "POST", "/v2/tenants/1/appointments", Exchange::UNANSWERED);
        dropped.faults.push("api-drop".to_owned());
        let mut spoilt = exchange(2, crate::domain::HANDSHAKE, "", 0);
        spoilt.facts.refusal = Some("bad certificate".to_owned());
        assert_eq!(
            told(&[dropped.clone(), spoilt]),
            "POST /v2/tenants/1/appointments (not answered, by api-drop), a TLS handshake (bad certificate)"
        );
        let many: Vec<Exchange> = (0..6).map(|number| exchange(number, "GET", "/x", 200)).collect();
        assert_eq!(told(&many), "GET /x (200), GET /x (200), GET /x (200), GET /x (200) after 2 others");
    }
}
