//! What an application that we started writes: through a pseudo-terminal, so that it is seen as it is written, line or not.

use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use regex::Regex;
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::watch;

/// A beginning of a line that stays for so long is a prompt.
const STANDS: Duration = Duration::from_millis(200);
/// So wide that programs fold no line.
const SIZE: Winsize = Winsize { ws_row: 50, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
/// The most that is kept, in bytes: the latest.
const MOST: usize = 4 << 20;

/// Every line so far; closed when every process of the application has closed its outputs, as it does when it ends.
pub type Output = watch::Receiver<Words>;

/// What was written so far, and when.
#[derive(Clone, Debug, Default)]
pub struct Words {
    text: String,
    /// Where in the text each line begins, and when it came.
    begins: Vec<(usize, Instant)>,
}

impl Words {
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The last lines.
    pub fn last(&self, count: usize) -> Vec<&str> {
        let lines: Vec<&str> = self.text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(count)..].to_vec()
    }

    /// The text with the seconds since `origin` before each line.
    pub fn timed(&self, origin: Instant) -> String {
        let seconds = |at: Instant| match at.checked_duration_since(origin) {
            Some(after) => after.as_secs_f64(),
            None => -origin.duration_since(at).as_secs_f64(),
        };
        let ends = self.begins.iter().skip(1).map(|(begin, _)| *begin).chain([self.text.len()]);
        let lines = self.begins.iter().zip(ends).map(|((begin, at), end)| {
            let line = self.text[*begin..end].trim_end_matches('\n');
            format!("{:10.3} s  {line}\n", seconds(*at))
        });
        lines.collect()
    }

    fn push(&mut self, line: &str, at: Instant) {
        if self.text.len() + line.len() > MOST {
            self.forget();
        }
        self.begins.push((self.text.len(), at));
        self.text.push_str(line);
    }

    /// Forgets the older half.
    fn forget(&mut self) {
        let first = self.begins.partition_point(|(begin, _)| *begin < self.text.len() / 2);
        let cut = self.begins.get(first).map_or(self.text.len(), |(begin, _)| *begin);
        self.text.drain(..cut);
        self.begins.drain(..first);
        self.begins.iter_mut().for_each(|(begin, _)| *begin -= cut);
    }
}

/// Makes a command write to an [`Output`], which ends with the command's processes once the command itself is dropped.
pub fn capture(command: &mut Command, told: impl Fn(&str) -> bool) -> std::io::Result<Output> {
    let (reader, writer) = match terminal() {
        Ok(ends) => {
            if !told("TERM") {
                command.env("TERM", "dumb");
            }
            ends
        }
        // A machine without pseudo-terminals: what is not flushed is seen late there.
        Err(_) => {
            let (reader, writer) = std::io::pipe()?;
            (OwnedFd::from(reader), OwnedFd::from(writer))
        }
    };
    command.stdout(Stdio::from(writer.try_clone()?)).stderr(Stdio::from(writer));
    rustix::fs::fcntl_setfl(&reader, rustix::fs::fcntl_getfl(&reader)? | OFlags::NONBLOCK)?;
    let reader = Receiver::from_file_unchecked(File::from(reader))?;
    let (sender, output) = watch::channel(Words::default());
    tokio::spawn(keep(reader, sender));
    Ok(output)
}

/// Both ends of a pseudo-terminal that hands on what is written to it as it is. It controls no process.
fn terminal() -> std::io::Result<(OwnedFd, OwnedFd)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let name = name.into_string().map_err(std::io::Error::other)?;
    let flags = i32::try_from(OFlags::NOCTTY.bits()).map_err(std::io::Error::other)?;
    let theirs = OpenOptions::new().read(true).write(true).custom_flags(flags).open(name)?;
    let mut modes = tcgetattr(&theirs)?;
    modes.make_raw();
    tcsetattr(&theirs, OptionalActions::Now, &modes)?;
    tcsetwinsize(&theirs, SIZE)?;
    Ok((ours, theirs.into()))
}

