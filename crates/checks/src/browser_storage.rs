use secrecy::ExposeSecret;
use url::Url;

use super::Judgement;
use super::judgement::{Clause, some};
use crate::domain::{Cookie, SameSite};

const CLAUSE: Clause = Clause("OAuth 2.0 for Browser-Based Applications section 6.1.3.2");

/// The application's session cookies: those that appeared or changed at the sign-in. A cookie for the defence against forged
/// requests (`csrf` or `xsrf` in its name) is none: its script has to read it.
pub fn session_cookies<'a>(before: &[Cookie], after: &'a [Cookie], application: &Url) -> Vec<&'a Cookie> {
    let known = |cookie: &Cookie| before.iter().any(|earlier| same_cookie(earlier, cookie) && same_value(earlier, cookie));
    of_application(after, application).filter(|cookie| !known(cookie)).collect()
}

fn of_application<'a>(cookies: &'a [Cookie], application: &Url) -> impl Iterator<Item = &'a Cookie> {
    let host = application.host_str().unwrap_or_default().to_owned();
    cookies.iter().filter(move |cookie| {
        let domain = cookie.domain.trim_start_matches('.');
        let name = cookie.name.to_ascii_lowercase();
        let covers = host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        covers && !name.contains("csrf") && !name.contains("xsrf")
    })
}

fn same_cookie(one: &Cookie, other: &Cookie) -> bool {
    (&one.name, &one.domain, &one.path) == (&other.name, &other.domain, &other.path)
}

fn same_value(one: &Cookie, other: &Cookie) -> bool {
    one.value.expose_secret() == other.value.expose_secret()
}

fn judged<'a>(before: &[Cookie], after: &'a [Cookie], application: &Url) -> Result<Vec<&'a Cookie>, super::Refusal> {
    some(session_cookies(before, after, application), "no cookie of the application appeared or changed at the sign-in")
}

/// SE-01, the MUST: a session cookie is HttpOnly, and Secure unless the application is plain http on a loopback address.
pub fn check_cookie_must(before: &[Cookie], after: &[Cookie], application: &Url) -> Judgement {
    for cookie in judged(before, after, application)? {
        let refuse = |what: &str, attribute: &str| {
            let summary = format!("{what} the session cookie `{}`", cookie.name);
            Err(CLAUSE.refuse(summary, attribute, format!("a cookie without {attribute}"), []))
        };
        if !cookie.http_only {
            return refuse("a script can read", "HttpOnly");
        }
        if !cookie.secure && !is_plain_loopback(application) {
            return refuse("an unprotected connection would carry", "Secure");
        }
    }
    Ok(())
}

/// SE-01, the SHOULD: a session cookie is SameSite Lax or Strict, for the path `/`, without Domain, and over TLS
/// named `__Host-`. An application that has a part of its host to itself may keep its cookie there, and then no browser takes that name.
pub fn check_cookie_should(before: &[Cookie], after: &[Cookie], application: &Url) -> Judgement {
    for cookie in judged(before, after, application)? {
        let refuse = |what: String, expected: &str, actual: String| {
            Err(CLAUSE.refuse(format!("the session cookie `{}` {what}", cookie.name), expected, actual, []))
        };
        if !matches!(cookie.same_site, Some(SameSite::Lax | SameSite::Strict)) {
            let actual = cookie.same_site.map_or("no SameSite", |_| "SameSite=None");
            return refuse("travels with requests of other sites".to_owned(), "SameSite=Lax or Strict", actual.to_owned());
        }
        let is_own_part = is_own_part(&cookie.path, application);
        if cookie.path != "/" && !is_own_part {
            return refuse(format!("is for the path `{}`", cookie.path), "Path=/", format!("Path={}", cookie.path));
        }
        if cookie.domain.starts_with('.') {
            let domain = &cookie.domain[1..];
            return refuse(format!("goes to every subdomain of {domain}"), "no Domain", format!("Domain={domain}"));
        }
        // Without TLS no browser takes one.
        if application.scheme() == "https" && !is_own_part && !cookie.name.starts_with("__Host-") {
            return refuse(
                "can be set by another host of the domain".to_owned(),
                "a name that begins with `__Host-`",
                format!("`{}`", cookie.name),
            );
        }
    }
    Ok(())
}

