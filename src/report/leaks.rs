use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use super::ReportError;
use super::bundle::gather;
use crate::domain::Leak;

/// Secrets to look for, each with its kind, in the encodings in which they travel.
pub struct Canaries {
    needles: Vec<Needle>,
    /// Needles by their last eight bytes.
    ends: HashMap<u64, Vec<usize>>,
    /// Which ends there may be: most places of a text are passed over by one look at it.
    sieve: Vec<u64>,
}

struct Needle {
    kind: String,
    bytes: Vec<u8>,
}

/// Shorter values occur by accident.
const SHORTEST: usize = 8;
/// Bits of the sieve's address.
const SIEVE: u32 = 22;

impl Canaries {
    pub fn new(secrets: &[(String, SecretString)]) -> Self {
        let mut canaries = Self { needles: Vec::new(), ends: HashMap::new(), sieve: vec![0; 1 << (SIEVE - 6)] };
        for (kind, secret) in secrets {
            let secret = secret.expose_secret();
            if secret.len() >= SHORTEST {
                for bytes in encodings(secret) {
                    canaries.add(kind, bytes);
                }
            }
        }
        canaries
    }

    fn add(&mut self, kind: &str, bytes: Vec<u8>) {
        let end = bytes.iter().fold(0_u64, |end, byte| (end << 8) | u64::from(*byte));
        let (word, bit) = address(end);
        self.sieve[word] |= 1 << bit;
        self.ends.entry(end).or_default().push(self.needles.len());
        self.needles.push(Needle { kind: kind.to_owned(), bytes });
    }

    /// The kinds of those that stand in a text.
    pub fn kinds_in(&self, text: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut end = 0_u64;
        for (place, byte) in text.iter().enumerate() {
            end = (end << 8) | u64::from(*byte);
            let (word, bit) = address(end);
            if self.sieve[word] & (1 << bit) == 0 {
                continue;
            }
            let ending_here = self.ends.get(&end).into_iter().flatten().map(|needle| &self.needles[*needle]);
            found.extend(ending_here.filter(|needle| text[..=place].ends_with(&needle.bytes)).map(|needle| needle.kind.as_str()));
        }
        found
    }

    /// Every file below `folder` that holds one, with its kind; never the value.
    pub fn leaks_in(&self, folder: &Path) -> Result<Vec<Leak>, ReportError> {
        let leaks = gather(folder)?.into_iter().flat_map(|member| {
            let kinds: Vec<String> = self.kinds_in(&member.bytes).into_iter().map(str::to_owned).collect();
            kinds.into_iter().map(move |kind| Leak { file: member.name.clone(), kind })
        });
        Ok(leaks.collect())
    }
}

fn address(end: u64) -> (usize, u32) {
    let hash = end.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SIEVE);
    (usize::try_from(hash >> 6).unwrap_or(0), u32::try_from(hash & 63).unwrap_or(0))
}

/// The value as it stands in a text, an address, a page, a JSON string, in hexadecimal, and within the base64 of any text around it.
fn encodings(secret: &str) -> Vec<Vec<u8>> {
    let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let json = serde_json::Value::from(secret).to_string();
    let mut all: BTreeSet<Vec<u8>> = [
        secret.to_owned(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string(),
        json[1..json.len() - 1].to_owned(),
        askama::filters::escape(secret, askama::filters::Html).map_or_else(|_| String::new(), |page| page.to_string()),
        hexadecimal.to_uppercase(),
        hexadecimal,
    ]
    .into_iter()
    .map(String::into_bytes)
    .collect();
    for alignment in 0..3 {
        let shifted = [vec![0; alignment], secret.as_bytes().to_vec()].concat();
        // Bits of what stands before and after leak into the first and the last character.
        let (start, end) = ((alignment * 8).div_ceil(6), shifted.len() * 8 / 6);
        all.extend([STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|engine| engine.encode(&shifted).as_bytes()[start..end].to_vec()));
    }
    all.into_iter().filter(|encoded| encoded.len() >= SHORTEST).collect()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const SECRET: &str = "s3cr&t/of the\"client";

    fn kinds(text: &str) -> Vec<String> {
        let secrets = [("client-secret", SECRET), ("code", "short"), ("code", "c0de-0123456789")];
        let secrets = secrets.map(|(kind, value)| (kind.to_owned(), SecretString::from(value.to_owned())));
        Canaries::new(&secrets).kinds_in(text.as_bytes()).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_secret_is_found_in_every_encoding() {
        let hexadecimal: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
        for text in [
            format!("a {SECRET} b"),
            "?secret=s3cr%26t%2Fof+the%22client&x=1".to_owned(),
            "?secret=s3cr%26t%2Fof%20the%22client&x=1".to_owned(),
            serde_json::json!({ "secret": SECRET }).to_string(),
            "<td>s3cr&#38;t/of the&#34;client</td>".to_owned(),
            hexadecimal,
            STANDARD.encode(format!("portale:{SECRET}")),
            STANDARD.encode(format!("id:{SECRET}\n")),
            URL_SAFE_NO_PAD.encode(format!("i:{SECRET}, and more")),
        ] {
            assert_eq!(kinds(&text), ["client-secret"], "{text}");
        }
        assert_eq!(kinds(&format!("{SECRET}c0de-0123456789")), ["client-secret", "code"]);
    }

    #[test]
    fn what_is_no_secret_is_not_found() {
        for text in ["", "short", "s3cr&t/of the\"clien", "[client-secret-1]", "0123456789"] {
            assert!(kinds(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_leak_names_file_and_kind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("evidence")).expect("a folder");
        std::fs::write(folder.path().join("evidence/page.html.txt"), format!("<p>{SECRET}")).expect("writes");
        std::fs::write(folder.path().join("run.jsonl"), "nothing").expect("writes");
        let canaries = Canaries::new(&[("client-secret".to_owned(), SecretString::from(SECRET.to_owned()))]);
        let leaks = canaries.leaks_in(folder.path()).expect("readable");
        assert_eq!(leaks, [Leak { file: "evidence/page.html.txt".to_owned(), kind: "client-secret".to_owned() }]);
    }
}
