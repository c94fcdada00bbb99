use ring::digest::{SHA256, digest};

use super::Settings;
use crate::domain::Endpoint;

/// Where the endpoints are that clients find by discovery (C-40).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointPaths {
    pub authorization: String,
    pub token: String,
    pub userinfo: String,
    pub revocation: String,
    pub introspection: String,
    pub device_authorization: String,
    pub end_session: String,
    pub jwks: String,
}

impl Default for EndpointPaths {
    /// The paths of C-40: a guess, which no client may rely on.
    fn default() -> Self {
        Self {
            authorization: "/connect/authorize".to_owned(),
            token: "/connect/token".to_owned(),
            userinfo: "/connect/userinfo".to_owned(),
            revocation: "/connect/revocation".to_owned(),
            introspection: "/connect/introspect".to_owned(),
            device_authorization: "/connect/deviceauthorization".to_owned(),
            end_session: "/connect/endsession".to_owned(),
            jwks: "/.well-known/openid-configuration/jwks".to_owned(),
        }
    }
}

impl EndpointPaths {
    /// Paths that nobody knows who does not read the discovery document, the same for the same seed.
    pub fn moved(seed: u64) -> Self {
        let digest = digest(&SHA256, format!("endpoints {seed}").as_bytes());
        let folder: String = digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let at = |name: &str| format!("/at-{folder}/{name}");
        Self {
            authorization: at("ask"),
            token: at("exchange"),
            userinfo: at("who"),
            revocation: at("give-back"),
            introspection: at("look-into"),
            device_authorization: at("ask-for-a-device"),
            end_session: at("leave"),
            jwks: at("public-keys"),
        }
    }

    /// What a request to this path asks of.
    pub(super) fn endpoint(&self, path: &str) -> Option<Endpoint> {
        let known = [
            (&self.authorization, Endpoint::Authorization),
            (&self.token, Endpoint::Token),
            (&self.userinfo, Endpoint::Userinfo),
            (&self.revocation, Endpoint::Revocation),
            (&self.introspection, Endpoint::Introspection),
            (&self.device_authorization, Endpoint::DeviceAuthorization),
            (&self.end_session, Endpoint::EndSession),
            (&self.jwks, Endpoint::Jwks),
        ];
        known.into_iter().find_map(|(own, endpoint)| (own == path).then_some(endpoint))
    }
}

impl Settings {
    /// The same platform with its endpoints elsewhere.
    pub fn with_moved_endpoints(self, seed: u64) -> Self {
        Self { paths: EndpointPaths::moved(seed), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_moves_every_endpoint_and_the_same_one_to_the_same_place() {
        let (usual, moved) = (EndpointPaths::default(), EndpointPaths::moved(7));
        assert_eq!(moved, EndpointPaths::moved(7));
        assert_ne!(moved, EndpointPaths::moved(8));
        assert_eq!(usual.endpoint("/connect/token"), Some(Endpoint::Token));
        assert_eq!((moved.endpoint("/connect/token"), moved.endpoint(&moved.token)), (None, Some(Endpoint::Token)));
        assert_eq!((moved.endpoint(&usual.jwks), moved.endpoint(&moved.jwks)), (None, Some(Endpoint::Jwks)));
    }
}
