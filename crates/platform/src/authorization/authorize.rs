use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, http::header};

use super::fault::PKCE_REFUSED;
use super::interaction::{self, Attempt};
use super::pages::{self, Problem};
use super::parameters::{Parameters, is_form};
use super::response::{self, Outcome};
use super::scopes::check_scopes;
use super::session;
use crate::accounts::{GrantType, Registration, RegistrationType, User};
use crate::event::Lang;
use crate::frame::Frame;
use crate::oauth::{ErrorCode, ScopeSet, is_unreserved, redirect_uri_matches};
use crate::{Assumptions, Shared, Trace, lang};

/// A sound authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationRequest {
    pub client_id: String,
    pub redirect_uri: String,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub scopes: ScopeSet,
    pub login_hint: Option<String>,
}

/// What a rule looks at.
struct Asked<'a> {
    parameters: &'a Parameters,
    registration: &'a Registration,
    assumptions: &'a Assumptions,
    scopes: ScopeSet,
    signed_in: bool,
}

/// An error that the client is told at its redirect URI.
struct Refusal {
    code: ErrorCode,
    text: String,
}

fn refuse<T>(code: ErrorCode, text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, text: text.into() })
}

type Rule = fn(&Asked) -> Result<(), Refusal>;

/// Rules of the authorization endpoint once client and redirect URI are known, in the order of the standards.
const RULES: [(&str, Rule); 10] = [
    ("form of the parameters", form),
    ("request objects", request_objects),
    ("grant type", grant_type),
    ("response_type", response_type),
    ("response_mode", response_mode),
    ("code_challenge", code_challenge),
    ("scopes", scopes),
    ("prompt", prompt),
    ("max_age", max_age),
    ("prompt=none", prompt_none),
];

/// `GET|POST /connect/authorize`.
pub(super) async fn authorize(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let parameters = parameters_of(&method, &uri, &headers, &body);
    let (registration, redirect_uri) = match client_and_redirect_uri(&shared, &trace, &parameters) {
        Ok(known) => known,
        Err(problem) => {
            trace.note(|facts| facts.refusal = Some(problem.to_string()));
            return pages::problem(Frame::of(&shared, &headers, &uri), StatusCode::BAD_REQUEST, problem);
        }
    };
    let scopes = ScopeSet::parse(parameters.get("scope").unwrap_or_default());
    let session = session::signed_in(&shared, &headers);
    let asked = Asked {
        parameters: &parameters,
        registration: &registration,
        assumptions: &shared.settings.assumptions,
        scopes,
        signed_in: session.is_some(),
    };
    let owned = |name: &str| parameters.single(name).map(str::to_owned);
    let request = AuthorizationRequest {
        client_id: registration.client_id.clone().unwrap_or_default(),
        redirect_uri,
        state: owned("state").filter(|state| is_vschar(state)),
        nonce: owned("nonce"),
        code_challenge: owned("code_challenge"),
        scopes: asked.scopes.clone(),
        login_hint: owned("login_hint"),
    };
    for (name, rule) in RULES {
        if let Err(Refusal { code, text }) = rule(&asked) {
            trace.note(|facts| facts.refusal = Some(format!("{name}: {text}")));
            return response::answer(&shared, &request, &Outcome::Refused { code: code.as_str(), description: text });
        }
    }
    if request.code_challenge.is_some() && trace.fires(&shared.faults, PKCE_REFUSED) {
        let description = "code_challenge is not supported".to_owned();
        return response::answer(&shared, &request, &Outcome::Refused { code: ErrorCode::InvalidRequest.as_str(), description });
    }
    let fresh_login = session.as_ref().is_none_or(|(user, id)| must_sign_in_again(&shared, &parameters, user, id));
    let lang = parameters.get("ui_locales").and_then(lang::first_known);
    begin(&shared, request, lang, session.filter(|_| !fresh_login).map(|(_, id)| id))
}

