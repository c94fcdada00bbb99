use url::Url;

use super::Judgement;
use super::judgement::{Clause, nothing, some};
use crate::domain::{Endpoint, Exchange};

/// What a page loaded, and the address that its window showed meanwhile. Raw, in memory only.
pub struct Load {
    /// Its markup.
    pub page: String,
    /// Its address.
    pub url: String,
}

/// CB-15: every window that showed an authorization response's address shows another one afterwards, by a redirect or by
/// `history.replaceState` (RFC 9700 section 4.2.4). `requests` are the browser's, `windows` the addresses of each window in order.
///
/// Stricter than the text where a window closes itself at once: the address stays in the history all the same.
pub fn check_response_address_left(requests: &[String], windows: &[Vec<String>], redirect_uris: &[String]) -> Judgement {
    let response = |url: &&String| is_response(url, redirect_uris);
    some(requests.iter().filter(response).collect(), "the browser saw no authorization response with a code")?;
    match windows.iter().filter_map(|addresses| addresses.last()).find(response) {
        None => Ok(()),
        Some(_) => Err(Clause("RFC 9700 section 4.2.4").refuse(
            "the address with the authorization code stays in the window",
            "another address after the response, without the code",
            "the last address of a window holds the code",
            [],
        )),
    }
}

/// CB-15: no page at an authorization response's address loads anything of another origin, which would see the address in
/// `Referer` or by its script (RFC 9700 section 4.2.4).
pub fn check_nothing_foreign_loaded(loads: &[Load], redirect_uris: &[String]) -> Judgement {
    let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
    let here = loads.iter().filter(|load| is_response(&load.page, redirect_uris));
    let foreign = here.filter(|load| load.url.starts_with("http")).find(|load| origin(&load.url) != origin(&load.page));
    let Some(foreign) = foreign else { return Ok(()) };
    let host = Url::parse(&foreign.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    Err(Clause("RFC 9700 section 4.2.4").refuse(
        "the page that receives the authorization code loads something of another host",
        "loads of its own origin only",
        format!("a load from {host}"),
        [],
    ))
}

/// CB-16: whether a request goes to Mallory's: to the host and port of her address, whatever the scheme, or to a host of hers that
/// begins with another's name (RFC 9700 section 4.11.1).
pub fn is_sent_away(request: &str, foreign: &str) -> bool {
    let place = |url: &str| Url::parse(url).ok().and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default())));
    let Some((host, port)) = place(request) else { return false };
    host.ends_with(".mallory.localhost") || place(foreign).is_some_and(|(other, at)| other == host && at == port)
}

/// PO-02: no message was posted to whoever listens (RFC 9700 section 4.17.2). `origins` are those that messages were posted to.
pub fn check_posted_to_named_origins(origins: &[String]) -> Judgement {
    if origins.is_empty() {
        return Err(super::Refusal::NotApplicable("no page of the application posts a message to the page that opened it".to_owned()));
    }
    if origins.iter().all(|origin| origin != "*") {
        return Ok(());
    }
    Err(Clause("RFC 9700 section 4.17.2").refuse(
        "a message is posted to whatever page has opened the window",
        "a named target origin",
        "target origin `*`",
        [],
    ))
}

/// PO-01: nothing that a foreign page posted was taken: the canary in it is in no request of the browser (RFC 9700 section
/// 4.17.2). `whose` page it was, for a person.
pub fn check_message_not_taken(requests: &[String], canary: &str, whose: &str) -> Judgement {
    if canary.is_empty() {
        return Err(nothing("the foreign message held no canary"));
    }
    if !requests.iter().any(|url| url.contains(canary)) {
        return Ok(());
    }
    Err(Clause("RFC 9700 section 4.17.2").refuse(
        "the application takes an authorization response that a page of another origin posted",
        "the message is ignored",
        format!("the browser sent the forged code on that {whose} posted"),
        [],
    ))
}

/// PO-01: a page that redeems codes itself has sent none, although a foreign page posted some and nobody has signed in at the platform
/// meanwhile (RFC 9700 section 4.17.2).
pub fn check_posted_code_not_redeemed(exchanges: &[Exchange]) -> Judgement {
    let redeems = |exchange: &&Exchange| exchange.endpoint == Endpoint::Token && exchange.form_value("code").is_some();
    match exchanges.iter().find(|exchange| redeems(exchange) && exchange.status >= 400) {
        None => Ok(()),
        Some(request) => Err(Clause("RFC 9700 section 4.17.2").refuse(
            "the application redeems a code that a page of another origin posted",
            "the message is ignored",
            format!("a token request that was answered with status {}", request.status),
            [request.number],
        )),
    }
}

