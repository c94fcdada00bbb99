use url::Url;

use super::Judgement;
use super::judgement::{Clause, nothing, shown};
use super::reading::{answer_text, by_arrival, token_requests};
use crate::domain::{Endpoint, Exchange};

/// LO-06: the sign-out went to the announced `end_session_endpoint` with an ID token of this user as hint, and with a registered
/// address for the way back if there is one (OpenID Connect RP-Initiated Logout 1.0 sections 2 and 3).
pub fn check_signed_out_at_the_platform(exchanges: &[Exchange], subject: &str, registered: &[String]) -> Judgement {
    let clause = Clause("OpenID Connect RP-Initiated Logout 1.0 section 2");
    let requests = sign_outs(exchanges);
    if requests.is_empty() {
        let summary = "the user stays signed in at the platform after signing out";
        return Err(clause.refuse(summary, "the browser sent to end_session_endpoint", "no request to it", []));
    }
    requests.into_iter().try_for_each(|request| check_sign_out(request, exchanges, subject, registered))
}

fn sign_outs(exchanges: &[Exchange]) -> Vec<&Exchange> {
    by_arrival(exchanges).into_iter().filter(|exchange| exchange.endpoint == Endpoint::EndSession).collect()
}

/// Of a sign-out by either method.
fn parameter<'a>(request: &'a Exchange, name: &str) -> Option<&'a str> {
    request.query_value(name).or_else(|| request.form_value(name))
}

/// LO-06: no two sign-outs have the same state. It may be left out, and is the sign-out's own defence then.
pub fn check_sign_outs_apart(exchanges: &[Exchange]) -> Judgement {
    let requests = sign_outs(exchanges);
    for (place, request) in requests.iter().enumerate() {
        let Some(own) = parameter(request, "state") else { continue };
        if let Some(other) = requests[..place].iter().find(|other| parameter(other, "state") == Some(own)) {
            return Err(Clause("OpenID Connect RP-Initiated Logout 1.0 section 2").refuse(
                "two sign-outs have the same state",
                "a state that is new in each",
                "the same state twice",
                [other.number, request.number],
            ));
        }
    }
    Ok(())
}

fn check_sign_out(request: &Exchange, exchanges: &[Exchange], subject: &str, registered: &[String]) -> Judgement {
    let clause = Clause("OpenID Connect RP-Initiated Logout 1.0 section 2");
    let hint = parameter(request, "id_token_hint");
    let is_users = |answer: &&Exchange| answer.facts.subject.as_deref() == Some(subject) && answer_text(answer, "id_token") == hint;
    if hint.is_none() || !token_requests(exchanges).iter().any(is_users) {
        let summary = "the request to end the platform's session does not tell by an ID token of the user whose it is";
        return Err(clause.refuse(summary, "an ID token of the user as id_token_hint", shown(hint), [request.number]));
    }
    match parameter(request, "post_logout_redirect_uri") {
        None if registered.is_empty() => Ok(()),
        Some(uri) if registered.iter().any(|known| known == uri) => Ok(()),
        other => {
            let clause = Clause("OpenID Connect RP-Initiated Logout 1.0 section 3");
            let expected = if registered.is_empty() { "none: the profile names none".to_owned() } else { registered.join(", ") };
            let summary = "the sign-out at the platform asks for no registered address to come back to";
            Err(clause.refuse(summary, expected, shown(other), [request.number]))
        }
    }
}

