use jiff::Timestamp;
use jsonwebtoken::crypto::verify;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, decode_header};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::app::App;
use super::comparison::Compared;
use super::loose_claims::is_oddly_unsigned;
use super::sign_in::{Asked, SignInError};
use super::{Defect, Habit};
use crate::oauth::decode_jwt;

/// How far the platform's clock may be from ours.
pub(super) const LEEWAY_SECONDS: f64 = 120.0;
/// The same as a habit.
const LENIENT_SECONDS: f64 = 300.0;
/// What the defect allows.
const HOURS_SECONDS: f64 = 7200.0;
/// An ID token comes straight from the token endpoint: one issued longer ago than this is somebody else's.
pub(super) const OLDEST_SECONDS: f64 = 900.0;

pub(super) type Claims = Map<String, Value>;

/// At which occasion an ID token is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Occasion<'a> {
    /// With the nonce of the attempt, if one was sent.
    Login(Asked<'a>),
    /// A refresh brings no nonce, and the first login's times no longer matter (OpenID Connect Core 12.2).
    Refresh,
}

impl App {
    /// The subject of an ID token that keeps every rule of OpenID Connect Core 3.1.3.7.
    pub(crate) async fn check_id_token(&self, token: &str, occasion: Occasion<'_>) -> Result<String, SignInError> {
        if let Occasion::Login(Asked { is_trusted: true, .. }) = occasion {
            let named = decode_jwt(token).ok().and_then(|jwt| jwt.claims.get("sub")?.as_str().map(str::to_owned));
            return named.ok_or_else(|| refused("it is not readable"));
        }
        let claims = self.signed_claims(token).await?;
        let issuer = &self.metadata().await?.issuer;
        self.check_claims(&claims, issuer, occasion).map_err(|rule| {
            tracing::warn!(rule, "the ID token was refused");
            SignInError::IdToken(rule)
        })
    }

