//! A sign-in by means of a program: the person opens what it shows in a browser, and goes back to it.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use secrecy::ExposeSecret;

use super::application::Filling;
use super::people::Person;
use super::program::{Program, Seen};
use super::sign_in::{Consent, Outcome, at_the_platform};
use super::stage::{Stage, Visitor};
use super::{Failure, PATIENCE, Target};
use crate::browser::pages::DevicePage;
use crate::checks::shows_code;
use crate::domain::{App, ApplicationType, Console, Endpoint, Exchange, Login, Waiting};
use crate::platform::accounts::RegistrationRequest;
use crate::supervision;

/// What a program is given to say what came of a sign-in besides `app.patience.sign_in`: two `slow_down`, or a poll that is never
/// answered, are in it.
const POLLING: Duration = Duration::from_secs(50);

/// How long a program that has said who is signed in may go on before it is ended.
const LAST_WORK: Duration = Duration::from_secs(2);

/// The program of a scenario, registered at its platform.
pub struct Registered {
    pub app: App,
    environment: Vec<(String, String)>,
    pub running: Option<Program>,
    /// Where the journal stood when it was started last.
    pub mark: usize,
    _folder: tempfile::TempDir,
}

/// What the program of a device shows, once the platform has given it a code.
pub struct Prompt {
    pub user_code: String,
    pub verification_uri: String,
    /// The device authorization response.
    pub answer: Exchange,
}

impl Stage {
    /// Registers the application of this type; each sign-in starts it anew.
    pub async fn register_program(&mut self, r#type: ApplicationType) -> Result<(), Failure> {
        let app = self.setup.app_of(r#type)?.clone();
        let request = RegistrationRequest::of(&app, &app.redirect_uris, &format!("{} (collaudo)", app.name));
        if self.setup.remote().is_some() {
            return Err(Failure::not_tested(format!(
                "the target file names one registered application, a web application: a {} one is registered at the mock alone",
                r#type.name()
            )));
        }
        let credentials = self.mock()?.register_client(request).map_err(Failure::broke)?;
        let folder = supervision::folder().map_err(Failure::broke)?;
        let ca_file = folder.path().join("platform-ca.pem");
        let ca_pem = match &self.setup.target {
            Target::Mock(mock) if self.issuer.starts_with("https:") => Some(mock.certificate.ca_pem.clone()),
            _ => None,
        };
        std::fs::write(&ca_file, ca_pem.as_deref().unwrap_or_default()).map_err(Failure::broke)?;
        let tenants = self.authorised_tenants();
        let filling = Filling {
            issuer: &self.issuer,
            api: self.api()?.as_str().trim_end_matches('/'),
            client_id: &credentials.client_id,
            client_secret: credentials.client_secret.as_ref(),
            tenants: &tenants,
            poll_seconds: self.poll_seconds,
            other: None,
            ca_pem: ca_pem.as_deref(),
            reach: &self.setup.reach,
        };
        let environment = filling.environment(&app, &ca_file);
        self.redirect_uris.clone_from(&app.redirect_uris);
        self.credentials = Some(credentials);
        self.program = Some(Registered { app, environment, running: None, mark: 0, _folder: folder });
        Ok(())
    }

    pub fn registered(&self) -> Result<&Registered, Failure> {
        self.program.as_ref().ok_or_else(|| Failure::broke("no step has registered the program"))
    }

    /// The program that was started last.
    pub fn running(&self) -> Result<&Program, Failure> {
        self.registered()?.running.as_ref().ok_or_else(|| Failure::broke("no step has started the program"))
    }

    /// The type of the scenario's application.
    pub fn application_type(&self) -> ApplicationType {
        self.program.as_ref().map_or(self.setup.profile.app.r#type, |registered| registered.app.r#type)
    }

    /// Starts the program; one that still runs is ended.
    pub fn start_program(&mut self) -> Result<(), Failure> {
        self.start_program_with(&[])
    }

    /// [`Stage::start_program`] with what its command is followed by.
    pub fn start_program_with(&mut self, arguments: &[String]) -> Result<(), Failure> {
        let mark = self.instrument()?.journal().mark();
        let registered = self.program.as_mut().ok_or_else(|| Failure::broke("no step has registered the program"))?;
        registered.running = None;
        registered.mark = mark;
        let command = [registered.app.command.as_deref().unwrap_or_default(), arguments].concat();
        registered.running = Some(Program::start(&command, &registered.environment)?);
        Ok(())
    }

    /// Lets the program finish what it does when somebody has signed in, and ends it.
    pub async fn end_program(&mut self) {
        if let Some(running) = self.program.as_mut().and_then(|registered| registered.running.take()) {
            running.ends(LAST_WORK).await;
        }
    }

    /// A sign-in from the start of the program to what it says of it.
    pub async fn sign_in_with_program(&mut self, browser: &str, person: &Person, consent: &Consent) -> Result<Outcome, Failure> {
        self.start_program()?;
        match self.answer_program(browser, person, consent).await? {
            Some(turned_away) => Ok(turned_away),
            None => self.program_outcome(self.program_patience()).await,
        }
    }

    /// How long a program is given to say what came of a sign-in.
    pub fn program_patience(&self) -> Duration {
        self.setup.patience().sign_in + POLLING
    }

    /// What the person does in the browser. `Some` where the platform itself ended the attempt.
    pub async fn answer_program(&mut self, browser: &str, person: &Person, consent: &Consent) -> Result<Option<Outcome>, Failure> {
        let address = self.address_to_open().await?;
        if self.registered()?.app.r#type == ApplicationType::Device {
            let code = self.prompt().await?.user_code;
            let visitor = self.browser_at(browser, &address).await?;
            return decide_device(&visitor, person, consent, &code).await;
        }
        let visitor = self.browser_at(browser, &address).await?;
        let (marks, login) = (self.marks()?, Login::default());
        tokio::select! {
            turned_away = at_the_platform(&visitor.page, person, consent, &login) => turned_away,
            // The platform may send the browser back at once: then the program has the last word.
            Seen::Found(_) = self.running()?.wait_for(PATIENCE, |output| outcome_of(&marks, output)) => Ok(None),
        }
    }

    /// The address that the program shows a person.
    pub async fn address_to_open(&mut self) -> Result<String, Failure> {
        match self.registered()?.app.r#type {
            ApplicationType::Device => self.device_address().await,
            ApplicationType::Web | ApplicationType::Spa | ApplicationType::Native => self.authorization_address().await,
        }
    }

