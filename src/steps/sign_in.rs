//! A whole sign-in, as a person does it at the application under test, and what came of it.

use std::time::Duration;

use super::Failure;
use super::attempt::Attempt;
use super::people::Person;
use super::stage::{Stage, Visitor};
use super::target_pages::go_through;
use crate::browser::pages::{ConsentPage, PlatformWindow, Shown, SignInPage, TargetPages};
use crate::browser::{BrowserError, Page};
use crate::domain::{Login, Window};

/// How long an application that has the authorization response, and shows neither marker, is given to make up its mind.
pub(super) const INDECISION: Duration = Duration::from_secs(3);

const LOADED: &str = "document.readyState === 'complete'";

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

    /// Nobody is signed in, and nobody says why.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self, Self::Refused(None))
    }
}

/// An honest sign-in. On a busy machine an application may lose it without a word: a person then tries once more.
pub(super) async fn once_more_if_silent(mut sign_in: impl AsyncFnMut() -> Result<Outcome, Failure>) -> Result<Outcome, Failure> {
    let outcome = sign_in().await?;
    if outcome.is_silent() { sign_in().await } else { Ok(outcome) }
}

impl Stage {
    /// Signs a person in through the application's own login, in that person's browser.
    pub async fn sign_in(&mut self, person: &Person, consent: &Consent) -> Result<Outcome, Failure> {
        if self.program.is_some() {
            return self.sign_in_with_program(&person.name, person, consent).await;
        }
        let visitor = self.visitor(&person.name).await?;
        self.sign_in_at(&visitor, person, consent).await
    }

    /// A sign-in without which nothing can be seen: [`once_more_if_silent`], in the same browser.
    pub(super) async fn sign_in_honestly(&mut self, person: &Person) -> Result<Outcome, Failure> {
        let mut first = true;
        let outcome = once_more_if_silent(async || {
            // A further sign-in of the person's is none that the application begins by itself.
            self.provocation.started_sign_ins += usize::from(!std::mem::take(&mut first));
            self.sign_in(person, &Consent::GrantAll).await
        });
        outcome.await
    }

    /// Signs a person in, in a browser that is new and closed afterwards.
    pub async fn sign_in_apart(&mut self, person: &Person) -> Result<Outcome, Failure> {
        let key = format!("{} apart", person.name);
        let mark = self.exchanges().len();
        let expected = std::mem::take(&mut self.provocation.expected);
        let outcome = if self.program.is_some() {
            // A browser that has seen the platform's pages only has nothing to keep apart.
            let outcome = self.sign_in_with_program(&person.name, person, &Consent::GrantAll).await;
            self.end_program().await;
            outcome
        } else {
            let visitor = self.visitor(&key).await?;
            self.sign_in_at(&visitor, person, &Consent::GrantAll).await
        };
        if let Some(visitor) = self.forget_visitor(&key) {
            if outcome.is_ok() && self.provocation.mark().is_none() {
                // What a page of this browser still asks for must not meet what is provoked next.
                self.settle(&visitor).await?;
            }
            let seen = self.facts_of(&key, &visitor);
            self.past_facts.extend(seen);
            visitor.context.close().await;
        }
        self.provocation.expected = expected;
        self.set_apart(mark);
        outcome
    }

    async fn sign_in_at(&self, visitor: &Visitor, person: &Person, consent: &Consent) -> Result<Outcome, Failure> {
        self.sign_in_by(self.setup.login(), visitor, person, consent).await
    }

    /// A sign-in that is seen by these markers.
    pub(super) async fn sign_in_by(
        &self,
        login: &Login,
        visitor: &Visitor,
        person: &Person,
        consent: &Consent,
    ) -> Result<Outcome, Failure> {
        let attempt = self.begin_attempt(login, visitor).await?;
        match self.open_sign_in(visitor).await {
            Ok(window) => self.sign_in_in(&window, &attempt, login, person, consent).await,
            Err(failure) => Err(self.explain(failure).await),
        }
    }

