//! Several provocations that share one control and one recovery: each in a browser of its own, with its own fault, reaction and
//! follow-up. A table names them by the words that follow "the platform will ".

use cucumber::gherkin::Step;
use cucumber::{then, when};

use super::attempt::Expected;
use super::fault_phrases;
use super::people::{Person, mentions};
use super::places;
use super::provocation::{AUTOMATIC_SIGN_INS, is_resource_call, occasion, shown_authorizations, signed_in_as};
use super::sign_in::{Consent, Outcome};
use super::stage::Stage;
use super::traffic::told;
use super::world::World;
use super::{Failure, fault_phrases::fault};
use crate::checks::Discrepancy;
use crate::domain::{Exchange, OraclePart};

/// The fault by which a token request is never answered.
const TOKEN_HANGS: &str = "token-hangs";

/// The fault for which the same browser must have asked for another sign-in before.
const NONCE_OF_ANOTHER: &str = "id-token-nonce-of-another";

/// How often a person of a series tries to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempts {
    One,
    /// The first is to be refused. Whoever is not signed in then, tries again from the start page.
    AgainAfterTheError,
    /// One, in a browser where the same person has signed in and out before.
    InAKnownBrowser,
    /// It is to be refused. Then a response with a code of Mallory's for the very same attempt is opened in the same browser.
    OneAndALinkForIt,
}

/// What the text of a standard refuses, and well-known libraries take: it warns.
pub(super) const DISPUTED: [&str; 1] = ["id-token-extra-audience-own"];

/// One provocation of a series, and what came of it.
#[derive(Clone, Debug)]
pub struct Provoked {
    /// What the platform did: completes "the platform will …".
    pub phrase: String,
    /// Whether the fault fired at this sign-in.
    pub delivered: bool,
    pub outcome: Outcome,
    /// Whom the application's page, loaded anew, shows as signed in.
    pub shown: Option<String>,
    /// What the platform recorded while it was armed, without what other sign-ins went on doing.
    pub exchanges: Vec<Exchange>,
    /// Whether the application may take it all the same.
    pub(super) disputed: bool,
}

impl Provoked {
    /// Why it cannot be called refused: what the application did all the same.
    pub(super) fn taken(&self) -> Option<(String, Vec<u64>)> {
        if let Outcome::SignedIn(shown) = &self.outcome {
            return Some((format!("`{shown}` is shown as signed in"), Vec::new()));
        }
        if let Some(shown) = &self.shown {
            return Some((format!("`{shown}` is signed in when the page is loaded anew"), Vec::new()));
        }
        if let Some(call) = self.exchanges.iter().find(|exchange| is_resource_call(exchange)) {
            return Some((format!("it called {} {}", call.method, call.path), vec![call.number]));
        }
        let automatic = shown_authorizations(&self.exchanges).saturating_sub(1);
        (automatic > AUTOMATIC_SIGN_INS).then(|| (format!("it started {automatic} sign-ins by itself"), Vec::new()))
    }
}

#[when(expr = "{word} signs in once for each way in which the platform misbehaves")]
async fn signs_in_for_each(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    for phrase in phrases(step)? {
        world.provoke_sign_in(&name, phrase, Attempts::One).await?;
    }
    world.delivered()
}

#[when(expr = "{word} signs in, and again after the error, once for each way in which the platform misbehaves")]
async fn signs_in_and_again_for_each(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    for phrase in phrases(step)? {
        world.provoke_sign_in(&name, phrase, Attempts::AgainAfterTheError).await?;
    }
    world.delivered()
}

/// Where the profile names no way to sign out, a browser is new at every sign-in: these are left out.
#[when(expr = "{word} signs in again in the same browser once for each way in which the platform misbehaves")]
async fn signs_in_again_for_each(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    for phrase in phrases(step)? {
        world.provoke_sign_in(&name, phrase, Attempts::InAKnownBrowser).await?;
    }
    if let Some(key) = world.memory.known_browser.take() {
        world.stage_mut()?.close_visitor(&key).await;
    }
    world.delivered()
}

