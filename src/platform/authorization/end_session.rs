use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use jsonwebtoken::Validation;
use serde::Deserialize;

use super::parameters::Parameters;
use super::{keys, pages, session};
use crate::platform::frame::{Frame, csrf_token};
use crate::platform::{Shared, Trace};

#[derive(Deserialize)]
struct Hint {
    iss: String,
    sub: String,
}

/// `GET /connect/endsession` (OpenID Connect RP-Initiated Logout 1.0 section 2). An ID token of the signed-in user ends the
/// session at once; without one the user is asked. No application can register a post-logout redirect URI here (C-13 has
/// none), so the browser is never sent on.
pub(super) async fn end_session(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let frame = Frame::of(&shared, &headers, &uri);
    let Some((user, id)) = session::signed_in(&shared, &headers) else {
        return Redirect::to("/").into_response();
    };
    trace.note(|facts| facts.subject = Some(user.id.0.clone()));
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let hinted = query.single("id_token_hint").and_then(|token| hinted_subject(&shared, token));
    if hinted.as_deref() != Some(user.id.0.as_str()) {
        return pages::page(StatusCode::OK, &pages::SignOutPage { csrf: csrf_token(&id), frame });
    }
    shared.accounts().sessions.remove(&id);
    let mut removal = session::cookie(&shared, session::COOKIE.to_owned(), String::new());
    removal.make_removal();
    ([(header::SET_COOKIE, removal.to_string())], Redirect::to("/")).into_response()
}

/// The subject of an ID token of this platform; an expired one will do (section 2 of the specification).
fn hinted_subject(shared: &Shared, token: &str) -> Option<String> {
    let keys = keys::ready(shared.settings.assumptions.signing_algorithm)?;
    let mut validation = Validation::new(keys.library_algorithm());
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let hint = jsonwebtoken::decode::<Hint>(token, &keys.decoding, &validation).ok()?.claims;
    (hint.iss == shared.issuer_text()).then_some(hint.sub)
}
