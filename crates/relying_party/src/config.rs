use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::{Defect, Habit};
use crate::domain::ClientAuth;

/// What the application is told about its surroundings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The platform's issuer; everything else about it comes from discovery (C-40).
    pub issuer: Url,
    /// Base of the resource API, without `v2/`.
    pub api: Url,
    /// Its client identifier.
    pub client_id: String,
    /// None makes it a public client.
    pub client_secret: Option<SecretString>,
    /// How it says who it is at the platform's endpoints.
    pub client_auth: ClientAuth,
    /// Further parameters of its authorization requests.
    pub extra: BTreeMap<String, String>,
    /// The scopes that it asks for.
    pub scopes: Vec<String>,
    /// Ids of the tenants whose users it may serve (C-51). Empty: nobody is served.
    pub tenants: Vec<String>,
    /// Where browsers reach the application; differs from the listener's address behind a proxy.
    pub base_url: Url,
    /// Certificates to trust besides the system's.
    pub extra_ca_pem: Option<String>,
    /// Whether it signs in in a popup or in the same window.
    pub window: Window,
    /// Whether a sign-out here is one at the platform too.
    pub ends_platform_session: bool,
    /// How often the lists of those who are signed in are read in the background; `None`: never.
    pub background: Option<Duration>,
    /// A second platform, that people may sign in at as well.
    pub other: Option<OtherPlatform>,
    /// The rule that it breaks.
    pub defect: Option<Defect>,
    /// What it does in an unusual way.
    pub habit: Option<Habit>,
}

/// What is known of a platform beside the first.
#[derive(Clone, Debug)]
pub struct OtherPlatform {
    /// The platform's issuer.
    pub issuer: Url,
    /// Where the API is.
    pub api: Url,
    /// The client identifier there.
    pub client_id: String,
    /// The client secret, of a client that has one.
    pub client_secret: Option<SecretString>,
}

/// Where the platform's login appears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// In a window of its own, over the application.
    #[default]
    Popup,
    /// In place of the application.
    Same,
}

impl Config {
    /// Where the platform sends the browser back to.
    pub fn redirect_uri(&self) -> String {
        under(&self.base_url, "callback")
    }

    /// Where the platform sends the browser after a sign-out.
    pub fn post_logout_redirect_uri(&self) -> String {
        under(&self.base_url, "signed-out")
    }

    /// Whether browsers speak TLS with the application: then its cookie is `Secure` and has the `__Host-` prefix.
    pub(super) fn is_https(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    pub(super) fn asks_for(&self, scope: &str) -> bool {
        self.scopes.iter().any(|asked| asked == scope)
    }

    pub(super) fn does(&self, habit: Habit) -> bool {
        self.habit == Some(habit)
    }

    /// Whether it knows, after a sign-out, who was signed in in a browser: only defects make use of that.
    pub(super) fn knows_its_users(&self) -> bool {
        let of_known = [
            Defect::TrustsKnownBrowsers,
            Defect::OpensLaterCookies,
            Defect::KeepsLaterSessionIds,
            Defect::KnownUserInState,
            Defect::AsksLessOfKnownBrowsers,
            Defect::AsksMoreOfKnownBrowsers,
            Defect::OmitsRedirectUriInKnownBrowsers,
        ];
        of_known.into_iter().any(|defect| self.has(defect))
    }

    pub(super) fn has(&self, defect: Defect) -> bool {
        defect.is(self.defect)
    }
}

/// A path under a base URL, whether or not the base ends with a slash.
pub(super) fn under(base: &Url, path: &str) -> String {
    format!("{}/{path}", base.as_str().trim_end_matches('/'))
}
