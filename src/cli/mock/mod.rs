//! `collaudo mock`.

mod credentials;
mod log;
mod told;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use log::Log;

use super::folder::check_place;
use super::list::Format;
use super::{CliError, End, profile, signals};
use crate::domain::platform_host;
use crate::oauth::giponext;
use crate::platform::accounts::{Credentials, GrantType, RegistrationRequest, RegistrationType};
use crate::platform::{
    Assumptions, Keep, LOOPBACK_HOSTS, LeverError, Platform, Random, Settings, WorkbenchSettings, is_own_authority, own_certificate,
};

/// Exchanges that the journal of a mock keeps.
const KEPT: usize = 10_000;

/// Where a mock listens unless somebody says otherwise.
const PORT: u16 = 4010;

#[derive(clap::Args)]
pub struct Arguments {
    /// Port of portal, authorization server and API; 0 picks a free one [default: 4010, or `platform_port` of the registered
    /// application's [app.client]].
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    address: IpAddr,
    /// Host name in the issuer and in every URL that the platform gives out [default: localhost, or 127.0.0.1 where the registered
    /// application is on localhost, so that the two are different sites].
    #[arg(long, value_name = "HOST")]
    public_host: Option<String>,
    /// Serve https with a CA of our own; its certificate is written to this file.
    #[arg(long, value_name = "CA_FILE", num_args = 0..=1, default_missing_value = "collaudo-ca.pem")]
    tls: Option<PathBuf>,
    /// Seed of the sample data, passwords and tokens.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Keep accounts, applications, grants, clinical data and keys in this file (SQLite) for the next start.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Serve an issuer of this name, with state and keys of its own; may be repeated: each is on the next port.
    #[arg(long, value_name = "NAME", value_parser = issuer_name)]
    issuer: Vec<String>,
    /// Register an approved web application with this redirect URI; may be repeated.
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Register the application of this profile (collaudo.toml), approved.
    #[arg(long, value_name = "FILE", conflicts_with = "redirect_uri")]
    register: Option<PathBuf>,
    /// Assume something else of the platform than by default, such as access_token_lifetime_seconds=60; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    assume: Vec<String>,
    /// Put the endpoints at other paths than /connect/…, as every run does: only discovery tells where they are.
    #[arg(long)]
    move_endpoints: bool,
    /// Print an access token of this sample person for the registered application, to call the API by hand.
    #[arg(long, value_name = "EMAIL")]
    token_for: Option<String>,
    /// Let faults be armed by hand: the page /_control and its interface, behind a key that is printed.
    #[arg(long)]
    control: bool,
    /// How every request is told on standard error.
    #[arg(long, value_name = "text|json|off", default_value = "text")]
    log: Log,
    /// How to say where everything is: lines for a person, or one JSON object for a program.
    #[arg(long, value_name = "text|json", default_value = "text")]
    format: Format,
}

/// One of the platforms of the process.
struct Mock {
    /// Where the command line names its issuers.
    name: Option<String>,
    platform: Platform,
    client: Option<Credentials>,
    token: Option<SecretString>,
}

