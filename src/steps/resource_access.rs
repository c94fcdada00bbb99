//! Calls to the API: opening the application's features, and what it makes of the answers.

use cucumber::{given, then, when};

use super::Failure;
use super::misbehaviour::judged;
use super::stage::Visitor;
use super::world::World;
use crate::browser::BrowserError;
use crate::checks;
use crate::domain::{Action, Endpoint, Exchange};
use crate::oauth::giponext;
use crate::platform::accounts::TENANT;

#[given(expr = "the medical centre has {int} patients and the platform serves pages of {int}")]
async fn patients_and_pages(world: &mut World, patients: usize, page: usize) -> Result<(), Failure> {
    if world.stage()?.program.is_none() {
        world.action_for("patients")?;
    }
    let platform = world.stage()?.mock()?;
    platform.keep_patients(TENANT, patients);
    platform.set_page_limit(page);
    world.memory.entries = Some(patients);
    Ok(())
}

#[given(expr = "{word} has opened every declared feature")]
#[when(expr = "{word} opens every declared feature")]
async fn opens_every_feature(world: &mut World, name: String) -> Result<(), Failure> {
    world.memory.actor = Some(name);
    let is_program = world.stage()?.program.is_some();
    for feature in world.features()? {
        match is_program {
            true => drop(world.look_at(&feature).await?),
            false => world.open_feature_as_actor(&feature).await?,
        }
    }
    Ok(())
}

#[given(expr = "{word} has opened a declared feature")]
#[when(expr = "{word} opens a declared feature")]
async fn opens_a_feature(world: &mut World, name: String) -> Result<(), Failure> {
    world.open_a_feature(&name).await
}

#[when(expr = "{word} opens the patients")]
async fn opens_the_patients(world: &mut World, name: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.memory.actor = Some(name);
    let (key, _) = world.action_for("patients")?;
    world.open_feature_as_actor(&key).await?;
    world.delivered()
}

#[then(expr = "all {int} patients are shown")]
async fn all_patients(world: &mut World, patients: usize) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    world.has_answered(&visitor)?;
    world.shows_all("patients", patients).await
}

#[then("no page was asked for twice")]
async fn no_page_twice(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    let path = format!("/v2/tenants/{}/patients", TENANT.0);
    world.judge(checks::check_list_read_to_the_end(&exchanges, &path))
}

#[then("the feature shows its data")]
async fn feature_shows(world: &mut World) -> Result<(), Failure> {
    let feature = world.opened_feature()?;
    world.shows_data(&feature).await
}

/// For one of the scenario's requirements, which recommends it here.
#[then(expr = "the feature better shows its data, as {word} recommends")]
async fn feature_better_shows(world: &mut World, requirement: String) -> Result<(), Failure> {
    let feature = world.opened_feature()?;
    let instead = world.instead_of_data(&feature).await?;
    world.react(true, "", "", "")?;
    let found = instead.map(|seen| (format!("does not show its {feature}"), "at least one entry", seen));
    world.advise(&requirement, judged(found, "C-44"))
}

#[then("every declared feature shows its data")]
async fn every_feature_shows(world: &mut World) -> Result<(), Failure> {
    for feature in world.features()? {
        world.open_feature_as_actor(&feature).await?;
        world.shows_data(&feature).await?;
    }
    Ok(())
}

/// The size of a token is nobody's to guess (RFC 6749 section 5.1), which is a recommendation: a session that has no room for it warns.
#[then(expr = "a token of this size keeps {word} out of nothing")]
async fn size_keeps_nobody_out(world: &mut World, name: String) -> Result<(), Failure> {
    let kept_out = world.what_is_kept_from(&name).await?;
    world.react(true, "", "", "")?;
    if let Some(actual) = kept_out {
        let summary = "has no room for an access token of more than 8 KB".to_owned();
        let expected = format!("{name} is signed in and sees her data");
        world.warn("TK-08", checks::Discrepancy { summary, expected, actual, clause: "RFC 6749 section 5.1", exchanges: Vec::new() });
    }
    Ok(())
}

#[then("every token arrived at the API as it was given")]
async fn tokens_as_given(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_tokens_as_given(&exchanges))
}

#[then("the relying party still answers")]
async fn still_answers(world: &mut World) -> Result<(), Failure> {
    world.still_answers().await
}

/// Who repeats nothing by itself hurries nobody: the end-user may try again.
#[then("the relying party repeated nothing before its time")]
async fn waited(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_retry_after(&exchanges).or_else(tolerate_nothing))
}

/// With part of what was granted: what is left works, what lacks its scope is off.
#[then("every declared feature answers")]
async fn every_feature_answers(world: &mut World) -> Result<(), Failure> {
    for feature in world.features()? {
        let sight = world.look_as_far_as_it_goes(&feature).await?;
        let wrong = sight.unanswered(&world.redact());
        let summary = format!("falls over at {feature}");
        world.react(wrong.is_none(), &summary, "a page with words for a person", &wrong.unwrap_or_default())?;
    }
    Ok(())
}

