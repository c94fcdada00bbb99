//! The platform suite: what the platform promises to every client.

use cucumber::{given, then, when};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Failure;
use super::client::{OwnClient, Response};
use super::snapshot::redacted;
use super::world::World;
use crate::checks::{self, ExpectedAccessToken, ExpectedIdToken};
use crate::oauth::{ScopeSet, decode_jwt, giponext};
use crate::platform::accounts::{OTHER_TENANT, TENANT};

#[given("a client of our own is registered at the platform")]
async fn own_client(world: &mut World) -> Result<(), Failure> {
    let client = OwnClient::register(world.raise().await?).await?;
    world.memory.client = Some(client);
    Ok(())
}

#[when("the client reads the discovery document")]
async fn reads_discovery(world: &mut World) -> Result<(), Failure> {
    let url = format!("{}/.well-known/openid-configuration", world.stage()?.issuer);
    world.client()?.get(&url, None).await
}

#[then("the discovery document names the issuer, the code response type and S256")]
async fn discovery_document(world: &mut World) -> Result<(), Failure> {
    let issuer = world.stage()?.issuer.clone();
    let judgement = checks::check_discovery(&world.client()?.answer()?.body, &issuer);
    world.judge(judgement)
}

#[given(expr = "{word} has signed in for the client and granted every scope")]
#[when(expr = "{word} signs in for the client and grants every scope")]
async fn signs_in_for_client(world: &mut World, name: String) -> Result<(), Failure> {
    world.sign_in_for_client(&name, &[]).await
}

#[given(expr = "{word} has signed in for the client and refused patients")]
#[when(expr = "{word} signs in for the client and refuses patients")]
async fn refuses_patients(world: &mut World, name: String) -> Result<(), Failure> {
    world.sign_in_for_client(&name, &[giponext::PATIENTS]).await
}

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

#[then("the refresh token of the first redemption is dead")]
#[then("the newest refresh token is dead")]
async fn refresh_token_dead(world: &mut World) -> Result<(), Failure> {
    let client = world.client()?;
    let token = client.tokens()?.refresh.clone().ok_or_else(|| Failure::unjudged("the platform gave no refresh token"))?;
    client.refresh(&token).await?;
    world.refused_with("invalid_grant")
}

#[when("the client asks for a redirect URI that it did not register")]
async fn other_redirect_uri(world: &mut World) -> Result<(), Failure> {
    let client = world.client()?;
    let mut url = url::Url::parse(&client.metadata.authorization_endpoint).map_err(Failure::unjudged)?;
    let other = format!("{}/elsewhere", client.redirect_uri);
    let id = client.credentials.client_id.clone();
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &id),
        ("redirect_uri", &other),
        ("scope", "openid"),
        ("state", "s"),
    ]);
    client.get(url.as_str(), None).await
}

#[then("the platform shows an error and redirects nowhere")]
async fn no_redirect(world: &mut World) -> Result<(), Failure> {
    let answer = world.client()?.answer()?.clone();
    let held = (400..500).contains(&answer.status) && answer.location.is_none();
    if held {
        Ok(())
    } else {
        world.find(
            "answers a request with an unregistered redirect URI",
            "an error page and no redirect",
            &format!("status {}", answer.status),
            &[],
        )
    }
}

#[when(expr = "the client asks for a token with the grant {word}")]
async fn asks_with_grant(world: &mut World, grant: String) -> Result<(), Failure> {
    let ada = world.stage()?.person("Ada")?;
    let form =
        [("grant_type", grant.as_str()), ("username", ada.email.as_str()), ("password", ada.password.expose_secret()), ("scope", "openid")];
    world.client()?.ask_for_token(&form).await
}

#[then(expr = "the platform refuses with {word}")]
async fn refuses_with(world: &mut World, error: String) -> Result<(), Failure> {
    world.refused_with(&error)
}

