//! Where a started application is: the port of its profile, or another one for it alone.

use url::Url;

use super::App;

/// What stands for the port of `app.url` in `[app.env]` and `command`.
pub const PORT: &str = "{port}";
/// What stands for the first redirect URI there.
const REDIRECT_URI: &str = "{redirect_uri}";

impl App {
    /// Whether the harness starts it.
    pub fn is_started(&self) -> bool {
        self.command.is_some() || self.image.is_some()
    }

    /// Whether `[app.env]` or `command` tell it on which port to listen: then it can have any.
    pub fn takes_a_port(&self) -> bool {
        self.is_started() && self.command.iter().flatten().chain(self.env.values()).any(|text| text.contains(PORT))
    }

    /// Host for a mock platform that is another site than the application, as `account.gipo.it` is: what cookies, `SameSite` and
    /// storage do between two sites is then seen. Of `localhost` and `127.0.0.1` the one that the application does not use. Both
    /// are resolved by every client and trusted with http by libraries that otherwise want https; other names and addresses are not.
    pub fn platform_host(&self) -> &str {
        if let Some(host) = self.client.as_ref().map(|client| client.platform_host.as_deref()) {
            return host.unwrap_or("localhost");
        }
        platform_host(self.url.as_ref(), &self.redirect_uris)
    }

    /// Whether its page is on this machine.
    pub fn is_local(&self) -> bool {
        self.url.as_ref().is_some_and(is_loopback)
    }

    /// The same application on another port: its page, and the redirect URIs, of a sign-out too, that shared host and port with it.
    pub fn at_port(&self, port: u16) -> Self {
        let Some(page) = self.url.as_ref().filter(|_| self.is_local()) else { return self.clone() };
        let mut url = page.clone();
        // A URL with a host can have a port.
        let _ = url.set_port(Some(port));
        let shares = |uri: &Url| uri.host() == page.host() && uri.port_or_known_default() == page.port_or_known_default();
        let moved = |uri: &String| match Url::parse(uri) {
            Ok(parsed) if shares(&parsed) => with_port(uri, port),
            _ => uri.clone(),
        };
        let all_moved = |uris: &[String]| uris.iter().map(moved).collect();
        Self {
            redirect_uris: all_moved(&self.redirect_uris),
            post_logout_redirect_uris: all_moved(&self.post_logout_redirect_uris),
            backchannel_logout: self.backchannel_logout.as_ref().map(moved),
            url: Some(url),
            ..self.clone()
        }
    }

    /// A text of the profile with port and redirect URI filled in.
    pub fn placed(&self, text: &str) -> String {
        let port = self.url.as_ref().and_then(Url::port_or_known_default).map_or_else(String::new, |port| port.to_string());
        text.replace(PORT, &port).replace(REDIRECT_URI, self.redirect_uris.first().map_or("", String::as_str))
    }
}

