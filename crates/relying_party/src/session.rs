use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use oauth2::CsrfToken;
use secrecy::{ExposeSecret, SecretString};

use super::pages::Row;
use super::sign_in::SignInError;
use super::{Config, Defect, Window};
use crate::event::Lang;
use crate::oauth::ScopeSet;

/// A login that takes longer than this is begun anew.
const ATTEMPT_LIFETIME: Duration = Duration::from_secs(600);
/// Popups that may be open at once in one browser; the oldest gives way.
const ATTEMPTS_AT_ONCE: usize = 16;
/// The cookie of the defect that packs tokens into one.
const PACKED: &str = "portale-profile";
const SESSION_LIFETIME: Duration = Duration::from_secs(8 * 3600);

/// 256 random bits, base64url: for state, nonce and session ids (AZ-04, AZ-11).
pub(super) fn random() -> String {
    CsrfToken::new_random_len(32).into_secret()
}

/// One authorization request on its way. It belongs to one browser and is used once (CB-03, CB-04).
#[derive(Clone)]
pub(super) struct Attempt {
    pub state: String,
    pub nonce: Option<String>,
    pub verifier: Option<SecretString>,
    /// Only a defect asks for more than a code (AZ-01).
    pub response_type: &'static str,
    /// What ended the attempt before it, for the defects that ask otherwise then.
    pub after: Option<SignInError>,
    /// Whether the request went to the second platform.
    pub at_other: bool,
    /// Whether the application began it by itself.
    pub begun_again: bool,
    /// Nonces of other attempts that will do, and whether nothing is checked. Only defects fill them.
    pub other_nonces: Vec<String>,
    pub is_trusted: bool,
    /// Whether somebody has signed in before in this browser. Only the defects that know it fill it.
    pub is_known: bool,
    pub window: Window,
    /// Where to go after the login. Only the defect fills it: the sound application takes no address from outside (CB-16).
    pub return_to: Option<String>,
    pub begun: Instant,
}

#[derive(Clone, Debug)]
pub(super) struct Tenant {
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub sub: String,
    pub name: String,
    pub tenant: Tenant,
}

/// They stay on the server: no page, cookie, URL or log holds them (SE-03).
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    pub access: SecretString,
    pub refresh: Option<SecretString>,
    /// The refresh token of the sign-in. Only the defect that revokes it reads it.
    pub first_refresh: Option<SecretString>,
    /// Whether the platform told how long the access token is good for.
    pub has_lifetime: bool,
    /// Grows with each refresh, so that a request which failed with an older token does not refresh again (RT-04).
    pub generation: u64,
}

impl Tokens {
    /// As the defects that give them away write them.
    pub(crate) fn written(&self) -> String {
        let refresh = self.refresh.as_ref().map(ExposeSecret::expose_secret);
        serde_json::json!({"access_token": self.access.expose_secret(), "refresh_token": refresh}).to_string()
    }
}

#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub user: User,
    /// What the user allowed, which may be less than was asked (C-34).
    pub granted: ScopeSet,
    pub tokens: Tokens,
    /// What tells the platform, at the sign-out, whose session to end.
    pub id_token: Option<SecretString>,
    /// Whether it was the second platform that signed the user in.
    pub at_other: bool,
}

#[derive(Default)]
pub(super) struct Data {
    pub attempts: Vec<Attempt>,
    pub signed_in: Option<SignedIn>,
    /// Whether the access of whoever is signed in has ended. Only the habit of offering that keeps somebody so.
    pub disconnected: bool,
    /// Why the last login did not succeed; shown until the next one begins.
    pub refusal: Option<Refusal>,
    pub lang: Option<Lang>,
    /// The first attempt's. Only the defects that use it again read it.
    pub first_verifier: Option<SecretString>,
    pub first_nonce: Option<String>,
    /// Rows read before, by resource. Only the defect that outlives a deactivation fills it.
    pub kept_rows: HashMap<&'static str, Vec<Row>>,
    /// Rows read in this browser by whoever was signed in before. Only the defect that keeps them over a sign-out fills it.
    pub earlier_rows: HashMap<&'static str, Vec<Row>>,
    /// Whether a sign-in has failed in this session. Only the defect that looks at it reads it.
    pub has_failed: bool,
    /// Who signed in last in this browser. Only the defects that know that after a sign-out fill it.
    pub known: Option<String>,
}

