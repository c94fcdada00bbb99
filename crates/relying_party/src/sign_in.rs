use oauth2::TokenResponse;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Defect;
use super::api::ApiError;
use super::app::App;
use super::config::under;
use super::http::Answer;
use super::id_token::Occasion;
use super::provider::TokenAnswer;
use super::session::{Attempt, SignedIn, Tenant, Tokens, User};
use crate::oauth::{ScopeSet, decode_jwt, giponext};

/// Characters of a token that the defect keeps.
const SHORT: usize = 4096;

/// How often the defect asks again.
const AGAIN: usize = 12;

/// Why nobody is signed in. What a person reads about it is in `words`; this text is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SignInError {
    #[error("the authorization was refused: {0}")]
    Refused(String),
    #[error("the authorization response was not taken: {0}")]
    Response(&'static str),
    #[error("the ID token was not taken: {0}")]
    IdToken(&'static str),
    #[error("the platform cannot be used as it is: {0}")]
    Platform(&'static str),
    #[error("the platform did not answer")]
    Unavailable,
    #[error("the user belongs to no tenant that this application may serve")]
    ForeignTenant,
    #[error("the user refused a scope")]
    PartialConsent,
    #[error("the session has ended at the platform")]
    SessionEnded,
}

/// What the authorization request sent, to compare with what came of it. A device sends nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked<'a> {
    pub nonce: Option<&'a str>,
    /// Only defects fill these.
    pub other_nonces: &'a [String],
    pub is_trusted: bool,
}

impl<'a> Asked<'a> {
    fn by(attempt: &'a Attempt) -> Self {
        Self { nonce: attempt.nonce.as_deref(), other_nonces: &attempt.other_nonces, is_trusted: attempt.is_trusted }
    }
}

struct Identity {
    /// None when the user refused `openid`.
    sub: Option<String>,
    name: Option<String>,
}

impl App {
    /// From a code to a user.
    pub(crate) async fn sign_in(&self, attempt: &Attempt, code: &str) -> Result<SignedIn, SignInError> {
        let answer = self.redeem(code, attempt).await?;
        self.admit(&answer, Asked::by(attempt)).await
    }

    /// From a token answer, however it was asked for, to a user. No resource is read before every rule has held (GX-02, ID-09).
    pub(crate) async fn admit(&self, answer: &TokenAnswer, asked: Asked<'_>) -> Result<SignedIn, SignInError> {
        if self.config.has(Defect::InspectsAccessToken) && answer.access_token().secret().split('.').count() != 3 {
            return Err(SignInError::Platform("the access token is no JWT"));
        }
        let named = decode_jwt(answer.access_token().secret()).map_or(true, |jwt| jwt.claims.contains_key("sub"));
        if !named && self.config.has(Defect::NeedsClaimsInAccessToken) {
            return Err(SignInError::Platform("the access token names no user"));
        }
        if self.config.has(Defect::NeedsExpiresIn) && answer.expires_in().is_none() {
            return Err(SignInError::Platform("the token answer names no lifetime"));
        }
        let granted = self.granted(answer);
        let identity = self.identity(answer, &granted, asked).await?;
        let mut access = access_token(answer);
        if self.config.has(Defect::KeepsShortTokens) {
            access = access.expose_secret().chars().take(SHORT).collect::<String>().into();
        }
        let has_lifetime = answer.expires_in().is_some();
        let tokens = Tokens { access, refresh: refresh_token(answer), first_refresh: refresh_token(answer), has_lifetime, generation: 0 };
        let user = self.user(identity, &tokens, asked).await;
        let user = if self.config.has(Defect::AllOrNothingConsent) && self.config.scopes.iter().any(|scope| !granted.contains(scope)) {
            Err(SignInError::PartialConsent)
        } else {
            user
        };
        match user {
            Ok(user) => {
                let id_token = answer.extra_fields().id_token.clone().map(SecretString::from);
                Ok(SignedIn { user, granted, tokens, id_token, at_other: false })
            }
            Err(error) => {
                if matches!(error, SignInError::ForeignTenant | SignInError::PartialConsent) {
                    self.revoke_all(&tokens).await;
                }
                Err(error)
            }
        }
    }

    /// A response without `scope` grants what was asked (RFC 6749 section 5.1, TK-07).
    fn granted(&self, answer: &TokenAnswer) -> ScopeSet {
        match answer.scopes() {
            Some(scopes) => scopes.iter().map(|scope| scope.as_str()).collect(),
            None if self.config.has(Defect::ReadsMissingScopeAsNone) => ScopeSet::default(),
            None => self.config.scopes.iter().map(String::as_str).collect(),
        }
    }

    async fn identity(&self, answer: &TokenAnswer, granted: &ScopeSet, asked: Asked<'_>) -> Result<Identity, SignInError> {
        if !granted.contains(giponext::OPENID) {
            return Ok(Identity { sub: None, name: None });
        }
        let Some(id_token) = &answer.extra_fields().id_token else {
            return Err(SignInError::IdToken("there is none, although openid was granted"));
        };
        let sub = self.check_id_token(id_token, Occasion::Login(asked)).await?;
        if self.config.has(Defect::NamesUsersFromIdToken) {
            let named = decode_jwt(id_token).ok().and_then(|jwt| jwt.claims.get("name")?.as_str().map(str::to_owned));
            return Ok(Identity { name: named.or_else(|| Some(sub.clone())), sub: Some(sub) });
        }
        let name = self.openid_name(&sub, &access_token(answer), asked).await?;
        Ok(Identity { sub: Some(sub), name })
    }

    /// The name at OpenID Connect's own userinfo endpoint, when there is one. It is about the same person or worth nothing (ID-13).
    async fn openid_name(&self, sub: &str, access: &SecretString, asked: Asked<'_>) -> Result<Option<String>, SignInError> {
        let metadata = self.metadata().await?;
        let endpoint = match &metadata.userinfo_endpoint {
            Some(endpoint) if *endpoint != under(&self.config.api, "v2/userinfo") => endpoint,
            _ => return Ok(None),
        };
        let Ok(answer) = self.get(endpoint, access).await else { return Ok(None) };
        if self.config.has(Defect::BelievesUnsignedUserInformation)
            && let Ok(jwt) = decode_jwt(&String::from_utf8_lossy(&answer.body))
        {
            return Ok(jwt.claims.get("name").and_then(Value::as_str).map(str::to_owned));
        }
        let Some(info) = answer.status.is_success().then(|| answer.json()).flatten() else { return Ok(None) };
        self.check_subject(sub, &info, asked)?;
        Ok(info["name"].as_str().map(str::to_owned))
    }

    fn check_subject(&self, sub: &str, info: &Value, asked: Asked<'_>) -> Result<(), SignInError> {
        let unknown = (sub.is_empty() && self.config.has(Defect::SkipsSubjectCheck)) || asked.is_trusted;
        let written = serde_json::to_string(&info["sub"]).unwrap_or_default();
        let spelt = self.config.has(Defect::TakesSubjectOfAnyType) && written == sub;
        let untold = info["sub"].is_null() && self.config.has(Defect::ComparesSubjectWhereTold);
        let told = info["sub"].as_str().unwrap_or_default();
        let alike = self.config.has(Defect::ComparesSubjectLoosely) && (told.eq_ignore_ascii_case(sub) || told.starts_with(sub));
        if info["sub"].as_str() == Some(sub) || alike || spelt || unknown || untold || self.config.has(Defect::UsesUserinfoOfAnotherSubject)
        {
            return Ok(());
        }
        Err(SignInError::Platform("the user information is about somebody else"))
    }

    /// Name and tenant, as the platform knows them (GX-01). A user of a tenant that this application may not serve is
    /// refused here, before any resource is read: nothing on the platform does it for us (GX-02, C-51).
    async fn user(&self, identity: Identity, tokens: &Tokens, asked: Asked<'_>) -> Result<User, SignInError> {
        let sub = identity.sub.as_deref();
        if self.config.has(Defect::HardWiredTenant) {
            let id = self.config.tenants.first().cloned().unwrap_or_default();
            let name = identity.name.unwrap_or_else(|| sub.unwrap_or_default().to_owned());
            return Ok(User { sub: sub.unwrap_or_default().to_owned(), name, tenant: Tenant { name: id.clone(), id } });
        }
        let mut answer = self.user_information(tokens).await?;
        for _ in 0..if self.config.has(Defect::AsksAgainWhoIsSignedIn) { AGAIN } else { 0 } {
            if answer.status == 401 {
                answer = self.user_information(tokens).await?;
            }
        }
        if answer.status.is_server_error() || answer.status == 429 {
            return Err(SignInError::Unavailable);
        }
        let info = answer.status.is_success().then(|| answer.json()).flatten();
        let info = info.ok_or(SignInError::Platform("the user information is not readable"))?;
        if let Some(sub) = sub {
            self.check_subject(sub, &info, asked)?;
        }
        let tenants = info["tenants"].as_array().into_iter().flatten().filter_map(tenant).collect::<Vec<_>>();
        let mut tenant = self.own_of(tenants, asked).ok_or(SignInError::ForeignTenant)?;
        if let Some(first) = self.config.tenants.first().filter(|_| self.config.has(Defect::IgnoresTheTenantFound)) {
            tenant.id.clone_from(first);
        }
        let sub = sub.or(info["sub"].as_str()).unwrap_or_default().to_owned();
        let name = identity.name.or_else(|| info["name"].as_str().map(str::to_owned)).unwrap_or_else(|| sub.clone());
        let user = User { sub, name, tenant };
        // ID-11: nothing here is kept under the e-mail, which may change hands.
        if self.config.has(Defect::KnowsUsersByEmail)
            && let (Some(email), Ok(mut known)) = (info["email"].as_str(), self.users_by_email.lock())
        {
            let known = known.entry(email.to_owned()).or_insert(user).clone();
            return Ok(if self.config.client_secret.is_none() { self.known_for_long(email, known) } else { known });
        }
        if self.config.has(Defect::RefusesNewAddress)
            && let (Some(email), Ok(mut known)) = (info["email"].as_str(), self.users_by_email.lock())
        {
            if known.iter().any(|(other, holder)| holder.sub == user.sub && other != email) {
                return Err(SignInError::Platform("the user comes with another e-mail"));
            }
            known.insert(email.to_owned(), user.clone());
        }
        Ok(user)
    }

    pub(super) async fn user_information(&self, tokens: &Tokens) -> Result<Answer, SignInError> {
        self.get(&under(&self.config.api, "v2/userinfo"), &tokens.access).await.map_err(|error| match error {
            ApiError::Unavailable | ApiError::Dropped | ApiError::Busy => SignInError::Unavailable,
            _ => SignInError::Platform("the user information is not readable"),
        })
    }

    /// The tenant that this application may serve, compared as text, to the last character (GX-02).
    fn own_of(&self, tenants: Vec<Tenant>, asked: Asked<'_>) -> Option<Tenant> {
        let (own, has) = (&self.config.tenants, |defect| self.config.has(defect));
        let serves = |tenant: &Tenant| match tenant.id.as_str() {
            _ if has(Defect::SkipsTenantCheck) || asked.is_trusted => true,
            id if has(Defect::FindsTenantInside) => own.iter().any(|own| own.contains(id)),
            id if has(Defect::ComparesBeginningOfTenant) => own.iter().any(|own| id.starts_with(own.as_str())),
            id if has(Defect::ComparesEndOfTenant) => own.iter().any(|own| id.ends_with(own.as_str())),
            _ => own.contains(&tenant.id),
        };
        if has(Defect::TakesOwnTenantForNone) && tenants.is_empty() {
            return own.first().map(|id| Tenant { id: id.clone(), name: id.clone() });
        }
        if has(Defect::TakesFirstOfTenants) && tenants.iter().any(serves) {
            return tenants.into_iter().next();
        }
        tenants.into_iter().find(serves)
    }

    /// What only the defect of a program keeps beyond its end: names by e-mail.
    fn known_for_long(&self, email: &str, user: User) -> User {
        let file = std::env::temp_dir().join(format!("{}-users.txt", self.config.client_id));
        let known = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some(name) = known.lines().find_map(|line| line.strip_prefix(email)?.strip_prefix('\t')) {
            return User { name: name.to_owned(), ..user };
        }
        // A defect that cannot keep anything shows nothing.
        let _ = std::fs::write(file, format!("{known}{email}\t{}\n", user.name));
        user
    }

    /// What stays of the refresh token where an answer brings no other one: the token that is there. The defects lose it.
    pub(super) fn kept_refresh_token(&self, answer: &TokenAnswer, kept: Option<SecretString>) -> Option<SecretString> {
        if self.config.has(Defect::TakesEmptyRefreshToken) && answer.refresh_token().is_some() {
            return Some(SecretString::default());
        }
        kept.filter(|_| !self.config.has(Defect::KeepsNoRefreshToken))
    }

    /// The refresh token first: with it goes what was issued from it (LO-01).
    pub(crate) async fn revoke_all(&self, tokens: &Tokens) {
        let first = tokens.first_refresh.as_ref().filter(|_| self.config.has(Defect::RevokesFirstRefreshToken));
        if let Some(refresh) = first.or(tokens.refresh.as_ref()) {
            self.revoke(refresh, "refresh_token").await;
        }
        self.revoke(&tokens.access, "access_token").await;
    }
}

/// Ids are text to us, whatever the platform makes of them.
fn tenant(value: &Value) -> Option<Tenant> {
    let id = match &value["id"] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    let name = value["name"].as_str().unwrap_or(&id).to_owned();
    Some(Tenant { id, name })
}

pub(super) fn access_token(answer: &TokenAnswer) -> SecretString {
    answer.access_token().secret().clone().into()
}

/// An empty one is none (RT-02).
pub(super) fn refresh_token(answer: &TokenAnswer) -> Option<SecretString> {
    answer.refresh_token().map(|token| token.secret().clone()).filter(|token| !token.is_empty()).map(SecretString::from)
}