/// [`App::platform_host`] by the addresses of the application alone.
pub fn platform_host(page: Option<&Url>, redirect_uris: &[String]) -> &'static str {
    let parsed: Vec<Url> = redirect_uris.iter().filter_map(|uri| Url::parse(uri).ok()).collect();
    let named = |url: &Url| matches!(url.host(), Some(url::Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost"));
    // The page decides: where it and the redirect URI differ, only one of them can have another site for a platform.
    let local = page.map_or_else(|| parsed.iter().any(named), named);
    if local { "127.0.0.1" } else { "localhost" }
}

/// Whether an address is on this machine, whatever the network says.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The rest stays as written: a redirect URI is compared character by character.
fn with_port(uri: &str, port: u16) -> String {
    let start = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[start..].find(['/', '?', '#']).map_or(uri.len(), |at| start + at);
    let authority = &uri[start..end];
    // The colons of an IPv6 address are in brackets.
    let host = match authority.rfind(':') {
        Some(at) if !authority[at..].contains(']') => &authority[..at],
        _ => authority,
    };
    format!("{}{host}:{port}{}", &uri[..start], &uri[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(url: &str, redirect_uris: &[&str], more: &str) -> App {
        toml::from_str(&format!("name = \"x\"\ntype = \"web\"\nscopes = []\nurl = \"{url}\"\nredirect_uris = {redirect_uris:?}\n{more}"))
            .expect("an application")
    }

    #[test]
    fn page_and_redirect_uris_move_together_and_nothing_else_does() {
        let uris = [
            "http://localhost:5000/callback",
            "HTTP://LOCALHOST:5000/Back?to=a:b/c",
            "http://localhost:5000",
            "http://127.0.0.1:5000/callback",
            "http://localhost:5001/callback",
            "https://portale.example/callback",
        ];
        let after = format!("post_logout_redirect_uris = {uris:?}");
        let moved = app("http://localhost:5000/start", &uris, &after).at_port(40_123);
        assert_eq!(moved.url.expect("a page").as_str(), "http://localhost:40123/start");
        let expected = [
            "http://localhost:40123/callback",
            "HTTP://LOCALHOST:40123/Back?to=a:b/c",
            "http://localhost:40123",
            uris[3],
            uris[4],
            uris[5],
        ];
        assert_eq!(moved.redirect_uris, expected);
        assert_eq!(moved.post_logout_redirect_uris, expected);
        let six = app("http://[::1]/", &["http://[::1]/callback"], "").at_port(40_123);
        assert_eq!(
            (six.url.expect("a page").as_str(), six.redirect_uris[0].as_str()),
            ("http://[::1]:40123/", "http://[::1]:40123/callback")
        );
        let elsewhere = app("https://portale.example/", &["https://portale.example/callback"], "").at_port(40_123);
        assert_eq!(elsewhere.redirect_uris, ["https://portale.example/callback"]);
    }

    #[test]
    fn the_platform_is_another_site_than_the_application() {
        for (url, platform) in [
            ("http://127.0.0.1:5000/", "localhost"),
            ("http://localhost:5000/", "127.0.0.1"),
            ("http://agenda.localhost:5000/", "127.0.0.1"),
            ("http://[::1]:5000/", "localhost"),
            ("https://portale.example/", "localhost"),
        ] {
            assert_eq!(app(url, &[], "").platform_host(), platform, "{url}");
        }
        // What runs already was told an address before the run.
        let client = "[client]\nclient_id = \"x\"\nplatform_port = 4010\n";
        assert_eq!(app("http://localhost:5000/", &[], client).platform_host(), "localhost");
        let told = format!("{client}platform_host = \"127.0.0.1\"\n");
        assert_eq!(app("http://localhost:5000/", &[], &told).platform_host(), "127.0.0.1");
        assert_eq!(platform_host(None, &["http://localhost:5000/callback".to_owned()]), "127.0.0.1");
        assert_eq!(platform_host(None, &[]), "localhost");
    }

    #[test]
    fn port_and_redirect_uri_are_filled_in() {
        let placed = |app: &App| app.placed("{port} {redirect_uri} {issuer}");
        let fixed = app("http://127.0.0.1:5000/", &["http://127.0.0.1:5000/callback"], "");
        assert_eq!(placed(&fixed), "5000 http://127.0.0.1:5000/callback {issuer}");
        assert_eq!(placed(&fixed.at_port(40_123)), "40123 http://127.0.0.1:40123/callback {issuer}");
        assert!(!fixed.takes_a_port());
        for more in ["command = [\"serve\", \"--port={port}\"]", "command = [\"serve\"]\n[env]\nPORT = \"{port}\""] {
            assert!(app("http://127.0.0.1:5000/", &[], more).takes_a_port(), "{more}");
        }
        assert!(!app("http://127.0.0.1:5000/", &[], "[env]\nPORT = \"{port}\"").takes_a_port(), "it runs already");
    }
}
