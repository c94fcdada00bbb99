//! `collaudo app`: the bundled application alone, for a person or as the command of a profile.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;
use secrecy::SecretString;
use url::Url;

use super::{CliError, End, signals};
use crate::relying_party::{Config, Listener, Program, RelyingParty, Window, run_program};

#[derive(clap::Args)]
pub struct Arguments {
    /// What it is: a web portal, a native program (the sign-in comes back to a port of its own), or a device (a code to type elsewhere).
    #[arg(long, value_name = "web|native|device", default_value = "web")]
    r#type: TypeName,
    /// Address and port of the web portal.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5000")]
    listen: SocketAddr,
    /// Issuer of the platform.
    #[arg(long, env = "OIDC_ISSUER", value_name = "URL", default_value = "http://localhost:4010")]
    issuer: Url,
    /// Base of the API; without it the issuer.
    #[arg(long, env = "GIPO_API_BASE", value_name = "URL")]
    api: Option<Url>,
    #[arg(long, env = "CLIENT_ID", value_name = "ID")]
    client_id: String,
    /// Scopes to ask for, separated by spaces.
    #[arg(
        long,
        env = "SCOPES",
        value_name = "SCOPES",
        default_value = "openid profile offline_access giponext.patients giponext.agenda giponext.medicalreports"
    )]
    scopes: String,
    /// Ids of the medical centres that it may serve, separated by commas.
    #[arg(long, env = "TENANTS", value_name = "IDS", default_value = "101")]
    tenants: String,
    /// A private CA to trust, PEM.
    #[arg(long, env = "CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Sign in in the same window instead of a popup.
    #[arg(long)]
    same_window: bool,
    /// Break it on purpose (`collaudo list defects`).
    #[arg(long, value_name = "NAME")]
    defect: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TypeName {
    Web,
    Native,
    Device,
}

/// The client secret is taken from the environment alone: arguments can be read by every process of the machine.
const SECRET_VARIABLE: &str = "CLIENT_SECRET";

pub async fn run(arguments: Arguments) -> Result<End, CliError> {
    let defect = arguments.defect.as_deref().map(str::parse).transpose()?;
    let extra_ca_pem = match &arguments.ca_file {
        Some(path) => Some(std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.clone(), source })?),
        None => None,
    };
    let listener = match arguments.r#type {
        TypeName::Web => Some(Listener::bind(arguments.listen)?),
        TypeName::Native | TypeName::Device => None,
    };
    let config = Config {
        api: arguments.api.unwrap_or_else(|| arguments.issuer.clone()),
        // A program has no page; a native one says where it listens when it does.
        base_url: listener.as_ref().map_or_else(|| arguments.issuer.clone(), Listener::base_url),
        issuer: arguments.issuer,
        client_id: arguments.client_id,
        client_secret: std::env::var(SECRET_VARIABLE).ok().filter(|secret| !secret.is_empty()).map(SecretString::from),
        scopes: arguments.scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        tenants: arguments.tenants.split(',').map(|tenant| tenant.trim().to_owned()).filter(|tenant| !tenant.is_empty()).collect(),
        // An empty file stands for no private CA: profiles always name one.
        extra_ca_pem: extra_ca_pem.filter(|pem| !pem.trim().is_empty()),
        window: if arguments.same_window { Window::Same } else { Window::Popup },
        defect,
    };
    let Some(listener) = listener else {
        let program = if arguments.r#type == TypeName::Device { Program::Device } else { Program::Native };
        let signed_in = tokio::select! {
            signed_in = run_program(program, config, &|line| anstream::println!("{line}")) => signed_in?,
            () = signals::stop() => false,
        };
        return Ok(if signed_in { End::Done } else { End::NotReady });
    };
    let base_url = config.base_url.clone();
    let application = RelyingParty::start(listener, config).await?;
    anstream::println!("application at {base_url} (Ctrl-C ends it)");
    signals::stop().await;
    application.stop().await;
    Ok(End::Done)
}
