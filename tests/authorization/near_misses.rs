//! What the faults show that nearly are right.

use collaudo::oauth::decode_jwt;
use collaudo::platform::Times;
use secrecy::ExposeSecret;
use serde_json::json;

use super::observed::{Login, ahead, foreign_with};
use super::stage::{NONCE, STATE, Stage};

const OTHER_CLIENT: &str = "gipo-somebody-else";

type Shows = fn(&Login) -> bool;

fn state(l: &Login, other: &str) -> bool {
    other != STATE && l.all("state") == [other]
}

fn issuer(l: &Login, claimed: &str) -> bool {
    claimed != l.issuer && l.claim("iss") == Some(json!(claimed)) && l.well_signed()
}

fn audience(l: &Login, claimed: serde_json::Value) -> bool {
    l.claim("aud") == Some(claimed) && l.well_signed()
}

fn port(issuer: &str) -> String {
    let (host, port) = issuer.rsplit_once(':').expect("a port");
    format!("{host}:{}", port.parse::<u16>().expect("a port") ^ 1)
}

pub fn swapped(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}

fn named(l: &Login, name: &str) -> bool {
    l.discovered == name && l.all("iss") == [name] && l.claim("iss") == Some(json!(name)) && l.well_signed()
}

fn unsigned(l: &Login, alg: &str) -> bool {
    l.header("alg").as_deref() == Some(alg) && l.raw_id_token().is_some_and(|token| token.ends_with('.'))
}

pub fn canary(text: &str) -> bool {
    ["\" data-collaudo-canary", "' data-collaudo-canary", "</script><img src=collaudo-canary"]
        .iter()
        .all(|part| text.contains(part) || text.replace("    ", " ").contains(part))
}

pub const EFFECTS: [(&str, Shows); 63] = [
    ("issuer-other-path-throughout", |l| named(l, &format!("{}/other", l.issuer))),
    ("issuer-longer-host-throughout", |l| named(l, &format!("{}@attacker.invalid", l.issuer))),
    (
        "state-last-character",
        |l| matches!(l.all("state")[..], [state] if state != STATE && state.len() == STATE.len() && state[..3] == STATE[..3]),
    ),
    ("state-other-case", |l| state(l, &swapped(STATE))),
    ("state-longer", |l| state(l, &format!("{STATE}0"))),
    ("state-preceded", |l| state(l, &format!("0{STATE}"))),
    ("state-cut", |l| state(l, &STATE[..STATE.len() - 1])),
    ("state-half", |l| state(l, &STATE[..STATE.len() / 2])),
    (
        "code-forged-second",
        |l| matches!(l.all("code")[..], [first, second] if first[1..] == second[1..] && first != second && !second.is_empty()),
    ),
    (
        "code-forged-first",
        |l| matches!(l.all("code")[..], [first, second] if first[1..] == second[1..] && first != second && !first.is_empty()),
    ),
    ("iss-longer-host", |l| l.all("iss") == [format!("{}@attacker.invalid", l.issuer)]),
    ("iss-in-another", |l| l.all("iss") == [format!("https://attacker.invalid/{}", l.issuer)]),
    ("iss-other-port", |l| l.all("iss") == [port(&l.issuer)]),
    ("iss-other-path", |l| l.all("iss") == [format!("{}/other", l.issuer)]),
    ("iss-other-scheme", |l| l.all("iss") == [l.issuer.replace("http://", "https://")]),
    ("iss-empty", |l| l.all("iss") == [""]),
    ("error-code-markup", |l| l.all("code").is_empty() && canary(l.all("error")[0])),
    ("error-uri-script", |l| l.refused("access_denied") && l.all("error_uri") == ["javascript:window.collaudoCanary=1"]),
    ("state-markup", |l| l.all("error") == ["access_denied"] && canary(l.all("state")[0])),
    ("id-token-without-issuer", |l| l.lacks("iss") && l.well_signed()),
    ("id-token-issuer-slash", |l| issuer(l, &format!("{}/", l.issuer))),
    ("id-token-issuer-other-case", |l| issuer(l, &l.issuer.to_ascii_uppercase())),
    ("id-token-issuer-other-path", |l| issuer(l, &format!("{}/other", l.issuer))),
    ("id-token-issuer-other-port", |l| issuer(l, &port(&l.issuer))),
    ("id-token-issuer-other-scheme", |l| issuer(l, &l.issuer.replace("http://", "https://"))),
    ("id-token-issuer-longer-host", |l| issuer(l, &format!("{}@attacker.invalid", l.issuer))),
    ("id-token-issuer-in-another", |l| issuer(l, &format!("https://attacker.invalid/{}", l.issuer))),
    ("id-token-audience-longer", |l| audience(l, json!(format!("{}0", l.client_id)))),
    ("id-token-audience-in-another", |l| audience(l, json!(format!("x-{}", l.client_id)))),
    ("id-token-audience-other-case", |l| audience(l, json!(swapped(&l.client_id)))),
    ("id-token-audience-in-list", |l| audience(l, json!([format!("x-{}-x", l.client_id)]))),
    ("id-token-empty-audience-list", |l| audience(l, json!([]))),
    ("id-token-empty-audience", |l| audience(l, json!(""))),
    ("id-token-extra-audience-first", |l| l.lacks("azp") && audience(l, json!([OTHER_CLIENT, l.client_id]))),
    ("id-token-extra-audience-given", |l| l.claim("azp") == Some(json!(OTHER_CLIENT)) && audience(l, json!([l.client_id, OTHER_CLIENT]))),
    ("id-token-extra-audience-own", |l| l.claim("azp") == Some(json!(l.client_id)) && audience(l, json!([l.client_id, OTHER_CLIENT]))),
    ("id-token-wrong-azp-in-list", |l| l.claim("azp") == Some(json!(OTHER_CLIENT)) && audience(l, json!([l.client_id]))),
    ("id-token-hs256-client-secret", |l| l.hs256_with(l.client_secret.expose_secret().as_bytes())),
    ("token-unfinished", |l| {
        l.garbled("{\"access_token\":") && l.token.as_ref().is_some_and(|token| token.text.contains("\"refresh_token\":"))
    }),
    ("id-token-azp-longer", |l| l.claim("azp") == Some(json!(format!("{}0", l.client_id))) && audience(l, json!(l.client_id))),
    ("id-token-other-signature", |l| {
        l.header("kid").is_some_and(|kid| l.keys.find(&kid).is_some()) && !l.well_signed() && !unsigned(l, "RS256")
    }),
    ("id-token-without-signature", |l| unsigned(l, "RS256") && l.header("kid").is_some()),
    ("id-token-alg-none-capitalised", |l| unsigned(l, "None")),
    ("id-token-alg-none-capitals", |l| unsigned(l, "NONE")),
    ("id-token-hs256-modulus", |l| l.hs256_with(&modulus(l))),
    ("id-token-hs256-encoded-modulus", |l| l.hs256_with(l.jwks.json["keys"][0]["n"].as_str().expect("a modulus").as_bytes())),
    ("id-token-hs256-der", |l| l.header("alg").as_deref() == Some("HS256") && !l.hs256_with(&modulus(l))),
    ("id-token-kid-random", |l| foreign_with(l, "kid").is_some_and(|kid| kid.as_str().is_some_and(|kid| kid.len() == 16))),
    ("id-token-without-kid", |l| l.header("kid").is_none() && l.header("alg").as_deref() == Some("RS256")),
    ("id-token-rs512", |l| l.header("alg").as_deref() == Some("RS512") && l.header("kid").is_some_and(|kid| l.keys.find(&kid).is_some())),
    ("id-token-ps256", |l| l.header("alg").as_deref() == Some("PS256") && l.header("kid").is_some_and(|kid| l.keys.find(&kid).is_some())),
    ("id-token-exp-zero", |l| l.claim("exp") == Some(json!(0)) && l.well_signed()),
    ("id-token-exp-text", |l| {
        l.claim("exp").is_some_and(|exp| exp.is_string()) && ahead(l, "iat").is_some_and(|s| s < -600) && l.well_signed()
    }),
    ("id-token-iat-ahead", |l| ahead(l, "iat").is_some_and(|s| (1..=4).contains(&s)) && l.well_signed()),
    ("id-token-nbf-ahead", |l| ahead(l, "nbf").is_some_and(|s| (1..=4).contains(&s)) && l.well_signed()),
    ("id-token-nonce-last-character", |l| {
        l.claim("nonce").is_some_and(|nonce| {
            nonce.as_str().is_some_and(|nonce| nonce != NONCE && nonce[..3] == NONCE[..3] && nonce.len() == NONCE.len())
        })
    }),
    ("id-token-nonce-other-case", |l| l.claim("nonce") == Some(json!(swapped(NONCE)))),
    ("id-token-nonce-longer", |l| l.claim("nonce") == Some(json!(format!("{NONCE}0")))),
    ("id-token-nonce-half", |l| l.claim("nonce") == Some(json!(NONCE[..NONCE.len() / 2]))),
    ("id-token-empty-nonce", |l| l.claim("nonce") == Some(json!(""))),
    ("id-token-sub-number", |l| l.claim("sub").is_some_and(|sub| sub.is_number() && info(l) == sub)),
    ("id-token-sub-boolean", |l| l.claim("sub") == Some(json!(true)) && info(l) == json!(true)),
    ("id-token-sub-null", |l| l.id_token().claims.get("sub") == Some(&json!(null)) && info(l).is_null()),
];

