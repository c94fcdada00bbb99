//! `collaudo mock`.

mod credentials;
mod log;

use std::net::IpAddr;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use log::Log;

use super::list::Format;
use super::{CliError, End, profile, signals};
use crate::domain::ApplicationType;
use crate::oauth::giponext;
use crate::platform::accounts::{Credentials, GrantType, RegistrationRequest, RegistrationType, SAMPLE_PEOPLE};
use crate::platform::{Assumptions, Keep, Platform, Random, Settings, WorkbenchSettings, own_certificate};

/// Exchanges that the journal of a mock keeps.
const KEPT: usize = 10_000;

#[derive(clap::Args)]
pub struct Arguments {
    /// Port of portal, authorization server and API; 0 picks a free one.
    #[arg(long, value_name = "N", default_value_t = 4010)]
    port: u16,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    address: IpAddr,
    /// Host name in the issuer and in every URL that the platform gives out.
    #[arg(long, value_name = "HOST", default_value = "localhost")]
    public_host: String,
    /// Serve https with a CA of our own; its certificate is written to this file.
    #[arg(long, value_name = "CA_FILE", num_args = 0..=1, default_missing_value = "collaudo-ca.pem")]
    tls: Option<PathBuf>,
    /// Seed of the sample data, passwords and tokens.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Keep accounts, applications, grants, clinical data and keys in this file (SQLite) for the next start.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Register an approved web application with this redirect URI; may be repeated.
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Register the application of this profile (collaudo.toml), approved.
    #[arg(long, value_name = "FILE", conflicts_with = "redirect_uri")]
    register: Option<PathBuf>,
    /// Assume something else of the platform than by default, such as access_token_lifetime_seconds=60; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    assume: Vec<String>,
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

pub async fn run(arguments: Arguments) -> Result<End, CliError> {
    let control_key = arguments.control.then(|| SecretString::from(Random::of_the_system().token(18)));
    let mut settings = Settings {
        seed: arguments.seed,
        address: arguments.address,
        port: arguments.port,
        public_host: arguments.public_host.clone(),
        assumptions: assumptions(&arguments.assume)?,
        journal: if arguments.log == Log::Off && !arguments.control { Keep::Nothing } else { Keep::Last(KEPT) },
        data: arguments.data.clone(),
        workbench: Some(WorkbenchSettings { control_key: control_key.clone() }),
        ..Settings::default()
    };
    if let Some(path) = &arguments.tls {
        let own = own_certificate(&[&arguments.public_host, "localhost", "127.0.0.1", "::1"])?;
        std::fs::write(path, &own.ca_pem).map_err(|source| CliError::Write { path: path.clone(), source })?;
        settings.tls = Some(own.tls);
    }
    let registration = registration(&arguments)?;
    let platform = Platform::start(settings).await?;
    let client = match registration {
        None => None,
        Some(request) => {
            let name = request.name.clone();
            let problem = request.problems().into_iter().next();
            if let Some(problem) = problem {
                return Err(CliError::Other(format!("failed to register {name}: {problem}")));
            }
            let credentials = credentials::lasting(arguments.seed, &name, request.r#type);
            platform.preregister_client(request, &credentials).map_err(|error| CliError::Other(error.to_string()))?;
            if let Some(workbench) = &platform.shared().workbench {
                workbench.show(&name, credentials.clone());
            }
            Some(credentials)
        }
    };
    let token = match (&arguments.token_for, &client) {
        (None, _) => None,
        (Some(email), Some(client)) => {
            Some(platform.issue_access_token(email, &client.client_id).await.map_err(|error| CliError::Other(error.to_string()))?)
        }
        (Some(_), None) => {
            return Err(CliError::Other("--token-for needs an application: name one by --redirect-uri or --register".to_owned()));
        }
    };
    // What is told is acknowledged.
    platform.commit().await?;
    let told = Told { platform: &platform, client: client.as_ref(), arguments: &arguments, control_key, token };
    match arguments.format {
        Format::Json => anstream::println!("{}", told.facts()),
        Format::Text => told.tell(),
    }
    tokio::select! {
        () = signals::stop() => {}
        () = log::follow(&platform, arguments.log) => {}
    }
    Ok(End::Done)
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

/// What the command line wants registered.
fn registration(arguments: &Arguments) -> Result<Option<RegistrationRequest>, CliError> {
    if let Some(path) = &arguments.register {
        let app = profile::read_application(path)?.profile.app;
        return Ok(Some(RegistrationRequest::of(&app, &app.redirect_uris, "Registered at the start of the mock platform")));
    }
    Ok((!arguments.redirect_uri.is_empty()).then(|| sample_registration(&arguments.redirect_uri)))
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

/// What is said at the start.
struct Told<'a> {
    platform: &'a Platform,
    client: Option<&'a Credentials>,
    arguments: &'a Arguments,
    control_key: Option<SecretString>,
    token: Option<SecretString>,
}

impl Told<'_> {
    fn password(&self, email: &str) -> SecretString {
        self.platform.password_of(email).unwrap_or_default()
    }

    fn facts(&self) -> Value {
        let Self { platform, client, arguments, control_key, token } = self;
        let issuer = platform.shared().issuer_text();
        let people = SAMPLE_PEOPLE.iter().map(|(email, ..)| {
            let user = platform.shared().accounts().user_by_email(email).cloned();
            let tenant = user.as_ref().and_then(|user| user.tenant).map(|tenant| tenant.0);
            let name = user.map(|user| user.given_name.to_lowercase()).unwrap_or_default();
            (name, json!({ "email": email, "password": self.password(email).expose_secret(), "tenant": tenant }))
        });
        json!({
            "issuer": issuer, "api": issuer, "portal": issuer, "ca": arguments.tls,
            "users": people.collect::<serde_json::Map<_, _>>(),
            "client": client.map(|client| json!({
                "client_id": client.client_id,
                "client_secret": client.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
                "type": ApplicationType::Web,
            })),
            "control_key": control_key.as_ref().map(|key| key.expose_secret().to_owned()),
            "access_token": token.as_ref().map(|token| token.expose_secret().to_owned()),
        })
    }

    fn tell(&self) {
        let Self { platform, client, arguments, control_key, token } = self;
        let issuer = platform.shared().issuer_text();
        let bold = anstyle::Style::new().bold();
        anstream::println!("{bold}Mock platform{bold:#} (sample data only; Ctrl-C ends it)\n");
        anstream::println!("  start here           {issuer}/_mock");
        anstream::println!("  account portal       {issuer}/");
        anstream::println!("  discovery            {issuer}/.well-known/openid-configuration");
        anstream::println!("  API                  {issuer}/v2/");
        if let Some(ca) = &arguments.tls {
            anstream::println!("  CA certificate       {}", ca.display());
        }
        if let Some(key) = control_key {
            anstream::println!("  faults by hand       {issuer}/_control   key {}", key.expose_secret());
        }
        anstream::println!("\n{bold}People{bold:#}");
        for (email, _, role) in SAMPLE_PEOPLE {
            anstream::println!("  {email:<28} {:<18} {role}", self.password(email).expose_secret());
        }
        match client {
            None => anstream::println!(
                "\nhint: --redirect-uri URI or --register FILE registers an approved application, or walk through the portal as Dario and Carla"
            ),
            Some(client) => {
                anstream::println!("\n{bold}Environment of the registered application{bold:#}");
                anstream::println!("  OIDC_ISSUER={issuer}\n  GIPO_API_BASE={issuer}\n  CLIENT_ID={}", client.client_id);
                if let Some(secret) = &client.client_secret {
                    anstream::println!("  CLIENT_SECRET={}", secret.expose_secret());
                }
            }
        }
        if let (Some(token), Some(email)) = (token, &arguments.token_for) {
            anstream::println!("\n{bold}Access token of {email}{bold:#}\n  {}", token.expose_secret());
        }
        if arguments.log != Log::Off {
            anstream::println!("\n{bold}Requests{bold:#}");
        }
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
