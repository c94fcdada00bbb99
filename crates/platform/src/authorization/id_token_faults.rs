use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use url::Url;

use super::fault as f;
use super::id_token::{LIFETIME, header};
use super::jwt::{Draft, Signature};
use super::keys::{self, KeyError, Keys};
use super::near_misses as near;
use super::odd_claims as odd;
use super::response::OTHER_ISSUER;
use crate::api::elsewhere;
use crate::{Shared, Trace};

/// No client has this id.
pub(super) const OTHER_CLIENT: &str = "gipo-somebody-else";
/// Nobody's subject.
const OTHER_SUBJECT: &str = "subject-of-somebody-else";
/// The name that goes with it.
const OTHER_NAME: &str = "Mallory Neri";
/// One character more than a subject may have (OpenID Connect Core section 2).
const TOO_LONG: usize = 256;
pub(super) const HOUR: i64 = 3600;
/// Paths at another origin where the foreign key is.
pub(super) const FOREIGN_JWKS: &str = "/keys";
pub(super) const FOREIGN_CERTIFICATE: &str = "/certificate";

type Edit = fn(&mut Draft, &Keys);

/// Claims first, then signature. The claim named is the one without which the fault cannot fire.
const EDITS: [(&str, &str, Edit); 31] = [
    (f::ID_TOKEN_WRONG_ISSUER, "iss", |draft, _| set(draft, "iss", OTHER_ISSUER)),
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
        // Issued before it expired: nothing but the expiry is wrong.
        shift(draft, "iat", -600 - LIFETIME);
        shift(draft, "exp", -600 - LIFETIME);
    }),
    (f::ID_TOKEN_EXPIRED_THOUGH_NEW, "exp", |draft, _| shift(draft, "exp", -600 - LIFETIME)),
    (f::ID_TOKEN_WITHOUT_EXP, "exp", |draft, _| unset(draft, "exp")),
    (f::ID_TOKEN_WITHOUT_IAT, "iat", |draft, _| unset(draft, "iat")),
    (f::ID_TOKEN_OLD, "iat", |draft, _| shift(draft, "iat", -7 * 24 * HOUR)),
    (f::ID_TOKEN_FROM_THE_FUTURE, "iat", |draft, _| {
        // Still issued before it expires: nothing but the time of issue is wrong.
        shift(draft, "iat", HOUR);
        shift(draft, "exp", HOUR);
    }),
    (f::ID_TOKEN_NOT_YET_GOOD, "iat", |draft, _| {
        let from = draft.claims["iat"].as_i64().unwrap_or_default() + HOUR;
        set(draft, "nbf", from);
        shift(draft, "exp", HOUR);
    }),
    (f::ID_TOKEN_WRONG_NONCE, "nonce", |draft, _| set(draft, "nonce", "a-nonce-that-nobody-sent")),
    (f::ID_TOKEN_WITHOUT_NONCE, "nonce", |draft, _| unset(draft, "nonce")),
    (f::ID_TOKEN_WITHOUT_SUB, "sub", |draft, _| unset(draft, "sub")),
    (f::ID_TOKEN_EMPTY_SUB, "sub", |draft, _| set(draft, "sub", "")),
    (f::ID_TOKEN_SUB_ARRAY, "sub", |draft, _| {
        let own = draft.claims["sub"].clone();
        set(draft, "sub", json!([own, OTHER_SUBJECT]));
    }),
    (f::ID_TOKEN_SUB_LONG, "sub", |draft, _| set(draft, "sub", "s".repeat(TOO_LONG))),
    (f::ID_TOKEN_ALG_NONE, "iss", |draft, _| unsigned(draft, "none")),
    (f::ID_TOKEN_ALG_NONE_MIXED_CASE, "iss", |draft, _| unsigned(draft, "nOnE")),
    (f::ID_TOKEN_ALG_NONE_CAPITALISED, "iss", |draft, _| unsigned(draft, "None")),
    (f::ID_TOKEN_ALG_NONE_CAPITALS, "iss", |draft, _| unsigned(draft, "NONE")),
    (f::ID_TOKEN_HS256_PUBLIC_KEY, "iss", |draft, keys| hs256(draft, &keys.kid, keys.public_pem.as_bytes())),
    (f::ID_TOKEN_HS256_JWK, "iss", |draft, keys| hs256(draft, &keys.kid, keys.jwk.to_string().as_bytes())),
    (f::ID_TOKEN_HS256_MODULUS, "iss", |draft, keys| hs256(draft, &keys.kid, &keys.modulus())),
    (f::ID_TOKEN_HS256_ENCODED_MODULUS, "iss", |draft, keys| hs256(draft, &keys.kid, keys.encoded_modulus().as_bytes())),
    (f::ID_TOKEN_HS256_DER, "iss", |draft, keys| hs256(draft, &keys.kid, &keys.public_der())),
    (f::ID_TOKEN_KID_PATH, "iss", |draft, _| hs256(draft, "../../../../../../dev/null", b"")),
    (f::ID_TOKEN_CRIT, "iss", |draft, _| {
        draft.header.insert("crit".to_owned(), json!(["gipo_region"]));
        draft.header.insert("gipo_region".to_owned(), "it-north".into());
    }),
    (f::ID_TOKEN_BAD_SIGNATURE, "iss", |draft, _| {
        if let Signature::By(pair) = draft.signature {
            draft.signature = Signature::Broken(pair);
        }
    }),
];

