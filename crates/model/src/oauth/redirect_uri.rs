use url::Url;

/// Whether a requested redirect URI is the registered one: byte-equal, or, for a native client's loopback IP literal,
/// equal but for the port (RFC 9700 section 2.1, RFC 8252 section 7.3; C-42).
pub fn redirect_uri_matches(registered: &str, requested: &str, native: bool) -> bool {
    registered == requested
        || (native && without_loopback_port(registered).is_some_and(|uri| Some(uri) == without_loopback_port(requested)))
}

fn without_loopback_port(uri: &str) -> Option<Url> {
    let mut url = Url::parse(uri).ok()?;
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
    (url.scheme() == "http" && loopback && url.set_port(None).is_ok()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::redirect_uri_matches;

    #[test]
    fn only_a_native_loopback_uri_may_vary_in_its_port() {
        let registered = "http://127.0.0.1:5000/callback";
        assert!(redirect_uri_matches(registered, registered, false));
        assert!(!redirect_uri_matches(registered, "http://127.0.0.1:5001/callback", false));
        assert!(redirect_uri_matches(registered, "http://127.0.0.1:5001/callback", true));
        assert!(!redirect_uri_matches(registered, "http://127.0.0.1:5001/other", true));
        assert!(!redirect_uri_matches(registered, "http://localhost:5001/callback", true));
        assert!(!redirect_uri_matches("https://a.example/cb", "https://a.example:444/cb", true));
        assert!(!redirect_uri_matches("https://a.example/cb", "https://a.example/cb/", false));
    }
}
