use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use jsonwebtoken::Validation;
use serde::Deserialize;
use url::Url;

use super::parameters::Parameters;
use super::{keys, pages, session};
use crate::frame::{Frame, csrf_token};
use crate::{Shared, Trace};

/// What an ID token of this platform says of the sign-in that it came from.
#[derive(Deserialize)]
struct Hint {
    iss: String,
    sub: String,
    aud: String,
}

/// `GET|POST /connect/endsession` (OpenID Connect RP-Initiated Logout 1.0 section 2). An ID token of the signed-in user ends
/// the session at once, and the browser goes on to the address that the token's client has registered for it. Without such a
/// token the user is asked, and the browser goes nowhere: anybody could have sent it here.
pub(super) async fn end_session(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let frame = Frame::of(&shared, &headers, &uri);
    let asked =
        if method == Method::POST { Parameters::parse(&body) } else { Parameters::parse(uri.query().unwrap_or_default().as_bytes()) };
    let hint = hint(&shared, &asked);
    trace.note(|facts| facts.client_id = hint.as_ref().map(|hint| hint.aud.clone()));
    let onward = hint.as_ref().and_then(|hint| after_logout(&shared, &hint.aud, &asked)).unwrap_or_else(|| "/".to_owned());
    let Some((user, id)) = session::signed_in(&shared, &headers) else {
        return Redirect::to(&onward).into_response();
    };
    trace.note(|facts| facts.subject = Some(user.id.0.clone()));
    if hint.is_none_or(|hint| hint.sub != user.id.0) {
        return pages::page(StatusCode::OK, &pages::SignOutPage { csrf: csrf_token(&id), frame });
    }
    shared.accounts().sessions.remove(&id);
    let mut removal = session::cookie(&shared, session::COOKIE.to_owned(), String::new());
    removal.make_removal();
    ([(header::SET_COOKIE, removal.to_string())], Redirect::to(&onward)).into_response()
}

/// The hint, where it is an ID token of this platform, and of the client that `client_id` names if it is there. An expired
/// one will do (sections 2 and 4).
fn hint(shared: &Shared, asked: &Parameters) -> Option<Hint> {
    let keys = keys::ready(shared)?;
    let mut validation = Validation::new(keys.library_algorithm());
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let hint = jsonwebtoken::decode::<Hint>(asked.single("id_token_hint")?, &keys.decoding, &validation).ok()?.claims;
    let same_client = asked.get("client_id").is_none_or(|client_id| client_id == hint.aud);
    (hint.iss == shared.issuer_text() && same_client).then_some(hint)
}

/// Where the client wants its user to go next: only an address that it has registered, byte by byte (section 3).
fn after_logout(shared: &Shared, client_id: &str, asked: &Parameters) -> Option<String> {
    let wanted = asked.single("post_logout_redirect_uri")?;
    let accounts = shared.accounts();
    let client = accounts.client(client_id)?;
    let also = if shared.settings.assumptions.post_logout_to_redirect_uris { client.request.redirect_uris.as_slice() } else { &[] };
    client.post_logout_redirect_uris.iter().chain(also).find(|registered| *registered == wanted)?;
    let mut url = Url::parse(wanted).ok()?;
    if let Some(state) = asked.single("state") {
        url.query_pairs_mut().append_pair("state", state);
    }
    Some(url.into())
}
