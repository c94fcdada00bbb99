use cucumber::given;
use secrecy::SecretString;

use super::{Failure, Target, stage::Stage, world::World};
use crate::browser::pages::Typing;
use crate::platform::accounts;

/// Somebody of the features, with what they type into the sign-in page.
#[derive(Clone, Debug)]
pub struct Person {
    /// First name, as the features call them.
    pub name: String,
    pub email: String,
    pub password: SecretString,
    /// The fixed one-time code, where the target file gives one.
    pub code: Option<SecretString>,
    /// What the application shows of them when they are signed in; empty where the target does not say.
    pub shown: String,
    /// Everybody else's full names, as far as they are known, and what the application calls them.
    pub others: Vec<String>,
    /// What the application calls them, where it is not by name ([`super::naming`]).
    pub called_there: Option<String>,
}

impl Person {
    /// What an application may call them by: a first name alone, which others have too, only where it is known to do so.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.full_names();
        names.push(self.email.clone());
        names.extend(self.called_there.clone());
        names
    }

    /// What they have at hand to type into a platform's pages.
    pub fn typing(&self) -> Typing<'_> {
        Typing { email: &self.email, password: &self.password, name: &self.shown, code: self.code.as_ref() }
    }

    /// What a person is told of whom it is about.
    pub fn called(&self) -> &str {
        if self.shown.is_empty() { &self.email } else { &self.shown }
    }

    fn full_names(&self) -> Vec<String> {
        let family_name_first = self.shown.split_once(' ').map(|(given, family)| format!("{family} {given}"));
        [Some(self.shown.clone()), family_name_first].into_iter().flatten().filter(|name| !name.is_empty()).collect()
    }

    /// Whether words of the application name them; any words do for a person whose name the target file does not say.
    pub fn is_named_by(&self, words: &str) -> bool {
        // An address passes from one to another: beside somebody else's name it says nothing.
        let by_address = || mentions(words, std::slice::from_ref(&self.email)) && !mentions(words, &self.others);
        let as_usual = || self.called_there.as_ref().is_some_and(|called| mentions(words, std::slice::from_ref(called)));
        self.shown.is_empty() || mentions(words, &self.full_names()) || by_address() || (as_usual() && !mentions(words, &self.others))
    }
}

/// Whether words name one of several, whatever their case, spaces and punctuation. A short name, such as initials, is one only where
/// it stands alone.
pub(super) fn mentions(words: &str, names: &[String]) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let parts = |text: &str| -> Vec<String> {
        text.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
    };
    // The parts of an address are nobody's name.
    let without_addresses: Vec<&str> = words.split_whitespace().filter(|word| !word.contains('@')).collect();
    let (text, said) = (plain(words), parts(&without_addresses.join(" ")));
    names.iter().any(|name| {
        let wanted = parts(name);
        let is_full = name.contains('@') || (wanted.len() > 1 && wanted.iter().all(|part| part.chars().count() > 1));
        (is_full && text.contains(&plain(name))) || (!wanted.is_empty() && said.windows(wanted.len()).any(|some| some == wanted))
    })
}

/// The reference e-mail of the integrator Irene, who registers herself.
pub const IRENE: &str = "irene.sala@integratore.example";
/// The user whom Dario asks for during the journey.
pub const NORA: &str = "nora.valli@sanluca.example";
/// The temporary user whom Dario asks for, and has deactivated.
pub const TEA: &str = "tea.prova@sanluca.example";

/// The address that is Ada's when her own has passed to Mallory.
const ADAS_NEW_EMAIL: &str = "ada.ferri@altrove.example";

#[given("Ada's e-mail address has passed to Mallory")]
async fn address_has_passed(world: &mut World) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    let platform = world.stage()?.mock()?;
    for (from, to) in [(accounts::ADA, ADAS_NEW_EMAIL), (accounts::MALLORY, accounts::ADA)] {
        platform.change_email(from, to).map_err(Failure::broke)?;
    }
    world.delivered()
}

impl Stage {
    /// The person with this first name at the stage's platform, called as the application does.
    pub fn person(&self, name: &str) -> Result<Person, Failure> {
        let mut person = self.person_by_name(name)?;
        if let Some(naming) = self.setup.naming.get() {
            let called: Vec<String> = person.others.iter().filter_map(|other| naming.of(other)).collect();
            person.others.extend(called);
            person.called_there = naming.of(&person.shown);
        }
        Ok(person)
    }

