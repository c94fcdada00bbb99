use std::str::FromStr;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde_json::{Map, Value};

use super::Judgement;
use super::judgement::Clause;
use crate::oauth::decode_jwt;

/// Clocks of the platform and of collaudo may differ by this much.
pub(super) const SKEW_SECONDS: i64 = 60;

/// A JWT whose signature holds, to be read claim by claim.
pub(super) struct SignedToken {
    /// What it is, for the report: `ID token`.
    pub name: &'static str,
    pub clause: Clause,
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
}

impl SignedToken {
    /// Reads a token that is signed by a key of `jwks`, by an asymmetric algorithm.
    pub(crate) fn read(name: &'static str, clause: &'static str, jwt: &str, jwks: &Value) -> Result<Self, super::Refusal> {
        let clause = Clause(clause);
        let refuse = |summary: String, expected: &str, actual: String| clause.refuse(summary, expected, actual, []);
        let decoded = decode_jwt(jwt).map_err(|error| refuse(format!("the {name} is no JWT"), "a signed JWT", error.to_string()))?;
        let (header, claims) = (decoded.header, decoded.claims);
        let alg = header.get("alg").and_then(Value::as_str).unwrap_or_default();
        let algorithm = Algorithm::from_str(alg).ok().filter(|algorithm| algorithm.family() != AlgorithmFamily::Hmac);
        let Some(algorithm) = algorithm else {
            return Err(refuse(
                format!("the {name} is not signed by an asymmetric algorithm"),
                "RS256 or the like",
                format!("alg `{alg}`"),
            ));
        };
        let keys: JwkSet = serde_json::from_value(jwks.clone())
            .map_err(|error| refuse("the platform's key set cannot be read".to_owned(), "a JWK set", error.to_string()))?;
        let kid = header.get("kid").and_then(Value::as_str);
        let key = match (kid, &keys.keys[..]) {
            (Some(kid), _) => keys.find(kid),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let Some(key) = key else {
            let actual = format!("kid {}, among {} keys", super::judgement::shown(kid), keys.keys.len());
            return Err(refuse(format!("the {name} names no key of the platform's key set"), "the kid of a published key", actual));
        };
        let broken = |error: jsonwebtoken::errors::Error| {
            refuse(format!("the signature of the {name} does not hold"), "a signature by a published key", error.to_string())
        };
        let key = DecodingKey::from_jwk(key).map_err(broken)?;
        // The signature alone: claims are judged one by one, for a report that says which one is wrong, and at a given time.
        let (signed, signature) = jwt.rsplit_once('.').unwrap_or((jwt, ""));
        if !jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, algorithm).map_err(broken)? {
            return Err(broken(jsonwebtoken::errors::ErrorKind::InvalidSignature.into()));
        }
        Ok(Self { name, clause, header, claims })
    }

    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    pub(crate) fn refuse(&self, what: &str, expected: impl Into<String>, claim: &str) -> Judgement {
        let actual = self.claims.get(claim).map_or_else(|| "none".to_owned(), Value::to_string);
        Err(self.clause.refuse(format!("the {} {what}", self.name), expected, format!("{claim}: {actual}"), []))
    }

    pub(crate) fn check_text(&self, claim: &str, expected: &str) -> Judgement {
        if self.text(claim) == Some(expected) {
            return Ok(());
        }
        self.refuse(&format!("has a wrong or missing `{claim}`"), format!("`{expected}`"), claim)
    }

    pub(crate) fn check_present(&self, claim: &str) -> Judgement {
        if self.text(claim).is_some_and(|text| !text.is_empty()) {
            return Ok(());
        }
        self.refuse(&format!("has no `{claim}`"), "a text that is not empty", claim)
    }

    /// `sub`: 1 to 255 ASCII characters (OpenID Connect Core section 2).
    pub(crate) fn check_subject(&self) -> Judgement {
        if self.text("sub").is_some_and(|sub| (1..=255).contains(&sub.len()) && sub.is_ascii()) {
            return Ok(());
        }
        self.refuse("has no sound `sub`", "1 to 255 ASCII characters", "sub")
    }

