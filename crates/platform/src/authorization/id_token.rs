use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::id_token_faults;
use super::jwt::{Draft, Signature};
use super::keys;
use super::tokens::{Issue, IssueError};
use crate::oauth::giponext;
use crate::{Shared, Trace};

/// Seconds for which an ID token is good.
pub(super) const LIFETIME: i64 = 300;

/// The ID token of a grant (C-45, OpenID Connect Core section 2). `nonce` only with the code: a refreshed one has none
/// (section 12.2).
pub(super) async fn issue(shared: &Shared, trace: &Trace, issued: &Issue<'_>, access_token: &str) -> Result<String, IssueError> {
    let (grant, nonce) = (issued.grant, issued.nonce);
    let now = shared.clock.now_seconds();
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    claim("iss", shared.issuer_text().into());
    claim("sub", grant.subject.0.clone().into());
    claim("aud", grant.client_id.clone().into());
    claim("exp", (now + LIFETIME).into());
    claim("iat", now.into());
    claim("auth_time", grant.auth_time.into());
    if let Some(nonce) = nonce {
        claim("nonce", nonce.into());
    }
    claim("sid", grant.sid.clone().into());
    claim("at_hash", at_hash(access_token).into());
    let user_claims = shared.settings.assumptions.user_claims_in_id_token;
    if let Some(user) = shared.accounts().user(&grant.subject).filter(|_| user_claims) {
        if grant.scopes.contains(giponext::PROFILE) {
            claim("name", user.name().into());
        }
        if grant.scopes.contains(giponext::EMAIL) {
            claim("email", user.email.clone().into());
        }
    }
    sign(shared, trace, claims, issued.refreshed).await
}

/// An ID token with these claims, as armed faults leave it.
pub(super) async fn sign(shared: &Shared, trace: &Trace, claims: Map<String, Value>, refreshed: bool) -> Result<String, IssueError> {
    let keys = keys::signing(shared).await?;
    let mut draft = Draft { header: header(keys.algorithm.name(), Some(&keys.kid)), claims, signature: Signature::By(&keys.pair) };
    id_token_faults::edit(shared, trace, &mut draft, keys, refreshed).await?;
    trace.note(|facts| facts.id_token_claims = Some(draft.claims.keys().cloned().collect()));
    Ok(draft.sign()?)
}

pub(super) fn header(alg: &str, kid: Option<&str>) -> Map<String, Value> {
    let mut header = Map::new();
    header.insert("alg".to_owned(), alg.into());
    header.insert("typ".to_owned(), "JWT".into());
    if let Some(kid) = kid {
        header.insert("kid".to_owned(), kid.into());
    }
    header
}

/// OpenID Connect Core section 3.1.3.6.
pub(super) fn at_hash(access_token: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16])
}
