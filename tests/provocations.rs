//! docs/provocations.md: for each requirement on an application, what judges it, and what a sound application has to bear. Made from
//! the features, so that it cannot say more than is run.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

use collaudo::catalogue::Catalogue;
use collaudo::domain::{Actor, ScenarioSummary, StepText};

/// How steps begin that say what a sound application has to go on with.
const BORNE: [&str; 5] = ["signed in", "shows its data", "shows what it showed before", "are shown", "succeeds"];

/// What the platform or a person does in a scenario: its table's rows, or the steps that provoke.
fn provocations(scenario: &ScenarioSummary) -> Vec<String> {
    let own = scenario.steps.iter().filter(|step| !step.background);
    let rows: Vec<String> = own.clone().flat_map(rows).collect();
    if !rows.is_empty() {
        return rows;
    }
    let told = own.filter_map(|step| step.text.strip_prefix("the platform will ")).map(str::to_owned);
    let told: Vec<String> = told.collect();
    if told.is_empty() { vec![scenario.title.clone()] } else { told }
}

/// What a step's table names, and where in the life of a browser.
fn rows(step: &StepText) -> Vec<String> {
    let when = if step.text.contains(" again in the same browser ") { ", at the second sign-in in a browser" } else { "" };
    let when = if step.text.contains(" within her session ") { ", in a link to the login, while signed in" } else { when };
    let when = if step.text.contains(" is signed in already ") { ", while another user is signed in" } else { when };
    step.rows.iter().map(|row| format!("{row}{when}")).collect()
}

fn is_to_be_borne(scenario: &ScenarioSummary) -> bool {
    let negative = scenario.tags.iter().any(|tag| tag.trim_start_matches('@') == "negative");
    !negative && scenario.steps.iter().any(|step| BORNE.iter().any(|words| step.text.contains(words)))
}

fn page(catalogue: &Catalogue) -> String {
    let mut page = "# What judges each requirement\n\nFor each requirement on an application: what is provoked or watched, and what a sound application \
        has to bear (the edges that the standards allow).\nThis page is compared with the features by `tests/provocations.rs`; `INSTA_UPDATE=always` writes \
        it anew.\n\n| requirement | level | judged by | has to be borne |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for requirement in catalogue.requirements.iter().filter(|known| known.actor == Actor::RelyingParty) {
        let (borne, judged): (Vec<_>, Vec<_>) =
            catalogue.covering(&requirement.id).into_iter().partition(|scenario| is_to_be_borne(scenario));
        let cell = |scenarios: Vec<&ScenarioSummary>| {
            let mut told: Vec<String> = scenarios.into_iter().flat_map(provocations).map(|text| text.replace('|', "\\|")).collect();
            let mut seen = HashSet::new();
            // A program meets many of them too.
            told.retain(|text| seen.insert(text.clone()));
            told.join("; ")
        };
        let _ = writeln!(page, "| {} {} | {} | {} | {} |", requirement.id, requirement.title, requirement.level, cell(judged), cell(borne));
    }
    page
}

#[test]
fn the_page_of_the_provocations_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/provocations.md");
    let wanted = page(&Catalogue::embedded().expect("the suite is sound"));
    let told = std::fs::read_to_string(&path).unwrap_or_default();
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") && told != wanted {
        std::fs::write(&path, &wanted).expect("writes");
    }
    assert!(told == wanted, "docs/provocations.md is not of this suite: INSTA_UPDATE=always writes it anew");
}
