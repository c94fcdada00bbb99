//! A run as a runner tells it: nine scenarios, every verdict, a markup canary in what the application answered.

use collaudo::domain::{
    Actor, Application, ApplicationType, Attachment, Attestation, BrowserFact, BrowserFactKind, Endpoint, Environment, Exchange, Facts,
    Finding, Level, Oracle, Readiness, Requirement, RequirementId, ScenarioId, ScenarioSummary, StepText, Suite, TargetSummary, Verdict,
};
use collaudo::event::{Event, FORMAT, Lang, Record, RunFinished, RunStarted, ScenarioFinished, StepFinished, StepStatus};
use serde_json::json;

pub const MARKUP: &str = "<script>alert('canary')</script>";
/// One grey pixel.
pub const PNG: &[u8] = include_bytes!("pixel.png");

pub fn id(text: &str) -> RequirementId {
    text.parse().expect("a requirement id of the fixture")
}

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

fn requirement(of: &str, level: Level, actor: Actor, clause: &[&str], title: [&str; 2], remedy: [&str; 2]) -> Requirement {
    Requirement {
        id: id(of),
        level,
        actor,
        clause: clause.iter().map(|clause| (*clause).to_owned()).collect(),
        title: title[0].to_owned(),
        title_it: title[1].to_owned(),
        remedy: remedy[0].to_owned(),
        remedy_it: remedy[1].to_owned(),
        stricter: None,
        not_tested: None,
    }
}

fn requirements() -> Vec<Requirement> {
    use Level::{Must, Quality, Should};
    let rp = Actor::RelyingParty;
    let mut all = vec![
        requirement(
            "AC-08",
            Must,
            rp,
            &["OIDC Core 3.1.2.5", "C-12"],
            ["signs an end-user in who granted every scope", "fa accedere un utente che ha concesso ogni permesso"],
            ["Redeem the code at your callback, then open a session.", "Riscattare il codice alla callback, poi aprire una sessione."],
        ),
        requirement(
            "CB-01",
            Must,
            rp,
            &["RFC 6749 section 10.12", "RFC 9700 section 2.1"],
            [
                "rejects a response whose state is wrong, missing or empty",
                "rifiuta una risposta il cui state è sbagliato, mancante o vuoto",
            ],
            [
                "Compare `state` with the value kept in the user's session before anything else; answer with an error page and forget the attempt.",
                "Confrontare `state` con il valore tenuto nella sessione dell'utente prima di ogni altra cosa; rispondere con una pagina di errore e dimenticare il tentativo.",
            ],
        ),
        requirement(
            "CB-13",
            Must,
            rp,
            &["RFC 6749 section 10.14"],
            ["renders no error description as markup", "non mostra come HTML la descrizione di un errore"],
            [
                "Escape what comes from the authorization response before it reaches a page.",
                "Neutralizzare ciò che viene dalla risposta di autorizzazione prima di metterlo in una pagina.",
            ],
        ),
        requirement(
            "TK-02",
            Should,
            rp,
            &["RFC 6749 section 2.3.1"],
            ["form-encodes its id and secret in the Basic header", "codifica id e segreto nell'intestazione Basic"],
            ["Percent-encode both before joining them with a colon.", "Codificare entrambi prima di unirli con i due punti."],
        ),
        requirement(
            "RS-03",
            Must,
            rp,
            &["RFC 9110 section 10.2.3", "C-51"],
            ["waits as long as Retry-After says", "aspetta quanto dice Retry-After"],
            [
                "Read Retry-After in seconds or as a date, and queue the call.",
                "Leggere Retry-After in secondi o come data, e accodare la chiamata.",
            ],
        ),
        requirement(
            "AC-02",
            Must,
            Actor::Integrator,
            &["C-03"],
            ["was introduced by a medical centre", "è stato presentato da un centro medico"],
            ["Name who introduced you in the profile.", "Indicare nel profilo chi vi ha presentato."],
        ),
        requirement(
            "DV-01",
            Must,
            rp,
            &["RFC 8628 section 3.5"],
            ["polls no faster than the interval", "non interroga più spesso dell'intervallo"],
            ["Keep the interval, add five seconds on slow_down.", "Rispettare l'intervallo, aggiungere cinque secondi su slow_down."],
        ),
        requirement(
            "PO-03",
            Quality,
            rp,
            &[],
            ["recovers when the popup is closed", "si riprende quando il popup viene chiuso"],
            ["Watch `closed` and enable the button again.", "Osservare `closed` e riabilitare il pulsante."],
        ),
        requirement(
            "TK-04",
            Must,
            rp,
            &["RFC 6749 section 10.9"],
            ["checks the certificate of the token endpoint", "controlla il certificato dell'endpoint dei token"],
            ["Leave the TLS defaults of your library alone.", "Lasciare le impostazioni TLS predefinite della libreria."],
        ),
    ];
    if let Some(tls) = all.last_mut() {
        tls.not_tested = Some("needs a second certificate authority on the application's machine".to_owned());
    }
    all
}

fn steps(texts: &[&str]) -> Vec<StepText> {
    let step = |(index, text): (usize, &&str)| {
        let (keyword, text) = text.split_once(' ').unwrap_or(("Given", text));
        StepText { keyword: keyword.to_owned(), text: text.to_owned(), line: 8 + index, background: index == 0 }
    };
    texts.iter().enumerate().map(step).collect()
}

