//! Values that nearly are the right ones: what a careless comparison takes for equal.

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use url::Url;

use super::fault as f;
use super::id_token_faults::{OTHER_CLIENT, hs256, hs512, subject_as_object};
use super::jwt::{Draft, Signature};
use super::keys::{KeyPair, Keys};
use crate::accounts::{Registration, UserId};
use crate::{Shared, Trace};

/// A domain of nobody's (RFC 6761 section 6.4).
const ELSEWHERE: &str = "attacker.invalid";
/// A key that no JWKS has.
pub(super) const OTHER_KID: &str = "a-key-that-nobody-has";
/// Seconds that two sound clocks may well be apart.
const SLIGHTLY: i64 = 3;

/// The text with another last character. It differs in the first bit of what a base64 character means: the last bits of such a text
/// may mean nothing.
pub(super) fn other_last_character(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    if let Some(last) = characters.iter_mut().rfind(|character| character.is_ascii_alphanumeric()) {
        *last = match *last {
            'A'..='Z' | 'a'..='f' => '7',
            _ => 'C',
        };
    }
    characters.into_iter().collect()
}

pub(super) fn other_case(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}

pub(super) fn longer(text: &str) -> String {
    format!("{text}0")
}

pub(super) fn preceded(text: &str) -> String {
    format!("0{text}")
}

pub(super) fn with_blank(text: &str) -> String {
    format!("{text} ")
}

pub(super) fn cut(text: &str) -> String {
    let mut characters = text.chars();
    characters.next_back();
    characters.collect()
}

pub(super) fn half(text: &str) -> String {
    text.chars().take(text.chars().count() / 2).collect()
}

pub(super) fn with_slash(issuer: &str) -> String {
    format!("{issuer}/")
}

pub(super) fn with_query(issuer: &str) -> String {
    format!("{issuer}?of=another")
}

pub(super) fn of_a_user(issuer: &str) -> String {
    issuer.replacen("://", "://mallory@", 1)
}

pub(super) fn at_other_path(issuer: &str) -> String {
    format!("{issuer}/other")
}

/// Another issuer, whose text begins with the right one's: `https://account.example.attacker.invalid`, or with a port
/// `http://account.example:4010@attacker.invalid`.
pub(super) fn with_longer_host(issuer: &str) -> String {
    let has_port = Url::parse(issuer).is_ok_and(|url| url.port().is_some());
    format!("{issuer}{}{ELSEWHERE}", if has_port { '@' } else { '.' })
}

/// Another issuer, whose path is the right one's whole address.
pub(super) fn in_another(issuer: &str) -> String {
    format!("https://{ELSEWHERE}/{issuer}")
}

pub(super) fn at_other_port(issuer: &str) -> String {
    let mut other = Url::parse(issuer).ok();
    let port = other.as_ref().and_then(Url::port_or_known_default).unwrap_or_default();
    let moved = other.as_mut().is_some_and(|url| url.set_port(Some(port ^ 1)).is_ok());
    other.filter(|_| moved).map_or_else(|| with_longer_host(issuer), |url| url.as_str().trim_end_matches('/').to_owned())
}

pub(super) fn of_other_scheme(issuer: &str) -> String {
    issuer.strip_prefix("http://").map_or_else(|| issuer.replacen("https://", "http://", 1), |rest| format!("https://{rest}"))
}

type Edit = fn(&mut Draft, &Keys);