fn is_response(url: &str, redirect_uris: &[String]) -> bool {
    redirect_uris.iter().any(|uri| url.starts_with(uri.as_str()))
        && Url::parse(url).is_ok_and(|url| url.query_pairs().any(|(name, _)| name == "code"))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    const RESPONSE: &str = "http://127.0.0.1:5000/callback?code=c&state=s";

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn an_address_that_keeps_the_code_is_refused() {
        let (requests, uris) = (texts(&[RESPONSE]), texts(&[REDIRECT_URI]));
        let left = [texts(&["http://127.0.0.1:5000/"]), texts(&[RESPONSE, "http://127.0.0.1:5000/callback"])];
        assert_eq!(check_response_address_left(&requests, &left, &uris), Ok(()));
        let kept = [texts(&["about:blank", RESPONSE])];
        assert!(found(check_response_address_left(&requests, &kept, &uris)).contains("stays in the window"));
        undecided(check_response_address_left(&texts(&["http://127.0.0.1:5000/callback?error=x"]), &kept, &uris));
    }

    #[test]
    fn a_code_that_the_platform_refuses_is_a_message_s() {
        let mut redeemed = exchange(7, Endpoint::Token, "POST", "/connect/token");
        set(&mut redeemed.form, "code", "[code-9]");
        assert_eq!(check_posted_code_not_redeemed(std::slice::from_ref(&redeemed)), Ok(()));
        assert!(found(check_posted_code_not_redeemed(&[refused(redeemed, 400, "invalid_grant")])).contains("another origin posted"));
        assert_eq!(check_posted_code_not_redeemed(&[]), Ok(()));
    }

    #[test]
    fn a_foreign_load_beside_the_code_is_refused() {
        let uris = texts(&[REDIRECT_URI]);
        let load = |page: &str, url: &str| Load { page: page.to_owned(), url: url.to_owned() };
        let own = [load(RESPONSE, "http://127.0.0.1:5000/app.js"), load(RESPONSE, "data:image/png;base64,AA")];
        assert_eq!(check_nothing_foreign_loaded(&own, &uris), Ok(()));
        assert_eq!(check_nothing_foreign_loaded(&[load("http://127.0.0.1:5000/", "https://cdn.example/a.js")], &uris), Ok(()));
        let foreign = check_nothing_foreign_loaded(&[load(RESPONSE, "https://cdn.example/a.js")], &uris);
        assert!(found(foreign).contains("loads something of another host"));
    }

    #[test]
    fn a_request_to_the_foreign_host_is_told_in_every_scheme() {
        let foreign = "http://127.0.0.1:4010/elsewhere/mallory";
        for sent in ["http://127.0.0.1:4010/elsewhere/mallory?x", "https://127.0.0.1:4010/", "http://a.mallory.localhost:4010/mallory"] {
            assert!(is_sent_away(sent, foreign), "{sent}");
        }
        for own in ["http://127.0.0.1:5000/login?return_to=http://127.0.0.1:4010/", "http://localhost:4010/", "data:,x", ""] {
            assert!(!is_sent_away(own, foreign), "{own}");
        }
    }

    #[test]
    fn messages_to_anyone_and_from_anyone_are_refused() {
        assert_eq!(check_posted_to_named_origins(&texts(&["http://127.0.0.1:5000", "/"])), Ok(()));
        assert!(found(check_posted_to_named_origins(&texts(&["/", "*"]))).contains("whatever page"));
        assert!(matches!(check_posted_to_named_origins(&[]), Err(super::super::Refusal::NotApplicable(_))));
        assert_eq!(check_message_not_taken(&texts(&["http://127.0.0.1:5000/"]), "forged", "a page"), Ok(()));
        assert!(
            found(check_message_not_taken(&texts(&["http://127.0.0.1:5000/callback?code=forged"]), "forged", "a page"))
                .contains("another origin")
        );
        undecided(check_message_not_taken(&[], "", "a page"));
    }
}
