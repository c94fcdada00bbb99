//! Whose data the application shows to whom.

use cucumber::{given, then, when};

use super::Failure;
use super::people::Person;
use super::provocation::signed_in_as;
use super::sign_in::{Consent, Outcome};
use super::stage::{Stage, Visitor};
use super::world::World;
use crate::browser::pages::visible_text;
use crate::checks;
use crate::domain::OraclePart;
use crate::platform::accounts::{OTHER_TENANT, TENANT, TenantId};

/// Requests that an application may still make before it has understood that a user is gone: a call, a refresh, a repetition.
const CALLS_AFTER_DEACTIVATION: usize = 4;

#[given(expr = "{word} belongs to a medical centre that did not authorise the application")]
async fn belongs_elsewhere(world: &mut World, name: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.stage()?.person(&name)?;
    world.delivered()
}

#[then(expr = "no data of Bruno's medical centre was asked for")]
async fn no_data_of_bruno(world: &mut World) -> Result<(), Failure> {
    let stage = world.stage()?;
    let bruno = stage.subject(&stage.person("Bruno")?.email)?;
    let judgement = checks::check_no_resource_call(&world.exchanges()?, &bruno);
    world.judge(judgement)
}

#[given("the relying party is authorised for both medical centres")]
async fn authorised_for_both(world: &mut World) -> Result<(), Failure> {
    let tenants = [world.stage()?.tenant_of("Ada")?, world.stage()?.tenant_of("Bruno")?];
    world.stage_mut()?.restart_application(&tenants).await
}

#[when("Ada and Bruno sign in in separate browsers and open every declared feature")]
async fn both_sign_in(world: &mut World) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    for name in ["Ada", "Bruno"] {
        world.sign_in(name, Consent::GrantAll).await?;
        let (person, outcome) = (world.stage()?.person(name)?, world.outcome()?);
        let failed = format!("{name}, whose medical centre the application may serve, was not signed in");
        world.require_signed_in(&person, &outcome, &failed)?;
    }
    world.delivered()
}

#[then("each of them sees data of the own medical centre alone")]
async fn own_data_alone(world: &mut World) -> Result<(), Failure> {
    let blank = world.first_shown_nothing().await?;
    // What was called proves more than a page that stayed blank.
    world.judge_own_tenant()?;
    world.judge_for("GX-01", checks::check_userinfo_first(&world.exchanges()?))?;
    if let Some(name) = blank {
        // Whoever is shown nothing is shown nobody else's: that is no leak, and no proof against one.
        return Err(Failure::unjudged(format!("{name} is shown no patient of the own medical centre")));
    }
    world.ledger.oracle.set(OraclePart::Reaction, true);
    Ok(())
}

/// Whoever came before has left by the application's own way out, or, where the profile names none, by the end of all that the
/// browser keeps.
#[then("in Ada's browser, when she has left, Bruno sees data of his own medical centre alone")]
async fn next_in_the_browser(world: &mut World) -> Result<(), Failure> {
    let visitor = world.leave_to_the_next("Ada").await?;
    let bruno = Person { name: "Bruno in Ada's browser".to_owned(), ..world.stage()?.person("Bruno")? };
    let outcome = world.stage_mut()?.sign_in_next(&bruno, visitor).await?;
    world.require_signed_in(&bruno, &outcome, "Bruno was not signed in after Ada in the same browser")?;
    if !world.sees_own_alone(&bruno.name, OTHER_TENANT, TENANT).await? {
        return Err(Failure::unjudged("Bruno, after Ada in the same browser, is shown no patient of the own medical centre"));
    }
    world.judge_own_tenant()
}

/// Recommended only: an application may keep what somebody of a medical centre has connected, and decide by itself who sees it.
#[then(expr = "{word} of Ada's medical centre sees what was asked for with his own token")]
async fn own_token(world: &mut World, name: String) -> Result<(), Failure> {
    let mark = world.stage()?.exchanges().len();
    world.sign_in(&name, Consent::GrantAll).await?;
    if !world.is_shown_entries(&name).await? {
        // Whoever is shown nothing is shown nothing of another's.
        return Ok(());
    }
    let (person, since) = (world.stage()?.person(&name)?, world.exchanges()?.split_off(mark));
    let subject = world.stage()?.subject(&person.email)?;
    world.advise("GX-20", checks::check_own_token(&since, &subject))
}

#[then("no data of the other medical centre was asked for")]
async fn no_data_of_the_other(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    let other = world.stage()?.tenant_of("Bruno")?;
    world.judge(checks::check_tenant_left_alone(&exchanges, &other))?;
    world.react(true, "", "", "")
}

