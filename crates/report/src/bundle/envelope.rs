use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{BundleError, PublicKey, SigningKey};

/// The payload's type of an in-toto Statement.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A DSSE envelope, version 1. More than its fields nobody signed: an envelope that has more is refused.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    /// A hint only.
    #[serde(default)]
    keyid: String,
    sig: String,
}

impl Envelope {
    pub(super) fn seal(payload: &[u8], key: &SigningKey) -> Self {
        let sig = STANDARD.encode(key.sign(&pre_authentication(PAYLOAD_TYPE, payload)));
        let signatures = vec![Signature { keyid: key.public().id(), sig }];
        Self { payload_type: PAYLOAD_TYPE.to_owned(), payload: STANDARD.encode(payload), signatures }
    }

    /// # Errors
    /// When the text is no envelope, or holds something that is no in-toto statement.
    pub fn parse(text: &[u8]) -> Result<Self, BundleError> {
        let envelope: Self = serde_json::from_slice(text).map_err(|error| BundleError::Envelope(error.to_string()))?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(BundleError::Envelope(format!("its payload is `{}`, not `{PAYLOAD_TYPE}`", envelope.payload_type)));
        }
        Ok(envelope)
    }

    /// The payload, and the first of these keys that one of the signatures is of.
    ///
    /// # Errors
    /// When none of them signed it.
    pub fn opened_by<'key>(&self, trusted: &'key [PublicKey]) -> Result<(Vec<u8>, &'key PublicKey), BundleError> {
        let payload = STANDARD.decode(&self.payload).map_err(|error| BundleError::Envelope(error.to_string()))?;
        let signed = pre_authentication(&self.payload_type, &payload);
        let signatures: Vec<Vec<u8>> = self.signatures.iter().filter_map(|signature| STANDARD.decode(&signature.sig).ok()).collect();
        match trusted.iter().find(|key| signatures.iter().any(|signature| key.signed(&signed, signature))) {
            Some(key) => Ok((payload, key)),
            None => Err(BundleError::Signature { keys: trusted.iter().map(PublicKey::id).collect() }),
        }
    }
}

/// What is signed, by DSSE's pre-authentication encoding: no reading of type and payload can be mistaken for another.
fn pre_authentication(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut encoded = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    encoded.extend_from_slice(payload);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_protocol() {
        // The example of the DSSE protocol's text.
        assert_eq!(
            pre_authentication("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn only_the_signer_s_key_opens_it() {
        let [key, other] = [SigningKey::generate().expect("randomness"), SigningKey::generate().expect("randomness")];
        let sealed = serde_json::to_vec(&Envelope::seal(b"{}", &key)).expect("JSON");
        let envelope = Envelope::parse(&sealed).expect("an envelope");
        let [own, others] = [[key.public()], [other.public()]];
        assert_eq!(envelope.opened_by(&own).expect("it is the signer's"), (b"{}".to_vec(), &own[0]));
        assert_eq!(envelope.opened_by(&[others[0].clone(), own[0].clone()]).expect("one of them is").1, &own[0]);
        assert!(matches!(envelope.opened_by(&others), Err(BundleError::Signature { .. })));
        let changed = Envelope { payload: STANDARD.encode(b"[]"), ..envelope };
        assert!(matches!(changed.opened_by(&own), Err(BundleError::Signature { .. })));
        let foreign = String::from_utf8(sealed).expect("text").replace(PAYLOAD_TYPE, "text/plain");
        assert!(matches!(Envelope::parse(foreign.as_bytes()), Err(BundleError::Envelope(_))));
    }
}
