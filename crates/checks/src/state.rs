use secrecy::{ExposeSecret, SecretString};

use super::authorization_request::{check_unique, observed, uses_pkce};
use super::chance::{GUESSED, bits_seen};
use super::judgement::{Clause, nothing};
use super::secrecy::occurs_encoded;
use super::{Judgement, Refusal, SignIn};
use crate::domain::Exchange;

const CLAUSE: Clause = Clause("RFC 6749 section 10.10");

/// Fewest sign-ins from which a pattern is told from chance.
const FEWEST_SIGN_INS: usize = 10;
/// A shorter cookie is no secret: a language, a choice.
const SHORTEST_SESSION_ID: usize = 16;
const BITS_NEEDED: f64 = 128.0;
/// Of a character of printable ASCII: the most that a state can hold per character (RFC 6749 appendix A.5).
const MOST_BITS_PER_CHARACTER: f64 = 6.57;

/// AZ-04: the state is unguessable: never used twice, 128 bits by its length and alphabet, without counter or time pattern
/// (RFC 6749 sections 10.10 and 10.12). What is the same at the start and the end of every state counts for nothing.
///
/// Fewer than ten sign-ins are nothing to judge, unless a state is used again or is too short for 128 bits in any alphabet.
/// An application that sends no state and relies on PKCE for its CSRF defence is not concerned (RFC 9700 section 2.1).
pub fn check_states(exchanges: &[Exchange]) -> Judgement {
    let sign_ins = observed(exchanges)?;
    let (with, without): (Vec<&SignIn<'_>>, Vec<&SignIn<'_>>) =
        sign_ins.iter().partition(|sign_in| sign_in.parameter("state").is_some_and(|state| !state.is_empty()));
    if let Some(first) = without.first() {
        if with.is_empty() && without.iter().all(|sign_in| uses_pkce(sign_in)) {
            return Err(Refusal::NotApplicable("no state is sent, and PKCE is the defence against forged responses".to_owned()));
        }
        return Err(Clause("RFC 6749 section 10.12").refuse(
            "an authorization request has no state",
            "a state that is new and unguessable in each sign-in",
            format!("{} of {} authorization requests without state", without.len(), sign_ins.len()),
            [first.number()],
        ));
    }
    check_unique("state", CLAUSE, &with)?;
    check_length(&with)?;
    // Requests that are the same to the last character look like one that was loaded again.
    let requests = exchanges.iter().filter(|exchange| super::is_authorization_request(exchange)).count();
    if with.len() == 1 && requests >= FEWEST_SIGN_INS {
        return Err(CLAUSE.refuse(
            "every sign-in makes the same authorization request",
            "a new state in each sign-in",
            format!("{requests} times the same request"),
            [with[0].number()],
        ));
    }
    if with.len() < FEWEST_SIGN_INS {
        return Err(nothing(format!("{} sign-ins do not show how states are made, {FEWEST_SIGN_INS} are needed", with.len())));
    }
    check_alphabet(&with)?;
    check_order(&with)
}

/// Whether something else than the state defends every sign-in against forged responses: a code challenge by S256 of its own, or
/// without PKCE a nonce of its own (RFC 9700 section 2.1). Then a state that can be guessed does no harm.
pub fn has_another_defence(exchanges: &[Exchange]) -> bool {
    let sign_ins = super::sign_ins(exchanges);
    let all: Vec<&SignIn<'_>> = sign_ins.iter().collect();
    let own = |parameter: &str| {
        all.iter().all(|sign_in| sign_in.parameter(parameter).is_some_and(|value| !value.is_empty()))
            && check_unique(parameter, CLAUSE, &all).is_ok()
    };
    let without_pkce = all.iter().all(|sign_in| sign_in.parameter("code_challenge").is_none());
    !all.is_empty() && (all.iter().all(|sign_in| uses_pkce(sign_in)) && own("code_challenge") || without_pkce && own("nonce"))
}