pub async fn run(arguments: Arguments) -> Result<End, CliError> {
    let control_key = arguments.control.then(|| SecretString::from(Random::of_the_system().token(18)));
    let (registration, app_host) = registration(&arguments)?;
    let public_host = arguments.public_host.clone().unwrap_or(app_host);
    let expected = registration.as_ref().and_then(|wanted| wanted.client.as_ref()).map(|(_, port)| *port);
    let port = arguments.port.or(expected).unwrap_or(PORT);
    let mut settings = Settings {
        address: arguments.address,
        public_host: public_host.clone(),
        assumptions: assumptions(&arguments.assume)?,
        journal: if arguments.log == Log::Off && !arguments.control { Keep::Nothing } else { Keep::Last(KEPT) },
        workbench: Some(WorkbenchSettings { control_key }),
        own_key: arguments.issuer.len() > 1,
        ..Settings::default()
    };
    // One that runs already, and reads discovery when it starts, finds every endpoint where a run has it.
    if let Some(seed) = expected.map(u64::from).or(arguments.move_endpoints.then_some(arguments.seed)) {
        settings = settings.with_moved_endpoints(seed);
    }
    if let Some(path) = &arguments.tls {
        let own = own_certificate(&[&[public_host.as_str()], &LOOPBACK_HOSTS[..]].concat())?;
        check_place(path, "certificate of a mock", is_own_authority)?;
        std::fs::write(path, &own.ca_pem).map_err(|source| CliError::Write { path: path.clone(), source })?;
        settings.tls = Some(own.tls);
    }
    if arguments.token_for.is_some() && registration.is_none() {
        return Err(CliError::Other("--token-for needs an application: name one by --redirect-uri or --register".to_owned()));
    }
    let names: Vec<Option<String>> =
        if arguments.issuer.is_empty() { vec![None] } else { arguments.issuer.iter().cloned().map(Some).collect() };
    let mut mocks = Vec::new();
    for (number, name) in (0_u16..).zip(names) {
        let settings = Settings {
            // State of its own: other passwords, another file.
            seed: arguments.seed.wrapping_add(u64::from(number)),
            port: if port == 0 { 0 } else { port.saturating_add(number) },
            data: arguments.data.as_deref().map(|path| data_file(path, name.as_deref())),
            ..settings.clone()
        };
        mocks.push(start(name, settings, registration.clone(), arguments.token_for.as_deref()).await?);
    }
    let address = |mock: &Mock| Some((mock.name.clone()?, mock.platform.shared().issuer_text().to_owned()));
    let issuers: Vec<(String, String)> = mocks.iter().filter_map(address).collect();
    for mock in &mocks {
        if let Some(workbench) = &mock.platform.shared().workbench {
            workbench.name_issuers(issuers.clone());
        }
        // What is told is acknowledged.
        mock.platform.commit().await?;
    }
    told::tell(&mocks, &arguments);
    let logs = mocks.iter().map(|mock| log::follow(&mock.platform, mock.name.as_deref(), arguments.log));
    tokio::select! {
        () = signals::stop() => {}
        _ = futures::future::join_all(logs) => {}
    }
    Ok(End::Done)
}

async fn start(name: Option<String>, settings: Settings, registration: Option<Wanted>, token_for: Option<&str>) -> Result<Mock, CliError> {
    let failed = |error: LeverError| CliError::Other(error.to_string());
    let platform = Platform::start(settings).await?;
    let Some(Wanted { request, post_logout_redirect_uris, client }) = registration else {
        return Ok(Mock { name, platform, client: None, token: None });
    };
    let application = request.name.clone();
    if let Some(problem) = request.problems().into_iter().next() {
        return Err(CliError::Other(format!("failed to register {application}: {problem}")));
    }
    let client = match client {
        Some((known, _)) => known,
        None => credentials::lasting(platform.shared().settings.seed, &application, request.r#type),
    };
    platform.preregister_client(request, &client).map_err(failed)?;
    for uri in &post_logout_redirect_uris {
        platform.allow_post_logout(&client.client_id, uri).map_err(failed)?;
    }
    if let Some(workbench) = &platform.shared().workbench {
        workbench.show(&application, client.clone());
    }
    let token = match token_for {
        Some(email) => Some(platform.issue_access_token(email, &client.client_id).await.map_err(failed)?),
        None => None,
    };
    Ok(Mock { name, platform, client: Some(client), token })
}

/// Each issuer has a file of its own: `mock.db`, and `mock.db.north` for the issuer that is called north.
fn data_file(path: &Path, issuer: Option<&str>) -> PathBuf {
    let mut file = path.as_os_str().to_owned();
    if let Some(name) = issuer {
        file.push(".");
        file.push(name);
    }
    file.into()
}

/// The name of an issuer goes into a file's name and onto a line.
fn issuer_name(text: &str) -> Result<String, String> {
    let plain = !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric() || "-_".contains(character));
    plain.then(|| text.to_owned()).ok_or_else(|| "an issuer's name is made of letters, digits, `-` and `_`".to_owned())
}

