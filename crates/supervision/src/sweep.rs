use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::mark::{Mark, OWNER};
use super::processes::Process;

/// How long the kernel may take to end what was killed.
const DEADLINE: Duration = Duration::from_secs(5);
/// In a folder of ours: its process has started a container.
pub const NOTE_OF_A_CONTAINER: &str = "container";

/// What was left of runs that were killed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many processes were ended.
    pub processes: usize,
    /// How many folders were removed.
    pub folders: usize,
    /// Folders that say that there is a container too. They stay until somebody has seen to it.
    pub notes: Vec<PathBuf>,
}

/// Ends and removes what belongs to processes of this program that have died without doing it themselves.
pub fn sweep() -> Swept {
    sweep_in(&std::env::temp_dir())
}

fn sweep_in(temporary: &Path) -> Swept {
    // A shell that an application has opened may be where this command was typed.
    let inherited = std::env::var(OWNER).ok().as_deref().and_then(Mark::parse);
    let processes = end_marked(|mark| Some(mark) != inherited.as_ref() && mark.is_of_the_dead());
    let mut swept = Swept { processes, ..Swept::default() };
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        let dead = entry.file_name().to_str().and_then(Mark::in_name).is_some_and(|mark| mark.is_of_the_dead());
        let path = entry.path();
        if !dead || !is_a_folder_of_this_user(&path) {
            continue;
        }
        if path.join(NOTE_OF_A_CONTAINER).is_file() {
            swept.notes.push(path);
            continue;
        }
        match fs::remove_dir_all(&path) {
            Ok(()) => swept.folders += 1,
            // The reaper of the dead does the same.
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => tracing::warn!(%why, folder = %path.display(), "a folder of a run that was killed stays"),
        }
    }
    swept
}

/// Ends the processes that this one has started, directly or through others, and that are not below it any more.
pub fn end_own() {
    if let Some(own) = Mark::own() {
        end_marked(|mark| mark == own);
    }
}

/// A link is nobody's folder.
fn is_a_folder_of_this_user(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path).is_ok_and(|facts| facts.is_dir() && facts.uid() == user)
}

/// Until there is none: a process that is killed may have started another one just before.
fn end_marked(whose: impl Fn(&Mark) -> bool) -> usize {
    let end = Instant::now() + DEADLINE;
    let is_meant = |process: &Process| {
        process.pid != std::process::id()
            && !process.has_ended
            && process.is_ours()
            && process.variable(OWNER).as_deref().and_then(Mark::parse).is_some_and(|mark| whose(&mark))
    };
    let mut ended = 0;
    while Instant::now() < end {
        let dying: Vec<_> = Process::all().iter().filter(|process| is_meant(process)).filter_map(Process::kill).collect();
        if dying.is_empty() {
            break;
        }
        ended += dying.len();
        dying.iter().for_each(|one| one.wait_until(end));
    }
    ended
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// The mark of a process that has ended, here.
    fn of_a_dead_one() -> Mark {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep starts");
        let mark = Mark::of(child.id()).expect("it runs");
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
        mark
    }

    fn make(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir(&path).expect("a folder");
        fs::write(path.join("kept"), "x").expect("writes");
        path
    }

    #[test]
    fn folders_of_the_dead_go_and_nothing_else() {
        let temporary = tempfile::tempdir().expect("a folder");
        let (dead, own) = (of_a_dead_one(), Mark::own().expect("a Linux"));
        let gone = make(temporary.path(), &format!("collaudo-{dead}-AbCdEf"));
        let elsewhere = dead.to_string().rsplit_once('-').expect("a mark").0.to_owned() + "-00000000";
        let foreign = [
            format!("collaudo-{own}-AbCdEf"),
            format!("collaudo-{elsewhere}-AbCdEf"),
            format!("collaudo-{dead}"),
            format!("other-{dead}-AbCdEf"),
            format!("collaudo-{dead}-AbC.Ef"),
            "collaudo-mine".to_owned(),
            "collaudo-report".to_owned(),
        ];
        let stays: Vec<PathBuf> = foreign.iter().map(|name| make(temporary.path(), name)).collect();
        let file = temporary.path().join(format!("collaudo-{dead}-GhIjKl"));
        fs::write(&file, "x").expect("writes");
        let link = temporary.path().join(format!("collaudo-{dead}-MnOpQr"));
        symlink(&stays[5], &link).expect("a link");
        // A link within a folder of ours is removed, and not what it leads to.
        symlink(&stays[6], gone.join("link")).expect("a link");
        let swept = sweep_in(temporary.path());
        assert_eq!((swept.folders, swept.notes), (1, Vec::new()));
        assert!(!gone.exists() && file.exists() && link.exists());
        assert!(stays.iter().all(|path| path.join("kept").exists()), "{stays:?}");
    }

    #[test]
    fn what_tells_of_a_container_stays_until_that_is_removed() {
        let temporary = tempfile::tempdir().expect("a folder");
        let noted = make(temporary.path(), &format!("collaudo-{}-AbCdEf", of_a_dead_one()));
        fs::write(noted.join(NOTE_OF_A_CONTAINER), "").expect("writes");
        assert_eq!(sweep_in(temporary.path()).notes, std::slice::from_ref(&noted));
        assert!(noted.exists());
    }

    #[test]
    fn processes_of_the_dead_end_and_nobody_elses() {
        let sleeping =
            |variable: &str, mark: &str| std::process::Command::new("sleep").arg("60").env(variable, mark).spawn().expect("sleep starts");
        let mut owner = sleeping("X", "");
        let alive = Mark::of(owner.id()).expect("it runs");
        let (dead, own) = (of_a_dead_one().to_string(), alive.to_string());
        let elsewhere = dead.rsplit_once('-').expect("a mark").0.to_owned() + "-00000000";
        let mut left = sleeping(OWNER, &dead);
        let mut others = [
            sleeping(OWNER, &own),
            sleeping(OWNER, &elsewhere),
            sleeping(OWNER, "1"),
            sleeping("COLLAUDO_OWNERS", &dead),
            sleeping("X", &dead),
        ];
        let temporary = tempfile::tempdir().expect("a folder");
        sweep_in(temporary.path());
        assert!(!left.wait().expect("it is ours").success());
        for other in &mut others {
            assert!(other.try_wait().expect("it is ours").is_none(), "it is nobody's to end");
        }
        end_marked(|mark| *mark == alive);
        assert!(!others[0].wait().expect("it is ours").success());
        owner.kill().expect("it is ours");
        owner.wait().expect("it is ours");
        for other in &mut others[1..] {
            assert!(other.try_wait().expect("it is ours").is_none(), "it is nobody's to end");
            other.kill().expect("it is ours");
            other.wait().expect("it is ours");
        }
    }
}
