//! The suite's own files: every hole that the engine leaves open gives its problem, at its place.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use collaudo::catalogue::{
    Catalogue, Problem, REQUIREMENTS_PATH, Selection, Sources, StepMatch, lint, parse_features, parse_requirements, scenario_id,
};
use collaudo::domain::{Actor, Level, RequirementId, ScenarioSummary, Suite};
use regex::Regex;

const GOLDEN_IDS: &str = "\
    AZ-01 AZ-02 AZ-03 AZ-04 AZ-05 AZ-06 AZ-07 AZ-08 AZ-09 AZ-10 AZ-11 AZ-12 \
    CB-01 CB-02 CB-03 CB-04 CB-05 CB-06 CB-07 CB-08 CB-09 CB-10 CB-11 CB-12 CB-13 CB-14 CB-15 CB-16 \
    PO-01 PO-02 PO-03 PO-04 PO-05 PO-06 TK-01 TK-02 TK-03 TK-04 TK-05 TK-06 TK-07 TK-08 \
    ID-01 ID-02 ID-03 ID-04 ID-05 ID-06 ID-07 ID-08 ID-09 ID-10 ID-11 ID-12 ID-13 ID-14 ID-15 ID-16 ID-17 \
    RS-01 RS-02 RS-03 RS-04 RS-05 RS-06 RT-01 RT-02 RT-03 RT-04 RT-05 RT-06 DV-01 DV-02 DV-03 DV-04 \
    SE-01 SE-02 SE-03 LO-01 LO-02 LO-03 LO-04 LO-05 LO-06 NA-01 \
    GX-01 GX-02 GX-03 GX-04 GX-05 GX-06 GX-07 GX-08 GX-09 GX-10 GX-11 GX-12 GX-13 GX-14 GX-15 GX-16 GX-17 GX-18 GX-19 GX-20 \
    GX-21 GX-22 GX-23 AC-01 AC-02 AC-03 AC-04 AC-05 AC-06 AC-07 AC-08 AC-09 AC-10 AC-11 AC-12 AC-13 \
    PL-01 PL-02 PL-03 PL-04 PL-05 PL-06 PL-07 PL-08 PL-09 PL-10 PL-11 PL-12 PL-13 PL-14 \
    PL-15 PL-16 PL-17 PL-18 PL-19 PL-20 PL-21 PL-22 PL-23 PL-24 PL-25 PL-26 PL-27 PL-28 PL-29 PL-30 PL-31 PL-32 PL-33 PL-34 PL-35 PL-36 PL-37";

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/features").join(folder)
}

fn sources(folder: &str) -> Sources {
    Sources::from_dir(&fixtures(folder)).expect("the fixtures can be read")
}

fn id(text: &str) -> RequirementId {
    text.parse().expect("a well-shaped id")
}

/// A small vocabulary in place of the product's step definitions.
fn step_known(step: &gherkin::Step) -> StepMatch {
    let patterns = [
        "^(Ada|Bruno|Mallory) signs in$",
        "^Ada is signed out$",
        "^nobody is signed in$",
        "^the relying party (is registered at the platform|shows Ada signed in)$",
        "^the platform will answer with (another|no|two) states?$",
        "^a code is redeemed twice$",
        "^the second answer is invalid_grant$",
        "^either of two$",
        "^either (of|or) two$",
        "^(una richiesta in attesa|Bruno apre il portale|non vede credenziali|Ada accede)$",
    ];
    let matching: Vec<_> =
        patterns.into_iter().filter(|pattern| Regex::new(pattern).expect("well formed").is_match(&step.value)).map(str::to_owned).collect();
    match matching.len() {
        0 => StepMatch::Undefined,
        1 => StepMatch::Known,
        _ => StepMatch::Ambiguous(matching),
    }
}

/// Every problem of one bad feature, judged by the good fixtures' requirements.
fn problems(case: &str) -> Vec<Problem> {
    let path = format!("features/{case}.feature");
    let sources = Sources(vec![(path.clone(), sources("bad").text(&path).to_owned())]);
    assert_ne!(sources.text(&path), "", "there is no fixture {path}");
    let requirements = parse_requirements(&self::sources("good")).expect("the good fixtures are good");
    match parse_features(&sources) {
        Ok(features) => lint(&features, &sources, &requirements, &step_known),
        Err(errors) => errors.0,
    }
}

