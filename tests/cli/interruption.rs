//! What becomes of a run whose driver is killed, or that is ended itself.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::applications::{profile, started};
use crate::program::{Desk, Running, command_line, descendants, free_port, kill, wait_until};

/// Four scenarios of the same kind.
const LISTS: [&str; 4] = ["--requirement", "GX-08", "--jobs", "1"];

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