    /// What the platform gave the device that was started last.
    pub async fn prompt(&self) -> Result<Prompt, Failure> {
        let platform = self.mock()?;
        let mark = self.registered()?.mark;
        let asked =
            platform.journal().wait_for(mark, "a device authorization request", self.setup.patience().start, is_device_authorization).await;
        let Ok(answer) = asked else {
            let waited = self.setup.patience().waited(Waiting::Start);
            let reason = format!("the program asked the platform for no device code ({waited}): is that what its command does?");
            return Err(Failure::unjudged(reason));
        };
        let text = |name: &str| answer.response.as_ref().and_then(|answer| answer[name].as_str()).unwrap_or_default().to_owned();
        let placeholder = text("user_code");
        let code = platform.shared().redaction.secrets().into_iter().find(|(known, _)| *known == placeholder);
        let code = code.ok_or_else(|| Failure::broke("the platform does not know the user code that it gave"))?.1;
        Ok(Prompt { user_code: code.expose_secret().to_owned(), verification_uri: text("verification_uri"), answer })
    }

    /// The address that the program shows: one with the code in it where there is no other way.
    async fn device_address(&mut self) -> Result<String, Failure> {
        let prompt = self.prompt().await?;
        let find = |output: &str| {
            let shown: Vec<String> = addresses(output).filter(|address| address.starts_with(&prompt.verification_uri)).collect();
            let complete = shown.iter().find(|address| shows_code(address, &prompt.user_code));
            let plain = shown.iter().find(|address| **address == prompt.verification_uri);
            let apart =
                shows_code(&shown.iter().fold(output.to_owned(), |text, address| text.replace(address.as_str(), "")), &prompt.user_code);
            plain.filter(|_| apart).or(complete).cloned()
        };
        self.shown(find, "neither the user code with the address to type it at, nor an address with the code in it").await
    }

