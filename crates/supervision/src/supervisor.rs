//! The supervisor of one application: this program once more, in a process of its own.
//!
//! It starts the application in a process group and is told by a socket, its standard input, when to end it. The kernel closes that socket
//! when this program dies, however it dies. On Linux it is the subreaper of all that the application starts: a worker that was forked twice,
//! leads a session of its own and has cleared its environment becomes its child, and ends with the others.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, wait};

use super::mark::OWNER;
use super::processes::Process;

/// The first argument of this program as a supervisor: mark, folder, and the application's command follow.
pub const WORD: &str = "supervise";
/// How long the kernel may take to end what was killed.
const DEADLINE: Duration = Duration::from_secs(5);

/// What it says, a line each; and what it is told: that the folder is seen to.
pub(super) const STARTED: &str = "started";
pub(super) const FAILED: &str = "failed";
pub(super) const ENDED: &str = "ended";
pub(super) const END: &str = "end";

/// Everything that the application has started, and itself.
struct Family {
    leader: Pid,
    /// Removed where this program has died and does not do it.
    folder: PathBuf,
    is_ending: AtomicBool,
    is_orphaned: AtomicBool,
}

/// Runs as the supervisor that [`super::Supervised`] has started.
pub fn supervise(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let (Some(mark), Some(folder), Some(program)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return ExitCode::from(2);
    };
    let Ok(lifeline) = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from) else { return ExitCode::from(2) };
    // Kept: what listens to the signals ends with it.
    let _deaf = deaf();
    adopt_orphans();
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).process_group(0);
    if !mark.is_empty() {
        command.env(OWNER, mark);
    }
    let leader = command.spawn().map(|child| child.id());
    drop(command);
    let leader = match leader {
        Ok(leader) => leader,
        Err(why) => {
            tell(&lifeline, FAILED, why.raw_os_error().unwrap_or_default());
            return ExitCode::SUCCESS;
        }
    };
    let Some(pid) = i32::try_from(leader).ok().and_then(Pid::from_raw) else { return ExitCode::from(2) };
    tell(&lifeline, STARTED, pid.as_raw_nonzero().get());
    close_outputs();
    let family =
        Arc::new(Family { leader: pid, folder: folder.into(), is_ending: AtomicBool::new(false), is_orphaned: AtomicBool::new(false) });
    let (told, order) = (Arc::clone(&family), lifeline.try_clone());
    thread::spawn(move || {
        let mut said = String::new();
        let heard = order.and_then(|mut order| order.read_to_string(&mut said));
        told.is_orphaned.store(heard.is_err() || said.trim_end() != END, Ordering::SeqCst);
        told.end();
    });
    family.bury(&lifeline);
    family.leave();
    ExitCode::SUCCESS
}

impl Family {
    /// Waits until the last of them has ended.
    fn bury(self: &Arc<Self>, lifeline: &UnixStream) {
        loop {
            match wait(WaitOptions::empty()) {
                Ok(Some((pid, status))) if pid == self.leader => {
                    tell(lifeline, ENDED, status.as_raw());
                    self.end();
                }
                // It may have been killed just after it had started another one.
                Ok(_) if self.is_ending.load(Ordering::SeqCst) => self.kill(),
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Kills them all, now and until there is none; gives up what the kernel does not end.
    fn end(self: &Arc<Self>) {
        if !self.is_ending.swap(true, Ordering::SeqCst) {
            let family = Arc::clone(self);
            thread::spawn(move || {
                let (_open, never) = channel::<()>();
                let _ = never.recv_timeout(DEADLINE);
                family.leave();
                std::process::exit(1);
            });
        }
        self.kill();
    }

    fn kill(&self) {
        // It may have ended by itself.
        let _ = kill_process_group(self.leader, Signal::KILL);
        for process in below(std::process::id(), &Process::all()) {
            process.kill();
        }
    }

    fn leave(&self) {
        if self.is_orphaned.load(Ordering::SeqCst) && !self.folder.as_os_str().is_empty() {
            let _nobody_listens = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Those that live below a process, parents first.
fn below(ancestor: u32, all: &[Process]) -> Vec<Process> {
    let (mut found, mut parents) = (Vec::new(), vec![ancestor]);
    while let Some(parent) = parents.pop() {
        for child in all.iter().filter(|process| process.parent == parent && process.pid != ancestor) {
            parents.push(child.pid);
            found.push(*child);
        }
    }
    found.retain(|process| !process.has_ended);
    found
}

/// This program has gone, if nobody hears it.
fn tell(mut lifeline: &UnixStream, word: &str, number: i32) {
    let _unheard = lifeline.write_all(format!("{word} {number}\n").as_bytes());
}

/// When to end is said by the socket alone: a signal to a whole service is answered by the run.
fn deaf() -> Option<tokio::runtime::Runtime> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let entered = runtime.enter();
    for kind in [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()] {
        // From here on the signal is handled, by nobody.
        drop(signal(kind));
    }
    drop(entered);
    Some(runtime)
}

fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    if let Err(why) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        tracing::debug!(%why, "no subreaper: workers are found by group and mark only");
    }
}

/// The application's end is seen by its outputs: they are its own alone.
fn close_outputs() {
    if let Ok(nowhere) = fs::File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&nowhere);
        let _ = rustix::stdio::dup2_stderr(&nowhere);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_all_that_is_below_and_lives() {
        let process = |pid, parent, has_ended| Process { pid, parent, started: 1, has_ended };
        let all = [
            process(1, 0, false),
            process(9, 1, false),
            process(20, 9, true),
            process(21, 20, false),
            process(22, 9, false),
            process(30, 1, false),
        ];
        let found: Vec<u32> = below(9, &all).iter().map(|process| process.pid).collect();
        assert_eq!(found, [22, 21]);
    }
}
