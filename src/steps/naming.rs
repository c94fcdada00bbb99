//! How an application calls its users, where it does not by their full names: by initials, by a surname and a letter, by a first name.
//!
//! A form is taken for the application's only where it names two people, each after their own sign-in, and neither is named by it on
//! the other's page. Where no form does and the marker says two different texts of them, those texts are their names.

use std::collections::BTreeMap;

use super::people::mentions;

/// A short form of a name such as `Ada Ferri`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameForm {
    FamilyNameAndInitial,
    InitialAndFamilyName,
    GivenNameAndInitial,
    FamilyName,
    GivenName,
    Initials,
    InitialsReversed,
    InitialsApart,
}

impl NameForm {
    /// From the most telling to the least.
    pub const ALL: [Self; 8] = [
        Self::FamilyNameAndInitial,
        Self::InitialAndFamilyName,
        Self::GivenNameAndInitial,
        Self::FamilyName,
        Self::GivenName,
        Self::Initials,
        Self::InitialsReversed,
        Self::InitialsApart,
    ];

    /// What it makes of a full name; nothing of a name in one word.
    pub fn of(self, full: &str) -> Option<String> {
        let (given, family) = full.split_once(' ')?;
        let (first, last) = (given.chars().next()?, family.chars().next()?);
        Some(match self {
            Self::FamilyNameAndInitial => format!("{family} {first}"),
            Self::InitialAndFamilyName => format!("{first} {family}"),
            Self::GivenNameAndInitial => format!("{given} {last}"),
            Self::FamilyName => family.to_owned(),
            Self::GivenName => given.to_owned(),
            Self::Initials => format!("{first}{last}"),
            Self::InitialsReversed => format!("{last}{first}"),
            Self::InitialsApart => format!("{first} {last}"),
        })
    }
}

/// How the application calls its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    By(NameForm),
    /// By texts of its own, by full name.
    As(BTreeMap<String, String>),
}

impl Naming {
    /// What two people's own pages say of them, by full name: how they are called there, if the texts tell them apart.
    pub fn told_apart(first: (&str, &str), second: (&str, &str)) -> Option<Self> {
        let fits = |form: &NameForm| {
            let (Some(one), Some(other)) = (form.of(first.0), form.of(second.0)) else { return false };
            let (one, other) = ([one], [other]);
            mentions(first.1, &one) && !mentions(first.1, &other) && mentions(second.1, &other) && !mentions(second.1, &one)
        };
        if let Some(form) = NameForm::ALL.into_iter().find(fits) {
            return Some(Self::By(form));
        }
        let texts = [first, second].map(|(name, text)| (name.to_owned(), text.split_whitespace().collect::<Vec<_>>().join(" ")));
        let differ = !mentions(&texts[0].1, &[texts[1].1.clone()]) && !mentions(&texts[1].1, &[texts[0].1.clone()]);
        (differ && texts.iter().all(|(_, text)| !text.is_empty())).then(|| Self::As(texts.into_iter().collect()))
    }

    /// What it makes of a full name, if it is known.
    pub fn of(&self, full: &str) -> Option<String> {
        match self {
            Self::By(form) => form.of(full),
            Self::As(texts) => texts.get(full).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_names_two_people_and_neither_on_the_others_page() {
        let told = |ada: &str, mallory: &str| Naming::told_apart(("Ada Ferri", ada), ("Mallory Neri", mallory));
        for (ada, mallory, form) in [
            ("AF", "MN", NameForm::Initials),
            ("A.F.", "M.N.", NameForm::InitialsApart),
            ("Ciao, Ada!", "Ciao, Mallory!", NameForm::GivenName),
            ("Dott. FERRI A.", "Dott. NERI M.", NameForm::FamilyNameAndInitial),
            ("a. ferri, San Luca", "m. neri, San Luca", NameForm::InitialAndFamilyName),
            ("Signora Ferri", "Signora Neri", NameForm::FamilyName),
        ] {
            assert_eq!(told(ada, mallory), Some(Naming::By(form)), "{ada}");
        }
        assert_eq!(told("user 17", "user 42").and_then(|naming| naming.of("Ada Ferri")), Some("user 17".to_owned()));
        assert_eq!(told("Signed in", "Signed in"), None);
        assert_eq!(told("Signed in", "Signed in again"), None);
        assert_eq!(told("", "MN"), None);
    }
}