fn summary(at: &str, suite: Suite, feature: &str, rule: &str, title: &str, tag: &str, texts: &[&str]) -> ScenarioSummary {
    ScenarioSummary {
        id: ScenarioId(format!("features/{at}")),
        suite,
        feature: feature.to_owned(),
        rule: (!rule.is_empty()).then(|| rule.to_owned()),
        title: title.to_owned(),
        tags: vec![format!("@{tag}")],
        requirements: vec![id(tag)],
        steps: steps(texts),
    }
}

pub fn started() -> RunStarted {
    let rp = Suite::RelyingParty;
    let registered = "Given the relying party is registered at the platform";
    let signs_in = "When Ada signs in through the popup and grants every scope";
    RunStarted {
        format: FORMAT,
        run_id: "run-7f3a91".to_owned(),
        collaudo_version: "0.1.0".to_owned(),
        suite_digest: "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab".to_owned(),
        seed: 42,
        jobs: 2,
        command: "collaudo run --app collaudo.toml --seed 42".to_owned(),
        lang: Lang::En,
        application: Application {
            name: "Portale Pazienti".to_owned(),
            r#type: ApplicationType::Web,
            url: Some("http://127.0.0.1:5000/".to_owned()),
            features: vec!["patients".to_owned(), "agenda".to_owned()],
            scopes: vec!["openid".to_owned(), "offline_access".to_owned(), "giponext.patients".to_owned()],
            redirect_uris: vec!["http://127.0.0.1:5000/callback".to_owned()],
            tenants: vec!["authorised".to_owned()],
            bundled: false,
            defect: None,
        },
        target: TargetSummary { name: "mock".to_owned(), mock: true, issuer: Some("http://127.0.0.1:4010".to_owned()), read_only: false },
        environment: Environment {
            os: "Debian GNU/Linux 12".to_owned(),
            browser: "Chromium 156".to_owned(),
            driver: "ChromeDriver 156".to_owned(),
        },
        snapshot_mode: "compare".to_owned(),
        requirements: requirements(),
        scenarios: vec![
            summary(
                "session/sign_in.feature:14",
                rp,
                "Popup sign-in",
                "A granted request signs the end-user in",
                "Granting consent signs the end-user in",
                "AC-08",
                &[registered, signs_in, "Then the popup closes", "And the relying party shows Ada signed in"],
            ),
            summary(
                "session/sign_in.feature:24",
                rp,
                "Popup sign-in",
                "A response to a request that Ada did not make signs nobody in",
                "A response with another state is refused",
                "CB-01",
                &[
                    registered,
                    "Given the platform will answer with a state that nobody sent",
                    signs_in,
                    "Then the relying party shows that sign-in failed",
                    "But nobody is signed in at the relying party",
                ],
            ),
            summary(
                "session/errors.feature:9",
                rp,
                "Refused sign-in",
                "",
                "Markup in an error description stays text",
                "CB-13",
                &[registered, "When the platform refuses with markup in its description", "Then the page shows no foreign markup"],
            ),
            summary(
                "token/client_authentication.feature:7",
                rp,
                "Client authentication",
                "",
                "A secret with special characters arrives whole",
                "TK-02",
                &["Given the relying party's secret has special characters", signs_in, "Then the client authenticates"],
            ),
            summary(
                "resilience/limits.feature:11",
                rp,
                "Request limits",
                "",
                "A limited call waits as long as it was told",
                "RS-03",
                &[registered, "Given the platform will limit the next call", "When Ada opens her patients", "Then the relying party waits"],
            ),
            summary(
                "accreditation/introduction.feature:6",
                Suite::Accreditation,
                "Introduction",
                "",
                "A medical centre introduced the integrator",
                "AC-02",
                &["Given the dossier of the application", "Then a medical centre introduced it"],
            ),
            summary(
                "device/polling.feature:8",
                rp,
                "Device sign-in",
                "",
                "Polling keeps the interval",
                "DV-01",
                &["Given a device without a browser", "When it polls", "Then it keeps the interval"],
            ),
            summary(
                "popup/closing.feature:8",
                rp,
                "Popup",
                "",
                "Closing the popup leaves the button usable",
                "PO-03",
                &[registered, "When Ada closes the popup", "Then she can sign in again"],
            ),
            summary(
                "popup/closing.feature:15",
                rp,
                "Popup",
                "",
                "A second sign-in opens a second popup",
                "PO-03",
                &[registered, "When Ada signs in twice", "Then she is signed in"],
            ),
        ],
        selection: Vec::new(),
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
    let fact = |at_ms, kind, text: &str| BrowserFact { at_ms, kind, text: text.to_owned() };
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

    tape.push(Event::RunFinished(RunFinished { readiness: Readiness::NotReady, duration_ms: 74_500, interrupted: false }));
    tape.records
}

/// The run, ended by a signal while its third scenario ran; its own end says so.
pub fn interrupted() -> Vec<Record> {
    let whole = records();
    let third = started().scenarios[2].id.clone();
    let cut = whole.iter().position(|record| matches!(&record.event, Event::ScenarioStarted { scenario } if *scenario == third));
    let mut tape = Tape { records: whole.into_iter().take(cut.expect("the third scenario starts") + 2).collect() };
    tape.push(Event::RunFinished(RunFinished { readiness: Readiness::NotReady, duration_ms: 9_800, interrupted: true }));
    tape.records
}

/// A run of the first scenario alone, which passed.
pub fn sound() -> Vec<Record> {
    let mut started = started();
    started.scenarios.truncate(1);
    let mut tape = Tape::default();
    tape.push(Event::RunStarted(Box::new(started.clone())));
    tape.scenario(&started, 0, StepStatus::Passed, None, finished(Verdict::Passed));
    tape.push(Event::RunFinished(RunFinished { readiness: Readiness::Ready, duration_ms: 2_500, interrupted: false }));
    tape.records
}
