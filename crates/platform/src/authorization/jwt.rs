use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use serde_json::{Map, Value};

use super::keys::KeyPair;

/// A token before it is signed. Written by hand and not by a library, because faults need tokens that no library makes.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
    pub signature: Signature<'a>,
}

#[derive(Debug)]
pub(super) enum Signature<'a> {
    By(&'a KeyPair),
    /// With one bit changed.
    Broken(&'a KeyPair),
    /// Of another message.
    OfAnother(&'a KeyPair),
    Rs512(&'a RsaKeyPair),
    Ps256(&'a RsaKeyPair),
    Hs256(Vec<u8>),
    Hs512(Vec<u8>),
    /// An empty one.
    None,
    /// Not even the dot before it.
    NoPart,
}

#[derive(Debug, thiserror::Error)]
#[error("failed to sign a token with the platform's key")]
pub(crate) struct SignError;

impl Draft<'_> {
    /// The compact serialization (RFC 7515 section 7.1).
    pub(super) fn sign(&self) -> Result<String, SignError> {
        let part = |members: &Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(members.clone()).to_string());
        let message = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = match &self.signature {
            Signature::By(pair) => pair.sign(message.as_bytes())?,
            Signature::Broken(pair) => {
                let mut signature = pair.sign(message.as_bytes())?;
                let middle = signature.len() / 2;
                signature[middle] ^= 1;
                signature
            }
            Signature::OfAnother(pair) => pair.sign(b"another token of the platform")?,
            Signature::Rs512(pair) => rsa(pair, &RSA_PKCS1_SHA512, message.as_bytes())?,
            Signature::Ps256(pair) => rsa(pair, &RSA_PSS_SHA256, message.as_bytes())?,
            Signature::Hs256(secret) => hmac(ring::hmac::HMAC_SHA256, secret, message.as_bytes()),
            Signature::Hs512(secret) => hmac(ring::hmac::HMAC_SHA512, secret, message.as_bytes()),
            Signature::None => Vec::new(),
            Signature::NoPart => return Ok(message),
        };
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl KeyPair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match self {
            Self::Rsa(pair) => rsa(pair, &RSA_PKCS1_SHA256, message),
            Self::Ec(pair) => Ok(pair.sign(&SystemRandom::new(), message).map_err(|_| SignError)?.as_ref().to_vec()),
        }
    }
}

fn hmac(algorithm: ring::hmac::Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    ring::hmac::sign(&ring::hmac::Key::new(algorithm, secret), message).as_ref().to_vec()
}

fn rsa(pair: &RsaKeyPair, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Result<Vec<u8>, SignError> {
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), message, &mut signature).map_err(|_| SignError)?;
    Ok(signature)
}
