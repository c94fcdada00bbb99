//! A run that is killed where it happens to be: what stands there is a report, and never READY.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::applications::{profile, started};
use crate::program::{Desk, descendants, free_port, kill, records, wait_until};

/// Quick scenarios of several features.
const QUICK: [&str; 8] =
    ["--tags", "@AZ-01 or @AZ-02 or @AZ-03 or @CB-14 or @GX-08 or @AC-08", "--jobs", "2", "--seed", "7", "--report", "html"];

/// Kills a run after each of `kills` moments, spread evenly over the events of a whole one.
fn kill_at(selection: &[&str], kills: usize) {
    let whole = Desk::new();
    let ended = whole.run(selection);
    assert_eq!(ended.code, Some(0), "the whole run is READY: {ended:?}");
    let events = whole.records().len();
    let mut lengths = BTreeSet::new();
    for moment in 0..kills {
        let after = 1 + moment * (events - 1) / kills;
        let desk = Desk::new();
        let mut run = desk.start_run(selection);
        wait_until("the run does not get that far", || {
            let (there, over) = (desk.records().len(), run.0.try_wait().expect("it is ours").is_some());
            if there >= after || over { Ok(()) } else { Err(format!("{there} of {after} events")) }
        });
        // What it started dies with it on most systems, and here in any case.
        let started: Vec<u32> = descendants(run.pid(), "chromedriver");
        run.signal(Signal::KILL);
        let code = run.ended().code;
        started.into_iter().for_each(|driver| kill(driver, Signal::KILL));
        assert_eq!(code, None, "kill {moment}: it ended by itself, before {after} of {events} events");

        // The last events come within a millisecond: this one was over, and still wrote its reports.
        if records(&desk.out()).last().is_some_and(|record| record["event"] == "run-finished") {
            continue;
        }
        let said = desk.ended(&["report", "out", "--report", "html,json,junit"]);
        assert_eq!(said.code, Some(0), "kill {moment}: {said:?}");
        assert!(said.stdout.starts_with("INCOMPLETE") && said.stdout.contains("was interrupted"), "kill {moment}: {said:?}");
        let read = |name: &str| std::fs::read_to_string(desk.out().join(name)).expect("a report");
        let summary: Value = serde_json::from_str(&read("report.json")).expect("JSON");
        assert_eq!((summary["readiness"].as_str(), summary["interrupted"].as_bool()), (Some("INCOMPLETE"), Some(true)), "kill {moment}");
        assert!(read("report.html").contains("class=\"top is-incomplete\""), "kill {moment}");
        lengths.insert(records(&desk.out()).len());
    }
    println!("{kills} kills in {events} events, at {lengths:?}");
    // Some come too late, and several events come at once.
    assert!(lengths.len() * 3 > kills, "the kills fell on few moments: {lengths:?}");
}

#[test]
fn a_killed_run_is_a_report_and_never_ready() {
    kill_at(&["--requirement", "AZ-01", "--jobs", "1", "--seed", "7", "--report", "html"], 6);
}

#[test]
#[ignore = "some minutes: just kills"]
fn fifty_killed_runs_are_reports_and_never_ready() {
    kill_at(&QUICK, 50);
}

/// How long the reapers are given before what they have left is counted.
const REAPED: Duration = Duration::from_secs(10);

/// Processes and folders that a run has left: at once, after its reapers have had their time, and after the next command.
#[test]
#[ignore = "some minutes: just kills"]
fn a_hundred_killed_runs_leave_nothing_behind() {
    // As few as may be, on a machine that has no half hour.
    let kills: usize = std::env::var("KILLS").map_or(100, |kills| kills.parse().expect("KILLS is a number"));
    let selection = ["--requirement", "CB-14", "AZ-01", "--jobs", "2", "--seed", "7", "--report", "json"];
    // The bundled application within the program, and as one that is started, in turn.
    let arguments = |desk: &Desk, own: bool| -> Vec<String> {
        let mut arguments: Vec<String> = selection.iter().map(ToString::to_string).collect();
        if !own {
            let port = free_port();
            desk.write("collaudo.toml", &profile(port, "#login", &started(port)));
            arguments.extend(["--app".to_owned(), "collaudo.toml".to_owned()]);
        }
        arguments
    };
    let length = |own: bool| {
        let desk = Desk::new();
        let begun = Instant::now();
        let arguments = arguments(&desk, own);
        let ended = desk.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        // How long it takes is asked, and nothing else.
        assert!(matches!(ended.code, Some(0 | 3)), "the whole run ends: {ended:?}");
        begun.elapsed()
    };
    let lengths = [length(true), length(false)];
    let (mut at_once, mut before, mut after) = ((0, 0), (0, 0), (0, 0));
    let mut early = 0;
    for kill in 0..kills {
        let desk = Desk::new();
        let own = kill % 2 == 0;
        let moment = lengths[kill % 2].mul_f64((kill as f64 + 0.5) / kills as f64);
        let arguments = arguments(&desk, own);
        let begun = Instant::now();
        let mut run = desk.start_run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        while begun.elapsed() < moment && run.0.try_wait().expect("it is ours").is_none() {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        early += usize::from(run.0.try_wait().expect("it is ours").is_none());
        run.signal(Signal::KILL);
        run.ended();
        let add = |sum: &mut (usize, usize), left: (usize, usize)| *sum = (sum.0 + left.0, sum.1 + left.1);
        add(&mut at_once, desk.left());
        let end = Instant::now() + REAPED;
        while desk.left() != (0, 0) && Instant::now() < end {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        add(&mut before, desk.left());
        let next = desk.ended(&["doctor", "--app", "missing.toml"]);
        assert_eq!(next.code, Some(2), "{next:?}");
        add(&mut after, desk.left());
    }
    println!(
        "{early} of {kills} runs killed within {lengths:?}: (processes, folders) left at once {at_once:?}, before the next command {before:?}, \
         after it {after:?}"
    );
    assert!(early > kills * 3 / 4, "most runs were killed before they ended: {early}");
    // A folder that was made just before is known to nobody yet who outlives the run: the next command finds it by its name.
    assert_eq!((before.0, after), (0, (0, 0)));
}