impl World {
    /// A sign-in that has to succeed. Somebody else who is shown is a finding; that nobody is signed in leaves nothing to judge.
    fn require_signed_in(&mut self, person: &Person, outcome: &Outcome, failed: &str) -> Result<(), Failure> {
        if signed_in_as(outcome, person) {
            return Ok(());
        }
        let told = outcome.describe();
        if person.others.iter().any(|other| told.contains(other.as_str())) {
            self.react(false, "shows one user signed in as another", &format!("`{}` is shown", person.shown), &told)?;
        }
        Err(Failure::unjudged(format!("{failed}: {told}")))
    }

    /// The first of the two users who is shown no patient of the own medical centre.
    async fn first_shown_nothing(&mut self) -> Result<Option<&'static str>, Failure> {
        let mut blank = None;
        for (name, own, other) in [("Ada", TENANT, OTHER_TENANT), ("Bruno", OTHER_TENANT, TENANT)] {
            if !self.sees_own_alone(name, own, other).await? {
                blank.get_or_insert(name);
            }
        }
        Ok(blank)
    }

    /// The browser that somebody has left, for whoever comes next.
    async fn leave_to_the_next(&mut self, name: &str) -> Result<Visitor, Failure> {
        let signs_out = self.setup()?.profile.app.login.logout.is_some();
        if signs_out {
            self.sign_out(name.to_owned()).await?;
        }
        let stage = self.stage_mut()?;
        let visitor = stage.visitor(name).await?;
        if signs_out {
            // They have left the platform too.
            stage.leave_the_platform(&visitor).await?;
        } else {
            visitor.page.forget().await?;
            visitor.context.clear_cookies().await?;
        }
        stage.forget_visitor(name);
        Ok(visitor)
    }

    /// Whether this person, who has tried to sign in, is shown an entry of any feature.
    async fn is_shown_entries(&mut self, name: &str) -> Result<bool, Failure> {
        let mut shown = false;
        if signed_in_as(&self.outcome()?, &self.stage()?.person(name)?) {
            for feature in self.features()? {
                shown |= !self.look_at(&feature).await?.entries.is_empty();
            }
        }
        Ok(shown)
    }

    /// Opens every feature: whether patients of the own medical centre are seen. Those of the other are a finding.
    async fn sees_own_alone(&mut self, actor: &str, own: TenantId, other: TenantId) -> Result<bool, Failure> {
        let patients = self.action_for("patients").ok();
        let lists_patients = |feature: &str| patients.as_ref().is_some_and(|(name, _)| name == feature);
        let mut seen = true;
        self.memory.actor = Some(actor.to_owned());
        for feature in self.features()? {
            self.open_feature_as_actor(&feature).await?;
            let visitor = self.actor_visitor().await?;
            let text = visible_text(&visitor.page, super::PATIENCE / 2).await?;
            let platform = self.stage()?.mock()?;
            let foreign =
                platform.patients(other).into_iter().find(|patient| text.contains(&patient.given) && text.contains(&patient.family));
            let own_seen = platform.patients(own).iter().any(|patient| text.contains(&patient.family));
            if let Some(patient) = foreign {
                let marked = format!("a patient of the other centre ({}) on {actor}'s page {feature}", patient.initials());
                let summary = "shows one medical centre's patients to a user of another";
                self.react(false, summary, "patients of the own centre alone", &marked)?;
            }
            seen = seen && (own_seen || !lists_patients(&feature));
        }
        Ok(seen)
    }
}

impl Stage {
    /// A sign-in of whoever comes next to a browser that somebody has left.
    async fn sign_in_next(&mut self, person: &Person, left: Visitor) -> Result<Outcome, Failure> {
        let visitor = self.keep_visitor(&person.name, left);
        visitor.page.goto(self.base_url.as_str()).await?;
        self.provocation.started_sign_ins += 1;
        self.sign_in_honestly(person).await
    }
}

#[then(expr = "the relying party stops asking for {word}")]
async fn stops_asking(world: &mut World, name: String) -> Result<(), Failure> {
    let person = world.stage()?.person(&name)?;
    let subject = world.stage()?.subject(&person.email)?;
    let exchanges = world.provoked_exchanges()?;
    let browsers = world.memory.first_of.len().max(1);
    world.judge(checks::check_calls_stop(&exchanges, &subject, CALLS_AFTER_DEACTIVATION * browsers))
}

#[when(expr = "the administrator deactivates {word}")]
async fn deactivates(world: &mut World, name: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    let person = world.stage()?.person(&name)?;
    world.stage()?.mock()?.deactivate_user(&person.email).map_err(Failure::broke)?;
    world.delivered()
}
