//! What passes between the application's windows and those of others, and what becomes of the address of a response.

use std::sync::LazyLock;

use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use regex::Regex;
use serde_json::{Value, json};
use url::Url;

use super::series::phrases;
use super::sign_in::Consent;
use super::stage::Visitor;
use super::world::World;
use super::{Failure, PATIENCE};
use crate::browser::Page;
use crate::browser::pages::{self, ForeignPage};
use crate::checks::{self, Load};
use crate::domain::Window;

/// The code and state of the authorization response that Mallory's page posts.
const CANARY: &str = "collaudo-forged-by-mallory";
/// Under which name pages keep the messages that they got.
const KEPT: &str = "collaudo-messages";
/// What messages carry that a forger puts something else for.
const CARRIED: [&str; 5] = ["code", "state", "access_token", "id_token", "token"];
/// How long the application is watched after a message that it must ignore.
const REACTION: std::time::Duration = std::time::Duration::from_millis(500);
#[given(expr = "{word}'s browser notes every message that a page posts to its opener")]
async fn notes_messages(world: &mut World, name: String) -> Result<(), Failure> {
    let visitor = world.stage_mut()?.visitor(&name).await?;
    visitor.context.note_posted_messages();
    Ok(())
}

/// The last page of a sign-in that failed posts messages too.
#[when(expr = "{word} calls a sign-in off, and signs in through the popup and grants every scope")]
async fn calls_off_and_signs_in(world: &mut World, name: String) -> Result<(), Failure> {
    world.sign_in(&name, Consent::Cancel).await?;
    world.sign_in(&name, Consent::GrantAll).await
}

#[then("every message was posted to a named origin")]
async fn named_origins(world: &mut World) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    world.judge(checks::check_posted_to_named_origins(&visitor.context.posted_to()))
}

#[given(expr = "{word}'s browser has kept the messages of a sign-in")]
async fn keeps_messages(world: &mut World, name: String) -> Result<(), Failure> {
    let visitor = world.stage_mut()?.visitor(&name).await?;
    visitor.context.note_received_messages(KEPT);
    visitor.page.goto(world.stage()?.base_url.as_str()).await?;
    let mark = world.stage()?.exchanges().len();
    world.honest_sign_in(&name).await?;
    world.memory.messages = pages::kept_messages(&visitor.page, KEPT).await?;
    let stage = world.stage_mut()?;
    stage.set_apart(mark);
    stage.close_visitor(&name).await;
    Ok(())
}

#[when(expr = "in {word}'s browser each of these opens the relying party, where a sign-in is under way, and posts messages to it")]
async fn each_posts_messages(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.memory.actor = Some(name);
    for whose in phrases(step)? {
        if world.posts_messages(whose).await? {
            // Whom it believes besides adds nothing to it.
            world.memory.followed = Some(whose.to_owned());
            break;
        }
    }
    world.delivered()
}

#[then("the relying party does nothing with them")]
async fn ignores_messages(world: &mut World) -> Result<(), Failure> {
    let requests = world.request_addresses(0).await?;
    let followed = world.memory.followed.take();
    let whose = followed.as_deref().unwrap_or("a page of another origin");
    world.judge(checks::check_message_not_taken(&requests, CANARY, whose))?;
    let exchanges = world.provoked_exchanges()?;
    world.judge(checks::check_posted_code_not_redeemed(&exchanges))?;
    let actual = format!("it loaded another page at once, when {whose} posted it");
    world.react(followed.is_none(), "believes a message that a page of another origin posted", "the message is ignored", &actual)
}

/// Whether the window loads another page within the time that is watched.
async fn left_within(window: &Page) -> bool {
    let before = window.context().requests().len();
    let here = window.url();
    let leaves = |from: usize| {
        let asked = window.context().requests().into_iter().skip(from);
        asked.filter(|request| request.resource_type == "Document").any(|request| request.page == here)
    };
    let _ = window.wait_for_url(|url| url != here, "another address", REACTION).await;
    leaves(before)
}

/// Shapes of messages that applications are known to take for an authorization response.
fn made_up(redirect_uri: &str) -> Vec<Value> {
    let parameters = json!({ "code": CANARY, "state": CANARY });
    let query = format!("code={CANARY}&state={CANARY}");
    let own = Url::parse(redirect_uri).map(|uri| uri.origin().ascii_serialization()).unwrap_or_default();
    vec![
        parameters.clone(),
        // As if a message could say itself where it comes from.
        json!({ "code": CANARY, "state": CANARY, "origin": own, "trusted": true }),
        json!({ "type": "authorization_response", "code": CANARY, "state": CANARY, "response": parameters }),
        json!(parameters.to_string()),
        json!(query),
        json!(format!("?{query}")),
        json!(format!("{redirect_uri}?{query}")),
    ]
}

