use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Form, Json};
use axum_extra::extract::cookie::CookieJar;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::answers::LACKS_MEMBERS;
use super::api::ApiError;
use super::app::App;
use super::session::{Refusal, Session, SignedIn, Tenant};
use super::sign_in::SignInError;
use super::visit::Visit;
use super::words::Words;
use super::{Defect, Habit, Window, lists};

pub(super) use super::lists::{Feature, Row};

/// The header of a defect.
const FAILED_CALL: &str = "x-failed-call";

/// What every page has around it.
struct Frame {
    w: Words,
    /// The page's own path, for the choice of language.
    path: String,
    user: Option<Shown>,
    features: Vec<Link>,
    /// Only the defects fill these: a script may read what stands in a page.
    secret: Option<String>,
    tokens: Option<String>,
    tokens_to_console: bool,
    id_token: Option<String>,
    takes_any_message: bool,
    posts_to_anyone: bool,
    stays_locked: bool,
    frames_sign_in: bool,
    markup: Option<String>,
    needs_opener: bool,
    takes_null: bool,
    trusts: Option<&'static str>,
    believes_anyone: bool,
    spins: bool,
}

struct Shown {
    name: String,
    initials: String,
    tenant: Tenant,
}

struct Link {
    feature: Feature,
    here: bool,
    off: bool,
}

impl Frame {
    fn new(app: &App, session: Option<&Session>, visit: &Visit) -> Self {
        let has = |defect| app.config.has(defect);
        let signed_in = session.and_then(Session::signed_in);
        let secret = app.config.client_secret.as_ref().filter(|_| has(Defect::SecretInPage));
        let refreshed = signed_in.as_ref().is_some_and(|signed_in| signed_in.tokens.generation > 0);
        let tokens = signed_in.as_ref().filter(|_| has(Defect::TokensInLocalStorage) || has(Defect::TokensInConsole));
        Self {
            w: visit.words(session),
            path: visit.path.clone(),
            secret: secret.map(|secret| secret.expose_secret().to_owned()).or_else(|| secret_as_basic(app)),
            tokens: tokens.map(|signed_in| signed_in.tokens.written()),
            id_token: signed_in
                .as_ref()
                .and_then(|signed_in| signed_in.id_token.as_ref())
                .filter(|_| has(Defect::IdTokenInPage) || (has(Defect::IdTokenInPageAfterRefresh) && refreshed))
                .map(|token| token.expose_secret().to_owned()),
            tokens_to_console: has(Defect::TokensInConsole),
            takes_any_message: has(Defect::AcceptsMessageOfAnyOrigin),
            posts_to_anyone: has(Defect::PostsToAnyOrigin),
            stays_locked: has(Defect::StaysLockedAfterPopup),
            markup: app.config.habit.and_then(Habit::markup),
            needs_opener: has(Defect::NeedsOpener),
            trusts: [
                (Defect::TrustsBeginningOfOrigin, "beginning"),
                (Defect::TrustsEveryPort, "host"),
                (Defect::TrustsOriginWithOwnInside, "inside"),
                (Defect::TrustsOriginTold, "told"),
            ]
            .into_iter()
            .find_map(|(defect, how)| has(defect).then_some(how)),
            takes_null: has(Defect::TakesMessageOfNoOrigin),
            believes_anyone: has(Defect::TakesOwnMessageOfAnyOrigin),
            spins: has(Defect::SpinsWhenBlocked),
            frames_sign_in: has(Defect::FramesSignIn),
            features: signed_in.as_ref().map(|signed_in| links(signed_in, visit)).unwrap_or_default(),
            user: signed_in.map(|SignedIn { user, .. }| Shown {
                initials: user.name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect(),
                name: user.name,
                tenant: user.tenant,
            }),
        }
    }
}

/// Only with the defect.
fn secret_as_basic(app: &App) -> Option<String> {
    let secret = app.config.client_secret.as_ref().filter(|_| app.config.has(Defect::SecretAsBasic))?;
    Some(STANDARD.encode(format!("{}:{}", app.config.client_id, secret.expose_secret())))
}

