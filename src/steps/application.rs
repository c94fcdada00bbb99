//! The application under test as a running thing: bundled, started from its profile's command, or running already.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::Failure;
use super::container::Container;
use super::loopback::exempted;
use super::output::{Output, capture};
use super::reach::Reach;
use super::second_platform::SecondPlatform;
use super::stage::Stage;
use crate::domain::{App, Waiting};
use crate::relying_party::RelyingParty;
use crate::supervision::{self, Supervised};

/// Between two questions whether a started application is ready: it sends no event that could be awaited.
const READY_INTERVAL: Duration = Duration::from_millis(50);
/// How long an ended application's port may stay taken.
const RELEASE: Duration = Duration::from_secs(2);
/// How long the last words of an ended application may be on their way.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// What stands for the last words of one that said nothing.
const NO_WORDS: &str = "none";
/// How much of an application's output a failure quotes, in bytes.
const TAIL: usize = 2000;

pub enum Instance {
    Bundled(RelyingParty),
    Started(Started),
    Container(Box<Container>),
    Running,
}

/// An application that the harness started, ended when dropped, before its folder goes.
pub struct Started {
    supervised: Supervised,
    output: Output,
    _folder: tempfile::TempDir,
}

/// What `{…}` in the profile's environment stands for.
pub struct Filling<'a> {
    pub issuer: &'a str,
    pub api: &'a str,
    pub client_id: &'a str,
    pub client_secret: Option<&'a SecretString>,
    pub tenants: &'a [String],
    pub poll_seconds: u64,
    pub other: Option<&'a SecondPlatform>,
    pub ca_pem: Option<&'a str>,
    /// How our own clients reach the application.
    pub reach: &'a Reach,
}

impl Filling<'_> {
    /// The environment that the profile asks for. `{ca_file}` is empty where there is no certificate authority: libraries choke on an empty
    /// file.
    pub fn environment(&self, app: &App, ca_file: &Path) -> Vec<(String, String)> {
        let other = |part: fn(&SecondPlatform) -> String| self.other.map(part).unwrap_or_default();
        let filled = |value: &String| {
            value
                .replace("{issuer}", self.issuer)
                .replace("{api}", self.api)
                .replace("{client_id}", self.client_id)
                .replace("{client_secret}", self.client_secret.map_or("", |secret| secret.expose_secret()))
                .replace("{tenants}", &self.tenants.join(","))
                .replace("{other_issuer}", &other(SecondPlatform::issuer))
                .replace("{other_api}", &other(SecondPlatform::api))
                .replace("{other_client_id}", &other(SecondPlatform::client_id))
                .replace("{other_client_secret}", &other(SecondPlatform::client_secret))
                .replace("{poll_seconds}", &self.poll_seconds.to_string())
                .replace("{ca_file}", self.ca_pem.map(|_| ca_file.to_string_lossy()).as_deref().unwrap_or_default())
        };
        let filled = |value: &String| app.placed(&filled(value));
        let told = app.env.iter().map(|(name, value)| (name.clone(), filled(value))).collect();
        // A container inherits nothing.
        let inherited = |name: &str| std::env::var(name).ok().filter(|_| app.image.is_none());
        exempted(told, inherited, [self.issuer, self.api, &other(SecondPlatform::issuer)])
    }
}

impl Stage {
    /// How an application that we started has ended by itself, if it has.
    pub async fn death(&self) -> Option<String> {
        let death = match self.shared.application.lock().await.as_mut() {
            Some(Instance::Started(started)) => started.death().await,
            Some(Instance::Container(container)) => container.death().await,
            _ => None,
        };
        death.map(|death| self.redacted(death))
    }

    /// What the application wrote so far, as it wrote it: only to be searched. `None` where that is not seen.
    pub(super) async fn output(&self) -> Option<String> {
        match self.shared.application.lock().await.as_ref()? {
            Instance::Bundled(application) => Some(application.written()),
            Instance::Started(started) => Some(started.output.borrow().text().to_owned()),
            Instance::Container(container) => Some(container.last_words().await),
            Instance::Running => None,
        }
    }

