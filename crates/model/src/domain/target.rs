use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::platform_pages::WrittenSignIn;
use super::{Assumptions, ConsentSelectors, PlatformPages, SignIn};

/// A target file: a platform that is not the embedded mock. Secrets and passwords are named by environment variable, never written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// What people call the platform; a report names it so.
    pub name: String,
    /// The issuer identifier that clients are configured with.
    #[schemars(with = "Url")]
    pub issuer: Issuer,
    /// Base of the API's `/v2/…` paths. A platform without one claims the standards only: what is GipoNext's own is not applicable.
    pub api: Option<Url>,
    /// The account portal; without it the accreditation journey is not applicable.
    pub portal: Option<Url>,
    /// PEM file of a private CA that the platform's certificate is issued by, relative to the target file.
    pub extra_ca: Option<PathBuf>,
    /// Addresses to reach host names at, such as `"account.gipo.it" = "127.0.0.1"`.
    #[serde(default)]
    pub hosts: BTreeMap<String, std::net::IpAddr>,
    /// Whether the suite itself must write nothing: neither at the API nor at the portal, nor by an action of the application that does.
    #[serde(default)]
    pub read_only: bool,
    /// Whether a relay stands between the platform and an application that the suite starts.
    #[serde(default)]
    pub relay: bool,
    /// The registration that sign-ins are made with.
    pub client: TargetClient,
    /// A further registration, for scenarios in which one client holds what another one was given.
    pub other_client: Option<TargetClient>,
    /// What an authorization request has to carry beside the standard's parameters.
    #[serde(default)]
    pub authorize: Authorize,
    /// How a person signs in, where the sign-in page is not GipoNext's.
    #[schemars(with = "Option<WrittenSignIn>")]
    pub sign_in: Option<SignIn>,
    /// The consent page, where it is not GipoNext's.
    pub consent: Option<ConsentSelectors>,
    /// End-users by first name in lower case: `ada`, `bruno`.
    #[serde(default)]
    pub users: BTreeMap<String, TargetUser>,
    /// What holds there of the contract's assumptions (rows marked A): the same keys as the mock's.
    #[serde(default)]
    pub assume: Assumptions,
}

impl TargetFile {
    /// How people go through the platform's pages; `None` where these are GipoNext's.
    pub fn pages(&self) -> Option<PlatformPages> {
        if self.sign_in.is_none() && self.consent.is_none() {
            return None;
        }
        let of_table = self.sign_in.as_ref().and_then(|sign_in| sign_in.allow.clone());
        let consent = self.consent.clone().or(of_table.map(|allow| ConsentSelectors { allow, cancel: None, scopes: None }));
        Some(PlatformPages { sign_in: self.sign_in.as_ref().map(|sign_in| sign_in.steps.clone()), consent })
    }
}

/// The application's registration at the target.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetClient {
    /// The client id that the platform gave out.
    pub client_id: String,
    /// Environment variable that holds the client secret; a public client has none.
    pub secret_env: Option<String>,
    /// How the client says who it is at the token, revocation and introspection endpoints.
    #[serde(default)]
    pub auth: ClientAuth,
    /// A redirect URI of the registration on this machine. The suite, or the bundled application, listens at its port, which must be free.
    pub redirect_uri: Url,
    /// What the platform suite asks for; by default the application's scopes.
    pub scopes: Option<Vec<String>>,
}

/// How a client with a secret says who it is (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// In the Authorization header: `client_secret_basic`.
    #[default]
    Basic,
    /// In the form: `client_secret_post`.
    Post,
}

/// `[authorize]`: what the platform wants in an authorization request beside the standard's parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authorize {
    /// Further parameters of every request, such as `audience = "api"`.
    #[serde(default)]
    pub extra: BTreeMap<String, String>,
}

/// `[users.NAME]`: an end-user who exists at the target.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetUser {
    /// What the user types into the sign-in page's first field.
    pub email: String,
    /// Environment variable that holds the password.
    pub password_env: String,
    /// Environment variable that holds the fixed one-time code that the user types after the password.
    pub code_env: Option<String>,
    /// How the platform names the user in full; by default any signed-in marker counts.
    pub name: Option<String>,
    /// The tenant's id; empty where the platform has no API.
    #[serde(default)]
    pub tenant: String,
}

impl TargetUser {
    /// What may be wrong where the platform turns the user away, for a person.
    pub fn secrets_to_look_at(&self) -> String {
        let code = self.code_env.as_ref().map(|code| format!(" and the code in {code}")).unwrap_or_default();
        format!("the password in {}{code}", self.password_env)
    }
}

/// An issuer as it is written: clients compare it byte for byte, a slash at its end included (OpenID Connect Discovery section 4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// The issuer, byte for byte as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let is_one = |url: &Url| matches!(url.scheme(), "https" | "http") && url.query().is_none() && url.fragment().is_none();
        match Url::parse(&written) {
            Ok(url) if is_one(&url) => Ok(Self(written)),
            _ => Err(serde::de::Error::custom(format!("`{written}` is no issuer: write an https address without a query or fragment"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(more: &str) -> Result<TargetFile, toml::de::Error> {
        let client = "[client]\nclient_id = \"c\"\nredirect_uri = \"http://127.0.0.1:1/callback\"\n";
        toml::from_str(&format!("name = \"x\"\n{more}\n{client}"))
    }

    #[test]
    fn an_issuer_keeps_the_slash_that_it_has_or_has_not() {
        for written in ["https://x.example", "https://x.example/", "https://x.example/tenant/"] {
            assert_eq!(read(&format!("issuer = \"{written}\"")).expect("a target").issuer.as_str(), written);
        }
        for written in ["x.example", "ftp://x.example", "https://x.example?a=b"] {
            let told = read(&format!("issuer = \"{written}\"")).expect_err("no issuer").to_string();
            assert!(told.contains(&format!("`{written}` is no issuer")), "{told}");
        }
    }

    #[test]
    fn every_assumption_of_the_mock_is_a_key_and_a_misspelt_one_is_named() {
        let sound = "issuer = \"https://x.example\"\nassume = { max_page_limit = 20, tls_minimum = 1.3, signing_algorithm = \"ES256\" }";
        assert_eq!(read(sound).expect("a target").assume.max_page_limit, 20);
        let misspelt = read(&sound.replace("max_page_limit", "page_limit_max")).expect_err("no such key").to_string();
        assert!(misspelt.contains("unknown field `page_limit_max`") && misspelt.contains("`max_page_limit`"), "{misspelt}");
    }
}
