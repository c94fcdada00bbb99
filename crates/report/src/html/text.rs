use std::fmt;

use askama::filters::HtmlSafe;

use crate::event::Lang;

/// A text in both languages of the page, which shows one of them; it stands once where both say the same. Writes itself as markup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Both {
    pub en: String,
    pub it: String,
    /// Whether names for machines stand between backticks.
    prose: bool,
}

impl Both {
    pub(super) fn new(en: impl Into<String>, it: impl Into<String>) -> Self {
        Self { en: en.into(), it: it.into(), prose: false }
    }

    /// Of a sentence that is told in one language after the other.
    pub(super) fn of<T: Into<String>>(text: impl Fn(Lang) -> T) -> Self {
        Self::new(text(Lang::En), text(Lang::It))
    }

    /// A name, a number, or a sentence as it was written.
    pub(super) fn same(text: impl Into<String>) -> Self {
        let en: String = text.into();
        Self::new(en.clone(), en)
    }

    pub(super) fn prose(self) -> Self {
        Self { prose: true, ..self }
    }

    pub(super) fn text(&self, lang: Lang) -> &str {
        if lang == Lang::It { &self.it } else { &self.en }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
        if !self.prose || !text.matches('`').count().is_multiple_of(2) {
            return escaped(f, text);
        }
        for (place, piece) in text.split('`').enumerate() {
            match (piece, place % 2) {
                ("", _) => {}
                (piece, 0) => escaped(f, piece)?,
                (piece, _) => {
                    f.write_str("<code>")?;
                    escaped(f, piece)?;
                    f.write_str("</code>")?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Both {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.en == self.it {
            return self.write(f, &self.en);
        }
        f.write_str("<span class=\"t\" lang=\"en\">")?;
        self.write(f, &self.en)?;
        f.write_str("</span><span class=\"t\" lang=\"it\">")?;
        self.write(f, &self.it)?;
        f.write_str("</span>")
    }
}

// Its `Display` escapes every text that it is given.
impl HtmlSafe for Both {}

fn escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "{}", askama::filters::escape(text, askama::filters::Html).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use super::Both;

    #[test]
    fn both_languages_stand_as_text() {
        assert_eq!(Both::same("a < b").to_string(), "a &#60; b");
        assert_eq!(
            Both::new("read `<id>`", "leggere `<id>`").prose().to_string(),
            "<span class=\"t\" lang=\"en\">read <code>&#60;id&#62;</code></span><span class=\"t\" lang=\"it\">leggere <code>&#60;id&#62;</code></span>"
        );
        assert_eq!(Both::same("an odd ` one").prose().to_string(), "an odd ` one");
    }
}
