//! A whole sign-in, as a person does it at the application under test, and what came of it.

use std::time::Duration;

use super::people::Person;
use super::stage::{Stage, Visitor};
use super::{Failure, PATIENCE};
use crate::browser::pages::{ConsentPage, SignInPage, consent, sign_in};
use crate::browser::{BrowserError, Page};
use crate::domain::{Login, Window};

/// How long an application that has the authorization response, and shows neither marker, is given to make up its mind.
const INDECISION: Duration = Duration::from_secs(3);

/// What the person does at the consent page.
#[derive(Clone, Debug)]
pub enum Consent {
    GrantAll,
    /// Refuses these scopes and grants the others.
    Refuse(Vec<String>),
    Cancel,
}

/// What the application shows after a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody is signed in: the marker's text.
    SignedIn(String),
    /// Nobody is, and the application said so with this text, if it said anything.
    Refused(Option<String>),
    /// The platform itself refused the person or the client: the text of its page.
    TurnedAway(String),
}

impl Outcome {
    pub fn describe(&self) -> String {
        match self {
            Self::SignedIn(shown) => format!("signed in, shown as `{shown}`"),
            Self::Refused(Some(message)) => format!("not signed in, with the message `{message}`"),
            Self::Refused(None) => "not signed in, without a message".to_owned(),
            Self::TurnedAway(text) => format!("turned away by the platform: `{text}`"),
        }
    }
}

impl Stage {
    /// Signs a person in through the application's own login, in that person's browser.
    pub async fn sign_in(&mut self, person: &Person, consent: &Consent) -> Result<Outcome, Failure> {
        let visitor = self.visitor(&person.name).await?;
        self.sign_in_at(&visitor, person, consent).await
    }

    /// Signs a person in, in a browser that is new and closed afterwards.
    pub async fn sign_in_apart(&mut self, person: &Person) -> Result<Outcome, Failure> {
        let key = format!("{} apart", person.name);
        let visitor = self.visitor(&key).await?;
        let outcome = self.sign_in_at(&visitor, person, &Consent::GrantAll).await;
        self.forget_visitor(&key);
        visitor.context.close().await;
        outcome
    }

    async fn sign_in_at(&self, visitor: &Visitor, person: &Person, consent: &Consent) -> Result<Outcome, Failure> {
        let login = &self.setup.profile.app.login;
        let window = match self.open_sign_in(visitor).await {
            Ok(window) => window,
            Err(failure) => return Err(self.explain(failure).await),
        };
        match at_the_platform(&window, person, consent, login).await {
            Ok(Some(turned_away)) => return Ok(turned_away),
            Ok(None) => {}
            Err(failure) => return Err(self.explain(failure).await),
        }
        match outcome(visitor, &window, login).await {
            Ok(outcome) => Ok(outcome),
            Err(failure) => Err(self.explain(failure).await),
        }
    }

    /// Clicks the login trigger; the window with the authorization request.
    pub async fn open_sign_in(&self, visitor: &Visitor) -> Result<Page, Failure> {
        let login = &self.setup.profile.app.login;
        visitor.page.click(&login.trigger).await.map_err(|error| match error {
            BrowserError::Timeout { .. } => Failure::unjudged(format!("the login trigger `{}` of the profile is not on {}: {error}", login.trigger, self.base_url)),
            other => other.into(),
        })?;
        match login.window {
            Window::Popup => Ok(visitor.context.wait_for_popup(PATIENCE).await?),
            Window::Same => Ok(visitor.page.clone()),
        }
    }

    /// Whether somebody is signed in in this browser now: loads the application's page anew and looks.
    pub async fn who_is_signed_in(&self, visitor: &Visitor) -> Result<Option<String>, Failure> {
        let login = &self.setup.profile.app.login;
        let looked = async {
            visitor.page.goto(self.base_url.as_str()).await?;
            let found = visitor.page.wait_for_any(&[&login.signed_in, &login.trigger], PATIENCE).await?;
            if found == 0 { visitor.page.text(&login.signed_in).await } else { Ok(None) }
        };
        match looked.await {
            Ok(shown) => Ok(shown),
            Err(error) => Err(self.explain(Failure::from(error)).await),
        }
    }
}

