use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fantoccini::Client;
use serde_json::{Value, json};
use tokio::task::AbortHandle;

use super::cdp::{ANSWER_DEADLINE, Connection, Refusal};
use super::hub::Hub;
use super::process::Driver;
use super::session::Session;
use super::state::{Popups, Scope};
use super::{BrowserError, Context, Options, locate};
use crate::domain::{Dialogs, PlatformPages};

/// For a polite end of the session before the processes are killed.
const FAREWELL: Duration = Duration::from_secs(3);

/// A running browser. Cheap to clone; it ends with [`Browser::close`], or when its last handle and the last of its contexts are dropped.
#[derive(Clone)]
pub struct Browser {
    running: Arc<Running>,
}

pub(super) struct Running {
    pub connection: Arc<Connection>,
    pub hub: Arc<Hub>,
    version: String,
    /// What a page may do in a new context.
    popups: Popups,
    /// How people go through the platform's pages, where these are not GipoNext's.
    pub platform_pages: Option<Arc<PlatformPages>>,
    driver_version: String,
    driver_pid: Option<u32>,
    /// Taken when the browser is closed.
    held: Mutex<Option<Held>>,
}

struct Held {
    client: Client,
    driver: Option<Driver>,
    keep_alive: Option<AbortHandle>,
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Browser({})", self.running.version)
    }
}

impl Browser {
    /// Starts a driver and a browser, or asks the driver at `options.webdriver` for one, and connects to its DevTools.
    ///
    /// # Errors
    /// [`BrowserError::NotFound`] or [`BrowserError::Start`]; whatever was started until then has been ended.
    pub async fn launch(options: &Options) -> Result<Self, BrowserError> {
        let exit = Arc::new(Mutex::new(Exit::default()));
        let local = if options.webdriver.is_some() { None } else { Some(start_driver(options, Arc::clone(&exit)).await?) };
        let session = Session::start(options, local.as_ref().map(|(located, driver)| (located, driver))).await?;
        let client = session.client();
        let opened = connect(&session.devtools, options.dialogs.clone()).await;
        let (connection, hub) = match opened {
            Ok(opened) => opened,
            Err(why) => {
                let _ended = client.close().await;
                return Err(why);
            }
        };
        exit.lock().unwrap_or_else(PoisonError::into_inner).connected(&connection);
        let driver = local.map(|(_, driver)| driver);
        let keep_alive = driver.is_none().then(|| tokio::spawn(Session::keep_alive(client.clone())).abort_handle());
        let running = Running {
            connection,
            hub,
            popups: if session.headless_shell { Popups::AfterClick } else { Popups::Native },
            platform_pages: options.platform_pages.clone().map(Arc::new),
            version: session.version,
            driver_version: session.driver_version,
            driver_pid: driver.as_ref().map(Driver::pid),
            held: Mutex::new(Some(Held { client, driver, keep_alive })),
        };
        Ok(Self { running: Arc::new(running) })
    }

    /// Name and version, such as `chrome-headless-shell 156.0.8078.79`.
    pub fn version(&self) -> &str {
        &self.running.version
    }

    /// The version of chromedriver, without its revision; empty where the driver does not tell it.
    pub fn driver_version(&self) -> &str {
        &self.running.driver_version
    }

    /// A context that shares no cookie, storage or cache with any other.
    pub async fn new_context(&self) -> Result<Context, BrowserError> {
        let method = "Target.createBrowserContext";
        let connection = &self.running.connection;
        let answer = connection.call(None, method, json!({})).await.map_err(|refusal| refused(connection, method, refusal))?;
        let id = answer["browserContextId"].as_str().ok_or_else(|| BrowserError::unexpected(method, "it names no context"))?;
        let scope = Arc::new(Scope::new(id.to_owned(), Arc::clone(connection), self.running.popups));
        self.running.hub.know(&scope);
        Ok(Context::new(scope, Arc::clone(&self.running)))
    }

