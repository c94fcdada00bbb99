use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::devices::Devices;
use super::interaction::Attempt;
use crate::accounts::UserId;
use crate::oauth::ScopeSet;
use crate::store::{Snapshot, one_part};

/// Authorization requests in progress, codes, tokens and grants of one platform.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Authorizations {
    /// By the opaque id in the URLs of sign-in and consent.
    #[serde(skip)]
    pub(super) attempts: HashMap<String, Attempt>,
    #[serde(skip)]
    pub(super) devices: Devices,
    /// Whether a token was signed with the new key: the JWKS shows it from then on.
    #[serde(skip)]
    pub(super) new_key: bool,
    /// The same of the one after it.
    #[serde(skip)]
    pub(super) newer_key: bool,
    pub(super) codes: HashMap<String, Code>,
    pub(super) grants: BTreeMap<GrantId, Grant>,
    next_grant: GrantId,
    /// By their value: what is found here is what this platform signed, whole.
    pub(super) access_tokens: HashMap<String, AccessToken>,
    pub(super) refresh_tokens: HashMap<String, RefreshToken>,
    /// The last one of each user.
    #[serde(skip)]
    id_tokens: HashMap<UserId, SecretString>,
    /// Order of issue of the access tokens.
    issued: u64,
    #[serde(skip)]
    next_sweep: i64,
}

impl std::fmt::Debug for Authorizations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Codes and tokens are the keys of the maps: counts only.
        f.debug_struct("Authorizations")
            .field("attempts", &self.attempts.len())
            .field("codes", &self.codes.len())
            .field("grants", &self.grants.len())
            .field("access_tokens", &self.access_tokens.len())
            .field("refresh_tokens", &self.refresh_tokens.len())
            .finish()
    }
}

/// Seconds between two sweeps of what nobody can use any more: each looks at everything.
const BETWEEN_SWEEPS: i64 = 3600;

/// Authorization requests that may wait for their users at once.
const MOST_ATTEMPTS: usize = 10_000;

/// What an authorization code stands for (RFC 6749 section 4.1.2, RFC 7636 section 4.4).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub client_id: String,
    pub redirect_uri: String,
    pub code_challenge: Option<String>,
    pub nonce: Option<String>,
    pub scopes: ScopeSet,
    pub subject: UserId,
    pub sid: String,
    pub auth_time: i64,
    /// Seconds since the epoch.
    pub expires_at: i64,
    /// Set by its one use.
    pub grant: Option<GrantId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct GrantId(u64);

/// What a user granted to a client with one code: the family of all tokens that come from it (C-44).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Grant {
    pub client_id: String,
    pub subject: UserId,
    pub scopes: ScopeSet,
    pub sid: String,
    pub auth_time: i64,
    pub revoked: bool,
}

