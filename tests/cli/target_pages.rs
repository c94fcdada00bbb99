//! A platform whose sign-in and consent pages are not GipoNext's: the target file says how a person goes through them.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::front::{ADDRESS, Asks, CODE, Front, Pages};
use crate::program::{Desk, Ended, Running, free_port, text};

const TWO_PAGES: &str = "  { fill = \"#username\", with = \"email\" },\n  { click = \"#next\" },\n  { fill = \"#pass\", with = \"password\" },\n  { click = \"#enter\" },\n";
const MORE_PAGES: &str = "  { click = \"#yes\", optional = true },\n  { click = \"#agree\", optional = true },\n  { click = \"#agree-go\", optional = true },\n  { fill = \"#otp\", with = \"code\", optional = true },\n  { click = \"#otp-go\", optional = true },\n";
const CONSENT: &str = "[consent]\nallow = \"#agree-all\"\ncancel = \"#no\"\nscopes = '#grants input[value=\"{scope}\"]'\n";

/// A name that no machine knows: the target file says where it leads, and the application reaches it through a relay.
const HOST: &str = "another.localhost";

struct Elsewhere {
    desk: Desk,
    front: Front,
    secrets: Vec<(String, String)>,
    /// The target file without the steps and without what stands at its end.
    facts: String,
    _mock: Running,
}

impl Elsewhere {
    fn new(pages: Pages) -> Self {
        let desk = Desk::new();
        let port = free_port();
        let redirect_uri = format!("http://127.0.0.1:{port}/callback");
        let arguments = ["mock", "--port", "0", "--public-host", HOST, "--redirect-uri", &redirect_uri, "--format", "json", "--log", "off"];
        let mut child = desk.command(&arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("text");
        let facts: Value = serde_json::from_str(&line).expect("one JSON object");
        let issuer = text(&facts["issuer"]);
        let at = issuer.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let client = &facts["client"];
        let mut target = format!(
            "[hosts]\n\"{HOST}\" = \"{ADDRESS}\"\n[client]\nclient_id = {}\nsecret_env = \"SECRET\"\nredirect_uri = \"{redirect_uri}\"\n@client@",
            client["client_id"]
        );
        let mut secrets = vec![("SECRET".to_owned(), text(&client["client_secret"])), ("ONE_TIME".to_owned(), CODE.to_owned())];
        for name in ["ada", "bruno", "elio"] {
            let user = &facts["users"][name];
            let variable = format!("PASSWORD_OF_{}", name.to_uppercase());
            target += &format!(
                "[users.{name}]\nemail = {}\npassword_env = \"{variable}\"\ncode_env = \"ONE_TIME\"\nname = {}\ntenant = \"{}\"\n",
                user["email"], user["name"], user["tenant"]
            );
            secrets.push((variable, text(&user["password"])));
        }
        let facts = format!("name = \"another\"\nissuer = \"{issuer}\"\napi = \"{issuer}\"\nrelay = true\n@top@{target}");
        Self { desk, front: Front::start(at, pages), secrets, facts, _mock: Running(child) }
    }

    /// Writes the target file: the steps of `sign_in`, further keys of the client, and tables.
    fn describe(&self, steps: &str, client: &str, tables: &str) {
        let top = format!("sign_in = [\n{steps}]\n");
        self.desk.write("target.toml", &(self.facts.replace("@top@", &top).replace("@client@", client) + tables));
    }

    fn ended(&self, arguments: &[&str]) -> Ended {
        let mut command = self.desk.command(&[arguments, &["--target", "target.toml"]].concat());
        Ended::from(command.envs(self.secrets.iter().cloned()).output().expect("the program starts"))
    }

    fn doctor(&self) -> Ended {
        self.ended(&["doctor"])
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.ended(&[&["run", "--out", "out"], arguments].concat())
    }
}

/// The doctor's line about the sign-in of the file's own client.
fn look<'a>(ended: &'a Ended, what: &str) -> &'a str {
    ended.stdout.lines().find(|line| line.get(5..).is_some_and(|rest| rest.starts_with(what))).unwrap_or_default()
}

#[test]
fn a_person_goes_from_page_to_page_and_refuses_one_scope() {
    let platform = Elsewhere::new(Pages { stay: true, terms: true, code: true, consent: Asks::Always });
    platform.describe(
        &format!("{TWO_PAGES}{MORE_PAGES}"),
        "auth = \"post\"\n",
        &format!("{CONSENT}[authorize]\nextra = {{ audience = \"api of the sandbox\" }}\n"),
    );
    let ended = platform.run(&["--requirement", "PL-13", "PL-18", "PL-23", "--suite", "platform"]);
    let verdicts = platform.desk.verdicts();
    assert_eq!(ended.code, Some(0), "{ended:?} {verdicts:#?}");
    let passed = |title: &str| verdicts.iter().any(|(other, verdict, _)| other == title && verdict == "passed");
    assert!(passed("The access token holds the granted scopes alone"), "{verdicts:#?}");
    let asked: Vec<String> = platform.front.requests("/authorize").into_iter().filter(|query| query.contains("client_id=")).collect();
    assert!(!asked.is_empty() && asked.iter().all(|query| query.contains("audience=api+of+the+sandbox")), "{asked:#?}");
    let clients = platform.front.requests("/token");
    assert!(clients.iter().any(|told| told == "post") && clients.iter().all(|told| told != "basic"), "{clients:?}");
}

