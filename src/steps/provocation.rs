//! The five-part oracle of a provoked scenario: control, delivery, follow-up, reaction, recovery.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::attempt::{Expected, Honest};
use super::people::Person;
use super::sign_in::{Outcome, once_more_if_silent};
use super::stage::Stage;
use super::{Failure, world::World};
use crate::checks::Lineage;
use crate::domain::{Endpoint, Exchange, OraclePart};
use crate::oauth::giponext;
use crate::platform::{Platform, Trigger, accounts};

/// Authorization requests that an application may start by itself after a refusal (CB-11).
pub(super) const AUTOMATIC_SIGN_INS: usize = 1;

const NOBODY_NAMED: &str = "the profile does not declare `openid`: no ID token says who it should be";

/// Kinds of faults, by how their names begin, that have an occasion only where a scope is asked for.
const OCCASIONS: [(&str, &str, &str); 4] = [
    ("id-token-", giponext::OPENID, "the profile does not declare `openid`: the platform issues no ID token"),
    ("userinfo-other-subject", giponext::OPENID, NOBODY_NAMED),
    ("userinfo-without-subject", giponext::OPENID, NOBODY_NAMED),
    ("userinfo-jwt", giponext::OPENID, NOBODY_NAMED),
];

/// The scope without which a fault has no occasion, and what is told then.
pub(super) fn occasion(fault: &str) -> Option<(&'static str, &'static str)> {
    OCCASIONS.iter().find(|(prefix, ..)| fault.starts_with(prefix)).map(|(_, scope, reason)| (*scope, *reason))
}

/// What a scenario provoked.
#[derive(Debug, Default)]
pub struct Provocation {
    /// Faults armed for the whole scenario.
    faults: Vec<&'static str>,
    /// For what is provoked without a fault: whether it was delivered.
    delivered: Option<bool>,
    /// Where the journal stood when it was armed.
    mark: Option<usize>,
    /// Sign-ins that the steps themselves started since then.
    pub started_sign_ins: usize,
    /// What the next sign-in is to come to.
    pub expected: Expected,
    /// Whether the application was started while the platform misbehaved: what it read then, it may keep.
    pub started_under_it: bool,
    /// Whether a sign-in that was to be refused was rightly taken, for another defence of its own.
    pub vouched: bool,
    /// What honest sign-ins of the scenario took.
    pub honest: Honest,
    /// Numbers of the exchanges of sign-ins beside the provoked ones, the control above all.
    apart: Vec<RangeInclusive<u64>>,
}

impl World {
    /// Arms a fault, after an honest sign-in has shown that the application works (the control).
    pub async fn provoke(&mut self, fault: &'static str, trigger: Trigger) -> Result<(), Failure> {
        self.stage_mut()?.can_show(fault)?;
        if let Some((scope, reason)) = occasion(fault)
            && !self.declares(scope)?
        {
            return Err(Failure::not_applicable(reason));
        }
        self.control().await?;
        let stage = self.stage_mut()?;
        let platform = stage.arm(fault, trigger)?;
        if fault.starts_with("tls-") {
            // It acts at the handshake: whoever keeps a connection would not meet it.
            platform.close_connections();
        }
        stage.provocation.faults.push(fault);
        stage.mark_provocation();
        Ok(())
    }

    /// Whether the profile's scopes name this one.
    pub(super) fn declares(&self, scope: &str) -> Result<bool, Failure> {
        Ok(self.setup()?.profile.app.scopes.iter().any(|declared| declared == scope))
    }

    /// A provocation without a fault: a lever of the platform, or something that a person does. The control comes first.
    pub async fn provoke_by_hand(&mut self) -> Result<(), Failure> {
        self.control().await?;
        let stage = self.stage_mut()?;
        stage.provocation.delivered.get_or_insert(false);
        stage.mark_provocation();
        Ok(())
    }

    /// Whether the scenario has armed this fault.
    pub fn has_fault(&self, fault: &str) -> bool {
        self.stage().is_ok_and(|stage| stage.provocation.faults.contains(&fault))
    }

    pub fn delivered(&mut self) -> Result<(), Failure> {
        self.stage_mut()?.provocation.delivered = Some(true);
        Ok(())
    }