    /// The claims, once the signature is the platform's. The algorithm is chosen here, never by the token, and the key comes
    /// from the platform's key set, never from the token's header: `none`, a public key as HMAC secret, `jwk`, `jku` and
    /// `x5u` lead nowhere (ID-04 to ID-07).
    async fn signed_claims(&self, token: &str) -> Result<Claims, SignInError> {
        let in_two_parts = self.config.has(Defect::ReadsAlgorithmLoosely) && token.matches('.').count() == 1;
        let jwt = decode_jwt(&if in_two_parts { format!("{token}.") } else { token.to_owned() });
        let jwt = jwt.map_err(|_| refused("it is not readable"))?;
        if self.takes_unsigned(token, jwt.header.get("alg").and_then(Value::as_str).unwrap_or_default()) {
            return Ok(jwt.claims);
        }
        // What is marked as critical must be understood (RFC 7515 section 4.1.11), and nothing of the kind is.
        if jwt.header.contains_key("crit") && !self.config.has(Defect::IgnoresCriticalHeader) {
            return Err(refused("its header has a critical parameter"));
        }
        let header = decode_header(token).map_err(|_| refused("its header is not readable or its algorithm is not known"))?;
        if self.config.has(Defect::TrustsEmbeddedKey)
            && let Some(jwk) = &header.jwk
            && let Some(claims) = signed_with(token, jwk, header.alg)
        {
            return Ok(claims);
        }
        let keys = match &header.jku {
            Some(address) if self.config.has(Defect::FollowsKeyUrl) => self.read_keys(address).await?,
            Some(address) if self.config.has(Defect::BelievesKeysOfOwnHost) && address.starts_with(self.config.issuer.as_str()) => {
                self.read_keys(address).await?
            }
            _ => match self.keys(header.kid.as_deref()).await {
                Err(_) if self.config.has(Defect::DoesWithoutKeys) => return Ok(jwt.claims),
                keys => keys?,
            },
        };
        let confused = (self.config.has(Defect::AcceptsHs256PublicKey) && header.alg == Algorithm::HS256)
            || (self.config.has(Defect::AcceptsLongerHmac) && header.alg == Algorithm::HS512);
        if confused {
            let signed = keys.iter().find_map(|key| hmac::signed_with_public_key(token, key, header.alg));
            return signed.ok_or_else(|| refused("its HMAC is wrong"));
        }
        if let Some(secret) = self.config.client_secret.as_ref().filter(|_| self.config.has(Defect::TakesSecretForKey))
            && header.alg == Algorithm::HS256
        {
            let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
            return claims_signed_with(token, &key, header.alg).ok_or_else(|| refused("its HMAC is wrong"));
        }
        // ID-16.
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) && !self.config.has(Defect::TakesAnyAlgorithm) {
            return Err(refused("its algorithm is neither RS256 nor ES256"));
        }
        if keys.is_empty() {
            return Err(refused("its key is not one of the platform's"));
        }
        if self.config.has(Defect::SkipsSignatureCheck) {
            return Ok(jwt.claims);
        }
        keys.iter().find_map(|key| signed_with(token, key, header.alg)).ok_or_else(|| refused("its signature is wrong"))
    }

    /// Only the defects take a token that nobody signed (ID-05).
    fn takes_unsigned(&self, token: &str, alg: &str) -> bool {
        let is_none = alg.eq_ignore_ascii_case("none");
        (self.config.has(Defect::AcceptsAlgNone) && is_none)
            || (self.config.has(Defect::BlocksOneSpellingOfNone) && is_none && alg != "none")
            || (self.config.has(Defect::ReadsAlgorithmLoosely) && is_oddly_unsigned(token, alg))
            || (self.config.has(Defect::TakesEmptySignature) && !is_none && token.ends_with('.'))
    }

    fn check_claims(&self, claims: &Claims, issuer: &str, occasion: Occasion<'_>) -> Result<String, &'static str> {
        let has = |defect| self.config.has(defect);
        let now = Timestamp::now().as_second() as f64;
        let claims = &self.config.read_loosely(claims, issuer, occasion, now);
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let client_id = self.config.client_id.as_str();

        let same = |compared, expected: &str, given: Option<&str>| given.is_some_and(|given| self.config.same(compared, expected, given));

        // ID-01, ID-16: as text, to the last slash.
        let unnamed = !claims.contains_key("iss") && has(Defect::TakesNoIssuer);
        if !same(Compared::Issuer, issuer, text("iss")) && !unnamed && !has(Defect::SkipsIssuerCheck) {
            return Err("its issuer is not the platform");
        }
        // ID-02: this client, and nobody whom we do not trust.
        let audiences = match claims.get("aud") {
            Some(Value::String(audience)) => vec![audience.as_str()],
            Some(Value::Array(audiences)) => audiences.iter().map(|audience| audience.as_str().unwrap_or_default()).collect(),
            _ => Vec::new(),
        };
        let some = !audiences.is_empty() || (claims.contains_key("aud") && has(Defect::TakesEmptyAudience));
        let ours = some && audiences.iter().all(|audience| same(Compared::Audience, client_id, Some(audience)));
        let last = has(Defect::TakesLastAudience) && audiences.last() == Some(&client_id);
        if !ours && !last && !has(Defect::SkipsAudienceCheck) {
            return Err("it is not for this application alone");
        }
        // ID-03.
        if claims.contains_key("azp") && !same(Compared::AuthorizedParty, client_id, text("azp")) && !has(Defect::SkipsAzpCheck) {
            return Err("its authorized party is another application");
        }
        if let Occasion::Login(Asked { nonce, other_nonces, .. }) = occasion {
            if !has(Defect::SkipsExpiryCheck) {
                self.check_times(claims)?;
            }
            // ID-09: the answer to this attempt, in this browser.
            let missing = !claims.contains_key("nonce") && has(Defect::TakesMissingNonce);
            let passes = missing || other_nonces.iter().any(|other| text("nonce") == Some(other));
            if nonce.is_some_and(|sent| !same(Compared::Nonce, sent, text("nonce"))) && !passes && !has(Defect::SkipsNonceCheck) {
                return Err("its nonce is not the one that was sent");
            }
        }
        // ID-10.
        match text("sub") {
            Some(sub) if (1..=255).contains(&sub.len()) => Ok(sub.to_owned()),
            None if has(Defect::TakesSubjectOfAnyType) && claims.contains_key("sub") => Ok(claims["sub"].to_string()),
            _ if has(Defect::SkipsSubjectCheck) => Ok(String::new()),
            _ => Err("it names no subject"),
        }
    }

    /// ID-08, ID-17: clocks differ a little.
    fn check_times(&self, claims: &Claims) -> Result<(), &'static str> {
        let has = |defect| self.config.has(defect);
        let leeway = match () {
            () if has(Defect::NeedsExactClock) => 0.0,
            () if self.config.does(Habit::LenientClock) => LENIENT_SECONDS,
            () => LEEWAY_SECONDS,
        };
        let now = Timestamp::now().as_second() as f64;
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        let unread = |exp: &Value| (has(Defect::TakesExpiryOfZero) && *exp == 0) || (has(Defect::TakesExpiryInText) && exp.is_string());
        match time("exp") {
            Some(exp) if exp > now - leeway => {}
            Some(exp) if exp > now - HOURS_SECONDS && has(Defect::AllowsHoursOfSkew) => {}
            _ if claims.get("exp").is_some_and(unread) => {}
            _ => return Err("it has expired"),
        }
        match time("iat") {
            Some(iat) if iat <= now + leeway && iat > now - OLDEST_SECONDS => {}
            _ if has(Defect::IgnoresTimeOfIssue) => {}
            _ => return Err("it was not issued just now"),
        }
        if claims.contains_key("nbf") && !time("nbf").is_some_and(|nbf| nbf <= now + leeway) && !has(Defect::IgnoresNotBefore) {
            return Err("it is not valid yet");
        }
        Ok(())
    }
}

