//! What becomes of a run whose driver is killed, or that is ended itself.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::applications::{profile, started};
use crate::program::{Desk, Running, command_line, descendants, descendants_with, free_port, kill, processes, wait_until};

/// Scenarios of one kind that all need a browser: one of a program goes on without.
const LISTS: [&str; 6] = ["--requirement", "GX-08", "--jobs", "1", "--tags", "not @programs"];

/// Waits until `finished` scenarios have ended and the next one has its browser.
fn until_in_the_midst(desk: &Desk, run: &mut Running, finished: usize) {
    wait_until("the run does not get that far", || {
        if let Ok(Some(status)) = run.0.try_wait() {
            panic!("the run has ended already: {status}");
        }
        let records = desk.records();
        let ended = records.iter().filter(|record| record["event"] == "scenario-finished").count();
        let started = records.iter().rposition(|record| record["event"] == "scenario-started").unwrap_or(0);
        let steps = records[started.min(records.len())..].iter().filter(|record| record["event"] == "step-finished").count();
        let over = records.iter().rposition(|record| record["event"] == "scenario-finished").unwrap_or(0) >= started;
        let browsing = ended >= finished && !over && (2..=4).contains(&steps);
        if browsing { Ok(()) } else { Err(format!("{ended} ended, {steps} steps")) }
    });
}

#[test]
fn a_killed_driver_costs_one_scenario() {
    let desk = Desk::new();
    let mut run = desk.start_run(&LISTS);
    until_in_the_midst(&desk, &mut run, 1);
    let drivers = descendants(run.pid(), "chromedriver");
    assert_eq!(drivers.len(), 1, "one driver");
    kill(drivers[0], Signal::KILL);
    let ended = run.ended();
    let verdicts = desk.verdicts();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let errored: Vec<_> = verdicts.iter().filter(|(_, verdict, _)| verdict == "errored").collect();
    assert_eq!(errored.len(), 1, "{verdicts:#?}");
    assert!(errored[0].2.contains("chromedriver ended (signal: 9 (SIGKILL))"), "{errored:?}");
    assert_eq!(verdicts.iter().filter(|(_, verdict, _)| verdict == "passed").count(), verdicts.len() - 1, "{verdicts:#?}");
    assert!(ended.stdout.contains("INCOMPLETE"), "{}", ended.stdout);
    desk.until_nothing_is_left();
}

#[test]
fn an_ended_run_is_incomplete_and_reported() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let desk = Desk::new();
        let mut run = desk.start_run(&LISTS);
        until_in_the_midst(&desk, &mut run, 1);
        run.signal(signal);
        let ended = run.ended();
        assert_eq!(ended.code, Some(3), "{signal:?}: {ended:?}");
        assert!(ended.stdout.contains("INCOMPLETE"), "{}", ended.stdout);
        let last = desk.records().pop().expect("records");
        assert_eq!((&last["event"], &last["interrupted"]), (&Value::from("run-finished"), &Value::from(true)));
        assert_eq!(last["readiness"], "INCOMPLETE");
        for name in ["report.html", "junit.xml", "report.json"] {
            assert!(fs::metadata(desk.out().join(name)).is_ok_and(|file| file.len() > 0), "{name}");
        }
        desk.until_nothing_is_left();
    }
}

/// A full disk behind a log, a terminal that is gone.
#[test]
fn a_console_that_takes_nothing_ends_no_run() {
    let desk = Desk::new();
    let full = || fs::File::options().write(true).open("/dev/full").expect("a device that takes nothing");
    let status = desk
        .command(&["run", "--out", "out", "--requirement", "GX-08"])
        .stdout(full())
        .stderr(full())
        .status()
        .expect("the program starts");
    assert_eq!(status.code(), Some(0));
    for name in ["report.html", "junit.xml", "report.json"] {
        assert!(fs::metadata(desk.out().join(name)).is_ok_and(|file| file.len() > 0), "{name}");
    }
    // What a command is called for is not lost in silence.
    let list = desk.command(&["list", "scenarios"]).stdout(full()).output().expect("the program starts");
    let told = String::from_utf8_lossy(&list.stderr).into_owned();
    assert_eq!(list.status.code(), Some(2), "{told}");
    assert!(told.starts_with("error: ") && told.contains("No space left") && !told.contains("panicked"), "{told}");
    desk.until_nothing_is_left();
}

/// Nobody can clean up after `kill -9` but the kernel and the reapers.
#[test]
fn a_killed_run_leaves_no_application_behind() {
    let desk = Desk::new();
    let port = free_port();
    let worker = started(port).replace("command = [", "command = [\"sh\", \"-c\", \"sleep 300 & exec \\\"$0\\\" \\\"$@\\\"\", ");
    desk.write("collaudo.toml", &profile(port, "#login", &worker));
    let mut run = desk.start_run(&["--app", "collaudo.toml", "--requirement", "GX-08"]);
    until_in_the_midst(&desk, &mut run, 0);
    assert!(!descendants(run.pid(), "sleep").is_empty(), "the application's worker runs");
    let workers = descendants(run.pid(), "sleep");
    run.signal(Signal::KILL);
    run.ended();
    desk.until_nothing_is_left();
    wait_until("a worker of the application goes on", || match workers.iter().find(|pid| command_line(**pid).contains("sleep")) {
        None => Ok(()),
        Some(pid) => Err(pid.to_string()),
    });
    std::net::TcpListener::bind(("127.0.0.1", port)).expect("the application's port is free");
}

