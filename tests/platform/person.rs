//! One person at the portal's pages.

use collaudo::platform::Platform;
use collaudo::platform::accounts::Session;
use regex::Regex;
use reqwest::{Client, StatusCode, header, redirect};

/// One person's browser: signed in by a session of their own, redirects not followed.
pub struct Person<'a> {
    pub platform: &'a Platform,
    pub client: Client,
    pub lang: &'static str,
}

pub struct Page {
    pub status: StatusCode,
    pub location: String,
    pub html: String,
}

impl Page {
    pub fn first(&self, pattern: &str) -> Option<String> {
        Regex::new(pattern).expect("a pattern").captures(&self.html).map(|found| found[1].to_owned())
    }

    /// Number at the end of the address that a form led to.
    pub fn number(&self) -> u32 {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.html);
        self.location.rsplit('/').next().and_then(|number| number.parse().ok()).expect("a number at the end")
    }
}

impl<'a> Person<'a> {
    pub fn nobody(platform: &'a Platform) -> Self {
        Self::with(platform, None)
    }

    pub fn signed_in(platform: &'a Platform, email: &str) -> Self {
        let shared = platform.shared();
        let mut accounts = shared.accounts();
        let user = accounts.user_by_email(email).expect("a user").id.clone();
        let id = shared.random.token(24);
        let session = Session { user, signed_in_at: shared.clock.now(), sid: shared.random.token(12) };
        accounts.sessions.insert(id.clone(), session);
        Self::with(platform, Some(id))
    }

    pub fn with(platform: &'a Platform, session: Option<String>) -> Self {
        let mut headers = header::HeaderMap::new();
        if let Some(session) = session {
            headers.insert(header::COOKIE, format!("gipo_session={session}").parse().expect("a cookie"));
        }
        let client = Client::builder().default_headers(headers).redirect(redirect::Policy::none()).build().expect("a client");
        Self { platform, client, lang: "en" }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let response = request.header(header::ACCEPT_LANGUAGE, self.lang).send().await.expect("an answer");
        let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        Page { status: response.status(), location, html: response.text().await.expect("a text") }
    }

    pub fn url(&self, path: &str) -> String {
        self.platform.issuer().join(path).expect("a path").to_string()
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(self.client.get(self.url(path))).await
    }

    /// Sends a form with the token of the page that holds it.
    pub async fn post(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.get(page).await.first(r#"name="csrf" value="([^"]+)""#).expect("a form");
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        self.post_bare(path, &fields).await
    }

    pub async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(self.client.post(self.url(path)).form(fields)).await
    }

    pub async fn fill(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post(path, path, fields).await
    }
}
