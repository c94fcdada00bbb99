//! What passes between the application's windows and those of others, and where links lead.

use cucumber::{given, then, when};
use serde_json::{Value, json};

use super::world::World;
use super::{Failure, PATIENCE};
use crate::browser::pages::{self, ForeignPage};
use crate::checks::{self, Load};

/// The code and state of the authorization response that Mallory's page posts.
const CANARY: &str = "collaudo-forged-by-mallory";
/// How long the application is watched after a message that it must ignore.
const REACTION: std::time::Duration = std::time::Duration::from_millis(500);
/// Parameters by which applications are known to be told where to go back to.
const RETURN_PARAMETERS: [&str; 16] = [
    "return_to",
    "returnTo",
    "return_url",
    "returnUrl",
    "ReturnUrl",
    "redirect",
    "redirect_to",
    "redirectTo",
    "next",
    "url",
    "continue",
    "target",
    "dest",
    "destination",
    "back",
    "goto",
];

#[given(expr = "{word}'s browser notes every message that a page posts to its opener")]
async fn notes_messages(world: &mut World, name: String) -> Result<(), Failure> {
    let visitor = world.stage_mut()?.visitor(&name).await?;
    visitor.context.note_posted_messages();
    Ok(())
}

#[then("every message was posted to a named origin")]
async fn named_origins(world: &mut World) -> Result<(), Failure> {
    let visitor = world.actor_visitor().await?;
    world.judge(checks::check_posted_to_named_origins(&visitor.context.posted_to()))
}

#[given(expr = "a page of Mallory's has opened the relying party in {word}'s browser")]
async fn foreign_page(world: &mut World, name: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.memory.actor = Some(name);
    let visitor = world.actor_visitor().await?;
    let mallory = visitor.context.open(&world.foreign_address()?).await?;
    let application = world.stage()?.base_url.clone();
    ForeignPage(&mallory).open_window(application.as_str()).await?;
    let opened = visitor.context.wait_for_popup(PATIENCE).await?;
    opened.wait_until("document.readyState === 'complete' && location.host", "loaded page of the application", PATIENCE).await?;
    world.memory.windows = Some((mallory, opened));
    Ok(())
}

#[when("Mallory's page posts a forged authorization response to it")]
async fn posts_response(world: &mut World) -> Result<(), Failure> {
    let (mallory, _) = world.windows()?;
    let parameters = json!({ "code": CANARY, "state": CANARY });
    let query = format!("code={CANARY}&state={CANARY}");
    let redirect_uri = world.stage()?.redirect_uris.first().cloned().unwrap_or_default();
    let messages: Vec<Value> = vec![
        parameters.clone(),
        json!({ "type": "authorization_response", "code": CANARY, "state": CANARY, "response": parameters }),
        json!(parameters.to_string()),
        json!(query),
        json!(format!("?{query}")),
        json!(format!("{redirect_uri}?{query}")),
    ];
    ForeignPage(&mallory).post(&messages).await?;
    world.delivered()
}

#[then("the relying party does nothing with it")]
async fn ignores_message(world: &mut World) -> Result<(), Failure> {
    let (_, opened) = world.windows()?;
    // What must not happen has no event of its own: it is watched for.
    let _ = opened.wait_for_url(|url| url.contains(CANARY), "address with the forged code", REACTION).await;
    let requests = world.request_addresses(0).await?;
    world.judge(checks::check_message_not_taken(&requests, CANARY))
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

#[when(expr = "{word} signs in from a link of Mallory's that names {} to return to")]
async fn signs_in_from_link(world: &mut World, name: String, kind: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.memory.actor = Some(name.clone());
    let visitor = world.actor_visitor().await?;
    let trigger = world.setup()?.profile.app.login.trigger.clone();
    let login = match pages::address_of(&visitor.page, &trigger).await? {
        Some(login) => login,
        None => world.first_address_of_a_sign_in().await?,
    };
    let mut link = url::Url::parse(&login).map_err(Failure::broke)?;
    let target = world.foreign_target(&kind)?;
    name_return_address(&mut link, &target);
    let person = world.stage()?.person(&name)?;
    world.memory.seen = visitor.context.requests().len();
    let stage = world.stage_mut()?;
    stage.provocation.started_sign_ins += 1;
    stage.sign_in_from(&visitor, &link, &person).await?;
    world.delivered()
}

#[when(expr = "{word} signs out by a form of Mallory's that names {} to return to")]
async fn signs_out_by_form(world: &mut World, name: String, kind: String) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.memory.actor = Some(name);
    let setup = world.setup()?;
    let logout = setup.profile.app.login.logout.as_ref().ok_or_else(|| Failure::not_applicable("the profile names no way to sign out"))?;
    let visitor = world.actor_visitor().await?;
    visitor.page.goto(world.stage()?.base_url.as_str()).await?;
    visitor.page.wait_for(logout, PATIENCE).await?;
    let target = world.foreign_target(&kind)?;
    let parameters = RETURN_PARAMETERS.map(|parameter| (parameter, target.as_str()));
    if !pages::add_to_address(&visitor.page, logout, &parameters).await? {
        return Err(Failure::not_applicable("the logout of the profile is neither a link nor in a form"));
    }
    world.memory.seen = visitor.context.requests().len();
    visitor.page.submit(logout).await?;
    world.delivered()
}

