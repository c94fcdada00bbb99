//! `collaudo app`: the bundled application alone, for a person or as the command of a profile.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::Duration;

use clap::ValueEnum;
use secrecy::SecretString;
use url::Url;

use super::console::say;
use super::{CliError, End, signals};
use crate::relying_party::{
    Config, Habit, Listener, OtherPlatform, Program, RelyingParty, SINGLE_PAGE_DEFECTS, SinglePage, SinglePageConfig, Window, run_program,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// What it is: a web portal, a single page whose script is the client, a native program (the sign-in comes back to a port of its own),
    /// or a device (a code to type elsewhere).
    #[arg(long, value_name = "web|spa|native|device", default_value = "web")]
    r#type: TypeName,
    /// Address and port of the web portal.
    #[arg(long, env = "LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5000")]
    listen: SocketAddr,
    /// Issuer of the platform.
    #[arg(long, env = "OIDC_ISSUER", value_name = "URL", default_value = "http://localhost:4010")]
    issuer: Url,
    /// Base of the API; without it the issuer.
    #[arg(long, env = "GIPO_API_BASE", value_name = "URL")]
    api: Option<Url>,
    #[arg(long, env = "CLIENT_ID", value_name = "ID")]
    client_id: String,
    /// Issuer of a second platform that people may sign in at; its API and client by OTHER_API_BASE, OTHER_CLIENT_ID and OTHER_CLIENT_SECRET.
    #[arg(long, env = "OTHER_ISSUER", value_name = "URL")]
    other_issuer: Option<String>,
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
    /// Read the agenda of those who are signed in every so many seconds; without it only when a page is opened.
    #[arg(long, env = "POLL_SECONDS", value_name = "SECONDS")]
    poll_seconds: Option<NonZeroU64>,
    /// A private CA to trust, PEM.
    #[arg(long, env = "CA_FILE", value_name = "FILE")]
    ca_file: Option<String>,
    /// Sign in in the same window instead of a popup.
    #[arg(long)]
    same_window: bool,
    /// Sign out at the platform too; its address `/signed-out` has to be registered there.
    #[arg(long)]
    ends_platform_session: bool,
    /// Break it on purpose (`collaudo list defects`).
    #[arg(long, value_name = "NAME")]
    defect: Option<String>,
    /// Give it a way that is unusual and sound: no run may count it against the application.
    #[arg(long, value_name = "NAME")]
    habit: Option<Habit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TypeName {
    Web,
    Spa,
    Native,
    Device,
}

/// The client secret is taken from the environment alone: arguments can be read by every process of the machine.
const SECRET_VARIABLE: &str = "CLIENT_SECRET";

pub async fn run(arguments: Arguments) -> Result<End, CliError> {
    if arguments.r#type == TypeName::Spa {
        return run_single_page(arguments).await;
    }
    let defect = arguments.defect.as_deref().map(str::parse).transpose()?;
    let extra_ca_pem = match arguments.ca_file.as_ref().filter(|path| !path.is_empty()) {
        Some(path) => Some(std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.into(), source })?),
        None => None,
    };
    let listener = match arguments.r#type {
        TypeName::Web => Some(Listener::bind(arguments.listen)?),
        TypeName::Spa | TypeName::Native | TypeName::Device => None,
    };
    let config = Config {
        api: arguments.api.unwrap_or_else(|| arguments.issuer.clone()),
        // A program has no page; a native one says where it listens when it does.
        base_url: listener.as_ref().map_or_else(|| arguments.issuer.clone(), Listener::base_url),
        issuer: arguments.issuer,
        client_id: arguments.client_id,
        client_secret: std::env::var(SECRET_VARIABLE).ok().filter(|secret| !secret.is_empty()).map(SecretString::from),
        client_auth: Default::default(),
        extra: Default::default(),
        scopes: arguments.scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        tenants: arguments.tenants.split(',').map(|tenant| tenant.trim().to_owned()).filter(|tenant| !tenant.is_empty()).collect(),
        // No file, and an empty one, stand for no private CA: profiles always name one.
        extra_ca_pem: extra_ca_pem.filter(|pem| !pem.trim().is_empty()),
        other: other_platform(arguments.other_issuer.as_deref())?,
        background: arguments.poll_seconds.map(|seconds| Duration::from_secs(seconds.get())),
        ends_platform_session: arguments.ends_platform_session,
        window: if arguments.same_window { Window::Same } else { Window::Popup },
        defect,
        habit: arguments.habit,
    };
    let Some(listener) = listener else {
        let program = if arguments.r#type == TypeName::Device { Program::Device } else { Program::Native };
        let signed_in = tokio::select! {
            signed_in = run_program(program, config, &|line| say!("{line}")) => signed_in?,
            () = signals::stop() => false,
        };
        return Ok(if signed_in { End::Done } else { End::NotReady });
    };
    let base_url = config.base_url.clone();
    let application = RelyingParty::start(listener, config).await?;
    say!("application at {base_url} (Ctrl-C ends it)");
    signals::stop().await;
    application.stop().await;
    Ok(End::Done)
}

/// It reads the patients and the agenda, and no medical reports.
async fn run_single_page(arguments: Arguments) -> Result<End, CliError> {
    let find = |name: &str| {
        let known = SINGLE_PAGE_DEFECTS.iter().find(|defect| defect.name == name);
        known.map(|defect| defect.name).ok_or_else(|| {
            let names: Vec<&str> = SINGLE_PAGE_DEFECTS.iter().map(|defect| defect.name).collect();
            CliError::Other(format!("the single-page application has no defect `{name}`: there are {}", names.join(", ")))
        })
    };
    let defect = arguments.defect.as_deref().map(find).transpose()?;
    let words = |text: &str, between: char| -> Vec<String> {
        text.split(between).map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
    };
    let config = SinglePageConfig {
        api: arguments.api.unwrap_or_else(|| arguments.issuer.clone()),
        issuer: arguments.issuer,
        client_id: arguments.client_id,
        scopes: words(&arguments.scopes, ' '),
        tenants: words(&arguments.tenants, ','),
        defect,
    };
    let listener = Listener::bind(arguments.listen)?;
    let base_url = listener.base_url();
    let _application = SinglePage::start(listener, config).await?;
    say!("application at {base_url} (Ctrl-C ends it)");
    signals::stop().await;
    Ok(End::Done)
}

/// The second platform, if there is one: an empty variable names none.
fn other_platform(issuer: Option<&str>) -> Result<Option<OtherPlatform>, CliError> {
    let Some(issuer) = issuer.filter(|issuer| !issuer.is_empty()) else { return Ok(None) };
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let url = |text: &str| Url::parse(text).map_err(|error| CliError::Other(format!("`{text}` is not a URL: {error}")));
    Ok(Some(OtherPlatform {
        issuer: url(issuer)?,
        api: url(variable("OTHER_API_BASE").as_deref().unwrap_or(issuer))?,
        client_id: variable("OTHER_CLIENT_ID")
            .ok_or_else(|| CliError::Other("OTHER_ISSUER is set, and OTHER_CLIENT_ID is not".to_owned()))?,
        client_secret: variable("OTHER_CLIENT_SECRET").map(SecretString::from),
    }))
}
