//! The platform suite: what the platform promises to every client. Sign-in, tokens and what the steps beside this file share.

use cucumber::{given, then, when};
use oauth2::PkceCodeVerifier;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Failure;
use super::client::{OwnClient, Response, query_value};
use super::client_requests::VERIFIER;
use super::snapshot::redacted;
use super::world::World;
use crate::checks::{self, ExpectedAccessToken, ExpectedIdToken};
use crate::oauth::{ScopeSet, decode_jwt, giponext};
use crate::platform::accounts::TENANT;

#[given("a client of our own is registered at the platform")]
async fn own_client(world: &mut World) -> Result<(), Failure> {
    let client = OwnClient::register(world.raise().await?).await?;
    world.memory.client = Some(client);
    Ok(())
}

#[given(expr = "{word} has signed in for the client and granted every scope")]
#[when(expr = "{word} signs in for the client and grants every scope")]
async fn signs_in_for_client(world: &mut World, name: String) -> Result<(), Failure> {
    world.sign_in_for_client(&name, &[]).await
}

#[given(expr = "{word} has signed in for the client and refused patients")]
#[when(expr = "{word} signs in for the client and refuses patients")]
async fn refuses_patients(world: &mut World, name: String) -> Result<(), Failure> {
    let path = format!("v2/tenants/{}/patients", world.own_tenant()?);
    world.has_asked_for_scope_of(&path)?;
    world.sign_in_for_client(&name, &[giponext::PATIENTS]).await
}

#[then("the ID token is signed by the platform and made for the client")]
async fn id_token_for_client(world: &mut World) -> Result<(), Failure> {
    let jwks = world.jwks().await?;
    let issuer = world.stage()?.issuer.clone();
    let contract = world.stage()?.api().is_ok();
    let client = world.client()?;
    let token = client.tokens()?.id.clone().ok_or_else(|| Failure::unjudged("the platform gave no ID token"))?;
    let nonce = Some(client.nonce.as_str());
    let client_id = &client.credentials.client_id;
    let expected = ExpectedIdToken { issuer: &issuer, client_id, nonce, contract, now: jiff::Timestamp::now().as_second() };
    let judgement = checks::check_id_token_claims(token.expose_secret(), &jwks, &expected);
    world.judge(judgement)
}

#[then("the access token is signed by the platform and made for the API")]
async fn access_token_for_api(world: &mut World) -> Result<(), Failure> {
    world.stage()?.api()?;
    let jwks = world.jwks().await?;
    let issuer = world.stage()?.issuer.clone();
    let scopes = world.client()?.scopes.clone();
    world.judge_access_token(&jwks, &issuer, &scopes)
}

#[then(expr = "the claims of the ID token are as approved")]
async fn id_token_claims(world: &mut World) -> Result<(), Failure> {
    world.stage()?.api()?;
    let token = world.client()?.tokens()?.id.clone().ok_or_else(|| Failure::unjudged("the platform gave no ID token"))?;
    world.compare_claims("id-token", &token)
}

#[then(expr = "the claims of the access token are as approved")]
async fn access_token_claims(world: &mut World) -> Result<(), Failure> {
    world.stage()?.api()?;
    let token = world.client()?.tokens()?.access.clone();
    world.compare_claims("access-token", &token)
}

#[then("the access token holds every scope but the refused one")]
async fn scopes_without_refused(world: &mut World) -> Result<(), Failure> {
    world.stage()?.api()?;
    let jwks = world.jwks().await?;
    let issuer = world.stage()?.issuer.clone();
    let refused = [giponext::PATIENTS].into_iter().collect();
    let scopes = world.client()?.scopes.difference(&refused);
    world.judge_access_token(&jwks, &issuer, &scopes)
}

#[given("Ada has been sent back to the client with a code")]
#[when("Ada is sent back to the client with a code")]
async fn has_a_code(world: &mut World) -> Result<(), Failure> {
    world.authorize_for_client("Ada", &[]).await
}

#[given("Ada has signed in for the client and granted openid and offline_access alone")]
async fn signs_in_for_little(world: &mut World) -> Result<(), Failure> {
    world.client()?.scopes = [giponext::OPENID, giponext::OFFLINE_ACCESS].into_iter().collect();
    world.sign_in_for_client("Ada", &[]).await
}

