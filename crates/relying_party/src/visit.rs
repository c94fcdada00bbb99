use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use url::form_urlencoded;

use super::session::Session;
use super::words::Words;
use crate::event::Lang;

/// What a request says about the person behind it.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    /// Chosen on the page; kept in the session.
    pub(super) chosen: Option<Lang>,
    pub(super) preferred: Lang,
    pub(super) path: String,
    /// At which entry of a list the page begins.
    pub(super) from: usize,
    /// Whether a change was made just before.
    pub(super) done: bool,
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let value = |wanted: &str| form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value);
        let chosen = value("lang").and_then(|value| lang(&value));
        let from = value("from").and_then(|value| value.parse().ok()).unwrap_or_default();
        let done = value("done").is_some();
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let preferred = accepted.split(',').find_map(lang).unwrap_or(Lang::It);
        Ok(Self { chosen, preferred, from, done, path: parts.uri.path().to_owned() })
    }
}

fn lang(tag: &str) -> Option<Lang> {
    match tag.trim().get(..2)? {
        "it" => Some(Lang::It),
        "en" => Some(Lang::En),
        _ => None,
    }
}

impl Visit {
    pub(super) fn words(&self, session: Option<&Session>) -> Words {
        let kept = session.and_then(|session| session.data().lang);
        Words(self.chosen.or(kept).unwrap_or(self.preferred))
    }
}
