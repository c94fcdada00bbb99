//! The Italian tax code of a person (decree of the Minister of Finance of 12 March 1974, and of 23 December 1976).

use std::fmt;

use jiff::civil::Date;

use super::records::Gender;

/// A tax code whose shape, dates and check character are right. Its `Debug` shows nothing: it is personal data.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct CodiceFiscale(String);

impl fmt::Debug for CodiceFiscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodiceFiscale")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CodiceFiscaleError {
    #[error("a codice fiscale has 16 letters and digits in their fixed places")]
    Shape,
    #[error("the codice fiscale names a day that does not exist")]
    BirthDate,
    #[error("the check character of the codice fiscale is wrong")]
    CheckCharacter,
}

const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";
/// Letters that stand for the digits 0 to 9 where two people would have the same code (omocodia).
const OMOCODIA: &[u8; 10] = b"LMNPQRSTUV";
/// 0-based places of digits.
const DIGITS: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];
/// What a character at an odd place (counted from 1) adds; letters and digits of the same rank add the same.
const ODD: [u32; 26] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
/// Added to the day of birth of a woman.
const FEMALE: i8 = 40;

impl CodiceFiscale {
    pub(super) fn parse(text: &str) -> Result<Self, CodiceFiscaleError> {
        let text = text.trim().to_ascii_uppercase();
        let plain = without_omocodia(text.as_bytes()).ok_or(CodiceFiscaleError::Shape)?;
        if check_character(&text.as_bytes()[..15]) != text.as_bytes()[15] {
            return Err(CodiceFiscaleError::CheckCharacter);
        }
        // A century must be guessed: 2000 and 1900 differ only by 29 February 1900.
        let (year, month, day, _) = birth(&plain).ok_or(CodiceFiscaleError::Shape)?;
        Date::new(2000 + year, month, day).map_err(|_| CodiceFiscaleError::BirthDate)?;
        Ok(Self(text))
    }

