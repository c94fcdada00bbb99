//! The account portal: sign-up, sign-in, support tickets, developer role, OAuth applications, administration.

use std::sync::Arc;

use axum::Router;

use super::Shared;

pub fn router() -> Router<Arc<Shared>> {
    Router::new()
}