/// Of an ID token that comes with a refresh.
const REFRESHED: [(&str, Edit); 2] = [
    (f::REFRESH_OTHER_SUBJECT, |draft, _| {
        set(draft, "sub", OTHER_SUBJECT);
        set(draft, "name", OTHER_NAME);
    }),
    (f::REFRESH_OTHER_ISSUER, |draft, _| set(draft, "iss", OTHER_ISSUER)),
];

type Lead = fn(&mut Map<String, Value>, &Keys, &Url);

/// Tokens signed with a key that no JWKS has, and what their headers say of where it is.
const FOREIGN: [(&str, Lead); 6] = [
    (f::ID_TOKEN_FOREIGN_KEY, |header, keys, _| {
        header.insert("jwk".to_owned(), keys.jwk.clone());
    }),
    (f::ID_TOKEN_JKU, |header, _, issuer| {
        header.insert("jku".to_owned(), elsewhere(issuer, FOREIGN_JWKS).as_str().into());
    }),
    (f::ID_TOKEN_JKU_OWN_HOST, |header, _, issuer| {
        header.insert("jku".to_owned(), odd::at_own_host(issuer, FOREIGN_JWKS).into());
    }),
    (f::ID_TOKEN_X5U, |header, _, issuer| {
        header.insert("x5u".to_owned(), elsewhere(issuer, FOREIGN_CERTIFICATE).as_str().into());
    }),
    (f::ID_TOKEN_X5C, |header, keys, _| {
        header.insert("x5c".to_owned(), json!([STANDARD.encode(&keys.certificate)]));
    }),
    (f::ID_TOKEN_KID_UNKNOWN, |_, _, _| {}),
];

