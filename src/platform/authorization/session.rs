use axum::http::HeaderMap;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::platform::Shared;
use crate::platform::accounts::{Session, User};

/// The cookie of a browser's session at the account portal.
pub(in crate::platform) const COOKIE: &str = "gipo_session";

/// The signed-in user of a request and the id of the session.
pub(in crate::platform) fn signed_in(shared: &Shared, headers: &HeaderMap) -> Option<(User, String)> {
    let id = CookieJar::from_headers(headers).get(COOKIE)?.value().to_owned();
    let accounts = shared.accounts();
    let user = accounts.user(&accounts.sessions.get(&id)?.user)?;
    user.active.then(|| (user.clone(), id))
}

/// Starts a session for a user who has just signed in; its id is the value for the cookie.
pub(super) fn start(shared: &Shared, user: &User) -> String {
    let id = shared.random.token(24);
    let session = Session { user: user.id.clone(), signed_in_at: shared.clock.now(), sid: shared.random.token(12) };
    shared.accounts().sessions.insert(id.clone(), session);
    id
}

/// A cookie as this platform sets it: not readable by scripts, not sent with foreign posts, for its own host only.
pub(super) fn cookie(shared: &Shared, name: String, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).http_only(true).same_site(SameSite::Lax).path("/").secure(shared.issuer.scheme() == "https").build()
}
