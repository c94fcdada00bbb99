//! People at the account portal of the mock: each in a browser of their own, signed in when they are first needed.

use secrecy::SecretString;

use super::Failure;
use super::people::{IRENE, NORA, TEA};
use super::world::World;
use crate::browser::Page;
use crate::browser::pages::{Access, ApplicationForm, PersonForm, Portal, TicketForm};
use crate::oauth::ScopeSet;
use crate::platform::accounts::{Credentials, RegistrationRequest, RegistrationType};
use url::Url;

/// A person's window at the portal.
pub struct Desk {
    page: Page,
    base: Url,
}

impl Desk {
    pub fn portal(&self) -> Portal<'_> {
        Portal::new(&self.page, &self.base)
    }
}

impl World {
    /// The portal in the person's own browser. The journey writes, so it is walked at the mock alone.
    pub(super) async fn at_the_portal(&mut self, name: &str) -> Result<Desk, Failure> {
        let stage = self.raise().await?;
        stage.mock()?;
        let known = stage.is_at_the_portal(name);
        let (page, base) = stage.portal_page(name).await?;
        let desk = Desk { page, base };
        if !known && name != "Irene" {
            let person = self.stage()?.person(name)?;
            if desk.portal().sign_in(&person.email, &person.password).await? == Access::Refused {
                return Err(Failure::unjudged(format!("the portal refuses {name}'s sign-in")));
            }
        }
        Ok(desk)
    }

    /// Irene signs up on the reference e-mail and signs in.
    pub(super) async fn irene_signs_up(&mut self) -> Result<(), Failure> {
        let desk = self.at_the_portal("Irene").await?;
        let password = SecretString::from(self.stage()?.mock()?.shared().random.token(12));
        let form = PersonForm { given_name: "Irene", family_name: "Sala", email: IRENE, password: &password };
        desk.portal().sign_up(&form).await?;
        if desk.portal().is_signed_in().await? {
            return Ok(());
        }
        match desk.portal().sign_in(IRENE, &password).await? {
            Access::Reached => Ok(()),
            Access::Refused => Err(Failure::unjudged("the portal refuses the account that it has just made")),
        }
    }

    /// Irene asks for the developer role, Carla activates it.
    pub(super) async fn irene_becomes_developer(&mut self) -> Result<(), Failure> {
        self.irene_signs_up().await?;
        let ticket = self.irene_asks_for_the_role().await?;
        let carla = self.at_the_portal("Carla").await?;
        Ok(carla.portal().activate_developer(ticket).await?)
    }

    pub(super) async fn irene_asks_for_the_role(&mut self) -> Result<u32, Failure> {
        let irene = self.at_the_portal("Irene").await?;
        let ticket = irene.portal().open_ticket(&TicketForm::DeveloperRole { email: IRENE }).await?;
        self.memory.ticket = Some(ticket);
        Ok(ticket)
    }

    /// Irene submits a request; its number at the portal.
    pub(super) async fn irene_submits(&mut self, request: &RegistrationRequest) -> Result<u32, Failure> {
        let irene = self.at_the_portal("Irene").await?;
        let redirect_uris: Vec<&str> = request.redirect_uris.iter().map(String::as_str).collect();
        let claims: Vec<&str> = request.claims.iter().map(String::as_str).collect();
        let form = ApplicationForm {
            r#type: if request.r#type == RegistrationType::Spa { "spa" } else { "web" },
            grant: "authorization_code",
            name: &request.name,
            description: &request.description,
            redirect_uris: &redirect_uris,
            scopes: request.scopes.iter().collect::<ScopeSet>(),
            claims: &claims,
        };
        let number = irene.portal().submit_application(&form).await?;
        self.memory.application = Some(number);
        Ok(number)
    }

    /// Irene submits a request, Carla approves it, and Irene reads the credentials.
    pub(super) async fn irene_is_given_credentials(&mut self, request: &RegistrationRequest) -> Result<Credentials, Failure> {
        let number = self.irene_submits(request).await?;
        self.at_the_portal("Carla").await?.portal().approve_application(number).await?;
        let released = self.at_the_portal("Irene").await?.portal().read_credentials(number).await?;
        let (client_id, client_secret) = released.ok_or_else(|| Failure::unjudged("the approval released no credentials"))?;
        Ok(Credentials { client_id, client_secret })
    }

    /// Dario asks for a user; Carla creates it when `create` says so.
    pub(super) async fn dario_asks_for(&mut self, name: &str, temporary: bool) -> Result<u32, Failure> {
        let (email, family_name) = if name == "Tea" { (TEA, "Prova") } else { (NORA, "Valli") };
        let dario = self.at_the_portal("Dario").await?;
        let form = TicketForm::CreateUser { email, given_name: name, family_name, temporary };
        let ticket = dario.portal().open_ticket(&form).await?;
        self.memory.ticket = Some(ticket);
        Ok(ticket)
    }

    pub(super) fn ticket(&self) -> Result<u32, Failure> {
        self.memory.ticket.ok_or_else(|| Failure::broke("no step has opened a ticket"))
    }

    pub(super) fn application_number(&self) -> Result<u32, Failure> {
        self.memory.application.ok_or_else(|| Failure::broke("no step has submitted an application"))
    }
}
