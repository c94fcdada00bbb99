//! What the application asks for at a sign-in.

use std::time::Duration;

use cucumber::{given, then, when};

use super::Failure;
use super::attempt::Expected;
use super::known_browser::starts_two_in_a_known_browser;
use super::provocation::authorizations;
use super::session::{VERIFIER, application_cookies};
use super::sign_in::{Consent, Outcome, once_more_if_silent};
use super::stage::Visitor;
use super::world::World;
use crate::checks;
use crate::domain::{ApplicationType, Endpoint, Exchange};
use crate::oauth::giponext;

#[when(expr = "{word} starts {int} sign-ins")]
async fn starts_sign_ins(world: &mut World, name: String, count: usize) -> Result<(), Failure> {
    world.start_sign_ins(&name, count).await
}

/// What one sign-in tells, thirty need not.
#[when(expr = "{word} starts {int} sign-ins, as long as each brings a nonce")]
async fn starts_while_nonces_come(world: &mut World, name: String, count: usize) -> Result<(), Failure> {
    for turn in 1..=count {
        world.start_sign_ins(&format!("{name}, {turn}"), 1).await?;
        if checks::check_nonce_sent_with_openid(&world.exchanges()?).is_err() {
            break;
        }
    }
    Ok(())
}

#[when(expr = "{word} starts another two in one browser")]
async fn starts_two_in_one(world: &mut World, name: String) -> Result<(), Failure> {
    let visitor = world.stage_mut()?.visitor(&name).await?;
    start_two(world, &visitor).await
}

pub(super) async fn start_two(world: &mut World, visitor: &Visitor) -> Result<(), Failure> {
    let stage = world.stage()?;
    for _ in 0..2 {
        visitor.page.goto(stage.base_url.as_str()).await?;
        stage.open_sign_in_page(visitor).await?;
    }
    world.memory.cookies = application_cookies(visitor, &stage.base_url).await?;
    Ok(())
}

#[when(expr = "{word} signs in twice in separate browsers")]
async fn signs_in_twice(world: &mut World, name: String) -> Result<(), Failure> {
    world.honest_sign_in(&name).await?;
    let stage = world.stage_mut()?;
    let person = stage.person(&name)?;
    stage.sign_in_apart(&person).await.map(drop)
}

#[then("every authorization request asks for a code alone")]
async fn asks_for_a_code(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.exchanges()?;
    world.judge(checks::check_response_type(&exchanges))?;
    let visitor = world.actor_visitor().await?;
    let addresses: Vec<String> = visitor.context.requests().into_iter().map(|request| request.url).collect();
    world.judge(checks::check_no_token_in_front_channel(&exchanges, &addresses))
}

#[then("every authorization request names a registered redirect URI")]
async fn registered_redirect_uri(world: &mut World) -> Result<(), Failure> {
    let native = world.stage()?.application_type() == ApplicationType::Native;
    let judgement = checks::check_redirect_uri(&world.exchanges()?, &world.stage()?.redirect_uris, native);
    world.judge_for("AZ-03", judgement)
}

#[then("the requested scopes are the declared and exercised ones")]
async fn scopes_declared_and_exercised(world: &mut World) -> Result<(), Failure> {
    let declared = world.setup()?.profile.app.scopes.iter().cloned().collect();
    let exchanges = world.exchanges()?;
    world.judge(checks::check_requested_scopes_declared(&exchanges, &declared))?;
    world.judge(checks::check_requested_scopes_exercised(&exchanges))
}

/// Who asks for too much is to be seen asking, not turned away.
#[given("the relying party may ask for every scope")]
async fn may_ask_for_every_scope(world: &mut World) -> Result<(), Failure> {
    world.stage()?.allow_every_scope()
}

#[then("the medical-report scope is requested exactly when that feature is declared")]
async fn medical_reports_scope(world: &mut World) -> Result<(), Failure> {
    let features = world.setup()?.profile.app.feature_scopes().cloned().collect();
    let judgement = checks::check_medical_reports_scope(&world.exchanges()?, &features);
    world.judge(judgement)
}