fn info(l: &Login) -> serde_json::Value {
    l.userinfo.as_ref().map(|answer| answer.json["sub"].clone()).unwrap_or_default()
}

fn modulus(l: &Login) -> Vec<u8> {
    use base64::Engine;
    let n = l.jwks.json["keys"][0]["n"].as_str().expect("a modulus");
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(n).expect("base64url")
}

#[tokio::test]
async fn other_keys_stand_before_the_right_one_or_beside_it() {
    let stage = super::stage::Stage::new().await;
    stage.platform.faults().arm("jwks-several-keys", Times::Always).expect("a fault");
    let several = Login::observe(&stage).await;
    assert!(several.keys.keys.len() == 2 && several.well_signed());
    assert_ne!(several.jwks.json["keys"][0]["kid"], json!(several.header("kid")));
    stage.platform.faults().disarm_all();
    stage.platform.faults().arm("id-token-kid-other", Times::Always).expect("a fault");
    let other = Login::observe(&stage).await;
    let kid = decode_jwt(other.raw_id_token().expect("an ID token")).expect("a JWT").header["kid"].clone();
    assert!(kid == "a-key-that-nobody-has" && other.keys.keys.len() == 2, "{kid}");
}

#[tokio::test]
async fn the_nonce_of_another_sign_in_is_that_of_one_that_nobody_has_answered() {
    let stage = Stage::new().await;
    stage.platform.faults().arm("id-token-nonce-of-another", Times::Always).expect("a fault");
    let alone = Login::observe(&stage).await;
    assert!(alone.claim("nonce") == Some(json!(NONCE)) && stage.platform.faults().firings().is_empty(), "none waits");
    stage.get(stage.authorization_url(&[("nonce", "nonce-of-one-that-waits")])).await;
    let other = Login::observe(&stage).await;
    assert!(other.claim("nonce") == Some(json!("nonce-of-one-that-waits")) && other.well_signed());
}
