//! What travels to the platform, and what must not.

use cucumber::gherkin::Step;
use cucumber::{then, when};

use super::Failure;
use super::attempt::Expected;
use super::fault_phrases::fault;
use super::people::Person;
use super::provocation::signed_in_as;
use super::series::{phrases, told_to};
use super::sign_in::{Consent, Outcome};
use super::traffic::told;
use super::world::World;
use crate::domain::{Endpoint, Exchange, OraclePart};
use crate::platform::Times;

const SUMMARY: &str = "trusts a certificate that is not in order";
const EXPECTED: &str = "no request: the TLS handshake is broken off";

/// From when on a bad certificate is shown, and what is done then: each leads the application to another endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// To revocation.
    SignOut,
    /// To the token endpoint, for a refresh.
    Refusal,
    /// To the next page of a list, where the first came over a sound connection.
    FurtherPage,
    /// To a write, where all that is read for it came over sound connections.
    Write,
    /// To the user information, where the keys are known already.
    Redemption,
    /// To the keys, where they are not read before they are needed.
    FirstRedemption,
    /// To the discovery document.
    Start,
}

impl Moment {
    const ALL: [(&str, Self); 7] = [
        (" from the first answer of a feature on", Self::FurtherPage),
        (" from a write on", Self::Write),
        (" from a sign-out on", Self::SignOut),
        (" from the refusal of an expired token on", Self::Refusal),
        (" from the redemption of a code on", Self::Redemption),
        (" from the redemption of the first code on", Self::FirstRedemption),
        (" from the application's start on", Self::Start),
    ];

    fn of(phrase: &str) -> Option<Self> {
        Self::ALL.iter().find(|(words, _)| phrase.ends_with(words)).map(|(_, moment)| *moment)
    }

    /// The answer before which the certificate is sound.
    fn follows(self) -> Option<(Endpoint, u16)> {
        match self {
            Self::SignOut | Self::Start | Self::Write => None,
            Self::FurtherPage => Some((Endpoint::Api, 200)),
            Self::Refusal => Some((Endpoint::Api, 401)),
            Self::Redemption | Self::FirstRedemption => Some((Endpoint::Token, 200)),
        }
    }

    fn needs_a_start(self) -> bool {
        matches!(self, Self::FirstRedemption | Self::Start)
    }
}

/// What the application did when it was shown a bad certificate.
#[derive(Clone, Debug)]
pub struct Met {
    phrase: String,
    /// What it sent over such a connection.
    sent: Option<Exchange>,
    /// Whether it broke a handshake off.
    refused: bool,
}

impl Met {
    /// What it sent, in words, and the exchange's number.
    fn what_was_sent(&self) -> Option<(String, u64)> {
        let sent = self.sent.as_ref()?;
        Some((format!("told to {}: {} {}", self.phrase, sent.method, sent.path), sent.number))
    }
}

#[when(expr = "{word} uses the relying party once for each of these")]
async fn uses_for_each(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    let mut idle = Vec::new();
    for phrase in phrases(step)? {
        let moment = Moment::of(phrase).ok_or_else(|| Failure::broke(format!("no moment is called `{phrase}`")))?;
        if !idle.contains(&moment) && world.can_come_to(moment)? && !world.meet_certificate(&name, phrase, moment).await? {
            // It does not go there then, and will not for another certificate.
            idle.push(moment);
        }
    }
    world.delivered()
}

#[then("nothing was sent over a connection whose certificate is not in order")]
async fn nothing_sent(world: &mut World) -> Result<(), Failure> {
    let (told, numbers): (Vec<_>, Vec<_>) = world.memory.met.iter().filter_map(Met::what_was_sent).unzip();
    if !told.is_empty() {
        world.ledger.oracle.set(OraclePart::Reaction, false);
        return world.find(SUMMARY, EXPECTED, &told.join("; "), &numbers);
    }
    if !world.memory.met.iter().any(|met| met.refused) {
        return Err(Failure::unjudged("the application made no connection while the certificate was bad"));
    }
    world.react(true, "", "", "")
}

#[then("the relying party sends nothing to the platform")]
async fn sends_nothing(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    let sent: Vec<&Exchange> = exchanges.iter().filter(|exchange| is_of_the_application(exchange)).collect();
    if let Some(first) = sent.first() {
        let numbers: Vec<u64> = sent.iter().map(|exchange| exchange.number).collect();
        let actual = format!("{} {}, over a connection whose certificate is not in order", first.method, first.path);
        return world.find(SUMMARY, EXPECTED, &actual, &numbers);
    }
    if exchanges.iter().any(is_refusal) { Ok(()) } else { Err(world.none_broken_off(&exchanges)) }
}