/// LO-06: a return from a sign-out that nobody began ends on a page of the application's, without an error of its server.
/// `documents`: the pages that the browser asked for since, with the answers' statuses.
pub fn check_return_is_answered(documents: &[(String, Option<u16>)], base_url: &Url) -> Judgement {
    let clause = Clause("OpenID Connect RP-Initiated Logout 1.0 section 3");
    let Some((last, status)) = documents.last() else { return Err(nothing("the browser asked for no page")) };
    if let Some((_, Some(status))) = documents.iter().find(|(_, status)| status.is_some_and(|status| status >= 500)) {
        let actual = format!("HTTP {status}");
        return Err(clause.refuse("a return from a sign-out with a wrong state is an error of the server", "a page", actual, []));
    }
    let is_own = Url::parse(last).is_ok_and(|url| url.origin() == base_url.origin());
    match status {
        _ if !is_own => {
            let origin = base_url.origin().ascii_serialization();
            Err(clause.refuse("a return from a sign-out leads away from the application", origin, last.as_str(), []))
        }
        None => Err(nothing("the page after the sign-out was not answered")),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Refusal;
    use super::super::fixtures::{exchange, found, redemption, set, unset};
    use super::*;

    const BACK: &str = "http://127.0.0.1:5000/signed-out";

    fn sound() -> Vec<Exchange> {
        let mut tokens = redemption(1, 1, "[code-1]");
        tokens.response = Some(serde_json::json!({ "id_token": "[id-token-1]" }));
        let mut end = exchange(2, Endpoint::EndSession, "GET", "/leave");
        set(&mut end.query, "id_token_hint", "[id-token-1]");
        set(&mut end.query, "post_logout_redirect_uri", BACK);
        vec![tokens, end]
    }

    fn judged(exchanges: &[Exchange]) -> Judgement {
        check_signed_out_at_the_platform(exchanges, "ada", &[BACK.to_owned()])
    }

    #[test]
    fn a_sign_out_tells_the_platform_whose_session_ends_and_where_to_go_on() {
        assert_eq!(judged(&sound()), Ok(()));
        assert!(found(judged(&sound()[..1])).contains("stays signed in"));
        let with = |name: &str, value: Option<&str>| {
            let mut exchanges = sound();
            unset(&mut exchanges[1].query, name);
            if let Some(value) = value {
                set(&mut exchanges[1].query, name, value);
            }
            exchanges
        };
        for hint in [None, Some(""), Some("[id-token-2]")] {
            assert!(found(judged(&with("id_token_hint", hint))).contains("whose it is"), "{hint:?}");
        }
        for uri in [None, Some("http://127.0.0.1:5000/")] {
            assert!(found(judged(&with("post_logout_redirect_uri", uri))).contains("no registered address"), "{uri:?}");
        }
        let silent = with("post_logout_redirect_uri", None);
        assert_eq!(check_signed_out_at_the_platform(&silent, "ada", &[]), Ok(()), "none is needed");
        assert!(found(check_signed_out_at_the_platform(&sound(), "mallory", &[BACK.to_owned()])).contains("whose it is"));
    }

    #[test]
    fn two_sign_outs_have_two_states() {
        let with_states = |states: [Option<&str>; 2]| -> Vec<Exchange> {
            let end = sound().swap_remove(1);
            let signed_out = states.into_iter().map(|state| {
                let mut end = end.clone();
                if let Some(state) = state {
                    set(&mut end.query, "state", state);
                }
                end
            });
            signed_out.collect()
        };
        assert_eq!(check_sign_outs_apart(&with_states([Some("one"), Some("two")])), Ok(()));
        assert_eq!(check_sign_outs_apart(&with_states([None, None])), Ok(()), "none is needed");
        assert!(found(check_sign_outs_apart(&with_states([Some("one"), Some("one")]))).contains("the same state"));
    }

    #[test]
    fn a_return_ends_on_a_page_of_the_application() {
        let base = Url::parse("http://127.0.0.1:5000/").expect("a URL");
        let came = |pages: &[(&str, Option<u16>)]| {
            let pages: Vec<_> = pages.iter().map(|(url, status)| ((*url).to_owned(), *status)).collect();
            check_return_is_answered(&pages, &base)
        };
        assert_eq!(came(&[(BACK, Some(302)), ("http://127.0.0.1:5000/", Some(200))]), Ok(()));
        assert_eq!(came(&[(BACK, Some(400))]), Ok(()), "a refusal is an answer");
        assert!(found(came(&[(BACK, Some(500))])).contains("error of the server"));
        assert!(found(came(&[(BACK, Some(302)), ("http://localhost:9/mallory", None)])).contains("leads away"));
        assert!(matches!(came(&[]), Err(Refusal::NothingToJudge(_))));
        assert!(matches!(came(&[(BACK, None)]), Err(Refusal::NothingToJudge(_))));
    }
}
