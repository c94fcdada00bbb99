//! The application under test as a command-line program: started for one sign-in, its lines read as events.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Failure;
use super::application::spawn;
use super::output::Output;
use crate::supervision::Supervised;

/// How long the end of a program may be on its way that has closed its outputs.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A running program, ended when dropped.
pub struct Program {
    supervised: Supervised,
    /// Every line so far; closed when the program has closed its outputs, as it does when it ends.
    output: Output,
}

/// What came of waiting for words of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    Found(T),
    /// It ended without them.
    Ended,
    /// It still runs and did not write them in time.
    Silent,
}

impl Program {
    pub fn start(command: &[String], environment: &[(String, String)]) -> Result<Self, Failure> {
        let (program, arguments) = command.split_first().ok_or_else(|| Failure::broke("the profile's command is empty"))?;
        // Nothing of it lies in a folder of ours.
        let (supervised, output) = spawn(program, arguments, environment, Path::new(""))?;
        Ok(Self { supervised, output })
    }

    /// Everything that it has written, line by line.
    pub fn output(&self) -> String {
        self.output.borrow().text().to_owned()
    }

    /// The same with each line's second since `origin`.
    pub fn timed(&self, origin: Instant) -> String {
        self.output.borrow().timed(origin)
    }

    /// The last lines of it.
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        self.output.borrow().last(count).into_iter().map(str::to_owned).collect()
    }

    /// Waits until `find` finds something in the output.
    pub async fn wait_for<T>(&self, deadline: Duration, find: impl Fn(&str) -> Option<T>) -> Seen<T> {
        let mut output = self.output.clone();
        let found = async {
            loop {
                if let Some(found) = find(output.borrow_and_update().text()) {
                    return Seen::Found(found);
                }
                if output.changed().await.is_err() {
                    return find(output.borrow().text()).map_or(Seen::Ended, Seen::Found);
                }
            }
        };
        tokio::time::timeout(deadline, found).await.unwrap_or(Seen::Silent)
    }

    /// Whether it ends within the deadline.
    pub async fn ends(&self, deadline: Duration) -> bool {
        self.wait_for(deadline, |_| None::<()>).await == Seen::Ended
    }

    /// Ends it, if it has not ended by itself. What it wrote stays.
    pub fn end(&self) {
        self.supervised.end();
    }

    /// How it ended, with its last words.
    pub fn last_words(&mut self) -> String {
        let patience = if self.output.has_changed().is_err() { LAST_WORDS } else { Duration::ZERO };
        let status = self.supervised.status_within(patience).map_or_else(|| "it runs".to_owned(), |status| status.to_string());
        let output = self.output.borrow();
        let last = output.last(5);
        format!("{status}; its last words: {}", if last.is_empty() { "none".to_owned() } else { last.join(" / ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        Program::start(&["sh".to_owned(), "-c".to_owned(), script.to_owned()], &[("WORD".to_owned(), "code".to_owned())]).expect("a shell")
    }

    fn line_with(word: &'static str) -> impl Fn(&str) -> Option<String> {
        move |output| output.lines().find(|line| line.contains(word)).map(str::to_owned)
    }

    #[tokio::test]
    async fn lines_are_events_and_an_end_is_one_too() {
        let long = Duration::from_secs(10);
        let mut program = shell("echo the $WORD is 1; echo oops >&2; exec 2>&-; read _; exit 3");
        assert_eq!(program.wait_for(long, line_with("code")).await, Seen::Found("the code is 1".to_owned()));
        assert_eq!(program.wait_for(long, line_with("nothing of the kind")).await, Seen::Ended);
        assert!(program.output().contains("oops"));
        assert!(program.last_words().starts_with("exit status: 3; its last words: "), "{}", program.last_words());
    }

    #[tokio::test]
    async fn a_silent_program_is_told_from_one_that_ended_and_ends_with_its_group() {
        let program = shell("echo $$; sleep 60 & wait");
        let Seen::Found(group) = program.wait_for(Duration::from_secs(10), |output| output.lines().next()?.parse::<i32>().ok()).await
        else {
            panic!("no line: {}", program.output());
        };
        assert_eq!(program.wait_for(Duration::from_millis(50), line_with("code")).await, Seen::Silent);
        assert!(!program.ends(Duration::from_millis(10)).await);
        let output = program.output.clone();
        drop(program);
        let mut output = output;
        let ended = async { while output.changed().await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the group's last process has closed its output");
        let group = rustix::process::Pid::from_raw(group).expect("a process id");
        assert!(rustix::process::test_kill_process_group(group).is_err() || output.has_changed().is_err());
    }
}
