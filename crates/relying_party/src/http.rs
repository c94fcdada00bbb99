use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use rand::Rng;
use reqwest::header::{AUTHORIZATION, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Method, Request, StatusCode, redirect};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::{Config, Defect, RelyingPartyError};

/// The longest that a person waits for one answer of the platform.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Requests made for one answer, the first included (GX-09, GX-15).
const TRIES: u32 = 3;
/// The longest that the defect waits; with the jitter it stays below three seconds.
const CAP: Duration = Duration::from_millis(1500);
const FIRST_WAIT: Duration = Duration::from_millis(400);
/// A platform that asks for more patience than this is reported, not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Spread of the waits, so that the users of one client do not come back all at once (C-57).
const JITTER_MS: u64 = 250;
/// No honest answer is larger; a page of a list is a tenth of it.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error("failed to reach the platform: {0}")]
    Request(#[from] reqwest::Error),
    #[error("failed to build a message: {0}")]
    Message(#[from] ::http::Error),
    #[error("the answer is larger than {LARGEST_BODY} bytes")]
    TooLarge,
    #[error("the platform answered {status}")]
    Unavailable { status: StatusCode },
}

/// A URL in an error could hold what must not be logged.
pub(super) fn without_url(error: HttpError) -> HttpError {
    match error {
        HttpError::Request(error) => HttpError::Request(error.without_url()),
        other => other,
    }
}

/// What may be sent again without harm when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// A reading request: after any temporary failure.
    Read,
    /// Refresh or revocation: after an answer that says "not now". Not after a lost answer: the token may have rotated (RT-05).
    Token,
    /// What the defect does with a write: again at once, when the limiter refuses it.
    Hurried,
    /// A code or a write: only when the limiter refused the request before anyone looked at it; else it may have had its
    /// effect (CB-05, GX-10, RS-06).
    Once,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Where a redirect leads. Only the defects follow it.
    pub(crate) fn target(&self) -> Option<Url> {
        let target = self.headers.get(LOCATION).filter(|_| self.status.is_redirection())?;
        Url::parse(target.to_str().ok()?).ok()
    }
}

/// The defects that look at certificates, except at one endpoint.
const CARELESS_SOMEWHERE: [Defect; 7] = [
    Defect::TrustsAnyCertificateForFurtherPages,
    Defect::TrustsAnyCertificateForWrites,
    Defect::TrustsAnyCertificateAtDiscovery,
    Defect::TrustsAnyCertificateForKeys,
    Defect::TrustsAnyCertificateForUsers,
    Defect::TrustsAnyCertificateAtRefresh,
    Defect::TrustsAnyCertificateAtRevocation,
];

pub(super) struct Http {
    client: reqwest::Client,
    /// Only a defect has it.
    careless: Option<Box<Self>>,
    defect: Option<Defect>,
}

impl Http {
    pub(crate) fn new(config: &Config) -> Result<Self, RelyingPartyError> {
        let somewhere = CARELESS_SOMEWHERE.iter().any(|defect| defect.is(config.defect));
        let careless = if somewhere { Some(Box::new(Self::made(config, true)?)) } else { None };
        Ok(Self { careless, ..Self::made(config, false)? })
    }

    fn made(config: &Config, careless: bool) -> Result<Self, RelyingPartyError> {
        // A second installation is refused and harmless: the first provider stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder()
            // A redirect would carry a token, a code or a secret to whatever host it names (RS-02).
            .redirect(redirect::Policy::none())
            .user_agent(concat!("portale-referti/", env!("CARGO_PKG_VERSION")));
        if !Defect::HasNoTimeLimit.is(config.defect) {
            client = client.timeout(TIMEOUT);
        }
        // A proxy of the surroundings knows no platform on this machine.
        if crate::domain::is_loopback(&config.issuer) {
            client = client.no_proxy();
        }
        if let Some(pem) = &config.extra_ca_pem {
            let own = reqwest::Certificate::from_pem_bundle(pem.as_bytes())?;
            client = match Defect::IgnoresNameInCertificate.is(config.defect) {
                // Beside the system's authorities names cannot be left out of account.
                true => client.tls_certs_only(own).tls_danger_accept_invalid_hostnames(true),
                false => client.tls_certs_merge(own),
            };
        }
        if careless || Defect::TrustsAnyCertificate.is(config.defect) {
            client = client.tls_danger_accept_invalid_certs(true).tls_danger_accept_invalid_hostnames(true);
        }
        Ok(Self { client: client.build()?, careless: None, defect: config.defect })
    }