    /// [`Stage::sign_in`] by a person who first looks at the platform's page for as long as `idle`, unless it is closed before.
    pub async fn sign_in_after(&mut self, person: &Person, consent: &Consent, idle: Duration) -> Result<Outcome, Failure> {
        let visitor = self.visitor(&person.name).await?;
        let attempt = self.begin_attempt(self.setup.login(), &visitor).await?;
        let window = self.open_sign_in(&visitor).await?;
        PlatformWindow(&window).wait_for_first(None, visitor.context.patience()).await?;
        // That it stays open is what is expected.
        let _ = window.wait_until_closed(idle).await;
        self.sign_in_in(&window, &attempt, self.setup.login(), person, consent).await
    }

    /// A sign-in in a window that is on its way to the platform.
    async fn sign_in_in(
        &self,
        window: &Page,
        attempt: &Attempt<'_>,
        login: &Login,
        person: &Person,
        consent: &Consent,
    ) -> Result<Outcome, Failure> {
        attempt.at_the_platform(window).await?;
        match at_the_platform(window, person, consent, login).await {
            Ok(Some(turned_away)) => return Ok(turned_away),
            Ok(None) => {}
            Err(failure) => return Err(self.explain(failure).await),
        }
        match attempt.outcome(window).await {
            Ok(outcome) => Ok(outcome),
            Err(failure) => Err(self.explain(failure).await),
        }
    }

    /// Signs a person in from an address that starts the login in the visitor's own window, up to the page after it.
    pub async fn sign_in_from(&self, visitor: &Visitor, link: &url::Url, person: &Person) -> Result<(), Failure> {
        visitor.page.goto(link.as_str()).await?;
        if visitor.page.url().starts_with(&self.platform_pages()) {
            at_the_platform(&visitor.page, person, &Consent::GrantAll, self.setup.login()).await?;
            PlatformWindow(&visitor.page).wait_until_back(visitor.context.patience()).await?;
        }
        Ok(())
    }

    /// Clicks the login trigger; the window with the authorization request.
    pub async fn open_sign_in(&self, visitor: &Visitor) -> Result<Page, Failure> {
        let login = self.setup.login();
        // An application may give its popup a name, and open that window again while it is still there.
        for earlier in visitor.context.pages().into_iter().filter(|page| login.window == Window::Popup && !page.is_same(&visitor.page)) {
            if earlier.wait_until_closed(INDECISION).await.is_err() {
                earlier.close().await?;
            }
        }
        self.open_beside(visitor).await
    }

    /// [`Stage::open_sign_in`], up to the platform's sign-in page.
    pub(super) async fn open_sign_in_page(&self, visitor: &Visitor) -> Result<Page, Failure> {
        let window = self.open_sign_in(visitor).await?;
        self.wait_for_sign_in_page(&window).await?;
        Ok(window)
    }

    pub(super) async fn wait_for_sign_in_page(&self, window: &Page) -> Result<(), Failure> {
        let (patience, pages) = (window.context().patience(), self.platform_pages());
        window.wait_for_url(|url| url.starts_with(&pages), "the platform's sign-in page", patience).await?;
        Ok(())
    }

    /// [`Stage::open_sign_in`] with the popups of earlier sign-ins left as they are.
    pub async fn open_beside(&self, visitor: &Visitor) -> Result<Page, Failure> {
        let login = self.setup.login();
        // A click before the page's scripts have run is no person's.
        visitor.page.wait_until(LOADED, "loaded page of the application", visitor.context.patience()).await?;
        self.click_through(visitor, &login.before, &login.trigger).await.map_err(|failure| match failure {
            Failure::Unjudged { reason } => {
                Failure::unjudged(format!("the login trigger `{}` of the profile is not on {}: {reason}", login.trigger, self.base_url))
            }
            other => other,
        })?;
        match login.window {
            Window::Popup => Ok(visitor.context.wait_for_popup(visitor.context.patience()).await?),
            Window::Same => Ok(visitor.page.clone()),
        }
    }

    /// Whether somebody is signed in in this browser now: loads the application's page anew, unless that would sign them out, and
    /// looks when it is at rest.
    pub async fn who_is_signed_in(&self, visitor: &Visitor) -> Result<Option<String>, Failure> {
        let login = self.setup.login();
        let signed_in = marker(login)?;
        let looked = async {
            self.go_home(visitor).await?;
            if visitor.page.wait_until_it_tells(signed_in, &login.entrance(), self.setup.patience().sign_in).await? {
                return Ok(visitor.page.naming(signed_in).await?);
            }
            // A page that a script draws may show the button before it knows who is there.
            self.settle(visitor).await?;
            Ok::<_, Failure>(if visitor.page.tells(signed_in).await? { visitor.page.naming(signed_in).await? } else { None })
        };
        match looked.await {
            Ok(shown) => Ok(shown),
            Err(failure) => Err(self.explain(failure).await),
        }
    }

