//! Secrets in a text: found, and taken out, in every spelling in which they travel.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use super::escapes::View;

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
pub struct Secrets {
    labels: Vec<String>,
    needles: Vec<Needle>,
    /// Needles by their last eight bytes.
    ends: HashMap<u64, Vec<usize>>,
    /// Which ends there may be: most places of a text are passed over by one look at it.
    sieve: Vec<u64>,
    /// Those that are too short for the sieve.
    short: Vec<(usize, String)>,
}

struct Needle {
    label: usize,
    bytes: Vec<u8>,
    /// It is the middle of a longer word of base64, whose first and last characters hold some bits of the secret.
    within_base64: bool,
}

impl Secrets {
    pub fn new(secrets: &[(String, SecretString)]) -> Self {
        let (labels, needles, ends, short) = Default::default();
        let mut known = Self { labels, needles, ends, sieve: vec![0; 1 << (SIEVE - 6)], short };
        for (label, secret) in secrets {
            known.add(label, secret.expose_secret());
        }
        known
    }

    fn add(&mut self, label: &str, secret: &str) {
        let place = self.labels.len();
        self.labels.push(label.to_owned());
        if secret.len() < SHORTEST {
            if secret.len() >= SHORTEST_OUT {
                self.short.push((place, secret.to_owned()));
            }
            return;
        }
        for (bytes, within_base64) in spellings(secret) {
            let end = end_of(&bytes);
            let (word, bit) = address(end);
            self.sieve[word] |= 1 << bit;
            self.ends.entry(end).or_default().push(self.needles.len());
            self.needles.push(Needle { label: place, bytes, within_base64 });
        }
    }

    /// The labels of those that stand in a text or a file.
    pub fn labels_in(&self, text: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for view in View::layers(text, LAYERS) {
            self.scan(view.bytes(), |needle, _| {
                found.insert(self.labels[needle.label].as_str());
            });
        }
        found
    }

    /// The text with each secret's label in its place.
    pub fn without(&self, text: &str) -> String {
        let mut found: Vec<(Range<usize>, usize)> = Vec::new();
        for view in View::layers(text.as_bytes(), LAYERS) {
            self.scan(view.bytes(), |needle, range| {
                let range = if needle.within_base64 { word_around(view.bytes(), range) } else { range };
                found.push((view.origin(range), needle.label));
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
        let mut end = 0_u64;
        for (place, byte) in text.iter().enumerate() {
            end = (end << 8) | u64::from(*byte);
            let (word, bit) = address(end);
            if self.sieve[word] & (1 << bit) == 0 {
                continue;
            }
            for needle in self.ends.get(&end).into_iter().flatten().map(|needle| &self.needles[*needle]) {
                if text[..=place].ends_with(&needle.bytes) {
                    tell(needle, place + 1 - needle.bytes.len()..place + 1);
                }
            }
        }
    }
}

fn end_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0_u64, |end, byte| (end << 8) | u64::from(*byte))
}

fn address(end: u64) -> (usize, u32) {
    let hash = end.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SIEVE);
    (usize::try_from(hash >> 6).unwrap_or(0), u32::try_from(hash & 63).unwrap_or(0))
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
    let mut plain: BTreeSet<Vec<u8>> = View::layers(secret.as_bytes(), LAYERS).iter().map(|view| view.bytes().to_vec()).collect();
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

pub fn hexadecimal(value: &[u8]) -> String {
    value.iter().map(|byte| format!("{byte:02x}")).collect()
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

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