/// The parameters of an authorization request.
pub(super) fn parameters_of(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Parameters {
    match *method {
        Method::POST if is_form(headers) => Parameters::parse(body),
        Method::POST => Parameters::default(),
        _ => Parameters::parse(uri.query().unwrap_or_default().as_bytes()),
    }
}

/// An authorization request that went where no endpoint is (C-40), for the person whom the application sent there.
pub(crate) fn at_no_endpoint(frame: Frame, uri: &Uri) -> Option<Response> {
    let asked = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let is_request = asked.get("client_id").is_some() && asked.get("response_type").is_some();
    is_request.then(|| pages::problem(frame, StatusCode::NOT_FOUND, Problem::NoEndpoint(uri.path().to_owned())))
}

/// Keeps the request, binds it to this browser, and sends the browser to sign-in or consent.
fn begin(shared: &Shared, request: AuthorizationRequest, lang: Option<Lang>, session: Option<String>) -> Response {
    let (id, browser) = (shared.random.token(16), shared.random.token(24));
    let next = if session.is_some() { "consent" } else { "sign-in" };
    let lang = lang.map_or_else(String::new, |lang| format!("&lang={}", lang::code(lang)));
    let location = format!("/{next}?request={id}{lang}");
    let cookie = session::cookie(shared, interaction::cookie_name(&id), browser.clone());
    let now = shared.clock.now_seconds();
    shared.authorizations().open_attempt(id, Attempt::new(interaction::Asked::Redirect(request), browser, session, now), now);
    ([(header::SET_COOKIE, cookie.to_string()), (header::CACHE_CONTROL, "no-store".to_owned())], Redirect::to(&location)).into_response()
}

/// Up to here errors are a page, never a redirect (RFC 6749 section 4.1.2.1). A pending or refused application has no
/// client id, so it can start no login (C-15).
fn client_and_redirect_uri(shared: &Shared, trace: &Trace, parameters: &Parameters) -> Result<(Registration, String), Problem> {
    let client_id = parameters.single("client_id").ok_or(Problem::ClientIdMissing)?;
    trace.note(|facts| facts.client_id = Some(client_id.to_owned()));
    let registration = shared.accounts().client(client_id).cloned().ok_or_else(|| Problem::UnknownClient(client_id.to_owned()))?;
    let requested = parameters.single("redirect_uri").ok_or(Problem::RedirectUriMissing)?;
    let native = registration.request.r#type == RegistrationType::Native;
    if registration.request.redirect_uris.iter().any(|registered| redirect_uri_matches(registered, requested, native)) {
        Ok((registration, requested.to_owned()))
    } else {
        Err(Problem::RedirectUriMismatch(requested.to_owned()))
    }
}

fn must_sign_in_again(shared: &Shared, parameters: &Parameters, user: &User, session: &str) -> bool {
    let prompted = parameters.get("prompt").is_some_and(|prompt| prompt.split(' ').any(|p| matches!(p, "login" | "select_account")));
    let other_user = parameters.get("login_hint").is_some_and(|hint| hint.contains('@') && !hint.eq_ignore_ascii_case(&user.email));
    let max_age = parameters.get("max_age").and_then(|age| age.parse::<i64>().ok());
    let signed_in_at = shared.accounts().sessions.get(session).map(|session| session.signed_in_at.as_second());
    let too_old = max_age.is_some_and(|age| signed_in_at.is_none_or(|at| shared.clock.now_seconds() - at >= age));
    prompted || other_user || too_old
}

fn form(asked: &Asked) -> Result<(), Refusal> {
    asked.parameters.check_form().or_else(|text| refuse(ErrorCode::InvalidRequest, text))?;
    match asked.parameters.get("state") {
        Some(state) if !is_vschar(state) => refuse(ErrorCode::InvalidRequest, "state has characters that are not printable ASCII"),
        _ => Ok(()),
    }
}

/// RFC 6749 appendix A.5: what a state is made of. No other text goes back to the client.
fn is_vschar(text: &str) -> bool {
    text.chars().all(|character| (' '..='~').contains(&character))
}

/// OpenID Connect Core section 6: not offered here.
fn request_objects(asked: &Asked) -> Result<(), Refusal> {
    for (name, code) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if asked.parameters.get(name).is_some() {
            return refuse(code, format!("the parameter {name} is not supported"));
        }
    }
    Ok(())
}