#[test]
fn an_application_is_signed_in_to_over_these_pages_and_refused_a_scope_and_all() {
    let platform = Elsewhere::new(Pages { terms: true, ..Pages::default() });
    let audience = "[authorize]\nextra = { audience = \"api\" }\n";
    platform.describe(&format!("{TWO_PAGES}{MORE_PAGES}"), "auth = \"post\"\n", &format!("{CONSENT}{audience}"));
    let rows =
        ["--requirement", "GX-03", "AC-08", "CB-11", "--suite", "relying-party", "--tags", "not @native and not @device and not @programs"];
    let ended = platform.run(&rows);
    let verdicts = platform.desk.verdicts();
    assert_eq!(ended.code, Some(0), "{ended:?} {verdicts:#?}");
    let clients = platform.front.requests("/token");
    assert!(!clients.is_empty() && clients.iter().all(|told| told == "post"), "{clients:?}");
    let asked: Vec<String> = platform.front.requests("/authorize").into_iter().filter(|query| query.contains("client_id=")).collect();
    assert!(!asked.is_empty() && asked.iter().all(|query| query.contains("audience=api")), "{asked:#?}");
    for title in [
        "Cancelling at the consent signs nobody in",
        "Granting every scope signs the end-user in",
        "Each declared feature can be refused, and the others go on working",
    ] {
        assert!(verdicts.iter().any(|(other, verdict, _)| other == title && verdict == "passed"), "{title}: {verdicts:#?}");
    }
}

#[test]
fn a_platform_that_asks_for_no_consent_or_remembers_one_is_gone_through() {
    for (asks, tables) in [(Asks::Once, CONSENT), (Asks::Never, CONSENT), (Asks::Never, "")] {
        let platform = Elsewhere::new(Pages { consent: asks, ..Pages::default() });
        platform.describe(TWO_PAGES, "", tables);
        let ended = platform.doctor();
        assert_eq!(ended.code, Some(0), "{asks:?}: {ended:?}");
        assert!(look(&ended, "target").contains("signs Ada in, gets tokens and reads a page"), "{asks:?}: {ended:?}");
        let ended = platform.run(&["--requirement", "PL-13", "PL-23", "--suite", "platform"]);
        let verdicts = platform.desk.verdicts();
        assert_eq!(ended.code, Some(0), "{asks:?}: {ended:?} {verdicts:#?}");
        let (_, verdict, reason) =
            verdicts.iter().find(|(title, ..)| title == "The access token holds the granted scopes alone").expect("it was planned");
        let said = if tables.is_empty() { "consent.scopes" } else { "did not ask for consent" };
        assert!(verdict == "not-applicable" && reason.contains(said), "{asks:?}: {verdict} {reason}");
    }
}

#[test]
fn what_does_not_come_is_told_with_its_step() {
    let platform = Elsewhere::new(Pages { code: true, ..Pages::default() });
    platform.describe(&TWO_PAGES.replace("#pass", "#secret"), "", CONSENT);
    let ended = platform.doctor();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let told = "no `#secret` for step 3 of sign_in (fill) within 15000 ms (last seen: `http://another.localhost:";
    assert!(
        ended.stdout.contains(told) && ended.stdout.contains("/front/name`, titled \"Another platform\", `#secret`: no such element)"),
        "{ended:?}"
    );
    // The page for the code is none that the file knows: it is no consent page either.
    platform.describe(TWO_PAGES, "", CONSENT);
    let ended = platform.doctor();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stdout.contains("no consent page with a visible `#agree-all`") && ended.stdout.contains("/front/code`"), "{ended:?}");
}

#[test]
fn who_is_asked_again_was_turned_away() {
    let mut platform = Elsewhere::new(Pages { code: true, ..Pages::default() });
    let steps = format!("{TWO_PAGES}  {{ fill = \"#otp\", with = \"code\" }},\n  {{ click = \"#otp-go\" }},\n");
    platform.describe(&steps, "", CONSENT);
    for (variable, value) in &mut platform.secrets {
        if variable == "ONE_TIME" {
            *value = "000000".to_owned();
        }
    }
    let ended = platform.doctor();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let told = "the platform refuses the sign-in of ada.ferri@sanluca.example: it asks again for what was typed into `#otp`; look at users.ada.email \
                of the target file, and at the password in PASSWORD_OF_ADA and the code in ONE_TIME";
    assert!(look(&ended, "target").contains(told), "{ended:?}");
}