/// Without it the platform gives no refresh token, and the application needs none.
#[given("the relying party declares offline access")]
async fn declares_offline_access(world: &mut World) -> Result<(), Failure> {
    if world.declares(giponext::OFFLINE_ACCESS)? {
        Ok(())
    } else {
        Err(Failure::not_applicable("the profile does not declare `offline_access`: the application needs no long access"))
    }
}

#[then("the authorization request asks for offline access")]
async fn offline_access(world: &mut World) -> Result<(), Failure> {
    declares_offline_access(world).await?;
    let judgement = checks::check_offline_access(&world.exchanges()?);
    world.judge(judgement)
}

#[then("every state is unguessable and unique")]
async fn states(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.exchanges()?;
    world.judge_state("AZ-04", &exchanges, checks::check_states(&exchanges))?;
    world.judge_guess("AZ-04", exchanges, "state").await
}

#[then("no state or scope carries personal data")]
async fn no_personal_data(world: &mut World) -> Result<(), Failure> {
    let stage = world.stage()?;
    let mut needles = stage.personal_canaries()?;
    let ada = stage.person("Ada")?;
    needles.push(("Ada's e-mail".to_owned(), ada.email.into()));
    needles.push(("Ada's name".to_owned(), ada.shown.into()));
    let secret = stage.credentials.as_ref().and_then(|credentials| credentials.client_secret.clone());
    needles.extend(secret.map(|secret| ("the client secret".to_owned(), secret)));
    let judgement = checks::check_no_personal_data(&world.exchanges()?, &needles);
    world.judge_for("AZ-05", judgement)
}

#[then("no state carries the id of the browser's session")]
async fn no_session_in_state(world: &mut World) -> Result<(), Failure> {
    let cookies = std::mem::take(&mut world.memory.cookies).into_iter();
    let of_session = cookies.filter(|cookie| !["csrf", "xsrf"].iter().any(|kind| cookie.name.to_ascii_lowercase().contains(kind)));
    let named: Vec<_> = of_session.map(|cookie| (cookie.name, cookie.value.into())).collect();
    let judgement = checks::check_no_session_in_state(&world.exchanges()?, &named);
    world.judge_for("AZ-05", judgement)
}

#[then("every authorization request carries an S256 code challenge")]
async fn code_challenge(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_code_challenge(&world.exchanges()?);
    world.judge(judgement)
}

#[then("each token request presents the code verifier of its own challenge")]
async fn code_verifiers(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.exchanges()?;
    world.judge(checks::check_code_verifiers(&exchanges))?;
    world.judge(checks::check_code_verifiers_fresh(&exchanges))?;
    let verifiers = world.secrets_of(&[VERIFIER])?;
    world.judge(checks::check_code_verifiers_drawn(&verifiers))
}

#[then("every nonce is present and unique")]
async fn nonces(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.exchanges()?;
    world.judge(checks::check_nonces(&exchanges))?;
    world.judge_guess("AZ-11", exchanges, "nonce").await
}

/// OpenID Connect Core section 15.5.2 takes a nonce of the session for one: beside PKCE it warns.
#[then(expr = "no nonce is used again when {word} starts another two in a browser that she has used and left before")]
async fn nonces_in_one(world: &mut World, name: String) -> Result<(), Failure> {
    starts_two_in_a_known_browser(world, name).await?;
    let exchanges = world.exchanges()?;
    world.judge_state("AZ-11", &exchanges, checks::check_nonces(&exchanges))
}

#[then("every authorization request comes from a window of its own")]
async fn asked_in_a_window(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_asked_in_a_window(&world.exchanges()?);
    world.judge(judgement)
}

impl World {
    pub(super) async fn sign_in(&mut self, name: &str, consent: Consent) -> Result<(), Failure> {
        self.sign_in_after(name, consent, None).await
    }

    /// What a sign-in of the scenario is to come to, by the scenario's own word.
    fn expected(&self, consent: &Consent) -> Expected {
        if self.has_tag("negative") || matches!(consent, Consent::Cancel) { Expected::Refused } else { Expected::SignedIn }
    }