/// C-30: the grant of the registration.
fn grant_type(asked: &Asked) -> Result<(), Refusal> {
    match asked.registration.request.grant {
        GrantType::AuthorizationCode => Ok(()),
        GrantType::DeviceCode => refuse(ErrorCode::UnauthorizedClient, "the application is registered for the device code grant"),
    }
}

/// RFC 9700 section 2.1.2: code only.
fn response_type(asked: &Asked) -> Result<(), Refusal> {
    match asked.parameters.get("response_type") {
        Some("code") => Ok(()),
        Some(other) => refuse(ErrorCode::UnsupportedResponseType, format!("the response type {other} is not supported: use code")),
        None => refuse(ErrorCode::InvalidRequest, "response_type is missing: use code"),
    }
}

fn response_mode(asked: &Asked) -> Result<(), Refusal> {
    match asked.parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(other) => refuse(ErrorCode::InvalidRequest, format!("the response mode {other} is not supported: use query")),
    }
}

/// RFC 7636 section 4.4.1, RFC 9700 section 2.1.1; C-41.
fn code_challenge(asked: &Asked) -> Result<(), Refusal> {
    let method = asked.parameters.get("code_challenge_method");
    let Some(challenge) = asked.parameters.get("code_challenge") else {
        if method.is_some() {
            return refuse(ErrorCode::InvalidRequest, "code_challenge_method is there without code_challenge");
        }
        return match asked.registration.is_public() || asked.assumptions.pkce_required {
            true => refuse(ErrorCode::InvalidRequest, "code_challenge is missing: this client must use PKCE"),
            false => Ok(()),
        };
    };
    match method {
        Some("S256") => {}
        None | Some("plain") => return refuse(ErrorCode::InvalidRequest, "the code challenge method plain is not supported: use S256"),
        Some(other) => return refuse(ErrorCode::InvalidRequest, format!("the code challenge method {other} is not supported: use S256")),
    }
    let shaped = challenge.len() == 43 && challenge.chars().all(is_unreserved);
    if shaped {
        Ok(())
    } else {
        refuse(ErrorCode::InvalidRequest, "code_challenge is not the base64url text of a SHA-256 digest: 43 characters")
    }
}

/// C-33.
fn scopes(asked: &Asked) -> Result<(), Refusal> {
    check_scopes(&asked.scopes, &asked.registration.request.scopes).or_else(|text| refuse(ErrorCode::InvalidScope, text))
}

/// OpenID Connect Core section 3.1.2.1.
fn prompt(asked: &Asked) -> Result<(), Refusal> {
    let prompts: Vec<&str> = asked.parameters.get("prompt").map(|prompt| prompt.split(' ').collect()).unwrap_or_default();
    if let Some(unknown) = prompts.iter().find(|prompt| !matches!(**prompt, "none" | "login" | "consent" | "select_account")) {
        return refuse(ErrorCode::InvalidRequest, format!("the prompt {unknown} is not known"));
    }
    if prompts.contains(&"none") && prompts.len() > 1 {
        return refuse(ErrorCode::InvalidRequest, "prompt has none together with other values");
    }
    Ok(())
}

fn max_age(asked: &Asked) -> Result<(), Refusal> {
    match asked.parameters.get("max_age").map(str::parse::<u32>) {
        Some(Err(_)) => refuse(ErrorCode::InvalidRequest, "max_age is not a number of seconds"),
        Some(Ok(_)) | None => Ok(()),
    }
}

/// Every request shows its consent page (C-34), so none is answered without the user.
fn prompt_none(asked: &Asked) -> Result<(), Refusal> {
    match (asked.parameters.get("prompt"), asked.signed_in) {
        (Some("none"), true) => refuse(ErrorCode::ConsentRequired, "the user must be asked for consent"),
        (Some("none"), false) => refuse(ErrorCode::LoginRequired, "the user is not signed in"),
        _ => Ok(()),
    }
}
