//! Processes of this machine as `/proc` shows them; on a system without it none are seen.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::Instant;

use rustix::process::{Pid, Signal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub pid: u32,
    pub parent: u32,
    /// Clock ticks since the machine started: a number is given again, a number with its start time is not.
    pub started: u64,
    /// It waits for its parent to ask how it ended.
    pub has_ended: bool,
}

impl Process {
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is none of this number.
    pub(crate) fn find(pid: u32) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).map_err(|why| match why.raw_os_error() {
            // It has gone between opening and reading.
            Some(code) if code == rustix::io::Errno::SRCH.raw_os_error() => io::ErrorKind::NotFound.into(),
            _ => why,
        })?;
        parse(pid, &stat).ok_or_else(|| io::Error::other("the table of processes is not as expected"))
    }

    pub(crate) fn all() -> Vec<Self> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| Self::find(entry.file_name().to_str()?.parse().ok()?).ok()).collect()
    }

    /// Of the same user as this program.
    pub(crate) fn is_ours(&self) -> bool {
        let user = rustix::process::geteuid().as_raw();
        fs::metadata(format!("/proc/{}", self.pid)).is_ok_and(|facts| facts.uid() == user)
    }

    /// A variable of the environment that it was started with, where we may see it.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let environment = fs::read(format!("/proc/{}/environ", self.pid)).ok()?;
        let lines = environment.split(|byte| *byte == 0);
        let values = lines.filter_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
        values.filter_map(|value| String::from_utf8(value.to_vec()).ok()).next()
    }

    /// Kills this process, and no other one that has got its number meanwhile.
    pub(crate) fn kill(&self) -> Option<Dying> {
        let pid = Pid::from_raw(i32::try_from(self.pid).ok()?)?;
        // A handle of the process that has this number now. It stays with that process.
        let dying = Dying::of(pid);
        let still = Self::find(self.pid).is_ok_and(|now| now.started == self.started && !now.has_ended);
        if !still {
            return None;
        }
        dying.send_kill(pid).ok().map(|()| dying)
    }
}

/// State, parent, and so on, follow the name, which may hold anything.
fn parse(pid: u32, stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let has_ended = matches!(*fields.first()?, "Z" | "X" | "x");
    Some(Process { pid, parent: fields.get(1)?.parse().ok()?, started: fields.get(19)?.parse().ok()?, has_ended })
}

/// A process that was killed, until it is gone.
#[cfg(target_os = "linux")]
pub(super) struct Dying(Option<std::os::fd::OwnedFd>);

#[cfg(target_os = "linux")]
impl Dying {
    fn of(pid: Pid) -> Self {
        // Kernels before 5.3 have none.
        Self(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok())
    }

    fn send_kill(&self, pid: Pid) -> rustix::io::Result<()> {
        match &self.0 {
            Some(handle) => rustix::process::pidfd_send_signal(handle, Signal::KILL),
            None => rustix::process::kill_process(pid, Signal::KILL),
        }
    }

    /// Waits for its end, and not longer than until `end`.
    pub(crate) fn wait_until(&self, end: Instant) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let Some(handle) = &self.0 else { return };
        let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).ok();
        // A signal that interrupts the wait costs one more look at the table.
        let _ = poll(&mut [PollFd::new(handle, PollFlags::IN)], left.as_ref());
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) struct Dying;

#[cfg(not(target_os = "linux"))]
impl Dying {
    fn of(_: Pid) -> Self {
        Self
    }

    fn send_kill(&self, pid: Pid) -> rustix::io::Result<()> {
        rustix::process::kill_process(pid, Signal::KILL)
    }

    pub fn wait_until(&self, _: Instant) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "77 (a) Z 1 (b)) S 12 77 77 0 -1 4194304 99 0 0 0 0 0 0 0 20 0 1 0 8083288 3133440 389";
        assert_eq!(parse(77, stat), Some(Process { pid: 77, parent: 12, started: 8_083_288, has_ended: false }));
        assert!(parse(77, &stat.replace(" S 12", " Z 12")).expect("a process").has_ended);
        assert_eq!(parse(77, "77 (a"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn one_that_has_another_start_time_is_another_one() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep starts");
        let found = Process::find(child.id()).expect("it runs");
        assert!(Process { started: found.started - 1, ..found }.kill().is_none());
        assert!(child.try_wait().expect("it is ours").is_none(), "it runs on");
        let dying = found.kill().expect("it is killed");
        dying.wait_until(Instant::now() + std::time::Duration::from_secs(10));
        assert!(child.try_wait().expect("it is ours").is_some(), "it has ended");
    }
}
