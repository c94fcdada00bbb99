use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::accounts::{AccountError, Accounts, Credentials, DecisionError, RegistrationError, RegistrationRequest, Session, User, UserId};
use super::authorization::{self, AuthorizationRequest};
use super::{Platform, Random, Shared};
use crate::domain::Exchange;
use crate::oauth::ScopeSet;

/// Account that owns the applications which scenarios register without walking through the portal.
const INTEGRATOR: &str = "integrazioni@collaudo.example";

/// A lever could not be pulled: a mistake of the scenario, never of the application under test.
#[derive(Debug, thiserror::Error)]
pub enum LeverError {
    #[error("failed to make or change an account: {0}")]
    Account(#[from] AccountError),
    #[error("failed to register the application: {0}")]
    Registration(#[from] RegistrationError),
    #[error("failed to approve the application: {0}")]
    Decision(#[from] DecisionError),
    #[error("failed to issue an access token: {0}")]
    Token(String),
    #[error("no user has the e-mail `{0}`")]
    UnknownUser(String),
    #[error("no device waits for this user code: it was decided already, or it has expired")]
    NoDevice,
    #[error("no approved application has the client_id `{0}`")]
    UnknownClient(String),
}

/// What a user granted to a client with one consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantSummary {
    pub client_id: String,
    pub scopes: ScopeSet,
    pub revoked: bool,
}

/// What a scenario can do to the platform behind the application's back.
impl Platform {
    /// Registers an application and approves it at once.
    pub fn register_client(&self, request: RegistrationRequest) -> Result<Credentials, LeverError> {
        let shared = self.shared();
        let now = shared.clock.now();
        let mut accounts = shared.accounts();
        let owner = integrator(&mut accounts, &shared.random)?;
        let number = accounts.submit_registration(&owner, request, now)?;
        Ok(accounts.approve_registration(&shared.random, number, now)?)
    }

    /// Everything is as when the platform started, for whoever uses one platform several times: people, e-mails, records, limits, grants,
    /// faults. What was registered is gone too; it goes on to listen, with its keys and its journal.
    pub fn restore(&self) {
        self.shared().restore();
    }

    /// What was written is undone; everything else stays.
    pub fn restore_records(&self) {
        self.shared().restore_records();
    }

    pub fn password_of(&self, email: &str) -> Option<SecretString> {
        self.shared().accounts().user_by_email(email).map(|user| user.password.clone())
    }

    pub fn subject_of(&self, email: &str) -> Option<UserId> {
        self.shared().accounts().user_by_email(email).map(|user| user.id.clone())
    }

    /// From now on every access token issued so far is answered as expired (C-36).
    pub fn expire_access_tokens(&self) {
        self.shared().authorizations().expire_access_tokens();
    }

    /// The user's refresh tokens are good no more, the access tokens still are (C-37).
    pub fn revoke_refresh_tokens(&self, subject: &UserId) {
        self.shared().authorizations().forget_refresh_tokens(subject);
    }

    /// Ends sign-in, sessions, tokens and refresh tokens of a user at once (C-18, C-38).
    pub fn deactivate_user(&self, email: &str) -> Result<UserId, LeverError> {
        let subject = self.shared().accounts().deactivate(email)?;
        authorization::revoke_all_of(self.shared(), &subject);
        Ok(subject)
    }

    /// Gives a user another e-mail; the subject stays.
    pub fn change_email(&self, email: &str, new: &str) -> Result<UserId, LeverError> {
        Ok(self.shared().accounts().change_email(email, new)?)
    }

    /// What the user granted to this client ends at once: the user removed the application (C-37).
    pub fn revoke_grants(&self, subject: &UserId, client_id: &str) {
        self.shared().authorizations().revoke_grants(subject, client_id);
    }

    /// From now on authorization responses name these besides, in the place of what the redirect URI has there.
    pub fn name_in_responses(&self, parameters: &[(&str, &str)]) {
        let named = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        *self.shared().named_besides.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = named;
    }

    /// Lets a sign-out that the client asks for send the browser on to this address.
    pub fn allow_post_logout(&self, client_id: &str, uri: &str) -> Result<(), LeverError> {
        let known = self.shared().accounts().allow_post_logout(client_id, uri);
        if known { Ok(()) } else { Err(LeverError::UnknownClient(client_id.to_owned())) }
    }

    /// Lets the client ask for every scope that there is, whatever it was registered for.
    pub fn allow_every_scope(&self, client_id: &str) -> Result<(), LeverError> {
        let known = self.shared().accounts().allow_every_scope(client_id);
        if known { Ok(()) } else { Err(LeverError::UnknownClient(client_id.to_owned())) }
    }

    pub fn grants_of(&self, subject: &UserId) -> Vec<GrantSummary> {
        let grants = self.shared().authorizations().grants_of(subject);
        grants.into_iter().map(|(client_id, scopes, revoked)| GrantSummary { client_id, scopes, revoked }).collect()
    }

    /// A good code of a user's own login, as an attacker has it in hand to put before somebody else's browser (RFC 9700
    /// section 4.5): the answer to `attempt`, an authorization request of the attacker's own, or, without one, to a request
    /// that no application made, with neither code challenge nor nonce.
    pub fn issue_code(
        &self,
        email: &str,
        client_id: &str,
        redirect_uri: &str,
        attempt: Option<&Exchange>,
    ) -> Result<SecretString, LeverError> {
        let shared = self.shared();
        let user = self.user(email)?;
        let registered = shared.accounts().client(client_id).map(|registration| registration.request.scopes.clone());
        let registered = registered.ok_or_else(|| LeverError::UnknownClient(client_id.to_owned()))?;
        let parameter = |name: &str| attempt.and_then(|attempt| attempt.query_value(name)).map(str::to_owned);
        let scopes = parameter("scope").map_or(registered, |scope| ScopeSet::parse(&scope));
        let request = AuthorizationRequest {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            state: None,
            nonce: parameter("nonce"),
            code_challenge: parameter("code_challenge"),
            scopes: scopes.clone(),
            login_hint: None,
        };
        let session = new_session(shared, &user, shared.clock.now());
        Ok(SecretString::from(authorization::issue_code(shared, &request, &user, &session, scopes)))
    }

    /// An access token of a user's own sign-in to a client with every scope that the client is registered for.
    pub async fn issue_access_token(&self, email: &str, client_id: &str) -> Result<SecretString, LeverError> {
        let code = self.issue_code(email, client_id, "", None)?;
        let token = authorization::access_token_of_code(self.shared(), client_id, code.expose_secret()).await;
        token.map(SecretString::from).map_err(|error| LeverError::Token(error.to_string()))
    }

    /// Answers a waiting device's request as a user at the verification page would: allows these scopes, space-delimited, or
    /// refuses. `openid` is granted where it was asked for.
    pub fn decide_device(&self, user_code: &str, email: &str, scopes: Option<&str>) -> Result<(), LeverError> {
        let shared = self.shared();
        let user = self.user(email)?;
        let session = new_session(shared, &user, shared.clock.now());
        let decided = authorization::decide_device(shared, user_code, &user, &session, scopes.map(ScopeSet::parse));
        if decided { Ok(()) } else { Err(LeverError::NoDevice) }
    }

    /// Registers an approved application with credentials that it was given beforehand; one that is registered already is brought up
    /// to date.
    pub fn preregister_client(&self, request: RegistrationRequest, credentials: &Credentials) -> Result<(), LeverError> {
        let shared = self.shared();
        let now = shared.clock.now();
        let mut accounts = shared.accounts();
        if let Some(known) = accounts.registrations.iter_mut().find(|known| known.client_id.as_ref() == Some(&credentials.client_id)) {
            known.request = request;
        } else {
            let owner = integrator(&mut accounts, &shared.random)?;
            accounts.preregister(&owner, request, credentials, now);
        }
        Ok(())
    }

    /// The ID token issued last for a user.
    pub fn latest_id_token(&self, subject: &UserId) -> Option<SecretString> {
        self.shared().authorizations().latest_id_token(subject)
    }

    /// The access token issued last for a user.
    pub fn latest_access_token(&self, subject: &UserId) -> Option<SecretString> {
        self.shared().authorizations().latest_access_token(subject)
    }

    fn user(&self, email: &str) -> Result<User, LeverError> {
        self.shared().accounts().user_by_email(email).cloned().ok_or_else(|| LeverError::UnknownUser(email.to_owned()))
    }
}

/// The account that owns what levers register.
fn integrator(accounts: &mut Accounts, random: &Random) -> Result<UserId, LeverError> {
    let owner = match accounts.user_by_email(INTEGRATOR) {
        Some(user) => user.id.clone(),
        None => accounts.sign_up(random, INTEGRATOR, SecretString::from(random.token(12)), "Levers", "Collaudo")?,
    };
    accounts.activate_developer(INTEGRATOR)?;
    Ok(owner)
}

fn new_session(shared: &Shared, user: &User, signed_in_at: Timestamp) -> Session {
    Session { user: user.id.clone(), signed_in_at, sid: shared.random.token(12) }
}
