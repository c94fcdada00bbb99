use axum::http::HeaderMap;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use jiff::{SignedDuration, Timestamp};

use crate::Shared;
use crate::accounts::{Session, User};

/// The cookie of a browser's session at the account portal.
pub(crate) const COOKIE: &str = "gipo_session";

/// The signed-in user of a request and the id of the session.
pub(crate) fn signed_in(shared: &Shared, headers: &HeaderMap) -> Option<(User, String)> {
    let id = CookieJar::from_headers(headers).get(COOKIE)?.value().to_owned();
    let accounts = shared.accounts();
    let session = accounts.sessions.get(&id).filter(|session| lives(session, shared.clock.now()))?;
    let user = accounts.user(&session.user)?;
    user.active.then(|| (user.clone(), id))
}

/// Starts a session for a user who has just signed in; its id is the value for the cookie.
pub(super) fn start(shared: &Shared, user: &User) -> String {
    let (id, now) = (shared.random.token(24), shared.clock.now());
    let session = Session { user: user.id.clone(), signed_in_at: now, sid: shared.random.token(12) };
    let sessions = &mut shared.accounts().sessions;
    sessions.retain(|_, old| lives(old, now));
    sessions.insert(id.clone(), session);
    id
}

/// A working day.
const LIFETIME: SignedDuration = SignedDuration::from_hours(12);

fn lives(session: &Session, now: Timestamp) -> bool {
    now.duration_since(session.signed_in_at) < LIFETIME
}

/// A cookie as this platform sets it: not readable by scripts, not sent with foreign posts, for its own host only.
pub(super) fn cookie(shared: &Shared, name: String, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).http_only(true).same_site(SameSite::Lax).path("/").secure(shared.issuer.scheme() == "https").build()
}
