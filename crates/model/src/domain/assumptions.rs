use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// What no public text of the vendor settles (rows marked A in the contract): settings of the mock (`--assume`) and keys of a target
/// file's `[assume]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Assumptions {
    /// C-41: whether confidential clients must use PKCE too.
    pub pkce_required: bool,
    /// C-44: refresh tokens rotate, and replay of an old one revokes the family. Those of a public client always do (RFC 9700 section
    /// 4.14.2).
    pub refresh_rotation: bool,
    /// C-41 has no row for it: whether pages of registered single-page applications may call the platform and its API across origins.
    pub cors: bool,
    /// C-45: name of the access token's claim that holds the tenant's id.
    pub tenant_claim: String,
    /// C-45 names neither: whether `name` and `email` are in an ID token that comes with an access token. OpenID Connect Core
    /// section 5.4 leaves them to userinfo.
    pub user_claims_in_id_token: bool,
    /// C-45: what signs ID and access tokens.
    pub signing_algorithm: SigningAlgorithm,
    /// C-36: how long an access token is good.
    pub access_token_lifetime_seconds: u64,
    /// C-38: whether deactivating a user ends access tokens at once, or only refresh tokens, and access tokens as they expire.
    pub deactivation_ends_access_tokens: bool,
    /// C-13 has no field for addresses after a sign-out: whether redirect URIs serve as such.
    pub post_logout_to_redirect_uris: bool,
    /// C-43: how long an authorization code is good.
    pub code_lifetime_seconds: u64,
    /// C-37: how long a refresh token is good.
    pub refresh_token_lifetime_seconds: u64,
    /// C-56: entries a list page holds when the request names no limit.
    pub default_page_limit: usize,
    /// C-56: most entries a list page holds.
    pub max_page_limit: usize,
    /// C-59: every answer of the API shows additive changes that nobody announced, as the fault `api-additive` does.
    pub additive_changes: bool,
    /// C-46: how long a device code and its user code are good.
    pub device_code_lifetime_seconds: u64,
    /// C-46: least seconds between two polls of a device.
    pub device_poll_interval_seconds: u64,
    /// C-46: whether the device authorization response tells the interval. 5 seconds hold for a client that is not told.
    pub device_poll_interval_told: bool,
    /// C-46: wrong user codes after which a browser session may try no more.
    pub device_user_code_tries: u32,
    /// C-58: requests of one client that the window holds; 0 sets no limit.
    pub rate_limit: u32,
    /// C-58: length of the window, in seconds.
    pub rate_limit_window_seconds: u64,
    /// C-63: the oldest version that the platform speaks over TLS.
    #[schemars(schema_with = "tls_versions")]
    pub tls_minimum: TlsVersion,
}

/// A version of TLS that is not deprecated (RFC 8996).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3 (RFC 8446).
    #[serde(rename = "1.3")]
    V1_3,
}

/// A signature algorithm of RFC 7518 section 3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
    #[default]
    Rs256,
    /// ECDSA with P-256 and SHA-256 (RFC 7518 section 3.4).
    Es256,
}

impl SigningAlgorithm {
    /// The value of the `alg` header parameter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            pkce_required: false,
            refresh_rotation: true,
            cors: true,
            tenant_claim: "tenant_id".to_owned(),
            user_claims_in_id_token: false,
            signing_algorithm: SigningAlgorithm::default(),
            access_token_lifetime_seconds: 3600,
            deactivation_ends_access_tokens: true,
            post_logout_to_redirect_uris: false,
            code_lifetime_seconds: 60,
            refresh_token_lifetime_seconds: 30 * 24 * 3600,
            default_page_limit: 50,
            max_page_limit: 200,
            additive_changes: false,
            device_code_lifetime_seconds: 300,
            device_poll_interval_seconds: 5,
            device_poll_interval_told: true,
            device_user_code_tries: 5,
            rate_limit: 6000,
            rate_limit_window_seconds: 60,
            tls_minimum: TlsVersion::default(),
        }
    }
}

/// `tls_minimum = 1.3` means what `tls_minimum = "1.3"` means.
impl<'de> Deserialize<'de> for TlsVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

fn tls_versions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["1.2", "1.3", 1.2, 1.3] })
}

struct Written;

impl Visitor<'_> for Written {
    type Value = TlsVersion;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`1.2` or `1.3`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TlsVersion, E> {
        match text {
            "1.2" => Ok(TlsVersion::V1_2),
            "1.3" => Ok(TlsVersion::V1_3),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<TlsVersion, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_text_or_a_number_and_another_one_is_told_with_those_that_may_be() {
        let read = |text: &str| toml::from_str::<Assumptions>(text).map(|assumptions| assumptions.tls_minimum);
        for text in ["tls_minimum = 1.3", "tls_minimum = \"1.3\""] {
            assert_eq!(read(text).expect("a version"), TlsVersion::V1_3);
        }
        for (text, written) in [("tls_minimum = 1.1", "1.1"), ("tls_minimum = \"SSL\"", "SSL"), ("tls_minimum = true", "true")] {
            let told = read(text).expect_err("no such version").to_string();
            assert!(told.contains(written) && told.contains("`1.2` or `1.3`"), "{told}");
        }
    }
}
