use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::page::page;
use super::visitor::{Answer, Posted, Stop, Visitor};
use crate::Shared;
use crate::frame::Frame;
use crate::oauth::ScopeSet;
use crate::texts::scope_text;

/// An application that the user let at the data.
struct Connected {
    client_id: String,
    name: String,
    /// What it may see, in words.
    scopes: Vec<String>,
}

#[derive(Template)]
#[template(path = "portal/connected.html")]
struct ConnectedApplications {
    frame: Frame,
    applications: Vec<Connected>,
}

/// What the user has granted and not taken back, one entry a client.
pub(super) async fn list(State(shared): State<Arc<Shared>>, visitor: Visitor) -> Answer {
    let Visitor { frame, user } = visitor;
    let accounts = shared.accounts();
    let mut granted = BTreeMap::<String, ScopeSet>::new();
    for (client_id, scopes, revoked) in shared.authorizations().grants_of(&user.id) {
        if !revoked {
            let known = granted.entry(client_id).or_default();
            *known = known.iter().chain(scopes.iter()).collect();
        }
    }
    let applications = granted
        .into_iter()
        .map(|(client_id, scopes)| Connected {
            name: accounts.client(&client_id).map_or_else(|| client_id.clone(), |known| known.request.name.clone()),
            scopes: scopes.iter().map(|scope| scope_text(&frame, scope).0.to_owned()).collect(),
            client_id,
        })
        .collect();
    drop(accounts);
    Ok(page(StatusCode::OK, &ConnectedApplications { frame, applications }))
}

/// Takes everything back that the user granted to a client: its tokens and refresh tokens are void at once (C-37).
pub(super) async fn remove(State(shared): State<Arc<Shared>>, Posted { visitor, fields }: Posted) -> Answer {
    let Visitor { frame, user } = visitor;
    let client_id = fields.one("client_id");
    let mut authorizations = shared.authorizations();
    if !authorizations.grants_of(&user.id).iter().any(|(granted, _, revoked)| granted == client_id && !revoked) {
        return Err(Stop::not_found(frame));
    }
    authorizations.revoke_grants(&user.id, client_id);
    Ok(Redirect::to("/connected").into_response())
}
