use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};

use super::app::App;
use super::pages::{self, Feature};
use super::{Defect, backchannel_logout, callback, login, logout, platform_sign_out, unhurried};

/// Scripts, styles and requests of this host only; no frame around it (CB-15, SE-03). No `form-action`: it would stop the
/// browser at a redirect away from here.
const POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
const POLICY_OF_DEFECT: &str = "default-src * data: 'unsafe-inline'";

pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(pages::start))
        .route("/login", get(login::login))
        .route("/callback", get(callback::callback))
        .route("/callback/done", get(callback::done))
        .route("/logout", post(logout::logout))
        .route("/backchannel-logout", post(backchannel_logout::receive))
        .route("/signed-out", get(platform_sign_out::returned))
        .route("/session", get(pages::session))
        .route("/patients", get(async |state, jar, visit| pages::feature(state, jar, visit, Feature::Patients).await))
        .route("/agenda", get(async |state, jar, visit| pages::feature(state, jar, visit, Feature::Agenda).await))
        .route("/agenda/confirm", post(pages::confirm))
        .route("/agenda/book", post(pages::book))
        .route("/medical-reports", get(async |state, jar, visit| pages::feature(state, jar, visit, Feature::MedicalReports).await))
        .route("/health", get(StatusCode::OK))
        .route("/portal.css", get(pages::style))
        .route("/portal.js", get(pages::script))
        .route("/favicon.svg", get(pages::icon))
        .route("/news", get(unhurried::news))
        .fallback(pages::not_found)
        .layer(from_fn_with_state(app.clone(), unhurried::shell))
        .layer(from_fn_with_state(app.clone(), harden))
        .with_state(app)
}

/// Headers of every answer: nothing is cached (Back after logout shows no data, LO-03), no address leaves the site (CB-15).
async fn harden(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let is_data = Feature::ALL.iter().any(|feature| feature.path() == request.uri().path());
    let mut response = next.run(request).await;
    let open = [
        Defect::RendersErrorDescription,
        Defect::RendersResponseIssuer,
        Defect::FramesSignIn,
        Defect::DescribesErrorWithoutBrackets,
        Defect::EscapesQuotesAlone,
        Defect::GoesOnByScript,
    ]
    .into_iter()
    .any(|defect| app.config.has(defect));
    let policy = if open { POLICY_OF_DEFECT } else { POLICY };
    let kept = if is_data && app.config.has(Defect::PagesMayBeKept) { "private, max-age=600" } else { "no-store" };
    let headers: [(HeaderName, &'static str); 4] =
        [(CACHE_CONTROL, kept), (CONTENT_SECURITY_POLICY, policy), (REFERRER_POLICY, "no-referrer"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