/// The application's command with a worker that is forked twice, leads a session of its own and, where told so, has nothing of its
/// surroundings: neither its group nor its parents nor its environment lead to it. `seconds` is what it is known by.
fn daemonised(command: &str, seconds: &str, bare: bool) -> String {
    let bare = if bare { "env -i " } else { "" };
    let worker = format!("({bare}setsid sh -c '/bin/sleep {seconds} & /bin/sleep {seconds}.0 & exit' &) ; exec \\\"$0\\\" \\\"$@\\\"");
    command.replace("command = [", &format!("command = [\"sh\", \"-c\", \"{worker}\", "))
}

fn workers(seconds: &str) -> Vec<u32> {
    processes().filter(|pid| command_line(*pid).contains(&format!("sleep\0{seconds}"))).collect()
}

fn until_no_worker_is_left(seconds: &str) {
    wait_until("a worker of the application goes on", || {
        let left = workers(seconds);
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    });
}

#[test]
fn a_worker_that_has_left_its_group_and_its_session_ends_with_a_killed_run() {
    daemons_end(&[Some(Signal::KILL)]);
}

#[test]
#[ignore = "a minute: just kills"]
fn a_worker_that_has_left_its_group_and_its_session_ends_with_every_run() {
    daemons_end(&[None, Some(Signal::INT), Some(Signal::TERM), Some(Signal::HUP)]);
}

/// Whether it ends by itself, is told to, or is killed.
fn daemons_end(signals: &[Option<Signal>]) {
    for (number, signal) in signals.iter().enumerate() {
        let desk = Desk::new();
        let port = free_port();
        let seconds = format!("3{number}{port}");
        desk.write("collaudo.toml", &profile(port, "#login", &daemonised(&started(port), &seconds, true)));
        let mut run = desk.start_run(&["--app", "collaudo.toml", "--requirement", "CB-14", "--jobs", "1"]);
        wait_until("no worker starts", || if workers(&seconds).len() > 1 { Ok(()) } else { Err("none".to_owned()) });
        if let Some(signal) = signal {
            until_in_the_midst(&desk, &mut run, 0);
            run.signal(*signal);
        }
        let ended = run.ended();
        if signal.is_none() {
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
        until_no_worker_is_left(&seconds);
        desk.until_nothing_is_left();
        std::net::TcpListener::bind(("127.0.0.1", port)).expect("the application's port is free");
    }
}

/// The kernel ends a run and all that watches over it: what goes on carries the run's mark, and the next command finds it.
#[test]
fn the_next_command_sweeps_what_a_killed_run_has_left() {
    let desk = Desk::new();
    let port = free_port();
    let seconds = format!("39{port}");
    desk.write("collaudo.toml", &profile(port, "#login", &daemonised(&started(port), &seconds, false)));
    let mut run = desk.start_run(&["--app", "collaudo.toml", "--requirement", "CB-14", "--jobs", "1"]);
    until_in_the_midst(&desk, &mut run, 0);
    let watchers: Vec<u32> = ["supervise", "collaudo-reaper"].iter().flat_map(|name| descendants_with(run.pid(), name)).collect();
    assert!(watchers.len() >= 2, "a supervisor and a reaper: {watchers:?}");
    watchers.iter().for_each(|pid| kill(*pid, Signal::KILL));
    run.signal(Signal::KILL);
    run.ended();
    assert!(!workers(&seconds).is_empty(), "they were to be left");
    let folders = || std::fs::read_dir(desk.path("tmp")).expect("it is ours").count();
    assert!(folders() >= 2, "the application's folder and the browser's were to be left");
    // Whoever lives keeps what is its own, whatever is beside it.
    let other = Desk::new();
    let other_port = free_port();
    let other_seconds = format!("38{other_port}");
    other.write("collaudo.toml", &profile(other_port, "#login", &daemonised(&started(other_port), &other_seconds, false)));
    let mut living = other.command(&["run", "--out", "out", "--app", "collaudo.toml", "--requirement", "CB-14", "--jobs", "1"]);
    living.env("TMPDIR", desk.path("tmp")).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut living = crate::program::Running(living.spawn().expect("the program starts"));
    until_in_the_midst(&other, &mut living, 0);
    // That was a command that sweeps: the rest is a second one's to find gone.
    until_no_worker_is_left(&seconds);
    let swept = desk.ended(&["doctor", "--app", "missing.toml"]);
    assert_eq!(swept.code, Some(2), "{swept:?}");
    assert!(!workers(&other_seconds).is_empty(), "the living run keeps its workers");
    let ended = living.ended();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    until_no_worker_is_left(&other_seconds);
    desk.until_nothing_is_left();
}
