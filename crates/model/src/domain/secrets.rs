//! Secrets in a text: found, and taken out, in every spelling in which they travel.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use super::escapes::{Layers, each_layer};

/// Shorter values occur by accident.
const SHORTEST: usize = 8;
/// The shortest that is taken out of a text: what is taken out in vain does no harm.
const SHORTEST_OUT: usize = 6;
/// Bits of the sieve's address.
const SIEVE: u32 = 22;
/// An escape within an escape within an escape: an address in a script in a page.
const LAYERS: usize = 3;

/// The secrets of a run, each with its label: plain, in the escapes of addresses, pages and scripts, in hexadecimal, and within the base64
/// of any text around them.
#[derive(Clone)]
pub struct Secrets {
    /// Digests of those that are known.
    known: HashSet<u64>,
    labels: Vec<String>,
    needles: Vec<Needle>,
    /// The needle that came last of those with the same last eight bytes.
    ends: HashMap<u64, usize>,
    /// Which ends there may be: most places of a text are passed over by one look at it.
    sieve: Vec<u64>,
    /// Those that are too short for the sieve.
    short: Vec<(usize, String)>,
}

/// One spelling of a secret. A run has hundreds of thousands of them: their bytes are not kept.
#[derive(Clone, Copy)]
struct Needle {
    label: usize,
    length: usize,
    digest: u64,
    /// It is the middle of a longer word of base64, whose first and last characters hold some bits of the secret.
    within_base64: bool,
    /// The one with the same last eight bytes that came before it.
    before: Option<usize>,
}

impl Default for Secrets {
    fn default() -> Self {
        let (known, labels, needles, ends, short) = Default::default();
        Self { known, labels, needles, ends, sieve: vec![0; 1 << (SIEVE - 6)], short }
    }
}

impl Secrets {
    /// Knows these secrets, each with its label in front; values of fewer than six bytes are passed over.
    pub fn new(secrets: &[(String, SecretString)]) -> Self {
        let mut known = Self::default();
        for (label, secret) in secrets {
            known.add(label, secret);
        }
        known
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// One more; one that is known keeps its label.
    pub fn add(&mut self, label: &str, secret: &SecretString) {
        let secret = secret.expose_secret();
        if secret.len() < SHORTEST_OUT || !self.known.insert(digest(secret.as_bytes())) {
            return;
        }
        if self.labels.last().is_none_or(|last| last != label) {
            self.labels.push(label.to_owned());
        }
        let label = self.labels.len() - 1;
        if secret.len() < SHORTEST {
            self.short.push((label, secret.to_owned()));
            return;
        }
        for (bytes, within_base64) in spellings(secret) {
            let end = end_of(&bytes);
            let address = address(end);
            self.sieve[address / 64] |= 1 << (address % 64);
            let before = self.ends.insert(end, self.needles.len());
            self.needles.push(Needle { label, length: bytes.len(), digest: digest(&bytes), within_base64, before });
        }
    }

    /// The labels of those that stand in a text or a file.
    pub fn labels_in(&self, text: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        each_layer(text, LAYERS, |layer| {
            self.scan(layer, |needle, _| {
                found.insert(self.labels[needle.label].as_str());
            });
        });
        found
    }

    /// The text with each secret's label in its place.
    pub fn without(&self, text: &str) -> String {
        if text.len() < SHORTEST_OUT {
            return text.to_owned();
        }
        let mut found: Vec<(Range<usize>, usize)> = Vec::new();
        let layers = Layers::of(text.as_bytes(), LAYERS);
        for (number, layer) in layers.iter().enumerate() {
            self.scan(layer, |needle, range| {
                let range = if needle.within_base64 { word_around(layer, range) } else { range };
                found.push((layers.origin(number, range), needle.label));
            });
        }
        for (label, secret) in &self.short {
            found.extend(text.match_indices(secret.as_str()).map(|(start, found)| (start..start + found.len(), *label)));
        }
        if found.is_empty() {
            return text.to_owned();
        }
        found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let (mut shown, mut told) = (String::with_capacity(text.len()), 0);
        for (range, label) in found {
            if range.start >= told {
                shown.push_str(text.get(told..range.start).unwrap_or_default());
                shown.push_str(&self.labels[label]);
            }
            told = told.max(range.end);
        }
        shown.push_str(text.get(told..).unwrap_or_default());
        shown
    }

    fn scan(&self, text: &[u8], mut tell: impl FnMut(&Needle, Range<usize>)) {
        let sieve = self.sieve.as_slice();
        let (mut end, mut place) = (0_u64, 0);
        while place < text.len() {
            end = (end << 8) | u64::from(text[place]);
            place += 1;
            let address = address(end);
            if sieve[address / 64] & (1 << (address % 64)) == 0 {
                continue;
            }
            let mut next = self.ends.get(&end).copied();
            while let Some(needle) = next.map(|needle| &self.needles[needle]) {
                if let Some(start) = place.checked_sub(needle.length)
                    && digest(&text[start..place]) == needle.digest
                {
                    tell(needle, start..place);
                }
                next = needle.before;
            }
        }
    }
}

fn end_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0_u64, |end, byte| (end << 8) | u64::from(*byte))
}

