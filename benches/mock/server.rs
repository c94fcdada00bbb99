//! A server in a process group of its own, ended when dropped.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;

use super::Outcome;

/// Linux counts processor time in hundredths of a second towards programs.
const MICROSECONDS_PER_TICK: f64 = 10_000.0;
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Server {
    child: Child,
    pub port: u16,
    /// From the start of the process to the first answer.
    pub started_ms: f64,
    /// What `collaudo mock --format json` says of itself.
    pub facts: Value,
}

impl Server {
    /// Without the rotation of refresh tokens and without limits, so that one token can be refreshed for as long as the load lasts.
    pub async fn collaudo(algorithm: &str) -> Outcome<Self> {
        let port = free_port()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_collaudo"));
        command.args(["mock", "--format", "json", "--log", "off", "--redirect-uri", super::login::REDIRECT_URI, "--port"]);
        command.arg(port.to_string());
        for assumption in ["refresh_rotation=false", "rate_limit=0"] {
            command.args(["--assume", assumption]);
        }
        command.args(["--assume", &format!("signing_algorithm={algorithm}")]);
        let mut server = Self::started(command.stdout(Stdio::piped()), port, "/.well-known/openid-configuration")?;
        let mut line = String::new();
        let output = server.child.stdout.take().ok_or("the mock has no output")?;
        BufReader::new(output).read_line(&mut line)?;
        server.facts = serde_json::from_str(&line)?;
        Ok(server)
    }

    pub async fn node(script: &str, arguments: &[&str], ready: &str) -> Outcome<Self> {
        let port = free_port()?;
        let mut command = Command::new("node");
        command.current_dir(folder()?).arg(script).arg(port.to_string()).args(arguments);
        Self::started(command.stdout(Stdio::null()).stderr(Stdio::null()), port, ready)
    }

    pub async fn prism(document: &Path) -> Outcome<Self> {
        let port = free_port()?;
        let mut command = Command::new("node");
        command.current_dir(folder()?).arg("node_modules/.bin/prism").arg("mock").arg(document);
        command.args(["--multiprocess", "false", "--host", "127.0.0.1", "--port"]).arg(port.to_string());
        Self::started(command.stdout(Stdio::null()).stderr(Stdio::null()), port, "/patients")
    }

    fn started(command: &mut Command, port: u16, ready: &str) -> Outcome<Self> {
        let began = Instant::now();
        let child = command.stdin(Stdio::null()).process_group(0).spawn()?;
        let mut server = Self { child, port, started_ms: 0.0, facts: Value::Null };
        while !answers(port, ready) {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("{command:?} ended at once: {status}").into());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{command:?} does not answer").into());
            }
            std::thread::park_timeout(Duration::from_micros(500));
        }
        server.started_ms = began.elapsed().as_secs_f64() * 1000.0;
        Ok(server)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// Resident memory once nothing has been asked for two seconds.
    pub fn memory_mb(&self) -> Outcome<f64> {
        std::thread::park_timeout(Duration::from_secs(2));
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Processor time of the server so far, in microseconds.
    pub fn processor_us(&self) -> Outcome<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = text.rsplit_once(") ").ok_or("an odd stat line")?.1.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).ok_or("an odd stat line");
        Ok((ticks(11)? + ticks(12)?) * MICROSECONDS_PER_TICK)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

fn folder() -> Outcome<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    if !folder.join("node_modules/oidc-provider").exists() {
        return Err("the peers are not installed; `just bench-mock` does it".into());
    }
    Ok(folder)
}

/// Below the ports that outgoing connections take.
fn free_port() -> Outcome<u16> {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok() && TcpListener::bind(("::1", *port)).is_ok();
    Ok((23_000..24_000).find(free).ok_or("no port is free")?)
}

/// Whether the path is answered with 200. Plain, for a client of weight would be measured too.
fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        // The peers listen on whichever address `localhost` is.
        let mut stream = TcpStream::connect(("localhost", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n")?;
        let mut first = [0; 12];
        stream.read_exact(&mut first)?;
        Ok(String::from_utf8_lossy(&first).into_owned())
    };
    ask().is_ok_and(|line| line == "HTTP/1.1 200")
}
