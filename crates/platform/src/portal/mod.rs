//! The account portal: sign-up, support tickets, developer role, OAuth applications, administration (C-10 to C-25).
//!
//! Pages are askama templates in `templates/portal/`; rules live in `accounts`, words for their refusals in `texts`.
//! To add a page: a handler that takes a [`visitor::Visitor`] (or [`visitor::Posted`] for a form) and its route here.

pub(crate) mod actions;
mod admin;
mod assets;
mod connected;
mod developer;
mod form;
mod home;
mod page;
mod support;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::Shared;
pub(crate) use page::page;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(home::home))
        .route("/sign-up", get(home::sign_up_form).post(home::sign_up))
        .route("/sign-up/done", get(home::signed_up))
        .route("/support", get(support::list))
        .route("/support/new", get(support::choose))
        .route("/support/new/{topic}", get(support::form).post(support::open))
        .route("/support/{number}", get(support::ticket))
        .route("/support/{number}/password", post(support::reveal))
        .route("/developer/applications", get(developer::list))
        .route("/developer/applications/new", get(developer::form).post(developer::submit))
        .route("/developer/applications/{number}", get(developer::application))
        .route("/developer/applications/{number}/secret", post(developer::reveal))
        .route("/connected", get(connected::list).post(connected::remove))
        .route("/admin", get(admin::overview))
        .route("/admin/tickets/{number}", get(admin::ticket).post(admin::settle))
        .route("/admin/applications/{number}", get(admin::application).post(admin::decide))
        .route("/admin/users/deactivate", post(admin::deactivate))
        .route("/assets/platform.css", get(assets::css))
        .route("/assets/mark.svg", get(assets::mark))
        .fallback(home::not_found)
}
