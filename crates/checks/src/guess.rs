//! Values that look drawn by chance and are the digest of something that anybody can guess: of the clock, or of a number that counts.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use md5::{Digest, Md5};
use ring::digest;

use super::Judgement;
use super::authorization_request::observed;
use super::judgement::{Clause, nothing};
use crate::domain::Exchange;

/// So much of a digest tells it from all others.
const HEAD: usize = 8;
type Head = [u8; HEAD];

/// How many sign-ins are looked at: what is made of the clock is so in each.
const LOOKED_AT: usize = 2;
/// How long before the request came its value may have been made. The finer the clock, the more readings there are of a second.
const COARSE_MS: u64 = 5000;
const FINE_MS: u64 = 25;
/// The two clocks are one machine's, read a moment apart.
const AHEAD_MS: u64 = 2;
/// What counts begins low.
const MOST_COUNTED: u64 = 1000;

/// AZ-04, AZ-11: no value of `parameter` is an MD5, SHA-1, SHA-256 or SHA-512 digest of the time at which it was sent, or of a small
/// number. `began_ms` is the clock's reading, in milliseconds since 1970, from which the exchanges count.
pub fn check_made_of_no_clock(exchanges: &[Exchange], parameter: &str, began_ms: u64) -> Judgement {
    let sign_ins = observed(exchanges)?;
    let sent = sign_ins.iter().filter_map(|sign_in| Some((sign_in, sign_in.parameter(parameter)?)));
    let sent: Vec<_> = sent.filter(|(_, value)| !value.is_empty()).take(LOOKED_AT).collect();
    if sent.is_empty() {
        return Err(nothing(format!("no authorization request has a {parameter}")));
    }
    for (sign_in, value) in sent {
        if let Some(told) = guessed(value, began_ms + sign_in.request.at_ms) {
            return Err(Clause("RFC 6749 section 10.10").refuse(
                format!("the {parameter} can be guessed: it is made of {told}"),
                format!("a {parameter} from a cryptographic random generator"),
                format!("a digest of {told}"),
                [sign_in.number()],
            ));
        }
    }
    Ok(())
}

/// What `value`, sent at `sent_ms`, is a digest of.
fn guessed(value: &str, sent_ms: u64) -> Option<&'static str> {
    let heads = heads_of(value);
    if heads.is_empty() {
        return None;
    }
    let mut text = String::new();
    let mut is_digest_of = |reading: std::fmt::Arguments<'_>| {
        text.clear();
        write!(text, "{reading}").is_ok() && digests_of(text.as_bytes()).iter().any(|head| heads.contains(head))
    };
    let (coarse, fine) = (sent_ms.saturating_sub(COARSE_MS)..=sent_ms + AHEAD_MS, sent_ms.saturating_sub(FINE_MS)..=sent_ms + AHEAD_MS);
    if (0..=MOST_COUNTED).any(|count| is_digest_of(format_args!("{count}"))) {
        return Some("a number that counts");
    }
    let seconds = coarse.start() / 1000..=coarse.end() / 1000;
    let clock = seconds.into_iter().any(|seconds| is_digest_of(format_args!("{seconds}")))
        || coarse.into_iter().any(|ms| is_digest_of(format_args!("{ms}")) || is_digest_of(format_args!("{}.{:03}", ms / 1000, ms % 1000)))
        || (fine.start() * 1000..=fine.end() * 1000).any(|us| {
            let (seconds, rest) = (us / 1_000_000, us % 1_000_000);
            // A whole number, PHP's uniqid() and its microtime().
            is_digest_of(format_args!("{us}"))
                || is_digest_of(format_args!("{seconds:08x}{rest:05x}"))
                || is_digest_of(format_args!("0.{rest:06}00 {seconds}"))
        })
        || floats(*fine.start(), *fine.end()).any(|seconds| is_digest_of(format_args!("{seconds}")));
    clock.then_some("the clock")
}

/// Every reading of a clock that counts seconds in a double, as Python's and Ruby's do, between two milliseconds.
fn floats(from_ms: u64, to_ms: u64) -> impl Iterator<Item = f64> {
    let seconds = |ms: u64| std::time::Duration::from_millis(ms).as_secs_f64();
    let last = seconds(to_ms);
    std::iter::successors(Some(seconds(from_ms)), |now| Some(now.next_up())).take_while(move |now| *now <= last)
}

