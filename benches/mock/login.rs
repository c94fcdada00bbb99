//! Code flows without a browser: what an application and a user's browser send between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use collaudo::oauth::code_challenge_s256;
use regex::Regex;
use reqwest::header::LOCATION;
use reqwest::{Client, Response, redirect::Policy};
use serde_json::Value;
use url::Url;

use super::Outcome;
use super::server::Server;

pub const REDIRECT_URI: &str = "http://127.0.0.1:5000/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const SCOPES: [&str; 2] = ["offline_access", "giponext.patients"];

/// A user who has signed in, and the client that she signs in to.
pub struct Session {
    browser: Client,
    client_id: String,
    client_secret: String,
    pub tenant: String,
    fields: Regex,
}

pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
}

impl Session {
    pub async fn sign_in(server: &Server) -> Outcome<Self> {
        let text = |pointer: &str| -> Outcome<String> {
            let value = server.facts.pointer(pointer).ok_or_else(|| format!("the mock says no {pointer}"))?;
            Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let browser = Client::builder().cookie_store(true).redirect(Policy::none()).build()?;
        let session = Self {
            browser,
            client_id: text("/client/client_id")?,
            client_secret: text("/client/client_secret")?,
            tenant: text("/users/ada/tenant")?,
            fields: Regex::new(r#"name="(csrf|request)" value="([^"]*)""#)?,
        };
        let sign_in = location(&session.get(session.authorization_url(server)?).await?)?;
        let mut form = session.fields_of(&session.get(server.url(&sign_in)).await?.text().await?);
        form.extend([("email".to_owned(), text("/users/ada/email")?), ("password".to_owned(), text("/users/ada/password")?)]);
        let answer = session.browser.post(server.url("/sign-in")).form(&form).send().await?;
        location(&answer)?;
        Ok(session)
    }

    /// Authorization request, consent page, consent, token request: four requests.
    pub async fn tokens(&self, server: &Server) -> Outcome<Tokens> {
        let consent = location(&self.get(self.authorization_url(server)?).await?)?;
        let mut form = self.fields_of(&self.get(server.url(&consent)).await?.text().await?);
        form.push(("decision".to_owned(), "allow".to_owned()));
        form.extend(SCOPES.map(|scope| ("scope".to_owned(), scope.to_owned())));
        let callback = location(&self.browser.post(server.url("/consent")).form(&form).send().await?)?;
        let code = query_value(&callback, "code")?;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
            ("code", &code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        let answer: Value = self.browser.post(server.url("/connect/token")).form(&form).send().await?.error_for_status()?.json().await?;
        let member = |name: &str| answer[name].as_str().map(str::to_owned).ok_or_else(|| format!("no {name} in the token answer"));
        Ok(Tokens { access_token: member("access_token")?, refresh_token: member("refresh_token")? })
    }

    pub fn refresh_form(&self, refresh_token: &str) -> String {
        let Self { client_id, client_secret, .. } = self;
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "refresh_token"),
                ("client_id", client_id),
                ("client_secret", client_secret),
                ("refresh_token", refresh_token),
            ])
            .finish()
    }

    fn authorization_url(&self, server: &Server) -> Outcome<Url> {
        authorization_url(&server.url("/connect/authorize"), &self.client_id)
    }

    async fn get(&self, url: impl reqwest::IntoUrl) -> Outcome<Response> {
        Ok(self.browser.get(url).send().await?)
    }

    /// The hidden fields of the page's form; the page may have other forms before it, whose fields are the same.
    fn fields_of(&self, page: &str) -> Vec<(String, String)> {
        let from = page.find(r#"<form id="sign-in""#).or_else(|| page.find(r#"<form id="consent""#)).unwrap_or(0);
        self.fields.captures_iter(&page[from..]).take(2).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
    }
}

fn authorization_url(endpoint: &str, client_id: &str) -> Outcome<Url> {
    let challenge = code_challenge_s256(VERIFIER);
    Ok(Url::parse_with_params(
        endpoint,
        [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", REDIRECT_URI),
            ("scope", &SCOPES.join(" ")),
            ("state", "state-of-this-login"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ],
    )?)
}

fn location(response: &Response) -> Outcome<String> {
    let value = response.headers().get(LOCATION).ok_or_else(|| format!("{} is no redirect: {}", response.url(), response.status()))?;
    Ok(value.to_str()?.to_owned())
}

fn query_value(url: &str, name: &str) -> Outcome<String> {
    let found = Url::parse(url)?.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    Ok(found.ok_or_else(|| format!("no {name} in the authorization response"))?)
}

/// Whole flows of one user, `at_once` at a time.
pub async fn flows_per_second(server: &Server, session: &Session, at_once: usize, spell: Duration) -> Outcome<f64> {
    let (began, done) = (Instant::now(), AtomicU32::new(0));
    let one = async || -> Outcome<()> {
        while began.elapsed() < spell {
            session.tokens(server).await?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    futures::future::try_join_all((0..at_once).map(|_| one())).await?;
    Ok(f64::from(done.into_inner()) / began.elapsed().as_secs_f64())
}

/// oauth2-mock-server asks nobody: authorization request and token request, two requests.
pub async fn peer_flows_per_second(server: &Server, at_once: usize, spell: Duration) -> Outcome<f64> {
    let client = Arc::new(Client::builder().redirect(Policy::none()).build()?);
    let (began, done) = (Instant::now(), AtomicU32::new(0));
    let one = async || -> Outcome<()> {
        while began.elapsed() < spell {
            let url = authorization_url(&server.url("/authorize"), "bench")?;
            let code = query_value(&location(&client.get(url).send().await?)?, "code")?;
            let form = [
                ("grant_type", "authorization_code"),
                ("client_id", "bench"),
                ("code", &code),
                ("redirect_uri", REDIRECT_URI),
                ("code_verifier", VERIFIER),
            ];
            client.post(server.url("/token")).form(&form).send().await?.error_for_status()?.bytes().await?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    futures::future::try_join_all((0..at_once).map(|_| one())).await?;
    Ok(f64::from(done.into_inner()) / began.elapsed().as_secs_f64())
}
