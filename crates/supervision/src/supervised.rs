use std::io::{self, BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::mark::{Mark, OWNER};
use super::reaper::Reaper;
use super::supervisor::{END, ENDED, FAILED, STARTED, WORD};

/// How long a supervisor may take to come up on a busy machine.
const START: Duration = Duration::from_secs(30);
/// How long it may take to end everything: a little longer than it allows the kernel.
const FAREWELL: Duration = Duration::from_secs(8);
/// What this process runs, also where the file has been replaced since.
const OWN_PROGRAM: &str = "/proc/self/exe";

static SUPERVISORS: OnceLock<()> = OnceLock::new();

/// From now on a command has a supervisor. Whoever says so runs [`super::supervise`] when [`WORD`] is its first argument: the tests of the
/// library cannot, and have a [`Reaper`] as every system without `/proc` has.
pub fn start_supervisors() {
    if cfg!(target_os = "linux") && Path::new(OWN_PROGRAM).exists() {
        let _said_before = SUPERVISORS.set(());
    }
}

/// A command of somebody else's that runs, with all that it has started: ended when dropped, and also when this program dies without a word.
pub struct Supervised {
    leader: u32,
    status: Option<ExitStatus>,
    ended: Mutex<Receiver<ExitStatus>>,
    keeper: Keeper,
}

enum Keeper {
    Supervisor(UnixStream),
    Reaper(Option<Reaper>),
}

impl Supervised {
    /// Starts a command in a process group of its own, without an input. `arrange` sets environment and outputs; `folder` is removed where
    /// this program dies before it does so.
    ///
    /// # Errors
    /// What keeps the command from being started.
    pub fn start<T>(program: &str, arguments: &[String], folder: &Path, arrange: impl FnOnce(&mut Command) -> T) -> io::Result<(Self, T)> {
        if SUPERVISORS.get().is_some() {
            Self::start_supervisor(program, arguments, folder, arrange)
        } else {
            Self::start_alone(program, arguments, folder, arrange)
        }
    }

    fn start_supervisor<T>(
        program: &str,
        arguments: &[String],
        folder: &Path,
        arrange: impl FnOnce(&mut Command) -> T,
    ) -> io::Result<(Self, T)> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new(OWN_PROGRAM);
        let mark = Mark::own().map(ToString::to_string).unwrap_or_default();
        command.arg0("collaudo-supervisor").arg(WORD).arg(mark).arg(folder).arg(program).args(arguments);
        command.stdin(Stdio::from(OwnedFd::from(theirs))).process_group(0);
        let arranged = arrange(&mut command);
        let mut supervisor = command.spawn()?;
        // Outputs, and the supervisor's end of the socket: its closing is the sign of an end.
        drop(command);
        ours.set_read_timeout(Some(START))?;
        let mut words = BufReader::new(ours.try_clone()?);
        let mut line = String::new();
        let heard = words.read_line(&mut line);
        let leader = match line.trim_end().split_once(' ') {
            Some((STARTED, leader)) => leader.parse().map_err(io::Error::other)?,
            said => {
                let _may_have_ended = supervisor.kill();
                let _reaped = supervisor.wait();
                heard?;
                let code = said.filter(|(word, _)| *word == FAILED).and_then(|(_, code)| code.parse().ok());
                return Err(code.map_or_else(|| io::Error::other("its supervisor has ended"), io::Error::from_raw_os_error));
            }
        };
        ours.set_read_timeout(None)?;
        let (sender, ended) = channel();
        thread::spawn(move || {
            let status = status_in(words);
            let of_supervisor = supervisor.wait().unwrap_or_default();
            let _nobody_waits = sender.send(status.unwrap_or(of_supervisor));
        });
        Ok((Self { leader, status: None, ended: Mutex::new(ended), keeper: Keeper::Supervisor(ours) }, arranged))
    }

    fn start_alone<T>(
        program: &str,
        arguments: &[String],
        folder: &Path,
        arrange: impl FnOnce(&mut Command) -> T,
    ) -> io::Result<(Self, T)> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).process_group(0);
        if let Some(mark) = Mark::own() {
            command.env(OWNER, mark.to_string());
        }
        let arranged = arrange(&mut command);
        let mut child: Child = command.spawn()?;
        let leader = child.id();
        let reaper = Reaper::start(leader, folder);
        let (sender, ended) = channel();
        thread::spawn(move || {
            let _nobody_waits = sender.send(child.wait().unwrap_or_default());
        });
        Ok((Self { leader, status: None, ended: Mutex::new(ended), keeper: Keeper::Reaper(reaper) }, arranged))
    }

    /// How it ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.status_within(Duration::ZERO)
    }

    /// How it ended, if it does so in time (blocking).
    pub fn status_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner).recv_timeout(patience).ok();
        }
        self.status
    }

    /// Tells it, and all that it has started, to end; it does not wait for that.
    pub fn end(&self) {
        match &self.keeper {
            // The supervisor may have ended by itself.
            Keeper::Supervisor(lifeline) => {
                let mut lifeline: &UnixStream = lifeline;
                let _ = lifeline.write_all(END.as_bytes());
                let _ = lifeline.shutdown(Shutdown::Write);
            }
            Keeper::Reaper(_) => self.kill_group(),
        }
    }

    fn kill_group(&self) {
        if let Some(group) = i32::try_from(self.leader).ok().and_then(Pid::from_raw) {
            // They may have ended by themselves.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.end();
        if self.status_within(FAREWELL).is_none() {
            tracing::warn!("an application does not end");
            self.kill_group();
        }
        if let Keeper::Reaper(reaper) = &mut self.keeper
            && let Some(reaper) = reaper.take()
        {
            reaper.done();
        }
    }
}

/// What the supervisor says of the end, until it has gone itself.
fn status_in(words: impl BufRead) -> Option<ExitStatus> {
    let lines = words.lines().map_while(Result::ok);
    lines.filter_map(|line| line.strip_prefix(ENDED)?.trim().parse().ok()).last().map(ExitStatus::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_with_its_status() {
        assert_eq!(status_in("ended 768\n".as_bytes()).expect("a status").code(), Some(3));
        assert_eq!(status_in("ended 9\n".as_bytes()).expect("a status").signal(), Some(9));
        assert_eq!(status_in("".as_bytes()), None);
    }

    #[test]
    fn without_a_supervisor_a_group_ends_with_it() {
        let script = ["-c".to_owned(), "sleep 60 & exit 3".to_owned()];
        let (mut alone, group) =
            Supervised::start("sh", &script, Path::new(""), |command| command.get_program().to_owned()).expect("a shell");
        assert_eq!(group, "sh");
        assert_eq!(alone.status_within(Duration::from_secs(10)).expect("it ends").code(), Some(3));
        let group = Pid::from_raw(i32::try_from(alone.leader).expect("a pid")).expect("a pid");
        assert!(rustix::process::test_kill_process_group(group).is_ok(), "its worker runs on");
        drop(alone);
        let gone = (0..500).any(|_| {
            thread::park_timeout(Duration::from_millis(10));
            rustix::process::test_kill_process_group(group).is_err()
        });
        assert!(gone, "the group has ended");
        assert!(Supervised::start("/no/such/program", &[], Path::new(""), |_| ()).is_err());
    }
}