    /// Whether the DevTools connection stands; without it every call fails with [`BrowserError::Gone`].
    pub fn is_alive(&self) -> bool {
        self.running.connection.why_gone().is_none()
    }

    /// `None` with a remote driver.
    pub fn driver_pid(&self) -> Option<u32> {
        self.running.driver_pid
    }

    /// Ends the session, the processes and their folder; every handle of this browser is useless from now on.
    pub async fn close(&self) {
        let held = self.running.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Held { client, driver, keep_alive }) = held else { return };
        if let Some(keep_alive) = keep_alive {
            keep_alive.abort();
        }
        self.running.connection.end("it was closed");
        let _polite_or_not = tokio::time::timeout(FAREWELL, client.close()).await;
        let _killed = tokio::task::spawn_blocking(move || drop(driver)).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(held) = self.held.get_mut().unwrap_or_else(PoisonError::into_inner).take() else { return };
        self.connection.end("its last handle was dropped");
        if let Some(keep_alive) = held.keep_alive {
            keep_alive.abort();
        }
        match held.driver {
            Some(driver) => drop(driver),
            // The session on a remote driver is ended by a word, if there is still somebody to say it.
            None => {
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(held.client.close());
                }
            }
        }
    }
}

/// The driver's exit ends the connection before the browser is killed: callers read the cause, not its consequence.
#[derive(Default)]
struct Exit {
    why: Option<String>,
    connection: Option<Arc<Connection>>,
}

impl Exit {
    fn exited(&mut self, why: String) {
        if let Some(connection) = self.connection.take() {
            connection.end(&why);
        }
        self.why = Some(why);
    }

    fn connected(&mut self, connection: &Arc<Connection>) {
        match &self.why {
            Some(why) => connection.end(why),
            None => self.connection = Some(Arc::clone(connection)),
        }
    }
}

async fn start_driver(options: &Options, exit: Arc<Mutex<Exit>>) -> Result<(super::Located, Driver), BrowserError> {
    let located = locate(options)?;
    let program = located.driver.clone();
    let on_exit = move |why: String| exit.lock().unwrap_or_else(PoisonError::into_inner).exited(why);
    let started = tokio::task::spawn_blocking(move || Driver::start(&program, on_exit)).await;
    let driver = started.map_err(|why| BrowserError::start("chromedriver", why))??;
    Ok((located, driver))
}

async fn connect(devtools: &str, dialogs: Dialogs) -> Result<(Arc<Connection>, Arc<Hub>), BrowserError> {
    let hub = Arc::new(Hub::answering(dialogs));
    let events = Arc::clone(&hub);
    let connection = Connection::open(devtools, move |connection, event| events.take(connection, event)).await?;
    // Every window stands still until its events are ordered: a popup's first request is seen too.
    let filter = json!([{ "type": "page", "exclude": false }]);
    let wish = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": filter });
    let method = "Target.setAutoAttach";
    connection.call(None, method, wish).await.map_err(|refusal| refused(&connection, method, refusal))?;
    Ok((connection, hub))
}

/// A refusal of a call that was not for a page.
pub(super) fn refused(connection: &Connection, method: &str, refusal: Refusal) -> BrowserError {
    match refusal {
        Refusal::Answered(why) => BrowserError::unexpected(method, why),
        Refusal::Detached => BrowserError::unexpected(method, "its target is closed"),
        Refusal::Silent => BrowserError::unexpected(method, format!("no answer within {} ms", ANSWER_DEADLINE.as_millis())),
        Refusal::Gone => gone(connection),
    }
}

pub(super) fn gone(connection: &Connection) -> BrowserError {
    BrowserError::Gone { why: connection.why_gone().unwrap_or_else(|| "it ended".to_owned()) }
}

/// A text field of an answer.
pub(super) fn field<'a>(answer: &'a Value, name: &str, method: &str) -> Result<&'a str, BrowserError> {
    answer[name].as_str().ok_or_else(|| BrowserError::unexpected(method, format!("its answer has no `{name}`")))
}
