//! What the platform's API promises to every client.

use std::collections::BTreeSet;

use cucumber::{then, when};
use secrecy::SecretString;
use serde_json::Value;

use super::Failure;
use super::snapshot::redacted;
use super::world::World;
use crate::checks;
use crate::platform::accounts::OTHER_TENANT;
use crate::platform::api_document;

/// No list of sample data is longer.
const MOST_PAGES: usize = 200;

#[when("the client asks who Ada is")]
async fn asks_who(world: &mut World) -> Result<(), Failure> {
    world.ask("v2/userinfo", true).await
}

#[when(expr = "the client asks for the first {int} {word}")]
async fn asks_for(world: &mut World, limit: usize, resource: String) -> Result<(), Failure> {
    let path = format!("v2/tenants/{}/{resource}", world.own_tenant()?);
    world.has_asked_for_scope_of(&path)?;
    let limit = world.page_of(limit)?;
    world.ask(&format!("{path}?offset=0&limit={limit}"), true).await
}

#[when("the client asks for patients without a token")]
async fn asks_without_token(world: &mut World) -> Result<(), Failure> {
    let tenant = world.own_tenant()?;
    world.ask(&format!("v2/tenants/{tenant}/patients"), false).await
}

#[when("the client asks for patients of another medical centre")]
async fn asks_for_others(world: &mut World) -> Result<(), Failure> {
    let other = match world.setup()?.remote() {
        Some(remote) => remote.file.users.get("bruno").map(|user| user.tenant.clone()),
        None => Some(OTHER_TENANT.0.to_string()),
    };
    let other = other.ok_or_else(|| Failure::not_applicable("the target file names no user `bruno` of another tenant"))?;
    let path = format!("v2/tenants/{other}/patients");
    world.has_asked_for_scope_of(&path)?;
    world.ask(&path, true).await
}

#[then(expr = "the answer is a page of at most {int} entries")]
async fn is_a_page(world: &mut World, limit: usize) -> Result<(), Failure> {
    world.is_answered_with(200)?;
    let body = world.client()?.answer()?.body.clone();
    world.judge(checks::check_page(&body))?;
    let entries = body.get("items").and_then(Value::as_array).map_or(0, Vec::len);
    if entries <= limit {
        Ok(())
    } else {
        world.find("answers with more entries than the limit", &format!("at most {limit}"), &entries.to_string(), &[])
    }
}

#[then(expr = "the answer {string} is as approved")]
async fn answer_as_approved(world: &mut World, name: String) -> Result<(), Failure> {
    let body = world.client()?.answer()?.body.clone();
    let known = world.known_values()?;
    let known: Vec<(&str, String)> = known.iter().map(|(name, value)| (*name, value.clone())).collect();
    world.compare_with_approved("api", &name, &redacted(&body, &known))
}

#[then("the answer is 401 with a challenge")]
async fn unauthorized(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_bearer_refused(world.client()?.answer()?, false);
    world.judge(judgement)
}

#[then(regex = r"^the answer is 403 for a missing (scope|permission)$")]
async fn forbidden(world: &mut World, layer: String) -> Result<(), Failure> {
    let answer = world.client()?.answer()?.clone();
    let judgement = checks::check_refusal_layer(answer.status, &answer.body, layer == "scope");
    world.judge(judgement)
}

#[then(expr = "the answer is {int}")]
async fn has_status(world: &mut World, status: u16) -> Result<(), Failure> {
    world.is_answered_with(status)
}

#[when("the client asks for patients with a token that nobody issued")]
async fn asks_with_foreign_token(world: &mut World) -> Result<(), Failure> {
    let tenant = world.own_tenant()?;
    let url = world.stage()?.api()?.join(&format!("v2/tenants/{tenant}/patients")).map_err(Failure::broke)?;
    world.client()?.get(url.as_str(), Some(&SecretString::from("nobody-issued-this-token"))).await
}

