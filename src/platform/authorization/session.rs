use axum::http::HeaderMap;
use axum_extra::extract::CookieJar;

use crate::platform::Shared;
use crate::platform::accounts::User;

/// Cookie that holds the id of the browser's session.
pub(in crate::platform) const COOKIE: &str = "gipo_session";

/// The active user that this browser is signed in as, and the session's id.
pub(in crate::platform) fn signed_in(shared: &Shared, headers: &HeaderMap) -> Option<(User, String)> {
    let id = CookieJar::from_headers(headers).get(COOKIE)?.value().to_owned();
    let accounts = shared.accounts();
    let user = accounts.user(&accounts.sessions.get(&id)?.user)?;
    user.active.then(|| (user.clone(), id))
}