#[then("the relying party asked who is signed in a few times at most")]
async fn asked_sparingly(world: &mut World) -> Result<(), Failure> {
    let asked = questions_for_the_user(&world.provoked_exchanges()?);
    if asked.is_empty() {
        return Err(Failure::not_applicable("the application does not ask the userinfo endpoint"));
    }
    if asked.len() <= checks::MOST_ATTEMPTS {
        return Ok(());
    }
    let actual = format!("{} requests", asked.len());
    world.find("asks again and again who is signed in although it is answered 401", "a few requests at most", &actual, &asked)
}

/// Numbers of the requests that ask who is signed in, at that of the two endpoints which was asked more often.
fn questions_for_the_user(exchanges: &[Exchange]) -> Vec<u64> {
    let asking = exchanges.iter().filter(|exchange| checks::asks_for_the_user(exchange));
    let (api, own): (Vec<&Exchange>, Vec<&Exchange>) = asking.partition(|exchange| exchange.endpoint == Endpoint::Api);
    let most = if api.len() > own.len() { api } else { own };
    most.into_iter().map(|exchange| exchange.number).collect()
}

#[then("the relying party gave up after a few attempts")]
async fn gave_up(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_retry_after(&exchanges).or_else(tolerate_nothing))?;
    world.judge(checks::check_attempts_bounded(&exchanges, checks::MOST_ATTEMPTS))
}

#[then("every call carries its access token in the header alone")]
async fn bearer_in_header(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_bearer_in_header(&world.exchanges()?);
    world.judge(judgement)
}

#[then("no other host was shown a token or a secret")]
async fn token_stays(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_with_series()?;
    let public = world.setup()?.profile.app.r#type.is_public();
    world.judge(checks::check_token_stays_at_the_platform(&exchanges, public))?;
    if !world.memory.series.is_empty() {
        // However these sign-ins ended: that is what was to be seen.
        world.react(true, "", "", "")?;
    }
    world.advise("RS-02", checks::check_grants_stay_at_the_platform(&exchanges))
}

#[then("the first call to the API asks who Ada is")]
async fn userinfo_first(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_userinfo_first(&world.exchanges()?);
    world.judge(judgement)
}

#[then("every resource call names the tenant found there")]
async fn own_tenant(world: &mut World) -> Result<(), Failure> {
    world.judge_own_tenant()
}

/// Where nothing was done, nothing was done too soon or too far.
pub(super) fn tolerate_nothing(refusal: checks::Refusal) -> checks::Judgement {
    if matches!(refusal, checks::Refusal::NothingToJudge(_)) { Ok(()) } else { Err(refusal) }
}

impl World {
    /// Features of the profile that can be opened, in the profile's order.
    pub(super) fn features(&self) -> Result<Vec<String>, Failure> {
        if let Some(program) = self.stage().ok().and_then(|stage| stage.program.as_ref()) {
            return Ok(program.features());
        }
        let features: Vec<String> = self.setup()?.profile.app.actions.keys().cloned().collect();
        if features.is_empty() {
            return Err(Failure::not_applicable("the profile names no action that calls the API ([app.actions])"));
        }
        Ok(features)
    }

    /// The action of a feature, by the name that the profile has for it.
    pub(super) fn declared_action(&self, feature: &str) -> Result<(String, Action), Failure> {
        let found = self.setup()?.profile.app.actions.get(feature).cloned();
        found.map(|action| (feature.to_owned(), action)).ok_or_else(|| Failure::broke(format!("the profile has no action {feature}")))
    }

    /// The action that the suite's features mean by their own word for it: the one with its scope, whatever the profile calls it.
    pub(super) fn action_for(&self, word: &str) -> Result<(String, Action), Failure> {
        let scope = match word {
            "patients" => giponext::PATIENTS,
            "agenda" => giponext::AGENDA,
            "medical reports" => giponext::MEDICAL_REPORTS,
            _ => return Err(Failure::broke(format!("no scope is known for the feature {word}"))),
        };
        let setup = self.setup()?;
        let found = setup.profile.app.action_with(scope, word);
        found
            .map(|(name, action)| (name.clone(), action.clone()))
            .ok_or_else(|| Failure::not_applicable(format!("no action of the profile ([app.actions]) has the scope {scope}")))
    }

    pub(super) fn opened_feature(&self) -> Result<String, Failure> {
        self.memory.feature.clone().ok_or_else(|| Failure::broke("no step has opened a feature"))
    }

    /// Opens the first declared feature: which one does not matter to the scenario.
    pub(super) async fn open_a_feature(&mut self, name: &str) -> Result<(), Failure> {
        self.memory.actor = Some(name.to_owned());
        let feature = self.features()?.into_iter().next().ok_or_else(|| Failure::broke("there is a first feature"))?;
        self.open_feature_as_actor(&feature).await
    }