#[derive(Clone)]
pub(super) struct Refusal {
    pub error: SignInError,
    /// What the platform wrote about it. For the log; no page shows it (CB-13).
    pub description: Option<String>,
    /// Where the platform says that more is written. No page links to it.
    pub uri: Option<String>,
    /// The attempt that failed, for the defect that uses it again.
    pub attempt: Option<Attempt>,
}

impl From<SignInError> for Refusal {
    fn from(error: SignInError) -> Self {
        Self { error, description: None, uri: None, attempt: None }
    }
}

pub(super) struct Session {
    pub id: String,
    begun: Instant,
    data: Mutex<Data>,
    /// Held while a refresh is under way: one at a time (RT-04).
    pub refreshing: tokio::sync::Mutex<()>,
}

impl Session {
    pub(crate) fn new(id: String, data: Data) -> Arc<Self> {
        Arc::new(Self { id, begun: Instant::now(), data: Mutex::new(data), refreshing: tokio::sync::Mutex::new(()) })
    }

    pub(crate) fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn signed_in(&self) -> Option<SignedIn> {
        self.data().signed_in.clone()
    }

    pub(crate) fn add_attempt(&self, attempt: Attempt) {
        let mut data = self.data();
        data.refusal = None;
        data.attempts.retain(|other| other.begun.elapsed() < ATTEMPT_LIFETIME && other.state != attempt.state);
        if data.attempts.len() == ATTEMPTS_AT_ONCE {
            data.attempts.remove(0);
        }
        data.attempts.push(attempt);
    }

    /// The attempt whose state it is. It is forgotten with this: a response counts once (CB-04).
    pub(crate) fn take_attempt(&self, is_its_state: impl Fn(&str) -> bool) -> Option<Attempt> {
        let mut data = self.data();
        let index = data.attempts.iter().position(|attempt| is_its_state(&attempt.state) && attempt.begun.elapsed() < ATTEMPT_LIFETIME)?;
        Some(data.attempts.remove(index))
    }

    /// Who had access keeps the account here, and none of its tokens.
    pub(crate) fn keep_disconnected(&self, signed_in: SignedIn) {
        let mut data = self.data();
        let tokens = Tokens { access: SecretString::default(), refresh: None, first_refresh: None, ..signed_in.tokens };
        data.signed_in = Some(SignedIn { tokens, ..signed_in });
        data.refusal = None;
        data.disconnected = true;
    }

    /// What the defect does at a sign-out in the place of an end.
    pub(crate) fn forget_user(&self) {
        self.data().signed_in = None;
    }

    /// The end of access (GX-19, RT-03): tokens and user are forgotten, and the person is told once to sign in again.
    pub(crate) fn end(&self, error: SignInError) {
        let mut data = self.data();
        data.signed_in = None;
        data.refusal = Some(error.into());
    }
}

/// All sessions, in memory. The browser holds an id and nothing else.
#[derive(Default)]
pub(super) struct Store {
    sessions: Mutex<HashMap<String, Arc<Session>>>,
    /// Logout tokens that were obeyed, by their `jti`, and when.
    pub obeyed: Mutex<HashMap<String, Instant>>,
    /// Attempts of every browser. Only the defects that mix browsers up read it.
    pub attempts_of_all: Mutex<HashMap<String, Attempt>>,
}

impl Store {
    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sessions in which somebody is signed in.
    pub(crate) fn signed_in(&self) -> Vec<Arc<Session>> {
        self.sessions()
            .values()
            .filter(|session| session.begun.elapsed() < SESSION_LIFETIME && session.signed_in().is_some())
            .cloned()
            .collect()
    }

    pub(crate) fn find(&self, jar: &CookieJar, config: &Config) -> Option<Arc<Session>> {
        let id = jar.get(cookie_name(config))?.value();
        self.sessions().get(id).filter(|session| session.begun.elapsed() < SESSION_LIFETIME).cloned()
    }

