use super::judgement::Clause;
use super::{Judgement, Refusal};
use crate::domain::{Endpoint, Exchange};

/// Last words of the paths at which platforms have their endpoints: who asks there has them from somewhere else than discovery.
const USUAL: [&str; 24] = [
    "authorize",
    "authorization",
    "auth",
    "token",
    "tokens",
    "userinfo",
    "jwks",
    "jwks.json",
    "keys",
    "certs",
    "revocation",
    "revoke",
    "introspect",
    "introspection",
    "endsession",
    "end-session",
    "end_session",
    "logout",
    "deviceauthorization",
    "device_authorization",
    "device",
    "oauth",
    "oauth2",
    "oidc",
];

/// Requests for an endpoint of the platform at a path where it has none: the discovery document was not followed.
pub fn strayed(exchanges: &[Exchange]) -> impl Iterator<Item = &Exchange> {
    exchanges.iter().filter(|exchange| {
        let beside = matches!(exchange.endpoint, Endpoint::Portal | Endpoint::Other) && !exchange.path.starts_with("/elsewhere/");
        let last = exchange.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        beside && exchange.status == 404 && (exchange.path.starts_with("/connect/") || USUAL.contains(&last.as_str()))
    })
}

/// What a strayed request was, in words: `POST /connect/token was answered 404`.
pub fn told_of_strayed(exchange: &Exchange) -> String {
    format!("{} {} was answered {}: the discovery document announces no such endpoint", exchange.method, exchange.path, exchange.status)
}

/// AZ-12: every endpoint that was asked is one that discovery announces, the token endpoint among them (OpenID Connect Discovery
/// section 4.3 with section 3).
pub fn check_endpoints_discovered(exchanges: &[Exchange]) -> Judgement {
    if let Some(first) = strayed(exchanges).next() {
        return Err(Clause("OpenID Connect Discovery 1.0 section 3").refuse(
            "the application asks for an endpoint where it was told of none",
            "requests to the addresses of the discovery document alone",
            told_of_strayed(first),
            strayed(exchanges).map(|exchange| exchange.number).take(5),
        ));
    }
    let redeemed = exchanges.iter().any(|exchange| exchange.endpoint == Endpoint::Token);
    if redeemed { Ok(()) } else { Err(Refusal::NothingToJudge("no token request was seen".to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    #[test]
    fn a_request_at_a_usual_path_that_is_not_announced_is_named() {
        let good = [authorization(1, 1), redemption(2, 1, "[code-1]")];
        assert_eq!(check_endpoints_discovered(&good), Ok(()));
        undecided(check_endpoints_discovered(&good[..1]));
        for (method, path) in [("POST", "/connect/token"), ("GET", "/oauth2/authorize"), ("GET", "/.well-known/jwks.json")] {
            let mut stray = exchange(3, Endpoint::Portal, method, path);
            stray.status = 404;
            let seen = [good[0].clone(), good[1].clone(), stray.clone()];
            assert!(found(check_endpoints_discovered(&seen)).contains("told of none"), "{path}");
            assert!(told_of_strayed(&stray).starts_with(&format!("{method} {path} was answered 404")));
        }
        // What a browser asks for by itself, and a page that is not there, are nothing to discovery.
        for path in ["/favicon.ico", "/robots.txt", "/nowhere"] {
            let mut page = exchange(3, Endpoint::Portal, "GET", path);
            page.status = 404;
            assert_eq!(check_endpoints_discovered(&[good[0].clone(), good[1].clone(), page]), Ok(()), "{path}");
        }
    }
}