#[when(expr = "{word} signs in, and opens a response of Mallory's for the same state, once for each way in which the platform misbehaves")]
async fn signs_in_and_opens_for_each(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    for phrase in phrases(step)? {
        world.provoke_sign_in(&name, phrase, Attempts::OneAndALinkForIt).await?;
    }
    world.delivered()
}

#[then("every one of these sign-ins is refused")]
async fn all_refused(world: &mut World) -> Result<(), Failure> {
    world.warn_of_disputed();
    let wrong = |provoked: &Provoked| if provoked.disputed { None } else { provoked.taken() };
    world.judge_series("takes a sign-in that has to be refused", "nobody is signed in, and no data are asked for", wrong)
}

#[then("every one of these sign-ins is refused with a word to the end-user")]
async fn all_refused_in_words(world: &mut World) -> Result<(), Failure> {
    all_refused(world).await?;
    let silent: Vec<String> =
        world.memory.series.iter().filter(|provoked| provoked.outcome.is_silent()).map(|provoked| provoked.phrase.clone()).collect();
    world.warn_of_silence(&silent);
    Ok(())
}

#[then(expr = "every one of these sign-ins shows {word} signed in")]
async fn all_signed_in(world: &mut World, name: String) -> Result<(), Failure> {
    let person = world.stage()?.person(&name)?;
    let summary = "refuses a sign-in that the standard allows";
    world.judge_series(summary, &format!("`{}` is shown as signed in", person.called()), |provoked| not_shown(provoked, &person))
}

/// What names nobody at all, a subject or a polite word, is nobody else.
#[then("none of these sign-ins shows somebody else")]
async fn nobody_else(world: &mut World) -> Result<(), Failure> {
    let ada = world.stage()?.person("Ada")?;
    let others = [ada.others.clone(), world.stage()?.person("Mallory")?.names()].concat();
    world.judge_series("shows somebody else as signed in", "nobody, or Ada herself, is shown", |provoked| {
        let told = match &provoked.outcome {
            Outcome::SignedIn(shown) => Some(shown),
            _ => None,
        };
        let other = told.into_iter().chain(&provoked.shown).find(|shown| !ada.is_named_by(shown) && mentions(shown, &others))?;
        Some((format!("`{other}` is shown as signed in"), Vec::new()))
    })
}

fn not_shown(provoked: &Provoked, person: &Person) -> Option<(String, Vec<u64>)> {
    let held = signed_in_as(&provoked.outcome, person) || provoked.shown.as_ref().is_some_and(|shown| person.is_named_by(shown));
    (!held).then(|| (provoked.outcome.describe(), Vec::new()))
}

/// A reason with what the platform did before it.
pub(super) fn told_to(phrase: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Unjudged { reason } => Failure::unjudged(format!("{reason} (when the platform was to {phrase})")),
        other => other,
    }
}

/// The rows of a step's table, one cell each.
pub(super) fn phrases(step: &Step) -> Result<Vec<&str>, Failure> {
    let table = step.table.as_ref().ok_or_else(|| Failure::broke("the step has no table of what the platform does"))?;
    Ok(table.rows.iter().filter_map(|row| row.first()).map(String::as_str).collect())
}

/// The first phrase of a step's table that names no fault of the platform.
pub fn unknown_phrase(step: &Step) -> Option<&str> {
    let tells = |words| step.value.contains(words);
    let rows = step.table.as_ref().filter(|_| tells("each way in which the platform misbehaves") || tells("each place of markup"))?;
    rows.rows.iter().filter_map(|row| row.first()).map(String::as_str).find(|phrase| fault_phrases::fault(phrase).is_none())
}

impl World {
    /// One sign-in of the series. What the standard allows, and an application may have lost without a word on a busy machine, is tried
    /// once more.
    async fn provoke_sign_in(&mut self, name: &str, phrase: &str, attempts: Attempts) -> Result<(), Failure> {
        let before = self.memory.series.len();
        self.provoke_row(name, phrase, attempts).await?;
        let is_lost = |provoked: &mut Provoked| provoked.outcome.is_silent() && provoked.shown.is_none();
        if self.expects(attempts) == Expected::Refused || self.memory.series.len() == before || self.memory.series.pop_if(is_lost).is_none()
        {
            return Ok(());
        }
        if let Some(key) = self.memory.actor.clone() {
            self.stage_mut()?.close_visitor(&key).await;
        }
        self.provoke_row(name, phrase, attempts).await
    }

