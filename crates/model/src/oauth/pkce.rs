use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The S256 code challenge of a code verifier (RFC 7636 section 4.2).
pub fn code_challenge_s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes()))
}

/// Whether a character may stand in a code verifier (RFC 7636 section 4.1).
pub fn is_unreserved(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~')
}

/// Whether a text has the shape of a code verifier (RFC 7636 section 4.1).
pub fn is_code_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.chars().all(is_unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b_holds() {
        assert_eq!(code_challenge_s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
