use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, rand_core::OsRng};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{Shared, SigningAlgorithm};

/// Bits of every RSA key (RFC 7518 section 3.3).
const KEY_BITS: usize = 2048;

/// The keys that sign every token of this process. Made once: making one takes longer than a whole sign-in.
static SIGNING: [OnceCell<Keys>; 2] = [OnceCell::const_new(), OnceCell::const_new()];
/// Keys that are in no JWKS, for tokens that must be refused.
static FOREIGN: [OnceCell<Keys>; 2] = [OnceCell::const_new(), OnceCell::const_new()];

/// The keys that the platform changes to while [`super::fault::ID_TOKEN_NEW_KEY`] is armed.
static NEW: [OnceCell<Keys>; 2] = [OnceCell::const_new(), OnceCell::const_new()];

/// Those that it changes to after that, while [`super::fault::ID_TOKEN_NEWER_KEY`] is armed.
static NEWER: [OnceCell<Keys>; 2] = [OnceCell::const_new(), OnceCell::const_new()];

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
    pub(super) fn library_algorithm(&self) -> Algorithm {
        match self.algorithm {
            SigningAlgorithm::Rs256 => Algorithm::RS256,
            SigningAlgorithm::Es256 => Algorithm::ES256,
        }
    }
}

impl Keys {
    /// The number that is the public key: the modulus, or the point's x. Its text in the JWK, and its bytes.
    pub(super) fn encoded_modulus(&self) -> String {
        self.jwk["n"].as_str().or(self.jwk["x"].as_str()).unwrap_or_default().to_owned()
    }

    pub(super) fn modulus(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(self.encoded_modulus()).unwrap_or_default()
    }

    /// SubjectPublicKeyInfo, as bytes.
    pub(super) fn public_der(&self) -> Vec<u8> {
        let lines: String = self.public_pem.lines().filter(|line| !line.starts_with("-----")).collect();
        STANDARD.decode(lines).unwrap_or_default()
    }

    /// RFC 7468 section 5.
    pub(super) fn certificate_pem(&self) -> String {
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
pub(crate) struct KeyError(String);

fn failed(error: impl std::fmt::Display) -> KeyError {
    KeyError(error.to_string())
}

/// A signing key of one platform's own, where it must outlive the process or be no other platform's.
#[derive(Debug)]
pub(crate) struct OwnKey(Keys);

impl OwnKey {
    /// A new one, with the text to keep it by: PKCS #8 as base64.
    pub(crate) async fn make(algorithm: SigningAlgorithm) -> Result<(Self, SecretString), KeyError> {
        let der = tokio::task::spawn_blocking(move || pkcs8(algorithm)).await.map_err(failed)??;
        Ok((Self(keys_of(algorithm, &der)?), SecretString::from(STANDARD.encode(&der))))
    }

    pub(crate) fn parse(algorithm: SigningAlgorithm, kept: &SecretString) -> Result<Self, KeyError> {
        let der = STANDARD.decode(kept.expose_secret()).map_err(failed)?;
        Ok(Self(keys_of(algorithm, &der)?))
    }
}

/// Starts making the signing key, so that the first token does not wait for it.
pub(crate) fn prepare(algorithm: SigningAlgorithm) {
    tokio::spawn(async move {
        if let Err(error) = of_the_process(algorithm).await {
            tracing::error!("{error}");
        }
    });
}

/// The key that signs this platform's tokens.
pub(super) async fn signing(shared: &Shared) -> Result<&Keys, KeyError> {
    match &shared.own_key {
        Some(OwnKey(keys)) => Ok(keys),
        None => of_the_process(shared.settings.assumptions.signing_algorithm).await,
    }
}

async fn of_the_process(algorithm: SigningAlgorithm) -> Result<&'static Keys, KeyError> {
    SIGNING[algorithm as usize].get_or_try_init(|| generate(algorithm)).await
}

pub(super) async fn foreign(algorithm: SigningAlgorithm) -> Result<&'static Keys, KeyError> {
    FOREIGN[algorithm as usize].get_or_try_init(|| generate(algorithm)).await
}

pub(super) async fn new(algorithm: SigningAlgorithm) -> Result<&'static Keys, KeyError> {
    NEW[algorithm as usize].get_or_try_init(|| generate(algorithm)).await
}

pub(super) async fn newer(algorithm: SigningAlgorithm) -> Result<&'static Keys, KeyError> {
    NEWER[algorithm as usize].get_or_try_init(|| generate(algorithm)).await
}

/// The signing key if it is made already; before that no token can have been issued.
pub(super) fn ready(shared: &Shared) -> Option<&Keys> {
    match &shared.own_key {
        Some(OwnKey(keys)) => Some(keys),
        None => SIGNING[shared.settings.assumptions.signing_algorithm as usize].get(),
    }
}

async fn generate(algorithm: SigningAlgorithm) -> Result<Keys, KeyError> {
    tokio::task::spawn_blocking(move || keys_of(algorithm, &pkcs8(algorithm)?)).await.map_err(failed)?
}

/// A new private key.
fn pkcs8(algorithm: SigningAlgorithm) -> Result<Vec<u8>, KeyError> {
    match algorithm {
        SigningAlgorithm::Rs256 => {
            let private = RsaPrivateKey::new(&mut OsRng, KEY_BITS).map_err(failed)?;
            Ok(private.to_pkcs8_der().map_err(failed)?.as_bytes().to_vec())
        }
        SigningAlgorithm::Es256 => Ok(rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(failed)?.serialize_der()),
    }
}

fn keys_of(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Keys, KeyError> {
    match algorithm {
        SigningAlgorithm::Rs256 => rsa_keys(pkcs8),
        SigningAlgorithm::Es256 => ec_keys(pkcs8),
    }
}

fn rsa_keys(der: &[u8]) -> Result<Keys, KeyError> {
    let public = RsaPrivateKey::from_pkcs8_der(der).map_err(failed)?.to_public_key();
    let pair = RsaKeyPair::from_pkcs8(der).map_err(failed)?;
    let made = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der.into(), &rcgen::PKCS_RSA_SHA256).map_err(failed)?;
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

fn ec_keys(der: &[u8]) -> Result<Keys, KeyError> {
    let made = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der.into(), &rcgen::PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new()).map_err(failed)?;
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
