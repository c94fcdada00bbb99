use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use url::Url;

use super::{Application, ApplicationType, Dialogs, Dossier, Patience, Waiver};

/// `collaudo.toml`: the application under test and the attested facts of its accreditation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The application under test.
    pub app: App,
    /// Where host names of the application lead, such as `"portale.example" = "127.0.0.1"`; a target's file has its own.
    #[serde(default)]
    pub hosts: BTreeMap<String, IpAddr>,
    /// What people attest; empty where the profile has no `[dossier]`.
    #[serde(default)]
    pub dossier: Dossier,
    /// Requirements that do not hold for now, and who answers for them.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
}

/// `[app]`: the application, its registration and how it is used.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// What people call it, and what a report calls it.
    pub name: String,
    /// Which build of it is judged, as reports and bundles name it.
    pub version: Option<String>,
    /// Whom a reader of the report asks.
    pub contact: Option<String>,
    /// What kind of client it is: `web`, `spa`, `native` or `device`.
    pub r#type: ApplicationType,
    /// The page with the login button; a program (`native`, `device`) has none.
    pub url: Option<Url>,
    /// File, beside the profile, with the authority of its certificate where that is none that everybody knows, or the certificate itself.
    pub ca: Option<std::path::PathBuf>,
    /// Program and arguments; the harness starts and stops it. Without it or `image` the application must be running already.
    pub command: Option<Vec<String>>,
    /// Image of a container, instead of a command; the harness runs it on the host's network and removes it.
    pub image: Option<String>,
    /// Path that answers 200 when the started application is ready, or a whole address, where a proxy has the one of `url`.
    pub ready: Option<String>,
    /// What it does with the API, in words of its own; each has an action in `actions`, or is not judged.
    #[serde(default)]
    pub features: Vec<String>,
    /// The scopes that it may ask for, and is registered with.
    pub scopes: Vec<String>,
    /// A device has none.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a sign-out at the platform may send the browser on to.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it takes back-channel logout tokens: a path of its page's host, or an address (LO-04).
    pub backchannel_logout: Option<String>,
    /// Which of the run's medical centres it may serve: `authorised`, or ids.
    #[serde(default = "authorised")]
    pub tenants: Vec<String>,
    /// What the started application is told; `{issuer}`, `{api}`, `{client_id}`, `{client_secret}`, `{tenants}`, `{poll_seconds}`,
    /// `{ca_file}`, `{port}` and `{redirect_uri}` are filled in; the last two in `command` too.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The registration of an application that is running already, and the port where it expects the platform.
    pub client: Option<StaticClient>,
    /// How a web application is used; empty for a program.
    #[serde(default)]
    pub login: Login,
    /// How to read what a program writes.
    pub console: Option<Console>,
    /// How long it is waited for.
    #[serde(default)]
    pub patience: Patience,
    /// What a person answers to its dialogs.
    #[serde(default)]
    pub dialogs: Dialogs,
    /// What a signed-in user can do that calls the API, by feature.
    #[serde(default)]
    pub actions: BTreeMap<String, Action>,
}

fn authorised() -> Vec<String> {
    vec!["authorised".to_owned()]
}

/// `[app.client]`: the registration that an application which is running already was configured with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaticClient {
    /// The client id that the application sends.
    pub client_id: String,
    /// Environment variable that holds the client secret; a public client has none.
    pub secret_env: Option<String>,
    /// Port on which the application expects the mock platform (`http://localhost:PORT`, or at `platform_host`).
    pub platform_port: u16,
    /// Host at which it expects it: `localhost`, or `127.0.0.1` for an application that is itself on `localhost`, so that the two
    /// are different sites.
    pub platform_host: Option<String>,
}

/// `[app.login]`: how a person signs in and out, and what the application shows then.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// CSS selector of what a person clicks.
    pub trigger: String,
    /// Where the authorization request opens.
    #[serde(default)]
    pub window: Window,
    /// CSS selector that is present, and names the user, when someone is signed in; learned from honest sign-ins where it is not written.
    pub signed_in: Option<String>,
    /// CSS selector of what a refused sign-in shows; learned from a refusal where it is not written.
    pub error: Option<String>,
    /// CSS selector of what a person clicks to sign in at a second platform, where the application knows one
    /// (`{other_issuer}`, `{other_api}`, `{other_client_id}`, `{other_client_secret}` in `env`).
    pub other_trigger: Option<String>,
    /// What a person clicks, one after the other, before the trigger is there for them: a banner, a menu, a way to sign in.
    #[serde(default)]
    pub before: Vec<String>,
    /// What signs the user out.
    #[schemars(with = "Option<WrittenControl>")]
    pub logout: Option<Control>,
    /// Whether a sign-out ends the session at the platform too, by `end_session_endpoint` (LO-06).
    #[serde(default)]
    pub ends_platform_session: bool,
}

