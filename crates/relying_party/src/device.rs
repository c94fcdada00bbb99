//! Sign-in of a program without a browser (RFC 8628), on the `oauth2` crate's own polling.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use oauth2::{
    AsyncHttpClient, DeviceAuthorizationUrl, DeviceCodeErrorResponse, DeviceCodeErrorResponseType, HttpRequest, HttpResponse,
    RequestTokenError, Scope, StandardDeviceAuthorizationResponse,
};

use super::Defect;
use super::app::App;
use super::http::{HttpError, Repeat};
use super::program::Say;
use super::provider::sign_in_error;
use super::session::SignedIn;
use super::sign_in::{Asked, SignInError};
use super::token_endpoint::TokenEndpoint;
use crate::oauth::ErrorCode;

/// The longest wait between two polls, however many connections have failed (DV-03).
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// How often the defects go on after a refusal.
const MORE: usize = 3;
/// How long the defect takes a device code for good.
const NEVER: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn sign_in(app: &App, say: Say<'_>) -> Result<SignedIn, SignInError> {
    let mut outcome = attempt(app, say).await;
    for _ in 0..MORE {
        if !app.config.has(Defect::RestartsDeviceSignIn) || !matches!(outcome, Err(SignInError::Refused(_))) {
            break;
        }
        outcome = attempt(app, say).await;
    }
    outcome
}

async fn attempt(app: &App, say: Say<'_>) -> Result<SignedIn, SignInError> {
    let metadata = app.metadata().await?;
    let endpoint = metadata.device_authorization_endpoint.clone();
    let endpoint = endpoint.ok_or(SignInError::Platform("it has no device authorization endpoint"))?;
    let endpoint = DeviceAuthorizationUrl::new(endpoint).map_err(|_| SignInError::Platform("an endpoint is not a URL"))?;
    let client = app.oauth_client().await?.set_device_authorization_url(endpoint);
    let request = client.exchange_device_code().add_scopes(app.config.scopes.iter().cloned().map(Scope::new));
    let device: StandardDeviceAuthorizationResponse =
        request.request_async(&TokenEndpoint(app, Repeat::Once)).await.map_err(sign_in_error)?;
    show(app, &device, say);

    let polls = Polls { endpoint: TokenEndpoint(app, Repeat::Once), unanswered: AtomicBool::new(false) };
    let told = device.interval();
    let mut left = if app.config.has(Defect::PollsAfterRefusal) { MORE } else { 0 };
    let answer = loop {
        // The crate keeps DV-01 to DV-03: the interval, five seconds more for good after slow_down, twice the interval after a
        // poll that was not answered, and an end when the code has expired.
        let request = client.exchange_device_access_token(&device).set_max_backoff_interval(LONGEST_WAIT);
        let lifetime = app.config.has(Defect::IgnoresCodeLifetime).then_some(NEVER);
        let wait = |interval| tokio::time::sleep(wait(app, interval, told, polls.unanswered.load(Ordering::Relaxed)));
        match request.request_async(&polls, wait, lifetime).await {
            Ok(answer) => break answer,
            Err(RequestTokenError::ServerResponse(_)) if left > 0 => {
                left -= 1;
                tokio::time::sleep(told).await;
            }
            // DV-04: what the platform refused for good is over; a new code is for the person to ask for.
            Err(error) => return Err(refusal(error)),
        }
    };
    if *oauth2::TokenResponse::token_type(&answer) != oauth2::basic::BasicTokenType::Bearer {
        return Err(SignInError::Platform("the access token is of an unknown type"));
    }
    // No browser came back with anything: there is no nonce to compare.
    app.admit(&answer, Asked::default()).await
}

/// DV-04: what to type, and where. The link with the code in it is for those who can open it on another screen.
fn show(app: &App, device: &StandardDeviceAuthorizationResponse, say: Say<'_>) {
    let complete = device.verification_uri_complete().map(|uri| uri.secret().as_str());
    if app.config.has(Defect::HidesUserCode) {
        return say(&format!("To sign in, open {}", complete.unwrap_or_default()));
    }
    say(&format!("To sign in, open {} and type the code {}", device.verification_uri().as_str(), device.user_code().secret()));
    if let Some(complete) = complete {
        say(&format!("or open {complete} and compare the code"));
    }
    say("Waiting for your answer. Ctrl-C gives up.");
}

/// The crate's wait, unless a defect has another.
fn wait(app: &App, interval: Duration, told: Duration, unanswered: bool) -> Duration {
    match () {
        () if app.config.has(Defect::PollsTooFast) => interval / 2,
        () if app.config.has(Defect::IgnoresSlowDown) && !unanswered => told,
        () if app.config.has(Defect::KeepsPaceAfterTimeout) && unanswered => told,
        () => interval,
    }
}

fn refusal(error: RequestTokenError<HttpError, DeviceCodeErrorResponse>) -> SignInError {
    match error {
        RequestTokenError::ServerResponse(response) => SignInError::Refused(match response.error() {
            DeviceCodeErrorResponseType::AccessDenied => ErrorCode::AccessDenied.as_str().to_owned(),
            DeviceCodeErrorResponseType::ExpiredToken => ErrorCode::ExpiredToken.as_str().to_owned(),
            other => other.as_ref().to_owned(),
        }),
        RequestTokenError::Request(error) => error.into(),
        // The parser's own words may quote the answer, which may hold tokens.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => SignInError::Platform("the token response is not readable"),
    }
}

/// The way of the polls to the token endpoint, which remembers whether the last one was answered.
struct Polls<'a> {
    endpoint: TokenEndpoint<'a>,
    unanswered: AtomicBool,
}

impl Polls<'_> {
    /// Only the defect takes slow_down for the end.
    fn as_the_defect_reads(&self, answer: HttpResponse) -> HttpResponse {
        if !self.endpoint.0.config.has(Defect::SlowDownIsFatal) {
            return answer;
        }
        answer.map(|body| String::from_utf8_lossy(&body).replace("slow_down", "access_denied").into_bytes())
    }
}

impl<'c> AsyncHttpClient<'c> for Polls<'_> {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let outcome = self.endpoint.call(request).await.map(|answer| self.as_the_defect_reads(answer));
            self.unanswered.store(outcome.is_err(), Ordering::Relaxed);
            outcome
        })
    }
}
