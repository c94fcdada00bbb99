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
use crate::platform::accounts::{GrantType, Registration, RegistrationRequest, RegistrationType, TicketKind};

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
    let shown = world.at_the_portal("Carla").await?.portal().read_ticket(number).await?;
    let missing: Vec<&str> = [IRENE, INTENT].into_iter().filter(|text| !shown.contains(text)).collect();
    let held = missing.is_empty() && world.is_introduction(number)?;
    let summary = "the introduction does not reach the administrator whole";
    world.react(held, summary, "e-mail and intent", &format!("missing: {missing:?}"))
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
    let irene = world.stage()?.subject(IRENE)?;
    let judgement = checks::check_no_data_given(&world.exchanges()?, &irene);
    world.judge(judgement)
}

#[then("the platform names no medical centre for Irene")]
async fn no_medical_centre(world: &mut World) -> Result<(), Failure> {
    let mut client = world.client_signed_in_by("Irene").await?;
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
    let (kept, wanted) = (world.kept_registration(number)?.map(|kept| kept.request), sample_request());
    let actual = if pending { format!("{kept:?}") } else { "it does not wait for approval".to_owned() };
    let held = pending && kept.as_ref() == Some(&wanted);
    world.react(held, "the request does not wait as it was submitted", &format!("{wanted:?}"), &actual)
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
    let unapproved = world.kept_registration(number)?.is_none_or(|kept| kept.client_id.is_none());
    let answer = world.ask_authorization_for(number).await?;
    let held = unapproved && answer.status().is_client_error() && answer.headers().get("location").is_none();
    let summary = "starts a sign-in for an application that is not approved";
    world.react(held, summary, "an error page and no redirect", &format!("status {}", answer.status()))
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
    let (summary, expected) =
        ("the approval does not release the credentials once", "client id and secret, the secret only the first time");
    world.react(held, summary, expected, "something else")
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
    let credentials = world.irene_is_given_credentials(&request).await?;
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
    if !world.is_handed_the_password_of(&name).await? {
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
    let client = world.client_signed_in_by(&name).await?;
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
    let signed_in = world.signs_in_anew(&name).await?;
    let (called, refreshed) = world.client_calls_and_refreshes().await?;
    let tried = [(signed_in, "signs in"), (called, "calls the API"), (refreshed, "refreshes")];
    let left: Vec<&str> = tried.into_iter().filter(|(still, _)| *still).map(|(_, what)| what).collect();
    let actual = format!("{name} still {}", left.join(", "));
    world.react(left.is_empty(), "a deactivated user still has access", "no sign-in, no refresh, no call", &actual)
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

impl World {
    /// Whether the platform has this ticket, as an introduction.
    fn is_introduction(&self, number: u32) -> Result<bool, Failure> {
        let accounts = self.stage()?.mock()?.shared().accounts();
        Ok(accounts.ticket(number).is_some_and(|ticket| matches!(&ticket.kind, TicketKind::Introduction { .. })))
    }

    /// The application with this number, as the platform has it.
    fn kept_registration(&self, number: u32) -> Result<Option<Registration>, Failure> {
        let accounts = self.stage()?.mock()?.shared().accounts();
        Ok(accounts.registrations.iter().find(|registration| registration.number == number).cloned())
    }

    /// An authorization request for an application that has no client id yet: its number stands for one.
    async fn ask_authorization_for(&self, number: u32) -> Result<reqwest::Response, Failure> {
        let mut url = self.stage()?.mock()?.issuer().join("connect/authorize").map_err(Failure::broke)?;
        let request = sample_request();
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &number.to_string()),
            ("redirect_uri", &request.redirect_uris[0]),
        ]);
        questions_to(url.as_str())?.build().map_err(Failure::broke)?.get(url).send().await.map_err(Failure::unjudged)
    }

    /// Whether Dario's ticket hands over the password that the user has.
    async fn is_handed_the_password_of(&mut self, name: &str) -> Result<bool, Failure> {
        let ticket = self.ticket()?;
        let handed = self.at_the_portal("Dario").await?.portal().initial_password(ticket).await?;
        let person = self.stage()?.person(name)?;
        Ok(handed.is_some_and(|password| password.expose_secret() == person.password.expose_secret()))
    }

    /// A client of our own, with the tokens that this person's sign-in gave it.
    async fn client_signed_in_by(&mut self, name: &str) -> Result<OwnClient, Failure> {
        let mut client = OwnClient::register(self.stage()?).await?;
        if let Response::Error(error) = client.authorize(self.stage_mut()?, name, &[]).await? {
            return Err(Failure::unjudged(format!("{name}'s sign-in ended with {error}")));
        }
        client.redeem(None).await?;
        Ok(client)
    }

    /// Whether the platform lets this person sign in, in a new browser.
    async fn signs_in_anew(&mut self, name: &str) -> Result<bool, Failure> {
        let stage = self.stage_mut()?;
        let person = stage.person(name)?;
        stage.forget_visitor(name);
        let outcome = stage.sign_in(&person, &Consent::GrantAll).await?;
        Ok(!matches!(outcome, Outcome::TurnedAway(_)))
    }

    /// Whether the tokens of our own client are still good: for a call, and for a refresh.
    async fn client_calls_and_refreshes(&mut self) -> Result<(bool, bool), Failure> {
        let url = self.stage()?.api()?.join("v2/userinfo").map_err(Failure::broke)?;
        let client = self.client()?;
        let tokens = client.tokens()?.clone();
        client.get(url.as_str(), Some(&tokens.access)).await?;
        let called = client.answer()?.status != 401;
        let refresh = tokens.refresh.ok_or_else(|| Failure::unjudged("the platform gave no refresh token"))?;
        client.refresh(&refresh).await?;
        Ok((called, client.answer()?.status == 200))
    }
}