    /// What a series expects of a sign-in in the end.
    fn expects(&self, attempts: Attempts) -> Expected {
        let refused = self.has_tag("negative") || self.memory.keeps_everything || attempts == Attempts::OneAndALinkForIt;
        if refused { Expected::Refused } else { Expected::SignedIn }
    }

    /// One sign-in of the series, in a browser of its own. That the profile gives a fault no occasion leaves its row out.
    async fn provoke_row(&mut self, name: &str, phrase: &str, attempts: Attempts) -> Result<(), Failure> {
        let (fault, times) = fault(phrase).ok_or_else(|| Failure::broke(format!("no fault is called `{phrase}`")))?;
        if let Some((scope, _)) = occasion(fault)
            && !self.declares(scope)?
        {
            return Ok(());
        }
        let keeps_everything = self.memory.keeps_everything;
        let (disputed, links) = (DISPUTED.contains(&fault), attempts == Attempts::OneAndALinkForIt);
        let expected = self.expects(attempts);
        if self.stage()?.program.is_some() {
            return self.provoke_program(name, phrase, fault, times).await;
        }
        let known = attempts == Attempts::InAKnownBrowser;
        let kept = self.memory.known_browser.take().filter(|_| known);
        let is_new = kept.is_none();
        let key = kept.unwrap_or_else(|| format!("{name}, {}", self.memory.series.len() + 1));
        let person = Person { name: key.clone(), ..self.stage()?.person(name)? };
        if known && is_new && !self.sign_in_and_out(&person).await? {
            return Ok(());
        }
        if fault == NONCE_OF_ANOTHER {
            self.give_a_sign_in_up(&person).await?;
        }
        self.memory.actor = Some(key.clone());
        let stage = self.stage_mut()?;
        stage.provocation.expected = if attempts == Attempts::AgainAfterTheError { Expected::Refused } else { expected };
        stage.provocation.started_sign_ins += 1;
        let mark = stage.exchanges().len();
        if keeps_everything {
            stage.visitor(&key).await?.context.keep_what_it_is_sent();
        }
        stage.arm(fault, times)?;
        let first = match fault {
            TOKEN_HANGS => stage.sign_in_patiently(&person).await,
            _ => stage.sign_in(&person, &Consent::GrantAll).await,
        };
        let mut outcome = first.map_err(|failure| told_to(phrase, failure))?;
        let visitor = stage.visitor(&key).await?;
        if attempts == Attempts::AgainAfterTheError && stage.who_is_signed_in(&visitor).await?.is_none() {
            stage.provocation.expected = expected;
            stage.provocation.started_sign_ins += 1;
            outcome = stage.sign_in(&person, &Consent::GrantAll).await.map_err(|failure| told_to(phrase, failure))?;
        }
        if links {
            self.open_mallorys_response_for(mark, &visitor).await?;
        }
        let stage = self.stage_mut()?;
        let shown = match expected {
            Expected::Refused => stage.who_is_signed_in(&visitor).await?,
            Expected::SignedIn => stage.wait_for_signed_in(&visitor, &person).await?,
        };
        if shown.is_some() {
            // Whoever is shown nobody has been looked at when all was at rest.
            stage.settle(&visitor).await?;
        }
        stage.instrument()?.faults().disarm(fault).map_err(Failure::broke)?;
        let exchanges = stage.provoked_from(mark);
        if keeps_everything {
            let shown = places::shown(&visitor, &stage.platform_pages()).await?;
            self.memory.shown.extend(shown);
        }
        let stage = self.stage_mut()?;
        let delivered = exchanges.iter().any(|exchange| exchange.faults.iter().any(|fired| fired == fault));
        let told = if known { format!("{phrase} at the second sign-in in a browser") } else { phrase.to_owned() };
        let provoked = Provoked { phrase: told, delivered, outcome, shown, exchanges, disputed };
        let as_expected = provoked.taken().is_none() == (expected == Expected::Refused);
        if expected == Expected::SignedIn || disputed {
            // What its page goes on reading is nothing of the next one's.
            stage.set_apart(mark);
        }
        if as_expected && known {
            // It still knows whoever signed in before.
            self.memory.known_browser = Some(key);
        } else if as_expected {
            stage.close_visitor(&key).await;
        }
        self.memory.series.push(provoked);
        Ok(())
    }

