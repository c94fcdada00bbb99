use std::collections::HashSet;

use axum::http::{HeaderMap, header};

/// Parameters of a request, in order. One without a value counts as left out (RFC 6749 section 3.1).
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters {
    pairs: Vec<(String, String)>,
    /// Names as often as they are there, with a value or without: a second one is never allowed.
    names: Vec<String>,
    /// Whether something in them is not UTF-8, as all of OAuth's are (RFC 6749 appendix B).
    broken: bool,
}

impl Parameters {
    pub(super) fn parse(encoded: &[u8]) -> Self {
        let all: Vec<(String, String)> = url::form_urlencoded::parse(encoded).into_owned().collect();
        Self {
            names: all.iter().map(|(name, _)| name.clone()).filter(|name| !name.is_empty()).collect(),
            pairs: all.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            broken: percent_encoding::percent_decode(encoded).decode_utf8().is_err(),
        }
    }

    /// What keeps any request from being read: text that is not UTF-8, or a parameter that is there twice.
    pub(super) fn check_form(&self) -> Result<(), String> {
        if self.broken {
            return Err("the parameters are not UTF-8".to_owned());
        }
        self.repeated().map_or(Ok(()), |name| Err(format!("the parameter {name} is there twice")))
    }

    /// The first value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The only value: none where there are two.
    pub(super) fn single(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|_| !self.repeats(name))
    }

    pub(super) fn repeats(&self, name: &str) -> bool {
        self.names.iter().filter(|own| *own == name).count() > 1
    }

    /// Name of a parameter that is there twice: never allowed (RFC 6749 section 3.1).
    fn repeated(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.names.iter().map(String::as_str).find(|name| !seen.insert(*name))
    }
}

/// Whether the body is a form (RFC 6749 section 3.2, OpenID Connect Core section 3.1.2.1).
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn an_empty_value_counts_as_left_out_and_a_second_one_is_found() {
        let parameters = Parameters::parse(b"a=1&b=&c=x%20y&c=z&state=");
        assert_eq!((parameters.get("a"), parameters.get("b"), parameters.get("state")), (Some("1"), None, None));
        assert_eq!((parameters.get("c"), parameters.single("c"), parameters.repeated()), (Some("x y"), None, Some("c")));
        assert_eq!(Parameters::parse(b"state=&state=x").repeated(), Some("state"), "an empty one is one too");
        assert_eq!(Parameters::parse(b"client_secret=s&client_secret=").single("client_secret"), None);
    }

    #[test]
    fn text_that_is_not_utf_8_is_told_from_text_that_is() {
        for (encoded, sound) in [(&b"a=%C3%A9+%EF%BF%BD"[..], true), (b"a=%C3%28", false), (b"a=\xff", false), (b"%80=b", false)] {
            assert_eq!(Parameters::parse(encoded).check_form().is_ok(), sound, "{encoded:?}");
        }
    }
}