/// Whether an exchange is the application's own: its browser goes to the other endpoints.
fn is_of_the_application(exchange: &Exchange) -> bool {
    use Endpoint::{Api, DeviceAuthorization, Discovery, Introspection, Jwks, Revocation, Token, Userinfo};
    matches!(exchange.endpoint, Api | DeviceAuthorization | Discovery | Introspection | Jwks | Revocation | Token | Userinfo)
}

fn is_refusal(exchange: &Exchange) -> bool {
    exchange.is_handshake() && exchange.facts.refusal.is_some()
}

/// Whether it went over a connection at whose handshake the fault showed its certificate.
fn went_over(exchange: &Exchange, fault: &str) -> bool {
    is_of_the_application(exchange) && exchange.faults.iter().any(|fired| fired == fault)
}

impl World {
    /// Whether this application can be brought to the moment.
    fn can_come_to(&self, moment: Moment) -> Result<bool, Failure> {
        let setup = self.setup()?;
        let has_no_sign_out = moment == Moment::SignOut && setup.profile.app.login.logout.is_none();
        Ok(!(has_no_sign_out || moment.needs_a_start() && setup.is_shared()))
    }

    /// Every occasion of a moment with one bad certificate: whether the application went to the platform at any of them.
    async fn meet_certificate(&mut self, name: &str, phrase: &str, moment: Moment) -> Result<bool, Failure> {
        let (fault, _) = fault(phrase).ok_or_else(|| Failure::broke(format!("no fault is called `{phrase}`")))?;
        let met = match moment {
            Moment::Write => self.meet_writes(name, phrase, fault).await,
            Moment::FurtherPage => self.meet_pages(name, phrase, fault).await,
            _ => self.meet(name, phrase, moment, fault).await.map(|met| vec![met]),
        };
        let met = met.map_err(|failure| told_to(phrase, failure))?;
        let went = met.iter().any(|met| met.sent.is_some() || met.refused);
        self.memory.met.extend(met);
        Ok(went)
    }

    /// One moment with one bad certificate, which is gone afterwards.
    async fn meet(&mut self, name: &str, phrase: &str, moment: Moment, fault: &'static str) -> Result<Met, Failure> {
        if matches!(moment, Moment::SignOut | Moment::Refusal) {
            self.be_signed_in(name).await?;
        }
        if moment == Moment::FirstRedemption {
            self.stage_mut()?.register_application().await?;
        }
        let platform = self.stage()?.instrument()?;
        if moment == Moment::Refusal {
            platform.expire_access_tokens();
        }
        let spared = moment.follows().map(|(endpoint, status)| (endpoint, status, 1));
        let mark = self.show_certificate(fault, spared)?;
        let done = self.do_at(name, moment, mark, fault).await;
        let met = self.what_was_met(phrase, fault, mark, done)?;
        if moment == Moment::Start {
            // Whoever did not start, or keeps what it did not find then, starts again.
            self.stage_mut()?.register_application().await?;
        }
        Ok(met)
    }

    /// Each feature in turn, its first call over a sound connection.
    async fn meet_pages(&mut self, name: &str, phrase: &str, fault: &'static str) -> Result<Vec<Met>, Failure> {
        let mut met = Vec::new();
        for feature in self.features()? {
            self.be_signed_in(name).await?;
            self.memory.actor = Some(name.to_owned());
            let mark = self.show_certificate(fault, Some((Endpoint::Api, 200, 1)))?;
            let done = self.look_at(&feature).await.map(drop);
            met.push(self.what_was_met(phrase, fault, mark, done)?);
        }
        Ok(met)
    }

    /// Each write in turn, with as many sound answers before it as it reads where all is in order.
    async fn meet_writes(&mut self, name: &str, phrase: &str, fault: &'static str) -> Result<Vec<Met>, Failure> {
        let mut met = Vec::new();
        for writing in self.writings().unwrap_or_default() {
            self.be_signed_in(name).await?;
            self.memory.actor = Some(name.to_owned());
            let Some(honest) = self.write_honestly(writing.clone()).await? else { continue };
            self.stage()?.mock()?.restore_records();
            self.open_to_write(&writing).await?;
            let mark = self.show_certificate(fault, Some((Endpoint::Api, 200, honest.reads)))?;
            let done = self.click_to_write(&writing).await;
            self.wait_until_met(mark, fault).await?;
            let visitor = self.actor_visitor().await?;
            let done = done.and(self.stage()?.settle(&visitor).await);
            met.push(self.what_was_met(phrase, fault, mark, done)?);
        }
        Ok(met)
    }