fn address(end: u64) -> usize {
    (end.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SIEVE)) as usize
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// The whole word of base64 that a part of it stands in.
fn word_around(text: &[u8], range: Range<usize>) -> Range<usize> {
    let of_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let before = text[..range.start].iter().rev().take_while(|byte| of_base64(byte)).count();
    let after = text[range.end..].iter().take_while(|byte| of_base64(byte)).count();
    let end = range.end + after;
    range.start - before..end + text[end..].iter().take(2).take_while(|byte| **byte == b'=').count()
}

/// What a secret looks like once the escapes around it are undone, and whether that is a part of a word of base64.
fn spellings(secret: &str) -> BTreeSet<(Vec<u8>, bool)> {
    // What is undone in a text is undone in a secret that looks like an escape.
    let mut plain: BTreeSet<Vec<u8>> = Layers::of(secret.as_bytes(), LAYERS).iter().map(<[u8]>::to_vec).collect();
    if secret.contains(' ') {
        plain.extend(plain.clone().iter().map(|bytes| bytes.iter().map(|byte| if *byte == b' ' { b'+' } else { *byte }).collect()));
    }
    let mut all: BTreeSet<(Vec<u8>, bool)> = plain.iter().map(|bytes| (bytes.clone(), false)).collect();
    let hexadecimal = hexadecimal(secret.as_bytes());
    all.insert((hexadecimal.to_uppercase().into_bytes(), false));
    all.insert((hexadecimal.into_bytes(), false));
    // RFC 6749 section 2.3.1 has the secret form-encoded before it is base64; others have it in JSON.
    let json = serde_json::Value::from(secret).to_string();
    plain.insert(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>().into_bytes());
    plain.insert(percent_encoding::utf8_percent_encode(secret, UNRESERVED).to_string().into_bytes());
    plain.insert(json.as_bytes()[1..json.len() - 1].to_vec());
    all.extend(plain.iter().flat_map(|bytes| base64_cores(bytes)).map(|core| (core.into_bytes(), true)));
    all.retain(|(bytes, _)| bytes.len() >= SHORTEST);
    all
}

/// RFC 3986 section 2.3: what needs no escape in an address.
const UNRESERVED: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The bytes as lower-case hexadecimal digits, two for each.
pub fn hexadecimal(value: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut digits = String::with_capacity(value.len() * 2);
    for byte in value {
        digits.push(DIGITS[usize::from(byte >> 4)]);
        digits.push(DIGITS[usize::from(byte & 15)]);
    }
    digits
}

/// What is surely in the base64 of any text around `value`: for each of the three alignments the characters that depend on
/// `value` alone, in both alphabets.
pub fn base64_cores(value: &[u8]) -> Vec<String> {
    let mut cores = Vec::with_capacity(6);
    for alignment in 0..3 {
        let mut shifted = vec![0; alignment];
        shifted.extend_from_slice(value);
        // Bits of the bytes before and after `value` leak into the first and the last character.
        let start = (alignment * 8).div_ceil(6);
        let end = shifted.len() * 8 / 6;
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let core = engine.encode(&shifted)[start..end].to_owned();
            if !cores.contains(&core) {
                cores.push(core);
            }
        }
    }
    cores
}

/// Shorter words are no tokens: 128 bits take so many characters.
const SHORTEST_TOKEN: usize = 22;

/// Words that look like tokens, once the escapes around them are undone: long ones of capitals, small letters and digits in no order. Names
/// that people give keep their letters together.
pub fn tokens_in(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_layer(text.as_bytes(), LAYERS, |layer| {
        let layer = String::from_utf8_lossy(layer);
        let words = layer.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.' | '~'));
        found.extend(words.map(|word| word.trim_matches(['.', '~'])).filter(|word| looks_random(word)).map(str::to_owned));
    });
    found
}

fn looks_random(word: &str) -> bool {
    let kind = |c: u8| match c {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let has = |wanted: u8| word.bytes().any(|c| kind(c) == wanted);
    let changes = word.as_bytes().windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count();
    word.len() >= SHORTEST_TOKEN && has(0) && has(1) && has(2) && changes * 3 >= word.len()
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
