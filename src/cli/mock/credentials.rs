use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use crate::platform::accounts::{Credentials, RegistrationType};

/// The client of an application that is registered at the start: the same at every start with the same seed, so that an environment
/// that was pasted once stays good.
pub(super) fn lasting(seed: u64, name: &str, r#type: RegistrationType) -> Credentials {
    let derived = |what: &str, bytes: usize| {
        let digest = ring::digest::digest(&ring::digest::SHA256, format!("collaudo {what} of {name}, seed {seed}").as_bytes());
        URL_SAFE_NO_PAD.encode(&digest.as_ref()[..bytes])
    };
    let secret = || SecretString::from(derived("secret", 32));
    Credentials { client_id: format!("gipo-{}", derived("client", 9)), client_secret: (!r#type.is_public()).then(secret) }
}
