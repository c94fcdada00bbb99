use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::time::Instant;

use super::platform_window::Shown;
use super::sign_in;
use crate::domain::{ConsentSelectors, PlatformPages, SignInAct, SignInStep, Typed};
use crate::{BrowserError, Page};

/// A page at rest for so long is done with what a person did on it.
const QUIET: Duration = Duration::from_millis(200);

/// What a person has at hand to type into a platform's pages.
#[derive(Clone, Copy)]
pub struct Typing<'a> {
    /// The e-mail address, or whatever the platform knows the person by.
    pub email: &'a str,
    /// The password.
    pub password: &'a SecretString,
    /// The person's full name.
    pub name: &'a str,
    /// The fixed one-time code; a target file that types one gives each user one.
    pub code: Option<&'a SecretString>,
}

/// How far a sign-in came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// The sign-in page asks again for what was typed into this field.
    SignIn(String),
    /// The consent page.
    Consent,
    /// Back at the application, or out of a window that has closed.
    Application,
}

/// What a step found.
enum Found {
    Element,
    /// The page is at rest without it, and it is optional.
    Nothing,
    /// There is no sign-in, or no more of it.
    End(Reached),
}

/// Sign-in and consent of a platform whose pages are not GipoNext's, as its target file says.
#[derive(Clone)]
pub struct TargetPages<'a> {
    page: &'a Page,
    pages: Arc<PlatformPages>,
    /// How long the page after the last step may lead on.
    leads_on: Duration,
}

impl<'a> TargetPages<'a> {
    /// The platform's pages in this window; `None` where they are GipoNext's.
    pub fn of(page: &'a Page) -> Option<Self> {
        page.context.platform_pages.clone().map(|pages| Self { page, pages, leads_on: page.context.patience })
    }

    /// The same where the page after the last step may well be an error, which leads nowhere: it is waited for no longer than this.
    #[must_use]
    pub fn leading_on(self, leads_on: Duration) -> Self {
        Self { leads_on, ..self }
    }

    /// Whether a person can refuse the whole request.
    pub fn can_cancel(&self) -> bool {
        self.pages.consent.as_ref().is_some_and(|consent| consent.cancel.is_some())
    }

    /// Whether a person can refuse one scope and grant the others.
    pub fn can_refuse_scopes(&self) -> bool {
        self.pages.consent.as_ref().is_some_and(|consent| consent.scopes.is_some())
    }

    /// Waits until the window shows what a sign-in begins with; `application` is the application's own marker, if it has one.
    pub async fn wait_for_first(&self, application: Option<&str>, deadline: Duration) -> Result<Shown, BrowserError> {
        let steps = self.steps();
        let first: Vec<&str> = beginning(&steps).iter().map(|step| step.selector.as_str()).collect();
        let (signs_in, consents) = (first.len(), first.len() + usize::from(self.pages.consent.is_some()));
        let shown: Vec<&str> = first.into_iter().chain(self.allow()).chain(application).collect();
        let before = self.page.answers();
        tokio::select! {
            shown = self.page.wait_for_any(&shown, deadline) => Ok(match shown? {
                first if first < signs_in => Shown::SignIn,
                consent if consent < consents => Shown::Consent,
                _ => Shown::Application,
            }),
            answered = self.page.wait_until_answered(before) => answered.map(|()| Shown::Application),
        }
    }

    /// Goes through the steps of the sign-in, as far as the platform asks for them.
    pub async fn sign_in(&self, typing: Typing<'_>, application: Option<&str>) -> Result<Reached, BrowserError> {
        match self.go_through(typing, application).await {
            Err(BrowserError::Closed { .. }) => Ok(Reached::Application),
            reached => reached,
        }
    }

    async fn go_through(&self, typing: Typing<'_>, application: Option<&str>) -> Result<Reached, BrowserError> {
        let (steps, before) = (self.steps(), self.page.answers());
        let optional_first = beginning(&steps).len();
        for (index, step) in steps.iter().enumerate() {
            let known = index < optional_first;
            let found = self.reach(step, known, before, application).await.map_err(|error| self.at_step(index, step, error))?;
            match found {
                Found::Element => self.take(step, typing).await.map_err(|error| self.at_step(index, step, error))?,
                Found::Nothing => {}
                Found::End(reached) => return Ok(reached),
            }
        }
        self.end(&steps, before, application).await
    }

    /// Waits for the element of a step. `known`: no step that has to be taken was taken yet, so that the platform may know the person already.
    async fn reach(&self, step: &SignInStep, known: bool, before: usize, application: Option<&str>) -> Result<Found, BrowserError> {
        let (page, css) = (self.page, step.selector.as_str());
        let until = Instant::now() + page.context.patience;
        tokio::select! {
            biased;
            found = page.wait_for(css, page.context.patience) => match found {
                Err(BrowserError::Timeout { .. }) if step.optional => return Ok(Found::Nothing),
                found => return found.map(|()| Found::Element),
            },
            answered = page.wait_until_answered(before) => return answered.map(|()| Found::End(Reached::Application)),
            rest = page.settled(QUIET, page.context.patience) => rest.map(drop)?,
        }
        if page.is_visible(css).await? {
            return Ok(Found::Element);
        }
        if let Some(end) = if known { self.end_in_sight(application).await? } else { None } {
            return Ok(Found::End(end));
        }
        if step.optional {
            return Ok(Found::Nothing);
        }
        let ends = self.allow().into_iter().chain(application).filter(|_| known);
        let wanted: Vec<&str> = std::iter::once(css).chain(ends).collect();
        let left = until.saturating_duration_since(Instant::now());
        let consents = self.pages.consent.is_some();
        tokio::select! {
            answered = page.wait_until_answered(before) => answered.map(|()| Found::End(Reached::Application)),
            found = page.wait_for_any(&wanted, left) => match found {
                Ok(0) => Ok(Found::Element),
                Ok(1) if consents => Ok(Found::End(Reached::Consent)),
                Ok(_) => Ok(Found::End(Reached::Application)),
                Err(error) => Err(page.explain(css, error).await),
            },
        }
    }

