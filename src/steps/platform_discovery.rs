//! What the platform publishes of itself.

use cucumber::{then, when};

use super::Failure;
use super::world::World;
use crate::checks;
use crate::oauth::discovery_of;

#[when("the client reads the discovery document")]
async fn reads_discovery(world: &mut World) -> Result<(), Failure> {
    let url = discovery_of(&world.stage()?.issuer);
    world.client()?.get(&url, None).await
}

#[then("the discovery document names the issuer, the code response type and S256")]
async fn discovery_document(world: &mut World) -> Result<(), Failure> {
    let issuer = world.stage()?.issuer.clone();
    let judgement = checks::check_discovery(&world.client()?.answer()?.body, &issuer);
    world.judge(judgement)
}

#[then("the discovery document names what every client counts on")]
async fn sound_metadata(world: &mut World) -> Result<(), Failure> {
    let algorithm = world.setup()?.assumptions().signing_algorithm.name();
    let judgement = checks::check_metadata(&world.client()?.answer()?.body, algorithm);
    world.judge(judgement)
}

#[when("the client reads the authorization server metadata")]
async fn reads_metadata(world: &mut World) -> Result<(), Failure> {
    let mut url = url::Url::parse(&world.stage()?.issuer).map_err(Failure::broke)?;
    // RFC 8414 section 3.1: before the issuer's own path.
    url.set_path(&format!("/.well-known/oauth-authorization-server{}", url.path().trim_end_matches('/')));
    world.client()?.get(url.as_str(), None).await?;
    let status = world.client()?.answer()?.status;
    if status == 200 {
        return Ok(());
    }
    Err(Failure::not_applicable(format!("the platform publishes no such document (status {status}): RFC 8414 leaves it open")))
}

#[then("it says the same as the discovery document")]
async fn documents_agree(world: &mut World) -> Result<(), Failure> {
    let client = world.client()?;
    let judgement = checks::check_documents_agree(&client.document, &client.answer()?.body);
    world.judge(judgement)
}

#[when("the client reads the key set")]
async fn reads_keys(world: &mut World) -> Result<(), Failure> {
    let url = world.client()?.metadata.jwks_uri.clone();
    world.client()?.get(&url, None).await
}

#[then("the key set holds public keys alone")]
async fn public_keys(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_public_keys(&world.client()?.answer()?.body);
    world.judge(judgement)
}