/// Of ID tokens; the claim named is the one without which the fault cannot fire.
pub(super) const CLAIMS: [(&str, &str, Edit); 35] = [
    (f::ID_TOKEN_WITHOUT_ISSUER, "iss", |draft, _| unset(draft, "iss")),
    (f::ID_TOKEN_ISSUER_SLASH, "iss", |draft, _| change(draft, "iss", with_slash)),
    (f::ID_TOKEN_ISSUER_OTHER_CASE, "iss", |draft, _| change(draft, "iss", str::to_ascii_uppercase)),
    (f::ID_TOKEN_ISSUER_OTHER_PATH, "iss", |draft, _| change(draft, "iss", at_other_path)),
    (f::ID_TOKEN_ISSUER_OTHER_PORT, "iss", |draft, _| change(draft, "iss", at_other_port)),
    (f::ID_TOKEN_ISSUER_OTHER_SCHEME, "iss", |draft, _| change(draft, "iss", of_other_scheme)),
    (f::ID_TOKEN_ISSUER_LONGER_HOST, "iss", |draft, _| change(draft, "iss", with_longer_host)),
    (f::ID_TOKEN_ISSUER_IN_ANOTHER, "iss", |draft, _| change(draft, "iss", in_another)),
    (f::ID_TOKEN_AUDIENCE_LONGER, "aud", |draft, _| change(draft, "aud", longer)),
    (f::ID_TOKEN_AUDIENCE_IN_ANOTHER, "aud", |draft, _| change(draft, "aud", |own| format!("x-{own}"))),
    (f::ID_TOKEN_AUDIENCE_OTHER_CASE, "aud", |draft, _| change(draft, "aud", other_case)),
    (f::ID_TOKEN_AUDIENCE_IN_LIST, "aud", |draft, _| {
        let inside = format!("x-{}-x", text(draft, "aud"));
        set(draft, "aud", json!([inside]));
    }),
    (f::ID_TOKEN_EMPTY_AUDIENCE_LIST, "aud", |draft, _| set(draft, "aud", json!([]))),
    (f::ID_TOKEN_EMPTY_AUDIENCE, "aud", |draft, _| set(draft, "aud", "")),
    (f::ID_TOKEN_AZP_LONGER, "aud", |draft, _| {
        let other = longer(&text(draft, "aud"));
        set(draft, "azp", other);
    }),
    (f::ID_TOKEN_EXTRA_AUDIENCE_FIRST, "aud", |draft, _| {
        let own = text(draft, "aud");
        set(draft, "aud", json!([OTHER_CLIENT, own]));
    }),
    (f::ID_TOKEN_EXTRA_AUDIENCE_GIVEN, "aud", |draft, _| {
        let own = text(draft, "aud");
        set(draft, "aud", json!([own, OTHER_CLIENT]));
        set(draft, "azp", OTHER_CLIENT);
    }),
    (f::ID_TOKEN_EXTRA_AUDIENCE_OWN, "aud", |draft, _| {
        let own = text(draft, "aud");
        set(draft, "aud", json!([own, OTHER_CLIENT]));
        set(draft, "azp", own);
    }),
    (f::ID_TOKEN_WRONG_AZP_IN_LIST, "aud", |draft, _| {
        let own = text(draft, "aud");
        set(draft, "aud", json!([own]));
        set(draft, "azp", OTHER_CLIENT);
    }),
    (f::ID_TOKEN_EXP_ZERO, "exp", |draft, _| set(draft, "exp", 0)),
    (f::ID_TOKEN_EXP_TEXT, "exp", |draft, _| {
        let issued = draft.claims.get("iat").and_then(Value::as_i64).unwrap_or_default();
        set(draft, "iat", issued - 605);
        set(draft, "exp", (issued - 600).to_string());
    }),
    (f::ID_TOKEN_IAT_AHEAD, "iat", |draft, _| {
        let issued = draft.claims.get("iat").and_then(Value::as_i64).unwrap_or_default();
        set(draft, "iat", issued + SLIGHTLY);
    }),
    (f::ID_TOKEN_NBF_AHEAD, "iat", |draft, _| {
        let issued = draft.claims.get("iat").and_then(Value::as_i64).unwrap_or_default();
        set(draft, "nbf", issued + SLIGHTLY);
    }),
    (f::ID_TOKEN_NONCE_LAST_CHARACTER, "nonce", |draft, _| change(draft, "nonce", other_last_character)),
    (f::ID_TOKEN_NONCE_OTHER_CASE, "nonce", |draft, _| change(draft, "nonce", other_case)),
    (f::ID_TOKEN_NONCE_LONGER, "nonce", |draft, _| change(draft, "nonce", longer)),
    (f::ID_TOKEN_NONCE_HALF, "nonce", |draft, _| change(draft, "nonce", half)),
    (f::ID_TOKEN_EMPTY_NONCE, "nonce", |draft, _| set(draft, "nonce", "")),
    (f::ID_TOKEN_SUB_NUMBER, "sub", |draft, _| set(draft, "sub", A_NUMBER)),
    (f::ID_TOKEN_SUB_BOOLEAN, "sub", |draft, _| set(draft, "sub", true)),
    (f::ID_TOKEN_SUB_NULL, "sub", |draft, _| set(draft, "sub", Value::Null)),
    (f::ID_TOKEN_WITHOUT_KID, "iss", |draft, _| {
        draft.header.shift_remove("kid");
    }),
    (f::ID_TOKEN_KID_OTHER, "iss", |draft, _| {
        draft.header.insert("kid".to_owned(), OTHER_KID.into());
    }),
    (f::ID_TOKEN_OTHER_SIGNATURE, "iss", |draft, _| {
        if let Signature::By(pair) = draft.signature {
            draft.signature = Signature::OfAnother(pair);
        }
    }),
    (f::ID_TOKEN_WITHOUT_SIGNATURE, "iss", |draft, _| draft.signature = Signature::None),
];

