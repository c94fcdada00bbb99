use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which part of the platform answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// The discovery document, at either of its two addresses (OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3).
    Discovery,
    /// The keys that tokens are signed with (RFC 7517 section 5).
    Jwks,
    /// The authorization endpoint (RFC 6749 section 3.1).
    Authorization,
    /// The token endpoint (RFC 6749 section 3.2).
    Token,
    /// The userinfo endpoint (OpenID Connect Core 1.0 section 5.3).
    Userinfo,
    /// The revocation endpoint (RFC 7009 section 2).
    Revocation,
    /// The device authorization endpoint (RFC 8628 section 3.1).
    DeviceAuthorization,
    /// The introspection endpoint (RFC 7662 section 2).
    Introspection,
    /// The logout endpoint (OpenID Connect RP-Initiated Logout 1.0 section 2).
    EndSession,
    /// `/v2/…`, the resource API.
    Api,
    /// Pages of the account portal, sign-in and consent included.
    Portal,
    /// What a browser asks by itself before a page's call to another origin (CORS): no request of the application.
    Preflight,
    /// The application's own, to which the platform has sent something: the other way round.
    Application,
    /// What belongs to no endpoint: assets, the documentation of the API, TLS handshakes.
    Other,
}

/// How a client authenticated in one request to the token or revocation endpoint (several at once is itself a violation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// The secret in the `Authorization` header (RFC 6749 section 2.3.1).
    ClientSecretBasic,
    /// The secret in the form of the body (RFC 6749 section 2.3.1).
    ClientSecretPost,
    /// `client_id` alone: a public client.
    None,
    /// A secret in the query string: never allowed.
    Query,
}

/// Where an access token was presented in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credential {
    /// In the `Authorization` header (RFC 6750 section 2.1).
    Header,
    /// In the address (RFC 6750 section 2.3), where it must not be.
    Query,
    /// In the body (RFC 6750 section 2.2).
    Body,
}

/// One HTTP exchange with the platform, recorded by its journal.
///
/// Redacted when recorded: codes, tokens, secrets, verifiers and passwords are numbered placeholders that keep identity
/// (`[code-1]`, `[access-token-2]`), personal data of patients is `[personal]`. Names of headers are in lower case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Order of arrival at this platform, from 1.
    pub number: u64,
    /// Milliseconds since the platform started, on a monotonic clock.
    #[serde(deserialize_with = "super::milliseconds")]
    pub at_ms: u64,
    /// From the arrival of the request until its answer was made, in milliseconds.
    #[serde(deserialize_with = "super::milliseconds")]
    pub duration_ms: u64,
    /// What the request was for, by its path; a preflight is known by its headers.
    pub endpoint: Endpoint,
    /// The HTTP method in capitals, or [`HANDSHAKE`].
    pub method: String,
    /// Path of the request; the whole address, without query, of a request to the application; empty for a handshake.
    pub path: String,
    /// Parameters of the address, decoded, in order, duplicates kept.
    pub query: Vec<(String, String)>,
    /// Headers of the request, duplicates kept; cookies without their values.
    pub headers: Vec<(String, String)>,
    /// Fields of an `application/x-www-form-urlencoded` request body, in order, duplicates kept.
    pub form: Vec<(String, String)>,
    /// A JSON request body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// [`Exchange::UNANSWERED`] where a fault held the answer back until the client hung up.
    pub status: u16,
    /// Headers of the answer, as those of the request.
    pub response_headers: Vec<(String, String)>,
    /// The answer's JSON body; `None` for other media types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
    /// What the platform knew of the exchange beyond its text.
    pub facts: Facts,
    /// Names of the faults that fired in this exchange.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// What the platform knows of an exchange beyond its text, derived before redaction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The client that the request is for: the one that it names, or that its token was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Subject of the end-user that the request acted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Each way in which the client authenticated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_authentication: Vec<ClientAuthentication>,
    /// Each place where an access token was presented.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<Credential>,
    /// Scopes of the presented access token, or those that a token answer grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Names of the claims of the ID token that a token answer carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_claims: Option<Vec<String>>,
    /// The scope that the API operation needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed_scope: Option<String>,
    /// S256 of the presented code verifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier_challenge: Option<String>,
    /// Length of the presented code verifier in characters; `verifier_unreserved` says whether all are unreserved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier_length: Option<usize>,
    /// Whether each character of the code verifier is an unreserved one (RFC 7636 section 4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier_unreserved: Option<bool>,
    /// The resource tenant in the path of an API call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The reason, for a person, why the platform refused (the private side of an error answer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

