//! What the run of the fixture planned: its catalogue, its application, its nine scenarios.

use collaudo::domain::{
    Actor, Application, ApplicationType, Environment, Learned, Level, Requirement, RequirementId, ScenarioId, ScenarioSummary, StepText,
    Suite, TargetSummary,
};
use collaudo::event::{FORMAT, Lang, RunStarted};

pub fn id(text: &str) -> RequirementId {
    text.parse().expect("a requirement id of the fixture")
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
        must_for: Vec::new(),
        not_tested: None,
        applies_to: Vec::new(),
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
        StepText { keyword: keyword.to_owned(), text: text.to_owned(), line: 8 + index, background: index == 0, rows: Vec::new() }
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
            version: Some("2.1.0".to_owned()),
            contact: Some("Nora Sala <nora@example.it>".to_owned()),
            tester: Some("Ivo Riva".to_owned()),
            r#type: ApplicationType::Web,
            url: Some("http://127.0.0.1:5000/".to_owned()),
            features: vec!["patients".to_owned(), "agenda".to_owned()],
            scopes: vec!["openid".to_owned(), "offline_access".to_owned(), "giponext.patients".to_owned()],
            redirect_uris: vec!["http://127.0.0.1:5000/callback".to_owned()],
            tenants: vec!["authorised".to_owned()],
            client_ids: vec!["portale-pazienti".to_owned()],
            bundled: false,
            defect: None,
            learned: Some(Learned { signed_in: Some("[data-testid='user']".to_owned()), error: None }),
        },
        target: TargetSummary { name: "mock".to_owned(), mock: true, issuer: Some("http://127.0.0.1:4010".to_owned()), read_only: false },
        environment: Environment {
            os: "Debian GNU/Linux 12".to_owned(),
            browser: "Chromium 156".to_owned(),
            driver: "ChromeDriver 156".to_owned(),
        },
        snapshot_mode: "compare".to_owned(),
        shard: None,
        waivers: Vec::new(),
        requirements: requirements(),
        baseline: None,
        strict: false,
        previous: None,
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
