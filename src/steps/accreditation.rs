//! The accreditation journey at the account portal.

use cucumber::{given, then, when};
use secrecy::ExposeSecret;

use super::Failure;
use super::client::{OwnClient, Response};
use super::people::{IRENE, TEA};
use super::sign_in::{Consent, Outcome};
use super::stage::questions_to;
use super::world::World;
use crate::browser::pages::{Access, ApplicationStatus, TicketForm, TicketStatus};
use crate::checks;
use crate::oauth::giponext;
use crate::platform::accounts::{GrantType, RegistrationRequest, RegistrationType, TicketKind};

const INTENT: &str = "Prenotazioni e referti nel portale dei pazienti";
const REASON: &str = "Manca l'informativa sul trattamento dei dati";

#[when("Dario introduces Irene to GipoNext with a ticket")]
async fn introduces(world: &mut World) -> Result<(), Failure> {
    let dario = world.at_the_portal("Dario").await?;
    let ticket = dario.portal().open_ticket(&TicketForm::Introduction { integrator_email: IRENE, intent: INTENT }).await?;
    world.memory.ticket = Some(ticket);
    Ok(())
}

#[then("Carla finds the introduction with the integrator's e-mail and the intent")]
async fn finds_introduction(world: &mut World) -> Result<(), Failure> {
    let number = world.ticket()?;
    let carla = world.at_the_portal("Carla").await?;
    let shown = carla.portal().read_ticket(number).await?;
    let missing: Vec<&str> = [IRENE, INTENT].into_iter().filter(|text| !shown.contains(text)).collect();
    let kept = world
        .stage()?
        .mock()?
        .shared()
        .accounts()
        .ticket(number)
        .is_some_and(|ticket| matches!(&ticket.kind, TicketKind::Introduction { .. }));
    world.react(
        missing.is_empty() && kept,
        "the introduction does not reach the administrator whole",
        "e-mail and intent",
        &format!("missing: {missing:?}"),
    )
}

#[given("Irene has registered an account on the reference e-mail")]
async fn irene_registered(world: &mut World) -> Result<(), Failure> {
    world.irene_signs_up().await
}

#[given("Irene sees no Developer menu")]
async fn no_menu(world: &mut World) -> Result<(), Failure> {
    let irene = world.at_the_portal("Irene").await?;
    let menu = irene.portal().has_developer_menu().await?;
    let by_address = irene.portal().open_developer_applications().await?;
    let held = !menu && by_address == Access::Refused;
    world.react(held, "shows the Developer area before the role is active", "no menu, and no way by address", "it is there")
}

#[when("Carla activates the developer role that Irene's ticket asks for")]
async fn activates_role(world: &mut World) -> Result<(), Failure> {
    let ticket = world.irene_asks_for_the_role().await?;
    let carla = world.at_the_portal("Carla").await?;
    Ok(carla.portal().activate_developer(ticket).await?)
}

#[then("Irene sees the Developer menu")]
async fn sees_menu(world: &mut World) -> Result<(), Failure> {
    let ticket = world.ticket()?;
    let irene = world.at_the_portal("Irene").await?;
    let held = irene.portal().has_developer_menu().await? && irene.portal().ticket_status(ticket).await? == TicketStatus::Done;
    world.react(held, "the developer role does not open the Developer menu", "the menu, and the ticket done", "they are not there")
}

#[given("Irene has a developer account with the developer role")]
async fn irene_is_developer(world: &mut World) -> Result<(), Failure> {
    world.irene_becomes_developer().await
}

#[then("no medical centre's data was given out for Irene")]
async fn no_data_for_irene(world: &mut World) -> Result<(), Failure> {
    let irene = world.stage()?.mock()?.subject_of(IRENE).map(|subject| subject.0).unwrap_or_default();
    let judgement = checks::check_no_data_given(&world.exchanges()?, &irene);
    world.judge(judgement)
}

#[then("the platform names no medical centre for Irene")]
async fn no_medical_centre(world: &mut World) -> Result<(), Failure> {
    let mut client = OwnClient::register(world.stage()?).await?;
    if let Response::Error(error) = client.authorize(world.stage_mut()?, "Irene", &[]).await? {
        return Err(Failure::unjudged(format!("Irene's sign-in ended with {error}")));
    }
    client.redeem(None).await?;
    let url = world.stage()?.api()?.join("v2/userinfo").map_err(Failure::broke)?;
    let token = client.tokens()?.access.clone();
    client.get(url.as_str(), Some(&token)).await?;
    let tenants = client.answer()?.body.get("tenants").and_then(serde_json::Value::as_array).map(Vec::len);
    world.react(tenants == Some(0), "the developer account opens a medical centre", "no tenant", &format!("{tenants:?} tenants"))
}