/// Whether a cookie's path is the one at which the application is, such as `/portale` of `https://host/portale/`.
fn is_own_part(path: &str, application: &Url) -> bool {
    let (path, own) = (path.trim_end_matches('/'), application.path());
    !path.is_empty() && own.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_plain_loopback(application: &Url) -> bool {
    application.scheme() == "http" && matches!(application.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::super::fixtures::*;
    use super::*;

    fn cookie(name: &str, value: &str) -> Cookie {
        Cookie {
            name: name.to_owned(),
            value: SecretString::from(value),
            domain: "app.example".to_owned(),
            path: "/".to_owned(),
            http_only: true,
            secure: true,
            same_site: Some(SameSite::Lax),
        }
    }

    fn changed(change: impl Fn(&mut Cookie)) -> [Cookie; 1] {
        let mut session = cookie("session", "two");
        change(&mut session);
        [session]
    }

    fn https() -> Url {
        "https://app.example/".parse().expect("a URL")
    }

    fn loopback() -> Url {
        "http://127.0.0.1:5000/".parse().expect("a URL")
    }

    #[test]
    fn a_sound_cookie_passes_and_no_cookie_is_nothing_to_judge() {
        let (before, after) = ([cookie("__Host-session", "one")], [cookie("__Host-session", "two"), cookie("__Host-theme", "x")]);
        assert_eq!(check_cookie_must(&before, &after, &https()), Ok(()));
        assert_eq!(check_cookie_should(&before, &after, &https()), Ok(()));
        undecided(check_cookie_must(&before, &before, &https()));
        undecided(check_cookie_should(&before, &[], &https()));
    }

    #[test]
    fn only_what_changed_at_the_application_is_its_session() {
        let mut platform = cookie("idsrv", "x");
        platform.domain = "account.example".to_owned();
        let mut csrf = cookie("XSRF-TOKEN", "x");
        csrf.http_only = false;
        let mut old_theme = cookie("theme", "dark");
        old_theme.http_only = false;
        let after = [platform, csrf, old_theme.clone(), cookie("session", "x")];
        let names: Vec<&str> = session_cookies(&[old_theme], &after, &https()).iter().map(|cookie| cookie.name.as_str()).collect();
        assert_eq!(names, ["session"]);
        let with_domain = changed(|cookie| cookie.domain = ".example".to_owned());
        assert_eq!(session_cookies(&[], &with_domain, &https()).len(), 1);
        assert_eq!(session_cookies(&[], &with_domain, &"https://badexample/".parse().expect("a URL")).len(), 0);
    }

    #[test]
    fn a_readable_or_unprotected_cookie_is_refused() {
        assert!(found(check_cookie_must(&[], &changed(|cookie| cookie.http_only = false), &https())).contains("script can read"));
        assert!(found(check_cookie_must(&[], &changed(|cookie| cookie.secure = false), &https())).contains("unprotected connection"));
        let local = changed(|cookie| {
            cookie.secure = false;
            cookie.domain = "127.0.0.1".to_owned();
        });
        assert_eq!(check_cookie_must(&[], &local, &loopback()), Ok(()));
    }

    #[test]
    fn an_application_with_a_part_of_its_host_may_keep_its_cookie_there() {
        let part: Url = "https://app.example/portale/".parse().expect("a URL");
        let at = |path: &str| {
            changed(|cookie| {
                cookie.name = "session".to_owned();
                cookie.path = path.to_owned();
            })
        };
        for own in ["/portale", "/portale/"] {
            assert_eq!(check_cookie_should(&[], &at(own), &part), Ok(()), "{own}");
        }
        for other in ["/port", "/portale/x", "/x"] {
            assert!(found(check_cookie_should(&[], &at(other), &part)).contains("is for the path"), "{other}");
        }
        assert!(found(check_cookie_should(&[], &at("/"), &part)).contains("another host of the domain"));
    }

    #[test]
    fn a_cookie_that_travels_too_far_is_refused() {
        let judged = |change: fn(&mut Cookie)| found(check_cookie_should(&[], &changed(change), &https()));
        assert!(judged(|cookie| cookie.same_site = None).contains("other sites"));
        assert!(judged(|cookie| cookie.same_site = Some(SameSite::None)).contains("other sites"));
        assert!(judged(|cookie| cookie.path = "/app".to_owned()).contains("`/app`"));
        assert!(judged(|cookie| cookie.domain = ".app.example".to_owned()).contains("every subdomain"));
        assert!(judged(|cookie| cookie.name = "__Secure-session".to_owned()).contains("another host of the domain"));
        assert_eq!(check_cookie_should(&[], &changed(|cookie| cookie.domain = "127.0.0.1".to_owned()), &loopback()), Ok(()));
    }
}
