use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use url::form_urlencoded;

use super::app::App;
use super::session::removal_cookie;
use super::{Defect, platform_sign_out};

/// Ends the session here first, then at the platform: whatever the platform answers, the person is signed out (LO-01, LO-02, LO-03).
pub(super) async fn logout(State(app): State<Arc<App>>, RawQuery(query): RawQuery, jar: CookieJar, body: String) -> Response {
    let mut onward = None;
    let keeps_session = app.config.has(Defect::KeepsListsAtSignOut) || app.config.knows_its_users();
    if let Some(session) = app.store.find(&jar, &app.config) {
        let signed_in = session.signed_in();
        match () {
            () if keeps_session => session.forget_user(),
            () if app.config.has(Defect::LogoutKeepsSession) => {}
            () => app.store.end(&session.id),
        }
        if let Some(signed_in) = signed_in {
            if !app.config.has(Defect::ForgetsToRevoke) {
                app.at(signed_in.at_other).revoke_all(&signed_in.tokens).await;
            }
            onward = platform_sign_out::begin(&app, &signed_in).await;
        }
    }
    let jar = if keeps_session { jar } else { jar.add(removal_cookie(&app.config)) };
    // CB-16: only the defects take an address from outside.
    let named = |text: &str, wanted: &str| {
        form_urlencoded::parse(text.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let target = match () {
        () if app.config.has(Defect::OpenRedirector) => named(&query.unwrap_or_default(), "return_to"),
        () if app.config.has(Defect::RedirectsFromSignOut) => named(&body, "next"),
        () => None,
    };
    if let Some(target) = target {
        return (jar, Redirect::to(&target)).into_response();
    }
    if let Some((address, state)) = onward {
        return (jar.add(state), Redirect::to(&address)).into_response();
    }
    (jar, Redirect::to("/")).into_response()
}