#[then("the ID token is signed by the platform and made for the client")]
async fn id_token_for_client(world: &mut World) -> Result<(), Failure> {
    let jwks = world.jwks().await?;
    let issuer = world.stage()?.issuer.clone();
    let client = world.client()?;
    let token = client.tokens()?.id.clone().ok_or_else(|| Failure::unjudged("the platform gave no ID token"))?;
    let nonce = Some(client.nonce.as_str());
    let expected =
        ExpectedIdToken { issuer: &issuer, client_id: &client.credentials.client_id, nonce, now: jiff::Timestamp::now().as_second() };
    let judgement = checks::check_id_token_claims(token.expose_secret(), &jwks, &expected);
    world.judge(judgement)
}

#[then("the access token is signed by the platform and made for the API")]
async fn access_token_for_api(world: &mut World) -> Result<(), Failure> {
    let jwks = world.jwks().await?;
    let issuer = world.stage()?.issuer.clone();
    let scopes = world.client()?.scopes.clone();
    world.judge_access_token(&jwks, &issuer, &scopes)
}

#[then(expr = "the claims of the ID token are as approved")]
async fn id_token_claims(world: &mut World) -> Result<(), Failure> {
    let token = world.client()?.tokens()?.id.clone().ok_or_else(|| Failure::unjudged("the platform gave no ID token"))?;
    world.compare_claims("id-token", &token)
}

#[then(expr = "the claims of the access token are as approved")]
async fn access_token_claims(world: &mut World) -> Result<(), Failure> {
    let token = world.client()?.tokens()?.access.clone();
    world.compare_claims("access-token", &token)
}

#[then("the access token holds every scope but the refused one")]
async fn scopes_without_refused(world: &mut World) -> Result<(), Failure> {
    let jwks = world.jwks().await?;
    let issuer = world.stage()?.issuer.clone();
    let refused = [giponext::PATIENTS].into_iter().collect();
    let scopes = world.client()?.scopes.difference(&refused);
    world.judge_access_token(&jwks, &issuer, &scopes)
}

#[when("the client asks who Ada is")]
async fn asks_who(world: &mut World) -> Result<(), Failure> {
    world.ask("v2/userinfo", true).await
}

#[when(expr = "the client asks for the first {int} {word}")]
async fn asks_for(world: &mut World, limit: usize, resource: String) -> Result<(), Failure> {
    let tenant = world.own_tenant()?;
    world.ask(&format!("v2/tenants/{tenant}/{resource}?offset=0&limit={limit}"), true).await
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
    world.ask(&format!("v2/tenants/{other}/patients"), true).await
}

#[then(expr = "the answer is a page of at most {int} entries")]
async fn is_a_page(world: &mut World, limit: usize) -> Result<(), Failure> {
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
    let answer = world.client()?.answer()?.clone();
    let held = answer.status == 401 && answer.challenge.is_some_and(|challenge| challenge.to_lowercase().starts_with("bearer"));
    if held {
        Ok(())
    } else {
        world.find("answers a call without a token", "401 with a Bearer challenge", &format!("status {}", answer.status), &[])
    }
}

#[then(regex = r"^the answer is 403 for a missing (scope|permission)$")]
async fn forbidden(world: &mut World, layer: String) -> Result<(), Failure> {
    let answer = world.client()?.answer()?.clone();
    let judgement = checks::check_refusal_layer(answer.status, &answer.body, layer == "scope");
    world.judge(judgement)
}

#[then("the answer is 404")]
async fn not_found(world: &mut World) -> Result<(), Failure> {
    let status = world.client()?.answer()?.status;
    if status == 404 { Ok(()) } else { world.find("answers for another medical centre", "404", &format!("status {status}"), &[]) }
}

impl World {
    fn client(&mut self) -> Result<&mut OwnClient, Failure> {
        self.memory.client.as_mut().ok_or_else(|| Failure::broke("no client of our own is registered"))
    }

    async fn authorize_for_client(&mut self, name: &str, refused: &[&str]) -> Result<(), Failure> {
        let mut client = self.memory.client.take().ok_or_else(|| Failure::broke("no client of our own is registered"))?;
        let response = match self.stage_mut() {
            Ok(stage) => client.authorize(stage, name, refused).await,
            Err(failure) => Err(failure),
        };
        self.memory.client = Some(client);
        match response? {
            Response::Code => Ok(()),
            Response::Error(error) => Err(Failure::unjudged(format!("the authorization response is the error {error}"))),
        }
    }