impl Grant {
    /// What a code gives when it is redeemed.
    pub(super) fn of(code: Code) -> Self {
        let Code { client_id, subject, scopes, sid, auth_time, .. } = code;
        Self { client_id, subject, scopes, sid, auth_time, revoked: false }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AccessToken {
    pub grant: GrantId,
    /// Seconds since the epoch, as the token itself says.
    pub expires_at: i64,
    scopes: ScopeSet,
    number: u64,
    expired: bool,
    revoked: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RefreshToken {
    pub grant: GrantId,
    pub expires_at: i64,
    rotated: bool,
}

/// What the server knows of an access token.
#[derive(Debug)]
pub(super) struct KnownAccess {
    pub client_id: String,
    pub subject: UserId,
    pub scopes: ScopeSet,
    /// Seconds since the epoch.
    pub expires_at: i64,
    /// Before its time.
    pub expired: bool,
    pub revoked: bool,
}

/// What presenting a refresh token comes to.
#[derive(Debug)]
pub(super) enum Refresh {
    Good(GrantId, Grant),
    Unknown,
    OtherClient,
    Expired,
    Revoked,
    /// An old one was used again: its family is revoked now (RFC 9700 section 4.14.2).
    Replayed,
}

/// What presenting a code comes to, before its bindings are compared.
#[derive(Debug)]
pub(super) enum Presented {
    Fresh(Code),
    Unknown,
    OtherClient,
    Expired,
    /// A second use: what the first gave is revoked now (C-43).
    Replayed,
}

impl Authorizations {
    /// Keeps a request until its user answers. Anybody can start one, so their number is bounded: the oldest make room.
    pub(super) fn open_attempt(&mut self, id: String, attempt: Attempt, now: i64) {
        if self.attempts.len() >= MOST_ATTEMPTS {
            self.attempts.retain(|_, attempt| attempt.expires_at > now);
        }
        if self.attempts.len() >= MOST_ATTEMPTS {
            let mut ends: Vec<i64> = self.attempts.values().map(|attempt| attempt.expires_at).collect();
            let (_, median, _) = ends.select_nth_unstable(MOST_ATTEMPTS / 2);
            let median = *median;
            self.attempts.retain(|_, attempt| attempt.expires_at > median);
        }
        self.attempts.insert(id, attempt);
    }

    /// The nonce of the client's latest request in progress that has another one than `own`.
    pub(super) fn nonce_in_progress(&self, client_id: &str, own: &str) -> Option<String> {
        let asked = self.attempts.values().filter(|attempt| attempt.asked.client_id() == client_id);
        let others = asked.filter(|attempt| attempt.asked.nonce().is_some_and(|nonce| nonce != own));
        others.max_by_key(|attempt| attempt.expires_at)?.asked.nonce().map(str::to_owned)
    }

    pub(super) fn add_grant(&mut self, grant: Grant) -> GrantId {
        let id = self.next_grant;
        self.next_grant = GrantId(id.0 + 1);
        self.grants.insert(id, grant);
        id
    }

    pub(super) fn add_code(&mut self, value: String, code: Code) {
        self.codes.insert(value, code);
    }

    pub(super) fn present_code(&mut self, value: &str, client_id: &str, now: i64) -> Presented {
        let Some(code) = self.codes.get(value) else {
            return Presented::Unknown;
        };
        if code.client_id != client_id {
            return Presented::OtherClient;
        }
        if let Some(grant) = code.grant {
            self.revoke(grant);
            return Presented::Replayed;
        }
        if code.expires_at <= now { Presented::Expired } else { Presented::Fresh(code.clone()) }
    }

    /// Uses the code up. `None` where another request was faster: what that gave is revoked (C-43).
    pub(super) fn redeem_code(&mut self, value: &str) -> Option<GrantId> {
        let id = self.next_grant;
        let code = self.codes.get_mut(value)?;
        if let Some(first) = code.grant.replace(id) {
            code.grant = Some(first);
            self.revoke(first);
            return None;
        }
        let grant = Grant::of(code.clone());
        Some(self.add_grant(grant))
    }

    /// Keeps an access token under its value; `life` is when it was issued and when it expires.
    pub(super) fn add_access_token(&mut self, grant: GrantId, value: String, scopes: ScopeSet, life: Range<i64>) {
        self.issued += 1;
        let number = self.issued;
        if self.next_sweep <= life.start {
            self.next_sweep = life.start.saturating_add(BETWEEN_SWEEPS);
            self.forget_expired(life.start);
        }
        let token = AccessToken { grant, expires_at: life.end, scopes, number, expired: false, revoked: false };
        self.access_tokens.insert(value, token);
    }

    pub(super) fn add_refresh_token(&mut self, grant: GrantId, value: String, expires_at: i64) {
        self.refresh_tokens.insert(value, RefreshToken { grant, expires_at, rotated: false });
    }

    pub(super) fn add_id_token(&mut self, subject: UserId, token: SecretString) {
        self.id_tokens.insert(subject, token);
    }

    pub(super) fn present_refresh_token(&mut self, value: &str, client_id: &str, now: i64) -> Refresh {
        let Some(token) = self.refresh_tokens.get(value) else {
            return Refresh::Unknown;
        };
        let (id, grant) = (token.grant, self.grants[&token.grant].clone());
        if grant.client_id != client_id {
            return Refresh::OtherClient;
        }
        if token.rotated {
            self.revoke(id);
            return Refresh::Replayed;
        }
        match (grant.revoked, token.expires_at <= now) {
            (true, _) => Refresh::Revoked,
            (false, true) => Refresh::Expired,
            (false, false) => Refresh::Good(id, grant),
        }
    }

    /// Marks a refresh token as replaced. `false` where another request was faster: that is a replay, and the family is
    /// revoked (C-44).
    pub(super) fn rotate_refresh_token(&mut self, value: &str) -> bool {
        let Some(token) = self.refresh_tokens.get_mut(value) else { return false };
        let (grant, replayed) = (token.grant, std::mem::replace(&mut token.rotated, true));
        if replayed {
            self.revoke(grant);
        }
        !replayed
    }

    pub(super) fn revoke(&mut self, grant: GrantId) {
        if let Some(grant) = self.grants.get_mut(&grant) {
            grant.revoked = true;
        }
    }

    pub(super) fn access_grant(&self, value: &str) -> Option<KnownAccess> {
        let token = self.access_tokens.get(value)?;
        let grant = &self.grants[&token.grant];
        Some(KnownAccess {
            client_id: grant.client_id.clone(),
            subject: grant.subject.clone(),
            scopes: token.scopes.clone(),
            expires_at: token.expires_at,
            expired: token.expired,
            revoked: token.revoked || grant.revoked,
        })
    }

    /// Revokes the refresh or access token with this value (RFC 7009 section 2.1). `Err` where it is another client's.
    pub(super) fn revoke_token(&mut self, value: &str, client_id: &str) -> Result<(), OtherClients> {
        if let Some(token) = self.refresh_tokens.get(value) {
            let grant = token.grant;
            self.owned(grant, client_id)?;
            self.revoke(grant);
            return Ok(());
        }
        let Some(grant) = self.access_tokens.get(value).map(|token| token.grant) else {
            return Ok(());
        };
        self.owned(grant, client_id)?;
        if let Some(token) = self.access_tokens.get_mut(value) {
            token.revoked = true;
        }
        Ok(())
    }

    fn owned(&self, grant: GrantId, client_id: &str) -> Result<(), OtherClients> {
        if self.grants[&grant].client_id == client_id { Ok(()) } else { Err(OtherClients) }
    }

    /// Ends everything that a user has granted, and what is still in progress (C-38). Access tokens live on until they
    /// expire, unless `access_too`.
    pub(super) fn revoke_subject(&mut self, subject: &UserId, access_too: bool) {
        if access_too {
            self.grants.values_mut().filter(|grant| grant.subject == *subject).for_each(|grant| grant.revoked = true);
        } else {
            self.forget_refresh_tokens(subject);
        }
        self.codes.retain(|_, code| code.subject != *subject || code.grant.is_some());
        self.devices.revoke_subject(subject);
    }

    /// Ends what a user has granted to one client: the user removed it (C-37).
    pub(crate) fn revoke_grants(&mut self, subject: &UserId, client_id: &str) {
        let own = |grant: &&mut Grant| grant.subject == *subject && grant.client_id == client_id;
        self.grants.values_mut().filter(own).for_each(|grant| grant.revoked = true);
        self.codes.retain(|_, code| code.subject != *subject || code.client_id != client_id || code.grant.is_some());
    }

    /// The grant of a refresh token that is good now, and when it expires.
    pub(super) fn live_refresh_token(&self, value: &str, now: i64) -> Option<(Grant, i64)> {
        let token = self.refresh_tokens.get(value).filter(|token| !token.rotated && token.expires_at > now)?;
        let grant = &self.grants[&token.grant];
        (!grant.revoked).then(|| (grant.clone(), token.expires_at))
    }

    pub(crate) fn forget_refresh_tokens(&mut self, subject: &UserId) {
        let grants = &self.grants;
        self.refresh_tokens.retain(|_, token| grants[&token.grant].subject != *subject);
    }

    pub(crate) fn expire_access_tokens(&mut self) {
        self.access_tokens.values_mut().for_each(|token| token.expired = true);
    }

    /// Client, scopes and whether it is revoked, of everything that a user has granted.
    pub(crate) fn grants_of(&self, subject: &UserId) -> Vec<(String, ScopeSet, bool)> {
        let own = self.grants.values().filter(|grant| grant.subject == *subject);
        own.map(|grant| (grant.client_id.clone(), grant.scopes.clone(), grant.revoked)).collect()
    }

    pub(crate) fn latest_id_token(&self, subject: &UserId) -> Option<SecretString> {
        self.id_tokens.get(subject).cloned()
    }

    /// The platform's session behind a user's latest grant to a client.
    pub(crate) fn latest_sid(&self, subject: &UserId, client_id: &str) -> Option<String> {
        let own = |grant: &&Grant| grant.subject == *subject && grant.client_id == client_id;
        self.grants.values().rev().find(own).map(|grant| grant.sid.clone())
    }

    pub(crate) fn latest_access_token(&self, subject: &UserId) -> Option<SecretString> {
        let own = self.access_tokens.iter().filter(|(_, token)| self.grants[&token.grant].subject == *subject);
        own.max_by_key(|(_, token)| token.number).map(|(value, _)| SecretString::from(value.clone()))
    }
}

impl Snapshot for Authorizations {
    fn parts(&self) -> Result<Vec<(String, Value)>, serde_json::Error> {
        Ok(vec![("authorizations".to_owned(), serde_json::to_value(self)?)])
    }

    fn from_parts(parts: &BTreeMap<String, Value>) -> Result<Self, String> {
        let found: Self = one_part(parts, "authorizations")?;
        let of_tokens = found.access_tokens.values().map(|token| token.grant).chain(found.refresh_tokens.values().map(|token| token.grant));
        let named = of_tokens.chain(found.codes.values().filter_map(|code| code.grant));
        match named.into_iter().find(|grant| !found.grants.contains_key(grant)) {
            Some(GrantId(number)) => Err(format!("authorizations: grant {number} is named, but is not there")),
            None => Ok(found),
        }
    }
}

/// The token belongs to another client.
#[derive(Debug)]
pub(super) struct OtherClients;
