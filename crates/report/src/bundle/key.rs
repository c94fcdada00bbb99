use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use secrecy::SecretString;

use super::BundleError;

/// What stands before the 32 bytes of an Ed25519 key in its PKCS#8 and its SubjectPublicKeyInfo (RFC 8410).
const PRIVATE: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const PUBLIC: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// Signs bundles. Never shown.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    document: Vec<u8>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

impl SigningKey {
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, BundleError> {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).map_err(|_| BundleError::Key("a new one".to_owned()))?;
        Self::from_document([PRIVATE.as_slice(), &seed].concat(), "a new one")
    }

    /// A private key in PEM (PKCS#8), as `openssl genpkey -algorithm ed25519` and `collaudo key` write it; `name` is for messages.
    pub fn parse(pem: &[u8], name: &str) -> Result<Self, BundleError> {
        let document = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| BundleError::Key(name.to_owned()))?;
        Self::from_document(document.secret_pkcs8_der().to_vec(), name)
    }

    fn from_document(document: Vec<u8>, name: &str) -> Result<Self, BundleError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&document).map_err(|_| BundleError::Key(name.to_owned()))?;
        Ok(Self { pair, document })
    }

    /// The private key in PEM (PKCS#8, RFC 8410): a secret.
    pub fn pem(&self) -> SecretString {
        pem("PRIVATE KEY", &self.document).into()
    }

    /// The public half of the pair.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.pair.public_key().as_ref().to_vec())
    }

    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.pair.sign(text).as_ref().to_vec()
    }
}

/// Opens what its owner signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// A public key in PEM, as `openssl pkey -pubout` and `collaudo key` write it; `name` is for messages.
    pub fn parse(pem: &[u8], name: &str) -> Result<Self, BundleError> {
        let unfit = || BundleError::Key(name.to_owned());
        let document = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| unfit())?;
        let key = document.strip_prefix(&PUBLIC).filter(|key| key.len() == 32).ok_or_else(unfit)?;
        Ok(Self(key.to_vec()))
    }

    /// The key in PEM (SubjectPublicKeyInfo, RFC 8410).
    pub fn pem(&self) -> String {
        pem("PUBLIC KEY", &[PUBLIC.as_slice(), &self.0].concat())
    }

    /// SHA-256 of its SubjectPublicKeyInfo, in hexadecimal.
    pub fn id(&self) -> String {
        super::archive::sha256(&[PUBLIC.as_slice(), &self.0].concat())
    }

    pub(super) fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(text, signature).is_ok()
    }
}

fn pem(label: &str, document: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(document))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let key = SigningKey::generate().expect("randomness");
        let again = SigningKey::parse(key.pem().expose_secret().as_bytes(), "key.pem").expect("our own");
        assert_eq!(again.public(), key.public());
        assert_eq!(PublicKey::parse(key.public().pem().as_bytes(), "key.pub").expect("our own"), key.public());
        assert!(PublicKey::parse(key.pem().expose_secret().as_bytes(), "key.pem").is_err(), "a private key is no public one");
        assert!(!format!("{key:?}").contains(key.pem().expose_secret()));
    }

    #[test]
    fn the_key_of_rfc_8410_is_read() {
        let private =
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        let key = SigningKey::parse(private.as_bytes(), "rfc8410").expect("the RFC's");
        assert_eq!(key.public().pem(), public);
    }
}
