//! How much of a value that has to be unguessable is drawn anew each time. What many values have in common tells it: a character that
//! is the same in all of them, wherever it stands, adds nothing, and neither does one of which there are two or three kinds only. What
//! is constant may be long beside it, as the head of a signed token is.

use secrecy::{ExposeSecret, SecretString};

use super::Judgement;
use super::judgement::{Clause, nothing};

/// Bits below which a value can be guessed, whatever it is for.
pub(super) const GUESSED: f64 = 64.0;

/// Of a character of a code verifier: the most that it can hold (66 unreserved characters, RFC 7636 section 4.1).
const BITS_PER_VERIFIER_CHARACTER: f64 = 6.05;

/// The bits that the characters seen at each place can tell, by how many different ones stood there. Of few values little is seen: this
/// says something of ten and more.
pub(super) fn bits_seen(values: &[&str]) -> f64 {
    kinds_at_each_place(values, bits_of)
}

/// How many places do not hold the same character in every value.
fn varying_places(values: &[&str]) -> f64 {
    kinds_at_each_place(values, |kinds| f64::from(u8::from(kinds > 1)))
}

fn bits_of(kinds: usize) -> f64 {
    f64::from(u32::try_from(kinds).unwrap_or(u32::MAX)).log2()
}

/// The sum over all places, counted from the beginning or from the end, whichever gives more: values may be of several lengths.
fn kinds_at_each_place(values: &[&str], of_kinds: impl Fn(usize) -> f64) -> f64 {
    let texts: Vec<Vec<char>> = values.iter().map(|value| value.chars().collect()).collect();
    let length = texts.iter().map(Vec::len).min().unwrap_or_default();
    let sum = |at: &dyn Fn(&[char], usize) -> Option<char>| -> f64 {
        let places = (0..length).map(|place| {
            let mut seen: Vec<char> = texts.iter().filter_map(|text| at(text, place)).collect();
            seen.sort_unstable();
            seen.dedup();
            of_kinds(seen.len())
        });
        places.sum()
    };
    sum(&|text, place| text.get(place).copied()).max(sum(&|text, place| text.iter().nth_back(place).copied()))
}

/// AZ-07: code verifiers are drawn by chance: two of them differ at enough places (RFC 7636 sections 4.1 and 7.1). `verifiers` are all
/// that were presented, with their placeholders.
pub fn check_code_verifiers_drawn(verifiers: &[(String, SecretString)]) -> Judgement {
    let values: Vec<&str> = verifiers.iter().map(|(_, verifier)| verifier.expose_secret()).collect();
    if values.len() < 2 {
        return Err(nothing("one code verifier does not show how they are made"));
    }
    let places = varying_places(&values);
    let most = places * BITS_PER_VERIFIER_CHARACTER;
    if most >= GUESSED {
        return Ok(());
    }
    Err(Clause("RFC 7636 section 7.1").refuse(
        format!("a code verifier varies by at most {most:.0} bits"),
        "a code verifier that is drawn by chance from beginning to end",
        format!("{} code verifiers differ at {places} places only", values.len()),
        [],
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    fn seen(values: &[String]) -> f64 {
        bits_seen(&values.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn many(value: impl Fn(u32) -> String) -> Vec<String> {
        (1..=30).map(value).collect()
    }

    #[test]
    fn what_is_constant_counts_for_nothing_wherever_it_stands() {
        let head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdHRlbXB0Ijoi";
        assert!(seen(&many(|turn| format!("{head}{}", random(&turn.to_string())))) > 2.0 * GUESSED, "a constant head is nothing bad");
        assert!(seen(&many(|turn| format!("{}{head}{:02}", turn % 10, turn))) < 10.0, "nor does a constant middle make it good");
        assert!(seen(&many(|turn| "x".repeat(turn as usize) + "0")) < 6.0, "a length alone");
        assert!(seen(&[]) < 1.0);
    }

    #[test]
    fn a_clock_tells_little_at_each_place() {
        let clock = many(|turn| format!("{:x}-cc9a-11f0-{:04x}-0242ac120002", 0xc0ff_ee12_u32 + turn * 7919, 0x8d3e + turn % 3));
        assert!(seen(&clock) < GUESSED, "{}", seen(&clock));
    }

    #[test]
    fn verifiers_that_share_all_but_a_few_characters_are_found() {
        let secrets = |values: &[String]| -> Vec<(String, SecretString)> {
            (1..).zip(values).map(|(number, value)| (format!("[verifier-{number}]"), SecretString::from(value.as_str()))).collect()
        };
        let sound: Vec<String> = (1..=2).map(|turn| random(&format!("verifier {turn}"))).collect();
        assert_eq!(check_code_verifiers_drawn(&secrets(&sound)), Ok(()));
        undecided(check_code_verifiers_drawn(&secrets(&sound[..1])));
        let weak = ["a1b2", "93f0"].map(|end| format!("portale-portale-portale-portale-portale-portale-{end}"));
        assert!(found(check_code_verifiers_drawn(&secrets(&weak))).contains("varies by at most 24 bits"));
        // A constant beginning before enough chance is no harm.
        let begun: Vec<String> = sound.iter().map(|value| format!("portale-{}", &value[..32])).collect();
        assert_eq!(check_code_verifiers_drawn(&secrets(&begun)), Ok(()));
    }
}
