use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use secrecy::ExposeSecret;

use super::Workbench;
use crate::Shared;
use crate::accounts::SAMPLE_PEOPLE;
use crate::frame::Frame;
use crate::portal::page;

#[derive(Template)]
#[template(path = "workbench/start.html")]
struct Start {
    frame: Frame,
    issuer: String,
    people: Vec<SamplePerson>,
    clients: Vec<Client>,
    control: bool,
    /// The other issuers of the process.
    others: Vec<(String, String)>,
}

struct SamplePerson {
    email: String,
    password: String,
    tenant: String,
    about: String,
}

struct Client {
    name: String,
    environment: String,
}

/// `GET /_mock`: everything that a developer copies from the mock into an application.
pub(super) async fn start(State(shared): State<Arc<Shared>>, headers: HeaderMap, uri: Uri) -> Response {
    let frame = Frame::of(&shared, &headers, &uri);
    let issuer = shared.issuer_text().to_owned();
    let people = {
        let accounts = shared.accounts();
        let person = |&(email, it, en): &(&str, &str, &str)| {
            let user = accounts.user_by_email(email)?;
            let tenant = user.tenant.and_then(|id| accounts.tenant(id).map(|tenant| format!("{} ({})", tenant.name, id.0)));
            Some(SamplePerson {
                email: user.email.clone(),
                password: user.password.expose_secret().to_owned(),
                tenant: tenant.unwrap_or_default(),
                about: frame.t(it, en).to_owned(),
            })
        };
        SAMPLE_PEOPLE.iter().filter_map(person).collect()
    };
    let workbench = shared.workbench.as_ref();
    let client = |(name, credentials): (String, crate::accounts::Credentials)| {
        let mut environment = format!("OIDC_ISSUER={issuer}\nGIPO_API_BASE={issuer}\nCLIENT_ID={}", credentials.client_id);
        if let Some(secret) = &credentials.client_secret {
            environment.push_str(&format!("\nCLIENT_SECRET={}", secret.expose_secret()));
        }
        Client { name, environment }
    };
    let clients = workbench.map(|workbench| workbench.clients().into_iter().map(client).collect()).unwrap_or_default();
    let control = workbench.is_some_and(|workbench| workbench.control_key.is_some());
    let issuers = workbench.map(Workbench::issuers).unwrap_or_default();
    let others = issuers.into_iter().filter(|(_, other)| *other != issuer).collect();
    page(StatusCode::OK, &Start { frame, issuer, people, clients, control, others })
}
