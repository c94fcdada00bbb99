use url::{Host, Url};

use super::authorization_request::observed;
use super::judgement::{Clause, nothing, shown};
use super::{Judgement, Refusal};
use crate::domain::Exchange;

/// NA-01: the redirect URI is http on a loopback IP literal (RFC 8252 sections 7.3 and 8.3). One of a private-use or https scheme is
/// received otherwise than by listening: not applicable.
pub fn check_loopback_literal(exchanges: &[Exchange]) -> Judgement {
    for sign_in in observed(exchanges)? {
        let requested = sign_in.parameter("redirect_uri");
        let Some(uri) = requested.and_then(|uri| Url::parse(uri).ok()) else {
            return Err(nothing("an authorization request names no redirect URI"));
        };
        if uri.scheme() != "http" {
            return Err(Refusal::NotApplicable(format!("the response is received by the scheme `{}`, not by listening", uri.scheme())));
        }
        let loopback = match uri.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(_)) | None => false,
        };
        if !loopback {
            return Err(Clause("RFC 8252 section 8.3").refuse(
                "the redirect URI names no loopback address",
                "`127.0.0.1` or `[::1]`",
                shown(requested),
                [sign_in.number()],
            ));
        }
    }
    Ok(())
}

/// What was found at the port of a redirect URI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Port {
    /// Addresses beside loopback at which it was open while the program waited.
    pub open_elsewhere: Vec<String>,
    /// Whether an address beside loopback was tried at all.
    pub tried_elsewhere: bool,
    /// Whether it was still open when the sign-in had ended; `None`: it was not looked at.
    pub open_afterwards: Option<bool>,
}

/// NA-01: the port is open on loopback only, and closes with the response (RFC 8252 sections 7.3 and 8.3).
pub fn check_port(port: &Port) -> Judgement {
    let clause = Clause("RFC 8252 section 8.3");
    if let Some(address) = port.open_elsewhere.first() {
        let actual = format!("open at {address}");
        return Err(clause.refuse("the program listens on other addresses than loopback", "open on loopback only", actual, []));
    }
    match port.open_afterwards {
        Some(true) => {
            let (expected, actual) = ("closed when the response has come", "still open afterwards");
            Err(clause.refuse("the program goes on listening when the sign-in has ended", expected, actual, []))
        }
        Some(false) if port.tried_elsewhere => Ok(()),
        Some(false) => Err(nothing("this machine has no address beside loopback to try the port at")),
        None => Err(nothing("the program showed no port that could be looked at")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{authorization, found, set, undecided};

    fn asked(redirect_uri: &str) -> Vec<Exchange> {
        let mut request = authorization(1, 1);
        set(&mut request.query, "redirect_uri", redirect_uri);
        vec![request]
    }

    #[test]
    fn the_redirect_uri_names_a_loopback_literal() {
        for good in ["http://127.0.0.1:4000/callback", "http://[::1]:4000/"] {
            assert_eq!(check_loopback_literal(&asked(good)), Ok(()), "{good}");
        }
        for bad in ["http://localhost:4000/callback", "http://192.0.2.1:4000/callback", "http://app.example/callback"] {
            assert_eq!(found(check_loopback_literal(&asked(bad))), "the redirect URI names no loopback address", "{bad}");
        }
        assert!(matches!(check_loopback_literal(&asked("com.example.app:/callback")), Err(Refusal::NotApplicable(_))));
        undecided(check_loopback_literal(&[]));
    }

    #[test]
    fn the_port_is_open_on_loopback_and_for_the_response_only() {
        let sound = Port { open_elsewhere: Vec::new(), tried_elsewhere: true, open_afterwards: Some(false) };
        assert_eq!(check_port(&sound), Ok(()));
        let everywhere = Port { open_elsewhere: vec!["192.0.2.7".to_owned()], ..sound.clone() };
        assert_eq!(found(check_port(&everywhere)), "the program listens on other addresses than loopback");
        let stays = Port { open_afterwards: Some(true), ..sound.clone() };
        assert_eq!(found(check_port(&stays)), "the program goes on listening when the sign-in has ended");
        undecided(check_port(&Port { tried_elsewhere: false, ..sound.clone() }));
        undecided(check_port(&Port { open_afterwards: None, ..sound }));
    }
}
