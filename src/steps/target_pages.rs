//! A person at the pages of a platform that the target file describes.

use super::Failure;
use super::people::Person;
use super::sign_in::{Consent, Outcome};
use crate::browser::pages::{Reached, TargetPages};

/// How a person went through the platform's pages.
pub(super) enum Went {
    /// The consent was answered.
    Consented,
    /// Nobody was asked for a consent.
    Unasked,
    /// The platform asks for the sign-in again, in these words.
    TurnedAway(String),
}

impl Went {
    /// What that is at the application; `None` where its own page has the last word.
    pub fn outcome(self, consent: &Consent) -> Result<Option<Outcome>, Failure> {
        match (self, consent) {
            (Self::Consented, _) | (Self::Unasked, Consent::GrantAll) => Ok(None),
            (Self::Unasked, _) => Err(nothing_to_refuse()),
            (Self::TurnedAway(said), _) => Ok(Some(Outcome::TurnedAway(said))),
        }
    }
}

/// Signs in and answers the consent page; `asked` is called when that page is there.
pub(super) async fn go_through(
    pages: TargetPages<'_>,
    person: &Person,
    consent: &Consent,
    application: Option<&str>,
    asked: impl FnOnce(),
) -> Result<Went, Failure> {
    can_be_said(&pages, consent)?;
    match pages.sign_in(person.typing(), application).await? {
        Reached::Application => return Ok(Went::Unasked),
        Reached::SignIn(field) => return Ok(Went::TurnedAway(format!("it asks again for what was typed into `{field}`"))),
        Reached::Consent => asked(),
    }
    match consent {
        Consent::GrantAll => pages.grant(&[]).await?,
        Consent::Refuse(scopes) => pages.grant(&scopes.iter().map(String::as_str).collect::<Vec<_>>()).await?,
        Consent::Cancel => pages.cancel().await?,
    }
    Ok(Went::Consented)
}

/// That the target file says how to answer so.
fn can_be_said(pages: &TargetPages<'_>, consent: &Consent) -> Result<(), Failure> {
    match consent {
        Consent::Refuse(_) if !pages.can_refuse_scopes() => {
            Err(Failure::not_tested("the target file does not say how to refuse one scope (consent.scopes): its consent is all or nothing"))
        }
        Consent::Cancel if !pages.can_cancel() => {
            Err(Failure::not_tested("the target file does not say how to refuse the request (consent.cancel)"))
        }
        _ => Ok(()),
    }
}

pub(super) fn nothing_to_refuse() -> Failure {
    Failure::not_tested("the platform did not ask for consent, so that nothing can be refused there")
}
