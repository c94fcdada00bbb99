//! Reads the application's profile and the target file, and takes their secrets from the environment.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

pub use self::target::{parse_target, read_target};
use super::CliError;
use super::placeholders::check_placeholders;
use crate::domain::{Action, App, ApplicationType, PORT, Profile, Requirement, Waiver};
use crate::oauth::giponext;

mod target;

const BUNDLED: &str = include_str!("bundled.toml");
const BUNDLED_PROGRAMS: [(&str, &str); 2] =
    [("bundled_device.toml", include_str!("bundled_device.toml")), ("bundled_native.toml", include_str!("bundled_native.toml"))];

/// A profile and the secrets that it names.
pub struct Application {
    pub profile: Profile,
    pub bundled: bool,
    pub static_secret: Option<SecretString>,
    /// What `app.ca` names.
    pub ca_pem: Option<String>,
    /// Secrets of the dossier's environments that are set, by environment.
    pub dossier_secrets: BTreeMap<String, SecretString>,
}

/// The application that comes with collaudo.
pub fn bundled() -> Result<Application, CliError> {
    let profile: Profile = parse(Path::new("bundled.toml"), BUNDLED)?;
    // Its environments exist on paper only: so do their secrets.
    let environments = profile.dossier.environments.iter();
    let dossier_secrets =
        environments.map(|environment| (environment.name.clone(), SecretString::from(format!("sample secret of {}", environment.name))));
    Ok(Application { bundled: true, static_secret: None, ca_pem: None, dossier_secrets: dossier_secrets.collect(), profile })
}

/// The bundled application as a device and as a native program: started from this very executable, with the run's defect.
pub fn bundled_programs(defect: Option<&str>) -> Result<Vec<App>, CliError> {
    let program = std::env::current_exe().map_err(|error| CliError::Other(format!("this program does not know where it is: {error}")))?;
    let mut apps = Vec::new();
    for (name, text) in BUNDLED_PROGRAMS {
        let mut app = parse::<Profile>(Path::new(name), text)?.app;
        if let Some(command) = &mut app.command {
            command[0] = program.to_string_lossy().into_owned();
            command.extend(defect.into_iter().flat_map(|defect| ["--defect".to_owned(), defect.to_owned()]));
        }
        apps.push(app);
    }
    Ok(apps)
}

pub fn read_application(path: &Path) -> Result<Application, CliError> {
    let profile = parse_profile(path, &read(path)?)?;
    let client = profile.app.client.as_ref();
    let static_secret = client.and_then(|client| client.secret_env.as_ref()).map(|name| secret(name, path)).transpose()?;
    let dossier_secrets = profile
        .dossier
        .environments
        .iter()
        .filter_map(|environment| Some((environment.name.clone(), environment.secret_env.as_ref()?)))
        .filter_map(|(environment, variable)| Some((environment, SecretString::from(std::env::var(variable).ok()?))))
        .collect();
    let ca_pem = match &profile.app.ca {
        Some(ca) => Some(read(&path.parent().unwrap_or(Path::new(".")).join(ca))?),
        None => None,
    };
    Ok(Application { profile, bundled: false, static_secret, ca_pem, dossier_secrets })
}

/// The text of a profile, read and found sound.
pub fn parse_profile(path: &Path, text: &str) -> Result<Profile, CliError> {
    let profile = parse(path, text)?;
    check_profile(path, &profile)?;
    Ok(profile)
}

pub(super) fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.to_owned(), source })
}

fn secret(name: &str, path: &Path) -> Result<SecretString, CliError> {
    let value = std::env::var(name).map_err(|_| CliError::Environment { name: name.to_owned(), path: path.to_owned() })?;
    Ok(SecretString::from(value))
}

pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, CliError> {
    toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let before = &text[..offset.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        CliError::Toml { path: path.to_owned(), line, column, message: error.message().trim().replace('\n', "; ") }
    })
}

/// A waiver of what nobody demands would be silent.
pub fn check_waivers(profile: &Profile, requirements: &[Requirement]) -> Result<(), CliError> {
    let known = |waiver: &&Waiver| requirements.iter().any(|requirement| requirement.id == waiver.requirement);
    match profile.waivers.iter().find(|waiver| !known(waiver)) {
        Some(waiver) => Err(CliError::Other(format!(
            "the profile waives {}, which is no requirement: `collaudo list requirements` shows them",
            waiver.requirement
        ))),
        None => Ok(()),
    }
}

