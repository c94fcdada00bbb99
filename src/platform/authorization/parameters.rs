/// Parameters of a request, in order. One without a value counts as left out (RFC 6749 section 3.1).
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub fn parse(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The first value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The only value: none where there are two.
    pub fn single(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|_| !self.repeats(name))
    }

    pub fn repeats(&self, name: &str) -> bool {
        self.all(name).count() > 1
    }

    /// Name of a parameter that is there twice: never allowed (RFC 6749 section 3.1).
    pub fn repeated(&self) -> Option<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| self.repeats(name))
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn an_empty_value_counts_as_left_out_and_a_second_one_is_found() {
        let parameters = Parameters::parse(b"a=1&b=&c=x%20y&c=z&state=");
        assert_eq!((parameters.get("a"), parameters.get("b"), parameters.get("state")), (Some("1"), None, None));
        assert_eq!((parameters.get("c"), parameters.single("c"), parameters.repeated()), (Some("x y"), None, Some("c")));
        assert_eq!(Parameters::parse(b"state=&state=x").repeated(), None);
    }
}