async fn keep(mut reader: Receiver, sender: watch::Sender<Words>) {
    let mut pending: Vec<u8> = Vec::new();
    let mut chunk = [0; 8192];
    // Whether the last line that was told is still without an end.
    let mut open = false;
    loop {
        // An end of a terminal is an error (EIO), one of a pipe is nothing to read.
        let read = reader.read(&mut chunk);
        let read = if pending.is_empty() {
            read.await
        } else {
            match tokio::time::timeout(STANDS, read).await {
                Ok(read) => read,
                Err(_) => {
                    tell(&sender, &mut open, &std::mem::take(&mut pending), false);
                    continue;
                }
            }
        };
        match read {
            Ok(0) | Err(_) => break,
            Ok(read) => {
                pending.extend_from_slice(&chunk[..read]);
                if let Some(end) = pending.iter().rposition(|byte| *byte == b'\n') {
                    let rest = pending.split_off(end + 1);
                    tell(&sender, &mut open, &std::mem::replace(&mut pending, rest), true);
                }
            }
        }
    }
    if !pending.is_empty() {
        tell(&sender, &mut open, &pending, true);
    }
}

/// Adds lines, or the beginning of one that stands (`whole` is not so).
fn tell(sender: &watch::Sender<Words>, open: &mut bool, bytes: &[u8], whole: bool) {
    let text = plain(&String::from_utf8_lossy(bytes));
    let now = Instant::now();
    sender.send_modify(|words| {
        for (place, line) in text.split_inclusive('\n').enumerate() {
            if place == 0 && *open {
                words.text.push_str(line);
            } else {
                words.push(line, now);
            }
        }
        if whole && !words.text.is_empty() && !words.text.ends_with('\n') {
            words.text.push('\n');
        }
        *open = !words.text.is_empty() && !words.text.ends_with('\n');
    });
}

/// Text as it would be read: without what only a terminal understands. A line that is written over is a line.
fn plain(text: &str) -> String {
    static ESCAPES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]").expect("the pattern is well formed")
    });
    let text = ESCAPES.replace_all(text, "").replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|&c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spawned(script: &str) -> (Output, tokio::process::Child) {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        let output = capture(&mut command, |_| false).expect("an output");
        (output, tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("a shell"))
    }

    async fn until(output: &mut Output, found: impl Fn(&Words) -> bool) -> String {
        let waited = tokio::time::timeout(Duration::from_secs(10), output.wait_for(found)).await;
        waited.expect("in time").map(|words| words.text.clone()).unwrap_or_else(|_| output.borrow().text.clone())
    }

    #[tokio::test]
    async fn a_prompt_is_seen_before_its_line_ends_and_an_end_is_an_event() {
        let (mut output, mut child) = spawned("printf 'Your code: '; sleep 1; echo 1234; printf last");
        assert_eq!(until(&mut output, |words| !words.text.is_empty()).await, "Your code: ");
        assert_eq!(until(&mut output, |_| false).await, "Your code: 1234\nlast\n");
        assert!(child.wait().await.expect("an end").success());
        let timed = output.borrow().timed(Instant::now());
        assert_eq!(timed.lines().count(), 2, "{timed}");
        assert!(timed.lines().all(|line| line.trim_start().starts_with('-') && line.contains(" s  ")), "{timed}");
    }

    #[tokio::test]
    async fn a_program_that_looks_sees_a_wide_terminal() {
        let (mut output, _child) = spawned("test -t 1 && test -t 2 && stty size <&1; echo $TERM");
        assert_eq!(until(&mut output, |_| false).await, "50 200\ndumb\n");
    }

    #[test]
    fn what_only_a_terminal_understands_is_left_out() {
        let text = "\x1b[1;31mred\x1b[0m \x1b]8;;http://x/\x07link\x1b]8;;\x07\r\n10 %\r20 %\x1b[K\x08\tend\x1b(B";
        assert_eq!(plain(text), "red link\n10 %\n20 %\tend");
    }

    #[test]
    fn the_latest_is_kept() {
        let mut words = Words::default();
        let line = "x".repeat(MOST / 8) + "\n";
        for _ in 0..20 {
            words.push(&line, Instant::now());
        }
        words.push("the end\n", Instant::now());
        assert!(words.text.len() <= MOST && words.begins[0].0 == 0);
        assert_eq!(words.last(1), ["the end"]);
        assert!(words.begins.iter().all(|(begin, _)| *begin == 0 || words.text.as_bytes()[begin - 1] == b'\n'));
    }
}
