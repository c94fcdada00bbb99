//! What the faults show whose claims, algorithms or answers are of a kind that no text allows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::{BigUint, RsaPublicKey};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::near_misses::{canary, swapped};
use super::observed::{Login, foreign_with};
use super::stage::{NONCE, STATE};

type Shows = fn(&Login) -> bool;

pub const EFFECTS: [(&str, Shows); 38] = [
    ("state-blank", |l| l.all("state") == [format!("{STATE} ")]),
    ("iss-blank", |l| l.all("iss") == [format!("{} ", l.issuer)]),
    ("iss-query", |l| l.all("iss") == [format!("{}?of=another", l.issuer)]),
    ("iss-user", |l| l.all("iss") == [l.issuer.replace("://", "://mallory@")]),
    ("iss-markup", |l| l.all("error") == ["access_denied"] && canary(l.all("iss")[0])),
    ("token-type-dpop", |l| l.member("token_type") == Some(&json!("DPoP"))),
    ("userinfo-longer-subject", |l| names_another(l, &format!("{}0", l.subject))),
    ("userinfo-subject-other-case", |l| names_another(l, &swapped(&l.subject))),
    ("id-token-issuer-null", |l| claims(l, "iss", &Value::Null)),
    ("id-token-issuer-list", |l| claims(l, "iss", &json!([l.issuer]))),
    ("id-token-issuer-blank", |l| claims(l, "iss", &json!(format!("{} ", l.issuer)))),
    ("id-token-issuer-query", |l| claims(l, "iss", &json!(format!("{}?of=another", l.issuer)))),
    ("id-token-issuer-user", |l| claims(l, "iss", &json!(l.issuer.replace("://", "://mallory@")))),
    ("id-token-audience-words", |l| claims(l, "aud", &json!(format!("{} another-client", l.client_id)))),
    ("id-token-audience-object", |l| claims(l, "aud", &json!({ l.client_id.clone(): true }))),
    ("id-token-audience-blank", |l| claims(l, "aud", &json!(format!("{} ", l.client_id)))),
    ("id-token-audience-nested", |l| claims(l, "aud", &json!([[l.client_id]]))),
    ("id-token-azp-other-case", |l| claims(l, "azp", &json!(swapped(&l.client_id)))),
    ("id-token-azp-preceded", |l| claims(l, "azp", &json!(format!("0{}", l.client_id)))),
    ("id-token-without-alg", |l| l.claim("sub").is_some() && l.header("alg").is_none() && ends_bare(l)),
    ("id-token-alg-none-blank", |l| l.header("alg").as_deref() == Some("none ") && ends_bare(l)),
    ("id-token-alg-none-signed", |l| l.header("alg").as_deref() == Some("none") && l.raw_id_token().is_some() && !ends_bare(l)),
    ("id-token-two-parts", |l| l.raw_id_token().is_some_and(|token| token.matches('.').count() == 1)),
    ("id-token-hs512-public-key", |l| hs512_with(l, pem(l).as_bytes())),
    ("id-token-hs512-client-secret", |l| hs512_with(l, l.client_secret.expose_secret().as_bytes())),
    ("id-token-hs256-trimmed-key", |l| l.hs256_with(pem(l).trim_end().as_bytes())),
    ("id-token-hs256-pkcs1", |l| l.hs256_with(key(l).to_pkcs1_pem(LineEnding::LF).expect("PEM").as_bytes())),
    ("id-token-jku-own-host", |l| foreign_with(l, "jku") == Some(json!(format!("{}/elsewhere/keys", l.issuer)))),
    ("id-token-foreign-key-named", |l| {
        let brought = l.id_token().header.get("jwk").map(|jwk| jwk["kid"].clone());
        brought.is_some_and(|kid| kid == l.jwks.json["keys"][0]["kid"]) && !l.well_signed()
    }),
    ("id-token-exp-null", |l| claims(l, "exp", &Value::Null)),
    ("id-token-iat-null", |l| claims(l, "iat", &Value::Null)),
    ("id-token-nbf-text", |l| l.claim("nbf").is_some_and(|nbf| nbf.is_string()) && l.well_signed()),
    ("id-token-nonce-list", |l| claims(l, "nonce", &json!([NONCE]))),
    ("id-token-nonce-null", |l| claims(l, "nonce", &Value::Null)),
    ("id-token-nonce-blank", |l| claims(l, "nonce", &json!(format!("{NONCE} ")))),
    ("id-token-nonce-preceded", |l| claims(l, "nonce", &json!(format!("0{NONCE}")))),
    ("id-token-sub-false", |l| claims(l, "sub", &json!(false)) && subject_shown(l) == json!(false)),
    ("id-token-sub-object", |l| l.claim("sub").is_some_and(|sub| sub.is_object() && subject_shown(l) == sub)),
];

/// Nothing but this claim is wrong.
fn claims(l: &Login, name: &str, value: &Value) -> bool {
    l.id_token().claims.get(name) == Some(value) && l.well_signed()
}

fn subject_shown(l: &Login) -> Value {
    l.userinfo.as_ref().map(|answer| answer.json["sub"].clone()).unwrap_or_default()
}

fn names_another(l: &Login, subject: &str) -> bool {
    subject != l.subject && subject_shown(l) == subject && l.userinfo.as_ref().is_some_and(|answer| answer.json["name"] == "Mallory Neri")
}

fn ends_bare(l: &Login) -> bool {
    l.raw_id_token().is_some_and(|token| token.ends_with('.'))
}

fn key(l: &Login) -> RsaPublicKey {
    let number = |member: &str| {
        let text = l.jwks.json["keys"][0][member].as_str().expect("a number of an RSA key");
        BigUint::from_bytes_be(&URL_SAFE_NO_PAD.decode(text).expect("base64url"))
    };
    RsaPublicKey::new(number("n"), number("e")).expect("a key")
}

fn pem(l: &Login) -> String {
    key(l).to_public_key_pem(LineEnding::LF).expect("PEM")
}

fn hs512_with(l: &Login, secret: &[u8]) -> bool {
    let token = l.raw_id_token().filter(|_| l.header("alg").as_deref() == Some("HS512"));
    let Some((message, signature)) = token.and_then(|token| token.rsplit_once('.')) else { return false };
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA512, secret);
    ring::hmac::verify(&key, message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap_or_default()).is_ok()
}