/// No subject, where one is a number.
const A_NUMBER: i64 = 20_261_124;

/// Signed well, by the right RSA key or with the client's own secret, with an algorithm that nobody announced.
pub(super) fn sign_otherwise<'a>(shared: &Shared, trace: &Trace, draft: &mut Draft<'a>, keys: &'a Keys) {
    for (fault, sign) in [(f::ID_TOKEN_HS256_CLIENT_SECRET, hs256 as Sign), (f::ID_TOKEN_HS512_CLIENT_SECRET, hs512)] {
        if trace.fires(&shared.faults, fault) {
            let client_id = text(draft, "aud");
            let secret = shared.accounts().client(&client_id).and_then(Registration::known_secret).unwrap_or_default();
            sign(draft, &keys.kid, secret.expose_secret().as_bytes());
        }
    }
    let KeyPair::Rsa(pair) = &keys.pair else { return };
    for (fault, algorithm) in [(f::ID_TOKEN_RS512, "RS512"), (f::ID_TOKEN_PS256, "PS256")] {
        if trace.fires(&shared.faults, fault) {
            draft.header.insert("alg".to_owned(), algorithm.into());
            draft.signature = if algorithm == "RS512" { Signature::Rs512(pair) } else { Signature::Ps256(pair) };
        }
    }
}

type Sign = fn(&mut Draft, &str, &[u8]);

/// The subject that the user information shows: the ID token's, where that is of the wrong kind.
pub(crate) fn shown_subject(shared: &Shared, trace: &Trace, subject: &UserId) -> Value {
    let forms = [
        (f::ID_TOKEN_SUB_NUMBER, Value::from(A_NUMBER)),
        (f::ID_TOKEN_SUB_BOOLEAN, Value::from(true)),
        (f::ID_TOKEN_SUB_NULL, Value::Null),
        (f::ID_TOKEN_SUB_FALSE, Value::from(false)),
        (f::ID_TOKEN_SUB_OBJECT, subject_as_object()),
    ];
    let armed = forms.into_iter().find(|(fault, _)| trace.fires(&shared.faults, fault));
    armed.map_or_else(|| subject.0.clone().into(), |(_, form)| form)
}

/// What the platform calls itself throughout, where that is not its own name.
pub(super) fn other_name(shared: &Shared, trace: &Trace) -> Option<String> {
    let issuer = shared.issuer_text();
    let names = [
        (f::OTHER_ISSUER_THROUGHOUT, super::response::OTHER_ISSUER.to_owned()),
        (f::ISSUER_OTHER_PATH_THROUGHOUT, at_other_path(issuer)),
        (f::ISSUER_LONGER_HOST_THROUGHOUT, with_longer_host(issuer)),
    ];
    names.into_iter().find(|(fault, _)| trace.fires(&shared.faults, fault)).map(|(_, name)| name)
}

pub(super) fn text(draft: &Draft, claim: &str) -> String {
    draft.claims.get(claim).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) fn change<T: Into<Value>>(draft: &mut Draft, claim: &str, change: impl Fn(&str) -> T) {
    let changed = change(&text(draft, claim));
    set(draft, claim, changed);
}

fn set(draft: &mut Draft, claim: &str, value: impl Into<Value>) {
    draft.claims.insert(claim.to_owned(), value.into());
}

fn unset(draft: &mut Draft, claim: &str) {
    let claims: &mut Map<String, Value> = &mut draft.claims;
    claims.shift_remove(claim);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_another_text_that_looks_like_it() {
        let own = "Ab3-x_9f";
        for miss in [other_last_character(own), other_case(own), longer(own), cut(own), half(own)] {
            assert!(miss != own && miss.to_lowercase()[..3] == own.to_lowercase()[..3], "{miss}");
        }
        let issuer = "http://account.example:4010";
        assert_eq!(at_other_port(issuer), "http://account.example:4011");
        assert_eq!(at_other_port("https://account.example"), "https://account.example:442");
        assert_eq!(of_other_scheme(issuer), "https://account.example:4010");
        assert_eq!(of_other_scheme("https://account.example"), "http://account.example");
        assert!(with_longer_host(issuer).starts_with(issuer) && in_another(issuer).ends_with(issuer));
    }
}
