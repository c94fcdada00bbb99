//! What ends a browser's process group when this program dies without a word (`kill -9`): the kernel closes the pipe to a small shell in a
//! group of its own.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Reads until the pipe closes; unless it was told that all is done, kills the group and removes the folder.
/// Debian's `sh` knows neither `kill --` nor `kill -s` with a group: only this form works in every shell.
const SCRIPT: &str = r#"trap '' HUP INT TERM; read -r word; [ "$word" = done ] && exit 0
kill -KILL "-$1" 2>/dev/null; n=0
until rm -rf -- "$2" 2>/dev/null || [ $n -ge 50 ]; do n=$((n+1)); sleep 0.1; done"#;

/// Told by [`Reaper::done`] that its group has ended; dropped without that, it ends the group.
pub struct Reaper(Child);

impl Reaper {
    /// For a group that exists, and the folder that goes with it. None where there is no shell.
    pub fn start(group: u32, folder: &Path) -> Option<Self> {
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "collaudo-reaper", &group.to_string()])
            .arg(folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        shell.inspect_err(|why| tracing::warn!(%why, "no reaper: a killed run would leave processes behind")).ok().map(Self)
    }

    /// The group has ended: there is nothing left to do.
    pub fn done(mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            let _reaper_gone = pipe.write_all(b"done\n");
        }
        let _reaped = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_kills_the_group_and_removes_the_folder_when_its_pipe_closes() {
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        let mut victim = Command::new("sleep").arg("20").process_group(0).spawn().expect("sleep starts");
        let mut reaper = Reaper::start(victim.id(), &folder).expect("a shell");
        drop(reaper.0.stdin.take());
        assert!(!victim.wait().expect("the victim was ours").success());
        assert!(reaper.0.wait().expect("the reaper was ours").success());
        assert!(!folder.exists());
    }
}
