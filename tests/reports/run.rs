//! A run as a runner tells it: nine scenarios, every verdict, a markup canary in what the application answered.

use collaudo::domain::{
    Attachment, Attestation, BrowserFact, BrowserFactKind, Endpoint, Exchange, Facts, Finding, KnownFailure, Leak, Learned, Level, Oracle,
    Readiness, ScenarioId, Verdict, Waiver,
};
use collaudo::event::{Event, Record, RunFinished, RunStarted, ScenarioFinished, StepFinished, StepStatus};
use serde_json::json;

use super::plan::{id, started};

pub const MARKUP: &str = "<script>alert('canary')</script>";
/// One grey pixel.
pub const PNG: &[u8] = include_bytes!("pixel.png");

/// Gives events their times, a second apart.
#[derive(Default)]
pub struct Tape {
    pub records: Vec<Record>,
}

impl Tape {
    pub fn push(&mut self, event: Event) {
        let second = 1_795_478_400 + self.records.len() as i64;
        let at = jiff::Timestamp::from_second(second).expect("a time of the fixture");
        self.records.push(Record { at, event });
    }

    /// A scenario whose steps passed but for the last, which went as said.
    fn scenario(&mut self, started: &RunStarted, place: usize, last: StepStatus, message: Option<&str>, finished: ScenarioFinished) {
        let summary = &started.scenarios[place];
        self.push(Event::ScenarioStarted { scenario: summary.id.clone() });
        for index in 0..summary.steps.len() {
            let is_last = index + 1 == summary.steps.len();
            let status = if is_last { last } else { StepStatus::Passed };
            let message = message.filter(|_| is_last).map(str::to_owned);
            self.push(Event::StepFinished(StepFinished { scenario: summary.id.clone(), index, status, duration_ms: 120, message }));
        }
        self.push(Event::ScenarioFinished(Box::new(ScenarioFinished { scenario: summary.id.clone(), ..finished })));
    }
}