    fn warn_of_disputed(&mut self) {
        let taken = self.memory.series.iter().filter(|provoked| provoked.disputed && provoked.delivered);
        let told: Vec<String> =
            taken.filter_map(|provoked| Some(format!("told to {}: {}", provoked.phrase, provoked.taken()?.0))).collect();
        let ids: Vec<String> =
            self.scenario().map(|scenario| scenario.requirements.iter().map(ToString::to_string).collect()).unwrap_or_default();
        for id in ids.iter().filter(|_| !told.is_empty()) {
            let found = Discrepancy {
                summary: "takes a sign-in that has to be refused".to_owned(),
                expected: "nobody is signed in, and no data are asked for, although well-known libraries do not see to it".to_owned(),
                actual: told.join("; "),
                clause: "OpenID Connect Core 1.0 section 3.1.3.7",
                exchanges: Vec::new(),
            };
            self.warn(id, found);
        }
    }

    /// Judges every provocation of the series; what `wrong` says of one is part of the finding, which names it.
    pub(super) fn judge_series(
        &mut self,
        summary: &str,
        expected: &str,
        wrong: impl Fn(&Provoked) -> Option<(String, Vec<u64>)>,
    ) -> Result<(), Failure> {
        let (mut told, mut numbers) = (Vec::new(), Vec::new());
        for provoked in self.memory.series.iter().filter(|provoked| provoked.delivered) {
            if let Some((actual, exchanges)) = wrong(provoked) {
                told.push(format!("told to {}: {actual}", provoked.phrase));
                numbers.extend(exchanges);
            }
        }
        if !told.is_empty() {
            self.ledger.oracle.set(OraclePart::Reaction, false);
            return self.find(summary, expected, &told.join("; "), &numbers);
        }
        self.require_occasions()?;
        self.react(true, "", "", "")
    }

    /// A row whose fault never fired has shown nothing.
    pub(super) fn require_occasions(&self) -> Result<(), Failure> {
        let series = &self.memory.series;
        if series.is_empty() {
            return Err(Failure::not_applicable("the profile gives none of these an occasion: it declares no `openid`"));
        }
        let missed = series.iter().filter(|provoked| !provoked.delivered);
        let missed: Vec<String> = missed.map(|provoked| format!("{} (it saw {})", provoked.phrase, told(&provoked.exchanges))).collect();
        if missed.is_empty() { Ok(()) } else { Err(Failure::unjudged(format!("the platform had no occasion to {}", missed.join(", to ")))) }
    }

    /// Silence harms nobody's data: it warns, whatever else the scenario is about. `after`: what the end-user was not told of.
    pub(super) fn warn_of_silence(&mut self, after: &[String]) {
        if after.is_empty() {
            return;
        }
        let ids: Vec<String> =
            self.scenario().map(|scenario| scenario.requirements.iter().map(ToString::to_string).collect()).unwrap_or_default();
        for id in ids {
            let found = Discrepancy {
                summary: "does not tell the end-user that the sign-in failed".to_owned(),
                expected: "a message on the page, in the popup or in a dialog".to_owned(),
                actual: format!("no new words after: {}", after.join("; ")),
                clause: "RFC 6749 section 4.1.2.1",
                exchanges: Vec::new(),
            };
            self.warn(&id, found);
        }
    }
}

impl Stage {
    /// What the platform recorded from the `mark`th exchange of the scenario on, without what other sign-ins went on doing.
    pub(super) fn provoked_from(&self, mark: usize) -> Vec<Exchange> {
        let spared = self.spared();
        self.of_the_application(self.exchanges().into_iter().skip(mark).filter(|exchange| !spared.contains(&exchange.number)).collect())
    }

    /// Closes a browser that has shown what it had to show; what it saw stays in the record.
    pub(super) async fn close_visitor(&mut self, key: &str) {
        if let Some(visitor) = self.forget_visitor(key) {
            let seen = self.facts_of(key, &visitor);
            self.past_facts.extend(seen);
            visitor.context.close().await;
        }
    }
}
