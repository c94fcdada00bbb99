use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::fault as f;
use super::jwt::{Draft, Signature};
use super::keys::{self, Keys};
use super::response::OTHER_ISSUER;
use super::store::Grant;
use super::tokens::IssueError;
use crate::oauth::giponext;
use crate::platform::{Shared, Trace};

/// Seconds for which an ID token is good.
const LIFETIME: i64 = 300;
/// No client has this id.
const OTHER_CLIENT: &str = "gipo-somebody-else";

type Edit = fn(&mut Draft, &Keys);

/// Faults of the ID token: claims first, then signature. The claim named is the one without which the fault cannot fire.
const EDITS: [(&str, &str, Edit); 16] = [
    (f::ID_TOKEN_WRONG_ISSUER, "iss", |draft, _| set(draft, "iss", OTHER_ISSUER)),
    (f::OTHER_ISSUER_THROUGHOUT, "iss", |draft, _| set(draft, "iss", OTHER_ISSUER)),
    (f::ID_TOKEN_WRONG_AUDIENCE, "aud", |draft, _| set(draft, "aud", OTHER_CLIENT)),
    (f::ID_TOKEN_EXTRA_AUDIENCE, "aud", |draft, _| {
        let own = draft.claims["aud"].clone();
        set(draft, "aud", json!([own, OTHER_CLIENT]));
    }),
    (f::ID_TOKEN_AUDIENCE_ARRAY, "aud", |draft, _| {
        let own = draft.claims["aud"].clone();
        set(draft, "aud", json!([own]));
    }),
    (f::ID_TOKEN_WITHOUT_AUDIENCE, "aud", |draft, _| unset(draft, "aud")),
    (f::ID_TOKEN_WRONG_AZP, "aud", |draft, _| set(draft, "azp", OTHER_CLIENT)),
    (f::ID_TOKEN_EXPIRED, "exp", |draft, _| {
        let iat = draft.claims["iat"].as_i64().unwrap_or_default();
        // Issued before it expired: nothing but the expiry is wrong.
        set(draft, "iat", iat - 600 - LIFETIME);
        set(draft, "exp", iat - 600);
    }),
    (f::ID_TOKEN_WITHOUT_EXP, "exp", |draft, _| unset(draft, "exp")),
    (f::ID_TOKEN_WRONG_NONCE, "nonce", |draft, _| set(draft, "nonce", "a-nonce-that-nobody-sent")),
    (f::ID_TOKEN_WITHOUT_NONCE, "nonce", |draft, _| unset(draft, "nonce")),
    (f::ID_TOKEN_WITHOUT_SUB, "sub", |draft, _| unset(draft, "sub")),
    (f::ID_TOKEN_EMPTY_SUB, "sub", |draft, _| set(draft, "sub", "")),
    (f::ID_TOKEN_ALG_NONE, "iss", |draft, _| {
        draft.header = header("none", None);
        draft.signature = Signature::None;
    }),
    (f::ID_TOKEN_HS256_PUBLIC_KEY, "iss", |draft, keys| {
        draft.header = header("HS256", Some(&keys.kid));
        draft.signature = Signature::Hs256(keys.public_pem.as_bytes().to_vec());
    }),
    (f::ID_TOKEN_BAD_SIGNATURE, "iss", |draft, _| {
        if let Signature::By(pair) = draft.signature {
            draft.signature = Signature::Broken(pair);
        }
    }),
];

/// The ID token of a grant (C-45, OpenID Connect Core section 2). `nonce` only with the code: a refreshed one has none
/// (section 12.2).
pub(super) async fn issue(
    shared: &Shared,
    trace: &Trace,
    grant: &Grant,
    nonce: Option<&str>,
    access_token: &str,
) -> Result<String, IssueError> {
    let keys = keys::signing(shared.settings.assumptions.signing_algorithm).await?;
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
    if let Some(user) = shared.accounts().user(&grant.subject) {
        if grant.scopes.contains(giponext::PROFILE) {
            claim("name", user.name().into());
        }
        if grant.scopes.contains(giponext::EMAIL) {
            claim("email", user.email.clone().into());
        }
    }
    let mut draft = Draft { header: header(keys.algorithm.name(), Some(&keys.kid)), claims, signature: Signature::By(&keys.pair) };
    for (fault, needed, edit) in EDITS {
        if draft.claims.contains_key(needed) && trace.fires(&shared.faults, fault) {
            edit(&mut draft, keys);
        }
    }
    if trace.fires(&shared.faults, f::ID_TOKEN_FOREIGN_KEY) {
        let foreign = keys::foreign(keys.algorithm).await?;
        draft.header = header(foreign.algorithm.name(), Some(&foreign.kid));
        draft.header.insert("jwk".to_owned(), foreign.jwk.clone());
        draft.signature = Signature::By(&foreign.pair);
    }
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
fn at_hash(access_token: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16])
}

fn set(draft: &mut Draft, claim: &str, value: impl Into<Value>) {
    draft.claims.insert(claim.to_owned(), value.into());
}

fn unset(draft: &mut Draft, claim: &str) {
    // Not `remove`: the order of the others stays.
    draft.claims.shift_remove(claim);
}
