use std::collections::BTreeSet;

use super::store::{Authorizations, GrantId};

/// For how long what has expired is still known by name, in seconds: a late client is told `expired`, not `unknown`.
const REMEMBERED: i64 = 24 * 3600;

impl Authorizations {
    /// Forgets what nobody can use any more, so that a platform that runs for weeks does not grow.
    ///
    /// A rotated refresh token stays until it would have expired, and a used code as long as what it gave: their replay must still
    /// revoke the family (C-43, C-44).
    pub(super) fn forget_expired(&mut self, now: i64) {
        let gone = |expires_at: i64| expires_at.saturating_add(REMEMBERED) <= now;
        self.refresh_tokens.retain(|_, token| !gone(token.expires_at));
        self.access_tokens.retain(|_, token| !gone(token.expires_at));
        let tokens = self.access_tokens.values().map(|token| token.grant);
        let in_use: BTreeSet<GrantId> = tokens.chain(self.refresh_tokens.values().map(|token| token.grant)).collect();
        self.codes.retain(|_, code| !gone(code.expires_at) || code.grant.is_some_and(|grant| in_use.contains(&grant)));
        let of_codes: BTreeSet<GrantId> = self.codes.values().filter_map(|code| code.grant).collect();
        // A grant of now may have no token yet: it is being signed.
        self.grants.retain(|id, grant| in_use.contains(id) || of_codes.contains(id) || !gone(grant.auth_time));
    }
}
