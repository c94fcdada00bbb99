//! Token requests and what the application makes of token answers.

use cucumber::{given, then};
use secrecy::SecretString;

use super::Failure;
use super::provocation::is_resource_call;
use super::world::World;
use crate::checks;
use crate::domain::{ApplicationType, ClientAuthentication, Endpoint, Exchange};

/// Reads of the JWKS for one sign-in that are no storm.
const MOST_READS: usize = 3;
/// Every kind of character that the form encoding changes (RFC 6749 section 2.3.1, appendix B).
const RESERVED: &str = "a:b%c+d/e f=g&h-%20-\u{e8}";

#[then("the relying party fetched nothing that the token names")]
async fn nothing_fetched(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_nothing_fetched_elsewhere(&world.exchanges()?);
    world.judge(judgement)
}

#[then("the relying party reads the platform's keys")]
async fn reads_keys(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_keys_read(&world.exchanges()?);
    world.judge(judgement)
}

#[then("the ID token that came with the access token names nobody")]
async fn names_nobody(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_id_token_names_nobody(&world.exchanges()?);
    world.judge(judgement)
}

#[then("the relying party sent a nonce")]
async fn sent_nonce(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_nonce_sent(&world.exchanges()?);
    world.judge(judgement)
}

#[then("every token request is a form with exactly one client authentication")]
async fn token_request_form(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_token_request_form(&world.exchanges()?, permitted(world.stage()?.application_type()));
    world.judge(judgement)
}

#[then("every revocation is a form with exactly one client authentication")]
async fn revocation_form(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_revocation_form(&world.exchanges()?, permitted(world.stage()?.application_type()));
    world.judge(judgement)
}

/// How a client of this type may authenticate: a native one is public.
pub(super) fn permitted(application: ApplicationType) -> &'static [ClientAuthentication] {
    match application {
        ApplicationType::Spa | ApplicationType::Native => &[ClientAuthentication::None],
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

/// Which of the tokens is of an unknown type, the answer that it came with tells.
#[then("no access token of an unknown type is used at the API")]
async fn unknown_type_not_used(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    // Libraries take such a token, which the platform refuses: nobody is harmed (docs/decisions/0007).
    world.advise("TK-06", checks::check_unknown_token_type_unused(&exchanges))
}

#[given("the relying party is started anew with a client secret of reserved characters")]
async fn reserved_secret(world: &mut World) -> Result<(), Failure> {
    if world.setup()?.is_shared() {
        return Err(Failure::not_applicable("the running application has fixed credentials"));
    }
    if world.setup()?.profile.app.r#type.is_public() {
        return Err(Failure::not_applicable("a public client has no secret"));
    }
    world.stage()?.mock()?;
    world.provoke_by_hand().await?;
    world.stage_mut()?.restart_with_secret(SecretString::from(RESERVED)).await?;
    world.delivered()
}

#[then("the platform recognises the client by its Basic credentials")]
async fn recognised(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    let request = last_with_basic(&exchanges)?;
    let own = world.stage()?.credentials.as_ref().map(|own| own.client_id.as_str());
    if request.status != 401 && request.facts.client_id.as_deref() == own {
        return Ok(());
    }
    let actual = format!("status {}: {}", request.status, request.facts.refusal.as_deref().unwrap_or("the client is unknown"));
    let summary = "does not form-encode the client secret in the Basic header";
    world.find(summary, "id and secret form-encoded before they are joined", &actual, &[request.number])
}

/// The last token request whose client authenticates by HTTP Basic.
fn last_with_basic(exchanges: &[Exchange]) -> Result<&Exchange, Failure> {
    let mut requests = exchanges.iter().filter(|exchange| exchange.endpoint == Endpoint::Token).peekable();
    if requests.peek().is_none() {
        return Err(Failure::unjudged("the application sent no token request"));
    }
    let basic = requests.rfind(|request| request.facts.client_authentication.contains(&ClientAuthentication::ClientSecretBasic));
    basic.ok_or_else(|| Failure::not_applicable("the application does not authenticate by HTTP Basic"))
}

#[then("the keys of the platform are read a few times at most")]
async fn keys_read_sparingly(world: &mut World) -> Result<(), Failure> {
    let (all, since) = (world.exchanges()?, world.provoked_exchanges()?);
    world.judge(checks::check_keys_read_sparingly(&all, &since, MOST_READS))
}