    /// [`World::sign_in`] by a person who first looks at the platform's page for so long.
    pub(super) async fn sign_in_after(&mut self, name: &str, consent: Consent, idle: Option<Duration>) -> Result<(), Failure> {
        let expected = self.expected(&consent);
        self.sign_in_expecting(name, consent.clone(), idle, expected).await?;
        let stage = self.stage()?;
        let is_honest = expected == Expected::SignedIn && idle.is_none() && stage.program.is_none() && !stage.provocation.has_faults();
        if is_honest && self.outcome()?.is_silent() {
            self.sign_in_expecting(name, consent, idle, expected).await?;
        }
        Ok(())
    }

    async fn sign_in_expecting(&mut self, name: &str, consent: Consent, idle: Option<Duration>, expected: Expected) -> Result<(), Failure> {
        self.memory.actor = Some(name.to_owned());
        let stage = self.stage_mut()?;
        stage.provocation.expected = expected;
        let person = stage.person(name)?;
        stage.provocation.started_sign_ins += 1;
        let outcome = match idle {
            Some(idle) => stage.sign_in_after(&person, &consent, idle).await?,
            None => stage.sign_in(&person, &consent).await?,
        };
        self.memory.outcome = Some(outcome);
        Ok(())
    }

    /// A sign-in that has to succeed before anything can be judged; it is the scenario's control too.
    pub(super) async fn honest_sign_in(&mut self, name: &str) -> Result<(), Failure> {
        let outcome = once_more_if_silent(async || {
            self.sign_in_expecting(name, Consent::GrantAll, None, Expected::SignedIn).await?;
            self.outcome()
        });
        let outcome = outcome.await?;
        let person = self.stage()?.person(name)?;
        self.take_control(&outcome, &person)?;
        // What the page loads after it belongs to the sign-in, not to what is provoked next.
        self.stage()?.settle_all().await
    }

    pub(super) fn outcome(&self) -> Result<Outcome, Failure> {
        self.memory.outcome.clone().ok_or_else(|| Failure::broke("no step has signed anybody in"))
    }

    /// What a page shows now, with what the sign-in before came to.
    pub(super) fn describe_outcome(&self, shown: Option<&str>) -> String {
        let now = shown.map_or_else(|| "nobody is signed in".to_owned(), |shown| format!("`{shown}` is signed in"));
        match &self.memory.outcome {
            Some(outcome) => format!("{now} (the sign-in ended: {})", outcome.describe()),
            None => now,
        }
    }

    pub(super) async fn actor_visitor(&mut self) -> Result<Visitor, Failure> {
        let name = self.memory.actor.clone().ok_or_else(|| Failure::broke("nobody has acted yet"))?;
        self.stage_mut()?.visitor(&name).await
    }

    /// Clicks the login trigger again and again, each time up to the platform's sign-in page.
    async fn start_sign_ins(&mut self, name: &str, count: usize) -> Result<(), Failure> {
        let stage = self.stage_mut()?;
        stage.instrument()?;
        for turn in 0..count {
            let key = format!("{name} {turn}");
            let visitor = stage.visitor(&key).await?;
            let before = authorizations(&stage.exchanges());
            let window = stage.open_sign_in_page(&visitor).await?;
            if authorizations(&stage.exchanges()) == before {
                let asks = |exchange: &Exchange| exchange.endpoint == Endpoint::Authorization;
                stage.instrument()?.journal().wait_for(0, "an authorization request", window.context().patience(), asks).await?;
            }
            stage.forget_visitor(&key);
            visitor.context.close().await;
        }
        Ok(())
    }

    /// For a provocation by a person: whether the platform sent the error that the person caused.
    pub(super) fn delivered_if_the_platform_answered(&mut self, error: &str) -> Result<(), Failure> {
        let sent = self
            .exchanges()?
            .iter()
            .any(|exchange| exchange.response_header("location").is_some_and(|to| to.contains(&format!("error={error}"))));
        if sent { self.delivered() } else { Ok(()) }
    }
}
