//! What a token is good for: user information, revocation, introspection.

use cucumber::{then, when};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Failure;
use super::client_requests::Identification;
use super::world::World;
use crate::checks;
use crate::oauth::decode_jwt;

const NOBODYS: &str = "nobody-issued-this-token";

#[when(regex = r"^the client asks the userinfo endpoint (with its access token|without a token|with a token that nobody issued)$")]
async fn asks_userinfo(world: &mut World, how: String) -> Result<(), Failure> {
    let token = match how.as_str() {
        "with its access token" => Some(world.client()?.tokens()?.access.clone()),
        "without a token" => None,
        _ => Some(SecretString::from(NOBODYS)),
    };
    world.client()?.ask_userinfo(token.as_ref()).await
}

#[when("the client asks the userinfo endpoint by POST")]
async fn posts_userinfo(world: &mut World) -> Result<(), Failure> {
    let url = world.client()?.announced("userinfo_endpoint")?;
    let client = world.client()?;
    let request = client.http.post(url).bearer_auth(client.tokens()?.access.expose_secret());
    client.send(request).await
}

#[then("the user information is the ID token's subject's")]
async fn same_subject(world: &mut World) -> Result<(), Failure> {
    let client = world.client()?;
    let id = client.tokens()?.id.clone().ok_or_else(|| Failure::unjudged("the platform gave no ID token"))?;
    let subject = decode_jwt(id.expose_secret()).map_err(Failure::unjudged)?.claims.get("sub").cloned();
    let answer = client.answer()?.clone();
    let named = answer.body.get("sub").cloned();
    if answer.status == 200 && named.is_some() && named == subject {
        return Ok(());
    }
    let actual = format!("status {} with the subject {}", answer.status, shown(named));
    world.find("the user information is somebody else's", &format!("200 with the subject {}", shown(subject)), &actual, &[])
}

fn shown(subject: Option<Value>) -> String {
    subject.map_or_else(|| "none".to_owned(), |subject| subject.to_string())
}

#[when(regex = r"^the client revokes (its refresh token|its access token|a token that nobody issued)$")]
async fn revokes(world: &mut World, what: String) -> Result<(), Failure> {
    let token = match what.as_str() {
        "its refresh token" => world.newest_refresh_token()?,
        "its access token" => world.client()?.tokens()?.access.clone(),
        _ => SecretString::from(NOBODYS),
    };
    world.present("revocation_endpoint", &token, Identification::Own).await
}

#[when("somebody revokes the client's refresh token without saying who they are")]
async fn nobody_revokes(world: &mut World) -> Result<(), Failure> {
    let token = world.newest_refresh_token()?;
    world.present("revocation_endpoint", &token, Identification::Nobody).await
}

#[when("another client revokes the client's refresh token")]
async fn other_client_revokes(world: &mut World) -> Result<(), Failure> {
    let token = world.newest_refresh_token()?;
    world.client()?.become_the_other()?;
    world.present("revocation_endpoint", &token, Identification::Own).await?;
    world.client()?.become_the_other()
}

#[then("the refresh token is still good")]
async fn still_good(world: &mut World) -> Result<(), Failure> {
    let token = world.newest_refresh_token()?;
    world.client()?.refresh(&token).await?;
    let status = world.client()?.answer()?.status;
    if status == 200 { Ok(()) } else { world.find("takes another client's token away", "200", &format!("status {status}"), &[]) }
}

#[then("the platform answers 200")]
async fn answers_200(world: &mut World) -> Result<(), Failure> {
    let status = world.client()?.answer()?.status;
    if status == 200 { Ok(()) } else { world.find("answers otherwise", "status 200", &format!("status {status}"), &[]) }
}

#[when(regex = r"^the client introspects (its access token|a token that nobody issued)$")]
async fn introspects(world: &mut World, what: String) -> Result<(), Failure> {
    let own = what == "its access token";
    let token = if own { world.client()?.tokens()?.access.clone() } else { SecretString::from(NOBODYS) };
    world.present("introspection_endpoint", &token, Identification::Own).await
}

#[when("somebody introspects the access token without saying who they are")]
async fn nobody_introspects(world: &mut World) -> Result<(), Failure> {
    let token = world.client()?.tokens()?.access.clone();
    world.present("introspection_endpoint", &token, Identification::Nobody).await
}

#[then(regex = r"^the token is (active|not active)$")]
async fn is_active(world: &mut World, activity: String) -> Result<(), Failure> {
    let client = world.client()?;
    let client_id = (activity == "active").then_some(client.credentials.client_id.as_str());
    let (judgement, more) =
        (checks::check_introspection(client.answer()?, client_id), checks::check_introspection_says_no_more(client.answer()?));
    world.judge(judgement)?;
    if activity == "active" { Ok(()) } else { world.advise("PL-31", more) }
}

impl World {
    async fn present(&mut self, endpoint: &str, token: &SecretString, by: Identification) -> Result<(), Failure> {
        let url = self.client()?.announced(endpoint)?;
        self.client()?.post(&url, &[("token", token.expose_secret())], by).await
    }
}