    /// The code of a person. `place` is the Belfiore code of the municipality of birth, such as `F205`.
    pub(super) fn of(given_name: &str, family_name: &str, birth_date: Date, gender: Gender, place: &str) -> Self {
        let day = birth_date.day() + if gender == Gender::F { FEMALE } else { 0 };
        let month = char::from(MONTHS[usize::from(birth_date.month().unsigned_abs() - 1)]);
        let (family, given) = (family_part(family_name), given_part(given_name));
        let mut code = format!("{family}{given}{:02}{month}{day:02}{place}", birth_date.year().rem_euclid(100));
        code.push(char::from(check_character(code.as_bytes())));
        Self(code)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a person born on this day, of this gender, can have this code.
    pub(super) fn fits(&self, birth_date: Option<Date>, gender: Option<Gender>) -> bool {
        let Some((year, month, day, sex)) = without_omocodia(self.0.as_bytes()).as_ref().and_then(birth) else { return false };
        birth_date.is_none_or(|date| (date.year().rem_euclid(100), date.month(), date.day()) == (year, month, day))
            && gender.is_none_or(|gender| gender == sex)
    }
}

/// The code with plain digits; `None` when a character is not of the kind that its place wants.
fn without_omocodia(code: &[u8]) -> Option<[u8; 16]> {
    let mut plain: [u8; 16] = code.try_into().ok()?;
    for (place, character) in plain.iter_mut().enumerate() {
        if DIGITS.contains(&place) {
            if let Some(digit) = OMOCODIA.iter().position(|letter| letter == character) {
                *character = b'0' + u8::try_from(digit).ok()?;
            }
            if !character.is_ascii_digit() {
                return None;
            }
        } else if !character.is_ascii_uppercase() {
            return None;
        }
    }
    MONTHS.contains(&plain[8]).then_some(plain)
}

/// Year in its century, month, day, gender.
fn birth(plain: &[u8; 16]) -> Option<(i16, i8, i8, Gender)> {
    let pair = |place: usize| i8::try_from((plain[place] - b'0') * 10 + (plain[place + 1] - b'0')).ok();
    let month = i8::try_from(MONTHS.iter().position(|letter| *letter == plain[8])?).ok()? + 1;
    let day = pair(9)?;
    let (day, gender) = if day > FEMALE { (day - FEMALE, Gender::F) } else { (day, Gender::M) };
    Some((i16::from(pair(6)?), month, day, gender))
}

fn check_character(code: &[u8]) -> u8 {
    let sum: u32 = code
        .iter()
        .enumerate()
        .map(|(index, character)| {
            let rank = if character.is_ascii_digit() { character - b'0' } else { character - b'A' };
            if index % 2 == 0 { ODD[usize::from(rank)] } else { u32::from(rank) }
        })
        .sum();
    // Less than 26.
    b'A' + (sum % 26) as u8
}

fn family_part(name: &str) -> String {
    let (consonants, vowels) = letters(name);
    consonants.chars().chain(vowels.chars()).chain("XXX".chars()).take(3).collect()
}

/// Of four or more consonants, the first, third and fourth count.
fn given_part(name: &str) -> String {
    let (consonants, vowels) = letters(name);
    let skipped = if consonants.len() >= 4 { Some(1) } else { None };
    let consonants = consonants.chars().enumerate().filter(|(index, _)| Some(*index) != skipped).map(|(_, letter)| letter);
    consonants.chain(vowels.chars()).chain("XXX".chars()).take(3).collect()
}

/// Consonants and vowels of a name in capitals, without accents, apostrophes and blanks.
fn letters(name: &str) -> (String, String) {
    let plain = name.chars().flat_map(char::to_uppercase).map(|letter| match letter {
        'À' | 'Á' => 'A',
        'È' | 'É' => 'E',
        'Ì' | 'Í' => 'I',
        'Ò' | 'Ó' => 'O',
        'Ù' | 'Ú' => 'U',
        other => other,
    });
    plain.filter(char::is_ascii_uppercase).partition(|letter| !"AEIOU".contains(*letter))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn codes_of_known_people_come_out() {
        let known = [
            ("Mario", "Rossi", date(1985, 12, 10), Gender::M, "A562", "RSSMRA85T10A562S"),
            ("Mario", "Rossi", date(1980, 1, 1), Gender::M, "H501", "RSSMRA80A01H501U"),
            ("Matteo", "Moretti", date(1925, 4, 9), Gender::M, "F205", "MRTMTT25D09F205Z"),
            ("Samantha", "Miller", date(1982, 9, 25), Gender::F, "Z404", "MLLSNT82P65Z404U"),
        ];
        for (given, family, born, gender, place, code) in known {
            assert_eq!(CodiceFiscale::of(given, family, born, gender, place).as_str(), code, "{given} {family}");
        }
    }

    #[test]
    fn names_give_their_three_letters() {
        for (given, part) in
            [("Gianfranco", "GFR"), ("Luca", "LCU"), ("Ada", "DAA"), ("Al", "LAX"), ("Niccolò", "NCL"), ("Giuseppe", "GPP")]
        {
            assert_eq!(given_part(given), part, "{given}");
        }
        for (family, part) in [("Fo", "FOX"), ("Aiello", "LLA"), ("D'Angelo", "DNG"), ("De Luca", "DLC"), ("Gianfranchi", "GNF")] {
            assert_eq!(family_part(family), part, "{family}");
        }
    }

    #[test]
    fn a_code_is_checked_whole() {
        for right in ["RSSMRA85T10A562S", "rssmra85t10a562s", "MRTMTT25D09F205Z", "MLLSNT82P65Z404U"] {
            assert!(CodiceFiscale::parse(right).is_ok(), "{right} was refused");
        }
        let wrong = [
            ("RSSMRA85T10A562T", CodiceFiscaleError::CheckCharacter),
            ("RSSMRA85T10A562", CodiceFiscaleError::Shape),
            ("RSSMRA85T10A5626", CodiceFiscaleError::Shape),
            ("RSSMRA85F10A562S", CodiceFiscaleError::Shape),
            ("", CodiceFiscaleError::Shape),
            ("èSSMRA85T10A562", CodiceFiscaleError::Shape),
        ];
        for (code, error) in wrong {
            assert_eq!(CodiceFiscale::parse(code), Err(error), "{code}");
        }
        let nowhere = with_check_character("RSSMRA85B30A562");
        assert_eq!(CodiceFiscale::parse(&nowhere), Err(CodiceFiscaleError::BirthDate), "30 February");
    }

    #[test]
    fn letters_may_stand_for_digits() {
        let code = CodiceFiscale::parse(&with_check_character("RSSMRAURT1LA5SN")).expect("a code with omocodia");
        assert!(code.fits(Some(date(1985, 12, 10)), Some(Gender::M)));
        assert!(!code.fits(Some(date(1985, 12, 11)), None));
        assert!(!code.fits(None, Some(Gender::F)));
    }

    fn with_check_character(code: &str) -> String {
        format!("{code}{}", char::from(check_character(code.as_bytes())))
    }
}