fn finished(verdict: Verdict) -> ScenarioFinished {
    ScenarioFinished {
        scenario: ScenarioId(String::new()),
        verdict,
        reason: None,
        findings: Vec::new(),
        oracle: None,
        attestations: Vec::new(),
        duration_ms: 2_340,
        exchanges: Vec::new(),
        browser: Vec::new(),
        attachments: Vec::new(),
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn exchanges(fault: Option<&str>) -> Vec<Exchange> {
    let exchange = |number: u64, at_ms, endpoint, method: &str, path: &str, status| Exchange {
        number,
        at_ms,
        duration_ms: 4,
        endpoint,
        method: method.to_owned(),
        path: path.to_owned(),
        query: Vec::new(),
        headers: pairs(&[("accept", "*/*"), ("user-agent", "Portale/2.1")]),
        form: Vec::new(),
        body: None,
        status,
        response_headers: pairs(&[("cache-control", "no-store")]),
        response: None,
        facts: Facts { client_id: Some("portale".to_owned()), ..Facts::default() },
        faults: Vec::new(),
    };
    let mut authorization = exchange(2, 1_180, Endpoint::Authorization, "GET", "/oauth/authorize", 303);
    authorization.query = pairs(&[
        ("response_type", "code"),
        ("client_id", "portale"),
        ("redirect_uri", "http://127.0.0.1:5000/callback"),
        ("scope", "openid offline_access giponext.patients"),
        ("state", "[state-1]"),
        ("code_challenge", "[challenge-1]"),
    ]);
    authorization.response_headers = pairs(&[("location", "http://127.0.0.1:5000/callback?code=[code-1]&state=[state-2]")]);
    authorization.faults = fault.map(str::to_owned).into_iter().collect();
    let mut token = exchange(3, 1_420, Endpoint::Token, "POST", "/oauth/token", 200);
    token.form = pairs(&[("grant_type", "authorization_code"), ("code", "[code-1]"), ("code_verifier", "[verifier-1]")]);
    token.response = Some(json!({"access_token": "[access-token-1]", "token_type": "Bearer", "expires_in": 3600}));
    let mut call = exchange(4, 1_610, Endpoint::Api, "GET", "/v2/medical-centre-1/patients", 401);
    call.facts.refusal = Some("the access token lacks the scope giponext.patients".to_owned());
    call.response = Some(json!({"error": "insufficient_scope"}));
    vec![exchange(1, 1_100, Endpoint::Discovery, "GET", "/.well-known/openid-configuration", 200), authorization, token, call]
}

fn browser() -> Vec<BrowserFact> {
    let fact = |at_ms, kind, text: &str| BrowserFact { at_ms, kind, text: text.to_owned(), person: None };
    vec![
        fact(10, BrowserFactKind::Navigated, "http://127.0.0.1:5000/"),
        fact(210, BrowserFactKind::WindowOpened, "http://127.0.0.1:4010/oauth/authorize"),
        fact(330, BrowserFactKind::Navigated, "http://127.0.0.1:5000/callback"),
        fact(420, BrowserFactKind::Console, "Uncaught TypeError: cannot read properties of null"),
        fact(520, BrowserFactKind::WindowClosed, "http://127.0.0.1:5000/callback"),
    ]
}

fn finding(of: &str, level: Level, summary: &str, expected: &str, actual: &str, clause: &str) -> Finding {
    Finding {
        requirement: id(of),
        level,
        summary: summary.to_owned(),
        expected: expected.to_owned(),
        actual: actual.to_owned(),
        clause: clause.to_owned(),
        exchanges: Vec::new(),
        step: None,
        diff: None,
        waiver: None,
        advice: None,
    }
}

/// The whole run, with its end.
pub fn records() -> Vec<Record> {
    use StepStatus::{Failed, Passed, Skipped};
    let started = started();
    let mut tape = Tape::default();
    tape.push(Event::RunStarted(Box::new(started.clone())));

    let signed_in = ScenarioFinished { exchanges: exchanges(None), browser: browser(), ..finished(Verdict::Passed) };
    tape.scenario(&started, 0, Passed, None, signed_in);

    let forged = "the relying party signed Ada in with a response whose state it never sent";
    let mut found = finding(
        "CB-01",
        Level::Must,
        forged,
        "an error page, and no request to the token endpoint",
        "POST /oauth/token with [code-1], then Ada signed in",
        "RFC 6749 section 10.12",
    );
    found.exchanges = vec![3];
    found.step = Some(4);
    let refused = ScenarioFinished {
        findings: vec![found],
        oracle: Some(Oracle {
            control: Some(true),
            delivered: Some(true),
            no_follow_up: Some(false),
            reaction: Some(false),
            recovery: None,
        }),
        exchanges: exchanges(Some("authorization.other-state")),
        browser: browser(),
        attachments: vec![
            Attachment {
                title: "The application after the forged response".to_owned(),
                media_type: "image/png".to_owned(),
                path: "attachments/s2.png".to_owned(),
            },
            Attachment { title: "Page source".to_owned(), media_type: "text/html".to_owned(), path: "attachments/s2.html".to_owned() },
        ],
        ..finished(Verdict::Failed)
    };
    tape.scenario(&started, 1, Failed, Some(forged), refused);

    let mut markup =
        finding("CB-13", Level::Must, &format!("the error page runs {MARKUP}"), "&lt;script&gt; as text", MARKUP, "RFC 6749 section 10.14");
    markup.diff = Some("@@ -1,2 +1,2 @@\n <p class=\"error\">\n-&lt;script&gt;\n+<script>\n".to_owned());
    tape.scenario(
        &started,
        2,
        Failed,
        Some("foreign markup in the page"),
        ScenarioFinished { findings: vec![markup], ..finished(Verdict::Failed) },
    );

    let raw =
        finding("TK-02", Level::Should, "the Basic header carries the secret unencoded", "p%3Aw%25", "p:w%", "RFC 6749 section 2.3.1");
    tape.scenario(&started, 3, Passed, None, ScenarioFinished { findings: vec![raw], ..finished(Verdict::Warned) });

    let silent = "the platform never delivered the fault: the application made no call in 10 s";
    tape.scenario(
        &started,
        4,
        Failed,
        Some(silent),
        ScenarioFinished {
            reason: Some(silent.to_owned()),
            oracle: Some(Oracle { control: Some(true), ..Oracle::default() }),
            ..finished(Verdict::Inconclusive)
        },
    );

    tape.scenario(
        &started,
        5,
        Skipped,
        None,
        ScenarioFinished {
            reason: Some("the profile names no medical centre: [dossier] introduced_by is missing".to_owned()),
            attestations: vec![Attestation {
                fact: "The production client is registered".to_owned(),
                name: "Bruno Conti".to_owned(),
                date: "2026-11-02".to_owned(),
                ticket: Some("GIPO-4711".to_owned()),
            }],
            ..finished(Verdict::NeedsReview)
        },
    );

    tape.scenario(
        &started,
        6,
        Skipped,
        None,
        ScenarioFinished {
            reason: Some("the profile declares a web application".to_owned()),
            duration_ms: 0,
            ..finished(Verdict::NotApplicable)
        },
    );

    let driver = "the browser's driver ended with status 1";
    tape.scenario(&started, 7, Failed, Some(driver), ScenarioFinished { reason: Some(driver.to_owned()), ..finished(Verdict::Errored) });

    tape.scenario(
        &started,
        8,
        Failed,
        Some("no popup within 5 s"),
        ScenarioFinished { reason: Some("no popup within 5 s".to_owned()), ..finished(Verdict::Inconclusive) },
    );
    tape.scenario(&started, 8, Passed, None, finished(Verdict::Passed));

    tape.push(Event::RunFinished(RunFinished {
        readiness: Readiness::NotReady,
        duration_ms: 74_500,
        processor_ms: Some(98_400),
        interrupted: false,
        leaks: Vec::new(),
    }));
    tape.records
}

/// The run, ended by a signal while its third scenario ran; its own end says so.
pub fn interrupted() -> Vec<Record> {
    let whole = records();
    let third = started().scenarios[2].id.clone();
    let cut = whole.iter().position(|record| matches!(&record.event, Event::ScenarioStarted { scenario } if *scenario == third));
    let mut tape = Tape { records: whole.into_iter().take(cut.expect("the third scenario starts") + 2).collect() };
    tape.push(Event::RunFinished(RunFinished {
        readiness: Readiness::NotReady,
        duration_ms: 9_800,
        processor_ms: None,
        interrupted: true,
        leaks: Vec::new(),
    }));
    tape.records
}

/// A run of the first scenario alone, which passed.
pub fn sound() -> Vec<Record> {
    let mut started = started();
    started.scenarios.truncate(1);
    let mut tape = Tape::default();
    tape.push(Event::RunStarted(Box::new(started.clone())));
    tape.scenario(&started, 0, StepStatus::Passed, None, finished(Verdict::Passed));
    tape.push(Event::RunFinished(RunFinished {
        readiness: Readiness::Ready,
        duration_ms: 2_500,
        processor_ms: None,
        interrupted: false,
        leaks: Vec::new(),
    }));
    tape.records
}

/// The whole run beside a baseline that knows one of its failures, one that healed and one of a scenario that is gone.
pub fn beside_a_baseline() -> Vec<Record> {
    let mut records = records();
    if let Event::RunStarted(started) = &mut records[0].event {
        let known = |of: &str, scenario: &str, summary: &str| KnownFailure {
            requirement: id(of),
            scenario: scenario.to_owned(),
            summary: summary.to_owned(),
        };
        started.baseline = Some(vec![
            known("CB-01", "A response with another state is refused", "the relying party took any state"),
            known("AC-08", "Granting consent signs the end-user in", "nobody was signed in"),
            known("AC-08", "A scenario of an older suite", "nobody was signed in"),
        ]);
    }
    records
}

/// Members that no other fixture has.
pub fn with_everything() -> Vec<Record> {
    let mut records = sound();
    if let Event::RunStarted(started) = &mut records[0].event {
        started.selection = vec!["requirement AC-08".to_owned()];
        started.shard = Some("1/2".parse().expect("a part"));
        started.application.defect = Some("accepts-any-state".to_owned());
        started.application.learned = Some(Learned { signed_in: Some("#user".to_owned()), error: Some("#error".to_owned()) });
        started.waivers = vec![Waiver {
            requirement: id("AC-08"),
            owner: "Nora Sala".to_owned(),
            reason: "mended in release 2".to_owned(),
            until: jiff::civil::date(2999, 12, 31),
        }];
        started.previous = Some(Box::new(super::fold(self::records()).told()));
    }
    if let Some(Event::RunFinished(finished)) = records.last_mut().map(|record| &mut record.event) {
        finished.leaks = vec![Leak { file: "evidence/page.txt".to_owned(), kind: "access-token".to_owned() }];
    }
    records
}