    /// What the application that we started, or the program, wrote so far: each line with its second since the platform started.
    pub async fn words(&self) -> Option<String> {
        let since = self.instrument().map_or(0, |platform| platform.journal().elapsed_ms());
        let now = Instant::now();
        let origin = now.checked_sub(Duration::from_millis(since)).unwrap_or(now);
        if let Some(program) = self.program.as_ref().and_then(|registered| registered.running.as_ref()) {
            return Some(self.redacted(program.timed(origin)));
        }
        let words = match self.shared.application.lock().await.as_ref() {
            Some(Instance::Started(started)) => started.output.borrow().timed(origin),
            // An engine keeps no time that could be laid beside the platform's.
            Some(Instance::Container(container)) => container.last_words().await,
            _ => return None,
        };
        Some(self.redacted(words))
    }

    /// The last lines of what it wrote.
    pub async fn last_lines(&self, count: usize) -> Vec<String> {
        if let Some(program) = self.program.as_ref().and_then(|registered| registered.running.as_ref()) {
            return program.last_lines(count);
        }
        let owned = |lines: Vec<&str>| lines.into_iter().map(str::to_owned).collect();
        match self.shared.application.lock().await.as_ref() {
            Some(Instance::Started(started)) => owned(started.output.borrow().last(count)),
            Some(Instance::Container(container)) => {
                let words = container.last_words().await;
                let lines: Vec<&str> = words.lines().filter(|line| *line != NO_WORDS).collect();
                owned(lines[lines.len().saturating_sub(count)..].to_vec())
            }
            _ => Vec::new(),
        }
    }

    /// The same failure without what this run keeps secret.
    pub(super) fn hide(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Unjudged { reason } => Failure::Unjudged { reason: self.redacted(reason) },
            Failure::Broke { reason } => Failure::Broke { reason: self.redacted(reason) },
            other => other,
        }
    }

    /// Adds why the application does not react, where that can be seen from outside: it is down, or has ended.
    pub async fn explain(&self, failure: Failure) -> Failure {
        if let Some(death) = self.death().await {
            return Failure::unjudged(death);
        }
        match self.application_client() {
            Ok(client) => match client.get(self.base_url.clone()).send().await {
                Err(error) if error.is_connect() || error.is_timeout() => {
                    let gone = format!("the application does not answer at {}: {}", self.base_url, error.without_url());
                    self.gone(Failure::unjudged(gone)).await
                }
                _ => failure,
            },
            Err(_) => failure,
        }
    }

    /// One that runs already, and has ended meanwhile, is started by nobody again.
    async fn gone(&self, failure: Failure) -> Failure {
        match self.shared.application.lock().await.as_ref() {
            Some(Instance::Running) => self.setup.presence.is_absent(failure),
            _ => failure,
        }
    }
}

impl Started {
    pub async fn start(app: &App, command: &[String], filling: &Filling<'_>) -> Result<Self, Failure> {
        free_address(app).await?;
        let folder = supervision::folder().map_err(Failure::broke)?;
        let ca_file = folder.path().join("platform-ca.pem");
        std::fs::write(&ca_file, filling.ca_pem.unwrap_or_default()).map_err(Failure::broke)?;
        let command: Vec<String> = command.iter().map(|word| app.placed(word)).collect();
        let (program, arguments) = command.split_first().ok_or_else(|| Failure::broke("the profile's command is empty"))?;
        let (supervised, output) = spawn(program, arguments, &filling.environment(app, &ca_file), folder.path())?;
        let mut started = Self { supervised, output, _folder: folder };
        wait_until_ready(app, filling.reach, &mut started).await?;
        Ok(started)
    }
}

/// Starts a command and keeps what it writes. `folder` goes with it.
pub fn spawn(
    program: &str,
    arguments: &[String],
    environment: &[(String, String)],
    folder: &Path,
) -> Result<(Supervised, Output), Failure> {
    let started = Supervised::start(program, arguments, folder, |command| {
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        capture(command, |name| environment.iter().any(|(told, _)| told == name))
    });
    let (supervised, output) =
        started.map_err(|error| Failure::unjudged(format!("the application's command `{program}` did not start: {error}")))?;
    Ok((supervised, output.map_err(Failure::broke)?))
}

