use serde_json::{Map, Value, json};

use super::id_token::{LIFETIME, header};
use super::id_token_faults::{HOUR, OTHER_CLIENT, hs256, set, shift, unset, unsigned};
use super::jwt::{Draft, Signature};
use super::keys::{self, Keys};
use super::near_misses::{self as near, change};
use super::response::OTHER_ISSUER;
use crate::Shared;
use crate::oauth::LOGOUT_EVENT;

const TYPE: &str = "logout+jwt";

/// Whose sessions end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggedOut {
    pub client_id: String,
    pub sub: Option<String>,
    pub sid: Option<String>,
}

type Edit = fn(&mut Draft, &Keys);

/// What can be wrong with a logout token: completes "a logout token that …".
const FLAWS: [(&str, Edit); 20] = [
    ("names another issuer", |draft, _| set(draft, "iss", OTHER_ISSUER)),
    ("names another audience", |draft, _| set(draft, "aud", OTHER_CLIENT)),
    ("names an issuer that begins like the right one", |draft, _| change(draft, "iss", near::with_longer_host)),
    ("is for a client whose id has the right one inside", |draft, _| change(draft, "aud", |own| format!("x-{own}-x"))),
    ("names the event inside another", |draft, _| {
        set(draft, "events", json!({"http://schemas.openid.net/event/of-another-kind": { LOGOUT_EVENT: {} }}));
    }),
    ("names the event in a text", |draft, _| set(draft, "events", LOGOUT_EVENT)),
    ("has null as its nonce", |draft, _| set(draft, "nonce", Value::Null)),
    ("has no expiry", |draft, _| unset(draft, "exp")),
    ("has a signature with one bit changed", |draft, _| {
        if let Signature::By(pair) = draft.signature {
            draft.signature = Signature::Broken(pair);
        }
    }),
    ("is signed by nobody", |draft, _| unsigned(draft, "none")),
    ("is signed with the public key as a secret", |draft, keys| hs256(draft, &keys.kid, keys.public_pem.as_bytes())),
    ("has expired", |draft, _| {
        shift(draft, "iat", -600 - LIFETIME);
        shift(draft, "exp", -600 - LIFETIME);
    }),
    ("names no event", |draft, _| unset(draft, "events")),
    ("names another event", |draft, _| set(draft, "events", json!({"http://schemas.openid.net/event/of-another-kind": {}}))),
    ("has a nonce", |draft, _| set(draft, "nonce", "a-nonce-that-has-no-place-here")),
    ("names neither user nor session", |draft, _| {
        unset(draft, "sub");
        unset(draft, "sid");
    }),
    ("has no time of issue", |draft, _| unset(draft, "iat")),
    ("has no id", |draft, _| unset(draft, "jti")),
    ("was issued a week ago", |draft, _| shift(draft, "iat", -7 * 24 * HOUR)),
    ("is issued an hour from now", |draft, _| {
        shift(draft, "iat", HOUR);
        shift(draft, "exp", HOUR);
    }),
];

/// A logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4), with one thing wrong if `flaw` names it.
pub(crate) async fn sign(shared: &Shared, whose: &LoggedOut, flaw: Option<&str>) -> Result<String, String> {
    let keys = keys::signing(shared).await.map_err(|error| error.to_string())?;
    let now = shared.clock.now_seconds();
    let mut claims = Map::new();
    let texts = [("iss", Some(shared.issuer_text())), ("aud", Some(&*whose.client_id)), ("sub", whose.sub.as_deref())];
    for (name, text) in texts.into_iter().chain([("sid", whose.sid.as_deref())]) {
        claims.extend(text.map(|text| (name.to_owned(), text.into())));
    }
    claims.insert("iat".to_owned(), now.into());
    claims.insert("exp".to_owned(), (now + LIFETIME).into());
    claims.insert("jti".to_owned(), shared.random.token(16).into());
    claims.insert("events".to_owned(), json!({ LOGOUT_EVENT: {} }));
    let mut draft = Draft { header: header(keys.algorithm.name(), Some(&keys.kid)), claims, signature: Signature::By(&keys.pair) };
    if let Some(flaw) = flaw {
        let (_, edit) = FLAWS.iter().find(|(name, _)| *name == flaw).ok_or_else(|| format!("no logout token is one that {flaw}"))?;
        edit(&mut draft, keys);
    }
    draft.header.insert("typ".to_owned(), TYPE.into());
    draft.sign().map_err(|error| error.to_string())
}