    /// The platform's own name for the user with this e-mail; empty where it has none.
    pub(super) fn subject(&self, email: &str) -> Result<String, Failure> {
        let platform = self.instrument()?;
        match platform.subject_of(email) {
            Some(subject) => Ok(subject.0),
            None if platform.is_relay() => Err(Failure::unjudged(format!(
                "the target has named nobody by the e-mail address {email}: look at [users] of the target file"
            ))),
            None => Ok(String::new()),
        }
    }

    fn person_by_name(&self, name: &str) -> Result<Person, Failure> {
        match &self.setup.target {
            Target::Mock(_) => self.mock_person(name),
            Target::Remote(remote) => {
                let key = name.to_lowercase();
                let user = remote.file.users.get(&key);
                let password = remote.passwords.get(&key);
                let (Some(user), Some(password)) = (user, password) else {
                    return Err(Failure::not_applicable(format!("the target file names no user `{key}`")));
                };
                Ok(Person {
                    name: name.to_owned(),
                    email: user.email.clone(),
                    password: password.clone(),
                    code: remote.codes.get(&key).cloned(),
                    shown: user.name.clone().unwrap_or_default(),
                    others: remote
                        .file
                        .users
                        .iter()
                        .filter(|(other, _)| **other != key)
                        .filter_map(|(_, user)| user.name.clone())
                        .collect(),
                    called_there: None,
                })
            }
        }
    }

    fn mock_person(&self, name: &str) -> Result<Person, Failure> {
        let email = match name {
            "Ada" => accounts::ADA,
            "Bruno" => accounts::BRUNO,
            "Mallory" => accounts::MALLORY,
            "Elio" => accounts::ELIO,
            "Dario" => accounts::DARIO,
            "Carla" => accounts::CARLA,
            "Irene" => IRENE,
            "Nora" => NORA,
            "Tea" => TEA,
            _ => return Err(Failure::broke(format!("no person of the features is called {name}"))),
        };
        let accounts = self.mock()?.shared().accounts();
        let own = accounts.user_by_email(email).filter(|user| user.given_name == name);
        // Whoever's e-mail has passed to somebody else is still the same person.
        let user = own.or_else(|| accounts.users.iter().find(|user| user.given_name == name));
        let user = user.ok_or_else(|| Failure::broke(format!("{name} has no account yet")))?;
        Ok(Person {
            name: name.to_owned(),
            email: user.email.clone(),
            password: user.password.clone(),
            code: None,
            shown: user.name(),
            others: accounts.users.iter().filter(|other| other.id != user.id).map(|other| other.name()).collect(),
            called_there: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mallory(shown: &str) -> Person {
        let (name, email) = ("Mallory".to_owned(), accounts::MALLORY.to_owned());
        Person {
            name,
            email,
            password: SecretString::from("unused"),
            code: None,
            shown: shown.to_owned(),
            others: vec!["Ada Ferri".to_owned()],
            called_there: None,
        }
    }

    #[test]
    fn a_person_is_named_in_full_or_by_an_address_that_stands_beside_no_other_name() {
        let mallory = mallory("Mallory Neri");
        for words in
            ["Mallory Neri", "NERI  Mallory, San Luca", "mallory\nneri", "Ciao mallory.neri@sanluca.example", "Mallory Neri, Ada Ferri"]
        {
            assert!(mallory.is_named_by(words), "{words}");
        }
        // The last is an account of Ada's that Mallory came into with the address that was Ada's.
        for words in ["", "Mallory", "Signed in", "Ada Ferri", "Ada Ferri mallory.neri@sanluca.example"] {
            assert!(!mallory.is_named_by(words), "{words}");
        }
    }

    #[test]
    fn what_the_application_calls_them_is_a_name_where_it_stands_alone() {
        let mallory = Person { called_there: Some("MN".to_owned()), ..mallory("Mallory Neri") };
        for words in ["MN", "Menu (mn)", "M\nMN"] {
            assert!(mallory.is_named_by(words), "{words}");
        }
        for words in ["OMNIA", "M N", "MN Ada Ferri"] {
            assert!(!mallory.is_named_by(words), "{words}");
        }
    }

    #[test]
    fn an_address_is_a_name_whatever_its_parts() {
        let address = ["a.ferri@x.it".to_owned()];
        assert!(mentions("Collegato come A.Ferri@x.it", &address) && !mentions("a ferri", &address));
    }

    #[test]
    fn any_words_do_for_one_whose_name_nobody_says() {
        assert!(mallory("").is_named_by("Signed in"));
        assert_eq!(mallory("").names(), [accounts::MALLORY]);
    }
}