    /// An honest sign-in in a browser of its own, unless one has succeeded in this scenario already.
    async fn control(&mut self) -> Result<(), Failure> {
        if self.ledger.oracle.control == Some(true) {
            return Ok(());
        }
        let stage = self.stage_mut()?;
        let ada = stage.person("Ada")?;
        let outcome = once_more_if_silent(async || stage.sign_in_apart(&ada).await).await?;
        self.take_control(&outcome, &ada)
    }

    /// Whether an honest sign-in succeeded, without which nothing can be judged.
    pub(super) fn take_control(&mut self, outcome: &Outcome, person: &Person) -> Result<(), Failure> {
        let succeeded = signed_in_as(outcome, person);
        self.ledger.oracle.set(OraclePart::Control, succeeded);
        if succeeded {
            Ok(())
        } else {
            let strayed = self.stage().map(Stage::strayed).unwrap_or_default();
            Err(Failure::unjudged(format!("the honest sign-in of {} did not succeed: {}{strayed}", person.name, outcome.describe())))
        }
    }

    /// After the steps: delivery, follow-up, recovery. What does not hold is in the oracle, and a failure only where the
    /// application itself insists.
    pub(super) async fn settle_oracle(&mut self) -> Result<(), Failure> {
        let negative = self.has_tag("negative");
        let stage = self.stage_mut()?;
        stage.settle_all().await?;
        let delivered = stage.has_provoked();
        let started = stage.provocation.started_sign_ins;
        let provoked = stage.provoked_exchanges();
        let forbidden = |exchange: &&Exchange| negative && !stage.provocation.vouched && is_resource_call(exchange);
        let follow_up = provoked.iter().find(forbidden).cloned();
        let automatic = shown_authorizations(&provoked).saturating_sub(started);
        // One for each sign-in that was refused is an answer to it.
        let most_automatic = AUTOMATIC_SIGN_INS * started.max(1);
        stage.instrument()?.faults().disarm_all();
        if stage.provocation.started_under_it {
            stage.register_application().await?;
        }
        // At a target nobody's account is ended.
        let is_deactivated = |platform: &Platform| platform.shared().accounts().user_by_email(accounts::ADA).is_none_or(|ada| !ada.active);
        let honest = if stage.mock().is_ok_and(is_deactivated) { "Elio" } else { "Ada" };
        let person = stage.person(honest)?;
        let outcome = once_more_if_silent(async || stage.sign_in_apart(&person).await).await;
        if !delivered {
            let missed = self.stage()?.undelivered().join(", ");
            let came = self.came_instead();
            self.ledger
                .unseen
                .push((OraclePart::Delivered, format!("{missed} had no occasion; since it was armed the platform saw {came}")));
        }
        if let Some(ended) = outcome.as_ref().ok().filter(|outcome| !signed_in_as(outcome, &person)) {
            self.ledger.unseen.push((OraclePart::Recovery, format!("that of {honest} ended {}", ended.describe())));
        }
        let oracle = &mut self.ledger.oracle;
        oracle.set(OraclePart::Delivered, delivered);
        oracle.set(OraclePart::NoFollowUp, follow_up.is_none() && automatic <= most_automatic);
        oracle.set(OraclePart::Recovery, outcome.as_ref().is_ok_and(|outcome| signed_in_as(outcome, &person)));
        if let Some(call) = follow_up {
            return self.find(
                "called the API although the sign-in had to be refused",
                "no resource call",
                &format!("{} {}", call.method, call.path),
                &[call.number],
            );
        }
        if automatic > most_automatic {
            return self.find(
                "started sign-ins by itself, again and again",
                "at most one automatic sign-in for each that was refused",
                &format!("{automatic} automatic sign-ins"),
                &[],
            );
        }
        match outcome {
            Ok(_) => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

impl Provocation {
    /// A fault of which nothing can come is none of the scenario's any more.
    pub(super) fn withdraw(&mut self, fault: &str) {
        if let Some(place) = self.faults.iter().rposition(|armed| *armed == fault) {
            self.faults.remove(place);
        }
    }

    /// Whether the scenario has armed any fault.
    pub(super) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Where the journal stood when it was armed.
    pub fn mark(&self) -> Option<usize> {
        self.mark
    }
}

impl Stage {
    /// The faults that were armed and never fired: nothing that was seen comes from them.
    pub fn undelivered(&self) -> Vec<&'static str> {
        let mut firings = self.instrument().map(|platform| platform.faults().firings()).unwrap_or_default();
        // What fired at somebody beside the provocation has provoked nobody.
        let spared = self.spared();
        firings.retain(|firing| !spared.contains(&firing.exchange));
        let armed = self.provocation.faults.iter().copied();
        armed.filter(|fault| !firings.iter().any(|firing| firing.fault == *fault)).collect()
    }

    /// Whether some fault of the scenario was delivered, where it has several.
    pub fn has_met_any(&self) -> bool {
        let undelivered = self.undelivered();
        self.provocation.faults.iter().any(|fault| !undelivered.contains(fault))
    }

    /// What the platform recorded since the provocation began, without what sign-ins beside the provoked ones go on doing: the
    /// control's page, its polling, its refreshes.
    pub fn provoked_exchanges(&self) -> Vec<Exchange> {
        let Ok(platform) = self.instrument() else { return Vec::new() };
        let mark = self.provocation.mark.unwrap_or_else(|| platform.journal().mark());
        let spared = self.spared();
        self.of_the_application(platform.journal().since(mark).into_iter().filter(|exchange| !spared.contains(&exchange.number)).collect())
    }

    /// Whether a fault fired from the `mark`th exchange of the scenario on.
    pub(super) fn fired_since(&self, mark: usize, fault: &str) -> bool {
        self.exchanges().iter().skip(mark).any(|exchange| exchange.faults.iter().any(|fired| fired == fault))
    }

    /// Numbers of the exchanges that act for a sign-in beside the provoked ones.
    pub(super) fn spared(&self) -> HashSet<u64> {
        let exchanges = self.exchanges();
        let lineage = Lineage::of(&exchanges);
        let is_apart = |root: u64| self.provocation.apart.iter().any(|numbers| numbers.contains(&root));
        let spared = exchanges.iter().filter(|exchange| lineage.sign_in(exchange).is_some_and(is_apart));
        spared.map(|exchange| exchange.number).collect()
    }

    /// What was recorded from the `mark`th exchange of the scenario on belongs to a sign-in beside the provoked ones.
    pub(super) fn set_apart(&mut self, mark: usize) {
        let numbers = self.exchanges().into_iter().skip(mark).map(|exchange| exchange.number);
        let (first, last) = numbers.fold((u64::MAX, 0), |(first, last), number| (first.min(number), last.max(number)));
        if first <= last {
            self.provocation.apart.push(first..=last);
        }
    }

    /// Whether everything that the scenario provokes was delivered.
    pub fn has_provoked(&self) -> bool {
        let Provocation { delivered, faults, .. } = &self.provocation;
        *delivered != Some(false) && (delivered.is_some() || !faults.is_empty()) && self.undelivered().is_empty()
    }

    fn mark_provocation(&mut self) {
        if self.provocation.mark.is_none() {
            self.provocation.mark = self.instrument().ok().map(|platform| platform.journal().mark());
        }
    }
}

pub fn signed_in_as(outcome: &Outcome, person: &Person) -> bool {
    matches!(outcome, Outcome::SignedIn(shown) if person.is_named_by(shown))
}

/// Authorization requests, as their client made them: continuations after sign-in and consent are not counted.
pub fn authorizations(exchanges: &[Exchange]) -> usize {
    exchanges.iter().filter(|exchange| is_authorization(exchange)).count()
}

fn is_authorization(exchange: &Exchange) -> bool {
    exchange.endpoint == Endpoint::Authorization && exchange.query_value("response_type").is_some()
}

/// Those of them that may ask a person for something: with `prompt=none` the platform only says whether somebody is signed in.
pub fn shown_authorizations(exchanges: &[Exchange]) -> usize {
    exchanges.iter().filter(|exchange| is_authorization(exchange) && exchange.query_value("prompt") != Some("none")).count()
}

/// A call for a medical centre's data; `/v2/userinfo` is not one.
pub fn is_resource_call(exchange: &Exchange) -> bool {
    exchange.endpoint == Endpoint::Api && exchange.path.starts_with("/v2/tenants/")
}
