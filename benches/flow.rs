//! Popup sign-in flows by the browser room and by Playwright, in turn: same browser program, same platform, same application.
//!
//! `just bench-flow [FLOWS]` installs Playwright and runs this; it prints a table and judges nothing. See `docs/benchmarks.md`.

use std::error::Error;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use collaudo::browser::pages::{ConsentPage, PlatformWindow, SignInPage};
use collaudo::browser::{Browser, Options, locate};
use collaudo::oauth::ScopeSet;
use collaudo::platform::accounts::{ADA, GrantType, RegistrationRequest, RegistrationType};
use collaudo::platform::{Platform, Settings};
use collaudo::relying_party::{Config, Listener, RelyingParty, Window};
use collaudo::runner;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

type Outcome<T> = Result<T, Box<dyn Error>>;

const WARM_UP: usize = 5;
const FLOWS: usize = 30;
const SOON: Duration = Duration::from_secs(30);
const SCOPES: &str = "openid profile offline_access giponext.patients giponext.agenda giponext.medicalreports";

#[tokio::main]
async fn main() -> Outcome<()> {
    // Cargo itself adds `--bench`.
    let flows = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(FLOWS).max(1);
    let (platform, application) = parties().await?;
    let password = platform.password_of(ADA).ok_or("the platform has no Ada")?;
    let url = application.base_url().to_string();
    let options = Options::default();
    let binary = locate(&options)?.binary;
    let browser = Browser::launch(&options).await?;
    let mut playwright = Playwright::start(&binary, &url, &password).await?;
    println!("ours:       {}\nPlaywright: {} ({})", browser.version(), playwright.browser_version, binary.display());
    println!("{WARM_UP} flows each to warm up, then {flows} each in turn\n");

    let (mut ours, mut theirs) = (Side::default(), Side::default());
    let driver = browser.driver_pid().ok_or("the driver is not ours")?;
    for round in 0..WARM_UP + flows {
        if round == WARM_UP {
            ours = Side::from_now_on(driver)?;
            theirs = Side::from_now_on(playwright.pid)?;
        }
        let before = own_ms()?;
        let took = flow(&browser, &url, &password).await?;
        let between = own_ms()?;
        ours.record(took, between - before);
        theirs.record(playwright.flow().await?, own_ms()? - between);
    }
    ours.processes = tree_ms(driver)? - ours.processes;
    theirs.processes = tree_ms(playwright.pid)? - theirs.processes;

    println!("{:<12}{:>12}{:>12}{:>12}{:>18}", "", "median, ms", "p10, ms", "p90, ms", "CPU s per flow");
    ours.print("collaudo");
    theirs.print("Playwright");
    println!("\nratio of the medians: {:.2}", ours.quantile(0.5) / theirs.quantile(0.5));

    playwright.end().await?;
    browser.close().await;
    application.stop().await;
    Ok(())
}

/// The mock platform with the bundled application registered and running.
async fn parties() -> Outcome<(Platform, RelyingParty)> {
    let platform = Platform::start(Settings::default()).await?;
    let listener = Listener::bind(([127, 0, 0, 1], 0).into())?;
    let credentials = platform.register_client(RegistrationRequest {
        r#type: RegistrationType::Web,
        grant: GrantType::AuthorizationCode,
        name: "Portale Pazienti".to_owned(),
        description: "Signs in as fast as it can".to_owned(),
        redirect_uris: vec![listener.redirect_uri().to_string()],
        scopes: ScopeSet::parse(SCOPES),
        claims: vec!["name".to_owned(), "email".to_owned()],
    })?;
    let config = Config {
        issuer: platform.issuer().clone(),
        api: platform.api().clone(),
        client_id: credentials.client_id,
        client_secret: credentials.client_secret,
        client_auth: Default::default(),
        extra: Default::default(),
        scopes: SCOPES.split(' ').map(str::to_owned).collect(),
        tenants: vec!["101".to_owned()],
        background: None,
        other: None,
        base_url: listener.base_url(),
        extra_ca_pem: None,
        window: Window::Popup,
        ends_platform_session: false,
        defect: None,
        habit: None,
    };
    let application = RelyingParty::start(listener, config).await?;
    Ok((platform, application))
}