/// A page is opened, a program is started with arguments.
fn check_action(path: &Path, app: &App, name: &str, action: &Action) -> Result<(), CliError> {
    let wrong = |message: String, hint| Err(CliError::Profile { path: path.to_owned(), message, hint });
    if app.r#type.has_pages() {
        return match (action.open.is_empty(), action.arguments.is_empty()) {
            (true, _) => wrong(format!("app.actions.{name} names no page"), "give the path of its page by `open`"),
            (false, false) => wrong(format!("app.actions.{name} has arguments, which are for programs"), "give `open` and `shows` alone"),
            (false, true) => Ok(()),
        };
    }
    if !action.open.is_empty() || action.submit.is_some() || action.books.is_some() || !action.before.is_empty() || action.next.is_some() {
        return wrong(
            format!("app.actions.{name} has a key of a page, and a {} application has none", app.r#type.name()),
            "give `arguments`, if it needs any, `shows` and `scope` alone",
        );
    }
    match Regex::new(&action.shows) {
        Ok(_) => Ok(()),
        Err(error) => wrong(
            format!("app.actions.{name}.shows is no regular expression: {error}"),
            "mend the pattern, or quote it with '…': it matches each line that shows an entry",
        ),
    }
}

/// What the types cannot say.
fn check_profile(path: &Path, profile: &Profile) -> Result<(), CliError> {
    let wrong = |message: String, hint| Err(CliError::Profile { path: path.to_owned(), message, hint });
    let app = &profile.app;
    if let Some(misspelt) = check_placeholders(app) {
        return wrong(
            misspelt,
            "docs/applications.md has every placeholder; what is to stay as it is may be written otherwise, such as {{…}}",
        );
    }
    if let Some(scope) = app.scopes.iter().find(|scope| !giponext::ALL.contains(&scope.as_str())) {
        return wrong(
            format!("app.scopes names `{scope}`, which the platform does not know"),
            "the scopes are openid, profile, email, offline_access and giponext.*",
        );
    }
    match (&app.url, &app.console, app.r#type) {
        (Some(_), _, r#type) if r#type.has_pages() && !app.login.trigger.is_empty() => {}
        (_, _, r#type) if r#type.has_pages() => {
            return wrong(
                format!("a {} application needs app.url and [app.login]", r#type.name()),
                "name the page with the login button, and what a person clicks there",
            );
        }
        (_, Some(console), _) => {
            if let Some(error) =
                [Some(&console.signed_in), console.refused.as_ref()].into_iter().flatten().find_map(|it| Regex::new(it).err())
            {
                return wrong(
                    format!("a pattern of [app.console] is no regular expression: {error}"),
                    "mend the pattern, or quote it with '…'",
                );
            }
            if app.command.is_none() {
                return wrong(
                    format!("a {} application is started anew for each sign-in and needs app.command", app.r#type.name()),
                    "give program and arguments",
                );
            }
        }
        (_, None, r#type) => {
            return wrong(
                format!("a {} application needs [app.console]", r#type.name()),
                "say by app.console.signed_in what it writes when somebody is signed in",
            );
        }
    }
    if app.takes_a_port() && !(app.r#type.has_pages() && app.is_local()) {
        return wrong(
            format!("{PORT} stands for the port of app.url, which must be the page of a web application on this machine"),
            "give app.url on localhost, or write the port itself",
        );
    }
    if app.redirect_uris.is_empty() && app.r#type != ApplicationType::Device {
        return wrong("app.redirect_uris is empty".to_owned(), "name the redirect URI that the application sends");
    }
    if let Some(address) = app.backchannel_logout.as_ref().filter(|address| !is_logout_address(address)) {
        return wrong(
            format!("app.backchannel_logout is `{address}`, which is neither a path nor an http address without a fragment"),
            "give the path of the application's page that takes logout tokens, such as \"/backchannel-logout\", or its whole address",
        );
    }
    if app.r#type == ApplicationType::Spa && app.env.values().any(|value| value.contains("{client_secret}")) {
        return wrong(
            "an spa application is told {client_secret}, and a page can keep none: it is a public client".to_owned(),
            "take the line out; where a server keeps the secret and talks to the platform, the type is web",
        );
    }
    if app.backchannel_logout.is_some() && app.r#type != ApplicationType::Web {
        return wrong(
            "app.backchannel_logout is for web applications".to_owned(),
            "leave it out: the platform cannot reach a program, nor a page in a browser",
        );
    }
    if let Some((name, action)) = app.actions.iter().find(|(_, action)| !app.scopes.contains(&action.scope)) {
        return wrong(
            format!("app.actions.{name} needs the scope `{}`, which app.scopes does not declare", action.scope),
            "add the scope to app.scopes, or drop the action",
        );
    }
    for (name, action) in &app.actions {
        check_action(path, app, name, action)?;
    }
    if app.command.as_ref().is_some_and(Vec::is_empty) {
        return wrong(
            "app.command is empty".to_owned(),
            "give program and arguments, or leave it out for an application that is running already",
        );
    }
    if let Some(image) = &app.image {
        if app.command.is_some() {
            return wrong("app.command and app.image are both there".to_owned(), "keep the one that starts the application");
        }
        if !app.r#type.has_pages() {
            return wrong(
                "app.image is for applications with pages".to_owned(),
                "give app.command: a program is started anew for each sign-in, and its lines are read",
            );
        }
        if image.is_empty() || image.contains(char::is_whitespace) {
            return wrong(format!("app.image is `{image}`, which names no image"), "give name and tag, such as \"my-application:1.0\"");
        }
    }
    if !app.is_started() && app.client.is_none() {
        return wrong(
            "the application has neither a command, nor an image, nor a fixed client".to_owned(),
            "give app.command or app.image, or [app.client] with client_id, secret_env and platform_port for an application that is running already",
        );
    }
    Ok(())
}

