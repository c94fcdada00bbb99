//! The driver's process, its browser's, and their folder: nothing of them may outlive this program, however it ends.
//!
//! chromedriver leads a process group that its browser stays in. Three ways lead to the same end, group killed and folder removed:
//! [`Driver`] is dropped; chromedriver exits by itself or by another's hand (its watching thread notices); this program dies without
//! a word (`kill -9`): then the reaper does it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use super::BrowserError;
use crate::supervision::{self, Mark, OWNER, Reaper};

const START_DEADLINE: Duration = Duration::from_secs(20);
/// For the kernel to end killed processes; they hold the driver's standard output until then.
const END_DEADLINE: Duration = Duration::from_secs(5);
const READY: &str = "started successfully on port ";

/// A running chromedriver with its process group and folder.
pub(super) struct Driver {
    pid: u32,
    port: u16,
    folder: PathBuf,
    cleanup: Arc<Cleanup>,
}

impl Driver {
    /// Starts chromedriver on a free port and waits until it listens (blocking). `on_exit` is told why when it exits, once.
    pub(crate) fn start(program: &Path, on_exit: impl FnOnce(String) + Send + 'static) -> Result<Self, BrowserError> {
        let what = format!("`{}`", program.display());
        let failed = |why: io::Error| BrowserError::start(&what, why);
        let folder = supervision::folder().map_err(failed)?;
        let path = folder.path().to_owned();
        let mut child = Command::new(program)
            .arg("--port=0")
            .process_group(0)
            .env("TMPDIR", &path)
            .envs(Mark::own().map(|mark| (OWNER, mark.to_string())))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let pid = child.id();
        let reaper = Reaper::start(pid, &path);
        let (ports, ended) = read_output(child.stdout.take());
        let cleanup = Arc::new(Cleanup { group: pid, held: Mutex::new(Some(Held { folder, reaper, ended })) });
        let watched = Arc::clone(&cleanup);
        thread::spawn(move || watch(child, &watched, on_exit));
        let port = ports.recv_timeout(START_DEADLINE);
        let driver = Self { pid, port: port.unwrap_or_default(), folder: path, cleanup };
        // A driver that never listened is dropped here, with all that it started.
        if driver.port == 0 { Err(BrowserError::start(&what, "it exited or did not say its port")) } else { Ok(driver) }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Where the browser keeps its profile.
    pub(crate) fn profile(&self) -> PathBuf {
        self.folder.join("profile")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.cleanup.run();
    }
}

struct Cleanup {
    group: u32,
    held: Mutex<Option<Held>>,
}

struct Held {
    folder: TempDir,
    reaper: Option<Reaper>,
    /// Disconnected once no process of the group holds the driver's standard output.
    ended: Receiver<()>,
}

impl Cleanup {
    /// Kills the group, waits for its end and removes the folder. A second call waits for the first and does nothing.
    fn run(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Held { folder, reaper, ended }) = held.take() else { return };
        if let Some(group) = i32::try_from(self.group).ok().and_then(Pid::from_raw) {
            let _already_gone = kill_process_group(group, Signal::KILL);
        }
        let _disconnected = ended.recv_timeout(END_DEADLINE);
        remove(folder);
        if let Some(reaper) = reaper {
            reaper.done();
        }
    }
}

/// A helper process of the browser that is not in the pipe's hands may still write while it dies: no event tells of its last write.
fn remove(folder: TempDir) {
    let path = folder.keep();
    for _ in 0..100 {
        match fs::remove_dir_all(&path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => thread::sleep(Duration::from_millis(20)),
            _ => return,
        }
    }
    tracing::warn!(folder = %path.display(), "could not remove the browser's folder");
}

/// The port, once the driver says it; and a channel that is disconnected at the end of its output.
fn read_output(stdout: Option<ChildStdout>) -> (Receiver<u16>, Receiver<()>) {
    let (port, ports) = channel();
    let (open, ended) = channel();
    if let Some(stdout) = stdout {
        thread::spawn(move || drain(stdout, &port, open));
    }
    (ports, ended)
}

fn drain(stdout: ChildStdout, port: &Sender<u16>, open: Sender<()>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        if let Some(found) = port_in(&line) {
            let _nobody_waits = port.send(found);
        }
    }
    drop(open);
}

fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once(READY)?;
    rest.trim_end_matches('.').parse().ok()
}

fn watch(mut child: Child, cleanup: &Cleanup, on_exit: impl FnOnce(String)) {
    let why = match child.wait() {
        Ok(status) => format!("chromedriver ended ({status})"),
        Err(why) => format!("chromedriver was lost ({why})"),
    };
    on_exit(why);
    cleanup.run();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_drivers_own_words() {
        assert_eq!(port_in("ChromeDriver was started successfully on port 40123."), Some(40123));
        assert_eq!(port_in("Starting ChromeDriver 156.0 on port 0"), None);
    }

    #[test]
    fn a_driver_that_never_listens_fails_to_start_and_leaves_no_folder() {
        let (sender, exits) = channel();
        let failed = Driver::start(Path::new("/bin/true"), move |why| sender.send(why).expect("the test listens"));
        let text = failed.err().expect("true is no driver").to_string();
        assert_eq!(text, "could not start `/bin/true`: it exited or did not say its port");
        // By itself, or by us between its last word and its end.
        let ended = exits.recv().expect("its end is told");
        assert!(ended.starts_with("chromedriver ended ("), "{ended}");
    }
}
