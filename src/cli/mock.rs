//! `collaudo mock`.

use std::net::IpAddr;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::list::Format;
use super::{CliError, End, signals};
use crate::domain::ApplicationType;
use crate::oauth::giponext;
use crate::platform::accounts::{self, Credentials, GrantType, RegistrationRequest, RegistrationType};
use crate::platform::{Platform, Settings, own_certificate};

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
    /// Register an approved web application with this redirect URI; may be repeated.
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// How to say where everything is: lines for a person, or one JSON object for a program.
    #[arg(long, value_name = "text|json", default_value = "text")]
    format: Format,
}

pub async fn run(arguments: Arguments) -> Result<End, CliError> {
    let mut settings = Settings {
        seed: arguments.seed,
        address: arguments.address,
        port: arguments.port,
        public_host: arguments.public_host.clone(),
        ..Settings::default()
    };
    if let Some(path) = &arguments.tls {
        let own = own_certificate(&[&arguments.public_host, "localhost", "127.0.0.1", "::1"])?;
        std::fs::write(path, &own.ca_pem).map_err(|source| CliError::Write { path: path.clone(), source })?;
        settings.tls = Some(own.tls);
    }
    let platform = Platform::start(settings).await?;
    let client = match arguments.redirect_uri.as_slice() {
        [] => None,
        uris => Some(platform.register_client(sample_registration(uris)).map_err(|error| CliError::Other(error.to_string()))?),
    };
    match arguments.format {
        Format::Json => anstream::println!("{}", facts(&platform, client.as_ref(), &arguments)),
        Format::Text => tell(&platform, client.as_ref(), &arguments),
    }
    signals::stop().await;
    Ok(End::Done)
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

/// (first name, e-mail, what they are)
const PEOPLE: [(&str, &str, &str); 6] = [
    ("Ada", accounts::ADA, "end-user of the medical centre, every permission"),
    ("Mallory", accounts::MALLORY, "another end-user of the same centre"),
    ("Elio", accounts::ELIO, "end-user without permission on medical reports"),
    ("Bruno", accounts::BRUNO, "end-user of another medical centre"),
    ("Dario", accounts::DARIO, "manager of the medical centre: opens user tickets"),
    ("Carla", accounts::CARLA, "GipoNext's administrator: approves, activates, deactivates"),
];

fn password(platform: &Platform, email: &str) -> SecretString {
    platform.password_of(email).unwrap_or_default()
}

fn facts(platform: &Platform, client: Option<&Credentials>, arguments: &Arguments) -> Value {
    let issuer = platform.shared().issuer_text();
    let people = PEOPLE.iter().map(|(name, email, _)| {
        let tenant = platform.shared().accounts().user_by_email(email).and_then(|user| user.tenant).map(|tenant| tenant.0);
        (name.to_lowercase(), json!({ "email": email, "password": password(platform, email).expose_secret(), "tenant": tenant }))
    });
    json!({
        "issuer": issuer, "api": issuer, "portal": issuer, "ca": arguments.tls,
        "users": people.collect::<serde_json::Map<_, _>>(),
        "client": client.map(|client| json!({
            "client_id": client.client_id,
            "client_secret": client.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
            "type": ApplicationType::Web,
        })),
    })
}

fn tell(platform: &Platform, client: Option<&Credentials>, arguments: &Arguments) {
    let issuer = platform.shared().issuer_text();
    let bold = anstyle::Style::new().bold();
    anstream::println!("{bold}Mock platform{bold:#} (sample data only; Ctrl-C ends it)\n");
    anstream::println!("  account portal       {issuer}/");
    anstream::println!("  discovery            {issuer}/.well-known/openid-configuration");
    anstream::println!("  API                  {issuer}/v2/");
    if let Some(ca) = &arguments.tls {
        anstream::println!("  CA certificate       {}", ca.display());
    }
    anstream::println!("\n{bold}People{bold:#}");
    for (_, email, role) in PEOPLE {
        anstream::println!("  {email:<28} {:<18} {role}", password(platform, email).expose_secret());
    }
    match client {
        None => anstream::println!(
            "\nhint: --redirect-uri URI registers an approved application, or walk through the portal as Dario and Carla"
        ),
        Some(client) => {
            anstream::println!("\n{bold}Environment of the registered application{bold:#}");
            anstream::println!("  OIDC_ISSUER={issuer}\n  GIPO_API_BASE={issuer}\n  CLIENT_ID={}", client.client_id);
            if let Some(secret) = &client.client_secret {
                anstream::println!("  CLIENT_SECRET={}", secret.expose_secret());
            }
        }
    }
}