fn states<'a>(sign_ins: &'a [&SignIn<'_>]) -> Vec<&'a str> {
    sign_ins.iter().filter_map(|sign_in| sign_in.parameter("state")).collect()
}

fn check_length(sign_ins: &[&SignIn<'_>]) -> Judgement {
    for sign_in in sign_ins {
        let length = sign_in.parameter("state").unwrap_or_default().chars().count();
        if bits(length, MOST_BITS_PER_CHARACTER) < BITS_NEEDED {
            return Err(CLAUSE.refuse(
                format!("a state of {length} characters can be guessed"),
                "128 bits of chance: 22 characters of base64url or 32 of hexadecimal",
                format!("{length} characters"),
                [sign_in.number()],
            ));
        }
    }
    Ok(())
}

fn check_alphabet(sign_ins: &[&SignIn<'_>]) -> Judgement {
    let states = states(sign_ins);
    let (prefix, suffix) = (common_prefix(&states), common_suffix(&states));
    let varying: Vec<&str> = states.iter().map(|state| state.get(prefix..state.len().saturating_sub(suffix)).unwrap_or_default()).collect();
    let length = varying.iter().map(|text| text.chars().count()).min().unwrap_or_default();
    let alphabet = alphabet_size(&varying);
    let held = bits(length, f64::from(alphabet).log2());
    if held >= BITS_NEEDED {
        return check_places(sign_ins, &states);
    }
    Err(CLAUSE.refuse(
        format!("the state varies by at most {held:.0} bits"),
        "at least 128 bits by length and alphabet of what varies",
        format!("{length} varying characters of an alphabet of {alphabet}, over {} sign-ins", states.len()),
        sign_ins.iter().take(3).map(|sign_in| sign_in.number()),
    ))
}

/// What is constant in the midst of a state, and places at which only few characters ever stand, are no chance either.
fn check_places(sign_ins: &[&SignIn<'_>], states: &[&str]) -> Judgement {
    let seen = bits_seen(states);
    if seen >= GUESSED {
        return Ok(());
    }
    Err(CLAUSE.refuse(
        format!("the state varies by at most {seen:.0} bits"),
        "a state that varies at enough places",
        format!("{seen:.0} bits by the characters that stood at each place, over {} sign-ins", states.len()),
        sign_ins.iter().take(3).map(|sign_in| sign_in.number()),
    ))
}

/// States that only ever grow are made of a counter or a clock: among ten at random that happens once in three million.
fn check_order(sign_ins: &[&SignIn<'_>]) -> Judgement {
    let states = states(sign_ins);
    let key = |state: &str| (state.len(), state.to_owned());
    if states.windows(2).all(|pair| key(pair[0]) < key(pair[1])) || states.windows(2).all(|pair| key(pair[0]) > key(pair[1])) {
        return Err(CLAUSE.refuse(
            "each state follows from the one before: a counter or a clock",
            "states in no order",
            format!("{} states in strict order", states.len()),
            sign_ins.iter().take(3).map(|sign_in| sign_in.number()),
        ));
    }
    Ok(())
}

fn bits(length: usize, bits_per_character: f64) -> f64 {
    f64::from(u32::try_from(length).unwrap_or(u32::MAX)) * bits_per_character
}

fn common_prefix(states: &[&str]) -> usize {
    let Some((first, rest)) = states.split_first() else { return 0 };
    rest.iter().map(|state| first.bytes().zip(state.bytes()).take_while(|(one, other)| one == other).count()).min().unwrap_or_default()
}

fn common_suffix(states: &[&str]) -> usize {
    let Some((first, rest)) = states.split_first() else { return 0 };
    let suffix = |state: &&str| first.bytes().rev().zip(state.bytes().rev()).take_while(|(one, other)| one == other).count();
    rest.iter().map(suffix).min().unwrap_or_default()
}

/// Size of the smallest usual alphabet that holds every character.
fn alphabet_size(texts: &[&str]) -> u32 {
    let any = |matches: fn(char) -> bool| texts.iter().any(|text| text.chars().any(matches));
    let (lower, upper) = (any(|c| c.is_ascii_lowercase()), any(|c| c.is_ascii_uppercase()));
    let beyond_hexadecimal = any(|c| c.is_ascii_alphabetic() && !c.is_ascii_hexdigit());
    let letters = if beyond_hexadecimal { 26 * (u32::from(lower) + u32::from(upper)) } else { 6 * u32::from(lower || upper) };
    let mut others: Vec<char> = texts.iter().flat_map(|text| text.chars()).filter(|c| !c.is_ascii_alphanumeric()).collect();
    others.sort_unstable();
    others.dedup();
    letters + 10 * u32::from(any(|c| c.is_ascii_digit())) + u32::try_from(others.len()).unwrap_or(u32::MAX)
}

/// AZ-05: no state holds the value of one of these cookies, neither plainly nor encoded (OAuth 2.1 section 4.1.1). One that is in a
/// single state belongs to that attempt and is the state's own cookie; one that is in two is the browser's session.
pub fn check_no_session_in_state(exchanges: &[Exchange], cookies: &[(String, SecretString)]) -> Judgement {
    let sign_ins = observed(exchanges)?;
    for (name, value) in cookies.iter().filter(|(_, value)| value.expose_secret().len() >= SHORTEST_SESSION_ID) {
        let mut holding: Vec<&SignIn<'_>> = Vec::new();
        for sign_in in &sign_ins {
            let state = sign_in.parameter("state").unwrap_or_default();
            let is_another = holding.iter().all(|other| other.parameter("state") != Some(state));
            if is_another && occurs_encoded(value, state) {
                holding.push(sign_in);
            }
        }
        if holding.len() > 1 {
            return Err(Clause("OAuth 2.1 section 4.1.1").refuse(
                format!("the parameter `state` of the authorization request holds the value of the cookie `{name}`"),
                "a `state` without the session's id",
                format!("the value of the cookie `{name}` in {} states", holding.len()),
                holding.iter().map(|sign_in| sign_in.number()),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    /// Sign-ins with the given states, without redemption.
    fn with_states(states: impl IntoIterator<Item = String>) -> Vec<Exchange> {
        (1..)
            .zip(states)
            .map(|(number, state)| {
                let mut request = authorization(number, number);
                set(&mut request.query, "state", &state);
                request
            })
            .collect()
    }

    fn hexadecimal(login: u64, length: usize) -> String {
        random(&login.to_string()).bytes().map(|byte| format!("{byte:02x}")).collect::<String>().split_off(86 - length)
    }

    #[test]
    fn a_session_is_told_from_the_cookie_of_one_state() {
        use base64::Engine;
        let kept = |value: &str| [("sid".to_owned(), SecretString::from(value))];
        let (session, encode) = ("s3ss10n-0123456789", base64::engine::general_purpose::URL_SAFE_NO_PAD);
        let packed = |turn: &str| format!("{turn}.{}", encode.encode(format!(r#"{{"sid":"{session}"}}"#)));
        let states = with_states([packed("one-0123456789"), packed("two-0123456789")]);
        assert!(found(check_no_session_in_state(&states, &kept(session))).contains("holds the value of the cookie `sid`"));
        found(check_no_session_in_state(&with_states([format!("{session}a"), format!("{session}b")]), &kept(session)));
        // The cookie that keeps one state, and one that is no secret.
        assert_eq!(check_no_session_in_state(&states, &kept(&packed("one-0123456789"))), Ok(()));
        assert_eq!(check_no_session_in_state(&states, &kept("one")), Ok(()));
        undecided(check_no_session_in_state(&[], &kept(session)));
    }

    #[test]
    fn random_states_pass_in_any_usual_form() {
        assert_eq!(check_states(&sound_logins(30)), Ok(()));
        let uuid = |login: u64| {
            let digest = ring::digest::digest(&ring::digest::SHA256, &login.to_be_bytes());
            let text: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}-{}-4{}-a{}-{}", &text[..8], &text[8..12], &text[13..16], &text[17..20], &text[20..32])
        };
        assert_eq!(check_states(&with_states((1..=30).map(uuid))), Ok(()));
        let prefixed = (1..=12).map(|login| format!("login.{}", random(&login.to_string())));
        assert_eq!(check_states(&with_states(prefixed)), Ok(()));
    }

    #[test]
    fn few_sign_ins_are_nothing_to_judge_unless_the_state_is_wrong_at_sight() {
        undecided(check_states(&[]));
        undecided(check_states(&sound_logins(9)));
        let again = with_states([random("one"), random("two"), random("one")]);
        assert_eq!(found(check_states(&again)), "two sign-ins use the same state");
        assert_eq!(found(check_states(&with_states(["abcdefgh12345678".to_owned()]))), "a state of 16 characters can be guessed");
    }

    #[test]
    fn another_defence_is_new_in_each_sign_in() {
        let mut logins = sound_logins(3);
        assert!(has_another_defence(&logins) && !has_another_defence(&[]));
        logins.iter_mut().for_each(|exchange| set(&mut exchange.query, "code_challenge", &random("always")));
        assert!(!has_another_defence(&logins));
        logins.iter_mut().for_each(|exchange| unset(&mut exchange.query, "code_challenge"));
        assert!(has_another_defence(&logins), "a nonce of its own");
        logins.iter_mut().for_each(|exchange| unset(&mut exchange.query, "nonce"));
        assert!(!has_another_defence(&logins));
    }

    #[test]
    fn a_counter_or_a_clock_is_found() {
        let counter = (1..=12).map(|count| format!("attempt-000000000000000000000000000{count:03}"));
        assert_eq!(found(check_states(&with_states(counter))), "the state varies by at most 7 bits");
        let clock = (1..=12_u64).map(|login| format!("2026112405381{:07}", 6_000_000 + login * 977));
        found(check_states(&with_states(clock)));
        // 14 bits of chance and a clock's, in a text that is long enough and changes at both ends.
        let framed = (1..=30_u64)
            .map(|login| format!("{:08x}-cc9a-11f0-8d3e-0242ac120002-{:02x}", 0xc0ff_ee12 + login * 4093 % 5003, login * 151 % 251));
        assert!(found(check_states(&with_states(framed))).contains("varies by at most"));
        let ordered = (1..=12).map(|login| format!("{login:02}{}", hexadecimal(login, 60)));
        assert!(found(check_states(&with_states(ordered))).contains("a counter or a clock"));
    }

    #[test]
    fn a_small_alphabet_is_found() {
        let digits = (1..=12).map(|login| random(&login.to_string()).bytes().map(|byte| char::from(b'0' + byte % 10)).take(30).collect());
        assert_eq!(found(check_states(&with_states(digits))), "the state varies by at most 100 bits");
    }

    #[test]
    fn no_state_is_accepted_only_where_pkce_stands_in() {
        let mut logins = sound_logins(12);
        logins.iter_mut().for_each(|exchange| unset(&mut exchange.query, "state"));
        assert!(matches!(check_states(&logins), Err(Refusal::NotApplicable(_))));
        logins.iter_mut().for_each(|exchange| unset(&mut exchange.query, "code_challenge"));
        assert_eq!(found(check_states(&logins)), "an authorization request has no state");
    }
}
