use secrecy::{ExposeSecret, SecretString};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::Accounts;
use crate::oauth::giponext;
use crate::{Random, kept_secret};

/// The `sub` of a user: opaque, never reused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub String);

/// A medical centre's id in every resource path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub u32);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    pub city: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Works at a medical centre and may see its data.
    EndUser,
    /// Manages a medical centre: opens user tickets.
    Manager,
    /// Registers applications; sees no clinical data (C-11).
    Integrator,
    /// GipoNext's administrator: approves, activates, deactivates.
    Administrator,
}

/// The applicative permission of a user on one resource area, named by its scope (C-53).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permission {
    pub scope: &'static str,
    pub write: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub email: String,
    #[serde(with = "kept_secret")]
    pub password: SecretString,
    pub given_name: String,
    pub family_name: String,
    pub role: Role,
    /// The one tenant that a user belongs to; none for integrators and administrators (C-50).
    pub tenant: Option<TenantId>,
    pub permissions: Vec<Permission>,
    /// Whether support has activated the developer role (C-12).
    pub developer: bool,
    pub active: bool,
    /// A user created for an integrator's tests, to be deactivated at the end (C-18).
    pub temporary: bool,
}

/// A permission as the data file has it.
#[derive(Deserialize)]
struct KeptPermission {
    scope: String,
    write: bool,
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let KeptPermission { scope, write } = KeptPermission::deserialize(deserializer)?;
        let known = giponext::RESOURCES.into_iter().find(|known| *known == scope);
        known.map(|scope| Self { scope, write }).ok_or_else(|| D::Error::custom(format!("no resource area has the scope `{scope}`")))
    }
}

impl User {
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    /// Whether the user may read, or write, the area of `scope`.
    pub fn may(&self, scope: &str, write: bool) -> bool {
        self.permissions.iter().any(|permission| permission.scope == scope && (permission.write || !write))
    }
}

/// Why a sign-in is refused; people are shown the same words for both, the journal tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    #[error("no user has this e-mail and password")]
    WrongCredentials,
    #[error("the user is deactivated")]
    Deactivated,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error("`{0}` already has an account")]
    EmailTaken(String),
    #[error("`{0}` is not an e-mail address")]
    Email(String),
    #[error("a password has at least 10 characters")]
    Password,
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("no user has the e-mail `{0}`")]
    UnknownUser(String),
}

impl Accounts {
    pub fn user(&self, id: &UserId) -> Option<&User> {
        self.users.iter().find(|user| user.id == *id)
    }

    pub fn user_by_email(&self, email: &str) -> Option<&User> {
        self.users.iter().find(|user| user.email.eq_ignore_ascii_case(email.trim()))
    }

    pub fn tenant(&self, id: TenantId) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.id == id)
    }

    /// The active user with these credentials.
    pub fn authenticate(&self, email: &str, password: &str) -> Result<&User, SignInRefusal> {
        let user = self.user_by_email(email).ok_or(SignInRefusal::WrongCredentials)?;
        // Digests compared: the time tells nothing of the password.
        let same = ring::digest::digest(&ring::digest::SHA256, user.password.expose_secret().as_bytes()).as_ref()
            == ring::digest::digest(&ring::digest::SHA256, password.as_bytes()).as_ref();
        match (same, user.active) {
            (false, _) => Err(SignInRefusal::WrongCredentials),
            (true, false) => Err(SignInRefusal::Deactivated),
            (true, true) => Ok(user),
        }
    }

    /// Registers a demo account (C-06): an integrator without the developer role, without a tenant (C-11).
    pub fn sign_up(
        &mut self,
        random: &Random,
        email: &str,
        password: SecretString,
        given_name: &str,
        family_name: &str,
    ) -> Result<UserId, AccountError> {
        let email = self.free_email(email)?;
        if password.expose_secret().chars().count() < 10 {
            return Err(AccountError::Password);
        }
        for (value, name) in [(given_name, "the first name"), (family_name, "the last name")] {
            if value.trim().is_empty() {
                return Err(AccountError::Missing(name));
            }
        }
        let id = UserId(random.token(12));
        self.users.push(User {
            id: id.clone(),
            email,
            password,
            given_name: given_name.trim().to_owned(),
            family_name: family_name.trim().to_owned(),
            role: Role::Integrator,
            tenant: None,
            permissions: Vec::new(),
            developer: false,
            active: true,
            temporary: false,
        });
        Ok(id)
    }

    /// Activates the developer role on an account (C-12).
    pub fn activate_developer(&mut self, email: &str) -> Result<(), AccountError> {
        self.user_mut(email)?.developer = true;
        Ok(())
    }

    /// Gives a user another e-mail; the old one is anybody's then.
    pub fn change_email(&mut self, email: &str, new: &str) -> Result<UserId, AccountError> {
        let new = self.free_email(new)?;
        let user = self.user_mut(email)?;
        user.email = new;
        Ok(user.id.clone())
    }

    pub fn deactivate(&mut self, email: &str) -> Result<UserId, AccountError> {
        let user = self.user_mut(email)?;
        user.active = false;
        let id = user.id.clone();
        self.sessions.retain(|_, session| session.user != id);
        Ok(id)
    }

    pub(super) fn free_email(&self, email: &str) -> Result<String, AccountError> {
        let email = email.trim().to_ascii_lowercase();
        if !is_email(&email) {
            return Err(AccountError::Email(email));
        }
        if self.user_by_email(&email).is_some() {
            return Err(AccountError::EmailTaken(email));
        }
        Ok(email)
    }

    fn user_mut(&mut self, email: &str) -> Result<&mut User, AccountError> {
        self.users
            .iter_mut()
            .find(|user| user.email.eq_ignore_ascii_case(email.trim()))
            .ok_or_else(|| AccountError::UnknownUser(email.to_owned()))
    }
}

pub(super) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}
