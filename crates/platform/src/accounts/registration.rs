use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Accounts, UserId};
use crate::domain::{App, ApplicationType};
use crate::oauth::{ScopeSet, giponext};
use crate::{Random, kept_secret};

/// C-13: application type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegistrationType {
    Web,
    /// A page whose script is the client. C-13 ends its list of types with "…": that there is one for it is assumed.
    Spa,
    Native,
    Daemon,
}

impl RegistrationType {
    /// Whether whoever has the application has all that it knows: no secret (RFC 6749 section 2.1).
    pub fn is_public(self) -> bool {
        matches!(self, Self::Spa | Self::Native)
    }
}

/// C-13, C-30: the grants that an application can be registered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    DeviceCode,
}

/// What the integrator fills in under Developer -> OAuth Applications (C-13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationRequest {
    pub r#type: RegistrationType,
    pub grant: GrantType,
    pub name: String,
    pub description: String,
    pub redirect_uris: Vec<String>,
    pub scopes: ScopeSet,
    /// Requested claims, such as `name` and `email`.
    pub claims: Vec<String>,
}

impl RegistrationRequest {
    /// A web application that asks for these scopes (a list with blanks between them).
    pub fn web(name: &str, redirect_uri: &str, scopes: &str) -> Self {
        Self {
            r#type: RegistrationType::Web,
            grant: GrantType::AuthorizationCode,
            name: name.to_owned(),
            description: name.to_owned(),
            redirect_uris: vec![redirect_uri.to_owned()],
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            claims: vec!["name".to_owned(), "email".to_owned()],
        }
    }

    /// The registration that an application's profile asks for.
    pub fn of(app: &App, redirect_uris: &[String], description: &str) -> Self {
        let (r#type, grant) = match app.r#type {
            ApplicationType::Web => (RegistrationType::Web, GrantType::AuthorizationCode),
            ApplicationType::Spa => (RegistrationType::Spa, GrantType::AuthorizationCode),
            ApplicationType::Native => (RegistrationType::Native, GrantType::AuthorizationCode),
            ApplicationType::Device => (RegistrationType::Daemon, GrantType::DeviceCode),
        };
        Self {
            r#type,
            grant,
            name: app.name.clone(),
            description: description.to_owned(),
            redirect_uris: redirect_uris.to_vec(),
            scopes: app.scopes.iter().cloned().collect(),
            claims: vec!["name".to_owned(), "email".to_owned()],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistrationStatus {
    Pending,
    Approved,
    Refused { reason: String },
}

/// An OAuth application and its client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Registration {
    /// Number in the portal's URLs, from 1.
    pub number: u32,
    pub owner: UserId,
    pub request: RegistrationRequest,
    pub status: RegistrationStatus,
    pub submitted_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    /// Where a sign-out may send the browser on to. No field of the request: support enters it.
    pub post_logout_redirect_uris: Vec<String>,
    /// Released by the approval (C-15).
    pub client_id: Option<String>,
    /// SHA-256 of the secret; the secret itself is shown once.
    secret_digest: Option<Vec<u8>>,
    /// The secret until the owner has seen it.
    #[serde(with = "kept_secret::option")]
    unseen_secret: Option<SecretString>,
    /// The secret for as long as this platform runs. Only the fault that signs with it reads it.
    #[serde(skip)]
    known_secret: Option<SecretString>,
}

/// What the approval releases (C-15). A public client has no secret.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub client_id: String,
    pub client_secret: Option<SecretString>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    #[error("the developer role is not active on this account")]
    NoDeveloperRole,
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("the redirect URI `{0}` is not allowed: use https, or http on a loopback address, without a fragment")]
    RedirectUri(String),
    #[error("the scope `{0}` does not exist")]
    UnknownScope(String),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    #[error("there is no OAuth application number {0}")]
    Unknown(u32),
    #[error("the request is already decided")]
    Decided,
    #[error("a refusal needs a reason")]
    NoReason,
}

impl Registration {
    pub fn is_public(&self) -> bool {
        self.request.r#type.is_public()
    }

    pub fn secret_matches(&self, secret: &str) -> bool {
        self.secret_digest.as_deref().is_some_and(|digest| digest == sha256(secret))
    }

    /// `None` for a public client, and for one that was registered before this platform was started.
    pub fn known_secret(&self) -> Option<SecretString> {
        self.known_secret.clone()
    }

    pub fn has_unseen_secret(&self) -> bool {
        self.unseen_secret.is_some()
    }

    /// The secret, the first time it is asked for (shown once, C-15).
    pub fn take_unseen_secret(&mut self) -> Option<SecretString> {
        self.unseen_secret.take()
    }
}