fn links(signed_in: &SignedIn, visit: &Visit) -> Vec<Link> {
    let link = |feature: Feature| Link { feature, here: feature.path() == visit.path, off: !signed_in.granted.contains(feature.scope()) };
    Feature::ALL.map(link).into()
}

/// The words of a refused login; the platform's own only with the defect that prints them as they came (CB-13).
struct Problem {
    words: &'static str,
    description: Option<String>,
    /// The same in an attribute, its angle brackets escaped and its quotes not.
    attribute: Option<String>,
    /// The same in a script, as it came.
    script: Option<String>,
    /// The same in the script of a click.
    handler: Option<String>,
    /// Where the platform says that more is written, as it came.
    uri: Option<String>,
}

fn problem(app: &App, session: Option<&Session>, w: Words) -> Option<Problem> {
    let refusal = session?.data().refusal.clone()?;
    let told = |defect| refusal.description.clone().filter(|_| app.config.has(defect));
    let description =
        told(Defect::RendersErrorDescription).or_else(|| told(Defect::RendersResponseIssuer)).or_else(|| token_request(app, &refusal));
    let attribute = told(Defect::DescribesErrorInAttribute).map(|text| text.replace('<', "&lt;"));
    let script = told(Defect::DescribesErrorInScript)
        .or_else(|| told(Defect::DescribesErrorWithoutBrackets).map(|text| text.replace(['<', '>'], "")))
        .or_else(|| told(Defect::EscapesQuotesAlone).map(|text| text.replace(['<', '>'], "").replace('"', "\\\"").replace('\'', "\\'")));
    let handler = told(Defect::DescribesErrorInHandler);
    let uri = refusal.uri.clone().filter(|_| app.config.has(Defect::LinksToErrorUri));
    Some(Problem { words: w.sign_in_error(&refusal.error), description, attribute, script, handler, uri })
}

/// The request that ended in this refusal. Only the defect prints it.
fn token_request(app: &App, refusal: &Refusal) -> Option<String> {
    let failed = matches!(refusal.error, SignInError::Platform(_) | SignInError::Unavailable | SignInError::IdToken(_));
    let attempt = refusal.attempt.as_ref().filter(|_| failed && app.config.has(Defect::PrintsTokenRequest))?;
    let text = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned()).unwrap_or_default();
    let (verifier, secret) = (text(&attempt.verifier), text(&app.config.client_secret));
    Some(format!("POST grant_type=authorization_code code_verifier={verifier} client_secret={secret}"))
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start {
    f: Frame,
    problem: Option<Problem>,
    popup: bool,
    two_platforms: bool,
}

#[derive(Template)]
#[template(path = "done.html")]
struct Done {
    f: Frame,
    problem: Option<Problem>,
    popup: bool,
}

