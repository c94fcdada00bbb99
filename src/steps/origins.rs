//! Pages of origins that a careless comparison takes for the application's own.

use url::{Host, Url};

use super::world::World;
use super::{Failure, stage::Visitor};
use crate::browser::Page;

/// A page that says nothing.
const BLANK: &str = "<!doctype html><title>Win a prize</title><body></body>";
/// Another port, where the own origin names none.
const ANOTHER_PORT: u16 = 8443;

/// An address of an origin that is like the application's; none where its host leaves no room for one.
fn like(own: &Url, kind: &str) -> Option<String> {
    let (host, port) = (own.host()?, own.port().map(|port| format!(":{port}")).unwrap_or_default());
    let scheme = own.scheme();
    match kind {
        "a page whose host begins with the own host's name" => match host {
            Host::Ipv6(_) => None,
            host => Some(format!("{scheme}://{host}.mallory.localhost{port}/")),
        },
        "a page whose host ends with the own host's name" => match host {
            Host::Domain(host) => Some(format!("{scheme}://mallory.{host}{port}/")),
            // What ends with a number is an address, and a longer one is none.
            _ => None,
        },
        "a page at another port of the own host" => {
            let longer = |port: u16| port.checked_mul(10).and_then(|port| port.checked_add(1)).unwrap_or(port ^ 1);
            Some(format!("{scheme}://{host}:{}/", own.port().map_or(ANOTHER_PORT, longer)))
        }
        "a page of the own host by another scheme" => Some(format!("{}://{host}{port}/", if scheme == "https" { "http" } else { "https" })),
        _ => None,
    }
}

impl World {
    /// A page of somebody else's in this browser, by what the features call it; none where there can be none of its kind.
    pub(super) async fn open_foreign(&self, visitor: &Visitor, whose: &str) -> Result<Option<Page>, Failure> {
        Ok(match whose {
            "a page of Mallory's" => Some(visitor.context.open(&self.foreign_address()?).await?),
            // Its origin is opaque, and is told as `null`.
            "a page without an origin" => Some(visitor.context.open(&format!("data:text/html,{BLANK}")).await?),
            kind => match like(&self.stage()?.base_url, kind) {
                // Nobody serves this origin: the browser is given the page.
                Some(address) => Some(visitor.context.open_served(&address, BLANK).await?),
                None => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [&str; 4] = [
        "a page whose host begins with the own host's name",
        "a page whose host ends with the own host's name",
        "a page at another port of the own host",
        "a page of the own host by another scheme",
    ];

    fn likes(own: &str) -> Vec<String> {
        let own = Url::parse(own).expect("a URL");
        let likes: Vec<String> = KINDS.iter().filter_map(|kind| like(&own, kind)).collect();
        assert!(likes.iter().all(|like| Url::parse(like).is_ok_and(|like| like.origin() != own.origin())), "{likes:?}");
        likes
    }

    #[test]
    fn each_is_another_origin_that_has_something_of_the_own() {
        assert_eq!(
            likes("http://127.0.0.1:5601/"),
            ["http://127.0.0.1.mallory.localhost:5601/", "http://127.0.0.1:56011/", "https://127.0.0.1:5601/"]
        );
        assert_eq!(
            likes("https://portal.example/"),
            [
                "https://portal.example.mallory.localhost/",
                "https://mallory.portal.example/",
                "https://portal.example:8443/",
                "http://portal.example/"
            ]
        );
        assert_eq!(likes("http://[::1]:21200/"), ["http://[::1]:21201/", "https://[::1]:21200/"]);
    }
}