impl Accounts {
    /// Submits an OAuth application request (C-13). It can start no login until it is approved.
    pub fn submit_registration(&mut self, owner: &UserId, request: RegistrationRequest, now: Timestamp) -> Result<u32, RegistrationError> {
        if !self.user(owner).is_some_and(|user| user.developer && user.active) {
            return Err(RegistrationError::NoDeveloperRole);
        }
        if let Some(problem) = request.problems().into_iter().next() {
            return Err(problem);
        }
        let number = u32::try_from(self.registrations.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.registrations.push(Registration {
            number,
            owner: owner.clone(),
            request,
            status: RegistrationStatus::Pending,
            submitted_at: now,
            decided_at: None,
            post_logout_redirect_uris: Vec::new(),
            client_id: None,
            secret_digest: None,
            unseen_secret: None,
            known_secret: None,
        });
        Ok(number)
    }

    /// Approves a pending request and releases its credentials (C-15).
    pub fn approve_registration(&mut self, random: &Random, number: u32, now: Timestamp) -> Result<Credentials, DecisionError> {
        let registration = self.pending(number)?;
        let client_id = format!("gipo-{}", random.token(9));
        let secret = (!registration.is_public()).then(|| SecretString::from(random.token(32)));
        registration.status = RegistrationStatus::Approved;
        registration.decided_at = Some(now);
        registration.client_id = Some(client_id.clone());
        registration.secret_digest = secret.as_ref().map(|secret| sha256(secret.expose_secret()));
        registration.unseen_secret.clone_from(&secret);
        registration.known_secret.clone_from(&secret);
        Ok(Credentials { client_id, client_secret: secret })
    }

    pub fn refuse_registration(&mut self, number: u32, reason: &str, now: Timestamp) -> Result<(), DecisionError> {
        if reason.trim().is_empty() {
            return Err(DecisionError::NoReason);
        }
        let registration = self.pending(number)?;
        registration.status = RegistrationStatus::Refused { reason: reason.trim().to_owned() };
        registration.decided_at = Some(now);
        Ok(())
    }

    /// The approved application with this client id; a pending or refused one has none.
    pub fn client(&self, client_id: &str) -> Option<&Registration> {
        self.registrations.iter().find(|registration| registration.client_id.as_deref() == Some(client_id))
    }

    /// Whether an approved single-page application gets its responses at this origin.
    pub fn has_browser_client_at(&self, origin: &str) -> bool {
        let approved = self.registrations.iter().filter(|registration| registration.client_id.is_some());
        let of_browsers = approved.filter(|registration| registration.request.r#type == RegistrationType::Spa);
        let mut redirect_uris = of_browsers.flat_map(|registration| &registration.request.redirect_uris);
        redirect_uris.any(|uri| Url::parse(uri).is_ok_and(|uri| uri.origin().ascii_serialization() == origin))
    }

    /// Lets a sign-out that the client asks for go on to this address. `false` where there is no such client.
    pub fn allow_post_logout(&mut self, client_id: &str, uri: &str) -> bool {
        let client = self.registrations.iter_mut().find(|registration| registration.client_id.as_deref() == Some(client_id));
        client.map(|client| client.post_logout_redirect_uris.push(uri.to_owned())).is_some()
    }

    /// Lets the client ask for every scope that there is. `false` where there is no such client.
    pub fn allow_every_scope(&mut self, client_id: &str) -> bool {
        let client = self.registrations.iter_mut().find(|registration| registration.client_id.as_deref() == Some(client_id));
        client.map(|client| client.request.scopes = giponext::ALL.into_iter().collect()).is_some()
    }

    /// Registers an approved client with credentials that are given beforehand (fixed set-ups such as `collaudo mock`).
    pub fn preregister(&mut self, owner: &UserId, request: RegistrationRequest, credentials: &Credentials, now: Timestamp) {
        let number = u32::try_from(self.registrations.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.registrations.push(Registration {
            number,
            owner: owner.clone(),
            request,
            status: RegistrationStatus::Approved,
            submitted_at: now,
            decided_at: Some(now),
            post_logout_redirect_uris: Vec::new(),
            client_id: Some(credentials.client_id.clone()),
            secret_digest: credentials.client_secret.as_ref().map(|secret| sha256(secret.expose_secret())),
            unseen_secret: None,
            known_secret: credentials.client_secret.clone(),
        });
    }

    fn pending(&mut self, number: u32) -> Result<&mut Registration, DecisionError> {
        let registration =
            self.registrations.iter_mut().find(|registration| registration.number == number).ok_or(DecisionError::Unknown(number))?;
        if registration.status == RegistrationStatus::Pending { Ok(registration) } else { Err(DecisionError::Decided) }
    }
}

impl RegistrationRequest {
    /// Everything that keeps the request from being submitted, in the order of the form.
    pub fn problems(&self) -> Vec<RegistrationError> {
        let mut problems = Vec::new();
        for (value, name) in [(&self.name, "the name"), (&self.description, "the description")] {
            if value.trim().is_empty() {
                problems.push(RegistrationError::Missing(name));
            }
        }
        if self.grant == GrantType::AuthorizationCode && self.redirect_uris.is_empty() {
            problems.push(RegistrationError::Missing("the redirect URI"));
        }
        if let Some(uri) = self.redirect_uris.iter().find(|uri| !is_allowed_redirect_uri(uri)) {
            problems.push(RegistrationError::RedirectUri(uri.clone()));
        }
        if self.scopes.is_empty() {
            problems.push(RegistrationError::Missing("the scopes"));
        }
        if let Some(scope) = self.scopes.iter().find(|scope| !giponext::ALL.contains(scope)) {
            problems.push(RegistrationError::UnknownScope(scope.to_owned()));
        }
        problems
    }
}

/// https, or http on loopback; never a fragment (RFC 6749 section 3.1.2, RFC 9700 section 2.6).
fn is_allowed_redirect_uri(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| {
        let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        url.fragment().is_none() && (url.scheme() == "https" || (url.scheme() == "http" && loopback))
    })
}

fn sha256(text: &str) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref().to_vec()
}