impl Lives for Started {
    async fn death(&mut self) -> Option<String> {
        let status = self.supervised.status()?;
        let mut output = self.output.clone();
        // A process that it left behind may go on writing.
        let _ = tokio::time::timeout(LAST_WORDS, output.wait_for(|_| false)).await;
        Some(format!("the application ended by itself ({status}); its last words: {}", self.last_words().await))
    }

    async fn last_words(&self) -> String {
        tail(self.output.borrow().text().as_bytes())
    }
}

/// An application that we started: whether it still runs, and what it said.
pub trait Lives {
    /// That it has ended by itself, with how and what it said last.
    async fn death(&mut self) -> Option<String>;
    async fn last_words(&self) -> String;
}

/// The end of what an application wrote, from a whole word on: what is left of a secret that was cut nobody would find.
pub fn tail(text: &[u8]) -> String {
    let end = String::from_utf8_lossy(&text[text.len().saturating_sub(TAIL)..]).into_owned();
    let whole = if text.len() > TAIL { end.split_once(char::is_whitespace).map_or("", |(_cut, whole)| whole) } else { &end };
    if whole.trim().is_empty() { NO_WORDS.to_owned() } else { whole.trim().to_owned() }
}

/// That nobody else is where the application is to be.
pub async fn free_address(app: &App) -> Result<(), Failure> {
    match still_taken(&ready_address(app)?).await {
        Some(address) => {
            Err(Failure::broke(format!("something else already listens on {address}, where the application is to be started: stop it")))
        }
        None => Ok(()),
    }
}

/// Where a started application says that it is ready: behind a proxy that is not its page's address.
fn ready_address(app: &App) -> Result<Url, Failure> {
    let page = app.url.clone().ok_or_else(|| Failure::broke("the profile names no app.url"))?;
    app.ready.as_deref().map_or(Ok(page.clone()), |ready| page.join(ready)).map_err(Failure::broke)
}

/// Polls the started application until it answers.
pub async fn wait_until_ready(app: &App, reach: &Reach, started: &mut impl Lives) -> Result<(), Failure> {
    let url = ready_address(app)?;
    let client = reach.client(&url)?.timeout(Duration::from_secs(2)).build().map_err(Failure::broke)?;
    let mut tick = tokio::time::interval(READY_INTERVAL);
    let end = tokio::time::Instant::now() + app.patience.start;
    let mut last_seen = "no answer".to_owned();
    while tokio::time::Instant::now() < end {
        tick.tick().await;
        if let Some(death) = started.death().await {
            return Err(Failure::unjudged(death));
        }
        match client.get(url.clone()).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => last_seen = format!("status {}", answer.status()),
            Err(error) => match reach.untrusted(&url, &error) {
                Some(failure) => return Err(failure),
                None => last_seen = error.without_url().to_string(),
            },
        }
    }
    Err(Failure::unjudged(format!(
        "the application was not ready at {url} ({}; last seen: {last_seen}); its last words: {}",
        app.patience.waited(Waiting::Start),
        started.last_words().await
    )))
}

/// The loopback address of `url`, if something goes on listening there: a scenario's application that has just been ended is
/// given the moment that its processes need to go.
async fn still_taken(url: &Url) -> Option<SocketAddr> {
    let mut tick = tokio::time::interval(READY_INTERVAL);
    let end = tokio::time::Instant::now() + RELEASE;
    loop {
        tick.tick().await;
        let address = taken(url)?;
        if tokio::time::Instant::now() >= end {
            return Some(address);
        }
    }
}

/// Whether something listens at an address of this machine; `None` where it is another's.
pub(super) fn listens(url: &Url) -> Option<bool> {
    loopback(url).map(answers_at)
}

/// The loopback address of `url`, if something listens there.
fn taken(url: &Url) -> Option<SocketAddr> {
    loopback(url).filter(|address| answers_at(*address))
}

fn loopback(url: &Url) -> Option<SocketAddr> {
    url.socket_addrs(|| None).ok()?.into_iter().find(|address| address.ip().is_loopback())
}

fn answers_at(address: SocketAddr) -> bool {
    std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}