    pub(super) async fn open_feature_as_actor(&mut self, feature: &str) -> Result<(), Failure> {
        let (key, action) = self.declared_action(feature)?;
        let visitor = self.actor_visitor().await?;
        self.memory.feature = Some(key);
        let url = self.stage()?.base_url.join(&action.open).map_err(Failure::broke)?;
        let (stage, patience) = (self.stage()?, self.setup()?.patience().follow_up);
        let mark = stage.journal_mark();
        if stage.went_within(&visitor, &url).await? {
            stage.uncover(&visitor, &action).await?;
            return stage.settle_after_repeats(&visitor, mark, patience).await.map(drop);
        }
        match visitor.page.goto(url.as_str()).await {
            // A list that a script draws is there when the page is at rest.
            Ok(()) => {
                self.stage()?.uncover(&visitor, &action).await?;
                self.stage()?.settle_after_repeats(&visitor, mark, patience).await.map(drop)
            }
            Err(BrowserError::Timeout { .. }) if self.ledger.oracle.control == Some(true) && self.stage()?.death().await.is_none() => {
                let actual = format!("{} is still loading after {} s", action.open, visitor.context.patience().as_secs());
                self.react(false, &format!("never answers when {feature} is opened"), "a page, whatever it says", &actual)
            }
            Err(error) => Err(self.stage()?.explain(error.into()).await),
        }
    }

    /// What a person finds missing, and how the page answered last. Nothing where they are signed in and every feature has an entry.
    async fn what_is_kept_from(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let person = self.stage()?.person(name)?;
        let visitor = self.stage_mut()?.visitor(name).await?;
        let shown = self.stage()?.wait_for_signed_in(&visitor, &person).await?;
        let missing = if shown.as_deref().is_some_and(|shown| person.is_named_by(shown)) {
            self.first_without_entry(&visitor).await?.map(|feature| format!("{feature} shows no entry"))
        } else {
            Some(self.describe_outcome(shown.as_deref()))
        };
        let status = visitor.page.status().map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
        Ok(missing.map(|missing| format!("{missing}; the page's last answer: {status}")))
    }

    /// The first feature that shows no entry as long as patience lasts.
    async fn first_without_entry(&mut self, visitor: &Visitor) -> Result<Option<String>, Failure> {
        for feature in self.features()? {
            self.open_feature_as_actor(&feature).await?;
            let (_, action) = self.declared_action(&feature)?;
            match visitor.page.wait_for(&action.shows, self.setup()?.patience().follow_up).await {
                Ok(()) => {}
                Err(BrowserError::Timeout { .. }) => return Ok(Some(feature)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// What was provoked, each sign-in of a series as well.
    fn provoked_with_series(&self) -> Result<Vec<Exchange>, Failure> {
        let series = &self.memory.series;
        let mut exchanges = self.provoked_exchanges()?;
        if !series.is_empty() && series.iter().all(|provoked| !provoked.delivered) {
            return Err(Failure::not_applicable("nothing that the application does at a sign-in meets what the platform does here"));
        }
        exchanges.extend(series.iter().flat_map(|provoked| provoked.exchanges.clone()));
        Ok(exchanges)
    }

    /// Every call for data names the tenant of its own user.
    pub(super) fn judge_own_tenant(&mut self) -> Result<(), Failure> {
        let tenants = self.tenants_by_subject()?;
        let judgement = checks::check_own_tenant(&self.exchanges()?, &tenants);
        self.judge(judgement)
    }

    /// A page that has crashed shows nothing, and proves nothing by that.
    pub(super) fn has_answered(&mut self, visitor: &Visitor) -> Result<(), Failure> {
        match visitor.page.status() {
            Some(status @ 500..) => {
                let actual = format!("status {status}");
                self.react(false, "answers with an error of its server", "a page with a status below 500", &actual)
            }
            _ => Ok(()),
        }
    }

    /// The opened feature shows at least one entry.
    pub(super) async fn shows_data(&mut self, feature: &str) -> Result<(), Failure> {
        match self.instead_of_data(feature).await? {
            None => self.react(true, "", "", ""),
            Some(seen) => self.react(false, &format!("does not show its {feature}"), "at least one entry", &seen),
        }
    }

    /// What the page says where it shows no entry of the feature.
    async fn instead_of_data(&mut self, feature: &str) -> Result<Option<String>, Failure> {
        let (_, action) = self.declared_action(feature)?;
        let visitor = self.actor_visitor().await?;
        let patience = self.setup()?.patience().follow_up;
        match visitor.page.wait_for(&action.shows, patience).await {
            Ok(()) => Ok(None),
            Err(BrowserError::Timeout { .. }) => {
                let seen = self.look().await?.shortened(&self.redact());
                Ok(Some(format!("none; the page says `{seen}`")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The application answers with a page of its own, whatever it says.
    pub(super) async fn still_answers(&mut self) -> Result<(), Failure> {
        let sight = self.look().await?;
        let wrong = sight.unanswered(&self.redact());
        let held = wrong.is_none();
        self.react(held, "does not tell the end-user what went wrong", "a page with words for a person", &wrong.unwrap_or_default())
    }

    /// (subject, tenant id) of every end-user of the mock, or whom the relay has met.
    pub(super) fn tenants_by_subject(&self) -> Result<Vec<(String, String)>, Failure> {
        let accounts = self.stage()?.instrument()?.shared().accounts();
        let users = accounts.users.iter().filter_map(|user| Some((user.id.0.clone(), user.tenant?.0.to_string())));
        Ok(users.collect())
    }
}