/// A path, or an absolute address without a fragment (OpenID Connect Back-Channel Logout 1.0 section 2.2).
fn is_logout_address(address: &str) -> bool {
    let parsed = if address.starts_with('/') && !address.starts_with("//") {
        Url::parse("http://localhost/").and_then(|base| base.join(address))
    } else {
        Url::parse(address)
    };
    parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_profile_is_sound() {
        let application = bundled().expect("it parses");
        assert!(application.profile.app.actions.values().all(|action| application.profile.app.scopes.contains(&action.scope)));
        assert_eq!(application.profile.app.actions.len(), application.profile.app.features.len());
    }

    #[test]
    fn the_bundled_programs_are_sound() {
        for app in bundled_programs(Some("polls-too-fast")).expect("they parse") {
            let command = app.command.clone().expect("a command");
            assert!(Path::new(&command[0]).is_absolute() && command.ends_with(&["--defect".to_owned(), "polls-too-fast".to_owned()]));
            check_profile(
                Path::new("bundled"),
                &Profile { app, hosts: Default::default(), dossier: Default::default(), waivers: Vec::new() },
            )
            .expect("sound");
        }
    }

    #[test]
    fn what_a_type_of_application_needs_is_told() {
        let web = "[app]\nname = \"x\"\ntype = \"web\"\nscopes = []\nredirect_uris = [\"http://127.0.0.1:1/\"]\ncommand = [\"x\"]\n";
        let device = web.replace("web", "device").replace("redirect_uris = [\"http://127.0.0.1:1/\"]\n", "");
        let console = |pattern: &str| format!("{device}[app.console]\nsigned_in = '{pattern}'\n");
        let with_page = format!("{web}url = \"http://127.0.0.1:1/\"\n[app.login]\ntrigger = \"#in\"\n");
        let read = |text: &str| text.replace("scopes = []", "scopes = [\"giponext.patients\"]");
        let action = "[app.actions.patients]\nshows = '^  '\nscope = \"giponext.patients\"\n";
        for (text, said) in [
            (web.to_owned(), Some("a web application needs app.url and [app.login]")),
            (device.clone(), Some("a device application needs [app.console]")),
            (console("Signed in as ("), Some("a pattern of [app.console] is no regular expression")),
            (console("Signed in").replace("command = [\"x\"]\n", ""), Some("is started anew for each sign-in and needs app.command")),
            (console("Signed in").replace("device", "native"), Some("app.redirect_uris is empty")),
            (console("Signed in"), None),
            (console("Signed in").replace("[\"x\"]", "[\"x\", \"{port}\"]"), Some("{port} stands for the port of app.url")),
            (console("Signed in").replace("command = [\"x\"]", "image = \"x:1\""), Some("needs app.command")),
            (console("Signed in").replace("command", "image = \"x:1\"\ncommand"), Some("app.command and app.image are both there")),
            (format!("{}{action}", read(&console("Signed in"))), None),
            (format!("{}{action}", read(&console("Signed in"))).replace("'^  '", "'('"), Some("app.actions.patients.shows is no regular")),
            (format!("{}{action}open = \"/\"\n", read(&console("Signed in"))), Some("has a key of a page")),
            (format!("{}{action}", read(&with_page)), Some("app.actions.patients names no page")),
            (format!("{}{action}open = \"/\"\narguments = [\"x\"]\n", read(&with_page)), Some("has arguments, which are for programs")),
        ] {
            let found = parse_profile(Path::new("collaudo.toml"), &text).err().map(|error| error.to_string());
            assert_eq!(found.is_some(), said.is_some(), "{text}: {found:?}");
            assert!(found.unwrap_or_default().contains(said.unwrap_or_default()), "{text}");
        }
    }

    #[test]
    fn a_page_of_this_machine_may_be_at_any_port_and_in_a_container() {
        let web = |url: &str, how: &str| {
            format!(
                "[app]\nname = \"x\"\ntype = \"web\"\nscopes = []\nurl = \"{url}\"\nredirect_uris = [\"http://localhost:1/\"]\n{how}\n\
                 [app.login]\ntrigger = \"#in\"\nsigned_in = \"#user\"\n"
            )
        };
        for (text, said) in [
            (web("http://localhost:1/", "command = [\"x\", \"{port}\"]"), None),
            (web("http://localhost:1/", "image = \"x:1\"\nenv = { PORT = \"{port}\" }"), None),
            (web("https://x.example/", "image = \"x:1\""), None),
            (web("https://x.example/", "command = [\"x\", \"{port}\"]"), Some("must be the page of a web application on this machine")),
            (web("http://localhost:1/", "image = \"\""), Some("app.image is ``, which names no image")),
            (web("http://localhost:1/", "image = \"x:1 y\""), Some("app.image is `x:1 y`, which names no image")),
            (web("http://localhost:1/", "image = \"x:1\"\ncommand = [\"x\"]"), Some("app.command and app.image are both there")),
            (web("http://localhost:1/", ""), Some("neither a command, nor an image, nor a fixed client")),
        ] {
            let found = parse_profile(Path::new("collaudo.toml"), &text).err().map(|error| error.to_string());
            assert_eq!(found.is_some(), said.is_some(), "{text}: {found:?}");
            assert!(found.clone().unwrap_or_default().contains(said.unwrap_or_default()), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_back_channel_logout_address_is_a_path_or_an_address() {
        let web = |address: &str| {
            format!(
                "[app]\nname = \"x\"\ntype = \"web\"\nscopes = []\nurl = \"http://localhost:1/\"\nredirect_uris = [\"http://localhost:1/\"]\n\
                 command = [\"x\"]\nbackchannel_logout = \"{address}\"\n[app.login]\ntrigger = \"#in\"\n"
            )
        };
        for sound in ["/logout", "/logout?of=gipo", "https://x.example/logout"] {
            parse_profile(Path::new("collaudo.toml"), &web(sound)).expect(sound);
        }
        for wrong in ["", "logout", "//x.example/logout", "/logout#now", "ftp://x.example/"] {
            let error = parse_profile(Path::new("collaudo.toml"), &web(wrong)).expect_err(wrong).to_string();
            assert!(error.contains("app.backchannel_logout is `"), "{error}");
        }
    }

    #[test]
    fn a_wrong_key_is_told_with_line_and_column() {
        let text = "[app]\nname = \"x\"\ntipe = \"web\"\n";
        let error = parse::<Profile>(Path::new("collaudo.toml"), text).expect_err("tipe is no key");
        let text = error.to_string();
        assert!(text.starts_with("collaudo.toml:3:1: unknown field `tipe`"), "{text}");
    }
}