/// What a person clicks: a CSS selector, or a table with it and what they click before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// CSS selector of what they click last.
    pub trigger: String,
    /// CSS selectors of what they click before it, one after the other.
    pub before: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Steps {
    /// CSS selector of what they click last.
    trigger: String,
    /// CSS selectors of what they click before it, one after the other.
    #[serde(default)]
    before: Vec<String>,
}

/// A CSS selector, or a table.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is the schema of what is read by hand")]
enum WrittenControl {
    Trigger(String),
    Steps(Steps),
}

/// By hand, for an error that names a misspelt key.
impl<'de> Deserialize<'de> for Control {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Control;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CSS selector, or a table with `trigger` and `before`")
    }

    fn visit_str<E>(self, trigger: &str) -> Result<Control, E> {
        Ok(Control { trigger: trigger.to_owned(), before: Vec::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Control, A::Error> {
        let Steps { trigger, before } = Steps::deserialize(MapAccessDeserializer::new(members))?;
        Ok(Control { trigger, before })
    }
}

/// What a native or device program writes to its output. The address to open and the code to type need no pattern: the suite knows
/// what the platform gave out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Regular expression of the words that say who is signed in; what they are followed by on the line names the user.
    pub signed_in: String,
    /// Regular expression of the words that say that a sign-in failed; without it, an end without `signed_in` says so.
    pub refused: Option<String>,
}

/// Where the authorization request opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// In a window that the application opens.
    #[default]
    Popup,
    /// In the window that shows the application.
    Same,
}

/// `[app.actions.NAME]`: how a feature is used, and what it shows then.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Path to open; a program has none.
    #[serde(default)]
    pub open: String,
    /// What a program's command is followed by when it is to do this; without it a run does it by itself after the sign-in.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// What a person clicks, one after the other, on the opened page before the entries are there.
    #[serde(default)]
    pub before: Vec<String>,
    /// CSS selector with one element per entry shown; of a program a regular expression that matches one line of output per entry.
    pub shows: String,
    /// CSS selector of what a person clicks to see more of the list: another page, or more of this one. Without it `rel=next` and the usual
    /// words are looked for.
    pub next: Option<String>,
    /// The scope that it needs.
    pub scope: String,
    /// CSS selector of what writes to the API when a person clicks it on the opened page.
    pub submit: Option<String>,
    /// CSS selector of what makes a new resource at the API, such as a booking, when a person clicks it on the opened page.
    pub books: Option<String>,
}

impl App {
    /// The action that needs a scope, whatever it is called; its name decides only between several.
    pub fn action_with(&self, scope: &str, usual_name: &str) -> Option<(&String, &Action)> {
        let of_it = || self.actions.iter().filter(|(_, action)| action.scope == scope);
        of_it().find(|(name, _)| same_name(name, usual_name)).or_else(|| of_it().next())
    }

    /// Scopes of what it does: of its actions, and of all that its profile declares where a feature has no action to say what it is.
    pub fn feature_scopes(&self) -> impl Iterator<Item = &String> {
        let unsaid = self.actions.is_empty() || self.features_without_action().next().is_some();
        let declared = self.scopes.iter().filter(move |_| unsaid);
        self.actions.values().map(|action| &action.scope).chain(declared)
    }

    /// Declared features that nothing says how to use: no scenario judges them. A program is judged by what it does by itself.
    pub fn features_without_action(&self) -> impl Iterator<Item = &String> {
        let has_action = |feature: &str| self.actions.keys().any(|name| same_name(name, feature));
        self.features.iter().filter(move |feature| self.r#type.has_pages() && !has_action(feature))
    }
}

/// Whether two names are the same but for case and the signs between words.
fn same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.replace([' ', '-', '_'], "").to_lowercase();
    plain(one) == plain(other)
}

