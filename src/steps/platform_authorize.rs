//! The authorization endpoint, without a browser: what it refuses, and how.

use cucumber::{then, when};
use http::Method;
use url::Url;

use super::Failure;
use super::client::OwnClient;
use super::client_requests::STATE;
use super::end_of_request::End;
use super::world::World;
use crate::checks::{self, ExpectedResponse};
use crate::oauth::ErrorCode;

#[when(regex = r"^the client asks for its redirect URI with (a trailing slash|a path below it|another query|another host|a fragment)$")]
async fn other_redirect_uri(world: &mut World, change: String) -> Result<(), Failure> {
    let client = world.client()?;
    let mut other = client.redirect_uri.clone();
    match change.as_str() {
        "a trailing slash" => other.set_path(&format!("{}/", other.path())),
        "a path below it" => other.set_path(&format!("{}/elsewhere", other.path())),
        "another query" => other.set_query(Some("next=elsewhere")),
        "another host" => other.set_host(Some("collaudo.example")).map_err(Failure::broke)?,
        _ => other.set_fragment(Some("elsewhere")),
    }
    client.ask_authorization(Method::GET, &[("redirect_uri", Some(other.as_str()))]).await
}

#[when("an unknown client asks for an authorization")]
async fn unknown_client(world: &mut World) -> Result<(), Failure> {
    world.client()?.ask_authorization(Method::GET, &[("client_id", Some("nobody-registered-this"))]).await
}

#[when(expr = "the client asks for an authorization without {word}")]
async fn asks_without(world: &mut World, parameter: String) -> Result<(), Failure> {
    world.client()?.ask_authorization(Method::GET, &[(&parameter, None)]).await
}

#[when(expr = "the client asks for an authorization with {word} {string}")]
async fn asks_with(world: &mut World, parameter: String, value: String) -> Result<(), Failure> {
    let announced = match parameter.as_str() {
        "request" => world.announces("request_parameter_supported", "true")?,
        "code_challenge_method" => world.announces("code_challenge_methods_supported", &value)?,
        "response_type" => world.announces("response_types_supported", &value)?,
        _ => false,
    };
    if announced {
        return Err(Failure::not_applicable(format!("the discovery document announces {parameter} {value}")));
    }
    world.client()?.ask_authorization(Method::GET, &[(&parameter, Some(&value))]).await
}

#[when(expr = "the client asks for an authorization with two values of {word}")]
async fn asks_with_two(world: &mut World, parameter: String) -> Result<(), Failure> {
    world.client()?.ask_authorization_with_two(&parameter).await
}

#[when(expr = "the client asks for an authorization by {word}")]
async fn asks_by(world: &mut World, method: String) -> Result<(), Failure> {
    let method = Method::from_bytes(method.as_bytes()).map_err(Failure::broke)?;
    world.client()?.ask_authorization(method, &[]).await
}

#[then("the platform shows an error and redirects nowhere")]
async fn no_redirect(world: &mut World) -> Result<(), Failure> {
    match world.end_of_request().await? {
        End::Page => Ok(()),
        end => {
            let summary = "answers a request that nobody can be told of otherwise";
            world.find(summary, "an error page and no redirect", &end.describe(), &[])
        }
    }
}

#[then(regex = r"^the platform tells the client (\w+)$")]
async fn tells_the_client(world: &mut World, error: String) -> Result<(), Failure> {
    let end = world.end_of_request().await?;
    let client = world.client()?;
    let issuer = client.promised_issuer();
    let expected = ExpectedResponse { redirect_uri: client.redirect_uri.as_str(), state: Some(STATE), issuer: issuer.as_deref() };
    let known = [ErrorCode::InvalidRequest, ErrorCode::UnsupportedResponseType, ErrorCode::LoginRequired, ErrorCode::RequestNotSupported];
    let code = known.into_iter().find(|code| code.as_str() == error);
    let code = code.ok_or_else(|| Failure::broke(format!("no step expects the error {error}")))?;
    let judgement = match &end {
        End::Told(location) if end.error().is_some() => checks::check_authorization_error(location, code, expected),
        other => {
            let summary = "does not tell the client of its error";
            return world.find(summary, &format!("a redirect with `{error}`"), &other.describe(), &[]);
        }
    };
    world.judge(judgement)
}

#[then("the platform gives neither code nor token")]
async fn gives_nothing(world: &mut World) -> Result<(), Failure> {
    let end = world.end_of_request().await?;
    let refused = end == End::Page || end.error().is_some();
    if refused && !end.gives_something() {
        return Ok(());
    }
    world.find("goes on with a request that it has to refuse", "an error", &end.describe(), &[])
}

#[then("the platform goes on to the sign-in")]
async fn goes_on(world: &mut World) -> Result<(), Failure> {
    let answer = world.client()?.answer()?.clone();
    if answer.status < 400 && world.client()?.redirected_error().is_none() {
        return Ok(());
    }
    let error = world.client()?.redirected_error().unwrap_or_else(|| "none".to_owned());
    world.find("refuses a sound request", "the way to the sign-in", &format!("status {}, error {error}", answer.status), &[])
}

#[then("the authorization response carries the client's state and the promised issuer")]
async fn sound_response(world: &mut World) -> Result<(), Failure> {
    let client = world.client()?;
    let (query, state) = client.response.clone().ok_or_else(|| Failure::unjudged("no authorization response came"))?;
    let issuer = client.promised_issuer();
    let location = format!("{}?{query}", client.redirect_uri);
    let expected = ExpectedResponse { redirect_uri: client.redirect_uri.as_str(), state: Some(&state), issuer: issuer.as_deref() };
    let judgement = checks::check_authorization_response(&location, expected);
    world.judge(judgement)
}

#[then("the authorization response names the issuer where that is announced")]
async fn issuer_named(world: &mut World) -> Result<(), Failure> {
    if world.client()?.promised_issuer().is_none() {
        return Err(Failure::not_applicable("the discovery document does not announce authorization_response_iss_parameter_supported"));
    }
    sound_response(world).await
}

impl OwnClient {
    /// The error that the last answer sends to the redirect URI, in query or fragment.
    pub fn redirected_error(&self) -> Option<String> {
        let location = Url::parse(self.answer.as_ref()?.location()?).ok()?;
        let own = &self.redirect_uri;
        if (location.scheme(), location.host(), location.port(), location.path()) != (own.scheme(), own.host(), own.port(), own.path()) {
            return None;
        }
        let text = [location.query(), location.fragment()].into_iter().flatten().collect::<Vec<_>>().join("&");
        url::form_urlencoded::parse(text.as_bytes()).find(|(name, _)| name == "error").map(|(_, value)| value.into_owned())
    }

    /// The issuer, where responses carry it (RFC 9207 section 3).
    pub fn promised_issuer(&self) -> Option<String> {
        self.metadata.authorization_response_iss_parameter_supported.then(|| self.metadata.issuer.clone())
    }
}

impl World {
    /// Whether the discovery document says `value` in this member, alone or in a list.
    pub(super) fn announces(&mut self, member: &str, value: &str) -> Result<bool, Failure> {
        Ok(match self.client()?.document.get(member) {
            Some(serde_json::Value::Array(values)) => values.iter().any(|listed| listed == value),
            Some(other) => other.to_string().trim_matches('"') == value,
            None => false,
        })
    }
}