    /// This browser's session, or a new one that the answer's cookie names.
    pub(crate) fn find_or_begin(&self, jar: CookieJar, config: &Config) -> (Arc<Session>, CookieJar) {
        match self.find(&jar, config) {
            Some(session) => (session, jar),
            None => self.put(Session::new(random(), Data::default()), jar, config),
        }
    }

    /// The session of a user who has just signed in. It gets a new id, and the old one is dead: whoever planted or saw
    /// that one gains nothing (SE-02). Other logins under way in this browser move along (PO-05).
    pub(crate) fn begin_signed_in(&self, old: &Session, signed_in: SignedIn, jar: CookieJar, config: &Config) -> CookieJar {
        let (attempts, lang, earlier_rows, is_known, has_failed) = {
            let mut data = old.data();
            let (attempts, rows) = (std::mem::take(&mut data.attempts), std::mem::take(&mut data.kept_rows));
            (attempts, data.lang, rows, data.known.is_some(), data.has_failed)
        };
        let keeps_id = config.has(Defect::KeepsSessionId)
            || (is_known && config.has(Defect::KeepsLaterSessionIds))
            || (has_failed && config.has(Defect::KeepsSessionIdAfterFailure));
        let id = if keeps_id { old.id.clone() } else { random() };
        self.end(&old.id);
        let packed = config.has(Defect::TokensInPackedCookie).then(|| packed(&signed_in.tokens.written()));
        let jar = packed.into_iter().fold(jar, |jar, packed| jar.add(cookie_with(config, PACKED, packed)));
        let known = config.knows_its_users().then(|| signed_in.user.name.clone());
        let data = Data { attempts, signed_in: Some(signed_in), lang, earlier_rows, known, ..Data::default() };
        let (session, mut jar) = self.put(Session::new(id, data), jar, config);
        if is_known && config.has(Defect::OpensLaterCookies) {
            let mut open = cookie(config, session.id.clone());
            open.set_http_only(false);
            jar = jar.add(open);
        }
        if config.has(Defect::KeepsOldSessionAlive) {
            self.sessions().insert(old.id.clone(), session);
        }
        jar
    }

    pub(crate) fn end(&self, id: &str) {
        self.sessions().remove(id);
    }

    fn put(&self, session: Arc<Session>, jar: CookieJar, config: &Config) -> (Arc<Session>, CookieJar) {
        let mut sessions = self.sessions();
        sessions.retain(|_, other| other.begun.elapsed() < SESSION_LIFETIME);
        sessions.insert(session.id.clone(), session.clone());
        let cookie = cookie(config, session.id.clone());
        (session, jar.add(cookie))
    }
}

/// A `__Host-` cookie cannot be planted by another host of the domain; browsers take one over TLS only (SE-01).
fn cookie_name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-portale" } else { "portale" }
}

/// `Lax`, because the platform's redirect to the callback comes from another site and must find its session.
fn cookie(config: &Config, id: String) -> Cookie<'static> {
    cookie_with(config, cookie_name(config), id)
}

fn cookie_with(config: &Config, name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .http_only(!config.has(Defect::ScriptReadableCookie))
        .same_site(if config.has(Defect::StrictStateCookie) { SameSite::Strict } else { SameSite::Lax })
        .secure(config.is_https())
        .path("/")
        .build()
}

/// As signed cookies of well-known frameworks are, which nobody needs a key to read.
fn packed(text: &str) -> String {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    let packed = packer.write_all(text.as_bytes()).and_then(|()| packer.finish()).unwrap_or_default();
    format!(".{}.aSignature", URL_SAFE_NO_PAD.encode(packed))
}

/// Its browser has it until the popup shows its last page.
pub(super) fn packed_removal(config: &Config) -> Cookie<'static> {
    let mut cookie = cookie_with(config, PACKED, String::new());
    cookie.make_removal();
    cookie
}

pub(super) fn removal_cookie(config: &Config) -> Cookie<'static> {
    let mut cookie = cookie(config, String::new());
    cookie.make_removal();
    cookie
}