impl Login {
    /// What is there for somebody who may sign in: the trigger, or what is clicked before it.
    pub fn entrance(&self) -> Vec<&str> {
        std::iter::once(&self.trigger).chain(&self.before).map(String::as_str).collect()
    }
}

impl Profile {
    /// What a report says of the application.
    pub fn application(&self, bundled: bool, defect: Option<&str>) -> Application {
        let app = &self.app;
        let environments = self.dossier.environments.iter().map(|environment| &environment.client_id);
        Application {
            name: app.name.clone(),
            version: app.version.clone(),
            contact: app.contact.clone(),
            tester: self.dossier.tester.clone(),
            r#type: app.r#type,
            url: app.url.as_ref().filter(|_| !bundled).map(Url::to_string),
            features: app.features.clone(),
            scopes: app.scopes.clone(),
            redirect_uris: if bundled { Vec::new() } else { app.redirect_uris.clone() },
            tenants: app.tenants.clone(),
            client_ids: app.client.iter().map(|client| &client.client_id).chain(environments).cloned().collect(),
            bundled,
            defect: defect.map(str::to_owned),
            learned: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(features: &str, actions: &[(&str, &str)]) -> App {
        let head = format!("name = \"x\"\ntype = \"web\"\nfeatures = {features}\nscopes = [\"openid\", \"giponext.medicalreports\"]\n");
        let actions = actions.iter().map(|(name, scope)| format!("[actions.{name}]\nopen = \"/\"\nshows = \"li\"\nscope = \"{scope}\"\n"));
        toml::from_str(&(head + &actions.collect::<String>())).expect("an application")
    }

    #[test]
    fn the_scope_says_what_a_feature_is() {
        let italian = app("[\"anagrafica\", \"referti\"]", &[("anagrafica", "giponext.patients"), ("referti", "giponext.medicalreports")]);
        let named = |app: &App, scope: &str, usual: &str| app.action_with(scope, usual).map(|(name, _)| name.clone());
        assert_eq!(named(&italian, "giponext.patients", "patients").as_deref(), Some("anagrafica"));
        assert_eq!(named(&italian, "giponext.medicalreports", "medical reports").as_deref(), Some("referti"));
        assert_eq!(named(&italian, "giponext.agenda", "agenda"), None);
        let misleading = app("[]", &[("patients", "giponext.agenda"), ("schede", "giponext.patients")]);
        assert_eq!(named(&misleading, "giponext.patients", "patients").as_deref(), Some("schede"));
        let several = app("[]", &[("archive", "giponext.patients"), ("Patients", "giponext.patients")]);
        assert_eq!(named(&several, "giponext.patients", "patients").as_deref(), Some("Patients"));
    }

    #[test]
    fn a_feature_is_judged_by_its_action() {
        let without = |app: &App| app.features_without_action().cloned().collect::<Vec<_>>();
        assert_eq!(without(&app("[\"pazienti\", \"Referti-Medici\"]", &[("referti_medici", "giponext.medicalreports")])), ["pazienti"]);
        let program = App { r#type: ApplicationType::Device, ..app("[\"pazienti\"]", &[]) };
        assert!(without(&program).is_empty());
        let scopes = |app: &App| app.feature_scopes().cloned().collect::<Vec<_>>();
        assert_eq!(scopes(&program), ["openid", "giponext.medicalreports"]);
        assert_eq!(scopes(&app("[\"x\"]", &[("x", "giponext.patients")])), ["giponext.patients"]);
        let unsaid = app("[\"x\", \"referti\"]", &[("x", "giponext.patients")]);
        assert_eq!(scopes(&unsaid), ["giponext.patients", "openid", "giponext.medicalreports"]);
    }

    #[test]
    fn a_control_is_a_selector_or_a_table_whose_misspelt_key_is_named() {
        let control = |written: &str| -> Result<Control, _> {
            toml::from_str::<BTreeMap<String, Control>>(&format!("logout = {written}"))
                .map(|mut table| table.remove("logout").expect("it is there"))
        };
        let plain = control("\"#leave\"").expect("a selector");
        assert_eq!(plain, control("{ trigger = \"#leave\" }").expect("a table"));
        let misspelt = control("{ trigger = \"#leave\", befor = [\"#menu\"] }").expect_err("no such key").to_string();
        assert!(misspelt.contains("unknown field `befor`, expected `trigger` or `before`"), "{misspelt}");
        assert!(control("3").expect_err("a number").to_string().contains("a CSS selector, or a table"));
    }
}
