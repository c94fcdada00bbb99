use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, rand_core::OsRng};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::platform::SigningAlgorithm;

/// Bits of every RSA key (RFC 7518 section 3.3).
const KEY_BITS: usize = 2048;

/// The keys that sign every token of this process. Made once: making one takes longer than a whole sign-in.
static SIGNING: [OnceCell<Keys>; 2] = [OnceCell::const_new(), OnceCell::const_new()];
/// Keys that are in no JWKS, for tokens that must be refused.
static FOREIGN: [OnceCell<Keys>; 2] = [OnceCell::const_new(), OnceCell::const_new()];

/// The keys that the platform changes to while [`super::fault::ID_TOKEN_NEW_KEY`] is armed.
static NEW: [OnceCell<Keys>; 2] = [OnceCell::const_new(), OnceCell::const_new()];

/// One private key, able to sign.
#[derive(Debug)]
pub(super) enum KeyPair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

/// One key in the forms that its users need.
pub(super) struct Keys {
    pub algorithm: SigningAlgorithm,
    pub pair: KeyPair,
    pub decoding: DecodingKey,
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// RFC 7517, public members only.
    pub jwk: Value,
    /// SubjectPublicKeyInfo.
    pub public_pem: String,
    /// Self-signed, DER, of which nobody knows the issuer.
    pub certificate: Vec<u8>,
}

impl Keys {
    /// The algorithm in the library's words.
    pub fn library_algorithm(&self) -> Algorithm {
        match self.algorithm {
            SigningAlgorithm::Rs256 => Algorithm::RS256,
            SigningAlgorithm::Es256 => Algorithm::ES256,
        }
    }
}

impl Keys {
    /// RFC 7468 section 5.
    pub fn certificate_pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate);
        let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.kid)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("failed to make the platform's signing key: {0}")]
pub(in crate::platform) struct KeyError(String);

fn failed(error: impl std::fmt::Display) -> KeyError {
    KeyError(error.to_string())
}

/// Starts making the signing key, so that the first token does not wait for it.
pub(in crate::platform) fn prepare(algorithm: SigningAlgorithm) {
    tokio::spawn(async move {
        if let Err(error) = signing(algorithm).await {
            tracing::error!("{error}");
        }
    });
}

pub(super) async fn signing(algorithm: SigningAlgorithm) -> Result<&'static Keys, KeyError> {
    SIGNING[algorithm as usize].get_or_try_init(|| generate(algorithm)).await
}

pub(super) async fn foreign(algorithm: SigningAlgorithm) -> Result<&'static Keys, KeyError> {
    FOREIGN[algorithm as usize].get_or_try_init(|| generate(algorithm)).await
}

pub(super) async fn new(algorithm: SigningAlgorithm) -> Result<&'static Keys, KeyError> {
    NEW[algorithm as usize].get_or_try_init(|| generate(algorithm)).await
}

/// The signing key if it is made already; before that no token can have been issued.
pub(super) fn ready(algorithm: SigningAlgorithm) -> Option<&'static Keys> {
    SIGNING[algorithm as usize].get()
}

async fn generate(algorithm: SigningAlgorithm) -> Result<Keys, KeyError> {
    let make = match algorithm {
        SigningAlgorithm::Rs256 => make_rsa,
        SigningAlgorithm::Es256 => make_ec,
    };
    tokio::task::spawn_blocking(make).await.map_err(failed)?
}

fn make_rsa() -> Result<Keys, KeyError> {
    let private = RsaPrivateKey::new(&mut OsRng, KEY_BITS).map_err(failed)?;
    let public = private.to_public_key();
    let der = private.to_pkcs8_der().map_err(failed)?;
    let pair = RsaKeyPair::from_pkcs8(der.as_bytes()).map_err(failed)?;
    let made = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der.as_bytes().into(), &rcgen::PKCS_RSA_SHA256).map_err(failed)?;
    let n = URL_SAFE_NO_PAD.encode(public.n().to_bytes_be());
    let e = URL_SAFE_NO_PAD.encode(public.e().to_bytes_be());
    let kid = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
    Ok(Keys {
        algorithm: SigningAlgorithm::Rs256,
        pair: KeyPair::Rsa(pair),
        decoding: DecodingKey::from_rsa_components(&n, &e).map_err(failed)?,
        jwk: json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e}),
        kid,
        public_pem: public.to_public_key_pem(LineEnding::LF).map_err(failed)?,
        certificate: certificate(&made)?,
    })
}

fn make_ec() -> Result<Keys, KeyError> {
    let made = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &made.serialize_der(), &SystemRandom::new()).map_err(failed)?;
    // An uncompressed point: a byte 4, then both coordinates (SEC 1 section 2.3.3).
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let kid = thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
    Ok(Keys {
        algorithm: SigningAlgorithm::Es256,
        pair: KeyPair::Ec(pair),
        decoding: DecodingKey::from_ec_components(&x, &y).map_err(failed)?,
        jwk: json!({"kty": "EC", "use": "sig", "alg": "ES256", "kid": kid, "crv": "P-256", "x": x, "y": y}),
        kid,
        public_pem: made.public_key_pem(),
        certificate: certificate(&made)?,
    })
}

fn certificate(pair: &rcgen::KeyPair) -> Result<Vec<u8>, KeyError> {
    let parameters = rcgen::CertificateParams::new(vec!["account.gipo.it".to_owned()]).map_err(failed)?;
    Ok(parameters.self_signed(pair).map_err(failed)?.der().to_vec())
}

/// RFC 7638 section 3.2, of the required members in lexicographic order, without whitespace.
fn thumbprint(members: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
}