    /// The address of the authorization request that the program shows.
    async fn authorization_address(&mut self) -> Result<String, Failure> {
        let issuer = self.issuer.clone();
        let find = |output: &str| addresses(output).find(|address| address.starts_with(&issuer) && address.contains("response_type="));
        self.shown(find, "no address of an authorization request").await
    }

    async fn shown(&mut self, find: impl Fn(&str) -> Option<String>, missing: &str) -> Result<String, Failure> {
        let patience = self.setup.patience();
        let waited = match self.running()?.wait_for(patience.start, find).await {
            Seen::Found(address) => return Ok(address),
            Seen::Ended => "it ended".to_owned(),
            Seen::Silent => patience.waited(Waiting::Start),
        };
        let last = self.last_words();
        Err(Failure::unjudged(format!("the program showed {missing} ({waited}): {last}")))
    }

    pub(super) fn last_words(&mut self) -> String {
        let running = self.program.as_mut().and_then(|registered| registered.running.as_mut());
        let words = running.map_or_else(String::new, Program::last_words);
        self.redacted(words)
    }

    /// What the program says of the sign-in, or that it ended without a word.
    pub async fn program_outcome(&mut self, patience: Duration) -> Result<Outcome, Failure> {
        match self.program_says_within(patience).await? {
            Some(outcome) => Ok(outcome),
            None => {
                let last = self.last_words();
                let key = Waiting::SignIn.key();
                let seconds = patience.as_secs();
                Err(Failure::unjudged(format!("the program said nothing of the sign-in (waited {seconds} s: {key}): {last}")))
            }
        }
    }

    /// The same; `None` where it says nothing in time.
    pub(super) async fn program_says_within(&self, patience: Duration) -> Result<Option<Outcome>, Failure> {
        let (marks, issuer) = (self.marks()?, self.issuer.as_str());
        let (journal, mark) = (self.instrument()?.journal(), self.registered()?.mark);
        let mut given = journal.since(mark).into_iter().filter(is_device_authorization).map(|exchange| exchange.number);
        let first = given.next().unwrap_or(u64::MAX);
        let another = |exchange: &Exchange| is_device_authorization(exchange) && exchange.number > first;
        // Whoever shows a second address has given the first sign-in up: nobody is signed in by that one.
        let said = |output: &str| outcome_of(&marks, output).or_else(|| begins_again(issuer, output).then_some(Outcome::Refused(None)));
        let seen = tokio::select! {
            biased;
            seen = self.running()?.wait_for(patience, said) => seen,
            // The same with a second code.
            Ok(_) = journal.wait_for(mark, "another device code", patience, another) => Seen::Ended,
        };
        Ok(match seen {
            Seen::Found(outcome) => Some(outcome),
            Seen::Ended => Some(Outcome::Refused(None)),
            Seen::Silent => None,
        })
    }

    pub(super) fn marks(&self) -> Result<Marks, Failure> {
        let console = self.registered()?.app.console.as_ref();
        marks(console.ok_or_else(|| Failure::broke("the profile has no [app.console]"))?)
    }

    /// What the output says by now.
    pub fn program_says(&self) -> Result<Option<Outcome>, Failure> {
        let marks = self.marks()?;
        Ok(self.registered()?.running.as_ref().and_then(|running| outcome_of(&marks, &running.output())))
    }

    /// A person's browser at an address: a new one at the first call.
    pub async fn browser_at(&mut self, name: &str, address: &str) -> Result<Visitor, Failure> {
        if let Some(visitor) = self.visitor_if_any(name) {
            visitor.page.goto(address).await?;
            return Ok(visitor);
        }
        let context = self.setup.browser.context().await?;
        let page = context.open(address).await?;
        Ok(self.keep_visitor(name, Visitor { context, page }))
    }
}