    /// This client; with the defect one that looks at no certificate.
    pub(crate) fn unless(&self, defect: Defect) -> &Self {
        self.careless.as_deref().filter(|_| defect.is(self.defect)).unwrap_or(self)
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends, and sends again where `repeat` allows and the platform gives hope.
    pub(crate) async fn send(&self, request: Request, repeat: Repeat) -> Result<Answer, HttpError> {
        let mut tried = 1;
        loop {
            let mut copy = request.try_clone().expect("no request here has a streaming body");
            if tried > 1 && Defect::LosesVerifierAtRepeat.is(self.defect) {
                drop_verifier(&mut copy);
            }
            if tried > 1 && Defect::TokenInQueryOfRepeats.is(self.defect) {
                self.send_by_query(&copy).await;
            }
            let outcome = self.send_once(copy).await;
            let Some(wait) = self.wait_before_repeat(&outcome, repeat, tried) else {
                return outcome;
            };
            tokio::time::sleep(wait).await;
            tried += 1;
        }
    }

    /// The same for the `oauth2` crate, whose endpoints are the token endpoint's.
    pub(crate) async fn call(&self, request: oauth2::HttpRequest, repeat: Repeat) -> Result<oauth2::HttpResponse, HttpError> {
        let request: Request = request.try_into()?;
        let follows = match repeat {
            Repeat::Token => Defect::FollowsRefreshRedirect.is(self.defect),
            _ => Defect::FollowsTokenRedirect.is(self.defect),
        };
        let mut again = request.try_clone().filter(|_| follows);
        let mut answer = self.send(request, repeat).await?;
        if let (Some(target), Some(again)) = (answer.target(), &mut again) {
            *again.url_mut() = target;
            answer = self.send(again.try_clone().expect("it has no stream"), Repeat::Once).await?;
        }
        if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS || answer.status.is_redirection() {
            return Err(HttpError::Unavailable { status: answer.status });
        }
        let mut response = ::http::Response::builder().status(answer.status);
        for (name, value) in &answer.headers {
            response = response.header(name, value);
        }
        Ok(response.body(answer.body)?)
    }

    /// Only the defect asks so, before it asks as it should. A strict platform refuses it.
    async fn send_by_query(&self, request: &Request) {
        let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if let (Some(token), true) = (bearer, request.method() == Method::GET) {
            let _ = self.client.get(request.url().clone()).query(&[("access_token", token)]).send().await;
        }
    }

    async fn send_once(&self, request: Request) -> Result<Answer, HttpError> {
        let mut response = self.client.execute(request).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_BODY {
                return Err(HttpError::TooLarge);
            }
        }
        Ok(Answer { status: response.status(), headers: response.headers().clone(), body })
    }

    fn wait_before_repeat(&self, outcome: &Result<Answer, HttpError>, repeat: Repeat, tried: u32) -> Option<Duration> {
        let for_ever = repeat == Repeat::Read && Defect::RetriesForEver.is(self.defect);
        if tried >= TRIES && !for_ever {
            return None;
        }
        let sends_twice = repeat == Repeat::Once && Defect::RedeemsCodeTwice.is(self.defect);
        let paced = for_ever || Defect::RetriesAtAFixedPace.is(self.defect);
        let growing = if paced { FIRST_WAIT } else { FIRST_WAIT * 2u32.pow(tried - 1) };
        let wait = match outcome {
            Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => self.asked_wait(&answer.headers, repeat).unwrap_or(growing),
            Ok(answer) if answer.status == StatusCode::NOT_FOUND && Defect::RepeatsNotFound.is(self.defect) => growing,
            Ok(answer) if answer.status.is_server_error() => {
                if (matches!(repeat, Repeat::Once | Repeat::Hurried) && !sends_twice) || Defect::GivesUpOnServerError.is(self.defect) {
                    return None;
                }
                retry_after(&answer.headers).unwrap_or(growing)
            }
            Err(HttpError::Request(error)) if !error.is_timeout() && (repeat == Repeat::Read || sends_twice) => growing,
            _ => return None,
        };
        if Defect::IgnoresRetryAfter.is(self.defect) {
            return Some(Duration::ZERO);
        }
        // The defects' paces are exact.
        if paced || wait.is_zero() {
            return Some(wait);
        }
        let jitter = Duration::from_millis(rand::rng().random_range(0..=JITTER_MS));
        (wait <= LONGEST_WAIT).then_some(wait + jitter)
    }
}

impl Http {
    /// How long a 429 asks to wait, as far as the defects read it.
    fn asked_wait(&self, headers: &HeaderMap, repeat: Repeat) -> Option<Duration> {
        let is = |defect: Defect| defect.is(self.defect);
        let is_date = headers.get(RETRY_AFTER).is_some_and(|value| value.as_bytes().contains(&b','));
        let asked = retry_after(headers);
        match asked {
            _ if repeat == Repeat::Hurried => Some(Duration::ZERO),
            _ if is(Defect::HurriesAtTheTokenEndpoint) && repeat != Repeat::Read => Some(Duration::ZERO),
            None if is(Defect::HurriesWithoutRetryAfter) => Some(Duration::ZERO),
            Some(_) if is(Defect::WaitsAFixedSecond) => Some(Duration::from_secs(1)),
            Some(_) if is_date && is(Defect::ReadsNoDates) => Some(Duration::ZERO),
            Some(asked) if is(Defect::CapsRetryAfter) => Some(asked.min(CAP)),
            asked => asked,
        }
    }
}

/// Seconds, or a date (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(at.duration_since(Timestamp::now()).try_into().unwrap_or_default())
}

/// What the defect makes of a token request that it sends again.
fn drop_verifier(request: &mut Request) {
    let form = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    if request.method() == Method::POST && form_urlencoded::parse(form).any(|(name, _)| name == "code_verifier") {
        let kept = form_urlencoded::parse(form).filter(|(name, _)| name != "code_verifier");
        *request.body_mut() = Some(form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish().into());
    }
}
