//! Claims of a kind or a spelling that no text allows: what loose comparisons and truth values of a language take for the right ones.

use rsa::RsaPublicKey;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{DecodePublicKey, LineEnding};
use serde_json::{Map, Value, json};
use url::Url;

use super::fault as f;
use super::id_token_faults::{HOUR, hs256, hs512, set, subject_as_object, unsigned};
use super::jwt::{Draft, Signature};
use super::keys::Keys;
use super::near_misses::{change, of_a_user, other_case, preceded, text, with_blank, with_query};
use crate::api::ELSEWHERE;

type Edit = fn(&mut Draft, &Keys);

/// The claim named is the one without which the fault cannot fire.
pub(super) const CLAIMS: [(&str, &str, Edit); 27] = [
    (f::ID_TOKEN_ISSUER_NULL, "iss", |draft, _| set(draft, "iss", Value::Null)),
    (f::ID_TOKEN_ISSUER_LIST, "iss", |draft, _| in_list(draft, "iss")),
    (f::ID_TOKEN_ISSUER_BLANK, "iss", |draft, _| change(draft, "iss", with_blank)),
    (f::ID_TOKEN_ISSUER_QUERY, "iss", |draft, _| change(draft, "iss", with_query)),
    (f::ID_TOKEN_ISSUER_USER, "iss", |draft, _| change(draft, "iss", of_a_user)),
    (f::ID_TOKEN_AUDIENCE_WORDS, "aud", |draft, _| change(draft, "aud", |own| format!("{own} another-client"))),
    (f::ID_TOKEN_AUDIENCE_OBJECT, "aud", |draft, _| {
        let of_own: Map<String, Value> = [(text(draft, "aud"), true.into())].into_iter().collect();
        set(draft, "aud", of_own);
    }),
    (f::ID_TOKEN_AUDIENCE_BLANK, "aud", |draft, _| change(draft, "aud", with_blank)),
    (f::ID_TOKEN_AUDIENCE_NESTED, "aud", |draft, _| change(draft, "aud", |own| json!([[own]]))),
    (f::ID_TOKEN_AZP_OTHER_CASE, "aud", |draft, _| {
        let other = other_case(&text(draft, "aud"));
        set(draft, "azp", other);
    }),
    (f::ID_TOKEN_AZP_PRECEDED, "aud", |draft, _| {
        let other = preceded(&text(draft, "aud"));
        set(draft, "azp", other);
    }),
    (f::ID_TOKEN_WITHOUT_ALG, "iss", |draft, _| {
        unsigned(draft, "none");
        draft.header.shift_remove("alg");
    }),
    (f::ID_TOKEN_ALG_NONE_BLANK, "iss", |draft, _| unsigned(draft, "none ")),
    (f::ID_TOKEN_ALG_NONE_SIGNED, "iss", |draft, _| {
        if let Signature::By(pair) = draft.signature {
            unsigned(draft, "none");
            draft.signature = Signature::OfAnother(pair);
        }
    }),
    (f::ID_TOKEN_TWO_PARTS, "iss", |draft, _| {
        unsigned(draft, "none");
        draft.signature = Signature::NoPart;
    }),
    (f::ID_TOKEN_HS512_PUBLIC_KEY, "iss", |draft, keys| hs512(draft, &keys.kid, keys.public_pem.as_bytes())),
    (f::ID_TOKEN_HS256_TRIMMED_KEY, "iss", |draft, keys| hs256(draft, &keys.kid, keys.public_pem.trim_end().as_bytes())),
    (f::ID_TOKEN_HS256_PKCS1, "iss", |draft, keys| hs256(draft, &keys.kid, pkcs1(keys).as_bytes())),
    (f::ID_TOKEN_EXP_NULL, "exp", |draft, _| set(draft, "exp", Value::Null)),
    (f::ID_TOKEN_IAT_NULL, "iat", |draft, _| set(draft, "iat", Value::Null)),
    (f::ID_TOKEN_NBF_TEXT, "iat", |draft, _| {
        let from = draft.claims["iat"].as_i64().unwrap_or_default() + HOUR;
        set(draft, "nbf", from.to_string());
    }),
    (f::ID_TOKEN_NONCE_LIST, "nonce", |draft, _| in_list(draft, "nonce")),
    (f::ID_TOKEN_NONCE_NULL, "nonce", |draft, _| set(draft, "nonce", Value::Null)),
    (f::ID_TOKEN_NONCE_BLANK, "nonce", |draft, _| change(draft, "nonce", with_blank)),
    (f::ID_TOKEN_NONCE_PRECEDED, "nonce", |draft, _| change(draft, "nonce", preceded)),
    (f::ID_TOKEN_SUB_FALSE, "sub", |draft, _| set(draft, "sub", false)),
    (f::ID_TOKEN_SUB_OBJECT, "sub", |draft, _| set(draft, "sub", subject_as_object())),
];

/// The address, at the platform's own origin, of a key that is not the platform's.
pub(super) fn at_own_host(issuer: &Url, path: &str) -> String {
    let mut url = issuer.clone();
    url.set_path(&format!("{ELSEWHERE}{path}"));
    url.into()
}

fn in_list(draft: &mut Draft, claim: &str) {
    let own = draft.claims[claim].clone();
    set(draft, claim, json!([own]));
}

/// The older form of an RSA key (RFC 8017 appendix A.1.1); another key's text without its name.
fn pkcs1(keys: &Keys) -> String {
    let older = RsaPublicKey::from_public_key_pem(&keys.public_pem).ok().and_then(|public| public.to_pkcs1_pem(LineEnding::LF).ok());
    older.unwrap_or_else(|| keys.public_pem.replace(" PUBLIC", " EC PUBLIC"))
}