/// The platform's pages: sign-in and consent. `Some` when the platform itself ends the attempt.
async fn at_the_platform(window: &Page, person: &Person, consent: &Consent, login: &Login) -> Result<Option<Outcome>, Failure> {
    let error = login.error.as_deref().unwrap_or(&login.signed_in);
    let first = window.wait_for_any(&[sign_in::FORM, consent::FORM, sign_in::ERROR_PAGE, error], PATIENCE).await.map_err(|error| match error {
        BrowserError::Timeout { .. } => Failure::unjudged(format!("the sign-in never reached the platform: {error}")),
        other => other.into(),
    })?;
    match first {
        0 => {
            if let Some(refusal) = SignInPage::new(window).sign_in(&person.email, &person.password).await? {
                return Ok(Some(Outcome::TurnedAway(refusal)));
            }
        }
        1 => {}
        2 => return Ok(Some(Outcome::TurnedAway(window.text(sign_in::ERROR_PAGE).await?.unwrap_or_default()))),
        _ => return Ok(None),
    }
    let page = ConsentPage::new(window);
    match consent {
        Consent::GrantAll => page.grant(&[]).await?,
        Consent::Refuse(scopes) => page.grant(scopes).await?,
        Consent::Cancel => page.cancel().await?,
    }
    Ok(None)
}

/// Waits until the application shows that somebody is signed in, or that the sign-in failed, whichever comes first.
async fn outcome(visitor: &Visitor, window: &Page, login: &Login) -> Result<Outcome, Failure> {
    let page = &visitor.page;
    let popup = login.window == Window::Popup;
    let decided = {
        let markers = [login.signed_in.as_str(), login.error.as_deref().unwrap_or(&login.signed_in)];
        let in_page = page.wait_for_any(&markers, PATIENCE);
        let in_window = async {
            if !popup {
                return std::future::pending().await;
            }
            let error = login.error.as_deref().unwrap_or("html[collaudo-never]");
            tokio::select! {
                closed = window.wait_until_closed(PATIENCE) => closed.map(|()| None),
                shown = window.wait_for(error, PATIENCE) => match shown {
                    Ok(()) => window.text(error).await.map(|text| Some(text.unwrap_or_default())),
                    // The window closed, or it shows nothing of the kind: the other branches tell.
                    Err(_) => std::future::pending().await,
                },
            }
        };
        tokio::select! {
            found = in_page => Decided::Page(found),
            closed = in_window => match closed {
                Ok(Some(message)) => Decided::Window(message),
                Ok(None) | Err(_) => Decided::Closed,
            },
            () = settled_elsewhere(window, popup) => Decided::Closed,
        }
    };
    let found = match decided {
        Decided::Window(message) => {
            window.close().await?;
            return Ok(Outcome::Refused(Some(message)));
        }
        Decided::Page(found) => found,
        Decided::Closed => page.wait_for_any(&[&login.signed_in, login.error.as_deref().unwrap_or(&login.signed_in)], INDECISION).await,
    };
    match found {
        Ok(0) => Ok(Outcome::SignedIn(page.text(&login.signed_in).await?.unwrap_or_default())),
        Ok(_) => Ok(Outcome::Refused(page.text(login.error.as_deref().unwrap_or_default()).await?)),
        Err(BrowserError::Timeout { .. }) => Ok(Outcome::Refused(None)),
        Err(error) => Err(error.into()),
    }
}

enum Decided {
    Page(Result<usize, BrowserError>),
    /// The error marker in the popup.
    Window(String),
    /// The popup closed, or has settled at the application without any marker.
    Closed,
}

/// Resolves when a popup that is back from the platform shows no marker for as long as an application may be undecided.
async fn settled_elsewhere(window: &Page, popup: bool) {
    if !popup {
        return std::future::pending().await;
    }
    let back = window.wait_until(
        "!document.querySelector('#sign-in, #consent') && document.readyState === 'complete' && location.protocol !== 'about:'",
        "a page of the application in the popup",
        PATIENCE,
    );
    if back.await.is_err() {
        return std::future::pending().await;
    }
    // Nothing that could be awaited ends indecision: the popup staying as it is for this long does.
    let _ = window.wait_until("false", "a change in the popup", INDECISION).await;
}