fn snapshot(name: &str, case: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/catalogue"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    if !case.is_empty() {
        settings.set_snapshot_suffix(case);
    }
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The places at which a case has problems: `line:column`.
fn refused(case: &str, places: &[&str]) {
    let problems = problems(case);
    let found: Vec<_> = problems.iter().map(|problem| format!("{}:{}", problem.line, problem.column)).collect();
    let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n");
    assert_eq!(found, places, "{text}");
    assert!(problems.iter().all(|problem| problem.path == format!("features/{case}.feature")), "{text}");
    snapshot("problems", case, &text);
}

#[test]
fn an_undefined_step_is_reported_once_with_the_nearest_known_one() {
    refused("undefined-step", &["7:5", "8:5"]);
}

#[test]
fn an_ambiguous_step_is_reported_with_its_definitions() {
    refused("ambiguous-step", &["5:5"]);
}

#[test]
fn a_misspelt_keyword_is_found_in_every_description() {
    refused("misspelt-keyword", &["2:3", "4:3", "5:5", "10:5", "14:5", "17:7", "22:7"]);
    refused("misspelt-italian", &["4:3", "5:5", "8:3", "9:5"]);
    refused("foreign-keyword", &["4:5"]);
}

#[test]
fn a_misspelt_keyword_after_a_step_is_reported_where_it_stands() {
    refused("misspelt-after-step", &["11:5"]);
}

#[test]
fn what_runs_nothing_is_reported() {
    refused("zero-steps", &["3:3", "10:3"]);
    refused("no-scenario", &["1:1"]);
    refused("empty-examples", &["5:5", "11:5", "14:3"]);
}

#[test]
fn a_title_that_stands_twice_is_reported_with_both_places() {
    refused("duplicate-title", &["8:5", "17:7"]);
}

#[test]
fn a_file_that_cannot_be_parsed_is_reported_where_it_breaks_off() {
    refused("uneven-table", &["7:7"]);
    refused("unknown-language", &["1:1"]);
    refused("no-feature", &["2:1"]);
    refused("unknown-placeholder", &["4:5"]);
}

#[test]
fn tags_that_name_nothing_are_reported() {
    refused("no-requirement", &["3:3", "7:3"]);
    refused("unknown-requirement", &["1:8", "3:3", "3:11"]);
    refused("unknown-suite", &["1:8", "3:3"]);
}

#[test]
fn errors_of_the_requirements_file_are_all_reported_with_their_places() {
    let errors = parse_requirements(&sources("bad")).expect_err("the file is bad");
    let places: Vec<_> = errors.0.iter().map(|problem| format!("{}:{}", problem.line, problem.column)).collect();
    snapshot("problems", "requirements", &errors.to_string());
    assert_eq!(places, ["1:2", "10:2", "20:9", "36:1", "38:2"], "{errors}");

    let twice = "[CB-01]\nlevel = \"MUST\"\n\n[CB-01]\ntitle = unquoted\n";
    let errors = parse_requirements(&Sources(vec![(REQUIREMENTS_PATH.to_owned(), twice.to_owned())])).expect_err("the file is bad");
    snapshot("problems", "requirements-syntax", &errors.to_string());
}

#[test]
fn every_bad_file_is_looked_at() {
    let text = include_str!("catalogue.rs");
    for (path, _) in sources("bad").features() {
        let case = path.trim_start_matches("features/").trim_end_matches(".feature");
        assert!(text.contains(&format!("refused(\"{case}\"")), "no test looks at {path}");
    }
}

