//! The token endpoint: codes, refresh tokens, client authentication, errors.

use std::time::Duration;

use cucumber::{given, then, when};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::Failure;
use super::client_requests::Identification;
use super::world::World;
use crate::checks;
use crate::oauth::ScopeSet;

/// Longer than any code should live (RFC 6749 section 4.1.2: 10 minutes at most).
const LATER: Duration = Duration::from_secs(11 * 60);

#[when(expr = "{word} signs in for the client and it presents another code verifier")]
async fn other_verifier(world: &mut World, name: String) -> Result<(), Failure> {
    world.authorize_for_client(&name, &[]).await?;
    world.client()?.redeem(Some("another-verifier-that-is-long-enough-for-the-rfc")).await
}

#[when("the client redeems the same code again")]
async fn redeems_again(world: &mut World) -> Result<(), Failure> {
    world.client()?.redeem(None).await
}

#[given("the client has refreshed once")]
async fn refreshed_once(world: &mut World) -> Result<(), Failure> {
    let client = world.client()?;
    let used = client.tokens()?.refresh.clone().ok_or_else(|| Failure::unjudged("the platform gave no refresh token"))?;
    client.refresh(&used).await?;
    if client.answer()?.status != 200 {
        return Err(Failure::unjudged("the honest refresh did not succeed"));
    }
    world.memory.used_refresh_token = Some(used);
    Ok(())
}

#[when("the client refreshes with the used refresh token")]
async fn refreshes_with_used(world: &mut World) -> Result<(), Failure> {
    if world.setup()?.remote().is_some_and(|remote| !remote.file.assume.refresh_rotation) {
        return Err(Failure::not_applicable("the target file says that refresh tokens do not rotate there ([assume])"));
    }
    let used = world.memory.used_refresh_token.clone().ok_or_else(|| Failure::broke("no refresh token was used before"))?;
    world.client()?.refresh(&used).await
}

/// RFC 6749 section 4.1.2 recommends it only: that it lives warns.
#[then("the refresh token of the first redemption is dead")]
async fn first_refresh_token_dead(world: &mut World) -> Result<(), Failure> {
    let token = world.newest_refresh_token()?;
    world.client()?.refresh(&token).await?;
    let judgement = checks::check_refused(world.client()?.answer()?, &["invalid_grant"]);
    world.advise("PL-05", judgement)
}

#[then("the newest refresh token is dead")]
async fn refresh_token_dead(world: &mut World) -> Result<(), Failure> {
    let token = world.newest_refresh_token()?;
    world.client()?.refresh(&token).await?;
    world.refused_with(&["invalid_grant"])
}

#[when(expr = "the client asks for a token with the grant {word}")]
async fn asks_with_grant(world: &mut World, grant: String) -> Result<(), Failure> {
    if world.announces("grant_types_supported", &grant)? {
        return Err(Failure::not_applicable(format!("the discovery document announces the grant {grant}")));
    }
    let ada = world.stage()?.person("Ada")?;
    let form =
        [("grant_type", grant.as_str()), ("username", ada.email.as_str()), ("password", ada.password.expose_secret()), ("scope", "openid")];
    world.client()?.ask_for_token(&form).await
}

#[then(regex = r"^the platform refuses with (\w+)(?: or (\w+))?$")]
async fn refuses_with(world: &mut World, error: String, other: String) -> Result<(), Failure> {
    let errors: Vec<&str> = [error.as_str(), other.as_str()].into_iter().filter(|error| !error.is_empty()).collect();
    world.refused_with(&errors)
}

#[when(regex = r"^the client sends a token request (with.*)$")]
async fn sends_token_request(world: &mut World, how: String) -> Result<(), Failure> {
    let redirect_uri = world.client()?.redirect_uri.to_string();
    let form = token_form(&how, &redirect_uri)?;
    world.client()?.ask_for_token(&form).await
}

/// A form that no token can be given for, by the words for what is wrong with it.
fn token_form<'a>(how: &str, redirect_uri: &'a str) -> Result<Vec<(&'static str, &'a str)>, Failure> {
    Ok(match how {
        "without a grant type" => vec![("code", "nobody-issued-this")],
        "without a code" => vec![("grant_type", "authorization_code"), ("redirect_uri", redirect_uri)],
        "with a code that nobody issued" => {
            vec![("grant_type", "authorization_code"), ("code", "nobody-issued-this"), ("redirect_uri", redirect_uri)]
        }
        "with a refresh token that nobody issued" => vec![("grant_type", "refresh_token"), ("refresh_token", "nobody-issued-this")],
        "with two grant types" => {
            vec![("grant_type", "refresh_token"), ("grant_type", "authorization_code"), ("refresh_token", "nobody-issued-this")]
        }
        _ => return Err(Failure::broke(format!("no token request is known by `{how}`"))),
    })
}

