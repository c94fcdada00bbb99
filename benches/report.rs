//! How long the page of a run takes to open: the scenarios of a recorded run, repeated until there are enough of them.
//!
//! `just bench-report [DIR]` takes the run in DIR; every third scenario is told as failed, so that the page has much to show.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use collaudo::browser::{Browser, Options};
use collaudo::domain::{Finding, Level, Readiness, ScenarioId, Verdict};
use collaudo::event::{Event, Lang, Record};
use collaudo::report::{Run, read_jsonl, render_html};

const SIZES: [usize; 2] = [100, 1_000];
const ROUNDS: usize = 5;
/// Since the start of the navigation, in milliseconds: first paint, load event; then the elements of the page.
const TIMES: &str = "[performance.getEntriesByName('first-paint')[0]?.startTime ?? -1, \
    performance.getEntriesByType('navigation')[0].loadEventEnd, document.querySelectorAll('*').length]";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Fails only when a provider is installed already: then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let folder = PathBuf::from(given.unwrap_or_else(|| "collaudo-report".to_owned()));
    let (records, _) = read_jsonl(&folder.join("run.jsonl"))?;
    let out = tempfile::tempdir()?;
    println!("| scenarios | failed | page MB | elements | first paint ms | load event ms |\n| ---: | ---: | ---: | ---: | ---: | ---: |");
    for size in SIZES {
        for fail in [false, true] {
            let run = Run::fold(repeated(&records, size, fail))?;
            let page = render_html(&run, Lang::En, |path| std::fs::read(folder.join(path)).ok())?;
            let path = out.path().join("report.html");
            std::fs::write(&path, &page)?;
            let (mut paint, mut load, mut elements) = (Vec::new(), Vec::new(), 0.0);
            for _ in 0..ROUNDS {
                let [painted, loaded, counted] = opened(&path).await?;
                paint.push(painted);
                load.push(loaded);
                elements = counted;
            }
            let failed = run.scenarios().iter().filter(|scenario| scenario.verdict() == Some(Verdict::Failed)).count();
            let megabytes = page.len() as f64 / 1e6;
            println!("| {size} | {failed} | {megabytes:.1} | {elements} | {:.0} | {:.0} |", median(paint), median(load));
        }
    }
    Ok(())
}

async fn opened(path: &Path) -> Result<[f64; 3], Box<dyn std::error::Error>> {
    let browser = Browser::launch(&Options::default()).await?;
    let context = browser.new_context().await?;
    let page = context.open(&format!("file://{}", path.display())).await?;
    let told = "performance.getEntriesByType('navigation')[0].loadEventEnd > 0 && performance.getEntriesByName('first-paint').length > 0";
    page.wait_until(told, "the page", std::time::Duration::from_secs(60)).await?;
    let times = page.evaluate(TIMES).await?;
    browser.close().await;
    Ok(times)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The run's finished scenarios, under new names, until there are `size`.
fn repeated(records: &[Record], size: usize, fail: bool) -> Vec<Record> {
    let mut of: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        let scenario = match &record.event {
            Event::ScenarioStarted { scenario } => scenario,
            Event::StepFinished(step) => &step.scenario,
            Event::ScenarioFinished(finished) => &finished.scenario,
            Event::RunStarted(_) | Event::RunFinished(_) => continue,
        };
        of.entry(&scenario.0).or_default().push(record);
    }
    let Some(Record { at, event: Event::RunStarted(started) }) = records.first() else { return Vec::new() };
    let planned: Vec<_> = started.scenarios.iter().filter(|scenario| of.contains_key(scenario.id.0.as_str())).collect();
    let mut started = started.clone();
    started.scenarios.clear();
    let mut all = Vec::new();
    for (place, scenario) in planned.iter().cycle().take(size).enumerate() {
        let id = ScenarioId(format!("{}{place:04}", scenario.id));
        started.scenarios.push(collaudo::domain::ScenarioSummary { id: id.clone(), ..(*scenario).clone() });
        for record in of.get(scenario.id.0.as_str()).into_iter().flatten() {
            let mut record = (*record).clone();
            match &mut record.event {
                Event::ScenarioStarted { scenario } => *scenario = id.clone(),
                Event::StepFinished(step) => step.scenario = id.clone(),
                Event::ScenarioFinished(finished) => {
                    finished.scenario = id.clone();
                    if fail && place % 3 == 0 {
                        finished.verdict = Verdict::Failed;
                        finished.findings = scenario.requirements.first().into_iter().map(|of| finding(of.clone())).collect();
                    }
                }
                Event::RunStarted(_) | Event::RunFinished(_) => {}
            }
            all.push(record);
        }
    }
    let readiness = if fail { Readiness::NotReady } else { Readiness::Ready };
    let end = collaudo::event::RunFinished { readiness, duration_ms: 60_000, processor_ms: None, interrupted: false, leaks: Vec::new() };
    let start = Record { at: *at, event: Event::RunStarted(started) };
    std::iter::once(start).chain(all).chain([Record { at: *at, event: Event::RunFinished(end) }]).collect()
}

fn finding(requirement: collaudo::domain::RequirementId) -> Finding {
    Finding {
        requirement,
        level: Level::Must,
        summary: "the relying party did what it must not do".to_owned(),
        expected: "an error page, and no request to the token endpoint".to_owned(),
        actual: "POST /oauth/token, then Ada signed in".to_owned(),
        clause: "RFC 6749 section 10.12".to_owned(),
        exchanges: vec![1],
        step: Some(1),
        diff: None,
        waiver: None,
        advice: None,
    }
}