#[test]
fn the_good_features_have_no_problem() {
    let sources = sources("good");
    let features = parse_features(&sources).expect("they parse");
    let requirements = parse_requirements(&sources).expect("they parse");
    let problems = lint(&features, &sources, &requirements, &step_known);
    assert_eq!(problems, [], "{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn scenarios_are_summed_up_with_their_rows_suites_and_requirements() {
    let catalogue = Catalogue::from_dir(&fixtures("good")).expect("the good fixtures are good");
    let line = |scenario: &collaudo::domain::ScenarioSummary| {
        let requirements: Vec<_> = scenario.requirements.iter().map(ToString::to_string).collect();
        format!("{} [{}] {} ({})", scenario.id, scenario.suite, scenario.title, requirements.join(" "))
    };
    assert_eq!(
        catalogue.scenarios.iter().map(line).collect::<Vec<_>>(),
        [
            "features/accreditation/approval.feature:6 [accreditation] Senza approvazione non ci sono credenziali (AC-06)",
            "features/session/response.feature:10 [relying-party] Granting consent signs the end-user in (CB-01)",
            "features/session/response.feature:31 [relying-party] A response with another state is refused (CB-01)",
            "features/session/response.feature:33 [relying-party] A response with no state is refused (CB-01)",
            "features/session/response.feature:38 [relying-party] A response with two states is refused (CB-02)",
            "features/token/code.feature:4 [platform] A code is redeemed once ()",
        ]
    );
    let refused = &catalogue.scenarios[2];
    assert_eq!(refused.rule.as_deref(), Some("A foreign response signs nobody in"));
    assert_eq!(refused.tags, ["session", "negative", "CB-01"]);
    let steps: Vec<_> =
        refused.steps.iter().map(|step| format!("{} {} {} {}", step.line, step.background, step.keyword, step.text)).collect();
    assert_eq!(
        steps,
        [
            "7 true Given the relying party is registered at the platform",
            "17 true Given Ada is signed out",
            "21 false Given the platform will answer with another state",
            "22 false When Ada signs in",
            "23 false Then nobody is signed in",
        ]
    );
}

#[test]
fn the_runner_finds_each_scenario_by_the_id_of_its_summary() {
    for sources in [sources("good"), Sources::embedded().expect("the suite can be read")] {
        let features = parse_features(&sources).expect("they parse");
        let catalogue = Catalogue::from_sources(&sources).expect("it is sound");
        let summed: HashSet<_> = catalogue.scenarios.iter().map(|scenario| scenario.id.clone()).collect();
        let run = features.iter().flat_map(|feature| {
            let ruled = feature.rules.iter().flat_map(|rule| &rule.scenarios);
            feature.scenarios.iter().chain(ruled).map(move |scenario| scenario_id(feature, scenario))
        });
        assert_eq!(summed.len(), catalogue.scenarios.len(), "an id stands twice");
        assert_eq!(run.collect::<HashSet<_>>(), summed);
    }
}

#[test]
fn coverage_puts_each_requirement_in_one_place() {
    let catalogue = Catalogue::from_dir(&fixtures("good")).expect("the good fixtures are good");
    let coverage = catalogue.coverage();
    assert_eq!(coverage.covered, [id("CB-01"), id("CB-02"), id("AC-06")]);
    assert_eq!(coverage.not_tested, [(id("CB-11"), "a person looks at it".to_owned())]);
    assert_eq!(coverage.neither, [id("ZZ-01")]);
    assert_eq!(coverage.outdated_reasons, [id("CB-02")]);
    assert_eq!(catalogue.covering(&id("CB-01")).len(), 3);
    assert_eq!(catalogue.requirement(&id("CB-11")).map(|requirement| requirement.level), Some(Level::Quality));
}

#[test]
fn a_selection_takes_what_meets_all_its_parts() {
    let catalogue = Catalogue::from_dir(&fixtures("good")).expect("the good fixtures are good");
    let lines = |selection: &Selection| {
        let selected = catalogue.scenarios.iter().filter(|scenario| selection.selects(scenario));
        selected.map(|scenario| scenario.id.0.rsplit(':').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let tags = |text| Some(Selection::parse_tags(text).expect("a tag expression"));
    assert_eq!(lines(&Selection::default()).len(), 6);
    assert_eq!(lines(&Selection { tags: tags("@session and not @negative"), ..Selection::default() }), ["10"]);
    assert_eq!(lines(&Selection { requirements: vec![id("CB-02"), id("AC-06")], ..Selection::default() }), ["6", "38"]);
    assert_eq!(lines(&Selection { suites: vec![Suite::Platform], ..Selection::default() }), ["4"]);
    let narrow = Selection {
        tags: tags("@negative and (@CB-01 or not @session)"),
        requirements: vec![id("CB-01")],
        suites: vec![Suite::RelyingParty],
        places: vec![],
    };
    assert_eq!(lines(&narrow), ["31", "33"]);
    assert_eq!(narrow.words(), ["tags @negative and (@CB-01 or not @session)", "requirement CB-01", "suite relying-party"]);
    for wrong in ["popup", "@a and", "@a @b", ""] {
        let error = Selection::parse_tags(wrong).expect_err(wrong);
        assert!(error.to_string().contains(&format!("`{wrong}`")), "{error}");
    }
}

#[test]
fn the_digest_changes_with_every_text_and_path() {
    let sources = sources("good");
    let mut renamed = sources.clone();
    renamed.0[0].0.push('x');
    let mut rewritten = sources.clone();
    rewritten.0[0].1.push('x');
    let mut moved = sources.clone();
    let text = std::mem::take(&mut moved.0[0].1);
    moved.0[0].0.push_str(&text);
    let digests = HashSet::from([&sources, &renamed, &rewritten, &moved].map(Sources::digest));
    assert_eq!(digests.len(), 4);
    assert!(digests.iter().all(|digest| digest.len() == 64));
}

#[test]
fn the_requirements_are_the_golden_ones_and_complete() {
    let requirements = parse_requirements(&Sources::embedded().expect("the suite can be read")).expect("the file is sound");
    let ids: Vec<_> = requirements.iter().map(|requirement| requirement.id.as_str()).collect();
    assert_eq!(ids, GOLDEN_IDS.split_ascii_whitespace().collect::<Vec<_>>());
    let (on_platform, on_others): (Vec<_>, Vec<_>) = requirements.iter().partition(|requirement| requirement.actor == Actor::Platform);
    assert_eq!(on_others.len() + on_platform.len(), GOLDEN_IDS.split_whitespace().count());
    let clause = Regex::new(concat!(
        r"^(RFC \d{4} section \d+(\.\d+)*|OpenID Connect (Core|Discovery|Back-Channel Logout|RP-Initiated Logout) 1\.0 section \d+(\.\d+)*|C-\d\d|own rule",
        r"|OAuth 2\.(1|0 for Browser-Based Applications) draft section \d+(\.\d+)*|OWASP ASVS 4\.0\.3 section \d+(\.\d+)*|GDPR article \d+)$"
    ))
    .expect("well formed");
    let mut titles = HashSet::new();
    for requirement in &requirements {
        let id = &requirement.id;
        assert!(requirement.clause.iter().all(|text| clause.is_match(text)), "{id}: {:?}", requirement.clause);
        let actor = match &id.as_str()[..2] {
            "AC" => Actor::Integrator,
            "PL" => Actor::Platform,
            _ => Actor::RelyingParty,
        };
        assert_eq!(requirement.actor, actor, "{id}");
        assert!(requirement.clause != ["own rule"] || requirement.level == Level::Quality, "{id} is binding by its own rule only");
        for text in [&requirement.title, &requirement.title_it, &requirement.remedy, &requirement.remedy_it] {
            assert!(text.trim() == text && text.len() > 10, "{id}: {text:?}");
        }
        for title in [&requirement.title, &requirement.title_it] {
            assert!(title.starts_with(char::is_lowercase) && !title.ends_with('.'), "{id}: a title completes a sentence: {title}");
            assert!(titles.insert(title), "{id}: the title is taken: {title}");
        }
        for remedy in [&requirement.remedy, &requirement.remedy_it] {
            assert!(remedy.starts_with(char::is_uppercase) && remedy.ends_with('.'), "{id}: a remedy is sentences: {remedy}");
        }
    }
}

#[test]
fn the_embedded_suite_is_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("features");
    // Not `assert_eq`: it would print the whole suite twice.
    let same = Sources::embedded().expect("it can be read") == Sources::from_dir(&folder).expect("it can be read");
    assert!(same, "the suite that was compiled in differs from features/: build again");
    let catalogue = Catalogue::embedded().unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(catalogue.requirements.len(), GOLDEN_IDS.split_whitespace().count());
}

/// An id without its line, so that a line that moves changes no approved text.
fn file_of(scenario: &ScenarioSummary) -> &str {
    scenario.id.0.rsplit_once(':').map_or(scenario.id.0.as_str(), |(file, _)| file)
}

#[test]
fn every_requirement_has_a_scenario_or_a_reason_why_not() {
    let coverage = Catalogue::embedded().unwrap_or_else(|errors| panic!("{errors}")).coverage();
    assert_eq!(coverage.neither, [], "write a scenario, or `not_tested` with the reason");
    assert_eq!(coverage.outdated_reasons, [], "a scenario covers them now: take `not_tested` out");
    for (id, reason) in &coverage.not_tested {
        assert!(reason.len() > 30 && !reason.ends_with('.'), "{id}: a reason says what is missing, without a full stop: {reason}");
    }
    assert_eq!(coverage.covered.len() + coverage.not_tested.len(), GOLDEN_IDS.split_whitespace().count());
}

#[test]
fn every_fault_is_armed_for_each_requirement_that_it_names_or_by_hand_with_a_reason() {
    let sources = Sources::embedded().expect("the suite can be read");
    let (features, catalogue) = (parse_features(&sources).expect("they parse"), Catalogue::from_sources(&sources).expect("it is sound"));
    let mut armed: HashSet<(&str, String)> = HashSet::new();
    for feature in &features {
        let ruled = feature.rules.iter().flat_map(|rule| rule.scenarios.iter().map(move |scenario| (rule.background.as_ref(), scenario)));
        for (background, scenario) in feature.scenarios.iter().map(|scenario| (None, scenario)).chain(ruled) {
            let id = scenario_id(feature, scenario);
            let requirements = catalogue.scenarios.iter().filter(|summary| summary.id == id).flat_map(|summary| &summary.requirements);
            let requirements: Vec<String> = requirements.map(ToString::to_string).collect();
            let backgrounds = feature.background.iter().chain(background).flat_map(|background| &background.steps);
            for step in backgrounds.chain(&scenario.steps) {
                let cells = step.table.iter().flat_map(|table| table.rows.iter().flatten());
                let faults = cells.chain([&step.value]).filter_map(|text| collaudo::steps::armed(text));
                armed.extend(faults.flat_map(|fault| requirements.iter().map(move |requirement| (fault, requirement.clone()))));
            }
        }
    }
    let mut wrong = Vec::new();
    for fault in collaudo::platform::faults() {
        let missed = fault.requirements.iter().filter(|requirement| !armed.contains(&(fault.name, (**requirement).to_owned())));
        let missed: Vec<&str> = missed.copied().collect();
        match fault.by_hand {
            Some(reason) if reason.len() < 30 => wrong.push(format!("{}: a reason says why no scenario can arm it", fault.name)),
            None if fault.requirements.is_empty() => {
                wrong.push(format!("{}: it provokes no requirement, and nothing says why", fault.name))
            }
            None if !missed.is_empty() => wrong.push(format!("{}: no scenario of {} arms it", fault.name, missed.join(", "))),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_scenario_that_comes_or_goes_changes_the_approved_catalogue() {
    let catalogue = Catalogue::embedded().unwrap_or_else(|errors| panic!("{errors}"));
    let mut text = String::new();
    let mut file = "";
    for scenario in &catalogue.scenarios {
        if file_of(scenario) != file {
            file = file_of(scenario);
            text.push_str(&format!("\n{file} [{}]\n", scenario.suite));
        }
        let requirements: Vec<_> = scenario.requirements.iter().map(ToString::to_string).collect();
        text.push_str(&format!("  {} ({})\n", scenario.title, requirements.join(" ")));
    }
    text.push_str("\nnot tested\n");
    for (id, reason) in catalogue.coverage().not_tested {
        text.push_str(&format!("  {id} {reason}\n"));
    }
    snapshot("suite", "", text.trim_start());
}
