use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::log::Log;
use super::{Arguments, Mock};
use crate::cli::console::say;
use crate::cli::list::Format;
use crate::domain::ApplicationType;
use crate::platform::accounts::{GrantType, RegistrationType, SAMPLE_PEOPLE};

/// Says where everything is.
pub(super) fn tell(mocks: &[Mock], arguments: &Arguments) {
    let told = |mock| Told { mock, arguments };
    match arguments.format {
        Format::Json => {
            let mut facts = mocks.first().map_or(Value::Null, |first| told(first).facts());
            if !arguments.issuer.is_empty() {
                facts["issuers"] = mocks.iter().map(|mock| told(mock).facts()).collect();
            }
            say!("{facts}");
        }
        Format::Text => {
            mocks.iter().for_each(|mock| told(mock).tell());
            if arguments.log != Log::Off {
                let bold = anstyle::Style::new().bold();
                say!("\n{bold}Requests{bold:#}");
            }
        }
    }
}

/// What is said of one platform at the start.
struct Told<'a> {
    mock: &'a Mock,
    arguments: &'a Arguments,
}

impl Told<'_> {
    fn password(&self, email: &str) -> SecretString {
        self.mock.platform.password_of(email).unwrap_or_default()
    }

    fn control_key(&self) -> Option<SecretString> {
        self.mock.platform.shared().settings.workbench.as_ref()?.control_key.clone()
    }

    fn facts(&self) -> Value {
        let Self { mock: Mock { name, platform, client, token }, arguments } = self;
        let control_key = self.control_key();
        let issuer = platform.shared().issuer_text();
        let people = SAMPLE_PEOPLE.iter().map(|(email, ..)| {
            let user = platform.shared().accounts().user_by_email(email).cloned();
            let tenant = user.as_ref().and_then(|user| user.tenant).map(|tenant| tenant.0);
            let called = user.as_ref().map(|user| user.name()).unwrap_or_default();
            let name = user.map(|user| user.given_name.to_lowercase()).unwrap_or_default();
            (name, json!({ "email": email, "name": called, "password": self.password(email).expose_secret(), "tenant": tenant }))
        });
        json!({
            "name": name, "issuer": issuer, "api": issuer, "portal": issuer, "ca": arguments.tls,
            "users": people.collect::<serde_json::Map<_, _>>(),
            "client": client.as_ref().map(|client| json!({
                "client_id": client.client_id,
                "client_secret": client.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
                "type": self.application_type(&client.client_id),
            })),
            "control_key": control_key.as_ref().map(|key| key.expose_secret().to_owned()),
            "access_token": token.as_ref().map(|token| token.expose_secret().to_owned()),
        })
    }

    fn application_type(&self, client_id: &str) -> ApplicationType {
        let accounts = self.mock.platform.shared().accounts();
        let request = accounts.client(client_id).map(|registration| (registration.request.r#type, registration.request.grant));
        match request {
            Some((_, GrantType::DeviceCode)) => ApplicationType::Device,
            Some((RegistrationType::Spa, _)) => ApplicationType::Spa,
            Some((RegistrationType::Native, _)) => ApplicationType::Native,
            _ => ApplicationType::Web,
        }
    }

    fn tell(&self) {
        let Self { mock: Mock { name, platform, client, token }, arguments } = self;
        let control_key = self.control_key();
        let issuer = platform.shared().issuer_text();
        let bold = anstyle::Style::new().bold();
        let title = name.as_ref().map_or_else(|| "Mock platform".to_owned(), |name| format!("\nMock platform {name}"));
        say!("{bold}{title}{bold:#} (sample data only; Ctrl-C ends it)\n");
        say!("  start here           {issuer}/_mock");
        say!("  account portal       {issuer}/");
        say!("  discovery            {issuer}/.well-known/openid-configuration");
        say!("  API                  {issuer}/v2/");
        if let Some(ca) = &arguments.tls {
            say!("  CA certificate       {}", ca.display());
        }
        if let Some(key) = control_key {
            say!("  faults by hand       {issuer}/_control   key {}", key.expose_secret());
        }
        say!("\n{bold}People{bold:#}");
        for (email, _, role) in SAMPLE_PEOPLE {
            say!("  {email:<28} {:<18} {role}", self.password(email).expose_secret());
        }
        match client {
            None => say!(
                "\nhint: --redirect-uri URI or --register FILE registers an approved application, or walk through the portal as Dario and Carla"
            ),
            Some(client) => {
                say!("\n{bold}Environment of the registered application{bold:#}");
                say!("  OIDC_ISSUER={issuer}\n  GIPO_API_BASE={issuer}\n  CLIENT_ID={}", client.client_id);
                if let Some(secret) = &client.client_secret {
                    say!("  CLIENT_SECRET={}", secret.expose_secret());
                }
            }
        }
        if let (Some(token), Some(email)) = (token, &arguments.token_for) {
            say!("\n{bold}Access token of {email}{bold:#}\n  {}", token.expose_secret());
        }
    }
}