#[derive(Template)]
#[template(path = "feature.html")]
struct FeaturePage {
    f: Frame,
    feature: Feature,
    content: Content,
    /// Whether the person comes from a change that was made.
    done: bool,
    /// Only with the defect: the first entry, for an address.
    named_in_url: Option<String>,
    links_by_code: bool,
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound {
    f: Frame,
}

enum Content {
    /// With the entry that the next page begins at, where this is not the last one.
    Rows(Vec<Row>, Option<usize>),
    /// The platform gives no data any more: the person may connect the account again.
    Disconnected,
    /// The user refused its scope.
    Off,
    Failed {
        words: &'static str,
        detail: Option<String>,
    },
}

impl Content {
    fn failed(error: ApiError, w: Words) -> Self {
        let words = w.api_error(&error);
        // What the platform says of a business rule is for the person (GX-13).
        let detail = match error {
            ApiError::Rejected(message) if !message.is_empty() => Some(message),
            _ => None,
        };
        Self::Failed { words, detail }
    }
}

fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page was not rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(super) async fn start(State(app): State<Arc<App>>, jar: CookieJar, visit: Visit) -> Response {
    let (session, jar) = choose_language(&app, jar, &visit);
    (jar, start_page(&app, session.as_deref(), &visit)).into_response()
}

fn start_page(app: &App, session: Option<&Session>, visit: &Visit) -> Response {
    let f = Frame::new(app, session, visit);
    show(&Start { problem: problem(app, session, f.w), f, popup: app.config.window == Window::Popup, two_platforms: app.other.is_some() })
}

pub(super) fn done(app: &App, session: Option<&Session>, visit: &Visit, window: Window) -> Response {
    let mut f = Frame::new(app, session, visit);
    if app.config.has(Defect::TokensInPopup) {
        f.tokens = session.and_then(Session::signed_in).map(|signed_in| signed_in.tokens.written());
    }
    show(&Done { problem: problem(app, session, f.w), f, popup: window == Window::Popup })
}

/// A page that goes on by its script, where only the defect does.
pub(super) fn go_on_by_script(target: &str) -> Response {
    let target = serde_json::Value::from(target).to_string().replace('<', "\\u003c");
    Html(format!("<!DOCTYPE html><title>Portale Referti</title><script>location.assign({target})</script>")).into_response()
}

/// The end of a login at the callback's own address, where only the defect stays.
pub(super) fn in_place(app: &App, session: Option<&Session>, visit: &Visit, window: Window) -> Response {
    match window {
        Window::Popup => done(app, session, visit, window),
        Window::Same => start_page(app, session, visit),
    }
}

pub(super) async fn feature(State(app): State<Arc<App>>, jar: CookieJar, visit: Visit, feature: Feature) -> Response {
    let (session, jar) = choose_language(&app, jar, &visit);
    let Some((session, signed_in)) = session.and_then(|session| session.signed_in().map(|signed_in| (session, signed_in))) else {
        return (jar, Redirect::to("/")).into_response();
    };
    // GX-03, GX-04: a refused feature is off, says so, and makes no call.
    let allowed = signed_in.granted.contains(feature.scope());
    let content = if allowed || app.config.has(Defect::CallsWithoutScope) {
        let signs_in_again = app.config.has(Defect::SignsInAgainOnForbidden)
            || (app.config.has(Defect::SignsInAgainForPatients) && feature == lists::Feature::Patients);
        let reconnects = app.config.does(Habit::OffersReconnection) || app.config.has(Defect::KeepsPatientsOfTheDeactivated);
        match lists::read_from(app.at(signed_in.at_other), &session, feature, visit.from).await {
            Ok((rows, next)) => Content::Rows(rows, next),
            Err(ApiError::SessionEnded) if reconnects => {
                session.keep_disconnected(signed_in);
                Content::Disconnected
            }
            Err(ApiError::SessionEnded) => return (jar, Redirect::to("/")).into_response(),
            Err(ApiError::MissingScope) if !allowed => Content::Off,
            Err(ApiError::MissingScope | ApiError::MissingPermission) if signs_in_again => {
                return (jar, Redirect::to("/login")).into_response();
            }
            Err(ApiError::MissingPermission) if app.config.has(Defect::AnswersEvery403Alike) => {
                Content::failed(ApiError::MissingScope, visit.words(Some(&session)))
            }
            Err(ApiError::Unreadable(LACKS_MEMBERS)) if app.config.has(Defect::CrashesWithoutMembers) => {
                return (jar, StatusCode::INTERNAL_SERVER_ERROR).into_response();
            }
            Err(_) if app.config.has(Defect::FailsSilently) => Content::Rows(Vec::new(), None),
            Err(error) => Content::failed(error, visit.words(Some(&session))),
        }
    } else {
        Content::Off
    };
    if crashes(&app, &content) {
        return (jar, StatusCode::INTERNAL_SERVER_ERROR).into_response();
    }
    // Another request may have ended the session while this one was reading: then its data is nobody's to see.
    if session.signed_in().is_none() {
        return (jar, Redirect::to("/")).into_response();
    }
    let failed = matches!(content, Content::Failed { .. }) && app.config.has(Defect::TellsTokenInHeader);
    let told = session.signed_in().filter(|_| failed).map(|signed_in| [(FAILED_CALL, signed_in.tokens.access.expose_secret().to_owned())]);
    (jar, told, show_feature(&app, &session, &visit, feature, content)).into_response()
}

/// Where the defects fall over.
fn crashes(app: &App, content: &Content) -> bool {
    match content {
        Content::Rows(rows, _) => rows.is_empty() && app.config.has(Defect::CrashesOnEmptyList),
        Content::Off => app.config.has(Defect::CrashesOnRefusedFeature),
        Content::Failed { .. } | Content::Disconnected => false,
    }
}

fn show_feature(app: &App, session: &Session, visit: &Visit, feature: Feature, content: Content) -> Response {
    let named_in_url = match &content {
        Content::Rows(rows, _) if app.config.has(Defect::NamesInUrls) => rows.first().map(|row| format!("{} {}", row.title, row.detail.1)),
        _ => None,
    };
    let links_by_code = app.config.has(Defect::CodesInLinks);
    show(&FeaturePage { f: Frame::new(app, Some(session), visit), done: visit.done, feature, content, named_in_url, links_by_code })
}

#[derive(Debug, Deserialize)]
pub(super) struct Confirmation {
    id: u64,
}

/// Confirms an appointment, then shows the agenda as it is now: a reload of that page repeats no write (RS-06).
pub(super) async fn confirm(State(app): State<Arc<App>>, jar: CookieJar, visit: Visit, Form(confirmation): Form<Confirmation>) -> Response {
    change_agenda(&app, &jar, visit, async |party, session| lists::confirm(party, session, confirmation.id).await).await
}

/// Books an appointment, then shows the agenda as it is now.
pub(super) async fn book(State(app): State<Arc<App>>, jar: CookieJar, visit: Visit) -> Response {
    change_agenda(&app, &jar, visit, async |party, session| lists::book(party, session).await).await
}

async fn change_agenda(
    app: &App,
    jar: &CookieJar,
    visit: Visit,
    change: impl AsyncFnOnce(&App, &Session) -> Result<(), ApiError>,
) -> Response {
    let session = app.store.find(jar, &app.config);
    let signed_in = session.and_then(|session| session.signed_in().map(|signed_in| (session, signed_in)));
    let Some((session, signed_in)) = signed_in else { return Redirect::to("/").into_response() };
    let visit = Visit { path: Feature::Agenda.path().to_owned(), ..visit };
    if !signed_in.granted.contains(Feature::Agenda.scope()) {
        return show_feature(app, &session, &visit, Feature::Agenda, Content::Off);
    }
    match change(app.at(signed_in.at_other), &session).await {
        Ok(()) => Redirect::to(&format!("{}?done=1", Feature::Agenda.path())).into_response(),
        Err(ApiError::SessionEnded) => Redirect::to("/").into_response(),
        Err(error) => show_feature(app, &session, &visit, Feature::Agenda, Content::failed(error, visit.words(Some(&session)))),
    }
}

/// Whether somebody is signed in, for the page that waits for a popup. Reads nothing at the platform.
pub(super) async fn session(State(app): State<Arc<App>>, jar: CookieJar) -> impl IntoResponse {
    let session = app.store.find(&jar, &app.config);
    let (signed_in, refused) = session.map_or((false, false), |session| {
        let data = session.data();
        (data.signed_in.is_some(), data.refusal.is_some())
    });
    Json(json!({"signedIn": signed_in, "refused": refused}))
}

fn choose_language(app: &App, jar: CookieJar, visit: &Visit) -> (Option<Arc<Session>>, CookieJar) {
    if visit.chosen.is_none() {
        return (app.store.find(&jar, &app.config), jar);
    }
    let (session, jar) = app.store.find_or_begin(jar, &app.config);
    session.data().lang = visit.chosen;
    (Some(session), jar)
}

pub(super) async fn not_found(State(app): State<Arc<App>>, jar: CookieJar, visit: Visit, _: Uri) -> Response {
    let session = app.store.find(&jar, &app.config);
    (StatusCode::NOT_FOUND, show(&NotFound { f: Frame::new(&app, session.as_deref(), &visit) })).into_response()
}

pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../templates/portal.css"))
}

pub(super) async fn script(State(app): State<Arc<App>>) -> impl IntoResponse {
    let script = include_str!("../templates/portal.js");
    let secret = app.config.client_secret.as_ref().filter(|_| app.config.has(Defect::SecretInScript));
    let told = secret.map(|secret| format!("{script}\nconst client = \"{}\";\n", secret.expose_secret()));
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], told.unwrap_or_else(|| script.to_owned()))
}

pub(super) async fn icon() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml")], include_str!("../templates/icon.svg"))
}
