//! Nothing of a browser outlives its run, however that ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use collaudo::browser::{Browser, BrowserError, Options};

use super::site::site;
use super::{SOON, opened, sign_ada_in};

/// Command lines of the processes whose group is `group`.
fn processes(group: u32) -> Vec<String> {
    let stats = fs::read_dir("/proc").expect("a Linux").flatten().filter_map(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        // State, parent, group: a zombie waits for its parent only.
        (fields[2] == group.to_string() && fields[0] != "Z").then(|| fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default())
    });
    stats.collect()
}

pub fn profile(group: u32) -> PathBuf {
    let lines = processes(group);
    let found = lines.iter().flat_map(|line| line.split('\0')).find_map(|word| word.strip_prefix("--user-data-dir="));
    PathBuf::from(found.expect("the browser runs")).parent().expect("it lies in our folder").to_owned()
}

pub async fn until_nothing_is_left(group: u32, folder: &Path) {
    let deadline = Instant::now() + SOON;
    while !processes(group).is_empty() || folder.exists() {
        assert!(Instant::now() < deadline, "left: {:?}, folder: {}", processes(group), folder.exists());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_killed_driver_is_noticed_and_takes_everything_along() {
    let (browser, context, page, _site) = opened("/").await;
    let pid = browser.driver_pid().expect("it is ours");
    let folder = profile(pid);
    assert!(folder.exists() && processes(pid).len() > 2);
    let wait = tokio::spawn(async move { page.wait_for("#never", Duration::from_secs(60)).await });
    let raw = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
    rustix::process::kill_process(raw, rustix::process::Signal::KILL).expect("it runs");
    let error = tokio::time::timeout(SOON, wait).await.expect("at once").expect("no panic").expect_err("no browser");
    assert_eq!(error.to_string(), "the browser is gone: chromedriver ended (signal: 9 (SIGKILL))");
    assert!(!browser.is_alive());
    assert!(matches!(browser.new_context().await.err(), Some(BrowserError::Gone { .. })));
    assert!(matches!(context.wait_for_popup(SOON).await.err(), Some(BrowserError::Gone { .. })));
    until_nothing_is_left(pid, &folder).await;
}

/// Not a test: what the next one kills.
#[tokio::test]
#[ignore = "runs until it is killed"]
async fn a_run_that_never_ends() {
    let (browser, _context, _page, _site) = opened("/").await;
    let pid = browser.driver_pid().expect("it is ours");
    println!("\nRUNS {pid} {}", profile(pid).display());
    std::future::pending::<()>().await;
}

#[test]
fn nothing_is_left_when_this_program_is_killed() {
    for signal in [rustix::process::Signal::KILL, rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let mut child = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "leftovers::a_run_that_never_ends", "--ignored", "--nocapture"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("this test starts");
        let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("it is piped")));
        let line = lines.map_while(Result::ok).find(|line| line.starts_with("RUNS ")).expect("the browser starts");
        let words: Vec<&str> = line.split(' ').collect();
        let (pid, folder) = (words[1].parse().expect("a pid"), PathBuf::from(words[2]));
        assert!(processes(pid).len() > 2 && folder.exists());
        let raw = rustix::process::Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid");
        rustix::process::kill_process(raw, signal).expect("it runs");
        child.wait().expect("it was ours");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(until_nothing_is_left(pid, &folder));
    }
}

#[tokio::test]
async fn a_driver_that_somebody_else_started_is_used_and_left_running() {
    let mut driver = std::process::Command::new("/usr/bin/chromedriver")
        .arg("--port=0")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("chromedriver is installed");
    let lines = std::io::BufRead::lines(std::io::BufReader::new(driver.stdout.take().expect("it is piped")));
    let port =
        lines.map_while(Result::ok).find_map(|line| Some(line.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned()));
    let url = format!("http://127.0.0.1:{}/", port.expect("it says its port"));
    let options = Options {
        webdriver: Some(url.parse().expect("an address")),
        binary: Some("/usr/bin/chromium-headless-shell".into()),
        ..Options::default()
    };
    let (browser, site) = tokio::join!(Browser::launch(&options), site());
    let browser = browser.expect("the driver answers");
    assert_eq!(browser.driver_pid(), None);
    let context = browser.new_context().await.expect("a context");
    sign_ada_in(&context, &site).await.expect("the flow ends signed in");
    browser.close().await;
    let again = Browser::launch(&options).await.expect("the driver still runs");
    again.close().await;
    driver.kill().expect("it was ours");
    driver.wait().expect("it was ours");
}

#[tokio::test]
async fn nothing_is_left_after_a_close_or_a_drop() {
    let (browser, context, page, _site) = opened("/").await;
    let pid = browser.driver_pid().expect("it is ours");
    let folder = profile(pid);
    browser.close().await;
    assert_eq!(processes(pid), Vec::<String>::new());
    assert!(!folder.exists());
    assert!(matches!(page.title().await, Err(BrowserError::Gone { .. })));
    drop((browser, context, page));

    let (browser, context, page, _site) = opened("/").await;
    let pid = browser.driver_pid().expect("it is ours");
    let folder = profile(pid);
    drop(browser);
    assert!(page.exists("#login").await.expect("its context still holds the browser"));
    drop((context, page));
    assert_eq!(processes(pid), Vec::<String>::new());
    assert!(!folder.exists());
}