pub(super) fn signed_with(token: &str, key: &Jwk, algorithm: Algorithm) -> Option<Claims> {
    if key.common.public_key_use == Some(PublicKeyUse::Encryption) {
        return None;
    }
    claims_signed_with(token, &DecodingKey::from_jwk(key).ok()?, algorithm)
}

/// Signature and claims apart: `decode` would read the claims with its own rules, and those here have names in `check_claims`.
fn claims_signed_with(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Option<Claims> {
    let (message, signature) = token.rsplit_once('.')?;
    let right = verify(signature, message.as_bytes(), key, algorithm).is_ok_and(|right| right);
    right.then(|| decode_jwt(token).ok()).flatten().map(|jwt| jwt.claims)
}

fn refused(rule: &'static str) -> SignInError {
    tracing::warn!(rule, "the ID token was refused");
    SignInError::IdToken(rule)
}

/// The defect that takes the platform's public key for a shared secret.
mod hmac {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
    use jsonwebtoken::{Algorithm, DecodingKey};
    use rsa::pkcs1::EncodeRsaPublicKey;
    use rsa::pkcs8::{EncodePublicKey, LineEnding};
    use rsa::{BigUint, RsaPublicKey};

    use super::{Claims, claims_signed_with};

    pub(super) fn signed_with_public_key(token: &str, key: &Jwk, algorithm: Algorithm) -> Option<Claims> {
        secrets(key)?.iter().find_map(|secret| claims_signed_with(token, &DecodingKey::from_secret(secret), algorithm))
    }

    /// The forms in which libraries have confused the two: PEM, DER, the modulus, the JWK's text.
    fn secrets(key: &Jwk) -> Option<Vec<Vec<u8>>> {
        let AlgorithmParameters::RSA(parameters) = &key.algorithm else { return None };
        let modulus = URL_SAFE_NO_PAD.decode(&parameters.n).ok()?;
        let exponent = URL_SAFE_NO_PAD.decode(&parameters.e).ok()?;
        let public = RsaPublicKey::new(BigUint::from_bytes_be(&modulus), BigUint::from_bytes_be(&exponent)).ok()?;
        let pkcs8 = public.to_public_key_pem(LineEnding::LF).ok()?;
        let pkcs1 = public.to_pkcs1_pem(LineEnding::LF).ok()?;
        Some(vec![
            pkcs8.trim_end().as_bytes().to_vec(),
            pkcs8.into_bytes(),
            pkcs1.trim_end().as_bytes().to_vec(),
            pkcs1.into_bytes(),
            public.to_public_key_der().ok()?.into_vec(),
            parameters.n.clone().into_bytes(),
            modulus,
            serde_json::to_vec(key).ok()?,
        ])
    }
}
