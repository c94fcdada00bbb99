//! Where the text of a clause stands, for those of the RFC Editor and the OpenID Foundation.

use std::sync::LazyLock;

use regex::Regex;

static RFC: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^RFC ?(?<number>\d{3,5})(?:,? +(?:section|sect\.|§)? ?(?<section>[0-9A-Z]+(?:\.[0-9]+)*))?$"));
static OPENID: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:OIDC|OpenID Connect) ?(?<part>Core|Discovery|RP-Initiated Logout)?(?: 1\.0)?(?:,? +(?:section|sect\.|§)? ?(?<section>[0-9]+(?:\.[0-9]+)*))?$",
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern, compiled by the tests")
}

/// The address of a clause such as `RFC 6749 section 10.12` or `OIDC Core 3.1.3.7`; `None` for rows of the contract and others.
pub(crate) fn address(clause: &str) -> Option<String> {
    let clause = clause.trim();
    if let Some(found) = RFC.captures(clause) {
        let page = format!("https://www.rfc-editor.org/rfc/rfc{}.html", &found["number"]);
        let kind = |section: &str| if section.starts_with(|first: char| first.is_ascii_digit()) { "section" } else { "appendix" };
        return Some(match found.name("section") {
            Some(section) => format!("{page}#{}-{}", kind(section.as_str()), section.as_str()),
            None => page,
        });
    }
    let found = OPENID.captures(clause)?;
    let part = match found.name("part").map(|part| part.as_str()) {
        Some("Discovery") => "discovery",
        Some("RP-Initiated Logout") => "rpinitiated",
        _ => "core",
    };
    let page = format!("https://openid.net/specs/openid-connect-{part}-1_0.html");
    Some(match found.name("section") {
        Some(section) => format!("{page}#rfc.section.{}", section.as_str()),
        None => page,
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_clause_of_a_standard_has_an_address() {
        let rfc = "https://www.rfc-editor.org/rfc";
        let openid = "https://openid.net/specs";
        for (clause, expected) in [
            ("RFC 6749 section 10.12", format!("{rfc}/rfc6749.html#section-10.12")),
            ("RFC9700 2.1.1", format!("{rfc}/rfc9700.html#section-2.1.1")),
            ("RFC 7636", format!("{rfc}/rfc7636.html")),
            ("RFC 7636 B", format!("{rfc}/rfc7636.html#appendix-B")),
            ("OIDC Core 3.1.3.7", format!("{openid}/openid-connect-core-1_0.html#rfc.section.3.1.3.7")),
            ("OIDC Core section 15.5.2", format!("{openid}/openid-connect-core-1_0.html#rfc.section.15.5.2")),
            ("OIDC 3.1.2.1", format!("{openid}/openid-connect-core-1_0.html#rfc.section.3.1.2.1")),
            ("OpenID Connect Core 1.0 section 5.7", format!("{openid}/openid-connect-core-1_0.html#rfc.section.5.7")),
            ("OIDC Discovery 4.3", format!("{openid}/openid-connect-discovery-1_0.html#rfc.section.4.3")),
        ] {
            assert_eq!(address(clause).as_deref(), Some(expected.as_str()), "{clause}");
        }
    }

    #[test]
    fn other_clauses_have_none() {
        for clause in ["C-51", "RFC", "contract section 3", "RFC 6749 \"><script>", "javascript:alert(1)", ""] {
            assert_eq!(address(clause), None, "{clause}");
        }
    }
}