#[when(
    regex = r"^a token is asked for (with a wrong secret|under an unknown client_id|in two ways at once|with the secret in the URL|by nobody)$"
)]
async fn asks_as(world: &mut World, who: String) -> Result<(), Failure> {
    let by = match who.as_str() {
        "with a wrong secret" => Identification::WrongSecret,
        "under an unknown client_id" => Identification::UnknownClient,
        "in two ways at once" => Identification::Twice,
        "with the secret in the URL" => Identification::Query,
        _ => Identification::Nobody,
    };
    let client = world.client()?;
    let url = client.metadata.token_endpoint.clone();
    client.post(&url, &[("grant_type", "refresh_token"), ("refresh_token", "nobody-issued-this")], by).await
}

#[then("the platform refuses the client by a 401 with a Basic challenge")]
async fn refuses_the_client(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_header_authentication_refused(world.client()?.answer()?);
    world.judge(judgement)
}

#[when(regex = r"^the client redeems the code with (another redirect URI|no code verifier)$")]
async fn redeems_with(world: &mut World, what: String) -> Result<(), Failure> {
    let client = world.client()?;
    let other = format!("{}/elsewhere", client.redirect_uri);
    let change = match what.as_str() {
        "another redirect URI" => ("redirect_uri", Some(other.as_str())),
        _ => ("code_verifier", None),
    };
    client.redeem_with(&[change], Identification::Own).await
}

#[when("another client redeems the code")]
async fn other_client_redeems(world: &mut World) -> Result<(), Failure> {
    world.client()?.become_the_other()?;
    world.client()?.redeem_with(&[], Identification::Own).await
}

#[when("the client redeems the code 11 minutes later")]
async fn redeems_later(world: &mut World) -> Result<(), Failure> {
    world.stage()?.mock()?.shared().clock.advance(LATER);
    world.client()?.redeem(None).await
}

#[when(regex = r"^the client redeems the code in (a URL|JSON)$")]
async fn redeems_in_a_url(world: &mut World, form: String) -> Result<(), Failure> {
    let client = world.client()?;
    let parameters = client.redemption()?.map(|(name, value)| (name.to_owned(), Value::from(value)));
    let parameters: serde_json::Map<String, Value> = parameters.into_iter().chain(client.own_parameters()).collect();
    let endpoint = &client.metadata.token_endpoint;
    let request = if form == "JSON" { client.http.post(endpoint).json(&parameters) } else { client.http.get(endpoint).query(&parameters) };
    let request = client.identified(request);
    client.send(request).await
}

#[then("the platform gives no token")]
async fn no_token(world: &mut World) -> Result<(), Failure> {
    let answer = world.client()?.answer()?.clone();
    if (400..500).contains(&answer.status) && answer.body.get("access_token").is_none() {
        return Ok(());
    }
    world.find("answers a token request that it has to refuse", "status 400 to 499 and no token", &format!("status {}", answer.status), &[])
}

#[then("the tokens are answered as the standard says")]
async fn sound_token_answer(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_token_answer(world.client()?.answer()?);
    world.judge(judgement)
}

#[when(expr = "the client refreshes for the scope {string}")]
async fn refreshes_for_scope(world: &mut World, scope: String) -> Result<(), Failure> {
    let token = world.newest_refresh_token()?;
    let form = [("grant_type", "refresh_token"), ("refresh_token", token.expose_secret()), ("scope", &scope)];
    world.client()?.ask_for_token(&form).await
}

#[then(expr = "the platform gives the scope {string} and no more")]
async fn gives_scope(world: &mut World, scope: String) -> Result<(), Failure> {
    let answer = world.client()?.answer()?.clone();
    // RFC 6749 section 5.1: left out, it is the one that was asked for.
    let given = answer.body.get("scope").and_then(Value::as_str).unwrap_or(&scope);
    let beyond = ScopeSet::parse(given).difference(&ScopeSet::parse(&scope));
    if answer.status == 200 && beyond.is_empty() {
        return Ok(());
    }
    world.find("does not narrow the scope", &format!("200 with `{scope}`"), &format!("status {} with `{given}`", answer.status), &[])
}

#[when("another client refreshes with the client's refresh token")]
async fn other_client_refreshes(world: &mut World) -> Result<(), Failure> {
    let token = world.newest_refresh_token()?;
    world.client()?.become_the_other()?;
    world.client()?.refresh(&token).await
}

impl World {
    pub(super) fn newest_refresh_token(&mut self) -> Result<secrecy::SecretString, Failure> {
        self.client()?.tokens()?.refresh.clone().ok_or_else(|| Failure::unjudged("the platform gave no refresh token"))
    }
}