/// What armed faults make of an ID token.
pub(super) async fn edit<'a>(
    shared: &Shared,
    trace: &Trace,
    draft: &mut Draft<'a>,
    keys: &'a Keys,
    refreshed: bool,
) -> Result<(), KeyError> {
    if let Some(name) = near::other_name(shared, trace) {
        set(draft, "iss", name);
    }
    if let Some(other) = nonce_of_another(shared, draft).filter(|_| trace.fires(&shared.faults, f::ID_TOKEN_NONCE_OF_ANOTHER)) {
        set(draft, "nonce", other);
    }
    for (fault, needed, edit) in EDITS.into_iter().chain(near::CLAIMS).chain(odd::CLAIMS) {
        if draft.claims.contains_key(needed) && trace.fires(&shared.faults, fault) {
            edit(draft, keys);
        }
    }
    for (fault, edit) in REFRESHED {
        if refreshed && trace.fires(&shared.faults, fault) {
            edit(draft, keys);
        }
    }
    for (fault, lead) in FOREIGN {
        if trace.fires(&shared.faults, fault) {
            let foreign = keys::foreign(keys.algorithm).await?;
            sign_with(draft, foreign);
            lead(&mut draft.header, foreign, &shared.issuer);
        }
    }
    if trace.fires(&shared.faults, f::ID_TOKEN_FOREIGN_KEY_NAMED) {
        let foreign = keys::foreign(keys.algorithm).await?;
        let mut jwk = foreign.jwk.clone();
        jwk["kid"] = keys.kid.clone().into();
        sign_with(draft, foreign);
        draft.header.insert("kid".to_owned(), keys.kid.clone().into());
        draft.header.insert("jwk".to_owned(), jwk);
    }
    near::sign_otherwise(shared, trace, draft, keys);
    if draft.header.get("kid").is_some_and(|kid| kid == near::OTHER_KID) {
        shared.authorizations().new_key = true;
    }
    if trace.fires(&shared.faults, f::ID_TOKEN_KID_RANDOM) {
        sign_with(draft, keys::foreign(keys.algorithm).await?);
        draft.header.insert("kid".to_owned(), shared.random.token(12).into());
    }
    if trace.fires(&shared.faults, f::ID_TOKEN_NEW_KEY) {
        sign_with(draft, keys::new(keys.algorithm).await?);
        shared.authorizations().new_key = true;
    }
    if trace.fires(&shared.faults, f::ID_TOKEN_NEWER_KEY) {
        sign_with(draft, keys::newer(keys.algorithm).await?);
        shared.authorizations().newer_key = true;
    }
    Ok(())
}

/// The nonce of the client's latest request that still waits for its user.
fn nonce_of_another(shared: &Shared, draft: &Draft) -> Option<String> {
    let (own, client_id) = (draft.claims.get("nonce")?.as_str()?, draft.claims.get("aud")?.as_str()?);
    match &shared.upstream {
        Some(target) => target.passed().nonce_in_progress(client_id, own),
        None => shared.authorizations().nonce_in_progress(client_id, own),
    }
}

fn sign_with<'a>(draft: &mut Draft<'a>, keys: &'a Keys) {
    draft.header = header(keys.algorithm.name(), Some(&keys.kid));
    draft.signature = Signature::By(&keys.pair);
}

pub(super) fn unsigned(draft: &mut Draft, alg: &str) {
    draft.header = header(alg, None);
    draft.signature = Signature::None;
}

pub(super) fn hs256(draft: &mut Draft, kid: &str, secret: &[u8]) {
    draft.header = header("HS256", Some(kid));
    draft.signature = Signature::Hs256(secret.to_vec());
}

pub(super) fn hs512(draft: &mut Draft, kid: &str, secret: &[u8]) {
    draft.header = header("HS512", Some(kid));
    draft.signature = Signature::Hs512(secret.to_vec());
}

/// What the user information shows too.
pub(super) fn subject_as_object() -> Value {
    json!({ "id": OTHER_SUBJECT })
}

pub(super) fn set(draft: &mut Draft, claim: &str, value: impl Into<Value>) {
    draft.claims.insert(claim.to_owned(), value.into());
}

pub(super) fn unset(draft: &mut Draft, claim: &str) {
    // Not `remove`: the order of the others stays.
    draft.claims.shift_remove(claim);
}

pub(super) fn shift(draft: &mut Draft, claim: &str, seconds: i64) {
    let at = draft.claims.get(claim).and_then(Value::as_i64).unwrap_or_default();
    set(draft, claim, at + seconds);
}