#[given("Irene has submitted an OAuth application request")]
async fn has_submitted(world: &mut World) -> Result<(), Failure> {
    world.irene_becomes_developer().await?;
    world.irene_submits(&sample_request()).await.map(drop)
}

#[when("Irene submits an OAuth application request with every field")]
async fn submits(world: &mut World) -> Result<(), Failure> {
    world.irene_submits(&sample_request()).await.map(drop)
}

#[then("the request waits for approval with every field as submitted")]
async fn waits_as_submitted(world: &mut World) -> Result<(), Failure> {
    let number = world.application_number()?;
    let irene = world.at_the_portal("Irene").await?;
    let pending = irene.portal().application_status(number).await? == ApplicationStatus::Pending;
    let kept = world
        .stage()?
        .mock()?
        .shared()
        .accounts()
        .registrations
        .iter()
        .find(|registration| registration.number == number)
        .map(|kept| kept.request.clone());
    let wanted = sample_request();
    let actual = if pending { format!("{kept:?}") } else { "it does not wait for approval".to_owned() };
    world.react(pending && kept.as_ref() == Some(&wanted), "the request does not wait as it was submitted", &format!("{wanted:?}"), &actual)
}

#[then("Irene finds no credentials")]
async fn no_credentials(world: &mut World) -> Result<(), Failure> {
    let number = world.application_number()?;
    let irene = world.at_the_portal("Irene").await?;
    let found = irene.portal().read_credentials(number).await?.is_some();
    world.react(!found, "shows credentials before the approval", "no credentials", "they are there")
}

#[then("no sign-in can be started for the pending application")]
async fn no_sign_in_while_pending(world: &mut World) -> Result<(), Failure> {
    let number = world.application_number()?;
    let unapproved =
        world.stage()?.mock()?.shared().accounts().registrations.iter().all(|kept| kept.number != number || kept.client_id.is_none());
    let mut url = world.stage()?.mock()?.issuer().join("connect/authorize").map_err(Failure::broke)?;
    let request = sample_request();
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &number.to_string()),
        ("redirect_uri", &request.redirect_uris[0]),
    ]);
    let answer = questions_to(url.as_str())?.build().map_err(Failure::broke)?.get(url).send().await.map_err(Failure::unjudged)?;
    let held = unapproved && answer.status().is_client_error() && answer.headers().get("location").is_none();
    world.react(
        held,
        "starts a sign-in for an application that is not approved",
        "an error page and no redirect",
        &format!("status {}", answer.status()),
    )
}

#[when("Carla refuses the request with a reason")]
async fn refuses(world: &mut World) -> Result<(), Failure> {
    let number = world.application_number()?;
    let carla = world.at_the_portal("Carla").await?;
    Ok(carla.portal().refuse_application(number, REASON).await?)
}

#[then("Irene reads the reason and finds no credentials")]
async fn reads_reason(world: &mut World) -> Result<(), Failure> {
    let number = world.application_number()?;
    let irene = world.at_the_portal("Irene").await?;
    let status = irene.portal().application_status(number).await?;
    let credentials = irene.portal().read_credentials(number).await?.is_some();
    let held = status == ApplicationStatus::Refused { reason: REASON.to_owned() } && !credentials;
    world.react(held, "a refused application is not told why, or has credentials", "the reason and no credentials", &format!("{status:?}"))
}

#[when("Carla approves the request")]
async fn approves(world: &mut World) -> Result<(), Failure> {
    let number = world.application_number()?;
    let carla = world.at_the_portal("Carla").await?;
    Ok(carla.portal().approve_application(number).await?)
}

#[then("Irene reads the client id and, once, the client secret")]
async fn reads_credentials(world: &mut World) -> Result<(), Failure> {
    let number = world.application_number()?;
    let irene = world.at_the_portal("Irene").await?;
    let first = irene.portal().read_credentials(number).await?;
    let second = irene.portal().read_credentials(number).await?;
    let held = matches!(&first, Some((id, Some(secret))) if !id.is_empty() && !secret.expose_secret().is_empty())
        && matches!(&second, Some((_, None)));
    world.react(
        held,
        "the approval does not release the credentials once",
        "client id and secret, the secret only the first time",
        "something else",
    )
}

#[given("Irene's application is approved and set up")]
async fn approved_and_set_up(world: &mut World) -> Result<(), Failure> {
    if world.setup()?.is_shared() {
        return Err(Failure::not_applicable("the running application has fixed credentials: it cannot be given those of the portal"));
    }
    world.setup()?.admit()?;
    world.irene_becomes_developer().await?;
    let (listener, redirect_uris) = world.stage()?.application_address()?;
    let request = world.stage()?.registration(&redirect_uris);
    let number = world.irene_submits(&request).await?;
    world.at_the_portal("Carla").await?.portal().approve_application(number).await?;
    let (client_id, client_secret) = world
        .at_the_portal("Irene")
        .await?
        .portal()
        .read_credentials(number)
        .await?
        .ok_or_else(|| Failure::unjudged("the approval released no credentials"))?;
    let credentials = crate::platform::accounts::Credentials { client_id, client_secret };
    world.stage_mut()?.start_application(credentials, listener).await
}

