//! wrk, one request again and again.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Outcome;
use super::server::Server;

/// One request.
pub struct Load {
    path: String,
    form: Option<String>,
    authorization: Option<String>,
}

/// What a load was answered with.
pub struct Seen {
    /// Requests a second.
    pub rate: f64,
    /// Processor time of the server for one request, in microseconds.
    pub processor_us: f64,
}

impl Load {
    pub fn get(path: &str) -> Self {
        Self { path: path.to_owned(), form: None, authorization: None }
    }

    pub fn form(path: &str, form: &str) -> Self {
        Self { form: Some(form.to_owned()), ..Self::get(path) }
    }

    pub fn bearer(self, token: &str) -> Self {
        Self { authorization: Some(format!("Bearer {token}")), ..self }
    }

    pub fn basic(self, name: &str, password: &str) -> Self {
        use base64::Engine;
        let value = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        Self { authorization: Some(format!("Basic {value}")), ..self }
    }

    /// The answer to one such request.
    pub async fn body(&self, server: &Server) -> Outcome<String> {
        let request = reqwest::Client::new().get(server.url(&self.path));
        let request = match &self.authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        };
        Ok(request.send().await?.error_for_status()?.text().await?)
    }

    fn script(&self) -> String {
        let mut lines = String::new();
        if let Some(form) = &self.form {
            lines.push_str(&format!("wrk.method = \"POST\"\nwrk.body = [[{form}]]\n"));
            lines.push_str("wrk.headers[\"Content-Type\"] = \"application/x-www-form-urlencoded\"\n");
        }
        if let Some(value) = &self.authorization {
            lines.push_str(&format!("wrk.headers[\"Authorization\"] = [[{value}]]\n"));
        }
        lines
    }
}

/// # Errors
/// When wrk is missing, or one answer is not a 2xx: a server that refuses is fast.
pub async fn wrk(server: &Server, load: &Load, spell: Duration) -> Outcome<Seen> {
    let mut script = tempfile::Builder::new().suffix(".lua").tempfile()?;
    script.write_all(load.script().as_bytes())?;
    let before = server.processor_us()?;
    let output = Command::new("wrk")
        .args(["-t1", "-c16", &format!("-d{}s", spell.as_secs()), "-s"])
        .arg(script.path())
        .arg(server.url(&load.path))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("failed to start wrk: {error}; install the package `wrk`"))?;
    let processor = server.processor_us()? - before;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("{} was not answered well:\n{text}", load.path).into());
    }
    let number = |after: &str| text.lines().find_map(|line| line.trim().strip_prefix(after)?.trim().parse::<f64>().ok());
    let rate = number("Requests/sec:").ok_or_else(|| format!("wrk said nothing of its rate:\n{text}"))?;
    let requests = text.lines().find_map(|line| line.trim().split_once(" requests in ")?.0.parse::<f64>().ok());
    Ok(Seen { rate, processor_us: processor / requests.ok_or("wrk said nothing of its requests")? })
}
