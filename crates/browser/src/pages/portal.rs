use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::SignInPage;
use super::portal_forms::{Access, ApplicationForm, ApplicationStatus, PersonForm, TicketForm, TicketStatus};
use crate::oauth::giponext;
use crate::{BrowserError, DEFAULT_DEADLINE, Page};

const MESSAGE: &str = "#message";
const USER_MENU: &str = "#user-menu";
const DEVELOPER_MENU: &str = "#developer-menu";
const TICKET: &str = "#ticket";
const REGISTRATION: &str = "#registration";
const CLAIMS: [&str; 2] = ["name", "email"];

/// The account portal as one person uses it in one window.
#[derive(Clone, Copy)]
pub struct Portal<'a> {
    page: &'a Page,
    /// The portal's address.
    base: &'a Url,
}

impl<'a> Portal<'a> {
    /// The portal at the address `base`, in the window `page`; opens nothing yet.
    pub fn new(page: &'a Page, base: &'a Url) -> Self {
        Self { page, base }
    }

    /// Makes a demo account.
    pub async fn sign_up(&self, person: &PersonForm<'_>) -> Result<(), BrowserError> {
        self.open("/sign-up").await?;
        let fields = [
            ("#given_name", person.given_name),
            ("#family_name", person.family_name),
            ("#email", person.email),
            ("#password", person.password.expose_secret()),
        ];
        self.page.fill(&fields).await?;
        self.send("#sign-up-submit").await?;
        self.require("#signed-up", "the new account").await
    }

    /// Signs in at the portal itself; refused when the credentials are wrong or the user is deactivated.
    pub async fn sign_in(&self, email: &str, password: &SecretString) -> Result<Access, BrowserError> {
        self.open("/sign-in").await?;
        SignInPage(self.page).sign_in(email, password).await?;
        self.loaded().await?;
        if self.page.exists(USER_MENU).await? {
            return Ok(Access::Reached);
        }
        match SignInPage(self.page).refusal().await? {
            Some(_) => Ok(Access::Refused),
            None => Err(self.not_shown("an answer to the sign-in").await),
        }
    }

    /// Signs out through the user's menu.
    pub async fn sign_out(&self) -> Result<(), BrowserError> {
        self.open("/").await?;
        self.page.click(USER_MENU).await?;
        self.send("#sign-out").await
    }

    /// Opens the home page and says whether it shows the user's menu.
    pub async fn is_signed_in(&self) -> Result<bool, BrowserError> {
        self.open("/").await?;
        self.page.exists(USER_MENU).await
    }

    /// C-12: the Developer menu is there only with the role.
    pub async fn has_developer_menu(&self) -> Result<bool, BrowserError> {
        self.open("/").await?;
        self.require(USER_MENU, "somebody signed in").await?;
        self.page.exists(DEVELOPER_MENU).await
    }

    /// Goes to Developer -> OAuth Applications by its address, menu or no menu.
    pub async fn open_developer_applications(&self) -> Result<Access, BrowserError> {
        self.open("/developer/applications").await?;
        if self.page.exists("#applications").await? {
            return Ok(Access::Reached);
        }
        match self.page.attribute(MESSAGE, "data-status").await?.as_deref() {
            Some("403" | "404") => Ok(Access::Refused),
            _ => Err(self.not_shown("the OAuth applications or their refusal").await),
        }
    }

    /// Opens a ticket and answers with its number.
    pub async fn open_ticket(&self, form: &TicketForm<'_>) -> Result<u32, BrowserError> {
        let (topic, fields) = match form {
            TicketForm::Introduction { integrator_email, intent } => {
                ("introduction", vec![("#email", *integrator_email), ("#text", *intent)])
            }
            TicketForm::DeveloperRole { email } => ("developer-role", vec![("#email", *email)]),
            TicketForm::CreateUser { email, given_name, family_name, temporary } => {
                let temporary = if *temporary { "true" } else { "false" };
                let fields =
                    vec![("#email", *email), ("#given_name", *given_name), ("#family_name", *family_name), ("#temporary", temporary)];
                ("create-user", fields)
            }
            TicketForm::DeactivateUser { email } => ("deactivate-user", vec![("#email", *email)]),
        };
        self.open(&format!("/support/new/{topic}")).await?;
        self.require("#ticket-form", "the ticket's form").await?;
        self.page.fill(&fields).await?;
        self.send("#ticket-submit").await?;
        self.number(TICKET, "the opened ticket").await
    }

