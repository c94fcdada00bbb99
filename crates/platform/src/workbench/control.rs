use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Allowed, may_control};
use crate::frame::Frame;
use crate::portal::page as portal_page;
use crate::{Aim, Fault, Shared, Times, Trigger, authorization, faults};

/// Firings that the page shows, newest first.
const FIRINGS: usize = 20;

#[derive(Template)]
#[template(path = "workbench/control.html")]
struct Control {
    frame: Frame,
    allowed: bool,
    refused: bool,
    areas: Vec<(&'static str, Vec<Switch>)>,
    firings: Vec<Fired>,
    armed: usize,
}

struct Switch {
    fault: &'static Fault,
    armed: Option<String>,
}

struct Fired {
    fault: &'static str,
    request: String,
    at_ms: u64,
}

/// `GET /_control`: a switch for every fault.
pub(super) async fn page(State(shared): State<Arc<Shared>>, headers: HeaderMap, uri: Uri) -> Response {
    let frame = Frame::of(&shared, &headers, &uri);
    let allowed = may_control(&shared, &headers);
    let refused = uri.query().is_some_and(|query| query.contains("refused"));
    let armed = shared.faults.armed();
    let mut areas: Vec<(&'static str, Vec<Switch>)> = Vec::new();
    for fault in faults().filter(|_| allowed) {
        let times = armed.iter().find(|(name, _)| *name == fault.name).map(|(_, trigger)| match trigger.times {
            Times::Always => frame.t("sempre", "always").to_owned(),
            Times::Next(left) => format!("{left} ×"),
        });
        let switch = Switch { fault, armed: times };
        match areas.iter_mut().find(|(area, _)| *area == fault.area) {
            Some((_, switches)) => switches.push(switch),
            None => areas.push((fault.area, vec![switch])),
        }
    }
    let firings = if allowed { fired(&shared) } else { Vec::new() };
    let status = if allowed { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    portal_page(status, &Control { frame, allowed, refused, areas, firings, armed: armed.len() })
}

fn fired(shared: &Shared) -> Vec<Fired> {
    let exchanges = shared.journal.since(0);
    let newest = shared.faults.firings().into_iter().rev().take(FIRINGS);
    let of = |firing: crate::Firing| {
        let exchange = exchanges.iter().rev().find(|exchange| exchange.number == firing.exchange);
        let request = exchange.map(|exchange| format!("{} {} → {}", exchange.method, exchange.path, exchange.status));
        Fired { fault: firing.fault, request: request.unwrap_or_default(), at_ms: exchange.map_or(0, |exchange| exchange.at_ms) }
    };
    newest.map(of).collect()
}

#[derive(Deserialize)]
pub(super) struct Submitted {
    fault: String,
    wish: String,
}

/// The page's own form.
pub(super) async fn submitted(_: Allowed, State(shared): State<Arc<Shared>>, Form(form): Form<Submitted>) -> Response {
    let done = match form.wish.as_str() {
        "always" => shared.faults.arm(&form.fault, Times::Always),
        "once" => shared.faults.arm(&form.fault, Times::Next(1)),
        "disarm-all" => {
            shared.faults.disarm_all();
            Ok(())
        }
        _ => shared.faults.disarm(&form.fault),
    };
    match done {
        Ok(()) => Redirect::to("/_control").into_response(),
        Err(error) => refused(StatusCode::NOT_FOUND, &error.to_string()),
    }
}

/// `GET /_control/faults`.
pub(super) async fn list(_: Allowed, State(shared): State<Arc<Shared>>) -> Json<Value> {
    let armed = shared.faults.armed();
    let times = |name: &str| armed.iter().find(|(known, _)| *known == name).map(|(_, trigger)| told(trigger.times));
    let list = faults().map(|fault| {
        json!({
            "name": fault.name, "area": fault.area, "effect": fault.effect, "requirements": fault.requirements, "armed": times(fault.name),
        })
    });
    Json(json!({ "faults": list.collect::<Vec<_>>(), "firings": shared.faults.firings() }))
}

fn told(times: Times) -> Value {
    match times {
        Times::Always => "always".into(),
        Times::Next(left) => left.into(),
    }
}

#[derive(Deserialize)]
pub(super) struct Arming {
    /// How often it fires before it disarms itself; for good without it.
    times: Option<u32>,
    #[serde(default)]
    aim: Aim,
}

/// `PUT /_control/faults/{name}?times=N&aim=KIND`.
pub(super) async fn arm(_: Allowed, State(shared): State<Arc<Shared>>, Path(name): Path<String>, Query(arming): Query<Arming>) -> Response {
    let times = match arming.times {
        None => Times::Always,
        Some(0) => return refused(StatusCode::UNPROCESSABLE_ENTITY, "times is at least 1"),
        Some(times) => Times::Next(times),
    };
    match shared.faults.arm(&name, Trigger { times, aim: arming.aim }) {
        Ok(()) => Json(json!({ "name": name, "armed": told(times), "aim": arming.aim })).into_response(),
        Err(error) => refused(StatusCode::NOT_FOUND, &error.to_string()),
    }
}

/// `DELETE /_control/faults/{name}`.
pub(super) async fn disarm(_: Allowed, State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    match shared.faults.disarm(&name) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(StatusCode::NOT_FOUND, &error.to_string()),
    }
}

/// `DELETE /_control/faults`.
pub(super) async fn disarm_all(_: Allowed, State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.faults.disarm_all();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    since: u64,
}

/// `GET /_control/journal?since=N`: the exchanges after the `N`th, redacted as they were recorded.
pub(super) async fn journal(_: Allowed, State(shared): State<Arc<Shared>>, Query(Since { since }): Query<Since>) -> Json<Value> {
    let exchanges: Vec<_> = shared.journal.since(0).into_iter().filter(|exchange| exchange.number > since).collect();
    Json(json!({ "exchanges": exchanges }))
}

#[derive(Deserialize)]
pub(super) struct Whom {
    email: Option<String>,
}

/// `POST /_control/levers/{lever}?email=…`: what a platform does by itself, done now.
pub(super) async fn lever(_: Allowed, State(shared): State<Arc<Shared>>, Path(lever): Path<String>, Query(whom): Query<Whom>) -> Response {
    let email = whom.email.unwrap_or_default();
    let subject = || shared.accounts().user_by_email(&email).map(|user| user.id.clone());
    let pulled = match lever.as_str() {
        "expire-access-tokens" => {
            shared.authorizations().expire_access_tokens();
            Ok(())
        }
        "revoke-refresh-tokens" => match subject() {
            Some(subject) => {
                shared.authorizations().forget_refresh_tokens(&subject);
                Ok(())
            }
            None => Err(format!("no user has the e-mail `{email}`")),
        },
        "deactivate-user" => {
            let deactivated = shared.accounts().deactivate(&email);
            deactivated.map(|subject| authorization::revoke_all_of(&shared, &subject)).map_err(|error| error.to_string())
        }
        other => Err(format!("no lever is called `{other}`: expire-access-tokens, revoke-refresh-tokens or deactivate-user")),
    };
    match pulled {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(message) => refused(StatusCode::NOT_FOUND, &message),
    }
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}
