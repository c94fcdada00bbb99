use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use super::Judgement;
use super::judgement::{Clause, nothing};
use super::unpacking::unpacked;
use crate::domain::{base64_cores, hexadecimal};

/// A text in which no secret may stand: a page, an address, a script, a store's entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is, for the report: `localStorage entry "session"`, `address of the popup`. Never its text.
    pub name: String,
    /// All that it holds.
    pub text: String,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Place({}, {} bytes)", self.name, self.text.len())
    }
}

/// AZ-02, SE-03, GX-21: none of the `secrets` (each with its placeholder or kind) stands in any of the `places`, neither
/// plainly nor percent-encoded, in hexadecimal or in base64, compressed or not. `clause` is the requirement's own.
pub fn check_absent(clause: &'static str, secrets: &[(String, SecretString)], places: &[Place]) -> Judgement {
    if secrets.iter().all(|(_, secret)| secret.expose_secret().is_empty()) {
        return Err(nothing("no secret was given out that could be searched for"));
    }
    if places.is_empty() {
        return Err(nothing("no address, page or store was captured to search in"));
    }
    let mut found: Vec<String> = Vec::new();
    for place in places {
        let haystack = Haystack::of(&place.text);
        found.extend(secrets.iter().filter(|(_, secret)| haystack.holds(secret)).map(|(label, _)| format!("{label} in {}", place.name)));
    }
    let Some(first) = found.first() else { return Ok(()) };
    Err(Clause(clause).refuse(
        format!("the application shows {first}"),
        format!("none of {} secret values in {} places", secrets.len(), places.len()),
        found.join("; "),
        [],
    ))
}

/// Whether a secret occurs in a text, in any of the encodings of [`check_absent`].
pub(super) fn occurs_encoded(secret: &SecretString, text: &str) -> bool {
    Haystack::of(text).holds(secret)
}

/// A text, its percent-decoded forms and what is packed in it, as they are and in lower case, ready to be searched.
struct Haystack {
    exact: Vec<String>,
    lower: Vec<String>,
}

impl Haystack {
    fn of(text: &str) -> Self {
        let mut exact = vec![text.to_owned()];
        // An address within an address is encoded twice.
        for _ in 0..2 {
            let last = &exact[exact.len() - 1];
            let decoded = percent_decode_str(last).decode_utf8_lossy().into_owned();
            if decoded == *last {
                break;
            }
            exact.push(decoded);
        }
        let last = &exact[exact.len() - 1];
        let packed = unpacked(last);
        let plus = last.replace('+', " ");
        exact.push(plus);
        exact.extend(packed);
        let lower = exact.iter().map(|text| text.to_lowercase()).collect();
        Self { exact, lower }
    }

    fn holds(&self, secret: &SecretString) -> bool {
        let secret = secret.expose_secret();
        if secret.is_empty() {
            return false;
        }
        let lower = secret.to_lowercase();
        if self.lower.iter().any(|text| text.contains(&lower)) {
            return true;
        }
        // Encodings of a shorter value occur by accident.
        if secret.len() < SHORTEST_ENCODED {
            return false;
        }
        let hexadecimal = hexadecimal(secret.as_bytes());
        self.lower.iter().any(|text| text.contains(&hexadecimal))
            || base64_cores(secret.as_bytes()).iter().any(|core| self.exact.iter().any(|text| text.contains(core)))
    }
}

const SHORTEST_ENCODED: usize = 6;

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

    use super::super::fixtures::*;
    use super::*;

    const CLAUSE: &str = "RFC 6749 section 2.3.1";
    const SECRET: &str = "s3cr3t/ü+Value~42";

    fn secrets() -> [(String, SecretString); 1] {
        [("[client-secret-1]".to_owned(), SecretString::from(SECRET))]
    }

    fn judged(text: &str) -> Judgement {
        check_absent(CLAUSE, &secrets(), &[Place { name: "page".to_owned(), text: text.to_owned() }])
    }

    #[test]
    fn a_place_without_the_secret_passes() {
        assert_eq!(judged("<p>s3cr3t</p> and nothing else /ü+Value"), Ok(()));
    }

    #[test]
    fn no_secret_or_no_place_is_nothing_to_judge() {
        undecided(check_absent(CLAUSE, &secrets(), &[]));
        undecided(check_absent(CLAUSE, &[], &[Place { name: "page".to_owned(), text: String::new() }]));
        undecided(check_absent(
            CLAUSE,
            &[("[empty-1]".to_owned(), SecretString::from(""))],
            &[Place { name: "page".to_owned(), text: String::new() }],
        ));
    }

    #[test]
    fn a_secret_is_found_in_every_encoding_and_never_quoted() {
        let percent: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        let twice: String = url::form_urlencoded::byte_serialize(percent.as_bytes()).collect();
        let hexadecimal: String = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
        let mut texts = vec![
            format!("var key = '{SECRET}';"),
            format!("https://app.example/?next={percent}"),
            percent.to_lowercase(),
            format!("x={twice}"),
            hexadecimal,
        ];
        for prefix in ["", "a", "ab", "abc"] {
            for suffix in ["", "x", "xy"] {
                let plain = format!("{prefix}{SECRET}{suffix}");
                texts.push(format!("data:{}", STANDARD_NO_PAD.encode(&plain)));
                texts.push(URL_SAFE_NO_PAD.encode(&plain));
            }
        }
        for text in texts {
            let summary = found(judged(&text));
            assert_eq!(summary, "the application shows [client-secret-1] in page", "{text}");
        }
    }

    #[test]
    fn a_short_value_is_not_looked_for_in_base64() {
        let name = [("a name".to_owned(), SecretString::from("Ada"))];
        let place = |text: &str| [Place { name: "page".to_owned(), text: text.to_owned() }];
        assert_eq!(check_absent(CLAUSE, &name, &place("QWRh")), Ok(()));
        found(check_absent(CLAUSE, &name, &place("hello ADA")));
    }

    #[test]
    fn a_place_never_prints_its_text() {
        assert_eq!(format!("{:?}", Place { name: "page".to_owned(), text: "secret".to_owned() }), "Place(page, 6 bytes)");
    }
}