/// What stands in place of a method where there was a TLS handshake and no request.
pub const HANDSHAKE: &str = "TLS";

impl Exchange {
    /// No status of a standard: nothing was answered.
    pub const UNANSWERED: u16 = 499;

    /// A handshake that a fault spoilt, or that the client broke off.
    pub fn is_handshake(&self) -> bool {
        self.method == HANDSHAKE
    }

    /// The first parameter of the address with this name.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        value_of(&self.query, name)
    }

    /// The first field of the form with this name.
    pub fn form_value(&self, name: &str) -> Option<&str> {
        value_of(&self.form, name)
    }

    /// The first header of the request with this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        value_of(&self.headers, name)
    }

    /// The first header of the answer with this name, which is in lower case.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        value_of(&self.response_headers, name)
    }
}

fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Something the browser saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserFact {
    /// Milliseconds since the platform started, as exchanges count; without a platform of ours since the browser context was made.
    #[serde(deserialize_with = "super::milliseconds")]
    pub at_ms: u64,
    /// What kind of thing it was; says what `text` holds.
    pub kind: BrowserFactKind,
    /// Redacted text: a URL without its query's secrets, a console message, a window's address.
    pub text: String,
    /// Whose window it was, with their browser where they have several; absent in records whose times count from the context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// What the browser can see happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BrowserFactKind {
    /// A page opened a window; the text is the address that it was opened for.
    WindowOpened,
    /// A window closed; the text is the address that it showed last.
    WindowClosed,
    /// A window came to show another address; the text is that address.
    Navigated,
    /// A message on the console, an exception or a warning of the browser.
    Console,
    /// A page opened a dialog; the text is its kind and message.
    Dialog,
    /// The process of a page died; the text is the page's address.
    Crashed,
}

/// A cookie in the browser's jar. Its value is a secret: it never reaches a log or a report.
#[derive(Clone, Debug)]
pub struct Cookie {
    /// The part before the first `=` of the `Set-Cookie` header.
    pub name: String,
    /// The part after the first `=`.
    pub value: SecretString,
    /// The host, with a leading dot where the cookie was set with `Domain` and so goes to subdomains as well.
    pub domain: String,
    /// The path that a request's path has to begin with, so that the browser sends the cookie.
    pub path: String,
    /// Whether it is hidden from scripts (`HttpOnly`).
    pub http_only: bool,
    /// Whether it travels over TLS only (`Secure`).
    pub secure: bool,
    /// `None` where the cookie was set without `SameSite`.
    pub same_site: Option<SameSite>,
}

/// The cookie attribute `SameSite`: with which requests from other sites the cookie goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// With none.
    Strict,
    /// With those alone that lead the browser to the cookie's site by a safe method, such as a click on a link.
    Lax,
    /// With all.
    None,
}

/// A secret in what a run left behind: where, and of what kind. Never its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// Relative to the run's output folder, with `/`.
    pub file: String,
    /// `access-token`, `password`, `personal data of a patient`.
    pub kind: String,
}

/// A file of evidence beside the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it shows, for a person.
    pub title: String,
    /// The media type, such as `image/png`.
    pub media_type: String,
    /// Relative to the run's output folder, with `/`.
    pub path: String,
}