#[when("Ada signs in for the client without a code challenge, and it presents a code verifier all the same")]
async fn downgrade(world: &mut World) -> Result<(), Failure> {
    let unchallenged = [("code_challenge", None), ("code_challenge_method", None)];
    world.client()?.ask_authorization(http::Method::GET, &unchallenged).await?;
    if world.client()?.redirected_error().is_some() {
        // No code without a challenge: nothing to downgrade.
        return Ok(());
    }
    world.redeem_unchallenged("Ada").await
}

#[then("the downgrade is refused")]
async fn downgrade_refused(world: &mut World) -> Result<(), Failure> {
    let client = world.client()?;
    let after_the_sign_in = || client.response.as_ref().and_then(|(query, _)| query_value(query, "error"));
    match client.redirected_error().or_else(after_the_sign_in).as_deref() {
        Some("invalid_request") => Ok(()),
        Some(other) => world.find("an unchallenged request is refused otherwise", "the error `invalid_request`", other, &[]),
        None => world.refused_with(&["invalid_grant", "invalid_request"]),
    }
}

#[then("the ID token is bound to its access token where it says so")]
async fn bound_to_access_token(world: &mut World) -> Result<(), Failure> {
    let tokens = world.client()?.tokens()?.clone();
    let id = tokens.id.ok_or_else(|| Failure::unjudged("the platform gave no ID token"))?;
    world.judge(checks::check_access_token_hash(id.expose_secret(), tokens.access.expose_secret()))
}

impl World {
    pub(super) fn client(&mut self) -> Result<&mut OwnClient, Failure> {
        self.memory.client.as_mut().ok_or_else(|| Failure::broke("no client of our own is registered"))
    }

    pub(super) fn take_client(&mut self) -> Result<OwnClient, Failure> {
        self.memory.client.take().ok_or_else(|| Failure::broke("no client of our own is registered"))
    }

    pub(super) async fn authorize_for_client(&mut self, name: &str, refused: &[&str]) -> Result<(), Failure> {
        let mut client = self.take_client()?;
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

    /// A code that was asked for without a challenge, redeemed with a code verifier.
    async fn redeem_unchallenged(&mut self, name: &str) -> Result<(), Failure> {
        let verifier = PkceCodeVerifier::new(VERIFIER.to_owned());
        let mut client = self.take_client()?;
        let response = match self.stage_mut() {
            Ok(stage) => client.authorize_with(stage, name, &[], None, verifier).await,
            Err(failure) => Err(failure),
        };
        self.memory.client = Some(client);
        match response? {
            Response::Code => self.client()?.redeem(None).await,
            // Told to somebody who has signed in.
            Response::Error(error) if error == "invalid_request" => Ok(()),
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

    pub(super) fn refused_with(&mut self, errors: &[&str]) -> Result<(), Failure> {
        let judgement = checks::check_refused(self.client()?.answer()?, errors);
        self.judge(judgement)
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

    pub(super) async fn ask(&mut self, path: &str, with_token: bool) -> Result<(), Failure> {
        let url = self.stage()?.api()?.join(path).map_err(Failure::broke)?;
        self.memory.asked = Some(url.path().to_owned());
        let client = self.client()?;
        let token = if with_token { Some(client.tokens()?.access.clone()) } else { None };
        client.get(url.as_str(), token.as_ref()).await
    }

    pub(super) fn own_tenant(&self) -> Result<String, Failure> {
        match self.setup()?.remote() {
            None => Ok(TENANT.0.to_string()),
            Some(remote) => {
                let ada = remote.file.users.get("ada").map(|user| user.tenant.clone());
                ada.ok_or_else(|| Failure::not_applicable("the target file names no user `ada`"))
            }
        }
    }

    fn tenant_claim(&self) -> Result<String, Failure> {
        Ok(self.setup()?.assumptions().tenant_claim.clone())
    }

    fn compare_claims(&mut self, name: &str, token: &SecretString) -> Result<(), Failure> {
        let jwt = decode_jwt(token.expose_secret()).map_err(Failure::unjudged)?;
        let known = self.known_values()?;
        let value = serde_json::json!({ "header": jwt.header, "claims": jwt.claims });
        self.compare_with_approved("claims", name, &redacted(&value, &known))
    }

    /// Values that differ from run to run, by the placeholder that stands for them in approved texts.
    pub(super) fn known_values(&mut self) -> Result<Vec<(&'static str, String)>, Failure> {
        let issuer = self.stage()?.issuer.clone();
        let api = self.stage()?.api()?.as_str().trim_end_matches('/').to_owned();
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
