use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::CookieJar;

use crate::event::Lang;

const NAME: &str = "lang";

/// The language of a page: `?lang=`, else the `lang` cookie, else `Accept-Language`, else Italian.
pub(crate) fn preferred(headers: &HeaderMap, query: Option<&str>) -> Lang {
    asked(query)
        .or_else(|| CookieJar::from_headers(headers).get(NAME).and_then(|cookie| parse(cookie.value())))
        .or_else(|| accepted(headers))
        .unwrap_or(Lang::It)
}

/// Layer: keeps the language that a page was asked for with `?lang=` for the next pages.
pub(crate) async fn remember(request: Request, next: Next) -> Response {
    let asked = asked(request.uri().query());
    let mut response = next.run(request).await;
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    if let (Some(lang), true) = (asked, is_page) {
        let cookie = match lang {
            Lang::It => "lang=it; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
            Lang::En => "lang=en; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
        };
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
    }
    response
}

/// The first of the wished-for languages that pages are in (`ui_locales`, OpenID Connect Core section 3.1.2.1).
pub(crate) fn first_known(wishes: &str) -> Option<Lang> {
    wishes.split(' ').find_map(parse)
}

pub(crate) fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::It => "it",
        Lang::En => "en",
    }
}

fn asked(query: Option<&str>) -> Option<Lang> {
    url::form_urlencoded::parse(query?.as_bytes()).find(|(name, _)| name == NAME).and_then(|(_, value)| parse(&value))
}

/// The language of highest weight; the first named of equals (RFC 9110 section 12.5.4).
fn accepted(headers: &HeaderMap) -> Option<Lang> {
    let text = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Lang)> = None;
    for range in text.split(',') {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameters.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok()).unwrap_or(1.0);
        if let Some(lang) = parse(tag.trim())
            && weight > best.map_or(0.0, |(best, _)| best)
        {
            best = Some((weight, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

fn parse(tag: &str) -> Option<Lang> {
    match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "it" => Some(Lang::It),
        "en" => Some(Lang::En),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_page_s_wish_beats_the_cookie_and_the_cookie_beats_the_browser() {
        let english = headers(&[(header::ACCEPT_LANGUAGE, "en-GB,en;q=0.9,it;q=0.8")]);
        assert_eq!(preferred(&english, None), Lang::En);
        assert_eq!(preferred(&english, Some("a=b&lang=it")), Lang::It);
        let cookie = headers(&[(header::COOKIE, "x=1; lang=it"), (header::ACCEPT_LANGUAGE, "en")]);
        assert_eq!(preferred(&cookie, None), Lang::It);
        assert_eq!(preferred(&cookie, Some("lang=en")), Lang::En);
    }

    #[test]
    fn weights_count_and_italian_is_the_default() {
        assert_eq!(preferred(&headers(&[(header::ACCEPT_LANGUAGE, "it;q=0.5, en;q=0.7")]), None), Lang::En);
        assert_eq!(preferred(&headers(&[(header::ACCEPT_LANGUAGE, "de, fr;q=0.3")]), None), Lang::It);
        assert_eq!(preferred(&HeaderMap::new(), Some("lang=xx")), Lang::It);
        assert_eq!((first_known("de-CH en-GB it"), first_known("de")), (Some(Lang::En), None));
    }
}
