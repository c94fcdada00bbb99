//! What one step of a scenario leaves for a later one.

use secrecy::SecretString;

use super::client::OwnClient;
use super::series::Provoked;
use super::sign_in::Outcome;
use crate::browser::Page;
use crate::domain::Exchange;

/// What earlier steps of the scenario leave for later ones.
#[derive(Default)]
pub(super) struct Memory {
    pub outcome: Option<Outcome>,
    /// First name of the person who acted last.
    pub actor: Option<String>,
    /// The feature that was opened last.
    pub feature: Option<String>,
    /// A link to an authorization response.
    pub link: Option<String>,
    /// Number of list entries that the platform holds.
    pub entries: Option<usize>,
    /// Session cookies of an earlier moment.
    pub cookies: Vec<crate::browser::Cookie>,
    /// Number of an OAuth application, and of tickets, at the portal.
    pub application: Option<u32>,
    pub ticket: Option<u32>,
    /// A refresh token that a later one replaced.
    pub used_refresh_token: Option<SecretString>,
    pub client: Option<OwnClient>,
    /// Path of the last request of the client of our own to the API, without its query.
    pub asked: Option<String>,
    /// Answers that were looked at, to be compared with their recordings, and what could not be looked at.
    pub looked: Vec<super::recorded::Looked>,
    pub unread: Vec<String>,
    /// Ids of list entries that the client of our own has read.
    pub read: Vec<String>,
    /// The windows of two sign-ins side by side.
    pub windows: Option<(Page, Page)>,
    /// What windows posted to each other at an honest sign-in, and which page the application believed besides.
    pub messages: Vec<serde_json::Value>,
    pub followed: Option<String>,
    /// What the platform saw while nobody used the application.
    pub idle: Vec<Exchange>,
    /// What was found at the port of a native application.
    pub port: Option<crate::checks::Port>,
    /// What came of each provocation while features were opened.
    pub trials: super::trials::Trials,
    /// How many requests the actor's browser had sent when the provocation began.
    pub seen: usize,
    /// Where markup of a response came to life.
    pub markup: Vec<String>,
    /// By which parameters the application names addresses of its own, beside those that many use.
    pub return_parameters: Vec<String>,
    /// The application's address that starts a login.
    pub login: Option<url::Url>,
    /// Where the browser was sent to a foreign host, and what could not be seen of it.
    pub sent_away: Vec<String>,
    pub unseen: Vec<String>,
    /// What came of each provocation of a series.
    pub series: Vec<Provoked>,
    /// What came of bad certificates, from moment to moment.
    pub met: Vec<super::transport::Met>,
    /// Whose browser of a series has seen an honest sign-in, and nobody signed in since.
    pub known_browser: Option<String>,
    /// Whether every browser of a series keeps what it is sent, and where something was shown in one.
    pub keeps_everything: bool,
    pub shown: Vec<crate::checks::Place>,
    /// What a person was shown of each write.
    pub writes: Vec<super::writing::Shown>,
    /// What is shown of a write that the platform carried out, by what a person clicks; `None` where it carried out none.
    pub honest_writes: std::collections::HashMap<String, Option<super::writing::Honest>>,
    /// The scope that was refused at the sign-in.
    pub refused_scope: Option<String>,
    /// Browsers that were signed in for a feature each, which is the first that is opened there.
    pub first_of: Vec<(String, String)>,
    /// Logout tokens that were sent, and what came of them.
    pub logout: super::backchannel_logout::Logouts,
}