    async fn sign_in_for_client(&mut self, name: &str, refused: &[&str]) -> Result<(), Failure> {
        self.authorize_for_client(name, refused).await?;
        let client = self.client()?;
        client.redeem(None).await?;
        let status = client.answer()?.status;
        if status == 200 { Ok(()) } else { Err(Failure::unjudged(format!("the honest token request was answered with status {status}"))) }
    }

    fn refused_with(&mut self, error: &str) -> Result<(), Failure> {
        let answer = self.client()?.answer()?.clone();
        self.judge(checks::check_token_error(answer.status, &answer.body, error))
    }

    async fn jwks(&mut self) -> Result<Value, Failure> {
        let client = self.client()?;
        let (url, kept) = (client.metadata.jwks_uri.clone(), client.answer.take());
        client.get(&url, None).await?;
        let keys = client.answer()?.body.clone();
        client.answer = kept;
        Ok(keys)
    }

    fn judge_access_token(&mut self, jwks: &Value, issuer: &str, scopes: &ScopeSet) -> Result<(), Failure> {
        let (tenant, tenant_claim) = (self.own_tenant()?, self.tenant_claim()?);
        let client = self.client()?;
        let expected = ExpectedAccessToken {
            issuer,
            audience: None,
            client_id: &client.credentials.client_id,
            scopes,
            tenant_claim: &tenant_claim,
            tenant: Some(&tenant),
            now: jiff::Timestamp::now().as_second(),
        };
        let judgement = checks::check_access_token_claims(client.tokens()?.access.expose_secret(), jwks, &expected);
        self.judge(judgement)
    }

    async fn ask(&mut self, path: &str, with_token: bool) -> Result<(), Failure> {
        let url = self.stage()?.api.join(path).map_err(Failure::broke)?;
        let client = self.client()?;
        let token = if with_token { Some(client.tokens()?.access.clone()) } else { None };
        client.get(url.as_str(), token.as_ref()).await
    }

    fn own_tenant(&self) -> Result<String, Failure> {
        match self.setup()?.remote() {
            None => Ok(TENANT.0.to_string()),
            Some(remote) => {
                let ada = remote.file.users.get("ada").map(|user| user.tenant.clone());
                ada.ok_or_else(|| Failure::not_applicable("the target file names no user `ada`"))
            }
        }
    }

    fn tenant_claim(&self) -> Result<String, Failure> {
        Ok(match &self.setup()?.target {
            super::Target::Mock(assumptions) => assumptions.tenant_claim.clone(),
            super::Target::Remote(remote) => remote.file.assume.tenant_claim.clone(),
        })
    }

    fn compare_claims(&mut self, name: &str, token: &SecretString) -> Result<(), Failure> {
        let jwt = decode_jwt(token.expose_secret()).map_err(Failure::unjudged)?;
        let known = self.known_values()?;
        let value = serde_json::json!({ "header": jwt.header, "claims": jwt.claims });
        self.compare_with_approved("claims", name, &redacted(&value, &known))
    }

    /// Values that differ from run to run, by the placeholder that stands for them in approved texts.
    fn known_values(&mut self) -> Result<Vec<(&'static str, String)>, Failure> {
        let issuer = self.stage()?.issuer.clone();
        let api = self.stage()?.api.as_str().trim_end_matches('/').to_owned();
        let client = self.client()?;
        let mut known =
            vec![("client-id", client.credentials.client_id.clone()), ("nonce", client.nonce.clone()), ("issuer", issuer), ("api", api)];
        if let Ok(tokens) = client.tokens()
            && let Ok(jwt) = decode_jwt(tokens.access.expose_secret())
        {
            let text = |map: &serde_json::Map<String, Value>, name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
            known.extend(text(&jwt.claims, "sub").map(|sub| ("subject", sub)));
            known.extend(text(&jwt.header, "kid").map(|kid| ("kid", kid)));
        }
        Ok(known)
    }
}