    /// Opens a ticket by its number and reads where it stands.
    pub async fn ticket_status(&self, number: u32) -> Result<TicketStatus, BrowserError> {
        self.open(&format!("/support/{number}")).await?;
        match self.page.attribute(TICKET, "data-status").await?.as_deref() {
            Some("open") => Ok(TicketStatus::Open),
            Some("done") => Ok(TicketStatus::Done),
            _ => Err(self.not_shown("the ticket's status").await),
        }
    }

    /// The created user's initial password, which the portal shows once; none when there is none (left).
    pub async fn initial_password(&self, ticket: u32) -> Result<Option<SecretString>, BrowserError> {
        self.open(&format!("/support/{ticket}")).await?;
        self.require(TICKET, "the ticket").await?;
        self.reveal("#reveal-password", "#initial-password").await
    }

    /// Submits an OAuth application request and answers with its number.
    pub async fn submit_application(&self, form: &ApplicationForm<'_>) -> Result<u32, BrowserError> {
        self.open("/developer/applications/new").await?;
        self.require("#application-form", "the application's form").await?;
        let mut fields = vec![
            (format!("input[name=type][value=\"{}\"]", form.r#type), "true".to_owned()),
            (format!("input[name=grant][value=\"{}\"]", form.grant), "true".to_owned()),
            ("#name".to_owned(), form.name.to_owned()),
            ("#description".to_owned(), form.description.to_owned()),
            ("#redirect_uris".to_owned(), form.redirect_uris.join("\n")),
        ];
        let mut choices = |name: &str, offered: &[&str], chosen: &dyn Fn(&str) -> bool| {
            fields.extend(offered.iter().map(|value| (format!("input[name={name}][value=\"{value}\"]"), chosen(value).to_string())));
        };
        choices("scope", &giponext::ALL, &|scope| form.scopes.contains(scope));
        choices("claim", &CLAIMS, &|claim| form.claims.contains(&claim));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(css, value)| (css.as_str(), value.as_str())).collect();
        self.page.fill(&fields).await?;
        self.send("#application-submit").await?;
        self.number(REGISTRATION, "the submitted application").await
    }

    /// Opens an OAuth application by its number and reads where it stands.
    pub async fn application_status(&self, number: u32) -> Result<ApplicationStatus, BrowserError> {
        self.open(&format!("/developer/applications/{number}")).await?;
        match self.page.attribute(REGISTRATION, "data-status").await?.as_deref() {
            Some("pending") => Ok(ApplicationStatus::Pending),
            Some("approved") => Ok(ApplicationStatus::Approved),
            Some("refused") => {
                let reason = self.page.text("#refusal-reason").await?.unwrap_or_default();
                Ok(ApplicationStatus::Refused { reason })
            }
            _ => Err(self.not_shown("the application's status").await),
        }
    }

    /// The released credentials (C-15): none before the approval; the secret only the first time, and never of a public client.
    pub async fn read_credentials(&self, number: u32) -> Result<Option<(String, Option<SecretString>)>, BrowserError> {
        self.open(&format!("/developer/applications/{number}")).await?;
        self.require(REGISTRATION, "the application").await?;
        let Some(client_id) = self.page.text("#client-id").await? else { return Ok(None) };
        let secret = self.reveal("#reveal-secret", "#client-secret").await?;
        Ok(Some((client_id, secret)))
    }

    /// As the administrator.
    pub async fn approve_application(&self, number: u32) -> Result<(), BrowserError> {
        self.open(&format!("/admin/applications/{number}")).await?;
        self.require("#approve", "a pending application to approve").await?;
        self.settle("#approve").await
    }

    /// As the administrator.
    pub async fn refuse_application(&self, number: u32, reason: &str) -> Result<(), BrowserError> {
        self.open(&format!("/admin/applications/{number}")).await?;
        self.require("#refuse", "a pending application to refuse").await?;
        self.page.fill(&[("#reason", reason)]).await?;
        self.settle("#refuse").await
    }

    /// As the administrator: does what a ticket asks: activates the developer role, creates or deactivates a user.
    pub async fn fulfil_ticket(&self, number: u32) -> Result<(), BrowserError> {
        self.open(&format!("/admin/tickets/{number}")).await?;
        self.require("#fulfil", "an open ticket that can be fulfilled").await?;
        self.settle("#fulfil").await
    }

    /// As the administrator: answers a ticket and closes it.
    pub async fn close_ticket(&self, number: u32, answer: &str) -> Result<(), BrowserError> {
        self.open(&format!("/admin/tickets/{number}")).await?;
        self.require("#close-ticket", "an open ticket to close").await?;
        self.page.fill(&[("#answer", answer)]).await?;
        self.settle("#close-ticket").await
    }

    /// As the administrator: what a ticket says.
    pub async fn read_ticket(&self, number: u32) -> Result<String, BrowserError> {
        self.open(&format!("/admin/tickets/{number}")).await?;
        super::visible_text(self.page, DEFAULT_DEADLINE).await
    }

    /// As the administrator.
    pub async fn activate_developer(&self, ticket: u32) -> Result<(), BrowserError> {
        self.fulfil_ticket(ticket).await
    }

    /// As the administrator: with every area permitted.
    pub async fn create_user(&self, ticket: u32) -> Result<(), BrowserError> {
        self.fulfil_ticket(ticket).await
    }

    /// As the administrator: from the list of users, without a ticket.
    pub async fn deactivate_user(&self, email: &str) -> Result<(), BrowserError> {
        self.open("/admin").await?;
        let button = format!("#users [data-email=\"{email}\"] form button");
        self.require(&button, &format!("`{email}` among the active users")).await?;
        self.settle(&button).await
    }

    async fn open(&self, path: &str) -> Result<(), BrowserError> {
        let url = self.base.join(path).map_err(|why| BrowserError::Navigation { url: path.to_owned(), why: why.to_string() })?;
        self.page.goto(url.as_str()).await
    }

    /// Sends a form by its button and waits for the page that answers.
    async fn send(&self, button: &str) -> Result<(), BrowserError> {
        self.page.submit(button).await?;
        self.loaded().await
    }

    async fn loaded(&self) -> Result<(), BrowserError> {
        self.page.wait_until("document.readyState !== 'loading'", "loaded page", DEFAULT_DEADLINE).await
    }

    /// Sends a form of the administration, which leads back to its overview.
    async fn settle(&self, button: &str) -> Result<(), BrowserError> {
        self.send(button).await?;
        self.require("#users", "the administration's overview").await
    }

    async fn reveal(&self, button: &str, value: &str) -> Result<Option<SecretString>, BrowserError> {
        if !self.page.exists(button).await? {
            return Ok(None);
        }
        self.send(button).await?;
        Ok(self.page.text(value).await?.map(SecretString::from))
    }

    async fn number(&self, css: &str, wanted: &str) -> Result<u32, BrowserError> {
        match self.page.attribute(css, "data-number").await?.and_then(|number| number.parse().ok()) {
            Some(number) => Ok(number),
            None => Err(self.not_shown(wanted).await),
        }
    }

    async fn require(&self, css: &str, wanted: &str) -> Result<(), BrowserError> {
        if self.page.exists(css).await? { Ok(()) } else { Err(self.not_shown(wanted).await) }
    }

    /// The page's title and what it says is wrong, never a field's value.
    async fn not_shown(&self, wanted: &str) -> BrowserError {
        match self.page.texts("h1, .form-error, .field-error, #message p").await {
            Ok(texts) => BrowserError::NotShown { wanted: wanted.to_owned(), shown: texts.join(" · ") },
            Err(error) => error,
        }
    }
}