#[then("the browser was not sent to Mallory's host")]
async fn not_sent_away(world: &mut World) -> Result<(), Failure> {
    let foreign = world.foreign_address()?;
    let requests = world.request_addresses(world.memory.seen).await?;
    world.judge(checks::check_no_open_redirector(&requests, &foreign))?;
    world.react(true, "", "", "")
}

/// Names it by every parameter that applications are known to use, in the place of what the address has there.
fn name_return_address(link: &mut url::Url, target: &str) {
    let kept: Vec<(String, String)> =
        link.query_pairs().into_owned().filter(|(name, _)| !RETURN_PARAMETERS.contains(&name.as_str())).collect();
    link.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(RETURN_PARAMETERS.map(|parameter| (parameter, target)));
}

impl World {
    /// An address at another site than the application's and the platform's, which this platform's journal sees.
    fn foreign_address(&self) -> Result<String, Failure> {
        Ok(self.stage()?.mock()?.elsewhere("/mallory").into())
    }

    /// The foreign address in one of the spellings that a careless check takes for an own path.
    fn foreign_target(&self, kind: &str) -> Result<String, Failure> {
        let address = self.foreign_address()?;
        let rest = address.split_once("//").map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        match kind {
            "an absolute address" => Ok(address),
            "an address without a scheme" => Ok(format!("//{rest}")),
            "an address with a backslash" => Ok(format!("/\\{rest}")),
            "an address with a backslash first" => Ok(format!("\\/{rest}")),
            "an address with a tab inside" => Ok(format!("/\t/{rest}")),
            "an address with three slashes" => Ok(format!("///{rest}")),
            "an address behind the own host's name" => {
                let own = &self.stage()?.base_url;
                Ok(format!("http://{}@{rest}", own.authority().replace(':', "%3A")))
            }
            other => Err(Failure::broke(format!("no foreign address is called `{other}`"))),
        }
    }

    /// The application's address that a click on the login trigger asks for first, where a script does it.
    async fn first_address_of_a_sign_in(&mut self) -> Result<String, Failure> {
        let visitor = self.actor_visitor().await?;
        let before = visitor.context.requests().len();
        let stage = self.stage_mut()?;
        stage.provocation.started_sign_ins += 1;
        let window = stage.open_sign_in(&visitor).await?;
        window.wait_for_url(|url| url.starts_with(&stage.issuer), "the platform's sign-in page", PATIENCE).await?;
        if !window.is_same(&visitor.page) {
            window.close().await?;
        }
        let (own, page) = (stage.base_url.origin(), stage.base_url.clone());
        let asked = visitor.context.requests().into_iter().skip(before).filter(|request| request.resource_type == "Document");
        let asked =
            asked.filter_map(|request| url::Url::parse(&request.url).ok()).find(|url| url.origin() == own && url.path() != page.path());
        asked
            .map(String::from)
            .ok_or_else(|| Failure::not_applicable("the login goes to the platform without an address of the application's own"))
    }

    fn windows(&self) -> Result<(crate::browser::Page, crate::browser::Page), Failure> {
        self.memory.windows.clone().ok_or_else(|| Failure::broke("no step has opened the two windows"))
    }

    /// Addresses of the actor's requests, raw, from the `seen`th on.
    async fn request_addresses(&mut self, seen: usize) -> Result<Vec<String>, Failure> {
        let visitor = self.actor_visitor().await?;
        Ok(visitor.context.requests().into_iter().skip(seen).map(|request| request.url).collect())
    }
}