    /// Shows a bad certificate from now on, or when so many answers are given; returns the journal's mark.
    fn show_certificate(&self, fault: &'static str, spared: Option<(Endpoint, u16, usize)>) -> Result<usize, Failure> {
        let platform = self.stage()?.instrument()?;
        let mark = platform.journal().mark();
        if let Some((endpoint, status, answers)) = spared {
            platform.spare_handshakes_until(endpoint, status, answers);
        }
        self.stage()?.arm(fault, Times::Always)?;
        // Whoever keeps a connection would not meet it.
        platform.close_connections();
        Ok(mark)
    }

    /// Shows the sound certificate again, and tells what the application made of the bad one.
    fn what_was_met(&self, phrase: &str, fault: &'static str, mark: usize, done: Result<(), Failure>) -> Result<Met, Failure> {
        let platform = self.stage()?.instrument()?;
        platform.faults().disarm(fault).map_err(Failure::broke)?;
        platform.spare_no_handshake();
        let seen = platform.journal().since(mark);
        let (refused, sent) = (seen.iter().any(is_refusal), seen.into_iter().find(|exchange| went_over(exchange, fault)));
        match done {
            // A page of its own that says so, before anybody was sent to the platform, is a way to take it.
            Err(Failure::Unjudged { .. }) if refused || sent.is_some() => {}
            done => done?,
        }
        Ok(Met { phrase: phrase.to_owned(), sent, refused })
    }

    async fn do_at(&mut self, name: &str, moment: Moment, mark: usize, fault: &'static str) -> Result<(), Failure> {
        match moment {
            Moment::SignOut => {
                self.sign_out(name.to_owned()).await?;
                self.wait_until_met(mark, fault).await
            }
            Moment::Refusal => {
                self.open_a_feature(name).await?;
                self.wait_until_met(mark, fault).await
            }
            Moment::Write | Moment::FurtherPage => Err(Failure::broke("these have more than one occasion")),
            Moment::Redemption | Moment::FirstRedemption => self.sign_in_aside(name).await,
            Moment::Start => match self.stage_mut()?.register_application().await {
                Ok(()) => self.sign_in_aside(name).await,
                // One that does not even start has sent nothing more.
                Err(_) => Ok(()),
            },
        }
    }

    /// What is done in the background may come when the page is at rest.
    async fn wait_until_met(&self, mark: usize, fault: &str) -> Result<(), Failure> {
        let patience = self.setup()?.patience().follow_up;
        let met = |exchange: &Exchange| is_refusal(exchange) || went_over(exchange, fault);
        // That nothing comes is an answer too.
        let _ = self.stage()?.instrument()?.journal().wait_for(mark, "a connection", patience, met).await;
        Ok(())
    }

    /// Why nothing can be told of an application that broke no handshake off.
    fn none_broken_off(&self, exchanges: &[Exchange]) -> Failure {
        let ended = self.memory.outcome.as_ref().map(|outcome| format!("; the sign-in ended {}", outcome.describe())).unwrap_or_default();
        Failure::unjudged(format!(
            "while the certificate was bad no connection of the application was broken off, as one that looks at it has to do: the platform \
             saw {}{ended}. Have it ask the platform at each sign-in and each page, and keep no connection open between them",
            told(exchanges)
        ))
    }

    /// The person, in the own browser, whatever was there before.
    async fn be_signed_in(&mut self, name: &str) -> Result<(), Failure> {
        let stage = self.stage_mut()?;
        let (person, visitor) = (stage.person(name)?, stage.visitor(name).await?);
        let shown = stage.who_is_signed_in(&visitor).await?;
        if shown.is_some_and(|shown| signed_in_as(&Outcome::SignedIn(shown), &person)) {
            return stage.settle(&visitor).await;
        }
        self.honest_sign_in(name).await
    }

    /// A sign-in that may end in any way, in a browser of its own, closed when all is at rest.
    async fn sign_in_aside(&mut self, name: &str) -> Result<(), Failure> {
        let stage = self.stage_mut()?;
        let key = format!("{name}, {}", stage.provocation.started_sign_ins);
        let person = Person { name: key.clone(), ..stage.person(name)? };
        stage.provocation.expected = Expected::Refused;
        stage.provocation.started_sign_ins += 1;
        let ended = match stage.sign_in(&person, &Consent::GrantAll).await {
            Ok(_) => {
                let visitor = stage.visitor(&key).await?;
                stage.settle(&visitor).await
            }
            Err(failure) => Err(failure),
        };
        stage.close_visitor(&key).await;
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_is_told_by_some_phrase_that_names_a_fault() {
        for (words, moment) in Moment::ALL {
            let phrase = format!("show a certificate of another host{words}");
            assert_eq!((fault(&phrase), Moment::of(&phrase)), (Some(("tls-wrong-host", Times::Always.into())), Some(moment)));
        }
        assert_eq!(Moment::of("show a certificate of another host"), None);
    }
}
