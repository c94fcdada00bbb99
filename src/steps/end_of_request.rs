//! What an authorization request comes to. A platform may tell an error only to somebody who has signed in (RFC 9700 section 4.11.2), or on
//! a page that it redirects to: the browser's end decides, not the first answer.

use std::time::Duration;

use url::Url;

use super::Failure;
use super::client::OwnClient;
use super::people::Person;
use super::stage::Stage;
use super::world::World;
use crate::browser::pages::{ConsentPage, PlatformWindow, Reached, Shown, SignInPage, TargetPages};
use crate::browser::{BrowserError, Context, Page};

/// How long a page of the platform is given to lead on by itself.
const LEADS_ON: Duration = Duration::from_secs(3);

/// Where an authorization request ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At the client's redirect URI, with this address.
    Told(String),
    /// On a page of the platform that leads nowhere.
    Page,
    /// At another host than the platform and the client.
    Elsewhere(String),
    /// At the platform's sign-in, where nobody was to be asked.
    SignIn,
}

impl End {
    /// For a finding; no code is quoted.
    pub fn describe(&self) -> String {
        match self {
            Self::Told(location) => match parameter(location, "error") {
                Some(error) => format!("the error `{error}` at the redirect URI"),
                None => "a response without an error at the redirect URI".to_owned(),
            },
            Self::Page => "a page of the platform".to_owned(),
            Self::Elsewhere(location) => format!("a redirect to {}", location.split('?').next().unwrap_or_default()),
            Self::SignIn => "the platform's sign-in page".to_owned(),
        }
    }

    pub fn error(&self) -> Option<String> {
        match self {
            Self::Told(location) => parameter(location, "error"),
            _ => None,
        }
    }

    /// Whether the client got something that it can use.
    pub fn gives_something(&self) -> bool {
        match self {
            Self::Told(location) => ["code", "access_token", "id_token"].iter().any(|name| parameter(location, name).is_some()),
            Self::Elsewhere(_) => true,
            Self::Page | Self::SignIn => false,
        }
    }
}