fn digests_of(text: &[u8]) -> [Head; 4] {
    let head = |digest: &[u8]| digest.first_chunk().copied().unwrap_or_default();
    let of = |algorithm| head(digest::digest(algorithm, text).as_ref());
    [of(&digest::SHA256), of(&digest::SHA1_FOR_LEGACY_USE_ONLY), of(&digest::SHA512), head(&Md5::digest(text))]
}

/// The bytes with which the value, or a piece of it, begins when it is read as hexadecimal, base64, or one in the other.
fn heads_of(value: &str) -> Vec<Head> {
    let pieces = value.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '/')));
    pieces.flat_map(|piece| [from_hexadecimal(piece), from_base64(piece)]).flatten().collect()
}

fn from_hexadecimal(text: &str) -> Option<Head> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').take(2 * HEAD).collect();
    let digits = std::str::from_utf8(&digits).ok().filter(|digits| digits.len() == 2 * HEAD)?;
    u64::from_str_radix(digits, 16).ok().map(u64::to_be_bytes)
}

fn from_base64(text: &str) -> Option<Head> {
    let plain: String = text.chars().take(4 * HEAD).collect::<String>().replace('-', "+").replace('_', "/");
    let whole = plain.get(..plain.len() / 4 * 4)?;
    let bytes = STANDARD_NO_PAD.decode(whole).ok()?;
    std::str::from_utf8(&bytes).ok().and_then(from_hexadecimal).or_else(|| bytes.first_chunk().copied())
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::super::fixtures::*;
    use super::*;

    const BEGAN_MS: u64 = 1_764_374_400_000;

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn sent(state: &str) -> Vec<Exchange> {
        let mut request = authorization(1, 1);
        set(&mut request.query, "state", state);
        request.at_ms = 12_345;
        vec![request]
    }

    fn told(state: &str) -> String {
        found(check_made_of_no_clock(&sent(state), "state", BEGAN_MS))
    }

    #[test]
    fn a_digest_of_the_clock_is_found_in_any_usual_form() {
        let (seconds, ms) = ("1764374412", "1764374412301");
        assert_eq!(told(&hexadecimal(&Md5::digest(seconds))), "the state can be guessed: it is made of the clock");
        told(&format!("portale.{}", URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, ms.as_bytes()))));
        told(&URL_SAFE_NO_PAD.encode(hexadecimal(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, ms.as_bytes()).as_ref())));
        told(&hexadecimal(digest::digest(&digest::SHA512, b"1764374412.345").as_ref()));
        // PHP's uniqid() and microtime(), Python's time.time() and Ruby's Time.now.to_f.
        told(&hexadecimal(&Md5::digest(format!("{:08x}{:05x}", 1_764_374_412, 340_123))));
        told(&hexadecimal(&Md5::digest("0.34012300 1764374412")));
        told(&hexadecimal(&Md5::digest(format!("{}", 1_764_374_412.340_123_4_f64))));
        let uuid = hexadecimal(&Md5::digest(ms));
        told(&format!("{}-{}-{}-{}-{}", &uuid[..8], &uuid[8..12], &uuid[12..16], &uuid[16..20], &uuid[20..]));
        assert!(told(&hexadecimal(digest::digest(&digest::SHA256, b"17").as_ref())).contains("a number that counts"));
    }

    #[test]
    fn chance_and_a_clock_that_was_elsewhere_are_no_guess() {
        for state in [random("state"), hexadecimal(&Md5::digest(random("state"))), "short".to_owned(), "naïve state ü".to_owned()] {
            assert_eq!(check_made_of_no_clock(&sent(&state), "state", BEGAN_MS), Ok(()));
        }
        let long_ago = hexadecimal(&Md5::digest("1764374312"));
        assert_eq!(check_made_of_no_clock(&sent(&long_ago), "state", BEGAN_MS), Ok(()));
        undecided(check_made_of_no_clock(&[], "state", BEGAN_MS));
        undecided(check_made_of_no_clock(&sent(""), "state", BEGAN_MS));
    }
}
