//! How somebody else's address is spelt, so that a careless check takes it for an own one.

use url::Url;

use super::Failure;
use super::world::World;

impl World {
    /// The foreign address in one of the spellings that a careless check takes for an own path or an own address.
    pub(super) fn foreign_target(&self, kind: &str) -> Result<String, Failure> {
        let address = self.foreign_address()?;
        let rest = address.split_once("//").map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        let own = &self.stage()?.base_url;
        let (scheme, other_scheme) = if own.scheme() == "https" { ("https", "http") } else { ("http", "https") };
        let port = Url::parse(&address).ok().and_then(|url| url.port()).map(|port| format!(":{port}")).unwrap_or_default();
        Ok(match kind {
            "an absolute address" => address,
            "an address that is a script" => format!("javascript:location.assign('{address}')"),
            "an address without a scheme" => format!("//{rest}"),
            "an address with a backslash" => format!("/\\{rest}"),
            "an address with a backslash first" => format!("\\/{rest}"),
            "an address with two backslashes" => format!("\\\\{rest}"),
            "an address with a tab inside" => format!("/\t/{rest}"),
            "an address with a line break inside" => format!("/\r\n/{rest}"),
            "an address with three slashes" => format!("///{rest}"),
            "an address with encoded slashes" => format!("%2F%2F{rest}"),
            "an address with a scheme and no slashes" => format!("{other_scheme}:{rest}"),
            "an address behind the own host's name" => format!("{scheme}://{}@{rest}", own.authority()),
            "an address with the own host's name behind a hash" => format!("{address}#{}", own.authority()),
            "a host that begins with the own host's name" => {
                format!("{scheme}://{}.mallory.localhost{port}/mallory", own.host_str().unwrap_or_default())
            }
            other => return Err(Failure::broke(format!("no foreign address is called `{other}`"))),
        })
    }
}
