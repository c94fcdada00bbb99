//! A person at the platform's pages, sent there by the client of our own.

use std::sync::atomic::{AtomicBool, Ordering};

use super::people::Person;
use super::sign_in::Consent;
use super::stage::Stage;
use super::target_pages::{Went, go_through};
use super::{Failure, PATIENCE};
use crate::browser::Page;
use crate::browser::pages::{ConsentPage, PlatformWindow, Shown, SignInPage, TargetPages};

/// How the platform let somebody in.
pub(super) enum Signed {
    In,
    /// It did not, in these words.
    TurnedAway(String),
}

/// Types both, grants everything but the `refused` scopes. `consented`: from when on the platform has been asked to answer.
pub(super) async fn sign_in(page: &Page, person: &Person, refused: &[&str], consented: &AtomicBool) -> Result<Signed, Failure> {
    if let Some(pages) = TargetPages::of(page) {
        let consent =
            if refused.is_empty() { Consent::GrantAll } else { Consent::Refuse(refused.iter().map(ToString::to_string).collect()) };
        return match go_through(pages, person, &consent, None, || consented.store(true, Ordering::Relaxed)).await? {
            Went::Consented | Went::Unasked => Ok(Signed::In),
            Went::TurnedAway(said) => Ok(Signed::TurnedAway(format!(": {said}"))),
        };
    }
    SignInPage(page).wait_for().await?;
    SignInPage(page).sign_in(&person.email, &person.password).await?;
    if PlatformWindow(page).wait_for_next(None, PATIENCE).await? != Shown::Consent {
        return Ok(Signed::TurnedAway(String::new()));
    }
    consented.store(true, Ordering::Relaxed);
    ConsentPage(page).grant(refused).await?;
    Ok(Signed::In)
}

/// The same of somebody whom the platform knows, and lets in.
pub(super) async fn sign_in_known(page: &Page, stage: &Stage, person: &Person) -> Result<(), Failure> {
    match sign_in(page, person, &[], &AtomicBool::default()).await? {
        Signed::In => Ok(()),
        Signed::TurnedAway(said) => Err(turned_away(stage, person, &said)),
    }
}

/// A person whom the platform does not know by this password, with the keys of the target file to look at.
pub(super) fn turned_away(stage: &Stage, person: &Person, said: &str) -> Failure {
    let key = person.name.to_lowercase();
    match stage.setup.remote().and_then(|remote| remote.file.users.get(&key)) {
        Some(user) => Failure::broke(format!(
            "the platform refuses the sign-in of {}{said}; look at users.{key}.email of the target file, and at {}",
            person.email,
            user.secrets_to_look_at()
        )),
        None => Failure::unjudged(format!("the platform refused {}'s sign-in", person.name)),
    }
}
