//! What some applications make of claims of a wrong kind before they compare them: only the defects do.

use serde_json::{Value, json};

use super::id_token::{Claims, Occasion};
use super::sign_in::Asked;
use super::{Config, Defect};
use crate::oauth::decode_jwt;

impl Config {
    /// The claims as a defect reads them; as they are without one.
    pub(super) fn read_loosely(&self, claims: &Claims, issuer: &str, occasion: Occasion<'_>, now: f64) -> Claims {
        let mut read = claims.clone();
        let absent = |name: &str| claims.get(name).is_some_and(Value::is_null);
        for name in ["iss", "aud", "nonce"] {
            let Some(value) = read.get_mut(name) else { continue };
            if self.has(Defect::TrimsClaims)
                && let Value::String(text) = value
            {
                *text = text.trim().to_owned();
            }
            if self.has(Defect::UnpacksClaims)
                && let Some(inner) = unpacked(value)
            {
                *value = inner;
            }
        }
        if self.has(Defect::TakesNullForAbsent) {
            let nonce = match occasion {
                Occasion::Login(Asked { nonce, .. }) => nonce.unwrap_or_default(),
                Occasion::Refresh => "",
            };
            let assumed = [("iss", json!(issuer)), ("nonce", json!(nonce)), ("exp", json!(now + 60.0)), ("iat", json!(now))];
            read.extend(assumed.into_iter().filter(|(name, _)| absent(name)).map(|(name, value)| (name.to_owned(), value)));
        }
        read
    }
}

/// What is inside: of a list of one, of an object of one member, the first of several words.
fn unpacked(value: &Value) -> Option<Value> {
    match value {
        Value::Array(values) if values.len() == 1 => values.first().cloned().map(|inner| unpacked(&inner).unwrap_or(inner)),
        Value::Object(members) => members.keys().next().cloned().map(Value::from),
        Value::String(text) => text.split_once(' ').map(|(first, _)| first.into()),
        _ => None,
    }
}

/// Whether a header says in an unusual way that nobody has signed: without `alg`, with a blank, with a signature all the same, or
/// without the part for one.
pub(super) fn is_oddly_unsigned(token: &str, alg: &str) -> bool {
    let is_none = alg.trim().eq_ignore_ascii_case("none");
    alg.is_empty() || (is_none && (alg.trim() != alg || !token.ends_with('.')))
}

/// Whether a token names this issuer and this subject, whoever has signed it and for whomever it is.
pub(super) fn names(token: &str, issuer: &str, sub: &str) -> bool {
    decode_jwt(token).is_ok_and(|jwt| jwt.claims.get("iss") == Some(&json!(issuer)) && jwt.claims.get("sub") == Some(&json!(sub)))
}
