//! Proxies of the surroundings: they know nobody on this machine.

use url::Url;

use super::Failure;
use crate::domain::is_loopback;

/// Variables by which programs are told of a proxy.
const PROXIES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// Variables that name the hosts to go to without it; some programs read one spelling, some the other.
const EXEMPT: [&str; 2] = ["NO_PROXY", "no_proxy"];
const HOSTS: [&str; 4] = ["localhost", ".localhost", "127.0.0.1", "::1"];

/// A client for questions of our own to this address: one on this machine is asked without a proxy.
pub fn client_to(url: &str) -> Result<reqwest::ClientBuilder, Failure> {
    let builder = reqwest::Client::builder();
    Ok(if is_loopback(&Url::parse(url).map_err(Failure::broke)?) { builder.no_proxy() } else { builder })
}

/// What an application is told, with the addresses of this machine exempt from the proxy that it is told or inherits.
pub fn exempted<'a>(
    mut told: Vec<(String, String)>,
    inherited: impl Fn(&str) -> Option<String>,
    addresses: impl IntoIterator<Item = &'a str>,
) -> Vec<(String, String)> {
    let of = |told: &[(String, String)], name: &str| {
        told.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
            .or_else(|| inherited(name))
            .filter(|value| !value.is_empty())
    };
    if PROXIES.iter().all(|name| of(&told, name).is_none()) {
        return told;
    }
    let known = EXEMPT.iter().find_map(|name| of(&told, name)).unwrap_or_default();
    let mut hosts: Vec<String> = known.split(',').map(|host| host.trim().to_owned()).filter(|host| !host.is_empty()).collect();
    if hosts.iter().any(|host| host == "*") {
        return told;
    }
    let parsed = addresses.into_iter().filter_map(|address| Url::parse(address).ok()).filter(is_loopback);
    let ours = parsed.filter_map(|url| url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()));
    for host in HOSTS.map(str::to_owned).into_iter().chain(ours) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    told.retain(|(name, _)| !EXEMPT.contains(&name.as_str()));
    told.extend(EXEMPT.map(|name| (name.to_owned(), hosts.join(","))));
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn this_machine_is_exempt_from_a_proxy_in_both_spellings() {
        let inherited = |name: &str| match name {
            "HTTP_PROXY" => Some("http://127.0.0.1:1".to_owned()),
            "no_proxy" => Some("intranet.example, localhost".to_owned()),
            _ => None,
        };
        let found =
            exempted(told(&[("PORT", "1")]), inherited, ["http://127.0.0.2:4010", "http://account.gipo.localhost/", "https://x.example"]);
        let hosts = "intranet.example,localhost,.localhost,127.0.0.1,::1,127.0.0.2,account.gipo.localhost";
        assert_eq!(found, told(&[("PORT", "1"), ("NO_PROXY", hosts), ("no_proxy", hosts)]));
        let own = exempted(told(&[("ALL_PROXY", "http://p.example"), ("NO_PROXY", "a.example")]), |_| None, []);
        assert_eq!(own[1].1, "a.example,localhost,.localhost,127.0.0.1,::1");
    }

    #[test]
    fn without_a_proxy_or_with_none_for_anybody_nothing_is_added() {
        assert_eq!(exempted(told(&[("PORT", "1")]), |_| None, []), told(&[("PORT", "1")]));
        let everybody = |name: &str| (name == "http_proxy" || name == "NO_PROXY").then(|| "*".to_owned());
        assert_eq!(exempted(Vec::new(), everybody, []), Vec::new());
    }
}