    /// `iat` is not in the future and `exp` after it and after `now`, both in seconds since 1970.
    pub(crate) fn check_times(&self, now: i64) -> Judgement {
        let Some(issued) = self.seconds("iat").filter(|issued| *issued <= now + SKEW_SECONDS) else {
            return self.refuse("has a wrong or missing `iat`", format!("a time up to {now}"), "iat");
        };
        if self.seconds("exp").is_none_or(|expires| expires <= issued || expires <= now - SKEW_SECONDS) {
            return self.refuse("has expired or never expires", format!("`exp` after {now}"), "exp");
        }
        Ok(())
    }

    pub(crate) fn seconds(&self, claim: &str) -> Option<i64> {
        self.claims.get(claim)?.as_i64()
    }

    /// The audiences, one or several (RFC 7519 section 4.1.3).
    pub(crate) fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::OnceLock;

    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{EncodingKey, Header};
    use rsa::pkcs1::EncodeRsaPrivateKey;
    use serde_json::json;

    use super::super::fixtures::*;
    use super::*;

    pub(crate) const NOW: i64 = 1_800_000_000;

    /// A signing key made for these tests, with its published key set.
    pub(crate) struct Signer {
        key: EncodingKey,
        pub jwks: Value,
    }

    pub(crate) fn signer() -> &'static Signer {
        static SIGNER: OnceLock<Signer> = OnceLock::new();
        SIGNER.get_or_init(|| {
            let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key of 2048 bits can be made");
            let der = key.to_pkcs1_der().expect("a fresh key can be encoded");
            let key = EncodingKey::from_rsa_der(der.as_bytes());
            let mut jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).expect("an RSA key has a JWK");
            jwk.common.key_id = Some("key-1".to_owned());
            Signer { key, jwks: json!({ "keys": [jwk] }) }
        })
    }

    impl Signer {
        pub(crate) fn sign(&self, typ: &str, claims: &Value) -> String {
            self.sign_as(Some("key-1"), typ, claims)
        }

        fn sign_as(&self, kid: Option<&str>, typ: &str, claims: &Value) -> String {
            let header = Header { typ: Some(typ.to_owned()), kid: kid.map(str::to_owned), ..Header::new(Algorithm::RS256) };
            jsonwebtoken::encode(&header, claims, &self.key).expect("claims of these tests can be signed")
        }
    }

    /// `claims` with one of them changed, or taken away by `Value::Null`.
    pub(crate) fn with(claims: &Value, name: &str, value: Value) -> Value {
        let mut changed = claims.clone();
        match value {
            Value::Null => {
                changed.as_object_mut().expect("claims are an object").shift_remove(name);
            }
            value => changed[name] = value,
        }
        changed
    }

    fn read(jwt: &str, jwks: &Value) -> Judgement {
        SignedToken::read("ID token", "RFC 7519", jwt, jwks).map(|_| ())
    }

    #[test]
    fn a_token_signed_by_a_published_key_is_read() {
        let signer = signer();
        assert_eq!(read(&signer.sign("JWT", &json!({ "sub": "ada" })), &signer.jwks), Ok(()));
        assert_eq!(read(&signer.sign_as(None, "JWT", &json!({})), &signer.jwks), Ok(()), "one key needs no kid");
    }

    #[test]
    fn a_token_without_a_sound_signature_is_refused() {
        let signer = signer();
        let sound = signer.sign("JWT", &json!({ "sub": "ada" }));
        let (signed, signature) = sound.rsplit_once('.').expect("three parts");
        let flipped = format!("{signed}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
        assert!(found(read(&flipped, &signer.jwks)).contains("signature"));
        let other_claims = signer.sign("JWT", &json!({ "sub": "mallory" }));
        let swapped = format!("{}.{signature}", other_claims.rsplit_once('.').expect("three parts").0);
        assert!(found(read(&swapped, &signer.jwks)).contains("signature"));
        assert!(found(read(&signer.sign_as(Some("key-2"), "JWT", &json!({})), &signer.jwks)).contains("names no key"));
        assert!(found(read("opaque", &signer.jwks)).contains("no JWT"));
        assert!(found(read(&sound, &json!({ "keys": "none" }))).contains("key set"));
        let symmetric = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &json!({}), &EncodingKey::from_secret(b"public key"));
        assert!(found(read(&symmetric.expect("can be signed"), &signer.jwks)).contains("asymmetric"));
        let none = "eyJhbGciOiJub25lIn0.e30.";
        assert!(found(read(none, &signer.jwks)).contains("asymmetric"));
    }
}