    /// What the application's page, loaded anew, shows of a person who has to be signed in: waited for as long as patience lasts.
    pub async fn wait_for_signed_in(&self, visitor: &Visitor, person: &Person) -> Result<Option<String>, Failure> {
        let signed_in = marker(self.setup.login())?;
        let until = tokio::time::Instant::now() + self.setup.patience().sign_in;
        let left = || until.saturating_duration_since(tokio::time::Instant::now());
        if !self.setup.forgets_at_load() {
            visitor.page.goto(self.base_url.as_str()).await?;
        }
        match visitor.page.wait_until_it_tells(signed_in, &[], left()).await {
            Ok(_) => {}
            Err(BrowserError::Timeout { .. }) => return Ok(None),
            Err(error) => return Err(self.explain(error.into()).await),
        }
        if person.shown.is_empty() {
            return Ok(visitor.page.naming(signed_in).await?);
        }
        // The name may be drawn after its place.
        visitor.page.wait_for_text_at(signed_in, &person.names(), left()).await?;
        Ok(visitor.page.naming(signed_in).await?)
    }
}

/// What is there when somebody is signed in.
pub(super) fn marker(login: &Login) -> Result<&str, Failure> {
    let unknown = || Failure::unjudged("nothing tells who is signed in at the application: write app.login.signed_in in the profile");
    login.signed_in.as_deref().ok_or_else(unknown)
}

/// The platform's sign-in, in a window that shows its consent page then, if it has one.
pub(super) async fn up_to_the_consent(window: &Page, person: &Person) -> Result<(), Failure> {
    if let Some(pages) = TargetPages::of(window) {
        return Ok(pages.sign_in(person.typing(), None).await.map(drop)?);
    }
    let (platform, patience) = (PlatformWindow(window), window.context().patience());
    platform.wait_for_first(None, patience).await?;
    SignInPage(window).sign_in(&person.email, &person.password).await?;
    platform.wait_for_next(None, patience).await?;
    Ok(())
}

/// The platform's pages: sign-in and consent. `Some` when the platform itself ends the attempt.
pub(super) async fn at_the_platform(window: &Page, person: &Person, consent: &Consent, login: &Login) -> Result<Option<Outcome>, Failure> {
    let error = login.error.as_deref();
    if let Some(pages) = TargetPages::of(window) {
        return go_through(pages, person, consent, error, || ()).await?.outcome(consent);
    }
    let platform = PlatformWindow(window);
    let patience = window.context().patience();
    let first = match platform.wait_for_first(error, patience).await {
        Ok(first) => first,
        // The application gave the attempt up by itself and closed its popup: its page has the last word.
        Err(BrowserError::Closed { .. }) => return Ok(None),
        Err(error @ BrowserError::Timeout { .. }) => {
            return Err(Failure::unjudged(format!("the sign-in never reached the platform: {error}")));
        }
        Err(other) => return Err(other.into()),
    };
    let shown = if first == Shown::SignIn {
        SignInPage(window).sign_in(&person.email, &person.password).await?;
        platform.wait_for_next(error, patience).await?
    } else {
        first
    };
    match shown {
        Shown::Consent => {}
        Shown::SignIn => return Ok(Some(Outcome::TurnedAway(SignInPage(window).refusal().await?.unwrap_or_default()))),
        Shown::Error => return Ok(Some(Outcome::TurnedAway(platform.error().await?))),
        Shown::Application => return Ok(None),
    }
    let page = ConsentPage(window);
    match consent {
        Consent::GrantAll => page.grant(&[]).await?,
        Consent::Refuse(scopes) => page.grant(&scopes.iter().map(String::as_str).collect::<Vec<_>>()).await?,
        Consent::Cancel => page.cancel().await?,
    }
    Ok(None)
}
