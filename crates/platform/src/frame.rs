use axum::http::{HeaderMap, Uri};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::Shared;
use super::accounts::{Role, User};
use super::authorization::session::signed_in;
use super::lang;
use crate::event::Lang;

/// What every page of the platform shows around its content: field `frame` of each template that extends `platform/base.html`.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub lang: Lang,
    pub person: Option<Person>,
    path: String,
    /// Query of this page without `lang`, still encoded.
    query: String,
}

/// Who is signed in, as far as pages show it.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub name: String,
    pub email: String,
    pub role: Role,
    pub tenant: Option<String>,
    pub developer: bool,
    /// Goes into each form's hidden field `csrf`.
    pub csrf: String,
}

impl Frame {
    pub(crate) fn of(shared: &Shared, headers: &HeaderMap, uri: &Uri) -> Self {
        let person = signed_in(shared, headers).map(|(user, session)| Person::of(shared, &user, &session));
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "lang");
        Self {
            lang: lang::preferred(headers, uri.query()),
            person,
            path: uri.path().to_owned(),
            query: url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish(),
        }
    }

    /// The text in the page's language.
    pub(crate) fn t<'a>(&self, it: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::It => it,
            Lang::En => en,
        }
    }

    pub(crate) fn is_italian(&self) -> bool {
        self.lang == Lang::It
    }

    /// A time as pages show it, in UTC.
    pub(crate) fn time(&self, at: &Timestamp) -> String {
        at.strftime(self.t("%d/%m/%Y, %H:%M UTC", "%-d %b %Y, %H:%M UTC")).to_string()
    }

    /// The hidden field's value; empty when nobody is signed in.
    pub(crate) fn csrf(&self) -> &str {
        self.person.as_ref().map_or("", |person| &person.csrf)
    }

    pub(crate) fn code(&self) -> &'static str {
        lang::code(self.lang)
    }

    /// This page in another language.
    pub(crate) fn here_in(&self, code: &str) -> String {
        let separator = if self.query.is_empty() { "" } else { "&" };
        format!("{}?{}{separator}lang={code}", self.path, self.query)
    }

    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.path == path
    }

    pub(crate) fn is_under(&self, path: &str) -> bool {
        self.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl Person {
    fn of(shared: &Shared, user: &User, session: &str) -> Self {
        let tenant = user.tenant.and_then(|id| shared.accounts().tenant(id).map(|tenant| tenant.name.clone()));
        Self { name: user.name(), email: user.email.clone(), role: user.role, tenant, developer: user.developer, csrf: csrf_token(session) }
    }

    pub(crate) fn is_administrator(&self) -> bool {
        self.role == Role::Administrator
    }

    pub(crate) fn initials(&self) -> String {
        self.name.split_whitespace().filter_map(|word| word.chars().next()).take(2).flat_map(char::to_uppercase).collect()
    }

    pub(crate) fn role_text(&self, frame: &Frame) -> &'static str {
        role_text(frame, self.role)
    }
}

pub(crate) fn role_text(frame: &Frame, role: Role) -> &'static str {
    let (it, en) = match role {
        Role::EndUser => ("Utente", "User"),
        Role::Manager => ("Responsabile del centro medico", "Medical centre's manager"),
        Role::Integrator => ("Integratore", "Integrator"),
        Role::Administrator => ("Amministrazione GipoNext", "GipoNext administration"),
    };
    frame.t(it, en)
}

/// The token that proves that a form came from a page of this session. The session's id is secret, so its digest is as well.
pub(crate) fn csrf_token(session: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("collaudo csrf {session}").as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..18])
}
