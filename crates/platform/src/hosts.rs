//! Hosts of this machine: what is another site for a browser, and is reached by every client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::LazyLock;

use url::Url;

/// Every name and address at which a platform on loopback may be called.
pub const LOOPBACK_HOSTS: [&str; 4] = ["localhost", "127.0.0.1", "::1", FOREIGN];

/// An address of this machine that neither a platform nor an application has: a third site.
const FOREIGN: &str = "127.0.0.66";

/// Mallory's address, where this machine has one: some systems give `127.0.0.1` alone of `127.0.0.0/8` to loopback, and
/// some have no IPv6.
static FOREIGN_ADDRESS: LazyLock<Option<IpAddr>> = LazyLock::new(|| {
    let candidates = [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 66)), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    candidates.into_iter().find(|address| TcpListener::bind((*address, 0)).is_ok())
});

/// Where a platform on loopback listens beside its own address.
pub(super) fn foreign_address() -> Option<IpAddr> {
    *FOREIGN_ADDRESS
}

/// The issuer's address under another host, which the same platform serves: a third site beside those of platform and
/// application where the machine has one, another site than the platform's always.
pub(super) fn at_foreign_host(issuer: &Url) -> Url {
    let mut url = issuer.clone();
    let other = if issuer.host_str() == Some("127.0.0.1") { "localhost" } else { "127.0.0.1" };
    // An http(s) URL takes any host.
    let _ = match foreign_address() {
        Some(address) if issuer.host_str() != Some(&host(address)) => url.set_host(Some(&host(address))),
        _ => url.set_host(Some(other)),
    };
    url
}

/// As a URL writes it.
fn host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_foreign_host_is_never_the_issuers() {
        for issuer in ["http://localhost:4010", "http://127.0.0.1:4010", "http://127.0.0.66:4010", "https://account.example:4010"] {
            let issuer = Url::parse(issuer).expect("a URL");
            let foreign = at_foreign_host(&issuer);
            assert_ne!(foreign.host_str(), issuer.host_str());
            assert_eq!((foreign.port(), foreign.scheme()), (issuer.port(), issuer.scheme()));
        }
    }
}