/// What `playwright/flow.js` does, by the browser room, with all the evidence that it gathers for a report.
async fn flow(browser: &Browser, url: &str, password: &SecretString) -> Outcome<f64> {
    let began = Instant::now();
    let context = browser.new_context().await?;
    let page = context.open(url).await?;
    page.click("#login").await?;
    let popup = context.wait_for_popup(SOON).await?;
    SignInPage(&popup).wait_for().await?;
    SignInPage(&popup).sign_in(ADA, password).await?;
    PlatformWindow(&popup).wait_for_next(None, SOON).await?;
    ConsentPage(&popup).grant(&[]).await?;
    popup.wait_until_closed(SOON).await?;
    page.wait_for("#user", SOON).await?;
    context.close().await;
    Ok(began.elapsed().as_secs_f64() * 1000.0)
}

/// Playwright in a Node.js of its own, one flow for each line that it is sent.
struct Playwright {
    child: Child,
    pid: u32,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    browser_version: String,
}

impl Playwright {
    async fn start(binary: &Path, url: &str, password: &SecretString) -> Outcome<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/playwright");
        if !folder.join("node_modules/playwright-core").exists() {
            return Err("Playwright is not installed; `just bench-flow` does it".into());
        }
        let mut command = Command::new("node");
        command.arg("flow.js").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("failed to start node: {error}; install the package `nodejs`"))?;
        let pid = child.id().ok_or("node ended at once")?;
        let requests = child.stdin.take().ok_or("node has no input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("node has no output")?).lines();
        let mut playwright = Self { child, pid, requests, answers, browser_version: String::new() };
        // By standard input, for every process of the machine can read arguments.
        let wish = json!({ "executable": binary, "application": url, "email": ADA, "password": password.expose_secret() });
        playwright.browser_version = playwright.ask(&wish.to_string()).await?;
        Ok(playwright)
    }

    async fn flow(&mut self) -> Outcome<f64> {
        Ok(self.ask("flow").await?.parse()?)
    }

    async fn ask(&mut self, line: &str) -> Outcome<String> {
        self.requests.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(self.answers.next_line().await?.ok_or("Playwright ended; its message is above")?)
    }

    async fn end(mut self) -> Outcome<()> {
        drop(self.requests);
        self.child.wait().await?;
        Ok(())
    }
}

/// What one of the two was seen to take.
#[derive(Default)]
struct Side {
    milliseconds: Vec<f64>,
    /// Processor time of driver and browser.
    processes: u64,
    /// Processor time of this program meanwhile: platform, application and, for one side, the browser room.
    own: u64,
}

impl Side {
    fn from_now_on(root: u32) -> Outcome<Self> {
        Ok(Self { processes: tree_ms(root)?, ..Self::default() })
    }

    fn record(&mut self, milliseconds: f64, own: u64) {
        self.milliseconds.push(milliseconds);
        self.own += own;
    }

    /// The nearest of the times that were measured.
    fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.milliseconds.clone();
        sorted.sort_by(f64::total_cmp);
        let (below, above) = sorted.split_at(sorted.len() / 2);
        if share == 0.5 && below.len() == above.len() {
            return f64::midpoint(below[below.len() - 1], above[0]);
        }
        sorted[((sorted.len() - 1) as f64 * share).round() as usize]
    }

    fn print(&self, name: &str) {
        let [median, low, high] = [0.5, 0.1, 0.9].map(|share| self.quantile(share));
        let processor = (self.processes + self.own) as f64 / 1000.0 / self.milliseconds.len() as f64;
        println!("{name:<12}{median:>12.0}{low:>12.0}{high:>12.0}{processor:>18.2}");
    }
}

fn own_ms() -> Outcome<u64> {
    Ok(runner::own_ms().ok_or("/proc is needed")?)
}

fn tree_ms(root: u32) -> Outcome<u64> {
    Ok(runner::tree_ms(root).ok_or("/proc is needed")?)
}
