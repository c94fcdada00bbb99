use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

const SECRET: &str = "s3cr&t/of the\"client";

fn known(secrets: &[(&str, &str)]) -> Secrets {
    let secrets: Vec<_> = secrets.iter().map(|(label, value)| ((*label).to_owned(), SecretString::from((*value).to_owned()))).collect();
    Secrets::new(&secrets)
}

fn labels(text: &str) -> Vec<String> {
    let known = known(&[("client-secret", SECRET), ("code", "short"), ("code", "c0de-0123456789")]);
    known.labels_in(text.as_bytes()).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_secret_is_found_in_every_encoding() {
    for text in [
        format!("a {SECRET} b"),
        "?secret=s3cr%26t%2Fof+the%22client&x=1".to_owned(),
        "?secret=s3cr%26t%2fof%20the%22client&x=1".to_owned(),
        serde_json::json!({ "secret": SECRET }).to_string(),
        "<td>s3cr&#38;t/of the&quot;client</td>".to_owned(),
        "{\"secret\":\"s3cr\\u0026t\\/of the\\\"client\"}".to_owned(),
        hexadecimal(SECRET.as_bytes()),
        STANDARD.encode(format!("portale:{SECRET}")),
        STANDARD.encode("portale:s3cr%26t%2Fof+the%22client"),
        URL_SAFE_NO_PAD.encode(format!("i:{SECRET}, and more")),
    ] {
        assert_eq!(labels(&text), ["client-secret"], "{text}");
    }
    assert_eq!(labels(&format!("{SECRET}c0de-0123456789")), ["client-secret", "code"]);
}

#[test]
fn what_is_no_secret_is_not_found() {
    for text in ["", "short", "s3cr&t/of the\"clien", "[client-secret-1]", "0123456789"] {
        assert!(labels(text).is_empty(), "{text}");
    }
}

#[test]
fn the_whole_word_of_base64_goes_with_its_secret() {
    let known = known(&[("[secret-1]", "p4ssw0rd-of-it"), ("[csrf-1]", "abc123")]);
    let basic = STANDARD.encode("portale:p4ssw0rd-of-it");
    assert_eq!(known.without(&format!("btoa is '{basic}';")), "btoa is '[secret-1]';");
    assert_eq!(known.without("a p4ssw0rd-of-it and abc123"), "a [secret-1] and [csrf-1]");
    assert_eq!(known.without("nothing secret, è"), "nothing secret, è");
}

#[test]
fn the_longer_secret_covers_the_shorter_one_in_it() {
    let known = known(&[("[short]", "0123456789"), ("[long]", "ab0123456789cd")]);
    assert_eq!(known.without("x ab0123456789cd 0123456789"), "x [long] [short]");
}

/// A secret as an application could have it.
fn any_secret(random: &mut ChaCha8Rng) -> String {
    const SIGNS: [char; 24] =
        ['a', 'Z', '0', '9', '-', '_', '.', '~', ' ', '+', '/', '=', '%', '&', '<', '>', '"', '\'', '\\', ':', ';', 'è', '€', 'u'];
    let length = random.random_range(8..40);
    // Between two letters: contexts that trim or fold blanks are no encodings.
    let middle: String = (0..length).filter_map(|_| SIGNS.choose(random)).collect();
    format!("k{middle}Q")
}

/// The secret in one of the encodings of words: of itself, or with other text around it.
fn any_word(secret: &str, random: &mut ChaCha8Rng) -> String {
    let around = |random: &mut ChaCha8Rng| "id:portale-0123"[..random.random_range(0..15)].to_owned();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let inner = if random.random_bool(0.3) { form } else { secret.to_owned() };
    let plain = format!("{}{inner}{}", around(random), around(random));
    match random.random_range(0..7) {
        0 => hexadecimal(secret.as_bytes()),
        1 => hexadecimal(secret.as_bytes()).to_uppercase(),
        2 => STANDARD.encode(plain),
        3 => STANDARD_NO_PAD.encode(plain),
        4 => URL_SAFE.encode(plain),
        5 => URL_SAFE_NO_PAD.encode(plain),
        _ => secret.to_owned(),
    }
}

/// A text within an address, a page or a script.
fn any_escape(text: &str, random: &mut ChaCha8Rng) -> String {
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    match random.random_range(0..6) {
        0 => url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        1 => percent_encoding::utf8_percent_encode(text, UNRESERVED).to_string(),
        2 => text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        3 => text.chars().map(|c| if unreserved(c) { c.to_string() } else { format!("&#{};", u32::from(c)) }).collect(),
        4 => text.chars().map(|c| if unreserved(c) { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect(),
        _ => {
            let json = serde_json::Value::from(text).to_string();
            json[1..json.len() - 1].to_owned()
        }
    }
}

#[test]
fn no_spelling_of_a_secret_survives_and_what_stands_around_it_does() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    for round in 0..2000 {
        let secret = any_secret(&mut random);
        let mut spelt = any_word(&secret, &mut random);
        for _ in 0..random.random_range(0..3) {
            spelt = any_escape(&spelt, &mut random);
        }
        let known = known(&[("[secret-1]", &secret)]);
        let text = format!("before, {spelt} after");
        let told = format!("round {round}: `{secret}` as `{text}`");
        assert_eq!(known.labels_in(text.as_bytes()).len(), 1, "{told}");
        let shown = known.without(&text);
        assert!(known.labels_in(shown.as_bytes()).is_empty(), "{told}: `{shown}`");
        assert!(shown.starts_with("before, ") && shown.ends_with(" after") && shown.contains("[secret-1]"), "{told}: `{shown}`");
    }
}

#[test]
fn a_text_without_secrets_stays_as_it_is() {
    let mut random = ChaCha8Rng::seed_from_u64(10);
    let known = known(&[("[secret-1]", "kJ8 d%2f&Q-secret"), ("[secret-2]", "b1946ac92492d2347c6235b4d2611184")]);
    for _ in 0..500 {
        let other = any_secret(&mut random);
        let text = any_escape(&any_word(&other, &mut random), &mut random);
        assert_eq!(known.without(&text), text);
    }
}

#[test]
fn a_token_is_told_from_a_name() {
    let tokens = ["sBw3mZ7-Xq0aTn_Vd91LkP5h", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlIG9mIDI1NiBiaXRz"];
    for token in tokens {
        for text in
            [format!("token: {token}."), format!("<b>{token}</b>"), format!("a%3D{token}%26b"), format!("{{\\u0022{token}\\u0022}}")]
        {
            assert!(tokens_in(&text).contains(token), "{text}: {:?}", tokens_in(&text));
        }
    }
    for name in [
        "org.example.security.OAuth2LoginAuthenticationFilter",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "2026-11-29T01:45:00.123456789Z",
        "giponext.medicalreports offline_access",
        "http://127.0.0.1:24010/v2/tenants/101/patients?limit=100",
        "RSSMRA85T10A562S Maria Rossi",
        "/usr/lib/python3.11/site-packages/requests_oauthlib/oauth2_session.py",
    ] {
        assert_eq!(tokens_in(name), BTreeSet::new(), "{name}");
    }
}
