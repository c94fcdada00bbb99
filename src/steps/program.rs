//! The application under test as a command-line program: started for one sign-in, its lines read as events.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::Failure;
use super::application::end_group;

/// A running program in its own process group, ended when dropped.
pub struct Program {
    child: Child,
    /// Every line so far; closed when the program has closed its outputs, as it does when it ends.
    output: watch::Receiver<String>,
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
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::unjudged(format!("the application's command `{program}` did not start: {error}")))?;
        let (sender, output) = watch::channel(String::new());
        let sender = Arc::new(sender);
        if let Some(out) = child.stdout.take() {
            tokio::spawn(keep_lines(out, sender.clone()));
        }
        if let Some(err) = child.stderr.take() {
            tokio::spawn(keep_lines(err, sender));
        }
        Ok(Self { child, output })
    }

    /// Everything that it has written, line by line.
    pub fn output(&self) -> String {
        self.output.borrow().clone()
    }

    /// Waits until `find` finds something in the output.
    pub async fn wait_for<T>(&self, deadline: Duration, find: impl Fn(&str) -> Option<T>) -> Seen<T> {
        let mut output = self.output.clone();
        let found = async {
            loop {
                if let Some(found) = find(&output.borrow_and_update()) {
                    return Seen::Found(found);
                }
                if output.changed().await.is_err() {
                    return find(&output.borrow()).map_or(Seen::Ended, Seen::Found);
                }
            }
        };
        tokio::time::timeout(deadline, found).await.unwrap_or(Seen::Silent)
    }

    /// Whether it ends within the deadline.
    pub async fn ends(&self, deadline: Duration) -> bool {
        self.wait_for(deadline, |_| None::<()>).await == Seen::Ended
    }

    /// How it ended, with its last words.
    pub fn last_words(&mut self) -> String {
        let status = self.child.try_wait().ok().flatten().map_or_else(|| "it runs".to_owned(), |status| status.to_string());
        let output = self.output();
        let last: Vec<&str> = output.lines().rev().take(5).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        format!("{status}; its last words: {}", if last.is_empty() { "none".to_owned() } else { last.join(" / ") })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        end_group(&self.child);
    }
}

async fn keep_lines(from: impl AsyncRead + Unpin, to: Arc<watch::Sender<String>>) {
    let mut lines = BufReader::new(from);
    let mut line = Vec::new();
    // What is no text is shown as far as it is; a broken pipe is an end.
    while matches!(lines.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
        to.send_modify(|output| output.push_str(&String::from_utf8_lossy(&line)));
        line.clear();
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
        let _ = program.child.wait().await;
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
