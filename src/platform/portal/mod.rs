//! The account portal: sign-up, support tickets, developer role, OAuth applications, administration (C-10 to C-25).

mod assets;
mod page;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::Shared;

pub fn router() -> Router<Arc<Shared>> {
    Router::new().route("/assets/platform.css", get(assets::css)).route("/assets/mark.svg", get(assets::mark))
}