#[then("the answer is 401 for a bad token")]
async fn bad_token(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_bearer_refused(world.client()?.answer()?, true);
    world.judge(judgement)
}

#[then("the answer says its error as JSON")]
async fn error_as_json(world: &mut World) -> Result<(), Failure> {
    let answer = world.client()?.answer()?.clone();
    world.judge(checks::check_error_body(answer.status, &answer.body))
}

#[when(expr = "the client asks for the patient {int}")]
async fn asks_for_patient(world: &mut World, id: u64) -> Result<(), Failure> {
    let path = format!("v2/tenants/{}/patients/{id}", world.own_tenant()?);
    world.has_asked_for_scope_of(&path)?;
    world.ask(&path, true).await
}

#[when(expr = "the client reads the patients in pages of {int} to the end")]
async fn reads_to_the_end(world: &mut World, limit: usize) -> Result<(), Failure> {
    let path = format!("v2/tenants/{}/patients", world.own_tenant()?);
    world.has_asked_for_scope_of(&path)?;
    let limit = world.page_of(limit)?;
    world.memory.read.clear();
    for _ in 0..MOST_PAGES {
        let offset = world.memory.read.len();
        world.ask(&format!("{path}?offset={offset}&limit={limit}"), true).await?;
        world.is_answered_with(200)?;
        let page = world.client()?.answer()?.body.clone();
        world.judge(checks::check_page(&page))?;
        let items = page.get("items").and_then(Value::as_array).into_iter().flatten();
        world.memory.read.extend(items.map(|item| item.get("id").map_or_else(String::new, Value::to_string)));
        if page.get("hasMore") == Some(&Value::Bool(false)) {
            return Ok(());
        }
    }
    world.find("a list never comes to its end", "hasMore false", &format!("{MOST_PAGES} pages, and more"), &[])
}

#[then("every entry of the total came once")]
async fn every_entry_once(world: &mut World) -> Result<(), Failure> {
    let total = world.client()?.answer()?.body.get("totalCount").and_then(Value::as_u64).unwrap_or_default();
    let distinct: BTreeSet<&String> = world.memory.read.iter().collect();
    let (read, distinct) = (world.memory.read.len(), distinct.len());
    if u64::try_from(distinct).is_ok_and(|distinct| distinct == total) && read == distinct {
        return Ok(());
    }
    world.find("the pages do not add up", &format!("{total} entries, each once"), &format!("{read} entries, {distinct} different"), &[])
}

impl World {
    /// A page of so many entries, or as many as the platform gives at most.
    pub(super) fn page_of(&self, limit: usize) -> Result<usize, Failure> {
        Ok(limit.min(self.setup()?.assumptions().max_page_limit))
    }

    /// The scope that a call of this path needs was asked for: without it nothing is promised.
    pub(super) fn has_asked_for_scope_of(&mut self, path: &str) -> Result<(), Failure> {
        let scope = checks::documented_scope(api_document(), "GET", &format!("/{path}"));
        match scope.filter(|scope| self.client().is_ok_and(|client| !client.scopes.contains(scope))) {
            None => Ok(()),
            Some(scope) => Err(Failure::not_applicable(format!(
                "the client does not ask for the scope `{scope}`, which this call needs: add it to client.scopes of the target file where it is \
                 granted"
            ))),
        }
    }

    /// The last call has the status that the contract promises (C-55). A documented refusal of a call that has to succeed is none.
    fn is_answered_with(&mut self, promised: u16) -> Result<(), Failure> {
        let answer = self.client()?.answer()?.clone();
        if answer.status == promised {
            return Ok(());
        }
        let asked = self.memory.asked.clone().unwrap_or_default();
        let error = answer.error().map_or_else(String::new, |error| format!(" with the error `{error}`"));
        let summary = format!("GET {asked} is answered with another status");
        self.find(&summary, &format!("status {promised}"), &format!("status {}{error}", answer.status), &[])
    }
}