/// The assumptions of the contract, with those that the command line changes.
fn assumptions(changes: &[String]) -> Result<Assumptions, CliError> {
    let wrong = |change: &str, why: &str| CliError::Assumption { change: change.to_owned(), why: why.trim().replace('\n', "; ") };
    let mut table = toml::Table::new();
    for change in changes {
        let (key, value) = change.split_once('=').ok_or_else(|| wrong(change, "it has no `=`"))?;
        // A text needs no quotes on a command line.
        let parsed = toml::from_str::<toml::Table>(&format!("value = {value}")).ok().and_then(|mut table| table.remove("value"));
        table.insert(key.trim().to_owned(), parsed.unwrap_or_else(|| toml::Value::String(value.to_owned())));
        table.clone().try_into::<Assumptions>().map_err(|error| wrong(change, error.message()))?;
    }
    table.try_into().map_err(|error: toml::de::Error| wrong(&changes.join(" "), error.message()))
}

/// A registration, and where a sign-out may send the browser on to.
#[derive(Clone)]
struct Wanted {
    request: RegistrationRequest,
    post_logout_redirect_uris: Vec<String>,
    /// The credentials of one that runs already, and the port where it expects the platform ([app.client]).
    client: Option<(Credentials, u16)>,
}

/// What the command line wants registered, and a host that is another site than it.
fn registration(arguments: &Arguments) -> Result<(Option<Wanted>, String), CliError> {
    if let Some(path) = &arguments.register {
        let read = profile::read_application(path)?;
        let app = read.profile.app;
        let client = app.client.as_ref().map(|client| {
            let known = Credentials { client_id: client.client_id.clone(), client_secret: read.static_secret };
            (known, client.platform_port)
        });
        let request = RegistrationRequest::of(&app, &app.redirect_uris, "Registered at the start of the mock platform");
        let host = app.platform_host().to_owned();
        return Ok((Some(Wanted { request, post_logout_redirect_uris: app.post_logout_redirect_uris, client }), host));
    }
    let registration = (!arguments.redirect_uri.is_empty()).then(|| Wanted {
        request: sample_registration(&arguments.redirect_uri),
        post_logout_redirect_uris: Vec::new(),
        client: None,
    });
    Ok((registration, platform_host(None, &arguments.redirect_uri).to_owned()))
}

fn sample_registration(redirect_uris: &[String]) -> RegistrationRequest {
    RegistrationRequest {
        r#type: RegistrationType::Web,
        grant: GrantType::AuthorizationCode,
        name: "Development".to_owned(),
        description: "Registered at the start of the mock platform".to_owned(),
        redirect_uris: redirect_uris.to_vec(),
        scopes: giponext::ALL.into_iter().collect(),
        claims: vec!["name".to_owned(), "email".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assumption_is_changed_by_its_key_and_a_wrong_one_is_named() {
        let changes = ["access_token_lifetime_seconds=60", "tenant_claim=gipo_tenant", "pkce_required=true", "signing_algorithm=ES256"];
        let changed = assumptions(&changes.map(str::to_owned)).expect("they are known");
        assert_eq!(
            (changed.access_token_lifetime_seconds, changed.tenant_claim.as_str(), changed.pkce_required),
            (60, "gipo_tenant", true)
        );
        assert_eq!(changed.signing_algorithm.name(), "ES256");
        for (wrong, why) in
            [("acess=1", "unknown field `acess`"), ("pkce_required=perhaps", "expected a boolean"), ("pkce_required", "no `=`")]
        {
            let error = assumptions(&[wrong.to_owned()]).expect_err("it is wrong").to_string();
            assert!(error.contains(wrong) && error.contains(why), "{error}");
        }
    }
}
