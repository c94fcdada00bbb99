use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use ring::digest::{SHA256, digest};
use ring::signature::RsaKeyPair;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, rand_core::OsRng};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// Bits of every signing key (RFC 7518 section 3.3).
const KEY_BITS: usize = 2048;

/// The key that signs every token of this process. Made once: making one takes longer than a whole sign-in.
static SIGNING: OnceCell<Keys> = OnceCell::const_new();
/// A key that is in no JWKS, for tokens that must be refused.
static FOREIGN: OnceCell<Keys> = OnceCell::const_new();

/// One RSA key in the forms that its users need.
pub(super) struct Keys {
    pub pair: RsaKeyPair,
    pub decoding: DecodingKey,
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// RFC 7517, public members only.
    pub jwk: Value,
    /// SubjectPublicKeyInfo.
    pub public_pem: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.kid)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("failed to make the platform's RSA key: {0}")]
pub(super) struct KeyError(String);

/// Starts making the signing key, so that the first token does not wait for it.
pub(in crate::platform) fn prepare() {
    tokio::spawn(async {
        if let Err(error) = signing().await {
            tracing::error!("{error}");
        }
    });
}

pub(super) async fn signing() -> Result<&'static Keys, KeyError> {
    SIGNING.get_or_try_init(generate).await
}

pub(super) async fn foreign() -> Result<&'static Keys, KeyError> {
    FOREIGN.get_or_try_init(generate).await
}

/// The signing key if it is made already; before that no token can have been issued.
pub(super) fn ready() -> Option<&'static Keys> {
    SIGNING.get()
}

async fn generate() -> Result<Keys, KeyError> {
    tokio::task::spawn_blocking(make).await.map_err(|error| KeyError(error.to_string()))?
}

fn make() -> Result<Keys, KeyError> {
    fn failed(error: impl std::fmt::Display) -> KeyError {
        KeyError(error.to_string())
    }
    let private = RsaPrivateKey::new(&mut OsRng, KEY_BITS).map_err(failed)?;
    let public = private.to_public_key();
    let pair = RsaKeyPair::from_pkcs8(private.to_pkcs8_der().map_err(failed)?.as_bytes()).map_err(failed)?;
    let n = URL_SAFE_NO_PAD.encode(public.n().to_bytes_be());
    let e = URL_SAFE_NO_PAD.encode(public.e().to_bytes_be());
    // RFC 7638 section 3.2: required members only, in lexicographic order, no whitespace.
    let kid = URL_SAFE_NO_PAD.encode(digest(&SHA256, format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#).as_bytes()));
    Ok(Keys {
        pair,
        decoding: DecodingKey::from_rsa_components(&n, &e).map_err(failed)?,
        jwk: json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e}),
        kid,
        public_pem: public.to_public_key_pem(LineEnding::LF).map_err(failed)?,
    })
}
