/// The fields of a submitted form, in order; a name may come more than once (checkboxes).
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn parse(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The field's first value without surrounding blanks; empty when it is absent.
    pub(super) fn one(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default().trim()
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// A form as a page shows it: what was typed, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Form {
    fields: Fields,
    errors: Vec<(&'static str, String)>,
}

impl Form {
    pub(super) fn refused(fields: Fields, errors: Vec<(&'static str, String)>) -> Self {
        Self { fields, errors }
    }

    /// A fresh form with values to start from.
    pub(super) fn with(values: &[(&str, &str)]) -> Self {
        let fields = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { fields: Fields(fields), errors: Vec::new() }
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.fields.one(name)
    }

    /// Whether a checkbox, radio button or option of this value was chosen.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.fields.all(name).any(|found| found == value)
    }

    pub(super) fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|(field, _)| *field == name).map(|(_, text)| text.as_str())
    }

    pub(super) fn is_refused(&self) -> bool {
        !self.errors.is_empty()
    }
}