    async fn take(&self, step: &SignInStep, typing: Typing<'_>) -> Result<(), BrowserError> {
        match step.act {
            SignInAct::Fill(typed) => self.page.fill(&[(&step.selector, typing.text(typed))]).await,
            SignInAct::Click => self.page.press(&step.selector, QUIET).await,
            SignInAct::Wait => Ok(()),
        }
    }

    /// After the last step: the consent page, the way back, or the sign-in page once more.
    async fn end(&self, steps: &[SignInStep], before: usize, application: Option<&str>) -> Result<Reached, BrowserError> {
        let page = self.page;
        let until = Instant::now() + self.leads_on;
        tokio::select! {
            answered = page.wait_until_answered(before) => return answered.map(|()| Reached::Application),
            rest = page.settled(QUIET, self.leads_on) => rest.map(drop)?,
        }
        if let Some(end) = self.end_in_sight(application).await? {
            return Ok(end);
        }
        let secrets = steps.iter().filter(|step| matches!(step.act, SignInAct::Fill(Typed::Password | Typed::Code)));
        for step in secrets {
            if page.is_visible(&step.selector).await? {
                return Ok(Reached::SignIn(step.selector.clone()));
            }
        }
        let left = until.saturating_duration_since(Instant::now());
        let ends: Vec<&str> = self.allow().into_iter().chain(application).collect();
        let consents = self.pages.consent.is_some();
        let what = match self.allow() {
            Some(allow) => format!("consent page with a visible `{allow}`, and no way back to the application, after the sign-in"),
            None => "way back to the application after the sign-in".to_owned(),
        };
        tokio::select! {
            answered = page.wait_until_answered(before) => answered.map(|()| Reached::Application),
            end = page.wait_for_any(&ends, left) => match end.map_err(|error| untimely(what, error, self.leads_on))? {
                0 if consents => Ok(Reached::Consent),
                _ => Ok(Reached::Application),
            },
        }
    }

    /// What a page at rest shows that is no sign-in.
    async fn end_in_sight(&self, application: Option<&str>) -> Result<Option<Reached>, BrowserError> {
        if self.page.is_answered() || self.page.is_closed() {
            return Ok(Some(Reached::Application));
        }
        for (css, end) in
            self.allow().map(|css| (css, Reached::Consent)).into_iter().chain(application.map(|css| (css, Reached::Application)))
        {
            if self.page.is_visible(css).await? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    /// Grants everything but the `refused` scopes; returns when the answer is on its way or the window has closed.
    pub async fn grant(&self, refused: &[&str]) -> Result<(), BrowserError> {
        let Some(ConsentSelectors { allow, scopes, .. }) = &self.pages.consent else { return Ok(()) };
        for scope in refused {
            let css = scopes.as_deref().unwrap_or_default().replace("{scope}", scope);
            let what = format!("switch `{css}` (consent.scopes) to refuse the scope `{scope}` with");
            let script = include_str!("../scripts/switch_off.js");
            let ended = self.page.settle(script, &[json!(css)], &what, self.page.context.patience).await;
            match ended {
                Ok(state) if state == "off" => {}
                Ok(state) => {
                    let shown = state.as_str().unwrap_or_default().to_owned();
                    return Err(BrowserError::NotShown { wanted: what, shown });
                }
                Err(error) => return Err(self.page.explain(&css, error).await),
            }
        }
        self.page.submit(allow).await
    }

    /// Refuses the whole request.
    pub async fn cancel(&self) -> Result<(), BrowserError> {
        match self.pages.consent.as_ref().and_then(|consent| consent.cancel.as_deref()) {
            Some(cancel) => self.page.submit(cancel).await,
            None => Ok(()),
        }
    }

    /// Says in a timeout which step it was.
    fn at_step(&self, index: usize, step: &SignInStep, error: BrowserError) -> BrowserError {
        let what = format!("`{}` for step {} of sign_in ({})", step.selector, index + 1, step.act.name());
        untimely(what, error, self.page.context.patience)
    }

    fn allow(&self) -> Option<&str> {
        self.pages.consent.as_ref().map(|consent| consent.allow.as_str())
    }

    fn steps(&self) -> Cow<'_, [SignInStep]> {
        match &self.pages.sign_in {
            Some(steps) => Cow::Borrowed(steps),
            None => Cow::Owned(sign_in::steps()),
        }
    }
}

impl Typing<'_> {
    fn text(&self, typed: Typed) -> &str {
        match typed {
            Typed::Email => self.email,
            Typed::Password => self.password.expose_secret(),
            Typed::Name => self.name,
            // Whoever reads the target file has refused one that types a code which a user has not.
            Typed::Code => self.code.map(ExposeSecret::expose_secret).unwrap_or_default(),
        }
    }
}

/// The steps that may come first: up to the first one that has to be taken.
fn beginning(steps: &[SignInStep]) -> &[SignInStep] {
    let required = steps.iter().position(|step| !step.optional);
    &steps[..required.map_or(steps.len(), |required| required + 1)]
}

/// Says in a timeout what did not come, and how long it was waited for in all: a wait may have two parts.
fn untimely(what: String, error: BrowserError, waited: Duration) -> BrowserError {
    match error {
        BrowserError::Timeout { last_seen, .. } => BrowserError::Timeout { what, waited, last_seen },
        other => other,
    }
}
