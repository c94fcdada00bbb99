//! The WebDriver session, by fantoccini: asks the driver (ours, or a Grid) for a browser and says where its DevTools listen.

use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::options::{Located, is_headless_shell};
use super::process::Driver;
use super::{BrowserError, Options};

const QUIET: [&str; 9] = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-renderer-backgrounding",
    "--hide-scrollbars",
];
/// GPU and network service as threads of the browser: two processes fewer to talk to, a tenth less of the processor. Renderers stay apart.
const IN_ONE_PROCESS: [&str; 2] = ["--in-process-gpu", "--enable-features=NetworkServiceInProcess2"];
/// A Grid ends a session that sent no WebDriver command for some minutes; DevTools traffic does not count.
const KEEP_ALIVE: Duration = Duration::from_secs(45);

/// Its name in WebDriver's capabilities.
const HEADLESS_SHELL: &str = "chrome-headless-shell";

/// What the driver told about the browser that it started.
pub(super) struct Session {
    client: Client,
    pub version: String,
    /// The program without windows, and without a popup blocker.
    pub headless_shell: bool,
    pub driver_version: String,
    /// Of the DevTools endpoint for the whole browser.
    pub devtools: String,
}

impl Session {
    pub(crate) async fn start(options: &Options, local: Option<(&Located, &Driver)>) -> Result<Self, BrowserError> {
        let address = match (&options.webdriver, local) {
            (Some(url), _) => url.to_string(),
            (None, Some((_, driver))) => driver.url(),
            (None, None) => return Err(BrowserError::start("a browser", "neither a driver nor its address is known")),
        };
        let failed = |why: &dyn std::fmt::Display| {
            let why = why.to_string();
            BrowserError::versions(&why).unwrap_or_else(|| BrowserError::start(&format!("a browser through `{address}`"), first_line(&why)))
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(options, local));
        let client = builder.connect(&address).await.map_err(|why| failed(&why))?;
        let told: Told = client
            .capabilities()
            .and_then(|told| serde_json::to_value(told).ok())
            .and_then(|told| serde_json::from_value(told).ok())
            .ok_or_else(|| failed(&"the driver told no capabilities"))?;
        let devtools = match told.devtools().await {
            Ok(devtools) => devtools,
            Err(why) => {
                let _ended = client.close().await;
                return Err(failed(&why));
            }
        };
        let headless_shell = told.browser_name == HEADLESS_SHELL;
        let version = format!("{} {}", told.browser_name, told.browser_version);
        let driver_version = told.chrome.chromedriver_version.split(' ').next().unwrap_or_default().to_owned();
        Ok(Self { client, version, headless_shell, driver_version, devtools })
    }

    /// Sends a WebDriver command now and then until the session is over.
    pub(crate) async fn keep_alive(client: Client) {
        let mut ticks = tokio::time::interval(KEEP_ALIVE);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            if client.get_window_size().await.is_err() && client.windows().await.is_err() {
                return;
            }
        }
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}

fn capabilities(options: &Options, local: Option<(&Located, &Driver)>) -> Map<String, Value> {
    let mut arguments: Vec<String> = QUIET.iter().map(|&argument| argument.to_owned()).collect();
    // chromedriver would switch the popup blocker off; a person has it on.
    let mut chrome = json!({ "excludeSwitches": ["disable-popup-blocking"] });
    let binary = local.map(|(located, _)| &located.binary).or(options.binary.as_ref());
    let shell = binary.is_some_and(|path| is_headless_shell(path));
    if !options.headed && !shell {
        arguments.push("--headless=new".to_owned());
    }
    if shell {
        arguments.extend(IN_ONE_PROCESS.map(str::to_owned));
    }
    // A remote browser's user is not known; one on this machine is most likely ours.
    let here = options.webdriver.as_ref().is_none_or(|url| matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")));
    if here && rustix::process::geteuid().is_root() {
        arguments.push("--no-sandbox".to_owned());
    }
    if let Some((_, driver)) = local {
        arguments.push(format!("--user-data-dir={}", driver.profile().display()));
    }
    if let Some(binary) = binary {
        chrome["binary"] = json!(binary);
    }
    if !options.trusted_keys.is_empty() {
        arguments.push(format!("--ignore-certificate-errors-spki-list={}", options.trusted_keys.join(",")));
    }
    arguments.extend(options.arguments.iter().cloned());
    chrome["args"] = json!(arguments);
    // Unless chromedriver is told that it is the headless shell, it waits a minute for a first window that never comes.
    let name = if shell { HEADLESS_SHELL } else { "chrome" };
    let mut capabilities = Map::new();
    capabilities.insert("browserName".to_owned(), json!(name));
    capabilities.insert("acceptInsecureCerts".to_owned(), json!(false));
    capabilities.insert("goog:chromeOptions".to_owned(), chrome);
    capabilities
}

#[derive(Deserialize)]
struct Told {
    #[serde(rename = "browserName", default)]
    browser_name: String,
    #[serde(rename = "browserVersion", default)]
    browser_version: String,
    #[serde(default)]
    chrome: ToldChrome,
    #[serde(rename = "goog:chromeOptions", default)]
    options: ToldOptions,
    /// A Selenium Grid's way to the DevTools of a browser on another machine.
    #[serde(rename = "se:cdp")]
    grid: Option<String>,
}

#[derive(Default, Deserialize)]
struct ToldChrome {
    #[serde(rename = "chromedriverVersion", default)]
    chromedriver_version: String,
}

#[derive(Default, Deserialize)]
struct ToldOptions {
    #[serde(rename = "debuggerAddress")]
    debugger_address: Option<String>,
}

#[derive(Deserialize)]
struct DevToolsVersion {
    #[serde(rename = "webSocketDebuggerUrl")]
    web_socket_debugger_url: String,
}

impl Told {
    async fn devtools(&self) -> Result<String, String> {
        if let Some(grid) = &self.grid {
            return Ok(grid.clone());
        }
        let address = self.options.debugger_address.as_deref().ok_or("the driver names no DevTools address (not a Chromium?)")?;
        let url = Url::parse(&format!("http://{address}/json/version")).map_err(|why| why.to_string())?;
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().map_err(|why| why.to_string())?;
        let answer = client.get(url).send().await.map_err(|why| why.to_string())?;
        let version: DevToolsVersion = answer.json().await.map_err(|why| why.to_string())?;
        Ok(version.web_socket_debugger_url)
    }
}