/// Sign-in, the code unless the address had it, consent; to the page that says that the device may go on.
async fn decide_device(visitor: &Visitor, person: &Person, consent: &Consent, code: &str) -> Result<Option<Outcome>, Failure> {
    let page = DevicePage(&visitor.page);
    page.sign_in_if_asked(&person.email, &person.password, PATIENCE).await?;
    if let Some(refusal) = page.enter(code, PATIENCE).await? {
        return Ok(Some(Outcome::TurnedAway(refusal)));
    }
    if let Some(turned_away) = at_the_platform(&visitor.page, person, consent, &Login::default()).await? {
        return Ok(Some(turned_away));
    }
    page.wait_for_decision(PATIENCE).await?;
    Ok(None)
}

pub(super) fn is_device_authorization(exchange: &Exchange) -> bool {
    exchange.endpoint == Endpoint::DeviceAuthorization && exchange.status == 200
}

/// What says that somebody is signed in, and what that nobody is.
pub(super) type Marks = (Regex, Option<Regex>);

fn marks(console: &Console) -> Result<Marks, Failure> {
    let parse = |pattern: &str| Regex::new(pattern).map_err(Failure::broke);
    Ok((parse(&console.signed_in)?, console.refused.as_deref().map(parse).transpose()?))
}

pub(super) fn outcome_of(marks: &Marks, output: &str) -> Option<Outcome> {
    output.lines().find_map(|line| outcome_in(marks, line))
}

/// What one line says of the sign-in.
pub(super) fn outcome_in((signed_in, refused): &Marks, line: &str) -> Option<Outcome> {
    match refused {
        _ if signed_in.is_match(line) => Some(Outcome::SignedIn(line.trim().to_owned())),
        Some(refused) if refused.is_match(line) => Some(Outcome::Refused(Some(line.trim().to_owned()))),
        _ => None,
    }
}

/// Whether the addresses of two authorization requests are shown, each with a state, challenge or nonce of its own.
fn begins_again(issuer: &str, output: &str) -> bool {
    let requests: HashSet<String> =
        addresses(output).filter(|address| address.starts_with(issuer) && address.contains("response_type=")).collect();
    requests.len() > 1
}

/// Every address in a text.
pub(super) fn addresses(text: &str) -> impl Iterator<Item = String> {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"https?://[^\s"'<>()\x1b]+"#).expect("the pattern is well formed"));
    ADDRESS.find_iter(text).map(|found| found.as_str().trim_end_matches(['.', ',', ';', '!']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_says_so_decides() {
        let console = Console { signed_in: "(Signed in|Accesso) (as|di)".to_owned(), refused: Some("^Failed".to_owned()) };
        let marks = marks(&console).expect("good patterns");
        assert_eq!(outcome_of(&marks, "Waiting\n"), None);
        assert_eq!(outcome_of(&marks, "Waiting\n  Signed in as Ada\nFailed: late"), Some(Outcome::SignedIn("Signed in as Ada".to_owned())));
        assert_eq!(outcome_of(&marks, "Failed: no\nSigned in as Ada"), Some(Outcome::Refused(Some("Failed: no".to_owned()))));
    }

    #[test]
    fn whoever_shows_another_address_has_begun_again() {
        let shown = |states: &[&str]| -> String {
            states.iter().map(|state| format!("open http://localhost:1/authorize?response_type=code&state={state}\n")).collect()
        };
        assert!(!begins_again("http://localhost:1", &shown(&["a", "a"])), "the same address twice is one");
        assert!(begins_again("http://localhost:1", &shown(&["a", "b"])));
        assert!(!begins_again("http://localhost:2", &shown(&["a", "b"])));
    }

    #[test]
    fn addresses_are_read_without_what_stands_around_them() {
        let text = "open <http://localhost:1/device>, or http://localhost:1/device?user_code=A-B.\n\x1b[1mhttps://a.example/x\x1b[0m";
        let found: Vec<String> = addresses(text).collect();
        assert_eq!(found, ["http://localhost:1/device", "http://localhost:1/device?user_code=A-B", "https://a.example/x"]);
    }
}
