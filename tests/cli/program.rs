//! Runs the program, and reads what a run wrote.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use collaudo::catalogue::Catalogue;
use serde_json::Value;
use tempfile::TempDir;

/// How long a thing may take that comes within seconds.
const SOON: Duration = Duration::from_secs(60);

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_collaudo"));
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// A folder for one use of the program; its temporary files stay inside.
pub struct Desk {
    folder: TempDir,
}

/// How the program ended and what it said.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("tmp")).expect("a folder");
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn out(&self) -> PathBuf {
        self.path("out")
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder");
        fs::write(&path, text).expect("writes");
        path
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.args(arguments).current_dir(self.folder.path()).env("TMPDIR", self.path("tmp"));
        command
    }

    pub fn ended(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().expect("the program starts").into()
    }

    /// `collaudo run … --out out`.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.ended(&[&["run", "--out", "out"], arguments].concat())
    }

    /// The same, still under way.
    pub fn start_run(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(&[&["run", "--out", "out"], arguments].concat());
        Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts"))
    }

    pub fn records(&self) -> Vec<Value> {
        records(&self.out())
    }

    /// Title, verdict and reason of every scenario that ended, in that order.
    pub fn verdicts(&self) -> Vec<(String, String, String)> {
        let records = self.records();
        let planned = records[0]["scenarios"].as_array().expect("a plan");
        let of = |record: &Value| {
            let title = planned.iter().find(|scenario| scenario["id"] == record["scenario"]).expect("it was planned")["title"].clone();
            (text(&title), text(&record["verdict"]), text(&record["reason"]))
        };
        records.iter().filter(|record| record["event"] == "scenario-finished").map(of).collect()
    }

    /// Neither a process that works in our temporary folder nor a file there.
    pub fn until_nothing_is_left(&self) {
        wait_until("something is left", || {
            let (processes, files) = self.what_is_left();
            if files.is_empty() && processes.is_empty() { Ok(()) } else { Err(format!("{files:?} {processes:?}")) }
        });
    }

    /// How many processes work in our temporary folder, and how many files are there.
    pub fn left(&self) -> (usize, usize) {
        let (processes, files) = self.what_is_left();
        (processes.len(), files.len())
    }

    fn what_is_left(&self) -> (Vec<String>, Vec<PathBuf>) {
        let tmp = self.path("tmp");
        let files = fs::read_dir(&tmp).expect("it is ours").flatten().map(|entry| entry.path()).collect();
        (processes_of(&tmp), files)
    }
}

/// A process of ours, ended when dropped.
pub struct Running(pub Child);

impl Running {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        kill(self.pid(), signal);
    }

    pub fn ended(mut self) -> Ended {
        use std::io::Read;
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.0.stdout.take().expect("it is piped").read_to_string(&mut stdout).expect("text");
        self.0.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("text");
        Ended { code: self.0.wait().expect("it is ours").code(), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn kill(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
    // It may have ended by itself.
    let _ = rustix::process::kill_process(pid, signal);
}

/// Looks until `look` is content; fails with what it saw last.
pub fn wait_until<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + SOON;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(Instant::now() < end, "{what}: {seen}"),
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

pub fn records(out: &Path) -> Vec<Value> {
    let text = fs::read_to_string(out.join("run.jsonl")).unwrap_or_default();
    // The last line may be half written.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A port that nobody listens on; below those that outgoing connections take.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 400).expect("small") * 30;
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (0..30).map(|_| first + TAKEN.fetch_add(1, Ordering::Relaxed) % 30).find(free).expect("a port is free")
}

/// Descendants of a process whose program has this name.
pub fn descendants(ancestor: u32, name: &str) -> Vec<u32> {
    below(ancestor, |line| line.split('\0').take(2).any(|word| Path::new(word).ends_with(name)))
}

/// Those that have this word in their command.
pub fn descendants_with(ancestor: u32, word: &str) -> Vec<u32> {
    below(ancestor, |line| line.split('\0').any(|part| part == word))
}

fn below(ancestor: u32, is_meant: impl Fn(&str) -> bool) -> Vec<u32> {
    let table: Vec<(u32, u32, String)> = processes().filter_map(|pid| Some((pid, parent(pid)?, command_line(pid)))).collect();
    let mut family = vec![ancestor];
    let mut found = Vec::new();
    while let Some(one) = family.pop() {
        for (pid, _, line) in table.iter().filter(|(_, parent, _)| *parent == one) {
            family.push(*pid);
            if is_meant(line) {
                found.push(*pid);
            }
        }
    }
    found
}

pub fn processes() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").expect("a Linux").flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// State, parent and further fields; a zombie has none.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    (fields[0] != "Z").then(|| fields[1].parse().ok())?
}

pub fn command_line(pid: u32) -> String {
    fs::read(format!("/proc/{pid}/cmdline")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Command lines of the processes that were told of `folder`, by argument or environment.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().expect("text").to_owned();
    let told = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        command_line(*pid).contains(&folder) || String::from_utf8_lossy(&environment).contains(&folder)
    };
    processes().filter(|pid| parent(*pid).is_some()).filter(told).map(command_line).collect()
}

/// Where a scenario of this title stands.
pub fn at(title: &str) -> String {
    let catalogue = Catalogue::embedded().expect("the suite is sound");
    let scenario = catalogue.scenarios.iter().find(|scenario| scenario.title == title);
    scenario.unwrap_or_else(|| panic!("no scenario is called `{title}`")).id.to_string()
}

/// Where this row of what a scenario tries stands: a run of it takes a fraction of the scenario's time.
pub fn row(title: &str, cell: &str) -> String {
    let scenario = at(title);
    let (path, line) = scenario.split_once(':').expect("a place");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a feature");
    let line: usize = line.parse().expect("a line");
    let row = text.lines().skip(line).position(|own| own.trim().trim_matches('|').trim() == cell);
    format!("{path}:{}", line + 1 + row.unwrap_or_else(|| panic!("`{title}` tries no `{cell}`")))
}

/// The first thing that CB-01 tries.
pub fn forged_state() -> String {
    row("A response whose state is not the one that was sent is refused", "answer the authorization request with a state that nobody sent")
}
