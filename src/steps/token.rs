//! Token requests and what the application makes of token answers.

use cucumber::then;

use super::Failure;
use super::provocation::is_resource_call;
use super::world::World;
use crate::checks;
use crate::domain::{ApplicationType, ClientAuthentication};

#[then("every token request is a form with exactly one client authentication")]
async fn token_request_form(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_token_request_form(&world.exchanges()?, permitted(world.setup()?.profile.app.r#type));
    world.judge(judgement)
}

/// How a client of this type may authenticate: a native one is public.
pub(super) fn permitted(application: ApplicationType) -> &'static [ClientAuthentication] {
    match application {
        ApplicationType::Native => &[ClientAuthentication::None],
        ApplicationType::Web | ApplicationType::Device => {
            &[ClientAuthentication::ClientSecretBasic, ClientAuthentication::ClientSecretPost]
        }
    }
}

#[then("every token request repeats the redirect URI of its authorization request")]
async fn repeats_redirect_uri(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_token_request_matches(&world.exchanges()?);
    world.judge(judgement)
}

#[then("only grants of a person were tried")]
async fn grants_of_a_person(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_grant_types(&world.exchanges()?);
    world.judge(judgement)
}

#[then("the access token is not used at the API")]
async fn token_not_used(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    let used: Vec<u64> = exchanges.iter().filter(|exchange| is_resource_call(exchange)).map(|exchange| exchange.number).collect();
    if used.is_empty() {
        return world.react(true, "", "", "");
    }
    world.find("uses an access token of a type that it does not know", "no call to the API", &format!("{} calls", used.len()), &used)
}