/// The application's own message with a forged code and state in the place of what it carried.
fn forged(message: &Value) -> Value {
    match message {
        Value::Object(members) => {
            let forge = |(name, value): (&String, &Value)| {
                let value = if CARRIED.contains(&name.as_str()) && value.is_string() { json!(CANARY) } else { forged(value) };
                (name.clone(), value)
            };
            Value::Object(members.iter().map(forge).collect())
        }
        Value::Array(entries) => Value::Array(entries.iter().map(forged).collect()),
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => json!(forged(&inner).to_string()),
            _ => json!(in_query(text)),
        },
        other => other.clone(),
    }
}

fn in_query(text: &str) -> String {
    static PARAMETERS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(^|[?&#])(code|state|access_token|id_token)=[^&#]*").expect("well formed"));
    PARAMETERS.replace_all(text, format!("${{1}}${{2}}={CANARY}")).into_owned()
}

#[then("the window leaves the address of the response behind")]
async fn leaves_address(world: &mut World) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    let requests = world.request_addresses(0).await?;
    let redirect_uris = world.stage()?.redirect_uris.clone();
    world.judge(checks::check_response_address_left(&requests, &visitor.context.addresses(), &redirect_uris))
}

#[then("nothing of another host is loaded beside the response")]
async fn nothing_foreign(world: &mut World) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    let requests = visitor.context.requests().into_iter().filter(|request| request.resource_type != "Document");
    let loads: Vec<Load> = requests.map(|request| Load { page: request.page, url: request.url }).collect();
    let redirect_uris = world.stage()?.redirect_uris.clone();
    world.judge(checks::check_nothing_foreign_loaded(&loads, &redirect_uris))
}

impl World {
    /// Whether the application takes what this page posts to it: what somebody made up, its own message forged, or as it was.
    async fn posts_messages(&mut self, whose: &str) -> Result<bool, Failure> {
        let visitor = self.actor_visitor().await?;
        let Some(foreign) = self.open_foreign(&visitor, whose).await? else { return Ok(false) };
        let opened = self.open_application_from(&foreign, &visitor).await?;
        let redirect_uri = self.stage()?.redirect_uris.first().cloned().unwrap_or_default();
        let kept = self.memory.messages.clone();
        let forged: Vec<Value> = made_up(&redirect_uri).into_iter().chain(kept.iter().map(forged)).collect();
        ForeignPage(&foreign).post(&forged).await?;
        // What must not happen has no event of its own: it is watched for.
        let mut followed = left_within(&opened).await;
        if !followed && !kept.is_empty() {
            ForeignPage(&foreign).post(&kept).await?;
            followed = left_within(&opened).await;
        }
        let sent = visitor.context.requests().iter().any(|request| request.url.contains(CANARY));
        if followed && !sent {
            // A page that goes on by itself follows nobody.
            let again = self.open_application_from(&foreign, &visitor).await?;
            ForeignPage(&foreign).post(&[json!({ "collaudo": "a message that means nothing" })]).await?;
            followed = !left_within(&again).await;
        }
        for page in visitor.context.pages().into_iter().filter(|page| !page.is_same(&visitor.page)) {
            page.close().await?;
        }
        Ok(followed || sent)
    }

    /// A window of the application that another page has opened, where a sign-in is under way.
    async fn open_application_from(&mut self, foreign: &Page, visitor: &Visitor) -> Result<Page, Failure> {
        let application = self.stage()?.base_url.clone();
        ForeignPage(foreign).open_window(application.as_str()).await?;
        let opened = visitor.context.wait_for_popup(PATIENCE).await?;
        opened.wait_until("document.readyState === 'complete' && location.host", "loaded page of the application", PATIENCE).await?;
        if self.setup()?.login().window == Window::Popup {
            // Some listen only while they wait for a popup.
            let stage = self.stage_mut()?;
            stage.provocation.started_sign_ins += 1;
            let waiting = Visitor { page: opened.clone(), context: visitor.context.clone() };
            let popup = stage.open_beside(&waiting).await?;
            let pages = stage.platform_pages();
            popup.wait_for_url(|url| url.starts_with(&pages), "the platform's sign-in page", PATIENCE).await?;
        }
        Ok(opened)
    }

    /// An address at another site than the application's and the platform's, which this platform's journal sees.
    pub(super) fn foreign_address(&self) -> Result<String, Failure> {
        Ok(self.stage()?.instrument()?.elsewhere("/mallory").into())
    }

    /// Addresses of the actor's requests, raw, from the `seen`th on.
    pub(super) async fn request_addresses(&mut self, seen: usize) -> Result<Vec<String>, Failure> {
        let visitor = self.actor_visitor().await?;
        Ok(visitor.context.requests().into_iter().skip(seen).map(|request| request.url).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_forged_wherever_it_carries_a_code() {
        assert_eq!(
            forged(&json!({ "type": "done", "params": { "code": "a", "n": 1 } })),
            json!({ "type": "done", "params": { "code": CANARY, "n": 1 } })
        );
        assert_eq!(forged(&json!("?code=a&iss=b")), json!(format!("?code={CANARY}&iss=b")));
        assert_eq!(forged(&json!(r#"{"state":"a"}"#)), json!(format!(r#"{{"state":"{CANARY}"}}"#)));
        assert_eq!(forged(&json!("finished")), json!("finished"));
    }
}
