use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

use super::processes::Process;

/// The environment variable that says whose a process is.
pub const OWNER: &str = "COLLAUDO_OWNER";
const PREFIX: &str = "collaudo-";

/// A process of this program, told from every other one, before it and after it: its number may be another's one day, its start time not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pid: u32,
    /// Clock ticks since the machine started.
    started: u64,
    /// Where a number means that process: this start of this machine, this table of processes.
    here: String,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.pid, self.started, self.here)
    }
}

impl Mark {
    /// Of this process. `None` on a system that does not tell start times.
    pub fn own() -> Option<&'static Self> {
        static OWN: LazyLock<Option<Mark>> = LazyLock::new(|| Mark::of(std::process::id()));
        OWN.as_ref()
    }

    /// Of a process that runs.
    pub fn of(pid: u32) -> Option<Self> {
        Some(Self { pid, started: Process::find(pid).ok()?.started, here: here()? })
    }

    /// Reads what [`Mark`] writes; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (pid, started, here) = (parts.next()?, parts.next()?, parts.next()?);
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let whole = parts.next().is_none() && is_number(pid) && is_number(started) && here.len() == HERE_LENGTH;
        whole.then(|| Some(Self { pid: pid.parse().ok()?, started: started.parse().ok()?, here: here.to_owned() }))?
    }

    /// The mark in the name of a folder of [`folder`].
    pub fn in_name(name: &str) -> Option<Self> {
        let (mark, random) = name.strip_prefix(PREFIX)?.rsplit_once('-')?;
        let is_random = random.len() == RANDOM_LENGTH && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_random { Self::parse(mark) } else { None }
    }

    /// Whether the owner has surely ended. Of one on another machine, in another container, or that cannot be looked at, nothing is known.
    pub fn is_of_the_dead(&self) -> bool {
        if here().as_ref() != Some(&self.here) {
            return false;
        }
        match Process::find(self.pid) {
            Ok(process) => process.has_ended || process.started != self.started,
            // A system may hide the processes of others, but says by this whether there is one.
            Err(why) => why.kind() == io::ErrorKind::NotFound && is_nobodys(self.pid),
        }
    }
}

fn is_nobodys(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

const RANDOM_LENGTH: usize = 6;
const HERE_LENGTH: usize = 8;

/// A temporary folder of this process, removed when dropped. Its name carries the mark from the moment when it is there.
pub fn folder() -> io::Result<TempDir> {
    let prefix = Mark::own().map_or_else(|| PREFIX.to_owned(), |mark| format!("{PREFIX}{mark}-"));
    tempfile::Builder::new().prefix(&prefix).rand_bytes(RANDOM_LENGTH).tempdir()
}

fn here() -> Option<String> {
    static HERE: LazyLock<Option<String>> = LazyLock::new(|| {
        if !Path::new("/proc/self/stat").exists() {
            return None;
        }
        let start = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let processes = fs::read_link("/proc/self/ns/pid").ok()?;
        let text = format!("{} {}", start.trim(), processes.display());
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        Some(digest.as_ref().iter().take(HERE_LENGTH / 2).map(|byte| format!("{byte:02x}")).collect())
    });
    HERE.clone()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written() {
        let own = Mark::own().expect("a Linux");
        assert_eq!(Mark::parse(&own.to_string()).as_ref(), Some(own));
        let folder = folder().expect("a folder");
        assert_eq!(Mark::in_name(&folder.path().file_name().expect("a name").to_string_lossy()).as_ref(), Some(own));
        for foreign in [
            "collaudo-browser-AbCdEf",
            "collaudo-mine",
            "collaudo",
            "collaudo-1-2-0011aabb",
            "collaudo-1-2-0011aabb-",
            "collaudo-1-x-0011aabb-AbCdEf",
        ] {
            assert_eq!(Mark::in_name(foreign), None, "{foreign}");
        }
        assert_eq!(Mark::parse("1-2-0011aabb-3"), None);
    }

    #[test]
    fn only_what_is_surely_dead_is_dead() {
        let own = Mark::own().expect("a Linux");
        assert!(!own.is_of_the_dead());
        // The number belongs to somebody else now, or to nobody.
        assert!(Mark { started: own.started + 1, ..own.clone() }.is_of_the_dead());
        assert!(Mark { pid: 4_194_305, ..own.clone() }.is_of_the_dead());
        // Elsewhere it may live.
        assert!(!Mark { pid: 4_194_305, here: "00000000".to_owned(), ..own.clone() }.is_of_the_dead());
        // One that has ended, and that its parent has not asked after yet, has ended.
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep starts");
        let mark = Mark::of(child.id()).expect("it runs");
        assert!(!mark.is_of_the_dead());
        child.kill().expect("it is ours");
        let gone = (0..500).any(|_| {
            std::thread::park_timeout(std::time::Duration::from_millis(10));
            mark.is_of_the_dead()
        });
        assert!(gone, "it stands in the table as ended");
        child.wait().expect("it is ours");
    }
}
