//! Who is compared, what is measured, and the table of it.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use super::Outcome;

pub const COLLAUDO: &str = "collaudo";
pub const OAUTH2_MOCK_SERVER: &str = "oauth2-mock-server";
pub const OIDC_PROVIDER: &str = "oidc-provider";
pub const PRISM: &str = "Prism";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    Start,
    Memory,
    Discovery,
    Jwks,
    TokenRs256,
    TokenProcessor,
    TokenEs256,
    CodeFlow,
    Patients,
    BareRs256,
    BareEs256,
}

impl Measure {
    const ALL: [Self; 11] = [
        Self::Start,
        Self::Memory,
        Self::Discovery,
        Self::Jwks,
        Self::TokenRs256,
        Self::TokenProcessor,
        Self::TokenEs256,
        Self::CodeFlow,
        Self::Patients,
        Self::BareRs256,
        Self::BareEs256,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Start => "start to first answer, ms",
            Self::Memory => "idle memory, MB",
            Self::Discovery => "discovery, requests/s",
            Self::Jwks => "JWKS, requests/s",
            Self::TokenRs256 => "tokens RS256, requests/s",
            Self::TokenProcessor => "processor time a token RS256, us",
            Self::TokenEs256 => "tokens ES256, requests/s",
            Self::CodeFlow => "code flows with PKCE, flows/s",
            Self::Patients => "20 patients, requests/s",
            Self::BareRs256 => "bare RS256 signatures, one thread, /s",
            Self::BareEs256 => "bare ES256 signatures, one thread, /s",
        }
    }
}

#[derive(Debug, Default)]
pub struct Table(BTreeMap<(Measure, &'static str), Vec<f64>>);

impl Table {
    pub fn add(&mut self, server: &'static str, measure: Measure, value: f64) {
        self.0.entry((measure, server)).or_default().push(value);
    }

    fn median(&self, server: &'static str, measure: Measure) -> Option<f64> {
        let mut sorted = self.0.get(&(measure, server))?.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        Some(if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] })
    }

    /// Medians, and in brackets how many times ours each peer's is.
    pub fn print(&self) {
        println!("| median | {COLLAUDO} | {OAUTH2_MOCK_SERVER} | {OIDC_PROVIDER} | {PRISM} |\n| --- | ---: | ---: | ---: | ---: |");
        for measure in Measure::ALL {
            let ours = self.median(COLLAUDO, measure);
            let cell = |server: &'static str| match (self.median(server, measure), ours) {
                (Some(value), Some(ours)) if server != COLLAUDO => format!("{value:.0} ({:.2})", ours / value),
                (Some(value), _) => format!("{value:.1}"),
                (None, _) => "-".to_owned(),
            };
            let cells = [COLLAUDO, OAUTH2_MOCK_SERVER, OIDC_PROVIDER, PRISM].map(cell);
            println!("| {} | {} |", measure.title(), cells.join(" | "));
        }
        println!("\nIn brackets: collaudo's figure divided by the peer's.");
        if let (Some(token), Some(bare)) = (self.median(COLLAUDO, Measure::TokenProcessor), self.median(COLLAUDO, Measure::BareRs256)) {
            println!("Processor time of a token RS256 against its bare signature: {:.2}", token * bare / 1e6);
        }
    }
}

/// A document by which Prism answers with the same page of patients.
pub fn document_of_patients(page: &str) -> Outcome<tempfile::NamedTempFile> {
    let example: Value = serde_json::from_str(page)?;
    let content = json!({ "application/json": { "schema": { "type": "object" }, "example": example } });
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "patients", "version": "1" },
        "paths": { "/patients": { "get": { "responses": { "200": { "description": "a page", "content": content } } } } },
    });
    let mut file = tempfile::Builder::new().suffix(".json").tempfile()?;
    file.write_all(document.to_string().as_bytes())?;
    Ok(file)
}