/// A parameter of an authorization response, in query or fragment.
fn parameter(location: &str, name: &str) -> Option<String> {
    let url = Url::parse(location).ok()?;
    let text = [url.query(), url.fragment()].into_iter().flatten().collect::<Vec<_>>().join("&");
    url::form_urlencoded::parse(text.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

impl World {
    /// Where the last authorization request ends. Where the first answer does not say it, a browser goes there, and Ada signs in if she is
    /// asked to.
    pub(super) async fn end_of_request(&mut self) -> Result<End, Failure> {
        let client = self.client()?;
        if let Some(end) = client.end_at_once()? {
            return Ok(end);
        }
        let (url, silent) = client.asked_for.clone().ok_or_else(|| Failure::broke("the client asked for no authorization by GET"))?;
        if silent {
            return Ok(End::SignIn);
        }
        let ada = self.stage()?.person("Ada")?;
        let mut client = self.take_client()?;
        let end = match self.stage() {
            Ok(stage) => client.follow(stage, &url, &ada).await,
            Err(failure) => Err(failure),
        };
        self.memory.client = Some(client);
        end
    }
}

impl OwnClient {
    /// The end, where the last answer says it already.
    fn end_at_once(&self) -> Result<Option<End>, Failure> {
        let answer = self.answer()?;
        let Some(location) = answer.location().filter(|_| (300..400).contains(&answer.status)) else {
            return Ok((400..500).contains(&answer.status).then_some(End::Page));
        };
        let asked = Url::parse(&self.metadata.authorization_endpoint).map_err(Failure::unjudged)?;
        Ok(self.end_at(&asked.join(location).map_err(Failure::unjudged)?))
    }

    /// The end that an address is; none where it leads on within the platform.
    fn end_at(&self, address: &Url) -> Option<End> {
        let own = &self.redirect_uri;
        if (address.origin(), address.path()) == (own.origin(), own.path()) {
            return Some(End::Told(address.to_string()));
        }
        // Its sign-in pages may be at another host than its endpoints.
        let published = self.document.as_object().into_iter().flatten().filter_map(|(_, value)| Url::parse(value.as_str()?).ok());
        let is_platform = published.into_iter().any(|url| url.origin() == address.origin());
        (!is_platform).then(|| End::Elsewhere(address.to_string()))
    }

    async fn follow(&mut self, stage: &Stage, url: &Url, person: &Person) -> Result<End, Failure> {
        let context = stage.setup.browser.context().await?;
        let page = context.open("about:blank").await?;
        let went = self.go_through(AtThePlatform(&page), url, person).await;
        let ends = self.ends(&context);
        context.close().await;
        self.forget_responses();
        if let Some(told) = ends.iter().flatten().find(|end| matches!(end, End::Told(_))) {
            return Ok(told.clone());
        }
        went?;
        Ok(ends.into_iter().next_back().flatten().unwrap_or(End::Page))
    }

    /// The end that each page of the browser is, in order.
    fn ends(&self, context: &Context) -> Vec<Option<End>> {
        let documents = context.requests().into_iter().filter(|request| request.resource_type == "Document");
        documents.filter_map(|request| Some(self.end_at(&Url::parse(&request.url).ok()?))).collect()
    }

    /// As far as the platform's pages lead: sign-in, then consent. Where a platform has forgotten the request over the sign-in, it is sent
    /// once more, by somebody who is signed in now.
    async fn go_through(&self, pages: AtThePlatform<'_>, url: &Url, person: &Person) -> Result<(), Failure> {
        // A redirect to a host that is nowhere loads nothing: what was asked for tells where it led.
        let _ = pages.0.goto(url.as_str()).await;
        if !pages.sign_in(person).await? {
            return Ok(());
        }
        if self.ends(pages.0.context()).iter().all(Option::is_none) {
            let _ = pages.0.goto(url.as_str()).await;
            pages.consent().await?;
        }
        Ok(())
    }
}

/// A person in a window that may show pages of the platform.
#[derive(Clone, Copy)]
struct AtThePlatform<'a>(&'a Page);

impl AtThePlatform<'_> {
    /// Signs the person in and grants everything, if the page asks for a sign-in.
    async fn sign_in(self, person: &Person) -> Result<bool, Failure> {
        if !matches!(PlatformWindow(self.0).wait_for_first(None, LEADS_ON).await, Ok(Shown::SignIn)) {
            return Ok(false);
        }
        let Some(pages) = TargetPages::of(self.0) else {
            SignInPage(self.0).sign_in(&person.email, &person.password).await?;
            self.consent().await?;
            return Ok(true);
        };
        match pages.leading_on(LEADS_ON).sign_in(person.typing(), None).await {
            Ok(Reached::Consent) => self.consent().await?,
            // That the pages end at an error is an end as well.
            Ok(Reached::SignIn(_) | Reached::Application) | Err(BrowserError::Timeout { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Grants everything, if the page asks for it.
    async fn consent(self) -> Result<(), Failure> {
        match TargetPages::of(self.0) {
            Some(pages) if matches!(pages.wait_for_first(None, LEADS_ON).await, Ok(Shown::Consent)) => pages.grant(&[]).await?,
            None if matches!(PlatformWindow(self.0).wait_for_next(None, LEADS_ON).await, Ok(Shown::Consent)) => {
                ConsentPage(self.0).grant(&[]).await?;
            }
            _ => return Ok(()),
        }
        // That the window is left for nowhere is an end as well.
        let _ = PlatformWindow(self.0).wait_until_back(LEADS_ON).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_says_what_the_client_got() {
        let told = |parameters: &str| End::Told(format!("http://127.0.0.1:5/callback{parameters}"));
        assert_eq!(told("?error=invalid_request&state=1").error().as_deref(), Some("invalid_request"));
        assert!(told("?code=1&state=1").gives_something() && told("#access_token=1").gives_something());
        assert!(!told("?error=invalid_request").gives_something() && !End::Page.gives_something());
        assert!(!told("?code=secret").describe().contains("secret"));
    }
}