#[given(expr = "Dario has asked for a user for {word} with a ticket that names the e-mail")]
async fn asked_for_user(world: &mut World, name: String) -> Result<(), Failure> {
    world.dario_asks_for(&name, false).await.map(drop)
}

#[when("Carla creates the user that Dario's ticket asks for")]
async fn creates_user(world: &mut World) -> Result<(), Failure> {
    let ticket = world.ticket()?;
    Ok(world.at_the_portal("Carla").await?.portal().create_user(ticket).await?)
}

#[then(expr = "{word} signs in through the popup and sees the medical centre's data")]
async fn signs_in_and_sees(world: &mut World, name: String) -> Result<(), Failure> {
    let ticket = world.ticket()?;
    let handed = world.at_the_portal("Dario").await?.portal().initial_password(ticket).await?;
    let person = world.stage()?.person(&name)?;
    if handed.is_none_or(|password| password.expose_secret() != person.password.expose_secret()) {
        return world.react(false, "the ticket does not hand over the user's first password", "the password, once", "none");
    }
    world.honest_sign_in(&name).await?;
    for feature in world.features()? {
        world.open_feature_as_actor(&feature).await?;
        world.shows_data(&feature).await?;
    }
    Ok(())
}

#[given(expr = "{word} is a temporary user of the medical centre and signed in at the relying party")]
async fn temporary_user(world: &mut World, name: String) -> Result<(), Failure> {
    let ticket = world.dario_asks_for(&name, true).await?;
    world.at_the_portal("Carla").await?.portal().create_user(ticket).await?;
    world.honest_sign_in(&name).await?;
    let mut client = OwnClient::register(world.stage()?).await?;
    if let Response::Error(error) = client.authorize(world.stage_mut()?, &name, &[]).await? {
        return Err(Failure::unjudged(format!("{name}'s sign-in ended with {error}")));
    }
    client.redeem(None).await?;
    client.tokens()?;
    world.memory.client = Some(client);
    Ok(())
}

#[when("Carla deactivates the user that Dario's ticket names")]
async fn deactivates_by_ticket(world: &mut World) -> Result<(), Failure> {
    let dario = world.at_the_portal("Dario").await?;
    let ticket = dario.portal().open_ticket(&TicketForm::DeactivateUser { email: TEA }).await?;
    Ok(world.at_the_portal("Carla").await?.portal().fulfil_ticket(ticket).await?)
}

#[then(expr = "{word} can neither sign in, refresh nor call")]
async fn locked_out(world: &mut World, name: String) -> Result<(), Failure> {
    let person = world.stage()?.person(&name)?;
    let stage = world.stage_mut()?;
    stage.forget_visitor(&name);
    let outcome = stage.sign_in(&person, &Consent::GrantAll).await?;
    let signed_in = !matches!(outcome, Outcome::TurnedAway(_));
    let url = stage.api()?.join("v2/userinfo").map_err(Failure::broke)?;
    let mut client = world.memory.client.take().ok_or_else(|| Failure::broke("no client of our own is registered"))?;
    let tokens = client.tokens()?.clone();
    client.get(url.as_str(), Some(&tokens.access)).await?;
    let called = client.answer()?.status != 401;
    let refresh = tokens.refresh.ok_or_else(|| Failure::unjudged("the platform gave no refresh token"))?;
    client.refresh(&refresh).await?;
    let refreshed = client.answer()?.status == 200;
    let left: Vec<&str> = [(signed_in, "signs in"), (called, "calls the API"), (refreshed, "refreshes")]
        .into_iter()
        .filter(|(still, _)| *still)
        .map(|(_, what)| what)
        .collect();
    world.react(
        left.is_empty(),
        "a deactivated user still has access",
        "no sign-in, no refresh, no call",
        &format!("{name} still {}", left.join(", ")),
    )
}

/// A request with every field of C-13 filled in.
fn sample_request() -> RegistrationRequest {
    RegistrationRequest {
        r#type: RegistrationType::Web,
        grant: GrantType::AuthorizationCode,
        name: "Portale Pazienti".to_owned(),
        description: "Prenotazioni e referti per i pazienti del centro".to_owned(),
        redirect_uris: vec!["https://portale.integratore.example/callback".to_owned()],
        scopes: [giponext::OPENID, giponext::OFFLINE_ACCESS, giponext::PATIENTS, giponext::AGENDA, giponext::MEDICAL_REPORTS]
            .into_iter()
            .collect(),
        claims: vec!["name".to_owned(), "email".to_owned()],
    }
}
